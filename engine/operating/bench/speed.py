"""A completion and a start against bare SpiffWorkflow's load + run + save of the same process, in one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import event

from amends.engine.api import Engine
from amends.engine.operating.bench.diagrams import VALUES, complaint
from amends.engine.store import fixed

ACTOR = "bench"
EACH_ROUND = 20
"""Instances of a round; rounds of either side take turns, so that both meet the same machine."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds of a start and of a completion, on each side, by round."""

    starts: list[tuple[float, float]]
    completions: list[tuple[float, float]]

    @property
    def start_ratio(self) -> float:
        """A start of ours by one of theirs."""
        return _ratio(self.starts)

    @property
    def completion_ratio(self) -> float:
        """A completion of ours, with finding the task, by one of theirs."""
        return _ratio(self.completions)


def _ratio(pairs: list[tuple[float, float]]) -> float:
    return statistics.median(ours / theirs for ours, theirs in pairs)


class Bare:
    """SpiffWorkflow by itself: the workflow is loaded from JSON, run, and saved as JSON, which is as much as it keeps."""

    def __init__(self) -> None:
        parser = SpiffBpmnParser()
        parser.add_bpmn_xml(etree.fromstring(complaint(feel=False)))
        self._spec = parser.get_spec("bench")
        self._serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))
        self._deployed = str(self._serializer.serialize_json(BpmnWorkflow(self._spec)))

    def start(self, loaded: bool = True) -> str:
        """Load a process that has not begun, begin it; its text. Without `loaded` the spec is at hand in memory."""
        workflow = self._serializer.deserialize_json(self._deployed) if loaded else BpmnWorkflow(self._spec)
        workflow.do_engine_steps()
        return str(self._serializer.serialize_json(workflow))

    def complete(self, text: str, values: dict[str, Any]) -> str | None:
        """Complete its one task; its text, or None once it has ended."""
        workflow = self._serializer.deserialize_json(text)
        if workflow.completed:
            return None
        task = workflow.get_next_task(state=TaskState.READY, manual=True)
        task.data.update(values)
        task.run()
        workflow.do_engine_steps()
        return str(self._serializer.serialize_json(workflow))


def _values(step: int) -> dict[str, Any]:
    return dict(VALUES) if step == 0 else {f"step{step}": "note"}


def theirs(bare: Bare, instances: int) -> tuple[float, float]:
    """Seconds of a start and of a completion."""
    began = time.perf_counter()
    texts: list[str | None] = [bare.start() for _ in range(instances)]
    started, done = time.perf_counter(), 0
    for text in texts:
        step = 0
        while text is not None:
            text = bare.complete(text, _values(step))
            step += 1
        done += step - 1
    return (started - began) / instances, (time.perf_counter() - started) / done


def ours(engine: Engine, instances: int) -> tuple[float, float]:
    """Seconds of a start and of a completion with finding its task."""
    began = time.perf_counter()
    ids = [engine.start("bench", dict(VALUES), actor=ACTOR) for _ in range(instances)]
    started, done = time.perf_counter(), 0
    for instance_id in ids:
        step = 0
        while tasks := engine.user_tasks(instance_id):
            engine.complete(tasks[0].id, _values(step), actor=ACTOR)
            step += 1
        done += step
    return (started - began) / instances, (time.perf_counter() - started) / done


def measure(engine: Engine, rounds: int) -> Speed:
    """Both sides in turn, after a round that does not count."""
    bare = Bare()
    theirs(bare, 5)
    ours(engine, 5)
    pairs = [(ours(engine, EACH_ROUND), theirs(bare, EACH_ROUND)) for _ in range(rounds)]
    return Speed([(us[0], them[0]) for us, them in pairs], [(us[1], them[1]) for us, them in pairs])


def statements(engine: Engine) -> tuple[int, int]:
    """The most statements, and the most commits, that a completion of an instance takes; BEGIN and COMMIT are not counted as such."""
    instance_id = engine.start("bench", dict(VALUES), actor=ACTOR)
    most, commits, step = 0, 0, 0
    while tasks := engine.user_tasks(instance_id):
        ran, committed = counted(engine, lambda: engine.complete(tasks[0].id, _values(step), actor=ACTOR))  # noqa: B023 - run at once
        most, commits, step = max(most, ran), max(commits, committed), step + 1
    return most, commits


def counted(engine: Engine, action: Callable[[], object]) -> tuple[int, int]:
    """How many statements an action runs, and how many commits."""
    ran: list[str] = []
    commits: list[int] = []

    def core(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            ran.append(statement)

    def committed(connection: Any) -> None:
        commits.append(1)

    event.listen(engine.database.sql, "before_cursor_execute", core)
    event.listen(engine.database.sql, "commit", committed)
    fixed.WATCHERS.append(ran.append)
    try:
        action()
    finally:
        fixed.WATCHERS.remove(ran.append)
        event.remove(engine.database.sql, "before_cursor_execute", core)
        event.remove(engine.database.sql, "commit", committed)
    return len(ran), len(commits)


def deploy(engine: Engine) -> None:
    """The measured process."""
    engine.deploy({"bench.bpmn": complaint(feel=True)}, actor=ACTOR)
