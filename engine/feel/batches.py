"""Unary tests of one shape, such as > limit + 1 and > limit + 2, asked all at once: their constants are columns.

What the tests have in common is evaluated once. A comparison with a column that grows by its constants is searched for the place where
it turns, any other operator runs over its whole column in C. Only plain values are asked this way; where one is of an unexpected type,
or a result is none, the batch declines and each test is asked on its own, which warns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import compress
from typing import Any

from amends.engine.feel import nodes as n
from amends.engine.feel.batch_calls import called, not_hidden
from amends.engine.feel.batch_values import (
    CALCULATIONS,
    COMPARISONS,
    PURE,
    TESTS,
    Declined,
    Growing,
    Part,
    affixed,
    alike,
    pair,
    turn,
)  # fmt: skip
from amends.engine.feel.compiler import Compiler
from amends.engine.feel.numbers import MATH
from amends.engine.feel.run import Frame
from amends.engine.feel.temporal_text import parse_temporal

FEWEST = 4
"""Tests of one shape that are worth a batch."""

Condition = Callable[[Frame], int]
"""A condition of all tests: the masks, joined, of those for which it is true; it is false for the others."""


def shape(test: n.Tests) -> object:
    """A key that tests have in common when they differ in constants and variables only; None for what is never asked in a batch."""
    try:
        return (test.negated, *(_shape(part) for part in test.tests)) if test.tests else None
    except Declined:
        return None


def _shape(node: n.Node) -> object:
    match node:
        case n.Literal(value=Decimal() | str() as value):
            return type(value)
        case n.AtLiteral():
            return type(parse_temporal(node.text))
        case n.Name():
            return node.name == "?"
        case n.Negation(operand=n.Literal(value=Decimal())):
            return Decimal
        case n.UnaryComparison():
            return node.operator, _shape(node.operand)
        case n.Binary():
            return node.operator, _shape(node.left), _shape(node.right)
        case n.Between():
            return "between", _shape(node.value), _shape(node.low), _shape(node.high)
        case n.RangeNode():
            return node.low_included, node.high_included, _shape(node.low), _shape(node.high)
        case n.Call(function=n.Name(name=name), names=None) if name in PURE:
            return name, *(_shape(argument) for argument in node.arguments)
        case n.In():
            return "in", _shape(node.value), *(_shape(test) for test in node.tests)
        case n.Path():
            return node  # shared as a whole, or not at all
    raise Declined


class Batch:
    """Tests of one shape, each with its mask; no bit is in two masks. Raises Declined where they have no form that a batch can ask."""

    def __init__(self, tests: Sequence[n.Tests], masks: Sequence[int]) -> None:
        self.size = len(masks)
        self.mask = sum(masks)
        compiler = _Compiler(masks)
        alternatives = [compiler.test([test.tests[place] for test in tests]) for place in range(len(tests[0].tests))]
        self._passed = alternatives[0] if len(alternatives) == 1 else _joined("or", alternatives)
        self._negated = tests[0].negated

    def passing(self, named: Frame) -> int:
        """The masks, joined, of the tests that the value named ? in this frame passes.

        Raises Declined, Fault or an ArithmeticError where they have to be asked one by one.
        """
        passed = self._passed(named)
        return self.mask ^ passed if self._negated else passed


def _joined(symbol: str, conditions: Sequence[Condition]) -> Condition:
    def both(frame: Frame) -> int:
        return conditions[0](frame) & conditions[1](frame)

    def either(frame: Frame) -> int:
        found = 0
        for condition in conditions:
            found |= condition(frame)
        return found

    return both if symbol == "and" else either


class _Compiler:
    """Compiles the parts of many tests side by side: `nodes` are the same part of each."""

    def __init__(self, masks: Sequence[int]) -> None:
        self.masks = list(masks)
        self.all = sum(masks)
        self.single = Compiler("")
        self.single.scopes.push({"?"})

    def test(self, nodes: Sequence[Any]) -> Condition:
        """A positive unary test."""
        node = nodes[0]
        if not is_condition(node):
            return self._against(Part(_value_under_test, False), nodes)
        condition = self.condition(nodes)
        if asks(node):
            return condition

        def beside(frame: Frame) -> int:
            if type(frame.vars["?"]) is bool:
                raise Declined  # beside a boolean, a condition is a value to be equal to
            return condition(frame)

        return beside

    def condition(self, nodes: Sequence[Any]) -> Condition:
        """A comparison, a call that gives booleans, or what `and` and `or` join."""
        node = nodes[0]
        if isinstance(node, n.Binary) and node.operator in ("and", "or"):
            sides = [self.condition([each.left for each in nodes]), self.condition([each.right for each in nodes])]
            return _joined(node.operator, sides)
        if isinstance(node, n.Binary) and node.operator in COMPARISONS:
            left, right = self.part([each.left for each in nodes]), self.part([each.right for each in nodes])
            return self._compared(node.operator, left, right)
        if isinstance(node, n.Between):
            value = self.part([each.value for each in nodes])
            low, high = self.part([each.low for each in nodes]), self.part([each.high for each in nodes])
            return _joined("and", [self._compared(">=", value, low), self._compared("<=", value, high)])
        if isinstance(node, n.In):
            return self._in(nodes)
        return self._affixed(nodes) or self._booleans(self.part(nodes))

    def _affixed(self, nodes: Sequence[Any]) -> Condition | None:
        """starts with and ends with, of texts that are written out."""
        call = nodes[0]
        name = getattr(call.function, "name", "") if isinstance(call, n.Call) else ""
        if name not in ("starts with", "ends with") or len(call.arguments) != 2:
            return None
        text, affixes = (self.part([each.arguments[place] for each in nodes]) for place in (0, 1))
        if affixes.constants is None or type(affixes.constants[0]) is not str or text.many:
            return None
        return not_hidden(name, affixed(name, text, affixes.constants, self.masks))

    def _in(self, nodes: Sequence[Any]) -> Condition:
        """value in (test, …): inside, ? would be the value on the left, and a condition a test of its own."""
        if any(asks(test) or is_condition(test) for test in nodes[0].tests):
            raise Declined
        value = self.part([each.value for each in nodes])
        tests = [self._against(value, [each.tests[place] for each in nodes]) for place in range(len(nodes[0].tests))]
        return _joined("or", tests)

    def _against(self, value: Part, nodes: Sequence[Any]) -> Condition:
        """A test of a value that is no condition of its own: a comparison, a range, or what it has to be equal to."""
        node = nodes[0]
        if isinstance(node, n.UnaryComparison):
            return self._compared(node.operator, value, self.part([each.operand for each in nodes]))
        if isinstance(node, n.RangeNode):
            low = self._compared(">=" if node.low_included else ">", value, self.part([each.low for each in nodes]))
            high = self._compared("<=" if node.high_included else "<", value, self.part([each.high for each in nodes]))
            return _joined("and", [low, high])
        return self._compared("=", value, self.part(nodes))

    def _compared(self, symbol: str, left: Part, right: Part) -> Condition:
        choices, whole = COMPARISONS[symbol], self.all
        if symbol in _ORDERS:
            if right.growing is not None and right.growing.ordered and not left.many:
                return turn(left, right.growing, symbol, self.masks)
            if left.growing is not None and left.growing.ordered and not right.many:
                return turn(right, left.growing, _ORDERS[symbol], self.masks)
        if not left.many and not right.many:
            one = pair(left, right, choices)
            return lambda frame: whole if one(frame) else 0
        many, masks = pair(left, right, choices), self.masks
        return lambda frame: sum(compress(masks, many(frame)))  # no bit is in two masks, so their sum is their union

    def _booleans(self, part: Part) -> Condition:
        code, many, masks, whole = part.code, part.many, self.masks, self.all

        def condition(frame: Frame) -> int:
            value = code(frame)
            if type(value[0] if many else value) is not bool:
                raise Declined
            return sum(compress(masks, value)) if many else whole if value else 0

        return condition

    def part(self, nodes: Sequence[Any]) -> Part:
        """A value inside of a test: evaluated once where it is the same in all."""
        node = nodes[0]
        if all(each == node for each in nodes):
            return Part(self.single.compile(node), False)
        if isinstance(node, n.Literal | n.AtLiteral | n.Negation):
            return _constants([constant_of(each) for each in nodes])
        if isinstance(node, n.Name):
            codes = [self.single.compile(each) for each in nodes]
            return Part(lambda frame: alike([code(frame) for code in codes]), True)
        if isinstance(node, n.Call):
            return called(node, [self.part([each.arguments[place] for each in nodes]) for place in range(len(node.arguments))])
        if isinstance(node, n.Binary) and node.operator in CALCULATIONS:
            return _calculated(node.operator, self.part([each.left for each in nodes]), self.part([each.right for each in nodes]))
        raise Declined


_ORDERS = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The comparisons of which a growing column has one place where they turn, and what they are with their sides exchanged."""


def is_condition(node: n.Node) -> bool:
    """Whether a part of a test is true or false by what it is."""
    if isinstance(node, n.Call):
        return isinstance(node.function, n.Name) and node.function.name in TESTS
    return isinstance(node, n.Between | n.In) or isinstance(node, n.Binary) and node.operator not in CALCULATIONS


def asks(node: n.Node) -> bool:
    """Whether a part of a test names the value under test, as ?."""
    return any(isinstance(part, n.Name) and part.name == "?" for part in n.walk(node))


def _value_under_test(frame: Frame) -> Any:
    return frame.vars["?"]


def constant_of(node: Any) -> Any:
    """The value of a literal, or of a number with a sign."""
    if isinstance(node, n.Negation):
        return MATH.minus(constant_of(node.operand))
    return parse_temporal(node.text) if isinstance(node, n.AtLiteral) else node.value


def _constants(values: list[Any]) -> Part:
    return Part(lambda frame: values, True, values, Growing(None, None, True, values))


def _calculated(symbol: str, left: Part, right: Part) -> Part:
    growing = None
    if symbol in ("+", "-", "*"):
        if right.constants is not None and not left.many:
            growing = Growing(left, symbol, True, right.constants)
        elif left.constants is not None and not right.many:
            growing = Growing(right, symbol, False, left.constants)
    return Part(pair(left, right, CALCULATIONS[symbol]), left.many or right.many, None, growing)
