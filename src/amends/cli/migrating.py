"""Move running instances to another version of their process."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click

from amends.application import Application
from amends.engine.operating import Migrations, Plan, Progress
from amends.engine.operating.migrating import STOPPED, WAITING

from .common import ACTOR, application, data_options, says_errors

SHOWN = 20


@click.command()
@click.argument("process_id", required=False)
@click.option("--from", "before", metavar="N", help="The version that is left: its number as `amends deploy` gave it, or its id.")
@click.option("--to", "after", metavar="N", help="The version to move to. Default: the latest.")
@click.option("--map", "mapping", multiple=True, metavar="OLD=NEW", help="Where what stands at OLD goes. Others keep their element.")
@click.option("--dry-run", is_flag=True, help="Say for each instance what would happen and what stops it; change nothing.")
@click.option("--reason", default="", help="Why; it goes into the history of every instance.")
@click.option("--resume", metavar="BATCH", help="Go on with a batch that was interrupted.")
@click.option("--again", is_flag=True, help="With --resume: give those that something stopped another turn.")
@data_options
@says_errors
def migrate(
    process_id: str | None, before: str | None, after: str | None, mapping: tuple[str, ...], dry_run: bool, reason: str, resume: str | None,
    again: bool, data: Path, database: str | None,
) -> None:  # fmt: skip
    """Move the running instances of PROCESS_ID from one version to another, each with all it waits for.

    Ctrl-C stops between two instances; --resume goes on. Exit code 1 if something stops an instance.
    """
    with application(data, database) as app:
        migrations = Migrations(app.engine)
        if resume is not None:
            _finished(_run(migrations, resume, again))
            return
        if process_id is None or before is None:
            raise click.UsageError("Say which process and --from which version, or --resume a batch.")
        plan = migrations.plan(process_id, _version(app, process_id, before), _version(app, process_id, after), _mapped(mapping))
        if plan.unmapped:
            lost = ", ".join(f"{one.name} ({one.id})" for one in plan.unmapped)
            click.echo(f"Without a place in the new version: {lost}. Give --map OLD=NEW for those where something stands.")
        if dry_run:
            _try(migrations, plan)
            return
        batch = migrations.begin(plan, actor=ACTOR, reason=reason)
        click.echo(f"Batch {batch}. If this is interrupted: amends migrate --resume {batch}")
        _finished(_run(migrations, batch, False))


def _version(app: Application, process_id: str, named: str | None) -> str:
    found = [one for one in app.engine.deployments() if process_id in one.processes]
    if named is None:
        return app.engine.latest(process_id).id
    for one in found:
        if named in (one.id, str(one.number)):
            return one.id
    known = ", ".join(f"{one.number} ({one.id})" for one in found) or "none"
    raise click.UsageError(f"There is no version {named} of {process_id}. There are: {known}.")


def _mapped(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    wrong = [text for text, pair in zip(given, pairs, strict=True) if not pair[0].strip() or not pair[2].strip()]
    if wrong:
        raise click.UsageError(f"--map {wrong[0]} is not OLD=NEW.")
    return {old.strip(): new.strip() for old, _, new in pairs}


def _try(migrations: Migrations, plan: Plan) -> None:
    moves: Counter[str] = Counter()
    stopped = 0
    for one in migrations.preview(plan):
        if one.stops:
            stopped += 1
            click.secho(f"{one.business_key or one.instance_id}: {' '.join(map(str, one.stops))}", fg="red")
        else:
            moves.update(f"{old} → {new}" if old != new else old for old, new in one.moves)
    for place, many in sorted(moves.items()):
        click.echo(f"{many:6} stand at {place}")
    click.echo(f"Nothing was changed. {'Nothing stops any of them.' if not stopped else f'{stopped} cannot be moved.'}")
    raise SystemExit(1 if stopped else 0)


def _run(migrations: Migrations, batch: str, again: bool) -> Progress:
    with _asked_to_stop() as stopping:
        return migrations.run(batch, again=again, stopping=lambda: bool(stopping))


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """A list that is filled when SIGTERM or Ctrl-C comes: the instance at hand is finished first."""
    asked: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        asked.append(number)

    before: dict[signal.Signals, Any] = {one: signal.signal(one, note) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _finished(progress: Progress) -> None:
    for instance_id, problem in progress.problems[:SHOWN]:
        click.secho(f"{instance_id}: {problem}", fg="red")
    click.echo(", ".join(f"{many} {state}" for state, many in sorted(progress.counts.items())) or "There was nothing to move.")
    if not progress.done:
        click.echo(f"{progress.counts[WAITING]} still wait: amends migrate --resume {progress.id}")
    raise SystemExit(1 if progress.counts.get(STOPPED) else 0)
