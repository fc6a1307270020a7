"""Numbers of FEEL: decimals of 34 digits, rounded half even (DMN 1.5, 10.3.2.3.1; IEEE 754 decimal128)."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

MATH = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, clamp=0, traps=[InvalidOperation, DivisionByZero, Overflow])
ZERO = Decimal(0)
ONE = Decimal(1)
FAR = Decimal(10**18)
EXACT = 10**34
"""Whole numbers nearer to 0 than this have 34 digits at most, and so need no rounding."""


def read_number(text: str) -> Decimal | None:
    """The number a literal stands for, null where it is beyond decimal128."""
    try:
        return MATH.create_decimal(text)
    except (InvalidOperation, Overflow):
        return None


def from_python(value: int | float | Decimal) -> Decimal | None:
    """A number of the context as FEEL's; null for what is not a finite number."""
    try:
        if isinstance(value, float):
            if not math.isfinite(value):
                return None
            return MATH.create_decimal(repr(value))
        number = MATH.create_decimal(value)
        return number if number.is_finite() else None
    except (InvalidOperation, Overflow):
        return None


def number_text(value: Decimal) -> str:
    """A number in plain notation without trailing zeros after the point."""
    text = str(value)
    if text.isdigit():
        return text
    if value.is_zero():
        return "0"
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text


def is_whole(value: Decimal) -> bool:
    """Whether a number has no fraction."""
    return value == value.to_integral_value()


def whole(value: Decimal) -> int:
    """A number without its fraction, as a count or position; numbers no list or calendar reaches become that far limit."""
    if abs(value) >= FAR:
        return -int(FAR) if value < 0 else int(FAR)
    return int(value)
