"""Saving and restoring at every wait of every way through the shipped package changes nothing about what follows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from process_way import Case, World
from process_ways import WAYS

from amends.engine.instances.commands import HotInstances

_OF_ITS_OWN = re.compile(r"[0-9a-f]{32}")


def lived_through(lived: Callable[[World], Case], folder: Path) -> list[Any]:
    """What happened on a way, without the ids that differ from run to run."""
    folder.mkdir()
    case = lived(World(folder))
    found = [
        (event.seq, event.occurred_at, event.actor, event.kind, event.element_id, sorted(event.data))
        for event in case.engine.history(case.id)
    ]
    return [*[tuple(_OF_ITS_OWN.sub("", str(part)) for part in event) for event in found], case.state, case.open_tasks]


@pytest.mark.parametrize("lived", WAYS, ids=lambda lived: lived.__name__)
def test_a_way_is_the_same_whether_its_instance_stays_at_hand_or_is_read_again(
    lived: Callable[[World], Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once with the execution that began it, once with one made of its bytes for each command."""
    at_hand = lived_through(lived, tmp_path / "at-hand")
    monkeypatch.setattr(HotInstances, "take", lambda self, instance_id, version: None)
    assert lived_through(lived, tmp_path / "read-again") == at_hand
