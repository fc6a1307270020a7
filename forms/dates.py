"""Dates and times as people type them: one ISO text, or day, month and year apart; and as the engine keeps them, ISO 8601 text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any

from amends.forms.texts import day as said

MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
_MONTH_NAMES = {name.lower(): number for number, name in enumerate(MONTHS, 1)} | {
    name[:3].lower(): number for number, name in enumerate(MONTHS, 1)
}
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_TYPED_DATE = re.compile(r"(\d{1,2})[./ -](\d{1,2}|[A-Za-z]{3,9})[./ -](\d{4})")
_TIME = re.compile(r"([01]?\d|2[0-4])[:.]([0-5]\d)(?::[0-5]\d(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?", re.IGNORECASE)
_CLOCK = re.compile(r"(1[0-2]|0?[1-9])(?:[:.]([0-5]\d))? ?([ap])\.?m\.?", re.IGNORECASE)
PARTS = ("day", "month", "year")


class DateFault(ValueError):
    """What was typed is no date or time; `code` names the message, `parts` the parts to correct."""

    def __init__(self, code: str, parts: tuple[str, ...] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.parts = parts


@dataclass(frozen=True)
class Clock:
    """What the forms take for now, the time zone that dates without one are in, and functions that count in working time."""

    now: Callable[[], datetime] | None = None
    zone: tzinfo = UTC
    functions: Mapping[str, Callable[..., Any]] | None = None

    def today(self) -> date:
        """The current date in the zone."""
        return self.moment().date()

    def moment(self) -> datetime:
        """The current instant in the zone."""
        current = self.now() if self.now is not None else datetime.now(UTC)
        return current.astimezone(self.zone)


def is_blank(raw: Any) -> bool:
    """Whether nothing at all was typed."""
    if isinstance(raw, Mapping):
        return all(is_blank(value) for value in raw.values())
    return raw is None or (isinstance(raw, str) and not raw.strip())


def read_date(raw: Any) -> date:
    """The date in an ISO text, a text like 27.3.2026, or its parts; raises DateFault."""
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    if isinstance(raw, Mapping):
        return read_date(raw["date"]) if not is_blank(raw.get("date")) else _from_parts(raw)
    if not isinstance(raw, str):
        raise DateFault("date.real")
    text = raw.strip()
    if iso := _ISO_DATE.fullmatch(text):
        return _date(iso[1], iso[2], iso[3])
    if typed := _TYPED_DATE.fullmatch(text):
        return _date(typed[3], typed[2], typed[1])
    raise DateFault("date.real", PARTS)


def read_time(raw: Any, zone: tzinfo, on: date) -> time:
    """The time of day in `zone`, from 14:30, 2.30pm or a time with an offset; raises DateFault."""
    if isinstance(raw, time):
        raw = raw.isoformat()
    text = raw.strip() if isinstance(raw, str) else ""
    if found := _TIME.fullmatch(text):
        hour, minute = int(found[1]), int(found[2])
        if hour == 24 and minute:
            raise DateFault("time.real", ("time",))
        at = time(hour % 24, minute)
        return datetime.combine(on, at, _offset(found[3])).astimezone(zone).time() if found[3] else at
    if found := _CLOCK.fullmatch(text):
        return time(int(found[1]) % 12 + (12 if found[3].lower() == "p" else 0), int(found[2] or 0))
    raise DateFault("time.real", ("time",))


def read_moment(raw: Any, zone: tzinfo) -> datetime:
    """The date and time in `zone`; raises DateFault."""
    if isinstance(raw, datetime):
        return raw.astimezone(zone) if raw.tzinfo else raw.replace(tzinfo=zone)
    if isinstance(raw, Mapping):
        day = read_date({part: value for part, value in raw.items() if part != "time"})
        if is_blank(raw.get("time")):
            raise DateFault("time.missing", ("time",))
        return datetime.combine(day, read_time(raw["time"], zone, day), zone)
    if not isinstance(raw, str):
        raise DateFault("date.real")
    day_text, _, time_text = raw.strip().replace(" ", "T", 1).partition("T")
    if not time_text:
        read_date(day_text)
        raise DateFault("time.missing", ("time",))
    day, found = read_date(day_text), _TIME.fullmatch(time_text)
    if found and found[3]:
        at = datetime.combine(day, time(int(found[1]) % 24, int(found[2])), _offset(found[3]))
        return (at + timedelta(days=1) if found[1] == "24" else at).astimezone(zone)
    return datetime.combine(day, read_time(time_text, zone, day), zone)


def write_time(moment: datetime, style: str) -> str:
    """A time as form-js serialises it: `utc_offset`, `utc_normalized`, or without a time zone."""
    if style == "utc_normalized":
        return moment.astimezone(UTC).strftime("%H:%MZ")
    return moment.strftime("%H:%M") + (_offset_text(moment) if style == "utc_offset" else "")


def write_moment(moment: datetime, style: str) -> str:
    """A date and time as form-js serialises it."""
    day = moment.astimezone(UTC) if style == "utc_normalized" else moment
    return f"{day.date().isoformat()}T{write_time(moment, style)}"


def in_words(day: date) -> str:
    """A date as a reader expects it: 4 December 2026."""
    return said(day) or f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _from_parts(raw: Mapping[str, Any]) -> date:
    absent = tuple(part for part in PARTS if is_blank(raw.get(part)))
    if absent:
        raise DateFault("date.parts", absent)
    year, month, day = (str(raw[part]).strip() for part in ("year", "month", "day"))
    if not year.isascii() or not year.isdigit() or len(year) != 4:
        raise DateFault("date.real", ("year",))
    return _date(year, month, day)


def _date(year: str, month: str, day: str) -> date:
    number = _MONTH_NAMES.get(month.lower()) or (int(month) if month.isascii() and month.isdigit() and len(month) <= 2 else 0)
    if not 1 <= number <= 12:
        raise DateFault("date.real", ("month",))
    if not day.isascii() or not day.isdigit() or len(day) > 2 or not 1 <= int(day) <= 31:
        raise DateFault("date.real", ("day",))
    try:
        return date(int(year), number, int(day))
    except ValueError:
        raise DateFault("date.real", PARTS if year != "0000" else ("year",)) from None


def _offset(text: str) -> timezone:
    if text.upper() == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 14 or minutes > 59:
        raise DateFault("time.real", ("time",))
    return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1))


def _offset_text(moment: datetime) -> str:
    offset = moment.utcoffset() or timedelta(0)
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    return f"{'-' if offset < timedelta(0) else '+'}{hours:02}:{minutes:02}"
