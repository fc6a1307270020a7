"""Every way a complaint can take through the package; together they run every element and flow of every diagram."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import process_way as way
import pytest
from process_way import ASSESSED, DECIDED, INVESTIGATED, PACKAGE, REVIEWED, Case, World
from process_ways import PUT_RIGHT, WAYS

from amends.engine.definitions import check
from amends.engine.services import operations
from amends.forms import Forms


def test_the_package_has_no_problem() -> None:
    """The check says nothing: no error, no warning, no remark."""
    assert [str(problem) for problem in check(PACKAGE, Forms(), operations())] == []


def test_an_id_is_used_once_in_the_package() -> None:
    """Ids name the same thing in every diagram, so that history and `not_done_by` are never ambiguous."""
    parts = way.all_parts()
    assert len(set().union(*parts.values())) == sum(map(len, parts.values()))


@pytest.mark.parametrize("lived", WAYS, ids=lambda lived: lived.__name__)
def test_a_complaint_goes_its_way(lived: Callable[[World], Case], tmp_path: Path) -> None:
    """What the way's own docstring says, and no element is stuck."""
    case = lived(World(tmp_path))
    assert case.state in ("active", "completed")


def test_the_ways_run_every_element_and_flow(tmp_path: Path) -> None:
    """Every element and every flow of every diagram of the package is run by the ways above."""
    run: set[str] = set()
    for lived in WAYS:
        folder = tmp_path / lived.__name__
        folder.mkdir()
        run |= way.run_parts(lived(World(folder)))
    print(*way.coverage(run), sep="\n")
    assert {process: sorted(parts - run) for process, parts in way.all_parts().items() if parts - run} == {}


@pytest.mark.parametrize("when", ["assess", "investigate", "decide", "answer", "review", "follow_up", "carry_out", "verify"])
def test_a_complaint_can_be_withdrawn_wherever_it_stands(when: str, tmp_path: Path) -> None:
    """At every wait the complainant's withdrawal ends it."""
    world = World(tmp_path)
    case = world.file()
    steps: list[tuple[str, Callable[[], Case]]] = [
        ("assess", lambda: case.do("assess", ASSESSED)),
        ("investigate", lambda: case.do("investigate", INVESTIGATED)),
        ("decide", lambda: case.do("decide", {**DECIDED, **PUT_RIGHT})),
        ("answer", lambda: case.say("decision answered", answer="rejected")),
        ("review", lambda: case.do("review", {**REVIEWED, **PUT_RIGHT}).say("decision answered", answer="rejected")),
        ("follow_up", lambda: case.do("follow_up", {"recourse_result": "satisfied", "recourse_note": "She rang."})),
        ("carry_out", lambda: case.do("carry_out", {"action_done": "Paid."})),
    ]
    for name, step in steps:
        if name == when:
            break
        step()
    case.say("complaint withdrawn", withdrawal_reason="")
    assert case.state == "completed" and case.open_tasks == [] and world.closed[case.reference] == "withdrawn"
