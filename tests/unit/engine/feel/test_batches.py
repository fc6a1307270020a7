"""Tests of one shape, asked all at once, answer as each of them alone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.engine.feel import FeelWarning, ManyColumns, ManyTests, begin, normalize, parse_unary

SHAPES: dict[str, list[str]] = {
    "sums": ["> limit + 1", "> limit + 2", "> limit + 0.5", "> limit + -3", "> limit + 9e6144", "> limit + 1e6143"],
    "differences": ["<= 5 - limit", "<= 7 - limit", "<= 4 - limit", "<= -1 - limit"],
    "products": ["? * 3 > 4", "? * -3 > 4", "? * 0 > 4", "? * 2 > 4", "? * 9e6144 > 4"],
    "quotients": ["? / 3 >= 1", "? / 0 >= 1", "? / -2 >= 1", "? / 7 >= 1"],
    "ranges": ["[limit - 1..limit + 1]", "[limit - 2..limit + 3]", "[limit - 0..limit + 0]", "[limit - 5..limit + 2]"],
    "open ranges": ["(1..limit)", "(2..limit)", "(-4..limit)", "(0..limit)"],
    "alternatives": ["1, limit + 1", "2, limit + 2", "3, limit + 3", "50, limit + 4"],
    "negations": ["not(> limit + 1)", "not(> limit + 2)", "not(> limit - 4 + 1)", "not(> limit + 49)"],
    "both": ["? > limit + 1 and ? < 10", "? > limit + 2 and ? < 60", "? > limit + 3 and ? < 5", "? > limit - 9 and ? < 1"],
    "either": ["? > limit + 1 or ? < 2", "? > limit + 2 or ? < -2", "? > limit + 3 or ? < 5", "? > limit + 49 or ? < 0"],
    "between": ["? between 1 and limit", "? between 2 and limit", "? between 0 and limit", "? between 50 and limit"],
    "in": ["? in (1, > limit)", "? in (2, > limit)", "? in (50, > limit)", "? in (limit, > 3)", "? in (7, > limit)"],
    "in a range": ["? * 2 in [1..limit]", "? * 2 in [2..limit]", "? * 2 in [4..limit]", "? * 2 in [100..limit]"],
    "variables": ["> limit", "> more", "> most", "> none at all", "> missing", "> limit"],
    "variables of several types": ["> limit", "> name", "> more", "> day"],
    "parts": ["> item.price + 1", "> item.price + 2", "> item.price - 3", "> item.price + 50"],
    "absolute": ["abs(? - 1) < 3", "abs(? - 2) < 3", "abs(? - 52) < 3", "abs(? - 9) < 3"],
    "remainders": ["modulo(?, 2) = 0", "modulo(?, 3) = 0", "modulo(?, 0.5) = 0", "modulo(?, 7) = 1"],
    "negative remainders": ["modulo(?, -2) = 0", "modulo(?, 3) = 0", "modulo(?, 0) = 0", "modulo(?, 7) = 1"],
    "roots": ["sqrt(? - 1) > 1", "sqrt(? - 2) > 1", "sqrt(? - 3) > 1", "sqrt(? + 1) > 1"],
    "beginnings": ['starts with(?, "a")', 'starts with(?, "ab")', 'starts with(?, "b")', 'starts with(?, "")', 'starts with(?, "abcd")'],
    "ends": ['ends with(?, "c")', 'ends with(?, "bc")', 'ends with(?, "b")', 'ends with(?, "")', 'ends with(?, "xabc")'],
    "beginnings of a variable": ["starts with(?, name)", "starts with(?, text)", "starts with(?, limit)", "starts with(?, missing)"],
    "insides": ['contains(?, "b")', 'contains(?, "z")', 'contains(?, "")', 'contains(?, "abc")'],
    "patterns": ['matches(?, "^a")', 'matches(?, "b+")', 'matches(?, "(a|b)c")', 'matches(?, "[")', 'matches(?, "a?b?")'],
    "quick patterns": ['matches(?, "^a")', 'matches(?, "b+")', 'matches(?, "c$")', 'matches(?, "^$")'],
    "lists": ['list contains(?, "abc")', "list contains(?, \"z\")", 'list contains(?, "")', 'list contains(?, "b")'],
    "numbers in lists": ["list contains(?, 1)", "list contains(?, 2)", "list contains(?, 3)", "list contains(?, 50)"],
    "lengths": ["string length(?) > 1", "string length(?) > 2", "string length(?) > 3", "string length(?) > 4"],
    "texts": ['>= name + "a"', '>= name + "b"', '>= name + ""', '>= name + "c"'],
    "later days": ['> day + @"P1D"', '> day + @"P30D"', '> day + @"P1DT12H"', '> day + @"-P400D"', '> day + @"P9999999D"'],
    "earlier days": ['> day - @"P1D"', '> day - @"PT36H"', '> day - @"-PT1H"', '> day - @"P60D"'],
    "later months": ['> day + @"P1M"', '> day + @"P2M"', '> day + @"-P3M"', '> day + @"P1Y"'],
    "later moments": ['> at + @"P1D"', '> at + @"PT1H"', '> at + @"-PT0.5S"', '> at + @"PT2H"'],
    "whole later moments": ['> at + @"P1D"', '> at + @"PT1H"', '> at - @"PT5S" + @"PT1S"', '> at + @"PT0S"', '> at + @"P2D"'],
    "later moments of a zone": ['> berlin + @"P1D"', '> berlin + @"PT1H"', '> berlin + @"PT2H"', '> berlin + @"PT0S"'],
    "earlier moments": ['<= at - @"P1D"', '<= at - @"PT1H"', '<= at - @"PT2H"', '<= at - @"PT0S"'],
    "moments": ['> @"2024-01-31T10:00:00Z"', '> @"2024-01-31T09:00:00"', '> @"2024-02-01T00:00:00+01:00"', '> @"2023-01-01T00:00:00Z"'],
    "moments of UTC": ['> @"2024-01-31T10:00:00Z"', '> @"2024-01-31T09:00:00Z"', '> @"2024-02-01T00:00:00Z"', '> @"2023-01-01T00:00:00Z"'],
    "moments of a clock": [
        '<= @"2024-01-31T10:00:00"', '<= @"2024-01-31T11:00:00"', '<= @"2024-02-01T00:00:00"', '<= @"2023-01-01T00:00:00"',
    ],
    "moments of several zones": [
        '= @"2024-01-31T10:00:00Z"', '= @"2024-01-31T10:30:00"', '= @"2024-01-31T10:30:15+01:00"', '= @"2024-01-31T09:30:15Z"',
    ],
    "fractions": ['> @"2024-01-31T10:00:00.5Z"', '> @"2024-01-31T09:30:15.25Z"', '> @"2024-01-31T09:30:15Z"', '> @"2024-01-31T09:30:14Z"'],
    "moments of variables": ["> at + span", "> berlin + span", "> at + span", "> at + limit"],
    "later values": ['? + @"PT1H" > at', '? + @"PT2H" > at', '? + @"PT0S" > at', '? + @"-P1D" > at'],
    "later values by parts": ['? + @"PT0.5S" > at', '? + @"PT2H" > at', '? + @"PT0S" > at', '? + @"-P1D" > at'],
    "equal moments": ['at + @"PT1H"', 'at + @"PT2H"', 'at + @"PT0S"', 'at + @"PT1S"'],
    "equal moments by parts": ['at + @"PT1H"', 'at + @"PT0.75S"', 'at + @"PT0S"', 'at + @"PT1S"'],
    "constants less a day": ['? < @"2024-03-01" - day', '? < @"2024-02-01" - day', '? < @"2024-01-30" - day', '? < @"2023-02-01" - day'],
    "sums of variables": ["? + limit > more", "? + more > limit", "? + most > more", "? + limit > most"],
    "roots of variables": ["sqrt(limit) > ?", "sqrt(more) > ?", "sqrt(most) > ?", "sqrt(day) > ?"],
    "in conditions": ["? in (1, ? > 2)", "? in (2, ? > 3)", "? in (3, ? > 4)", "? in (4, ? > 5)"],
    "functions of too many": ["even(?, 1)", "even(?, 2)", "even(?, 3)", "even(?, 4)"],
    "paths of their own": ["> item.price", "> item.cost", "> item.a", "> item.b"],
    "ages": ['? - day > @"P1D"', '? - day > @"P0D"', '? - day > @"-P1D"', '? - day > @"P365D"'],
    "ages of moments": ['? - at > @"P1D"', '? - at > @"PT0S"', '? - at > @"-P1D"', '? - at > @"PT0.3S"'],
    "sums of durations": ['< @"P1D" + span', '< @"P2D" + span', '< @"PT1H" + span', '< @"-P1D" + span'],
    "conditions of their own": ["limit > 1", "limit > 2", "limit > 3", "limit > -1"],
    "equal to": ["limit + 1", "limit + 48", "limit + 0.5", "limit - 1"],
    "unequal to": ["!= limit + 1", "!= limit + 48", "!= limit - 1", "= limit + 0"],
    "hidden": ['upper case(?) = "ABC"', 'upper case(?) = "B"', 'upper case(?) = ""', 'upper case(?) = "Z"'],
}  # fmt: skip
UNLIKE: dict[str, list[str]] = {
    "numbers": [
        "? + 1 > limit", "> limit * 2 - 1", "? * limit <= 7", "[limit - 1..limit * 2]", "(limit..50)", "not(> limit / 3)",
        "limit + 1, more",
        "abs(? - limit) < 3", "? between limit and more", "? in (1, > limit, [7..9])", "? > limit and ? < more * 2 or ? = 50",
        "!= limit + 1",
        "-limit", "> -limit - -3", "? - -3 >= abs(limit)", "< -1234567890123456789012345678901234 + limit", "limit > 1",
        "not(limit + 1, 3)",
        "? * 9e6144 > 4", "> item.price + limit", "? ** 2 > limit", "limit ** 2", "? > 1 and limit ** 2",
    ],
    "divisions": ["? / limit > 1", "> 1 / limit", "? / 0 >= 1", "limit / ? < 3", "? / 3 * limit > more"],
    "texts": ['>= name', 'not(name)', '"a", name', '[name.."c")', '? in (name, "abc")', '? > name and ? < "c"', '< text', '> name + "a"'],
    "days": [
        '> day + @"P1D"', '? - day > @"P2D"', '<= day - span', '? in [day..@"2024-03-01"]', '? - @"P40D" < day', 'not(day)',
        '? + @"P9999999D" > day',
        '> @"2024-01-30"', '? - @"P1M" > day', '> day - @"PT36H"',
    ],
    "durations": ['> span', '? + span > @"P1D"', '? - @"PT1H" <= span', '[span..@"P3D"]', '? = span + span', '? / 2 > span',
        '? * 2 > span'],
    "all kinds": ["> limit + 1", ">= name", '> day + @"P1D"', "? + span > span", '> at + @"PT1H"', "more", "nan", "missing > 1",
        "> most", "true"],
}  # fmt: skip
"""Cells of which none has the shape of another."""
UTC = dt.UTC
AT = dt.datetime(2024, 1, 31, 9, 30, 15, 250_000, UTC)
BERLIN = dt.datetime(2024, 3, 31, 1, 30, tzinfo=ZoneInfo("Europe/Berlin"))
PLENTY = {
    "limit": Decimal(2), "name": "b", "nan": Decimal("NaN"), "text": "x",
    "more": Decimal(3), "most": Decimal(49), "item": {"price": Decimal(1)}, "day": dt.date(2024, 1, 30), "at": AT, "berlin": BERLIN,
    "span": dt.timedelta(hours=5),
}  # fmt: skip
MORE_VALUES = (
    None, True, Decimal(1), Decimal(2), Decimal("2.5"), Decimal(50), Decimal("1e6000"), "abc", "b", dt.date(2024, 1, 31), [1],
    Decimal(0), Decimal(-2), Decimal(3), Decimal("9e6144"), "", dt.date(2024, 3, 1), dt.date(9999, 12, 31), AT, BERLIN,
    AT + dt.timedelta(hours=1), AT + dt.timedelta(seconds=1), dt.datetime(2024, 1, 31, 10, 30), dt.timedelta(days=1, hours=5),
    dt.timedelta(0), ["abc", Decimal(2)], [True], [[Decimal(1)]], False,
)  # fmt: skip
CONTEXTS: list[dict[str, Any]] = [
    PLENTY, {**PLENTY, "limit": Decimal(-2)}, {**PLENTY, "limit": "b"}, {**PLENTY, "limit": None}, {**PLENTY, "limit": 2},
    {**PLENTY, "at": AT.replace(tzinfo=None)}, {**PLENTY, "at": BERLIN}, {**PLENTY, "contains": 1, "abs": None, "starts with": 1},
    {**PLENTY, "day": dt.date(1, 1, 1)}, {**PLENTY, "day": AT}, {**PLENTY, "item": [{"price": Decimal(1)}]},
    {**PLENTY, "at": AT.astimezone(dt.timezone(dt.timedelta(hours=-7)))}, {**PLENTY, "limit": Decimal("1e6144")},
]  # fmt: skip


HOST = {"upper case": lambda text: "B", "starts with": lambda text, match: True, "abs": lambda n: Decimal(1)}


@pytest.mark.parametrize(
    ("kind", "functions"),
    [*((kind, None) for kind in [*SHAPES, *UNLIKE]), *((k, HOST) for k in ("hidden", "beginnings", "sums", "numbers"))],
)
def test_a_batch_answers_as_each_of_its_tests(kind: str, functions: Any) -> None:
    """Tests of one shape or of many are asked together, with the answers and the warnings each has alone, whatever the values are."""
    cells = SHAPES.get(kind) or UNLIKE[kind]
    tests = [parse_unary(cell, ("none at all",)) for cell in cells]
    for value in MORE_VALUES:
        for context in CONTEXTS:
            warnings: list[FeelWarning] = []
            alone: list[FeelWarning] = []
            answers = [each.evaluate(value, context, functions=functions, warnings=alone) is True for each in tests]
            many = ManyTests([(each, 1 << place) for place, each in enumerate(tests)])
            frame = begin(context, functions=functions, warnings=warnings)
            assert [bool(many.passing(normalize(value), -1, frame) >> place & 1) for place in range(len(cells))] == answers, (
                value,
                context,
            )
            assert {warning.message for warning in warnings} == {warning.message for warning in alone}


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.decimals(-100, 100, places=1), min_size=4, max_size=30, unique=True), st.decimals(-100, 100, places=1),
    st.decimals(-100, 100, places=1),
    st.sampled_from(["{} limit + {}", "{} limit - {}", "{} {} - limit", "{} limit * {}", "? * {} {} limit"]),
    st.sampled_from(["<", "<=", ">", ">="]),
)  # fmt: skip
def test_the_place_where_a_column_turns_is_found(constants: list[Decimal], value: Decimal, limit: Decimal, form: str, order: str) -> None:
    """Comparisons with a column that grows by its constants are those with each of its entries."""
    cells = [form.format(*((constant, order) if form[0] == "?" else (order, constant))) for constant in constants]
    tests = [(parse_unary(cell), 1 << place) for place, cell in enumerate(cells)]
    expected = sum(mask for each, mask in tests if each.evaluate(value, {"limit": limit}) is True)
    assert ManyTests(tests).passing(value, -1, begin({"limit": limit})) == expected


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(sorted({*sum(SHAPES.values(), []), *sum(UNLIKE.values(), [])})), min_size=8, max_size=40), st.data())
def test_columns_asked_in_one_plan_answer_as_each_of_them(cells: list[str], data: st.DataObject) -> None:
    """What the tests of two columns come to in one plan is what each of them says alone, and what has to be asked is asked."""
    context = data.draw(st.sampled_from(CONTEXTS))
    values = [normalize(data.draw(st.sampled_from(MORE_VALUES))) for _ in range(2)]
    halves = [list(dict.fromkeys(cells[0::2])), list(dict.fromkeys(cells[1::2]))]
    columns = [ManyTests([(parse_unary(cell, ("none at all",)), 1 << place) for place, cell in enumerate(half)]) for half in halves]
    frame = begin(context)
    planned = ManyColumns(columns, len(cells)).passing(values, frame)
    for number, (half, column, value) in enumerate(zip(halves, columns, values, strict=True)):
        answers = sum(1 << at for at, cell in enumerate(half) if parse_unary(cell, ("none at all",)).evaluate(value, context) is True)
        assert column.passing(value, -1, frame, None if planned is None else planned[number]) == answers


def test_cells_that_are_like_no_others_are_planned() -> None:
    """What calculates with numbers, texts, days and durations and compares them is not asked one by one."""
    alone = {}
    for kind, cells in UNLIKE.items():
        tests = ManyTests([(parse_unary(cell, ("none at all",)), 1 << place) for place, cell in enumerate(cells)])
        alone[kind] = len(cells) - len(tests.planned)
    assert alone == {"numbers": 4, "divisions": 0, "texts": 0, "days": 0, "durations": 0, "all kinds": 1}


ASKED_ALONE = {
    "moments", "in", "variables", "negations", "whole later moments", "negative remainders", "unequal to", "parts", "roots", "both",
    "equal to", "in conditions", "functions of too many", "paths of their own", "constants less a day",
}  # fmt: skip
"""Cells of several shapes."""


def test_tests_of_one_shape_are_a_batch() -> None:
    """Those that differ in their constants and variables only are not asked one by one; what has effects or is too long always is."""
    many = {kind: ManyTests([(parse_unary(cell), 1 << place) for place, cell in enumerate(cells)]) for kind, cells in SHAPES.items()}
    assert {kind for kind, tests in many.items() if tests.singles} <= ASKED_ALONE
    assert ManyTests([(parse_unary(f"? > count(for i in 1..{i} return i)"), 1 << i) for i in range(9)]).singles == 9
