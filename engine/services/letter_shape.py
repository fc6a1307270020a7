"""The shape of a letter on paper: which of the lines that were kept are headings, and what in them is emphasised.

A letter is kept as its plain text, as it was sent. What its Markdown emphasised is found again in the template it was made of: block by
block, with whatever stands in the placeholders. A line that is not found there (a value of several paragraphs, a template that is gone)
is plain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it.token import Token

from amends.engine.services.letters import Template, slots_in

Run = tuple[str, bool]
"""A piece of a line, and whether it is emphasised."""
Block = dict[str, Any]
_BULLET, _NUMBER = re.compile(r"- (.*)"), re.compile(r"\d+\. (.*)")
_STRONG = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
HEADING = "heading"
LONGEST = 4_000
"""A block with more characters is somebody's own words, and is not looked for in the template."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A block of a template.

    `pattern` has a group for each emphasised piece; `kind` is heading or empty; `fixed` says that it has words of its own.
    """

    pattern: re.Pattern[str]
    kind: str
    fixed: bool


def shaped(text: str, template: Template | None = None) -> list[Block]:
    """The blocks of a letter's plain text, in order: `kind` is heading (with `runs`), paragraph (with `lines` of runs), bullets or numbers
    (with `items` of runs). A list is one only if every line of it is an item. Without a `template` everything is plain.
    """
    parts = [_items(part) for part in re.split(r"\n\s*\n", text.strip())]
    units = [unit for _, found in parts for unit in found]
    patterns = [] if template is None else list(_patterns(template))
    strong = [] if template is None else _said_strongly(template)
    told = iter([_runs(unit, pattern, strong) for unit, pattern in zip(units, _aligned(units, patterns), strict=True)])
    return [_block(kind, [next(told) for _ in found]) for kind, found in parts]


def _items(part: str) -> tuple[str, list[str]]:
    """What a block may be, and the pieces of it that a template has as pieces."""
    lines = part.split("\n")
    for kind, item in (("bullets", _BULLET), ("numbers", _NUMBER)):
        items = [match[1] for line in lines if (match := item.fullmatch(line))]
        if len(items) == len(lines):
            return kind, items
    return "", [part]


def _block(kind: str, told: list[tuple[str, list[Run]]]) -> Block:
    if kind:
        return {"kind": kind, "items": [runs for _, runs in told]}
    what, runs = told[0]
    return {"kind": HEADING, "runs": runs} if what == HEADING else {"kind": "paragraph", "lines": list(_lines(runs))}


def _aligned(units: list[str], patterns: list[_Pattern]) -> list[_Pattern | None]:
    """The pattern of each unit, None where there is none.

    They come in the order of the template and are known by words of their own; where as many units as patterns stand between two that are
    known, each is its own.
    """
    known: list[tuple[int, int]] = [(-1, -1)]
    for place, unit in enumerate(units):
        since = known[-1][1] + 1
        if len(unit) <= LONGEST:
            own = (at for at in range(since, len(patterns)) if patterns[at].fixed and patterns[at].pattern.fullmatch(unit))
            known += [(place, at) for at in [next(own, None)] if at is not None]
    found: list[_Pattern | None] = [None] * len(units)
    for (place, at), (next_place, next_at) in zip(known, [*known[1:], (len(units), len(patterns))], strict=True):
        between = next_place - place if next_place - place == next_at - at else 1
        for step in range(between):
            if place + step >= 0:
                found[place + step] = patterns[at + step]
    return found


def _runs(unit: str, pattern: _Pattern | None, strong: Sequence[str]) -> tuple[str, list[Run]]:
    """What a unit is, and its pieces."""
    match = None if pattern is None else pattern.pattern.fullmatch(unit)
    if pattern is not None and match is not None and (pattern.fixed or pattern.pattern.groups):
        return pattern.kind, _parted(unit, [match.span(group) for group in range(1, pattern.pattern.groups + 1)])
    return "", _parted(unit, [span for words in strong for span in _places(unit, words)])


def _places(text: str, words: str) -> Iterator[tuple[int, int]]:
    at = text.find(words)
    if at >= 0:
        yield at, at + len(words)


def _parted(text: str, spans: Iterable[tuple[int, int]]) -> list[Run]:
    runs: list[Run] = []
    since = 0
    for begin, end in sorted(spans):
        if begin < since or begin == end:
            continue
        runs += [(text[since:begin], False)] if begin > since else []
        runs.append((text[begin:end], True))
        since = end
    return runs + ([(text[since:], False)] if since < len(text) or not runs else [])


def _lines(runs: Sequence[Run]) -> Iterator[list[Run]]:
    line: list[Run] = []
    for text, emphasised in runs:
        for number, piece in enumerate(text.split("\n")):
            if number:
                yield line
                line = []
            if piece:
                line.append((piece, emphasised))
    yield line


def _patterns(template: Template) -> Iterator[_Pattern]:
    kind = ""
    for token in template.tokens:
        if token.type == "heading_open":
            kind = HEADING
        elif token.type == "inline":
            yield _pattern(token.children or [], kind)
        elif token.type == "heading_close":
            kind = ""


def _pattern(children: Iterable[Token], kind: str) -> _Pattern:
    written, fixed, depth = "", False, 0
    for token in children:
        if token.type == "strong_open":
            written += "(" if depth == 0 else ""
            depth += 1
        elif token.type == "strong_close":
            depth -= 1
            written += ")" if depth == 0 else ""
        elif token.type in ("softbreak", "hardbreak"):
            written += r"\s"
        elif token.type in ("text", "code_inline"):
            for number, piece in enumerate(slots_in(token.content)):
                written += ".*?" if number % 2 else re.escape(piece)
                fixed = fixed or (number % 2 == 0 and any(letter.isalnum() for letter in piece))
        elif token.type == "link_close":
            written += r"(?: \(\S+\))?"  # the address, where the text is another
    return _Pattern(re.compile(written, re.DOTALL), kind, fixed)


def _said_strongly(template: Template) -> list[str]:
    """What an expression's own text emphasises: `"**You are right.** …"`."""
    return [words for slot in template.slots if slot.emphasis for words in _STRONG.findall(slot.text)]
