"""Inboxes, completions and sweeps among a thousand open tasks and waiting timers, and among as many as wanted."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from amends.engine.api import Engine
from amends.engine.errors import AmendsError
from amends.engine.jobs.leases import LeasedJobs
from amends.engine.operating.bench.diagrams import VALUES, waiting
from amends.engine.operating.bench.filling import fill
from amends.engine.operating.bench.speed import ACTOR
from amends.engine.store import tables as t

FEW = 1_000
PAGE = 50
PAGE_WANTED = 1_000
COMPLETIONS = 120
DUE_AT_ONCE = 10_000
LISTS: dict[str, dict[str, Any]] = {
    "all": {}, "mine": {"assignee": "person-1"}, "teams": {"groups": ["team-a", "team-b"], "unassigned": True},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds of each thing among so many."""

    first: dict[str, float]
    later: dict[str, float]
    completion: float
    sweep: float


class Scale:
    """An engine whose clock can be moved, and what fills and measures it. The database has to be new."""

    def __init__(self, url: str) -> None:
        self.ahead = timedelta()
        self.engine = Engine(url, clock=lambda: datetime.now(UTC) + self.ahead)
        self.engine.deploy({"waiting.bpmn": waiting("waiting", "P10D")}, actor=ACTOR)
        self.engine.deploy({"soon.bpmn": waiting("soon", "PT1H")}, actor=ACTOR)

    def templates(self, process_id: str) -> list[str]:
        """Instances that are copied: half of their tasks nobody has, due in twenty days to never, for one team or two."""
        people = [None, "person-1", None, "person-2", None, "person-3"]
        teams = [["team-a"], ["team-b"], ["team-a", "team-b"], ["team-c"]]
        made = []
        for number in range(12):
            due = None if number % 5 == 0 else self.engine.now() + timedelta(days=number % 20)
            values = {**VALUES, "who": people[number % 6], "groups": teams[number % 4], "due": due}
            made.append(self.engine.start(process_id, values, actor=ACTOR))
        return made

    def grow(self, many: int, process_id: str = "waiting") -> None:
        """Let there be `many` more."""
        fill(self.engine, self.templates(process_id), many - 12)

    def measure(self) -> Figures:
        """The first and the thousandth page of each list with its count, a completion, a sweep of which nothing is due."""
        first, later = {}, {}
        for name, which in LISTS.items():
            first[name] = self._page(which, None)
            after = self._before_page(which)
            later[name] = self._page(which, after) if after else first[name]
        return Figures(first, later, self._completion(), self._sweep())

    def _page(self, which: dict[str, Any], after: str | None) -> float:
        def page() -> None:
            found = self.engine.user_tasks(limit=PAGE, after=after, **which)
            if len(found) != PAGE or self.engine.count_user_tasks(**which) < PAGE:
                raise AmendsError(f"The list {which} has {len(found)} tasks on a page of {PAGE}; nothing was measured.")

        return _typical(page, 25)

    def _before_page(self, which: dict[str, Any]) -> str | None:
        """The last task before the thousandth page; None where there are not so many."""
        found = self.engine.user_tasks(limit=PAGE * PAGE_WANTED, **which)
        return found[PAGE * (PAGE_WANTED - 1) - 1].id if len(found) == PAGE * PAGE_WANTED else None

    def _completion(self) -> float:
        tasks = iter([task.id for task in self.engine.user_tasks(limit=COMPLETIONS + 5)])
        for _ in range(5):
            self.engine.complete(next(tasks), {"done": True}, actor=ACTOR)
        return _typical(lambda: self.engine.complete(next(tasks), {"done": True}, actor=ACTOR), COMPLETIONS)

    def _sweep(self) -> float:
        workers = LeasedJobs(self.engine.jobs, timedelta(seconds=60), lambda: False)

        def sweep() -> None:
            if self.engine.database.sqlite:
                with self.engine.database.reading() as connection:
                    due = len(self.engine.jobs.due(connection, self.engine.now(), None, 50))
            else:
                due = workers.hands_needed()
            if due:
                raise AmendsError("Something is due; a sweep that finds nothing cannot be measured.")

        return _typical(sweep, 25)

    def fire(self) -> tuple[int, float]:
        """Ten thousand timers that are due at once, run by this process; how many fired once, seconds of one."""
        self.grow(DUE_AT_ONCE, "soon")
        self.ahead = timedelta(hours=2)
        began = time.perf_counter()
        self.engine.run_due(limit=2 * DUE_AT_ONCE)
        took = time.perf_counter() - began
        self.ahead = timedelta()
        return self.fired(), took / DUE_AT_ONCE

    def fired(self) -> int:
        """How many instances have had their timer once: a row for the start, one for the timer."""
        i = t.instance.c
        with self.engine.database.reading() as connection:
            return int(connection.execute(select(func.count()).where(i.process_id == "soon", i.seq == 2)).scalar() or 0)


def _typical(action: Callable[[], None], times: int) -> float:
    """Seconds that a quarter of the tries stay within: what it takes by itself, whatever else the machine and its disk are doing."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return statistics.quantiles(taken, n=4)[0]
