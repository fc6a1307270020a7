"""FEEL in forms: properties that may be an expression (`=…`), compiled once; and the plain data they give back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from amends.engine.feel import BudgetError, FeelError, Function, Meter, parse, value_text

MAX_EXPRESSION = 4000
"""Longest expression accepted, in characters."""

MAX_DEPTH = 20
"""How deep a computed value may be nested before it is cut off."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Settings:
    """What all expressions of one look at a form share: the clock, our own functions, and one budget.

    One for all, because a form with a thousand slow rules must not hang a page either.
    """

    now: Callable[[], datetime] = _utc_now
    functions: Mapping[str, Callable[..., Any]] | None = None
    meter: Meter = field(default_factory=Meter)
    exhausted: bool = False


@dataclass(frozen=True)
class Seen:
    """What an expression sees: names with their values, and the settings."""

    names: Mapping[str, Any]
    settings: Settings = field(default_factory=Settings)

    def inside(self, names: Mapping[str, Any]) -> Seen:
        """The same with these names on top."""
        return Seen({**self.names, **names}, self.settings)


@dataclass(frozen=True)
class Constant:
    """A property that is what it says."""

    value: Any

    def evaluate(self, seen: Seen) -> Any:
        """The value, whatever is seen."""
        return self.value


class Expression:
    """A property that starts with `=`: FEEL, compiled once, null where it has no value (DMN 1.5, 10.3.2.13)."""

    def __init__(self, text: str) -> None:
        """Compile `text` (without the leading `=`); raises FeelError."""
        if len(text) > MAX_EXPRESSION:
            raise FeelError(
                f"The expression is {len(text)} characters long; the most is {MAX_EXPRESSION}.", help="Move part of it into a decision."
            )
        self.text = text
        self._compiled = parse(text)

    @property
    def calls(self) -> frozenset[str]:
        """The functions it calls that FEEL does not have."""
        return self._compiled.calls

    def evaluate(self, seen: Seen) -> Any:
        """The value; None, and `exhausted` set, when the budget is spent."""
        settings = seen.settings
        try:
            return self._compiled.evaluate(seen.names, functions=settings.functions, now=settings.now, budget=settings.meter)
        except BudgetError:
            settings.exhausted = True
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
    return None if isinstance(value, Function) or callable(value) else value_text(value)


def plain_number(value: Decimal) -> int | Decimal | None:
    """A whole number as int, any other as it is, nothing for what is no number."""
    if not value.is_finite():
        return None
    if value == value.to_integral_value() and abs(value.adjusted()) <= 40:
        return int(value)
    return value
