"""One calendar year worked out: its working days, and its opening periods as instants."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from amends.engine.calendars.public_holidays import public_holidays
from amends.engine.calendars.reading import Periods, Rules

NOTHING = timedelta(0)


@dataclass(frozen=True)
class Opening:
    """All opening periods of a year as UTC instants, in order, with the time open before each.

    Instants and not wall times are added up, so a round-the-clock day has 23 or 25 hours when daylight saving changes.
    """

    starts: list[datetime]
    ends: list[datetime]
    before: list[timedelta]
    total: timedelta

    def spent(self, at: datetime) -> timedelta:
        """How long it was open in this year before `at`."""
        i = bisect_right(self.starts, at) - 1
        return NOTHING if i < 0 else self.before[i] + min(at, self.ends[i]) - self.starts[i]

    def reached(self, spent: timedelta) -> datetime:
        """The first instant by which it was open for `spent` (0 < spent ≤ total): a closing, not the next opening."""
        i = bisect_left(self.before, spent) - 1
        return self.starts[i] + (spent - self.before[i])

    def left(self, spent: timedelta) -> datetime:
        """The last instant by which it was open for `spent` (0 ≤ spent < total): an opening, not the closing before."""
        i = bisect_right(self.before, spent) - 1
        return self.starts[i] + (spent - self.before[i])


class Year:
    """A year of a calendar. Building its days costs about a millisecond, so calendars keep them."""

    def __init__(self, rules: Rules, year: int) -> None:
        self._rules = rules
        first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
        self.holidays = dict(public_holidays(rules.region, year)) if rules.region else {}
        for day in rules.removed:
            self.holidays.pop(day, None)
        self.holidays.update({day: name for day, name in rules.added.items() if day.year == year})
        closed = {day.toordinal() for day in self.holidays}
        special = {day.toordinal(): periods for day, periods in rules.special.items() if day.year == year}
        self._periods: dict[int, Periods] = {}
        for ordinal in range(first, last + 1):
            periods = special.get(ordinal)
            if periods is None:
                # Ordinal 1 is a Monday.
                periods = () if ordinal in closed else rules.hours[(ordinal - 1) % 7]
            if periods:
                self._periods[ordinal] = periods
        self.days = list(self._periods)

    @cached_property
    def opening(self) -> Opening:
        """The opening periods of the whole year."""
        starts, ends, before = [], [], []
        total = NOTHING
        for ordinal in self.days:
            for start, end in self._instants(ordinal):
                starts.append(start)
                ends.append(end)
                before.append(total)
                total += end - start
        return Opening(starts, ends, before, total)

    @cached_property
    def openings(self) -> list[datetime]:
        """When each working day opens, in the order of `days`."""
        return [next(self._instants(ordinal))[0] for ordinal in self.days]

    @cached_property
    def closings(self) -> list[datetime]:
        """When each working day closes, in the order of `days`."""
        return [max(end for _, end in self._instants(ordinal)) for ordinal in self.days]

    def _instants(self, ordinal: int) -> Iterator[tuple[datetime, datetime]]:
        """A day's periods as instants. Times that daylight saving skips are the instants they would have been."""
        midnight = datetime.combine(date.fromordinal(ordinal), datetime.min.time())
        latest: datetime | None = None
        for start, end in self._periods[ordinal]:
            opens, closes = self._utc(midnight + timedelta(minutes=start)), self._utc(midnight + timedelta(minutes=end))
            # A period inside the skipped hour is moved past it and may meet the next one: time is counted once.
            if latest is not None:
                opens = max(opens, latest)
            if opens < closes:
                yield opens, closes
                latest = closes

    def _utc(self, wall: datetime) -> datetime:
        return wall.replace(tzinfo=self._rules.zone).astimezone(UTC)
