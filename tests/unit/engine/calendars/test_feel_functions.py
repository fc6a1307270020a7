"""The calendar functions of FEEL: values in, values out, and null for what they cannot answer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.calendars import Calendar, feel_functions

LONDON = ZoneInfo("Europe/London")
CALENDARS = {
    "default": Calendar.from_data({"timezone": "Europe/London", "holidays": {"country": "GB", "subdivision": "ENG"}}),
    "open": Calendar.from_data(
        {"timezone": "Europe/London", "hours": {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}},
        "open",
    ),
}
FUNCTIONS = feel_functions(CALENDARS, "default")


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("add working days", (date(2026, 4, 30), Decimal(3)), date(2026, 5, 6)),
        ("add working days", (date(2026, 4, 30), Decimal("3.0")), date(2026, 5, 6)),
        ("add working days", (date(2026, 5, 6), Decimal(-3)), date(2026, 4, 30)),
        ("add working days", (date(2026, 4, 30), 3, "open"), date(2026, 5, 3)),
        ("add working days", (date(2026, 4, 30), 3, None), date(2026, 5, 6)),
        ("add working days", (datetime(2026, 4, 30, 9, tzinfo=UTC), Decimal(3)), datetime(2026, 5, 6, 17, tzinfo=LONDON)),
        ("add working days", (datetime(2026, 4, 30, 9), Decimal(3)), datetime(2026, 5, 6, 17)),
        ("add working time", (datetime(2026, 4, 30, 15, tzinfo=UTC), timedelta(hours=3)), datetime(2026, 5, 1, 11, tzinfo=LONDON)),
        ("add working time", (date(2026, 4, 30), timedelta(hours=3)), datetime(2026, 4, 30, 12, tzinfo=LONDON)),
        ("working days between", (date(2026, 4, 30), date(2026, 5, 6)), Decimal(3)),
        ("working days between", (date(2026, 5, 6), date(2026, 4, 30)), Decimal(-3)),
        ("working days between", (datetime(2026, 4, 30, 9, tzinfo=UTC), date(2026, 5, 6)), Decimal(3)),
        ("working days between", (date(2026, 4, 30), date(2026, 5, 6), "open"), Decimal(6)),
        ("is working day", (date(2026, 5, 4),), False),
        ("is working day", (date(2026, 5, 4), "open"), True),
        ("is working day", (datetime(2026, 5, 4, 23, 30, tzinfo=UTC),), True),  # Tuesday in London
        ("is working day", (datetime(2026, 5, 4, 23, 30),), False),
        ("next opening", (datetime(2026, 5, 1, 20, tzinfo=UTC),), datetime(2026, 5, 5, 9, tzinfo=LONDON)),
        ("next opening", (datetime(2026, 5, 1, 20),), datetime(2026, 5, 5, 9)),
        ("next opening", (date(2026, 5, 4),), datetime(2026, 5, 5, 9, tzinfo=LONDON)),
    ],
)
def test_a_function_answers(name: str, values: tuple[Any, ...], expected: Any) -> None:
    """In the type FEEL has for it; an instant without zone is a wall time of the calendar, and comes back as one."""
    found = FUNCTIONS[name](*values)
    assert (found, type(found)) == (expected, type(expected))


def test_an_instant_comes_back_on_the_calendars_wall_clock() -> None:
    """So its hour in an expression or a letter is the one people read."""
    found = FUNCTIONS["next opening"](datetime(2026, 5, 1, 20, tzinfo=UTC))
    assert (found.hour, found.tzinfo) == (9, LONDON)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("add working days", ()),
        ("add working days", (date(2026, 5, 4),)),
        ("add working days", (date(2026, 5, 4), Decimal(1), None, None)),
        ("add working days", ("2026-05-04", Decimal(1))),
        ("add working days", (None, Decimal(1))),
        ("add working days", (date(2026, 5, 4), True)),
        ("add working days", (date(2026, 5, 4), "1")),
        ("add working days", (date(2026, 5, 4), Decimal("1.5"))),
        ("add working days", (date(2026, 5, 4), Decimal("NaN"))),
        ("add working days", (date(2026, 5, 4), Decimal("Infinity"))),
        ("add working days", (date(2026, 5, 4), Decimal("1E+6000"))),
        ("add working days", (date(2026, 5, 4), 10**30)),
        ("add working days", (date(1800, 5, 4), Decimal(1))),
        ("add working days", (date(2026, 5, 4), Decimal(1), "moon")),
        ("add working days", (date(2026, 5, 4), Decimal(1), 7)),
        ("add working time", (date(2026, 5, 4), Decimal(1))),
        ("add working time", (date(2026, 5, 4), timedelta.max)),
        ("add working time", (date(2026, 5, 4), timedelta.min)),
        ("add working time", ("x", timedelta(1))),
        ("working days between", (date(2026, 5, 4), "x")),
        ("working days between", (date(1, 1, 1), date(9999, 12, 31))),
        ("is working day", (True,)),
        ("is working day", (datetime(1, 1, 1),)),
        ("is working day", (datetime(9999, 12, 31, 23, 59, tzinfo=UTC),)),
        ("next opening", ("x",)),
        ("next opening", (date(9999, 12, 31),)),
    ],
)
def test_what_cannot_be_answered_is_null(name: str, values: tuple[Any, ...]) -> None:
    """A wrong type, a wrong number of values, an unknown calendar, a date out of reach: never an exception."""
    assert FUNCTIONS[name](*values) is None


def test_values_may_be_named() -> None:
    """By the names FEEL has for them; other names are null."""
    add = FUNCTIONS["add working days"]
    assert add.parameters == ("from", "days", "calendar")  # type: ignore[attr-defined]
    assert add(**{"from": date(2026, 4, 30), "days": Decimal(3)}) == date(2026, 5, 6)
    assert add(date(2026, 4, 30), days=Decimal(3), calendar="open") == date(2026, 5, 3)
    assert add(date(2026, 4, 30), dayz=Decimal(3)) is None
    assert add(date(2026, 4, 30), Decimal(3), days=Decimal(3)) is None


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.decimals(),
    st.integers(),
    st.text(max_size=8),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.timedeltas(),
    st.lists(st.none(), max_size=1),
    st.sampled_from(["default", "open"]),
)


@given(st.sampled_from(list(FUNCTIONS)), st.lists(anything, max_size=4))
def test_no_value_makes_a_function_raise(name: str, values: list[Any]) -> None:
    """Expressions come from outside."""
    found = FUNCTIONS[name](*values)
    assert found is None or isinstance(found, date | Decimal | bool)
