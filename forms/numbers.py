"""Numbers as people type them, as exact decimals."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

MAX_DIGITS = 34
"""What decimal128, FEEL's number, holds (DMN 1.5, 10.3.2.3.1)."""

_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[ ,'\u00a0\u2009\u202f]\d{3})+(?:\.\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,(?:\d{1,2}|\d{4,})", re.ASCII)


class NumberFault(ValueError):
    """What was typed is no number; `code` names the message."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_number(raw: Any) -> Decimal:
    """The number in a text like 1,250.50 or 12,5 or −3, or a number; raises NumberFault."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        raise NumberFault("number.kind")
    if isinstance(raw, str):
        raw = _untyped(raw)
    try:
        number = Decimal(str(raw) if isinstance(raw, float) else raw)
    except (InvalidOperation, ValueError):
        raise NumberFault("number.kind") from None
    if not number.is_finite():
        raise NumberFault("number.kind")
    if len(number.as_tuple().digits) > MAX_DIGITS or abs(number.adjusted()) > MAX_DIGITS:
        raise NumberFault("number.size")
    return number


def _untyped(text: str) -> str:
    text = text.strip().replace("\u2212", "-")
    if len(text) > 2 * MAX_DIGITS:
        raise NumberFault("number.size" if re.fullmatch(r"[+-]?[\d., ]+", text) else "number.kind")
    if _PLAIN.fullmatch(text):
        return text
    if _GROUPED.fullmatch(text):
        return re.sub(r"[^\d.+-]", "", text)
    if _DECIMAL_COMMA.fullmatch(text):
        return text.replace(",", ".")
    raise NumberFault("number.kind")


def decimals(number: Decimal) -> int:
    """How many digits stand after the point."""
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def write_number(number: Decimal) -> str:
    """A number without an exponent: 1250.50."""
    return format(number, "f")
