"""Every `zeebe:` extension that bears on execution, through the real engine: start, run, history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from driving import HEAD, element, flows, message_definition, process, timer, user
from marshmallow import EXCLUDE, Schema, fields

import amends
from amends.engine import Engine
from amends.engine.errors import CheckFailed, Forbidden
from amends.engine.services import Operation

START = element("startEvent", "s")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Recorder(Operation):
    """Remembers what it was given, and answers with how often it was called."""

    type = "record"
    title = "Record"
    inside: ClassVar[bool] = False
    calls: ClassVar[list[dict[str, Any]]] = []
    fails: ClassVar[bool] = False

    class Inputs(Schema):
        class Meta:
            unknown = EXCLUDE

        what = fields.String()
        about = fields.String()

    def run(self, inputs: Mapping[str, Any], context: Any) -> dict[str, Any]:
        if Recorder.fails:
            raise ConnectionError("away")
        Recorder.calls.append({"at": context.element_id, **inputs})
        return {"heard": [*context.variables.get("heard", []), context.element_id]}


@pytest.fixture
def engine(database_url: str, clock: Any) -> Any:
    """An engine that brings the recorder."""
    Recorder.calls, Recorder.fails = [], False
    engine = Engine(database_url, clock=clock, services={"record": Recorder})
    yield engine
    engine.close()


def ran(engine: Engine, instance_id: str) -> list[str]:
    return [event.element_id for event in engine.history(instance_id) if event.kind == "completed"]


def test_a_user_task_is_assigned_dated_and_ranked_by_feel(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """assignmentDefinition, taskSchedule, priorityDefinition, formDefinition: FEEL or literal."""
    feel = (
        '<zeebe:assignmentDefinition assignee="=who" candidateGroups="=[&quot;handler&quot;, team]" candidateUsers="ann, ben"/>'
        '<zeebe:taskSchedule dueDate="=now() + duration(&quot;P2D&quot;)" followUpDate="2026-03-03T08:00:00Z"/>'
        '<zeebe:priorityDefinition priority="=40 + 2"/><zeebe:formDefinition formId="f" bindingType="deployment"/>'
    )
    engine.deploy(bpmn(process(START + user("t", ext=feel) + flows("s>t"))))
    instance_id = engine.start("p", {"who": "jo", "team": "back office"}, actor="jo")
    (task,) = engine.user_tasks(instance_id)
    assert (task.assignee, task.groups, task.form, task.priority) == ("jo", ("@ann", "@ben", "back office", "handler"), "f", 42)
    assert (task.due_at, task.follow_up_at) == (NOW + timedelta(days=2), datetime(2026, 3, 3, 8, tzinfo=UTC))


def test_candidate_users_are_offered_a_task_and_nobody_else_is(tmp_path: Path, bpmn: Callable[..., Path]) -> None:
    """By user name: who is named may claim and do it, others are told for whom it is."""
    app = amends.open(data=tmp_path / "data")
    kim, lou = (app.accounts.create(name, name.title(), roles=["handler"])[0] for name in ("kim", "lou"))
    app.engine.deploy(bpmn(process(START + user("t", ext='<zeebe:assignmentDefinition candidateUsers="Kim"/>') + flows("s>t"))))
    app.engine.start("p", {}, actor="system")
    (task,) = app.engine.user_tasks(groups=["handler", *kim.by_name])
    assert app.engine.user_tasks(groups=["handler", *lou.by_name]) == []
    with pytest.raises(Forbidden, match="account kim"):
        app.engine.complete(task.id, {}, actor=lou.actor)
    app.engine.complete(task.id, {}, actor=kim.actor)
    assert app.engine.instance(task.instance_id).state == "completed"
    app.close()


def test_a_job_has_its_type_retries_headers_and_inputs(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """taskDefinition (FEEL in both), taskHeaders overlaid by ioMapping inputs, and outputs that pick."""
    ext = (
        '<zeebe:taskDefinition type="=kind" retries="=1 + 1"/>'
        '<zeebe:taskHeaders><zeebe:header key="what" value="header"/><zeebe:header key="about" value="header"/></zeebe:taskHeaders>'
        '<zeebe:ioMapping><zeebe:input source="=subject" target="about"/>'
        '<zeebe:output source="=count(heard)" target="n"/></zeebe:ioMapping>'
    )
    engine.deploy(bpmn(process(START + element("serviceTask", "t", ext=ext) + user("z") + flows("s>t", "t>z"))))
    instance_id = engine.start("p", {"kind": "record", "subject": "kettle"}, actor="jo")
    assert engine.run_due() == 1
    assert Recorder.calls == [{"at": "t", "what": "header", "about": "kettle"}]
    assert dict(engine.instance(instance_id).variables) == {"kind": "record", "subject": "kettle", "n": 1}


@pytest.mark.parametrize("said", ["=n", "2147483647", "9" * 5_000])
def test_retries_without_end_are_a_million(engine: Engine, bpmn: Callable[..., Path], said: str) -> None:
    """A number may be any; more than is kept is as many as is kept, and the job runs."""
    ext = f'<zeebe:taskDefinition type="record" retries="{said}"/>'
    engine.deploy(bpmn(process(START + element("serviceTask", "t", ext=ext) + user("z") + flows("s>t", "t>z"))))
    instance_id = engine.start("p", {"n": 10**20}, actor="jo")
    assert engine.run_due() == 1
    assert [task.element_id for task in engine.user_tasks(instance_id=instance_id)] == ["z"]


def test_a_script_and_properties_and_a_version_tag(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """zeebe:script gives its result variable; properties and the version tag are kept with the definition."""
    ext = '<zeebe:script expression="=a * 2" resultVariable="b"/>'
    ext += '<zeebe:properties><zeebe:property name="stage" value="x"/></zeebe:properties>'
    tag = "<bpmn:extensionElements><zeebe:versionTag value='v7'/></bpmn:extensionElements>"
    deployed = engine.deploy(bpmn(process(tag + START + element("scriptTask", "t", ext=ext) + user("z") + flows("s>t", "t>z"))))
    instance_id = engine.start("p", {"a": 21}, actor="jo")
    assert engine.instance(instance_id).variables["b"] == 42
    found = engine.package(deployed.id).processes["p"]
    assert (found.version_tag, dict(found.elements["t"].ext.properties)) == ("v7", {"stage": "x"})


def test_times_conditions_and_names_are_feel_or_literal(engine: Engine, bpmn: Callable[..., Path], clock: Any) -> None:
    """A timer with = reads variables, one without is ISO 8601; a message's key is FEEL; a condition is FEEL either way."""
    catch = element("intermediateCatchEvent", "feel", timer("timeDuration", "=limit"))
    literal = element("intermediateCatchEvent", "literal", timer("timeDuration", "PT2H"))
    receive = element("receiveTask", "r", messageRef="m_news")
    body = START + catch + literal + receive + element("exclusiveGateway", "g", default="g_b") + user("a") + user("b")
    ways = flows("s>feel", "feel>literal", "literal>r", "r>g", "g>a: n = 3", "g>b")
    for condition in (">=n = 3<", ">n = 3<"):
        engine.deploy(bpmn(message_definition("news", "=ref") + process(body + ways.replace(">=n = 3<", condition))))
        instance_id = engine.start("p", {"limit": "PT1H", "ref": "R1", "n": 3}, actor="jo")
        assert engine.instance(instance_id).active_elements == ("feel",)
        clock.move(hours=1)
        engine.run_due()
        assert engine.instance(instance_id).active_elements == ("literal",)
        clock.move(hours=2)
        engine.run_due()
        engine.correlate("news", "R1", {}, actor="jo")
        assert [task.element_id for task in engine.user_tasks(instance_id)] == ["a"]


def test_a_loop_runs_over_its_collection(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """loopCharacteristics: inputCollection, inputElement, outputCollection, outputElement."""
    loop = (
        '<bpmn:multiInstanceLoopCharacteristics isSequential="true"><bpmn:extensionElements><zeebe:loopCharacteristics '
        'inputCollection="=items" inputElement="item" outputCollection="results" outputElement="=item * 10"/>'
        "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
    )
    engine.deploy(bpmn(process(START + user("t", loop) + user("z") + flows("s>t", "t>z"))))
    instance_id = engine.start("p", {"items": [1, 2]}, actor="jo")
    for _ in range(2):
        engine.complete(engine.user_tasks(instance_id)[0].id, {}, actor="jo")
    assert engine.instance(instance_id).variables["results"] == [10, 20]


# -- listeners
def listening(*listeners: str, headers: str = "") -> str:
    kinds = {"start": "execution", "end": "execution"}
    text = headers
    for kind in ("execution", "task"):
        mine = [f'<zeebe:{kind}Listener eventType="{name}" type="record"/>' for name in listeners if kinds.get(name, "task") == kind]
        text += f"<zeebe:{kind}Listeners>{''.join(mine)}</zeebe:{kind}Listeners>" if mine else ""
    return text


def test_listeners_run_as_jobs_before_and_after_their_activity(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """start, creating, the task, completing, end: each a job with its or the activity's headers, in order; then the next element."""
    headers = '<zeebe:taskHeaders><zeebe:header key="what" value="x"/></zeebe:taskHeaders>'
    mapping = '<zeebe:ioMapping><zeebe:input source="=subject" target="about"/></zeebe:ioMapping>'
    ext = listening("end", "start", "completing", "creating", headers=headers + mapping)
    own = '<zeebe:taskHeaders><zeebe:header key="what" value="own"/></zeebe:taskHeaders>'
    ext = ext.replace('eventType="end" type="record"/>', f'eventType="end" type="record">{own}</zeebe:executionListener>')
    engine.deploy(bpmn(process(START + user("t", ext=ext) + user("z") + flows("s>t", "t>z"))))
    instance_id = engine.start("p", {"subject": "kettle"}, actor="jo")
    assert engine.user_tasks(instance_id) == []
    assert engine.run_due() == 2
    (task,) = engine.user_tasks(instance_id)
    engine.complete(task.id, {"answer": 42}, actor="jo")
    assert engine.user_tasks(instance_id) == []
    assert engine.run_due() == 2
    assert [task.element_id for task in engine.user_tasks(instance_id)] == ["z"]
    assert Recorder.calls == [{"at": name, "what": "x", "about": "kettle"} for name in ("t:start-1", "t:creating-1", "t:completing-1")] + [
        {"at": "t:end-1", "what": "own", "about": "kettle"}
    ]
    assert ran(engine, instance_id) == ["s", "t:start-1", "t:creating-1", "t:completing-1", "t:end-1", "t"]
    assert engine.instance(instance_id).variables["answer"] == 42


def test_what_a_start_listener_gives_is_local_and_what_an_end_listener_gives_is_the_activitys(
    engine: Engine, bpmn: Callable[..., Path]
) -> None:
    """As Camunda 8 has it: `heard` of the first is seen inside only, that of the last goes on."""
    engine.deploy(bpmn(process(START + user("t", ext=listening("start", "end")) + user("z") + flows("s>t", "t>z"))))
    instance_id = engine.start("p", {}, actor="jo")
    engine.run_due()
    (task,) = engine.user_tasks(instance_id)
    assert engine.task_variables(task.id)["heard"] == ["t:start-1"]
    assert "heard" not in engine.instance(instance_id).variables
    engine.complete(task.id, {}, actor="jo")
    engine.run_due()
    assert engine.instance(instance_id).variables["heard"] == ["t:start-1", "t:end-1"]


def test_a_listener_that_fails_is_an_incident_of_its_own_and_is_retried(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """The activity waits for it; afterwards everything goes on."""
    ext = listening("start").replace('type="record"', 'type="record" retries="1"')
    engine.deploy(bpmn(process(START + user("t", ext=ext) + flows("s>t"))))
    Recorder.fails = True
    instance_id = engine.start("p", {}, actor="jo")
    engine.run_due()
    (incident,) = engine.instance(instance_id).incidents
    assert incident.element_id == "t:start-1" and engine.user_tasks(instance_id) == []
    Recorder.fails = False
    engine.retry_incident(incident.id, actor="ops")
    engine.run_due()
    assert [task.element_id for task in engine.user_tasks(instance_id)] == ["t"]


def test_a_boundary_event_ends_an_activity_with_its_listeners(engine: Engine, bpmn: Callable[..., Path], clock: Any) -> None:
    """An interrupting timer while an end listener still has to run: the job goes with the task."""
    late = element("boundaryEvent", "late", timer("timeDuration", "PT1H"), attachedToRef="t")
    ext = listening("end").replace('type="record"', 'type="elsewhere"')
    engine.deploy(bpmn(process(START + user("t", ext=ext) + late + user("z") + flows("s>t", "late>z"))))
    instance_id = engine.start("p", {}, actor="jo")
    engine.complete(engine.user_tasks(instance_id)[0].id, {}, actor="jo")
    assert [job.element_id for job in engine.service_tasks(instance_id)] == ["t:end-1"]
    clock.move(hours=1)
    engine.run_due()
    assert engine.service_tasks(instance_id) == []
    assert [task.element_id for task in engine.user_tasks(instance_id)] == ["z"]


def test_listeners_on_several_instances_and_subprocesses(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """Each instance has its own; those of a subprocess run before what is in it begins and after all of it is done."""
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics "
        'inputCollection="=[1, 2]" inputElement="i"/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>'
    )
    inner = element("startEvent", "is") + user("t", loop, listening("start")) + flows("is>t")
    engine.deploy(
        bpmn(process(START + element("subProcess", "sub", inner, listening("start", "end")) + user("z") + flows("s>sub", "sub>z")))
    )
    instance_id = engine.start("p", {}, actor="jo")
    assert engine.run_due() == 3
    for task in engine.user_tasks(instance_id):
        engine.complete(task.id, {}, actor="jo")
    assert [task.element_id for task in engine.user_tasks(instance_id)] == []
    engine.run_due()
    assert [call["at"] for call in Recorder.calls] == ["sub:start-1", "t:start-1", "t:start-1", "sub:end-1"]
    assert [task.element_id for task in engine.user_tasks(instance_id)] == ["z"]


@pytest.mark.parametrize("event", ["assigning", "updating", "canceling"])
def test_task_listeners_that_cannot_be_kept_are_refused(engine: Engine, bpmn: Callable[..., Path], event: str) -> None:
    """Rather than never called."""
    with pytest.raises(CheckFailed) as refused:
        engine.deploy(bpmn(process(START + user("t", ext=listening(event)) + flows("s>t"))))
    assert [problem.code for problem in refused.value.problems] == ["refused"]


# -- bindings
def calls(ext: str) -> str:
    return process(START + element("callActivity", "c", ext=ext) + user("z") + flows("s>c", "c>z"))


def called(task: str, tag: str = "") -> str:
    tagged = f'<bpmn:extensionElements><zeebe:versionTag value="{tag}"/></bpmn:extensionElements>' if tag else ""
    return process(tagged + element("startEvent", "qs") + user(task) + flows(f"qs>{task}"), "q")


@pytest.mark.parametrize(("binding", "runs"), [('"latest"', "new"), ('"deployment"', "own"), ('"versionTag" versionTag="v1"', "first")])
def test_a_called_process_is_the_one_it_is_bound_to(engine: Engine, bpmn: Callable[..., Path], binding: str, runs: str) -> None:
    """calledElement: the latest there is, the caller's own version's, or the newest with the version tag."""
    engine.deploy(bpmn(called("first", "v1"), "one.bpmn"))
    engine.deploy(bpmn(calls(f'<zeebe:calledElement processId="q" bindingType={binding}/>') + called("own"), "two.bpmn"))
    engine.deploy(bpmn(called("new", "v2"), "three.bpmn"))
    instance_id = engine.start("p", {}, actor="jo")
    assert [task.element_id for task in engine.user_tasks(instance_id)] == [runs]
    engine.complete(engine.user_tasks(instance_id)[0].id, {}, actor="jo")
    assert [task.element_id for task in engine.user_tasks(instance_id)] == ["z"]


def test_a_version_tag_nobody_has_is_an_incident_that_names_it(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """Never another version instead."""
    engine.deploy(bpmn(calls('<zeebe:calledElement processId="q" bindingType="versionTag" versionTag="v9"/>') + called("own")))
    (incident,) = engine.instance(engine.start("p", {}, actor="jo")).incidents
    assert incident.element_id == "c" and "'v9'" in incident.message


def decides(value: str, tag: str) -> str:
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" '
        'name="d" namespace="n"><decision id="rate" name="rate"><extensionElements>'
        f'<zeebe:versionTag value="{tag}"/></extensionElements><variable name="rate"/>'
        f'<literalExpression><text>"{value}"</text></literalExpression></decision></definitions>'
    )


@pytest.mark.parametrize(
    ("binding", "value"), [("", "own"), ('bindingType="latest"', "new"), ('bindingType="deployment"', "own"),
                           ('bindingType="versionTag" versionTag="v1"', "first")],
)  # fmt: skip
def test_a_decision_is_the_one_it_is_bound_to(engine: Engine, binding: str, value: str) -> None:
    """calledDecision: without a binding that of the instance's own version."""
    engine.deploy({"rate.dmn": decides("first", "v1").encode()})
    rule = element("businessRuleTask", "r", ext=f'<zeebe:calledDecision decisionId="rate" resultVariable="v" {binding}/>')
    manifest = b'[package]\nname = "x"\nversion = "1"\n'
    body = HEAD.format(process(START + rule + user("z") + flows("s>r", "r>z"))).encode()
    engine.deploy({"package.toml": manifest, "p.bpmn": body, "rate.dmn": decides("own", "v2").encode()})
    engine.deploy({"rate.dmn": decides("new", "v3").encode()})
    assert engine.instance(engine.start("p", {}, actor="jo")).variables["v"] == value
