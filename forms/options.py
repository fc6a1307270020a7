"""What can be chosen: static options, options under a key of the data, options computed by FEEL; and how a browser names one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from amends.forms.data import MISSING, get
from amends.forms.expressions import Seen, plain
from amends.forms.model import Component, Option

MAX_OPTIONS = 2000
"""Options offered at most; a longer list needs a search, not a list."""

MOST_LISTED = 20
"""So many are shown to choose from; of more one types a name where `by_typing`, and those that could be meant are suggested."""


def static_options(source: Mapping[str, Any]) -> tuple[Option, ...] | None:
    """The options written in the form; None when they come from data or an expression."""
    if source.get("values") is None and (source.get("valuesKey") or source.get("valuesExpression")):
        return None
    return normalise(source.get("values"))


def options_of(component: Component, seen: Seen) -> tuple[Option, ...]:
    """The options a component offers now."""
    if component.options is not None:
        return component.options
    expression = component.compiled.get("valuesExpression")
    if expression is not None:
        return normalise(expression.evaluate(seen))
    found = get(seen.names, str(component.source.get("valuesKey")).split("."))
    return () if found is MISSING else normalise(found)


def normalise(found: Any) -> tuple[Option, ...]:
    """Options from what form-js allows: plain values, or objects with a value and maybe a label; anything else is left out."""
    found = plain(found)
    if not isinstance(found, list):
        return ()
    options = []
    for item in found[:MAX_OPTIONS]:
        if _is_simple(item):
            options.append(Option(item, str(item)))
        elif isinstance(item, Mapping) and _is_value(item.get("value")):
            value, label = item["value"], item.get("label")
            if isinstance(label, str) and label:
                options.append(Option(value, label))
            elif _is_simple(value):
                options.append(Option(value, str(value)))
    return tuple(options)


def token(value: Any) -> str:
    """How an option's value is named in HTML: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, default=str, sort_keys=True, ensure_ascii=False)


def choose(options: tuple[Option, ...], given: Any) -> Option | None:
    """The option that `given` names, by its value or by its name in HTML."""
    for option in options:
        if same(option.value, given):
            return option
    if isinstance(given, str):
        for option in options:
            if token(option.value) == given:
                return option
    return None


def by_typing(component: Component, options: tuple[Option, ...]) -> bool:
    """Whether an option is named by typing: in a long list of tags; in a long select that the form's author marks as searchable, or
    has not written out, so that it grows with what it is filled from. Labels have to tell the options apart, and none may be what
    another option is told by in data: a box holds labels.
    """
    if len(options) <= MOST_LISTED:
        return False
    labels = {_plain(option.label): option for option in options}
    if len(labels) < len(options) or any(labels.get(_plain(token(one.value)), one) is not one for one in options):
        return False
    grows = component.options is None or component.source.get("searchable") is True
    return component.type == "taglist" or (component.type == "select" and grows)


def named(options: tuple[Option, ...], typed: Any) -> list[Option]:
    """The options somebody names who types into a long list: by label, else by what it has in brackets, or by what is before them."""
    wanted, labels = _wanted(options, typed)
    whole = [option for option, label in labels if label == wanted]
    return whole or [option for option, label in labels if label.partition(" (")[0] == wanted or label.endswith(f"({wanted})")]


def meant(options: tuple[Option, ...], typed: Any) -> list[Option]:
    """Those somebody may mean: that they name, or else all of which a word begins like it."""
    wanted, labels = _wanted(options, typed)
    begins = [option for option, label in labels if label.startswith(wanted) or f" {wanted}" in label or f"({wanted}" in label]
    return named(options, typed) or begins


def _wanted(options: tuple[Option, ...], typed: Any) -> tuple[str, list[tuple[Option, str]]]:
    """What was typed and the labels, as they are compared; no labels where there is nothing to look for."""
    wanted = _plain(typed) if isinstance(typed, str) else ""
    return wanted, [(option, _plain(option.label)) for option in options] if wanted and len(options) > MOST_LISTED else []


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def same(one: Any, other: Any) -> bool:
    """Whether two values are one, telling true from 1 but not 1 from 1.0."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | Decimal | float) and isinstance(other, int | Decimal | float):
        return one == other
    return type(one) is type(other) and bool(one == other)


def _is_simple(value: Any) -> bool:
    return isinstance(value, bool | int | Decimal) or (isinstance(value, str) and value != "")


def _is_value(value: Any) -> bool:
    return _is_simple(value) or (isinstance(value, Mapping) and bool(value))
