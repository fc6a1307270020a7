"""Questions about rules seen as boxes: which overlap, which are covered by others, which inputs none covers.

A box has one bit mask of atoms for each column. Coverage is decided column by column: atoms that the same rules accept are one
group, and a group is followed into the next column with those rules only. What has been decided is remembered, and the work is
bounded: over the bound, TooLarge is raised and the caller says that the table is beyond the analysis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Box = tuple[int, ...]

MAX_WORK = 2_000_000
"""Atoms looked at for one table, a second or two; a table of 200 rules and 8 columns stays far below."""


class TooLarge(Exception):
    """The question would take more work than it may."""


def overlap(left: Box, right: Box) -> Box | None:
    """The box in which both lie, or None when they have nothing in common."""
    for a, b in zip(left, right, strict=True):
        if not a & b:
            return None
    return tuple(a & b for a, b in zip(left, right, strict=True))


class Cover:
    """A set of boxes within a space, asked for what they leave uncovered."""

    def __init__(self, boxes: Sequence[Box], space: Box) -> None:
        self.boxes = boxes
        self.space = space
        self._work = 0
        self._columns: list[list[tuple[int, int]]] | None = None

    def gaps(self, limit: int, within: Box | None = None, rules: int | None = None) -> list[Box]:
        """At most `limit` boxes of `within` (all of the space if None) that no box in the mask `rules` (all if None) touches.

        Empty means covered. Raises TooLarge.
        """
        space = self.space if within is None else within
        if not all(space):
            return []
        active = (1 << len(self.boxes)) - 1 if rules is None else rules
        return list(_take(_Walk(self, space, active).gaps(0, active, ()), limit))

    def spend(self, atoms: int) -> None:
        """Count some work. Raises TooLarge."""
        self._work += atoms
        if self._work > MAX_WORK:
            raise TooLarge

    def columns(self) -> list[list[tuple[int, int]]]:
        """For each column and each of its atoms in the space: the atom's bit, and the mask of the boxes that have it."""
        if self._columns is None:
            self._columns = [self._atoms(column) for column in range(len(self.space))]
        return self._columns

    def _atoms(self, column: int) -> list[tuple[int, int]]:
        accepting = [0] * self.space[column].bit_length()
        for number, box in enumerate(self.boxes):
            remaining = box[column] & self.space[column]
            self.spend(remaining.bit_count())
            while remaining:
                bit = remaining & -remaining
                remaining ^= bit
                accepting[bit.bit_length() - 1] |= 1 << number
        return [(1 << atom, accepted) for atom, accepted in enumerate(accepting) if self.space[column] >> atom & 1]


class _Walk:
    """One search for gaps: `full` has, for each column, the boxes that leave nothing open in it and all later ones."""

    def __init__(self, cover: Cover, space: Box, active: int) -> None:
        self.cover = cover
        self.space = space
        self.columns = [[pair for pair in atoms if pair[0] & side] for atoms, side in zip(cover.columns(), space, strict=True)]
        self.full = [0] * len(space) + [active]
        for column in reversed(range(len(space))):
            for number in _numbers(self.full[column + 1]):
                if space[column] & ~cover.boxes[number][column] == 0:
                    self.full[column] |= 1 << number
        self.covered: set[tuple[int, int]] = set()

    def gaps(self, column: int, active: int, prefix: Box) -> Iterator[Box]:
        if active & self.full[column]:
            return
        if not active:
            yield prefix + self.space[column:]
            return
        if (column, active) in self.covered:
            return
        self.cover.spend(len(self.columns[column]))
        found = False
        groups: dict[int, int] = {}
        for bit, accepted in self.columns[column]:
            key = accepted & active
            groups[key] = groups.get(key, 0) | bit
        for key, atoms in groups.items():
            for gap in self.gaps(column + 1, key, (*prefix, atoms)):
                found = True
                yield gap
        if not found:
            self.covered.add((column, active))


def _numbers(mask: int) -> Iterator[int]:
    while mask:
        bit = mask & -mask
        yield bit.bit_length() - 1
        mask ^= bit


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
