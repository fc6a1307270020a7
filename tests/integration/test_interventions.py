"""What operators do to instances: modify, restart, skip, suspend; every change can be seen before it is made, and is in the history."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from driving import element, flows, message_definition, process, timer, user
from sqlalchemy import select

from amends.engine import Conflict, Engine, Invalid, NotFound
from amends.engine.complaints import Register
from amends.engine.instances import resting, retrying
from amends.engine.services import Operation, OperationContext
from amends.engine.store import tables as t

Bpmn = Callable[..., Path]
START, END = element("startEvent", "s"), element("endEvent", "e")
LINE = process(START + user("a") + user("b") + END + flows("s>a", "a>b", "b>e"))
LATE = element("boundaryEvent", "late", timer("timeDuration", "P1D"), attachedToRef="sub")
INNER = element("startEvent", "is") + user("x") + user("y") + flows("is>x", "x>y")
NESTED = process(START + user("a") + element("subProcess", "sub", INNER) + LATE + user("b") + flows("s>a", "a>sub", "sub>b", "late>b"))
JOINED = process(
    START + element("parallelGateway", "f") + user("a") + user("b") + element("parallelGateway", "j") + user("c")
    + flows("s>f", "f>a", "f>b", "a>j", "b>j", "j>c")
)  # fmt: skip
WHO = {"reason": "put right", "actor": "op"}


def opened(engine: Engine, instance_id: str) -> list[str]:
    return sorted(task.element_id for task in engine.user_tasks(instance_id))


def rows(engine: Engine) -> dict[str, list[Any]]:
    """Everything in the tables that an intervention writes to."""
    with engine.database.reading() as connection:
        tables = (t.instance, t.user_task, t.job, t.subscription, t.incident, t.history, t.value, t.clock)
        return {table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))] for table in tables}


def do(engine: Engine, instance_id: str, element_id: str, **variables: Any) -> None:
    (task,) = (task for task in engine.user_tasks(instance_id) if task.element_id == element_id)
    engine.complete(task.id, variables, actor="jo")


# -- modify
def test_a_modification_is_told_before_it_is_made_and_a_rehearsal_leaves_nothing(engine: Engine, bpmn: Bpmn) -> None:
    """The same effect, and not one row is different after the rehearsal."""
    engine.deploy(bpmn(LINE))
    instance_id = engine.start("p", {"x": 1}, actor="jo")
    before = rows(engine)
    asked: dict[str, Any] = {"before": ["b"], "cancel": ["a"], "variables": {"x": 2, "y": "new"}, **WHO}
    told = engine.modify(instance_id, dry_run=True, **asked)
    assert rows(engine) == before and opened(engine, instance_id) == ["a"]
    assert (told.state, told.kept, told.left, told.reached, told.passed) == ("active", (), ("a",), ("b",), ())
    assert dict(told.variables) == {"x": (1, 2), "y": (None, "new")}
    assert engine.modify(instance_id, **asked) == told
    assert opened(engine, instance_id) == ["b"] and dict(engine.instance(instance_id).variables) == {"x": 2, "y": "new"}
    done = [(item.actor, item.kind, item.element_id) for item in engine.history(instance_id) if item.command == "modify"]
    assert done == [
        ("op", "variables", "p"), ("op", "moved", "b"), ("op", "cancelled", "a"), ("op", "reason", "p"), ("op", "entered", "b"),
    ]  # fmt: skip
    do(engine, instance_id, "b")
    assert engine.instance(instance_id).state == "completed" and engine.verify().faults == []


def test_after_an_element_its_ways_are_taken_and_conditions_count(engine: Engine, bpmn: Bpmn) -> None:
    """Begin after a gateway: the flow whose condition holds with the variables set in the same command."""
    body = START + user("a") + element("exclusiveGateway", "g", default="g_c") + user("b") + user("c")
    engine.deploy(bpmn(process(body + flows("s>a", "a>g", "g>b: big", "g>c"))))
    instance_id = engine.start("p", {}, actor="jo")
    assert engine.modify(instance_id, after=["g"], cancel=["a"], variables={"big": True}, **WHO).reached == ("b",)
    assert engine.modify(instance_id, after=["a"], variables={"big": False}, **WHO).reached == ("c",)
    assert opened(engine, instance_id) == ["b", "c"]


def test_a_subprocess_is_opened_for_what_begins_inside_and_closed_when_nothing_is_left(engine: Engine, bpmn: Bpmn, clock: Any) -> None:
    """Its boundary timer waits; what runs in it goes on as ever; with its last element cancelled it is cancelled, timer and all."""
    engine.deploy(bpmn(NESTED))
    instance_id = engine.start("p", {}, actor="jo")
    assert engine.modify(instance_id, before=["y"], cancel=["a"], **WHO).reached == ("sub", "y")
    assert [one.element_id for one in engine.waiting(instance_id)] == ["late"]
    assert engine.modify(instance_id, before=["x"], **WHO).reached == ("x",)  # into the one that is open
    do(engine, instance_id, "x")
    assert opened(engine, instance_id) == ["y", "y"]
    assert engine.modify(instance_id, cancel=["y"], before=["a"], **WHO).left == ("sub", "y", "y")
    assert opened(engine, instance_id) == ["a"] and engine.waiting(instance_id) == []
    assert engine.modify(instance_id, before=["y"], cancel=["a"], **WHO).reached == ("sub", "y")
    clock.move(days=2)
    assert engine.run_due() == 1 and opened(engine, instance_id) == ["b"]


def test_what_begins_at_a_join_counts_as_a_token_it_waits_for(engine: Engine, bpmn: Bpmn) -> None:
    """The branch that is cancelled is replaced by it, and the other one opens the join."""
    engine.deploy(bpmn(JOINED))
    instance_id = engine.start("p", {}, actor="jo")
    do(engine, instance_id, "a")
    assert engine.modify(instance_id, before=["j"], cancel=["b"], **WHO).reached == ("c",)
    assert opened(engine, instance_id) == ["c"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "Say what is to change"),
        ({"cancel": ["a"]}, "Nothing would be left"),
        ({"cancel": ["b"]}, "Nothing runs at 'b'.*what runs is at a"),
        ({"before": ["nowhere"]}, "no element 'nowhere'"),
        ({"after": ["e"]}, "Nothing follows 'e'"),
        ({"before": ["b"], "reason": " "}, "Say why"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(engine: Engine, bpmn: Bpmn, asked: dict[str, Any], told: str) -> None:
    """In a sentence that says what to ask for instead; the instance goes on as it stood."""
    engine.deploy(bpmn(LINE))
    instance_id = engine.start("p", {}, actor="jo")
    before = rows(engine)
    with pytest.raises(Invalid, match=told):
        engine.modify(instance_id, **{**WHO, **asked})
    assert rows(engine) == before
    do(engine, instance_id, "a")
    assert opened(engine, instance_id) == ["b"]


def test_one_of_several_runs_cannot_be_taken_out_but_the_whole_can(engine: Engine, bpmn: Bpmn) -> None:
    """Of an activity that runs over a list all runs are cancelled together: a count would be wrong for ever otherwise."""
    loop = '<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics inputCollection="=[1,2,3]"/>'
    loop += "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
    engine.deploy(bpmn(process(START + element("subProcess", "many", INNER + loop) + user("b") + flows("s>many", "many>b"))))
    instance_id = engine.start("p", {}, actor="jo")
    with pytest.raises(Invalid, match="3 subprocesses that run side by side"):
        engine.modify(instance_id, before=["y"], **WHO)
    with pytest.raises(Invalid, match="cancel the whole of it"):
        engine.modify(instance_id, cancel=["x"], before=["b"], **WHO)
    engine.modify(instance_id, cancel=["many"], before=["b"], **WHO)
    assert opened(engine, instance_id) == ["b"]


# -- restart
def test_an_instance_that_has_ended_runs_again_with_what_it_held(engine: Engine, bpmn: Bpmn) -> None:
    """Its variables, those that mappings made too; new tasks have numbers nobody had; who did what still counts."""
    ext = "<zeebe:ioMapping><zeebe:output source='=n + 1' target='m'/></zeebe:ioMapping>"
    body = START + user("a", ext=ext) + user("b") + END + flows("s>a", "a>b", "b>e")
    engine.deploy(bpmn(process(body)))
    instance_id = engine.start("p", {"x": 1}, "K", actor="jo")
    do(engine, instance_id, "a", n=4)
    do(engine, instance_id, "b", z=3)
    assert dict(engine.instance(instance_id).variables)["m"] == 5
    told = engine.restart(instance_id, before=["b"], variables={"z": 9}, dry_run=True, **WHO)
    assert (told.state, told.reached) == ("active", ("b",)) and engine.instance(instance_id).state == "completed"
    engine.restart(instance_id, before=["b"], variables={"z": 9}, **WHO)
    view = engine.instance(instance_id)
    assert (view.state, view.ended_at, view.business_key) == ("active", None, "K")
    assert {name: view.variables[name] for name in "xmz"} == {"x": 1, "m": 5, "z": 9}
    with engine.database.reading() as connection:
        ids = list(connection.execute(select(t.user_task.c.id)).scalars())
    assert len(ids) == len(set(ids)) == 3
    with pytest.raises(Conflict, match="has not ended"):
        engine.restart(instance_id, **WHO)
    do(engine, instance_id, "b")
    assert engine.instance(instance_id).state == "completed" and engine.verify().faults == []
    engine.restart(instance_id, **WHO)
    assert opened(engine, instance_id) == ["a"]
    engine.cancel(instance_id, **WHO)
    engine.erase(instance_id, **WHO)
    with pytest.raises(Conflict, match="erased"):
        engine.restart(instance_id, **WHO)


def test_a_complaint_that_was_closed_is_open_again(engine: Engine, bpmn: Bpmn) -> None:
    """Under its reference, in the register, until it ends again."""
    register = Register(engine)
    manifest = b'[package]\nname = "small"\ntitle = "Small"\nversion = "1"\n[complaints]\nprocess = "p"\nform = "f"\n'
    form = b'{"id": "f", "type": "default", "schemaVersion": 16, "components": []}'
    engine.deploy({"package.toml": manifest, "f.form": form, "p.bpmn": bpmn(LINE).read_bytes()})
    filed = register.file({"description": "It leaks", "name": "Jo"}, actor="complainant")
    for name in "ab":
        do(engine, filed.instance_id, name)
    assert register.get(filed.reference).state == "closed"
    engine.restart(filed.instance_id, before=["b"], **WHO)
    again = register.get(filed.reference)
    assert (again.state, again.closed_at, again.complainant_name) == ("open", None, "Jo")
    do(engine, filed.instance_id, "b")
    assert register.get(filed.reference).state == "closed" and engine.verify().faults == []


# -- incidents
class Fails(Operation):
    """Fails as long as it is told to."""

    type, title = "fails", "Fails"
    broken = True
    ran = 0

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        if Fails.broken:
            raise ConnectionError("the server is away")
        Fails.ran += 1
        return {"done": True}


@pytest.fixture
def failing(database_url: str, clock: Any, bpmn: Bpmn) -> Any:
    """An engine with an operation that fails, in a process of it and a user task."""
    Fails.broken, Fails.ran = True, 0
    engine = Engine(database_url, clock=clock, services={"fails": Fails})
    ext = '<zeebe:taskDefinition type="fails" retries="1"/><zeebe:ioMapping><zeebe:input source="=who" target="name"/></zeebe:ioMapping>'
    engine.deploy(bpmn(process(START + element("serviceTask", "t", ext=ext) + user("b") + flows("s>t", "t>b"))))
    yield engine
    engine.close()


def test_what_is_held_up_shows_its_inputs_and_is_skipped_with_a_reason(failing: Engine) -> None:
    """The element counts as done, with what it would have given; the job is gone, the history says who and why."""
    instance_id = failing.start("p", {"who": "Jo"}, actor="jo")
    failing.run_due()
    (held,) = failing.incidents()
    assert failing.incident_inputs(held.id) == {"name": "Jo"}
    told = failing.skip_incident(held.id, {"done": "by phone"}, dry_run=True, **WHO)
    assert (told.left, told.reached, told.passed) == (("t",), ("b",), ("t",)) and failing.incidents() == [held]
    assert failing.skip_incident(held.id, {"done": "by phone"}, **WHO) == told
    view = failing.instance(instance_id)
    assert (view.state, view.active_elements, view.variables["done"]) == ("active", ("b",), "by phone")
    assert failing.incidents() == [] and failing.incident_inputs(held.id) == {}
    told_kinds = [item.kind for item in failing.history(instance_id) if item.command == "skip"]
    assert told_kinds[:2] == ["skipped", "reason"]
    with pytest.raises(Conflict, match="resolved already"):
        failing.skip_incident(held.id, **WHO)
    with failing.database.reading() as connection:
        assert connection.execute(select(t.job)).all() == []


def test_variables_are_put_right_and_the_element_tried_again_in_one_command(failing: Engine) -> None:
    """With the reason; the operation is given the new value."""
    instance_id = failing.start("p", {"who": "Jo"}, actor="jo")
    failing.run_due()
    (held,) = failing.incidents()
    Fails.broken = False
    failing.retry_incident(held.id, variables={"who": "Kim"}, **WHO)
    failing.run_due()
    assert Fails.ran == 1 and failing.instance(instance_id).active_elements == ("b",)
    assert [item.kind for item in failing.history(instance_id) if item.command == "retry"][:3] == ["variables", "reason", "resolved"]


def test_all_that_is_held_up_alike_is_tried_again_some_at_a_time(failing: Engine, monkeypatch: Any) -> None:
    """The first portion at once, the rest by whoever runs jobs; what rests is passed over, what fails again is left for another time,
    and what is held up elsewhere is not touched."""
    monkeypatch.setattr(retrying, "PORTION", 2)
    ids = [failing.start("p", {"who": str(number)}, actor="jo") for number in range(5)]
    failing.run_due()
    held = failing.incidents()
    failing.suspend(held[0].instance_id, reason="wait", actor="op")
    Fails.broken = False
    first = failing.retry_alike(held[3].id, variables={"who": "Kim"}, key="k", **WHO)
    assert (first.many, first.tried, len(first.refused)) == (5, 1, 1) and "is suspended" in first.refused[0]
    assert len(failing.incidents()) == 4
    failing.run_due()
    assert Fails.ran == 4 and [one.id for one in failing.incidents()] == [held[0].id]
    assert {failing.instance(one).variables["who"] for one in ids if one != held[0].instance_id} == {"Kim"}
    with failing.database.reading() as connection:
        assert connection.execute(select(t.job).where(t.job.c.kind == retrying.RETRYING)).all() == []
    assert failing.retry_alike(held[3].id, variables={"who": "Kim"}, key="k", **WHO) == retrying.Retried(5, 0, ())
    Fails.broken = True
    failing.resume(held[0].instance_id, reason="go on", actor="op")
    assert failing.retry_alike(held[0].id, actor="op").many == 1
    failing.run_due()
    assert [one.instance_id for one in failing.incidents()] == [held[0].instance_id] != [] and failing.incidents()[0].id != held[0].id
    with pytest.raises(Invalid):
        failing.retry_alike(failing.incidents()[0].id, variables={"who": "Kim"}, actor="op")


def test_one_that_fails_unexpectedly_does_not_stop_those_behind_it(failing: Engine, monkeypatch: Any) -> None:
    """It is told beside what was refused; the batch comes to its end."""
    for number in range(3):
        failing.start("p", {"who": str(number)}, actor="jo")
    failing.run_due()
    held = failing.incidents()
    Fails.broken = False
    plain = failing.retry_incident

    def broken(incident_id: str, **more: Any) -> None:
        if incident_id == held[0].id:
            raise KeyError("**")
        plain(incident_id, **more)

    monkeypatch.setattr(failing, "retry_incident", broken)
    told = failing.retry_alike(held[1].id, actor="op")
    assert (told.many, told.tried, told.refused) == (3, 2, ("KeyError: '**'",))
    failing.run_due()
    assert Fails.ran == 2 and [one.id for one in failing.incidents()] == [held[0].id]
    with failing.database.reading() as connection:
        assert connection.execute(select(t.job).where(t.job.c.kind == retrying.RETRYING)).all() == []


# -- sent twice
def test_an_intervention_that_is_sent_twice_is_made_once(engine: Engine, bpmn: Bpmn) -> None:
    """The same key again gives the first answer and changes nothing; for another change it is refused; a rehearsal uses no key up."""
    engine.deploy(bpmn(LINE))
    instance_id = engine.start("p", {"x": 1}, actor="jo")
    asked: dict[str, Any] = {"before": ["b"], "variables": {"x": 2}, **WHO}
    engine.modify(instance_id, key="m", dry_run=True, **asked)
    first = engine.modify(instance_id, key="m", **asked)
    assert first.reached == ("b",) and dict(first.variables) == {"x": (1, 2)}
    assert engine.modify(instance_id, key="m", **asked) == first and opened(engine, instance_id) == ["a", "b"]
    with pytest.raises(Conflict, match="used for another"):
        engine.modify(instance_id, key="m", **{**asked, "before": ["a"]})
    for _ in range(2):
        engine.set_variables(instance_id, {"x": 3}, key="v", **WHO)
        engine.suspend(instance_id, key="s", **WHO)
    for _ in range(2):
        engine.resume(instance_id, key="r", **WHO)
    ended = engine.cancel(instance_id, key="c", **WHO)
    assert engine.cancel(instance_id, key="c", **WHO) == ended and ended.state == "terminated"
    again = engine.restart(instance_id, key="a", **WHO)
    assert engine.restart(instance_id, key="a", **WHO) == again and again.reached == ("a",)
    done = {item.seq: item.command for item in engine.history(instance_id)}
    assert list(done.values()) == ["start", "modify", "variables", "suspend", "resume", "cancel", "restart"]
    engine.cancel(instance_id, key="d", **WHO)
    engine.erase(instance_id, reason="asked for", actor="op")
    with pytest.raises(Conflict, match="erased since"):
        engine.modify(instance_id, key="m", **asked)


def test_what_is_held_up_is_tried_again_or_skipped_once_for_a_key(failing: Engine) -> None:
    """The second one does not meet `Conflict`: it is told what the first one was."""
    failing.start("p", {"who": "Jo"}, actor="jo")
    failing.run_due()
    (held,) = failing.incidents()
    for _ in range(2):
        failing.retry_incident(held.id, key="r", **WHO)
    failing.run_due()
    (again,) = failing.incidents()
    first = failing.skip_incident(again.id, {"done": True}, key="s", **WHO)
    assert failing.skip_incident(again.id, {"done": True}, key="s", **WHO) == first and first.reached == ("b",)


# -- suspend an operation
def test_all_of_one_operation_rests_while_its_server_is_down(failing: Engine, clock: Any) -> None:
    """What waits already and what comes later: no attempt is counted, no incident; when it goes on, each runs once."""
    Fails.broken = False
    waiting = failing.start("p", {}, actor="jo")
    failing.suspend_operation("fails", reason="the server is down until Monday", actor="op")
    later = failing.start("p", {}, actor="jo")
    clock.move(days=3)
    assert failing.run_due() == 0 and Fails.ran == 0 and failing.incidents() == []
    with failing.database.reading() as connection:
        assert {(row.state, row.held, row.attempts) for row in connection.execute(select(t.job))} == {("due", True, 0)}
    (rests,) = failing.suspensions()
    assert (rests.kind, rests.name, rests.actor, rests.reason) == ("operation", "fails", "op", "the server is down until Monday")
    with pytest.raises(Conflict, match="suspended already"):
        failing.suspend_operation("fails", **WHO)
    failing.suspend(later, **WHO)
    failing.resume_operation("fails", **WHO)
    assert failing.run_due() == 1 and Fails.ran == 1 and failing.instance(waiting).active_elements == ("b",)
    failing.resume(later, **WHO)
    assert failing.run_due() == 1 and Fails.ran == 2 and failing.suspensions() == []
    with pytest.raises(Conflict, match="not suspended"):
        failing.resume_operation("fails", **WHO)
    with pytest.raises(NotFound, match="no operation 'faxes'"):
        failing.suspend_operation("faxes", **WHO)
    assert failing.verify().faults == []


def test_what_is_cancelled_is_told_before(engine: Engine, bpmn: Bpmn) -> None:
    """A rehearsal of a cancellation says what would be left, and leaves it."""
    catch = element("intermediateCatchEvent", "c", '<bpmn:messageEventDefinition messageRef="m_hello"/>')
    engine.deploy(bpmn(message_definition("hello", "=1") + process(START + user("a") + catch + flows("s>a", "a>c"))))
    instance_id = engine.start("p", {}, actor="jo")
    told = engine.cancel(instance_id, dry_run=True, **WHO)
    assert (told.state, told.left) == ("terminated", ("a",)) and opened(engine, instance_id) == ["a"]
    assert engine.cancel(instance_id, **WHO) == told and engine.instance(instance_id).state == "terminated"


# -- suspend a process
def test_all_of_a_process_rests_and_goes_on_with_it(engine: Engine, bpmn: Bpmn, clock: Any) -> None:
    """What runs, and what is begun meanwhile: nothing is refused, nothing leaves. What rested by itself stays so."""
    late = element("boundaryEvent", "late", timer("timeDuration", "P1D"), attachedToRef="a", cancelActivity="false")
    engine.deploy(bpmn(process(START + user("a") + late + user("n") + flows("s>a", "late>n"))))
    alone = engine.start("p", {}, actor="jo")
    engine.suspend(alone, **WHO)
    running = [engine.start("p", {}, actor="jo") for _ in range(3)]
    engine.suspend_process("p", **WHO)
    begun = engine.start("p", {}, actor="jo")
    assert {engine.instance(one).state for one in (alone, begun, *running)} == {"suspended"} and opened(engine, begun) == ["a"]
    with pytest.raises(Conflict, match="suspended"):
        do(engine, begun, "a")
    with pytest.raises(Conflict, match="suspended already") as refused:
        engine.suspend_process("p", **WHO)
    assert (refused.value.by, refused.value.at) == ("op", engine.now())
    clock.move(days=2)
    assert engine.run_due() == 0
    engine.resume_process("p", **WHO)
    assert engine.run_due() == 4 and engine.instance(alone).state == "suspended"
    assert {engine.instance(one).state for one in (begun, *running)} == {"active"} and opened(engine, begun) == ["a", "n"]
    assert engine.verify().faults == [] and engine.suspensions() == []


def test_suspending_many_is_finished_by_whoever_runs_jobs(engine: Engine, bpmn: Bpmn, clock: Any, monkeypatch: Any) -> None:
    """Interrupted after the first portion, the job is in the database; what rests already is passed over."""
    monkeypatch.setattr(resting, "PORTION", 2)
    engine.deploy(bpmn(LINE))
    ids = [engine.start("p", {}, actor="jo") for _ in range(7)]
    other = engine.deploy(bpmn(process(START + user("a") + flows("s>a"))))
    new = engine.start("p", {}, actor="jo")
    old = engine.instance(ids[0]).deployment_id
    engine.suspend_process("p", old, **WHO)
    assert sum(engine.instance(one).state == "suspended" for one in ids) == 2
    engine.run_due()
    assert {engine.instance(one).state for one in ids} == {"suspended"}
    assert engine.instance(new).state == "active" and engine.instance(new).deployment_id == other.id
    assert engine.instance(engine.start("p", {}, actor="jo")).state == "active"
    engine.resume_process("p", old, **WHO)
    engine.run_due()
    assert {engine.instance(one).state for one in ids} == {"active"}
    clock.move(minutes=1)  # PostgreSQL: each was looked over once more
    engine.run_due()
    assert {engine.instance(one).state for one in ids} == {"active"}
    with engine.database.reading() as connection:
        assert connection.execute(select(t.job)).all() == []


def test_an_instance_that_began_before_its_process_rested_and_is_there_after_it_rests_too(engine: Engine, bpmn: Bpmn, clock: Any) -> None:
    """On PostgreSQL a start and the suspension do not wait for each other: the process is looked over once more a minute later."""
    engine.deploy(bpmn(LINE))
    if engine.database.sqlite:
        pytest.skip("SQLite lets one transaction write at a time: there is nothing between the two")
    began, rests = threading.Event(), threading.Event()
    started: list[str] = []

    def start() -> None:
        with engine.batch():
            started.append(engine.start("p", {}, actor="jo"))
            began.set()
            assert rests.wait(30)

    thread = threading.Thread(target=start)
    thread.start()
    assert began.wait(30)
    engine.suspend_process("p", **WHO)
    rests.set()
    thread.join()
    assert engine.instance(started[0]).state == "active"
    clock.move(minutes=1)
    engine.run_due()
    assert engine.instance(started[0]).state == "suspended"
    engine.resume_process("p", **WHO)
    engine.run_due()
    assert engine.instance(started[0]).state == "active"
    clock.move(minutes=1)
    engine.run_due()
    with engine.database.reading() as connection:
        assert connection.execute(select(t.job)).all() == []


def test_what_somebody_lets_go_on_by_itself_is_not_laid_to_rest_again(engine: Engine, bpmn: Bpmn, clock: Any) -> None:
    """While its process rests, one urgent complaint is resumed: the second look a minute later leaves it alone."""
    engine.deploy(bpmn(LINE))
    urgent, other = (engine.start("p", {}, actor="jo") for _ in range(2))
    engine.suspend_process("p", **WHO)
    engine.resume(urgent, **WHO)
    clock.move(minutes=1)
    engine.run_due()
    assert (engine.instance(urgent).state, engine.instance(other).state) == ("active", "suspended")
    engine.resume_process("p", **WHO)
    engine.suspend_process("p", **WHO)
    assert (engine.instance(urgent).state, engine.instance(other).state) == ("suspended", "suspended")


def test_a_process_that_goes_on_at_once_is_not_laid_to_rest_by_what_is_left_of_its_suspension(
    engine: Engine, bpmn: Bpmn, clock: Any, monkeypatch: Any
) -> None:
    """A portion that comes after the process goes on, or the second look a minute later, finds nothing to do."""
    monkeypatch.setattr(resting, "PORTION", 1)
    engine.deploy(bpmn(LINE))
    ids = [engine.start("p", {}, actor="jo") for _ in range(3)]
    laying = engine.suspend_process("p", **WHO)
    assert sorted(engine.instance(one).state for one in ids) == ["active", "active", "suspended"]
    waking = engine.resume_process("p", **WHO)
    for job in (waking, laying):
        while engine.carry_on(job):
            pass
    for _ in range(3):
        engine.run_due()
        clock.move(minutes=1)
    assert {engine.instance(one).state for one in ids} == {"active"}
    with engine.database.reading() as connection:
        assert connection.execute(select(t.job)).all() == []


def test_a_complaint_that_comes_while_its_process_rests_is_taken(engine: Engine, bpmn: Bpmn) -> None:
    """It has its reference, is in the register, and goes on with the process."""
    register = Register(engine)
    manifest = b'[package]\nname = "small"\ntitle = "Small"\nversion = "1"\n[complaints]\nprocess = "p"\nform = "f"\n'
    form = b'{"id": "f", "type": "default", "schemaVersion": 16, "components": []}'
    engine.deploy({"package.toml": manifest, "f.form": form, "p.bpmn": bpmn(LINE).read_bytes()})
    engine.suspend_process("p", **WHO)
    filed = register.file({"description": "It leaks", "name": "Jo"}, actor="complainant", key="once")
    assert register.file({"description": "It leaks", "name": "Jo"}, actor="complainant", key="once").reference == filed.reference
    assert (register.get(filed.reference).state, engine.instance(filed.instance_id).state) == ("open", "suspended")
    engine.resume_process("p", **WHO)
    do(engine, filed.instance_id, "a")
    assert opened(engine, filed.instance_id) == ["b"] and engine.verify().faults == []
