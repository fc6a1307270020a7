"""What a decision table costs: 50 rules over 4 inputs against one condition, in one run."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

import pytest

from amends.engine.decisions import load
from amends.engine.feel import parse, parse_unary
from amends.engine.feel.expression import _parse_expression

CONDITION = 'severity = "high" and amount > 100 and product in ("card","loan")'
INPUTS = {
    "severity": "high", "amount": 250, "product": "loan", "days": 30, "limit": 100, "rate": Decimal("1.5"), "labels": ["urgent", "press"],
    "received": datetime(2024, 5, 3, 14, 30, tzinfo=UTC), "opened": date(2024, 5, 3), "due": date(2024, 6, 1),
    "score": 70, "weight": 12,
}  # fmt: skip
TYPES = {"labels": "", "received": "dateTime", "opened": "date", "due": "date", "severity": "string", "product": "string"}
COLUMNS = ("severity", "amount", "product", "days")
OTHERS = {"dates from other dates": ("opened", "received", "due", "days"), "labels in a list": ("labels", "amount", "product", "days")}
"""The columns of those tables that have not the usual ones."""

MOST_TIMES_CONDITION = 25
LEVELS = ("low", "medium", "high", "grave", "none")
UNLIKE = [
    form
    for sign in "+-*/"
    for order in (">", "<=", ">=", "<")
    for form in (f"? {sign} {{i}} {order} 40", f"? {sign} limit {order} {{i}}", f"{order} limit {sign} {{i}}")
] + ["[limit - {i}..900]", "? in [{i}..limit * 9]", "? between {i} and limit + 900", "not(> limit + 900)", "abs(? - {i}) < 900"]
"""Calculations of one step, no two of one shape: none is like another."""

THREE_STEPS = [f"? {a} rate {b} limit {o} {{i}}" for a in "+-*/" for b in "+-*/" for o in (">", "<=", ">=", "<")]
"""Calculations of three steps, likewise."""

MIXED = ("> limit * {i}", "? + rate > {i}", "? / 2 in [{i}..{j}]", "[limit - {i}..limit * rate + {i}]", "abs(? - {i}) < 300")
MOST_TIMES_UNLIKE = 45
"""Where 100 or 200 cells are like no others: an operator still costs what an operator costs."""

TABLES: dict[str, Callable[[int], list[str]]] = {
    "constants": lambda i: [f'"{LEVELS[i % 5]}"', f"[{i * 10}..{i * 10 + 10})", '"card","loan"', f"> {i}"],
    "negations": lambda i: [f'not("{LEVELS[i % 4]}")', f"not([{i}..{i + 1}])", '? in ("card","loan")', f"? between {i} and 50"],
    "a variable in one column": lambda i: [f'"{LEVELS[i % 5]}"', f"> limit + {i}", '"card","loan"', f"> {i}"],
    "variables in two columns": lambda i: [f'"{LEVELS[i % 5]}"', f"> limit + {i}", '"card","loan"', f"< limit * {i + 1}"],
    "a variable, all 50 rules match": lambda i: ["-", f"> limit - {i}", "-", "-"],
    "50 different calculations": lambda i: ["-", f"? * {i + 1} > 3", "-", "-"],
    "50 different calls of functions": lambda i: [f'starts with(?, "hi{i}")', "-", "-", "-"],
    "50 patterns": lambda i: [f'matches(?, "^hi?{i}")', "-", "-", "-"],
    "50 remainders": lambda i: ["-", f"modulo(?, {i + 2}) = 0", "-", "-"],
    "five kinds of calculations": lambda i: ["-", MIXED[i % 5].format(i=i, j=i + 3), "-", "-"],
    "100 different calculations in two columns": lambda i: ["-", f"? * {i + 1} > 3", "-", f"< limit * {i + 1}"],
    "150 different calculations in three columns": lambda i: [f'not(starts with(?, "x{i}"))', f"> limit - {i}", "-", f"< limit * {i + 1}"],
    "200 different calculations in four columns": lambda i: [
        f'not(starts with(?, "x{i}"))', f"> limit - {i}", f'not(ends with(?, "x{i}"))', f"< limit * {i + 1}",
    ],
    "dates from other dates": lambda i: [f'>= due - @"P{i + 30}D"', f'< received + @"PT{i + 1}H"', f'> opened + @"P{i % 28}D"', "-"],
    "labels in a list": lambda i: [f'list contains(?, "{"urgent" if i % 3 else i}")', "-", "-", "-"],
}  # fmt: skip


def inputs_of(kind: str) -> dict[str, Any]:
    """What a table reads: its four columns, and the variables in its cells."""
    texts = " ".join(" ".join(TABLES[kind](i)) for i in range(50))
    columns = OTHERS.get(kind, COLUMNS)
    return {name: value for name, value in INPUTS.items() if name in columns or name in texts}


def model(kind: str) -> bytes:
    """A table of 50 rules that collects what matches."""
    cells, columns, inputs_read = TABLES[kind], OTHERS.get(kind, COLUMNS), inputs_of(kind)
    types = {name: TYPES.get(name, "number") for name in inputs_read}
    refs = {name: f' typeRef="{kind}"' if kind else "" for name, kind in types.items()}
    data = "".join(f'<inputData id="{n}" name="{n}"><variable name="{n}"{ref}/></inputData>' for n, ref in refs.items())
    needs = "".join(f'<informationRequirement><requiredInput href="#{name}"/></informationRequirement>' for name in inputs_read)
    inputs = "".join(f"<input><inputExpression{refs[n]}><text>{n}</text></inputExpression></input>" for n in columns)
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
    condition, table = parse(CONDITION), load(model(kind))
    inputs = inputs_of(kind)
    once = many = 1.0
    gc.disable()
    for _ in range(40):
        once = min(once, seconds(lambda: condition.evaluate(INPUTS), 300))
        many = min(many, seconds(lambda: table.evaluate("d", inputs), 60))
    gc.enable()
    matched = len(table.evaluate("d", inputs))
    print(f"\n{kind}: condition {once * 1e6:.2f} µs, table {many * 1e6:.1f} µs, {many / once:.1f} times; {matched} rules match")
    assert many / once <= MOST_TIMES_CONDITION


UNLIKE_TABLES: dict[str, Callable[[int], list[str]]] = {
    f"{50 * columns} shapes of {steps} in {columns} columns": (
        lambda i, columns=columns, forms=forms: [  # type: ignore[misc]
            forms[(i + 3 * place) % len(forms)].format(i=i + place + 1) if place < columns else "-" for place in range(4)
        ]
    )
    for steps, forms in (("one step", UNLIKE), ("three steps", THREE_STEPS))
    for columns in (1, 2, 4)
}
"""Every cell of a column calculates something else. In four columns these are numbers all."""


@pytest.mark.parametrize("kind", UNLIKE_TABLES)
def test_cells_that_are_like_no_other_are_asked_by_operator(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """50 to 200 calculations of which no two of a column are alike."""
    monkeypatch.setitem(TABLES, kind, UNLIKE_TABLES[kind])
    monkeypatch.setitem(OTHERS, kind, ("score", "amount", "weight", "days"))
    condition, table, inputs = parse(CONDITION), load(model(kind)), inputs_of(kind)
    gc.disable()
    once = min(seconds(lambda: condition.evaluate(INPUTS), 300) for _ in range(30))
    many = min(seconds(lambda: table.evaluate("d", inputs), 60) for _ in range(30))
    gc.enable()
    print(f"\n{kind}: condition {once * 1e6:.2f} µs, table {many * 1e6:.1f} µs, {many / once:.1f} times")
    assert many / once <= (MOST_TIMES_CONDITION if "1 columns" in kind else MOST_TIMES_UNLIKE)


def test_parsing_is_shared_by_instances_and_versions() -> None:
    """A second model with the same texts, as a next version has them, parses nothing anew."""
    document = model("variables in two columns")
    load(document).evaluate("d", INPUTS)
    known = _parse_expression.cache_info().misses
    load(document + b"<!-- the next version -->").evaluate("d", INPUTS)
    assert _parse_expression.cache_info().misses == known
    assert parse_unary("> limit + 1", ["limit"]) is parse_unary("> limit + 1", ["limit", "amount"])
