"""What a new version changes under running instances is said before and when it is deployed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from driving import element, flows, message_definition, process, timer, user

import amends
from amends.__main__ import main
from amends.engine import Engine

START = element("startEvent", "s")
OLD = (
    message_definition("news", "=ref")
    + process(
        START + user("a") + element("boundaryEvent", "late", timer("timeDuration", "P1D"), attachedToRef="a") + user("b")
        + element("receiveTask", "r", messageRef="m_news") + flows("s>a", "a>b", "late>b", "b>r")
    )
)  # fmt: skip


def said(engine: Engine, path: Path) -> list[tuple[str, str]]:
    return [(problem.element_id, problem.message) for problem in engine.differences(path)]


def test_nothing_is_said_of_what_stays_or_where_nobody_stands(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """Neither an identical version nor a change elsewhere breaks anything."""
    engine.deploy(bpmn(OLD))
    engine.start("p", {"ref": "1"}, actor="jo")
    assert said(engine, bpmn(OLD)) == []
    assert said(engine, bpmn(OLD.replace('id="b"', 'id="b" name="Another"').replace('id="r"', 'id="r" name="Other"'))) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((), []),
        (("a", "gone"), ["a", "late"]),
        (('<bpmn:userTask id="a">', '<bpmn:manualTask id="a">', "</bpmn:userTask>", "</bpmn:manualTask>"), ["a"]),
        (("P1D", "P2D"), []),
        (('id="p"', 'id="other"'), ["a", "late"]),
    ],
)
def test_what_instances_stand_at_has_to_stay(
    engine: Engine, bpmn: Callable[..., Path], change: tuple[str, ...], expected: list[str]
) -> None:
    """Gone, of another type, or in another process: each is told with how many instances of which version."""
    engine.deploy(bpmn(OLD))
    for _ in range(2):
        engine.start("p", {"ref": "1"}, actor="jo")
    body = OLD
    if change == ("a", "gone"):
        body = process(START + user("b") + flows("s>b"))
    else:
        for old, new in zip(change[::2], change[1::2], strict=True):
            body = body.replace(old, new, 1)
    found = engine.differences(bpmn(body))
    assert [problem.element_id for problem in found] == expected
    assert all(problem.severity == "warning" and "2 running instances of version 1 stand at" in problem.message for problem in found)
    assert all(problem.file == "test.bpmn" or 'id="other"' in body for problem in found)


def test_a_message_that_is_waited_for_and_the_scope_around_it(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """Another message, or the same element in a subprocess, is another place to stand."""
    engine.deploy(bpmn(OLD))
    instance_id = engine.start("p", {"ref": "1"}, actor="jo")
    for _ in range(2):
        engine.complete(engine.user_tasks(instance_id)[0].id, {}, actor="jo")
    (found,) = said(engine, bpmn(OLD.replace('name="news"', 'name="more"')))
    assert found[0] == "r" and "'more'" in found[1]
    inner = element("startEvent", "is") + element("receiveTask", "r", messageRef="m_news") + flows("is>r")
    moved = message_definition("news", "=ref") + process(START + element("subProcess", "sub", inner) + flows("s>sub"))
    assert said(engine, bpmn(moved)) == [
        ("r", '1 running instance of version 1 stands at the receive task "r", which lies in another subprocess now.')
    ]


def test_a_message_that_begins_another_package_already(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """Within one package `check` refuses it; with another one that is deployed it is said."""
    body = message_definition("news") + process(
        element("startEvent", "s", '<bpmn:messageEventDefinition messageRef="m_news"/>') + user("a") + flows("s>a")
    )
    engine.deploy(bpmn(body, "one.bpmn"))
    assert engine.differences(bpmn(body, "one.bpmn")) == []
    (problem,) = engine.differences(bpmn(body.replace('id="p"', 'id="q"'), "two.bpmn"))
    assert (problem.element_id, problem.code, problem.severity) == ("s", "message-start-twice", "warning")
    assert "'p' of 'one'" in problem.message


def test_roles_that_nobody_holds(tmp_path: Path, bpmn: Callable[..., Path]) -> None:
    """Where there are accounts, a task that is offered to none of them is said; without accounts nothing is."""
    ext = '<zeebe:assignmentDefinition candidateGroups="handler, referee"/>'
    path = bpmn(process(START + user("a", ext=ext) + flows("s>a")))
    app = amends.open(data=tmp_path / "data")
    assert app.engine.differences(path) == []
    app.accounts.create("jo", "Jo", roles=["manager"], actor="system")
    assert [(problem.element_id, problem.code) for problem in app.engine.differences(path)] == [("a", "role-nobody-has")]
    app.accounts.create("kim", "Kim", roles=["referee"], actor="system")
    assert app.engine.differences(path) == []
    app.close()


def test_the_command_line_says_it(tmp_path: Path, bpmn: Callable[..., Path]) -> None:
    """`check` of a package with an installation, and `deploy` on its error output; neither refuses for it."""
    data = tmp_path / "data"
    app = amends.open(data=data)
    app.engine.deploy(bpmn(OLD))
    app.engine.start("p", {"ref": "1"}, actor="system")
    app.close()
    changed = str(bpmn(process(START + user("b") + flows("s>b"))))
    done = CliRunner().invoke(main, ["check", changed, "--json", "--data", str(data)])
    assert done.exit_code == 0
    assert {item["element_id"] for item in json.loads(done.output) if item["code"] == "running-instances"} == {"a", "late"}
    done = CliRunner().invoke(main, ["check", changed, "--json"])
    assert "running-instances" not in done.output
    done = CliRunner().invoke(main, ["deploy", changed, "--data", str(data)])
    assert done.exit_code == 0 and "version 2" in done.stdout
    assert "1 running instance of version 1 stands at the user task" in done.stderr and "migrat" in done.stderr
