"""The diagrams of Camunda 8's own test suites, as shapes (`tests/data/shapes`): refused where they are wrong, or lived to an end."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from living import begin, guess, live, world_of
from shapes import Entry, entries

from amends.engine import Engine
from amends.engine.definitions import check

ROOM = Path(__file__).resolve().parents[1] / "data" / "shapes"
SHAPES = {f"{path.stem}:{entry.line} {Path(entry.files[0]).stem}": entry for path in sorted(ROOM.glob("*.txt")) for entry in entries(path)}
REFUSED = {name: entry for name, entry in SHAPES.items() if entry.wrong or entry.refused}
LIVED = {name: entry for name, entry in SHAPES.items() if name not in REFUSED}
TURNS = 3
DOCS = ROOM.parents[2] / "docs" / "bpmn.md"
MANY, ENOUGH = 322, 290
"""So many files the suites had in July 2024, and so many of them are to deploy."""

World = Callable[[], AbstractContextManager[tuple[Engine, Any]]]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with nothing in it, to be copied."""
    folder = tmp_path_factory.mktemp("empty")
    with world_of(folder):
        pass
    return folder


@pytest.fixture
def world(empty: Path, tmp_path: Path) -> World:
    """What opens an engine that knows nothing else, and its clock."""
    folder = tmp_path / "world"
    shutil.copytree(empty, folder)
    return lambda: world_of(folder)


def files(held: dict[str, Entry]) -> list[str]:
    """The files of the suites that have these shapes; a shape of our own names none."""
    return [file for entry in held.values() for file in entry.files if "/" in file]


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_one_is_refused_where_it_is_wrong(name: str) -> None:
    """At the element, with a code; every error of it names an element or a line."""
    entry = REFUSED[name]
    errors = [problem for problem in check({"shape.bpmn": entry.xml().encode()}) if problem.severity == "error"]
    assert (entry.wrong or entry.refused) in {f"{problem.code} {problem.element_id}" for problem in errors}, errors
    assert all(problem.element_id or problem.line for problem in errors)


@pytest.mark.parametrize("name", LIVED)
def test_every_other_one_is_deployed_and_lived(world: World, name: str) -> None:
    """Each process is begun by what begins it, what is open is completed and time passes: nothing is ever active in silence."""
    entry = LIVED[name]
    body = entry.xml().encode()
    problems = check({"shape.bpmn": body})
    assert not [problem for problem in problems if problem.severity == "error"], problems
    states: Counter[str] = Counter()
    with world() as (engine, clock):
        deployment = engine.deploy({"shape.bpmn": body})
        for process in [engine.package(deployment.id).processes[process_id] for process_id in deployment.processes]:
            for turn in range(TURNS):
                variables = guess(process, turn)
                for instance_id in begin(engine, clock, process, variables, turn):
                    states[live(engine, clock, instance_id, variables, turn).state] += 1
        if entry.moves is not None or entry.known:
            begun = engine.start(deployment.processes[0], entry.known if entry.moves is None else {}, actor="test")
            life = live(engine, clock, begun, entry.known)
            assert (life.state, life.moves) == ("completed", entry.moves or life.moves)
            states[life.state] += 1
    assert set(states) <= {"completed", "terminated", "incident", "long"}
    assert bool(entry.stuck) != bool(states.keys() & {"completed", "terminated"}), "what comes to no end says why, and nothing else does"


def test_the_suites_are_held() -> None:
    """How many files there are, each once; how many deploy as single files; and how many are refused, and why."""
    every = files(SHAPES)
    assert len(every) == len(set(every))
    assert all(file.endswith(".bpmn") and file.count("src/") <= 1 for file in every)
    by_design = {name: entry for name, entry in REFUSED.items() if not entry.wrong}
    assert all(entry.why for entry in by_design.values())
    deployed, design = len(files(LIVED)), len(files(by_design))
    on_purpose = len(files(REFUSED)) - design
    assert len(every) >= MANY and deployed >= ENOUGH
    said = (
        f"of {len(every)}, {deployed} deploy as single files and are driven as far as they go, "
        f"{on_purpose} are refused as they are meant to be, {design} by design"
    )
    assert said in DOCS.read_text(encoding="utf-8")
