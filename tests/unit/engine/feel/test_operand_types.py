"""What every operator makes of every two types: the standard's tables 50-57 (DMN 1.5, 10.3.2.12), and null for all they leave out."""

from __future__ import annotations

import pytest

from amends.engine.feel import FeelWarning, evaluate

VALUES = {
    "number": "10",
    "string": '"foo"',
    "boolean": "true",
    "date": '@"2024-02-29"',
    "time": '@"10:15:00"',
    "local date and time": '@"2024-02-29T10:15:00"',
    "date and time": '@"2024-02-29T10:15:00+02:00"',
    "days": '@"P3DT4H"',
    "months": '@"P1Y2M"',
    "list": "[1, 2]",
    "context": "{a: 1}",
    "range": "[1..2]",
    "function": "function(a) a",
    "null": "null",
}
"""A text of each type. A list of one would be taken for its item."""

POINTS = ("date", "local date and time", "date and time")
MOVED = {(point, length) for point in POINTS for length in ("days", "months")} | {("time", "days")}
ALIKE = {(kind, kind) for kind in VALUES}
DURATIONS = {("days", "days"), ("months", "months")}
DEFINED: dict[str, set[tuple[str, str]]] = {
    "+": {("number", "number"), ("string", "string")} | DURATIONS | MOVED | {(length, point) for point, length in MOVED},
    "-": {("number", "number"), ("date", "date and time"), ("date and time", "date"), ("time", "time")}
    | {(point, point) for point in POINTS} | DURATIONS | MOVED,
    "*": {("number", "number"), ("number", "days"), ("number", "months"), ("days", "number"), ("months", "number")},
    "/": {("number", "number"), ("days", "number"), ("months", "number")} | DURATIONS,
    "**": {("number", "number")},
    "<": {(kind, kind) for kind in ("number", "string", "time", *POINTS, "days", "months")},
    "=": ALIKE | {(kind, "null") for kind in VALUES} | {("null", kind) for kind in VALUES}
    | {("local date and time", "date and time"), ("date and time", "local date and time")},
    "and": {("boolean", "boolean")},
}  # fmt: skip
"""The pairs of types for which an operator has a value."""


@pytest.mark.parametrize("symbol", DEFINED)
def test_operators_have_values_for_these_types_and_for_no_others(symbol: str) -> None:
    """Each operator gives a value where the tables have one, and otherwise null with a warning that names the types or the fault."""
    found = set()
    for left, left_text in VALUES.items():
        for right, right_text in VALUES.items():
            warnings: list[FeelWarning] = []
            # In variables, as the texts of two constants could be judged before they are evaluated.
            scope = {"a": evaluate(left_text, {}), "b": evaluate(right_text, {})}
            value = evaluate(f"a {symbol} b", scope, warnings=warnings)
            assert evaluate(f"({left_text}) {symbol} ({right_text})", {}) == value
            if value is not None:
                found.add((left, right))
            elif symbol != "and" and "null" not in (left, right):
                assert warnings, (left, symbol, right)
    assert found == DEFINED[symbol]


@pytest.mark.parametrize(("left", "right"), [(a, b) for a in ("<", "<=", ">", ">=") for b in ("<", "<=", ">", ">=")])
def test_orders_know_the_same_types(left: str, right: str) -> None:
    """All four comparisons are defined for the same pairs of types."""
    for first in VALUES.values():
        for second in VALUES.values():
            known = [evaluate(f"({first}) {symbol} ({second})", {}) is None for symbol in (left, right)]
            assert known[0] == known[1], (first, second)


def test_minus_one_operand() -> None:
    """Only numbers and durations have an opposite."""
    assert {kind for kind, text in VALUES.items() if evaluate(f"-({text})", {}) is not None} == {"number", "days", "months"}
