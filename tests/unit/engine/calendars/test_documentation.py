"""What docs/calendars.md says is so."""

from __future__ import annotations

import doctest
import re
import tomllib
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from amends.engine.calendars import Calendar, calendar_problems, feel_functions, read_length
from amends.engine.calendars.feel_functions import PARAMETERS
from amends.engine.feel.builtins import BUILTINS

PAGE = Path(__file__).parents[4] / "docs" / "calendars.md"


def test_the_examples_give_what_they_show() -> None:
    """Every Python example of the page is run."""
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.attempted > 10 and found.failed == 0


def test_the_calendar_of_the_page_can_be_used() -> None:
    """Its TOML is a calendar, and has the days the page speaks of."""
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    data = tomllib.loads(text)["calendars"]["default"]
    assert calendar_problems(data) == []
    calendar = Calendar.from_data(data)
    assert [calendar.is_working_day(date(2026, 12, day)) for day in (5, 24, 25, 28)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("received", "rules", "due"),
    [
        (datetime(2026, 6, 2, 10), {}, "Friday"),  # Tuesday
        (datetime(2026, 6, 2, 23, 30), {}, "Friday"),
        (datetime(2026, 6, 6, 12), {}, "Wednesday"),  # Saturday
        (datetime(2026, 6, 6, 12), {"received_when_closed": "next working day"}, "Thursday"),
        (datetime(2026, 6, 2, 23, 30), {"received_after_hours": "next working day"}, "Monday"),
    ],
)
def test_the_table_of_first_days(received: datetime, rules: dict[str, str], due: str) -> None:
    """The third working day after receipt, by rule."""
    calendar = Calendar.from_data({"timezone": "Europe/London", **rules})
    assert f"{calendar.local(calendar.add_working_days(received.replace(tzinfo=ZoneInfo('Europe/London')), 3)):%A %H}" == f"{due} 17"


def test_every_length_and_function_of_the_page_exists() -> None:
    """And every function that exists is on the page."""
    page = PAGE.read_text(encoding="utf-8")
    lengths = page.split("## A length")[1].split("Whole numbers")[0]
    written = [text for text in re.findall(r"`([^`]+)`", lengths) if text not in ("due",)]
    assert len(written) > 10
    for text in written:
        read_length(text)
    documented = set(re.findall(r"^\| `([a-z ]+)\(", page, re.MULTILINE))
    assert documented == set(feel_functions({}, "default"))


def test_the_functions_of_feel_that_are_ours_are_all_described() -> None:
    """The table has every function with its parameters, and says that they are ours; the standard has none of these names."""
    part = PAGE.read_text(encoding="utf-8").split("## In FEEL")[1].split("\n## ")[0]
    assert "These functions are ours, not DMN's." in part
    rows = re.findall(r"^\| `([a-z ]+)\(([^)]*)\)` \|", part, re.MULTILINE)
    described = {name: tuple(parameters.replace("?", "").split(", ")) for name, parameters in rows}
    assert described == PARAMETERS
    assert PARAMETERS.keys().isdisjoint(BUILTINS)
