"""Values as people read them in a letter."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from amends.engine.feel import Time, YearMonthDuration

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def said(value: Any, zone: dt.tzinfo) -> str:
    """A value in words.

    Dates as "4 December 2026", instants with the time in `zone`, lists with commas, durations in days and hours, true as "yes".
    Raises `ValueError` for what has no words: nothing, a context, a function.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        local = value if value.tzinfo is None else value.astimezone(zone)
        return f"{said(local.date(), zone)}, {local:%H:%M}"
    if isinstance(value, dt.date):
        return f"{value.day} {MONTHS[value.month - 1]} {value.year}"
    if isinstance(value, Time | dt.time):
        return f"{value.hour:02d}:{value.minute:02d}"
    if isinstance(value, dt.timedelta | YearMonthDuration):
        return _duration(value)
    if isinstance(value, list | tuple):
        return ", ".join(said(item, zone) for item in value)
    if isinstance(value, int | float | Decimal):
        return f"{Decimal(str(value)):f}"
    raise ValueError("it is empty" if value is None else "it is not a text, number, date or list of these")


def _duration(value: dt.timedelta | YearMonthDuration) -> str:
    if isinstance(value, YearMonthDuration):
        years, months = divmod(abs(value.months), 12)
        parts = [(years, "year"), (months, "month")]
    else:
        seconds = abs(round(value.total_seconds()))
        parts = [(seconds // 86_400, "day"), (seconds // 3_600 % 24, "hour"), (seconds // 60 % 60, "minute"), (seconds % 60, "second")]
    told = [f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in parts if number]
    return " ".join(told) or f"0 {parts[-1][1]}s"
