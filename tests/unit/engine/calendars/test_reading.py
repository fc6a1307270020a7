"""A calendar's table: every mistake is told at once, by field, with what to write."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import Any

import pytest

from amends.engine.calendars import Calendar, calendar_problems
from amends.engine.errors import Invalid


def test_a_good_table_has_no_problems() -> None:
    """As it stands in a package, with everything a calendar can say."""
    data = tomllib.loads("""
        name = "default"
        timezone = "Europe/London"
        due = "same time"
        received_when_closed = "next working day"
        received_after_hours = "next working day"
        hours = { mon = [["09:00", "12:30"], ["13:30", "17:00"]], sat = [[10:00:00, 14:00:00]], sun = [["18:00", "24:00"]] }
        [special]
        2026-12-24 = [["09:00", "12:00"]]
        "2026-12-28/2026-12-31" = []
        [holidays]
        country = "GB"
        subdivision = "ENG"
        categories = ["public"]
        add = ["2026-12-23 Office closed", 2026-12-22]
        remove = ["2026-05-04"]
    """)
    assert calendar_problems(data) == []
    assert Calendar.from_data(data).is_working_day(date(2026, 12, 29)) is False


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"timezone": "Europe/Londn"},
            "timezone: The time zone 'Europe/Londn' is not known; write one such as \"Europe/London\". Did you mean 'Europe/London'?",
        ),
        ({"timezone": "Europe"}, "timezone: The time zone 'Europe' is not known"),
        ({"timezone": "../../etc/passwd"}, "timezone: The time zone '../../etc/passwd' is not known"),
        ({"timezone": 7}, "timezone: The time zone 7 is not known"),
        ({"name": ""}, "name: A calendar's name must be a text, not ''."),
        ({"holliday": {}}, "holliday: There is no such entry; did you mean 'holidays'?"),
        ({"colour": "red"}, "colour: There is no such entry; there are: name, timezone"),
        ({"hours": []}, "hours: This must be a table, not []."),
        ({"hours": {"monday": []}}, "hours.monday: There is no such entry; did you mean 'mon'?"),
        ({"hours": {"mon": "09:00-17:00"}}, "hours.mon: This must be a list in square brackets"),
        ({"hours": {"mon": ["09:00"]}}, "hours.mon: '09:00' is no opening period; write a pair of times"),
        ({"hours": {"mon": [["9:00", "17:00"]]}}, "hours.mon: '9:00' is no time of day"),
        ({"hours": {"mon": [["09:00", "25:00"]]}}, "hours.mon: '25:00' is no time of day"),
        ({"hours": {"mon": [["17:00", "09:00"]]}}, "hours.mon: The period 17:00 to 09:00 ends before it begins; split it at 24:00"),
        ({"hours": {"mon": [["09:00", "09:00"]]}}, "hours.mon: The period 09:00 to 09:00 ends before it begins"),
        (
            {"hours": {"mon": [["12:00", "17:00"], ["09:00", "12:30"]]}},
            "hours.mon: Two periods overlap: one ends at 12:30, the other begins at 12:00.",
        ),
        ({"hours": {}}, "hours: No weekday is open; give one a period"),
        ({"special": {"Christmas": []}}, "special.Christmas: 'Christmas' is no date"),
        ({"special": {"2026-12-24": [["x", "17:00"]]}}, "special.2026-12-24: 'x' is no time of day"),
        ({"holidays": "GB"}, "holidays: This must be a table, not 'GB'."),
        ({"holidays": {"contry": "GB"}}, "holidays.contry: There is no such entry; did you mean 'country'?"),
        (
            {"holidays": {"country": "gb"}},
            "holidays.country: The country 'gb' is not known; write its two-letter code, such as \"GB\" or \"AU\". Did you mean 'GB'?",
        ),
        ({"holidays": {"country": 44}}, "holidays.country: This must be a text, not 44."),
        (
            {"holidays": {"country": "GB", "subdivision": "NSW"}},
            "holidays.subdivision: 'NSW' is no part of GB; its parts are: ENG, NIR, SCT, WLS.",
        ),
        ({"holidays": {"country": "GB", "categories": ["lunar"]}}, "holidays.categories: 'lunar' is no kind of holiday known for GB"),
        ({"holidays": {"subdivision": "ENG"}}, "holidays.subdivision: This needs a country beside it."),
        ({"holidays": {"add": ["24.12.2026 Closed"]}}, "holidays.add: '24.12.2026' is no date; write year, month and day"),
        ({"holidays": {"add": [20261224]}}, "holidays.add: 20261224 is no date"),
        ({"holidays": {"add": ["2026-12-31/2026-12-24"]}}, "holidays.add: '2026-12-31/2026-12-24' must run forwards"),
        (
            {"holidays": {"add": ["2026-01-01/2027-12-24"]}},
            "holidays.add: '2026-01-01/2027-12-24' must run forwards and over no more than 366 days.",
        ),
        ({"holidays": {"remove": "2026-05-04"}}, "holidays.remove: This must be a list in square brackets"),
        ({"due": "noon"}, "due: Write one of 'end of day', 'same time', not 'noon'."),
        ({"received_when_closed": "never"}, "received_when_closed: Write one of 'that day', 'next working day', not 'never'."),
        ({"received_after_hours": []}, "received_after_hours: Write one of 'that day', 'next working day', not []."),
    ],
)
def test_a_mistake_is_told_by_field(change: dict[str, Any], problem: str) -> None:
    """One mistake gives one sentence with the field in front."""
    problems = calendar_problems({"timezone": "Europe/London", **change})
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_a_time_zone_must_be_given() -> None:
    """There is no safe default."""
    assert calendar_problems({}) == ['timezone: A calendar needs a time zone, such as "Europe/London".']


def test_what_is_no_table_is_no_calendar() -> None:
    """Also then a sentence and no traceback."""
    assert calendar_problems(["mon"])[0] == "calendar: This must be a table, not ['mon']."


def test_all_mistakes_are_told_at_once() -> None:
    """`Invalid` holds every field's messages, and its text all of them."""
    with pytest.raises(Invalid) as refused:
        Calendar.from_data({"timezone": "Mars", "hours": {"mon": [["17:00", "09:00"]]}, "due": "noon"}, "office")
    assert list(refused.value.fields) == ["timezone", "hours.mon", "due"]
    assert str(refused.value).startswith("The calendar 'office' cannot be used: timezone: The time zone 'Mars' is not known")


def test_the_name_is_its_own_or_the_one_it_is_listed_under() -> None:
    """In a package it is the key of its table."""
    assert Calendar.from_data({"timezone": "UTC"}).name == "default"
    assert Calendar.from_data({"timezone": "UTC"}, "office").name == "office"
    assert Calendar.from_data({"timezone": "UTC", "name": "night"}, "office").name == "night"
    assert repr(Calendar.from_data({"timezone": "UTC"})) == "<Calendar 'default', UTC>"


def test_a_region_goes_by_other_names_too() -> None:
    """The names that the holidays know for a part of a country."""
    assert calendar_problems({"timezone": "UTC", "holidays": {"country": "AU", "subdivision": "New South Wales"}}) == []
