"""What is kept at hand is bounded by number and by size, and is nobody's who asks for another version."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from amends.engine.instances.commands import HotInstances


class Kept:
    """An execution, as far as it is kept."""

    def __init__(self) -> None:
        self.gone = False

    def let_go(self) -> None:
        self.gone = True


STEPS = some.lists(some.tuples(some.sampled_from("abcdef"), some.integers(1, 3), some.integers(0, 60), some.booleans()), max_size=60)


@given(STEPS)
def test_it_never_holds_more_than_it_may(steps: list[tuple[str, int, int, bool]]) -> None:
    """At most four and a hundred bytes, whatever is put and taken; a version is found only if it was the last one put."""
    hot, put = HotInstances(4, 100), dict[str, tuple[int, Any]]()
    for name, version, size, taking in steps:
        if taking:
            found = hot.take(name, version)
            assert found is None or put.get(name) == (version, found)
            put.pop(name, None)
        else:
            execution: Any = Kept()
            hot.put(name, version, execution, size)
            put[name] = (version, execution)
        assert len(hot._kept) <= 4 and hot._bytes == sum(kept[2] for kept in hot._kept.values()) <= 100
    hot.clear()
    assert (len(hot._kept), hot._bytes) == (0, 0)


def test_who_was_not_used_for_longest_goes() -> None:
    """And one that is larger than everything may be is not kept at all. What goes is let go."""
    hot = HotInstances(2, 100)
    executions: dict[str, Any] = {name: Kept() for name in "abc"}
    for name in "ab":
        hot.put(name, 1, executions[name], 10)
    assert hot.take("a", 1) is executions["a"]
    hot.put("a", 2, executions["a"], 10)
    hot.put("c", 1, executions["c"], 10)
    assert [hot.take(name, version) is not None for name, version in (("b", 1), ("a", 2), ("c", 1))] == [False, True, True]
    assert [executions[name].gone for name in "abc"] == [False, True, False]
    hot.put("a", 3, executions["a"], 101)
    assert hot.take("a", 3) is None and executions["a"].gone
