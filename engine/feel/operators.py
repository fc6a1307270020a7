"""Equality, order and arithmetic of FEEL values (DMN 1.5, 10.3.2.3 and tables 42, 48, 50-57). A fault is raised as Fault."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, DecimalException
from typing import Any

from amends.engine.feel import temporal as t
from amends.engine.feel.numbers import MATH
from amends.engine.feel.run import Meter
from amends.engine.feel.values import Fault, Function, Range, kind_of

_DTD = "days and time duration"
_YMD = "years and months duration"
_DT = "date and time"
_LONGEST = Decimal(10**30)


def equal(a: Any, b: Any, meter: Meter | None = None) -> bool:
    """a = b. Null equals null only; values of different types are a fault. `meter` is charged for lists and contexts."""
    if a is None or b is None:
        return a is b
    kind = kind_of(a)
    if kind != kind_of(b):
        raise Fault(f"a {kind} cannot be compared with a {kind_of(b)}")
    if kind in ("list", "context"):
        return _equal_inside(a, b, meter)
    if kind == "range":
        return _equal_ranges(a, b)
    if kind in (_DT, "time"):
        return _moment(a) == _moment(b)
    if isinstance(a, Function):
        return a is b
    return bool(a == b)


def _equal_inside(a: Any, b: Any, meter: Meter | None) -> bool:
    if len(a) != len(b):
        return False
    if meter is not None:
        meter.charge(4 * len(a) + 4)
    if isinstance(a, list):
        return all(same(x, y, meter) for x, y in zip(a, b, strict=True))
    return a.keys() == b.keys() and all(same(value, b[key], meter) for key, value in a.items())


def same(a: Any, b: Any, meter: Meter | None = None) -> bool:
    """Whether two values are equal, values of different types being unequal."""
    try:
        return equal(a, b, meter)
    except Fault:
        return False


def _equal_ranges(a: Range, b: Range) -> bool:
    shape = (a.low_included, a.high_included, a.operator) == (b.low_included, b.high_included, b.operator)
    return shape and same(a.low, b.low) and same(a.high, b.high)


def _moment(value: t.DateTime | t.Time) -> tuple[int, bool]:
    """What a time or a date and time is compared by: whole seconds, and whether they are of UTC or of an unknown clock."""
    if isinstance(value, t.Time):
        offset = value.offset
        return (value.nanos - (offset or 0)) // t.NANO, offset is not None
    return t.instant(value) // t.NANO, t.datetime_zone(value) is not None


def order(a: Any, b: Any) -> int:
    """Below 0, 0 or above 0 as a is before, at or after b; a fault where they have no order."""
    kind = kind_of(a)
    if kind != kind_of(b):
        raise Fault(f"a {kind} and a {kind_of(b)} have no order")
    if kind in ("number", "string", _YMD):
        return int(a > b) - int(a < b)
    if kind == _DTD:
        return _sign(t.duration_nanos(a) - t.duration_nanos(b))
    if kind == "date":
        return _sign(t.days_of(a) - t.days_of(b))
    if kind in (_DT, "time"):
        (first, first_zoned), (second, second_zoned) = _moment(a), _moment(b)
        if first_zoned != second_zoned:
            raise Fault("one has a time zone and the other has none, so they have no order")
        return _sign(first - second)
    raise Fault(f"two values of type {kind} have no order")


def _sign(value: int) -> int:
    return int(value > 0) - int(value < 0)


def compare(operator: str, a: Any, b: Any) -> bool:
    """a < b and its kin."""
    result = order(a, b)
    if operator == "<":
        return result < 0
    if operator == "<=":
        return result <= 0
    return result > 0 if operator == ">" else result >= 0


def contains(range_: Range, value: Any) -> bool:
    """Whether a value lies in a range; a fault where it cannot be compared with the ends."""
    if range_.operator == "=":
        return equal(value, range_.low)
    if range_.operator == "!=":
        return not equal(value, range_.low)
    if range_.operator is None and (range_.low is None or range_.high is None):
        raise Fault("an end of the range is null")
    if range_.low is not None:
        result = order(value, range_.low)
        if result < 0 or result == 0 and not range_.low_included:
            return False
    if range_.high is not None:
        result = order(value, range_.high)
        if result > 0 or result == 0 and not range_.high_included:
            return False
    return True


def matches(value: Any, test: Any, meter: Meter | None = None) -> bool | None:
    """`value in test`: the test is a range that holds it, a list that has it (or whose parts match it), or equal to it."""
    if isinstance(test, Range):
        if value is None:
            raise Fault("null is compared with a range")
        return contains(test, value)
    if isinstance(test, list):
        if same(value, test, meter):
            return True
        return any(_matches_part(value, part, meter) for part in test)
    if isinstance(value, list) and test is not None:
        return len(value) == 1 and same(value[0], test, meter)
    return equal(value, test, meter)


def _matches_part(value: Any, part: Any, meter: Meter | None) -> bool:
    if isinstance(part, Range):
        if isinstance(value, Range):
            return equal(value, part)
        try:
            return value is not None and contains(part, value)
        except Fault:
            return False
    return same(value, part, meter)


def add(a: Any, b: Any) -> Any:
    """a + b: numbers, strings, durations, and moments with durations."""
    kinds = kind_of(a), kind_of(b)
    if kinds == ("number", "number"):
        return _decimal(MATH.add, a, b)
    if kinds == ("string", "string"):
        return a + b
    if kinds[0] in ("date", _DT, "time"):
        return _moved(a, b, 1)
    if kinds[1] in ("date", _DT, "time"):
        return _moved(b, a, 1)
    if kinds == (_YMD, _YMD):
        return t.YearMonthDuration(a.months + b.months)
    if kinds == (_DTD, _DTD):
        return t.make_duration(t.duration_nanos(a) + t.duration_nanos(b))
    raise Fault(f"a {kinds[0]} and a {kinds[1]} cannot be added")


def subtract(a: Any, b: Any) -> Any:
    """a - b: numbers, durations, moments less durations, and the time between two moments."""
    kinds = kind_of(a), kind_of(b)
    if kinds == ("number", "number"):
        return _decimal(MATH.subtract, a, b)
    if kinds[0] in ("date", _DT) and kinds[1] in ("date", _DT):
        return _between(a, b)
    if kinds == ("time", "time"):
        if (a.zone is None) != (b.zone is None):
            raise Fault("one time has a time zone and the other has none")
        return t.make_duration(a.nanos - (a.offset or 0) - b.nanos + (b.offset or 0))
    if kinds[0] in ("date", _DT, "time"):
        return _moved(a, b, -1)
    if kinds == (_YMD, _YMD):
        return t.YearMonthDuration(a.months - b.months)
    if kinds == (_DTD, _DTD):
        return t.make_duration(t.duration_nanos(a) - t.duration_nanos(b))
    raise Fault(f"a {kinds[1]} cannot be subtracted from a {kinds[0]}")


def _between(a: Any, b: Any) -> t.Duration:
    if kind_of(a) == kind_of(b) == "date":
        return t.make_duration((t.days_of(a) - t.days_of(b)) * t.DAY)
    first, second = midnight(a), midnight(b)
    if (t.datetime_zone(first) is None) != (t.datetime_zone(second) is None):
        raise Fault("one has a time zone and the other has none, so the time between them is unknown")
    return t.make_duration(t.instant(first) - t.instant(second))


def midnight(value: t.Date | t.DateTime) -> t.DateTime:
    """A date as a date and time counts from midnight UTC (DMN 1.5, 10.3.2.3.7)."""
    if isinstance(value, dt.datetime | t.WideDateTime):
        return value
    return t.make_datetime(t.days_of(value), 0, dt.UTC) or t.WideDateTime(t.days_of(value), 0, dt.UTC)


def _moved(moment: Any, duration: Any, sign: int) -> Any:
    kind = kind_of(duration)
    result: Any = None
    if kind == _YMD and kind_of(moment) != "time":
        result = t.add_months(moment, sign * duration.months)
    elif kind == _DTD:
        nanos = sign * t.duration_nanos(duration)
        if isinstance(moment, t.Time):
            return t.time_from_nanos(moment.nanos + nanos, moment.zone)
        if isinstance(moment, dt.datetime | t.WideDateTime):
            result = t.add_nanos(moment, nanos)
        else:
            result = t.date_from_days((t.days_of(moment) * t.DAY + nanos) // t.DAY)
    else:
        raise Fault(f"a {kind_of(moment)} and a {kind} cannot be {'added' if sign > 0 else 'subtracted'}")
    if result is None:
        raise Fault("the result is beyond the calendar")
    return result


def multiply(a: Any, b: Any) -> Any:
    """a * b: numbers, and durations by numbers."""
    kinds = kind_of(a), kind_of(b)
    if kinds == ("number", "number"):
        return _decimal(MATH.multiply, a, b)
    if kinds[0] == "number":
        a, b, kinds = b, a, (kinds[1], kinds[0])
    if kinds == (_DTD, "number"):
        return t.make_duration(_amount(_decimal(MATH.multiply, Decimal(t.duration_nanos(a)), b)))
    if kinds == (_YMD, "number"):
        return t.YearMonthDuration(_amount(_decimal(MATH.multiply, Decimal(a.months), b)))
    raise Fault(f"a {kinds[0]} and a {kinds[1]} cannot be multiplied")


def divide(a: Any, b: Any) -> Any:
    """a / b: numbers, durations by numbers, and durations by durations of their kind."""
    kinds = kind_of(a), kind_of(b)
    if kinds == ("number", "number"):
        return _decimal(MATH.divide, a, b)
    if kinds == (_DTD, "number"):
        return t.make_duration(_amount(_decimal(MATH.divide, Decimal(t.duration_nanos(a)), b)))
    if kinds == (_YMD, "number"):
        return t.YearMonthDuration(_amount(_decimal(MATH.divide, Decimal(a.months), b)))
    if kinds == (_DTD, _DTD):
        return _decimal(MATH.divide, Decimal(t.duration_nanos(a)), Decimal(t.duration_nanos(b)))
    if kinds == (_YMD, _YMD):
        return _decimal(MATH.divide, Decimal(a.months), Decimal(b.months))
    raise Fault(f"a {kinds[0]} cannot be divided by a {kinds[1]}")


def _amount(value: Decimal) -> int:
    """A calculated duration in its unit."""
    if abs(value) >= _LONGEST:
        raise Fault("the duration is longer than any calendar")
    return int(value)


def power(a: Any, b: Any) -> Any:
    """a ** b of numbers."""
    if type(a) is not Decimal or type(b) is not Decimal:
        raise Fault(f"a {kind_of(a)} cannot be raised to a {kind_of(b)}")
    if b.is_zero():
        return Decimal(1)
    return _decimal(MATH.power, a, b)


def negate(a: Any) -> Any:
    """-a of a number or duration."""
    kind = kind_of(a)
    if kind == "number":
        return MATH.minus(a)
    if kind == _DTD:
        return t.make_duration(-t.duration_nanos(a))
    if kind == _YMD:
        return t.YearMonthDuration(-a.months)
    raise Fault(f"a {kind} has no negative")


def _decimal(operation: Callable[[Decimal, Decimal], Decimal], a: Decimal, b: Decimal) -> Decimal:
    try:
        result = operation(a, b)
    except DecimalException:
        raise Fault("the result is not a number (a division by zero, or beyond the largest number)") from None
    if not result.is_finite():
        raise Fault("the result is not a finite number")
    return result
