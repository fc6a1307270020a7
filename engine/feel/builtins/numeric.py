"""Numeric functions (DMN 1.5, 10.3.4.5, table 76) and not()."""

from __future__ import annotations

import decimal
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from amends.engine.feel import temporal as t
from amends.engine.feel.builtins.registry import define
from amends.engine.feel.numbers import MATH, whole
from amends.engine.feel.operators import negate
from amends.engine.feel.run import Run
from amends.engine.feel.values import Fault

MIN_SCALE, MAX_SCALE = -6111, 6176
_WIDE = decimal.Context(prec=12_400, Emin=-12_400, Emax=12_400)


def _rounded(n: Decimal, scale: Decimal, rounding: str) -> Decimal:
    digits = whole(scale)
    if not MIN_SCALE <= digits <= MAX_SCALE:
        raise Fault(f"The scale is between {MIN_SCALE} and {MAX_SCALE}")
    exponent = n.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= digits:
        return n
    rounded = n.quantize(Decimal((0, (1,), -digits)), rounding, _WIDE)
    return MATH.plus(rounded)


def _define_rounding(name: str, rounding: str, *forms: str) -> None:
    @define(name, *forms)
    def round_to(run: Run, n: Decimal, scale: Decimal | None = None) -> Decimal:
        return _rounded(n, scale or Decimal(0), rounding)


_define_rounding("decimal", decimal.ROUND_HALF_EVEN, "n:number, scale:number")
_define_rounding("round up", decimal.ROUND_UP, "n:number, scale:number")
_define_rounding("round down", decimal.ROUND_DOWN, "n:number, scale:number")
_define_rounding("round half up", decimal.ROUND_HALF_UP, "n:number, scale:number")
_define_rounding("round half down", decimal.ROUND_HALF_DOWN, "n:number, scale:number")
_define_rounding("floor", decimal.ROUND_FLOOR, "n:number", "n:number, scale:number")
_define_rounding("ceiling", decimal.ROUND_CEILING, "n:number", "n:number, scale:number")


@define("abs", "n:number|days and time duration|years and months duration")
def absolute(run: Run, n: Any) -> Any:
    if isinstance(n, Decimal):
        return abs(n)
    if isinstance(n, t.YearMonthDuration):
        return t.YearMonthDuration(abs(n.months))
    return negate(n) if t.duration_nanos(n) < 0 else n


@define("modulo", "dividend:number, divisor:number")
def modulo(run: Run, dividend: Decimal, divisor: Decimal) -> Decimal:
    if divisor.is_zero():
        raise Fault("The divisor is 0")
    rest = _WIDE.remainder(dividend, divisor)
    if not rest.is_zero() and rest.is_signed() != divisor.is_signed():
        rest = _WIDE.add(rest, divisor)
    return MATH.plus(rest)


def _calculated(function: Callable[[Decimal], Decimal], value: Decimal) -> Decimal:
    try:
        result = function(value)
    except decimal.DecimalException:
        raise Fault("The result is not a number") from None
    if not result.is_finite():
        raise Fault("The result is not a finite number")
    return result


@define("sqrt", "number:number")
def square_root(run: Run, number: Decimal) -> Decimal:
    return _calculated(MATH.sqrt, number)


@define("log", "number:number")
def logarithm(run: Run, number: Decimal) -> Decimal:
    return _calculated(MATH.ln, number)


@define("exp", "number:number")
def exponential(run: Run, number: Decimal) -> Decimal:
    return _calculated(MATH.exp, number)


@define("odd", "number:number")
def odd(run: Run, number: Decimal) -> bool:
    return abs(_WIDE.remainder(number, Decimal(2))) == 1


@define("even", "number:number")
def even(run: Run, number: Decimal) -> bool:
    return _WIDE.remainder(number, Decimal(2)).is_zero()


@define("random number", ours=True)
def random_number(run: Run) -> Decimal:
    return Decimal(repr(random.random()))  # noqa: S311 - a number for sampling, no secret


@define("not", "negand:boolean")
def negation(run: Run, negand: bool) -> bool:
    return not negand
