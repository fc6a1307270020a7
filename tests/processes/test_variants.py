"""Changing the package without code works: an extra approval, a changed escalation table and a changed form are deployed as files."""

from __future__ import annotations

from pathlib import Path

import process_way as way
import pytest
from process_way import ASSESSED, DECIDED, INVESTIGATED, PACKAGE, World

from amends.engine import Forbidden, Invalid
from amends.engine.definitions import read_package

APPROVAL = Path(__file__).parent / "variants" / "approval"


def changed_by(folder: Path) -> dict[str, bytes]:
    """The package with the files of a variant in place of its own."""
    changes = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}
    return {**read_package(PACKAGE).files, **changes}


def test_running_complaints_finish_on_the_old_version_and_new_ones_run_on_the_new(tmp_path: Path) -> None:
    """A complaint keeps the process, tables and forms it began with, also when a new version is deployed while it is under way."""
    world = World(tmp_path)
    old = world.file().do("assess", ASSESSED)
    newer = world.engine.deploy(changed_by(APPROVAL))
    new = world.file().do("assess", ASSESSED)
    assert (world.deployment.number, newer.number) == (1, 2)
    assert world.engine.instance(old.id).deployment_id == world.deployment.id
    assert world.engine.instance(new.id).deployment_id == newer.id

    world.wait(days=17)
    assert world.told[old.reference] == [("first_response_late", 1, "manager")]
    assert world.told[new.reference] == [("first_response_late", 1, "manager"), ("first_response_late", 1, "reviewer")]

    old.do("investigate", INVESTIGATED).do("decide", DECIDED)
    assert old.open_tasks == [] and world.letters(old)[-2:] == ["decision", "decision-involved"]
    new.do("investigate", INVESTIGATED)
    with pytest.raises(Invalid):  # the changed form asks for what is learned
        new.do("decide", DECIDED)
    new.do("decide", {**DECIDED, "lesson": "Look at the seals."}, actor="account:ann")
    assert new.open_tasks == ["approve"] and "decision" not in world.letters(new)
    with pytest.raises(Forbidden):
        new.do("approve", {"approved": "yes"}, actor="account:ann")
    new.do("approve", {"approved": "no", "approval_note": "Say which seal."}, actor="account:ben")
    new.do("decide", {**DECIDED, "lesson": "Look at the seals."}, actor="account:ann")
    new.do("approve", {"approved": "yes"}, actor="account:ben")

    for case in (old, new):
        assert case.say("decision answered", answer="accepted").state == "completed"
    assert "approve" not in old.run_elements() and "approve" in new.run_elements()


def test_the_variant_is_as_sound_as_the_package(tmp_path: Path) -> None:
    """The changed package is checked like any other, and its diagrams differ from the package's in the response alone."""
    shipped, changed = way.all_parts(), way.all_parts(read_package(changed_by(APPROVAL)))
    assert {process for process in shipped if shipped[process] != changed[process]} == {"response"}
    assert World(tmp_path, changed_by(APPROVAL)).deployment.number == 1
