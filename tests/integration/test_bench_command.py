"""`amends bench` tells what it measured and what it must not exceed, and touches no database that is in use."""

from __future__ import annotations

import json

from click.testing import CliRunner

from amends.cli import main
from amends.engine import Engine


def test_bench_tells_every_figure_with_its_limit(database_url: str) -> None:
    """On a new database: ratios, statements, commits, bytes and faults; the counts are what they have to be."""
    done = CliRunner().invoke(main, ["bench", "--rounds", "1", "--instances", "40", "--json", "--database", database_url])
    lines = {line["what"]: line for line in json.loads(done.output)}
    limits = {what: line["most"] for what, line in lines.items() if line["most"] is not None}
    ratio = 1.0 if database_url.startswith("sqlite") else 1.6
    assert limits == {
        "completion, amends by bare SpiffWorkflow": ratio, "start, amends by bare SpiffWorkflow": ratio, "statements of a completion": 8,
        "commits of a completion": 1, "a finished instance with its history": 6_000, "faults in the history afterwards": 0,
    }  # fmt: skip
    counts = [lines[what]["figure"] for what in ("commits of a completion", "faults in the history afterwards")]
    assert counts == [1, 0] and 1 <= lines["statements of a completion"]["figure"] <= 8
    assert all(line["figure"] > 0 for line in lines.values() if line["unit"] in ("ms", "times", "bytes"))
    assert done.exit_code == (0 if all(line["held"] for line in lines.values()) else 1)


def test_bench_leaves_a_database_in_use_alone(database_url: str) -> None:
    """One that has tables is refused, with what to do."""
    Engine(database_url).close()
    done = CliRunner().invoke(main, ["bench", "--database", database_url])
    assert done.exit_code == 1 and "Measure on a new one" in done.output
