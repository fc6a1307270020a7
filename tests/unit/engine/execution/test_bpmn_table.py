"""The table in docs/bpmn.md is written by this test from what happens, so that it cannot lie.

`AMENDS_WRITE_DOCS=1` writes it anew. Each element stands in a small diagram. "executed": `check` lets it through, and run, it does what
it is for. "refused": `check` or compiling says no, with the element's name. "documentation": it is read and kept, and the
process runs as if it were not there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from driving import HEAD, Driver, element, flows, process, timer, user

from amends.engine.definitions import check, read_diagram
from amends.engine.execution import Decided, Fault, compile_process

START = element("startEvent", "s")
DECLARED = (
    '<bpmn:message id="m" name="news"><bpmn:extensionElements><zeebe:subscription correlationKey="=&quot;k&quot;"/>'
    '</bpmn:extensionElements></bpmn:message><bpmn:signal id="sg" name="alarm"/><bpmn:error id="er" name="bad" errorCode="E"/>'
    '<bpmn:escalation id="es" name="up" escalationCode="U"/>'
)
REFERS = {"message": 'messageRef="m"', "signal": 'signalRef="sg"', "error": 'errorRef="er"', "escalation": 'escalationRef="es"'}
TYPE = '<zeebe:taskDefinition type="t"/>'
MANY = (
    '<bpmn:multiInstanceLoopCharacteristics isSequential="{}"><bpmn:extensionElements>'
    '<zeebe:loopCharacteristics inputCollection="=[1,2]" inputElement="i"/></bpmn:extensionElements>'
    "</bpmn:multiInstanceLoopCharacteristics>"
)
UNDO = "<bpmn:compensateEventDefinition/>"
HANDLER = (
    '<bpmn:userTask id="{0}" isForCompensation="true"><bpmn:extensionElements><zeebe:userTask/></bpmn:extensionElements></bpmn:userTask>'
    '<bpmn:association id="to_{0}" sourceRef="{1}" targetRef="{0}"/>'
)
INNER = element("startEvent", "is") + user("deep") + flows("is>deep")
EXECUTED, REFUSED, DOCUMENTATION = "executed", "refused", "documentation"


def definition(kind: str) -> str:
    if kind == "none":
        return ""
    if kind == "timer":
        return timer("timeDuration", "PT1H")
    if kind == "link":
        return '<bpmn:linkEventDefinition name="L"/>'
    if kind == "conditional":
        return "<bpmn:conditionalEventDefinition><bpmn:condition>=true</bpmn:condition></bpmn:conditionalEventDefinition>"
    if "multiple" in kind:
        return definition("message") + definition("timer")
    kind = "compensate" if kind == "compensation" else kind
    return f"<bpmn:{kind}EventDefinition {REFERS.get(kind, '')}/>"


def after(name: str, made: str) -> str:
    """An element between the start and a task."""
    return START + made + user("z") + flows(f"s>{name}", f"{name}>z")


def gateway(tag: str) -> str:
    body = START + element(tag, "x") + user("a") + user("b") + element(tag, "y") + user("z")
    conditions = (": true", ": 1 = 1") if tag in ("exclusiveGateway", "inclusiveGateway") else ("", "")
    return body + flows("s>x", f"x>a{conditions[0]}", f"x>b{conditions[1]}", "a>y", "b>y", "y>z")


ACTIVITIES = {
    "undefined task": after("x", element("task", "x")),
    "manual task": after("x", element("manualTask", "x")),
    "user task": after("x", user("x")),
    "service task": after("x", element("serviceTask", "x", ext=TYPE)),
    "send task": after("x", element("sendTask", "x", ext=TYPE)),
    "receive task": after("x", element("receiveTask", "x", messageRef="m")),
    "receive task that begins an instance": element("receiveTask", "x", messageRef="m", instantiate="true") + user("z") + flows("x>z"),
    "script task (FEEL)": after("x", element("scriptTask", "x", ext='<zeebe:script expression="=1" resultVariable="v"/>')),
    "script task (another language)": after("x", element("scriptTask", "x", "<bpmn:script>v = 1</bpmn:script>")),
    "script task that an operation does": after("x", element("scriptTask", "x", ext=TYPE)),
    "business rule task that an operation does": after("x", element("businessRuleTask", "x", ext=TYPE)),
    "business rule task": after("x", element("businessRuleTask", "x", ext='<zeebe:calledDecision decisionId="d" resultVariable="v"/>')),
    "call activity": after("x", element("callActivity", "x", ext='<zeebe:calledElement processId="q"/>')),
    "subprocess": after("x", element("subProcess", "x", INNER)),
    "transaction": after("x", element("transaction", "x", INNER)),
    "transaction that runs several times": after("x", element("transaction", "x", INNER + MANY.format("false"))),
    "ad-hoc subprocess that lists what runs": after(
        "x", element("adHocSubProcess", "x", user("deep"), ext='<zeebe:adHoc activeElementsCollection="=[&quot;deep&quot;]"/>')
    ),
    "ad-hoc subprocess that leaves it to people": after("x", element("adHocSubProcess", "x", user("deep"))),
    "multi-instance, parallel": after("x", user("x", MANY.format("false"))),
    "multi-instance, sequential": after("x", user("x", MANY.format("true"))),
    "multi-instance that throws an event for an instance": after("x", user("x", MANY.format('false" behavior="One'))),
    "activity that takes several tokens at once": after("x", user("x").replace('id="x"', 'id="x" startQuantity="2"')),
    "activity that gives several tokens": after("x", user("x").replace('id="x"', 'id="x" completionQuantity="2"')),
    "ad-hoc subprocess whose elements run in turn": after(
        "x", element("adHocSubProcess", "x", user("deep"), '<zeebe:adHoc activeElementsCollection="=[&quot;deep&quot;]"/>',
                     ordering="Sequential"),
    ),
    "standard loop": after("x", user("x", '<bpmn:standardLoopCharacteristics loopMaximum="2"/>')),
    "activity for compensation": START + user("a") + element("boundaryEvent", "b", UNDO, attachedToRef="a") + HANDLER.format("x", "b")
    + element("intermediateThrowEvent", "t", UNDO) + user("z") + flows("s>a", "a>t", "t>z"),
}  # fmt: skip
GATEWAYS = {
    "exclusive gateway": gateway("exclusiveGateway"),
    "parallel gateway": gateway("parallelGateway"),
    "inclusive gateway": gateway("inclusiveGateway"),
    "complex gateway": gateway("complexGateway"),
    "event-based gateway that begins an instance": element("eventBasedGateway", "x", instantiate="true") + user("z")
    + element("intermediateCatchEvent", "c", definition("message")) + flows("x>c", "c>z"),
    "event-based gateway that waits for all of its events": START + element("eventBasedGateway", "x", eventGatewayType="Parallel")
    + element("intermediateCatchEvent", "c", definition("message")) + element("intermediateCatchEvent", "t", definition("timer"))
    + user("z") + flows("s>x", "x>c", "x>t", "c>z", "t>z"),
    "event-based gateway": START + element("eventBasedGateway", "x") + element("intermediateCatchEvent", "c", definition("message"))
    + element("intermediateCatchEvent", "t", definition("timer")) + user("z") + flows("s>x", "x>c", "x>t", "c>z", "t>z"),
}  # fmt: skip
FLOWS = {
    "sequence flow": START + user("z") + flows("s>z").replace('id="s_z"', 'id="x"'),
    "conditional flow": START + user("a") + user("z") + flows("s>a", "a>z: true").replace('id="a_z"', 'id="x"'),
    "conditional flow in another language": START + user("a") + user("z") + flows("s>a", "a>z: true").replace(
        'id="a_z"', 'id="x"').replace("<bpmn:conditionExpression", '<bpmn:conditionExpression language="http://groovy.codehaus.org/"')
    .replace(">=true<", ">true<"),
    "default flow": START + element("exclusiveGateway", "g", default="x") + user("a") + user("z")
    + flows("s>g", "g>a: false", "g>z").replace('id="g_z"', 'id="x"'),
    "several flows out of a task": START + element("task", "x") + user("a") + user("z") + flows("s>x", "x>a", "x>z"),
}  # fmt: skip
KEPT = {
    "text annotation": '<bpmn:textAnnotation id="x"><bpmn:text>why</bpmn:text></bpmn:textAnnotation>',
    "association": '<bpmn:association id="x" sourceRef="z" targetRef="s"/>',
    "group": '<bpmn:group id="x"/>',
    "data object": '<bpmn:dataObject id="o"/><bpmn:dataObjectReference id="x" dataObjectRef="o"/>',
    "data store": '<bpmn:dataStoreReference id="x"/>',
    "lane (gives its tasks their candidate group)": (
        '<bpmn:laneSet id="ls"><bpmn:lane id="x" name="l"><bpmn:flowNodeRef>z</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>'
    ),
}
KINDS = (
    "none",
    "message",
    "timer",
    "signal",
    "error",
    "escalation",
    "terminate",
    "link",
    "conditional",
    "compensation",
    "cancel",
    "multiple",
    "parallel multiple",
)
PLACES = ("start", "event subprocess", "event subprocess, not interrupting", "intermediate catch", "intermediate throw", "boundary",
          "boundary, not interrupting", "end")  # fmt: skip
CATCHES = {"message", "timer", "signal", "conditional", "multiple", "parallel multiple"}
IN_BPMN = {  # BPMN 2.0, table 10.93
    "start": {"none", *CATCHES},
    "event subprocess": {*CATCHES, "error", "escalation", "compensation"},
    "event subprocess, not interrupting": {*CATCHES, "escalation"},
    "intermediate catch": {*CATCHES, "link"},
    "intermediate throw": {"none", "message", "signal", "escalation", "link", "compensation", "multiple"},
    "boundary": {*CATCHES, "error", "escalation", "cancel", "compensation"},
    "boundary, not interrupting": {*CATCHES, "escalation"},
    "end": {"none", "message", "signal", "error", "escalation", "terminate", "compensation", "cancel", "multiple"},
}


def event(kind: str, place: str) -> str:
    """A process in which an event of a kind stands at a place, called x, and something that triggers it."""
    if kind == "parallel multiple":
        return event("multiple", place).replace('id="x"', 'id="x" parallelMultiple="true"')
    if (kind, place) in UNDOING:
        return undoing(kind, place)
    interrupting = "false" if "not" in place else "true"
    what = definition(kind)
    thrown = element("endEvent", "thrown", what) if kind in ("error", "escalation") else ""
    inside = element("startEvent", "is") + user("deep") + thrown + flows("is>deep", *(["is>thrown"] if thrown else []))
    if place == "start":
        what = timer("timeCycle", "R/P1D") if kind == "timer" else what
        return element("startEvent", "x", what) + user("z") + flows("x>z")
    if place.startswith("event subprocess"):
        begin = element("startEvent", "x", what, isInterrupting=interrupting) + user("z") + flows("x>z")
        handler = element("subProcess", "h", begin, triggeredByEvent="true")
        return START + element("subProcess", "sub", inside + handler) + flows("s>sub")
    if place.startswith("boundary"):
        boundary = element("boundaryEvent", "x", what, attachedToRef="sub", cancelActivity=interrupting)
        return START + element("subProcess", "sub", inside) + boundary + user("z") + flows("s>sub", "x>z")
    if place == "end":
        made = element("endEvent", "x", what, ext=TYPE if kind == "message" else "")
        if kind in ("error", "escalation"):
            catch = element("boundaryEvent", "c", what, attachedToRef="sub")
            body = element("startEvent", "is") + made + flows("is>x")
            return START + element("subProcess", "sub", body) + catch + user("z") + flows("s>sub", "c>z")
        return START + made + flows("s>x")
    tag = "intermediateCatchEvent" if place == "intermediate catch" else "intermediateThrowEvent"
    made = element(tag, "x", what, ext=TYPE if kind == "message" and "throw" in place else "")
    if kind == "link":
        other = element("intermediateThrowEvent" if "catch" in place else "intermediateCatchEvent", "l", what)
        return START + made + other + user("z") + (flows("s>l", "x>z") if "catch" in place else flows("s>x", "l>z"))
    return after("x", made)


UNDOING = {("compensation", "event subprocess"), ("compensation", "boundary"), ("cancel", "boundary"), ("cancel", "end")}


def undoing(kind: str, place: str) -> str:
    """The same for what stands in or on a transaction, or undoes something."""
    what = definition(kind)
    throw = element("intermediateThrowEvent", "t", UNDO) + user("z")
    if kind == "compensation" and place == "boundary":
        made = user("a") + element("boundaryEvent", "x", what, attachedToRef="a") + HANDLER.format("hd", "x")
        return START + made + throw + flows("s>a", "a>t", "t>z")
    if kind == "compensation":
        begin = element("startEvent", "x", what) + user("y") + flows("x>y")
        inside = element("startEvent", "is") + user("deep") + flows("is>deep") + element("subProcess", "h", begin, triggeredByEvent="true")
        return START + element("subProcess", "sub", inside) + throw + flows("s>sub", "sub>t", "t>z")
    names = ("c", "x") if place == "end" else ("x", "end")
    inside = element("startEvent", "is") + element("endEvent", names[1], definition("cancel")) + flows(f"is>{names[1]}")
    boundary = element("boundaryEvent", names[0], definition("cancel"), attachedToRef="sub")
    return START + element("transaction", "sub", inside) + boundary + user("z") + flows("s>sub", f"{names[0]}>z")


def verdict(body: str, tmp_path: Path, begin: str | None = None) -> str:
    """What becomes of the element (or flow) x."""
    called = process(element("startEvent", "qs") + element("endEvent", "qe") + flows("qs>qe"), "q")
    whole = HEAD.format(DECLARED + process(body) + called)
    path = tmp_path / "x.bpmn"
    path.write_text(whole)
    errors = [problem for problem in check(path) if problem.severity == "error"]
    if errors:
        assert {problem.element_id for problem in errors} <= {"x", "y", "h"}, errors
        return REFUSED
    try:
        compile_process(read_diagram(whole.encode(), "x.bpmn").processes[0])
    except Fault:
        return REFUSED
    d = Driver(DECLARED + process(body) + called, decide=lambda name, context: Decided(1, {}))
    d.execution.begin({}, begin)
    d.run()
    did = {"completed", "taken", "thrown", "broadcast", "message", "timer", "signal", "error", "escalation", "compensation"}
    for _ in range(10):
        if any(name == "x" and kind in did for kind, name in d.path):
            assert d.incidents == [] and (d.execution.ended or d.waiting()), d.incidents
            return EXECUTED
        names = ("x", "h")
        waiting = sorted(
            d.waiting(), key=lambda token: (token.task_spec.name not in names, token.task_spec.name in ("deep", "z"), token.id)
        )
        if not waiting:
            break
        go_on(d, waiting[0])
    return DOCUMENTATION


def go_on(d: Driver, token: Any) -> None:
    """Let what a token waits for happen."""
    if token.wait["kind"] in ("message", "signal", "timer"):
        d.time = token.wait.get("due") or d.time
        d.execution.fire(token, {})
    else:
        d.execution.complete(token, {})
    d.run()


def table(tmp_path: Path) -> str:
    """The tables, in Markdown."""
    lines = []
    for title, rows in (("Activities", ACTIVITIES), ("Gateways", GATEWAYS), ("Flows", FLOWS)):
        lines += [f"### {title}", "", "| element | |", "|---|---|"]
        begins = {name: "x" if "begins an instance" in name else None for name in rows}
        lines += [f"| {name} | {verdict(body, tmp_path, begins[name])} |" for name, body in rows.items()] + [""]
    lines += ["### Kept beside the process", "", "| element | |", "|---|---|"]
    lines += [f"| {name} | {verdict(made + START + user('z') + flows('s>z'), tmp_path)} |" for name, made in KEPT.items()] + [""]
    lines += ["### Events", "", f"| | {' | '.join(PLACES)} |", "|---" * (len(PLACES) + 1) + "|"]
    for kind in KINDS:
        cells = [
            verdict(event(kind, place), tmp_path, "x" if place == "start" else None) if kind in IN_BPMN[place] else "–" for place in PLACES
        ]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def test_the_table_of_elements_is_what_happens(tmp_path: Path, repository: Path) -> None:
    """docs/bpmn.md says of every element what this test sees it do."""
    document = repository / "docs" / "bpmn.md"
    before, mark, rest = document.read_text().partition("<!-- table -->\n")
    _, end, behind = rest.partition("<!-- end of table -->")
    made = "\n" + table(tmp_path) + "\n"
    if os.environ.get("AMENDS_WRITE_DOCS"):
        document.write_text(before + mark + made + end + behind)
    assert mark and end and rest.partition(end)[0] == made, "docs/bpmn.md is old: run this test with AMENDS_WRITE_DOCS=1"


@pytest.mark.parametrize("place", PLACES)
def test_what_bpmn_does_not_know_is_refused(place: str, tmp_path: Path) -> None:
    """An event where BPMN has none is a problem, never something else that runs (table 10.93)."""
    for kind in KINDS:
        if kind not in IN_BPMN[place]:
            assert verdict(event(kind, place), tmp_path) == REFUSED, f"{kind} {place}"


def test_what_an_earlier_version_let_through_goes_on_as_it_began() -> None:
    """A deployed process with an attribute that is refused since is compiled: its instances can be worked, moved and cancelled."""
    body = after("x", user("x").replace('id="x"', 'id="x" startQuantity="2"'))
    process_ = read_diagram(HEAD.format(process(body)).encode(), "x.bpmn").processes[0]
    with pytest.raises(Fault):
        compile_process(process_)
    assert "x" in compile_process(process_, deployed=True).task_specs
