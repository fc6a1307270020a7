"""What operators do to instances: cancel, suspend, modify, restart, retry and skip; each with an actor and a reason, all in the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from amends.engine import history
from amends.engine.calendars import Clock
from amends.engine.errors import Conflict, Invalid, NotFound
from amends.engine.execution import modification
from amends.engine.execution.modification import Moves
from amends.engine.execution.values import decode, encode
from amends.engine.instances import listing, queries, resting, retrying, suspensions
from amends.engine.instances.answers import Known
from amends.engine.instances.commands import Commands, Work
from amends.engine.instances.rehearsal import Effect, Watch, rehearsing
from amends.engine.instances.retrying import Retried
from amends.engine.instances.suspensions import Suspension
from amends.engine.instances.versions import Versions
from amends.engine.jobs.due import Jobs
from amends.engine.services import Registry
from amends.engine.store import Database
from amends.engine.store import tables as t

ENDED = ("completed", "terminated")


def plain(variables: Mapping[str, Any] | None) -> dict[str, Any]:
    """Variables as they will be kept: what cannot be is refused here, and what the caller does to them later changes nothing."""
    try:
        kept: dict[str, Any] = decode(encode(dict(variables or {})))
    except TypeError as error:
        raise Invalid(f"These variables cannot be kept: {error}") from error
    return kept


def because(work: Work, reason: str) -> None:
    """Write down why, apart and as a value: people write names into reasons, and those have to go with an erasure."""
    resting.said(reason)
    work.execution.note("reason", work.process_id, None, {"reason": reason})


def _asked(given: Mapping[str, Any], reason: str) -> str:
    """What a command was asked for, to tell it from another one with the same key."""
    return f"{encode(dict(given), sort=True).decode()}\n{reason}"


class Interventions:
    """The part of the engine that is for operators. `key` is an idempotency key: the same key again gives the first answer."""

    database: Database
    commands: Commands
    versions: Versions
    jobs: Jobs
    registry: Registry
    now: Callable[[], datetime]
    _allow: Callable[..., None]
    _installation: Callable[..., None]
    _once: Callable[..., AbstractContextManager[Known]]

    def _effect(self, key: str | None, dry_run: bool, command: str, about: str, do: Callable[[], Effect]) -> Effect:
        """Do a command that has an effect, once for a key: the same key again gives the first one's. A rehearsal needs none."""
        if dry_run:
            with rehearsing(self.database, True):
                effect = do()
            return effect
        # Its effect is worked out before the commit: after it the execution is anybody's.
        with self.database.transaction(), self._once(key, command, about) as known:
            if known.answer is None:
                effect = do()
                known.answer = effect.text()
                return effect
            if not known.answer:
                raise Conflict("This was done before, and what it came to was erased since. Nothing was changed.")
            return Effect.read(known.answer)

    # -- one instance
    def cancel(self, instance_id: str, *, reason: str, actor: str, dry_run: bool = False, key: str | None = None) -> Effect:
        """End an instance whatever it is doing; its state is then `terminated`. What that changes; with `dry_run` nothing does."""
        self._allow(actor, "operate", instance_id=instance_id)

        def do() -> Effect:
            with self.commands.on(instance_id, "cancel", actor, suspended_too=True) as work:
                watch = Watch(work.execution)
                work.execution.cancel_all(reason)
            return watch.effect(work)

        return self._effect(key, dry_run, "cancel", f"{instance_id}\n{reason}", do)

    def suspend(self, instance_id: str, *, reason: str, actor: str, key: str | None = None) -> None:
        """Let an instance rest: commands on it are refused with `Conflict` and its jobs wait, until it is resumed.

        An operation that runs already still reports what it did. Cancelling is possible. `Conflict` if it rests or has ended.
        """
        self._allow(actor, "operate", instance_id=instance_id)
        with self._once(key, "suspend", instance_id) as known:
            if known.answer is None:
                resting.suspend(self.commands, instance_id, reason=reason, actor=actor)
            known.answer = instance_id

    def resume(self, instance_id: str, *, reason: str, actor: str, key: str | None = None) -> None:
        """Let a suspended instance go on: what fell due meanwhile runs now, messages that were kept for it reach it."""
        self._allow(actor, "operate", instance_id=instance_id)
        with self._once(key, "resume", instance_id) as known:
            if known.answer is None:
                resting.resume(self.commands, instance_id, reason=reason, actor=actor)
            known.answer = instance_id

    def set_variables(self, instance_id: str, variables: Mapping[str, Any], *, actor: str, reason: str, key: str | None = None) -> None:
        """Change variables of a running instance, for a reason that goes into its history."""
        self._allow(actor, "operate", instance_id=instance_id)
        given = plain(variables)
        with self._once(key, "variables", f"{instance_id}\n{_asked(given, reason)}") as known:
            if known.answer is not None:
                return
            with self.commands.on(instance_id, "variables", actor) as work:
                self._assign(work, given)
                because(work, reason)
            known.answer = instance_id

    def _assign(self, work: Work, given: Mapping[str, Any]) -> None:
        if given:
            for name, value in given.items():
                work.execution.assign(name, value)
            work.execution.note("variables", work.process_id, None, dict(given))

    def modify(
        self, instance_id: str, *, before: Sequence[str] = (), after: Sequence[str] = (), cancel: Sequence[str] = (),
        variables: Mapping[str, Any] | None = None, reason: str, actor: str, dry_run: bool = False, key: str | None = None,
    ) -> Effect:  # fmt: skip
        """Set variables, begin before and after elements, cancel elements, in one command. What that changes.

        Elements are ids. What is cancelled is what stood there before; an element may be both begun and cancelled. With `dry_run`
        nothing is changed. Raises `Invalid` for what cannot be, `Conflict` for an instance that rests or has ended.
        """
        self._allow(actor, "operate", instance_id=instance_id)
        moves, given = Moves(*map(modification.known, (before, after, cancel))), plain(variables)
        if not moves and not given:
            raise Invalid("Say what is to change: where to begin, what to cancel, or which variables to set.")

        def do() -> Effect:
            with self.commands.on(instance_id, "modify", actor) as work:
                watch = Watch(work.execution)
                self._assign(work, given)
                if moves:
                    modification.move(work.execution, moves)
                because(work, reason)
            return watch.effect(work)

        return self._effect(key, dry_run, "modify", f"{instance_id}\n{moves}\n{_asked(given, reason)}", do)

    def restart(
        self, instance_id: str, *, before: Sequence[str] = (), after: Sequence[str] = (), variables: Mapping[str, Any] | None = None,
        reason: str, actor: str, dry_run: bool = False, key: str | None = None,
    ) -> Effect:  # fmt: skip
        """Let an instance that has ended run again, on its version: from its start, or from before and after elements.

        It has the variables its history tells, overlaid by `variables`; its clocks stand as they did. `Conflict` while it runs, and
        once what it held was erased. With `dry_run` nothing is changed.
        """
        self._allow(actor, "operate", instance_id=instance_id)
        moves, given = Moves(*map(modification.known, (before, after))), plain(variables)

        def do() -> Effect:
            with self.commands.on(instance_id, "restart", actor, ended_too=True) as work:
                if work.state not in ENDED:
                    raise Conflict(f"The instance {instance_id} has not ended; modify it instead. Nothing was changed.")
                watch = Watch(work.execution)
                self._revive(work)
                work.execution.note("restarted", work.process_id, None)
                because(work, reason)
                self._assign(work, given)
                modification.begin_again(work.execution, moves)
            return watch.effect(work)

        return self._effect(key, dry_run, "restart", f"{instance_id}\n{moves}\n{_asked(given, reason)}", do)

    def _revive(self, work: Work) -> None:
        connection = work.connection
        told = history.events(connection, work.id)
        if any(event.kind == "erased" for event in told):
            raise Conflict(f"What the instance {work.id} held was erased: there is nothing it could go on with. Start a new one.")
        done_by: dict[str, list[str]] = {}
        elements = (element for process in work.version.package.processes.values() for element in process.all_elements())
        people = {element.id for element in elements if element.type == "userTask"}
        for event in told:
            who = str(event.data.get("by", event.actor))
            if event.kind == "completed" and event.element_id in people and who not in done_by.setdefault(event.element_id, []):
                done_by[event.element_id].append(who)
        numbers = [event.token for event in told] + [_highest(connection, table, work.id) for table in (t.user_task, t.incident)]
        c = t.clock.c
        bodies = connection.execute(select(c.body).where(c.instance_id == work.id)).scalars()
        clocks = {clock.name: clock for clock in (Clock.from_plain(decode(bytes(body))) for body in bodies)}
        modification.revive(work.execution, queries.variables_told(told), clocks, done_by, max(numbers))
        work.state, work.ended_at, work.listens_again = "active", None, True

    def instances(
        self, *, process_id: str | None = None, deployment_id: str | None = None, state: str | None = None, limit: int = 50,
        after: str | None = None,
    ) -> list[listing.Listed]:  # fmt: skip
        """Instances by process, version and state, the newest first; `after` is the id of the last one of the page before."""
        with self.database.reading() as connection:
            return listing.instances(connection, process_id=process_id, deployment_id=deployment_id, state=state, limit=limit, after=after)

    # -- what is held up
    def incidents(self, limit: int = 50, after: str | None = None) -> list[queries.HeldUp]:
        """All open incidents, the oldest first; `after` is the id of the last one of the page before."""
        with self.database.reading() as connection:
            return queries.incidents(connection, limit=limit, after=after)

    def retry_incident(
        self, incident_id: str, *, actor: str, variables: Mapping[str, Any] | None = None, reason: str = "", key: str | None = None
    ) -> None:
        """Try the element of an incident again, where it stopped; with `variables`, change these first, for a reason."""
        given = plain(variables)
        instance_id, number, element_id = self._held_up(incident_id, actor)
        with self._once(key, "retry", f"{incident_id}\n{_asked(given, reason)}") as known:
            if known.answer is not None:
                return
            with self.commands.on(instance_id, "retry", actor) as work:
                token = self._stuck(work, number, element_id, incident_id)
                if given:
                    self._assign(work, given)
                    because(work, reason)
                work.execution.note("resolved", element_id, token)
                work.execution.retry(token)
                if token.wait is not None and token.incident is None:
                    self.jobs.again(work, token)
            known.answer = instance_id

    def retry_alike(
        self, incident_id: str, *, actor: str, variables: Mapping[str, Any] | None = None, reason: str = "", key: str | None = None
    ) -> Retried:
        """Try an incident again, and all that are open at the same element of the same process, whatever instance and version.

        The first hundred are tried when this returns, the others soon, by a job, as many as there may be; each by itself, and what
        fails again is left alone. `variables` are changed first in each, for a reason.
        """
        given = plain(variables)
        instance_id, _, element_id = self._held_up(incident_id, actor)
        if given:
            resting.said(reason)
        with self._once(key, "retry all", f"{incident_id}\n{_asked(given, reason)}") as known:
            if known.answer is not None:
                return Retried(int(known.answer or 0), 0, ())
            with self.database.transaction() as connection:
                process_id = connection.execute(select(t.instance.c.process_id).where(t.instance.c.id == instance_id)).scalar_one()
                job_id, many = retrying.plan(
                    connection, process_id, element_id, actor=actor, reason=reason, variables=given, now=self.now()
                )  # fmt: skip
            known.answer = str(many)
        first = None if self.database.in_transaction() else self.try_on(job_id)
        if first is not None:
            self.commands.wake()
        return Retried(many, 0, ()) if first is None else replace(first, many=many)

    def try_on(self, job_id: str) -> Retried | None:
        """Try the next incidents of a job of `retry_alike` again; None once there are none left."""
        return retrying.carry_on(self.database, self._try_again, job_id, self.now())

    def _try_again(self, incident_id: str, task: Mapping[str, Any]) -> None:
        self.retry_incident(incident_id, actor=task["actor"], variables=task["variables"], reason=task["reason"])

    def skip_incident(
        self, incident_id: str, variables: Mapping[str, Any] | None = None, *, reason: str, actor: str, dry_run: bool = False,
        key: str | None = None,
    ) -> Effect:  # fmt: skip
        """Let the element of an incident be done without it, with `variables` as what it would have given. What that changes."""
        given = plain(variables)
        instance_id, number, element_id = self._held_up(incident_id, actor)

        def do() -> Effect:
            with self.commands.on(instance_id, "skip", actor) as work:
                token = self._stuck(work, number, element_id, incident_id)
                watch = Watch(work.execution)
                work.execution.note("skipped", element_id, token)
                because(work, reason)
                operation = self.registry.operations.get(str((token.wait or {}).get("type") or ""))
                modification.skip(work.execution, token, {**dict.fromkeys(operation.of_this_run if operation else ()), **given})
            return watch.effect(work)

        return self._effect(key, dry_run, "skip", f"{incident_id}\n{_asked(given, reason)}", do)

    def incident_inputs(self, incident_id: str) -> dict[str, Any]:
        """What the element of an open incident was given: its own variables, as its mappings made them; empty once it is resolved."""
        i = t.incident.c
        with self.database.reading() as connection:
            row = connection.execute(select(i.instance_id, i.token).where(i.id == incident_id, i.resolved_at.is_(None))).first()
        _, execution = (None, None) if row is None else self.commands.look(row.instance_id)
        token = None if row is None or execution is None else execution.token(row.token)
        return {} if token is None else {**getattr(token.task_spec, "headers", {}), **token.data}

    def _held_up(self, incident_id: str, actor: str) -> tuple[str, int, str]:
        i = t.incident.c
        with self.database.reading() as connection:
            row = connection.execute(select(i.instance_id, i.token, i.element_id).where(i.id == incident_id)).first()
        if row is None:
            raise NotFound(f"There is no incident {incident_id}.")
        self._allow(actor, "operate", instance_id=row.instance_id)
        return row.instance_id, row.token, row.element_id

    def _stuck(self, work: Work, number: int, element_id: str, incident_id: str) -> Any:
        """The token of an incident that is open still."""
        token = work.execution.token(number)
        resolved = work.connection.execute(select(t.incident.c.resolved_at).where(t.incident.c.id == incident_id)).scalar()
        if resolved is not None or token is None or token.incident is None:
            raise Conflict(f"The incident at {element_id} is resolved already; nothing was changed.", at=resolved)
        return token

    # -- what rests as a whole
    def suspensions(self) -> list[Suspension]:
        """The processes and operations that rest, the longest first."""
        with self.database.reading() as connection:
            return suspensions.every(connection)

    def suspend_process(self, process_id: str, deployment_id: str | None = None, *, reason: str, actor: str) -> str:
        """Let a process rest, or one version of it: every instance of it, and each that begins, at its first waits. The job's id.

        The first hundred instances rest when this returns, the others soon, by a job: see `carry_on`. Nothing that is filed is
        refused. Those that rested before stay as they are, also when the process goes on.
        """
        self._allow(actor, "operate")
        self.versions.latest(process_id)
        resting.said(reason)
        with self.database.transaction() as connection:
            kind, now = suspensions.PROCESS, self.now()
            begun = suspensions.begin(connection, kind, process_id, deployment_id or "", actor=actor, reason=reason, now=now)
            job_id = resting.plan(connection, "suspend", begun, actor=actor, reason=reason, now=now)
            self._told("suspend", "process suspended", begun, actor, reason)
        self.carry_on(job_id)
        return job_id

    def resume_process(self, process_id: str, deployment_id: str | None = None, *, reason: str, actor: str) -> str:
        """Let a process go on, and all that rested by its suspension; the job's id, as with `suspend_process`."""
        self._allow(actor, "operate")
        resting.said(reason)
        with self.database.transaction() as connection:
            ended = suspensions.end(connection, suspensions.PROCESS, process_id, deployment_id or "")
            job_id = resting.plan(connection, "resume", ended, actor=actor, reason=reason, now=self.now())
            self._told("resume", "process resumed", ended, actor, reason)
        self.carry_on(job_id)
        return job_id

    def carry_on(self, job_id: str) -> int | None:
        """Let the next instances of a suspended or resumed process rest or go on; how many, None once there are none left."""
        taken = None if self.database.in_transaction() else resting.carry_on(self.commands, job_id)
        if taken is not None:
            self.commands.wake()
        return taken

    def _told(self, command: str, kind: str, suspension: Suspension, actor: str, reason: str) -> None:
        entry = history.Entry(kind, suspension.name, 0, {"deployment": suspension.deployment_id}, {"reason": reason})
        with self.database.transaction() as connection:
            self._installation(connection, command, actor, [entry])

    def suspend_operation(self, type_name: str, *, reason: str, actor: str) -> None:
        """Let all of one operation rest, whatever instance it is of, while its server is down; no attempt is counted meanwhile."""
        self._allow(actor, "operate")
        if type_name not in self.registry.operations:
            raise NotFound(f"There is no operation {type_name!r}; there are {', '.join(sorted(self.registry.operations))}.")
        resting.said(reason)
        with self.database.transaction() as connection:
            suspensions.begin(connection, suspensions.OPERATION, type_name, "", actor=actor, reason=reason, now=self.now())
            held = suspensions.hold_jobs(connection, type_name)
            entry = history.Entry("operation suspended", type_name, 0, {"jobs": held}, {"reason": reason})
            self._installation(connection, "suspend", actor, [entry])

    def resume_operation(self, type_name: str, *, reason: str, actor: str) -> None:
        """Let an operation go on: what waits for it runs now."""
        self._allow(actor, "operate")
        resting.said(reason)
        with self.database.transaction() as connection:
            suspensions.end(connection, suspensions.OPERATION, type_name, "")
            freed = suspensions.release_jobs(connection, type_name)
            entry = history.Entry("operation resumed", type_name, 0, {"jobs": freed}, {"reason": reason})
            self._installation(connection, "resume", actor, [entry])
            self.database.after_commit(self.commands.wake)


def _highest(connection: Connection, table: Any, instance_id: str) -> int:
    """The highest number of a token that left a row."""
    found: int | None = connection.execute(select(func.max(table.c.token)).where(table.c.instance_id == instance_id)).scalar()
    return found or 0
