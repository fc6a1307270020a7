"""Cron expressions of timer cycles: five fields (crontab) or six (seconds first, as Camunda 8 and Spring have them), and `@daily`.

Times are UTC, like those of every other timer. Besides numbers, lists, ranges and steps there are names (`MON`, `JAN`), `?`, `L`
(the last day of the month), `L-3`, `15W` (the weekday nearest to the 15th), `LW`, `FRIL` or `5L` (the month's last Friday) and
`MON#2` (its second Monday). Where both a day of the month and a day of the week are given, a six-field expression needs both to
match, as in Spring; a five-field one either, as in crontab.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_NAMED = {
    "@yearly": "0 0 0 1 1 *", "@annually": "0 0 0 1 1 *", "@monthly": "0 0 0 1 * *", "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *", "@midnight": "0 0 0 * * *", "@hourly": "0 0 * * * *",
}  # fmt: skip
_MONTHS = {name: number for number, name in enumerate("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)}
_DAYS = {name: number for number, name in enumerate("SUN MON TUE WED THU FRI SAT".split())}
_BOUNDS = (("second", 0, 59), ("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
_LOOKS = re.compile(r"@\w+|\S+(?:\s+\S+){4,6}")
FURTHEST = 9 * 366
"""How many days ahead an occurrence is looked for: 29 February comes within eight years and a bit."""


class CronError(ValueError):
    """The text is no cron expression; the message says which part."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression, read. `days` and `weekdays` are None where every day will do."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    days: tuple[str, ...] | None
    weekdays: tuple[str, ...] | None
    either: bool

    def after(self, instant: datetime) -> datetime | None:
        """The first occurrence after an instant (UTC); None if there is none in the years to come."""
        start = instant.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        day, earliest = start.date(), (start.hour, start.minute, start.second)
        for _ in range(FURTHEST):
            if day.month in self.months and self._falls_on(day):
                time = self._time(earliest)
                if time is not None:
                    return datetime(day.year, day.month, day.day, *time, tzinfo=UTC)
            if day == date.max:
                return None
            day, earliest = day + timedelta(days=1), (0, 0, 0)
        return None

    def _time(self, earliest: tuple[int, int, int]) -> tuple[int, int, int] | None:
        for hour in self.hours:
            if hour < earliest[0]:
                continue
            for minute in self.minutes:
                if (hour, minute) < earliest[:2]:
                    continue
                for second in self.seconds:
                    if (hour, minute, second) >= earliest:
                        return hour, minute, second
        return None

    def _falls_on(self, day: date) -> bool:
        in_month = self.days is None or any(_is_day(part, day) for part in self.days)
        in_week = self.weekdays is None or any(_is_weekday(part, day) for part in self.weekdays)
        if self.either and self.days is not None and self.weekdays is not None:
            return in_month or in_week
        return in_month and in_week


def looks_like_cron(text: str) -> bool:
    """Whether a timer's text is meant as cron rather than ISO 8601."""
    return _LOOKS.fullmatch(text.strip()) is not None and not text.strip().startswith(("R", "P"))


@lru_cache(maxsize=1_000)
def parse_cron(text: str) -> Cron:
    """Read a cron expression; raises `CronError`."""
    fields = _NAMED.get(text.strip().lower(), text).split()
    either = len(fields) == 5
    if either:
        fields = ["0", *fields]
    if len(fields) != 6:
        raise CronError(f"it has {len(fields)} fields; five or six are needed, such as 0 9 * * MON or 0 0 9 * * MON")
    second, minute, hour, day, month, weekday = (field.upper() for field in fields)
    return Cron(
        _numbers(second, 0, {}),
        _numbers(minute, 1, {}),
        _numbers(hour, 2, {}),
        frozenset(_numbers(month, 4, _MONTHS)),
        None if day in ("*", "?") else tuple(_days(day)),
        None if weekday in ("*", "?") else tuple(_weekdays(weekday)),
        either,
    )


def _number(text: str, field: int, names: dict[str, int]) -> int:
    what, low, high = _BOUNDS[field]
    value = int(text) if _digits(text) else names.get(text, -1)
    if not low <= value <= high:
        raise CronError(f"{text!r} is no {what}, which is from {low} to {high}")
    return value


def _digits(text: str) -> bool:
    """Whether a text is a number of the size that times have; more digits than Python reads at once are none."""
    return text.isascii() and text.isdigit() and len(text) <= 9


def _numbers(text: str, field: int, names: dict[str, int]) -> tuple[int, ...]:
    _, low, high = _BOUNDS[field]
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        if slash and not (_digits(step) and int(step)):
            raise CronError(f"{part!r} has no step above zero")
        if span == "*":
            first, last = low, min(high, 6) if field == 5 else high
        else:
            begin, dash, end = span.partition("-")
            first = _number(begin, field, names)
            last = _number(end, field, names) if dash else (high if slash else first)
        if last < first:
            raise CronError(f"{part!r} ends before it begins")
        found.update(range(first, last + 1, int(step) if slash else 1))
    return tuple(sorted(found))


def _days(text: str) -> list[str]:
    """The days of the month, one each: a number, `L`, `L-3`, `15W`, `LW`."""
    found: list[str] = []
    for part in text.split(","):
        if part in ("L", "LW"):
            found.append(part)
        elif part.startswith("L-"):
            found.append(f"L-{_number(part[2:], 3, {})}")
        elif part.endswith("W"):
            found.append(f"{_number(part[:-1], 3, {})}W")
        else:
            found += [str(number) for number in _numbers(part, 3, {})]
    return found


def _weekdays(text: str) -> list[str]:
    """The days of the week, one each: a number (0 is Sunday), `5L`, `1#2`."""
    found: list[str] = []
    for part in text.split(","):
        name, hash_, nth = part.partition("#")
        if hash_:
            if nth not in ("1", "2", "3", "4", "5"):
                raise CronError(f"{part!r} is no week of a month, which is from 1 to 5")
            found.append(f"{_number(name, 5, _DAYS) % 7}#{nth}")
        elif len(part) > 1 and part.endswith("L"):
            found.append(f"{_number(part[:-1], 5, _DAYS) % 7}L")
        else:
            found += [str(number % 7) for number in _numbers(part, 5, _DAYS)]
    return found


def _is_day(part: str, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if part.endswith("W"):
        wanted = last if part == "LW" else int(part[:-1])
        return wanted <= last and day.day == _nearest_weekday(day, wanted, last)
    if part.startswith("L"):
        return day.day == last - int(part[2:] or 0)
    return day.day == int(part)


def _nearest_weekday(day: date, wanted: int, last: int) -> int:
    weekday = day.replace(day=wanted).weekday()
    if weekday == 5:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == 6:
        return wanted + 1 if wanted < last else wanted - 2
    return wanted


def _is_weekday(part: str, day: date) -> bool:
    number, hash_, nth = part.rstrip("L").partition("#")
    if (day.weekday() + 1) % 7 != int(number):
        return False
    if part.endswith("L"):
        return day.day + 7 > calendar.monthrange(day.year, day.month)[1]
    return not hash_ or (day.day - 1) // 7 + 1 == int(nth)
