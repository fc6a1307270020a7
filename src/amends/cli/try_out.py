"""Try expressions and decisions out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from amends.engine.decisions import load
from amends.engine.errors import AmendsError
from amends.engine.feel import FeelWarning, evaluate, to_plain

from .common import says_errors


def _context(text: str) -> dict[str, Any]:
    try:
        context = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"this is no JSON: {error}") from error
    if not isinstance(context, dict):
        raise click.BadParameter('give a JSON object, like {"amount": 5}')
    return context


@click.command()
@click.argument("expression")
@click.option("--context", default="{}", help="JSON object of names the expression can read.")
@says_errors
def feel(expression: str, context: str) -> None:
    """Evaluate a FEEL expression."""
    warnings: list[FeelWarning] = []
    value = evaluate(expression, _context(context), warnings=warnings)
    click.echo(json.dumps(to_plain(value), ensure_ascii=False))
    for warning in warnings:
        click.secho(str(warning), fg="yellow", err=True)


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.argument("decision", required=False)
@click.option("--input", "given", default="{}", help="JSON object of the inputs.")
@says_errors
def decide(file: Path, decision: str | None, given: str) -> None:
    """Evaluate a decision of a DMN file and say why; without a decision, list what there is."""
    model = load(file)
    if decision is None:
        for item in model.decisions:
            click.echo(f"{item.id}  {item.name}")
        return
    try:
        explanation = model.explain(decision, _context(given))
    except (KeyError, LookupError) as error:
        raise AmendsError(f"{file} has no decision {decision!r}.") from error
    click.echo(json.dumps(explanation.to_plain(), indent=2, ensure_ascii=False))
