"""FEEL's values in Python, and how values of a host program become them.

number: Decimal · string: str · boolean: bool · null: None · list: list · context: dict · temporal: see temporal.py ·
range: Range · function: Function.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from amends.engine.feel import temporal as t
from amends.engine.feel import temporal_text as tt
from amends.engine.feel.numbers import from_python, is_whole, number_text

if TYPE_CHECKING:
    from amends.engine.feel.nodes import TypeNode
    from amends.engine.feel.run import Run


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """All values between two, or on one side of one. `operator` is set for (< 10), (>= 5), (= 7), (!= 7).

    Equality is FEEL's: the same ends, the same inclusions, and written with the same operator or none.
    """

    low: Any
    high: Any
    low_included: bool = True
    high_included: bool = True
    operator: str | None = None

    def _key(self) -> tuple[Any, ...]:
        return self.low, self.high, self.low_included, self.high_included, self.operator

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Range) else NotImplemented

    def __hash__(self) -> int:
        return hash((type(self.low), self.low_included, self.high_included, self.operator))


class Function:
    """A FEEL function as a value."""

    __slots__ = ()

    name: str = ""

    def parameter_sets(self) -> list[tuple[str, ...]]:
        """The lists of parameter names it can be called with."""
        raise NotImplementedError

    def accepts(self, arguments: Sequence[TypeNode], result: TypeNode | None) -> bool:
        """Whether the function is one of type function<arguments> -> result, as far as it tells."""
        raise NotImplementedError

    def call(self, run: Run, arguments: list[Any]) -> Any:
        """Call with positional arguments; a fault is a Fault, which becomes null with its message as the warning."""
        raise NotImplementedError

    def call_named(self, run: Run, arguments: dict[str, Any]) -> Any:
        """Call with named arguments."""
        raise NotImplementedError


class Fault(Exception):  # noqa: N818 - not an error for callers: it never leaves an evaluation
    """A run-time fault inside an evaluation: the part becomes null, the message a warning."""


NATIVE = frozenset(
    (
        type(None), bool, str, Decimal, dt.date, dt.datetime, dt.timedelta,
        t.Time, t.WideDate, t.WideDateTime, t.WideDuration, t.YearMonthDuration, Range,
    )
)  # fmt: skip


def normalize(value: Any) -> Any:
    """A host program's value as FEEL's; the same object where nothing has to change, null for what FEEL has no type for."""
    kind = type(value)
    if kind in NATIVE:
        if kind is Decimal and not value.is_finite():
            return None
        return value
    if kind is int or kind is float:
        return from_python(value)
    if kind is list:
        return _normal_list(value)
    if kind is dict:
        return _normal_dict(value)
    return _normalize_other(value)


def _normal_list(value: list[Any]) -> list[Any]:
    items = [normalize(item) for item in value]
    return value if all(a is b for a, b in zip(items, value, strict=True)) else items


def _normal_dict(value: dict[Any, Any]) -> dict[str, Any]:
    entries = {str(key): normalize(item) for key, item in value.items()}
    same = all(type(key) is str and entries[key] is item for key, item in value.items())
    return value if same else entries


def _normalize_other(value: Any) -> Any:
    if isinstance(value, Function):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return from_python(int(value))
    if isinstance(value, float):
        return from_python(float(value))
    if isinstance(value, Decimal):
        return from_python(value)
    if isinstance(value, dt.datetime):
        return t.make_datetime(t.datetime_days(value), t.day_nanos(value), value.tzinfo, value.fold)
    if isinstance(value, dt.date):
        return dt.date(value.year, value.month, value.day)
    if isinstance(value, dt.time):
        return t.Time(value.hour, value.minute, value.second, value.microsecond * 1000, value.tzinfo)
    if isinstance(value, dt.timedelta):
        return dt.timedelta(value.days, value.seconds, value.microseconds)
    if isinstance(value, Mapping):
        return _normal_dict(dict(value))
    if isinstance(value, tuple | set | frozenset | list):
        return [normalize(item) for item in value]
    return None


def kind_of(value: Any) -> str:
    """The FEEL name of a value's type, for messages and for comparing types."""
    known = _KINDS.get(type(value))
    if known is not None:
        return known
    return "function" if isinstance(value, Function) else "unknown"


_KINDS: dict[type, str] = {
    type(None): "null", bool: "boolean", str: "string", Decimal: "number", list: "list", dict: "context",
    dt.date: "date", t.WideDate: "date", dt.datetime: "date and time", t.WideDateTime: "date and time", t.Time: "time",
    dt.timedelta: "days and time duration", t.WideDuration: "days and time duration",
    t.YearMonthDuration: "years and months duration", Range: "range",
}  # fmt: skip


TYPES_OF: dict[str, list[type]] = {}
"""The Python types that the values of a FEEL type have, where these are exact: functions are of many."""
for _type, _kind in _KINDS.items():
    TYPES_OF.setdefault(_kind, []).append(_type)


def scalar_text(value: Any) -> str | None:
    """string() of a value that is not a list, context, range or function; None for those and for null."""
    kind = kind_of(value)
    if kind == "string":
        return str(value)
    if kind == "number":
        return number_text(value)
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "date":
        return tt.date_text(value)
    if kind == "time":
        return tt.time_text(value)
    if kind == "date and time":
        return tt.datetime_text(value)
    if kind in ("days and time duration", "years and months duration"):
        return tt.duration_text(value)
    return None


_WIDEST = Decimal(2**63)
_AS_IT_IS = (str, type(None), bool)


def to_plain(value: Any) -> Any:
    """A value as JSON has it.

    Whole numbers of 64 bits become int, others float, those too large for a float their text (1E+400). Temporal values become
    ISO 8601 text, ranges their FEEL text, functions None; lists and contexts are converted in depth. What stands in several places
    of the value is converted once, and each place of the result has a copy of its own.
    """
    plain = _Plain()
    result = plain.of(value)
    # C writes and reads many times faster than Python copies, and a result that is read shares nothing.
    return json.loads(json.dumps(result)) if plain.shared else result


class _Plain:
    """One conversion. It knows what it has converted by identity; what it made on the way is kept, so that nothing takes its place."""

    def __init__(self) -> None:
        self._known: dict[int, Any] = {}
        self._made: list[Any] = []
        self.shared = False

    def of(self, value: Any) -> Any:
        """The plain form of a value: the same object where one stands in several places."""
        kind = type(value)
        if kind in _AS_IT_IS:
            return value
        if kind is Decimal:
            return _plain_number(value)
        known = self._known.get(id(value), self)
        if known is not self:
            self.shared = self.shared or type(known) in (list, dict)
            return known
        plain: Any
        if kind is list:
            plain = [_plain_number(item) if type(item) is Decimal else self.of(item) for item in value]
        elif kind is dict:
            plain = {str(key): self.of(item) for key, item in value.items()}
        elif kind in NATIVE:
            plain = _plain_scalar(value)
        else:
            normal = normalize(value)
            self._made.append(normal)
            return self.of(normal) if type(normal) is not kind else None
        self._known[id(value)] = plain
        return plain


def _plain_number(value: Decimal) -> int | float | str | None:
    text = str(value)
    if len(text) < 19 and text.isdigit():
        return int(text)
    if not value.is_finite():
        return None
    if abs(value) < _WIDEST and is_whole(value):
        return int(value)
    number = float(text)
    return number if math.isfinite(number) else text


def _plain_scalar(value: Any) -> Any:
    if type(value) is Range:
        from amends.engine.feel.text import value_text  # the other module needs this one

        return value_text(value)
    return scalar_text(value)
