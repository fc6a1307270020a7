"""A clock in plain English."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from amends.engine.calendars import Calendar, Clock, words

LONDON = ZoneInfo("Europe/London")
CALENDARS = {"default": Calendar.from_data({"timezone": "Europe/London", "holidays": {"country": "GB", "subdivision": "ENG"}})}


def london(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=LONDON)  # type: ignore[arg-type]


def clock(length: str) -> Clock:
    return Clock.begin("c", london(2026, 5, 5, 10), length)


FIVE_DAYS, EIGHT_HOURS, EIGHT_WEEKS = clock("5 working days"), clock("8 working hours"), clock("P8W")
NOON = london(2026, 5, 6, 12)


@pytest.mark.parametrize(
    ("which", "now", "text"),
    [
        (FIVE_DAYS, london(2026, 5, 7, 9), "in 3 working days (Tue 12 May, 17:00)"),
        (FIVE_DAYS, london(2026, 5, 9, 9), "in 2 working days (Tue 12 May, 17:00)"),
        (clock("2 working days"), london(2026, 5, 2, 9), "in 3 working days (Thu 7 May, 17:00)"),
        (clock("3 working days"), london(2026, 5, 8, 8), "today 17:00"),
        (FIVE_DAYS, london(2026, 5, 11, 9), "tomorrow 17:00"),
        (FIVE_DAYS, london(2026, 5, 12, 17), "today 17:00"),
        (FIVE_DAYS, london(2026, 5, 12, 18), "late since Tue 12 May, 17:00"),
        (FIVE_DAYS, london(2026, 5, 13, 9), "late by 1 working day"),
        (FIVE_DAYS, london(2026, 5, 14, 9), "late by 2 working days"),
        (clock("40 working hours"), london(2026, 5, 8, 9), "in 17 working hours (Tue 12 May, 10:00)"),
        (EIGHT_HOURS, london(2026, 5, 6, 10, 30), "late by 30 working minutes"),
        (EIGHT_HOURS, london(2026, 5, 6, 11), "late by 1 working hour"),
        (clock("7 working hours"), london(2026, 5, 5, 23), "late since Tue 5 May, 17:00"),
        (EIGHT_WEEKS, london(2026, 6, 1, 9), "in 29 days (Tue 30 Jun, 10:00)"),
        (clock("P9M"), london(2026, 6, 1, 9), "in 249 days (Fri 5 Feb 2027, 10:00)"),
        (clock("P8W, end of day"), london(2026, 6, 1, 9), "in 29 days (Tue 30 Jun, 23:59)"),
        (clock("P8W, end of day"), london(2026, 7, 2, 9), "late by 2 days"),
        (clock("P8W, end of day").paused(london(2026, 6, 30, 9)), NOON, "paused since Tue 30 Jun, 09:00; less than a day left"),
        (EIGHT_HOURS.paused(NOON), NOON, "paused since Wed 6 May, 12:00; late by 2 working hours"),
        (EIGHT_HOURS.paused(london(2026, 5, 6, 9, 59, 30)), NOON, "paused since Wed 6 May, 09:59; less than a working minute left"),
        (EIGHT_WEEKS, london(2026, 6, 30, 10, 1), "late by 1 minute"),
        (EIGHT_WEEKS, london(2026, 6, 30, 10, 0, 30), "late since Tue 30 Jun, 10:00"),
        (EIGHT_WEEKS, london(2026, 7, 1, 9), "late by 23 hours"),
        (EIGHT_WEEKS, london(2026, 7, 1, 10), "late by 1 day"),
        (
            FIVE_DAYS.paused(NOON, "waiting for the complainant"),
            london(2026, 7, 1, 9),
            "paused since Wed 6 May, 12:00: waiting for the complainant; 4 working days left",
        ),
        (FIVE_DAYS.paused(london(2026, 5, 12, 9)), london(2026, 7, 1, 9), "paused since Tue 12 May, 09:00; less than a working day left"),
        (FIVE_DAYS.paused(london(2026, 5, 14, 9)), london(2026, 7, 1, 9), "paused since Thu 14 May, 09:00; late by 2 working days"),
        (EIGHT_WEEKS.paused(NOON), london(2027, 1, 4, 9), "paused since Wed 6 May 2026, 12:00; 54 days left"),
        (clock("PT26H").paused(NOON), NOON, "paused since Wed 6 May, 12:00; less than a minute left"),
        (clock("7 working hours").paused(london(2026, 5, 5, 23)), NOON, "paused since Tue 5 May, 23:00"),
        (FIVE_DAYS.met(NOON), london(2026, 7, 1, 9), "met Wed 6 May, 12:00"),
        (FIVE_DAYS.met(london(2026, 5, 14, 9)), london(2026, 7, 1, 9), "met Thu 14 May, 09:00, late by 2 working days"),
        (FIVE_DAYS.met(london(2026, 5, 12, 19)), london(2026, 7, 1, 9), "met Tue 12 May, 19:00, late"),
        (FIVE_DAYS.cancelled(NOON, "withdrawn"), london(2026, 7, 1, 9), "cancelled Wed 6 May, 12:00: withdrawn"),
        (FIVE_DAYS.cancelled(NOON), london(2026, 7, 1, 9), "cancelled Wed 6 May, 12:00"),
    ],
)
def test_a_clock_in_words(which: Clock, now: datetime, text: str) -> None:
    """What a page says about it at that time, in the calendar's zone."""
    assert words(which, now, CALENDARS) == text
