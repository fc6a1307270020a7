"""Run what is due: timers, service tasks, signals. Each job is one command of its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, Integer, Select, and_, bindparam, delete, func, or_, select, union_all, update
from sqlalchemy.exc import InterfaceError, OperationalError

from amends.engine.errors import AmendsError, Conflict, NotFound, Unavailable
from amends.engine.execution import BpmnError, Fault
from amends.engine.execution.values import decode, encode
from amends.engine.instances import resting, schedules, suspensions
from amends.engine.instances.commands import Commands, Suspended, Work
from amends.engine.instances.messages import NOBODY, SIGNAL, SIGNALS, signalled, starts_by
from amends.engine.instances.rows import WAITING
from amends.engine.services.base import NotYet
from amends.engine.services.registry import Registry, checked
from amends.engine.store import tables as t
from amends.engine.store.fixed import Fixed

LEASE = timedelta(minutes=10)
"""How long a runner may work on a job before another one takes it for dead."""
FIRST_PAUSE = timedelta(seconds=30)
"""Before the second attempt; it doubles each time, with jitter."""
LONGEST_PAUSE = timedelta(hours=1)
ERROR_LENGTH = 2_000
SYSTEM = "system"
GIVING_UP = 24
"""So often more it is tried, an hour apart, to tell that an errand was given up, where not even that works."""
LOST_RUNNER = "whatever ran it died before it could say how it went"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Errand:
    """Work that is no instance's own. `run` gets the id of its job and what it is about; it may be called again for the same id.

    `given_up` gets the reason as well, once no attempt is left, so that somebody is told.
    """

    run: Callable[[str, dict[str, Any]], None]
    given_up: Callable[[str, dict[str, Any], str], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One row of work. `instance_id` is empty for a timer that starts one."""

    id: str
    instance_id: str
    token: int
    element_id: str
    kind: str
    type: str | None
    body: bytes | None
    due_at: datetime
    attempts: int
    retries: int


_J = t.job.c
OF_INSTANCE = func.coalesce(_J.instance_id, "").label("instance_id")
_MOST = bindparam("most", type_=Integer)


def _first(*where: ColumnElement[bool]) -> Select[Any]:
    """What is due, in order; each state by itself, so that the index gives it in order and nothing is sorted."""
    columns = (_J.id, OF_INSTANCE, _J.token, _J.element_id, _J.kind, _J.type, _J.body, _J.due_at, _J.attempts, _J.retries)
    free = (_J.state == "due", and_(_J.state == "running", _J.lease_until < bindparam("taken")))
    due, left = (
        select(*columns).where(one, _J.due_at <= bindparam("now"), *where).order_by(_J.due_at, _J.id).limit(_MOST).subquery()
        for one in free
    )  # fmt: skip
    both = union_all(select(due), select(left)).subquery()
    return select(both).order_by(both.c.due_at, both.c.id).limit(_MOST)


_DUE = Fixed(_first(_J.held.is_(False)))
_DUE_OF_INSTANCE = Fixed(_first(_J.instance_id == bindparam("instance")))


def awaken(connection: Connection, job_id: str, now: datetime) -> bool:
    """What an operation waited for is done outside: it is run once more. Whether there was one that waits."""
    fresh = {"state": "due", "due_at": now, "attempts": 0, "error": None, "lease_until": None}
    return connection.execute(update(t.job).where(_J.id == job_id, _J.state == WAITING).values(**fresh)).rowcount == 1


def hold_up(work: Work, job_id: str, message: str) -> None:
    """What an operation waited for will not be done outside: where it waits still, its element is held up with this message."""
    number = job_id.rpartition(".")[2]
    token = work.execution.token(int(number)) if number.isdigit() else None
    failed = update(t.job).where(_J.id == job_id, _J.state == WAITING).values(state="failed", error=message[:ERROR_LENGTH])
    if token is not None and work.connection.execute(failed).rowcount == 1:
        work.execution.incident(token, message[:ERROR_LENGTH])


class Jobs:
    """Finds due jobs by the index on their time and runs them."""

    lease = LEASE

    def __init__(self, commands: Commands, registry: Registry, at: Callable[[datetime], Any]) -> None:
        self.commands = commands
        self.registry = registry
        self.database = commands.database
        self.at = at
        self.errands: dict[str, Errand] = {}
        """Work that is no instance's own, by its kind of job."""
        self.portions: dict[str, Callable[[str], object | None]] = {resting.RESTING: partial(resting.carry_on, commands)}
        """Long work that is done some at a time, by its kind of job: given the job's id, it does the next portion; None: it is over."""

    def due(self, connection: Connection, now: datetime, instance_id: str | None, limit: int) -> list[Job]:
        """The jobs due at `now`, in order of due time; those of held instances only when their instance is asked for."""
        query, names = (_DUE, {}) if instance_id is None else (_DUE_OF_INSTANCE, {"instance": instance_id})
        rows = query.all(connection, {"now": now, "taken": self.commands.recorded(), "most": limit, **names})
        return [Job(*row) for row in rows]

    def run_due(self, now: datetime, instance_id: str | None, limit: int, since: datetime | None = None) -> int:
        """Run due jobs until none is left or `limit` ran; how many ran.

        With `since` each fires at its own due instant instead of `now`, but never before `since` nor before the job that ran
        ahead of it: what was due in the past happens in the past, in order.
        """
        ran, seen = 0, set[Job]()
        while ran < limit:
            with self.database.reading() as connection:
                jobs = self.due(connection, now, instance_id, min(50, limit - ran) if since is None else 1)
            if seen.issuperset(jobs):
                # Nothing is left, or nothing but what would not run a moment ago: it is somebody else's now.
                break
            seen.update(jobs)
            for job in jobs:
                if since is not None:
                    since = max(since, job.due_at)
                with self.at(now if since is None else since):
                    ran += self.run(job)
        return ran

    def run(self, job: Job) -> bool:
        """Run one job, if nobody else has; whether it ran."""
        try:
            if job.kind == "timer":
                return self._timer(job)
            if job.kind in (SIGNAL, SIGNALS):
                return self._signal(job)
            if job.kind == schedules.START:
                return self._start(job)
            if job.kind in self.portions:
                return self.portions[job.kind](job.id) is not None
            if job.kind in self.errands:
                return self._errand(job)
            return self._service(job)
        except Suspended:
            return self._rest(job)
        except (Conflict, NotFound):
            # Its instance ended, or the element went on, while the job waited its turn: there is nothing left to do.
            self._drop(job)
            return False
        except (OperationalError, InterfaceError, Unavailable):
            raise
        except Exception as error:
            # Whatever is wrong with this one, those behind it must run: it is tried again later and given up in the end.
            where = {"instance": job.instance_id, "element": job.element_id}
            log.error("job failed", kind=job.kind, error=type(error).__name__, **where)
            return self._put_off(job, f"{type(error).__name__}: {error}")

    def _drop(self, job: Job) -> None:
        """Take a job away, unless it is another one by now: a timer that was put off keeps its id."""
        j = t.job.c
        with self.database.transaction() as connection:
            connection.execute(delete(t.job).where(j.id == job.id, j.due_at == job.due_at, j.kind == job.kind))

    def _rest(self, job: Job) -> bool:
        """Keep a job of a suspended instance out of sight until that is resumed."""
        with self.database.transaction() as connection:
            waiting = {"state": "due", "held": True, "attempts": job.attempts, "lease_until": None}
            connection.execute(update(t.job).where(t.job.c.id == job.id).values(**waiting))
        return False

    def _put_off(self, job: Job, message: str) -> bool:
        """Try a job again later, its own time left as it is; after its attempts, leave it with an incident."""
        attempts = job.attempts + 1
        after = {"attempts": attempts, "error": message[:ERROR_LENGTH], "lease_until": self.commands.recorded() + _pause(attempts)}
        with self.database.transaction() as connection:
            state = "running" if attempts < job.retries else "failed"
            mine = (t.job.c.id == job.id, t.job.c.due_at == job.due_at)
            connection.execute(update(t.job).where(*mine).values(state=state, **after))
        if attempts >= job.retries:
            self._give_up(job, message, attempts)
        return True

    def _give_up(self, job: Job, message: str, attempts: int) -> None:
        try:
            with self.commands.on(job.instance_id, job.kind, SYSTEM, suspended_too=True) as work:
                token = work.execution.token(job.token)
                if token is not None and token.wait is not None:
                    token.internal_data["attempts"] = attempts
                    work.execution.incident(token, f"The {job.kind} failed after {attempts} attempts: {message}"[:ERROR_LENGTH])
        except Exception as error:
            # Not even that can be written: the job stays as failed, with its error, and what is behind it runs.
            log.error("incident cannot be written", instance=job.instance_id, element=job.element_id, error=type(error).__name__)

    def _timer(self, job: Job) -> bool:
        with self.commands.on(job.instance_id, "timer", SYSTEM) as work:
            token = work.execution.token(job.token)
            wait = None if token is None else token.wait
            if token is None or wait is None or wait.get("kind") != "timer" or wait["due"] != job.due_at:
                raise Conflict(f"The timer {job.element_id} is not due any more.")
            work.execution.fire(token, {}, due=job.due_at.isoformat())
        return True

    def _start(self, job: Job) -> bool:
        with self.commands.atomic() as connection:
            taken = schedules.take(connection, job.id, job.due_at, job.body or b"", self.commands.now())
            if taken is None:
                return False
            deployment_id, told = taken
            version = self.commands.versions.get(deployment_id)
            self.commands.start(version, str(job.type), {}, business_key=None, actor=SYSTEM, element_id=job.element_id, timer=told)
            self.database.after_commit(self.commands.wake)
        return True

    def _errand(self, job: Job) -> bool:
        """Run what no instance waits for: tried as often as its row says, and taken away at the end, whatever became of it."""
        if not self._claim(job):
            return False
        errand, about, failed = self.errands[job.kind], decode(bytes(job.body or b"")), LOST_RUNNER
        if job.attempts < job.retries:
            try:
                errand.run(job.id, about)
            except (OperationalError, InterfaceError, Unavailable):
                raise
            except Exception as error:
                # Whatever it met, it is tried again; a fault does not get better by that.
                log.warning("errand failed", kind=job.kind, error=type(error).__name__)
                if job.attempts + 1 < job.retries and not isinstance(error, Fault):
                    again = {"state": "due", "attempts": job.attempts + 1, "due_at": self.commands.now() + _pause(job.attempts + 1)}
                    with self.database.transaction() as connection:
                        connection.execute(update(t.job).where(t.job.c.id == job.id).values(**again))
                    return True
                failed = str(error) if isinstance(error, AmendsError) else type(error).__name__
            else:
                failed = ""
        elif job.attempts > job.retries:
            failed = self._last_error(job) or LOST_RUNNER
        if not failed or self._told(job, errand, about, failed):
            self._drop(job)
        return True

    def _told(self, job: Job, errand: Errand, about: dict[str, Any], why: str) -> bool:
        """Tell that an errand was given up; whether that worked. If not, it is told later: its job is all that is left of it."""
        try:
            errand.given_up(job.id, about, why)
        except (OperationalError, InterfaceError, Unavailable):
            raise
        except Exception as error:
            log.error("errand cannot be given up", kind=job.kind, job=job.id, error=type(error).__name__)
            attempts = max(job.attempts, job.retries) + 1
            state = "due" if attempts <= job.retries + GIVING_UP else "failed"
            later = {"state": state, "attempts": attempts, "due_at": self.commands.now() + LONGEST_PAUSE, "error": why[:ERROR_LENGTH]}
            with self.database.transaction() as connection:
                connection.execute(update(t.job).where(t.job.c.id == job.id).values(**later))
            return False
        return True

    def _last_error(self, job: Job) -> str:
        with self.database.reading() as connection:
            return str(connection.execute(select(t.job.c.error).where(t.job.c.id == job.id)).scalar() or "")

    def _signal(self, job: Job) -> bool:
        tokens, variables = signalled(job.kind, job.token, job.body)
        if job.token == NOBODY:
            return self._start_by_signal(job, variables)
        with self.commands.on(job.instance_id, "signal", SYSTEM) as work:
            work.connection.execute(delete(t.job).where(t.job.c.id == job.id))
            heard = 0
            for number in tokens:
                token = work.execution.token(number)
                if token is not None and (token.wait or {}).get("kind") == "signal":
                    work.execution.fire(token, variables, name=job.type)
                    self.commands.advance(work, SYSTEM)  # what one does may end what another waits in
                    heard += 1
            if not heard:
                raise Conflict(f"{job.element_id} does not wait for the signal any more.")
        return True

    def _start_by_signal(self, job: Job, variables: dict[str, Any]) -> bool:
        with self.commands.atomic() as connection:
            if connection.execute(delete(t.job).where(t.job.c.id == job.id)).rowcount == 0:
                return False
            for process_id, deployment_id, element_id in starts_by(connection, "signal", str(job.type)):
                version = self.commands.versions.get(deployment_id)
                self.commands.start(version, process_id, variables, business_key=None, actor=SYSTEM, element_id=element_id)
        return True

    def again(self, work: Work, token: Any) -> None:
        """Somebody retries an element that waits for a job: it has all its attempts again, a service task's from now."""
        fresh: dict[str, Any] = {"state": "due", "attempts": 0, "lease_until": None, "error": None}
        if token.wait["kind"] == "service":
            fresh |= {"due_at": self.commands.now(), "state": "due" if self.registry.claims(token.wait["type"]) else "open"}
        work.connection.execute(update(t.job).where(t.job.c.id == f"{work.id}.{token.id}").values(**fresh))
        self.database.after_commit(self.commands.wake)

    def adopt(self) -> None:
        """Operations that were not there before claim what has been open for others until now."""
        j = t.job.c
        mine = (j.kind == "service", j.state == "open", j.type.in_(list(self.registry.operations)))
        with self.database.reading() as connection:
            if connection.execute(select(j.id).where(*mine).limit(1)).first() is None:
                return
        with self.database.transaction() as connection:
            connection.execute(update(t.job).where(*mine).values(state="due"))

    # -- service tasks
    def _service(self, job: Job) -> bool:
        if not self.registry.claims(str(job.type)):
            return self._open(job)
        if not self.database.in_transaction() and not self._claim(job):
            with self.database.transaction() as connection:
                suspensions.rest_with_operation(connection, job.id, str(job.type))
            return False
        row, execution = self.commands.look(job.instance_id)
        token = None if execution is None else execution.token(job.token)
        if token is None or (token.wait or {}).get("kind") != "service":
            raise Conflict(f"The service task {job.element_id} is not open any more.")
        if row.state == "suspended":
            return self._rest(job)
        if job.attempts >= job.retries:
            # An attempt that fails says so; these never came back. One more might take this runner down as well.
            return self._failed(replace(job, attempts=job.attempts - 1), LOST_RUNNER, final=True)
        operation = self.registry.operations[str(job.type)]
        version = self.commands.versions.get(token.workflow.process_scope().deployment or row.deployment_id)
        context = self.registry.context(token, job.instance_id, row.business_key, version, bool(row.held), "job")
        try:
            result = operation().run(checked(operation, token.task_spec.operation_inputs(token), job.element_id), context)
            told = decode(encode(dict(result or {})))
        except BpmnError as error:
            return self._throw(job, error)
        except NotYet as wait:
            return self._wait(job, wait)
        except Fault as fault:
            # Wrong inputs do not get better by themselves: no further attempt.
            return self._failed(job, str(fault), final=True)
        except Exception as error:
            # Whatever an operation raises, the job must live on: it is tried again and becomes an incident in the end.
            where = {"instance": job.instance_id, "element": job.element_id}
            log.warning("operation failed", operation=job.type, error=type(error).__name__, **where)
            return self._failed(job, f"{type(error).__name__}: {error}", final=False)
        # It has happened, so it is written down, even if the instance was suspended while it did.
        with self.commands.on(job.instance_id, "operation", "job", suspended_too=True) as work:
            work.execution.complete(_still_open(work, job), told)
        return True

    def _open(self, job: Job) -> bool:
        """No operation claims it any more: it is open for others to complete."""
        with self.database.transaction() as connection:
            connection.execute(update(t.job).where(t.job.c.id == job.id).values(state="open", lease_until=None))
        return False

    def _claim(self, job: Job) -> bool:
        j = t.job.c
        now = self.commands.recorded()  # a lease is held in real time, also while a replay has moved the clock
        free = or_(j.state == "due", and_(j.state == "running", j.lease_until < now))
        values = {"state": "running", "attempts": job.attempts + 1, "lease_until": now + self.lease}
        with self.database.transaction() as connection:
            where = (j.id == job.id, j.attempts == job.attempts, free, ~suspensions.operation_rests(str(job.type)))
            return connection.execute(update(t.job).where(*where).values(**values)).rowcount == 1

    def _wait(self, job: Job, wait: NotYet) -> bool:
        # Whoever does it says so in a command of the same instance: it is either done before this, or finds the job waiting.
        with self.commands.on(job.instance_id, "operation", "job", suspended_too=True) as work:
            token = _still_open(work, job)
            done = not wait.still(work.connection)
            if not done:
                work.execution.note("waits outside", job.element_id, token)
            else:
                self.database.after_commit(self.commands.wake)
            fresh = {"state": "due" if done else WAITING, "attempts": 0, "error": None, "lease_until": None}
            work.connection.execute(update(t.job).where(t.job.c.id == job.id).values(**fresh))
        return True

    def _throw(self, job: Job, error: BpmnError) -> bool:
        with self.commands.on(job.instance_id, "operation", "job", suspended_too=True) as work:
            token = _still_open(work, job)
            if not work.execution.throw_error(token, error.code, str(error), error.variables):
                work.execution.incident(token, f"Nothing catches the error {error.code!r} ({error}); add an error boundary event for it.")
                work.connection.execute(update(t.job).where(t.job.c.id == job.id).values(state="failed"))
        return True

    def _failed(self, job: Job, message: str, final: bool) -> bool:
        attempts = job.attempts + 1
        j = t.job.c
        if not final and attempts < job.retries:
            with self.database.transaction() as connection:
                due = self.commands.now() + _pause(attempts)
                later = {"state": "due", "attempts": attempts, "due_at": due, "error": message[:ERROR_LENGTH]}
                connection.execute(update(t.job).where(j.id == job.id).values(**later))
            return True
        with self.commands.on(job.instance_id, "operation", "job", suspended_too=True) as work:
            token = _still_open(work, job)
            token.internal_data["attempts"] = attempts
            work.execution.incident(token, f"The operation {job.type!r} failed after {attempts} attempts: {message}"[:ERROR_LENGTH])
            failed = {"state": "failed", "attempts": attempts, "error": message[:ERROR_LENGTH]}
            work.connection.execute(update(t.job).where(j.id == job.id).values(**failed))
        return True


def _pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts."""
    longest: timedelta = min(FIRST_PAUSE * 2 ** min(attempts - 1, 16), LONGEST_PAUSE)
    # Jitter only spreads the load; nothing secret depends on it.
    return longest * random.uniform(0.8, 1.2)  # noqa: S311


def _still_open(work: Any, job: Job) -> Any:
    token = work.execution.token(job.token)
    if token is None or (token.wait or {}).get("kind") != "service":
        raise Conflict(f"The service task {job.element_id} is not open any more.")
    return token
