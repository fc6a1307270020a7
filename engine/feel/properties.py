"""What stands behind the dot: entries of contexts, and the properties of temporal values and ranges (DMN 1.5, table 65)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from amends.engine.feel import temporal as t
from amends.engine.feel.run import Meter
from amends.engine.feel.values import Fault, kind_of


def property_of(value: Any, name: str, meter: Meter | None = None) -> Any:
    """The entry or property of that name; of a list, those of its items. A fault where there is none."""
    if type(value) is dict:
        if name in value:
            return value[name]
        raise Fault(f"The context has no entry «{name}»")
    if type(value) is list:
        if meter is not None:
            meter.charge(4 * len(value) + 4)
        return [_quiet(item, name, meter) for item in value]
    if value is None:
        raise Fault(f"null has no property «{name}»")
    known = _PROPERTIES.get(kind_of(value), {})
    if name not in known:
        raise Fault(f"A {kind_of(value)} has no property «{name}»" + (f"; it has {', '.join(known)}" if known else ""))
    result = known[name](value)
    return Decimal(result) if type(result) is int else result


def _quiet(item: Any, name: str, meter: Meter | None) -> Any:
    try:
        return property_of(item, name, meter)
    except Fault:
        return None


def _weekday(value: t.Date | t.DateTime) -> int:
    days = t.datetime_days(value) if isinstance(value, dt.datetime | t.WideDateTime) else t.days_of(value)
    return (days + 3) % 7 + 1


def _clock(value: t.DateTime | t.Time) -> int:
    return (value.nanos if isinstance(value, t.Time) else t.day_nanos(value)) // t.NANO


def _offset(value: t.DateTime | t.Time) -> Any:
    offset = value.offset if isinstance(value, t.Time) else t.datetime_offset(value)
    return None if offset is None else t.make_duration(offset)


def _zone(value: t.DateTime | t.Time) -> str | None:
    zone = value.zone if isinstance(value, t.Time) else t.datetime_zone(value)
    return zone.key if isinstance(zone, ZoneInfo) else None


def _part(value: t.Duration, unit: int, modulus: int | None) -> int:
    nanos = t.duration_nanos(value)
    amount = abs(nanos) // unit
    amount = amount if modulus is None else amount % modulus
    return -amount if nanos < 0 else amount


def _months(value: t.YearMonthDuration, years: bool) -> int:
    amount = divmod(abs(value.months), 12)[0 if years else 1]
    return -amount if value.months < 0 else amount


_DATE = {
    "year": lambda v: t.date_parts(v)[0],
    "month": lambda v: t.date_parts(v)[1],
    "day": lambda v: t.date_parts(v)[2],
    "weekday": _weekday,
}
_TIME = {
    "hour": lambda v: _clock(v) // 3600,
    "minute": lambda v: _clock(v) // 60 % 60,
    "second": lambda v: _clock(v) % 60,
    "time offset": _offset,
    "timezone": _zone,
}
_PROPERTIES: dict[str, dict[str, Any]] = {
    "date": _DATE,
    "time": _TIME,
    "date and time": {**_DATE, **_TIME},
    "years and months duration": {"years": lambda v: _months(v, True), "months": lambda v: _months(v, False)},
    "days and time duration": {
        "days": lambda v: _part(v, t.DAY, None),
        "hours": lambda v: _part(v, t.HOUR, 24),
        "minutes": lambda v: _part(v, t.MINUTE, 60),
        "seconds": lambda v: _part(v, t.NANO, 60),
    },
    "range": {
        "start": lambda v: v.low,
        "end": lambda v: v.high,
        "start included": lambda v: v.low_included if v.operator != "!=" else False,
        "end included": lambda v: v.high_included if v.operator != "!=" else False,
    },
}
