"""Boxes of rules: overlap, gaps and cover, against every point of small spaces."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.decisions import boxes as boxes_module
from amends.engine.decisions.boxes import Box, Cover, TooLarge, merged, overlap

SIZES = (4, 3, 2)
masks = st.tuples(*(st.integers(0, (1 << size) - 1) for size in SIZES))


def points(box: Box) -> set[tuple[int, ...]]:
    """Every point of a box, by atom numbers."""
    return set(product(*([atom for atom in range(SIZES[i]) if side >> atom & 1] for i, side in enumerate(box))))


@given(masks, masks)
def test_overlap_is_the_common_points(left: Box, right: Box) -> None:
    """Two boxes overlap exactly in the points that both have."""
    common = overlap(left, right)
    assert (points(common) if common else set()) == points(left) & points(right)


@given(st.lists(masks, max_size=8), masks, masks)
def test_gaps_are_the_points_no_box_has(boxes: list[Box], space: Box, within: Box) -> None:
    """All gaps together are exactly the points of the space that no box covers, and no two gaps share one."""
    within = tuple(a & b for a, b in zip(space, within, strict=True))
    found = Cover(boxes, space).gaps(1_000, within)
    uncovered = points(within) - set().union(*map(points, boxes))
    assert set().union(*map(points, found)) == uncovered
    assert sum(len(points(gap)) for gap in found) == len(uncovered)


@given(st.lists(masks, min_size=1, max_size=8), st.data())
def test_gaps_of_some_rules(boxes: list[Box], data: st.DataObject) -> None:
    """With a mask of rules only those count; a limit of one finds a gap exactly where there is one."""
    rules = data.draw(st.integers(0, (1 << len(boxes)) - 1))
    space = tuple((1 << size) - 1 for size in SIZES)
    chosen = [box for i, box in enumerate(boxes) if rules >> i & 1]
    uncovered = points(space) - set().union(*map(points, chosen))
    found = Cover(boxes, space).gaps(1, rules=rules)
    assert bool(found) == bool(uncovered)
    assert all(points(gap) <= uncovered for gap in found)


def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that takes more work than allowed is refused, not answered for ever."""
    monkeypatch.setattr(boxes_module, "MAX_WORK", 5)
    boxes = [(1 << i, 1 << i, 1 << i) for i in range(20)]
    space = ((1 << 20) - 1,) * 3
    with pytest.raises(TooLarge):
        Cover(boxes, space).gaps(100_000)


@given(st.lists(masks, max_size=8))
def test_merged_boxes_are_the_same_points(boxes: list[Box]) -> None:
    """Merging changes the boxes, never the points, and never makes more of them."""
    boxes = [box for box in boxes if all(box)]
    found = merged(boxes)
    assert set().union(*map(points, found)) == set().union(*map(points, boxes))
    assert len(found) <= len(boxes)
