"""Look at the letters of a package before it is deployed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from amends.engine.definitions import read_package
from amends.engine.execution import Fault
from amends.engine.services.letters import read_template
from amends.engine.services.pdf import letter_pdf
from amends.engine.services.preview import preview

from .common import says_errors


@click.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("names", nargs=-1)
@click.option("--data", "data_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Variables of a process, as JSON.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="Write each as text, HTML and PDF into this folder.")
@says_errors
def letters(path: Path, names: tuple[str, ...], data_file: Path | None, output: Path | None) -> None:
    """Show letters of a package (all, or those named, like de/decision) with made-up or given data. Exit code 1 if one cannot be sent."""
    package = read_package(path)
    data = None if data_file is None else json.loads(data_file.read_text(encoding="utf-8"))
    now, failed = datetime.now(UTC), 0
    for name in names or sorted(package.letters):
        try:
            letter = preview(package, name, now, data)
        except Fault as error:
            click.secho(f"{name}: {error}", fg="red")
            failed += 1
            continue
        click.echo(f"--- {name}\nSubject: {letter.subject}\n\n{letter.text}")
        if output is not None:
            file = output / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.with_suffix(".txt").write_text(f"{letter.subject}\n\n{letter.text}", encoding="utf-8")
            file.with_suffix(".html").write_text(letter.html(), encoding="utf-8")
            organisation = str(package.manifest.settings.get("organisation") or "")
            to = ["‹name›", "‹address›"]
            template = read_template(name, package.letter(name) or b"")
            pdf = letter_pdf(letter.subject, letter.text, to, organisation, now.date(), letter.language, template=template)
            file.with_suffix(".pdf").write_bytes(pdf)
    if output is not None:
        click.echo(f"Wrote them into {output}.")
    raise SystemExit(1 if failed else 0)
