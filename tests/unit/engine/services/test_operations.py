"""The operations there are: built in, from plugins, and as element templates for the modeler."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields

from amends.engine import Engine
from amends.engine.definitions import check, read_package
from amends.engine.errors import AmendsError, CheckFailed
from amends.engine.services import BUILT_IN, Operation, element_templates, operations
from amends.engine.services.fields import LengthField, MomentField, TextList, WarningList

TYPES = {
    "send-message", "communicate-decision", "escalate", "close-complaint", "publish-message",
    "start-clock", "pause-clock", "resume-clock", "extend-clock", "stop-clock",
}  # fmt: skip


def test_the_operations_built_in() -> None:
    """These are there without any plugin, each with a title, a help text and labelled inputs."""
    assert {operation.type for operation in BUILT_IN} == TYPES
    assert TYPES <= operations().keys()
    for operation in BUILT_IN:
        assert operation.title and operation.help and operation.group
        for name, field in operation.Inputs().fields.items():
            assert field.metadata.get("label"), f"{operation.type}: {name}"
            assert field.metadata.get("feel") in ("no", "optional", "required"), f"{operation.type}: {name}"


def test_what_only_touches_the_instance_runs_inside_its_step() -> None:
    """Clocks and closing change the instance and nothing else; what tells somebody is a job."""
    outside = {operation.type for operation in BUILT_IN if not operation.inside}
    assert outside == {"send-message", "communicate-decision", "escalate", "publish-message"}


def test_the_package_that_ships_uses_them_rightly(repository: Path) -> None:
    """No input of an operation in processes/iso10002 is missing, unknown or wrong."""
    problems = check(repository / "processes" / "iso10002", operations=operations())
    assert [str(problem) for problem in problems if "operation" in problem.code or problem.code in ("missing-letter", "unknown-role")] == []


# -- plugins
PLUGIN = '''
"""An operation of an organisation's own: look a customer up."""

from typing import Any

from marshmallow import Schema, fields

from amends.engine.execution import BpmnError
from amends.engine.services import Operation, OperationContext


class FindCustomer(Operation):
    type = "find-customer"
    title = "Find the customer"
    group = "Customers"
    help = "Looks a customer up by number."
    outputs = ("customer",)

    class Inputs(Schema):
        number = fields.Integer(required=True, metadata={"label": "Customer number", "feel": "optional"})

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        customers = context.shared["customers"]
        if inputs["number"] not in customers:
            raise BpmnError("no-customer", f"There is no customer {inputs['number']}.")
        return {"customer": customers[inputs["number"]]}
'''


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution with an operation of its own, as pip would leave it."""
    site = tmp_path / "site"
    info = site / "customers_for_amends-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "customers_for_amends.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: customers-for-amends\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[amends.operations]\nfind-customer = customers_for_amends:FindCustomer\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "customers_for_amends", raising=False)
    return info


def test_a_plugins_operation_is_there_checked_run_and_in_the_modeler(plugin: Path, tmp_path: Path, small_package: Any) -> None:
    """Installing a distribution with the entry point is all: the check knows its inputs, the engine runs it, the modeler offers it."""
    wait: tuple[str, str, dict[str, str]] = ("wait", "user", {})
    engine = Engine(f"sqlite:///{tmp_path / 'amends.db'}", shared={"customers": {7: "Ann"}})
    engine.deploy(small_package(("find", "find-customer", {"number": "=customer_number"}), wait))
    found = engine.start("small", {"customer_number": 7}, actor="system")
    lost = engine.start("small", {"customer_number": 8}, actor="system")
    engine.run_due()
    assert engine.instance(found).variables["customer"] == "Ann"
    assert "There is no customer 8" in engine.instance(lost).incidents[0].message
    with pytest.raises(CheckFailed, match="does not give the operation 'Find the customer' its Customer number"):
        engine.deploy(small_package(("find", "find-customer", {}), wait))
    assert "amends.find-customer" in {template["id"] for template in element_templates(operations())}
    engine.close()
    assert "find-customer" in operations()


def test_a_plugin_may_replace_what_is_built_in(plugin: Path) -> None:
    """An organisation that sends its letters by another way registers its own send-message."""
    (plugin / "entry_points.txt").write_text("[amends.operations]\nown = customers_for_amends:FindCustomer\n")
    (plugin.parent / "customers_for_amends.py").write_text(PLUGIN.replace('type = "find-customer"', 'type = "send-message"'))
    assert operations()["send-message"].title == "Find the customer"


def test_an_entry_point_that_is_no_operation_is_said(plugin: Path) -> None:
    """A mistake in a plugin is told with its name and where to read on."""
    (plugin / "entry_points.txt").write_text("[amends.operations]\nbad = json:dumps\n")
    with pytest.raises(AmendsError, match=r"The entry point 'bad' of json:dumps is no Operation; see docs/operations.md"):
        operations()


# -- element templates
def test_each_operation_has_an_element_template() -> None:
    """A template names its type, applies to service tasks, and has a property for each input."""
    templates = {template["id"]: template for template in element_templates(operations())}
    assert {f"amends.{kind}" for kind in TYPES} <= templates.keys()
    for operation in BUILT_IN:
        template = templates[f"amends.{operation.type}"]
        assert template["$schema"] == "https://unpkg.com/@camunda/zeebe-element-templates-json-schema/resources/schema.json"
        assert template["elementType"] == {"value": "bpmn:ServiceTask"} and "bpmn:ServiceTask" in template["appliesTo"]
        kind = template["properties"][0]
        assert kind == {"type": "Hidden", "value": operation.type, "binding": {"type": "zeebe:taskDefinition", "property": "type"}}
        inputs = [entry["binding"]["name"] for entry in template["properties"] if entry["binding"]["type"] == "zeebe:input"]
        assert inputs == list(operation.Inputs().fields)
        assert {entry.get("group") for entry in template["properties"][1:]} <= {group["id"] for group in template["groups"]}
    assert json.loads(json.dumps(list(templates.values()))) == list(templates.values())


def test_what_throws_messages_has_a_template_for_each_kind_of_event() -> None:
    """The modeler has one kind of element in a template; the event's own message says the name."""
    templates = {template["id"]: template for template in element_templates(operations())}
    for kind, value in (("throw", "bpmn:IntermediateThrowEvent"), ("end", "bpmn:EndEvent")):
        template = templates[f"amends.publish-message.{kind}"]
        assert template["elementType"] == {"value": value, "eventDefinition": "bpmn:MessageEventDefinition"}
        assert template["appliesTo"] == [value]
        bindings = [entry["binding"] for entry in template["properties"]]
        assert bindings[:2] == [{"type": "zeebe:taskDefinition", "property": "type"}, {"type": "bpmn:Message#property", "name": "name"}]
        inputs = [binding["name"] for binding in bindings if binding["type"] == "zeebe:input"]
        assert inputs == ["correlation_key", "variables", "time_to_live"]
    assert {name for name in templates if name.count(".") > 1} == {"amends.publish-message.end", "amends.publish-message.throw"}


def test_inputs_become_controls() -> None:
    """Choices are a dropdown, other inputs a text that may be FEEL; what is required must not be empty, the rest can be left out."""

    class Example(Operation):
        type, title, documentation = "example", "Example", "https://example.org/example"

        class Inputs(Schema):
            must = fields.String(required=True, metadata={"label": "Must", "feel": "required", "placeholder": "=x", "help": "Say it."})
            plain = fields.String(metadata={"feel": "no"})
            one_of = fields.String(required=True, metadata={"choices": {"a": "The a", "b": "The b"}})
            maybe = fields.String(metadata={"choices": ["x"]})
            internal = fields.String(dump_only=True)

    (template,) = element_templates([Example])
    assert template["documentationRef"] == "https://example.org/example"
    _, must, plain, one_of, maybe, retries = template["properties"]
    assert must == {
        "id": "must", "label": "Must", "description": "Say it.", "type": "String", "placeholder": "=x", "feel": "required",
        "constraints": {"notEmpty": True}, "group": "inputs", "binding": {"type": "zeebe:input", "name": "must"},
    }  # fmt: skip
    assert plain == {"id": "plain", "label": "Plain", "type": "String", "optional": True, "group": "inputs",
                     "binding": {"type": "zeebe:input", "name": "plain"}}  # fmt: skip
    assert one_of["choices"] == [{"name": "The a", "value": "a"}, {"name": "The b", "value": "b"}]
    assert maybe["choices"] == [{"name": "(as usual)", "value": ""}, {"name": "x", "value": "x"}]
    assert retries["binding"] == {"type": "zeebe:taskDefinition", "property": "retries"}


def test_with_a_package_the_template_says_what_there_is(repository: Path) -> None:
    """Made for a package, the modeler shows its letters, roles and clocks beside the fields."""
    package = read_package(repository / "processes" / "iso10002")
    (template,) = [made for made in element_templates(operations(), package) if made["id"] == "amends.send-message"]
    shown = {entry.get("id"): entry.get("description", "") for entry in template["properties"]}
    assert "acknowledgement, closing, decision" in shown["letter"]
    assert "handler" in shown["to"]


# -- input fields
@pytest.mark.parametrize("value", ["30 days", 5, None, ["P1D"], ""])
def test_what_is_no_length(value: Any) -> None:
    """A length is a text or a duration."""
    with pytest.raises(ValidationError):
        LengthField().deserialize(value)


@pytest.mark.parametrize("value", ["tomorrow", 20261204, "2026-13-01", None])
def test_what_is_no_moment(value: Any) -> None:
    """A moment is a date or a date and time."""
    with pytest.raises(ValidationError):
        MomentField().deserialize(value)


@pytest.mark.parametrize(("field", "value"), [(WarningList(), "soon"), (WarningList(), ["120%"]), (TextList(), [1]), (TextList(), 1)])
def test_what_is_no_list(field: Any, value: Any) -> None:
    """A list is of texts, and a warning is a length or a share."""
    with pytest.raises(ValidationError):
        field.deserialize(value)


# -- documentation
def test_every_operation_and_input_is_documented(repository: Path) -> None:
    """docs/operations.md has a heading for each operation, and names each of its inputs there."""
    text = (repository / "docs" / "operations.md").read_text()
    sections = {match[1]: match[2] for match in re.finditer(r"^### `([a-z-]+)`\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)}
    assert sections.keys() == TYPES
    for operation in BUILT_IN:
        named = set(re.findall(r"^\| `([a-z_]+)`", sections[operation.type], re.MULTILINE))
        assert named == set(operation.Inputs().fields), operation.type


def test_the_plugin_in_the_documentation_is_the_one_tested(repository: Path) -> None:
    """The example people copy is the one that runs here."""
    text = (repository / "docs" / "operations.md").read_text()
    assert PLUGIN.strip() in text
    assert 'find-customer = "customers_for_amends:FindCustomer"' in text
