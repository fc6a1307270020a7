"""The words of JUEL, Java's unified expression language (JSR 341, 1.3), and the parts of a text that mixes both."""

from __future__ import annotations

import re
from dataclasses import dataclass

from amends.engine.conversion.feel import MAX_LENGTH, Untranslatable

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)?)
    |(?P<name>[^\W\d][\w$]*|\$[\w$]*)
    |(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()\[\]]))""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = {
    "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "and": "&&", "or": "||", "not": "!", "div": "/", "mod": "%",
}  # fmt: skip
_RESERVED = frozenset({"true", "false", "null", "empty", "instanceof"})


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is number, name, text, sign or word (true, false, null, empty, instanceof)."""

    kind: str
    value: str


def tokens(body: str) -> list[Token]:
    """The tokens of the inside of `${…}`; Untranslatable where a character is none of JUEL's."""
    found, place = [], 0
    while body[place:].strip():
        match = _TOKEN.match(body, place)
        if match is None:
            raise Untranslatable(f"«{body[place:].strip()[:20]}» is not understood")
        place, kind = match.end(), str(match.lastgroup)
        value = match[kind]
        if kind == "text":
            value = re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
        elif kind == "name" and value in _WORDS:
            kind, value = "sign", _WORDS[value]
        elif kind == "name" and value in _RESERVED:
            kind = "word"
        found.append(Token(kind, value))
    return found


def parts(source: str) -> list[tuple[bool, str]]:
    """A text as its pieces: (whether it is an expression, its inside). `\\${` and `\\#{` are plain text."""
    if len(source) > MAX_LENGTH:
        raise Untranslatable("The expression is too long to translate")
    found: list[tuple[bool, str]] = []
    plain, place = "", 0
    while place < len(source):
        if source[place] == "\\" and source[place + 1 : place + 3] in ("${", "#{"):
            plain, place = plain + source[place + 1 : place + 3], place + 3
        elif source[place : place + 2] in ("${", "#{"):
            end = _end(source, place + 2)
            if plain:
                found.append((False, plain))
            found.append((True, source[place + 2 : end]))
            plain, place = "", end + 1
        else:
            plain, place = plain + source[place], place + 1
    return [*found, (False, plain)] if plain or not found else found


def _end(source: str, place: int) -> int:
    """Where the brace closes; braces inside of quotation marks do not count."""
    quote = ""
    while place < len(source):
        sign = source[place]
        if quote:
            if sign == "\\":
                place += 1
            elif sign == quote:
                quote = ""
        elif sign in "'\"":
            quote = sign
        elif sign == "}":
            return place
        place += 1
    raise Untranslatable("An expression is not closed: a } is missing")


def has_expression(source: str) -> bool:
    """Whether a text has a `${…}` or `#{…}` that is evaluated."""
    return re.search(r"(?<!\\)[$#]\{", source) is not None
