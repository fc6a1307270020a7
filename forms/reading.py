"""An HTML form post to raw values: exactly what was typed, row by row, with the button that was pressed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from amends.forms.data import dotted, put
from amends.forms.model import MULTIPLE_CHOICE, Component, Submission
from amends.forms.run import MAX_ROWS

ADD, REMOVE, ROWS, SHOWN = "_add:", "_remove:", "_rows:", "_shown"
DATE_PARTS = ("day", "month", "year", "date", "time")


class Reader:
    """Reads one post."""

    def __init__(self, post: Any, files: Mapping[str, Any] | None, stored: Mapping[str, Mapping[str, Any]] | None) -> None:
        self.post = _lists(post)
        self.files = {} if files is None else files
        self.stored = {} if stored is None else stored
        self.shown = frozenset(" ".join(self.post[SHOWN]).split()) if SHOWN in self.post else None
        self.wanted = _action(self.post)
        self.done: tuple[str, str] | tuple[str, str, int] | None = None

    def read(self, components: Iterable[Component]) -> Submission:
        """What was sent for these components."""
        data: dict[str, Any] = {}
        for component in components:
            self._read(component, (), data)
        return Submission(data, self.done, self.shown)

    def _read(self, component: Component, prefix: tuple[str | int, ...], into: dict[str, Any]) -> None:
        if not component.path or component.type == "expression":
            for child in component.children:
                self._read(child, prefix, into)
            return
        where = (*prefix, *component.path)
        name = dotted(where)
        if component.is_list:
            rows = self._rows(component, where, name)
            if rows is not None:
                put(into, component.path, rows)
            return
        value = self._files(name) if component.type == "filepicker" else self._value(component, name)
        if value is not None:
            put(into, component.path, value)

    def _value(self, component: Component, name: str) -> Any:
        """The raw value, or None where the input was not on the page."""
        given = self.post.get(name)
        shown = self.shown is None or name in self.shown
        if component.type == "checkbox":
            if given:
                return given[-1].strip().lower() not in ("", "false", "no", "off", "0")
            return False if shown else None
        if component.type in MULTIPLE_CHOICE:
            return [text for text in given or () if text] if given or shown else None
        if component.type == "datetime":
            parts = {part: self.post[f"{name}-{part}"][-1] for part in DATE_PARTS if f"{name}-{part}" in self.post}
            if parts:
                return parts
        if given:
            return _lines(given[-1])
        return "" if component.type == "radio" and shown and self.shown is not None else None

    def _files(self, name: str) -> list[dict[str, Any]] | None:
        """Files kept from before, named by token and known to the caller, and then the new ones."""
        kept = [dict(self.stored[token]) for token in self.post.get(name, ()) if token in self.stored]
        new = [dict(file) for file in self.files.get(name, ())]
        if self.wanted and self.wanted[:2] == ("remove", name) and 0 <= self.wanted[2] < len(kept):
            del kept[self.wanted[2]]
            self.done = self.wanted
        if not kept and not new and name not in self.post and not (self.shown is None or name in self.shown):
            return None
        return kept + new

    def _rows(self, component: Component, where: tuple[str | int, ...], name: str) -> list[dict[str, Any]] | None:
        numbers = set(range(_count(self.post.get(ROWS + name))))
        row_of = re.compile(re.escape(name) + r"\.(\d{1,4})\.")
        numbers.update(int(found[1]) for sent in (*self.post, *self.files) if (found := row_of.match(sent)))
        if not numbers and ROWS + name not in self.post and not (self.wanted and self.wanted[1] == name):
            return None
        rows: list[dict[str, Any]] = []
        for number in sorted(numbers):
            row: dict[str, Any] = {}
            for child in component.children:
                self._read(child, (*where, number), row)
            rows.append(row)
        self._change(component, name, sorted(numbers), rows)
        return rows

    def _change(self, component: Component, name: str, numbers: Sequence[int], rows: list[dict[str, Any]]) -> None:
        """Add or remove the row that a button asked for."""
        if not self.wanted or self.wanted[1] != name or component.source.get("allowAddRemove") is False:
            return
        if self.wanted[0] == "add" and len(rows) < MAX_ROWS:
            rows.append({})
            self.done = self.wanted[:2]
        elif self.wanted[0] == "remove" and self.wanted[2] in numbers:
            del rows[numbers.index(self.wanted[2])]
            self.done = self.wanted


def _lists(post: Any) -> dict[str, list[str]]:
    """Every name with its values, from a MultiDict or a plain mapping."""
    if hasattr(post, "getlist"):
        return {str(name): [str(value) for value in post.getlist(name)] for name in post}
    found: dict[str, list[str]] = {}
    for name, value in post.items():
        values = value if isinstance(value, list | tuple) else [value]
        found[str(name)] = [str(item) for item in values if item is not None]
    return found


def _lines(text: str) -> str:
    """A browser sends line breaks as CR LF; kept as LF, so that what is shown again and sent again stays the same."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _count(values: list[str] | None) -> int:
    text = values[-1] if values else ""
    return min(int(text), MAX_ROWS) if text.isascii() and text.isdigit() and len(text) <= 4 else 0


def _action(post: Mapping[str, list[str]]) -> tuple[str, str, int] | None:
    for name in post:
        if name.startswith(ADD):
            return ("add", name.removeprefix(ADD), -1)
        if name.startswith(REMOVE):
            path, _, number = name.removeprefix(REMOVE).rpartition(":")
            if number.isascii() and number.isdigit() and len(number) <= 4:
                return ("remove", path, int(number))
    return None
