"""The languages of a package: what is missing, and the files translators work on."""

from __future__ import annotations

from pathlib import Path

import click

from amends.engine.definitions import read_package
from amends.engine.definitions import translations as texts

from .common import says_errors


@click.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--language", "chosen", multiple=True, help="Only this language; with --write also one that is new (de, fr, pt_BR).")
@click.option("--all", "everything", is_flag=True, help="What staff read as well: their forms, the diagrams, the roles.")
@click.option("--write", is_flag=True, help="Write every text of the package into translations/LANGUAGE.po; what is translated is kept.")
@says_errors
def translations(path: Path, chosen: tuple[str, ...], everything: bool, write: bool) -> None:
    """List the texts and letters of a package that a language lacks. Exit code 1 if there are any (not with --write)."""
    package = read_package(path)
    lacking = 0
    for language in chosen or texts.languages(package)[1:]:
        if write:
            file = path / "translations" / f"{language}.po"
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(texts.updated(package, language, everything))
            click.echo(f"Wrote {file}.")
        missing = texts.missing(package, language, everything)
        lacking += len(missing)
        click.echo(f"{language}: {len(missing)} missing of {len(texts.texts(package, everything))} texts and the letters.")
        for text in missing:
            click.echo(f"  {text}")
    raise SystemExit(1 if lacking and not write else 0)
