"""The forms that pages have, as a browser would send them: filled in as they come, empty, or with what none of their choices is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from lxml import html

TOKEN = "amends_csrf"
NONSENSE, TYPED = "zyxnonsense", "zyxtyped"
Sent = dict[str, list[str]]


@dataclass(frozen=True)
class Field:
    """What somebody can fill in: its kind as a browser has it, and what it holds."""

    name: str
    kind: str
    value: str
    given: bool

    @property
    def sort(self) -> str:
        """Whether any words can stand in it (`typed`), the page has put something there (`hidden`), or one of several is `chosen`."""
        return "typed" if self.kind in ("text", "textarea", "password", "search") else "hidden" if self.kind == "hidden" else "chosen"

    @property
    def own(self) -> bool:
        """Whether anything but what the page says counts as left alone: a box to tick once, what the forms keep for themselves."""
        return self.value in ("yes", "true") or self.name.startswith("_")


@dataclass(frozen=True)
class Form:
    """A form of a page that posts: on which page, to where, with which fields and commands (name and value of a button, maybe empty)."""

    page: str
    endpoint: str
    action: str
    fields: tuple[Field, ...]
    commands: tuple[tuple[str, str], ...]

    def has(self, sort: str) -> bool:
        """Whether a field of this sort matters."""
        return any(field.sort == sort and field.kind != "password" and not field.own for field in self.fields)

    def sent(self, command: tuple[str, str] = ("", ""), **instead: str) -> Sent:
        """What a browser sends when a button is pressed, with other values for some sorts of fields (`typed`, `chosen`, `hidden`)."""
        found: Sent = {}
        for field in self.fields:
            if field.sort in instead and not field.own:
                found.setdefault(field.name, []).append(instead[field.sort])
            elif field.given:
                found.setdefault(field.name, []).append(field.value)
        if command[0]:
            found[command[0]] = [command[1]]
        return found


def forms_of(client: FlaskClient, addresses: Iterable[str], url_map: Any) -> Iterator[Form]:
    """Every form of these pages that posts; those that ask the same, with the same buttons, once."""
    seen = set()
    for address in addresses:
        for element in html.fromstring(client.get(address).get_data()).iter("form"):
            if element.get("method", "get").lower() != "post":
                continue
            action = element.get("action") or address
            endpoint, _ = url_map.bind("localhost").match(action.partition("?")[0], method="POST")
            fields, commands = _inside(element)
            key = (endpoint, commands, tuple((one.name, one.kind) for one in fields))
            if key not in seen:
                seen.add(key)
                yield Form(address, endpoint, action, fields, commands)


def _inside(element: Any) -> tuple[tuple[Field, ...], tuple[tuple[str, str], ...]]:
    fields, commands = [], []
    for one in element.iter("input", "select", "textarea", "button"):
        name, kind = one.get("name", ""), one.get("type", "text" if one.tag == "input" else one.tag)
        if one.tag == "button":
            commands.append((name, one.get("value", "")))
        elif name == TOKEN or kind == "file":
            continue
        elif kind in ("checkbox", "radio"):
            fields.append(Field(name, kind, one.get("value", "on"), one.get("checked") is not None))
        else:
            fields.append(Field(name, kind, one.value or "" if one.tag != "input" else one.get("value", ""), True))
    return tuple(fields), tuple(dict.fromkeys(commands))
