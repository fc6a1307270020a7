"""The few methods of Java that JUEL texts call and FEEL has an answer to."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from amends.engine.conversion import feel as f
from amends.engine.conversion.feel import Typed, Untranslatable
from amends.engine.feel import nodes as n

_UNITS = ("Years", "Months", "Weeks", "Days", "Hours", "Minutes", "Seconds")


def method(value: Typed, name: str, given: list[Typed], notes: list[str]) -> Typed:
    """The FEEL of `value.name(given…)`; Untranslatable for what is not known."""
    sign, unit = (name[:4], name[4:]) if name.startswith("plus") else (name[:5], name[5:])
    if value.kind == f.TIME and sign in ("plus", "minus") and unit in _UNITS and len(given) == 1:
        return _moved(value, unit, given[0], 1 if sign == "plus" else -1, notes)
    known = _METHODS.get((name, len(given)))
    if known is None:
        raise Untranslatable(f"The method .{name}() is not known in FEEL", "Use a function of FEEL, or a service task.")
    return known(value, given, notes)


def _moved(value: Typed, unit: str, given: Typed, sign: int, notes: list[str]) -> Typed:
    """dateTime().plusDays(3): a length of whole days is 24 hours each in FEEL."""
    amount = getattr(given.node, "value", None)
    if isinstance(given.node, n.Negation):
        amount = -getattr(given.node.operand, "value", 0)
    if not isinstance(amount, Decimal) or amount != int(amount) or abs(amount) > 100_000:
        raise Untranslatable("A length that is computed", f'Use now() + duration("P1D") * {"…" if sign > 0 else "-…"} in FEEL.')
    if unit in ("Weeks", "Days"):
        notes.append("a day is 24 hours long, also where the clocks are changed")
    span = f.length(**{unit.lower(): sign * int(amount)})
    return f.binary("+", value, span, f.TIME)


def _same(value: Typed, given: list[Typed], notes: list[str]) -> Typed:
    if value.kind != f.TIME:
        raise Untranslatable("The method .toDate() is only known of dateTime()")
    return value


def _compared(operator: str) -> Callable[[Typed, list[Typed], list[str]], Typed]:
    def made(value: Typed, given: list[Typed], notes: list[str]) -> Typed:
        if f.TIME not in (value.kind, given[0].kind):
            raise Untranslatable("isAfter() and isBefore() are only known of dateTime()")
        return f.binary(operator, value, given[0], f.TRUTH)

    return made


def _size(value: Typed, given: list[Typed], notes: list[str]) -> Typed:
    if value.kind == f.ANY:
        return f.choice(
            f.is_a(value, "context"), f.call("count", f.call("get entries", value), kind=f.NUMBER), f.call("count", value, kind=f.NUMBER)
        )
    return f.call("count", value, kind=f.NUMBER)


def _empty(value: Typed, given: list[Typed], notes: list[str]) -> Typed:
    # Of null Java has no method: so does FEEL.
    return f.choice(Typed(n.Binary("=", value.node, f.null().node)), f.null(), _is_empty(value))


def _is_empty(value: Typed) -> Typed:
    return f.one_of([f.text(""), f.listed([]), f.EMPTY_CONTEXT], value)


def _get(value: Typed, given: list[Typed], notes: list[str]) -> Typed:
    key = getattr(given[0].node, "value", None)
    if isinstance(key, str):
        return f.entry(value, key)
    if isinstance(key, Decimal) and key == int(key):
        return f.item(value, int(key) + 1)
    raise Untranslatable("What is got is computed", "Say in FEEL: list[i + 1] or get value(map, key).")


def _text(function: str, kind: str) -> Callable[[Typed, list[Typed], list[str]], Typed]:
    def made(value: Typed, given: list[Typed], notes: list[str]) -> Typed:
        if any(part.kind not in (f.TEXT, f.ANY) for part in (value, *given)):
            raise Untranslatable("A method of texts is called for something else")
        return f.call(function, value, *given, kind=kind)

    return made


def _concat(value: Typed, given: list[Typed], notes: list[str]) -> Typed:
    if f.TEXT not in (value.kind, given[0].kind):
        raise Untranslatable("concat() between two variables", "Use + in FEEL, if both are texts.")
    return f.binary("+", value, given[0], f.TEXT)


def _equals(value: Typed, given: list[Typed], notes: list[str]) -> Typed:
    # equals() is false for what is of another kind; so is `list contains`.
    if not (value.literal or given[0].literal):
        return f.call("list contains", f.listed([value]), given[0], kind=f.TRUTH)
    literal, other = (value, given[0]) if value.literal else (given[0], value)
    return f.call("list contains", f.listed([literal]), other, kind=f.TRUTH)


def _contains(value: Typed, given: list[Typed], notes: list[str]) -> Typed:
    return f.contained(value, given[0])


_METHODS: dict[tuple[str, int], Callable[[Typed, list[Typed], list[str]], Typed]] = {
    ("toDate", 0): _same,
    ("isAfter", 1): _compared(">"),
    ("isBefore", 1): _compared("<"),
    ("size", 0): _size,
    ("isEmpty", 0): _empty,
    ("get", 1): _get,
    ("contains", 1): _contains,
    ("startsWith", 1): _text("starts with", f.TRUTH),
    ("endsWith", 1): _text("ends with", f.TRUTH),
    ("length", 0): _text("string length", f.NUMBER),
    ("toLowerCase", 0): _text("lower case", f.TEXT),
    ("toUpperCase", 0): _text("upper case", f.TEXT),
    ("concat", 1): _concat,
    ("equals", 1): _equals,
}
