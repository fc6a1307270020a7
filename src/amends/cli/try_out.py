"""Try expressions and decisions out. Only the language and the decisions are loaded for it, so it answers at once."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click

from amends.engine.errors import AmendsError
from amends.engine.feel import FeelError, FeelWarning, names_of, parse, to_plain, value_text

F = TypeVar("F", bound=Callable[..., Any])

CALENDAR = {"timezone": "UTC"}
CALENDAR_WORDS = "a calendar of Monday to Friday, 09:00 to 17:00 UTC, without public holidays"


def _says_errors(command: F) -> F:
    """An error of ours is a sentence on the terminal and exit code 1."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except AmendsError as error:
            raise click.ClickException(str(error)) from error

    return wrapped  # type: ignore[return-value]


def _object(ctx: click.Context, parameter: click.Parameter, text: str) -> dict[str, Any]:
    """An option that is a JSON object; its numbers are read as they are written."""
    try:
        found = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"this is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise click.BadParameter('give a JSON object, like {"amount": 5}')
    return found


def _functions() -> dict[str, Callable[..., Any]]:
    """Our own functions, upon a calendar as most offices have it."""
    from amends.engine.calendars import Calendar, feel_functions

    return feel_functions({"default": Calendar.from_data(CALENDAR)}, "default")


def _pointed_at(text: str, error: FeelError) -> str:
    """The message of an error, and below the line of the text it is in with a caret under the place."""
    lines = text.splitlines() or [""]
    if error.line is None or error.column is None or error.line > len(lines):
        return str(error)
    line, place = lines[error.line - 1], error.column - 1
    # A long line is shown around the place only.
    begin = max(0, place - 60)
    shown = line[begin : place + 40].replace("\t", " ")
    return f"{error}\n    {shown}\n    {' ' * (place - begin)}^"


def _json(value: Any, indent: int | None = None) -> str:
    text = json.dumps(to_plain(value), ensure_ascii=False, indent=indent)
    # Half a surrogate pair, which FEEL can write, is no text a terminal takes.
    return text if text.isprintable() or text.encode("utf-8", "ignore").decode() == text else json.dumps(to_plain(value), indent=indent)


def _warn(warnings: list[FeelWarning]) -> None:
    for warning in warnings:
        click.secho(f"Warning: {warning}", fg="yellow", err=True)


@click.command()
@click.argument("expression")
@click.option("--context", default="{}", callback=_object, help="JSON object of names the expression can read.")
@click.option("--text", "as_text", is_flag=True, help="Print the value as FEEL's string() does, not as JSON.")
@_says_errors
def feel(expression: str, context: dict[str, Any], as_text: bool) -> None:
    """Evaluate a FEEL expression and print its value as JSON. Exit code 1 for what is no FEEL.

    Dates, times and durations are ISO 8601 texts. Why a part became null is said on standard error. Our own functions, such as
    «add working days», count by a calendar of Monday to Friday, 09:00 to 17:00 UTC, without public holidays.
    """
    functions = _functions()
    warnings: list[FeelWarning] = []
    try:
        parsed = parse(expression, {*names_of(context), *context, *functions})
    except FeelError as error:
        raise click.ClickException(_pointed_at(expression, error)) from error
    value = parsed.evaluate(context, functions=functions, warnings=warnings)
    shown = ("null" if value is None else value_text(value) or "") if as_text else _json(value)
    click.echo(shown.encode("utf-8", "replace").decode())
    _warn(warnings)
    ours = sorted(parsed.calls & functions.keys())
    if ours:
        click.echo(f"Note: {', '.join(ours)}: ours, not the standard's, and here upon {CALENDAR_WORDS}.", err=True)


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path, dir_okay=False))
@click.argument("decision", required=False)
@click.option("--input", "given", default="{}", callback=_object, help="JSON object of the inputs; dates and durations as text.")
@_says_errors
def decide(file: Path, decision: str | None, given: dict[str, Any]) -> None:
    """Evaluate a decision of a DMN file: its value, the rules that matched, and warnings, as JSON.

    DECISION is a name or an id; without it, the decisions are listed with their inputs and outputs. Exit code 1 if the file cannot
    be read or has no such decision.
    """
    from amends.engine.decisions import load

    model = load(file)
    if decision is None:
        for info in model.decisions:
            click.echo("\n".join(_told(info)))
        for kind, names in (("decision service", model.services), ("knowledge model", model.knowledge_models)):
            for name in names:
                click.echo(f"{name}  ({kind})")
        return
    explanation = model.explain(decision, model.read_inputs(decision, given), functions=_functions())
    click.echo(_json(explanation.to_plain(), indent=2))


def _told(info: Any) -> list[str]:
    """A decision in lines: its name, its inputs, its outputs."""
    title = info.name if info.id in ("", info.name) else f"{info.id}  {info.name}"
    lines = [f"{title}  (table, {info.hit_policy})" if info.hit_policy else title]
    for word, parts in (("in", info.inputs), ("out", info.outputs)):
        for part in parts:
            lines.append(f"    {word:4}{part.name}: {part.type}" + (f" ({part.allowed})" if part.allowed else ""))
    return lines
