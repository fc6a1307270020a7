"""What a decision table leaves open: rules that overlap, inputs no rule matches, rules that never match or are masked.

Each finding names a concrete input. Cells beyond the analysis (`conditions`) are reported as such; nothing is guessed about them: a
gap is only reported where no rule can match however they turn out, an overlap or a mask only where it holds without them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from amends.engine.decisions.boxes import Box, Cover, TooLarge, merged, overlap
from amends.engine.decisions.conditions import SUPPORTED, condition, kinds_of, value_of
from amends.engine.decisions.geometry import NULL, Atoms, Domain, Region, Spans
from amends.engine.feel import UnaryTests

MAX_FINDINGS = 20
MAX_PAIRS = 3_000_000
GAPS_MERGED = 300
DAY = Spans((((Decimal(0), 0), (Decimal(86_400), 0)),))


@dataclass(frozen=True)
class ColumnSpec:
    """A column as it is to be analysed: label, declared FEEL type, whether whole numbers, allowed values, one test for each rule.

    A test is None where its text is no FEEL; such a rule is left out of everything.
    """

    label: str
    kind: str
    integral: bool
    allowed: UnaryTests | None
    tests: Sequence[UnaryTests | None]


@dataclass(frozen=True)
class Finding:
    """One thing found: "overlap", "gap", "never", "masked", "beyond" or "too large".

    `rules` are numbers from 0: the overlapping two, the masked one and then those that mask it, the one that never matches or holds
    the entry beyond analysis. `example` maps column labels to values (None is null); `column` is the place of an entry.
    """

    kind: str
    rules: tuple[int, ...] = ()
    example: tuple[tuple[str, Any], ...] = ()
    column: int | None = None
    more: bool = False


class Column:
    """One column drawn: its domain, its atoms, and the mask of every rule; None for an entry beyond the analysis."""

    def __init__(self, spec: ColumnSpec) -> None:
        self.spec = spec
        kinds = set().union(*(kinds_of(t) for t in (*spec.tests, spec.allowed) if t is not None))
        known = kinds & SUPPORTED
        self.kind = (
            spec.kind if spec.kind in SUPPORTED and (spec.kind in known or not known) else next(iter(known)) if len(known) == 1 else ""
        )
        self.mismatch = min(known) if len(known) == 1 and spec.kind in SUPPORTED and spec.kind not in known else ""
        self.domain = Domain(self.kind or "string", spec.integral)
        regions: list[Region | None] = [self._region(test) for test in spec.tests]
        allowed = (DAY if self.domain.kind == "time" else None) if spec.allowed is None else self._region(spec.allowed)
        self.atoms = Atoms(self.domain, [region for region in regions if region is not None], allowed)
        self.legal = self.atoms.legal
        self.space = self.legal | self.atoms.null_bit
        self.masks = [None if region is None else self.atoms.mask(region) & self.space for region in regions]

    def _region(self, test: UnaryTests | None) -> Region | None:
        if test is None:
            return None
        if not self.kind and test.text.strip() not in ("-", ""):
            return None
        try:
            return condition(test, self.domain)
        except TypeError:  # values of one type that have no common order, such as times with and without an offset
            return None

    def box_side(self, rule: int) -> int:
        """The mask of a rule, all of the column for an entry beyond the analysis."""
        mask = self.masks[rule]
        return self.space if mask is None else mask

    def example(self, mask: int) -> Any:
        """A value in these atoms, preferably not null."""
        key = self.atoms.sample(mask & self.legal or mask)
        return None if key is NULL else value_of(self.domain, key)


class TableAnalysis:
    """The geometry of one table. Build it once, then ask."""

    def __init__(self, columns: Sequence[ColumnSpec], rules: int) -> None:
        self.columns = [Column(spec) for spec in columns]
        self.count = rules
        self.boxes: list[Box] = [tuple(column.box_side(rule) for column in self.columns) for rule in range(rules)]
        self.plain = [all(column.masks[rule] is not None for column in self.columns) for rule in range(rules)]
        self.unread = [any(spec.tests[rule] is None for spec in columns) for rule in range(rules)]

    def beyond(self) -> list[Finding]:
        """The entries that could not be drawn, where their text is FEEL."""
        found = []
        for number, column in enumerate(self.columns):
            for rule, mask in enumerate(column.masks):
                if mask is None and column.spec.tests[rule] is not None:
                    found.append(Finding("beyond", (rule,), column=number))
        return found

    def never(self) -> list[Finding]:
        """Rules with an entry that no allowed value passes."""
        found = []
        for rule in range(self.count):
            for number, column in enumerate(self.columns):
                if column.masks[rule] == 0:
                    found.append(Finding("never", (rule,), column=number))
                    break
        return found

    def overlaps(self) -> Iterator[Finding]:
        """Pairs of rules that the same input matches, with such an input."""
        if self.count * self.count > 2 * MAX_PAIRS:
            yield Finding("too large")
            return
        for first in range(self.count):
            if not self.plain[first]:
                continue
            for second in range(first + 1, self.count):
                common = overlap(self.boxes[first], self.boxes[second]) if self.plain[second] else None
                if common is not None:
                    yield Finding("overlap", (first, second), self._example(common))

    def gaps(self, limit: int = 5) -> list[Finding]:
        """Inputs that no rule matches; null is not tried as an input."""
        space = tuple(column.legal for column in self.columns)
        if any(self.unread) or not all(space):
            return []
        try:
            boxes = merged(Cover(self.boxes, space).gaps(GAPS_MERGED))
        except TooLarge:
            return [Finding("too large")]
        return [
            Finding("gap", (), self._example(box), more=number == limit - 1 < len(boxes) - 1) for number, box in enumerate(boxes[:limit])
        ]

    def masked(self, before: Sequence[Sequence[int]]) -> Iterator[Finding]:
        """Rules that other rules always win over; `before[rule]` are those that win where both match."""
        cover = Cover(self.boxes, tuple(column.space for column in self.columns))
        try:
            for rule in range(self.count):
                if not all(self.boxes[rule]) or self.unread[rule]:
                    continue
                cover.spend(len(before[rule]))
                winners = [other for other in before[rule] if self.plain[other] and overlap(self.boxes[rule], self.boxes[other])]
                if winners and not cover.gaps(1, self.boxes[rule], _mask(winners)):
                    needed = self._needed(cover, rule, winners)
                    common = overlap(self.boxes[rule], self.boxes[needed[0]])
                    yield Finding("masked", (rule, *needed), self._example(common or self.boxes[rule]))
        except TooLarge:
            yield Finding("too large")

    def _needed(self, cover: Cover, rule: int, winners: list[int]) -> list[int]:
        """Fewer of the winners that still mask the rule."""
        for winner in winners:
            if all(mine & ~theirs == 0 for mine, theirs in zip(self.boxes[rule], self.boxes[winner], strict=True)):
                return [winner]
        needed = list(winners)
        for winner in winners:
            fewer = [other for other in needed if other != winner]
            if fewer and not cover.gaps(1, self.boxes[rule], _mask(fewer)):
                needed = fewer
        return needed

    def _example(self, box: Box) -> tuple[tuple[str, Any], ...]:
        return tuple((column.spec.label, column.example(mask)) for column, mask in zip(self.columns, box, strict=True))


def _mask(rules: Sequence[int]) -> int:
    mask = 0
    for rule in rules:
        mask |= 1 << rule
    return mask
