"""`amends test`: the scenarios of the shipped package, and what the command says and writes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from lxml import etree

import amends
from amends.cli import main
from amends.engine.definitions import read_package
from amends.engine.scenarios import Report, coverage_of, read_suite, run_suite
from amends.forms import Forms

SHIPPED = Path(amends.__file__ or "").parent / "processes" / "iso10002"
SVG = "{http://www.w3.org/2000/svg}"


def amends_test(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["test", *map(str, arguments)])


@pytest.fixture(scope="module")
def report() -> Report:
    """The shipped scenarios, lived once for all tests of this file."""
    return run_suite(read_suite(SHIPPED), lambda now: Forms(now=now))


def test_the_shipped_scenarios_pass(report: Report) -> None:
    """Every scenario of the package that ships goes by its script."""
    assert [str(result.failure) for result in report.failed] == []
    assert {result.file for result in report.results} == {
        f"tests/{name}.toml" for name in ("accepted", "investigated", "late", "rejected", "withdrawn")
    }


def test_the_shipped_scenarios_run_everything(report: Report) -> None:
    """Together they run every element and every flow of every diagram."""
    found = coverage_of(report.package, report.runs)
    assert {process.id: [part.id for part in process.missed] for process in found.processes if process.missed} == {}
    assert found.percent == 100.0
    assert len(found.processes) == len(read_package(SHIPPED).processes)
