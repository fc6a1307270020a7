"""One command, one transaction: lock the instance's row, move the execution, write what changed and why."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, select, update

from amends.engine import history
from amends.engine.errors import Conflict, NotFound
from amends.engine.execution import Execution, Note, dump, load
from amends.engine.instances.independence import keep_independent
from amends.engine.instances.messages import keep_apart, signal_jobs, take_buffered
from amends.engine.instances.rows import Rows, Waits, clock_rows, waits
from amends.engine.instances.versions import Version, Versions
from amends.engine.instances.views import Change
from amends.engine.store import Database
from amends.engine.store import tables as t
from amends.engine.store.fixed import Fixed, Together, inserting
from amends.engine.store.ids import new_id

HOT_INSTANCES = 500
"""How many executions a process keeps at hand; a version number guards each."""
HOT_BYTES = 8_000_000
"""How much state they have together, as it is written down; in memory it is several times that."""


class Suspended(Conflict):
    """The instance is suspended: it takes no command until it is resumed."""


class Projection(Protocol):
    """Something that keeps its own rows from what commands change, in their transaction."""

    def apply(self, connection: Connection, change: Change) -> None:
        """Take over one change."""


@dataclass(slots=True)
class Work:
    """An instance in the hands of one command."""

    sees: Connection
    """What reads and writes; of a new instance its row may be missing there still."""
    id: str
    process_id: str
    version: Version
    business_key: str | None
    execution: Execution
    row_version: int
    seq: int
    head: str
    held: bool
    state: str
    started: bool = False
    ended_at: datetime | None = None
    before: Waits = field(default_factory=dict)
    listens_again: bool = False
    row_state: str = "active"
    notes: list[Note] = field(default_factory=list)
    unwritten: dict[str, Any] | None = None
    """The row of a new instance that nobody had to see yet: it is written once, with what its first step makes of it."""

    @property
    def connection(self) -> Connection:
        """The command's connection, for who reads or writes what refers to the instance: its row is there."""
        self.written()
        return self.sees

    def written(self) -> None:
        """See to it that the instance's row is there."""
        if self.unwritten is not None:
            row, self.unwritten = self.unwritten, None
            _NEW.run(self.sees, row)


def _state(before: str, after: Waits) -> str:
    if before == "suspended":
        return before
    if any(incident for _, _, incident in after.values()):
        return "incident"
    return "active" if before == "incident" else before


class HotInstances:
    """Executions at hand. One that a command takes is nobody else's until it is put back, after the commit."""

    def __init__(self, most: int = HOT_INSTANCES, most_bytes: int = HOT_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[str, tuple[int, Execution, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def take(self, instance_id: str, version: int) -> Execution | None:
        """The execution, if it is at hand and is that version."""
        with self._lock:
            kept = self._kept.pop(instance_id, None)
            self._bytes -= 0 if kept is None else kept[2]
        return kept[1] if kept is not None and kept[0] == version else None

    def put(self, instance_id: str, version: int, execution: Execution, size: int) -> None:
        """Keep an execution whose version is on disk, where it has `size` bytes; who was not used for longest goes."""
        with self._lock:
            before = self._kept.pop(instance_id, None)
            self._bytes += size - (0 if before is None else before[2])
            self._kept[instance_id] = (version, execution, size)
            while len(self._kept) > self._most or (self._bytes > self._most_bytes and self._kept):
                _, (_, unused, freed) = self._kept.popitem(last=False)
                self._bytes -= freed
                unused.let_go()

    def clear(self) -> None:
        """Forget all: what they were made with has changed."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0


_ROW = select(
    t.instance.c.process_id, t.instance.c.deployment_id, t.instance.c.business_key, t.instance.c.state, t.instance.c.version,
    t.instance.c.body, t.instance.c.seq, t.instance.c.head, t.instance.c.held, t.instance.c.ended_at,
).where(t.instance.c.id == bindparam("key"))  # fmt: skip
# Not FOR UPDATE: rows that refer to an instance (a signal's jobs) may be written while a command has it.
_SELECT = Fixed(_ROW.with_for_update(key_share=True))
_LOOK = Fixed(_ROW)
_NEW = inserting(
    t.instance, "id", "process_id", "deployment_id", "business_key", "state", "version", "body", "seq", "head", "held", "started_at",
    "ended_at", "rests_by",
)  # fmt: skip


def _change(*names: str) -> Fixed:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return Fixed(update(t.instance).where(t.instance.c.id == bindparam("key")).values(values))


_UPDATE = _change("state", "version", "body", "seq", "head", "ended_at")
# Mostly the state is what it was: naming it would rewrite the indexes it is in.
_GO_ON = _change("version", "body", "seq", "head")


class Commands:
    """Runs commands on instances. Everything that changes one goes through `on`, or `start`."""

    def __init__(self, database: Database, versions: Versions, now: Callable[[], datetime], recorded: Callable[[], datetime]) -> None:
        self.database = database
        self.versions = versions
        self.now = now
        self.recorded = recorded
        self.projections: list[Projection] = []
        self.guards: list[Callable[[Work, str], None]] = []
        """Called with every command's work and actor before it is written: they may take tasks from who must not have them."""
        self.claims: Callable[[str], bool] = lambda type_name: False
        self.wake: Callable[[], None] = lambda: None
        self._hot = HotInstances()
        self._local = threading.local()

    # -- opening and saving
    @contextmanager
    def atomic(self) -> Iterator[Connection]:
        """One command: a transaction of its own, or in a batch a savepoint, so that one that fails leaves the batch as it was.

        Inside another command it is part of that one.
        """
        if getattr(self._local, "commanding", False):
            with self.database.transaction() as connection:
                yield connection
            return
        self._local.commanding = True
        try:
            if not self.database.in_transaction():
                with self.database.transaction() as connection:
                    yield connection
                return
            with self.database.transaction() as connection:
                try:
                    with connection.begin_nested():
                        yield connection
                except BaseException:
                    # Executions cannot be rolled back: what the batch goes on with is read again.
                    self._live().clear()
                    raise
        finally:
            self._local.commanding = False

    @contextmanager
    def on(self, instance_id: str, command: str, actor: str, *, ended_too: bool = False, suspended_too: bool = False) -> Iterator[Work]:
        """Lock an instance, let the caller move its execution, then run it and write everything.

        Raises `NotFound` for no such instance, `Conflict` for one that has ended (unless `ended_too`), `Suspended` for one that is
        suspended (unless either says otherwise).
        """
        with self.atomic() as connection:
            at_hand = self._at_hand()
            if instance_id in at_hand:
                raise Conflict(f"The instance {instance_id} is in the middle of a command; nothing can be done to it from inside.")
            at_hand.add(instance_id)
            try:
                work = self._lock(connection, instance_id)
                if work.state in ("completed", "terminated") and not ended_too:
                    raise Conflict(f"The instance {instance_id} has ended; nothing was changed.")
                if work.state == "suspended" and not (ended_too or suspended_too):
                    raise Suspended(f"The instance {instance_id} is suspended; resume it first.")
                yield work
                self.advance(work, actor)
                self._save(work, command, actor)
            finally:
                at_hand.discard(instance_id)

    def _at_hand(self) -> set[str]:
        """The instances this thread has in the middle of a command."""
        found: set[str] | None = getattr(self._local, "at_hand", None)
        if found is None:
            found = self._local.at_hand = set()
        return found

    def forget(self) -> None:
        """Settings have changed: executions at hand were made with the old ones."""
        self._hot.clear()

    def _lock(self, connection: Connection, instance_id: str) -> Work:
        row = _SELECT.first(connection, {"key": instance_id})
        if row is None:
            raise NotFound(f"There is no instance {instance_id}.")
        version = self.versions.get(row.deployment_id)
        live = self._live().pop(instance_id, None)
        execution = self._hot.take(instance_id, row.version) if live is None else live[1]
        if execution is None:
            execution = self._load(row, version)
        return Work(
            connection, instance_id, row.process_id, version, row.business_key, execution, row.version, row.seq, row.head,
            bool(row.held), row.state, ended_at=row.ended_at, before=waits(execution), row_state=row.state,
        )  # fmt: skip

    def look(self, instance_id: str) -> tuple[Any, Execution | None]:
        """An instance's row and, while it runs, its execution, to read from only: in a batch as the batch has left it."""
        with self.database.reading() as connection:
            row = _LOOK.first(connection, {"key": instance_id})
            if row is None:
                raise NotFound(f"There is no instance {instance_id}.")
            if row.body is None:
                return row, None
            live = self._live().get(instance_id) if self.database.in_transaction() else None
            return row, live[1] if live is not None else self._load(row, self.versions.get(row.deployment_id))

    def _load(self, row: Any, version: Version) -> Execution:
        if row.body is None:
            ended = Execution(version.spec(row.process_id), version.script_engine, version.id)
            ended.ended = row.state
            return ended
        return load(bytes(row.body), version.spec(row.process_id), version.script_engine, version.id)

    def _live(self) -> dict[str, tuple[int, Execution]]:
        """The executions this thread's transaction has moved: nobody else may see them before it commits."""
        live: dict[str, tuple[int, Execution]] | None = getattr(self._local, "live", None)
        if live is None or getattr(self._local, "of", None) is not self.database.current():
            live = self._local.live = {}
            self._local.of = self.database.current()
        return live

    def start(
        self, version: Version | None, process_id: str, variables: Mapping[str, Any], *, business_key: str | None, actor: str,
        held: bool = False, element_id: str | None = None, timer: Mapping[str, Any] | None = None,
        attach: Callable[[Connection, str], None] | None = None,
    ) -> str:  # fmt: skip
        """Start an instance, at a start event or by itself; `timer` says when a timer was due that does it.

        Without a `version` it is of the latest one. Of a process that rests it is suspended: it comes as far as its first waits and
        goes on when the process does. `attach` may write rows that belong to it, in the same transaction, before projections see it.
        Raises `NotFound` where no such process is deployed, or the version has none.
        """
        instance_id = new_id()
        with self.atomic() as connection:
            version, rests_by = self.versions.to_start(connection, process_id, version)
            state = "active" if rests_by is None else "suspended"
            execution = Execution(version.spec(process_id), version.script_engine, version.id)
            row = {
                "id": instance_id, "process_id": process_id, "deployment_id": version.id, "business_key": business_key,
                "state": "active", "version": 0, "body": None, "seq": 0, "head": history.GENESIS, "held": held,
                "started_at": self.now(), "ended_at": None, "rests_by": rests_by,
            }  # fmt: skip
            work = Work(
                connection, instance_id, process_id, version, business_key, execution, 0, 0, history.GENESIS, held, state, True,
                unwritten=row,
            )  # fmt: skip
            if attach is not None:
                attach(work.connection, instance_id)
            execution.note("started", process_id, None, dict(variables), deployment=version.id)
            if timer is not None:
                execution.note("timer", element_id or process_id, None, **timer)
            execution.begin(variables, element_id)
            self.advance(work, actor)
            self._save(work, "start", actor)
        return instance_id

    def advance(self, work: Work, actor: str) -> None:
        """Let the execution move until it waits; at the end of a command it does, in the middle of one it may be asked to."""
        around, self._local.work = self.running, work
        try:
            work.execution.do_engine_steps()
            self._remember_who(work, actor)
            keep_independent(work.execution)
            for guard in self.guards:
                guard(work, actor)
        finally:
            self._local.work = around

    @property
    def running(self) -> Work | None:
        """The work of the command this thread runs, for operations inside it."""
        return getattr(self._local, "work", None)

    def _remember_who(self, work: Work, actor: str) -> None:
        for note in work.execution.notes:
            if note.kind == "completed" and note.element is not None and note.element.type == "userTask":
                known = work.execution.done_by.setdefault(note.element_id, [])
                # Whoever completed it: the one who only got it past an incident later did not do the work.
                who = note.data.pop("by", actor)
                if who != actor:
                    note.data["by"] = who
                if who not in known:
                    known.append(who)

    def _save(self, work: Work, command: str, actor: str) -> None:
        execution = work.execution
        now, recorded = self.now(), self.recorded()
        held = work.held or work.state == "suspended"
        after = waits(execution)
        if any(incident for _, _, incident in after.values()):
            work.written()
        writes = Together(work.sees)
        rows = Rows(writes, work.id, work.process_id, actor=actor, now=now, held=held, claims=self.claims)
        rows.write(work.before, after, {note.token for note in execution.notes if note.kind == "completed"})
        if work.listens_again:
            heard = [(token, wait) for token, wait, _ in after.values() if wait.get("kind") == "message"]
            rows.new_messages += [(wait["name"], wait["key"], token.id) for token, wait in heard]
        if rows.new_messages:
            work.written()
            writes.flush()
            if self._deliver_buffered(work, rows, actor):
                after = waits(execution)
        ended = execution.ended is not None
        state = execution.ended or _state(work.state, after)
        entries = [history.Entry(note.kind, note.element_id, note.token, note.data, note.values) for note in execution.notes]
        head = history.append(
            work.sees,
            work.id,
            work.seq + 1,
            work.head,
            command=command,
            actor=actor,
            occurred_at=now,
            recorded_at=recorded,
            entries=entries,
            writes=writes,
        )
        body = None if ended else dump(execution)
        self._write(work, writes, state, body, head, work.ended_at or (now if ended else None))
        writes.flush()
        self._project(work, command, actor, state, now, recorded, ended)
        self._broadcast(work, now)
        work.notes, execution.notes, work.state = execution.notes, [], state
        if rows.new_jobs and not held:
            self.database.after_commit(self.wake)
        if body is not None:
            live, kept, size = self._live(), (work.row_version + 1, execution), len(body)
            live[work.id] = kept
            self.database.after_commit(lambda: self._hot.put(work.id, *kept, size) if live.get(work.id) is kept else None)

    def _write(self, work: Work, writes: Together, state: str, body: Any, head: str, ended_at: datetime | None) -> None:
        """The instance's row as the command leaves it."""
        written = {"version": work.row_version + 1, "body": body, "seq": work.seq + 1, "head": head}
        if work.unwritten is not None:
            row, work.unwritten = work.unwritten, None
            writes.add_first(_NEW, row | written | {"state": state, "ended_at": ended_at})
            return
        if ended_at is not None or state != work.row_state:
            written |= {"state": state, "ended_at": ended_at}
        change = {"key": work.id, **{f"new_{name}": value for name, value in written.items()}}
        writes.add(_UPDATE if "state" in written else _GO_ON, change)

    def _project(self, work: Work, command: str, actor: str, state: str, now: datetime, recorded: datetime, ended: bool) -> None:
        changed = {note.element_id for note in work.execution.notes if note.kind == "clock"}
        if changed:
            clock_rows(work.connection, work.id, work.execution, changed)
        if not self.projections:
            return
        change = Change(
            work.id, work.process_id, work.version.id, work.version.package, work.business_key, work.execution.data,
            list(work.execution.notes),
            work.execution.clocks, work.version.calendars, state, command, actor, now, recorded, work.started,
            ended and work.ended_at is None, work.held,
        )  # fmt: skip
        for projection in self.projections:
            projection.apply(work.connection, change)

    # -- messages and signals that meet what now waits
    def _deliver_buffered(self, work: Work, rows: Rows, actor: str) -> bool:
        delivered = False
        for _ in range(100):
            if not rows.new_messages:
                return delivered
            name, key, number = rows.new_messages.pop(0)
            token = work.execution.token(number)
            if token is None or (token.wait or {}).get("name") != name:
                continue
            if not self.database.sqlite:
                keep_apart(work.connection, name, key)
            body = take_buffered(work.connection, name, key, self.now())
            if body is None:
                continue
            delivered = True
            rows.new_messages.append((name, key, number))  # what goes on waiting may take the next one, too
            before = waits(work.execution)
            work.execution.fire(token, body, name=name, buffered=True)
            self.advance(work, actor)
            rows.write(before, waits(work.execution), {note.token for note in work.execution.notes if note.kind == "completed"})
            rows.writes.flush()
        return delivered

    def _broadcast(self, work: Work, now: datetime) -> None:
        for note in work.execution.notes:
            if note.kind == "broadcast":
                signal_jobs(work.connection, note.data["name"], note.values or {}, now, (work.id, note.data["before"]))
                self.database.after_commit(self.wake)
