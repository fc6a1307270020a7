"""What FEEL costs: a condition against plain Python, a first parse, and the worst that may be typed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from amends.engine.feel import FeelError, evaluate, parse
from amends.engine.feel.expression import _parse_expression

CONDITION = 'severity = "high" and amount > 100 and product in ("card","loan")'
CONTEXT = {"severity": "high", "amount": 250, "product": "loan"}
MOST_TIMES_PYTHON = 50


def plain(context: dict[str, Any]) -> bool:
    """The same condition in plain Python."""
    return bool(context["severity"] == "high" and context["amount"] > 100 and context["product"] in ("card", "loan"))


def seconds(action: Callable[[], Any], times: int) -> float:
    """Seconds one call takes."""
    begun = time.perf_counter()
    for _ in range(times):
        action()
    return (time.perf_counter() - begun) / times


def test_a_condition_costs_little_more_than_python() -> None:
    """With a cached parse, the condition costs at most fifty times plain Python; both are measured in turns."""
    expression = parse(CONDITION)
    python = feel = whole = 1.0
    for _ in range(60):
        python = min(python, seconds(lambda: plain(CONTEXT), 3000))
        feel = min(feel, seconds(lambda: expression.evaluate(CONTEXT), 600))
        whole = min(whole, seconds(lambda: evaluate(CONDITION, CONTEXT), 600))
    times = ", ".join(f"{took * 1e6:.2f} µs" for took in (python, feel, whole))
    print(f"\nplain Python, parsed expression, evaluate(): {times} ({feel / python:.0f} and {whole / python:.0f} times plain Python)")
    assert whole / python <= MOST_TIMES_PYTHON


def test_a_first_parse_is_quick() -> None:
    """A condition that was never seen before is parsed in less than 2 ms."""

    def first() -> None:
        _parse_expression.cache_clear()
        parse(CONDITION)

    took = min(seconds(first, 20) for _ in range(20))
    print(f"\nfirst parse {took * 1e6:.0f} µs")
    assert took < 0.002


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "1" + ")" * 5000,
        "for i in 1..1000000000 return i",
        'matches("' + "a" * 5000 + 'b", "(a|aa)+$")',
        "(function(f) f(f))(function(f) f(f))",
        '"' + "a" * 10_000_000 + '"',
        "{f: function(n) if n < 2 then n else f(n - 1) + f(n - 2), r: f(40)}.r",
    ],
    ids=["deep nesting", "huge range", "catastrophic pattern", "self-application", "10 MB literal", "exponential recursion"],
)
def test_the_worst_ends_within_a_second(text: str) -> None:
    """What would never end, or fill the memory, is a FeelError within a second."""
    begun = time.perf_counter()
    with pytest.raises(FeelError):
        evaluate(text, {})
    took = time.perf_counter() - begun
    print(f"\n{took * 1000:.0f} ms")
    assert took < 1
