"""The marshmallow schema of a form, built once from its JSON; what depends on the data is asked of the scope in force while loading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, missing

from amends.forms.convert import Fault, convert, empty_value
from amends.forms.data import MISSING
from amends.forms.messages import MESSAGES, message
from amends.forms.model import KEYED_TYPES, Component
from amends.forms.rules import broken, label_of, required_message
from amends.forms.run import MAX_ROWS, Run, Scope

_scope: ContextVar[Scope] = ContextVar("amends_form_scope")


class FormSchema(Schema):
    """A schema made from a form; load it through `load`, which sets the scope its fields ask."""

    error_messages = {"unknown": MESSAGES["unknown"], "type": MESSAGES["form.kind"]}


class Input(fields.Field[Any]):
    """One value of the form: hidden ones are dropped, locked ones are the process's own, all others are converted and checked."""

    def __init__(self, component: Component) -> None:
        super().__init__()
        self.component = component

    def deserialize(self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        """The clean value, or `missing` where the form submits none; raises ValidationError with sentences."""
        scope, component = _scope.get(), self.component
        if scope.hidden(component) or component.source.get("disabled") is True:
            return missing
        if component.type == "expression":
            return _computed(scope, component)
        given = scope.given(component)
        if scope.locked(component):
            return missing if given is MISSING else given
        if value is missing:
            return self._unanswered(scope, given)
        return self._checked(scope, value)

    def _unanswered(self, scope: Scope, given: Any) -> Any:
        """No answer at all: the form's default, else what the process has, but never in place of an answer that is required."""
        default = self.component.source.get("defaultValue")
        if default is not None and given is default:
            return self._checked(scope, default)
        if self.component.required:
            raise ValidationError(required_message(self.component, scope))
        return empty_value(self.component) if given is MISSING else given

    def _checked(self, scope: Scope, raw: Any) -> Any:
        try:
            value = convert(self.component, raw, scope)
        except Fault as fault:
            parts = " and a ".join(fault.parts)
            raise ValidationError(message(fault.code, label_of(self.component, scope), **{"parts": parts, **fault.values})) from None
        if value == empty_value(self.component):
            if self.component.required:
                raise ValidationError(required_message(self.component, scope))
            return value
        if found := broken(self.component, value, raw, scope):
            raise ValidationError(found)
        return value


class Section(fields.Field[Any]):
    """A group of values under one key."""

    def __init__(self, schema: FormSchema) -> None:
        super().__init__()
        self.schema = schema

    def deserialize(self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        """The group's clean values; `missing` where all of them are hidden."""
        if value is missing or value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise ValidationError(message("group.kind", attr or ""))
        return load_in(self.schema, value, _scope.get()) or missing


class Rows(fields.Field[Any]):
    """A dynamic list: the same schema for each row, in the row's own scope."""

    def __init__(self, component: Component, schema: FormSchema) -> None:
        super().__init__()
        self.component = component
        self.schema = schema

    def deserialize(self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        """The clean rows."""
        scope, component = _scope.get(), self.component
        if scope.hidden(component):
            return missing
        label = label_of(component, scope)
        if value is not missing and value is not None and not isinstance(value, list | tuple):
            raise ValidationError(message("list.kind", label))
        if value is not missing and value is not None and len(value) > MAX_ROWS:
            raise ValidationError(message("list.long", label, limit=MAX_ROWS))
        rows = scope.run.rows[component.id, scope.indexes]
        if component.required and not rows:
            raise ValidationError(message("required.list", label))
        clean: list[dict[str, Any]] = []
        errors: dict[int, Any] = {}
        for number, (row, inner) in enumerate(zip(rows, scope.rows(component), strict=True)):
            if not isinstance(row, Mapping):
                errors[number] = [message("list.row", label)]
                continue
            try:
                clean.append(load_in(self.schema, row, inner))
            except ValidationError as error:
                errors[number] = error.messages
        if errors:
            raise ValidationError(errors)
        return clean


def _computed(scope: Scope, component: Component) -> Any:
    value: Any = scope.values
    for part in component.path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def load_in(schema: FormSchema, data: Any, scope: Scope) -> dict[str, Any]:
    """Load `data` with `scope` in force; raises ValidationError."""
    token = _scope.set(scope)
    try:
        loaded: dict[str, Any] = schema.load(data, unknown=RAISE if scope.run.strict else EXCLUDE)
        return loaded
    finally:
        _scope.reset(token)


def load(schema: FormSchema, data: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """The clean data of a whole form or step; raises ValidationError with messages nested as the data is."""
    return load_in(schema, data, run.top)


def build(components: Iterable[Component]) -> FormSchema:
    """The schema of some components of one scope: groups with a path become sections, lists become rows."""
    shape: dict[str, Any] = {}
    for component in components:
        _gather(component, shape)
    return _schema(shape)


def _gather(component: Component, shape: dict[str, Any]) -> None:
    if component.type in KEYED_TYPES or component.is_list:
        if component.path:
            below = shape
            for part in component.path[:-1]:
                below = below.setdefault(part, {})
            below[component.path[-1]] = component
        return
    for child in component.children:
        _gather(child, shape)


def _schema(shape: Mapping[str, Any]) -> FormSchema:
    made: dict[str, fields.Field[Any]] = {}
    for key, found in shape.items():
        if isinstance(found, Component):
            made[key] = Rows(found, build(found.children)) if found.is_list else Input(found)
        else:
            made[key] = Section(_schema(found))
    schema = FormSchema.from_dict(made, name="FormSchema")()
    assert isinstance(schema, FormSchema)  # noqa: S101 - from_dict is typed as the base class
    return schema


def flatten(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    """Messages nested as the data is, by dotted name."""
    if isinstance(messages, str):
        return {prefix: [messages]}
    if isinstance(messages, list):
        return {prefix: [str(text) for text in messages]}
    found: dict[str, list[str]] = {}
    for key, inner in messages.items():
        name = prefix if key == "_schema" else f"{prefix}.{key}" if prefix else str(key)
        for place, texts in flatten(inner, name).items():
            found.setdefault(place, []).extend(texts)
    return found
