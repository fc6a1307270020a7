"""Compensation, transactions, conditions, several triggers and cron on a real database: rows, jobs and history follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from driving import element, flows, message_definition, process, timer, user
from sqlalchemy import func, select

from amends.engine import Engine
from amends.engine.store import tables as t

Deploy = Callable[..., Path]
START = element("startEvent", "s")
COMPENSATE = "<bpmn:compensateEventDefinition/>"


def undoable(name: str) -> str:
    boundary = element("boundaryEvent", f"b_{name}", COMPENSATE, attachedToRef=name)
    handler = element("userTask", f"undo_{name}", ext="<zeebe:userTask/>", isForCompensation="true")
    return user(name) + boundary + handler + f'<bpmn:association id="as_{name}" sourceRef="b_{name}" targetRef="undo_{name}"/>'


def work(engine: Engine, instance_id: str, name: str, **answers: Any) -> list[str]:
    """Complete a task; the tasks that are open then."""
    task = next(task for task in engine.user_tasks(instance_id) if task.element_id == name)
    engine.complete(task.id, answers, actor="jo")
    return [task.element_id for task in engine.user_tasks(instance_id)]


def rows(engine: Engine, table: Any) -> int:
    with engine.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_cancelled_transaction_is_undone_by_tasks_and_told_in_the_history(engine: Engine, bpmn: Deploy) -> None:
    """Each command reads the instance anew; what undoes is work like any other."""
    inner = element("startEvent", "i") + undoable("a") + undoable("b") + element("endEvent", "no", "<bpmn:cancelEventDefinition/>")
    inner += flows("i>a", "a>b", "b>no")
    left = element("boundaryEvent", "left", "<bpmn:cancelEventDefinition/>", attachedToRef="tx") + user("sorry")
    body = START + element("transaction", "tx", inner) + left + element("endEvent", "e") + flows("s>tx", "left>sorry", "tx>e")
    engine.deploy(bpmn(process(body)))
    instance_id = engine.start("p", {}, actor="jo")
    engine.commands.forget()
    assert work(engine, instance_id, "a") == ["b"]
    engine.commands.forget()
    assert work(engine, instance_id, "b") == ["undo_b"]
    engine.commands.forget()
    assert work(engine, instance_id, "undo_b") == ["undo_a"]
    engine.commands.forget()
    assert work(engine, instance_id, "undo_a") == ["sorry"]
    assert work(engine, instance_id, "sorry") == [] and engine.instance(instance_id).state == "completed"
    told = [(event.kind, event.element_id) for event in engine.history(instance_id) if event.kind in ("compensation", "cancel", "thrown")]
    assert told == [("thrown", "no"), ("compensation", "b_b"), ("compensation", "b_a"), ("cancel", "left")]


def test_a_condition_happens_when_somebody_changes_a_variable(engine: Engine, bpmn: Deploy) -> None:
    """By hand, or by completing another task; also after the instance was read again."""
    condition = "<bpmn:conditionalEventDefinition><bpmn:condition>=amount &gt; 100</bpmn:condition></bpmn:conditionalEventDefinition>"
    event = element("boundaryEvent", "c", condition, attachedToRef="a") + user("big")
    body = START + element("parallelGateway", "f") + user("a") + event + user("other") + flows("s>f", "f>a", "f>other", "c>big")
    engine.deploy(bpmn(process(body)))
    by_hand, by_task = (engine.start("p", {"amount": 1}, actor="jo") for _ in range(2))
    engine.commands.forget()
    engine.set_variables(by_hand, {"amount": 500}, actor="jo", reason="she rang")
    assert [task.element_id for task in engine.user_tasks(by_hand)] == ["other", "big"]
    assert work(engine, by_task, "other", amount=50) == ["a"]
    engine.set_variables(by_task, {"amount": 101}, actor="jo", reason="she rang again")
    assert [task.element_id for task in engine.user_tasks(by_task)] == ["big"]


def test_of_several_triggers_the_rows_of_the_others_are_gone(engine: Engine, clock: Any, bpmn: Deploy) -> None:
    """A message, a signal and a time: each has its row while it is waited for."""
    several = '<bpmn:messageEventDefinition messageRef="m_hello"/><bpmn:signalEventDefinition signalRef="sg"/>'
    several += timer("timeDuration", "P1D")
    body = START + element("intermediateCatchEvent", "c", several) + user("a") + flows("s>c", "c>a")
    engine.deploy(bpmn(message_definition("hello") + '<bpmn:signal id="sg" name="alarm"/>' + process(body)))
    instances = [engine.start("p", {"reference": name}, actor="jo") for name in ("by message", "by time", "by signal")]
    assert (rows(engine, t.subscription), rows(engine, t.job)) == (6, 3)
    assert engine.correlate("hello", "by message", {"said": "hi"}, actor="jo") == instances[0]
    assert (rows(engine, t.subscription), rows(engine, t.job)) == (4, 2)
    clock.move(days=1)
    engine.run_due(instance_id=instances[1])
    assert (rows(engine, t.subscription), rows(engine, t.job)) == (2, 1)
    engine.signal("alarm", actor="jo")
    assert (rows(engine, t.subscription), rows(engine, t.job)) == (0, 0)
    assert [task.element_id for task in engine.user_tasks()] == ["a", "a", "a"]


def test_a_cron_cycle_is_a_job_that_moves_on(engine: Engine, clock: Any, bpmn: Deploy) -> None:
    """At nine on weekdays: Monday's has just passed, so Tuesday's is next."""
    event = element("boundaryEvent", "c", timer("timeCycle", "0 0 9 * * MON-FRI"), attachedToRef="a", cancelActivity="false")
    engine.deploy(bpmn(process(START + user("a") + event + user("n") + flows("s>a", "c>n"))))
    instance_id = engine.start("p", {}, actor="jo")
    for day in (3, 4, 5, 6, 9):
        with engine.database.reading() as connection:
            (due,) = connection.execute(select(t.job.c.due_at)).scalars()
        assert due == datetime(2026, 3, day, 9, tzinfo=UTC)
        clock.time = due
        assert engine.run_due() == 1
    engine.cancel(instance_id, reason="test", actor="jo")
    assert rows(engine, t.job) == 0
