"""Lengths as text: what is read as what, and what to write instead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.calendars import read_extension, read_length, read_warning
from amends.engine.calendars.lengths import CALENDAR, WORKING_DAYS, WORKING_TIME, Length, shift_calendar
from amends.engine.errors import Invalid

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P8W", {"kind": CALENDAR, "days": 56}),
        ("P30D", {"kind": CALENDAR, "days": 30}),
        ("P6M", {"kind": CALENDAR, "months": 6}),
        ("P1Y2M3W4DT5H6M7.5S", {"kind": CALENDAR, "months": 14, "days": 25, "time": timedelta(hours=5, minutes=6, seconds=7.5)}),
        ("PT24H", {"kind": CALENDAR, "time": timedelta(hours=24)}),
        ("PT0S", {"kind": CALENDAR}),
        ("P30D, end of day", {"kind": CALENDAR, "days": 30, "due": "end of day"}),
        ("5 working days", {"kind": WORKING_DAYS, "working_days": 5}),
        ("1 working day", {"kind": WORKING_DAYS, "working_days": 1}),
        ("3 business days", {"kind": WORKING_DAYS, "working_days": 3}),
        ("1 working day, same time", {"kind": WORKING_DAYS, "working_days": 1, "due": "same time"}),
        ("8 working hours", {"kind": WORKING_TIME, "working_time": timedelta(hours=8)}),
        ("90 working minutes", {"kind": WORKING_TIME, "working_time": timedelta(minutes=90)}),
    ],
)
def test_a_length_is_read(text: str, expected: dict[str, Any]) -> None:
    """ISO 8601 for calendar time, words for working time."""
    assert read_length(text) == Length(text, **expected)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("30 days", 'write "P30D" for calendar time, or "30 working days" for working time'),
        ("8 weeks", 'write "P8W" for calendar time.'),
        ("24 hours", 'write "PT24H" for calendar time, or "24 working hours"'),
        ("10 calendar days", 'write "P10D" for calendar time'),
        ("p8w", 'write "P8W"'),
        ("5  Working Days", '"5 working days"'),
        ("P", 'write calendar time as an ISO 8601 duration such as "P8W"'),
        ("PT", "cannot be read"),
        ("P1DT", "cannot be read"),
        ("-P1D", "cannot be read"),
        ("P0.5D", "cannot be read"),
        ("five working days", "cannot be read"),
        ("", "cannot be read"),
        ("P٣D", "cannot be read"),
        ("5 working days, noon", 'after the comma write "end of day" or "same time"'),
        ("5 working days,", 'after the comma write "end of day" or "same time"'),
        ("PT24H, end of day", "counts hours"),
        ("8 working hours, end of day", "counts working hours"),
        (5, "is no text"),
        (["P8W"], "is no text"),
    ],
)
def test_a_wrong_length_is_told_with_what_to_write(text: Any, advice: str) -> None:
    """The likely slips get the very text to write."""
    with pytest.raises(Invalid) as refused:
        read_length(text)
    assert advice in str(refused.value)


@given(st.text(max_size=30))
def test_no_text_gives_anything_but_a_length_or_a_sentence(text: str) -> None:
    """Whatever somebody types."""
    try:
        assert read_length(text).text == text
    except Invalid as refused:
        assert "length" in str(refused)


def test_an_extension_is_more_than_nothing_and_has_no_rule() -> None:
    """The rule of the clock counts."""
    assert read_extension("10 working days").working_days == 10
    with pytest.raises(Invalid, match="extends nothing"):
        read_extension("PT0S")
    with pytest.raises(Invalid, match="keeps the clock's own rule"):
        read_extension("P5D, end of day")


def test_a_warning_is_a_length_or_a_share() -> None:
    """Shares lie between nothing and all."""
    assert read_warning("80%") == Decimal("0.8")
    assert read_warning("87.5 %") == Decimal("0.875")
    assert isinstance(read_warning("P2D"), Length)
    for wrong in ("0%", "100%", "x", 80, "P0D"):
        with pytest.raises(Invalid, match='a share of the time from "1%" to "99%"'):
            read_warning(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("start", "months", "days", "hours", "expected"),
    [
        (datetime(2026, 1, 31, 10, tzinfo=LONDON), 1, 0, 0, "2026-02-28T10:00:00+00:00"),
        (datetime(2028, 1, 31, 10, tzinfo=LONDON), 1, 0, 0, "2028-02-29T10:00:00+00:00"),
        (datetime(2026, 8, 31, 10, tzinfo=LONDON), 6, 0, 0, "2027-02-28T10:00:00+00:00"),
        (datetime(2026, 3, 31, 10, tzinfo=LONDON), -1, 0, 0, "2026-02-28T10:00:00+00:00"),
        (datetime(2026, 3, 28, 10, tzinfo=LONDON), 0, 1, 0, "2026-03-29T10:00:00+01:00"),  # a day of 23 hours
        (datetime(2026, 3, 28, 10, tzinfo=LONDON), 0, 0, 24, "2026-03-29T11:00:00+01:00"),  # 24 hours
        (datetime(2026, 10, 24, 10, tzinfo=LONDON), 0, 0, 24, "2026-10-25T09:00:00+00:00"),
        (datetime(2026, 3, 28, 1, 30, tzinfo=LONDON), 0, 1, 0, "2026-03-29T02:30:00+01:00"),  # 01:30 is skipped
        (datetime(2026, 10, 24, 1, 30, tzinfo=LONDON), 0, 1, 0, "2026-10-25T01:30:00+01:00"),  # the first of the two
        (datetime(2026, 10, 25, 1, 30, tzinfo=LONDON, fold=1), 0, 0, 1, "2026-10-25T02:30:00+00:00"),
    ],
)
def test_days_go_by_the_wall_clock_and_hours_as_they_pass(start: datetime, months: int, days: int, hours: int, expected: str) -> None:
    """Daylight saving in both directions, and ends of months."""
    assert shift_calendar(start, months, days, timedelta(hours=hours)).isoformat() == expected


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_adding_nothing_changes_nothing(at: datetime) -> None:
    """Also in the hour that comes twice."""
    assert shift_calendar(at.astimezone(LONDON), 0, 0, timedelta(0)) == at
