"""Conversion functions (DMN 1.5, 10.3.4.1, table 72)."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any, TypeVar

from amends.engine.feel import temporal as t
from amends.engine.feel import temporal_text as tt
from amends.engine.feel.builtins.registry import define
from amends.engine.feel.numbers import FAR, read_number, whole
from amends.engine.feel.run import Run
from amends.engine.feel.text import value_text
from amends.engine.feel.values import Fault

_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?")


_T = TypeVar("_T")


def _found(value: _T | None, what: str) -> _T:
    if value is None:
        raise Fault(f"This is no {what}")
    return value


def _date(value: t.Date | None, text: str = "") -> t.Date:
    if value is None:
        raise Fault(f"This is no date{text}")
    return value


def _moment(value: t.DateTime | None, text: str = "") -> t.DateTime:
    if value is None:
        raise Fault(f"This is no date and time{text}")
    return value


@define("date", "from:string")
def date_from_text(run: Run, text: str) -> t.Date:
    return _date(tt.parse_date(text), f": «{text}» (2024-01-31 would be)")


@define("date", "from:date|date and time")
def date_from_moment(run: Run, moment: Any) -> t.Date:
    return _date(t.make_date(*t.date_parts(moment)))


@define("date", "year:number, month:number, day:number")
def date_from_parts(run: Run, year: Decimal, month: Decimal, day: Decimal) -> t.Date:
    return _date(t.make_date(whole(year), whole(month), whole(day)))


@define("time", "from:string")
def time_from_text(run: Run, text: str) -> t.Time:
    return _found(tt.parse_time(text), f"time: «{text}» (10:30:00 would be)")


@define("time", "from:time|date and time|date")
def time_from_moment(run: Run, moment: Any) -> t.Time:
    if isinstance(moment, t.Time):
        return moment
    if isinstance(moment, dt.datetime | t.WideDateTime):
        return t.time_from_nanos(t.day_nanos(moment), t.datetime_zone(moment))
    return t.Time(0, 0, 0, 0, dt.UTC)


@define("time", "hour:number, minute:number, second:number, offset:days and time duration?")
def time_from_parts(run: Run, hour: Decimal, minute: Decimal, second: Decimal, offset: t.Duration | None = None) -> t.Time:
    zone = None if offset is None else _found(t.offset_zone(t.duration_nanos(offset)), "offset of a time zone")
    # Numbers that far have no digits behind the point, and cannot be divided by one within the precision there is.
    fraction = second % 1 if abs(second) < FAR else 0
    return _found(t.make_time(whole(hour), whole(minute), whole(second), int(fraction * t.NANO), zone), "time")


@define("date and time", "from:string")
def moment_from_text(run: Run, text: str) -> t.DateTime:
    date = tt.parse_date(text)
    if date is not None:
        return _moment(t.make_datetime(t.days_of(date), 0))
    return _moment(tt.parse_datetime(text), f": «{text}» (2024-01-31T10:30:00 would be)")


@define("date and time", "from:date and time|date")
def moment_from_moment(run: Run, moment: Any) -> t.DateTime:
    if isinstance(moment, dt.datetime | t.WideDateTime):
        return moment
    return _moment(t.make_datetime(t.days_of(moment), 0))


@define("date and time", "date:date|date and time, time:time")
def moment_from_date_and_time(run: Run, date: Any, time: t.Time) -> t.DateTime:
    return _moment(t.make_datetime(t.days_from_civil(*t.date_parts(date)), time.nanos, time.zone))


_PARTS = "year:number, month:number, day:number, hour:number, minute:number, second:number"


@define("date and time", _PARTS, _PARTS + ", offset:days and time duration?", _PARTS + ", timezone:string?")
def moment_from_parts(
    run: Run, year: Decimal, month: Decimal, day: Decimal, hour: Decimal, minute: Decimal, second: Decimal, zone: Any = None
) -> t.DateTime:
    date = date_from_parts(run, year, month, day)
    known: dt.tzinfo | None = None
    if isinstance(zone, str):
        known = _found(t.named_zone(zone), f"time zone: «{zone}»")
    elif zone is not None:
        known = _found(t.offset_zone(t.duration_nanos(zone)), "offset of a time zone")
    time = _found(t.make_time(whole(hour), whole(minute), whole(second), int(second % 1 * t.NANO), known), "time")
    return _moment(t.make_datetime(t.days_of(date), time.nanos, known))


@define("date and time", "date:date and time, timezone:string")
def moment_in_zone(run: Run, moment: t.DateTime, timezone: str) -> t.DateTime:
    zone = _found(t.named_zone(timezone), f"time zone: «{timezone}»")
    if t.datetime_zone(moment) is None:
        return _moment(t.make_datetime(t.datetime_days(moment), t.day_nanos(moment), zone))
    return _moment(t.from_instant(t.instant(moment), zone))


@define("duration", "from:string")
def duration_from_text(run: Run, text: str) -> Any:
    return _found(tt.parse_duration(text), f"duration: «{text}» (P1DT2H or P1Y2M would be)")


@define("duration", "from:days and time duration|years and months duration")
def duration_from_duration(run: Run, duration: Any) -> Any:
    return duration


@define("years and months duration", "from:date|date and time, to:date|date and time")
def months_between(run: Run, start: Any, end: Any) -> t.YearMonthDuration:
    year, month, day = t.date_parts(start)
    to_year, to_month, to_day = t.date_parts(end)
    months = (to_year - year) * 12 + to_month - month
    if months > 0 and to_day < day:
        months -= 1
    elif months < 0 and to_day > day:
        months += 1
    return t.YearMonthDuration(months)


@define("string", "from:any")
def string_of(run: Run, value: Any) -> str | None:
    return value_text(value, run.meter)


@define("number", "from:string")
def number_of_text(run: Run, text: str) -> Decimal:
    return _number(text)


@define("number", "from:number")
def number_of_number(run: Run, number: Decimal) -> Decimal:
    return number


@define("number", "from:string, grouping separator:string|null, decimal separator:string|null")
def number_of(run: Run, text: str, grouping: str | None, point: str | None) -> Decimal:
    if grouping not in (None, " ", ",", ".") or point not in (None, ",", "."):
        raise Fault("The grouping separator is a blank, comma or point, the decimal separator a comma or point")
    if grouping is not None and grouping == point:
        raise Fault("The two separators are the same")
    if grouping:
        text = text.replace(grouping, "")
    if point == ",":
        if "." in text:
            raise Fault("A point stands where a comma separates the decimals")
        text = text.replace(",", ".")
    return _number(text)


def _number(text: str) -> Decimal:
    if len(text) > 1000 or not _NUMBER.fullmatch(text):
        raise Fault(f"This is no number: «{text[:40]}»")
    return _found(read_number(text), "number")
