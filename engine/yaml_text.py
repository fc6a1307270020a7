"""YAML as data only: no tags, no anchors, no surprises, and the line every entry stands on.

YAML 1.2's core types: `yes`, `no`, `on` and `off` are texts, `010` is ten, and a number with a point is a decimal. Dates and instants are
read as such.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import yaml  # type: ignore[import-untyped]  # it ships no type information

from amends.engine.errors import AmendsError

MOST_DEEP = 40
_NUMBER = re.compile(r"[-+]?\d+")
_DECIMAL = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*([Zz]|[-+]\d\d:?\d\d)?")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}


class YamlError(AmendsError):
    """A text is no YAML of this kind; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class Lines:
    """On which line an entry begins, and those in it: by key of a mapping, by number (from 0) of a list."""

    line: int
    inside: dict[str | int, Lines] = field(default_factory=dict)


def read_yaml(text: str) -> tuple[Any, Lines]:
    """The one document in a text, as plain Python values, with the lines of its entries. Raises `YamlError`."""
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            _refuse(event)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        said = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise YamlError(1 if mark is None else mark.line + 1, f"{said}.") from None
    except RecursionError:
        raise YamlError(1, "it is nested too deep.") from None
    return (None, Lines(1)) if node is None else _value(node, 0)


def _refuse(event: Any) -> None:
    line = event.start_mark.line + 1
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise YamlError(line, "anchors (&) and aliases (*) are not read; write it out, or name it under data.")
    if getattr(event, "tag", None):
        raise YamlError(line, f"the tag {event.tag} is not read; write plain data.")


def _value(node: Any, depth: int) -> tuple[Any, Lines]:
    lines = Lines(node.start_mark.line + 1)
    if depth > MOST_DEEP:
        raise YamlError(lines.line, "it is nested too deep.")
    if isinstance(node, yaml.MappingNode):
        box: dict[str, Any] = {}
        for key, inner in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError(key.start_mark.line + 1, "a key has to be a text.")
            if key.value in box:
                raise YamlError(key.start_mark.line + 1, f"the key {key.value!r} is there twice.")
            box[key.value], found = _value(inner, depth + 1)
            lines.inside[key.value] = Lines(key.start_mark.line + 1, found.inside)
        return box, lines
    if isinstance(node, yaml.SequenceNode):
        pairs = [_value(inner, depth + 1) for inner in node.value]
        lines.inside.update((number, found) for number, (_, found) in enumerate(pairs))
        return [value for value, _ in pairs], lines
    return _scalar(str(node.value), node.style, lines.line), lines


def _scalar(text: str, style: str | None, line: int) -> Any:
    if style is not None:
        return text  # in quotes, or a block: a text whatever it looks like
    if text in _WORDS:
        return _WORDS[text]
    try:
        if _NUMBER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return Decimal(text)
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if _INSTANT.fullmatch(text):
            return datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise YamlError(line, f"{text!r} is no value: {error}.") from None
    return text
