"""What operators do to instances from the command line: each can be rehearsed, and needs a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from amends.application import Application
from amends.engine.errors import NotFound
from amends.engine.instances.rehearsal import Effect

from .common import ACTOR, application, data_options, says_errors

Command = Callable[..., Any]


@click.group()
def instance() -> None:
    """Look at instances and interfere with them: modify, cancel, restart, suspend, resume, skip. --dry-run only tells what would change."""


def _changes(command: Command) -> Command:
    """Options that every intervention has."""
    for option in (
        click.option("--reason", required=True, help="Why; it stays in the history."),
        click.option("--as", "actor", default=ACTOR, show_default=True, help="Who does it, as the history is to say."),
    ):
        command = option(command)
    return command


def _rehearsed(command: Command) -> Command:
    for option in (
        click.option("--dry-run", is_flag=True, help="Only tell what would change."),
        click.option("--json", "as_json", is_flag=True, help="For programs."),
    ):
        command = option(command)
    return _changes(command)


_BEFORE = click.option("--before", multiple=True, metavar="ELEMENT", help="Begin before this element. May be repeated.")
_AFTER = click.option("--after", multiple=True, metavar="ELEMENT", help="Begin after this element. May be repeated.")
_SET = click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="Set a variable; the value is JSON, or else text.")


def _variables(given: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in given:
        name, equals, text = item.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"{item!r} is no NAME=VALUE.")
        try:
            found[name.strip()] = json.loads(text)
        except json.JSONDecodeError:
            found[name.strip()] = text
    return found


def _id(app: Application, which: str) -> str:
    """An instance's id, from it or from a complaint's reference."""
    try:
        return str(app.register.get(which).instance_id)
    except NotFound:
        return which


def _tell(effect: Effect, dry_run: bool, as_json: bool) -> None:
    if as_json:
        plain = {name: getattr(effect, name) for name in Effect.__slots__}
        click.echo(json.dumps({**plain, "dry_run": dry_run}, indent=2, default=str))
        return
    click.echo("Nothing is changed. This would be:" if dry_run else "Done:")
    for told, elements in (("left", effect.left), ("passed", effect.passed), ("reached", effect.reached), ("kept", effect.kept)):
        if elements:
            click.echo(f"  {told:8} {', '.join(elements)}")
    for name, (before, after) in effect.variables.items():
        click.echo(f"  variable {name}: {before!r} → {after!r}")
    for element_id, message in effect.incidents:
        click.secho(f"  held up  {element_id}: {message}", fg="red")
    click.echo(f"  state    {effect.state}")


@instance.command("list")
@click.option("--process", "process_id", help="Only of this process.")
@click.option("--version", "deployment_id", help="Only on this deployment.")
@click.option("--state", type=click.Choice(["active", "incident", "suspended", "completed", "terminated"]), help="Only in this state.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@data_options
@says_errors
def list_(process_id: str | None, deployment_id: str | None, state: str | None, limit: int, data: Path, database: str | None) -> None:
    """List instances, the newest first."""
    with application(data, database) as app:
        for one in app.engine.instances(process_id=process_id, deployment_id=deployment_id, state=state, limit=limit):
            click.echo(f"{one.id}  {one.state:10} {one.process_id:20} {one.business_key or '':20} {one.started_at:%Y-%m-%d %H:%M}")


@instance.command()
@data_options
@says_errors
def versions(data: Path, database: str | None) -> None:
    """Which instances run on which version, and what rests."""
    with application(data, database) as app:
        for one in app.engine.deployments():
            counts = app.engine.counts(one.id)
            told = ", ".join(f"{many} {state}" for state, many in sorted(counts.items())) or "none"
            click.echo(f"{one.id}  {one.package} {one.number} ({one.version}): {told}")
        for rest in app.engine.suspensions():
            told = f"{rest.kind} {rest.name}{f' on {rest.deployment_id}' if rest.deployment_id else ''}"
            click.echo(f"rests: {told} since {rest.since:%Y-%m-%d %H:%M}, by {rest.actor}: {rest.reason}")


@instance.command()
@click.argument("which")
@data_options
@says_errors
def show(which: str, data: Path, database: str | None) -> None:
    """Where an instance (its id, or a complaint's reference) stands: elements, what it waits for, what is held up. No variables."""
    with application(data, database) as app:
        view = app.engine.instance(_id(app, which))
        deployment = next(one for one in app.engine.deployments() if one.id == view.deployment_id)
        click.echo(f"{view.id}  {view.process_id} on {deployment.package} {deployment.number}: {view.state}")
        click.echo(f"at: {', '.join(view.active_elements) or 'nothing'}")
        for wait in app.engine.waiting(view.id):
            click.echo(f"waits: {wait.kind} {wait.element_id} {wait.name}{f' {wait.due_at:%Y-%m-%d %H:%M}' if wait.due_at else ''}")
        for held in view.incidents:
            click.echo(f"held up: {held.id} at {held.element_id} after {held.attempts} attempts: {held.message}")


@instance.command()
@click.argument("which")
@_BEFORE
@_AFTER
@click.option("--cancel", multiple=True, metavar="ELEMENT", help="Cancel what stands at this element. May be repeated.")
@_SET
@_rehearsed
@data_options
@says_errors
def modify(
    which: str, before: tuple[str, ...], after: tuple[str, ...], cancel: tuple[str, ...], given: tuple[str, ...],
    reason: str, actor: str, dry_run: bool, as_json: bool, data: Path, database: str | None,
) -> None:  # fmt: skip
    """Set variables, begin before and after elements, and cancel elements of an instance, in one command."""
    with application(data, database) as app:
        told = app.engine.modify(
            _id(app, which), before=before, after=after, cancel=cancel, variables=_variables(given), reason=reason, actor=actor,
            dry_run=dry_run,
        )  # fmt: skip
    _tell(told, dry_run, as_json)


@instance.command()
@click.argument("which")
@_BEFORE
@_AFTER
@_SET
@_rehearsed
@data_options
@says_errors
def restart(
    which: str, before: tuple[str, ...], after: tuple[str, ...], given: tuple[str, ...], reason: str, actor: str, dry_run: bool,
    as_json: bool, data: Path, database: str | None,
) -> None:  # fmt: skip
    """Let an instance that has ended run again, from its start or from elements."""
    with application(data, database) as app:
        told = app.engine.restart(
            _id(app, which), before=before, after=after, variables=_variables(given), reason=reason, actor=actor, dry_run=dry_run
        )
    _tell(told, dry_run, as_json)


@instance.command()
@click.argument("which")
@_rehearsed
@data_options
@says_errors
def cancel(which: str, reason: str, actor: str, dry_run: bool, as_json: bool, data: Path, database: str | None) -> None:
    """End an instance, whatever it is doing."""
    with application(data, database) as app:
        told = app.engine.cancel(_id(app, which), reason=reason, actor=actor, dry_run=dry_run)
    _tell(told, dry_run, as_json)


@instance.command()
@click.argument("incident")
@_SET
@_rehearsed
@data_options
@says_errors
def skip(
    incident: str, given: tuple[str, ...], reason: str, actor: str, dry_run: bool, as_json: bool, data: Path, database: str | None
) -> None:
    """Let the element of an INCIDENT (its id, see `amends instance show`) be done without it."""
    with application(data, database) as app:
        told = app.engine.skip_incident(incident, _variables(given), reason=reason, actor=actor, dry_run=dry_run)
    _tell(told, dry_run, as_json)


def _what(command: Command) -> Command:
    for option in (
        click.option("--process", "process_id", help="All instances of this process, and those that begin."),
        click.option("--version", "deployment_id", help="With --process: only those on this deployment."),
        click.option("--operation", help="All jobs of this operation, whatever instance they are of."),
    ):
        command = option(command)
    return click.argument("which", required=False)(command)


def _rest(
    do: str, which: str | None, process_id: str | None, deployment_id: str | None, operation: str | None, app: Application, **why: str
) -> None:
    if sum(one is not None for one in (which, process_id, operation)) != 1:
        raise click.UsageError("Name one thing: an instance, --process or --operation.")
    if process_id is not None:
        job_id = getattr(app.engine, f"{do}_process")(process_id, deployment_id, **why)
        while app.engine.carry_on(job_id) is not None:
            click.echo(".", nl=False)
    elif operation is not None:
        getattr(app.engine, f"{do}_operation")(operation, **why)
    else:
        getattr(app.engine, do)(_id(app, str(which)), **why)
    click.echo("Done.")


@instance.command()
@_what
@_changes
@data_options
@says_errors
def suspend(
    which: str | None, process_id: str | None, deployment_id: str | None, operation: str | None, reason: str, actor: str, data: Path,
    database: str | None,
) -> None:  # fmt: skip
    """Let an instance, a process or an operation rest. What is filed meanwhile is taken, and rests too."""
    with application(data, database) as app:
        _rest("suspend", which, process_id, deployment_id, operation, app, reason=reason, actor=actor)


@instance.command()
@_what
@_changes
@data_options
@says_errors
def resume(
    which: str | None, process_id: str | None, deployment_id: str | None, operation: str | None, reason: str, actor: str, data: Path,
    database: str | None,
) -> None:  # fmt: skip
    """Let an instance, a process or an operation go on."""
    with application(data, database) as app:
        _rest("resume", which, process_id, deployment_id, operation, app, reason=reason, actor=actor)
