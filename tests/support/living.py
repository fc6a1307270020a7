"""Lives an instance through: completes what is open, answers what is waited for, lets time pass, and sees that it is never stuck unseen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from amends.engine import Engine
from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.model import Element, Process, is_feel
from amends.engine.definitions.sites import sites
from amends.engine.errors import AmendsError
from amends.engine.store import tables as t

MOST_MOVES = 120
"""After so many things that happened an instance is cancelled: a diagram may be drawn to go on for ever."""


@dataclass
class Life:
    """What became of an instance: its last state, and what was done to it, in order."""

    state: str
    moves: list[str] = field(default_factory=list)


class Clock:
    """A clock whose `time` is moved by hand."""

    time = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@contextmanager
def world_of(folder: Path) -> Iterator[tuple[Engine, Clock]]:
    """An engine on a new database in a folder, and the clock it goes by."""
    clock = Clock()
    engine = Engine(f"sqlite:///{folder / 'lives.db'}", clock=clock)
    yield engine, clock
    engine.close()


def live(engine: Engine, clock: Any, instance_id: str, variables: Mapping[str, Any] | None = None, turn: int = 0) -> Life:
    """Drive an instance until it has ended, is held up by an incident, or has moved often enough.

    `clock` has a `time` that is moved to what is due next; `turn` varies what comes first where several things can. Raises
    AssertionError where an instance says that it is active and nothing could ever move it.
    """
    life = Life("active")
    for number in range(MOST_MOVES):
        engine.run_due(instance_id=instance_id)
        view = engine.instance(instance_id)
        life.state = view.state
        if view.state != "active":
            return life
        moves = _moves(engine, instance_id)
        assert moves, f"{instance_id} is active at {view.active_elements} after {life.moves}, and nothing can move it"
        assert view.active_elements, f"{instance_id} is active, with nothing active in it, after {life.moves}"
        kind, what = moves[(number + turn) % len(moves)]
        life.moves.append(f"{kind} {what.id if kind == 'condition' else what.element_id}")
        try:
            _make(engine, clock, instance_id, kind, what, dict(variables or {}))
        except AmendsError as error:
            life.moves[-1] += f" refused: {error}"
    engine.cancel(instance_id, reason="lived long enough", actor="test")
    life.state = "long"
    return life


def _moves(engine: Engine, instance_id: str) -> list[tuple[str, Any]]:
    """Everything that could happen to an instance next."""
    found = [("task", task) for task in engine.user_tasks(instance_id, limit=500)]
    found += [("job", job) for job in engine.service_tasks(instance_id, limit=500)]
    found += [(item.kind, item) for item in engine.waiting(instance_id) if item.kind != "timer" or item.due_at is not None]
    found += [("condition", element) for element in _conditions(engine, instance_id)]
    with engine.database.reading() as connection:  # a job that is put off, or runs elsewhere, moves it as well
        query = select(t.job).where(t.job.c.instance_id == instance_id, t.job.c.kind.in_(("service", "signal")), t.job.c.state != "open")
        found += [("later", job) for job in connection.execute(query)]
    return found


def _conditions(engine: Engine, instance_id: str) -> list[Any]:
    """The elements an instance stands at that wait for a condition."""
    view = engine.instance(instance_id)
    package = engine.package(view.deployment_id)
    found = {element.id: element for process in package.processes.values() for element in process.all_elements()}
    return [found[name] for name in view.active_elements if name in found and found[name].kind == "conditional"]


def _make(engine: Engine, clock: Any, instance_id: str, kind: str, what: Any, variables: dict[str, Any]) -> None:
    if kind in ("task", "job"):
        engine.complete(what.id, variables, actor="test")
    elif kind == "message":
        engine.correlate(what.name, what.key, variables, actor="test")
    elif kind == "signal":
        engine.signal(what.name, variables, actor="test")
    elif kind == "condition":
        engine.set_variables(instance_id, variables, actor="test", reason="so that a condition may hold")
    else:
        clock.time = max(clock.time, what.due_at)


_GUESSES: tuple[Any, ...] = (True, 1, "a", [1, 2], {"a": 1}, False, 100)


def guess(process: Process, turn: int) -> dict[str, Any]:
    """Something for every name that the expressions of a process read, another thing each turn; texts for keys of messages."""
    expressions, names, keys = Expressions(), set[str](), set[str]()
    for site in sites(process):
        found = expressions.get(site.text) if site.condition or is_feel(site.text) else None
        if found is not None:
            (keys if "correlation key" in site.what else names).update(found.names)
    guesses = {name: _GUESSES[(turn + number) % len(_GUESSES)] for number, name in enumerate(sorted(names))}
    return {**guesses, **dict.fromkeys(keys, "key")}


def begin(engine: Engine, clock: Any, process: Process, variables: Mapping[str, Any], turn: int = 0) -> list[str]:
    """Start a process by one of its start events, another one each turn; a timer by moving the clock. The instances that it made."""
    starts = [element for element in process.elements.values() if _begins(element)]
    event = starts[turn % len(starts)].event if starts else None
    before = {listed.id for listed in engine.instances(process_id=process.id, limit=500)}
    kind = "none" if event is None else event.kind
    if event is not None and kind == "message":
        engine.correlate(event.ref_name or "", "key", variables, actor="test")
    elif event is not None and kind == "signal":
        engine.signal(event.ref_name or "", variables, actor="test")
    elif kind == "timer":
        with engine.database.reading() as connection:
            query = select(t.job.c.due_at).where(t.job.c.kind == "start").order_by(t.job.c.due_at)
            due = connection.execute(query).scalars().first()
        if due is None:
            return []  # its time has passed
        clock.time = max(clock.time, due)
        engine.run_due()
    else:
        return [engine.start(process.id, variables, actor="test")]
    return [listed.id for listed in engine.instances(process_id=process.id, limit=500) if listed.id not in before]


def _begins(element: Element) -> bool:
    return element.type == "startEvent" or element.instantiates
