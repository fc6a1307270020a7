"""Calendars against a slow calendar that walks day by day and period by period."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.engine.calendars import Calendar

HOURS = {
    "mon": [["09:00", "12:30"], ["13:30", "17:00"]],
    "tue": [["08:00", "20:00"]],
    "thu": [["00:00", "24:00"]],
    "fri": [["00:00", "06:00"], ["22:00", "24:00"]],
    "sun": [["00:30", "01:30"], ["01:45", "04:00"]],
}
ZONE = ZoneInfo("Europe/London")
calendar = Calendar.from_data(
    {"timezone": "Europe/London", "hours": HOURS, "holidays": {"country": "GB", "subdivision": "ENG", "add": ["2026-08-03/2026-08-14"]}}
)
public = holidays.country_holidays("GB", subdiv="ENG", years=range(2024, 2030))

days = st.dates(date(2025, 6, 1), date(2027, 6, 1))
instants = st.datetimes(datetime(2025, 6, 1), datetime(2027, 6, 1), timezones=st.just(UTC))
near_changes = st.sampled_from([datetime(*day, 1, tzinfo=UTC) for day in ((2026, 3, 29), (2026, 10, 25), (2027, 1, 1))])
moments = instants | st.builds(lambda at, s: at + timedelta(seconds=s), near_changes, st.integers(-200_000, 200_000))


def opens(day: date) -> bool:
    closed = day in public or date(2026, 8, 3) <= day <= date(2026, 8, 14)
    return not closed and ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day.weekday()] in HOURS


def is_open(at: datetime) -> bool:
    """By the wall clock, minute by minute; the test's own reading of the hours."""
    local = at.astimezone(ZONE)
    if not opens(local.date()):
        return False
    clock = f"{local:%H:%M}"
    name = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[local.weekday()]
    return any(start <= clock < end for start, end in HOURS[name])


@given(days)
def test_working_days_are_those_of_hours_and_holidays(day: date) -> None:
    """A day is a working day if its weekday has hours and it is no holiday."""
    assert calendar.is_working_day(day) == opens(day)


@given(days, st.integers(-60, 60))
def test_adding_days_is_walking_day_by_day(day: date, n: int) -> None:
    """The n-th working day after or before, and for none the first that is not before."""
    walked, left = day, abs(n)
    while left or (n == 0 and not opens(walked)):
        walked += timedelta(days=1 if n >= 0 else -1)
        left -= opens(walked) if left else 0
    assert calendar.add_working_days(day, n) == walked


@given(days, st.integers(0, 300))
def test_days_between_is_the_inverse_of_adding(day: date, n: int) -> None:
    """n working days later are n working days between, forwards and backwards."""
    if n or opens(day):
        assert calendar.working_days_between(day, calendar.add_working_days(day, n)) == n
        assert calendar.working_days_between(calendar.add_working_days(day, n), day) == -n


@given(days, days, days)
def test_days_between_add_up(first: date, second: date, third: date) -> None:
    """From first to third is from first to second and on to third."""
    between = calendar.working_days_between
    assert between(first, third) == between(first, second) + between(second, third)


@given(moments, moments, moments)
def test_times_between_add_up(first: datetime, second: datetime, third: datetime) -> None:
    """The same for working time."""
    between = calendar.working_time_between
    assert between(first, third) == between(first, second) + between(second, third)


@given(moments, moments)
def test_closings_add_up_with_those_of_the_days(first: datetime, second: datetime) -> None:
    """A span has as many closes as the walk from close to close finds."""
    first, second = min(first, second), min(max(first, second), min(first, second) + timedelta(days=40))
    walked, at = 0, first - timedelta.resolution
    while (at := calendar.nth_closing(at, 1)) < second:
        walked += 1
    assert calendar.closings_between(first, second) == walked


@given(moments, st.integers(1, 30))
def test_the_nth_closing_is_n_closings_away(at: datetime, n: int) -> None:
    """The n-th is the first after the (n-1)-th."""
    before = calendar.nth_closing(at, n - 1) if n > 1 else at
    assert calendar.nth_closing(at, n) == calendar.nth_closing(before, 1)


@settings(max_examples=30)
@given(moments, st.integers(0, 60 * 24 * 4))
def test_working_time_is_walking_minute_by_minute(at: datetime, minutes: int) -> None:
    """Every minute of the wall clock that is open counts, none other. Not in the skipped hour, where a period has moved."""
    start = at.replace(second=0, microsecond=0)
    end = start + timedelta(minutes=minutes)
    walked = sum(is_open(start + timedelta(minutes=n)) for n in range(minutes))
    day = timedelta(days=1)
    changes = [datetime(*change, tzinfo=UTC) for change in ((2025, 10, 26), (2026, 3, 29), (2026, 10, 25), (2027, 3, 28))]
    ambiguous = any(start <= change + day and end >= change - day for change in changes)
    if not ambiguous:
        assert calendar.working_time_between(start, end) == timedelta(minutes=walked)


@given(moments, st.timedeltas(timedelta(days=-30), timedelta(days=30)))
def test_adding_working_time_is_the_inverse_of_measuring_it(at: datetime, duration: timedelta) -> None:
    """What was added is what lies between, to the microsecond."""
    assert calendar.working_time_between(at, calendar.add_working_time(at, duration)) == duration


@given(moments, st.timedeltas(timedelta(0), timedelta(days=20)), st.timedeltas(timedelta(0), timedelta(days=20)))
def test_adding_working_time_twice_is_adding_the_sum(at: datetime, one: timedelta, two: timedelta) -> None:
    """The order of parts does not matter."""
    assert calendar.add_working_time(calendar.add_working_time(at, one), two) == calendar.add_working_time(at, one + two)


@given(moments)
def test_the_next_opening_is_open_and_nothing_is_open_before_it(at: datetime) -> None:
    """It is the first open instant that is not before."""
    opening = calendar.next_opening(at)
    assert opening >= at and calendar.is_open(opening)
    assert calendar.working_time_between(at, opening) == timedelta(0)


@given(moments, st.integers(0, 40))
def test_later_starts_and_more_days_are_never_due_earlier(at: datetime, n: int) -> None:
    """Deadlines are in the order of their starts, and never before them."""
    due = calendar.add_working_days(at, n)
    assert at <= due <= calendar.add_working_days(at, n + 1)
    assert due <= calendar.add_working_days(at + timedelta(hours=7), n)
