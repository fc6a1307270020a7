"""What a loop runs over: lists, ranges of whole numbers or dates, and low..high in either direction."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from amends.engine.feel import temporal as t
from amends.engine.feel.numbers import FAR, is_whole
from amends.engine.feel.run import Run
from amends.engine.feel.values import Fault, Range, kind_of


def domain_items(low: Any, high: Any, two_ends: bool, run: Run) -> Iterator[Any]:
    """The items of a domain, lazily; a Fault where it has none that can be counted out."""
    if two_ends:
        return _steps(low, high)
    if isinstance(low, list):
        if len(low) == 1 and isinstance(low[0], Range):
            return _range_items(low[0])
        return iter(low)
    if isinstance(low, Range):
        return _range_items(low)
    if low is None:
        raise Fault("The loop runs over null, not over a list")
    return iter([low])


def _range_items(range_: Range) -> Iterator[Any]:
    first, last = _ends(range_.low, range_.high)
    if first > last:
        raise Fault("The lower end of the range is above its upper end")
    first, last = first + (not range_.low_included), last - (not range_.high_included)
    return _count(first, last, 1, kind_of(range_.low)) if first <= last else iter(())


def _steps(low: Any, high: Any) -> Iterator[Any]:
    first, last = _ends(low, high)
    return _count(first, last, 1 if first <= last else -1, kind_of(low))


def _ends(low: Any, high: Any) -> tuple[int, int]:
    kind = kind_of(low)
    if kind != kind_of(high) or kind not in ("number", "date"):
        raise Fault(f"A loop runs from one whole number or date to another, not from a {kind} to a {kind_of(high)}")
    if kind == "date":
        return t.days_of(low), t.days_of(high)
    if not (is_whole(low) and is_whole(high)):
        raise Fault("A loop runs over whole numbers")
    if max(abs(low), abs(high)) >= FAR:
        raise Fault("A loop's numbers have at most 18 digits")
    return int(low), int(high)


def _count(first: int, last: int, step: int, kind: str) -> Iterator[Any]:
    current = first
    while (current <= last) if step > 0 else (current >= last):
        yield t.date_from_days(current) if kind == "date" else Decimal(current)
        current += step
