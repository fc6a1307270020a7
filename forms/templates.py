"""Text with FEEL in it, as form-js writes it: `{{amount}}`, `{{#if …}}…{{/if}}`, `{{#loop …}}…{{/loop}}`, or all of it `=…`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from amends.engine.feel import FeelError
from amends.forms.expressions import Constant, Expression, Seen, plain

MAX_TEMPLATE = 20_000
MAX_ROWS = 500
"""Rows a loop writes at most; a longer list belongs in a table."""

_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
Escape = Callable[[str], str]


class _Text:
    def __init__(self, text: str) -> None:
        self.text = text

    def write(self, seen: Seen, escape: Escape) -> str:
        return self.text


class _Value:
    def __init__(self, text: str) -> None:
        self.expression = Expression(text)

    def write(self, seen: Seen, escape: Escape) -> str:
        return escape(shown(self.expression.evaluate(seen)))


class _If:
    def __init__(self, text: str) -> None:
        self.expression = Expression(text)
        self.parts: list[Any] = []

    def write(self, seen: Seen, escape: Escape) -> str:
        if self.expression.evaluate(seen) is not True:
            return ""
        return "".join(part.write(seen, escape) for part in self.parts)


class _Loop(_If):
    def write(self, seen: Seen, escape: Escape) -> str:
        rows = self.expression.evaluate(seen)
        if not isinstance(rows, list | tuple):
            return ""
        written: list[str] = []
        for row in rows[:MAX_ROWS]:
            special = {"this": row, "_this_": row, "parent": seen.names, "_parent_": seen.names}
            inner = seen.inside({**row, **special} if isinstance(row, Mapping) else special)
            written.extend(part.write(inner, escape) for part in self.parts)
        return "".join(written)


class Template:
    """Text to show, with the expressions inside it compiled once."""

    def __init__(self, text: str) -> None:
        """Compile `text`; raises FeelError for an expression that is none or a block that is not closed."""
        if len(text) > MAX_TEMPLATE:
            raise FeelError(f"The text is {len(text)} characters long; the most is {MAX_TEMPLATE}.", help="Split it into several.")
        self.text = text
        self._whole = Expression(text[1:].strip()) if text.startswith("=") else None
        self._parts = [] if self._whole else _compile(text)

    def write(self, seen: Seen, escape: Escape = str) -> str:
        """The text with every expression replaced by its value, each passed through `escape`."""
        if self._whole:
            return escape(shown(self._whole.evaluate(seen)))
        return "".join(part.write(seen, escape) for part in self._parts)

    def evaluate(self, seen: Seen) -> str:
        """The text as plain words."""
        return self.write(seen)


def compile_text(raw: Any) -> Template | Constant:
    """Compile a property that holds words; raises FeelError."""
    if not isinstance(raw, str):
        return Constant("")
    return Template(raw) if raw.startswith("=") or "{{" in raw else Constant(raw)


def shown(value: Any) -> str:
    """A value in words a reader may see: nothing for null, yes and no, numbers and dates as they are, lists with commas."""
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {shown(item)}" for key, item in value.items())
    return str(value)


def _compile(text: str) -> list[Any]:
    top: list[Any] = []
    open_blocks: list[tuple[str, list[Any]]] = [("", top)]
    end = 0
    for tag in _TAG.finditer(text):
        if tag.start() > end:
            open_blocks[-1][1].append(_Text(text[end : tag.start()]))
        end = tag.end()
        _compile_tag(tag.group(1).strip(), open_blocks)
    if len(open_blocks) > 1:
        name = open_blocks[-1][0]
        raise FeelError(f"The block {{{{#{name}}}}} is not closed.", help=f"Add {{{{/{name}}}}} where it ends.")
    top.append(_Text(text[end:]))
    return top


def _compile_tag(inside: str, open_blocks: list[tuple[str, list[Any]]]) -> None:
    for name, block in (("if", _If), ("loop", _Loop)):
        if inside.startswith(f"#{name} "):
            made = block(inside[len(name) + 2 :].strip())
            open_blocks[-1][1].append(made)
            open_blocks.append((name, made.parts))
            return
        if inside == f"/{name}":
            if open_blocks[-1][0] != name:
                raise FeelError(f"{{{{/{name}}}}} closes a block that is not open.", help=f"Remove it, or add {{{{#{name} …}}}} before it.")
            open_blocks.pop()
            return
    open_blocks[-1][1].append(_Value(inside.removeprefix("=").strip()))
