"""YAML as data: the part of it that JSON has too, so that table tests can be written without brackets and quotes."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import yaml  # type: ignore[import-untyped]  # it ships no type information

from amends.engine.decisions.xml import DecisionError

_NULL = frozenset(("", "~", "null"))
_BOOLEANS = {"true": True, "false": False}
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # of an untyped module
    """Builds lists, dictionaries, texts, numbers, booleans and null; a date stays the text that it is."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            # A few anchors within one another stand for more than any memory holds.
            raise DecisionError(f"Line {self.peek_event().start_mark.line + 1} has an alias (*name). Write what it stands for.")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            if not key or key in found:
                raise DecisionError(f"Line {key_node.start_mark.line + 1} has the name «{key}» a second time, or none.")
            found[key] = self.construct_object(value_node, deep=True)
        return found


def _scalar(loader: Any, node: Any) -> Any:
    text = str(node.value)
    if node.style is not None:  # in quotes, or a block of text
        return text
    if text.lower() in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    return Decimal(text) if _NUMBER.fullmatch(text) else text


_Loader.yaml_constructors = {
    "tag:yaml.org,2002:str": _scalar,
    "tag:yaml.org,2002:seq": yaml.SafeLoader.construct_yaml_seq,
    "tag:yaml.org,2002:map": yaml.SafeLoader.construct_yaml_map,
    None: yaml.SafeLoader.construct_undefined,
}


def read_yaml(text: str) -> Any:
    """The data of a YAML document: lists, dictionaries with texts as keys, texts, Decimal, booleans, None.

    `yes`, `on` and dates are texts, as in YAML 1.2 and JSON. Raises DecisionError for what is no YAML, for aliases, tags, and names
    that come twice.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader, which knows less than its own
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f"Line {place.line + 1}, column {place.column + 1}: " if place else ""
        what = ", ".join(part for part in (getattr(error, "context", None), getattr(error, "problem", None)) if part) or str(error)
        raise DecisionError(f"{where}{what}. This is no YAML.") from None
    except RecursionError:
        raise DecisionError("It is nested too deeply. Make it flatter.") from None
