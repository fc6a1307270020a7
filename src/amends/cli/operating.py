"""Keep it running: workers, backup and restore, and what is the matter."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click

from .common import application, data_options, says_errors


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
@data_options
@says_errors
def worker(concurrency: int, lease: int, data: Path, database: str | None) -> None:
    """Run what is due: timers, letters, escalations. Any number on PostgreSQL; with SQLite one, where `amends run --no-runner` serves.

    SIGTERM and Ctrl-C finish the jobs at hand.
    """
    with application(data, database) as app:
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
                app.engine.database.url, app.engine.jobs, app.engine.seal, concurrency=concurrency, lease=timedelta(seconds=lease)
            )
            click.echo("amends runs what is due  (Ctrl-C stops it)")
            working.run()
        app.engine.seal()
        click.echo("Stopped.")
