"""Check, deploy and test process packages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click

from amends.engine.decisions import run_table_tests
from amends.engine.decisions.table_tests import TableTestResult
from amends.engine.definitions import check as check_package
from amends.engine.definitions import read_package
from amends.engine.scenarios import Report, coverage_of, read_suite, run_suite
from amends.engine.scenarios.reading import SUFFIXES
from amends.engine.services import operations
from amends.forms import Forms

from . import findings, tested
from .common import ACTOR, application, data_options, says_errors


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--sarif", "as_sarif", is_flag=True, help="For code scanning: SARIF 2.1.0.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="An installation, to look at its running instances, too.")
@click.option("--database", help="The same by its SQLAlchemy URL.")
@says_errors
def check(paths: tuple[Path, ...], as_json: bool, as_sarif: bool, data: Path | None, database: str | None) -> None:
    """Say everything that is wrong with packages or single files. Exit code 1 if there is an error.

    Given an installation, also what would change under complaints that run on versions of them.
    """
    if as_json and as_sarif:
        raise click.UsageError("Choose --json or --sarif: both want the output for themselves.")
    if data is not None and database is None and not data.is_dir():
        raise click.UsageError(f"There is no installation in {data}.")
    found = [findings.Finding(path, problem) for path in paths for problem in check_package(path, Forms(), operations())]
    if data is not None or database is not None:
        with application(data or Path("data"), database) as app:
            found += [findings.Finding(path, problem) for path in paths for problem in app.engine.differences(path)]
    if as_json or as_sarif:
        click.echo(json.dumps(findings.as_sarif(found) if as_sarif else findings.as_json(found), indent=2))
    else:
        for line in findings.told(found, len(paths)):
            click.echo(line)
    raise SystemExit(1 if any(finding.problem.severity == "error" for finding in found) else 0)


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--reason", default="", help="Why; it goes into the history.")
@data_options
@says_errors
def deploy(path: Path, reason: str, data: Path, database: str | None) -> None:
    """Check a package and make it the version that new complaints run on."""
    with application(data, database) as app:
        changed = app.engine.differences(path)
        deployed = app.engine.deploy(path, actor=ACTOR, reason=reason)
    for problem in changed:
        click.echo(str(problem), err=True)
    click.echo(
        f"{deployed.package} version {deployed.number} ({deployed.version}): {', '.join(deployed.processes) or 'no process to start'}"
    )


@click.command()
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write there instead of to the terminal.")
@click.option(
    "--package",
    "folder",
    type=click.Path(exists=True, path_type=Path, file_okay=False),
    help="Say in the fields which letters, roles, clocks, … this package has.",
)
@says_errors
def templates(output: Path | None, folder: Path | None) -> None:
    """Write the element templates of all operations, for the modeler."""
    from amends.engine.services.templates import element_templates

    known = None if folder is None else read_package(folder)
    text = json.dumps(element_templates(operations(), known), indent=2)
    if output is None:
        click.echo(text)
    else:
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{output} cannot be written: {error.strerror}.") from error
        click.echo(f"Wrote {output}. The modeler finds it in .camunda/element-templates above a diagram.")


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--svg", type=click.Path(path_type=Path, file_okay=False), help="Draw there which parts of each diagram were run.")
@click.option("--min-coverage", type=click.FloatRange(0, 100), help="Fail where less of all elements and flows was run, in per cent.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@says_errors
def test(path: Path, svg: Path | None, min_coverage: float | None, as_json: bool) -> None:
    """Live through a package's scenarios (tests/*.toml, tests/*.yaml), and run the examples beside its decision tables.

    PATH is a package folder, one file of scenarios, or a .dmn file. Nothing leaves: mail is kept, and only operations that are
    built in are carried out. Exit code 1 if something failed, 2 if there is nothing to test.
    """
    say = (lambda line: None) if as_json else click.echo
    tables = _table_tests(path, say)
    report = _scenarios(path, say)
    if not tables and report is None:
        raise click.UsageError(f"There is nothing to test: {path} has neither scenarios (tests/*.toml, *.yaml) nor examples of tables.")
    if report is None and (svg is not None or min_coverage is not None):
        raise click.UsageError(f"{path} has no scenarios in tests/, so there is nothing that --svg or --min-coverage could tell.")
    found = None if report is None else coverage_of(report.package, report.runs)
    for line in [] if found is None else tested.coverage(found, missed=path.is_dir()):
        say(line)
    if report is not None and svg is not None:
        say(f"Wrote {len(tested.write_pictures(report.package, report, svg))} pictures into {svg}.")
    failed = sum(not result.passed for result in tables) + (0 if report is None else len(report.failed))
    total = len(tables) + (0 if report is None else len(report.results))
    short = found is not None and min_coverage is not None and found.percent < min_coverage
    if short and found is not None:
        say(f"Only {found.percent:.1f} % of all elements and flows were run; {min_coverage:g} % are asked for.")
    say(f"{total - failed} passed, {failed} failed")
    if as_json:
        click.echo(json.dumps(tested.as_json(tables, report, found), indent=2, default=str))
    raise SystemExit(1 if failed or short else 0)


def _table_tests(path: Path, say: Callable[[str], None]) -> list[TableTestResult]:
    results = run_table_tests(path) if path.is_dir() or path.suffix == ".dmn" else []
    for result in results:
        say(tested.table_test(result))
    return results


def _scenarios(path: Path, say: Callable[[str], None]) -> Report | None:
    """What became of the scenarios; None where there are none."""
    if not path.is_dir() and path.suffix not in SUFFIXES:
        return None
    suite = read_suite(path)
    if not suite.scenarios and not suite.broken:
        return None
    return run_suite(suite, lambda now: Forms(now=now), lambda result: say(tested.scenario(result)))
