"""Letters: Markdown with front matter, and FEEL between double braces."""

from __future__ import annotations

import re
from dataclasses import dataclass

from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.findings import Findings

_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """An expression in a letter, without its braces, and its line."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it lies in a package: its front matter's entries, its body, and the line the body begins on."""

    front: dict[str, str]
    body: str
    line: int

    @property
    def placeholders(self) -> list[Placeholder]:
        """The expressions in its subject and body."""
        subject = [Placeholder(match[1], 2) for match in _PLACEHOLDER.finditer(self.front.get("subject", ""))]
        body = [
            Placeholder(match[1], self.line + self.body.count("\n", 0, match.start())) for match in _PLACEHOLDER.finditer(self.body)
        ]
        return subject + body


def read_letter(text: str) -> Letter:
    """Split a letter into front matter and body; a letter without front matter is all body."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != "---":
        return Letter({}, "\n".join(lines), 1)
    end = next((number for number, line in enumerate(lines[1:], 1) if line.strip() == "---"), None)
    if end is None:
        return Letter({}, "\n".join(lines), 1)
    front: dict[str, str] = {}
    for line in lines[1:end]:
        key, colon, value = line.partition(":")
        if colon:
            value = value.strip()
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
            front[key.strip()] = value[1:-1] if quoted else value
    return Letter(front, "\n".join(lines[end + 1 :]), end + 2)


def check_letter(found: Findings, body: bytes, expressions: Expressions) -> None:
    """A letter has a subject, and its placeholders are FEEL."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        found.add(None, "letter", "The letter is not in UTF-8.", "Save it as UTF-8.", line=1)
        return
    letter = read_letter(text)
    if not letter.front.get("subject", "").strip():
        help = "Begin the file with the lines ---, subject: …, ---."
        found.add(None, "letter-subject", "The letter has no subject.", help, line=1)
    for placeholder in letter.placeholders:
        if not placeholder.text.strip():
            found.add(None, "letter", "A placeholder is empty.", "Write FEEL between the braces.", line=placeholder.line)
            continue
        fault = expressions.fault(placeholder.text)
        if fault is not None:
            message = f"The placeholder {{{{{placeholder.text}}}}} is not FEEL. {fault}"
            found.add(None, "feel-syntax", message, "Put the expression right.", line=placeholder.line)
    for match in re.finditer(r"\{\{(?!.*?\}\})", letter.body, re.DOTALL):
        line = letter.line + letter.body.count("\n", 0, match.start())
        found.add(None, "letter", "A placeholder is opened and not closed.", "Close it with }}.", line=line)
