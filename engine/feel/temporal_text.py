"""Temporal values to and from text: ISO 8601 as XML Schema profiles it, with @zone for a named zone (DMN 1.5, 10.3.2.3.4-8)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

from amends.engine.feel import temporal as t

_DATE = r"(-?(?:[1-9][0-9]{3,8}|0[0-9]{3}))-([0-9]{2})-([0-9]{2})"
_ZONE = r"([Zz]|[+-][0-9]{2}:[0-9]{2}(?::[0-9]{2})?|@[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,3})?"
_TIME = rf"([0-9]{{2}}):([0-9]{{2}}):([0-9]{{2}})(?:\.([0-9]{{1,32}}))?{_ZONE}"
_DATE_ONLY = re.compile(_DATE)
_TIME_ONLY = re.compile(_TIME)
_DATE_TIME = re.compile(rf"{_DATE}T{_TIME}")
_MONTHS = re.compile(r"(-)?P(?=[0-9])(?:([0-9]{1,18})Y)?(?:([0-9]{1,18})M)?")
_CLOCK = r"(?:([0-9]{1,18})H)?(?:([0-9]{1,18})M)?(?:([0-9]{1,18})(?:\.([0-9]{0,32}))?S)?"
_DAYS = re.compile(rf"(-)?P(?=[0-9T])(?:([0-9]{{1,18}})D)?(?:T(?=[0-9]){_CLOCK})?")


def parse_date(text: str) -> t.Date | None:
    """2024-01-31; null if that is no date."""
    match = _DATE_ONLY.fullmatch(text)
    return t.make_date(int(match[1]), int(match[2]), int(match[3])) if match else None


def parse_time(text: str) -> t.Time | None:
    """10:30:00, 10:30:00.5Z, 10:30:00+02:00, 10:30:00@Europe/Paris; null if that is no time."""
    match = _TIME_ONLY.fullmatch(text)
    return _time(*match.groups()) if match else None


def parse_datetime(text: str) -> t.DateTime | None:
    """2024-01-31T10:30:00 and what may follow a time; null if that is no date and time."""
    match = _DATE_TIME.fullmatch(text)
    if not match:
        return None
    year, month, day, *rest = match.groups()
    date = t.make_date(int(year), int(month), int(day))
    time = _time(*rest)
    if date is None or time is None:
        return None
    midnight_after = 1 if rest[0] == "24" else 0
    return t.make_datetime(t.days_of(date) + midnight_after, time.nanos, time.zone)


def _time(hour: str, minute: str, second: str, fraction: str | None, zone: str | None) -> t.Time | None:
    known = None
    if zone:
        known = parse_zone(zone)
        if known is None:
            return None
    nano = int((fraction or "0")[:9].ljust(9, "0"))
    if (hour, minute, second, nano) == ("24", "00", "00", 0):
        hour = "00"  # XML Schema's way to write the midnight at the end of a day
    return t.make_time(int(hour), int(minute), int(second), nano, known)


def parse_zone(text: str) -> dt.tzinfo | None:
    """Z, +02:00 or @Europe/Paris; null if that is none."""
    if text in ("Z", "z"):
        return dt.UTC
    if text[0] == "@":
        return t.named_zone(text[1:])
    parts = [int(part) for part in text[1:].split(":")]
    if parts[1] > 59 or len(parts) == 3 and parts[2] > 59:
        return None
    seconds = parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) == 3 else 0)
    return t.offset_zone((-seconds if text[0] == "-" else seconds) * t.NANO)


def parse_duration(text: str) -> t.Duration | t.YearMonthDuration | None:
    """P1DT2H of days and time, P1Y2M of years and months; null if that is neither."""
    match = _MONTHS.fullmatch(text)
    if match and (match[2] or match[3]):
        months = int(match[2] or 0) * 12 + int(match[3] or 0)
        return t.YearMonthDuration(-months if match[1] else months)
    match = _DAYS.fullmatch(text)
    if match and any(match.group(2, 3, 4, 5)):
        days, hours, minutes, seconds = (int(part or 0) for part in match.group(2, 3, 4, 5))
        nanos = days * t.DAY + hours * t.HOUR + minutes * t.MINUTE + seconds * t.NANO + int((match[6] or "0")[:9].ljust(9, "0"))
        return t.make_duration(-nanos if match[1] else nanos)
    return None


def parse_temporal(text: str) -> Any:
    """What an @ literal stands for: date, date and time, time or duration; null if none of them."""
    for parse in (parse_date, parse_datetime, parse_time, parse_duration):
        value = parse(text)
        if value is not None:
            return value
    return None


def date_text(value: t.Date) -> str:
    """2024-01-31"""
    return _civil_text(value.year, value.month, value.day)


def _civil_text(year: int, month: int, day: int) -> str:
    sign = "-" if year < 0 else ""
    return f"{sign}{abs(year):04d}-{month:02d}-{day:02d}"


def time_text(value: t.Time) -> str:
    """10:30:00, with its fraction and zone where it has them"""
    return _clock_text(value.nanos) + _zone_text(value.zone, value.offset)


def datetime_text(value: t.DateTime) -> str:
    """2024-01-31T10:30:00, with its fraction and zone where it has them"""
    clock = _clock_text(t.day_nanos(value))
    return f"{_civil_text(*t.date_parts(value))}T{clock}{_zone_text(t.datetime_zone(value), t.datetime_offset(value))}"


def _clock_text(nanos: int) -> str:
    seconds, nano = divmod(nanos, t.NANO)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{_fraction(nano)}"


def _fraction(nano: int) -> str:
    return f".{nano:09d}".rstrip("0") if nano else ""


def _zone_text(zone: dt.tzinfo | None, offset: int | None) -> str:
    if zone is None or offset is None:
        return ""
    if isinstance(zone, ZoneInfo) and zone.key:
        return f"@{zone.key}"
    if offset == 0:
        return "Z"
    seconds = abs(offset) // t.NANO
    text = f"{'-' if offset < 0 else '+'}{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    return text + (f":{seconds % 60:02d}" if seconds % 60 else "")


def duration_text(value: t.Duration | t.YearMonthDuration) -> str:
    """P1Y2M, P1DT2H3M4.5S, PT0S, P0M"""
    if isinstance(value, t.YearMonthDuration):
        years, months = divmod(abs(value.months), 12)
        body = (f"{years}Y" if years else "") + (f"{months}M" if months or not years else "")
        return ("-" if value.months < 0 else "") + "P" + body
    nanos = t.duration_nanos(value)
    days, rest = divmod(abs(nanos), t.DAY)
    seconds, nano = divmod(rest, t.NANO)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or nano or not (days or clock):
        clock += f"{seconds}{_fraction(nano)}S"
    return ("-" if nanos < 0 else "") + "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
