"""Messages that diagrams publish: once, to who waits, to what begins, or kept for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from driving import element, flows, message_definition, process, user

from amends.engine import Engine, Invalid
from amends.engine.definitions import check
from amends.engine.services import PublishMessage, operations

START, END = element("startEvent", "s"), element("endEvent", "e")
NEWS = message_definition("news")


def mapped(**inputs: str) -> str:
    made = "".join(f'<zeebe:input source="{source.replace(chr(34), "&quot;")}" target="{name}"/>' for name, source in inputs.items())
    return f"<zeebe:ioMapping>{made}</zeebe:ioMapping>"


def publishes(kind: str = "serviceTask", inside: str = "", retries: str = "3", **inputs: str) -> str:
    given = {"message_name": "news", "correlation_key": "=reference", **inputs}
    return element(kind, "tell", inside, f'<zeebe:taskDefinition type="publish-message" retries="{retries}"/>' + mapped(**given))


def sender(made: str) -> str:
    return process(START + made + flows("s>tell") + ("" if made.startswith("<bpmn:endEvent") else END + flows("tell>e")), "sender")


WAITS = process(
    element("startEvent", "ws") + element("intermediateCatchEvent", "wc", '<bpmn:messageEventDefinition messageRef="m_news"/>')
    + user("after") + flows("ws>wc", "wc>after"),
    "waits",
)  # fmt: skip
BEGINS = process(
    element("startEvent", "bs", '<bpmn:messageEventDefinition messageRef="m_news"/>') + user("begun") + flows("bs>begun"), "begins"
)


def open_tasks(engine: Engine, instance_id: str | None = None) -> list[str]:
    return [task.element_id for task in engine.user_tasks(instance_id)]


def test_who_waits_goes_on_with_what_the_message_brings(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """The instance of that key alone; the sender goes on, too, and the receiver's history says that it came."""
    engine.deploy(bpmn(NEWS + sender(publishes(variables='={amount: amount, day: @"2026-05-01"}')) + WAITS))
    mine = engine.start("waits", {"reference": "A"}, actor="jo")
    other = engine.start("waits", {"reference": "B"}, actor="jo")
    told = engine.start("sender", {"reference": "A", "amount": 7}, actor="jo")
    engine.run_due()
    assert (open_tasks(engine, mine), open_tasks(engine, other)) == (["after"], [])
    assert engine.instance(told).state == "completed"
    variables = engine.instance(mine).variables
    assert (variables["amount"], str(variables["day"])) == (7, "2026-05-01")
    assert [event.kind for event in engine.history(mine) if event.kind == "message"] == ["message"]
    engine.verify()


def test_who_waits_later_finds_it_for_an_hour_or_as_long_as_it_says(engine: Engine, bpmn: Callable[..., Path], clock: Any) -> None:
    """By the clock; a length may be in working days, as everywhere."""
    engine.deploy(bpmn(NEWS + WAITS))
    for number, (length, late) in enumerate([("", timedelta(hours=1)), ('=duration("P2D")', timedelta(days=2)), ("1 working day", None)]):
        engine.deploy(bpmn(NEWS + sender(publishes(**({"time_to_live": length} if length else {}))), f"sender{number}.bpmn"))
        for key in ("in time", "late"):
            engine.start("sender", {"reference": f"{key} {number}"}, actor="jo")
        engine.run_due()
        clock.time += (late or timedelta(hours=5)) - timedelta(seconds=1)
        early = engine.start("waits", {"reference": f"in time {number}"}, actor="jo")
        assert open_tasks(engine, early) == ["after"]
        if late is not None:
            clock.move(seconds=2)
            assert open_tasks(engine, engine.start("waits", {"reference": f"late {number}"}, actor="jo")) == []


def test_a_message_that_nobody_waits_for_begins_what_it_begins(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """With its variables and, if it has one, the key as its business key."""
    engine.deploy(bpmn(NEWS + sender(publishes(variables="={amount: 1}")) + BEGINS))
    engine.start("sender", {"reference": "A"}, actor="jo")
    engine.run_due()
    (task,) = engine.user_tasks()
    view = engine.instance(task.instance_id)
    assert (task.element_id, view.business_key, view.variables) == ("begun", "A", {"amount": 1})


def test_a_message_that_is_not_kept_is_an_error_if_nobody_waits(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """`nobody-waits`, for an error event to catch; caught nowhere it is an incident, and retrying publishes it to who waits by then."""
    told = publishes(time_to_live="PT0S")
    caught = element("boundaryEvent", "b", '<bpmn:errorEventDefinition errorRef="er"/>', attachedToRef="tell")
    caught += user("alone") + flows("b>alone")
    error = '<bpmn:error id="er" name="n" errorCode="nobody-waits"/>'
    engine.deploy(bpmn(error + NEWS + process(START + told + END + caught + flows("s>tell", "tell>e"), "careful"), "careful.bpmn"))
    engine.deploy(bpmn(NEWS + sender(told) + WAITS))
    careful, bold = (engine.start(name, {"reference": "A"}, actor="jo") for name in ("careful", "sender"))
    engine.run_due()
    assert open_tasks(engine, careful) == ["alone"]
    (incident,) = engine.instance(bold).incidents
    assert "Nobody waits for the message 'news'" in incident.message
    mine = engine.start("waits", {"reference": "A"}, actor="jo")
    engine.retry_incident(incident.id, actor="jo")
    engine.run_due()
    assert (open_tasks(engine, mine), engine.instance(bold).state) == (["after"], "completed")


def test_it_is_published_once_however_often_its_job_is_tried(
    engine: Engine, bpmn: Callable[..., Path], clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ran it died after it had told: the next attempt finds that it was told."""
    engine.deploy(bpmn(NEWS + sender(publishes()) + BEGINS))
    run = PublishMessage.run
    tries: list[int] = []

    def dies(self: PublishMessage, inputs: dict[str, Any], context: Any) -> None:
        run(self, inputs, context)
        tries.append(1)
        if len(tries) < 3:
            raise OSError("the machine is gone")

    monkeypatch.setattr(PublishMessage, "run", dies)
    told = engine.start("sender", {"reference": "A"}, actor="jo")
    for _ in range(4):
        engine.run_due()
        clock.move(hours=1)
    assert (len(tries), engine.instance(told).state, open_tasks(engine)) == (3, "completed", ["begun"])


def test_a_message_that_is_kept_is_kept_once(
    engine: Engine, bpmn: Callable[..., Path], clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried again after it was kept, it is not kept beside itself: one who waits takes it, the next waits on."""
    engine.deploy(bpmn(NEWS + sender(publishes(time_to_live="P1D")) + WAITS))
    run = PublishMessage.run
    tries: list[int] = []

    def dies(self: PublishMessage, inputs: dict[str, Any], context: Any) -> None:
        run(self, inputs, context)
        tries.append(1)
        if len(tries) == 1:
            raise OSError("the machine is gone")

    monkeypatch.setattr(PublishMessage, "run", dies)
    engine.start("sender", {"reference": "A"}, actor="jo")
    for _ in range(2):
        engine.run_due()
        clock.move(hours=1)
    waiting = [engine.start("waits", {"reference": "A"}, actor="jo") for _ in range(2)]
    assert len(tries) == 2 and [open_tasks(engine, one) for one in waiting] == [["after"], []]


def test_every_pass_of_a_loop_publishes(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """Once is once for each time that the element is reached, and for each instance of several."""
    many = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=[1,2,3]" inputElement="i"/>'
        "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
    )
    engine.deploy(bpmn(NEWS + sender(publishes(inside=many, variables="={i: i}")) + BEGINS))
    engine.start("sender", {"reference": "A"}, actor="jo")
    engine.run_due()
    assert sorted(int(engine.instance(task.instance_id).variables["i"]) for task in engine.user_tasks()) == [1, 2, 3]


@pytest.mark.parametrize("kind", ["sendTask", "intermediateThrowEvent", "endEvent"])
@pytest.mark.parametrize("said", ["an operation", "zeebe:publishMessage"])
def test_what_throws_a_message_knows_its_name(engine: Engine, bpmn: Callable[..., Path], kind: str, said: str) -> None:
    """From the message that the diagram says it throws; `zeebe:publishMessage` brings what the element's inputs are."""
    event, more = '<bpmn:messageEventDefinition messageRef="m_news"/>', {}
    if kind == "sendTask":
        event, more = "", {"messageRef": "m_news"}
    if said == "an operation":
        ext = '<zeebe:taskDefinition type="publish-message"/>' + mapped(correlation_key="=reference", variables="={amount: amount}")
    else:
        ext = '<zeebe:publishMessage correlationKey="=reference" timeToLive="PT2H" messageId="x"/>' + mapped(amount="=amount")
    file = bpmn(NEWS + sender(element(kind, "tell", event, ext, **more)) + WAITS)
    assert [str(one) for one in check(file, operations=operations()) if one.severity == "error"] == []
    engine.deploy(file)
    mine = engine.start("waits", {"reference": "A"}, actor="jo")
    told = engine.start("sender", {"reference": "A", "amount": 4}, actor="jo")
    engine.run_due()
    view = engine.instance(mine)
    assert (open_tasks(engine, mine), view.variables["amount"], engine.instance(told).state) == (["after"], 4, "completed")


def test_an_instance_may_tell_itself(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """Another branch goes on; and what interrupts the branch that told ends it, with nothing left behind."""
    event = '<bpmn:messageEventDefinition messageRef="m_news"/>'
    branches = START + element("parallelGateway", "f") + publishes() + element("intermediateCatchEvent", "c", event) + user("after") + END
    engine.deploy(bpmn(NEWS + process(branches + flows("s>f", "f>tell", "f>c", "c>after", "tell>e")), "branches.bpmn"))
    inner = element("startEvent", "is") + publishes() + user("never") + flows("is>tell", "tell>never")
    border = element("boundaryEvent", "b", event, attachedToRef="sub") + user("instead") + flows("b>instead")
    engine.deploy(bpmn(NEWS + process(START + element("subProcess", "sub", inner) + border + flows("s>sub"), "q"), "interrupts.bpmn"))
    one, two = (engine.start(name, {"reference": name}, actor="jo") for name in ("p", "q"))
    engine.run_due()
    assert (open_tasks(engine, one), open_tasks(engine, two)) == (["after"], ["instead"])
    assert not engine.service_tasks(two) and not engine.instance(two).incidents


def test_what_is_wrong_with_it_is_an_incident(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """A key that is none, variables that are no context, a key longer than can be kept: each says which."""
    engine.deploy(bpmn(NEWS + sender(publishes(variables="=brings")) + WAITS))
    for given, told in (
        ({"reference": [1], "brings": {}}, "correlation_key: A correlation key is [1]"),
        ({"reference": None, "brings": {}}, "correlation_key: The key has no value"),
        ({"reference": "A", "brings": 1}, "variables: Give a context"),
        ({"reference": "A" * 401, "brings": {}}, "has 401 characters; 400 are the most"),
    ):
        instance_id = engine.start("sender", given, actor="jo")
        engine.run_due()
        assert told in engine.instance(instance_id).incidents[0].message
    waits = engine.start("waits", {"reference": "A" * 401}, actor="jo")
    assert "has 401 characters; 400 are the most" in engine.instance(waits).incidents[0].message
    with pytest.raises(Invalid, match="at most 400"):
        engine.correlate("news", "A" * 401, actor="jo", ttl=timedelta(days=1))
    with pytest.raises(Invalid, match="at most 200"):
        engine.correlate("n" * 201, "A", actor="jo", ttl=timedelta(days=1))


def test_the_past_publishes_nothing(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """While old records are replayed, what a message led to is in the records itself."""
    engine.deploy(bpmn(NEWS + sender(publishes(time_to_live="P1D")) + WAITS))
    told = engine.start("sender", {"reference": "A"}, actor="jo", held=True)
    engine.run_due(instance_id=told)
    assert engine.instance(told).state == "completed"
    assert open_tasks(engine, engine.start("waits", {"reference": "A"}, actor="jo")) == []


def test_two_who_publish_to_each_other_do_not_wait_for_each_other(database_url: str, bpmn: Callable[..., Path]) -> None:
    """The message is given outside the sender's own command, so no two instances hold what the other needs."""
    definitions = message_definition("ping", "=mine")
    body = START + element("parallelGateway", "f") + element(
        "intermediateCatchEvent", "c", '<bpmn:messageEventDefinition messageRef="m_ping"/>') + element(
        "serviceTask", "tell", ext='<zeebe:taskDefinition type="publish-message"/>' + mapped(message_name="ping", correlation_key="=yours")
    ) + END + element("endEvent", "e2") + flows("s>f", "f>c", "f>tell", "c>e", "tell>e2")  # fmt: skip
    engines = [Engine(database_url) for _ in range(2)]
    engines[0].deploy(bpmn(definitions + process(body)))
    pairs = [(f"a{n}", f"b{n}") for n in range(10)]
    ids = [engines[0].start("p", {"mine": mine, "yours": yours}, actor="jo") for a, b in pairs for mine, yours in ((a, b), (b, a))]
    threads = [threading.Thread(target=mine.run_due) for mine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    engines[0].run_due()
    assert {engines[0].instance(one).state for one in ids} == {"completed"}
    for mine in engines:
        mine.close()


@pytest.mark.parametrize("kind", ["message", "signal"])
def test_a_name_that_is_always_the_same_begins_a_process(engine: Engine, bpmn: Callable[..., Path], kind: str) -> None:
    """Written as an expression it is worked out when the file is read; one that reads variables is refused where there are none yet."""
    begins = element("startEvent", "s", f'<bpmn:{kind}EventDefinition {kind}Ref="d"/>') + user("begun") + flows("s>begun")
    constant = f'<bpmn:{kind} id="d" name="=&quot;new&quot; + &quot;s&quot;"/>' + process(begins, "begins")
    assert [one.code for one in check(bpmn(constant)) if one.severity == "error"] == []
    engine.deploy(bpmn(constant))
    engine.correlate("news", actor="jo") if kind == "message" else engine.signal("news", actor="jo")
    assert open_tasks(engine) == ["begun"]
    computed = bpmn(constant.replace("&quot;new&quot; + &quot;s&quot;", "name"))
    assert [(one.element_id, one.code) for one in check(computed) if one.severity == "error"] == [("s", f"{kind}-name")]
