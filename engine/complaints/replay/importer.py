"""Import a file row by row, each row in one transaction: either all of a complaint is there, or nothing of it.

A row's key is the file's digest and the row's line, so an import that was killed goes on where it stopped and a second run adds
nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from uuid_utils import uuid7

from amends.engine.complaints.register import Register
from amends.engine.complaints.replay.mapping import Mapping, Step
from amends.engine.complaints.replay.rows import Row, read_rows
from amends.engine.errors import AmendsError, Invalid
from amends.engine.feel import to_plain
from amends.engine.store import tables as t

ACTOR = "import"
LATER = "would be later than the replay goes"
"""What the flag of a row says whose record goes further than `--as-of`."""
MOST_JOBS = 10_000
"""Jobs one replay may run between two steps: far above what any process should need."""


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row: imported or unreadable, where its replay ended, what is odd about it."""

    line: int
    state: str
    place: str = ""
    flags: tuple[str, ...] = ()


@dataclass(slots=True)
class Replay:
    """Where a replay stands in its own time."""

    now: datetime
    flags: list[str] = field(default_factory=list)


class Importer:
    """Imports one file with one mapping.

    With `replay`, each row is run through the process on its own dates, up to `as_of` (default: now); without, it is filed as
    a complaint that arrives now.
    """

    def __init__(self, register: Register, path: Path, mapping: Mapping, *, replay: bool, as_of: datetime | None = None) -> None:
        self.register, self.engine = register, register.engine
        self.path, self.mapping, self.replay = path, mapping, replay
        self.as_of = as_of or self.engine.now()
        self.digest = hashlib.sha256(path.read_bytes()).hexdigest()
        _, package = register.process()
        self.version = self.engine.versions.get(self.engine.latest(package.manifest.complaints.process).id)
        self.functions = self.version.script_engine.outside.functions

    def done(self) -> set[int]:
        """The lines of this file that are imported already."""
        r = t.import_row.c
        with self.engine.database.reading() as connection:
            return set(connection.execute(select(r.line).where(r.file_digest == self.digest)).scalars())

    def rows(self) -> Iterator[Row]:
        """The rows of the file, in order."""
        mapping = self.mapping
        return read_rows(self.path, list(mapping.columns.values()), delimiter=mapping.delimiter, encoding=mapping.encoding)

    def count(self) -> int:
        """How many rows the file has."""
        return sum(1 for _ in self.rows())

    def run(self) -> Iterator[RowResult]:
        """Import every row that is not there yet."""
        run_id = self._begin()
        done = self.done()
        for row in self.rows():
            if row.line not in done:
                yield self.take(row)
        with self.engine.database.transaction() as connection:
            connection.execute(update(t.import_run).where(t.import_run.c.id == run_id).values(ended_at=self.engine.now()))

    def _begin(self) -> str:
        run_id = uuid7().hex
        row = {
            "id": run_id, "file_digest": self.digest, "mapping": self.mapping.name, "as_of": self.as_of if self.replay else None,
            "started_at": self.engine.now(),
        }  # fmt: skip
        with self.engine.database.transaction() as connection:
            connection.execute(insert(t.import_run), row)
        return run_id

    def take(self, row: Row) -> RowResult:
        """Import one row. What is wrong with it is written down with it; only a failing database stops the import."""
        try:
            if row.problem:
                raise Invalid(row.problem)
            with self.engine.batch():
                return self._import(row)
        except IntegrityError:
            if row.line not in self.done():
                raise
            return RowResult(row.line, "imported", "", ("another import of this file took the row at the same time",))
        except DataError as error:
            return self._unreadable(row, f"The database does not take the row: {error.orig}")
        except SQLAlchemyError:
            raise
        except AmendsError as error:
            return self._unreadable(row, str(error))
        except Exception as error:
            # Whatever one row brings up (a date beyond the calendar, say) must not stop the others.
            return self._unreadable(row, f"The row cannot be replayed: {type(error).__name__}: {error}")

    def _unreadable(self, row: Row, reason: str) -> RowResult:
        result = RowResult(row.line, "unreadable", "", (reason.replace("\0", ""),))
        with self.engine.database.transaction() as connection:
            self._keep(connection, result, None, {})
        return result

    def _import(self, row: Row) -> RowResult:
        context = {"row": self._cells(row), "settings": self.version.settings}
        start = self.engine.now()
        flags = [name for name, value in self.mapping.flags.items() if self._of(value, context, start) is True]
        received = self._of(self.mapping.received_at, context, start)
        if not isinstance(received, datetime):
            raise Invalid(f"The row has no date it was received on ({received!r}).")
        received = received if received.tzinfo is not None else received.replace(tzinfo=UTC)
        data = {key: self._of(value, context, start) for key, value in self.mapping.complaint.items()}
        data = {key: to_plain(value) for key, value in data.items() if value not in (None, "")}
        channel = str(self._of(self.mapping.channel, context, start) or "other")
        facts = {key: to_plain(self._of(value, context, start)) for key, value in self.mapping.facts.items()}
        moment = received if self.replay else None
        filed = self.register.file(data, actor=ACTOR, channel=channel, received_at=received, occurred_at=moment, held=self.replay)
        place = "received"
        if self.replay and received > self.as_of:
            flags.append(f"its receipt {LATER}")
        if self.replay:
            replay = Replay(received, flags)
            place = self._replay(filed.instance_id, filed.reference, context, replay)
        result = RowResult(row.line, "imported", place, tuple(flags))
        with self.engine.database.transaction() as connection:
            self._keep(connection, result, filed.instance_id, facts)
        return result

    def _keep(self, connection: Any, result: RowResult, instance_id: str | None, facts: dict[str, Any]) -> None:
        row = {
            "file_digest": self.digest, "line": result.line, "instance_id": instance_id, "state": result.state, "place": result.place,
            "flags": "; ".join(result.flags), "facts": json.dumps(facts, sort_keys=True),
        }  # fmt: skip
        connection.execute(insert(t.import_row), row)

    def _cells(self, row: Row) -> dict[str, Any]:
        cells: dict[str, Any] = {}
        for name, column in self.mapping.columns.items():
            text = row.cells.get(column, "").strip()
            if name in self.mapping.dates:
                try:
                    cells[name] = None if not text else datetime.strptime(text, self.mapping.dates[name]).date()
                except ValueError:
                    raise Invalid(f"{column!r} is {text!r}, which is no date of the form {self.mapping.dates[name]}.") from None
            else:
                cells[name] = text
        return cells

    def _of(self, value: Any, context: dict[str, Any], now: datetime) -> Any:
        return value.of(context, self.functions, now)

    # -- replay
    def _replay(self, instance_id: str, reference: str, context: dict[str, Any], replay: Replay) -> str:
        self._let_pass(instance_id, replay, replay.now)
        for step in self.mapping.steps:
            if not self._step(instance_id, reference, step, context, replay):
                break
        self._let_pass(instance_id, replay, self.as_of)
        self.engine.release(instance_id)
        return self._place(instance_id)

    def _let_pass(self, instance_id: str, replay: Replay, until: datetime) -> None:
        self.engine.run_due(until, instance_id, MOST_JOBS, since=replay.now)
        replay.now = max(replay.now, until)

    def _step(self, instance_id: str, reference: str, step: Step, context: dict[str, Any], replay: Replay) -> bool:
        _, execution = self.engine.commands.look(instance_id)
        if execution is None:
            return False
        here = {**execution.context(), **context}
        if self._of(step.when, here, replay.now) is not True:
            return True
        at = self._of(step.at, here, replay.now)
        if not isinstance(at, datetime):
            raise Invalid(f"The step {step.task or step.message!r} has no time: {at!r}.")
        at = max(at if at.tzinfo is not None else at.replace(tzinfo=UTC), replay.now)
        if at > self.as_of:
            replay.flags.append(f"{step.task or step.message} {LATER}")
            return False
        self._let_pass(instance_id, replay, at)
        data = {key: to_plain(self._of(value, here, at)) for key, value in step.data.items()}
        with self.engine.at(at):
            if not self._do(instance_id, reference, step, {key: value for key, value in data.items() if value is not None}):
                replay.flags.append(f"nothing waited for {step.task or step.message}")
                return False
        self._let_pass(instance_id, replay, at)
        return True

    def _do(self, instance_id: str, reference: str, step: Step, data: dict[str, Any]) -> bool:
        if step.message:
            if not any(item.kind == "message" and item.name == step.message for item in self.engine.waiting(instance_id)):
                return False
            self.engine.correlate(step.message, reference, data, actor=step.actor)
            return True
        wanted = {name.strip() for name in step.task.split(",")}
        _, execution = self.engine.commands.look(instance_id)
        tokens = () if execution is None else execution.all_tokens()
        open_tasks = (token for token in tokens if token.task_spec.name in wanted and (token.wait or {}).get("kind") == "user")
        token = next(open_tasks, None)
        if token is None:
            return False
        self.engine.complete(f"{instance_id}.{token.id}", data, actor=step.actor)
        return True

    def _place(self, instance_id: str) -> str:
        row, _ = self.engine.commands.look(instance_id)
        if row.state in ("completed", "terminated"):
            return "closed"
        if row.state == "incident":
            return "incident"
        tasks = sorted(task.element_id for task in self.engine.user_tasks(instance_id))
        return ", ".join(tasks) or "waiting"
