"""A calendar as written in a package's TOML, read into rules; every mistake is found at once, by field."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from amends.engine.calendars.public_holidays import Region, region_problems

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE_HOURS: Final = {day: [["09:00", "17:00"]] for day in WEEKDAYS[:5]}
END_OF_DAY: Final = "end of day"
SAME_TIME: Final = "same time"
THAT_DAY: Final = "that day"
NEXT_WORKING_DAY: Final = "next working day"
_KEYS: Final = ("name", "timezone", "hours", "special", "holidays", "due", "received_when_closed", "received_after_hours")
_HOLIDAY_KEYS: Final = ("country", "subdivision", "categories", "add", "remove")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00", re.ASCII)
_LONGEST_CLOSURE: Final = 366

Periods = tuple[tuple[int, int], ...]  # opening periods of a day: (from, to) in minutes after local midnight


@dataclass(frozen=True)
class Rules:
    """What a calendar says, in the form it is computed with."""

    name: str
    zone: ZoneInfo
    hours: tuple[Periods, ...]  # by weekday, Monday first
    special: Mapping[date, Periods]  # days with hours of their own; they win over holidays and weekdays
    region: Region | None
    added: Mapping[date, str]  # closed days of the organisation's own, with their names
    removed: frozenset[date]  # public holidays on which it works
    due: str  # END_OF_DAY | SAME_TIME
    received_when_closed: str  # THAT_DAY | NEXT_WORKING_DAY
    received_after_hours: str  # THAT_DAY | NEXT_WORKING_DAY


@dataclass
class _Reader:
    problems: dict[str, list[str]] = field(default_factory=dict)

    def wrong(self, where: str, message: str) -> None:
        self.problems.setdefault(where, []).append(message)

    def keys(self, where: str, table: Mapping[Any, Any], known: Collection[str]) -> None:
        for key in table:
            if key not in known:
                close = difflib.get_close_matches(str(key), known, n=1)
                hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known)}."
                self.wrong(f"{where}{key}", f"There is no such entry; {hint}")

    def table(self, where: str, value: Any) -> Mapping[Any, Any]:
        if isinstance(value, Mapping):
            return value
        self.wrong(where, f"This must be a table, not {value!r}.")
        return {}

    def rows(self, where: str, value: Any) -> list[Any]:
        if isinstance(value, list | tuple):
            return list(value)
        self.wrong(where, f"This must be a list in square brackets, not {value!r}.")
        return []

    def choice(self, where: str, value: Any, choices: Collection[str]) -> str:
        if value not in choices:
            self.wrong(where, f"Write one of {', '.join(repr(choice) for choice in choices)}, not {value!r}.")
        return str(value)

    def zone(self, value: Any) -> ZoneInfo:
        try:
            return ZoneInfo(value)
        # KeyError: no such zone; ValueError: a path; OSError: a folder of zones such as "Europe"; TypeError: no text at all
        except (KeyError, ValueError, OSError, TypeError, AttributeError):
            close = difflib.get_close_matches(str(value), available_timezones(), n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            self.wrong("timezone", f'The time zone {value!r} is not known; write one such as "Europe/London".{hint}')
            return ZoneInfo("UTC")

    def minutes(self, where: str, value: Any) -> int | None:
        if isinstance(value, time) and value.tzinfo is None and not (value.second or value.microsecond):
            return value.hour * 60 + value.minute
        if isinstance(value, str) and _TIME.fullmatch(value):
            return int(value[:2]) * 60 + int(value[3:])
        self.wrong(where, f'{value!r} is no time of day; write hours and minutes, such as "09:00", and "24:00" for midnight at the end.')
        return None

    def periods(self, where: str, value: Any) -> Periods:
        found: list[tuple[int, int]] = []
        for row in self.rows(where, value):
            if not isinstance(row, list | tuple) or len(row) != 2:
                self.wrong(where, f'{row!r} is no opening period; write a pair of times, such as ["09:00", "17:00"].')
                continue
            start, end = self.minutes(where, row[0]), self.minutes(where, row[1])
            if start is None or end is None:
                continue
            if start >= end:
                self.wrong(where, f"The period {row[0]} to {row[1]} ends before it begins; split it at 24:00 if it runs over midnight.")
            else:
                found.append((start, end))
        found.sort()
        for (_, end), (start, _) in zip(found, found[1:], strict=False):
            if start < end:
                self.wrong(where, f"Two periods overlap: one ends at {_clock(end)}, the other begins at {_clock(start)}.")
        return tuple(found)

    def day(self, where: str, value: Any) -> date | None:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(value)
        except (ValueError, TypeError):
            self.wrong(where, f'{value!r} is no date; write year, month and day, such as "2026-12-24".')
            return None

    def days(self, where: str, value: Any) -> list[date]:
        """One date, or all of "2026-12-24/2026-12-31"."""
        first, slash, last = value.partition("/") if isinstance(value, str) else (value, "", "")
        start = self.day(where, first)
        end = self.day(where, last) if slash else start
        if start is None or end is None:
            return []
        if not 0 <= (end - start).days < _LONGEST_CLOSURE:
            self.wrong(where, f"{value!r} must run forwards and over no more than {_LONGEST_CLOSURE} days.")
            return []
        return [start + timedelta(days=n) for n in range((end - start).days + 1)]

    def hours(self, value: Any) -> tuple[Periods, ...]:
        table = self.table("hours", value)
        self.keys("hours.", table, WEEKDAYS)
        return tuple(self.periods(f"hours.{day}", table.get(day, [])) for day in WEEKDAYS)

    def special(self, value: Any) -> dict[date, Periods]:
        found = {}
        for key, periods in self.table("special", value).items():
            where = f"special.{key}"
            hours = self.periods(where, periods)
            found.update({day: hours for day in self.days(where, key)})
        return found

    def added(self, value: Any) -> dict[date, str]:
        found = {}
        for entry in self.rows("holidays.add", value):
            text, _, name = entry.partition(" ") if isinstance(entry, str) else (entry, "", "")
            found.update({day: name.strip() or "Closed" for day in self.days("holidays.add", text)})
        return found

    def removed(self, value: Any) -> frozenset[date]:
        return frozenset(day for entry in self.rows("holidays.remove", value) for day in self.days("holidays.remove", entry))

    def region(self, table: Mapping[Any, Any]) -> Region | None:
        country, subdivision, categories = (table.get(key) for key in _HOLIDAY_KEYS[:3])
        if country is None:
            for key in _HOLIDAY_KEYS[1:3]:
                if key in table:
                    self.wrong(f"holidays.{key}", "This needs a country beside it.")
            return None
        for key in _HOLIDAY_KEYS[:2]:
            if key in table and not isinstance(table[key], str):
                self.wrong(f"holidays.{key}", f"This must be a text, not {table[key]!r}.")
                return None
        names = None if categories is None else self.rows("holidays.categories", categories)
        region = Region(country, subdivision, None if names is None else tuple(str(name) for name in names))
        problems = region_problems(region)
        for key, message in problems.items():
            self.wrong(f"holidays.{key}", message)
        return None if problems else region


def read_rules(data: Any, name: str | None = None) -> tuple[Rules, dict[str, list[str]]]:
    """Read a calendar's table.

    Takes the parsed TOML table and the name it is listed under, which counts if the table has none of its own.
    Returns the rules and the problems, field → sentences; with problems the rules are not to be used. Never raises for bad data.
    """
    reader = _Reader()
    table = reader.table("calendar", data)
    reader.keys("", table, _KEYS)
    called = table.get("name", name if name is not None else "default")
    if not isinstance(called, str) or not called.strip():
        reader.wrong("name", f"A calendar's name must be a text, not {called!r}.")
    if "timezone" not in table:
        reader.wrong("timezone", 'A calendar needs a time zone, such as "Europe/London".')
    closed = reader.table("holidays", table.get("holidays", {}))
    reader.keys("holidays.", closed, _HOLIDAY_KEYS)
    rules = Rules(
        name=str(called),
        zone=reader.zone(table.get("timezone", "UTC")),
        hours=reader.hours(table.get("hours", OFFICE_HOURS)),
        special=reader.special(table.get("special", {})),
        region=reader.region(closed),
        added=reader.added(closed.get("add", [])),
        removed=reader.removed(closed.get("remove", [])),
        due=reader.choice("due", table.get("due", END_OF_DAY), (END_OF_DAY, SAME_TIME)),
        received_when_closed=reader.choice(
            "received_when_closed", table.get("received_when_closed", THAT_DAY), (THAT_DAY, NEXT_WORKING_DAY)
        ),
        received_after_hours=reader.choice(
            "received_after_hours", table.get("received_after_hours", THAT_DAY), (THAT_DAY, NEXT_WORKING_DAY)
        ),
    )
    if not any(rules.hours) and not any(name.startswith("hours") for name in reader.problems):
        reader.wrong("hours", "No weekday is open; give one a period, or leave hours out for Monday to Friday, 09:00 to 17:00.")
    return rules, reader.problems


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
