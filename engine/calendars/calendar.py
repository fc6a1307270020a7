"""A named calendar: opening hours, time zone and holidays, and the arithmetic of working days and working time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, overload

from amends.engine.calendars.reading import END_OF_DAY, NEXT_WORKING_DAY, Rules, read_rules
from amends.engine.calendars.years import NOTHING, Year
from amends.engine.errors import Invalid

# Past these years public holidays are guesses, and a bound keeps a wrong date from building thousands of years.
FIRST_YEAR: Final = 1950
LAST_YEAR: Final = 2149


class Calendar:
    """Opening hours, time zone and holidays under a name. Immutable; years are worked out when first needed.

    Instants go in as any aware datetime and come out in UTC; dates are dates in the calendar's zone. Every method raises
    `Invalid` for a datetime without time zone and for anything outside the years 1950 to 2149.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._years: dict[int, Year] = {}
        self.name = rules.name
        self.zone = rules.zone

    @classmethod
    def from_data(cls, data: Mapping[str, Any], name: str | None = None) -> Calendar:
        """Make a calendar of its table in a package.

        Takes the parsed TOML table, and the name it is listed under for when the table has no `name`.
        Raises `Invalid` with the problems of every field.
        """
        rules, problems = read_rules(data, name)
        if problems:
            raise Invalid(f"The calendar {rules.name!r} cannot be used: {'; '.join(_sentences(problems))}", problems)
        return cls(rules)

    def __repr__(self) -> str:
        return f"<Calendar {self.name!r}, {self.zone.key}>"

    @property
    def due_rule(self) -> str:
        """When a number of working days ends: "end of day" or "same time"."""
        return self._rules.due

    def local(self, at: datetime) -> datetime:
        """The same instant in the calendar's zone."""
        return _aware(at).astimezone(self.zone)

    def is_working_day(self, day: date) -> bool:
        """Whether it opens at all on that day (an instant stands for its local day)."""
        ordinal = self._day(day)
        days = self._year(date.fromordinal(ordinal).year).days
        i = bisect_left(days, ordinal)
        return i < len(days) and days[i] == ordinal

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at that instant: from an opening on, until before the closing."""
        return self.next_opening(at) == at

    def holiday_name(self, day: date) -> str | None:
        """The name of the holiday or closure on that day, if it is one."""
        local = date.fromordinal(self._day(day))
        return self._year(local.year).holidays.get(local)

    def next_opening(self, at: datetime) -> datetime:
        """`at` itself while open, otherwise the instant it opens next."""
        at = _aware(at).astimezone(UTC)
        year = at.astimezone(self.zone).year
        while True:
            opening = self._year(year).opening
            i = bisect_right(opening.ends, at)
            if i < len(opening.ends):
                return max(at, opening.starts[i])
            year += 1

    def end_of_working_day(self, day: date) -> datetime:
        """The last closing on that day, or on the next working day if that one is none."""
        return self._closing(self._shift(self._day(day), 0))

    @overload
    def add_working_days(self, when: datetime, n: int, *, due: str | None = None, received: bool = True) -> datetime: ...
    @overload
    def add_working_days(self, when: date, n: int, *, due: str | None = None, received: bool = True) -> date: ...
    def add_working_days(self, when: date, n: int, *, due: str | None = None, received: bool = True) -> date:
        """The n-th working day after `when`, or before it if n is negative; n = 0 is the first working day not before it.

        A date gives a date. An instant gives the close of that day, or the same local time on it: as `due` says, otherwise as the
        calendar does. The day of `when` is day 0, working day or not ("the third business day following the day on which it is
        received", FCA DISP 1.5.1R), unless the calendar's `received_when_closed` or `received_after_hours` moves it to the next
        working day; with `received=False`, and for negative n, it never is moved. With n = 0 the result is never before an instant.
        """
        if not isinstance(when, datetime):
            ordinal = when.toordinal()
            if received and n >= 0 and self._rules.received_when_closed == NEXT_WORKING_DAY:
                ordinal = self._shift(ordinal, 0)
            return date.fromordinal(self._shift(ordinal, n))
        local = self.local(when)
        zero, wall = self._day_zero(local) if received and n >= 0 else (local.toordinal(), local.time())
        target = self._shift(zero, n)
        if (due or self._rules.due) == END_OF_DAY:
            closing = self._closing(target)
            return closing if n or closing >= when else self._closing(self._shift(target + 1, 0))
        if n == 0 and target == local.toordinal():
            return when.astimezone(UTC)
        if n == 0:
            return self._opening(target)
        return datetime.combine(date.fromordinal(target), wall, self.zone).astimezone(UTC)

    def add_working_time(self, at: datetime, duration: timedelta) -> datetime:
        """The instant by which it was open for `duration` since `at`, or before `at` if it is negative; `at` itself for none."""
        at = _aware(at).astimezone(UTC)
        if not duration:
            return at
        year = at.astimezone(self.zone).year
        spent = self._year(year).opening.spent(at) + duration
        if duration > NOTHING:
            while spent > self._year(year).opening.total:
                spent -= self._year(year).opening.total
                year += 1
            return self._year(year).opening.reached(spent)
        while spent < NOTHING:
            year -= 1
            spent += self._year(year).opening.total
        return self._year(year).opening.left(spent)

    def working_days_between(self, first: date, last: date) -> int:
        """How many working days come after the day of `first`, up to and with the day of `last`; negative if `last` is earlier.

        The inverse of adding: n working days after a day are n working days between the two (where day 0 is not moved).
        """
        start, end = self._day(first), self._day(last)
        return self._count(start, end) if start <= end else -self._count(end, start)

    def working_time_between(self, first: datetime, last: datetime) -> timedelta:
        """How long it is open between two instants; negative if `last` is earlier."""
        first, last = _aware(first).astimezone(UTC), _aware(last).astimezone(UTC)
        if first > last:
            return -self.working_time_between(last, first)
        year, final = first.astimezone(self.zone).year, last.astimezone(self.zone).year
        spent = self._year(final).opening.spent(last) - self._year(year).opening.spent(first)
        for passed in range(year, final):
            spent += self._year(passed).opening.total
        return spent

    def closings_between(self, first: datetime, last: datetime) -> int:
        """How many working days close from `first` on and before `last` (≥ first): what a pause takes from a clock that counts days."""
        year, final = self._closing_year(first), self._closing_year(last)
        found = bisect_left(self._year(final).closings, last) - bisect_left(self._year(year).closings, first)
        return found + sum(len(self._year(passed).days) for passed in range(year, final))

    def nth_closing(self, at: datetime, n: int) -> datetime:
        """The n-th close of a working day after `at` (n ≥ 1)."""
        year = self._closing_year(at)
        i = bisect_right(self._year(year).closings, at) + n - 1
        while i >= len(self._year(year).closings):
            i -= len(self._year(year).closings)
            year += 1
        return self._year(year).closings[i]

    def _closing_year(self, at: datetime) -> int:
        # A close at midnight of New Year's Eve belongs to the year that ends.
        return self.local(at - timedelta.resolution).year

    def _day_zero(self, local: datetime) -> tuple[int, time]:
        """The day an instant counts from, as an ordinal, and the time of day taken from there."""
        ordinal = local.toordinal()
        next_day = self._shift(ordinal, 0)
        if next_day != ordinal:
            moved = self._rules.received_when_closed == NEXT_WORKING_DAY
        else:
            moved = self._rules.received_after_hours == NEXT_WORKING_DAY and local >= self._closing(ordinal)
            next_day = self._shift(ordinal + 1, 0) if moved else ordinal
        if not moved:
            return ordinal, local.time()
        return next_day, self._opening(next_day).astimezone(self.zone).time()

    def _shift(self, ordinal: int, n: int) -> int:
        """The n-th working day after a day, before it for negative n; for 0 the first that is not before it."""
        year = date.fromordinal(ordinal).year
        days = self._year(year).days
        if n < 0:
            i = bisect_left(days, ordinal) + n
            while i < 0:
                year -= 1
                days = self._year(year).days
                i += len(days)
            return days[i]
        i = bisect_right(days, ordinal) + n - 1 if n else bisect_left(days, ordinal)
        while i >= len(days):
            i -= len(days)
            year += 1
            days = self._year(year).days
        return days[i]

    def _count(self, start: int, end: int) -> int:
        """How many working days come after the day `start` up to and with the day `end` (start ≤ end)."""
        year, final = date.fromordinal(start + 1).year, date.fromordinal(max(end, start + 1)).year
        found = bisect_right(self._year(final).days, end) - bisect_right(self._year(year).days, start)
        return found + sum(len(self._year(passed).days) for passed in range(year, final))

    def _opening(self, ordinal: int) -> datetime:
        year = self._year(date.fromordinal(ordinal).year)
        return year.openings[bisect_left(year.days, ordinal)]

    def _closing(self, ordinal: int) -> datetime:
        """When a working day closes."""
        year = self._year(date.fromordinal(ordinal).year)
        return year.closings[bisect_left(year.days, ordinal)]

    def _day(self, day: date) -> int:
        return self.local(day).toordinal() if isinstance(day, datetime) else day.toordinal()

    def _year(self, year: int) -> Year:
        found = self._years.get(year)
        if found is None:
            if not FIRST_YEAR <= year <= LAST_YEAR:
                raise Invalid(f"The calendar {self.name!r} reaches from {FIRST_YEAR} to {LAST_YEAR}, not to {year}; check the date.")
            # Two threads may both build it: the results are equal and the last one stays.
            found = self._years[year] = Year(self._rules, year)
        return found


def calendar_problems(data: Any, name: str | None = None) -> list[str]:
    """Everything that is wrong with a calendar's table, one sentence each, with the field in front; empty if it can be used."""
    return _sentences(read_rules(data, name)[1])


def _sentences(problems: Mapping[str, list[str]]) -> list[str]:
    return [f"{where}: {message}" for where, messages in problems.items() for message in messages]


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None or at.utcoffset() is None:
        raise Invalid(f"The time {at.isoformat()} has no time zone; give an aware datetime.")
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise Invalid(f"Calendars reach from {FIRST_YEAR} to {LAST_YEAR}, and {at.isoformat()} does not fall into that; check the date.")
    return at
