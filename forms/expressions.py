"""FEEL in forms: properties that may be an expression (`=…`), compiled once; and the plain data they give back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from amends.engine.feel import FeelError, parse

MAX_EXPRESSION = 4000
"""Longest expression accepted, in characters."""

MAX_DEPTH = 20
"""How deep a computed value may be nested before it is cut off."""


@dataclass(frozen=True)
class Constant:
    """A property that is what it says."""

    value: Any

    def evaluate(self, context: Mapping[str, Any]) -> Any:
        """The value, whatever the context."""
        return self.value


class Expression:
    """A property that starts with `=`: FEEL, compiled once, null when it cannot be evaluated (DMN 1.5, 10.3.2.13)."""

    def __init__(self, text: str) -> None:
        """Compile `text` (without the leading `=`); raises FeelError."""
        if len(text) > MAX_EXPRESSION:
            raise FeelError(
                f"The expression is {len(text)} characters long; the most is {MAX_EXPRESSION}. Move part of it into a decision."
            )
        self.text = text
        self._compiled = parse(text)

    def evaluate(self, context: Mapping[str, Any]) -> Any:
        """The value in `context`, or None when evaluation runs out of its budget."""
        try:
            return self._compiled.evaluate(context, warnings=[])
        except FeelError:
            return None


def compile_property(raw: Any) -> Constant | Expression:
    """Compile a property that may be an expression; raises FeelError where `=…` is no FEEL."""
    if isinstance(raw, str) and raw.startswith("="):
        return Expression(raw[1:].strip())
    return Constant(raw)


def plain(value: Any, depth: int = 0) -> Any:
    """A FEEL value as data an engine or JSON can keep: dates as ISO text, whole numbers as int, other numbers as Decimal."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return plain(Decimal(str(value)))
    if isinstance(value, Decimal):
        return plain_number(value)
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, Mapping):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if callable(value):
        return None
    return duration_text(value) if isinstance(value, timedelta) else str(value)


def plain_number(value: Decimal) -> int | Decimal | None:
    """A whole number as int, any other as it is, nothing for what is no number."""
    if not value.is_finite():
        return None
    if value == value.to_integral_value() and abs(value.adjusted()) <= 40:
        return int(value)
    return value


def duration_text(value: timedelta) -> str:
    """A duration in ISO 8601."""
    sign = "-" if value < timedelta(0) else ""
    total = abs(value)
    hours, rest = divmod(total.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    clock = "".join(f"{amount}{unit}" for amount, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if amount)
    days = f"{total.days}D" if total.days else ""
    return f"{sign}P{days}{'T' + clock if clock else ''}" if days or clock else "PT0S"
