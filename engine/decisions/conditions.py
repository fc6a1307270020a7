"""The conditions of a decision table as sets of values, wherever their text is plain enough to tell.

What is understood: constants, comparisons, ranges, lists of tests, not(…), and tests on `?` joined by and/or. Anything that reads a
variable or calls a function of it is beyond, and `condition` answers None.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from amends.engine.decisions.geometry import Domain, Region, Span, Spans, Values, complement, span_set, union
from amends.engine.feel import Expression, FeelError, Time, UnaryTests, YearMonthDuration, kind_of
from amends.engine.feel import nodes as n
from amends.engine.feel.temporal import time_from_nanos

SUPPORTED = frozenset(
    {"number", "string", "boolean", "date", "time", "date and time", "days and time duration", "years and months duration"}
)
_PURE = frozenset({"date", "time", "date and time", "duration", "years and months duration", "number", "string"})


class Beyond(Exception):
    """A condition that cannot be drawn as a set of values."""


def tests_of(tests: UnaryTests) -> n.Tests:
    """The syntax tree of unary tests."""
    tree = tests.ast
    assert isinstance(tree, n.Tests)  # noqa: S101 - this is what FEEL makes of unary tests
    return tree


def constant(node: n.Node, text: str) -> Any:
    """The value of a part that does not depend on anything. Raises Beyond for any other."""
    if isinstance(node, n.Literal):
        return node.value
    if not _is_constant(node):
        raise Beyond
    try:
        value = Expression(text, node).evaluate({})
    except FeelError:
        raise Beyond from None
    if value is None:
        raise Beyond
    return value


def _is_constant(node: n.Node) -> bool:
    if isinstance(node, n.Literal | n.AtLiteral):
        return True
    if isinstance(node, n.Negation):
        return _is_constant(node.operand)
    if isinstance(node, n.Call):
        return isinstance(node.function, n.Name) and node.function.name in _PURE and all(_is_constant(a) for a in node.arguments)
    if isinstance(node, n.Binary) and node.operator in ("+", "-", "*", "/", "**"):
        return _is_constant(node.left) and _is_constant(node.right)
    return False


def constants_of(tests: UnaryTests) -> list[Any]:
    """The constants listed in unary tests, in their order; what is no constant is left out."""
    found = []
    for node in tests_of(tests).tests:
        try:
            found.append(constant(node, tests.text))
        except Beyond:
            continue
    return found


def kinds_of(tests: UnaryTests) -> set[str]:
    """The types of all constants that the tests compare with."""
    return {kind_of(value) for value in _operands(tests_of(tests), tests.text)} - {"null"}


def _operands(node: n.Node, text: str) -> Iterator[Any]:
    for part in n.children(node):
        if isinstance(part, n.Name):
            continue
        try:
            yield constant(part, text)
        except Beyond:
            yield from _operands(part, text)


def key_of(domain: Domain, value: Any) -> Any:
    """A value in a form that Python can order. Raises Beyond for one that fits no order with the others (an offset, a far year)."""
    if isinstance(value, Time):
        if value.zone is not None:
            raise Beyond
        return Decimal(value.nanos).scaleb(-9)
    if isinstance(value, YearMonthDuration):
        return Decimal(value.months)
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        raise Beyond
    if type(value) not in _ORDERED and domain.ordered:
        raise Beyond
    return value


def value_of(domain: Domain, key: Any) -> Any:
    """The value that a key stands for."""
    if domain.kind == "time":
        return time_from_nanos(int(key.scaleb(9)), None)
    if domain.kind == "years and months duration":
        return YearMonthDuration(int(key))
    return key


_ORDERED = {Decimal, datetime.date, datetime.datetime, datetime.timedelta}


def condition(tests: UnaryTests, domain: Domain) -> Region | None:
    """The set of values of the domain that pass, or None where the text is beyond the analysis."""
    tree = tests_of(tests)
    if not tree.tests:
        return domain.everything()
    try:
        drawn = _Drawing(domain, tests.text)
        result = drawn.any_of(tree.tests)
        return drawn.region(drawn.negated(result) if tree.negated else result)
    except Beyond:
        return None


Drawn = tuple[Region, bool | None]
"""A set without null, and what the test says of null: true, false or null."""


class _Drawing:
    """Draws the tests of one cell. For a value of the domain every test is true or false; for null it may be null too."""

    def __init__(self, domain: Domain, text: str) -> None:
        self.domain = domain
        self.text = text

    def region(self, drawn: Drawn) -> Region:
        found, null = drawn
        if isinstance(found, Spans):
            return Spans(found.spans, null is True)
        return Values(found.values, found.others, null is True)

    def any_of(self, nodes: tuple[n.Node, ...]) -> Drawn:
        result = self.test(nodes[0])
        for node in nodes[1:]:
            result = self.either(result, self.test(node))
        return result

    def either(self, left: Drawn, right: Drawn) -> Drawn:
        null = True if True in (left[1], right[1]) else None if None in (left[1], right[1]) else False
        return _without_null(union(left[0], right[0])), null

    def negated(self, drawn: Drawn) -> Drawn:
        return _without_null(complement(drawn[0])), None if drawn[1] is None else not drawn[1]

    def both(self, left: Drawn, right: Drawn) -> Drawn:
        return self.negated(self.either(self.negated(left), self.negated(right)))

    def test(self, node: n.Node) -> Drawn:
        """A positive unary test."""
        if isinstance(node, n.UnaryComparison):
            return self.compared(node.operator, constant(node.operand, self.text))
        if isinstance(node, n.RangeNode):
            return self.range(node)
        if _mentions_value(node):
            return self.about_value(node)
        value = constant(node, self.text)
        if isinstance(value, list):
            raise Beyond
        return self.compared("=", value)

    def about_value(self, node: n.Node) -> Drawn:
        """A test in which `?` is written out."""
        if isinstance(node, n.Binary):
            if node.operator == "and":
                return self.both(self.about_value(node.left), self.about_value(node.right))
            if node.operator == "or":
                return self.either(self.about_value(node.left), self.about_value(node.right))
            if node.operator in _MIRRORED:
                if _is_value(node.left):
                    return self.compared(node.operator, constant(node.right, self.text))
                if _is_value(node.right):
                    return self.compared(_MIRRORED[node.operator], constant(node.left, self.text))
        if isinstance(node, n.Between) and _is_value(node.value):
            low, high = constant(node.low, self.text), constant(node.high, self.text)
            return self.both(self.compared(">=", low), self.compared("<=", high))
        if isinstance(node, n.In) and _is_value(node.value):
            return self.any_of(node.tests)
        if isinstance(node, n.Call) and isinstance(node.function, n.Name) and node.function.name == "not" and len(node.arguments) == 1:
            return self.negated(self.about_value(node.arguments[0]))
        raise Beyond

    def range(self, node: n.RangeNode) -> Drawn:
        low, high = self._end(node.low), self._end(node.high)
        if low is None or high is None:
            return self.nothing(), None
        start = self.domain.cut(low, 0 if node.low_included else 1)
        end = self.domain.cut(high, 1 if node.high_included else 0)
        return span_set([(start, end)]), None

    def _end(self, node: n.Node) -> Any:
        value = constant(node, self.text)
        if value is None or not self.domain.ordered:
            raise Beyond
        return None if kind_of(value) != self.domain.kind else key_of(self.domain, value)

    def compared(self, operator: str, value: Any) -> Drawn:
        if value is None:
            if operator not in ("=", "!="):
                return self.nothing(), None
            return (self.nothing(), True) if operator == "=" else (_without_null(self.domain.everything()), False)
        if kind_of(value) != self.domain.kind:
            if operator in ("=", "!=") or kind_of(value) in SUPPORTED:
                return self.nothing(), None
            raise Beyond
        if operator in ("=", "!="):
            found: Drawn = (self.just(value), False)
            return found if operator == "=" else self.negated(found)
        if not self.domain.ordered:
            raise Beyond
        return span_set([_half(operator, self.domain, key_of(self.domain, value))]), None

    def just(self, value: Any) -> Region:
        if not self.domain.ordered:
            return Values(frozenset({value}))
        key = key_of(self.domain, value)
        return span_set([(self.domain.cut(key, 0), self.domain.cut(key, 1))])

    def nothing(self) -> Region:
        return Spans(()) if self.domain.ordered else Values(frozenset())


_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


def _half(operator: str, domain: Domain, key: Any) -> Span:
    if operator == "<":
        return (None, domain.cut(key, 0))
    if operator == "<=":
        return (None, domain.cut(key, 1))
    return (domain.cut(key, 1 if operator == ">" else 0), None)


def _without_null(region: Region) -> Region:
    return Spans(region.spans) if isinstance(region, Spans) else Values(region.values, region.others)


def _is_value(node: n.Node) -> bool:
    return isinstance(node, n.Name) and node.name == "?"


def _mentions_value(node: n.Node) -> bool:
    return any(_is_value(part) for part in n.walk(node))
