"""Check, deploy and test process packages."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from amends.engine.definitions import check as check_package
from amends.engine.services import operations
from amends.forms import Forms

from .common import ACTOR, application, data_options, says_errors

_COLOURS = {"error": "red", "warning": "yellow", "info": "blue"}


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@says_errors
def check(paths: tuple[Path, ...], as_json: bool) -> None:
    """Say everything that is wrong with packages or single files. Exit code 1 if there is an error."""
    found = [problem for path in paths for problem in check_package(path, Forms(), operations())]
    if as_json:
        click.echo(json.dumps([asdict(problem) for problem in found], indent=2))
    else:
        for problem in found:
            click.secho(str(problem), fg=_COLOURS.get(problem.severity))
    raise SystemExit(1 if any(problem.severity == "error" for problem in found) else 0)


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--reason", default="", help="Why; it goes into the history.")
@data_options
@says_errors
def deploy(path: Path, reason: str, data: Path, database: str | None) -> None:
    """Check a package and make it the version that new complaints run on."""
    with application(data, database) as app:
        deployed = app.engine.deploy(path, actor=ACTOR, reason=reason)
    click.echo(
        f"{deployed.package} version {deployed.number} ({deployed.version}): {', '.join(deployed.processes) or 'no process to start'}"
    )


@click.command()
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write there instead of to the terminal.")
@says_errors
def templates(output: Path | None) -> None:
    """Write the element templates of all operations, for the modeler."""
    from amends.engine.services.templates import element_templates

    text = json.dumps(element_templates(operations()), indent=2)
    if output is None:
        click.echo(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")
        click.echo(f"Wrote {output}. Put it into the modeler's element-templates folder.")


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@says_errors
def test(path: Path) -> None:
    """Run the table tests beside a package's or a file's decision tables."""
    from amends.engine.decisions import run_table_tests

    results = run_table_tests(path)
    for result in results:
        mark = click.style("passed", fg="green") if result.passed else click.style("FAILED", fg="red")
        click.echo(f"{mark} {result.file}:{result.line} {result.decision} {result.name} {result.message}".rstrip())
    failed = sum(not result.passed for result in results)
    click.echo(f"{len(results) - failed} passed, {failed} failed")
    raise SystemExit(1 if failed else 0)
