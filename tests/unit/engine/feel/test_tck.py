"""The literal expressions of the DMN Technology Compatibility Kit, where a part of it lies beside the repository."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from amends.engine.feel import FeelError, evaluate

_KIT = Path(__file__).parents[5] / "shared" / "tck"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_TEMPORAL = ("date", "dateTime", "time", "duration", "dayTimeDuration", "yearMonthDuration")


def _kids(element: Any, *names: str) -> list[Any]:
    return [child for child in element if isinstance(child.tag, str) and etree.QName(child).localname in names]


def _value(node: Any) -> Any:
    for items in _kids(node, "list"):
        return None if items.get(_XSI + "nil") == "true" else [_value(item) for item in _kids(items, "item")]
    if components := _kids(node, "component"):
        return {component.get("name"): _value(component) for component in components}
    for value in _kids(node, "value"):
        kind, text = (value.get(_XSI + "type") or "string").split(":")[-1], (value.text or "").strip()
        if value.get(_XSI + "nil") == "true":
            return None
        if kind in ("decimal", "double", "integer"):
            return Decimal(text)
        if kind == "boolean":
            return text == "true"
        return evaluate(f'@"{text}"', {}) if kind in _TEMPORAL else value.text or ""
    return None


def _same(got: Any, want: Any) -> bool:
    if isinstance(want, Decimal):
        return isinstance(got, Decimal) and abs(got - want) <= Decimal("1e-8") * max(1, abs(want))
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(_same, got, want))
    if isinstance(want, dict):
        return isinstance(got, dict) and got.keys() == want.keys() and all(_same(got[key], want[key]) for key in want)
    return type(got) is type(want) and got == want


def _cases() -> Iterator[Any]:
    """Cases whose decision is one literal expression over inputs alone: what the language answers without a model."""
    for file in sorted(_KIT.glob("compliance-level-*/*/*.xml")):
        suite = etree.parse(file).getroot()
        model = etree.parse(file.parent / _kids(suite, "modelName")[0].text.strip()).getroot()
        if _kids(model, "itemDefinition", "import"):
            continue
        decisions = {decision.get("name"): decision for decision in _kids(model, "decision")}
        for case in _kids(suite, "testCase"):
            for result in _kids(case, "resultNode"):
                decision = decisions.get(result.get("name"))
                literal = _kids(decision, "literalExpression") if decision is not None else []
                needs = (
                    [need for link in _kids(decision, "informationRequirement") for need in _kids(link, "requiredDecision")]
                    if literal
                    else []
                )
                if literal and not needs and not _kids(decision, "knowledgeRequirement"):
                    text = "".join(_kids(literal[0], "text")[0].itertext())
                    yield pytest.param(
                        text, case, _kids(result, "expected")[0], id=f"{file.parent.name}/{case.get('id')}/{result.get('name')}"
                    )


@pytest.mark.skipif(not _KIT.is_dir(), reason="the DMN TCK is not beside the repository (../shared/tck)")
@pytest.mark.parametrize(("text", "case", "expected"), list(_cases()) if _KIT.is_dir() else [])
def test_the_kit(text: str, case: Any, expected: Any) -> None:
    """Every self-contained expression of the kit gives what the kit expects."""
    inputs = {node.get("name"): _value(node) for node in _kids(case, "inputNode")}
    try:
        got = evaluate(text, inputs, now=lambda: dt.datetime(2024, 1, 31, tzinfo=dt.UTC))
    except FeelError:
        got = None
    assert _same(got, _value(expected)), (text, got)
