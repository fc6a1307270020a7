"""A value in words, for a summary and for what may only be read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from amends.forms.dates import in_words, read_moment
from amends.forms.model import CHOICE_TYPES, Component
from amends.forms.options import choose, options_of
from amends.forms.run import Scope
from amends.forms.templates import shown
from amends.forms.texts import say


def words(component: Component, value: Any, scope: Scope) -> str:
    """The typed value of a component as a reader expects it; an empty text where there is none."""
    if component.type == "checkbox":
        return say("Yes" if value is True else "No")
    if component.type in CHOICE_TYPES:
        options = options_of(component, scope.seen)
        chosen = [choose(options, item) for item in (value if isinstance(value, list) else [value])]
        return ", ".join(option.label for option in chosen if option is not None)
    if component.type == "datetime" and isinstance(value, str) and value:
        return _moment(component, value, scope)
    if component.type == "filepicker":
        return ", ".join(str(file["name"]) for file in value or () if isinstance(file, Mapping))
    text = shown(value)
    before, after = (str(scope.evaluate(component, name, "")) for name in ("prefix", "suffix"))
    return f"{before} {text} {after}".strip() if text and component.type in ("number", "textfield") else text


def _moment(component: Component, value: str, scope: Scope) -> str:
    if component.subtype == "time":
        return value
    if component.subtype == "date":
        return in_words(date.fromisoformat(value))
    at: datetime = read_moment(value, scope.run.clock.zone)
    return f"{in_words(at.date())} at {at:%H:%M}"


def size_in_words(size: Any) -> str:
    """A file's size as the same in every language: 12 kB, at least one."""
    if not isinstance(size, int) or isinstance(size, bool):
        return ""
    return f"{max(1, round(size / 1000))} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
