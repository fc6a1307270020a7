"""A diagram means the same in whatever manner a modeler writes it.

The public interchange suite is some twenty models as exported and saved again by some fifty modelers. The models are beside the checkout;
`tests/data/manners` says how the tools write. Every model, every diagram we ship and every element of the table in docs/bpmn.md is written
anew in every manner: what `check` finds is then what it found before, at the same elements, and what runs goes the same way.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import every_element
import pytest
from driving import HEAD, Driver, element, flows, process
from living import guess, live, world_of
from manners import Manner, manners

from amends.engine.calendars import Calendar, feel_functions
from amends.engine.definitions import check, read_diagram
from amends.engine.definitions.model import Diagram
from amends.engine.definitions.problems import Problem
from amends.engine.execution import Decided, Fault, compile_process

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared" / "interchange"
WEEK = {"name": "default", "timezone": "UTC", "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
CALENDARS = {"default": Calendar.from_data(WEEK)}
MOST_STEPS = 25
OF_THE_WRITING = frozenset({"schema", "no-layout"})
"""What is said of how a file is written, not of what it means."""


zoo = cache(every_element.zoo)


@cache
def ours() -> dict[str, bytes]:
    """The diagrams we ship, and those of the tests."""
    folders = (REPOSITORY / "processes", REPOSITORY / "tests" / "processes")
    return {path.name: path.read_bytes() for folder in folders for path in sorted(folder.rglob("*.bpmn"))}


@cache
def models() -> dict[str, bytes]:
    """The models of the interchange suite, where they are: as they are, and executable."""
    found = {}
    for path in sorted(SHARED.glob("*.bpmn")):
        found[path.name] = path.read_bytes()
        if b'isExecutable="false"' in found[path.name]:
            found[f"{path.name}, executable"] = found[path.name].replace(b'isExecutable="false"', b'isExecutable="true"')
    return found


def findings(problems: list[Problem], ids: Mapping[str, str], manner: Manner) -> Counter[tuple[str, str, str]]:
    """The problems by element, code and severity; elements without an id are called by their line, which is left out."""
    named = [(re.sub(r"_at_line_\d+$", "", problem.element_id), problem.code, problem.severity) for problem in problems]
    if "language" in manner.data.get("conditions", {}).get("attributes", {}):
        named = [entry for entry in named if entry[1] not in ("not-feel", "feel-syntax")]  # it says what language it is
    return Counter((ids.get(where, where), code, how) for where, code, how in named if code not in OF_THE_WRITING | manner.deserves)


@cache
def plain(body: bytes) -> tuple[list[Problem], Diagram]:
    return check({"x.bpmn": body}), read_diagram(body, "x.bpmn")


def held(manner: Manner, name: str, body: bytes) -> None:
    """The diagram in this manner has the problems it had, and goes the way it went."""
    written, ids = manner.write(body)
    before, diagram = plain(body)
    after = check({"x.bpmn": written})
    assert all(problem.element_id or problem.line for problem in after), name
    was, found = findings(before, ids, manner), findings(after, {}, manner)
    assert found == was, f"{name}: gone {dict(was - found)}, new {dict(found - was)}"
    anew = read_diagram(written, "x.bpmn")
    assert [ids.get(each, each) for each in executable(diagram)] == executable(anew)
    for number, each in enumerate(diagram.processes if not name.endswith(", executable") else ()):
        other = anew.process(ids.get(each.id, each.id))
        if other is not None:
            same_way(diagram, anew, each.id, other.id, ids, f"{name} {number}")


def executable(diagram: Diagram) -> list[str]:
    return [each.id for each in diagram.processes if each.executable]


def specs_of(diagram: Diagram) -> dict[str, Any]:
    specs = {}
    for each in diagram.processes:
        try:
            specs[each.id] = compile_process(each)
        except Fault:
            continue
    return specs


def same_way(one: Diagram, other: Diagram, process_id: str, named: str, ids: Mapping[str, str], name: str) -> None:
    """Both are driven through the same choices: what is open is the same at every step, and so is all that happened, and what is known."""
    first, second = specs_of(one), specs_of(other)
    assert (process_id in first) == (named in second), name
    if process_id not in first or not first[process_id].entries:
        return
    dice = random.Random(name)  # noqa: S311
    known = next(each for each in one.processes if each.id == process_id)
    a, b = driver(first, process_id), driver(second, named)
    for d in (a, b):
        d.start(**guess(known, 0))
    for _ in range(MOST_STEPS):
        assert summary(a, ids) == summary(b, {}), name
        moves = sorted({place(token, ids) for token in waiting(a)})
        if not moves or a.execution.ended:
            return
        move = dice.choice(moves)
        for d, names in ((a, ids), (b, {})):
            make(d, next(token for token in waiting(d) if place(token, names) == move))


def driver(specs: dict[str, Any], process_id: str) -> Driver:
    made = Driver.__new__(Driver)
    outside = {"functions": feel_functions(CALENDARS, "default"), "calendars": CALENDARS, "constants": {"settings": {}}}
    made._begin(specs, process_id, False, {**outside, "decide": lambda name, context: Decided(len(name), {})})
    return made


def waiting(d: Driver) -> list[Any]:
    return [token for token in d.waiting() if token.wait["kind"] in ("user", "service", "message", "signal", "timer")]


def place(token: Any, ids: Mapping[str, str]) -> tuple[str, str]:
    """What a token waits at, by the new id, and for what."""
    return ids.get(token.task_spec.name, token.task_spec.name), token.wait["kind"]


def make(d: Driver, token: Any) -> None:
    if token.wait["kind"] in ("user", "service"):
        d.execution.complete(token, {})
    else:
        d.time = max(d.time, token.wait.get("due") or d.time)
        d.execution.fire(token, {})
    d.run()


def summary(d: Driver, ids: Mapping[str, str]) -> Any:
    """The state, what happened where, what waits for what, and the variables."""
    happened = Counter((kind, ids.get(where, where)) for kind, where in d.path)
    open_ = sorted((*place(token, ids), str(token.wait.get("name"))) for token in d.waiting())
    return d.state, happened, open_, dict(d.variables)


MANNERS = manners()
every_manner = pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner.name)


@every_manner
def test_every_element_means_the_same(manner: Manner) -> None:
    """Each element of BPMN, at each place there is for it."""
    for name, body in zoo().items():
        held(manner, name, body)


@every_manner
def test_our_diagrams_mean_the_same(manner: Manner) -> None:
    """What we ship, and what the tests have."""
    assert len(ours()) >= 9
    for name, body in ours().items():
        held(manner, name, body)


@every_manner
def test_the_models_of_the_suite_mean_the_same(manner: Manner, shared: Path) -> None:
    """The reference models, as they are and made executable."""
    assert (shared / "interchange").is_dir() and len(models()) >= 21
    for name, body in models().items():
        held(manner, name, body)


@every_manner
def test_what_we_ship_is_deployed_and_lived_the_same(manner: Manner, tmp_path: Path) -> None:
    """A process in this manner is deployed, started, and does the same to the same end."""
    whole = process(
        element("startEvent", "s") + element("exclusiveGateway", "x", default="x_b") + element("userTask", "a", ext="<zeebe:userTask/>")
        + element("serviceTask", "b", ext='<zeebe:taskDefinition type="t"/>') + element("endEvent", "e")
        + flows("s>x", "x>a: amount > 3", "x>b", "a>e", "b>e"), "whole",
    )  # fmt: skip
    body = HEAD.format(whole).encode()
    written, ids = manner.write(body)
    if manner.data.get("executable", {}).get(True) == "missing":
        written = written.replace(b'id="whole"', b'id="whole" isExecutable="true"')
    moves = []
    for number, each in enumerate((body, written)):
        folder = tmp_path / str(number)
        folder.mkdir()
        with world_of(folder) as (engine, clock):
            deployment = engine.deploy({"x.bpmn": each})
            assert list(deployment.processes) == ["whole"]
            lives = [live(engine, clock, engine.start("whole", {"amount": amount}, actor="test")) for amount in (1, 5)]
            assert [life.state for life in lives] == ["completed", "completed"]
            moves.append([life.moves for life in lives])
    assert moves[0] == [["job b"], ["task a"]]
    assert moves[1] == [[f"job {ids['b']}"], [f"task {ids['a']}"]]
