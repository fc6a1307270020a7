"""Where the parser stands: tokens, the names it knows, and errors that say what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import NoReturn

from amends.engine.feel.errors import FeelError, place
from amends.engine.feel.limits import MAX_NESTING
from amends.engine.feel.tokens import Token, tokenize

KEYWORDS = frozenset("and or in between then else return satisfies instance if for some every function true false null".split())
RESERVED = frozenset({"clocks", "settings"})
"""What expressions read by these names is no variable."""
NAME_SYMBOLS = frozenset("+-*/'.’")
_SLIPS = {
    "==": "FEEL compares with a single =, not ==.",
    "=>": "Write >= for «greater or equal».",
    "&&": "Write and instead of &&.",
    "&": "Write and for the logical operator, + to join texts.",
    "||": "Write or instead of ||.",
    "'": "Texts stand in double quotation marks: \"text\", not 'text'.",
    "!": "Write not(…) for a negation and != for «not equal».",
    "%": "Write modulo(a, b) for the rest of a division.",
    ";": "Separate with commas, not semicolons.",
}


@lru_cache(maxsize=4096)
def name_tokens(name: str) -> tuple[str, ...]:
    """The tokens a name consists of; empty where a text cannot be a name."""
    try:
        tokens = tokenize(name)
    except FeelError:
        return ()
    parts = tuple(token.text for token in tokens[:-1])
    symbols = NAME_SYMBOLS | {"**"}
    fits = tokens[0].kind == "name" and all(token.kind in ("name", "number") or token.text in symbols for token in tokens[:-1])
    return parts if fits else ()


class KnownNames:
    """Names of several tokens, by their first token, longest first; locals come and go with their scope."""

    def __init__(self, names: Iterable[str] = (), base: KnownNames | None = None) -> None:
        self._base = base
        self._by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> bool:
        """Make a name known; True where that changed anything (a name of one token needs no knowing)."""
        tokens = name_tokens(name)
        if len(tokens) < 2:
            return False
        entry = (tokens, name)
        same_start = self._by_first.setdefault(tokens[0], [])
        if entry in same_start:
            return False
        same_start.append(entry)
        same_start.sort(key=lambda item: -len(item[0]))
        return True

    def match(self, tokens: list[Token], index: int) -> tuple[int, str] | None:
        """The longest known name that begins at a token: how many tokens it takes, and the name."""
        below = self._base.match(tokens, index) if self._base is not None else None
        for parts, name in self._by_first.get(tokens[index].text, ()):
            length = len(parts)
            if index + length < len(tokens) and all(tokens[index + n].text == parts[n] for n in range(1, length)):
                return (length, name) if below is None or length >= below[0] else below
        return below


class Cursor:
    """Reads tokens one after the other."""

    def __init__(self, text: str, known: KnownNames) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.index = 0
        self.depth = 0
        self.known = known

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def at(self, text: str) -> bool:
        """Whether the next token is this operator or keyword."""
        token = self.tokens[self.index]
        return token.text == text and token.kind in ("op", "name")

    def take(self, text: str) -> bool:
        """Go past an operator or keyword if it is next."""
        if self.at(text):
            self.index += 1
            return True
        return False

    def expect(self, text: str, meaning: str = "") -> Token:
        token = self.token
        if not self.take(text):
            self.fail(text, meaning=meaning)
        return token

    @contextmanager
    def nested(self) -> Iterator[None]:
        """One bracket or keyword deeper; refuses what is nested too deeply to be evaluated safely."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            line, column = place(self.text, self.token.start)
            raise FeelError(
                f"Line {line}, column {column}: the expression is nested more than {MAX_NESTING} levels deep. Split it into several.",
                line=line,
                column=column,
                found=self.token.text,
            )
        try:
            yield
        finally:
            self.depth -= 1

    def name(self, stop: frozenset[str] = KEYWORDS) -> str:
        """A name: the longest that is known here, else all adjoining words up to a keyword."""
        token = self.token
        if token.kind == "quoted":
            self.index += 1
            return token.text[1:-1]
        if token.kind != "name":
            self.fail("a name")
        known = self.known.match(self.tokens, self.index)
        if known is not None:
            self.index += known[0]
            return known[1]
        words = [token.text]
        self.index += 1
        while self.token.kind == "name" and self.token.text not in stop and self.token.text != "?":
            words.append(self.token.text)
            self.index += 1
        return " ".join(words)

    def name_until(self, *ends: str) -> str | None:
        """A new name that is being defined: all its tokens up to one of `ends`; None (nothing taken) if that is not what follows."""
        index = self.index
        first = self.tokens[index]
        if first.kind == "quoted" and self.tokens[index + 1].text in ends:
            self.index += 1
            return first.text[1:-1]
        if first.kind != "name":
            return None
        while (token := self.tokens[index]).text not in ends:
            if not (token.kind in ("name", "number") or token.text in NAME_SYMBOLS):
                return None
            index += 1
        taken = self.tokens[self.index : index]
        if not taken:
            return None
        self.index = index
        return normal_name(self.text[taken[0].start : taken[-1].end])

    def fail(self, *expected: str, meaning: str = "", at: Token | None = None) -> NoReturn:
        """Raise the syntax error for the next (or the given) token."""
        token = at or self.token
        line, column = place(self.text, token.start)
        found = token.text if token.kind != "end" else "the end"
        help_ = self._help(token, expected)
        wanted = " or ".join(expected)
        where = f"Line {line}, column {column}: "
        said = f"{where}found {_quote(token)} where {wanted} should stand{f' ({meaning})' if meaning else ''}."
        raise FeelError(said + (f" {help_}" if help_ else ""), line=line, column=column, found=found, expected=expected, help=help_)

    def _help(self, token: Token, expected: tuple[str, ...]) -> str | None:
        if token.kind == "op" and token.text in _SLIPS:
            return _SLIPS[token.text]
        previous = self.tokens[self.index - 1] if self.index else None
        if token.text == "=" and previous is not None and previous.text in ("<", ">", "!"):
            return f"Write {previous.text}= without a blank."
        if token.kind == "op" and token.text == "(" and previous is not None and previous.text in ("true", "false", "null"):
            return f"{previous.text} is a value: write it without parentheses."
        if token.text == "=" and self.index == 0:
            return "Leave out the = at the beginning: it only marks an expression in a diagram's field."
        if token.text in ("then", "else") or "then" in expected or "else" in expected:
            return "Every if has all its parts: if … then … else …."
        if token.text == "?":
            return "Write if … then … else … for a choice."
        return None


def normal_name(name: str) -> str:
    """A name with its runs of white space made single blanks (DMN 1.5, 10.3.1.5)."""
    return " ".join(name.split())


def _quote(token: Token) -> str:
    if token.kind == "end":
        return "the end of the expression"
    shown = token.text if len(token.text) <= 30 else token.text[:27] + "…"
    return f"«{shown}»"
