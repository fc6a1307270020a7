"""When a clock is due, when it warns, and how much of it is left: all computed from its values and its calendar.

Each clock is measured in a kind of its own: elapsed time, whole days, working time or working days. A pause puts the due instant off by
what the pause took of that kind, which is exactly what makes the time left after a pause equal to the time left before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from amends.engine.calendars.calendar import Calendar
from amends.engine.calendars.lengths import (
    CALENDAR,
    WORKING_DAYS,
    WORKING_TIME,
    Length,
    read_extension,
    read_length,
    read_warning,
    shift_calendar,
)
from amends.engine.calendars.reading import END_OF_DAY, SAME_TIME
from amends.engine.errors import Invalid, NotFound

if TYPE_CHECKING:
    from amends.engine.calendars.clock import Clock

TIME: Final = "time"
DAYS: Final = "days"
LAST_SECOND: Final = time(23, 59, 59)


@dataclass(frozen=True)
class Remaining:
    """What is left of a clock, in its own unit.

    `amount` is a timedelta of elapsed time ("time") or of time open ("working time"), negative when late. For "days" (calendar time to
    the end of a day) it is the number of midnights to the due day. For "working days" it is the number of working days that still close
    before it is due, today's included, or minus the number that have begun since.
    """

    unit: str  # "time" | "days" | "working time" | "working days"
    amount: timedelta | int
    late: bool


def calendar_of(clock: Clock, calendars: Mapping[str, Calendar]) -> Calendar:
    """The clock's calendar. Raises `NotFound` with the names there are."""
    try:
        return calendars[clock.calendar]
    except KeyError:
        known = ", ".join(repr(name) for name in calendars) or "none"
        raise NotFound(f"The clock {clock.name!r} needs the calendar {clock.calendar!r}, but there are only: {known}.") from None


def due(clock: Clock, calendars: Mapping[str, Calendar]) -> datetime | None:
    """The due instant, None while paused."""
    return None if clock.is_paused else promised(clock, calendars)


def promised(clock: Clock, calendars: Mapping[str, Calendar]) -> datetime:
    """The due instant with all pauses that are over; for a paused clock, the one it would have if it were resumed at once."""
    calendar = calendar_of(clock, calendars)
    return _after_pauses(clock, calendar, _unpaused(clock, calendar), list(_pauses(clock)))


def warning_instants(clock: Clock, calendars: Mapping[str, Calendar]) -> tuple[datetime, ...]:
    """When the warnings are reached, earliest first."""
    if clock.is_paused or clock.ended:
        return ()
    calendar = calendar_of(clock, calendars)
    unpaused, pauses = _unpaused(clock, calendar), list(_pauses(clock))
    return tuple(sorted({_warning(clock, calendar, text, unpaused, pauses) for text in clock.warnings}))


def remaining(clock: Clock, now: datetime, calendars: Mapping[str, Calendar]) -> Remaining:
    """What is left, at `now` or at the instant the clock was paused, met or cancelled."""
    calendar, at, end = calendar_of(clock, calendars), seen_at(clock, now), promised(clock, calendars)
    late = at > end
    kind = read_length(clock.length).kind
    if kind == CALENDAR and _in_days(clock, calendar):
        return Remaining(DAYS, (calendar.local(end).date() - calendar.local(at).date()).days, late)
    if kind == CALENDAR:
        return Remaining(TIME, end - at, late)
    if kind == WORKING_TIME or not _in_days(clock, calendar):
        return Remaining(WORKING_TIME, calendar.working_time_between(at, end), late)
    if late:
        return Remaining(WORKING_DAYS, calendar.working_days_between(at, end), late)
    # The due instant is itself the last close that counts.
    return Remaining(WORKING_DAYS, calendar.closings_between(at, end + timedelta.resolution), late)


def fraction(clock: Clock, now: datetime, calendars: Mapping[str, Calendar]) -> float:
    """The share of the clock's time that has passed, from 0 to 1."""
    calendar = calendar_of(clock, calendars)
    total = _measure(clock, calendar, clock.start, _unpaused(clock, calendar))
    if not total:
        return 1.0
    left = _measure(clock, calendar, seen_at(clock, now), promised(clock, calendars))
    return min(1.0, max(0.0, 1 - left / total))


def seen_at(clock: Clock, now: datetime) -> datetime:
    """The instant that counts for what is left: when it was met, cancelled or paused, otherwise `now`."""
    if clock.met_at or clock.stopped_at:
        return clock.met_at or clock.stopped_at or now
    return clock.pauses[-1].at if clock.is_paused else now


def _pauses(clock: Clock) -> Iterator[tuple[datetime, datetime]]:
    """The pauses that count: those that are over, up to the clock's end."""
    until = clock.met_at or clock.stopped_at
    for pause in clock.pauses:
        end = pause.resumed_at or until
        if end is None or (until is not None and pause.at >= until):
            continue
        yield pause.at, end if until is None else min(end, until)


def _unpaused(clock: Clock, calendar: Calendar) -> datetime:
    """The due instant without pauses: the length and all extensions.

    Equal kinds are added up first, so the order of extensions does not matter: the clock's own kind goes first, then the others.
    """
    length, extensions = read_length(clock.length), [read_extension(extension.by) for extension in clock.extensions]
    parts = [length, *extensions]
    try:
        at = clock.start
        for kind in dict.fromkeys((length.kind, CALENDAR, WORKING_DAYS, WORKING_TIME)):
            if kind == length.kind or any(part.kind == kind for part in parts):
                at = _add(calendar, at, kind, parts, length if kind == length.kind else None)
        return at
    except (OverflowError, ValueError) as error:
        raise Invalid(f"The clock {clock.name!r} would be due after the year 9999; {clock.length!r} is too long.") from error


def _add(calendar: Calendar, at: datetime, kind: str, parts: list[Length], own: Length | None) -> datetime:
    """Add all of one kind; `own` is the clock's length if it is of that kind."""
    if kind == WORKING_TIME:
        return calendar.add_working_time(at, sum((part.working_time for part in parts), timedelta(0)))
    if kind == WORKING_DAYS:
        # Only the start can be a receipt outside opening hours; what is added to a due instant is plain days.
        days = sum(part.working_days for part in parts)
        return calendar.add_working_days(at, days, due=own.due if own else None, received=own is not None)
    local = calendar.local(at)
    months, days = sum(part.months for part in parts), sum(part.days for part in parts)
    elapsed = sum((part.time for part in parts), timedelta(0))
    if own and own.due == END_OF_DAY:
        local = datetime.combine(local.date(), LAST_SECOND, calendar.zone)
    return shift_calendar(local, months, days, elapsed).astimezone(UTC)


def _in_days(clock: Clock, calendar: Calendar) -> bool:
    """Whether the clock counts whole days, each to its end."""
    length = read_length(clock.length)
    if length.kind == WORKING_DAYS:
        return (length.due or calendar.due_rule) == END_OF_DAY
    return length.kind == CALENDAR and length.due == END_OF_DAY


def _after_pauses(clock: Clock, calendar: Calendar, at: datetime, pauses: list[tuple[datetime, datetime]]) -> datetime:
    """The due instant, put off by what each pause took."""
    if not pauses:
        return at
    kind, in_days = read_length(clock.length).kind, _in_days(clock, calendar)
    if kind == CALENDAR and in_days:
        midnights = sum((calendar.local(end).date() - calendar.local(start).date()).days for start, end in pauses)
        return shift_calendar(calendar.local(at), 0, midnights, timedelta(0)).astimezone(UTC)
    if kind == CALENDAR:
        return at + sum((end - start for start, end in pauses), timedelta(0))
    if in_days:
        closings = sum(calendar.closings_between(start, end) for start, end in pauses)
        return calendar.nth_closing(at, closings) if closings else at
    for start, end in pauses:
        moved = calendar.add_working_time(at, calendar.working_time_between(start, end))
        # With no working time left (due in the evening, say) it could be moved to before it is resumed; a pause makes nothing late.
        at = max(moved, end) if start <= at else moved
    return at


def _measure(clock: Clock, calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """The time between two instants in the clock's kind, fine enough for shares."""
    return end - start if read_length(clock.length).kind == CALENDAR else calendar.working_time_between(start, end)


def _warning(clock: Clock, calendar: Calendar, text: str, unpaused: datetime, pauses: list[tuple[datetime, datetime]]) -> datetime:
    """When one warning is reached.

    Each pause moves the due instant, and with it the warning, unless the warning was reached before that pause.
    """
    at = unpaused
    for passed in range(len(pauses) + 1):
        at = _before(clock, calendar, text, unpaused, _after_pauses(clock, calendar, unpaused, pauses[:passed]))
        if passed < len(pauses) and at <= pauses[passed][0]:
            break
    return max(at, clock.start)


def _before(clock: Clock, calendar: Calendar, text: str, unpaused: datetime, end: datetime) -> datetime:
    """The instant that lies as far before `end` as the warning says."""
    warning = read_warning(text)
    if not isinstance(warning, Length):
        left = _measure(clock, calendar, clock.start, unpaused) * float(1 - warning)
        return end - left if read_length(clock.length).kind == CALENDAR else calendar.add_working_time(end, -left)
    if warning.kind == CALENDAR:
        return shift_calendar(calendar.local(end), -warning.months, -warning.days, -warning.time).astimezone(UTC)
    if warning.kind == WORKING_TIME:
        return calendar.add_working_time(end, -warning.working_time)
    return _while_open(calendar, calendar.add_working_days(end, -warning.working_days, due=SAME_TIME))


def _while_open(calendar: Calendar, at: datetime) -> datetime:
    """The instant nearest to `at` on the same working day at which somebody is there to read a warning."""
    day: date = calendar.local(at).date()
    opening = calendar.next_opening(datetime.combine(day, time.min, calendar.zone))
    return max(opening, min(at, calendar.end_of_working_day(day)))
