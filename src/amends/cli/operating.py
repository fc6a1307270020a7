"""Keep it running: workers, backup and restore, and what is the matter."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click

from amends.application import DATABASE_FILE
from amends.engine.accounts import KEY_VARIABLE, Vault, key_there
from amends.engine.operating import Finding, Patient, examine, sizes
from amends.engine.operating.finding import OK, PROBLEM
from amends.engine.operating.keeping import PORTION
from amends.engine.operating.ready import reach
from amends.engine.store import Database
from amends.engine.store.backup import Manifest
from amends.engine.store.backup import backup as back_up
from amends.engine.store.backup import restore as put_back
from amends.engine.store.migrate import HEAD
from amends.webui.assets import Assets

from .common import application, data_options, says_errors

MOST_COUNTED = 10_000
LARGEST = 12
"""How many tables' sizes are said."""


@contextmanager
def needs_procrastinate() -> Iterator[None]:
    """Around an import of what only the extra brings."""
    try:
        yield
    except ImportError as error:
        told = f"{error.name} is not installed, which workers on PostgreSQL need"
        raise click.ClickException(f"{told}: pip install 'amends[postgres]'.") from error


@click.command()
@click.option("--concurrency", default=2, show_default=True, type=click.IntRange(1, 64), help="How many jobs at once (PostgreSQL).")
@click.option(
    "--lease", default=60, show_default=True, type=click.IntRange(2), help="Seconds until a dead worker's jobs are taken over (PostgreSQL)."
)
@click.option("--metrics-port", type=int, help="Serve Prometheus metrics on this port of this machine.")
@data_options
@says_errors
def worker(concurrency: int, lease: int, metrics_port: int | None, data: Path, database: str | None) -> None:
    """Run what is due: timers, letters, escalations. Any number on PostgreSQL; with SQLite one, where `amends run --no-runner` serves.

    SIGTERM and Ctrl-C finish the jobs at hand.
    """
    with application(data, database) as app:
        app.metrics.tells = True
        if metrics_port is not None:
            app.metrics.serve(metrics_port)
        if app.engine.database.sqlite:
            ends = {signal.SIGTERM, signal.SIGINT}
            signal.pthread_sigmask(signal.SIG_BLOCK, ends)
            app.runner.start()
            click.echo("amends runs what is due  (Ctrl-C stops it)")
            signal.sigwait(ends)
            app.runner.stop()
        else:
            with needs_procrastinate():
                from amends.engine.jobs.workers import Worker
            working = Worker(
                app.engine.database.url, app.engine.jobs, app.keeper.tidy, concurrency=concurrency, lease=timedelta(seconds=lease)
            )
            click.echo("amends runs what is due  (Ctrl-C stops it)")
            working.run()
        app.engine.seal()
        click.echo("Stopped.")


def _address(data: Path, database: str | None) -> str:
    return database or f"sqlite:///{data / DATABASE_FILE}"


def _told(manifest: Manifest) -> str:
    return f"{manifest.kind} database of {manifest.size / 1e6:.1f} MB and {manifest.files} files, of {manifest.made_at}"


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@data_options
@says_errors
def backup(file: Path, data: Path, database: str | None) -> None:
    """Back up the database, the settings in it, letters and drafts into one new FILE (.tar.gz), while amends runs."""
    manifest = back_up(_address(data, database), data, file)
    click.echo(f"{file}: {_told(manifest)}.")
    click.echo(f"Last seal in it: {manifest.seal or 'none'}")
    click.echo("Settings given by the environment (AMENDS_…) and the key that signs sessions are not in it.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_options
@says_errors
def restore(file: Path, data: Path, database: str | None) -> None:
    """Put a backup back into an empty database and data folder, and verify the history. Exit code 1 if that finds something."""
    manifest = put_back(_address(data, database), data, file)
    click.echo(f"Restored: {_told(manifest)}. Verifying the history …")
    with application(data, database) as app:
        report = app.engine.verify(manifest.seal or None)
    for fault in report.faults:
        click.secho(f"{fault.chain}, row {fault.seq}: {fault.message}", fg="red")
    click.echo(f"{report.rows} rows in {report.chains} chains: {'nothing' if not report.faults else len(report.faults)} wrong.")
    raise SystemExit(1 if report.faults else 0)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@data_options
@says_errors
def doctor(as_json: bool, data: Path, database: str | None) -> None:
    """Look the installation over, and say what is the matter and what to do. Exit code 1 if there is a problem (not for warnings)."""
    found = _unopened(data, database) or _examined(data, database)
    sick = any(one.state == PROBLEM for one in found)
    if as_json:
        click.echo(json.dumps({"status": PROBLEM if sick else OK, "findings": [one.to_plain() for one in found]}, indent=2))
    else:
        for one in found:
            click.secho(f"{one.state:8} {one.name:16} {one.message}", fg={OK: None, PROBLEM: "red"}.get(one.state, "yellow"))
            if one.help:
                click.echo(f"{'':25} {one.help}")
        click.echo("Something has to be done." if sick else "Nothing has to be done.")
    raise SystemExit(1 if sick else 0)


def _unopened(data: Path, database: str | None) -> list[Finding]:
    """What keeps an installation from being opened. Opening would migrate it, and a look must not."""
    if database is None and not (data / DATABASE_FILE).is_file():
        told = f"There is no installation in {data.absolute()}."
        return [Finding("database", PROBLEM, told, "Give its folder with --data, or begin one with amends run.")]
    opened = Database(_address(data, database))
    try:
        state, revision = reach(opened)
    finally:
        opened.close()
    if state != OK:
        return [Finding("database", PROBLEM, f"The database {state}.", "See that it runs, and that its address is right.")]
    if revision != HEAD:
        told = f"The database's schema is {revision or 'not there'}; this amends needs {HEAD}."
        return [Finding("database", PROBLEM, told, "Back up, then start this amends: it migrates an older one.")]
    return []


def _examined(data: Path, database: str | None) -> list[Finding]:
    with application(data, database) as app:
        key = key_there(app.data, os.environ.get(KEY_VARIABLE, "").strip())
        vault = None if key is None else Vault(key)
        return examine(Patient(app.engine, app.data, app.mailer, app.settings, Assets().built, vault))


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what is due.")
@data_options
@says_errors
def archive(dry_run: bool, data: Path, database: str | None) -> None:
    """Erase the personal data that settings say is not to be kept any longer, and say how large everything is.

    Whoever runs jobs does this every hour; here it is done now, and to the end. Exit code 1 if a setting cannot be read.
    """
    with application(data, database) as app:
        keeper, problems = app.keeper, 0
        for keeping in keeper.periods():
            due = len(keeper.due(keeping, MOST_COUNTED + 1))
            many = f"more than {MOST_COUNTED}" if due > MOST_COUNTED else str(due)
            problems += bool(keeping.problem)
            told = keeping.problem or f"kept {keeping.said}{f' after the end, {many} to be erased' if keeping.until else ''}"
            click.secho(f"{keeping.process_id:24} {told}", fg="red" if keeping.problem else None)
        if not dry_run:
            erased = 0
            while (some := keeper.erase_due(PORTION)) > 0:
                erased += some
                click.echo(f"{erased} erased …", err=True)
            click.echo(f"{erased} instances erased, {keeper.forget_messages()} messages that nobody came for removed.")
        with app.engine.database.reading() as connection:
            found = sizes(connection)
        for name, size in list(found.items())[:LARGEST]:
            click.echo(f"{name:24} {size / 1e6:10.1f} MB")
    raise SystemExit(1 if problems else 0)
