"""Dates and times are read in every way people write them, and written as form-js writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.forms.dates import Clock, DateFault, in_words, read_date, read_moment, read_time, write_moment, write_time

BERLIN = ZoneInfo("Europe/Berlin")


@given(st.dates())
def test_every_date_is_read_as_written(day: date) -> None:
    """ISO text, a typed date and its three parts are the same date."""
    assert read_date(day.isoformat()) == day
    assert read_date({"day": f"{day.day}", "month": f" {day.month:02}", "year": f"{day.year:04}"}) == day
    assert read_date(f"{day.day}/{day.month}/{day.year:04}") == day
    if day.year >= 1000:
        assert read_date(in_words(day)) == day


@pytest.mark.parametrize(
    ("raw", "code", "parts"),
    [
        ({"day": "", "month": "1", "year": "2026"}, "date.parts", ("day",)),
        ({"day": "1", "month": "1", "year": "26"}, "date.real", ("year",)),
        ({"day": "1", "month": "13", "year": "2026"}, "date.real", ("month",)),
        ({"day": "1", "month": "Foo", "year": "2026"}, "date.real", ("month",)),
        ({"day": "32", "month": "1", "year": "2026"}, "date.real", ("day",)),
        ({"day": "\u0661", "month": "1", "year": "2026"}, "date.real", ("day",)),
        ({"day": "29", "month": "2", "year": "2026"}, "date.real", ("day", "month", "year")),
        ({"day": "1", "month": "1", "year": "0000"}, "date.real", ("year",)),
        (5, "date.real", ()),
    ],
)
def test_what_is_no_date_names_the_part_to_correct(raw: Any, code: str, parts: tuple[str, ...]) -> None:
    """The input to correct is marked, not all three (GOV.UK, date input)."""
    with pytest.raises(DateFault) as caught:
        read_date(raw)
    assert (caught.value.code, caught.value.parts) == (code, parts)


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        ("14:30", time(14, 30)),
        ("9.05", time(9, 5)),
        ("2pm", time(14)),
        ("12:15 a.m.", time(0, 15)),
        ("12 pm", time(12)),
        ("24:00", time(0)),
        ("12:30Z", time(13, 30)),
        ("12:30-0100", time(14, 30)),
    ],
)
def test_a_time_is_read_in_the_zone(raw: str, at: time) -> None:
    """A time with an offset is brought to the organisation's zone; winter is one hour ahead of UTC."""
    assert read_time(raw, BERLIN, date(2026, 1, 10)) == at


@pytest.mark.parametrize("raw", ["24:01", "25:00", "7", "noon", "13pm", "12:60", "12:30+99:00", None])
def test_what_is_no_time_is_refused(raw: Any) -> None:
    """A time has hours and minutes."""
    with pytest.raises(DateFault):
        read_time(raw, UTC, date(2026, 1, 10))


@given(st.datetimes(datetime(1000, 1, 2), datetime(9000, 1, 1)), st.sampled_from(["utc_offset", "utc_normalized"]), st.integers(-840, 840))
def test_a_moment_survives_each_way_of_writing_it(at: datetime, style: str, minutes: int) -> None:
    """Written with its offset or normalised, it is the same instant when read."""
    moment = at.replace(second=0, microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert read_moment(write_moment(moment, style), UTC) == moment
    assert write_time(moment, "none") == f"{at:%H:%M}"


def test_midnight_at_the_end_of_a_day_is_the_next_day() -> None:
    """24:00 is ISO 8601's end of the day."""
    assert read_moment("2026-12-31T24:00Z", UTC) == datetime(2027, 1, 1, tzinfo=UTC)


def test_today_is_the_zones() -> None:
    """Just after midnight in Berlin it is still yesterday in UTC."""
    now = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
    assert (Clock(lambda: now, BERLIN).today(), Clock(lambda: now).today()) == (date(2026, 7, 1), date(2026, 6, 30))
