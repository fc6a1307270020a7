"""Move running instances to another version of their process: a plan, a trial run, and a batch that can be stopped and gone on with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, select, update
from uuid_utils import uuid7

from amends.engine.api import Engine
from amends.engine.errors import Conflict, Invalid, NotFound
from amends.engine.execution import Stop
from amends.engine.history import Entry
from amends.engine.instances import migration
from amends.engine.instances.versions import Version
from amends.engine.store import tables as t

WAITING: Final = "waiting"  # its turn has not come
MOVED: Final = "moved"
STOPPED: Final = "stopped"  # something stops it; `problem` says what
GONE: Final = "gone"  # it ended, or somebody else moved it, before its turn
RUNNING: Final = ("active", "incident", "suspended")


@dataclass(frozen=True, slots=True)
class Element:
    """Where an instance can stand: an element of the version that is left, and where its tokens go (None: it has no place there)."""

    id: str
    name: str
    type: str
    to: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """From which version to which, and what goes where. Elements go to those of the same id where `mapping` says nothing else."""

    process_id: str
    from_deployment: str
    to_deployment: str
    mapping: Mapping[str, str]
    elements: tuple[Element, ...]

    @property
    def unmapped(self) -> tuple[Element, ...]:
        """Elements that have no place in the new version: an instance that stands there cannot be moved."""
        return tuple(element for element in self.elements if element.to is None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a move would come to, or came to, for one instance. `stops` are what stops it; then nothing is changed."""

    instance_id: str
    business_key: str | None
    moves: tuple[tuple[str, str], ...] = ()
    begun: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    stops: tuple[Stop, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch has come; `problems` are (instance, what stops it), at most the first fifty."""

    id: str
    process_id: str
    from_deployment: str
    to_deployment: str
    actor: str
    reason: str
    counts: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[tuple[str, str], ...] = ()

    @property
    def done(self) -> bool:
        """Whether every instance had its turn."""
        return not self.counts.get(WAITING)


class Migrations:
    """Moves instances of an engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    # -- the plan
    def plan(self, process_id: str, from_deployment: str, to_deployment: str, mapping: Mapping[str, str] | None = None) -> Plan:
        """A plan: elements go to those of the same id, and where `mapping` (id before → id after) says otherwise.

        Raises `NotFound` for a version that is not there or has no such process, `Invalid` for a mapping of what is in neither.
        """
        before, after = self._version(process_id, from_deployment), self._version(process_id, to_deployment)
        if before.id == after.id:
            raise Invalid("Both are the same version. Choose another one to move to.")
        given = {name: to for name, to in (mapping or {}).items() if name != to}
        old, new = _elements(before, process_id), _elements(after, process_id)
        wrong = [f"{name!r} is no element of the version that is left" for name in given if name not in old]
        wrong += [f"{to!r} is no element of the version to move to" for to in given.values() if to not in new]
        if wrong:
            raise Invalid("The mapping names what is not there: " + "; ".join(wrong) + ".", {"mapping": wrong})
        found = tuple(
            Element(one.id, one.name or one.id, one.type, to if (to := given.get(one.id, one.id)) in new else None) for one in old.values()
        )
        return Plan(process_id, from_deployment, to_deployment, given, found)

    def _version(self, process_id: str, deployment_id: str) -> Version:
        version = self.engine.versions.get(deployment_id)
        if process_id not in version.package.processes:
            raise NotFound(f"The version {deployment_id} has no process {process_id!r}.")
        return version

    # -- one instance, and all of them
    def instances(self, plan: Plan, after: str = "", limit: int = 200) -> list[tuple[str, str | None]]:
        """Running instances of the version that is left, by id: (instance, business key)."""
        i = t.instance.c
        mine = (i.process_id == plan.process_id, i.deployment_id == plan.from_deployment, i.state.in_(RUNNING), i.id > after)
        query = select(i.id, i.business_key).where(*mine).order_by(i.id).limit(limit)
        with self.engine.database.reading() as connection:
            return [(row.id, row.business_key) for row in connection.execute(query)]

    def preview(self, plan: Plan, limit: int | None = None) -> Iterator[Outcome]:
        """What would happen to each instance, and what stops it; nothing is changed. At most `limit` instances."""
        version, seen, after = self._version(plan.process_id, plan.to_deployment), 0, ""
        while page := self.instances(plan, after):
            for instance_id, key in page:
                if limit is not None and seen >= limit:
                    return
                seen += 1
                _, execution = self.engine.commands.look(instance_id)
                if execution is not None:
                    found = migration.worked_out(execution, plan.process_id, version, plan.mapping)
                    yield Outcome(instance_id, key, tuple(found.moves), tuple(found.begun), tuple(found.ended), tuple(found.stops))
            after = page[-1][0]

    def move(self, instance_id: str, plan: Plan, *, actor: str, reason: str) -> Outcome:
        """Move one instance; with `stops`, nothing was changed.

        Raises `Conflict` if it has ended or is not on the version that is left, `Forbidden`, `NotFound`.
        """
        self.engine.authorise(actor, "operate", instance_id=instance_id)
        version = self._version(plan.process_id, plan.to_deployment)
        found = migration.migrate(
            self.engine.commands, instance_id, plan.from_deployment, version, plan.mapping, actor=actor, reason=_said(reason)
        )
        return Outcome(instance_id, None, tuple(found.moves), tuple(found.begun), tuple(found.ended), tuple(found.stops))

    # -- a batch
    def begin(self, plan: Plan, *, actor: str, reason: str) -> str:
        """Write down that all running instances of the version are to be moved, as they are now; the batch's id. Nothing is moved yet."""
        self.engine.authorise(actor, "operate", process_id=plan.process_id)
        said, made, i = _said(reason), uuid7().hex, t.instance.c
        row = {
            "id": made, "process_id": plan.process_id, "from_deployment": plan.from_deployment, "to_deployment": plan.to_deployment,
            "mapping": json.dumps(dict(plan.mapping)), "actor": actor, "reason": said, "began_at": self.engine.now(),
        }  # fmt: skip
        mine = (i.process_id == plan.process_id, i.deployment_id == plan.from_deployment, i.state.in_(RUNNING))
        items = select(bindparam("batch", made), i.id, bindparam("turn", WAITING)).where(*mine)
        with self.engine.database.transaction() as connection:
            connection.execute(insert(t.migration), row)
            connection.execute(insert(t.migration_item).from_select(["migration_id", "instance_id", "state"], items))
            told = {"migration": made, "from": plan.from_deployment, "to": plan.to_deployment}
            self.engine.record("migrate", actor, [Entry("migration begun", plan.process_id, 0, told)])
        return made

    def run(self, batch: str, *, again: bool = False, stopping: Callable[[], bool] = lambda: False) -> Progress:
        """Move those whose turn has not come, one transaction each, until all had theirs or `stopping()` says so.

        It can be interrupted at any moment, killed too, and run again, by several at once: each instance is moved once. With `again`
        those that something stopped have another turn. Raises `NotFound`.
        """
        found = self.progress(batch)
        plan = self.plan(found.process_id, found.from_deployment, found.to_deployment, self._mapping(batch))
        self.engine.authorise(found.actor, "operate", process_id=plan.process_id)
        m = t.migration_item.c
        if again:
            stopped = update(t.migration_item).where(m.migration_id == batch, m.state == STOPPED)
            with self.engine.database.transaction() as connection:
                connection.execute(stopped.values(state=WAITING, problem=""))
        query = select(m.instance_id).where(m.migration_id == batch, m.state == WAITING).order_by(m.instance_id).limit(50)
        while not stopping():
            with self.engine.database.reading() as connection:
                turns = list(connection.execute(query).scalars())
            if not turns:
                break
            for instance_id in turns:
                if stopping():
                    break
                self._turn(batch, instance_id, plan, found.actor, found.reason)
        return self.progress(batch)

    def _turn(self, batch: str, instance_id: str, plan: Plan, actor: str, reason: str) -> None:
        state, problem = MOVED, ""
        m = t.migration_item.c
        with self.engine.commands.atomic() as connection:
            try:
                outcome = self.move(instance_id, plan, actor=actor, reason=reason)
            except Conflict:
                state = GONE
            else:
                if outcome.stops:
                    state, problem = STOPPED, " ".join(map(str, outcome.stops))
            mine = (m.migration_id == batch, m.instance_id == instance_id, m.state == WAITING)
            connection.execute(update(t.migration_item).where(*mine).values(state=state, problem=problem))

    def _mapping(self, batch: str) -> dict[str, str]:
        with self.engine.database.reading() as connection:
            return dict(json.loads(connection.execute(select(t.migration.c.mapping).where(t.migration.c.id == batch)).scalar_one()))

    def progress(self, batch: str) -> Progress:
        """How far a batch has come; raises `NotFound`."""
        m = t.migration_item.c
        with self.engine.database.reading() as connection:
            row = connection.execute(select(t.migration).where(t.migration.c.id == batch)).first()
            if row is None:
                raise NotFound(f"There is no migration {batch!r}.")
            counts = connection.execute(select(m.state, func.count()).where(m.migration_id == batch).group_by(m.state)).all()
            stopped = select(m.instance_id, m.problem).where(m.migration_id == batch, m.state == STOPPED).order_by(m.instance_id).limit(50)
            problems = tuple((one.instance_id, one.problem) for one in connection.execute(stopped))
        return Progress(
            row.id, row.process_id, row.from_deployment, row.to_deployment, row.actor, row.reason, {name: many for name, many in counts},
            problems,
        )  # fmt: skip

    def batches(self, limit: int = 50) -> list[Progress]:
        """The newest batches first."""
        query = select(t.migration.c.id).order_by(t.migration.c.began_at.desc(), t.migration.c.id.desc()).limit(limit)
        with self.engine.database.reading() as connection:
            ids = list(connection.execute(query).scalars())
        return [self.progress(one) for one in ids]


def _said(reason: str) -> str:
    if not reason.strip():
        raise Invalid("Say why the instances are moved; it goes into their history.", {"reason": ["Give a reason."]})
    return reason.strip()


def _elements(version: Version, process_id: str) -> dict[str, Any]:
    """What can hold a token, by id: of the process, of its subprocesses, and of the processes it calls in its own version."""
    found: dict[str, Any] = {}
    to_do, seen = [process_id], set[str]()
    while to_do:
        process = version.package.processes.get(to_do.pop())
        if process is None or process.id in seen:
            continue
        seen.add(process.id)
        for scope in process.scopes():
            for element in scope.elements.values():
                found[element.id] = element
                if element.called_element:
                    to_do.append(element.called_element)
    return found
