"""The documentation names every function, and what it claims is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from amends.engine.feel import FeelError, evaluate, limits, parse
from amends.engine.feel.builtins import BUILTINS, OURS

TEXT = (Path(__file__).parents[4] / "docs" / "feel.md").read_text(encoding="utf-8")
_TABLE = TEXT.split("## Functions")[1].split("**Not in the standard")[0]
_CAMUNDA = TEXT.split("**Not in the standard")[1].split("**Ours**")[0].split("`string join` takes")[0]


def test_every_function_is_documented() -> None:
    """A function of the standard is in the table, one of Camunda's in its own list, and neither list has others."""
    assert {name for name in re.findall(r"`([^`(]+)`", _TABLE.split("|---|---|")[1])} == set(BUILTINS) - OURS
    assert set(re.findall(r"`([a-z ]+[a-z0-9]+)`", _CAMUNDA)) == OURS


@pytest.mark.parametrize("text", re.findall(r"`([^`]+)`", TEXT.split("## In five minutes")[1].split("A name may")[0]))
def test_every_example_is_feel(text: str) -> None:
    """The examples of the first table can be parsed."""
    if text not in ("[", "]", "(", ")", "+", "P14D", "PT36H", "P1Y6M"):
        assert parse(text)


def test_slips_are_as_documented() -> None:
    """Each slip that the text lists is refused."""
    for slip in ("a == b", "a && b", "a = 'text'", "a => b", "true()", "len(x)"):
        with pytest.raises(FeelError):
            parse(slip)


def test_limits_are_as_documented() -> None:
    """The numbers of the text are those of the code."""
    budget = limits.DEFAULT_BUDGET
    for number in (budget.steps, budget.depth, budget.text, budget.items, limits.MAX_SOURCE):
        assert f"{number:,} " in TEXT.replace("\n", " ")
    for number in (budget.regex_seconds, budget.seconds, limits.MAX_NESTING):
        assert f"{number} " in TEXT.replace("\n", " ")


def test_choices_are_as_documented() -> None:
    """The choices that the standard leaves are made as the text says."""
    assert evaluate('@"10:00:00.1" = @"10:00:00.2" and not(is(@"10:00:00.1", @"10:00:00.2"))', {}) is True
    assert evaluate("(< 10) = [null..10)", {}) is False
    assert evaluate('matches("5", "\\d") and matches("5", "\\\\d")', {}) is True
    assert evaluate("0.1 + 0.2 = 0.3", {}) is True
