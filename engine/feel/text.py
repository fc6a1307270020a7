"""string() of any value, and of lists and contexts in depth."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from amends.engine.feel.cursor import KEYWORDS
from amends.engine.feel.numbers import number_text
from amends.engine.feel.run import Meter
from amends.engine.feel.tokens import escape
from amends.engine.feel.values import Function, Range, kind_of, scalar_text


def value_text(value: Any, meter: Meter | None = None) -> str | None:
    """The string a value converts to, null for null (DMN 1.5, 10.3.4.1, string); `meter` is charged for lists and contexts."""
    if value is None:
        return None
    if isinstance(value, str):
        return value
    return _inner(value, meter, {})


def _inner(value: Any, meter: Meter | None, known: dict[int, str]) -> str:
    """`known` holds the texts of lists and contexts by their identity: one that stands in many places is written once."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return escape(value)
    if type(value) is Decimal:
        return number_text(value)
    if isinstance(value, list | dict):
        if meter is not None:
            meter.charge(4 * len(value) + 4)
        elif (found := known.get(id(value))) is not None:
            return found
        if isinstance(value, list):
            text = "[" + ", ".join(_inner(item, meter, known) for item in value) + "]"
        else:
            text = "{" + ", ".join(f"{_key(key)}: {_inner(item, meter, known)}" for key, item in value.items()) + "}"
        if meter is not None:
            meter.text(len(text))
        known[id(value)] = text
        return text
    if isinstance(value, Range):
        return _range(value)
    if isinstance(value, Function):
        return f"function({', '.join(value.parameter_sets()[0])})"
    return scalar_text(value) or kind_of(value)


def _key(key: str) -> str:
    plain = key.replace(" ", "_").isidentifier() and key not in KEYWORDS
    return key if plain else escape(key)


def _range(value: Range) -> str:
    if value.operator is not None:
        end = value.high if value.operator in ("<", "<=") else value.low
        return f"({value.operator} {_end(end)})"
    opening, closing = "[" if value.low_included else "(", "]" if value.high_included else ")"
    return f"{opening}{_end(value.low)}..{_end(value.high)}{closing}"


def _end(value: Any) -> str:
    text = _inner(value, None, {})
    return f'@"{text}"' if kind_of(value) not in ("null", "number", "string", "boolean") else text
