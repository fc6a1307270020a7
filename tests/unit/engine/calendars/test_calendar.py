"""Working days and working time: holidays, weekends, hours, daylight saving, and what counts as received when."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from amends.engine.calendars import Calendar
from amends.engine.errors import Invalid

LONDON = ZoneInfo("Europe/London")
ENGLAND = {"timezone": "Europe/London", "holidays": {"country": "GB", "subdivision": "ENG"}}


def calendar(**more: Any) -> Calendar:
    return Calendar.from_data({**ENGLAND, **more})


def london(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=LONDON, fold=fold)  # type: ignore[arg-type]


england = calendar()
round_the_clock = calendar(hours={day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}, holidays={})
lunch = calendar(hours={"mon": [["09:00", "12:30"], ["13:30", "17:00"]], "wed": [["09:00", "12:00"]]}, holidays={})


def test_a_calendar_without_hours_opens_monday_to_friday_from_nine_to_five() -> None:
    """Office hours are the default, so a calendar can be one line."""
    assert [england.is_working_day(date(2026, 6, day)) for day in range(1, 8)] == [True] * 5 + [False] * 2
    assert england.next_opening(london(2026, 6, 1, 3)) == london(2026, 6, 1, 9)
    assert england.end_of_working_day(date(2026, 6, 1)) == london(2026, 6, 1, 17)


def test_results_are_in_utc() -> None:
    """Every instant that comes out is aware and in UTC."""
    for at in (
        england.next_opening(london(2026, 6, 1, 3)),
        england.add_working_days(london(2026, 6, 1, 3), 1),
        england.add_working_time(london(2026, 6, 1, 3), timedelta(hours=1)),
        england.end_of_working_day(date(2026, 6, 1)),
    ):
        assert at.tzinfo is UTC


def test_a_bank_holiday_is_no_working_day_and_has_a_name() -> None:
    """4 May 2026 is the early May bank holiday of England."""
    assert not england.is_working_day(date(2026, 5, 4))
    assert england.holiday_name(date(2026, 5, 4)) == "May Day"
    assert england.holiday_name(date(2026, 5, 5)) is None
    assert england.add_working_days(date(2026, 4, 30), 3) == date(2026, 5, 6)


def test_holidays_of_another_part_of_the_country_do_not_count() -> None:
    """2 January is a holiday in Scotland and a working day in England."""
    scotland = calendar(holidays={"country": "GB", "subdivision": "SCT"})
    assert (england.is_working_day(date(2026, 1, 2)), scotland.is_working_day(date(2026, 1, 2))) == (True, False)


def test_an_organisation_adds_and_removes_holidays() -> None:
    """Closures of its own, even weeks of them, and public holidays on which it works."""
    own = calendar(
        holidays={
            "country": "GB",
            "subdivision": "ENG",
            "add": ["2026-08-10/2026-08-21 Summer closure", date(2026, 12, 24)],
            "remove": ["2026-05-04", date(2026, 5, 25)],
        }
    )
    assert own.is_working_day(date(2026, 5, 4)) and own.is_working_day(date(2026, 5, 25))
    assert own.holiday_name(date(2026, 8, 12)) == "Summer closure"
    assert own.holiday_name(date(2026, 12, 24)) == "Closed"
    assert own.add_working_days(date(2026, 8, 7), 1) == date(2026, 8, 24)
    assert own.working_days_between(date(2026, 8, 7), date(2026, 8, 24)) == 1


def test_a_special_day_has_hours_of_its_own() -> None:
    """Special hours win over weekday and holiday: a short Christmas Eve, an open Saturday, a closed Monday."""
    own = calendar(special={"2026-12-24": [["09:00", "12:00"]], "2026-12-05": [["10:00", "14:00"]], "2026-12-07": []})
    assert own.end_of_working_day(date(2026, 12, 24)) == london(2026, 12, 24, 12)
    assert own.is_working_day(date(2026, 12, 5)) and not own.is_working_day(date(2026, 12, 7))


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (london(2026, 5, 5, 10), london(2026, 5, 8, 17)),  # Tuesday
        (london(2026, 5, 5, 23, 30), london(2026, 5, 8, 17)),  # Tuesday, late in the evening
        (london(2026, 5, 6, 0, 30), london(2026, 5, 11, 17)),  # already Wednesday in London, still Tuesday in UTC
        (london(2026, 5, 9, 12), london(2026, 5, 13, 17)),  # Saturday: Monday is the first business day after
        (london(2026, 5, 2, 12), london(2026, 5, 7, 17)),  # Saturday before a bank holiday
        (london(2026, 5, 4, 12), london(2026, 5, 7, 17)),  # the bank holiday itself
        (london(2026, 12, 24, 12), london(2026, 12, 31, 17)),  # over Christmas
        (london(2026, 12, 31, 12), london(2027, 1, 6, 17)),  # over New Year
    ],
)
def test_the_third_business_day_after_receipt(received: datetime, due: datetime) -> None:
    """FCA DISP 1.5.1R: close of business on the third business day following the day on which the complaint is received."""
    assert england.add_working_days(received, 3) == due


def test_a_receipt_on_a_closed_day_may_count_from_the_next_working_day() -> None:
    """Where a regulator lets a firm treat it so, the calendar says it; dates follow it too."""
    lenient = calendar(received_when_closed="next working day")
    assert lenient.add_working_days(london(2026, 5, 9, 12), 3) == london(2026, 5, 14, 17)
    assert lenient.add_working_days(date(2026, 5, 9), 3) == date(2026, 5, 14)
    assert lenient.add_working_days(london(2026, 5, 8, 18), 3) == london(2026, 5, 13, 17)
    assert lenient.add_working_days(london(2026, 5, 9, 12), 3, received=False) == london(2026, 5, 13, 17)


def test_a_receipt_after_hours_may_count_from_the_next_working_day() -> None:
    """From the close on; a receipt a second before still counts for the day."""
    lenient = calendar(received_after_hours="next working day")
    assert lenient.add_working_days(london(2026, 5, 5, 17), 3) == london(2026, 5, 11, 17)
    assert lenient.add_working_days(london(2026, 5, 5, 16, 59, 59), 3) == london(2026, 5, 8, 17)
    assert lenient.add_working_days(london(2026, 5, 9, 18), 3) == london(2026, 5, 13, 17)


def test_working_days_may_end_at_the_same_time_of_day() -> None:
    """The rule is the calendar's, and one call can say otherwise."""
    same = calendar(due="same time")
    assert same.add_working_days(london(2026, 5, 1, 10, 20), 1) == london(2026, 5, 5, 10, 20)
    assert same.add_working_days(london(2026, 5, 1, 10, 20), 1, due="end of day") == london(2026, 5, 5, 17)
    assert same.add_working_days(london(2026, 5, 1, 10, 20), 0) == london(2026, 5, 1, 10, 20)
    assert same.add_working_days(london(2026, 5, 2, 10, 20), 0) == london(2026, 5, 5, 9)


def test_the_same_time_after_a_moved_receipt_is_the_opening() -> None:
    """A receipt that counts from the next working day counts from when that day opens."""
    moved = calendar(due="same time", received_when_closed="next working day", received_after_hours="next working day")
    assert moved.add_working_days(london(2026, 5, 9, 12), 1) == london(2026, 5, 12, 9)
    assert moved.add_working_days(london(2026, 5, 8, 20), 1) == london(2026, 5, 12, 9)


def test_the_same_time_of_day_survives_daylight_saving() -> None:
    """Four in the afternoon stays four in the afternoon, although the day between has 23 or 25 hours."""
    same = calendar(due="same time")
    assert same.add_working_days(london(2026, 3, 27, 16), 1) == london(2026, 3, 30, 16)
    assert same.add_working_days(london(2026, 10, 23, 16), 1) == london(2026, 10, 26, 16)


def test_zero_working_days_end_with_the_first_working_day_that_has_not_closed() -> None:
    """A deadline is never before its start."""
    assert england.add_working_days(london(2026, 5, 5, 10), 0) == london(2026, 5, 5, 17)
    assert england.add_working_days(london(2026, 5, 5, 17), 0) == london(2026, 5, 5, 17)
    assert england.add_working_days(london(2026, 5, 5, 18), 0) == london(2026, 5, 6, 17)
    assert england.add_working_days(london(2026, 5, 2, 10), 0) == london(2026, 5, 5, 17)
    assert england.add_working_days(date(2026, 5, 2), 0) == date(2026, 5, 5)


def test_negative_working_days_count_backwards() -> None:
    """Over the bank holiday, the weekend and the turn of the year."""
    assert england.add_working_days(date(2026, 5, 6), -3) == date(2026, 4, 30)
    assert england.add_working_days(date(2026, 5, 3), -1) == date(2026, 5, 1)
    assert england.add_working_days(date(2027, 1, 4), -2) == date(2026, 12, 30)
    assert england.add_working_days(london(2026, 5, 6, 10), -1) == london(2026, 5, 5, 17)


def test_working_days_between_counts_after_the_first_up_to_the_last() -> None:
    """The inverse of adding, also backwards, over years, and for instants by their local day."""
    assert england.working_days_between(date(2026, 4, 30), date(2026, 5, 6)) == 3
    assert england.working_days_between(date(2026, 5, 6), date(2026, 4, 30)) == -3
    assert england.working_days_between(date(2026, 5, 2), date(2026, 5, 4)) == 0
    assert england.working_days_between(date(2026, 1, 1), date(2026, 12, 31)) == 253
    assert england.working_days_between(date(2025, 12, 31), date(2026, 12, 31)) == 253
    assert england.working_days_between(datetime(2026, 5, 5, 23, 30, tzinfo=UTC), london(2026, 5, 7, 1)) == 1


def test_working_time_runs_only_while_open() -> None:
    """Over lunch, closing time, weekend and holiday; an exact end is the closing and not the next opening."""
    assert england.add_working_time(london(2026, 5, 1, 16), timedelta(hours=8)) == london(2026, 5, 5, 16)
    assert england.add_working_time(london(2026, 5, 1, 16), timedelta(hours=1)) == london(2026, 5, 1, 17)
    assert england.add_working_time(london(2026, 5, 2, 3), timedelta(minutes=1)) == london(2026, 5, 5, 9, 1)
    assert lunch.add_working_time(london(2026, 6, 1, 12), timedelta(hours=1)) == london(2026, 6, 1, 14)
    assert lunch.add_working_time(london(2026, 6, 1, 16), timedelta(hours=5)) == london(2026, 6, 8, 10)


def test_no_working_time_is_the_instant_itself() -> None:
    """Also while closed."""
    assert england.add_working_time(london(2026, 5, 2, 3), timedelta(0)) == london(2026, 5, 2, 3)


def test_negative_working_time_runs_backwards() -> None:
    """An exact end is the opening and not the closing before."""
    assert england.add_working_time(london(2026, 5, 5, 10), timedelta(hours=-2)) == london(2026, 5, 1, 16)
    assert england.add_working_time(london(2026, 5, 5, 10), timedelta(hours=-1)) == london(2026, 5, 5, 9)
    assert england.add_working_time(london(2027, 1, 4, 9), timedelta(hours=-8)) == london(2026, 12, 31, 9)


def test_working_time_between_is_how_long_it_was_open() -> None:
    """Over lunch and closed days, backwards, and over years."""
    assert lunch.working_time_between(london(2026, 6, 1, 8), london(2026, 6, 3, 18)) == timedelta(hours=10)
    assert lunch.working_time_between(london(2026, 6, 3, 18), london(2026, 6, 1, 8)) == timedelta(hours=-10)
    assert england.working_time_between(london(2025, 12, 31, 9), london(2027, 1, 1, 9)) == timedelta(hours=8) * 254
    assert england.working_time_between(london(2026, 5, 2, 1), london(2026, 5, 4, 23)) == timedelta(0)


def test_a_round_the_clock_day_has_23_or_25_hours_when_daylight_saving_changes() -> None:
    """Working time is time that passes, not the difference of two readings of the clock on the wall."""
    spring, autumn = london(2026, 3, 29), london(2026, 10, 25)
    assert round_the_clock.working_time_between(spring, london(2026, 3, 30)) == timedelta(hours=23)
    assert round_the_clock.working_time_between(autumn, london(2026, 10, 26)) == timedelta(hours=25)
    assert round_the_clock.add_working_time(spring, timedelta(hours=24)) == london(2026, 3, 30, 1)
    assert round_the_clock.add_working_time(autumn, timedelta(hours=24)) == london(2026, 10, 25, 23)


def test_a_period_inside_the_skipped_hour_is_counted_once() -> None:
    """Between 01:00 and 02:00 on 29 March 2026 there is no time in London, and what touches it does not count twice."""
    night = calendar(hours={"sun": [["00:30", "01:45"], ["01:45", "03:00"]]}, holidays={})
    assert night.working_time_between(london(2026, 3, 29), london(2026, 3, 30)) == timedelta(hours=1, minutes=30)
    assert night.working_time_between(london(2026, 3, 22), london(2026, 3, 23)) == timedelta(hours=2, minutes=30)


def test_opening_hours_keep_their_wall_time_over_daylight_saving() -> None:
    """Nine o'clock is 09:00 UTC in winter and 08:00 UTC in summer."""
    assert england.next_opening(london(2026, 3, 27, 18)) == datetime(2026, 3, 30, 8, tzinfo=UTC)
    assert england.next_opening(london(2026, 10, 23, 18)) == datetime(2026, 10, 26, 9, tzinfo=UTC)


def test_the_next_opening_is_the_instant_itself_while_open() -> None:
    """Open from the opening on, and no more at the closing."""
    assert lunch.next_opening(london(2026, 6, 1, 9)) == london(2026, 6, 1, 9)
    assert lunch.next_opening(london(2026, 6, 1, 12, 30)) == london(2026, 6, 1, 13, 30)
    assert lunch.next_opening(london(2026, 6, 3, 12)) == london(2026, 6, 8, 9)
    assert england.next_opening(london(2026, 12, 31, 17)) == london(2027, 1, 4, 9)
    assert (lunch.is_open(london(2026, 6, 1, 12, 29)), lunch.is_open(london(2026, 6, 1, 12, 30))) == (True, False)


def test_the_end_of_a_closed_day_is_the_end_of_the_next_working_day() -> None:
    """A deadline "by the end of Saturday" needs somebody to be there."""
    assert england.end_of_working_day(date(2026, 5, 2)) == london(2026, 5, 5, 17)
    assert lunch.end_of_working_day(date(2026, 6, 1)) == london(2026, 6, 1, 17)


def test_closes_are_counted_from_the_first_instant_and_before_the_last() -> None:
    """So two adjoining spans count every close once, also one at midnight of New Year's Eve."""
    assert england.closings_between(london(2026, 5, 1, 17), london(2026, 5, 5, 17)) == 1
    assert england.closings_between(london(2026, 5, 1, 17), london(2026, 5, 5, 17, 0, 1)) == 2
    assert england.nth_closing(london(2026, 5, 1, 17), 1) == london(2026, 5, 5, 17)
    new_year = london(2027, 1, 1)
    spans = [(london(2026, 12, 30, 1), new_year), (new_year, london(2027, 1, 2, 1))]
    assert [round_the_clock.closings_between(*span) for span in spans] == [1, 2]
    assert round_the_clock.nth_closing(london(2026, 12, 31, 23), 1) == new_year
    assert round_the_clock.nth_closing(new_year, 1) == london(2027, 1, 2)
    assert england.nth_closing(london(2026, 12, 31, 18), 1) == london(2027, 1, 4, 17)


def test_local_is_the_same_instant_on_the_wall_clock() -> None:
    """For showing it."""
    assert england.local(datetime(2026, 6, 1, 8, tzinfo=UTC)).isoformat() == "2026-06-01T09:00:00+01:00"


def test_an_instant_without_time_zone_is_refused() -> None:
    """Guessing a zone would move deadlines."""
    with pytest.raises(Invalid, match="has no time zone"):
        england.next_opening(datetime(2026, 6, 1))


@pytest.mark.parametrize("far", [date(1949, 12, 31), date(2150, 1, 1)])
def test_a_date_out_of_reach_is_refused(far: date) -> None:
    """A mistyped year is told, instead of thousands of years being worked out."""
    with pytest.raises(Invalid, match="1950 to 2149"):
        england.is_working_day(far)
    with pytest.raises(Invalid, match="1950 to 2149"):
        england.next_opening(datetime(far.year, far.month, far.day, tzinfo=UTC))


@pytest.mark.parametrize("n", [10**6, -(10**6), 10**12])
def test_a_number_of_days_out_of_reach_is_refused(n: int) -> None:
    """However large it is."""
    with pytest.raises(Invalid, match="1950 to 2149"):
        england.add_working_days(date(2026, 1, 1), n)


def test_adding_twenty_working_days_is_fast_once_the_year_is_known() -> None:
    """Deadlines are computed for every row of a list. The bound is generous, for busy machines; it takes some 5 µs."""
    at = london(2026, 5, 5, 10)
    england.add_working_days(at, 20)
    best = min(_seconds(lambda: england.add_working_days(at, 20)) for _ in range(2000))
    assert best < 50e-6


def _seconds(call: Any) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
