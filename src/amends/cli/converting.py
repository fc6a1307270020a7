"""Convert diagrams and decision models of other dialects."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import click

from amends.engine.conversion import Carried, Converted, Left, Unconvertible
from amends.engine.conversion import convert as convert_file


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path, dir_okay=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The file to write, or a folder; default: beside FILE, with .amends before the ending.",
)
@click.option("--force", is_flag=True, help="Write over files that are there.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def convert(file: Path, output: Path | None, force: bool, as_json: bool) -> None:
    """Convert a diagram or decision model of Camunda 7 or SpiffWorkflow into our dialect.

    The layout is kept. What cannot be carried is listed, with what to do about it, and so is what was taken for granted. Exit code 0
    if all was carried, 1 if something was not, or the file is none that can be converted.
    """
    try:
        found = convert_file(file)
    except Unconvertible as error:
        raise click.ClickException(str(error)) from error
    written = _write(found, _target(file, output), force) if found.changed else []
    if as_json:
        click.echo(json.dumps({**found.to_plain(), "files": [str(path) for path in written]}, indent=2, ensure_ascii=False))
    else:
        for line in _told(found, written):
            click.echo(line)
    raise SystemExit(1 if found.left else 0)


def _target(file: Path, output: Path | None) -> Path:
    if output is None:
        return file.with_name(f"{file.stem}.amends{file.suffix}")
    return output / file.name if output.is_dir() else output


def _write(found: Converted, target: Path, force: bool) -> list[Path]:
    """The converted file, and its forms beside it; all of them or none."""
    paths = {(target if name == found.name else target.parent / name): body for name, body in found.files.items()}
    there = [str(path) for path in paths if path.exists()]
    if there and not force:
        raise click.ClickException(f"{', '.join(there)} is there already. Choose another place with -o, or write over it with --force.")
    for path, body in paths.items():
        try:
            path.write_bytes(body)
        except OSError as error:
            raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from error
    return list(paths)


def _told(found: Converted, written: list[Path]) -> Iterator[str]:
    if not found.changed:
        yield f"{found.name} has nothing of Camunda 7 or SpiffWorkflow: there is nothing to convert."
        return
    if found.left:
        yield f"Not carried ({len(found.left)}):"
        yield from _by_element(found.left)
    if found.assumed:
        yield f"Carried, but look whether it is so ({len(found.assumed)}):"
        yield from _by_element(found.assumed)
    yield f"{len(found.carried)} carried, {len(found.left)} not. Wrote {', '.join(map(str, written))}."


def _by_element(items: tuple[Left, ...] | tuple[Carried, ...]) -> Iterator[str]:
    """The entries of each element below its name."""
    grouped: dict[tuple[str, str], list[Left | Carried]] = defaultdict(list)
    for item in items:
        grouped[item.element_id, item.name].append(item)
    for (element_id, name), entries in grouped.items():
        yield f"  {element_id} «{name}»" if name else f"  {element_id}"
        for entry in entries:
            yield f"    line {entry.line}: {entry.what}: {entry.said}" if entry.said else f"    line {entry.line}: {entry.what}"
            if isinstance(entry, Left):
                yield f"        {entry.reason}. {entry.help}"
            else:
                yield f"        is now {entry.became}; {entry.note}"
