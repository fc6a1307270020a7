"""Sets of values, as the conditions of decision tables draw them, and what can be computed from them.

A column of a table has a domain: ordered (numbers, dates, durations …) or enumerated (strings, booleans). A condition is a set in
it: spans between cuts, or some values or all but some. The cuts of all conditions of a column divide its domain into atoms, inside
which no condition changes its answer; a condition is then a bit mask over atoms, a rule is a box of such masks, and overlap, cover
and gap are questions about boxes.
"""

from __future__ import annotations

import datetime
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext
from typing import Any

EXACT = Context(prec=13_000, Emin=-13_000, Emax=13_000)
"""Holds the sum and the mean of any two numbers of FEEL without rounding."""

Cut = tuple[Any, int]
"""A place in an ordered domain: (value, 0) is just before the value, (value, 1) just after it."""

Span = tuple[Cut | None, Cut | None]
"""What lies between two cuts; None is the end of the domain."""

NULL = object()
"""Stands for null among the values of an enumerated set."""


@dataclass(frozen=True)
class Spans:
    """A set in an ordered domain: disjoint spans in ascending order; `null` tells whether null belongs to it."""

    spans: tuple[Span, ...]
    null: bool = False


@dataclass(frozen=True)
class Values:
    """A set in an enumerated domain: these values, or all others; null belongs to it as `null` tells."""

    values: frozenset[Any]
    others: bool = False
    null: bool = False


Region = Spans | Values


def span_set(spans: Iterable[Span], null: bool = False) -> Spans:
    """The union of these spans, with the empty ones left out and the touching ones joined."""
    ordered = sorted((s for s in spans if not is_empty(s)), key=lambda s: (s[0] is not None, s[0] or (0, 0)))
    joined: list[Span] = []
    for low, high in ordered:
        if joined and (joined[-1][1] is None or low is None or low <= joined[-1][1]):
            last = joined[-1]
            joined[-1] = (last[0], None if last[1] is None or high is None else max(last[1], high))
        else:
            joined.append((low, high))
    return Spans(tuple(joined), null)


def is_empty(span: Span) -> bool:
    """Whether nothing lies between the two cuts."""
    low, high = span
    return low is not None and high is not None and low >= high


def union(left: Region, right: Region) -> Region:
    """The values in either set; both must be of one kind of domain (TypeError otherwise)."""
    null = left.null or right.null
    if isinstance(left, Spans) and isinstance(right, Spans):
        return span_set((*left.spans, *right.spans), null)
    if isinstance(left, Values) and isinstance(right, Values):
        if left.others and right.others:
            return Values(left.values & right.values, True, null)
        if left.others or right.others:
            but, some = (left, right) if left.others else (right, left)
            return Values(but.values - some.values, True, null)
        return Values(left.values | right.values, False, null)
    raise TypeError("a set in an ordered domain and one in an enumerated domain have no union")


def complement(region: Region) -> Region:
    """The values of the domain that are not in the set; null changes sides too."""
    if isinstance(region, Values):
        return Values(region.values, not region.others, not region.null)
    spans: list[Span] = []
    start: Cut | None = None
    open_ended = True
    for low, high in region.spans:
        if low is not None:
            spans.append((start, low))
        start = high
        open_ended = high is not None
    if open_ended:
        spans.append((start, None))
    return span_set(spans, not region.null)


class Domain:
    """How one kind of value is ordered or enumerated: `kind` is a FEEL type name.

    Times count as seconds and years-and-months durations as months; `integral` says that only whole numbers occur.
    """

    def __init__(self, kind: str, integral: bool = False) -> None:
        self.kind = kind
        self.ordered = kind not in ("string", "boolean")
        self.numeric = kind in ("number", "time", "years and months duration")
        self.integral = integral or kind in ("date", "years and months duration")

    def cut(self, value: Any, after: int) -> Cut:
        """The cut before (0) or after (1) a value; where there is nothing between neighbours, after one is before the next."""
        if self.numeric:
            if self.integral:
                rounding = ROUND_FLOOR if after else ROUND_CEILING
                return (EXACT.add(value.to_integral_value(rounding), after), 0)
        elif after and self.kind == "date" and value < datetime.date.max:
            return (value + datetime.timedelta(days=1), 0)
        return (value, after)

    def everything(self) -> Region:
        """All values, null among them."""
        if self.ordered:
            return Spans(((None, None),), True)
        return Values(frozenset(), True, True)


class Atoms:
    """The atoms of one column: the domain divided at every cut that some condition, or the allowed values, make.

    Masks have one bit for each atom. `legal` masks the atoms inside the allowed values; `null_bit` is the atom of null.
    """

    def __init__(self, domain: Domain, regions: Sequence[Region], allowed: Region | None) -> None:
        self.domain = domain
        self.cuts: list[Cut] = []
        self.values: list[Any] = []
        used = [*regions, *([] if allowed is None else [allowed])]
        if domain.ordered:
            found = {cut for region in used if isinstance(region, Spans) for span in region.spans for cut in span if cut is not None}
            self.cuts = sorted(found)
            self.count = len(self.cuts) + 1
        else:
            known: Iterable[Any] = (value for region in used if isinstance(region, Values) for value in region.values)
            if domain.kind == "boolean":
                known = (True, False)
            self.values = list(dict.fromkeys(known))
            self.index = {value: i for i, value in enumerate(self.values)}
            self.count = len(self.values) + (domain.kind != "boolean")
        self.null_bit = 1 << self.count
        self.legal = self._legal(allowed)

    def _legal(self, allowed: Region | None) -> int:
        everything = (1 << self.count) - 1
        return everything if allowed is None else self.mask(allowed) & everything

    def mask(self, region: Region) -> int:
        """The atoms of this set, null's among them."""
        bits = self.null_bit if region.null else 0
        if isinstance(region, Spans):
            for low, high in region.spans:
                first = 0 if low is None else bisect_left(self.cuts, low) + 1
                last = self.count - 1 if high is None else bisect_left(self.cuts, high)
                if last >= first:
                    bits |= (1 << (last + 1)) - (1 << first)
            return bits
        known = 0
        for value in region.values:
            if value in self.index:
                known |= 1 << self.index[value]
        return bits | (((1 << self.count) - 1) & ~known if region.others else known)

    def atom(self, value: Any) -> int:
        """The number of the atom that holds this value of the domain."""
        if self.domain.ordered:
            return bisect_right(self.cuts, (value, 0))
        return self.index.get(value, len(self.values))

    def span(self, atom: int) -> Span:
        """The cuts on both sides of an atom of an ordered domain."""
        return (self.cuts[atom - 1] if atom else None, self.cuts[atom] if atom < len(self.cuts) else None)

    def sample(self, mask: int) -> Any:
        """A value in one of these atoms, the simplest that is found; NULL when null is the only one."""
        best: Any = NULL
        with localcontext(EXACT):
            for atom in range(self.count):
                if mask >> atom & 1:
                    found = self._sample(atom)
                    if best is NULL or _plainness(found) < _plainness(best):
                        best = found
        return best

    def _sample(self, atom: int) -> Any:
        if not self.domain.ordered:
            return self.values[atom] if atom < len(self.values) else another_text(self.values)
        return between(self.domain, *self.span(atom))


def _plainness(value: Any) -> tuple[int, Decimal]:
    """Sorts 5000 before 5000.5 and both before values that are no numbers, which keep their order."""
    if isinstance(value, Decimal):
        return (len(str(value.normalize() if value % 1 else value)), abs(value))
    return (1_000, Decimal(0))


def another_text(known: Iterable[Any]) -> str:
    """A string that is none of these."""
    taken = set(known)
    return next(text for n in range(len(taken) + 1) if (text := "another value" + (f" {n}" if n else "")) not in taken)


def between(domain: Domain, low: Cut | None, high: Cut | None) -> Any:
    """A value of the domain between two cuts, a round one where there is one.

    The two cuts must enclose something. The value is never outside them.
    """
    if low is None and high is None:
        return _ORIGIN[domain.kind]
    if low is not None and high is not None:
        if low[1] == 0:
            return low[0]
        if domain.numeric:
            return _number_between(low[0], high[0], high[1])
        if high[1] == 1 and not _has_middle(low[0], high[0]):
            return high[0]
        return low[0] + (high[0] - low[0]) / 2
    return _beyond(domain, low, high)


def _beyond(domain: Domain, low: Cut | None, high: Cut | None) -> Any:
    if low is not None:
        return low[0] if low[1] == 0 else _shift(domain, low[0], 1)
    assert high is not None  # noqa: S101 - the caller has seen that one of the two is there
    return high[0] if high[1] == 1 else _shift(domain, high[0], -1)


def _shift(domain: Domain, value: Any, sign: int) -> Any:
    if domain.numeric:
        rounding = ROUND_FLOOR if sign > 0 else ROUND_CEILING
        return value.to_integral_value(rounding) + sign
    return value + sign * datetime.timedelta(days=1)


def _has_middle(low: Any, high: Any) -> bool:
    return bool(high - low > datetime.timedelta(microseconds=1))


def _number_between(low: Decimal, high: Decimal, closed: int) -> Decimal:
    """A number above `low` and below `high` (or equal to it if `closed`), with as few digits as will do."""
    if closed and high == low:
        return high
    middle = (low + high) / 2
    for digits in range(-12, 34):
        unit = Decimal(1).scaleb(-digits)
        for rounding in (ROUND_FLOOR, ROUND_CEILING):
            candidate = (middle / unit).to_integral_value(rounding) * unit
            if low < candidate and (candidate < high or closed and candidate == high):
                return candidate if digits > 0 else candidate.quantize(Decimal(1))
    return middle


_ORIGIN: dict[str, Any] = {
    "number": Decimal(0),
    "time": Decimal(43_200),
    "years and months duration": Decimal(0),
    "date": datetime.date(2025, 1, 1),
    "date and time": datetime.datetime(2025, 1, 1, 12),
    "days and time duration": datetime.timedelta(0),
}
