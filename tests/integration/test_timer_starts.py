"""What starts an instance by itself: timers, messages, signals and receive tasks, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from driving import element, flows, message_definition, process, timer, user
from sqlalchemy import select

from amends.engine import CheckFailed, Engine, NotFound
from amends.engine.execution import Fault
from amends.engine.store import tables as t

Deploy = Callable[..., Path]


def timed(kind: str, text: str, task: str = "a") -> str:
    return process(element("startEvent", "s", timer(kind, text)) + user(task) + flows(f"s>{task}"))


def tasks(engine: Engine) -> list[str]:
    return [task.element_id for task in engine.user_tasks(limit=500)]


def due(engine: Engine) -> list[datetime]:
    with engine.database.reading() as connection:
        return sorted(connection.execute(select(t.job.c.due_at).where(t.job.c.kind == "start")).scalars())


STARTS = {
    "a date": ("timeDate", "2026-03-04T09:00:00Z", [2]),
    "a date in FEEL": ("timeDate", "=date and time(&quot;2026-03-04T09:00:00Z&quot;)", [2]),
    "a duration from deployment": ("timeDuration", "P3D", [3]),
    "a cycle": ("timeCycle", "R/P1D", [1, 2, 3, 4, 5, 6, 7, 8]),
    "a cycle of three": ("timeCycle", "R3/P1D", [1, 2, 3]),
    "a cycle with a start that has passed": ("timeCycle", "R/2026-03-01T09:00:00Z/P2D", [1, 3, 5, 7]),
    "a cycle with an end": ("timeCycle", "R/P2D/2026-03-06T09:00:00Z", [2, 4]),
    "cron": ("timeCycle", "0 0 9 * * MON-FRI", [1, 2, 3, 4, 7, 8]),
    "a date that has passed": ("timeDate", "2026-03-01T09:00:00Z", []),
}


@pytest.mark.parametrize("name", STARTS)
def test_a_timer_start_event_starts_instances_when_it_is_due(engine: Engine, clock: Any, bpmn: Deploy, name: str) -> None:
    """By jobs of their own, seen by the same runner as every other; the history says when it was due."""
    kind, text, days = STARTS[name]
    engine.deploy(bpmn(timed(kind, text)))
    begun = engine.now()
    started = []
    for day in range(1, 9):
        clock.time = begun + timedelta(days=day)
        before = len(tasks(engine))
        engine.run_due()
        started += [day] * (len(tasks(engine)) - before)
    assert started == days
    if days:
        first = engine.user_tasks(limit=500)[0].instance_id
        told = [(item.actor, item.kind, item.element_id) for item in engine.history(first)][:3]
        assert told == [("system", "started", "p"), ("system", "timer", "s"), ("system", "completed", "s")]
        assert engine.history(first)[1].data["due"] == (begun + timedelta(days=days[0])).isoformat()
        engine.cancel(first, reason="test", actor="jo")
        assert engine.instance(first).state == "terminated"


def test_missed_occurrences_start_one_instance_that_says_how_many(engine: Engine, clock: Any, bpmn: Deploy) -> None:
    """The runner was away for a week."""
    engine.deploy(bpmn(timed("timeCycle", "R/P1D")))
    clock.move(days=7, hours=1)
    assert engine.run_due() == 1 and tasks(engine) == ["a"]
    assert engine.history(engine.user_tasks()[0].instance_id)[1].data["missed"] == 6
    assert due(engine) == [datetime(2026, 3, 10, 9, tzinfo=UTC)]


def test_a_new_version_supersedes_the_schedule_of_the_old(engine: Engine, clock: Any, bpmn: Deploy) -> None:
    """Also one without a timer; the same content again leaves the schedule as it is."""
    engine.deploy(bpmn(timed("timeCycle", "R/P1D")))
    clock.move(hours=12)
    engine.deploy(bpmn(timed("timeCycle", "R/P1D")))
    assert due(engine) == [datetime(2026, 3, 3, 9, tzinfo=UTC)]
    engine.deploy(bpmn(timed("timeCycle", "R/P1D", "b")))
    assert due(engine) == [datetime(2026, 3, 3, 21, tzinfo=UTC)]
    clock.move(days=1)
    assert engine.run_due() == 1 and tasks(engine) == ["b"]
    engine.deploy(bpmn(process(element("startEvent", "s") + user("c") + flows("s>c"))))
    assert due(engine) == []
    clock.move(days=9)
    assert engine.run_due() == 0


def test_a_job_that_is_taken_when_a_new_version_comes_starts_nothing(engine: Engine, clock: Any, bpmn: Deploy) -> None:
    """A runner that holds the old version's job finds that it is gone."""
    engine.deploy(bpmn(timed("timeCycle", "R/P1D")))
    clock.move(days=1)
    with engine.database.reading() as connection:
        (job,) = engine.jobs.due(connection, engine.now(), None, 10)
    assert (job.kind, job.instance_id, job.type) == ("start", "", "p")
    engine.deploy(bpmn(timed("timeCycle", "R/P2D")))
    assert engine.jobs.run(job) is False and tasks(engine) == []


def test_a_start_that_fails_is_tried_again_until_it_succeeds(engine: Engine, clock: Any, bpmn: Deploy) -> None:
    """Nothing of the failed attempt is left, and the schedule goes on."""

    class Broken:
        def apply(self, connection: Any, change: Any) -> None:
            raise ValueError("not now")

    engine.deploy(bpmn(timed("timeCycle", "R/P1D")))
    broken = Broken()
    engine.projections.append(broken)
    clock.move(days=1)
    for _ in range(5):
        engine.run_due()
        clock.move(hours=2)
    assert tasks(engine) == []
    engine.projections.remove(broken)
    engine.run_due()
    assert tasks(engine) == ["a"] and due(engine) == [datetime(2026, 3, 4, 9, tzinfo=UTC)]


def test_a_time_that_cannot_be_worked_out_refuses_the_package(engine: Engine, bpmn: Deploy) -> None:
    """It is worked out when the package is deployed: there are no variables then."""
    with pytest.raises(CheckFailed) as refused:
        engine.deploy(bpmn(timed("timeCycle", "=1 + 1")))
    assert [(p.code, p.element_id) for p in refused.value.problems] == [("timer-literal", "s")]
    assert engine.deployments() == [] and due(engine) == []


def test_several_start_events_begin_one_process_each_at_its_own_place(engine: Engine, clock: Any, bpmn: Deploy) -> None:
    """By hand, by a message, by a signal, by a time, and by an event with several triggers."""
    hello = message_definition("hello").replace("<bpmn:extensionElements>", "").split("<zeebe")[0] + "</bpmn:message>"
    other = '<bpmn:message id="m_other" name="other"/><bpmn:signal id="sg" name="alarm"/>'
    starts = {
        "n": "", "m": '<bpmn:messageEventDefinition messageRef="m_hello"/>', "g": '<bpmn:signalEventDefinition signalRef="sg"/>',
        "t": timer("timeDuration", "P1D"),
        "v": '<bpmn:messageEventDefinition messageRef="m_other"/>' + timer("timeDuration", "P2D"),
    }  # fmt: skip
    body = "".join(element("startEvent", name, what) + user(f"by_{name}") + flows(f"{name}>by_{name}") for name, what in starts.items())
    engine.deploy(bpmn(hello + other + process(body)))
    engine.start("p", {}, actor="jo")
    assert tasks(engine) == ["by_n"]
    engine.correlate("hello", "", {"said": "hi"}, actor="jo")
    engine.signal("alarm", actor="jo")
    clock.move(days=1)
    engine.run_due()
    engine.correlate("other", "", {}, actor="jo")
    clock.move(days=1)
    engine.run_due()
    assert sorted(tasks(engine)) == ["by_g", "by_m", "by_n", "by_t", "by_v", "by_v"]


def test_a_receive_task_begins_an_instance_with_its_message(engine: Engine, bpmn: Deploy) -> None:
    """Nothing else begins it."""
    receive = element("receiveTask", "r", messageRef="m", instantiate="true")
    engine.deploy(bpmn('<bpmn:message id="m" name="hello"/>' + process(receive + user("a") + flows("r>a"))))
    with pytest.raises((Fault, NotFound), match="nothing that can start it"):
        engine.start("p", {}, actor="jo")
    instance_id = engine.correlate("hello", "K", {"said": "hi"}, actor="jo")
    assert tasks(engine) == ["a"] and dict(engine.instance(instance_id).variables) == {"said": "hi"}
