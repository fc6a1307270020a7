"""Cases of the public DMN TCK whose models define types, functions, services or decisions before them: tests/data/tck/models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from amends.engine.decisions import Model, check_model, load
from amends.engine.feel import FeelError

from ....support.tck_facts import FACTS, Case, model, node_of, read, same

FOLDERS = sorted((FACTS / "models").glob("*.txt"))


def answer(loaded: Model, case: Case) -> Any:
    """What a case gives."""
    try:
        return loaded.evaluate(node_of(case), case.inputs)
    except FeelError:
        return None


@pytest.mark.parametrize("file", FOLDERS, ids=lambda file: file.stem)
def test_a_folder_of_the_kit(file: Path) -> None:
    """Every case gives what it expects, in type and value, of a model that the check finds no error in."""
    folder = read(file)
    loaded = load(model(folder))
    assert len({case.name for case in folder.cases}) == len(folder.cases) > 0
    wrong = [(case.name, case.text, got) for case in folder.cases if not same(got := answer(loaded, case), case.expected)]
    assert wrong == []
    assert [str(problem) for problem in check_model(model(folder)) if problem.severity == "error"] == []
