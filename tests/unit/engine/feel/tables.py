"""Tables of expressions and what they give, one line each: `expression ==> expected expression`."""

from __future__ import annotations

from typing import Any

import pytest

from amends.engine.feel import evaluate


def rows(table: str) -> pytest.MarkDecorator:
    """A parametrisation by the lines of a table."""
    pairs = [line.split(" ==> ") for line in table.strip().splitlines() if line.strip()]
    return pytest.mark.parametrize(("text", "expected"), [(left.strip(), right.strip()) for left, right in pairs])


def check(text: str, expected: str, context: dict[str, Any] | None = None) -> None:
    """The text gives what the expected text gives, of the same type; a null is explained by a warning unless it is the text's own."""
    warnings: list[Any] = []
    got, want = evaluate(text, context or {}, warnings=warnings), evaluate(expected, context or {})
    assert (type(got), got) == (type(want), want), f"{text}: {got!r}, {[str(one) for one in warnings]}"
