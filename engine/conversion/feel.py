"""What both translators build FEEL from: nodes with the kind of value they are known to have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from amends.engine.feel import FeelError, parse, to_text
from amends.engine.feel import nodes as n
from amends.engine.feel.cursor import KEYWORDS

NUMBER, TEXT, TRUTH, LIST, CONTEXT, NULL, TIME, LENGTH, ANY = "number", "text", "truth", "list", "context", "null", "time", "length", "any"

_PLAIN_NAME = re.compile(r"[^\W\d]\w*")
MAX_LENGTH = 20_000
"""An expression longer than this is not translated."""


class Untranslatable(Exception):
    """There is no FEEL that always means the same: the text says why, `help` what to do."""

    def __init__(self, message: str, help: str = "Write it anew in FEEL.") -> None:
        super().__init__(message)
        self.help = help


@dataclass(frozen=True, slots=True)
class Typed:
    """A FEEL node and the kind of its value: one of the constants above, ANY where it depends on a variable."""

    node: n.Node
    kind: str = ANY

    @property
    def literal(self) -> bool:
        """Whether it is a number, text, boolean or null that is written out."""
        return isinstance(self.node, n.Literal)


@dataclass(frozen=True, slots=True)
class Translated:
    """A translation: FEEL without its `=`, the kind of its value, and what was taken for granted."""

    feel: str
    kind: str
    notes: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """As a diagram has it, with `=`."""
        return f"={self.feel}"


def finish(value: Typed, notes: list[str]) -> Translated:
    """The text of a translated tree, if it is read as that tree again: `date and time` is a function, not two variables."""
    feel = to_text(value.node)
    try:
        same = parse(feel).ast == value.node
    except FeelError:
        same = False
    if not same:
        raise Untranslatable("FEEL would read its names as something else", "Give the variables other names.")
    return Translated(feel, value.kind, tuple(dict.fromkeys(notes)))


def number(value: int | str | Decimal) -> Typed:
    """A number as it is written."""
    try:
        found = Decimal(value)
    except InvalidOperation as error:
        raise Untranslatable(f"{value} is no number FEEL has") from error
    if not found.is_finite() or abs(found.adjusted()) > 300 or len(found.as_tuple().digits) > 34:
        raise Untranslatable(f"{value} is no number FEEL has")
    # FEEL writes no exponents.
    node = n.Literal(Decimal(format(abs(found), "f")))
    return Typed(n.Negation(node) if found < 0 else node, NUMBER)


def text(value: str) -> Typed:
    """A text as a literal."""
    return Typed(n.Literal(value), TEXT)


def truth(value: bool) -> Typed:
    return Typed(n.Literal(value), TRUTH)


def null() -> Typed:
    return Typed(n.Literal(None), NULL)


def name(value: str) -> Typed:
    return Typed(n.Name(value))


def call(function: str, *arguments: Typed, kind: str = ANY) -> Typed:
    """A call of a function of FEEL."""
    return Typed(n.Call(n.Name(function), tuple(argument.node for argument in arguments)), kind)


def binary(operator: str, left: Typed, right: Typed, kind: str) -> Typed:
    return Typed(n.Binary(operator, left.node, right.node), kind)


def negated(value: Typed) -> Typed:
    """not(value); of what is a not(…) already, its inside."""
    if isinstance(value.node, n.Call) and value.node.function == n.Name("not"):
        return Typed(value.node.arguments[0], TRUTH)
    return call("not", value, kind=TRUTH)


def choice(condition: Typed, then: Typed, otherwise: Typed) -> Typed:
    """if condition then … else …"""
    kind = then.kind if then.kind == otherwise.kind else ANY
    return Typed(n.If(condition.node, then.node, otherwise.node), kind)


def is_a(value: Typed, kind: str) -> Typed:
    """value instance of kind"""
    return Typed(n.InstanceOf(value.node, n.TypeNode(kind)), TRUTH)


def listed(items: list[Typed]) -> Typed:
    return Typed(n.ListNode(tuple(item.node for item in items)), LIST)


def one_of(items: list[Typed], value: Typed) -> Typed:
    """list contains([items], value): true or false, whatever kind the value is of."""
    return call("list contains", listed(items), value, kind=TRUTH)


def context(entries: dict[str, Typed]) -> Typed:
    return Typed(n.ContextNode(tuple((key, value.node) for key, value in entries.items())), CONTEXT)


EMPTY_CONTEXT = Typed(n.ContextNode(()), CONTEXT)


def entry(source: Typed, key: str) -> Typed:
    """source.key, or get value(source, "key") where the key is no plain name."""
    if _PLAIN_NAME.fullmatch(key) and key not in KEYWORDS:
        return Typed(n.Path(source.node, key))
    return call("get value", source, text(key))


def item(source: Typed, index: int) -> Typed:
    """The item at a 1-based index."""
    return Typed(n.Filter(source.node, number(index).node))


def contained(whole: Typed, part: Typed) -> Typed:
    """Whether a text contains a text, or a list an item, by what the whole is."""
    if whole.kind == TEXT:
        return call("contains", whole, part, kind=TRUTH)
    if whole.kind == LIST:
        return call("list contains", whole, part, kind=TRUTH)
    inside = call("contains", whole, part, kind=TRUTH)
    return choice(is_a(whole, "string"), inside, call("list contains", whole, part, kind=TRUTH))


def remainder_towards_zero(left: Typed, right: Typed) -> Typed:
    """left − right × (left ÷ right without its fraction): the remainder has the sign of `left`."""
    whole = call("round down", binary("/", left, right, NUMBER), number(0), kind=NUMBER)
    return binary("-", left, binary("*", right, whole, NUMBER), NUMBER)


def length(**parts: int) -> Typed:
    """A duration literal from years, months, weeks, days, hours, minutes, seconds; years and months go with nothing else."""
    months = parts.pop("years", 0) * 12 + parts.pop("months", 0)
    span = timedelta(**{key: value for key, value in parts.items()})
    if months and span:
        raise Untranslatable("A length of months and days at once is no single duration in FEEL", "Add two durations.")
    if months:
        sign, years, rest = "-" if months < 0 else "", *divmod(abs(months), 12)
        return call("duration", text(f"{sign}P" + (f"{years}Y" if years else "") + (f"{rest}M" if rest else "")), kind=LENGTH)
    seconds = int(span.total_seconds())
    if span != timedelta(seconds=seconds):
        raise Untranslatable("A length has parts of a second", "Use whole seconds.")
    sign, seconds = "-" if seconds < 0 else "", abs(seconds)
    days, clock = divmod(seconds, 86_400)
    hours, minutes, seconds = clock // 3600, clock // 60 % 60, clock % 60
    time = "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if value)
    body = (f"{days}D" if days else "") + (f"T{time}" if time else "") or "T0S"
    return call("duration", text(f"{sign}P{body}"), kind=LENGTH)
