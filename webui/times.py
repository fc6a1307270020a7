"""Instants in plain words, on the organisation's own clocks, and values that may hold some."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from amends.webui import speech, zone
from amends.webui.state import now
from amends.webui.words import label, length

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def long_date(at: datetime | date | None) -> str:
    """`Friday 4 December 2026`."""
    if at is None:
        return ""
    day = local(at).date() if isinstance(at, datetime) else at
    return speech.long_day(day) or f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def clock_time(at: datetime) -> str:
    """`16:05`, in the organisation's time zone."""
    return local(at).strftime("%H:%M")


def moment(at: datetime | None) -> str:
    """`today 16:00`, `yesterday 09:30`, `4 December 2026 16:00`."""
    if at is None:
        return ""
    day = local(at).date()
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}.get((day - local(now()).date()).days)
    far = speech.medium_day(day) or f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    return f"{speech.say(near) if near else far} {clock_time(at)}"


def exact(at: datetime | None) -> str:
    """`2026-12-04 16:00:05 UTC`, for those who audit."""
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M:%S UTC")


def iso(at: datetime | None) -> str:
    """For the `datetime` attribute of a `time` element."""
    return "" if at is None else at.isoformat()


def due(at: datetime | None) -> tuple[str, str]:
    """A due instant in words, and its kind for colour and icon: late, today, soon, fine or none."""
    if at is None:
        return "no deadline", "none"
    left = at - now()
    days = (local(at).date() - local(now()).date()).days
    if left < timedelta(0):
        return f"late by {length(-left)}", "late"
    if days == 0:
        return f"today {clock_time(at)}", "today"
    if days == 1:
        return f"tomorrow {clock_time(at)}", "soon"
    if days < 7:
        return f"{DAYS[local(at).weekday()]} {clock_time(at)}", "soon" if days <= 2 else "fine"
    return f"in {days} days, {local(at).day} {MONTHS[local(at).month - 1]}", "fine"


def value(found: Any) -> str:
    """A value of a form or a decision as a reader may see it."""
    if found is None or found == "":
        return speech.say("Not given")
    if isinstance(found, bool):
        return speech.say("Yes" if found else "No")
    if isinstance(found, datetime):
        return f"{long_date(found)} {clock_time(found)}"
    if isinstance(found, date):
        return long_date(found)
    if isinstance(found, time):
        return found.strftime("%H:%M")
    if isinstance(found, Decimal):
        return f"{found.normalize():f}"
    if isinstance(found, Mapping):
        return "; ".join(f"{label(str(name))}: {value(inner)}" for name, inner in found.items())
    if isinstance(found, list | tuple):
        return ", ".join(value(one) for one in found) if found else speech.say("None")
    return str(found)


def local(at: datetime) -> datetime:
    """The instant on the organisation's own clocks."""
    return at.astimezone(zone.current())


def iso_day(at: datetime | None) -> str:
    """The day, as a date input takes it, on the organisation's clocks."""
    return "" if at is None else local(at).date().isoformat()


FILTERS: dict[str, Callable[..., Any]] = {
    "iso_day": iso_day,
    "long_date": long_date,
    "clock_time": clock_time,
    "moment": moment,
    "exact": exact,
    "iso": iso,
    "due": due,
    "value_words": value,
}
