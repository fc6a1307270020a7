"""How built-in functions are declared, and how a call finds the form it means (DMN 1.5, 10.3.4).

A form is written as "name:kind, name:kind?, name:kind..." where ? marks a parameter that may be left out or null, and ... one
that may be repeated (or be one list). Kinds are FEEL's types, several joined by |; `any` takes everything, null too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from amends.engine.feel.nodes import TypeNode
from amends.engine.feel.run import Run
from amends.engine.feel.values import TYPES_OF, Fault, Function, kind_of

Implementation = Callable[..., Any]
_F = TypeVar("_F", bound=Implementation)
BUILTINS: dict[str, Builtin] = {}
OURS: set[str] = set()
"""Built-in functions that are not the standard's but Camunda's."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to call a function."""

    names: tuple[str, ...]
    kinds: tuple[frozenset[str], ...]
    optional: tuple[bool, ...]
    many: bool
    implementation: Implementation

    @property
    def least(self) -> int:
        """How many arguments by position there have to be: up to the last that is needed."""
        return max((place for place, optional in enumerate(self.optional, 1) if not optional), default=0)

    def types(self) -> list[frozenset[type] | None]:
        """The Python types of each parameter's values; None where a parameter takes everything, or a kind that has no type of its own."""
        return [frozenset(kind for name in kinds for kind in TYPES_OF[name]) if kinds <= TYPES_OF.keys() else None for kinds in self.kinds]

    def fit(self, arguments: Sequence[Any]) -> Sequence[Any] | None:
        """The arguments converted for this form; None where they are not for it."""
        if self.many:
            return self._fit_many(arguments)
        count = len(arguments)
        if count == len(self.names):
            for value, kinds in zip(arguments, self.kinds, strict=True):
                if kind_of(value) not in kinds:
                    break
            else:
                return arguments
        if count < self.least or count > len(self.names):
            return None
        fitted = []
        for index, value in enumerate(arguments):
            kinds = self.kinds[index]
            if kind_of(value) in kinds:
                fitted.append(value)
            elif value is None and self.optional[index]:
                fitted.append(None)
            else:
                value = single(value, kinds)
                if value is None:
                    return None
                fitted.append(value)
        return fitted

    def _fit_many(self, arguments: Sequence[Any]) -> Sequence[Any] | None:
        """Leading parameters, then one list of all the rest (given as one list, or one by one)."""
        lead = len(self.names) - 1
        if len(arguments) <= lead:
            return None
        fitted = Form(self.names[:-1], self.kinds[:-1], self.optional[:-1], False, self.implementation).fit(arguments[:lead])
        if fitted is None:
            return None
        rest = list(arguments[lead:])
        return [*fitted, rest]


def single(value: Any, kinds: frozenset[str]) -> Any:
    """A list of one as its item, or an item as a list of one, where that is what is wanted (DMN 1.5, 10.3.2.9.4)."""
    if isinstance(value, list) and len(value) == 1 and kind_of(value[0]) in kinds:
        return value[0]
    if "list" in kinds and value is not None:
        return [value]
    return None


class Builtin(Function):
    """A built-in function with its forms."""

    __slots__ = ("name", "forms")

    def __init__(self, name: str) -> None:
        self.name = name
        self.forms: list[Form] = []

    def parameter_sets(self) -> list[tuple[str, ...]]:
        return [form.names for form in self.forms]

    def accepts(self, arguments: Sequence[TypeNode], result: TypeNode | None) -> bool:
        return any(form.many or form.least <= len(arguments) <= len(form.names) for form in self.forms)

    def form_of(self, count: int) -> Form | None:
        """The form that this many arguments by position mean; None for one that takes any number."""
        for form in self.forms:
            if form.many:
                return None
            if form.least <= count <= len(form.names):
                return form
        return None

    def quick(self, count: int) -> tuple[tuple[frozenset[type], ...], Implementation] | None:
        """The form that this many arguments mean, where they need no conversion: their Python types, and what it calls."""
        form = self.form_of(count)
        if form is None or count < len(form.names):
            return None
        types = tuple(kinds for kinds in form.types() if kinds is not None)
        return (types, form.implementation) if len(types) == count else None

    def call(self, run: Run, arguments: list[Any]) -> Any:
        for form in self.forms:
            fitted = form.fit(arguments)
            if fitted is not None:
                return form.implementation(run, *fitted)
        raise Fault(self._refusal([kind_of(value) for value in arguments]))

    def call_named(self, run: Run, arguments: dict[str, Any]) -> Any:
        # before(point, range) and before(range, point) differ in their order only, so that order is tried first.
        for form in sorted(self.forms, key=lambda form: form.names != tuple(arguments)):
            if not set(arguments) <= set(form.names):
                continue
            if any(name not in arguments and not optional for name, optional in zip(form.names, form.optional, strict=True)):
                continue
            fitted = form.fit([arguments.get(name) for name in form.names])
            if fitted is not None:
                return form.implementation(run, *fitted)
        raise Fault(self._refusal([f"{name}: {kind_of(value)}" for name, value in arguments.items()]))

    def _refusal(self, given: list[str]) -> str:
        forms = " or ".join(f"{self.name}({', '.join(form.names)})" for form in self.forms[:3])
        return f"{forms} cannot be called with ({', '.join(given)})"


_EVERY_KIND = (
    "null", "boolean", "string", "number", "list", "context", "date", "date and time", "time", "days and time duration",
    "years and months duration", "range", "function", "unknown",
)  # fmt: skip


def _read_form(text: str, implementation: Implementation) -> Form:
    names, kinds, needless, many = [], [], [], False
    for part in text.split(", ") if text else ():
        name, kind = part.split(":")
        many = kind.endswith("...")
        names.append(name)
        kinds.append(frozenset(_EVERY_KIND if kind.startswith("any") else kind.rstrip("?.").split("|")))
        needless.append(kind.endswith("?"))
    return Form(tuple(names), tuple(kinds), tuple(needless), many, implementation)


def define(name: str, *forms: str, ours: bool = False) -> Callable[[_F], _F]:
    """Declare a function under a FEEL name in one or more forms; the implementation gets the run, then the arguments."""

    def register(implementation: _F) -> _F:
        builtin = BUILTINS.setdefault(name, Builtin(name))
        builtin.forms.extend(_read_form(form, implementation) for form in forms or ("",))
        if ours:
            OURS.add(name)
        return implementation

    return register
