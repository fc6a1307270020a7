"""Calendars and clocks: opening hours with holidays, and the deadlines measured by them. A leaf: it knows nothing of the rest."""

from amends.engine.calendars.calendar import Calendar, calendar_problems
from amends.engine.calendars.clock import CANCELLED, LATE, MET, MET_LATE, PAUSED, RUNNING, SOON, Clock, Extension, Pause
from amends.engine.calendars.feel_functions import feel_functions
from amends.engine.calendars.lengths import Length, read_extension, read_length, read_warning
from amends.engine.calendars.reckoning import Remaining
from amends.engine.calendars.words import words

__all__ = [
    "CANCELLED",
    "LATE",
    "MET",
    "MET_LATE",
    "PAUSED",
    "RUNNING",
    "SOON",
    "Calendar",
    "Clock",
    "Extension",
    "Length",
    "Pause",
    "Remaining",
    "calendar_problems",
    "feel_functions",
    "read_extension",
    "read_length",
    "read_warning",
    "words",
]
