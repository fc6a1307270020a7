"""FEEL text to tokens (DMN 1.5, 10.3.1.2, rules 27-35 and 64-66)."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from amends.engine.feel.errors import FeelError, place
from amends.engine.feel.limits import MAX_SOURCE

NAME_START = (
    r"?A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F\u2C00-\u2FEF"
    r"\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
NAME_PART = NAME_START + r"0-9\u00B7\u0300-\u036F\u203F-\u2040"
SPACE = r"\s\u0085\u00A0\u1680\u180E\u2000-\u200B\u2028\u2029\u202F\u205F\u3000\uFEFF"

_TOKEN = re.compile(
    rf"""(?P<space>[{SPACE}]+|//[^\n\r]*|/\*(?:[^*]|\*(?!/))*\*/)
    |(?P<name>[{NAME_START}][{NAME_PART}]*)
    |(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<quoted>`[^`\n]+`)
    |(?P<op>\*\*|\.\.|<=|>=|!=|->|==|=>|&&|\|\||[-+*/<>=()\[\]{{}},:.@'!%;&|’])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|(.))", re.DOTALL)
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Token(NamedTuple):
    """One token; kind is name, quoted, number, string, op or end."""

    kind: str
    text: str
    start: int
    end: int


def unescape(body: str) -> str:
    """The string a literal's body stands for; an unknown escape such as \\d stays as it is, for regular expressions."""
    if "\\" not in body:
        return body

    def one(match: re.Match[str]) -> str:
        short, long, plain = match.groups()
        if plain is not None:
            return _PLAIN_ESCAPES.get(plain, match.group())
        code = int(short or long, 16)
        return chr(code) if code <= 0x10FFFF else match.group()

    return _SURROGATES.sub(lambda pair: pair.group().encode("utf-16", "surrogatepass").decode("utf-16"), _ESCAPE.sub(one, body))


def escape(text: str) -> str:
    """A string literal that stands for this text."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


def tokenize(text: str) -> list[Token]:
    """The tokens of a text, the last of kind `end`; raises FeelError for a character that cannot stand in FEEL."""
    if len(text) > MAX_SOURCE:
        message = f"The expression has {len(text):,} characters; at most {MAX_SOURCE:,} are read. Split it or shorten it."
        raise FeelError(message, line=1, column=1)
    tokens: list[Token] = []
    offset = 0
    match = _TOKEN.match
    while offset < len(text):
        found = match(text, offset)
        if found is None:
            _refuse(text, offset)
        kind = found.lastgroup or ""
        if kind != "space":
            tokens.append(Token(kind, found.group(), offset, found.end()))
        offset = found.end()
    tokens.append(Token("end", "", len(text), len(text)))
    return tokens


def _refuse(text: str, offset: int) -> NoReturn:
    line, column = place(text, offset)
    found = text[offset]
    if found == '"':
        help_ = 'Put " at its end; inside it, write \\" for a quotation mark.'
        raise FeelError(
            f"Line {line}, column {column}: a text begins here and does not end. {help_}",
            line=line,
            column=column,
            found=found,
            expected=('"',),
            help=help_,
        )
    slip = {"“": 'Write straight quotation marks: "text".', "”": 'Write straight quotation marks: "text".'}.get(found)
    raise FeelError(
        f"Line {line}, column {column}: the character {found!r} cannot stand in an expression." + (f" {slip}" if slip else ""),
        line=line,
        column=column,
        found=found,
        help=slip,
    )
