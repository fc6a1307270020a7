"""SpiffWorkflow's scripts, calls, loops and messages: converted, they do what SpiffWorkflow does with them, or are listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from foreign import driver, ext, left, process
from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.spiff.parser import SpiffBpmnParser

from amends.engine import Engine
from amends.engine.conversion import Converted, convert
from amends.engine.definitions import check, xml

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" '
    'id="d" targetNamespace="t">'
)
PRE = "<spiffworkflow:preScript>{}</spiffworkflow:preScript>"
POST = "<spiffworkflow:postScript>{}</spiffworkflow:postScript>"


def around(activity: str, name: str = "x") -> str:
    """A process of one activity and a task behind it, so that variables can be looked at."""
    return process(f'<startEvent id="s"/>{activity}<manualTask id="look"/><endEvent id="e"/>', "s", name, "look", "e")


def made(*inside: str, folder: Path | None = None) -> Converted:
    return convert(f"{HEAD}{''.join(inside)}</definitions>".encode(), folder=folder)


# -- scripts before and after


def test_scripts_around_a_service_task_set_variables_of_the_process() -> None:
    """The one before is seen by its parameters, the one behind sees the result, and both stay."""
    operator = (
        '<spiffworkflow:serviceTaskOperator id="http/Get" resultVariable="answer"><spiffworkflow:parameters>'
        '<spiffworkflow:parameter id="url" type="str" value="base + \'/x\'"/></spiffworkflow:parameters>'
        "</spiffworkflow:serviceTaskOperator>"
    )
    found = made(
        around(f'<serviceTask id="x">{ext(PRE.format("base = host"), operator, POST.format("ok = answer[0] == 1"))}</serviceTask>')
    )
    assert left(found) == set()
    d = driver(found).start(host="h")
    assert d.waiting("service")[0].data == {"base": "h", "url": "h/x"}
    d.serve("http/Get", result=[1], other=2)
    assert dict(d.variables) == {"host": "h", "answer": [1], "base": "h", "ok": True}


def test_scripts_around_a_user_task_whose_form_is_known(tmp_path: Path) -> None:
    """Its fields leave it as before; the script behind counts with them, one line after the other."""
    schema = {"type": "object", "properties": {"days": {"type": "integer"}, "why": {"type": "string"}}}
    (tmp_path / "leave-schema.json").write_text(json.dumps(schema))
    form = '<spiffworkflow:property name="formJsonSchemaFilename" value="leave-schema.json"/>'
    scripts = PRE.format("limit = 20"), POST.format("rest = limit - days\nrest -= 1")
    task = f'<userTask id="x">{ext(f"<spiffworkflow:properties>{form}</spiffworkflow:properties>", *scripts)}</userTask>'
    found = made(around(task), folder=tmp_path)
    assert left(found) == set()
    d = driver(found).start()
    assert d.waiting("user")[0].data == {"limit": 20}
    d.complete("x", days=4, why="sun")
    assert dict(d.variables) == {"limit": 20, "days": 4, "why": "sun", "rest": 15}


def test_a_script_behind_a_task_whose_answers_are_unknown_is_listed() -> None:
    """Output mappings would lose the answers: nothing is mapped, and the script before says that it stays inside."""
    found = made(around(f'<userTask id="x">{ext(PRE.format("a = 1"), POST.format("b = 2"))}</userTask>'))
    assert left(found) == {("x", "postScript")}
    assert [item.note for item in found.carried if item.what == "preScript"] == ["the variable stays inside of the element"]
    d = driver(found).start()
    assert dict(d.complete("x", said=1).variables) == {"said": 1}


def test_scripts_around_other_activities() -> None:
    """Manual, send, receive and script tasks and subprocesses give what is known; a script that is no assignment is listed."""
    found = made(around(f'<manualTask id="x">{ext(PRE.format("a = 1"), POST.format("b = a + 1"))}</manualTask>'))
    d = driver(found).start().complete("x")
    assert (left(found), dict(d.variables)) == (set(), {"a": 1, "b": 2})
    inner = '<startEvent id="s1"/><scriptTask id="t"><script>c = a + 10</script></scriptTask><endEvent id="e1"/>'
    inner += '<sequenceFlow id="i1" sourceRef="s1" targetRef="t"/><sequenceFlow id="i2" sourceRef="t" targetRef="e1"/>'
    found = made(around(f'<subProcess id="x">{ext(PRE.format("a = 1"), POST.format("b = c + 1"))}{inner}</subProcess>'))
    assert (left(found), dict(driver(found).start().variables)) == (set(), {"a": 1, "b": 12, "c": 11})
    found = made(around(f'<scriptTask id="x">{ext(POST.format("b = a * 2"))}<script>a = 4</script></scriptTask>'))
    assert (left(found), dict(driver(found).start().variables)) == (set(), {"a": 4, "b": 8})
    found = made(around(f'<scriptTask id="x">{ext(PRE.format("z = 1"))}<script>a = 4</script></scriptTask>'))
    assert left(found) == {("x", "preScript")}
    found = made(around(f'<manualTask id="x">{ext(POST.format("print(1)"))}</manualTask>'))
    assert left(found) == {("x", "postScript")}


def test_scripts_of_an_activity_that_runs_several_times() -> None:
    """Once for all of them has no equal; `scriptsOnInstances` says that each runs them."""
    loop = "<multiInstanceLoopCharacteristics{}><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>"
    task = '<manualTask id="x">' + ext(PRE.format("a = 1"), POST.format("b = 2")) + loop + "</manualTask>"
    assert left(made(around(task.format("")))) == {("x", "preScript"), ("x", "postScript")}
    found = made(around(task.format(' spiffworkflow:scriptsOnInstances="true"')))
    d = driver(found).start()
    assert (left(found), [token.data["a"] for token in d.waiting("user")]) == (set(), [1, 1])
    assert d.complete("x").complete("x").variables["b"] == 2


# -- calls, lists and loops


def test_a_call_gives_and_takes_all_variables() -> None:
    """The called process sees everything, and everything it sets comes back; a script behind the call is listed."""
    called = process(
        '<startEvent id="s2"/><scriptTask id="t"><script>b = a + 1</script></scriptTask><endEvent id="e2"/>',
        "s2",
        "t",
        "e2",
        process_id="q",
    )
    found = made(around(f'<callActivity id="x" calledElement="q">{ext(POST.format("c = b"))}</callActivity>'), called)
    assert left(found) == {("x", "postScript")}
    assert dict(driver(found).start(a=1).variables) == {"a": 1, "b": 2}


MULTIPLE = (
    '<dataObjectReference id="xs_ref" dataObjectRef="xs"/><dataObject id="xs"/><manualTask id="x"><multiInstanceLoopCharacteristics '
    'isSequential="{}"><loopDataInputRef>xs</loopDataInputRef><loopDataOutputRef>ys</loopDataOutputRef><inputDataItem id="one"/>'
    '<outputDataItem id="done"/>{}</multiInstanceLoopCharacteristics></manualTask>'
)


def test_lists_of_an_activity_that_runs_several_times() -> None:
    """BPMN's data inputs and outputs name the list, the item, and where the results go."""
    for sequential in ("false", "true"):
        found = made(around(MULTIPLE.format(sequential, "")))
        assert left(found) == set()
        d = driver(found).start(xs=["a", "b"])
        assert d.waiting("user")[0].data["one"] == "a"
        d.complete("x", done=1).complete("x", done=2)
        assert d.variables["ys"] == [1, 2]


def test_a_completion_condition_and_a_number_are_python() -> None:
    """Translated, or kept so that `check` refuses them."""
    end = "<completionCondition>done &gt; limit</completionCondition>"
    d = driver(made(around(MULTIPLE.format("true", end)))).start(xs=[1, 2, 3], limit=1)
    d.complete("x", done=5)
    assert d.tasks == ["look"]
    found = made(around('<manualTask id="x"><multiInstanceLoopCharacteristics><loopCardinality>len(xs)</loopCardinality>'
                        "</multiInstanceLoopCharacteristics></manualTask>"))  # fmt: skip
    assert driver(found).start(xs=[1, 2, 3]).tasks == ["x"] * 3
    found = made(around(MULTIPLE.format("true", "<completionCondition>stop(one)</completionCondition>")))
    assert left(found) == {("x", "completionCondition")}
    assert ("x", "not-feel", "error") in {(one.element_id, one.code, one.severity) for one in check({"a.bpmn": found.body})}


# -- messages

PROPERTY = (
    '<correlationProperty id="po" name="po"><correlationPropertyRetrievalExpression messageRef="order"><messagePath>po</messagePath>'
    '</correlationPropertyRetrievalExpression><correlationPropertyRetrievalExpression messageRef="yes"><messagePath>number</messagePath>'
    "</correlationPropertyRetrievalExpression></correlationProperty>"
)
MESSAGES = '<message id="order" name="Order"/><message id="yes" name="Confirmation"/>'
KEY = (
    '<collaboration id="c"><participant id="p1" processRef="p"/><participant id="p2" processRef="q"/>'
    '<correlationKey name="main"><correlationPropertyRef>po</correlationPropertyRef></correlationKey></collaboration>'
)
PAYLOAD = "<spiffworkflow:messagePayload>{}</spiffworkflow:messagePayload>"
VARIABLE = "<spiffworkflow:messageVariable>{}</spiffworkflow:messageVariable>"


def event(kind: str, name: str, message: str, *inside: str) -> str:
    return f'<{kind} id="{name}"><messageEventDefinition messageRef="{message}">{ext(*inside)}</messageEventDefinition></{kind}>'


def conversation(payload: str = "{&quot;po&quot;: number, &quot;amount&quot;: amount}", answer: str = "") -> list[str]:
    """A buyer sends an order and waits for its confirmation; a supplier begins by an order and confirms."""
    buyer = process(
        '<startEvent id="s"/>'
        + event("intermediateThrowEvent", "send", "order", PAYLOAD.format(payload))
        + f'<receiveTask id="wait" messageRef="yes">{ext(VARIABLE.format("confirmed"), answer)}</receiveTask>'
        + '<manualTask id="look"/><endEvent id="e"/>', "s", "send", "wait", "look", "e",
    )  # fmt: skip
    supplier = process(
        event("startEvent", "s2", "order", VARIABLE.format("asked"))
        + '<sendTask id="confirm" messageRef="yes">'
        + ext(PAYLOAD.format("{&quot;number&quot;: asked[&quot;po&quot;], &quot;date&quot;: &quot;soon&quot;}"))
        + '</sendTask><endEvent id="e2"/>', "s2", "confirm", "e2", process_id="q",
    )  # fmt: skip
    return [KEY, MESSAGES, PROPERTY, buyer, supplier]


def test_a_conversation_is_carried_by_messages_with_keys() -> None:
    """What is sent has name, key and variables; who waits knows the key from what it sent; what comes goes into one variable."""
    found = made(*conversation())
    assert left(found) == set()
    buyer = driver(found).start(number="N7", amount=3)
    assert buyer.waiting("service")[0].data == {
        "message_name": "Order", "correlation_key": "N7", "variables": {"po": "N7", "amount": 3}, "time_to_live": "P365D",
    }  # fmt: skip
    buyer.serve("publish-message")
    assert [token.wait["key"] for token in buyer.waiting("message")] == ["N7"]
    supplier = driver(found, "q")
    supplier.execution.begin({"po": "N7", "amount": 3}, element_id="s2")
    supplier.run()
    assert supplier.variables["asked"] == {"po": "N7", "amount": 3}
    given = supplier.waiting("service")[0].data
    assert (given["message_name"], given["correlation_key"]) == ("Confirmation", "N7")
    assert given["variables"] == {"number": "N7", "date": "soon"}
    buyer.message("Confirmation", **given["variables"])
    assert buyer.variables["confirmed"] == {"number": "N7", "date": "soon"} and "date" not in buyer.variables


def property_of(name: str, order: str, answer: str) -> str:
    """A correlation property that both messages of the conversation have."""
    tag, paths = "correlationPropertyRetrievalExpression", {"order": order, "yes": answer}
    read = "".join(f'<{tag} messageRef="{ref}"><messagePath>{path}</messagePath></{tag}>' for ref, path in paths.items())
    return f'<correlationProperty id="{name}" name="{name}">{read}</correlationProperty>'


def several(buyer_sends: str = "{&quot;po&quot;: number, &quot;who&quot;: name}") -> list[str]:
    """The conversation with two properties: an order number counts for each customer."""
    parts = [part for part in conversation(payload=buyer_sends) if part != PROPERTY]
    answer = "&quot;customer&quot;: asked[&quot;who&quot;], &quot;date&quot;: &quot;soon&quot;"
    parts = [part.replace("&quot;date&quot;: &quot;soon&quot;", answer) for part in parts]
    return [*parts, property_of("po", "po", "number"), property_of("customer", "who", "customer")]


def test_several_correlation_properties_are_one_composed_key() -> None:
    """Both sides make the same text of them, in the order of their ids, and no two conversations have the same."""
    found = made(*several())
    assert left(found) == set()
    keys = set()
    for number, name in (("N7", "Ann"), ("N7", "Bo"), ('N7", "A', "nn"), ("N", "7Ann")):
        buyer = driver(found).start(number=number, name=name)
        sent = buyer.waiting("service")[0].data["correlation_key"]
        buyer.serve("publish-message")
        assert [token.wait["key"] for token in buyer.waiting("message")] == [sent]
        supplier = driver(found, "q")
        supplier.execution.begin({"po": number, "who": name}, element_id="s2")
        supplier.run()
        assert supplier.waiting("service")[0].data["correlation_key"] == sent
        keys.add(sent)
    assert len(keys) == 4
    assert driver(found).start(number="N7", name=None).waiting("service")[0].data["correlation_key"] is None


def test_a_property_of_several_that_is_not_known_is_listed() -> None:
    """Half a key is none: where one of two is not written out, neither the sender nor who waits has one."""
    found = made(*several(buyer_sends="{&quot;po&quot;: number}"))
    assert left(found) == {("send", "correlation"), ("wait", "message correlation")}


def test_a_converted_conversation_is_lived_through(tmp_path: Path) -> None:
    """Nobody has to send anything: the operation that publishes messages is built in."""
    path = tmp_path / "conversation.bpmn"
    path.write_bytes(made(*several()).body)
    engine = Engine(f"sqlite:///{tmp_path / 'a.db'}")
    engine.deploy(path)
    ids = [engine.start("p", {"number": "N7", "name": name}, actor="jo") for name in ("Ann", "Bo")]
    engine.run_due()
    for instance_id, name in zip(ids, ("Ann", "Bo"), strict=True):
        assert engine.instance(instance_id).variables["confirmed"] == {"number": "N7", "customer": name, "date": "soon"}
        assert [task.element_id for task in engine.user_tasks(instance_id)] == ["look"]
    engine.close()


def test_an_event_may_say_its_key_itself() -> None:
    """`processVariableCorrelation` names a variable; it goes before what was sent."""
    own = (
        "<spiffworkflow:processVariableCorrelation><spiffworkflow:propertyId>po</spiffworkflow:propertyId>"
        "<spiffworkflow:expression>mine</spiffworkflow:expression></spiffworkflow:processVariableCorrelation>"
    )
    found = made(*conversation(answer=own))
    assert left(found) == set()
    buyer = driver(found).start(number="N7", amount=3, mine="M1").serve("publish-message")
    assert [token.wait["key"] for token in buyer.waiting("message")] == ["M1"]


def test_two_who_wait_for_one_message_by_different_keys() -> None:
    """Each gets a declaration of its own, of the same name."""

    def waits(name: str, key: str) -> str:
        own = f"<spiffworkflow:propertyId>po</spiffworkflow:propertyId><spiffworkflow:expression>{key}</spiffworkflow:expression>"
        said = f"<spiffworkflow:processVariableCorrelation>{own}</spiffworkflow:processVariableCorrelation>"
        return event("intermediateCatchEvent", name, "yes", said)

    found = made(KEY, MESSAGES, PROPERTY, process(
        '<startEvent id="s"/>' + waits("a", "x") + waits("b", "y") + '<endEvent id="e"/>', "s", "a", "b", "e"
    ))  # fmt: skip
    d = driver(found).start(x="1", y="2")
    assert d.waiting("message")[0].wait["key"] == "1"
    assert d.message("Confirmation").waiting("message")[0].wait["key"] == "2"


def test_what_is_not_known_of_a_message_is_listed() -> None:
    """A payload that is computed says neither key nor names; a message without properties says nothing about whose it is."""
    found = made(*conversation(payload="everything"))
    assert left(found) == {("send", "correlation"), ("wait", "message correlation"), ("s2", "messageVariable")}
    without = [part for part in conversation() if part not in (PROPERTY, KEY)]
    assert left(made(*without)) == {("wait", "message correlation")}
    reads = made(*conversation(payload="{&quot;po&quot;: variables}"))
    assert ("send", "messagePayload") in left(reads)


def test_a_signal_carries_a_variable() -> None:
    """What throws it gives it by the name that SpiffWorkflow's signal has for it; errors and escalations do the same."""
    for kind in ("signal", "escalation"):
        code = 'escalationCode="1"' if kind == "escalation" else ""
        declared = (
            f'<{kind} id="g" name="go" {code}><extensionElements>'
            "<spiffworkflow:payloadExpression>n + 1</spiffworkflow:payloadExpression>"
            f"<spiffworkflow:variableName>got</spiffworkflow:variableName></extensionElements></{kind}>"
        )
        throw = f'<intermediateThrowEvent id="x"><{kind}EventDefinition {kind}Ref="g"/></intermediateThrowEvent>'
        found = made(declared, around(throw))
        assert left(found) == set()
        mapped = xml.parse(found.body).find(f".//{{{xml.ZEEBE}}}input")
        assert mapped is not None and dict(mapped.attrib) == {"source": "=n + 1", "target": "got"}
    alone = made('<signal id="g" name="go"><extensionElements><spiffworkflow:variableName>v</spiffworkflow:variableName>'
                 "</extensionElements></signal>", around('<task id="x"/>'))  # fmt: skip
    assert left(alone) == {("g", "variableName")}


def test_an_error_carries_a_variable_to_what_catches_it() -> None:
    """Lived through: thrown in a subprocess, caught at its border, where the variable is read."""
    declared = (
        '<error id="g" name="bad" errorCode="E"><extensionElements><spiffworkflow:payloadExpression>n + 1</spiffworkflow:payloadExpression>'
        "<spiffworkflow:variableName>got</spiffworkflow:variableName></extensionElements></error>"
    )
    inner = '<startEvent id="s1"/><endEvent id="e1"><errorEventDefinition errorRef="g"/></endEvent>'
    inner += '<sequenceFlow id="i" sourceRef="s1" targetRef="e1"/>'
    border = '<boundaryEvent id="b" attachedToRef="x"><errorEventDefinition errorRef="g"/></boundaryEvent><manualTask id="after"/>'
    found = made(declared, around(f'<subProcess id="x">{inner}</subProcess>{border}<sequenceFlow id="f" sourceRef="b" targetRef="after"/>'))
    d = driver(found).start(n=4)
    assert (d.tasks, d.variables["got"]) == (["after"], 5)


def test_the_peer_reads_what_was_converted_the_same_way() -> None:
    """SpiffWorkflow itself runs the conversation's sender: the same payload and correlation as the converted one gives its job."""
    parser = SpiffBpmnParser()
    parser.add_bpmn_xml(etree.fromstring(f"{HEAD}{''.join(conversation())}</definitions>".encode()))
    workflow = BpmnWorkflow(parser.get_spec("p"))
    workflow.task_tree.data.update({"number": "N7", "amount": 3})
    for task in workflow.get_tasks():
        task.data.update({"number": "N7", "amount": 3})
    workflow.do_engine_steps()
    events: list[Any] = workflow.get_events()
    sent = events[0]
    d = driver(made(*conversation())).start(number="N7", amount=3)
    given = d.waiting("service")[0].data
    assert (sent.event_definition.name, sent.payload) == (given["message_name"], given["variables"])
    assert list(sent.correlations["main"].values()) == [given["correlation_key"]]
