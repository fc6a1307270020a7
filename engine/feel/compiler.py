"""Syntax tree to closures: values, names, operators and tests. Control flow is in flow.py.

Every node becomes a function of one argument, the Frame. Scopes are resolved while compiling: a frame is reached by its distance.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DecimalException
from typing import Any

from amends.engine.feel import nodes as n
from amends.engine.feel import operators as ops
from amends.engine.feel.comparisons import FAST_ORDER, ORDERED, equality, ordering
from amends.engine.feel.lookup import Scopes, global_code, local_code
from amends.engine.feel.numbers import MATH
from amends.engine.feel.run import Code, Frame
from amends.engine.feel.temporal_text import parse_temporal
from amends.engine.feel.values import Fault, Range, kind_of

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": ops.add, "-": ops.subtract, "*": ops.multiply, "/": ops.divide, "**": ops.power,
}  # fmt: skip
FAST_ARITHMETIC = {"+": MATH.add, "-": MATH.subtract, "*": MATH.multiply, "/": MATH.divide}


class Compiler:
    """Compiles the nodes of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.scopes = Scopes()

    def compile(self, node: n.Node) -> Code:
        """The closure of a node."""
        return HANDLERS[type(node)](self, node)


def _literal(_: Compiler, node: n.Literal) -> Code:
    value = node.value
    return lambda frame: value


def _at_literal(compiler: Compiler, node: n.AtLiteral) -> Code:
    value, text = parse_temporal(node.text), compiler.text
    if value is not None:
        return lambda frame: value

    def code(frame: Frame) -> Any:
        frame.run.warn(text, node, f'"{node.text}" is no date, time, date and time or duration')
        return None

    return code


def _name(compiler: Compiler, node: n.Name) -> Code:
    place = compiler.scopes.find(node.name)
    if place is None:
        return global_code(compiler.text, node, compiler.scopes.depth)
    return local_code(compiler.text, node, place, compiler.scopes.depth)


def _list(compiler: Compiler, node: n.ListNode) -> Code:
    items = [compiler.compile(item) for item in node.items]
    return lambda frame: [item(frame) for item in items]


def _range(compiler: Compiler, node: n.RangeNode) -> Code:
    low, high, text = compiler.compile(node.low), compiler.compile(node.high), compiler.text
    return lambda frame: range_between(frame, low(frame), high(frame), node, text)


def range_between(frame: Frame, low: Any, high: Any, node: n.RangeNode, text: str) -> Range | None:
    """The range that has these ends; null, with a warning, where they are of two types."""
    if low is not None and high is not None and kind_of(low) != kind_of(high):
        frame.run.warn(text, node, f"A range from a {kind_of(low)} to a {kind_of(high)} is null")
        return None
    return Range(low, high, node.low_included, node.high_included)


def unary_range(symbol: str, value: Any) -> Any:
    """The range (< value) and its kin."""
    if symbol in ("<", "<="):
        return Range(None, value, False, symbol == "<=", symbol)
    if symbol in (">", ">="):
        return Range(value, None, symbol == ">=", False, symbol)
    return Range(value, value, True, True, symbol)


def _unary_comparison(compiler: Compiler, node: n.UnaryComparison) -> Code:
    operand, symbol = compiler.compile(node.operand), node.operator
    return lambda frame: unary_range(symbol, operand(frame))


def _negation(compiler: Compiler, node: n.Negation) -> Code:
    operand, text = compiler.compile(node.operand), compiler.text
    if isinstance(node.operand, n.Literal) and isinstance(node.operand.value, Decimal):
        value = ops.negate(node.operand.value)
        return lambda frame: value

    def code(frame: Frame) -> Any:
        try:
            return ops.negate(operand(frame))
        except Fault as fault:
            frame.run.fault(text, node, fault)
            return None

    return code


def _binary(compiler: Compiler, node: n.Binary) -> Code:
    # A long chain (a + b + c …) leans to the left: unroll it, so that its depth is not the depth of Python's stack.
    if node.operator in ("and", "or"):
        return _logical(compiler, node)
    chain: list[n.Binary] = []
    first: n.Node = node
    while isinstance(first, n.Binary) and first.operator not in ("and", "or"):
        chain.append(first)
        first = first.left
    chain.reverse()
    code = _one_binary(compiler, chain[0], compiler.compile(first))
    if len(chain) == 1:
        return code
    if len(chain) <= 4:
        for link in chain[1:]:
            code = _one_binary(compiler, link, code)
        return code
    steps = [_applied(compiler, link) for link in chain[1:]]

    def unrolled(frame: Frame) -> Any:
        value = code(frame)
        for step in steps:
            value = step(frame, value)
        return value

    return unrolled


def _applied(compiler: Compiler, node: n.Binary) -> Callable[[Frame, Any], Any]:
    """An operator of a long chain, given the value of its left side."""
    right, text, symbol = compiler.compile(node.right), compiler.text, node.operator

    def step(frame: Frame, a: Any) -> Any:
        b = right(frame)
        try:
            if symbol in ("=", "!="):
                return ops.equal(a, b, frame.run.meter) is (symbol == "=")
            if symbol in FAST_ORDER:
                return ops.compare(symbol, a, b)
            value = _ARITHMETIC[symbol](a, b)
        except Fault as fault:
            frame.run.fault(text, node, fault)
            return None
        if type(value) is str:
            frame.run.meter.text(len(value))
        return value

    return step


def _one_binary(compiler: Compiler, node: n.Binary, left: Code) -> Code:
    right = compiler.compile(node.right)
    if node.operator in ("=", "!="):
        return equality(compiler, node, left, right)
    if node.operator in FAST_ORDER:
        return ordering(compiler, node, left, right)
    text, fast, full = compiler.text, FAST_ARITHMETIC.get(node.operator), _ARITHMETIC[node.operator]
    if fast is not None and isinstance(node.right, n.Literal) and type(node.right.value) is Decimal:
        return _with_number(compiler, node, left, node.right.value)

    def code(frame: Frame) -> Any:
        a, b = left(frame), right(frame)
        if fast is not None and type(a) is Decimal and type(b) is Decimal:
            try:
                return fast(a, b)
            except DecimalException:
                pass  # the long way says what is wrong
        try:
            value = full(a, b)
        except Fault as fault:
            frame.run.fault(text, node, fault)
            return None
        if type(value) is str:
            frame.run.meter.text(len(value))
        return value

    return code


def _with_number(compiler: Compiler, node: n.Binary, left: Code, number: Decimal) -> Code:
    """Arithmetic with a number that is written out."""
    text, fast, full = compiler.text, FAST_ARITHMETIC[node.operator], _ARITHMETIC[node.operator]

    def code(frame: Frame) -> Any:
        a = left(frame)
        if type(a) is Decimal:
            try:
                return fast(a, number)
            except DecimalException:
                pass  # the long way says what is wrong
        try:
            return full(a, number)
        except Fault as fault:
            frame.run.fault(text, node, fault)
            return None

    return code


def _logical(compiler: Compiler, node: n.Binary) -> Code:
    symbol, text = node.operator, compiler.text
    parts: list[n.Node] = []
    rest: n.Node = node
    while isinstance(rest, n.Binary) and rest.operator == symbol:
        parts.append(rest.right)
        rest = rest.left
    parts.append(rest)
    parts.reverse()
    codes = [compiler.compile(part) for part in parts]
    decisive = symbol == "or"  # the value that decides: one true for or, one false for and

    def unknown(frame: Frame, part: Code, value: Any) -> None:
        if value is not None:
            frame.run.warn(text, parts[codes.index(part)], f"{symbol} needs booleans, and this is a {kind_of(value)}")

    def code(frame: Frame) -> Any:
        result: bool | None = not decisive
        for part in codes:
            value = part(frame)
            if value is decisive:
                return decisive
            if value is not True and value is not False:
                result = None
                unknown(frame, part, value)
        return result

    return code


def _between(compiler: Compiler, node: n.Between) -> Code:
    value, low, high = compiler.compile(node.value), compiler.compile(node.low), compiler.compile(node.high)
    text = compiler.text

    def code(frame: Frame) -> Any:
        a, b, c = value(frame), low(frame), high(frame)
        kind = type(a)
        if kind in ORDERED and kind is type(b) and kind is type(c):
            return b <= a <= c
        try:
            return ops.order(a, b) >= 0 and ops.order(a, c) <= 0
        except Fault as fault:
            frame.run.fault(text, node, fault)
            return None

    return code


HANDLERS: dict[type[n.Node], Callable[[Compiler, Any], Code]] = {
    n.Literal: _literal, n.AtLiteral: _at_literal, n.Name: _name, n.ListNode: _list, n.RangeNode: _range,
    n.UnaryComparison: _unary_comparison, n.Negation: _negation, n.Binary: _binary, n.Between: _between,
}  # fmt: skip
