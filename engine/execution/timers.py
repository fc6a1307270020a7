"""When a timer is due: ISO 8601 or what FEEL gives, by the engine's clock and never by the machine's.

BPMN 2.0 10.5.5.10 (timer event definition); ISO 8601-1:2019 durations and repeating intervals. Days are 24 hours and months
are those of UTC: a timer that is to follow a place's calendar names one (`add working days`, a clock).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from amends.engine.definitions.cron import CronError, looks_like_cron, parse_cron
from amends.engine.definitions.timers import instant_of
from amends.engine.execution.faults import Fault
from amends.engine.feel import YearMonthDuration

_DURATION = re.compile(
    r"(-)?P(?=[\dT])(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})W)?(?:(\d{1,9})D)?"
    r"(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$"
)
_CYCLE = re.compile(r"R(\d{0,9})/(.+)$")


MOST_COUNTED = 10_000
"""Missed occurrences of a cron expression are counted up to this many: one a second for a year would be counted for long."""


@dataclass(frozen=True, slots=True)
class Span:
    """A duration: months, because they differ in length, and the rest."""

    months: int
    rest: timedelta

    def after(self, instant: datetime, times: int = 1) -> datetime:
        """The instant this much later, `times` over; a `Fault` where no calendar reaches."""
        try:
            return _add_months(instant, self.months * times) + self.rest * times
        except (OverflowError, ValueError):
            raise Fault(f"A timer of {self.months} months and {self.rest} ends beyond the year 9999; make it shorter.") from None


def _add_months(instant: datetime, months: int) -> datetime:
    if not months:
        return instant
    year, month = divmod(instant.year * 12 + instant.month - 1 + months, 12)
    return instant.replace(year=year, month=month + 1, day=min(instant.day, calendar.monthrange(year, month + 1)[1]))


def span(value: Any, what: str) -> Span:
    """A duration from FEEL's values or from ISO 8601 text; a `Fault` that says what to write otherwise."""
    if isinstance(value, timedelta):
        return Span(0, value)
    if isinstance(value, YearMonthDuration):
        return Span(value.months, timedelta())
    match = _DURATION.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise Fault(f"The {what} is {value!r}, which is no duration; write one like P10D, PT8H or P1M.")
    sign, years, months, weeks, days, hours, minutes, seconds = match.groups()
    factor = -1 if sign else 1
    try:
        rest = timedelta(
            weeks=int(weeks or 0), days=int(days or 0), hours=int(hours or 0), minutes=int(minutes or 0), seconds=float(seconds or 0)
        )
    except OverflowError:
        raise Fault(f"The {what} is {value!r}, which is longer than any calendar; make it shorter.") from None
    return Span(factor * (int(years or 0) * 12 + int(months or 0)), factor * rest)


def instant(value: Any, what: str) -> datetime:
    """An instant from FEEL's values or from ISO 8601 text; one without an offset is UTC, a date begins at midnight UTC."""
    if not isinstance(value, (str, date)):
        raise Fault(f"The {what} is {value!r}, which is no date and time.")
    due = instant_of(value)
    if due is None:
        raise Fault(f"The {what} is {value!r}, which is no date and time; write one like 2026-12-24T12:00:00Z.")
    return due


@dataclass(frozen=True, slots=True)
class Cycle:
    """A repeating timer: `times` it fires (None: for ever), from `first` on, every `every`, not after `until`.

    Occurrences are counted from the first, so that a month that is too short for one of them does not move the next.
    """

    times: int | None
    first: datetime
    every: Span
    until: datetime | None = None

    def wait(self, count: int = 0) -> dict[str, Any] | None:
        """What a token waits for that has `count` occurrences behind it; None if there is no further one."""
        due = self.every.after(self.first, count)
        if (self.times is not None and count >= max(1, self.times)) or (self.until is not None and due > self.until):
            return None
        every = [self.every.months, self.every.rest]
        return {"kind": "timer", "due": due, "count": count, "times": self.times, "first": self.first, "every": every, "until": self.until}


@dataclass(frozen=True, slots=True)
class CronCycle:
    """A repeating timer that cron describes: for ever, from the first occurrence after `since` on."""

    text: str
    since: datetime

    def wait(self) -> dict[str, Any]:
        """What a token waits for; a `Fault` if it never comes."""
        return {"kind": "timer", "due": _cron_after(self.text, self.since), "cron": self.text}


def _cron_after(text: str, instant: datetime) -> datetime:
    try:
        found = parse_cron(text).after(instant)
    except CronError as error:
        raise Fault(f"The timer is {text!r}, which is no cron expression: {error}.") from error
    if found is None:
        raise Fault(f"The timer is {text!r}, which does not come in the years ahead; give it a day that there is.")
    return found


def _next_by_cron(wait: dict[str, Any], now: datetime) -> tuple[dict[str, Any], int]:
    missed, due = 0, _cron_after(wait["cron"], wait["due"])
    while due <= now and missed < MOST_COUNTED:
        missed, due = missed + 1, _cron_after(wait["cron"], due)
    if due <= now:
        due = _cron_after(wait["cron"], now)
    return {**wait, "due": due}, missed


def next_occurrence(wait: dict[str, Any], now: datetime) -> tuple[dict[str, Any] | None, int]:
    """A cycle after it fired: how it waits on (None: it is over) and how many occurrences were missed.

    However many were missed, the timer has fired once; they count against its number of times all the same.
    """
    if "cron" in wait:
        return _next_by_cron(wait, now)
    if "every" not in wait:
        return None, 0
    months, rest = wait["every"]
    again = Cycle(wait["times"], wait["first"], Span(months, rest), wait["until"])
    count = first = wait["count"] + 1
    if not months:
        count = max(count, (now - again.first) // rest + 1)
        count = count if again.times is None else min(count, again.times)
        count = count if again.until is None else min(count, (again.until - again.first) // rest + 1)
        count = max(first, count)
    waiting = again.wait(count)
    while waiting is not None and waiting["due"] <= now:
        count += 1
        waiting = again.wait(count)
    return waiting, count - first


def cycle(value: Any, now: datetime, what: str) -> Cycle | CronCycle:
    """A cycle from `R3/PT10H`, `R/start/P1D`, `R3/P1D/end`, `R/start/end` (instants), a plain duration (for ever) or cron."""
    if isinstance(value, str) and looks_like_cron(value):
        return CronCycle(value.strip(), now)
    match = _CYCLE.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        every = span(value, what)
        return _checked(Cycle(None, every.after(now), every), what)
    times = int(match[1]) if match[1] else None
    parts = match[2].split("/")
    lasts = [part.lstrip("-").startswith("P") for part in parts]
    if lasts == [True]:
        every = span(parts[0], what)
        return _checked(Cycle(times, every.after(now), every), what)
    if lasts == [False, True]:
        return _checked(Cycle(times, instant(parts[0], what), span(parts[1], what)), what)
    if lasts == [True, False]:
        every = span(parts[0], what)
        return _checked(Cycle(times, every.after(now), every, instant(parts[1], what)), what)
    if lasts == [False, False]:
        first = instant(parts[0], what)
        return _checked(Cycle(times, first, Span(0, instant(parts[1], what) - first)), what)
    raise Fault(f"The {what} is {value!r}, which is no cycle; write one like R3/PT10H or R/2026-01-01T00:00:00Z/P1D.")


def _checked(result: Cycle, what: str) -> Cycle:
    if result.every.after(result.first) <= result.first:
        raise Fault(f"The {what} repeats without time passing; give it a length above zero.")
    if result.until is not None and result.first > result.until:
        raise Fault(f"The {what} ends before it is due for the first time; give it a later end.")
    return result
