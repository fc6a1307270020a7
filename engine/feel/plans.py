"""Unary tests of different shapes asked all at once: what they calculate is sorted by operator, not by test.

The steps of all tests, each distinct one once, are put in levels, so that a step has its operands in the levels before; all steps of a
level with the same operator run in C, over their operands. Only plain values are asked this way: which operators there are for them is
looked up for their types, and what has none, or would warn, is left to be asked alone.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal, getcontext, setcontext
from itertools import compress, repeat
from typing import Any

from amends.engine.feel import nodes as n
from amends.engine.feel.batch_values import CALCULATIONS, COMPARISONS, Declined
from amends.engine.feel.batches import asks, constant_of, is_condition
from amends.engine.feel.compiler import Compiler
from amends.engine.feel.numbers import MATH
from amends.engine.feel.run import Frame

_PLAIN = (Decimal, str, date, timedelta)
_MOST_SCHEDULES = 16
"""Combinations of types that a plan is kept for: a column has one, or a few."""

Step = tuple[Any, ...]
"""("constant", value), ("name", name), ("value", column), or a symbol with the places of its operands."""

_TURNED = {"<=": ">", ">=": "<", "!=": "="}
_LEAVES = ("constant", "name", "value")
_NUMBERS: dict[str, Callable[..., Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
_SIGNS: dict[str, Callable[..., Any]] = {"abs": abs, "negate": operator.neg}
_LOGIC: dict[str, Callable[..., Any]] = {"and": operator.and_, "or": operator.or_, "not": operator.not_}


def _operator(symbol: str, kinds: tuple[type, ...]) -> tuple[Callable[..., Any], type] | None:
    """The function in C that a symbol stands for with operands of these types, and the type of what it gives."""
    if symbol in _LOGIC:
        return _LOGIC[symbol], bool
    if len(kinds) == 1:
        return (_SIGNS[symbol], Decimal) if kinds == (Decimal,) else None
    pair = kinds[0], kinds[1]
    if symbol in COMPARISONS:
        compared = COMPARISONS[symbol].get(pair) if kinds[0] in _PLAIN else None
        return None if compared is None else (compared, bool)
    if pair == (Decimal, Decimal):
        return _NUMBERS[symbol], Decimal  # as fast as Python has it, and in the context of FEEL's numbers the same
    calculated = CALCULATIONS[symbol].get(pair) if set(kinds) <= set(_PLAIN) else None
    return None if calculated is None else (calculated, timedelta if kinds[0] is kinds[1] else date)


Planned = tuple[n.Tests, int, int]
"""Unary tests, the number of the column whose value they are about, and their mask."""


class Plan:
    """Tests of one or several columns; no bit is in two masks. `left` are the places of those that cannot be planned."""

    def __init__(self, tests: Sequence[Planned]) -> None:
        steps = _Steps()
        self._tests: list[_Test] = []
        self.left: list[int] = []
        for place, (test, column, mask) in enumerate(tests):
            try:
                self._tests.append((place, *steps.tests(test, column), mask))
            except Declined:
                self.left.append(place)
        self.mask = sum(mask for *_, mask in self._tests)
        self.size = len(self._tests)
        self._columns = {tests[place][1] for place, *_ in self._tests}
        self._steps = steps.steps
        self._calls = steps.calls
        self._names = [place for place, step in enumerate(self._steps) if step[0] == "name"]
        self._values = [place for place, step in enumerate(self._steps) if step[0] == "value"]
        compiler = Compiler("")
        self._codes = [compiler.compile(n.Name(self._steps[place][1])) for place in self._names]
        self._schedules: dict[tuple[type, ...], _Schedule] = {}

    def passing(self, values: Sequence[Any], frame: Frame) -> tuple[int, list[int]]:
        """The masks, joined, of the tests that the values of the columns pass, and the places of those that have to be asked.

        Raises Declined or an ArithmeticError where all of them have to be asked.
        """
        run = frame.run
        if self._calls and any(name in run.variables or run.functions and name in run.functions for name in self._calls):
            raise Declined
        if bool in map(type, values) and any(type(values[column]) is bool for column in self._columns):
            raise Declined  # beside a boolean, a condition is a value to be equal to
        found = [code(frame) for code in self._codes]
        found += [values[self._steps[place][1]] for place in self._values]
        kinds = tuple(map(type, found))
        schedule = self._schedules.get(kinds)
        if schedule is None:
            if len(self._schedules) >= _MOST_SCHEDULES:
                self._schedules.clear()
            leaves = dict(zip([*self._names, *self._values], kinds, strict=True))
            schedule = self._schedules[kinds] = _Schedule(self._steps, leaves, self._tests)
        return schedule.passing(found), schedule.left


_Test = tuple[int, int, bool, int]
"""The place of a test, that of its last step, whether it passes where that is false, and its mask."""


class _Steps:
    """The steps of tests, each once."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.calls: set[str] = set()
        self.column = 0
        self._known: dict[Step, int] = {}

    def add(self, *step: Any) -> int:
        """The place of a step."""
        key = (*step, type(step[-1]))
        if key not in self._known:
            self._known[key] = len(self.steps)
            self.steps.append(step)
        return self._known[key]

    def tests(self, node: n.Tests, column: int) -> tuple[int, bool]:
        """All tests of a cell: the place of the last step, and whether they pass where that is false."""
        if not node.tests:
            raise Declined
        self.column = column
        if len(node.tests) == 1:
            last, turned = self.test(node.tests[0])
            return last, turned is not node.negated
        return self._joined("or", [self.straight(self.test(test)) for test in node.tests]), node.negated

    def test(self, node: n.Node) -> tuple[int, bool]:
        """One test, likewise."""
        return self.condition(node) if is_condition(node) else self.against(self.add("value", self.column), node)

    def straight(self, test: tuple[int, bool]) -> int:
        """A step that is true where the test passes."""
        return self.add("not", test[0]) if test[1] else test[0]

    def _joined(self, symbol: str, places: Sequence[int]) -> int:
        joined = places[0]
        for place in places[1:]:
            joined = self.add(symbol, joined, place)
        return joined

    def compared(self, symbol: str, left: int, right: int) -> tuple[int, bool]:
        """A comparison: a <= b is not a > b, and a >= b is not a < b, so that more of them run at once."""
        turned = _TURNED.get(symbol)
        return self.add(turned or symbol, left, right), turned is not None

    def _between(self, value: int, low: tuple[str, n.Node], high: tuple[str, n.Node]) -> tuple[int, bool]:
        """Whether a value is between two others: neither below the one nor above the other."""
        sides = [self.compared(symbol, value, self.value(end)) for symbol, end in (low, high)]
        if all(turned for _, turned in sides):
            return self.add("or", sides[0][0], sides[1][0]), True
        return self.add("and", *map(self.straight, sides)), False

    def against(self, value: int, node: n.Node) -> tuple[int, bool]:
        """A test of a value that is no condition of its own."""
        if isinstance(node, n.UnaryComparison):
            return self.compared(node.operator, value, self.value(node.operand))
        if isinstance(node, n.RangeNode):
            low, high = ">=" if node.low_included else ">", "<=" if node.high_included else "<"
            return self._between(value, (low, node.low), (high, node.high))
        return self.compared("=", value, self.value(node))

    def condition(self, node: n.Node) -> tuple[int, bool]:
        """A comparison, or what `and` and `or` join."""
        if isinstance(node, n.Binary):
            if node.operator in ("and", "or"):
                return self.add(node.operator, *map(self.straight, (self.condition(node.left), self.condition(node.right)))), False
            if node.operator not in COMPARISONS:
                raise Declined  # a power, which is no calculation of a plan
            return self.compared(node.operator, self.value(node.left), self.value(node.right))
        if isinstance(node, n.Between):
            return self._between(self.value(node.value), (">=", node.low), ("<=", node.high))
        if isinstance(node, n.In) and not any(asks(test) or is_condition(test) for test in node.tests):
            value = self.value(node.value)
            return self._joined("or", [self.straight(self.against(value, test)) for test in node.tests]), False
        raise Declined

    def value(self, node: n.Node) -> int:
        """A value inside of a test."""
        match node:
            case n.Name(name="?"):
                return self.add("value", self.column)
            case n.Name():
                return self.add("name", node.name)
            case n.Literal(value=Decimal() | str()) | n.AtLiteral() | n.Negation(operand=n.Literal(value=Decimal())):
                return self.add("constant", constant_of(node))
            case n.Negation():
                return self.add("negate", self.value(node.operand))
            case n.Binary(operator=symbol) if symbol in CALCULATIONS:
                return self.add(symbol, self.value(node.left), self.value(node.right))
            case n.Call(function=n.Name(name="abs"), names=None, arguments=[argument]):
                self.calls.add("abs")
                return self.add("abs", self.value(argument))
        raise Declined


_Operands = Callable[[list[Any]], Iterable[Any]]


class _Schedule:
    """The steps of a plan for values of certain types, in the order they run. `left` are the tests that have none for these types."""

    def __init__(self, steps: Sequence[Step], leaves: dict[int, type], tests: Sequence[_Test]) -> None:
        kinds: dict[int, type] = dict(leaves)
        levels: dict[int, int] = dict.fromkeys(leaves, 0)
        self._registers: dict[int, int] = {place: number for number, place in enumerate(leaves)}
        self._constants: dict[int, Any] = {}
        groups: dict[tuple[int, Callable[..., Any]], list[int]] = {}
        for place, step in enumerate(steps):
            if step[0] == "constant":
                kinds[place], levels[place], self._constants[place] = type(step[1]), 0, step[1]
            elif place not in leaves and all(operand in kinds for operand in step[1:]):
                found = _operator(step[0], tuple(kinds[operand] for operand in step[1:]))
                if found is not None:
                    function, kinds[place] = found
                    levels[place] = 1 + max(levels[operand] for operand in step[1:])
                    groups.setdefault((levels[place], function), []).append(place)
        self.left = [place for place, last, *_ in tests if kinds.get(last) is not bool]
        asked = [(last, mask) for _, last, _, mask in tests if kinds.get(last) is bool]
        self._turned = sum(mask for _, last, turned, mask in tests if turned and kinds.get(last) is bool)
        needed = _needed(steps, [last for last, _ in asked])
        self._given: list[Any] = []  # constants that stand among others
        ordered = [
            (function, kept)
            for (_, function), places in sorted(groups.items(), key=lambda group: group[0][0])
            if (kept := [place for place in places if place in needed])
        ]
        columns = [list(zip(*(steps[place][1:] for place in places), strict=True)) for _, places in ordered]
        for column in [column for operands in columns for column in operands]:
            mixed = any(place not in self._constants for place in column)
            for place in column:
                if mixed and place in self._constants and place not in self._registers:
                    self._registers[place] = len(leaves) + len(self._given)
                    self._given.append(self._constants[place])
        self._groups: list[tuple[Callable[..., Any], _Operands, _Operands | None]] = []
        for (function, places), operands in zip(ordered, columns, strict=True):
            left, right = self._fetch(operands[0]), self._fetch(operands[1]) if len(operands) > 1 else None
            self._groups.append((function, left, right))
            for place in places:
                self._registers[place] = len(self._registers)
        asked.sort(key=lambda test: self._registers[test[0]])
        self._masks = [mask for _, mask in asked]
        self._results = self._fetch([last for last, _ in asked]) if asked else None

    def _fetch(self, places: Sequence[int]) -> _Operands:
        """What gets the values of steps out of the registers, or has them."""
        if all(place in self._constants for place in places):
            known = tuple(self._constants[place] for place in places)
            return lambda values: known
        registers = [self._registers[place] for place in places]
        first = registers[0]
        if len(registers) == 1:
            return lambda values: (values[first],)
        if len(set(registers)) == 1:
            return lambda values: repeat(values[first])  # the other operand ends it: no two steps are the same
        if registers == list(range(first, first + len(registers))):
            return operator.itemgetter(slice(first, first + len(registers)))
        return operator.itemgetter(*registers)

    def passing(self, values: list[Any]) -> int:
        """The masks of the tests that pass. Raises an ArithmeticError where one of the steps has no result."""
        if self._results is None:
            return 0
        registers = [*values, *self._given]
        outside = getcontext()
        setcontext(MATH)
        try:
            for function, left, right in self._groups:
                if right is None:
                    registers += map(function, left(registers))
                else:
                    registers += map(function, left(registers), right(registers))
        finally:
            setcontext(outside)
        return sum(compress(self._masks, self._results(registers))) ^ self._turned  # no bit is in two masks, so their sum is their union


def _needed(steps: Sequence[Step], last: Iterable[int]) -> set[int]:
    """The steps that these are made of."""
    needed: set[int] = set()
    open_ = list(last)
    while open_:
        place = open_.pop()
        if place not in needed:
            needed.add(place)
            if steps[place][0] not in _LEAVES:
                open_.extend(steps[place][1:])
    return needed
