"""The values of tests that are asked all at once: which operators work on them in C, and the place where a comparison turns."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import repeat
from typing import Any

from amends.engine.feel.compiler import FAST_ARITHMETIC
from amends.engine.feel.run import Code, Frame

Kinds = tuple[type, type]
Choices = dict[Kinds, Callable[[Any, Any], Any]]


class Declined(Exception):
    """The values at hand are not for a batch."""


@dataclass(frozen=True, slots=True)
class Part:
    """A compiled part of all tests: `code` gives a list with a value for each of them, or one value for all.

    `constants` are these values where they are written out; `growing` is how they are made, where they grow or shrink by constants.
    """

    code: Code
    many: bool
    constants: Sequence[Any] | None = None
    growing: Growing | None = None


@dataclass(frozen=True, slots=True)
class Growing:
    """A column base + constant, base - constant or base * constant (with the base first or last), or constants alone."""

    base: Part | None
    symbol: str | None
    base_first: bool
    constants: Sequence[Any]

    @property
    def ordered(self) -> bool:
        """Whether its constants have an order that no time zone changes."""
        return type(self.constants[0]) in _ORDERED


def _earlier(moment: date, duration: timedelta) -> date:
    return moment + -duration  # a date loses a part of a day as a whole one


_OF_DURATIONS: dict[str, Choices] = {
    "+": {(date, timedelta): operator.add, (datetime, timedelta): operator.add, (timedelta, timedelta): operator.add},
    "-": {(date, timedelta): _earlier, (datetime, timedelta): operator.sub, (timedelta, timedelta): operator.sub,
          (date, date): operator.sub},
}  # fmt: skip
CALCULATIONS: dict[str, Choices] = {
    symbol: {(Decimal, Decimal): fast, **_OF_DURATIONS.get(symbol, {})} for symbol, fast in FAST_ARITHMETIC.items()
}
_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
COMPARISONS: dict[str, Choices] = {
    symbol: {(kind, kind): function for kind in (Decimal, str, date, datetime, timedelta)} for symbol, function in _ORDER.items()
}
TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "starts with": str.startswith, "ends with": str.endswith, "contains": operator.contains,
}  # fmt: skip
TESTS = frozenset((*TEXT_TESTS, "matches", "list contains", "even", "odd"))
"""Functions that give booleans, and so are conditions."""

PURE = TESTS | frozenset(
    ("string length", "abs", "floor", "ceiling", "modulo", "count", "sum", "min", "max", "mean", "lower case", "upper case", "substring",
     "substring before", "substring after", "date", "date and time", "time", "duration", "number", "decimal", "day of week", "day of year",
     "month of year", "week of year", "round up", "round down", "round half up", "round half down", "sqrt")
)  # fmt: skip
"""Built-in functions without effects that tests may share: called once for all, also where one of the tests alone would not."""

_FRACTIONS = {datetime: operator.attrgetter("microsecond"), timedelta: operator.attrgetter("microseconds")}
_ZONE = operator.attrgetter("tzinfo")


def alike(values: list[Any]) -> list[Any]:
    """Values of one type. Raises Declined for others."""
    if len(set(map(type, values))) > 1:
        raise Declined
    return values


def in_seconds(value: Any, many: bool) -> Any:
    """Moments as FEEL compares them, by whole seconds, and what is added to them."""
    if not many and type(value) is datetime:
        return value.replace(microsecond=0)
    fraction = _FRACTIONS.get(type(value[0] if many else value))
    if fraction is not None and any(map(fraction, value if many else (value,))):
        raise Declined
    return value


def zoned(value: Any, many: bool) -> bool:
    """Whether moments have an offset from UTC. Of a named zone they are not for a batch: its clock is not the world's."""
    if not many and (value.tzinfo is None or type(value.tzinfo) is timezone):
        return value.tzinfo is not None
    zones = set(map(_ZONE, value)) if many else {value.tzinfo}
    if zones == {None}:
        return False
    if not all(type(zone) is timezone for zone in zones):
        raise Declined
    return True


def pair(left: Part, right: Part, choices: Mapping[Kinds, Callable[[Any, Any], Any]]) -> Code:
    """A function of two parts, chosen by the types of their values."""
    first, second, first_many, second_many = left.code, right.code, left.many, right.many

    def code(frame: Frame) -> Any:
        a, b = first(frame), second(frame)
        kinds = type(a[0]) if first_many else type(a), type(b[0]) if second_many else type(b)
        function = choices.get(kinds)
        if function is None:
            raise Declined
        if datetime in kinds:
            a, b = in_seconds(a, first_many), in_seconds(b, second_many)
            zones = {zoned(side, many) for side, many, kind in ((a, first_many, kinds[0]), (b, second_many, kinds[1])) if kind is datetime}
            if len(zones) > 1:
                raise Declined
        if second_many:
            return list(map(function, a if first_many else repeat(a), b))
        return list(map(function, a, repeat(b))) if first_many else function(a, b)

    return code


def turn(value: Part, growing: Growing, symbol: str, masks: Sequence[int]) -> Callable[[Frame], int]:
    """Value < column and its kin, as masks: it holds up to a place of the ordered column, or from there on.

    Results are rounded, but a larger constant never makes a smaller one of them. Where the outermost can be calculated, all can.
    """
    places = sorted(range(len(growing.constants)), key=growing.constants.__getitem__)
    constants = [growing.constants[place] for place in places]
    first_masks = [0]
    for place in places:
        first_masks.append(first_masks[-1] | masks[place])
    kind, last = type(constants[0]), len(constants) - 1
    whole = kind is not timedelta or not any(map(_FRACTIONS[timedelta], constants))
    holds, base, first = COMPARISONS[symbol], growing.base, growing.base_first
    choices = CALCULATIONS[growing.symbol] if growing.symbol else {}

    def search(a: Any, entry: Callable[[int], Any]) -> int:
        lowest, highest = entry(0), entry(last)
        function = holds.get((type(a), type(lowest)))
        if function is None:
            raise Declined
        low, below, above = function(a, lowest), 0, last
        if low is function(a, highest):
            return first_masks[-1] if low else 0
        while above - below > 1:
            middle = (below + above) >> 1
            if function(a, entry(middle)) is low:
                below = middle
            else:
                above = middle
        return first_masks[above] if low else first_masks[-1] ^ first_masks[above]

    def code(frame: Frame) -> int:
        a = value.code(frame)
        if base is None:
            return search(a, constants.__getitem__)
        x = base.code(frame)
        calculate = choices.get((type(x), kind) if first else (kind, type(x)))
        if calculate is None:
            raise Declined
        if type(x) is datetime:
            if not whole or type(a) is not datetime or zoned(a, False) is not zoned(x, False):
                raise Declined
            a, x = a.replace(microsecond=0), x.replace(microsecond=0)
        if first:
            return search(a, lambda place: calculate(x, constants[place]))
        return search(a, lambda place: calculate(constants[place], x))

    return code


def affixed(name: str, text: Part, affixes: Sequence[str], masks: Sequence[int]) -> Callable[[Frame], int]:
    """Which of many beginnings, or ends, a text has: one look for each length of them."""
    known: dict[int, dict[str, int]] = {}
    for affix, mask in zip(affixes, masks, strict=True):
        of_length = known.setdefault(len(affix), {})
        of_length[affix] = of_length.get(affix, 0) | mask
    lengths, beginning = list(known.items()), name == "starts with"

    def code(frame: Frame) -> int:
        value = text.code(frame)
        if type(value) is not str:
            raise Declined
        found = 0
        for length, of_length in lengths:
            found |= of_length.get(value[:length] if beginning else value[max(len(value) - length, 0) :], 0)
        return found

    return code


_ORDERED = frozenset((Decimal, str, date, timedelta))
