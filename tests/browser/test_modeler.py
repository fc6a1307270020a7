"""Our element templates in the real modeler: chosen, filled in by hand, saved, checked, and run."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from driving import HEAD
from modeler import NEEDED, Modeler, bundle
from playwright.sync_api import Browser

from amends.engine import Engine
from amends.engine.definitions import check
from amends.engine.services import element_templates, operations

pytestmark = pytest.mark.browser

MANIFEST = """[package]
name = "round-trip"
version = "1"
[roles]
manager = "Manager"
[clocks.answer]
title = "Answer"
[outcomes]
relief = "Relief"
[calendars.default]
timezone = "Europe/London"
holidays = { country = "GB", subdivision = "ENG" }
"""
LETTER = "---\nsubject: About {{ reference }}\n---\n\nDear {{ complaint.name }}.\n"
TASKS = [
    ("start-clock", {"Clock": "answer", "Length": "5 working days"}),
    ("pause-clock", {"Clock": "answer"}),
    ("resume-clock", {"Clock": "answer"}),
    ("extend-clock", {"Clock": "answer", "By": "10 working days", "Reason": "we wait for the bank"}),
    ("send-message", {"Letter": "letter", "By": "email", "Attempts": "7"}),
    ("escalate", {"Level": "2", "To the role": "manager", "Reason": "late"}),
    ("communicate-decision", {"Letter to the complainant": "letter", "Outcome": "relief", "Reasons": "we were wrong"}),
    ("stop-clock", {"Clock": "answer"}),
    ("publish-message", {"Message name": "told", "Correlation key": "=reference", "Variables": "{a: 1}", "Kept for": "P1D"}),
    ("close-complaint", {"Outcome": "relief"}),
]


class Mailer:
    """Keeps what is sent."""

    sender = "complaints@example.org"

    def __init__(self) -> None:
        self.to: list[str] = []

    def send(self, message: EmailMessage, key: str) -> str:
        self.to.append(str(message["To"]))
        return "taken"


def blank() -> bytes:
    """A drawn process of plain tasks, one for each operation, as somebody draws it before choosing what they do."""
    ids = ["begin", *(kind.replace("-", "_") for kind, _ in TASKS), "finish"]
    elements, shapes, flows = [], [], []
    for number, element in enumerate(ids):
        tag = {0: "startEvent", len(ids) - 1: "endEvent"}.get(number, "task")
        elements.append(f'<bpmn:{tag} id="{element}" name="{element}"/>')
        size = (100, 80) if tag == "task" else (36, 36)
        bounds = f'<dc:Bounds x="{number * 150}" y="{100 - size[1] // 2}" width="{size[0]}" height="{size[1]}"/>'
        shapes.append(f'<bpmndi:BPMNShape id="{element}_di" bpmnElement="{element}">{bounds}</bpmndi:BPMNShape>')
    for number, (source, target) in enumerate(zip(ids, ids[1:], strict=False)):
        elements.append(f'<bpmn:sequenceFlow id="f{number}" sourceRef="{source}" targetRef="{target}"/>')
        ends = f'<di:waypoint x="{number * 150 + 100}" y="100"/><di:waypoint x="{number * 150 + 150}" y="100"/>'
        flows.append(f'<bpmndi:BPMNEdge id="f{number}_di" bpmnElement="f{number}">{ends}</bpmndi:BPMNEdge>')
    return (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
        'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
        'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" '
        'xmlns:modeler="http://camunda.org/schema/modeler/1.0" modeler:executionPlatform="Camunda Cloud" '
        'modeler:executionPlatformVersion="8.6.0" id="d" targetNamespace="t">'
        f'<bpmn:process id="round_trip" isExecutable="true">{"".join(elements)}</bpmn:process><bpmndi:BPMNDiagram id="D">'
        f'<bpmndi:BPMNPlane id="P" bpmnElement="round_trip">{"".join(shapes + flows)}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
        "</bpmn:definitions>"
    ).encode()


@pytest.fixture
def modeler(chromium: Browser, repository: Path, tmp_path: Path) -> Iterator[Modeler]:
    """The modeler, open."""
    if not (repository / "node_modules" / NEEDED).is_dir():
        pytest.fail("The modeler is not installed: `make test` installs it.")
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    yield Modeler(page, repository, bundle(repository, tmp_path))
    page.close()


def test_templates_chosen_in_the_modeler_run_in_the_engine(modeler: Modeler, tmp_path: Path) -> None:
    """Each operation is picked from its template and its fields are typed; the saved diagram has no problem, and does all of it."""
    assert modeler.open(blank(), element_templates(operations())) == []
    for kind, fields in TASKS:
        modeler.choose(kind.replace("-", "_"), f"amends.{kind}")
        modeler.unfold("inputs")
        if "Attempts" in fields:
            modeler.unfold("running")
        for label, value in fields.items():
            modeler.fill(label, value)
    package = tmp_path / "package"
    (package / "letters").mkdir(parents=True)
    (package / "package.toml").write_text(MANIFEST)
    (package / "letters" / "letter.md").write_text(LETTER)
    (package / "round-trip.bpmn").write_bytes(modeler.save())
    assert [str(problem) for problem in check(package, operations=operations()) if problem.severity == "error"] == []
    mailer = Mailer()
    engine = Engine(f"sqlite:///{tmp_path / 'amends.db'}", shared={"mailer": mailer})
    engine.deploy(package)
    complaint = {"name": "Ann", "email": "ann@example.org"}
    instance = engine.start("round_trip", {"complaint": complaint, "reference": "C-1"}, actor="somebody")
    for _ in range(10):
        if not engine.run_due(instance_id=instance):
            break
    seen = engine.instance(instance)
    assert (seen.state, [incident.message for incident in seen.incidents]) == ("completed", [])
    assert mailer.to == ["ann@example.org", "ann@example.org"]
    assert (seen.variables["outcome"], seen.variables["escalation_level"]) == ("relief", 2)
    engine.close()


def test_a_message_event_chosen_in_the_modeler_publishes(modeler: Modeler, tmp_path: Path) -> None:
    """The event names its message in its template; saved, it is given to the process that begins with it."""
    drawn = blank().replace(b"bpmn:task ", b"bpmn:intermediateThrowEvent ", 1)
    assert modeler.open(drawn, element_templates(operations())) == []
    modeler.choose("start_clock", "amends.publish-message.throw")
    modeler.unfold("inputs")
    for label, value in {"Message": "told", "Variables": "{a: 1}"}.items():
        modeler.fill(label, value)
    saved = modeler.save().decode()
    for kind, _ in TASKS[1:]:
        assert f'id="{kind.replace("-", "_")}"' in saved
    path, other = tmp_path / "throws.bpmn", tmp_path / "begins.bpmn"
    path.write_text(saved)
    assert [str(one) for one in check(path, operations=operations()) if one.severity == "error"] == []
    other.write_text(HEAD.format(
        '<bpmn:message id="m" name="told"/><bpmn:process id="begins" isExecutable="true">'
        '<bpmn:startEvent id="s"><bpmn:messageEventDefinition messageRef="m"/></bpmn:startEvent>'
        '<bpmn:userTask id="u"/><bpmn:sequenceFlow id="f" sourceRef="s" targetRef="u"/></bpmn:process>'
    ))  # fmt: skip
    engine = Engine(f"sqlite:///{tmp_path / 'amends.db'}")
    for file in (path, other):
        engine.deploy(file)
    instance = engine.start("round_trip", {}, actor="somebody")
    engine.run_due()
    assert engine.instance(instance).state == "completed"
    assert [engine.instance(task.instance_id).variables for task in engine.user_tasks()] == [{"a": 1}]
    engine.close()


def test_every_template_follows_the_public_schema(repository: Path) -> None:
    """Held against the JSON schema that the modeler itself uses."""
    if not (repository / "node_modules" / "@bpmn-io" / "element-templates-validator").is_dir():
        pytest.fail("The validator is not installed: `make test` installs it.")
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node")
    program = """
        import { validateAllZeebe } from "@bpmn-io/element-templates-validator";
        const templates = JSON.parse(await new Response(process.stdin).text());
        const { valid, results } = validateAllZeebe(templates);
        console.log(JSON.stringify({ valid, faults: results.flatMap(({ errors }) => (errors ?? []).map(({ message }) => message)) }));
    """
    given = json.dumps(element_templates(operations()))
    done = subprocess.run(
        [node, "--input-type=module", "-e", program], input=given, capture_output=True, text=True, cwd=repository, check=True
    )
    assert json.loads(done.stdout) == {"valid": True, "faults": []}


def test_the_pictures_in_the_documents_are_small(repository: Path) -> None:
    """Whoever reads the process owner's page on a slow line sees them: at most 120 kB each, 400 kB in all."""
    sizes = {path.name: path.stat().st_size for path in (repository / "docs" / "pictures").glob("*.png")}
    assert set(sizes) == {"check.png", "modeler.png", "studio.png", "template.png"}
    assert max(sizes.values()) <= 120_000 and sum(sizes.values()) <= 400_000, sizes
