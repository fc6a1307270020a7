"""Date and time functions (DMN 1.5, 10.3.4.6, 10.3.4.10, tables 77, 78, 81)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from amends.engine.feel import operators as ops
from amends.engine.feel import temporal as t
from amends.engine.feel.builtins.registry import define
from amends.engine.feel.run import Run
from amends.engine.feel.values import Fault, kind_of, normalize

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@define("now")
def now(run: Run) -> t.DateTime:
    value = normalize(run.clock())
    if not isinstance(value, dt.datetime | t.WideDateTime):
        raise Fault("The clock gives no date and time")
    return value


@define("today")
def today(run: Run) -> t.Date | None:
    return t.make_date(*t.date_parts(now(run)))


def _days(moment: Any) -> int:
    return t.days_from_civil(*t.date_parts(moment))


@define("day of year", "date:date|date and time")
def day_of_year(run: Run, moment: Any) -> Decimal:
    year = t.date_parts(moment)[0]
    return Decimal(_days(moment) - t.days_from_civil(year, 1, 1) + 1)


@define("day of week", "date:date|date and time")
def day_of_week(run: Run, moment: Any) -> str:
    return _DAYS[(_days(moment) + 3) % 7]


@define("month of year", "date:date|date and time")
def month_of_year(run: Run, moment: Any) -> str:
    return _MONTHS[t.date_parts(moment)[1] - 1]


@define("week of year", "date:date|date and time")
def week_of_year(run: Run, moment: Any) -> Decimal:
    """The ISO 8601 week: that of the Thursday of the same week."""
    days = _days(moment)
    thursday = days - (days + 3) % 7 + 3
    year = t.civil_from_days(thursday)[0]
    return Decimal((thursday - t.days_from_civil(year, 1, 1)) // 7 + 1)


@define("last day of month", "date:date|date and time", ours=True)
def last_day_of_month(run: Run, moment: Any) -> t.Date | None:
    year, month, _ = t.date_parts(moment)
    return t.make_date(year, month, t.days_in_month(year, month))


@define("is", "value1:any, value2:any")
def is_same(run: Run, first: Any, second: Any) -> bool:
    """Whether two values are the same element of FEEL's domain: of one type, and a moment with the same clock and offset from UTC."""
    if kind_of(first) != kind_of(second):
        return False
    if isinstance(first, t.Time):
        return (first.nanos, first.offset) == (second.nanos, second.offset)
    if isinstance(first, dt.datetime | t.WideDateTime):
        one, other = ((t.datetime_days(value), t.day_nanos(value), t.datetime_offset(value)) for value in (first, second))
        return one == other
    return ops.same(first, second, run.meter)
