"""What a decision table costs: 50 rules over 4 inputs against one condition, in one run."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

import pytest

from amends.engine.decisions import load
from amends.engine.feel import parse, parse_unary
from amends.engine.feel.expression import _parse_expression

CONDITION = 'severity = "high" and amount > 100 and product in ("card","loan")'
INPUTS = {"severity": "high", "amount": 250, "product": "loan", "days": 30, "limit": 100}
COLUMNS = (("severity", "string"), ("amount", "number"), ("product", "string"), ("days", "number"))
MOST_TIMES_CONDITION = 25
LEVELS = ("low", "medium", "high", "grave", "none")
TABLES: dict[str, Callable[[int], list[str]]] = {
    "constants": lambda i: [f'"{LEVELS[i % 5]}"', f"[{i * 10}..{i * 10 + 10})", '"card","loan"', f"> {i}"],
    "negations": lambda i: [f'not("{LEVELS[i % 4]}")', f"not([{i}..{i + 1}])", '? in ("card","loan")', f"? between {i} and 50"],
    "a variable in one column": lambda i: [f'"{LEVELS[i % 5]}"', f"> limit + {i}", '"card","loan"', f"> {i}"],
    "variables in two columns": lambda i: [f'"{LEVELS[i % 5]}"', f"> limit + {i}", '"card","loan"', f"< limit * {i + 1}"],
    "a variable, all 50 rules match": lambda i: ["-", f"> limit - {i}", "-", "-"],
    "50 different calculations": lambda i: ["-", f"? * {i + 1} > 3", "-", "-"],
    "50 different calls of functions": lambda i: [f'starts with(?, "hi{i}")', "-", "-", "-"],
}
MOST_OF_THE_WORST = 32
WORST = frozenset({"50 different calculations", "50 different calls of functions", "a variable, all 50 rules match"})
"""Each of the 50 rules has something of its own to calculate and nothing narrows them: about the bound, not always below."""


def model(cells: Callable[[int], list[str]]) -> bytes:
    """A table of 50 rules that collects what matches."""
    named = (*COLUMNS, ("limit", "number"))
    data = "".join(f'<inputData id="{n}" name="{n}"><variable name="{n}" typeRef="{t}"/></inputData>' for n, t in named)
    needs = "".join(f'<informationRequirement><requiredInput href="#{name}"/></informationRequirement>' for name in INPUTS)
    inputs = "".join(f'<input><inputExpression typeRef="{t}"><text>{n}</text></inputExpression></input>' for n, t in COLUMNS)
    rules = "".join(
        "<rule>" + "".join(f"<inputEntry><text>{escape(cell)}</text></inputEntry>" for cell in cells(i))
        + f'<outputEntry><text>"rule {i}"</text></outputEntry></rule>' for i in range(50)
    )  # fmt: skip
    return (
        f'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="m" namespace="n" id="m">{data}<decision id="d" name="d">'
        f'<variable name="d"/>{needs}<decisionTable hitPolicy="COLLECT">{inputs}<output/>{rules}</decisionTable></decision></definitions>'
    ).encode()


def seconds(action: Callable[[], Any], times: int) -> float:
    """Seconds one call takes."""
    begun = time.perf_counter()
    for _ in range(times):
        action()
    return (time.perf_counter() - begun) / times


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_costs_at_most_25_conditions(kind: str) -> None:
    """50 rules, 4 inputs, whatever the cells are; both are measured in turns."""
    condition, table = parse(CONDITION), load(model(TABLES[kind]))
    once = many = 1.0
    gc.disable()
    for _ in range(40):
        once = min(once, seconds(lambda: condition.evaluate(INPUTS), 300))
        many = min(many, seconds(lambda: table.evaluate("d", INPUTS), 60))
    gc.enable()
    matched = len(table.evaluate("d", INPUTS))
    print(f"\n{kind}: condition {once * 1e6:.2f} µs, table {many * 1e6:.1f} µs, {many / once:.1f} times; {matched} rules match")
    assert many / once <= (MOST_OF_THE_WORST if kind in WORST else MOST_TIMES_CONDITION)


def test_parsing_is_shared_by_instances_and_versions() -> None:
    """A second model with the same texts, as a next version has them, parses nothing anew."""
    document = model(TABLES["variables in two columns"])
    load(document).evaluate("d", INPUTS)
    known = _parse_expression.cache_info().misses
    load(document + b"<!-- the next version -->").evaluate("d", INPUTS)
    assert _parse_expression.cache_info().misses == known
    assert parse_unary("> limit + 1", ["limit"]) is parse_unary("> limit + 1", ["limit", "amount"])
