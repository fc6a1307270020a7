"""Where a name leads: the scopes of the text, then the context, then injected functions, then the built-in ones."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from amends.engine.feel import nodes as n
from amends.engine.feel.builtins import BUILTINS
from amends.engine.feel.errors import FeelError, place
from amends.engine.feel.functions import host_function
from amends.engine.feel.numbers import EXACT
from amends.engine.feel.run import Code, Frame, Run
from amends.engine.feel.slips import FOREIGN_FUNCTIONS, FOREIGN_WORDS
from amends.engine.feel.values import NATIVE, normalize

_MISSING = object()


@dataclass(slots=True)
class Scope:
    """The names one frame defines; `names` is None in a filter, whose names are those of the item at run time."""

    names: set[str] | None


@dataclass(slots=True)
class Place:
    """How a local name is found: the distances of the filters to try first, then that of the frame that has it (or none)."""

    filters: list[int] = field(default_factory=list)
    hops: int | None = None


class Scopes:
    """The scopes open while compiling."""

    def __init__(self) -> None:
        self._stack: list[Scope] = []

    @property
    def depth(self) -> int:
        return len(self._stack)

    def push(self, names: set[str] | None) -> Scope:
        scope = Scope(names)
        self._stack.append(scope)
        return scope

    def pop(self) -> None:
        self._stack.pop()

    def find(self, name: str) -> Place | None:
        """Where a name may be found before the context; None where only the context is left and no scope is open."""
        place = Place()
        for hops, scope in enumerate(reversed(self._stack)):
            if scope.names is None:
                place.filters.append(hops)
            elif name in scope.names:
                place.hops = hops
                return place
        return place if place.filters else None


def global_code(text: str, node: n.Name, depth: int) -> Code:
    """A variable of the context, which is `depth` frames away."""
    name = node.name

    def code(frame: Frame) -> Any:
        value = frame.vars.get(name, _MISSING)
        kind = type(value)
        if kind is Decimal:
            return value if value.is_finite() else _global_value(frame.run, text, node, value)
        if kind in NATIVE:
            return value
        if kind is int and -EXACT < value < EXACT:
            return Decimal(value)
        return _global_value(frame.run, text, node, value)

    def nested(frame: Frame) -> Any:
        value = frame.run.variables.get(name, _MISSING)
        kind = type(value)
        if kind is Decimal:
            return value if value.is_finite() else _global_value(frame.run, text, node, value)
        if kind in NATIVE:
            return value
        return _global_value(frame.run, text, node, value)

    return nested if depth else code


def _global_value(run: Run, text: str, node: n.Name, value: Any) -> Any:
    if value is _MISSING:
        if run.functions is None and node.name in BUILTINS:
            return BUILTINS[node.name]
        return _function(run, text, node)
    if type(value) in NATIVE and type(value) is not Decimal:
        return value
    memo = run.memo
    if memo is None:
        memo = run.memo = {}
    if node.name not in memo:
        memo[node.name] = normalize(value)
        if memo[node.name] is None:
            run.warn(text, node, _unknown_value(node.name, value))
    return memo[node.name]


def _unknown_value(name: str, value: Any) -> str:
    if isinstance(value, float | Decimal):
        return f"{name} is {value}, which is no number of FEEL"
    return f"{name} has a value of a kind that FEEL does not know ({type(value).__name__})"


def _function(run: Run, text: str, node: n.Name) -> Any:
    name = node.name
    if run.functions is not None and name in run.functions:
        return host_function(name, run.functions[name])
    builtin = BUILTINS.get(name)
    if builtin is not None:
        return builtin
    run.warn(text, node, unknown_name(name, run))
    return None


MOST_LIKENED = 2_000
"""Variables among which a like name is looked for: above that, it would cost more than it helps."""


def unknown_name(name: str, run: Run) -> str:
    """What to say of a name nothing is known by."""
    if name in FOREIGN_WORDS:
        return f"There is no variable named «{name}»; write {FOREIGN_WORDS[name]}"
    near = ""
    if run.warnings is not None and len(run.variables) <= MOST_LIKENED:
        near = _nearest(name, frozenset(map(str, (*run.variables, *BUILTINS, *(run.functions or ())))))
    return f"There is no variable or function named «{name}»" + (f"; did you mean «{near}»?" if near else "")


@lru_cache(maxsize=512)
def _nearest(name: str, known: frozenset[str]) -> str:
    """The known name most like this one, or "". Kept, because a process asks for the same missing name again and again."""
    return next(iter(difflib.get_close_matches(name, sorted(known), 1, 0.8)), "")


def check_foreign_call(text: str, node: n.Call, known: frozenset[str]) -> None:
    """Refuse a call of a function that other languages have and FEEL has not, and say what to write."""
    function = node.function
    if isinstance(function, n.Name) and function.name in FOREIGN_FUNCTIONS and function.name not in known:
        line, column = place(text, function.start)
        help_ = f"Write {FOREIGN_FUNCTIONS[function.name]}."
        message = f"Line {line}, column {column}: FEEL has no function «{function.name}». {help_}"
        raise FeelError(message, line=line, column=column, found=function.name, expected=("a function of FEEL",), help=help_)


def local_code(text: str, node: n.Name, place_: Place, depth: int) -> Code:
    """A name of an enclosing scope, or of the item a filter looks at."""
    if not place_.filters and place_.hops is not None:
        return _static_code(text, node, place_.hops)
    name, filters, hops = node.name, place_.filters, place_.hops
    fallback = _static_code(text, node, hops) if hops is not None else global_code(text, node, depth)

    def code(frame: Frame) -> Any:
        at, scope = 0, frame
        for wanted in filters:
            while at < wanted:
                scope = scope.parent  # type: ignore[assignment]  # the compiler counted these frames
                at += 1
            if name in scope.vars:
                return scope.vars[name]
            if name == "item":
                return scope.item  # type: ignore[attr-defined]  # the scope of a filter is an ItemFrame
        return fallback(frame)

    return code


def _static_code(text: str, node: n.Name, hops: int) -> Code:
    name = node.name
    if name == "partial":
        return _partial_code(hops)
    if hops == 0 and name == "?":
        return lambda frame: frame.vars["?"]  # every frame of this scope has it
    if hops == 0:
        return lambda frame: frame.vars.get(name)
    if hops == 1:
        return lambda frame: frame.parent.vars.get(name)  # type: ignore[union-attr]

    def code(frame: Frame) -> Any:
        for _ in range(hops):
            frame = frame.parent  # type: ignore[assignment]
        return frame.vars.get(name)

    return code


def _partial_code(hops: int) -> Code:
    """`partial` still grows: what is read of it is a copy."""

    def code(frame: Frame) -> Any:
        scope = frame
        for _ in range(hops):
            scope = scope.parent  # type: ignore[assignment]
        value = scope.vars.get("partial")
        if isinstance(value, list):
            frame.run.meter.charge(len(value) >> 1)
            return list(value)
        return value

    return code
