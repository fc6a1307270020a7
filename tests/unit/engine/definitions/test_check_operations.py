"""Jobs name operations that exist, and give them what they need."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import EXCLUDE, Schema, fields, validate


class Send:
    """An operation as plugins bring it."""

    title = "Send a message"
    outputs = ("message_id",)

    class Inputs(Schema):
        class Meta:
            unknown = EXCLUDE

        letter = fields.String(required=True, metadata={"label": "Letter"})
        to = fields.String(load_default="complainant")
        channel = fields.String(validate=validate.OneOf(["email", "post"]), metadata={"choices": ["email", "post"]})


class Strict:
    """An operation that takes no more than it knows."""

    title = "Strict"

    class Inputs(Schema):
        name = fields.String()
        times = fields.Integer()


class Start:
    """An operation on a clock."""

    title = "Start a clock"
    Inputs = Schema.from_dict({
        "name": fields.String(), "length": fields.String(), "calendar": fields.String(metadata={"names": "calendar"}),
        "outcome": fields.String(metadata={"names": "outcome"}),
    })  # fmt: skip


OPERATIONS = {"send": Send, "strict": Strict, "start-clock": Start}
MANIFEST = b"""[package]
name = "a"
version = "1"
[roles]
handler = "Handler"
[clocks.first]
title = "First"
[outcomes]
relief = "Relief"
"""


def job(kind: str, headers: str = "", inputs: str = "") -> str:
    return (
        f'<serviceTask id="t"><extensionElements><zeebe:taskDefinition type="{kind}"/><zeebe:taskHeaders>{headers}</zeebe:taskHeaders>'
        f"<zeebe:ioMapping>{inputs}</zeebe:ioMapping></extensionElements></serviceTask>"
    )


def header(key: str, value: str) -> str:
    return f'<zeebe:header key="{key}" value="{value}"/>'


def given(source: str, target: str) -> str:
    return f"<zeebe:input source='{source}' target='{target}'/>"


def listened(kind: str, headers: str, inputs: str = "") -> str:
    """A user task with an execution listener that an operation does."""
    listener = f'<zeebe:executionListener eventType="end" type="{kind}"><zeebe:taskHeaders>{headers}</zeebe:taskHeaders>'
    who = '<zeebe:userTask/><zeebe:assignmentDefinition candidateGroups="handler"/>'
    return (
        f'<userTask id="t"><extensionElements>{who}<zeebe:ioMapping>{inputs}'
        f"</zeebe:ioMapping><zeebe:executionListeners>{listener}</zeebe:executionListener></zeebe:executionListeners></extensionElements>"
        "</userTask>"
    )


CASES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "all it needs": (job("send", header("letter", "hello")), []),
    "all it needs by input": (job("send", "", given('="hello"', "letter")), []),
    "nobody claims it": (job("strange"), [("unknown-operation", "warning")]),
    "which one is computed": (job("=kind"), []),
    "which one is always the same": (job("=&quot;send&quot;"), [("operation-input-missing", "error")]),
    "nobody claims what is always the same": (job("=&quot;strange&quot;"), [("unknown-operation", "warning")]),
    "a listener with all it needs": (listened("send", header("letter", "hello")), []),
    "a listener whose element gives what it needs": (listened("send", "", given("=which", "letter")), []),
    "a listener's required input missing": (listened("send", header("to", "complainant")), [("operation-input-missing", "error")]),
    "a listener's wrong choice": (
        listened("send", header("letter", "hello") + header("channel", "pigeon")), [("operation-input-value", "error")],
    ),
    "a listener that takes no more, beside an input of its task": (listened("strict", "", given("=1", "deadline")), []),
    "required input missing": (job("send", header("to", "complainant")), [("operation-input-missing", "error")]),
    "wrong choice in a header": (
        job("send", header("letter", "hello") + header("channel", "pigeon")), [("operation-input-value", "error")],
    ),
    "wrong choice in a constant": (
        job("send", header("letter", "hello"), given('="pigeon"', "channel")), [("operation-input-value", "error")],
    ),
    "a choice that is computed": (job("send", header("letter", "hello"), given("=channel", "channel")), []),
    "an input overlays a header": (
        job("send", header("letter", "hello") + header("channel", "pigeon"), given("=channel", "channel")), [],
    ),
    "a header it does not know": (
        job("send", header("letter", "hello") + header("chanel", "post")), [("operation-input-unknown", "warning")],
    ),
    "an input for the letter": (job("send", header("letter", "hello"), given("=1", "deadline")), []),
    "an input a strict one does not know": (job("strict", "", given("=1", "deadline")), [("operation-input-unknown", "error")]),
    "a wrong type": (job("strict", header("times", "often")), [("operation-input-value", "error")]),
    "a letter that is not there": (job("send", header("letter", "gone")), [("missing-letter", "error")]),
    "a role that is not there": (job("send", header("letter", "hello") + header("to", "boss")), [("unknown-role", "error")]),
    "a role that is there": (job("send", header("letter", "hello") + header("to", "handler")), []),
    "an address": (job("send", header("letter", "hello") + header("to", "a@example.org")), []),
    "a clock that is not there": (job("start-clock", header("name", "second")), [("unknown-clock", "error")]),
    "a length that is none": (
        job("start-clock", header("name", "first") + header("length", "5 fortnights")), [("operation-input-value", "error")],
    ),
    "a calendar that is not there": (job("start-clock", header("calendar", "moon")), [("missing-calendar", "error")]),
    "the calendar that every package has": (job("start-clock", header("calendar", "default")), []),
    "an outcome that is not there": (job("start-clock", header("outcome", "joy")), [("unknown-outcome", "error")]),
    "an outcome that is there": (job("start-clock", header("outcome", "relief")), []),
    "a length": (job("start-clock", header("name", "first") + header("length", "5 working days")), []),
}  # fmt: skip


@pytest.mark.parametrize(("element", "problems"), CASES.values(), ids=CASES)
def test_operations_get_what_they_need(found: Any, build: Any, element: str, problems: list[tuple[str, str]]) -> None:
    """Headers overlaid by inputs are held against the operation's schema; constants are validated, names looked up."""
    letter = b"---\nsubject: Hello\n---\nHello"
    package = {"package.toml": MANIFEST, "a.bpmn": build.draw(build.around(element)), "letters/hello.md": letter}
    hits = [p for p in found(package, None, OPERATIONS) if p.code != "unknown-name"]
    assert [(p.code, p.severity) for p in hits] == problems
    assert all((p.file, p.element_id) == ("a.bpmn", "t") for p in hits)


def test_in_a_single_file_a_missing_letter_is_a_warning(found: Any, build: Any) -> None:
    """What a single file refers to may be elsewhere."""
    problems = found(build.draw(build.around(job("send", header("letter", "gone")))), None, OPERATIONS)
    assert [(p.code, p.severity) for p in problems] == [("missing-letter", "warning")]


def test_a_schema_that_fails_hides_nothing(found: Any, build: Any) -> None:
    """A plugin whose schema raises is said as a warning; all other problems are still found."""

    def explode(value: Any) -> None:
        raise RuntimeError("boom")

    inputs = Schema.from_dict({"a": fields.String(validate=explode), "b": fields.String(required=True)})
    operation = type("Bad", (), {"title": "Bad", "Inputs": inputs})
    problems = found(build.draw(build.around(job("bad", header("a", "1")))), None, {"bad": operation})
    assert [(p.code, p.severity) for p in problems] == [("operation-input-missing", "error"), ("operation-input-value", "warning")]
    assert "boom" in problems[1].message


@pytest.mark.parametrize(
    ("event", "codes"),
    [
        ('<messageEventDefinition messageRef="m"/>', []),
        ('<messageEventDefinition messageRef="m"/><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>', []),
        ('<messageEventDefinition messageRef="computed"/>', []),
        ('<messageEventDefinition messageRef="another"/>', ["unknown-message"]),
    ],
)
def test_a_message_that_is_published_has_somebody_who_waits(found: Any, build: Any, event: str, codes: list[str]) -> None:
    """A slip in its name would be a message that nobody ever gets; in a single file, somebody elsewhere may wait."""
    operation = type("Publish", (), {"title": "Publish", "Inputs": Schema.from_dict(
        {"message_name": fields.String(metadata={"names": "message"})}
    )})  # fmt: skip
    key = '<extensionElements><zeebe:subscription correlationKey="=1"/></extensionElements>'
    names = {"m": "news", "computed": "=x", "another": "old"}
    declared = "".join(f'<message id="{id}" name="{name}">{key}</message>' for id, name in names.items())
    body = f'<startEvent id="s"/>{job("publish", header("message_name", "news"))}'
    body += f'<intermediateCatchEvent id="c">{event}</intermediateCatchEvent>'
    drawn = build.draw(body + f'<endEvent id="e"/>{build.path("s", "t", "c", "e")}', declared)
    package = {"package.toml": MANIFEST, "a.bpmn": drawn}
    assert [one.code for one in found(package, None, {"publish": operation}) if one.element_id == "t"] == codes
    assert [one.code for one in found(drawn, None, {"publish": operation}) if one.element_id == "t"] == []


def test_results_an_operation_declares_are_known(found: Any, build: Any) -> None:
    """`outputs` of an operation are names that it sets; without them, nothing else is."""
    task = '<userTask id="u"><extensionElements><zeebe:assignmentDefinition assignee="=message_id + other"/></extensionElements></userTask>'
    content = f'<startEvent id="s"/>{job("send", header("letter", "hello"))}{task}<endEvent id="e"/>{build.path("s", "t", "u", "e")}'
    names = [p.message for p in found(build.draw(content), None, OPERATIONS) if p.code == "unknown-name"]
    assert len(names) == 1 and "'other'" in names[0]
