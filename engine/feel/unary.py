"""Syntax tree to closures: unary tests, and `in`, which is made of them (DMN 1.5, 7.3.3 and 10.3.2.7)."""

from __future__ import annotations

from decimal import Decimal, DecimalException
from typing import Any

from amends.engine.feel import nodes as n
from amends.engine.feel import operators as ops
from amends.engine.feel.comparisons import FAST_ORDER, ORDERED
from amends.engine.feel.compiler import FAST_ARITHMETIC, HANDLERS, Compiler, range_between
from amends.engine.feel.run import Code, Frame
from amends.engine.feel.values import Fault


def _in(compiler: Compiler, node: n.In) -> Code:
    value, text = compiler.compile(node.value), compiler.text
    constants = [test.value for test in node.tests if isinstance(test, n.Literal)]
    fast: frozenset[Any] = frozenset(item for item in constants if type(item) in (str, Decimal))
    whole = len(fast) == len(node.tests) and len({type(item) for item in fast}) == 1
    kind = type(constants[0]) if whole else None
    # Inside the tests ? is the value on the left, unless a unary test around them has its own.
    named = compiler.scopes.find("?") is None and any(names_value(test) for test in node.tests)
    if named:
        compiler.scopes.push({"?"})
    tests = [compile_test(compiler, test) for test in node.tests]
    if named:
        compiler.scopes.pop()

    def code(frame: Frame) -> Any:
        item = value(frame)
        if type(item) is kind:
            return item in fast
        if named:
            frame = Frame({"?": item}, frame, frame.run)
        return any_test(frame, item, tests, text, node)

    return code


def names_value(node: n.Node) -> bool:
    """Whether a test names the value under test, as ?."""
    return any(isinstance(part, n.Name) and part.name == "?" for part in n.walk(node))


_CONDITIONS = frozenset(("=", "!=", "<", "<=", ">", ">=", "and", "or"))


def any_test(frame: Frame, value: Any, tests: list[Any], text: str, node: n.Node) -> bool | None:
    """Whether a value passes one of several tests; None where none is passed and one could not be told."""
    result: bool | None = False
    for test in tests:
        try:
            passed = test(frame, value)
        except Fault as fault:
            frame.run.fault(text, node, fault)
            passed = None
        if passed is True:
            return True
        if passed is None:
            result = None
    return result


def compile_test(compiler: Compiler, node: n.Node) -> Any:
    """One positive unary test as a function of frame and value."""
    if isinstance(node, n.UnaryComparison):
        return _comparison_test(compiler, node)
    if isinstance(node, n.RangeNode):
        return _range_test(compiler, node)
    code = compiler.compile(node)
    named = names_value(node)
    computed = not isinstance(node, n.Literal)
    if named and isinstance(node, n.Binary) and node.operator in _CONDITIONS:
        return lambda frame, value: code(frame)  # true, false or null, which is the answer

    def test(frame: Frame, value: Any) -> bool | None:
        expected = code(frame)
        if named and (expected is True or expected is False):
            return expected
        kind = type(expected)
        # A condition of its own is the test; a boolean beside a boolean is a value to be equal to.
        if kind is bool and computed and type(value) is not bool:
            return bool(expected)
        if kind is list:
            frame.run.meter.charge(len(expected))
        if named and expected is None:
            return None
        return ops.matches(value, expected, frame.run.meter)

    return test


def _range_test(compiler: Compiler, node: n.RangeNode) -> Any:
    """Whether a value lies between two others; only where they are no numbers or strings is a range made of them."""
    low, high, text = compiler.compile(node.low), compiler.compile(node.high), compiler.text
    above, below = FAST_ORDER[">=" if node.low_included else ">"], FAST_ORDER["<=" if node.high_included else "<"]

    def test(frame: Frame, value: Any) -> bool | None:
        a, b = low(frame), high(frame)
        kind = type(value)
        if kind in ORDERED and kind is type(a) and kind is type(b):
            return above(value, a) and below(value, b)  # type: ignore[no-any-return]  # numbers and strings compare to booleans
        range_ = range_between(frame, a, b, node, text)
        return None if range_ is None and named else ops.matches(value, range_, frame.run.meter)

    named = names_value(node)
    return test


def _comparison_test(compiler: Compiler, node: n.UnaryComparison) -> Any:
    operand, symbol = compiler.compile(node.operand), node.operator
    if symbol in ("=", "!="):
        return lambda frame, value: ops.equal(value, operand(frame), frame.run.meter) is (symbol == "=")
    fast = FAST_ORDER[symbol]

    def test(frame: Frame, value: Any) -> bool | None:
        other = operand(frame)
        kind = type(value)
        if kind is type(other) and kind in ORDERED:
            return fast(value, other)  # type: ignore[no-any-return]  # numbers and strings compare to booleans
        return ops.compare(symbol, value, other)

    return _against_variable(compiler, node.operand, fast, test)


def _against_variable(compiler: Compiler, operand: n.Node, fast: Any, test: Any) -> Any:
    """A comparison with a number of the context, or one that is a step from it (limit, limit * 2), without detours; else `test`."""
    step: Any = None
    if isinstance(operand, n.Binary) and isinstance(operand.right, n.Literal) and type(operand.right.value) is Decimal:
        step, number, operand = FAST_ARITHMETIC.get(operand.operator), operand.right.value, operand.left
        if step is None:
            return test
    if not isinstance(operand, n.Name) or compiler.scopes.depth:
        return test
    name = operand.name

    def plain(frame: Frame, value: Any) -> bool | None:
        other = frame.vars.get(name)
        if type(other) is Decimal and type(value) is Decimal and other.is_finite():
            return fast(value, other)  # type: ignore[no-any-return]  # as above
        return test(frame, value)  # type: ignore[no-any-return]

    def stepped(frame: Frame, value: Any) -> bool | None:
        other = frame.vars.get(name)
        if type(other) is Decimal and type(value) is Decimal and other.is_finite():
            try:
                return fast(value, step(other, number))  # type: ignore[no-any-return]
            except DecimalException:
                pass  # the long way says what is wrong
        return test(frame, value)  # type: ignore[no-any-return]

    return plain if step is None else stepped


HANDLERS[n.In] = _in
