"""A clock in plain English, for pages. All its words are in this module, so that another language replaces one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from amends.engine.calendars import reckoning
from amends.engine.calendars.calendar import Calendar
from amends.engine.calendars.clock import CANCELLED, LATE, MET, MET_LATE, PAUSED, Clock
from amends.engine.calendars.lengths import WORKING_DAYS, WORKING_TIME

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS: Final = {
    "minute": ("1 minute", "{} minutes"),
    "hour": ("1 hour", "{} hours"),
    "day": ("1 day", "{} days"),
    "working minute": ("1 working minute", "{} working minutes"),
    "working hour": ("1 working hour", "{} working hours"),
    "working day": ("1 working day", "{} working days"),
}
_SMALLEST: Final = {reckoning.TIME: "minute", reckoning.DAYS: "day", WORKING_TIME: "working minute", WORKING_DAYS: "working day"}
_PHRASES: Final = {
    "today": "today {time}",
    "tomorrow": "tomorrow {time}",
    "in": "in {amount} ({at})",
    "late": "late by {amount}",
    "late since": "late since {at}",
    "paused": "paused since {at}",
    "paused because": "paused since {at}: {reason}",
    "left": "{text}; {amount} left",
    "hardly left": "{text}; less than a {unit} left",
    "paused late": "{text}; late by {amount}",
    "met": "met {at}",
    "met late": "met {at}, late by {amount}",
    "met just late": "met {at}, late",
    "cancelled": "cancelled {at}",
    "cancelled because": "cancelled {at}: {reason}",
}


def words(clock: Clock, now: datetime, calendars: Mapping[str, Calendar]) -> str:
    """Say how a clock stands, in plain English and in the time zone of its calendar.

    For example "in 3 working days (Thu 7 May, 17:00)", "today 16:00", "late by 2 working days",
    "paused since Mon 4 May, 10:00: waiting for the complainant; 3 working days left". Raises `NotFound` if its calendar is missing.
    """
    calendar = reckoning.calendar_of(clock, calendars)
    state, today = clock.state(now, calendars), calendar.local(now)
    if state == CANCELLED:
        return _because("cancelled", calendar, clock.stopped_at or now, today, clock.reason)
    if state == PAUSED:
        return _paused(clock, now, calendars)
    due = reckoning.promised(clock, calendars)
    if state in (MET, MET_LATE):
        at = _at(calendar.local(clock.met_at or now), today)
        amount = _late_by(clock, now, calendars) if state == MET_LATE else ""
        return _PHRASES["met" if state == MET else "met late" if amount else "met just late"].format(at=at, amount=amount)
    if state == LATE:
        amount = _late_by(clock, now, calendars)
        return _PHRASES["late" if amount else "late since"].format(amount=amount, at=_at(calendar.local(due), today))
    return _ahead(clock, calendar, today, calendar.local(due))


def _ahead(clock: Clock, calendar: Calendar, today: datetime, due: datetime) -> str:
    days = (due.date() - today.date()).days
    if days <= 1:
        return _PHRASES["tomorrow" if days else "today"].format(time=f"{due:%H:%M}")
    left = clock.remaining(today, {clock.calendar: calendar})
    if left.unit == WORKING_DAYS:
        # "In 3 working days" counts from tomorrow, as people do, while what is left counts today.
        amount = _unit("working day", calendar.working_days_between(today, due))
    elif left.unit in (reckoning.TIME, reckoning.DAYS):
        amount = _unit("day", days)
    else:
        amount = _amount(left)
    return _PHRASES["in"].format(amount=amount, at=_at(due, today))


def _paused(clock: Clock, now: datetime, calendars: Mapping[str, Calendar]) -> str:
    calendar, pause = calendars[clock.calendar], clock.pauses[-1]
    text = _because("paused", calendar, pause.at, calendar.local(now), pause.reason)
    left = clock.remaining(now, calendars)
    if left.late:
        amount = _amount(left)
        return _PHRASES["paused late"].format(text=text, amount=amount) if amount else text
    if left.unit == WORKING_DAYS:
        # The same number as "in … working days" said before the pause.
        left = replace(left, amount=calendar.working_days_between(pause.at, reckoning.promised(clock, calendars)))
    amount = _amount(left)
    return _PHRASES["left" if amount else "hardly left"].format(text=text, amount=amount, unit=_SMALLEST[left.unit])


def _because(phrase: str, calendar: Calendar, at: datetime, today: datetime, reason: str | None) -> str:
    said = _PHRASES[f"{phrase} because" if reason else phrase]
    return said.format(at=_at(calendar.local(at), today), reason=reason)


def _late_by(clock: Clock, now: datetime, calendars: Mapping[str, Calendar]) -> str:
    """How late, in the clock's own unit; empty if nothing of it has passed since (late at night, at the weekend)."""
    return _amount(clock.remaining(now, calendars))


def _amount(left: reckoning.Remaining) -> str:
    if not isinstance(left.amount, timedelta):
        return _unit("working day" if left.unit == WORKING_DAYS else "day", abs(left.amount)) if left.amount else ""
    kind = "" if left.unit == reckoning.TIME else "working "
    minutes = abs(left.amount) // timedelta(minutes=1)
    if not kind and minutes >= 24 * 60:
        return _unit("day", minutes // (24 * 60))
    if minutes >= 60:
        return _unit(f"{kind}hour", minutes // 60)
    return _unit(f"{kind}minute", minutes) if minutes else ""


def _unit(unit: str, number: int) -> str:
    one, many = _UNITS[unit]
    return one if number == 1 else many.format(number)


def _at(local: datetime, today: datetime) -> str:
    year = f" {local.year}" if local.year != today.year else ""
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}{year}, {local:%H:%M}"
