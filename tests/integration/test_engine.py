"""The engine on a real database: one command, one transaction, and nothing lost when something goes wrong."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from driving import element, flows, message_definition, process, timer, user
from marshmallow import Schema, fields
from sqlalchemy import event

from amends.engine import CheckFailed, Conflict, Engine, Forbidden, NotFound
from amends.engine.execution import Execution
from amends.engine.instances.commands import HotInstances
from amends.engine.operating.bench.speed import counted
from amends.engine.services import Operation, OperationContext

START = element("startEvent", "s")
LINE = process(START + user("a") + user("b") + element("endEvent", "e") + flows("s>a", "a>b", "b>e"))


def test_an_instance_is_worked_to_its_end(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """Start, tasks, completion, end; finished instances keep no state, their history tells what the variables were."""
    engine.deploy(bpmn(LINE))
    instance_id = engine.start("p", {"x": 1}, business_key="K", actor="jo")
    (task,) = engine.user_tasks(instance_id)
    assert (task.element_id, task.state, task.created_at) == ("a", "open", engine.now())
    engine.complete(task.id, {"y": 2}, actor="jo")
    assert engine.instance(instance_id).active_elements == ("b",)
    engine.complete(engine.user_tasks(instance_id)[0].id, {"z": 3}, actor="kim")
    view = engine.instance(instance_id)
    assert (view.state, view.business_key, dict(view.variables)) == ("completed", "K", {"x": 1, "y": 2, "z": 3})
    told = [(item.seq, item.actor, item.kind, item.element_id) for item in engine.history(instance_id) if item.kind != "taken"]
    assert told == [
        (1, "jo", "started", "p"), (1, "jo", "completed", "s"), (1, "jo", "entered", "a"), (2, "jo", "completed", "a"),
        (2, "jo", "entered", "b"), (3, "kim", "completed", "b"), (3, "kim", "completed", "e"), (3, "kim", "ended", "p"),
    ]  # fmt: skip


def test_identical_content_is_the_same_deployment(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """And a changed one is the next version, which new instances run on while old ones keep theirs."""
    first = engine.deploy(bpmn(LINE))
    assert engine.deploy(bpmn(LINE)).id == first.id
    old = engine.start("p", {}, actor="jo")
    changed = process(START + user("a") + user("x") + flows("s>a", "a>x"))
    second = engine.deploy(bpmn(changed))
    assert (second.number, engine.latest("p").id) == (2, second.id)
    new = engine.start("p", {}, actor="jo")
    for instance_id in (old, new):
        engine.complete(engine.user_tasks(instance_id)[0].id, {}, actor="jo")
    assert [engine.user_tasks(instance_id)[0].element_id for instance_id in (old, new)] == ["b", "x"]
    back = engine.deploy(bpmn(LINE))
    assert back.number == 3 and engine.latest("p").id == back.id


def test_what_is_wrong_is_refused_with_everything_at_once(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """Nothing of it is deployed."""
    broken = process(START + user("a") + element("exclusiveGateway", "g") + flows("s>a", "a>g", "g>a: 1 +", "g>nowhere: true"))
    with pytest.raises(CheckFailed) as refused:
        engine.deploy(bpmn(broken))
    assert {problem.element_id for problem in refused.value.problems} >= {"g_a", "g_nowhere"}
    assert engine.deployments() == []


def test_the_second_to_complete_a_task_gets_a_conflict_that_says_who_was_first(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """And nothing is changed; an unknown task is not found."""
    engine.deploy(bpmn(LINE))
    instance_id = engine.start("p", {}, actor="jo")
    task = engine.user_tasks(instance_id)[0]
    engine.complete(task.id, {"who": "jo"}, actor="jo")
    rows = len(engine.history(instance_id))
    with pytest.raises(Conflict) as late:
        engine.complete(task.id, {"who": "kim"}, actor="kim")
    assert (late.value.by, late.value.at) == ("jo", engine.now())
    assert dict(engine.instance(instance_id).variables) == {"who": "jo"} and len(engine.history(instance_id)) == rows
    for wrong in ("nonsense", f"{instance_id}.99", "x.1"):
        with pytest.raises(NotFound):
            engine.complete(wrong, {}, actor="jo")


def test_the_same_key_again_gives_the_first_answer(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """A command that was sent twice is done once."""
    engine.deploy(bpmn(LINE))
    first = engine.start("p", {}, actor="jo", key="k1")
    assert engine.start("p", {}, actor="jo", key="k1") == first
    task = engine.user_tasks(first)[0]
    engine.complete(task.id, {}, actor="jo", key="k2")
    engine.complete(task.id, {}, actor="jo", key="k2")
    assert [item.element_id for item in engine.user_tasks(first)] == ["b"]
    with pytest.raises(Conflict):
        engine.complete(task.id, {}, actor="jo", key="k1")


def test_eight_threads_race_for_one_task(database_url: str, bpmn: Callable[..., Path]) -> None:
    """One wins, seven get `Conflict`, and the instance is where it should be; ten times over, each thread with its own engine."""
    engines = [Engine(database_url) for _ in range(8)]
    engines[0].deploy(bpmn(LINE))
    for _ in range(10):
        instance_id = engines[0].start("p", {}, actor="jo")
        task_id = engines[0].user_tasks(instance_id)[0].id
        outcomes: list[str] = []
        gate = threading.Barrier(8)

        def go(mine: Engine, actor: str, task_id: str = task_id, outcomes: list[str] = outcomes, gate: threading.Barrier = gate) -> None:
            gate.wait()
            try:
                mine.complete(task_id, {"by": actor}, actor=actor)
                outcomes.append("won")
            except Conflict:
                outcomes.append("conflict")

        threads = [threading.Thread(target=go, args=(mine, f"u{number}")) for number, mine in enumerate(engines)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["conflict"] * 7 + ["won"]
        assert [task.element_id for task in engines[0].user_tasks(instance_id)] == ["b"]
    for mine in engines:
        mine.close()


def test_two_people_on_two_tasks_of_one_instance_both_succeed(database_url: str, bpmn: Callable[..., Path]) -> None:
    """Commands on one instance wait for each other."""
    body = START + element("parallelGateway", "f") + user("a") + user("b") + element("parallelGateway", "j") + user("z")
    engines = [Engine(database_url) for _ in range(2)]
    engines[0].deploy(bpmn(process(body + flows("s>f", "f>a", "f>b", "a>j", "b>j", "j>z"))))
    for _ in range(10):
        instance_id = engines[0].start("p", {}, actor="jo")
        tasks = [task.id for task in engines[0].user_tasks(instance_id)]
        errors: list[Exception] = []
        gate = threading.Barrier(2)

        def go(mine: Engine, task_id: str, errors: list[Exception] = errors, gate: threading.Barrier = gate) -> None:
            gate.wait()
            try:
                mine.complete(task_id, {f"k{task_id[-1]}": 1}, actor="jo")
            except Exception as error:  # whatever it is, the test must show it
                errors.append(error)

        threads = [threading.Thread(target=go, args=pair) for pair in zip(engines, tasks, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == [] and [task.element_id for task in engines[0].user_tasks(instance_id)] == ["z"]
        assert len(engines[0].instance(instance_id).variables) == 2
    for mine in engines:
        mine.close()


def test_what_is_kept_at_hand_no_longer_is_out_of_memory_at_once(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """Not when Python next looks for circles; and every command has its answer though its instance is not kept for a moment."""
    engine.deploy(bpmn(LINE))
    engine.commands._hot = HotInstances(1)
    gc.collect()
    gc.disable()
    try:
        ids = [engine.start("p", {"x": 1}, actor="jo") for _ in range(20)]
        alive = sum(isinstance(one, Execution) and bool(vars(one)) for one in gc.get_objects())
    finally:
        gc.enable()
    engine.commands._hot = HotInstances(0)
    engine.complete(engine.user_tasks(ids[0])[0].id, {"y": 2}, actor="jo")
    assert engine.modify(ids[0], variables={"x": 2}, reason="wrong", actor="jo").variables == {"x": (1, 2)}
    assert engine.cancel(ids[0], reason="no", actor="jo").left == ("b",)
    assert alive <= 2


def test_a_completion_is_one_transaction_and_at_most_eight_statements(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """Rule 1, whatever the history."""
    late = element("boundaryEvent", "late", timer("timeDuration", "P10D"), attachedToRef="b", cancelActivity="false")
    body = START + user("a") + user("b") + late + user("n") + flows("s>a", "a>b", "late>n")
    engine.deploy(bpmn(process(body)))
    task = engine.user_tasks(engine.start("p", {}, actor="jo"))[0]
    statements: list[str] = []
    event.listen(engine.database.sql, "before_cursor_execute", lambda *args: statements.append(args[2]))
    commits: list[Any] = []
    event.listen(engine.database.sql, "commit", commits.append)
    engine.complete(task.id, {"y": 1}, actor="jo")
    assert len(statements) <= 8 and len(commits) == 1, statements


def test_a_start_writes_its_row_once_in_one_transaction(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """A start that waits for a person: which version and whether it rests are asked in one statement, and the instance's row is
    written with what its first step made of it; PostgreSQL takes everything that is written as one statement."""
    engine.deploy(bpmn(process(START + user("a") + flows("s>a"))))
    engine.start("p", {"y": 1}, actor="jo")
    ran, commits = counted(engine, lambda: engine.start("p", {"y": 1}, actor="jo"))
    assert (ran, commits) == (6 if engine.database.sqlite else 2, 1)


def test_a_new_instance_is_there_for_whoever_writes_what_refers_to_it(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """An incident at the first step, and an instance that begins and ends in one, are whole: row, history, state."""
    engine.deploy(bpmn(process(START + element("exclusiveGateway", "t") + user("a") + flows("s>t", "t>a:nothing"))))
    stuck = engine.start("p", {}, actor="jo")
    assert engine.instance(stuck).state == "incident"
    engine.deploy(bpmn(process(START + element("endEvent", "e") + flows("s>e"))))
    over = engine.start("p", {"x": 1}, actor="jo")
    assert engine.instance(over).state == "completed" and engine.instance(over).ended_at is not None
    assert engine.verify().faults == []


def test_timers_are_found_by_time_and_fire_once(engine: Engine, clock: Any, bpmn: Callable[..., Path]) -> None:
    """`run_due` runs what is due and says how many; a task's completion takes its timer away."""
    late = element("boundaryEvent", "late", timer("timeDuration", "P1D"), attachedToRef="a", cancelActivity="false")
    engine.deploy(bpmn(process(START + user("a") + late + user("n") + flows("s>a", "late>n"))))
    first, second = (engine.start("p", {}, actor="jo") for _ in range(2))
    engine.complete(engine.user_tasks(second)[0].id, {}, actor="jo")
    assert engine.run_due() == 0
    clock.move(days=1)
    assert engine.run_due() == 1 and engine.run_due() == 0
    assert sorted(task.element_id for task in engine.user_tasks(first)) == ["a", "n"]
    fired = next(item for item in engine.history(first) if item.kind == "timer")
    assert fired.occurred_at == clock.time and fired.actor == "system"


def test_a_held_instance_is_out_of_the_runners_sight_until_it_is_released(engine: Engine, clock: Any, bpmn: Callable[..., Path]) -> None:
    """Its timers fire at their own instants when asked for: what was due in the past happens in the past."""
    cycle = element("boundaryEvent", "c", timer("timeCycle", "R3/P1D"), attachedToRef="a", cancelActivity="false")
    engine.deploy(bpmn(process(START + user("a") + cycle + user("n") + flows("s>a", "c>n"))))
    long_ago = clock.time - timedelta(days=100)
    instance_id = engine.start("p", {}, actor="import", occurred_at=long_ago, held=True)
    assert engine.run_due() == 0
    assert engine.run_due(instance_id=instance_id, since=long_ago) == 3
    fired = [item.occurred_at for item in engine.history(instance_id) if item.kind == "timer"]
    assert fired == [long_ago + timedelta(days=day) for day in (1, 2, 3)]
    assert {item.recorded_at for item in engine.history(instance_id)} == {clock.time}


def test_a_message_goes_to_who_waits_or_starts_or_is_kept_for_its_time(engine: Engine, clock: Any, bpmn: Callable[..., Path]) -> None:
    """One message, one receiver; nobody waiting without a time to live is `NotFound`."""
    catch = element("intermediateCatchEvent", "c", '<bpmn:messageEventDefinition messageRef="m_hello"/>')
    starting = element("startEvent", "ms", '<bpmn:messageEventDefinition messageRef="m_go"/>')
    body = message_definition("hello") + '<bpmn:message id="m_go" name="go"/>'
    body += process(START + catch + user("a") + flows("s>c", "c>a")) + process(starting + user("b") + flows("ms>b"), "q")
    engine.deploy(bpmn(body))
    first = engine.start("p", {"reference": "r1"}, actor="jo")
    with pytest.raises(NotFound):
        engine.correlate("hello", "r2", {}, actor="jo")
    assert engine.correlate("hello", "r1", {"said": "hi"}, actor="jo") == first
    assert engine.instance(first).variables["said"] == "hi"
    started = engine.correlate("go", "", {"x": 1}, actor="jo")
    assert started is not None and engine.user_tasks(started)[0].element_id == "b"
    assert engine.correlate("hello", "r3", {"said": "early"}, actor="jo", ttl=timedelta(days=1)) is None
    third = engine.start("p", {"reference": "r3"}, actor="jo")
    assert engine.user_tasks(third)[0].element_id == "a" and engine.instance(third).variables["said"] == "early"
    engine.correlate("hello", "r4", {}, actor="jo", ttl=timedelta(hours=1))
    clock.move(days=1)
    assert engine.user_tasks(engine.start("p", {"reference": "r4"}, actor="jo")) == []


def test_a_signal_reaches_all_that_wait(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """Each instance in a transaction of its own."""
    catch = element("intermediateCatchEvent", "c", '<bpmn:signalEventDefinition signalRef="sg"/>')
    engine.deploy(bpmn('<bpmn:signal id="sg" name="alarm"/>' + process(START + catch + user("a") + flows("s>c", "c>a"))))
    ids = [engine.start("p", {}, actor="jo") for _ in range(3)]
    assert engine.signal("alarm", {"level": 2}, actor="jo") == 3
    assert [engine.instance(item).variables["level"] for item in ids] == [2, 2, 2]
    assert engine.signal("alarm", {}, actor="jo") == 0


class Inside(Operation):
    """Runs inside the step."""

    type, title, inside = "inside", "Inside", True

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        return {}


def test_a_signal_is_one_job_for_an_instance_however_many_of_its_tokens_wait(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """One command, in which each token hears it once and operations run; who begins to wait in it does not hear it."""
    engine.registry.operations["inside"] = Inside
    hears = '<bpmn:signalEventDefinition signalRef="sg"/>'
    many = "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
    many += '<zeebe:loopCharacteristics inputCollection="=for i in 1..40 return i"/>'
    many += "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
    inner = element("startEvent", "is") + element("intermediateCatchEvent", "c", hears)
    inner += element("serviceTask", "inside", ext='<zeebe:taskDefinition type="inside"/>')
    ends = element("boundaryEvent", "end", hears, attachedToRef="b")
    body = START + element("subProcess", "sub", inner + flows("is>c", "c>inside") + many) + user("b") + ends + user("n")
    engine.deploy(bpmn('<bpmn:signal id="sg" name="alarm"/>' + process(body + flows("s>sub", "s>b", "end>n"))))
    instance_id = engine.start("p", {}, actor="jo")
    before = len({event.seq for event in engine.history(instance_id)})
    assert engine.signal("alarm", {}, actor="jo") == 41
    told = engine.history(instance_id)
    assert len({event.seq for event in told}) == before + 1
    assert sum(event.kind == "completed" and event.element_id == "inside" for event in told) == 40
    assert [task.element_id for task in engine.user_tasks(instance_id)] == ["n"] and engine.verify().faults == []
    assert engine.signal("alarm", {}, actor="jo") == 0


class Flaky(Operation):
    """Fails until it is told not to."""

    type, title = "flaky", "Flaky"
    broken = True

    class Inputs(Schema):
        name = fields.String(required=True)

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        if self.broken:
            raise ConnectionError("the server is away")
        return {"greeting": f"Hello {inputs['name']}", "key": context.key}


def test_a_failing_operation_is_tried_again_and_then_an_incident_that_can_be_retried(
    database_url: str, clock: Any, bpmn: Callable[..., Path]
) -> None:
    """With a pause that grows; the incident names element, error and attempts, and nothing is lost."""
    engine = Engine(database_url, clock=clock, services={"flaky": Flaky})
    ext = '<zeebe:taskDefinition type="flaky" retries="2"/><zeebe:ioMapping><zeebe:input source="=who" target="name"/></zeebe:ioMapping>'
    engine.deploy(bpmn(process(START + element("serviceTask", "t", ext=ext) + user("a") + flows("s>t", "t>a"))))
    Flaky.broken = True
    instance_id = engine.start("p", {"who": "Jo"}, actor="jo")
    assert engine.run_due() == 1 and engine.run_due() == 0
    clock.move(minutes=2)
    assert engine.run_due() == 1
    view = engine.instance(instance_id)
    assert view.state == "incident" and view.incidents[0].element_id == "t" and view.incidents[0].attempts == 2
    assert "the server is away" in view.incidents[0].message
    Flaky.broken = False
    incident_id = view.incidents[0].id
    engine.retry_incident(incident_id, actor="ops")
    assert engine.run_due() == 1
    view = engine.instance(instance_id)
    assert view.state == "active" and view.variables["greeting"] == "Hello Jo" and view.incidents == ()
    with pytest.raises(Conflict):
        engine.retry_incident(incident_id, actor="ops")
    engine.close()


def test_an_operation_nobody_claims_is_open_for_others(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """A service task of an unknown type is listed and can be completed from outside."""
    ext = '<zeebe:taskDefinition type="elsewhere"/>'
    engine.deploy(bpmn(process(START + element("serviceTask", "t", ext=ext) + user("a") + flows("s>t", "t>a"))))
    instance_id = engine.start("p", {}, actor="jo")
    (task,) = engine.service_tasks(instance_id, "elsewhere")
    assert engine.run_due() == 0
    engine.complete(task.id, {"done": True}, actor="robot")
    assert engine.user_tasks(instance_id)[0].element_id == "a" and engine.service_tasks(instance_id) == []


def test_who_did_one_task_may_be_barred_from_another(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """`not_done_by`: the decider is not the investigator (ISO 10002, 4.7)."""
    barred = '<zeebe:properties><zeebe:property name="not_done_by" value="a"/></zeebe:properties>'
    engine.deploy(bpmn(process(START + user("a") + user("b", ext=barred) + flows("s>a", "a>b"))))
    instance_id = engine.start("p", {}, actor="jo")
    engine.complete(engine.user_tasks(instance_id)[0].id, {}, actor="jo")
    task = engine.user_tasks(instance_id)[0]
    for forbidden in (lambda: engine.complete(task.id, {}, actor="jo"), lambda: engine.assign(task.id, "jo", actor="kim")):
        with pytest.raises(Forbidden):
            forbidden()
    engine.complete(task.id, {}, actor="kim")
    assert engine.instance(instance_id).state == "completed"


def test_claiming_is_for_one(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """A task somebody has cannot be claimed; groups see what nobody has."""
    ext = '<zeebe:assignmentDefinition candidateGroups="handler, decider"/>'
    engine.deploy(bpmn(process(START + user("a", ext=ext) + flows("s>a"))))
    task = engine.user_tasks(engine.start("p", {}, actor="jo"))[0]
    assert task.groups == ("decider", "handler")
    assert [item.id for item in engine.user_tasks(assignee="jo", groups=["handler"])] == [task.id]
    engine.claim(task.id, actor="kim")
    assert engine.user_tasks(assignee="jo", groups=["handler"]) == []
    with pytest.raises(Conflict):
        engine.claim(task.id, actor="jo")
    engine.unclaim(task.id, actor="kim")
    engine.claim(task.id, actor="jo")
    assert engine.user_task(task.id).assignee == "jo"


def test_an_inbox_is_paged_without_gaps_or_doubles(engine: Engine, clock: Any, bpmn: Callable[..., Path]) -> None:
    """By due instant, those without one last, then priority, then age."""
    ext = '<zeebe:taskSchedule dueDate="=due"/><zeebe:priorityDefinition priority="=prio"/>'
    engine.deploy(bpmn(process(START + user("a", ext=ext) + flows("s>a"))))
    for number in range(23):
        due = None if number % 5 == 0 else clock.time + timedelta(hours=number % 4)
        engine.start("p", {"due": due, "prio": number % 3}, actor="jo")
    everything = engine.user_tasks(limit=100)
    order = [(task.due_at is None, task.due_at.timestamp() if task.due_at else 0.0, -task.priority, task.id) for task in everything]
    assert order == sorted(order) and len(everything) == 23
    seen: list[str] = []
    while page := engine.user_tasks(limit=4, after=seen[-1] if seen else None):
        seen += [task.id for task in page]
    assert seen == [task.id for task in everything]


def test_a_batch_is_all_or_nothing(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """Commands inside share one transaction; what was undone is not in anybody's cache."""
    engine.deploy(bpmn(LINE))
    kept = engine.start("p", {}, actor="jo")
    with pytest.raises(RuntimeError), engine.batch():
        engine.complete(engine.user_tasks(kept)[0].id, {"x": 1}, actor="jo")
        lost = engine.start("p", {}, actor="jo")
        raise RuntimeError("the power is gone")
    with pytest.raises(NotFound):
        engine.instance(lost)
    assert [task.element_id for task in engine.user_tasks(kept)] == ["a"]
    engine.complete(engine.user_tasks(kept)[0].id, {"x": 2}, actor="jo")
    assert dict(engine.instance(kept).variables) == {"x": 2} and engine.verify().faults == []


class Nobody:
    """Lets nobody do anything but start."""

    def check(self, actor: str, action: str, **about: Any) -> None:
        if action not in ("start", "deploy"):
            raise Forbidden(f"{actor} may not {action}.")


def test_a_denial_is_written_down_although_nothing_else_is(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """Who tried what and was refused is in the installation's chain."""
    engine.access = Nobody()
    engine.deploy(bpmn(LINE))
    instance_id = engine.start("p", {}, actor="jo")
    task = engine.user_tasks(instance_id)[0]
    rows = len(engine.history(instance_id))
    with pytest.raises(Forbidden):
        engine.complete(task.id, {}, actor="jo")
    assert len(engine.history(instance_id)) == rows
    denied = [item for item in engine.history("installation") if item.kind == "denied"]
    assert [(item.actor, item.element_id, item.data["task_id"]) for item in denied] == [("jo", "complete", task.id)]
