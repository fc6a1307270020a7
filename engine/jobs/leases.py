"""Take due jobs in portions, so that several processes share them: a lease says who has a row, and ends with whoever had it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Boolean, Integer, and_, bindparam, func, or_, select, update

from amends.engine.jobs.due import OF_INSTANCE, Job, Jobs
from amends.engine.store import tables as t
from amends.engine.store.outages import OUTAGES

PORTION = 50
"""How many timers and signals are taken at once, by one statement."""
OPERATIONS = 4
"""How many service tasks: they may be slow, and others are to have some too."""
PORTION_SECONDS = 2.0
"""After that the rest of a portion is given back, so that a slow mail server does not hold up the timers behind it."""
SPELL_SECONDS = 30.0
"""How long one call takes portion after portion."""
MOST_COUNTED = 1_000
"""Counting what is due stops there: whoever asks only wants to know how many hands are needed."""

log = structlog.get_logger()

_J = t.job.c
# A row that is due may be in somebody's hand already (its lease runs); one that runs is due again once its lease has ended.
_TAKEABLE = and_(
    _J.held.is_(False),
    _J.due_at <= bindparam("now"),
    or_(
        and_(_J.state == "due", or_(_J.lease_until.is_(None), _J.lease_until < bindparam("real"))),
        and_(_J.state == "running", _J.lease_until < bindparam("real")),
    ),
)
_MOST = bindparam("most", type_=Integer)
_IS_SERVICE = _J.kind == "service"
_OF_KIND = _IS_SERVICE == bindparam("service", type_=Boolean)
_CHOSEN = select(_J.id).where(_TAKEABLE, _OF_KIND).order_by(_J.due_at, _J.id).limit(_MOST).with_for_update(skip_locked=True)
_TAKE = (
    update(t.job)
    .where(_J.id.in_(_CHOSEN))
    .values(state="due", lease_until=bindparam("until"))
    .returning(_J.id, OF_INSTANCE, _J.token, _J.element_id, _J.kind, _J.type, _J.body, _J.due_at, _J.attempts, _J.retries)
)
_COUNTED = select(_IS_SERVICE.label("service")).where(_TAKEABLE).limit(MOST_COUNTED).subquery()
_COUNT = select(_COUNTED.c.service, func.count().label("rows")).group_by(_COUNTED.c.service)


class LeasedJobs(Jobs):
    """Runs due jobs beside other processes. What it holds it says so by leases, which `renew` keeps alive.

    Nothing is ever run because of a lease alone: a timer fires only if its instance still waits for it, an operation only for
    whoever has claimed its row. The leases keep several processes from trying the same rows, and free those of a dead one.
    """

    def __init__(self, jobs: Jobs, lease: timedelta, stopping: Callable[[], bool]) -> None:
        super().__init__(jobs.commands, jobs.registry, jobs.at)
        self.errands, self.portions = jobs.errands, jobs.portions
        # Shorter than that of a runner which does not renew: when this process dies, another one waits only that long.
        self.lease = lease
        self.stopping = stopping
        self.last_round: float | None = None
        self._held: set[str] = set()
        self._lock = threading.Lock()

    def hands_needed(self) -> int:
        """How many hands there is work for that nobody has yet; what is due is counted up to `MOST_COUNTED`."""
        with self.database.reading() as connection:
            rows = connection.execute(_COUNT, {"now": self.commands.now(), "real": self.commands.recorded()}).all()
        return sum(-(-row.rows // (OPERATIONS if row.service else PORTION)) for row in rows)

    def work(self) -> int:
        """Take and run portions until nothing is due, the spell is over, or a stop is asked for; how many jobs ran."""
        ran, until = 0, time.monotonic() + SPELL_SECONDS
        while not self.stopping() and time.monotonic() < until:
            portion = self.take(PORTION, service=False) + self.take(OPERATIONS, service=True)
            self.last_round = time.monotonic()
            if not portion:
                break
            ran += self._run_portion(portion)
        return ran

    def take(self, most: int, *, service: bool) -> list[Job]:
        """Due jobs that nobody has, in order of due time; they are ours until the lease ends."""
        real = self.commands.recorded()
        given = {"now": self.commands.now(), "real": real, "until": real + self.lease, "most": most, "service": service}
        with self.database.transaction() as connection:
            rows = connection.execute(_TAKE, given).all()
        jobs = sorted((Job(**row._mapping) for row in rows), key=lambda job: (job.due_at, job.id))
        with self._lock:
            self._held.update(job.id for job in jobs)
        return jobs

    def _run_portion(self, portion: list[Job]) -> int:
        ran, until, keep = 0, time.monotonic() + PORTION_SECONDS, set[str]()
        try:
            for job in portion:
                if self.stopping() or time.monotonic() > until:
                    break
                try:
                    ran += self.run(job)
                except OUTAGES as error:
                    # The database is away, or undid it. The lease stays, so that it is tried again, but not at once.
                    keep.add(job.id)
                    log.error("job could not be run", instance=job.instance_id, element=job.element_id, error=type(error).__name__)
                finally:
                    with self._lock:
                        self._held.discard(job.id)
        finally:
            with self._lock:
                self._held.difference_update(job.id for job in portion)
        self._give_back(job.id for job in portion if job.id not in keep)
        return ran

    def _give_back(self, ids: Iterable[str]) -> None:
        """End the leases of rows that are still there: not reached, or due again later."""
        with self.database.transaction() as connection:
            connection.execute(update(t.job).where(_J.id.in_(list(ids)), _J.state == "due").values(lease_until=None))

    def renew(self) -> None:
        """Say that this process lives and still has what it holds."""
        with self._lock:
            ids = sorted(self._held)
        if not ids:
            return
        until = self.commands.recorded() + self.lease
        with self.database.transaction() as connection:
            connection.execute(update(t.job).where(_J.id.in_(ids), _J.lease_until.is_not(None)).values(lease_until=until))


class Heartbeat:
    """A thread that renews the leases until it is stopped: a long operation does not lose its row."""

    def __init__(self, jobs: LeasedJobs) -> None:
        self._jobs = jobs
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="amends-heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self._thread.join(5)

    def _loop(self) -> None:
        while not self._stop.wait(self._jobs.lease.total_seconds() / 4):
            try:
                self._jobs.renew()
            except OUTAGES as error:
                # The database is away. If it stays away, the leases end, and whoever reaches it first goes on.
                log.error("leases cannot be renewed", error=type(error).__name__)
