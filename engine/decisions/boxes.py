"""Questions about rules seen as boxes: which overlap, which are covered by others, which inputs none covers.

A box has one bit mask of atoms for each column. Coverage is decided column by column: atoms that the same rules accept are one
group, and a group is followed into the next column with those rules only. What has been decided is remembered, and the work is
bounded: over the bound, TooLarge is raised and the caller says that the table is beyond the analysis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Box = tuple[int, ...]

MAX_WORK = 400_000
"""Groups visited for one question; a table of 200 rules and 8 columns stays far below."""


class TooLarge(Exception):
    """The question would take more work than it may."""


def overlap(left: Box, right: Box) -> Box | None:
    """The box in which both lie, or None when they have nothing in common."""
    common = tuple(a & b for a, b in zip(left, right, strict=True))
    return common if all(common) else None


class Cover:
    """A set of boxes within a space, asked for what they leave uncovered."""

    def __init__(self, boxes: Sequence[Box], space: Box) -> None:
        self.boxes = boxes
        self.space = space
        self.width = len(space)
        self._work = 0

    def gaps(self, limit: int, within: Box | None = None, rules: int | None = None) -> list[Box]:
        """At most `limit` boxes of `within` (all of the space if None) that no box in the mask `rules` (all if None) touches.

        Empty means covered. Raises TooLarge.
        """
        space = self.space if within is None else within
        if not all(space):
            return []
        active = (1 << len(self.boxes)) - 1 if rules is None else rules
        walk = _Walk(self.boxes, space, self)
        return list(_take(walk.gaps(0, active, ()), limit))

    def spend(self) -> None:
        """Count one group of work. Raises TooLarge."""
        self._work += 1
        if self._work > MAX_WORK:
            raise TooLarge


class _Walk:
    def __init__(self, boxes: Sequence[Box], space: Box, account: Cover) -> None:
        self.account = account
        self.space = space
        width = len(space)
        self.accepting = [_by_atom(boxes, space, column) for column in range(width)]
        self.full = [0] * (width + 1)
        self.full[width] = (1 << len(boxes)) - 1
        for column in reversed(range(width)):
            whole = 0
            for number, box in enumerate(boxes):
                if space[column] & ~box[column] == 0:
                    whole |= 1 << number
            self.full[column] = self.full[column + 1] & whole
        self.covered: set[tuple[int, int]] = set()

    def gaps(self, column: int, active: int, prefix: Box) -> Iterator[Box]:
        if active & self.full[column]:
            return
        if not active:
            yield prefix + self.space[column:]
            return
        if (column, active) in self.covered:
            return
        found = False
        groups: dict[int, int] = {}
        for bit, accepted in self.accepting[column]:
            key = accepted & active
            groups[key] = groups.get(key, 0) | bit
        for key, atoms in groups.items():
            self.account.spend()
            for gap in self.gaps(column + 1, key, (*prefix, atoms)):
                found = True
                yield gap
        if not found:
            self.covered.add((column, active))


def _by_atom(boxes: Sequence[Box], space: Box, column: int) -> list[tuple[int, int]]:
    """For each atom of the space in this column: its bit, and the mask of the boxes that accept it."""
    found = []
    remaining = space[column]
    while remaining:
        bit = remaining & -remaining
        remaining ^= bit
        accepted = 0
        for number, box in enumerate(boxes):
            if box[column] & bit:
                accepted |= 1 << number
        found.append((bit, accepted))
    return found


def _take(boxes: Iterator[Box], limit: int) -> Iterator[Box]:
    for _, box in zip(range(limit), boxes):  # noqa: B905 - the shorter one ends it
        yield box


def merged(boxes: Sequence[Box]) -> list[Box]:
    """The same points in fewer boxes: two that differ in one column only become one, as long as there are such."""
    found = list(boxes)
    again = True
    while again:
        again = False
        for column in range(len(found[0]) if found else 0):
            groups: dict[tuple[Box, Box], int] = {}
            for box in found:
                key = (box[:column], box[column + 1 :])
                groups[key] = groups.get(key, 0) | box[column]
            again = again or len(groups) < len(found)
            found = [(*before, side, *after) for (before, after), side in groups.items()]
    return found
