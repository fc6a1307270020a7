"""The plain text of a letter, from the same tokens as its HTML."""

from __future__ import annotations

from collections.abc import Iterable

from markdown_it.token import Token


def plain_text(tokens: Iterable[Token]) -> str:
    """What a person reads without HTML: blank lines between paragraphs, lists with their marks, addresses after their links."""
    writer = _Writer()
    for token in tokens:
        writer.take(token)
    return writer.text()


class _Writer:
    """Writes blocks line by line; `prefix` is what stands before each line of the block at hand."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.marks: list[str] = []  # of the list items around, the innermost last; used up by an item's first line
        self.indent: list[str] = []
        self.lists: list[int | None] = []  # the next number, or None for bullets
        self.gap = False

    def text(self) -> str:
        return "\n".join(self.lines).strip("\n") + "\n" if self.lines else ""

    def take(self, token: Token) -> None:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            start = int(token.attrs.get("start", 1)) if kind.startswith("ordered") else None
            self.lists.append(start)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self.lists.pop()
            self.gap = True
        elif kind == "list_item_open":
            self._item()
        elif kind == "blockquote_open":
            self.indent.append("> ")
        elif kind in ("list_item_close", "blockquote_close"):
            self.indent.pop()
        elif kind == "inline":
            self._block(_inline(token.children or []))
        elif kind in ("fence", "code_block"):
            self._block(token.content.rstrip("\n"))
            self.gap = True
        elif kind == "hr":
            self._block("-" * 20)
            self.gap = True
        elif kind == "heading_close" or (kind == "paragraph_close" and not token.hidden):
            self.gap = True

    def _item(self) -> None:
        number = self.lists[-1]
        mark = "- " if number is None else f"{number}. "
        if number is not None:
            self.lists[-1] = number + 1
        self.indent.append(" " * len(mark))
        self.marks.append(mark)

    def _block(self, text: str) -> None:
        if self.gap and self.lines and not (self.marks and self.lines[-1] == ""):
            self.lines.append("")
        self.gap = False
        for line in text.split("\n"):
            before = "".join(self.indent)
            for mark in reversed(self.marks):
                # The innermost item's mark takes the place of its own indent; an outer one's, further left.
                before = before[: len(before) - len(mark)] + mark if before.endswith(" " * len(mark)) else before
            self.marks.clear()
            self.lines.append((before + line).rstrip())


def _inline(children: list[Token]) -> str:
    parts: list[str] = []
    links: list[tuple[str, int]] = []
    for token in children:
        if token.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif token.type == "link_open":
            links.append((str(token.attrs.get("href", "")), len(parts)))
        elif token.type == "link_close":
            address, since = links.pop()
            shown = address.removeprefix("mailto:")
            if shown != "#" and "".join(parts[since:]) not in (address, shown):
                parts.append(f" ({shown})")
        else:
            parts.append(token.content)
    return "".join(parts)
