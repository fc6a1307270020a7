"""Values as people read them in a letter."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError, dates, numbers, units

from amends.engine.feel import Time, YearMonthDuration

ENGLISH = "en"
YES_AND_NO = {"de": ("ja", "nein"), "fr": ("oui", "non"), "es": ("sí", "no"), "ar": ("نعم", "لا"), "he": ("כן", "לא")}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def said(value: Any, zone: dt.tzinfo, language: str = ENGLISH) -> str:
    """A value in words of a language (a code that Babel knows; what it does not know is said in English).

    Dates as "4 December 2026", instants with the time in `zone`, lists with commas, durations in days and hours, true as "yes".
    Raises `ValueError` for what has no words: nothing, a context, a function.
    """
    if isinstance(value, str):
        return value
    if language != ENGLISH and (told := _elsewhere(value, zone, language)) is not None:
        return told
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
        return ", ".join(said(item, zone, language) for item in value)
    if isinstance(value, int | float | Decimal):
        return f"{Decimal(str(value)):f}"
    raise ValueError("it is empty" if value is None else "it is not a text, number, date or list of these")


def _elsewhere(value: Any, zone: dt.tzinfo, language: str) -> str | None:
    """Dates, numbers, lengths, yes and no in another language; None for what is said alike everywhere."""
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return None
    if isinstance(value, bool):
        return YES_AND_NO.get(locale.language, ("yes", "no"))[0 if value else 1]
    if isinstance(value, dt.datetime):
        local = value if value.tzinfo is None else value.astimezone(zone)
        return f"{dates.format_date(local.date(), 'long', locale)}, {local:%H:%M}"
    if isinstance(value, dt.date):
        return str(dates.format_date(value, "long", locale))
    if isinstance(value, dt.timedelta):
        return _parts(abs(round(value.total_seconds())), locale)
    if isinstance(value, YearMonthDuration):
        years, months = divmod(abs(value.months), 12)
        told = [_unit(number, unit, locale) for number, unit in ((years, "year"), (months, "month")) if number]
        return " ".join(told) or _unit(0, "month", locale)
    if isinstance(value, int | float | Decimal):
        return str(numbers.format_decimal(Decimal(str(value)), locale=locale, decimal_quantization=False))
    return None


def _parts(seconds: int, locale: Locale) -> str:
    parts = [(seconds // 86_400, "day"), (seconds // 3_600 % 24, "hour"), (seconds // 60 % 60, "minute"), (seconds % 60, "second")]
    return " ".join(_unit(number, unit, locale) for number, unit in parts if number) or _unit(0, "second", locale)


def _unit(number: int, unit: str, locale: Locale) -> str:
    return str(units.format_unit(number, f"duration-{unit}", locale=locale))


def _duration(value: dt.timedelta | YearMonthDuration) -> str:
    if isinstance(value, YearMonthDuration):
        years, months = divmod(abs(value.months), 12)
        parts = [(years, "year"), (months, "month")]
    else:
        seconds = abs(round(value.total_seconds()))
        parts = [(seconds // 86_400, "day"), (seconds // 3_600 % 24, "hour"), (seconds // 60 % 60, "minute"), (seconds % 60, "second")]
    told = [f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in parts if number]
    return " ".join(told) or f"0 {parts[-1][1]}s"
