"""Diagrams of Camunda 7 and of SpiffWorkflow: converted, checked, and lived through to the end; the layout is as it was."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from lxml import etree

from amends.cli import main
from amends.engine import Engine
from amends.engine.conversion import Converted, Unconvertible, convert
from amends.engine.decisions import load
from amends.engine.definitions import check, xml
from amends.forms import Forms

MANIFEST = b'[package]\nname = "converted"\nversion = "1"\n[roles]\nclerks = "Clerks"\nleads = "Leads"\n'


@pytest.fixture
def sources(repository: Path) -> Path:
    """The diagrams as their own modelers wrote them."""
    return repository / "tests" / "data" / "convert"


def layout(body: bytes) -> bytes:
    """What a file says about the layout, in one form."""
    root = xml.parse(body)
    plane = root.find(f"{{{xml.BPMN_DI}}}BPMNDiagram")
    assert plane is not None
    return etree.tostring(plane, method="c14n", exclusive=True)


def told(found: Converted) -> set[tuple[str, str]]:
    return {(item.element_id, item.what) for item in found.left}


def put(found: Converted, folder: Path) -> Path:
    folder.mkdir()
    (folder / "package.toml").write_bytes(MANIFEST)
    for name, body in found.files.items():
        (folder / name).write_bytes(body)
    return folder


class Life:
    """An engine with a clock, on converted files."""

    def __init__(self, folder: Path) -> None:
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)
        self.engine = Engine(f"sqlite:///{folder.parent / 'amends.db'}", clock=lambda: self.now, forms=Forms())
        self.engine.deploy(folder)

    def tasks(self, instance: str) -> list[str]:
        return sorted(task.element_id for task in self.engine.user_tasks(instance))

    def complete(self, instance: str, element: str, **data: object) -> None:
        task = next(task for task in self.engine.user_tasks(instance) if task.element_id == element)
        self.engine.complete(task.id, data, actor="somebody")

    def serve(self, instance: str, kind: str, **data: object) -> None:
        task = next(task for task in self.engine.service_tasks(instance, type=kind))
        self.engine.complete(task.id, data, actor="a worker")


def test_a_diagram_of_camunda_7_runs_as_it_was_drawn(sources: Path, tmp_path: Path) -> None:
    """Converted, it has no error, and goes the way its conditions, lists and dates say."""
    found = convert(sources / "order-camunda7.bpmn")
    assert found.dialects == ("camunda7",)
    assert [problem for problem in check({**found.files, "package.toml": MANIFEST}, Forms()) if problem.severity == "error"] == []
    life = Life(put(found, tmp_path / "order"))
    variables = {"amount": 10, "lead": "lea", "items": ["a", "b", "c"], "customer": {"name": "Ada"}, "patience": "PT1H"}
    order = life.engine.start("order", variables, actor="somebody")
    task = life.engine.user_tasks(order)[0]
    assert (task.element_id, task.assignee, task.groups, task.priority) == ("review", "lea", ("clerks", "leads"), 70)
    assert task.due_at == life.now + timedelta(days=3)
    assert life.engine.instance(order).variables["points"] == 21
    life.complete(order, "review", approved=True, reason="good", kind="new")
    life.serve(order, "charge-card", receiptNumber="R1", other=1)
    assert life.engine.instance(order).variables["receipt"] == "R1"
    life.complete(order, "pack")
    life.complete(order, "pack")
    life.serve(order, "ship-parcel")
    assert life.engine.instance(order).state == "completed"
    refused = life.engine.start("order", variables, actor="somebody")
    life.complete(refused, "review", approved=False, reason="no", kind="new")
    assert life.engine.instance(refused).state == "completed"
    assert "charge" not in {event.element_id for event in life.engine.history(refused)}
    life.engine.close()


def test_what_camunda_7_said_and_could_not_be_carried_is_listed(sources: Path) -> None:
    """Java, listeners and settings of its server, each with its element and what to do; what was carried says what it became."""
    found = convert(sources / "order-camunda7.bpmn")
    assert told(found) == {("review", "taskListener"), ("ship", "class"), ("order", "historyTimeToLive"), ("start", "initiator")}
    assert all(item.reason and item.help and item.line for item in found.left)
    became = {(item.element_id, item.what): item.became for item in found.carried}
    assert became["review", "dueDate"] == '=now() + duration("P3D")'
    assert became["charge", "parameter options"] == '={currency: "EUR", twice: amount * 2}'
    assert became["charge", "failedJobRetryTimeCycle"] == "retries=5"
    assert b"camunda.org/schema/1.0" not in found.body and b"<!-- an order" in found.body
    form = json.loads(found.files["review-form.form"])
    assert [(one["key"], one["type"]) for one in form["components"]] == [
        ("approved", "checkbox"),
        ("reason", "textfield"),
        ("kind", "select"),
    ]
    assert form["components"][1]["validate"] == {"required": True, "maxLength": 200}


def test_a_diagram_of_spiffworkflow_runs_as_it_was_drawn(sources: Path, tmp_path: Path) -> None:
    """Scripts, conditions, forms, decisions, service calls and times in Python."""
    found = convert(sources / "leave-spiff.bpmn")
    assert found.dialects == ("spiffworkflow",)
    files = {**found.files, "package.toml": MANIFEST, "grant.dmn": (sources / "grant.dmn").read_bytes()}
    assert [problem for problem in check(files, Forms()) if problem.severity == "error"] == []
    folder = put(found, tmp_path / "leave")
    (folder / "grant.dmn").write_bytes(files["grant.dmn"])
    life = Life(folder)
    leave = life.engine.start("leave", {"days": [{"hours": 10}, {"hours": 20}], "name": "ada"}, actor="somebody")
    seen = life.engine.instance(leave).variables
    assert (seen["total"], seen["long"], seen["tone"]) == (32, True, "careful")
    life.complete(leave, "ask", answer="yes", remark="", days_off=2)
    life.serve(leave, "http/PostRequestV2", result={"ok": True})
    assert life.engine.instance(leave).variables["booking"] == {"ok": True}
    assert life.engine.instance(leave).variables["granted"] == 4
    life.complete(leave, "tell")
    assert life.engine.instance(leave).state == "active"
    life.now += timedelta(days=1, minutes=1)
    life.engine.run_due()
    assert life.engine.instance(leave).state == "completed"
    life.engine.close()


def test_what_spiffworkflow_said_and_could_not_be_carried_is_listed(sources: Path) -> None:
    """Unit tests and a field without an equal; the form is the schema's."""
    found = convert(sources / "leave-spiff.bpmn")
    assert told(found) == {("count", "unitTests"), ("ask", "form field people")}
    form = json.loads(found.files["answer.form"])
    shape = [(one.get("key"), one["type"]) for one in form["components"]]
    assert shape == [(None, "text"), ("remark", "textarea"), ("answer", "radio"), ("days_off", "number")]
    assert b"Look at the **days**." in found.body and b"spiffworkflow.org" not in found.body


@pytest.mark.parametrize("name", ["order-camunda7.bpmn", "leave-spiff.bpmn"])
def test_the_layout_is_kept(sources: Path, name: str) -> None:
    """Not a coordinate changes; ids, names and documentation stay."""
    before = (sources / name).read_bytes()
    after = convert(sources / name).body
    assert layout(after) == layout(before)
    ids = [item.get("id") for item in xml.parse(before).iter("{*}startEvent", "{*}endEvent", "{*}sequenceFlow", "{*}exclusiveGateway")]
    assert ids == [
        item.get("id") for item in xml.parse(after).iter("{*}startEvent", "{*}endEvent", "{*}sequenceFlow", "{*}exclusiveGateway")
    ]


@pytest.mark.parametrize("name", ["order-camunda7.bpmn", "leave-spiff.bpmn"])
def test_converting_twice_changes_nothing(sources: Path, name: str) -> None:
    """What is in our dialect already comes back byte by byte; so do the shipped diagrams."""
    once = convert(sources / name)
    again = convert(once.body, once.name)
    assert (again.changed, again.body, again.left) == (False, once.body, ())


def test_a_diagram_in_our_dialect_stays_as_it_is(repository: Path) -> None:
    """All that ship."""
    for path in sorted((repository / "processes" / "iso10002").glob("*.[bd][pm][mn]*")):
        found = convert(path)
        assert (found.changed, found.body) == (False, path.read_bytes()), path


WRONG = [
    (b"", "empty"),
    (b"<a/>", "no BPMN"),
    (b"<a><b></a>", "not well-formed"),
    (b'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><d>&e;</d>', "document type"),
    (b"<a>" + b"x" * 5_000_001 + b"</a>", "5,000,000"),
]


@pytest.mark.parametrize(("body", "says"), WRONG, ids=[says for _, says in WRONG])
def test_what_is_no_diagram_is_refused_with_a_reason(body: bytes, says: str) -> None:
    """No entity is read, no file fetched, and the sentence says what to change."""
    with pytest.raises(Unconvertible, match=says):
        convert(body)


HEAD = (
    b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="d" '
    b'targetNamespace="t"><process id="p" isExecutable="true">'
)


def small(inside: str) -> Converted:
    flows = '<sequenceFlow id="f1" sourceRef="s" targetRef="x"/><sequenceFlow id="f2" sourceRef="x" targetRef="e"/>'
    return convert(HEAD + f'<startEvent id="s"/>{inside}<endEvent id="e"/>{flows}</process></definitions>'.encode())


def test_a_condition_that_cannot_be_translated_is_refused_by_check() -> None:
    """It stays as it was, and is no FEEL: nothing runs as something else."""
    flow = '<sequenceFlow id="g" sourceRef="x" targetRef="e"><conditionExpression>{}</conditionExpression></sequenceFlow>'
    for said in ("${bean.check(execution)}", "amount > 5 ${x}"):
        found = small('<exclusiveGateway id="x" default="f2"/>' + flow.format(said.replace(">", "&gt;")))
        assert told(found) == {("g", "condition")}
        assert "feel-syntax" in {problem.code for problem in check({"a.bpmn": found.body}) if problem.element_id == "g"}


def test_a_script_in_another_language_is_refused_by_check() -> None:
    """Groovy and JavaScript stay in place with their format."""
    found = small('<scriptTask id="x" scriptFormat="groovy" camunda:resultVariable="r"><script>1 + 1</script></scriptTask>')
    assert told(found) == {("x", "script in groovy")}
    assert "no-script" in {problem.code for problem in check({"a.bpmn": found.body}) if problem.severity == "error"}


def test_nothing_goes_silently() -> None:
    """Whatever of Camunda 7 there is, known or not, is either carried or listed."""
    inside = (
        '<callActivity id="x" calledElement="other" camunda:calledElementBinding="version" '
        'camunda:calledElementVersion="3" camunda:odd="1">'
        '<extensionElements><camunda:in variables="all"/><camunda:in businessKey="#{execution.processBusinessKey}"/>'
        '<camunda:out source="a" target="b"/><camunda:in sourceExpression="${n + 1}" target="m"/>'
        '<camunda:strange deep="1"><camunda:inner/></camunda:strange>'
        "</extensionElements></callActivity>"
    )
    found = small(inside)
    assert told(found) == {("x", "calledElementBinding"), ("x", "businessKey"), ("x", "odd"), ("x", "strange")}
    called = xml.parse(found.body).find(f".//{{{xml.ZEEBE}}}calledElement")
    assert called is not None
    assert dict(called.attrib) == {"processId": "other", "propagateAllParentVariables": "true", "propagateAllChildVariables": "false"}
    mapped = [
        (xml.local(item), item.get("source"), item.get("target"))
        for item in xml.parse(found.body).iter(f"{{{xml.ZEEBE}}}*")
        if item.get("target")
    ]
    assert mapped == [("input", "=n + 1", "m"), ("output", "=a", "b")]


def test_decision_tables_of_camunda_7_decide_the_same() -> None:
    """JUEL, its default, becomes FEEL; its own types become numbers; entries in JUEL on cellInput are tests on ?."""
    body = b"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:camunda="http://camunda.org/schema/1.0/dmn" id="d"
      name="d" namespace="n"><decision id="fee" name="fee" camunda:historyTimeToLive="5" camunda:versionTag="1"><decisionTable id="t">
      <input id="i"><inputExpression id="ie" typeRef="integer"><text>order.amount + 1</text></inputExpression></input>
      <output id="o" name="fee" typeRef="double"/>
      <rule id="r1"><inputEntry id="a" expressionLanguage="juel"><text>${cellInput &lt; 10}</text></inputEntry>
        <outputEntry id="b"><text>order.vip ? 0 : 5</text></outputEntry></rule>
      <rule id="r2"><inputEntry id="c"><text>&gt;= 10</text></inputEntry>
        <outputEntry id="e" expressionLanguage="feel"><text>order.amount / 2</text></outputEntry></rule>
      </decisionTable></decision></definitions>"""
    found = convert(body, "fee.dmn")
    assert told(found) == {("fee", "historyTimeToLive"), ("fee", "versionTag")}
    model = load(found.body)
    assert [model.evaluate("fee", {"order": {"amount": amount, "vip": vip}}) for amount, vip in ((3, True), (3, False), (20, False))] == [
        0,
        5,
        10,
    ]
    assert [problem for problem in check({"fee.dmn": found.body}) if problem.severity == "error"] == []
    assert not convert(found.body, "fee.dmn").changed


MADE_UP = [
    "",
    "${",
    "${a.b()}",
    "${a}",
    "#{x}",
    "-1",
    "javascript",
    "R/",
    "a,b",
    "é",
    "=",
    "0",
    "x" * 50,
    "None",
    "[1",
    "f'{a}'",
    "lambda: 0",
]


@pytest.mark.parametrize("name", ["order-camunda7.bpmn", "leave-spiff.bpmn"])
def test_no_file_breaks_the_conversion(sources: Path, name: str) -> None:
    """Values that are made up, at random places: converted or refused with a reason, never half, and `check` reads what was written."""
    chance, whole, converted = random.Random(name), (sources / name).read_text(), 0
    for _ in range(60):
        text = whole
        for _ in range(chance.randint(1, 4)):
            place = chance.choice(list(re.finditer(chance.choice(['="([^"]*)"', ">([^<>]*)<"]), text)))
            text = text[: place.start(1)] + chance.choice(MADE_UP) + text[place.end(1) :]
        try:
            found = convert(text.encode(), name, sources)
        except Unconvertible as error:
            assert str(error)
            continue
        converted += 1
        check({name: found.body})
        assert not found.changed or not re.search(rb"camunda\.org/schema/1\.0|spiffworkflow\.org", found.body)
        assert all(item.line and item.reason and item.help for item in found.left)
    assert converted > 30


def test_diagrams_of_other_modelers_are_converted(shared: Path) -> None:
    """The interchange suite: what is Camunda 7's there becomes ours, what is not stays as it is."""
    found = {path.name: convert(path) for path in sorted((shared / "interchange").glob("*.bpmn"))}
    assert {name for name, made in found.items() if made.changed} == {"C.1.0.bpmn", "C.9.0.bpmn", "C.9.1.bpmn", "C.9.2.bpmn"}
    for name, made in found.items():
        before = (shared / "interchange" / name).read_bytes()
        assert layout(made.body) == layout(before) if made.changed else made.body == before, name


# -- the command ---------------------------------------------------------------------------------------------------------


def test_the_command_writes_beside_the_file_and_lists(sources: Path, tmp_path: Path) -> None:
    """Exit code 1 where something was left; it never writes over a file unasked; --json says the same to programs."""
    file = tmp_path / "order.bpmn"
    file.write_bytes((sources / "order-camunda7.bpmn").read_bytes())
    result = CliRunner().invoke(main, ["convert", str(file)])
    assert result.exit_code == 1
    assert "Not carried (4):" in result.output and "com.acme.ShipParcelDelegate" in result.output
    assert (tmp_path / "order.amends.bpmn").exists() and (tmp_path / "review-form.form").exists()
    again = CliRunner().invoke(main, ["convert", str(file)])
    assert again.exit_code == 1 and "is there already" in again.output
    said = json.loads(CliRunner().invoke(main, ["convert", str(file), "--force", "--json"]).output)
    assert len(said["left"]) == 4 and said["dialects"] == ["camunda7"]


def test_the_command_says_when_there_is_nothing_to_do_or_nothing_to_read(repository: Path, tmp_path: Path) -> None:
    """Exit code 0 and no file for our own dialect, 1 and a sentence for what is no diagram."""
    done = CliRunner().invoke(main, ["convert", str(repository / "processes/iso10002/complaint.bpmn"), "-o", str(tmp_path)])
    assert (done.exit_code, list(tmp_path.iterdir())) == (0, [])
    assert "nothing to convert" in done.output
    (tmp_path / "x.bpmn").write_text("no")
    wrong = CliRunner().invoke(main, ["convert", str(tmp_path / "x.bpmn")])
    assert wrong.exit_code == 1 and wrong.output.startswith("Error:") and "Traceback" not in wrong.output
