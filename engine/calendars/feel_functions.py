"""The functions on calendars that FEEL expressions may call. They are ours and no part of the DMN standard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from amends.engine.calendars.calendar import FIRST_YEAR, LAST_YEAR, Calendar
from amends.engine.errors import Invalid

# Their parameters under the names an expression may give them; the last one of each is optional.
PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "add working days": ("from", "days", "calendar"),
    "add working time": ("from", "duration", "calendar"),
    "working days between": ("from", "to", "calendar"),
    "is working day": ("date", "calendar"),
    "next opening": ("from", "calendar"),
}


class _Functions:
    """The functions on one set of calendars. A wrong type, an unknown calendar or a date out of reach gives None, which is null."""

    def __init__(self, calendars: Mapping[str, Calendar], default: str) -> None:
        self._calendars = calendars
        self._default = default

    def _calendar(self, name: Any) -> Calendar | None:
        if name is None:
            name = self._default
        return self._calendars.get(name) if isinstance(name, str) else None

    def add_working_days(self, start: Any, days: Any, calendar: Any = None) -> date | None:
        """add working days(from, days, calendar?): a date gives a date, an instant the instant it is due."""
        found, n = self._calendar(calendar), _whole(days)
        if found is None or n is None or not isinstance(start, date):
            return None
        if not isinstance(start, datetime):
            return found.add_working_days(start, n)
        return _like(start, found.add_working_days(_instant(start, found), n), found)

    def add_working_time(self, start: Any, duration: Any, calendar: Any = None) -> datetime | None:
        """add working time(from, duration, calendar?): the instant by which it was open that long; a date counts from its midnight."""
        found = self._calendar(calendar)
        if found is None or not isinstance(duration, timedelta) or not isinstance(start, date):
            return None
        return _like(start, found.add_working_time(_instant(start, found), duration), found)

    def working_days_between(self, start: Any, end: Any, calendar: Any = None) -> Decimal | None:
        """working days between(from, to, calendar?): those after `from`, up to and with `to`; negative backwards."""
        found = self._calendar(calendar)
        if found is None or not isinstance(start, date) or not isinstance(end, date):
            return None
        return Decimal(found.working_days_between(_day(start, found), _day(end, found)))

    def is_working_day(self, day: Any, calendar: Any = None) -> bool | None:
        """is working day(date, calendar?): whether it opens at all on that day."""
        found = self._calendar(calendar)
        return None if found is None or not isinstance(day, date) else found.is_working_day(_day(day, found))

    def next_opening(self, start: Any, calendar: Any = None) -> datetime | None:
        """next opening(from, calendar?): the instant itself while open, otherwise the next opening."""
        found = self._calendar(calendar)
        if found is None or not isinstance(start, date):
            return None
        return _like(start, found.next_opening(_instant(start, found)), found)


def feel_functions(calendars: Mapping[str, Calendar], default: str = "default") -> dict[str, Callable[..., Any]]:
    """The calendar functions for FEEL, by name.

    Takes the calendars by name and the name of the one that counts when a call gives none. Each function has its parameters' FEEL
    names as `parameters`. Values are date, datetime, timedelta, Decimal (or int), str and bool. An instant comes back in the calendar's
    zone, so that its hour is the one on the wall; an instant without zone is taken in that zone and comes back without.
    No function raises for any value: what it cannot answer is None.
    """
    functions = _Functions(calendars, default)
    return {name: _total(getattr(functions, name.replace(" ", "_")), parameters) for name, parameters in PARAMETERS.items()}


def _total(function: Callable[..., Any], parameters: tuple[str, ...]) -> Callable[..., Any]:
    def call(*values: Any, **named: Any) -> Any:
        # "from" is no name Python lets a function have, so names are put in their places here.
        if len(values) > len(parameters) or not named.keys() <= set(parameters[len(values) :]):
            return None
        try:
            return function(*values, *(named.get(name) for name in parameters[len(values) :]))
        except (Invalid, OverflowError):
            return None

    call.__name__ = call.__qualname__ = function.__name__
    call.__doc__ = function.__doc__
    call.parameters = parameters  # type: ignore[attr-defined]
    return call


def _whole(number: Any) -> int | None:
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        return None
    # No calendar has more days, and a conversion of 1E+6000 would take long.
    if isinstance(number, Decimal) and not (number.is_finite() and abs(number) < 1_000_000 and number == int(number)):
        return None
    return int(number)


def _instant(value: date, calendar: Calendar) -> datetime:
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise Invalid(f"{value.isoformat()} is out of a calendar's reach.")
    return value.replace(tzinfo=calendar.zone).astimezone(UTC) if value.tzinfo is None else value


def _day(value: date, calendar: Calendar) -> date:
    return value if not isinstance(value, datetime) else calendar.local(_instant(value, calendar)).date()


def _like(start: date, result: datetime, calendar: Calendar) -> datetime:
    local = calendar.local(result)
    return local.replace(tzinfo=None) if isinstance(start, datetime) and start.tzinfo is None else local
