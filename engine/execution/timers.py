"""When a timer is due: ISO 8601 or what FEEL gives, by the engine's clock and never by the machine's.

BPMN 2.0 10.5.5.10 (timer event definition); ISO 8601-1:2019 durations and repeating intervals.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from amends.engine.execution.faults import Fault
from amends.engine.feel import YearMonthDuration

_DURATION = re.compile(
    r"(-)?P(?=[\dT])(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})W)?(?:(\d{1,9})D)?"
    r"(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$"
)
_CYCLE = re.compile(r"R(\d{0,9})/(.+)$")


@dataclass(frozen=True, slots=True)
class Span:
    """A duration: months, because they differ in length, and the rest."""

    months: int
    rest: timedelta

    def after(self, instant: datetime) -> datetime:
        """The instant this much later."""
        return _add_months(instant, self.months) + self.rest

    def __str__(self) -> str:
        months = f"{self.months}M" if self.months else ""
        return f"P{months}T{self.rest.total_seconds():.6f}S"


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
    rest = timedelta(
        weeks=int(weeks or 0), days=int(days or 0), hours=int(hours or 0), minutes=int(minutes or 0), seconds=float(seconds or 0)
    )
    return Span(factor * (int(years or 0) * 12 + int(months or 0)), factor * rest)


def instant(value: Any, what: str) -> datetime:
    """An instant from FEEL's values or from ISO 8601 text; one without an offset is UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise Fault(f"The {what} is {value!r}, which is no date and time; write one like 2026-12-24T12:00:00Z.") from None
    if isinstance(value, datetime):
        return (value if value.tzinfo is not None else value.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise Fault(f"The {what} is {value!r}, which is no date and time.")


@dataclass(frozen=True, slots=True)
class Cycle:
    """A repeating timer: `times` it fires (None: for ever), from `first` on, every `every`."""

    times: int | None
    first: datetime
    every: Span


def cycle(value: Any, now: datetime, what: str) -> Cycle:
    """A cycle from `R3/PT10H`, `R/2026-01-01T00:00:00Z/P1D`, `R3/P1D/2026-…` (end), or a plain duration (for ever)."""
    if not isinstance(value, str):
        every = span(value, what)
        return Cycle(None, every.after(now), every)
    match = _CYCLE.match(value.strip())
    if match is None:
        every = span(value, what)
        return Cycle(None, every.after(now), every)
    times = int(match[1]) if match[1] else None
    parts = match[2].split("/")
    if len(parts) == 1:
        every = span(parts[0], what)
        return _checked(Cycle(times, every.after(now), every), what)
    if len(parts) == 2 and not parts[0].lstrip("-").startswith("P"):
        return _checked(Cycle(times, instant(parts[0], what), span(parts[1], what)), what)
    raise Fault(f"The {what} is {value!r}, which is no cycle; write one like R3/PT10H or R/2026-01-01T00:00:00Z/P1D.")


def _checked(result: Cycle, what: str) -> Cycle:
    if result.every.after(result.first) <= result.first:
        raise Fault(f"The {what} repeats without time passing; give it a length above zero.")
    return result
