"""Whatever is deployed and started goes on: driven by completing what is open and letting time pass, nothing is ever active in silence.

`AMENDS_DIAGRAMS=FOLDER` drives every .bpmn file below a folder as well, and tells how many can be deployed.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from every_element import zoo
from living import guess, live, world_of

from amends.engine import Engine
from amends.engine.definitions import check, read_package
from amends.engine.errors import AmendsError, CheckFailed

REPOSITORY = Path(__file__).resolve().parents[2]
TURNS = 3
ZOO = zoo()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Any]]:
    """One engine for all of them, with a clock that is moved."""
    with world_of(tmp_path_factory.mktemp("lives")) as found:
        yield found


def lived(world: tuple[Engine, Any], files: dict[str, bytes]) -> Counter[str]:
    """Deploy files and live each process that can be started several times; how often it ended in which state."""
    engine, clock = world
    deployment = engine.deploy(files)
    states: Counter[str] = Counter()
    for process_id in deployment.processes:
        for turn in range(TURNS):
            variables = guess(engine.package(deployment.id).processes[process_id], turn)
            try:
                instance_id = engine.start(process_id, variables, actor="test")
            except AmendsError as error:
                states[f"not started: {error}"] += 1  # a process that only a message, signal or timer begins
                continue
            states[live(engine, clock, instance_id, variables, turn).state] += 1
    return states


@pytest.mark.parametrize("name", ZOO)
def test_every_element_goes_on(world: tuple[Engine, Any], name: str) -> None:
    """A diagram that is deployed comes to its end, or says at which element it cannot go on."""
    try:
        states = lived(world, {"x.bpmn": ZOO[name]})
    except CheckFailed as refused:
        assert all(problem.element_id for problem in refused.problems)
        return
    assert set(states) <= {"completed", "terminated", "incident", "long"} or any(key.startswith("not started") for key in states), states


def test_the_shipped_package_goes_on(world: tuple[Engine, Any]) -> None:
    """Every process of it, with nothing known and with anything."""
    states = lived(world, dict(read_package(REPOSITORY / "processes" / "iso10002").files))
    assert sum(states.values()) >= TURNS


def test_foreign_diagrams_go_on_or_are_refused_by_element(world: tuple[Engine, Any], shared: Path) -> None:
    """The interchange diagrams, executable or made so: refused with an element or a line, or lived to an end."""
    deployed = 0
    for path in sorted((shared / "interchange").glob("*.bpmn")):
        for body in (path.read_bytes(), path.read_bytes().replace(b'isExecutable="false"', b'isExecutable="true"')):
            problems = check({path.name: body})
            assert all(problem.element_id or problem.line is not None for problem in problems)
            if not any(problem.severity == "error" for problem in problems):
                lived(world, {path.name: body})
                deployed += 1
    assert deployed >= 21


@pytest.mark.skipif("AMENDS_DIAGRAMS" not in os.environ, reason="AMENDS_DIAGRAMS names no folder of diagrams")
def test_a_folder_of_diagrams(world: tuple[Engine, Any]) -> None:
    """As the above, for whatever diagrams there are."""
    tally: Counter[str] = Counter()
    for path in sorted(Path(os.environ["AMENDS_DIAGRAMS"]).rglob("*.bpmn")):
        problems = check(path)
        assert all(problem.element_id or problem.line is not None for problem in problems), path
        errors = [problem for problem in problems if problem.severity == "error"]
        tally["refused" if errors else "deployable"] += 1
        print(f"\n{path.name}: {'; '.join(sorted({f'{problem.element_id} {problem.code}' for problem in errors})) or 'deployable'}", end="")
        if not errors:
            print(f" {dict(lived(world, {path.name: path.read_bytes()}))}", end="")
    print(f"\n{dict(tally)}")
