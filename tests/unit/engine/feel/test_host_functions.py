"""Functions that a host injects, those of the calendars among them, as an expression calls them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from amends.engine.calendars import Calendar, feel_functions
from amends.engine.feel import FeelWarning, evaluate, parse, unary_test

LONDON = ZoneInfo("Europe/London")
FUNCTIONS = feel_functions(
    {
        "default": Calendar.from_data({"timezone": "Europe/London", "holidays": {"country": "GB", "subdivision": "ENG"}}),
        "weekend": Calendar.from_data({"timezone": "Europe/London", "hours": {"sat": [["10:00", "12:00"]]}}),
    }
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('add working days(@"2026-05-05", 5)', dt.date(2026, 5, 12)),
        ('add working days(from: @"2026-05-05", days: 5)', dt.date(2026, 5, 12)),
        ('add working days(from: @"2026-05-05", days: 1, calendar: "weekend")', dt.date(2026, 5, 9)),
        ('add working days(calendar: "weekend", days: 1, from: @"2026-05-05")', dt.date(2026, 5, 9)),
        ('working days between(@"2026-05-01", @"2026-05-08")', Decimal(4)),
        ('working days between(from: @"2026-05-01", to: @"2026-05-08")', Decimal(4)),
        ('is working day(@"2026-05-04")', False),
        ('is working day(date: @"2026-05-05")', True),
        ('add working time(@"2026-05-05T16:00:00", @"PT2H")', dt.datetime(2026, 5, 6, 10)),
        ('next opening(@"2026-05-05T08:00:00@Europe/London").hour', Decimal(9)),
        ('[@"2026-05-04", @"2026-05-05"][is working day(item)]', [dt.date(2026, 5, 5)]),
        ('every day in @"2026-05-05"..@"2026-05-08" satisfies is working day(day)', True),
        ('add working days(received on, 3) < @"2026-05-09"', True),
    ],
)
def test_working_days_are_functions_like_any_other(text: str, value: Any) -> None:
    """The functions of the calendars are called by position and by name, in filters, loops and beside names with blanks."""
    assert evaluate(text, {"received on": dt.date(2026, 5, 5)}, functions=FUNCTIONS) == value


@pytest.mark.parametrize(
    "text",
    [
        "add working days()", "add working days(1, 2)", 'add working days(@"2026-05-05", "5")', 'is working day(@"2026-05-05", "nowhere")',
        "add working days(start: 1)", "is working day(null)", 'add working days(@"2026-05-05", 5, "default", 1)',
        'add working days(@"2026-05-05", 10 ** 30)', 'working days between(@"2026-05-05", @"-5000-01-01")',
    ],
)  # fmt: skip
def test_what_working_days_cannot_answer_is_null(text: str) -> None:
    """A wrong type, an unknown calendar or parameter and a date out of reach give null, never an exception."""
    assert evaluate(text, {}, functions=FUNCTIONS) is None


def test_working_days_stand_in_unary_tests() -> None:
    """A cell may ask for working days, of the value under test too."""
    assert unary_test("is working day(?)", dt.date(2026, 5, 5), {}, functions=FUNCTIONS) is True
    assert unary_test('< add working days(@"2026-05-05", 5)', dt.date(2026, 5, 11), {}, functions=FUNCTIONS) is True


def test_a_name_that_is_not_a_parameter_is_said() -> None:
    """A wrong argument name is answered with the parameters there are."""
    warnings: list[FeelWarning] = []
    assert evaluate("is working day(when: 1)", {}, functions=FUNCTIONS, warnings=warnings) is None
    assert "is working day has the parameters date, calendar" in warnings[0].message


def test_our_functions_are_no_part_of_the_language() -> None:
    """Without being injected they are unknown, and an expression tells a checker that it calls them."""
    assert evaluate('is working day(@"2026-05-05")', {}) is None
    assert parse('is working day(@"2026-05-05")').calls == {"is working day"}


def test_a_host_function_that_fails_is_null() -> None:
    """What a host function raises becomes null with a warning; what it wants and does not get, too."""

    def divide(dividend: Any, divisor: Any = Decimal(0)) -> Any:
        return dividend / divisor

    def many(*values: Any) -> int:
        return len(values)

    functions = {"divide": divide, "many": many, "host sum": sum}
    for text in ("divide(1)", "divide()", "divide(1, 2, 3)", "divide(divisor: 1)", "divide(dividend: 1)", "host sum(1)"):
        warnings: list[FeelWarning] = []
        assert evaluate(text, {}, functions=functions, warnings=warnings) is None
        assert warnings
    assert evaluate("divide(dividend: 6, divisor: 2)", {}, functions=functions) == 3
    assert evaluate("many(1, 2, 3)", {}, functions=functions) == 3
    assert evaluate("divide instance of function<number, number> -> number", {}, functions=functions) is True
    assert evaluate("divide instance of function<number, number, number> -> number", {}, functions=functions) is False
