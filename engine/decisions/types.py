"""Item definitions as types: what a value must be, and the conversions that DMN makes on the way (DMN 1.5, 7.3.3 and 10.3.2.9.4)."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from amends.engine.decisions import elements as e
from amends.engine.decisions.values import kind_of
from amends.engine.feel import FeelError, UnaryTests, parse_unary
from amends.engine.feel.nodes import TypeNode

ALIASES = {
    "dateTime": "date and time",
    "datetime": "date and time",
    "dayTimeDuration": "days and time duration",
    "daysAndTimeDuration": "days and time duration",
    "yearMonthDuration": "years and months duration",
    "yearsAndMonthsDuration": "years and months duration",
    "integer": "number",
    "long": "number",
    "double": "number",
    "any": "Any",
    "Context": "context",
    "null": "Null",
}
"""Spellings of older versions and of common editors, and the type each stands for."""

INTEGRAL = frozenset({"integer", "long"})

BASE_TYPES = frozenset(
    {
        "Any",
        "Null",
        "number",
        "string",
        "boolean",
        "date",
        "time",
        "date and time",
        "days and time duration",
        "years and months duration",
        "list",
        "context",
        "range",
        "function",
    }
)


@dataclass(eq=False)
class Type:
    """A type: a FEEL type by `base`, with the type of its items or fields, and the constraints a value must pass.

    Types may contain themselves (a person has children who are persons), so they are compared by identity.
    """

    name: str
    base: str = "Any"
    item: Type | None = None
    fields: dict[str, Type] = field(default_factory=dict)
    constraints: list[UnaryTests] = field(default_factory=list)
    allowed_text: str = ""
    integral: bool = False
    parameters: list[Type] = field(default_factory=list)
    result: Type | None = None

    @property
    def open(self) -> bool:
        """Whether every value is one of this type, so that nothing needs to be checked."""
        return self.base == "Any" and not self.constraints

    @property
    def exact(self) -> type | None:
        """The Python type whose values all are of this type as they are; None where a value has to be looked at."""
        return None if self.constraints else _EXACT.get(self.base)

    def accepts(self, value: Any) -> bool:
        """Whether a value conforms and passes the constraints; null does."""
        return self.is_of(value, Type.accepts) and (value is None or all(tests.evaluate(value, {}) is True for tests in self.constraints))

    def names(self, value: Any) -> bool:
        """Whether a value is an instance of this type: its structure counts, its constraints do not (DMN 1.5, 10.3.2.9.2)."""
        return self.is_of(value, Type.names)

    def is_of(self, value: Any, part: Callable[[Type, Any], bool]) -> bool:
        """Whether a value has the structure of this type; `part` decides on items and entries. A context has every entry of its type."""
        if value is None or self.base == "Any":
            return True
        if kind_of(value) != self.base:
            return False
        if self.base == "list":
            return self.item is None or all(part(self.item, item) for item in value)
        if self.base == "context":
            return all(name in value and part(kind, value[name]) for name, kind in self.fields.items())
        if self.base == "function" and self.result is not None:
            return bool(value.accepts([kind.node() for kind in self.parameters], self.result.node()))
        return True

    def complete(self, value: Any) -> Any:
        """A value from outside with null for every entry that its contexts lack: programs leave out what they do not know."""
        if isinstance(value, dict) and self.fields:
            return {**dict.fromkeys(self.fields), **{k: self.fields[k].complete(v) if k in self.fields else v for k, v in value.items()}}
        if isinstance(value, list):
            item = self.item if self.base == "list" and self.item is not None else self
            return [item.complete(part) for part in value]
        return self.item.complete(value) if self.base == "list" and self.item is not None else value

    def node(self, depth: int = 8) -> TypeNode:
        """This type as FEEL's own syntax tree has it, down to a depth: a type may contain itself."""
        if depth and self.base == "list" and self.item is not None:
            return TypeNode("list", (self.item.node(depth - 1),))
        if depth and self.base == "context" and self.fields:
            return TypeNode("context", tuple(kind.node(depth - 1) for kind in self.fields.values()), tuple(self.fields))
        if depth and self.base == "function" and self.result is not None:
            return TypeNode("function", tuple(kind.node(depth - 1) for kind in self.parameters), (), self.result.node(depth - 1))
        return TypeNode(self.base)

    def convert(self, value: Any) -> tuple[Any, bool]:
        """The value as this type and True, or null and False where it does not conform.

        A single value becomes a list of one where a list is asked for, a list of one becomes its item, a date becomes midnight UTC
        (DMN 1.5, 10.3.2.9.4).
        """
        if not self.constraints and type(value) is _EXACT.get(self.base) or self.accepts(value):
            return value, True
        if self.base == "list" and not isinstance(value, list):
            if self.accepts([value]):
                return [value], True
        elif self.base != "list" and isinstance(value, list) and len(value) == 1:
            return self.convert(value[0])
        if self.base == "date and time" and isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
            midnight = datetime.datetime.combine(value, datetime.time(0), datetime.UTC)
            if self.accepts(midnight):
                return midnight, True
        return None, False

    def describe(self) -> str:
        """How a message calls this type."""
        return self.name or (f"list of {self.item.describe()}" if self.base == "list" and self.item else self.base)


_EXACT: dict[str, type] = {"number": Decimal, "string": str, "boolean": bool, "date": datetime.date}
"""The Python type that all values of a FEEL type have, so that the common case needs no further look."""

ANY = Type("Any")


class TypeTests(Mapping[str, Callable[[Any], bool]]):
    """The types of a document as `instance of` asks for them: a test for each name that is not FEEL's own."""

    def __init__(self, types: Types, strict: bool = False) -> None:
        self._types = types
        self._strict = strict

    @cached_property
    def accepting(self) -> TypeTests:
        """The same types as parameters demand them, with their constraints."""
        return TypeTests(self._types, strict=True)

    def __getitem__(self, name: str) -> Callable[[Any], bool]:
        found = None if name in BASE_TYPES else self._types.find(name)
        if found is None:
            raise KeyError(name)
        return found.accepts if self._strict else found.names

    def __iter__(self) -> Iterator[str]:
        return iter(self._types.definitions)

    def __len__(self) -> int:
        return len(self._types.definitions)


class Types:
    """The types of one document: its item definitions, the FEEL types, and those of what it imports.

    `imported` finds the types of an import by the name that this document gives it.
    """

    def __init__(self, document: e.Definitions, imported: Callable[[str], Types | None]) -> None:
        self.document = document
        self.imported = imported
        self.definitions = {item.name: item for item in document.types}
        self.prefixes = dict(document.prefixes)
        self._named: dict[str, Type] = {}
        self.tests: Mapping[str, Callable[[Any], bool]] = TypeTests(self)

    def absorb(self, other: Types) -> None:
        """Take in the item definitions of a document that is imported without a name, except those whose name is taken."""
        for name, item in other.definitions.items():
            self.definitions.setdefault(name, item)
        for prefix, namespace in other.prefixes.items():
            self.prefixes.setdefault(prefix, namespace)

    def find(self, reference: str) -> Type | None:
        """The type of this name, None where nothing defines it; the empty reference is Any."""
        if not reference:
            return ANY
        if reference in self._named:
            return self._named[reference]
        if reference in self.definitions:
            return self._define(reference, self.definitions[reference])
        base = ALIASES.get(reference, reference)
        if base in BASE_TYPES:
            return Type(reference, base, integral=reference in INTEGRAL)
        return self._elsewhere(reference)

    def _elsewhere(self, reference: str) -> Type | None:
        if reference.startswith("list<") and reference.endswith(">"):
            item = self.find(reference[5:-1].strip())
            return None if item is None else Type(reference, "list", item=item)
        prefix, colon, rest = reference.partition(":")
        if colon and (prefix in self.prefixes or prefix == "feel"):
            other = self.imported(prefix)
            return self.find(rest) if other is None else other.find(rest)
        head, dot, rest = reference.partition(".")
        if dot:
            other = self.imported(head)
            if other is not None:
                return other.find(rest)
            owner = self.find(head) if head != reference else None
            return self._component(owner, rest)
        return None

    @staticmethod
    def _component(owner: Type | None, path: str) -> Type | None:
        for name in path.split("."):
            if owner is None:
                return None
            if owner.base == "list" and owner.item is not None:
                owner = owner.item
            owner = owner.fields.get(name)
        return owner

    def resolve(self, reference: str) -> Type:
        """The type of this name, Any where nothing defines it."""
        return self.find(reference) or ANY

    def _define(self, name: str, item: e.ItemDefinition) -> Type:
        shell = self._named[name] = Type(item.name)
        self._fill(shell, item)
        return shell

    def _fill(self, shell: Type, item: e.ItemDefinition) -> None:
        inner = Type(item.name) if item.is_collection else shell
        if item.components:
            inner.base = "context"
            for component in item.components:
                part = inner.fields[component.name] = Type(component.name)
                self._fill(part, component)
        elif item.function is not None:
            inner.base = "function"
            inner.parameters = [self.resolve(p.type_ref) for p in item.function.parameters]
            inner.result = self.resolve(item.function.output)
        else:
            self._copy(self.resolve(item.type_ref), inner)
            if item.allowed is not None and item.allowed.text.strip():
                inner.constraints = []  # values of its own stand for those of the type it is made of
        self._constrain(inner, item.allowed)
        if item.is_collection:
            shell.base, shell.item = "list", inner
        self._constrain(shell, item.constraint)

    @staticmethod
    def _copy(source: Type, target: Type) -> None:
        target.base, target.item, target.integral = source.base, source.item, source.integral
        target.fields, target.allowed_text = source.fields, source.allowed_text
        target.constraints = list(source.constraints)
        target.parameters, target.result = source.parameters, source.result

    @staticmethod
    def _constrain(target: Type, cell: e.Cell | None) -> None:
        if cell is None or not cell.text.strip():
            return
        try:
            target.constraints.append(parse_unary(cell.text))
        except FeelError:  # check reports it; at run time a constraint that is not FEEL constrains nothing
            return
        target.allowed_text = cell.text
