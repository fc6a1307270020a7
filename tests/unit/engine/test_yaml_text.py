"""YAML as data: what people mean is what is read, and anything else is said by its line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.yaml_text import YamlError, read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: yes\nb: no\nc: on", {"a": "yes", "b": "no", "c": "on"}),
        ("a: true\nb: null\nc:\nd: ~", {"a": True, "b": None, "c": None, "d": None}),
        ("a: 010\nb: -3\nc: 1.50\nd: '7'", {"a": 10, "b": -3, "c": Decimal("1.50"), "d": "7"}),
        ("a: 12:30\nb: 0x1f\nc: .inf", {"a": "12:30", "b": "0x1f", "c": ".inf"}),
        ("at: 2026-03-02T10:00:00\nday: 2026-03-02", {"at": datetime(2026, 3, 2, 10), "day": date(2026, 3, 2)}),
        ("at: 2026-03-02T10:00:00Z", {"at": datetime(2026, 3, 2, 10, tzinfo=UTC)}),
        ("- a\n- |\n  two\n  lines\n", ["a", "two\nlines\n"]),
        ("", None),
    ],
)
def test_plain_data_is_what_it_looks_like(text: str, value: Any) -> None:
    """YAML 1.2's core types, with decimals, dates and instants; `yes` is a word."""
    assert read_yaml(text)[0] == value


def test_lines_of_entries_are_known() -> None:
    """By key and by number, so that a mistake can be shown where it stands."""
    _, lines = read_yaml("a: 1\nb:\n  - x\n  - y: 2\n    z: 3\n")
    assert (lines.inside["b"].line, lines.inside["b"].inside[1].line, lines.inside["b"].inside[1].inside["z"].line) == (2, 4, 5)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: !!python/object:os.system x", 2, "the tag"),
        ("a: !!str 1", 1, "the tag"),
        ("a: &x [1]\nb: *x", 1, "anchors"),
        ("a: 1\nb: 2\na: 3", 3, "there twice"),
        ("a: [1,\nb", 2, "expected"),
        ("a: 1\n---\nb: 2", 2, "document"),
        ("at: 2026-13-02", 1, "is no value"),
        ("[" * 60 + "]" * 60, 1, "too deep"),
        ("? [1]\n: 2", 1, "a key"),
        ("[" * 5000, 1, "too deep|expected"),
    ],
)
def test_anything_else_is_refused_by_line(text: str, line: int, said: str) -> None:
    """No code, no references, no guessing."""
    with pytest.raises(YamlError, match=said) as refused:
        read_yaml(text)
    assert refused.value.line == line


@given(st.text(max_size=60))
def test_no_text_raises_anything_else(text: str) -> None:
    """A file somebody else wrote never ends the run."""
    try:
        read_yaml(text)
    except YamlError as error:
        assert error.line >= 1
