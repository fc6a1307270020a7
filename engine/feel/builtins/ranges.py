"""Range functions (DMN 1.5, 10.3.4.7, table 79) and range() (10.3.4.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from amends.engine.feel import nodes as n
from amends.engine.feel import operators as ops
from amends.engine.feel.builtins.registry import define
from amends.engine.feel.run import Run
from amends.engine.feel.values import Fault, Range, kind_of

_LOWEST, _HIGHEST = object(), object()


def _order(a: Any, b: Any) -> int:
    """The order of two ends, of which a missing one lies beyond all."""
    if a is b and a in (_LOWEST, _HIGHEST):
        return 0
    if a is _LOWEST or b is _HIGHEST:
        return -1
    if a is _HIGHEST or b is _LOWEST:
        return 1
    return ops.order(a, b)


class _Span:
    """A range, or a point as the range that holds only it."""

    def __init__(self, value: Any) -> None:
        if value is None:
            raise Fault("null is no point and no range")
        self.point = not isinstance(value, Range)
        if isinstance(value, Range):
            if value.operator == "!=" or value.operator is None and (value.low is None or value.high is None):
                raise Fault("The range has an end that is null, or a gap")
            self.low = _LOWEST if value.low is None else value.low
            self.high = _HIGHEST if value.high is None else value.high
            self.low_in, self.high_in = value.low_included, value.high_included
        else:
            self.low = self.high = value
            self.low_in = self.high_in = True


def _before(a: _Span, b: _Span) -> bool:
    result = _order(a.high, b.low)
    return result < 0 or result == 0 and not (a.high_in and b.low_in)


def _meets(a: _Span, b: _Span) -> bool:
    return _order(a.high, b.low) == 0 and a.high_in and b.low_in


def _overlaps(a: _Span, b: _Span) -> bool:
    return not _before(a, b) and not _before(b, a)


def _starts_first(a: _Span, b: _Span) -> bool:
    result = _order(a.low, b.low)
    return result < 0 or result == 0 and a.low_in and not b.low_in


def _ends_within(a: _Span, b: _Span) -> bool:
    result = _order(a.high, b.high)
    return result < 0 or result == 0 and (not a.high_in or b.high_in)


def _begins_within(a: _Span, b: _Span) -> bool:
    result = _order(a.low, b.low)
    return result > 0 or result == 0 and (not a.low_in or b.low_in)


def _overlaps_before(a: _Span, b: _Span) -> bool:
    return _starts_first(a, b) and not _before(a, b) and _ends_within(a, b)


def _finishes(a: _Span, b: _Span) -> bool:
    return _order(a.high, b.high) == 0 and a.high_in == b.high_in and _begins_within(a, b)


def _starts(a: _Span, b: _Span) -> bool:
    return _order(a.low, b.low) == 0 and a.low_in == b.low_in and _ends_within(a, b)


def _during(a: _Span, b: _Span) -> bool:
    return _begins_within(a, b) and _ends_within(a, b)


def _coincides(a: _Span, b: _Span) -> bool:
    ends = _order(a.low, b.low) == 0 and _order(a.high, b.high) == 0
    return ends and a.low_in == b.low_in and a.high_in == b.high_in


def _swap(relation: Callable[[_Span, _Span], bool]) -> Callable[[_Span, _Span], bool]:
    return lambda a, b: relation(b, a)


_POINT, _RANGE = "any", "range"
_BOTH = (("point1", _POINT, "point2", _POINT), ("point", _POINT, "range", _RANGE), ("range", _RANGE, "point", _POINT))
_TWO_RANGES = ("range1", _RANGE, "range2", _RANGE)
_POINT_IN_RANGE = ("point", _POINT, "range", _RANGE)
_RANGE_OF_POINT = ("range", _RANGE, "point", _POINT)


def _relation(name: str, relation: Callable[[_Span, _Span], bool], *forms: tuple[str, str, str, str]) -> None:
    texts = [f"{first}:{kind}, {second}:{other}" for first, kind, second, other in forms]
    points = [(kind == _POINT, other == _POINT) for _, kind, _, other in forms]

    @define(name, *texts)
    def related(run: Run, a: Any, b: Any) -> bool:
        first, second = _Span(a), _Span(b)
        if (first.point, second.point) not in points:
            raise Fault(f"{name} does not relate a {kind_of(a)} to a {kind_of(b)}")
        return relation(first, second)


_relation("before", _before, _TWO_RANGES, *_BOTH)
_relation("after", _swap(_before), _TWO_RANGES, *_BOTH)
_relation("meets", _meets, _TWO_RANGES)
_relation("met by", _swap(_meets), _TWO_RANGES)
_relation("overlaps", _overlaps, _TWO_RANGES)
_relation("overlaps before", _overlaps_before, _TWO_RANGES)
_relation("overlaps after", _swap(_overlaps_before), _TWO_RANGES)
_relation("includes", _swap(_during), _TWO_RANGES, _RANGE_OF_POINT)
_relation("during", _during, _TWO_RANGES, _POINT_IN_RANGE)
_relation("coincides", _coincides, _TWO_RANGES, ("point1", _POINT, "point2", _POINT))


def _point_at(relation: Callable[[_Span, _Span], bool], low: bool) -> Callable[[_Span, _Span], bool]:
    """A point starts (finishes) a range whose end it is and that has this end."""

    def related(a: _Span, b: _Span) -> bool:
        if not a.point:
            return relation(a, b)
        return _order(a.low, b.low if low else b.high) == 0 and (b.low_in if low else b.high_in)

    return related


_relation("starts", _point_at(_starts, True), _TWO_RANGES, _POINT_IN_RANGE)
_relation("started by", _swap(_point_at(_starts, True)), _TWO_RANGES, _RANGE_OF_POINT)
_relation("finishes", _point_at(_finishes, False), _TWO_RANGES, _POINT_IN_RANGE)
_relation("finished by", _swap(_point_at(_finishes, False)), _TWO_RANGES, _RANGE_OF_POINT)

_END_FUNCTIONS = frozenset(("date", "time", "date and time", "duration"))


def _is_constant_end(node: n.Node) -> bool:
    if isinstance(node, n.Negation):
        node = node.operand
    if isinstance(node, n.Literal | n.AtLiteral):
        return True
    if isinstance(node, n.Call) and isinstance(node.function, n.Name) and node.function.name in _END_FUNCTIONS:
        return len(node.arguments) == 1 and isinstance(node.arguments[0], n.Literal)
    return False


@define("range", "from:string")
def range_of(run: Run, text: str) -> Range:
    from amends.engine.feel.errors import FeelError
    from amends.engine.feel.expression import parse  # the parser knows the names of the built-in functions

    try:
        expression = parse(text)
    except FeelError:
        raise Fault(f"«{text}» is no range") from None
    node = expression.ast
    if not (isinstance(node, n.RangeNode) and _is_constant_end(node.low) and _is_constant_end(node.high)):
        raise Fault(f"«{text}» is no range between two constants")
    value = expression.evaluate({})
    if not isinstance(value, Range) or value.low is None or value.high is None or ops.order(value.low, value.high) > 0:
        raise Fault(f"«{text}» is no range from a value to one not below it")
    return value
