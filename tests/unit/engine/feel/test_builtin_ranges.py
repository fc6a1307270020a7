"""Range functions (DMN 1.5, table 79), range(), and the algebra they obey."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.feel import Range, evaluate

from . import tables


@tables.rows("""
before(1, 10) ==> true
before(10, 1) ==> false
before(1, [2..5]) ==> true
before(1, (1..5]) ==> true
before([1..5], 5) ==> false
before([1..5), 5) ==> true
before([1..5), [5..6]) ==> true
before([1..5], [5..6]) ==> false
before((< 5), [5..6]) ==> true
before((> 5), [5..6]) ==> false
after(10, 5) ==> true
after([5..10], 2) ==> true
after((5..10], [1..5]) ==> true
after((>= 5), [1..4]) ==> true
meets([1..5], [5..10]) ==> true
meets([1..5), [5..10]) ==> false
met by([5..10], [1..5]) ==> true
overlaps([1..5], [3..8]) ==> true
overlaps([1..5), [5..8]) ==> false
overlaps([1..5], (< 2)) ==> true
overlaps before([1..5], [3..8]) ==> true
overlaps before([3..8], [1..5]) ==> false
overlaps before([1..5), (1..5]) ==> true
overlaps after([3..8], [1..5]) ==> true
overlaps after([1..5], [1..5]) ==> false
finishes(5, [1..5]) ==> true
finishes(5, [1..5)) ==> false
finishes([3..5], [1..5]) ==> true
finished by([1..5], 5) ==> true
finished by([1..5], (3..5]) ==> true
includes([5..10], 6) ==> true
includes([5..10), 10) ==> false
includes([1..10], (1..10)) ==> true
during(5, (5..10]) ==> false
during([4..6], [1..10]) ==> true
starts(5, [5..10]) ==> true
starts(5, (5..10]) ==> false
starts([1..3], [1..5]) ==> true
started by([1..10], [1..5]) ==> true
started by([1..10], 1) ==> true
coincides(5, 5) ==> true
coincides([1..5], [1..5)) ==> false
coincides((< 5), (< 5)) ==> true
before(@"2024-01-01", [@"2024-02-01"..@"2024-03-01"]) ==> true
before(1, "a") ==> null
before(null, 1) ==> null
before(1, (!= 5)) ==> null
before(1, [null..5]) ==> null
meets(1, [1..2]) ==> null
during([1..2], 3) ==> null
starts([1..2], 1) ==> null
before(point1: 1, point2: 2) ==> true
before(range: [1..2], point: 3) ==> true
range("[1..3]") ==> [1..3]
range("]-3..-1[") ==> (-3..-1)
range("[\\"a\\"..\\"c\\"]") ==> ["a".."c"]
range("[date(\\"2024-01-01\\")..@\\"2024-02-01\\"]") ==> [@"2024-01-01"..@"2024-02-01"]
range("[3..1]") ==> null
range("[1..a]") ==> null
range("[1+1..3]") ==> null
range("[date(\\"2024-01-01\\", 1)..@\\"2024-02-01\\"]") ==> null
range("1..3") ==> null
range("[null..3]") ==> null
range(from: "[1..3]").end ==> 3
""")
def test_range_functions(text: str, expected: str) -> None:
    """Each relation gives the standard's result for points and ranges, null where it does not relate them."""
    tables.check(text, expected)


_ENDS = st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans(), st.booleans())
_POINTS = [Decimal(i) / 2 for i in range(-2, 16)]


def _ranges() -> st.SearchStrategy[Range]:
    built = _ENDS.map(lambda e: Range(Decimal(min(e[0], e[1])), Decimal(max(e[0], e[1])), e[2], e[3]))
    # An empty range such as (3..3] holds no point, so relations of points say nothing about it.
    return built.filter(lambda r: r.low < r.high or r.low_included and r.high_included)


def _holds(range_: Range) -> set[Decimal]:
    return {point for point in _POINTS if evaluate("p in r", {"p": point, "r": range_})}


def _related(name: str, a: Range, b: Range) -> bool:
    return bool(evaluate(f"{name}(a, b)", {"a": a, "b": b}))


@given(_ranges(), _ranges())
def test_relations_agree_with_the_points_ranges_hold(a: Range, b: Range) -> None:
    """On a grid of halves, relations of ranges are relations of the sets of points they hold."""
    first, second = _holds(a), _holds(b)
    assert _related("overlaps", a, b) == bool(first & second)
    assert _related("before", a, b) == (max(first) < min(second))
    assert _related("includes", a, b) == (second <= first)
    assert _related("coincides", a, b) == (first == second)
    assert _related("overlaps before", a, b) == bool(min(first) < min(second) <= max(first) <= max(second))


@pytest.mark.parametrize(
    ("name", "inverse"),
    [
        ("before", "after"),
        ("meets", "met by"),
        ("overlaps before", "overlaps after"),
        ("finishes", "finished by"),
        ("includes", "during"),
        ("starts", "started by"),
        ("overlaps", "overlaps"),
    ],
)
@given(a=_ranges(), b=_ranges())
def test_every_relation_has_its_inverse(name: str, inverse: str, a: Range, b: Range) -> None:
    """Swapping the two ranges and taking the inverse relation changes nothing."""
    assert _related(name, a, b) == _related(inverse, b, a)
