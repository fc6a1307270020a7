"""Item definitions as types: what a value must be, and the conversions that DMN makes on the way (DMN 1.5, 7.3.3 and 10.3.2.9.4)."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from amends.engine.decisions import elements as e
from amends.engine.decisions.values import kind_of
from amends.engine.feel import FeelError, UnaryTests, parse_unary

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

    def accepts(self, value: Any) -> bool:
        """Whether a value conforms; null conforms to every type."""
        if value is None:
            return True
        if self.base == "list":
            if not isinstance(value, list):
                return False
            if self.item is not None and not all(self.item.accepts(item) for item in value):
                return False
        elif self.base == "context" and self.fields:
            if not isinstance(value, Mapping) or not all(kind.accepts(value.get(name)) for name, kind in self.fields.items()):
                return False
        elif self.base != "Any" and kind_of(value) != self.base:
            return False
        return all(tests.evaluate(value, {}) is True for tests in self.constraints)

    def convert(self, value: Any) -> tuple[Any, bool]:
        """The value as this type and True, or null and False where it does not conform.

        A single value becomes a list of one where a list is asked for, a list of one becomes its item, a date becomes midnight UTC
        (DMN 1.5, 10.3.2.9.4).
        """
        if self.accepts(value):
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


ANY = Type("Any")


class Types:
    """The types of one document: its item definitions, the FEEL types, and those of what it imports.

    `imported` finds the types of an import by the name that this document gives it.
    """

    def __init__(self, document: e.Definitions, imported: Callable[[str], Types | None]) -> None:
        self.document = document
        self.imported = imported
        self.definitions = {item.name: item for item in document.types}
        self._named: dict[str, Type] = {}

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
        if colon and (prefix in self.document.prefixes or prefix == "feel"):
            return self.find(rest)
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
