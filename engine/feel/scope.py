"""Which names in scope change how a text is read: those with blanks or symbols, and those that would be a slip otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from amends.engine.feel.cursor import KEYWORDS, NAME_SYMBOLS
from amends.engine.feel.run import Functions
from amends.engine.feel.slips import FOREIGN_FUNCTIONS
from amends.engine.feel.tokens import tokenize

_CACHE = 8_192


def relevant_names(text: str, names: Iterable[str]) -> frozenset[str]:
    """Of the names in scope those that change how the text is read."""
    return frozenset(name for name in names if _matters(name) and name.split(None, 1)[0][:1] in text)


def _matters(name: str) -> bool:
    return bool(name.strip()) and (not name.isidentifier() or name in FOREIGN_FUNCTIONS)


@lru_cache(maxsize=_CACHE)
def open_to(text: str) -> tuple[bool, frozenset[str]]:
    """Whether names with blanks or symbols could change how a text is read, and the foreign functions it may call."""
    tokens = tokenize(text)
    foreign = frozenset(token.text for token in tokens if token.text in FOREIGN_FUNCTIONS)
    words = [token.kind == "name" for token in tokens]
    for index, token in enumerate(tokens[:-1]):
        if not words[index] or token.text in KEYWORDS:
            continue
        following = tokens[index + 1]
        # Two words on end, a word and a symbol (due-date), or a keyword between words (days in weekend).
        if following.kind == "number" or following.text in NAME_SYMBOLS:
            return True, foreign
        if words[index + 1] and (following.text not in KEYWORDS or words[index + 2]):
            return True, foreign
    return False, foreign


def names_of(context: Mapping[str, Any], depth: int = 6) -> set[str]:
    """The names in a context that a parser has to know: of its entries, and of those inside them."""
    found: set[str] = set()
    try:
        if not all(map(str.isidentifier, context)):
            found.update(key for key in context if not key.isidentifier())
    except TypeError:
        found.update(key for key in context if isinstance(key, str) and not key.isidentifier())
    for value in context.values() if depth else ():
        if type(value) is list and value:
            value = value[0]
        if type(value) is dict:
            found |= names_of(value, depth - 1)
    return found


def names_in_scope(text: str, context: Mapping[str, Any], functions: Functions | None) -> Iterable[str]:
    """Of the names in a context and of functions, those that could change how a text is read."""
    symbols, foreign = open_to(text)
    names: set[str] = set()
    if symbols:
        names = names_of(context)
        if functions is not None:
            names.update(functions)
    if foreign:
        names.update(name for name in foreign if name in context or functions is not None and name in functions)
    return names
