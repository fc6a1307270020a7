"""Cases of the public DMN TCK that do not lie beside the checkout and are expressions alone: tests/data/tck, one file for each folder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from amends.engine.feel import FeelError, evaluate, parse

from ....support.tck_facts import FACTS, Case, read, same

FOLDERS = sorted(FACTS.glob("*.txt"))
LEAST = 97.0
"""Per cent that has to be right, of the cases that expect a value and of those that expect null."""


def answer(case: Case) -> Any:
    """What a case gives; a text that is no FEEL is an error, which the kit writes as null."""
    try:
        return evaluate(case.text, case.inputs, now=lambda: dt.datetime(2024, 1, 31, tzinfo=dt.UTC))
    except FeelError:
        return None


@pytest.mark.parametrize("file", FOLDERS, ids=lambda file: file.stem)
def test_a_folder_of_the_kit(file: Path) -> None:
    """Every case gives what it expects, in type and value, but for those that are said to be answered otherwise, which are."""
    cases = read(file).cases
    assert len({case.name for case in cases}) == len(cases) > 0
    wrong = [(case.name, case.text, got) for case in cases if same(got := answer(case), case.expected) is bool(case.otherwise)]
    assert wrong == []


def test_values_and_nulls_are_counted_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """As many are right of those that expect a value as of those that expect null, which an engine that knows nothing would pass."""
    right, known = [0, 0], [0, 0]
    for file in FOLDERS:
        for case in read(file).cases:
            kind = case.expected is not None
            known[kind] += 1
            right[kind] += same(answer(case), case.expected)
    with capsys.disabled():
        print(f"\n{len(FOLDERS)} folders: {right[1]} of {known[1]} that expect a value, {right[0]} of {known[0]} that expect null")
    assert min(100 * part / whole for part, whole in zip(right, known, strict=True)) >= LEAST


def test_a_null_is_not_for_want_of_a_language() -> None:
    """What expects null is FEEL, and is null for what the case is about; only calls of null, true and false are none."""
    refused = [case.text for file in FOLDERS for case in read(file).cases if case.expected is None and not _is_feel(case)]
    assert refused == ["null()", "true()", "false()"]


def _is_feel(case: Case) -> bool:
    try:
        parse(case.text, case.inputs)
    except FeelError:
        return False
    return True
