"""Letters: Markdown with front matter, and FEEL between double braces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.findings import Findings

FOLLOW_LINK = "follow_link"
"""The name by which a letter asks for the complainant's personal link; it is there in every letter, and no variable."""
MAX_BYTES = 1_000_000
"""A letter larger than this is refused."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """An expression in a letter, without its braces, its line, and whether its braces are closed."""

    text: str
    line: int
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it lies in a package: its front matter's entries and their lines, its body, and the line the body begins on."""

    front: dict[str, str]
    body: str
    line: int
    front_lines: dict[str, int] = field(default_factory=dict)

    @property
    def placeholders(self) -> list[Placeholder]:
        """The expressions in its subject and body."""
        return [part for part in self.parts() if part.closed]

    def parts(self) -> Iterator[Placeholder]:
        """All that begins like a placeholder; one that is not closed is the last of its text."""
        yield from _scan(self.front.get("subject", ""), self.front_lines.get("subject", 1))
        yield from _scan(self.body, self.line)


def _scan(text: str, line: int) -> Iterator[Placeholder]:
    """Placeholders from left to right, each character looked at once."""
    position = 0
    while (start := text.find("{{", position)) >= 0:
        line += text.count("\n", position, start)
        end = text.find("}}", start + 2)
        if end < 0:
            yield Placeholder(text[start + 2 :], line, closed=False)
            return
        yield Placeholder(text[start + 2 : end], line)
        line += text.count("\n", start, end)
        position = end + 2


def read_letter(text: str) -> Letter:
    """Split a letter into front matter and body; a letter without front matter is all body."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != "---":
        return Letter({}, "\n".join(lines), 1)
    end = next((number for number, line in enumerate(lines[1:], 1) if line.strip() == "---"), None)
    if end is None:
        return Letter({}, "\n".join(lines), 1)
    front: dict[str, str] = {}
    places: dict[str, int] = {}
    for number, line in enumerate(lines[1:end], 2):
        key, colon, value = line.partition(":")
        if colon:
            value = value.strip()
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
            front[key.strip()] = value[1:-1] if quoted else value
            places[key.strip()] = number
    return Letter(front, "\n".join(lines[end + 1 :]), end + 2, places)


def check_letter(found: Findings, body: bytes, expressions: Expressions, names: frozenset[str] | None = None) -> None:
    """A letter has a subject, and its placeholders are FEEL.

    `names` are those any process can have; None where they cannot be known.
    """
    if len(body) > MAX_BYTES:
        found.add(None, "too-large", f"The letter has more than {MAX_BYTES:,} bytes.", "Shorten it.", line=1)
        return
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        found.add(None, "letter", "The letter is not in UTF-8.", "Save it as UTF-8.", line=1)
        return
    letter = read_letter(text)
    if not letter.front.get("subject", "").strip():
        help = "Begin the file with the lines ---, subject: …, ---."
        found.add(None, "letter-subject", "The letter has no subject.", help, line=1)
    for placeholder in letter.parts():
        _placeholder(found, placeholder, expressions, names)


def _placeholder(found: Findings, placeholder: Placeholder, expressions: Expressions, names: frozenset[str] | None) -> None:
    if not placeholder.closed:
        found.add(None, "letter", "A placeholder is opened and not closed.", "Close it with }}.", line=placeholder.line)
        return
    if not placeholder.text.strip():
        found.add(None, "letter", "A placeholder is empty.", "Write FEEL between the braces.", line=placeholder.line)
        return
    fault = expressions.fault(placeholder.text)
    if fault is not None:
        message = f"The placeholder {{{{{placeholder.text}}}}} is not FEEL. {fault}"
        found.add(None, "feel-syntax", message, "Put the expression right.", line=placeholder.line)
    elif names is not None:
        _unknown(found, placeholder, expressions, names)


def _unknown(found: Findings, placeholder: Placeholder, expressions: Expressions, names: frozenset[str]) -> None:
    """Warn of names that no process ever has."""
    expression = expressions.get(placeholder.text)
    for name in sorted(expression.names - expression.item_names - names - {FOLLOW_LINK} if expression is not None else ()):
        message = f"The placeholder {{{{{placeholder.text}}}}} reads {name!r}, which nothing sets."
        found.warn(None, "unknown-name", message, "Correct its name, or set it by a form, a mapping or a result.", line=placeholder.line)
