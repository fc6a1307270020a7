"""A form's `pattern`: a regular expression from outside, with a bound on its length, on the text and on its time."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import regex  # type: ignore[import-untyped]

MAX_PATTERN = 1000
MAX_SECONDS = 0.1

EMAIL = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)
"""The address syntax of HTML and form-js (WHATWG HTML, valid e-mail address), with the bounds of RFC 5321."""

PHONE = re.compile(r"(?:\+|00)[1-9][0-9]{6,14}")
"""An international number (ITU-T E.164) after spaces, dashes, dots, slashes and brackets were taken out."""


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Any:
    """Compile a JavaScript regular expression; raises ValueError saying what is wrong with it."""
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"it is {len(pattern)} characters long, the most is {MAX_PATTERN}")
    try:
        # ASCII, because \d and \w mean that in JavaScript; the end anchor differs too.
        return regex.compile(_end_anchors(pattern), regex.ASCII | regex.V0)
    except regex.error as error:
        raise ValueError(str(error)) from error


def matches(compiled: Any, text: str) -> bool | None:
    """Whether `text` contains a match, as JavaScript's `test` says it; None when that took too long."""
    try:
        return compiled.search(text, timeout=MAX_SECONDS) is not None
    except TimeoutError:
        return None


def is_email(text: str) -> bool:
    """Whether `text` is an address one can write to, by its form."""
    return len(text) <= 254 and EMAIL.fullmatch(text) is not None


def is_phone(text: str) -> bool:
    """Whether `text` is a phone number with its country code."""
    return PHONE.fullmatch(re.sub(r"[\s().\-/\u2010-\u2015]|\(0\)", "", text.replace("(0)", ""))) is not None


def _end_anchors(pattern: str) -> str:
    """Replace `$` outside a class: here it would match before a last line break, in JavaScript it does not."""
    out: list[str] = []
    in_class = escaped = False
    for letter in pattern:
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == "[":
            in_class = True
        elif letter == "]":
            in_class = False
        elif letter == "$" and not in_class:
            letter = r"\Z"
        out.append(letter)
    return "".join(out)
