"""On which lines of a TOML file its scenarios and their steps begin: the standard library's parser does not tell."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_SKIPPED = re.compile(r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL)
_HEADER = re.compile(r"[ \t]*\[\[\s*scenario\s*(\.\s*steps\s*)?\]\]")
_STEPS = re.compile(r"[ \t]*steps[ \t]*=")


@dataclass(slots=True)
class Place:
    """Where a scenario begins, and each of its steps."""

    line: int
    steps: list[int] = field(default_factory=list)


def places(text: str) -> list[Place]:
    """The places of all `[[scenario]]` of a file that is TOML; their steps are in `steps = [ {…}, … ]` or `[[scenario.steps]]`."""
    found: list[Place] = []
    line, depth, at, in_steps, statement = 1, 0, 0, False, True
    while at < len(text):
        if statement and depth == 0:
            if match := _HEADER.match(text, at):
                if match[1] and found:
                    found[-1].steps.append(line)
                elif not match[1]:
                    found.append(Place(line))
                at, statement = match.end(), False
                continue
            in_steps = _STEPS.match(text, at) is not None and bool(found)
        statement = False
        if match := _SKIPPED.match(text, at):
            line += match[0].count("\n")
            at = match.end()
            continue
        sign = text[at]
        if sign == "{" and in_steps and depth == 1:
            found[-1].steps.append(line)
        depth += (sign in "[{") - (sign in "]}")
        if sign == "\n":
            line, statement = line + 1, depth == 0
        at += 1
    return found
