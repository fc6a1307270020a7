"""The length of a clock as text: "P8W", "PT24H", "P30D, end of day", "5 working days", "8 working hours"."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from amends.engine.calendars.reading import END_OF_DAY, SAME_TIME
from amends.engine.errors import Invalid

CALENDAR: Final = "calendar"
WORKING_DAYS: Final = "working days"
WORKING_TIME: Final = "working time"

_ISO: Final = re.compile(
    r"P(?=[0-9T])(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?"
    r"(?:T(?=[0-9])(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)
_WORKING: Final = re.compile(r"(\d{1,5}) (?:working|business) (day|hour|minute)s?", re.ASCII)
_PLAIN: Final = re.compile(r"(\d{1,5}) (?:calendar )?(year|month|week|day|hour|minute)s?", re.ASCII)
_LETTERS: Final = {"year": "P{}Y", "month": "P{}M", "week": "P{}W", "day": "P{}D", "hour": "PT{}H", "minute": "PT{}M"}
_PERCENT: Final = re.compile(r"(\d{1,2}(?:\.\d{1,3})?) ?%", re.ASCII)
_RULES: Final = (END_OF_DAY, SAME_TIME)
_GRAMMAR: Final = (
    'write calendar time as an ISO 8601 duration such as "P8W", "P30D", "P6M" or "PT24H", '
    'or working time such as "5 working days", "8 working hours" or "90 working minutes"'
)


@dataclass(frozen=True)
class Length:
    """A length, read. `kind` says how it is measured; only that kind's parts are other than zero."""

    text: str
    kind: str  # CALENDAR | WORKING_DAYS | WORKING_TIME
    months: int = 0
    days: int = 0
    time: timedelta = timedelta(0)  # hours and smaller: elapsed time, whatever the wall clock does
    working_days: int = 0
    working_time: timedelta = timedelta(0)
    due: str | None = None  # END_OF_DAY | SAME_TIME; None: the calendar's rule for working days, the same time for calendar time

    def __bool__(self) -> bool:
        return bool(self.months or self.days or self.time or self.working_days or self.working_time)


def shift_calendar(local: datetime, months: int, days: int, time: timedelta) -> datetime:
    """Add calendar time to an instant in its zone: months and days by the wall clock, hours and smaller as they elapse.

    The last day of a month stands in for one the month does not have (31 January and one month: 28 or 29 February), and a wall
    time that daylight saving skips is the instant it would have been. Returns an aware datetime in the same zone.
    """
    wall = local.replace(tzinfo=None)
    if months:
        year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
        wall = wall.replace(year=year, month=month + 1, day=min(wall.day, monthrange(year, month + 1)[1]))
    wall += timedelta(days=days)
    # Only a moved wall time forgets which of two equal ones it was.
    moved = wall.replace(tzinfo=local.tzinfo, fold=0 if months or days else local.fold)
    return (moved.astimezone(UTC) + time).astimezone(local.tzinfo)


def read_length(text: str) -> Length:
    """Read a length.

    Takes an ISO 8601 duration of whole years, months, weeks, days, hours, minutes, and seconds, or a number of working (business)
    days, hours or minutes. Calendar time and working days may end with ", end of day" or ", same time".
    Raises `Invalid` with what to write instead.
    """
    if not isinstance(text, str):
        raise Invalid(f"The length {text!r} is no text; {_GRAMMAR}.")
    return _read_length(text)


@lru_cache(maxsize=1024)
def _read_length(text: str) -> Length:
    body, comma, rule = (part.strip() for part in text.partition(","))
    due = rule if comma else None
    if due is not None and due not in _RULES:
        raise Invalid(f'The length {text!r} ends with {rule!r}; after the comma write "end of day" or "same time", or leave it out.')
    if match := _ISO.fullmatch(body):
        return _calendar(text, match, due)
    if match := _WORKING.fullmatch(body):
        return _working(text, int(match[1]), match[2], due)
    raise Invalid(_advice(text, body))


def read_extension(text: str) -> Length:
    """Read what a deadline is extended by: a length of more than nothing, without a rule of its own."""
    length = read_length(text)
    if not length:
        raise Invalid(f"An extension by {text!r} extends nothing; {_GRAMMAR}.")
    if length.due:
        raise Invalid(f"An extension keeps the clock's own rule; leave {length.due!r} out of {text!r}.")
    return length


def read_warning(text: str) -> Length | Decimal:
    """Read a warning: a length before the deadline ("P2D", "1 working day"), or a share of the time that has passed ("80%").

    Returns the length, or the share as a number between 0 and 1. Raises `Invalid` with what to write instead.
    """
    if isinstance(text, str) and (match := _PERCENT.fullmatch(text.strip())):
        share = Decimal(match[1]) / 100
        if share:
            return share
    try:
        return read_extension(text)
    except Invalid as error:
        raise Invalid(f'{error} A warning may also be a share of the time from "1%" to "99%".') from None


def _calendar(text: str, match: re.Match[str], due: str | None) -> Length:
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in match.groups()[:6])
    seconds = Decimal(match[7] or 0)
    time = timedelta(hours=hours, minutes=minutes, microseconds=int(seconds * 1_000_000))
    if due and time:
        raise Invalid(f"The length {text!r} counts hours, so it cannot say {due!r}; leave that out or write whole days.")
    return Length(text, CALENDAR, months=years * 12 + months, days=weeks * 7 + days, time=time, due=due)


def _working(text: str, number: int, unit: str, due: str | None) -> Length:
    if unit == "day":
        return Length(text, WORKING_DAYS, working_days=number, due=due)
    if due:
        raise Invalid(f"The length {text!r} counts working {unit}s, so it cannot say {due!r}; leave that out or write working days.")
    return Length(text, WORKING_TIME, working_time=timedelta(hours=number) if unit == "hour" else timedelta(minutes=number))


def _advice(text: str, body: str) -> str:
    if match := _PLAIN.fullmatch(body.lower()):
        written = _LETTERS[match[2]].format(match[1])
        working = f', or "{match[1]} working {match[2]}s" for working time' if match[2] in ("day", "hour", "minute") else ""
        return f'The length {text!r} does not say which kind of time; write "{written}" for calendar time{working}.'
    if _ISO.fullmatch(body.upper()):
        return f'The length {text!r} must be in capital letters; write "{body.upper()}".'
    if _WORKING.fullmatch(" ".join(body.lower().split())):
        return f'Write the length {text!r} in small letters with single spaces: "{" ".join(body.lower().split())}".'
    return f"The length {text!r} cannot be read; {_GRAMMAR}."
