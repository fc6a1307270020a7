"""The engine when things go wrong or meet: batches, jobs, keys, messages, signals, suspension."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from driving import element, flows, message_definition, process, timer, user
from marshmallow import Schema
from sqlalchemy import update

from amends.engine import Conflict, Engine, Invalid, NotFound
from amends.engine.instances.views import Change
from amends.engine.services import Operation, OperationContext
from amends.engine.store import tables as t

START = element("startEvent", "s")
LINE = process(START + user("a") + user("b") + element("endEvent", "e") + flows("s>a", "a>b", "b>e"))
LATE = element("boundaryEvent", "late", timer("timeDuration", "P1D"), attachedToRef="a", cancelActivity="false")
TIMED = process(START + user("a") + LATE + user("n") + flows("s>a", "late>n"))
SIGNAL = '<bpmn:signal id="sg" name="alarm"/>'
HEAR = element("intermediateCatchEvent", "c", '<bpmn:signalEventDefinition signalRef="sg"/>')
CATCH = element("intermediateCatchEvent", "c", '<bpmn:messageEventDefinition messageRef="m_hello"/>')


def opened(engine: Engine, instance_id: str) -> list[str]:
    return sorted(task.element_id for task in engine.user_tasks(instance_id))


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Call each in a thread of its own, all at the same moment; what they gave or raised."""
    gate, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def go(number: int, call: Callable[[], Any]) -> None:
        gate.wait()
        try:
            answers[number] = call()
        except Exception as error:  # whatever it is, the test must show it
            answers[number] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=go, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


class Breaking:
    """A projection that fails when it is told to."""

    def __init__(self) -> None:
        self.broken = False

    def apply(self, connection: Any, change: Change) -> None:
        if self.broken:
            raise RuntimeError("the projection is broken")


# -- batches
def test_a_command_that_fails_inside_a_batch_leaves_nothing_though_its_error_is_swallowed(engine: Engine, bpmn: Any) -> None:
    """What was done before and after it in the batch stays; what it had begun is undone, in rows, history and cache."""
    engine.deploy(bpmn(LINE))
    engine.projections.append(breaking := Breaking())
    first, second = (engine.start("p", {}, actor="jo") for _ in range(2))
    with engine.batch():
        engine.complete(engine.user_tasks(first)[0].id, {"x": 1}, actor="jo")
        breaking.broken = True
        for instance_id in (first, second):
            with pytest.raises(RuntimeError):
                engine.complete(engine.user_tasks(instance_id)[0].id, {"x": 2}, actor="jo")
        breaking.broken = False
        assert opened(engine, first) == ["b"] and opened(engine, second) == ["a"]
    assert dict(engine.instance(first).variables) == {"x": 1} and opened(engine, second) == ["a"]
    for instance_id in (first, second):
        while tasks := engine.user_tasks(instance_id):
            engine.complete(tasks[0].id, {"end": True}, actor="jo")
        assert engine.instance(instance_id).state == "completed"
    assert engine.verify().faults == []


def test_what_a_caller_does_to_its_variables_later_changes_nothing(engine: Engine, bpmn: Any) -> None:
    """And what cannot be kept is refused before anything happens."""
    engine.deploy(bpmn(LINE))
    given: dict[str, Any] = {"list": [1]}
    instance_id = engine.start("p", given, actor="jo")
    given["list"].append(2)
    engine.complete(engine.user_tasks(instance_id)[0].id, {}, actor="jo")
    assert dict(engine.instance(instance_id).variables) == {"list": [1]}
    with pytest.raises(Invalid):
        engine.complete(engine.user_tasks(instance_id)[0].id, {"x": object()}, actor="jo")
    assert opened(engine, instance_id) == ["b"]


# -- jobs
def test_a_timer_that_was_put_off_while_a_runner_had_it_is_not_lost(engine: Engine, clock: Any, bpmn: Any) -> None:
    """Of two runners that have the same occurrence of a cycle in hand one fires it, and the next occurrence stays."""
    cycle = element("boundaryEvent", "c", timer("timeCycle", "R/P1D"), attachedToRef="a", cancelActivity="false")
    engine.deploy(bpmn(process(START + user("a") + cycle + user("n") + flows("s>a", "c>n"))))
    instance_id = engine.start("p", {}, actor="jo")
    clock.move(days=1)
    with engine.database.reading() as connection:
        (job,) = engine.jobs.due(connection, engine.now(), None, 10)
    assert engine.jobs.run(job) is True and engine.jobs.run(job) is False
    clock.move(days=1)
    assert engine.run_due() == 1 and opened(engine, instance_id) == ["a", "n", "n"]


def test_a_job_that_always_fails_holds_up_no_other_and_ends_as_an_incident(engine: Engine, clock: Any, bpmn: Any) -> None:
    """It is tried again with pauses; put right and retried, it runs."""
    engine.deploy(bpmn(TIMED))
    engine.projections.append(breaking := Breaking())
    first = engine.start("p", {}, actor="jo")
    clock.move(hours=1)
    second = engine.start("p", {}, actor="jo")
    breaking_one = breaking.apply

    def only_first(connection: Any, change: Change) -> None:
        if change.instance_id == first and change.command == "timer" and not any(note.kind == "incident" for note in change.notes):
            breaking_one(connection, change)

    breaking.apply = only_first  # type: ignore[method-assign]
    breaking.broken = True
    clock.move(days=2)
    engine.run_due()
    assert opened(engine, second) == ["a", "n"] and opened(engine, first) == ["a"]
    for _ in range(4):
        clock.move(hours=2)
        engine.run_due()
    view = engine.instance(first)
    assert view.state == "incident" and view.incidents[0].element_id == "late" and "the projection is broken" in view.incidents[0].message
    breaking.broken = False
    engine.retry_incident(view.incidents[0].id, actor="ops")
    assert engine.run_due() == 1 and opened(engine, first) == ["a", "n"] and engine.instance(first).state == "active"


def test_two_incidents_of_one_element_at_one_instant(engine: Engine, bpmn: Any) -> None:
    """Retried without anything being put right, it is an incident again."""
    engine.deploy(bpmn(process(START + element("exclusiveGateway", "g") + user("a") + flows("s>g", "g>a: go = true"))))
    instance_id = engine.start("p", {"go": 1}, actor="jo")
    (incident,) = engine.instance(instance_id).incidents
    engine.set_variables(instance_id, {"go": "x"}, actor="ops", reason="trying")
    engine.retry_incident(incident.id, actor="ops")
    (incident,) = engine.instance(instance_id).incidents
    engine.set_variables(instance_id, {"go": True}, actor="ops", reason="right")
    engine.retry_incident(incident.id, actor="ops")
    assert opened(engine, instance_id) == ["a"] and engine.instance(instance_id).incidents == ()


def test_who_completed_a_task_did_it_though_somebody_else_got_it_past_an_incident(engine: Engine, bpmn: Any) -> None:
    """The task is completed by the person, and `not_done_by` asks about that person."""
    barred = '<zeebe:properties><zeebe:property name="not_done_by" value="a"/></zeebe:properties>'
    engine.deploy(bpmn(process(START + user("a") + user("b", ext=barred) + flows("s>a", "a>b: go"))))
    instance_id = engine.start("p", {}, actor="jo")
    task = engine.user_tasks(instance_id)[0]
    engine.complete(task.id, {}, actor="jo")
    done = engine.user_task(task.id)
    assert (done.state, done.completed_by) == ("completed", "jo")
    engine.set_variables(instance_id, {"go": True}, actor="ops", reason="forgotten")
    engine.retry_incident(engine.instance(instance_id).incidents[0].id, actor="ops")
    with pytest.raises(Exception, match="jo completed"):
        engine.complete(engine.user_tasks(instance_id)[0].id, {}, actor="jo")
    engine.complete(engine.user_tasks(instance_id)[0].id, {}, actor="ops")


class Late(Operation):
    """An operation that an installation has only from some day on."""

    type, title = "late-comer", "Late comer"

    class Inputs(Schema):
        """None."""

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        return {"came": True}


def test_an_operation_that_comes_or_goes_finds_its_tasks(database_url: str, clock: Any, bpmn: Any) -> None:
    """What was open for others is claimed; what it claimed is open for others."""
    ext = '<zeebe:taskDefinition type="late-comer"/>'
    engine = Engine(database_url, clock=clock)
    engine.deploy(bpmn(process(START + element("serviceTask", "t", ext=ext) + user("a") + flows("s>t", "t>a"))))
    first = engine.start("p", {}, actor="jo")
    assert len(engine.service_tasks(first)) == 1
    engine.close()
    engine = Engine(database_url, clock=clock, services={"late-comer": Late})
    second = engine.start("p", {}, actor="jo")
    assert engine.run_due(limit=1) == 1 and opened(engine, first) == ["a"]
    engine.close()
    engine = Engine(database_url, clock=clock)
    assert engine.run_due() == 0
    engine.complete(engine.service_tasks(second)[0].id, {}, actor="robot")
    assert opened(engine, second) == ["a"]
    engine.close()


def test_a_lease_is_held_in_real_time_while_a_replay_moves_the_clock(engine: Engine, clock: Any, bpmn: Any) -> None:
    """A job whose runner died is taken once its lease is over, also at an instant long past; it never spins."""
    engine.registry.operations["late-comer"] = Late
    ext = '<zeebe:taskDefinition type="late-comer"/>'
    engine.deploy(bpmn(process(START + element("serviceTask", "t", ext=ext) + user("a") + flows("s>t", "t>a"))))
    long_ago = clock.time - timedelta(days=300)
    instance_id = engine.start("p", {}, actor="import", occurred_at=long_ago, held=True)
    dead = {"state": "running", "attempts": 1, "lease_until": clock.time + timedelta(minutes=5)}
    with engine.database.transaction() as connection:
        connection.execute(update(t.job).values(**dead))
    assert engine.run_due(instance_id=instance_id, since=long_ago) == 0
    clock.move(minutes=6)
    assert engine.run_due(instance_id=instance_id, since=long_ago) == 1 and opened(engine, instance_id) == ["a"]


# -- idempotency keys
def test_a_key_that_was_used_for_another_task_or_process_is_a_conflict(engine: Engine, bpmn: Any) -> None:
    """Silence would let somebody believe that this task is done, too."""
    engine.deploy(bpmn(LINE + process(element("startEvent", "qs") + user("x") + flows("qs>x"), "q")))
    first, second = (engine.start("p", {}, actor="jo") for _ in range(2))
    engine.complete(engine.user_tasks(first)[0].id, {}, actor="jo", key="k")
    with pytest.raises(Conflict):
        engine.complete(engine.user_tasks(second)[0].id, {}, actor="jo", key="k")
    engine.start("p", {}, actor="jo", key="k2")
    with pytest.raises(Conflict):
        engine.start("q", {}, actor="jo", key="k2")
    assert opened(engine, second) == ["a"]


def test_a_key_whose_command_failed_is_free(engine: Engine, bpmn: Any) -> None:
    """Only what was done has an answer."""
    engine.deploy(bpmn(LINE))
    with pytest.raises(NotFound):
        engine.correlate("nobody", "k", {}, actor="jo", once="k")
    instance_id = engine.start("p", {}, actor="jo", key="k")
    assert engine.start("p", {}, actor="jo", key="k") == instance_id


def test_two_starts_with_one_key_at_once_are_one_start(database_url: str, bpmn: Any) -> None:
    """The second waits for the first and gets its answer."""
    engines = [Engine(database_url) for _ in range(4)]
    engines[0].deploy(bpmn(LINE))
    for number in range(5):
        calls = [lambda mine=mine, number=number: mine.start("p", {}, actor="jo", key=f"k{number}") for mine in engines]
        answers = at_once(*calls)
        assert len(set(answers)) == 1 and isinstance(answers[0], str), answers
    assert len(engines[0].user_tasks(limit=50)) == 5
    for mine in engines:
        mine.close()


# -- messages
def test_two_messages_at_once_for_one_who_waits_once(database_url: str, bpmn: Any) -> None:
    """One is given, the other finds nobody; without a trace in the history of the instance."""
    engines = [Engine(database_url) for _ in range(2)]
    engines[0].deploy(bpmn(message_definition("hello") + process(START + CATCH + user("a") + flows("s>c", "c>a"))))
    for number in range(5):
        instance_id = engines[0].start("p", {"reference": f"r{number}"}, actor="jo")
        calls = [lambda mine=mine, number=number: mine.correlate("hello", f"r{number}", {}, actor="jo") for mine in engines]
        answers = at_once(*calls)
        assert sorted(type(answer).__name__ for answer in answers) == ["NotFound", "str"], answers
        assert max(item.seq for item in engines[0].history(instance_id)) == 2
    for mine in engines:
        mine.close()


def test_a_message_and_the_instance_that_waits_for_it_meet_though_they_come_at_once(database_url: str, bpmn: Any) -> None:
    """Either it finds the instance, or the instance finds it: never both beside each other."""
    engines = [Engine(database_url) for _ in range(2)]
    engines[0].deploy(bpmn(message_definition("hello") + process(START + user("w") + CATCH + user("a") + flows("s>w", "w>c", "c>a"))))
    for number in range(15):
        key = f"r{number}"
        instance_id = engines[0].start("p", {"reference": key}, actor="jo")
        task_id = engines[0].user_tasks(instance_id)[0].id
        answers = at_once(
            lambda task_id=task_id: engines[0].complete(task_id, {}, actor="jo"),
            lambda key=key: engines[1].correlate("hello", key, {"said": "hi"}, actor="kim", ttl=timedelta(hours=1)),
        )
        assert not any(isinstance(answer, Exception) for answer in answers), answers
        assert opened(engines[0], instance_id) == ["a"]
    for mine in engines:
        mine.close()


def test_an_instance_that_waits_twice_with_one_key_gets_one_message_once(engine: Engine, bpmn: Any) -> None:
    """The one that waited first; the next message is for the other."""
    second = CATCH.replace('id="c"', 'id="c2"')
    engine.deploy(
        bpmn(message_definition("hello") + process(START + CATCH + second + user("a") + user("b") + flows("s>c", "s>c2", "c>a", "c2>b")))
    )
    instance_id = engine.start("p", {"reference": "r"}, actor="jo")
    assert engine.correlate("hello", "r", {}, actor="jo") == instance_id and opened(engine, instance_id) == ["a"]
    assert engine.correlate("hello", "r", {}, actor="jo") == instance_id and opened(engine, instance_id) == ["a", "b"]


def test_several_kept_messages_reach_who_goes_on_waiting(engine: Engine, bpmn: Any) -> None:
    """A boundary event that does not interrupt takes them all; who waits once takes one."""
    note = element("boundaryEvent", "m", '<bpmn:messageEventDefinition messageRef="m_hello"/>', attachedToRef="a", cancelActivity="false")
    body = START + user("a") + note + user("n") + flows("s>a", "m>n")
    engine.deploy(bpmn(message_definition("hello") + process(body)))
    for _ in range(3):
        engine.correlate("hello", "r", {}, actor="jo", ttl=timedelta(days=1))
    assert opened(engine, engine.start("p", {"reference": "r"}, actor="jo")) == ["a", "n", "n", "n"]


# -- signals
def test_a_signal_that_is_thrown_starts_processes_and_does_not_reach_back(engine: Engine, bpmn: Any) -> None:
    """It reaches who waits by then and what it starts; who begins to wait after it does not hear it."""
    throw = element("intermediateThrowEvent", "t", '<bpmn:signalEventDefinition signalRef="sg"/>')
    begin = element("startEvent", "sq", '<bpmn:signalEventDefinition signalRef="sg"/>')
    body = SIGNAL + process(START + throw + HEAR + user("x") + flows("s>t", "t>c", "c>x"))
    body += process(element("startEvent", "rs") + HEAR.replace('id="c"', 'id="rc"') + user("y") + flows("rs>rc", "rc>y"), "r")
    engine.deploy(bpmn(body + process(begin + user("z") + flows("sq>z"), "q")))
    hearing = engine.start("r", {}, actor="jo")
    thrower = engine.start("p", {}, actor="jo")
    engine.run_due()
    assert opened(engine, hearing) == ["y"] and opened(engine, thrower) == []
    assert sorted(task.element_id for task in engine.user_tasks()) == ["y", "z"]


def test_two_instances_that_throw_at_each_other_at_once_do_not_block(database_url: str, bpmn: Any) -> None:
    """A command holds its instance without keeping others from writing jobs for it."""
    throw = element("intermediateThrowEvent", "t", '<bpmn:signalEventDefinition signalRef="sg"/>')
    hear = element("boundaryEvent", "c", '<bpmn:signalEventDefinition signalRef="sg"/>', attachedToRef="a", cancelActivity="false")
    body = process(START + user("a") + hear + user("n") + user("w") + throw + flows("s>a", "s>w", "w>t", "c>n"))
    engines = [Engine(database_url) for _ in range(2)]
    engines[0].deploy(bpmn(SIGNAL + body))
    for _ in range(5):
        ids = [engines[0].start("p", {}, actor="jo") for _ in range(2)]
        tasks = [next(task.id for task in engines[0].user_tasks(item) if task.element_id == "w") for item in ids]
        pairs = zip(engines, tasks, strict=True)
        calls = [lambda mine=mine, task_id=task_id: mine.complete(task_id, {}, actor="jo") for mine, task_id in pairs]
        assert at_once(*calls) == [None, None]
    for mine in engines:
        mine.close()


# -- suspension
def test_a_suspended_instance_takes_no_command_and_its_jobs_wait(engine: Engine, clock: Any, bpmn: Any) -> None:
    """Resumed, it goes on: what fell due meanwhile fires, a message that was kept for it arrives."""
    note = element("boundaryEvent", "m", '<bpmn:messageEventDefinition messageRef="m_hello"/>', attachedToRef="a", cancelActivity="false")
    body = START + user("a") + LATE + note + user("n") + user("x") + flows("s>a", "late>n", "m>x")
    engine.deploy(bpmn(message_definition("hello") + process(body)))
    instance_id = engine.start("p", {"reference": "r"}, actor="jo")
    engine.suspend(instance_id, reason="a court asks", actor="ops")
    assert engine.instance(instance_id).state == "suspended"
    task_id = engine.user_tasks(instance_id)[0].id
    for refused in (
        lambda: engine.complete(task_id, {}, actor="jo"),
        lambda: engine.claim(task_id, actor="jo"),
        lambda: engine.set_variables(instance_id, {"x": 1}, actor="ops", reason="?"),
        lambda: engine.suspend(instance_id, reason="again", actor="ops"),
    ):
        with pytest.raises(Conflict, match="suspended"):
            refused()
    with pytest.raises(NotFound):
        engine.correlate("hello", "r", {}, actor="jo")
    assert engine.correlate("hello", "r", {}, actor="jo", ttl=timedelta(days=9)) is None
    clock.move(days=2)
    assert engine.run_due() == 0 and engine.run_due(instance_id=instance_id) == 0 and opened(engine, instance_id) == ["a"]
    engine.resume(instance_id, reason="answered", actor="ops")
    assert engine.instance(instance_id).state == "active" and opened(engine, instance_id) == ["a", "x"]
    assert engine.run_due() == 1 and opened(engine, instance_id) == ["a", "n", "x"]
    with pytest.raises(Conflict):
        engine.resume(instance_id, reason="again", actor="ops")
    assert [item.kind for item in engine.history(instance_id) if item.kind in ("suspended", "resumed")] == ["suspended", "resumed"]
    engine.suspend(instance_id, reason="once more", actor="ops")
    engine.cancel(instance_id, reason="given up", actor="ops")
    assert engine.instance(instance_id).state == "terminated" and engine.verify().faults == []


def test_an_operation_that_ran_while_its_instance_was_suspended_is_written_down(engine: Engine, bpmn: Any) -> None:
    """It has happened; what follows it waits."""
    ext = '<zeebe:taskDefinition type="late-comer"/>'
    seconds = element("serviceTask", "t2", ext=ext)
    engine.deploy(bpmn(process(START + element("serviceTask", "t", ext=ext) + seconds + user("a") + flows("s>t", "t>t2", "t2>a"))))

    class Suspending(Late):
        """Suspends the instance while it runs."""

        def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
            if context.element_id == "t":
                engine.suspend(context.instance_id, reason="now", actor="ops")
            return {"came": True}

    engine.registry.operations["late-comer"] = Suspending
    instance_id = engine.start("p", {}, actor="jo")
    assert engine.run_due() == 1 and engine.run_due() == 0
    view = engine.instance(instance_id)
    assert (view.state, view.active_elements, dict(view.variables)) == ("suspended", ("t2",), {"came": True})
    engine.resume(instance_id, reason="on", actor="ops")
    assert engine.run_due() == 1 and opened(engine, instance_id) == ["a"]


# -- forms
class Groups:
    """Forms whose answers are contexts."""

    def check(self, source: bytes, file: str) -> list[Any]:
        return []

    def fields(self, source: bytes) -> list[Any]:
        return []

    def validate(self, source: bytes, data: Any, context: Any) -> dict[str, Any]:
        return dict(data)


def test_a_form_with_two_fields_of_a_context_leaves_its_other_entries(database_url: str, tmp_path: Path, bpmn: Any) -> None:
    """Contexts are merged however deep; lists and plain values are what was answered."""
    engine = Engine(database_url, forms=Groups())  # type: ignore[arg-type]
    body = START + user("a", ext='<zeebe:formDefinition formId="f"/>') + user("b") + flows("s>a", "a>b")
    bpmn(process(body))
    form, manifest = b'{"id": "f", "type": "default", "components": []}', b'[package]\nname = "p"\nversion = "1"\n'
    files = {"package.toml": manifest, "test.bpmn": (tmp_path / "test.bpmn").read_bytes(), "f.form": form}
    engine.deploy(files)
    filed = {"name": "Jo", "address": {"town": "Bath", "post": "B1"}, "tags": [1]}
    instance_id = engine.start("p", {"complaint": filed}, actor="jo")
    engine.complete(engine.user_tasks(instance_id)[0].id, {"complaint": {"address": {"town": "York"}, "tags": [2]}}, actor="jo")
    merged = {"name": "Jo", "address": {"town": "York", "post": "B1"}, "tags": [2]}
    assert dict(engine.instance(instance_id).variables) == {"complaint": merged}
    engine.complete(engine.user_tasks(instance_id)[0].id, {"complaint": {"only": 1}}, actor="jo")
    assert dict(engine.instance(instance_id).variables) == {"complaint": {"only": 1}}
    engine.close()


class Quiet(Operation):
    """Does nothing, well."""

    type, title = "quiet", "Quiet"

    def run(self, inputs: dict[str, Any], context: OperationContext) -> None:
        return None


def test_an_operation_whose_runners_all_died_is_an_incident(engine: Engine, clock: Any, bpmn: Callable[..., Path]) -> None:
    """A lease that ran out as often as there are attempts: it is not begun once more, in case it is what kills them."""
    engine.registry.operations["quiet"] = Quiet
    ext = '<zeebe:taskDefinition type="quiet" retries="2"/>'
    engine.deploy(bpmn(process(START + element("serviceTask", "t", ext=ext) + flows("s>t"))))
    instance_id = engine.start("p", {}, actor="jo")
    with engine.database.transaction() as connection:
        dead = {"state": "running", "attempts": 2, "lease_until": clock.time - timedelta(minutes=1)}
        connection.execute(t.job.update().values(**dead))
    engine.run_due()
    (incident,) = engine.instance(instance_id).incidents
    assert incident.attempts == 2 and "died before" in incident.message
    engine.retry_incident(incident.id, actor="ops")
    engine.run_due()
    assert engine.instance(instance_id).state == "completed"
