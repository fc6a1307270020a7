"""Dates, times and durations of any size: Python's own types where they hold the value exactly, wide ones beyond.

A date is datetime.date within the years 1-9999, else WideDate; a date and time is datetime.datetime where whole microseconds
suffice, else WideDateTime; a days-and-time duration is datetime.timedelta, else WideDuration. Equal values so always have the
same type. A time is Time (datetime.time cannot tell the offset of a named zone); a years-and-months duration is
YearMonthDuration. DMN 1.5, 10.3.2.3.4-10.3.2.3.8.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

NANO = 1_000_000_000
MINUTE = 60 * NANO
HOUR = 3600 * NANO
DAY = 86_400 * NANO
MAX_YEAR = 999_999_999
_EPOCH_ORDINAL = dt.date(1970, 1, 1).toordinal()
_MIN_DAYS = dt.date.min.toordinal() - _EPOCH_ORDINAL
_MAX_DAYS = dt.date.max.toordinal() - _EPOCH_ORDINAL
_REFERENCES = dt.datetime(2000, 1, 1), dt.datetime(2000, 7, 1)


@dataclass(frozen=True, slots=True)
class WideDate:
    """A date outside the years 1-9999."""

    year: int
    month: int
    day: int


@dataclass(frozen=True, slots=True, eq=False)
class Time:
    """A time of day, with no zone, an offset, or a named zone."""

    hour: int
    minute: int
    second: int
    nano: int = 0
    zone: dt.tzinfo | None = None

    @property
    def nanos(self) -> int:
        """Nanoseconds since midnight."""
        return self.hour * HOUR + self.minute * MINUTE + self.second * NANO + self.nano

    @property
    def offset(self) -> int | None:
        """The offset from UTC in nanoseconds; a named zone's is that of its winter in 2000, as a time has no date."""
        return None if self.zone is None else _winter_offset(self.zone)

    def _key(self) -> tuple[int, bool]:
        offset = self.offset
        return (self.nanos, False) if offset is None else (self.nanos - offset, True)

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Time) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())


@dataclass(frozen=True, slots=True, eq=False)
class WideDateTime:
    """A date and time that datetime.datetime cannot hold: a far year, or parts of a microsecond. `days` count from 1970-01-01."""

    days: int
    nanos: int
    zone: dt.tzinfo | None = None

    def _key(self) -> tuple[int, bool]:
        return (instant(self), self.zone is not None)

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, WideDateTime) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())


@dataclass(frozen=True, slots=True)
class WideDuration:
    """A days-and-time duration that datetime.timedelta cannot hold, in nanoseconds."""

    nanos: int


@dataclass(frozen=True, slots=True, order=True)
class YearMonthDuration:
    """A years-and-months duration, as its number of months."""

    months: int


Date = dt.date | WideDate
DateTime = dt.datetime | WideDateTime
Duration = dt.timedelta | WideDuration


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a date of the proleptic Gregorian calendar, any year."""
    if 1 <= year <= 9999:
        return dt.date(year, month, day).toordinal() - _EPOCH_ORDINAL
    # Four hundred years are 146,097 days, so a far year counts as one of the years 2000-2399.
    cycles, rest = divmod(year - 2000, 400)
    return dt.date(2000 + rest, month, day).toordinal() - _EPOCH_ORDINAL + cycles * 146_097


def civil_from_days(days: int) -> tuple[int, int, int]:
    """The year, month and day that many days after 1970-01-01."""
    if _MIN_DAYS <= days <= _MAX_DAYS:
        date = dt.date.fromordinal(days + _EPOCH_ORDINAL)
        return date.year, date.month, date.day
    cycles, rest = divmod(days - 10_957, 146_097)  # 10,957 days: 2000-01-01
    date = dt.date.fromordinal(rest + 10_957 + _EPOCH_ORDINAL)
    return date.year + cycles * 400, date.month, date.day


def days_in_month(year: int, month: int) -> int:
    """The number of days a month has in a year."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def make_date(year: int, month: int, day: int) -> Date | None:
    """A date, null where there is none such."""
    if not (-MAX_YEAR <= year <= MAX_YEAR and 1 <= month <= 12 and 1 <= day <= days_in_month(year, month)):
        return None
    return dt.date(year, month, day) if 1 <= year <= 9999 else WideDate(year, month, day)


def date_from_days(days: int) -> Date | None:
    return make_date(*civil_from_days(days))


def date_parts(value: Date | DateTime) -> tuple[int, int, int]:
    """Year, month and day of a date, or of a date and time."""
    if isinstance(value, WideDateTime):
        return civil_from_days(value.days)
    return value.year, value.month, value.day


def days_of(value: Date) -> int:
    """Days since 1970-01-01."""
    if isinstance(value, WideDate):
        return days_from_civil(value.year, value.month, value.day)
    return value.toordinal() - _EPOCH_ORDINAL


def make_time(hour: int, minute: int, second: int, nano: int = 0, zone: dt.tzinfo | None = None) -> Time | None:
    """A time of day, null where there is none such."""
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return None
    return Time(hour, minute, second, nano, zone)


def time_from_nanos(nanos: int, zone: dt.tzinfo | None) -> Time:
    """The time of day that many nanoseconds after a midnight."""
    seconds, nano = divmod(nanos % DAY, NANO)
    return Time(seconds // 3600, seconds // 60 % 60, seconds % 60, nano, zone)


def make_datetime(days: int, nanos: int, zone: dt.tzinfo | None = None, fold: int = 0) -> DateTime | None:
    """A date and time from days since 1970-01-01 and nanoseconds since midnight, both of its zone's clock."""
    extra, nanos = divmod(nanos, DAY)
    days += extra
    if nanos % 1000 == 0 and _MIN_DAYS <= days <= _MAX_DAYS:
        midnight = dt.datetime.fromordinal(days + _EPOCH_ORDINAL)
        return (midnight + dt.timedelta(microseconds=nanos // 1000)).replace(tzinfo=zone, fold=fold)
    if abs(civil_from_days(days)[0]) > MAX_YEAR:
        return None
    return WideDateTime(days, nanos, zone)


def day_nanos(value: DateTime) -> int:
    """Nanoseconds since midnight of a date and time's own clock."""
    if isinstance(value, WideDateTime):
        return value.nanos
    return ((value.hour * 60 + value.minute) * 60 + value.second) * NANO + value.microsecond * 1000


def datetime_days(value: DateTime) -> int:
    return value.days if isinstance(value, WideDateTime) else value.toordinal() - _EPOCH_ORDINAL


def datetime_zone(value: DateTime) -> dt.tzinfo | None:
    return value.zone if isinstance(value, WideDateTime) else value.tzinfo


def zone_offset(zone: dt.tzinfo, clock: dt.datetime) -> int:
    """A zone's offset from UTC in nanoseconds at a reading of its clock."""
    delta = zone.utcoffset(clock) or dt.timedelta()
    return (delta.days * 86_400 + delta.seconds) * NANO


def _winter_offset(zone: dt.tzinfo) -> int:
    """A zone's offset in its winter, north or south of the equator; in summer clocks are put forward."""
    return min(zone_offset(zone, clock) for clock in _REFERENCES)


def datetime_offset(value: DateTime) -> int | None:
    """The offset from UTC in nanoseconds; None without a zone."""
    zone = datetime_zone(value)
    if zone is None:
        return None
    if isinstance(value, dt.datetime):
        return zone_offset(zone, value.replace(tzinfo=None))
    year, month, day = civil_from_days(value.days)
    near = year if 1 <= year <= 9999 else 2000 + year % 400
    return zone_offset(zone, dt.datetime(near, month, day) + dt.timedelta(microseconds=value.nanos // 1000))


def instant(value: DateTime) -> int:
    """Nanoseconds since 1970-01-01T00:00:00, of UTC where the value has a zone, else of its own clock."""
    return datetime_days(value) * DAY + day_nanos(value) - (datetime_offset(value) or 0)


def from_instant(nanos: int, zone: dt.tzinfo | None) -> DateTime | None:
    """The date and time of a zone's clock at an instant."""
    if isinstance(zone, ZoneInfo):
        days, rest = divmod(nanos, DAY)
        if _MIN_DAYS < days < _MAX_DAYS:
            utc = dt.datetime.fromordinal(days + _EPOCH_ORDINAL).replace(tzinfo=dt.UTC) + dt.timedelta(microseconds=rest // 1000)
            local = utc.astimezone(zone)
            return make_datetime(datetime_days(local), day_nanos(local) + rest % 1000, zone, local.fold)
    offset = 0 if zone is None else _winter_offset(zone)
    return make_datetime(0, nanos + offset, zone)


def duration_nanos(value: Duration) -> int:
    """A days-and-time duration in nanoseconds."""
    if isinstance(value, WideDuration):
        return value.nanos
    return (value.days * 86_400 + value.seconds) * NANO + value.microseconds * 1000


def make_duration(nanos: int) -> Duration:
    """A days-and-time duration of that many nanoseconds."""
    if nanos % 1000 == 0:
        try:
            return dt.timedelta(microseconds=nanos // 1000)
        except OverflowError:
            pass
    return WideDuration(nanos)


def add_months(value: Date | DateTime, months: int) -> Date | DateTime | None:
    """A date (and time) some months later; a day that month does not have becomes its last."""
    year, month, day = date_parts(value)
    year, month = divmod(year * 12 + month - 1 + months, 12)
    if abs(year) > MAX_YEAR:
        return None
    day = min(day, days_in_month(year, month + 1))
    if isinstance(value, dt.datetime | WideDateTime):
        return make_datetime(days_from_civil(year, month + 1, day), day_nanos(value), datetime_zone(value))
    return make_date(year, month + 1, day)


def add_nanos(value: DateTime, nanos: int) -> DateTime | None:
    """A date and time some time later: so much later by the world's clock, whatever the zone's does in between."""
    zone = datetime_zone(value)
    if isinstance(zone, ZoneInfo):
        return from_instant(instant(value) + nanos, zone)
    return make_datetime(datetime_days(value), day_nanos(value) + nanos, zone)


@lru_cache(maxsize=256)
def named_zone(name: str) -> ZoneInfo | None:
    """The IANA zone of that name, None if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def offset_zone(nanos: int) -> dt.tzinfo | None:
    """The fixed offset of that size; None beyond 18 hours, more than any place on earth has had."""
    if abs(nanos) > 18 * HOUR:
        return None
    return dt.UTC if nanos == 0 else dt.timezone(dt.timedelta(seconds=nanos // NANO))
