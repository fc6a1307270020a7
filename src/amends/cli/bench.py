"""Measure."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from .common import says_errors


@click.command()
@click.option("--database", help="A new, empty database's SQLAlchemy URL; default: SQLite in a temporary folder.")
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1), help="Of 20 instances on either side, in turn.")
@click.option("--instances", default=400, show_default=True, type=click.IntRange(40), help="How many the size is measured with.")
@click.option("--scale", type=click.IntRange(60_000), help="Also: inbox, completion and sweep among so many open tasks and timers.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@says_errors
def bench(database: str | None, rounds: int, instances: int, scale: int | None, as_json: bool) -> None:
    """Measure this machine: amends against bare SpiffWorkflow in one run, and with --scale among many. Exit code 1: over a limit.

    The disk counts: put TMPDIR where the database is to be. With --scale a million takes some minutes and some gigabytes.
    """
    from amends.engine.operating.bench import check_new, measure_engine, measure_scale

    with tempfile.TemporaryDirectory(prefix="amends-bench-") as folder:
        url = database or f"sqlite:///{Path(folder) / 'bench.db'}"
        check_new(url)
        lines = measure_engine(url, rounds, instances)
        if scale is not None:
            click.echo(f"Filling up to {scale:,} open tasks and timers …", err=True)
            lines += measure_scale(url, scale)
    if as_json:
        fields = ("what", "figure", "unit", "most", "held")
        click.echo(json.dumps([{name: getattr(line, name) for name in fields} for line in lines], indent=2))
    else:
        width = max(len(line.what) for line in lines)
        for line in lines:
            limit = "" if line.most is None else f"  at most {line.most:g}{'' if line.held else '  EXCEEDED'}"
            click.echo(f"{line.what:{width}}  {_told(line.figure):>9} {line.unit:5}{limit}".rstrip())
    if not all(line.held for line in lines):
        raise SystemExit(1)


def _told(figure: float) -> str:
    return f"{figure:,.0f}" if figure == int(figure) or figure >= 1_000 else f"{figure:.2f}"
