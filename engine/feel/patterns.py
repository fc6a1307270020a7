"""matches, replace, split: XPath regular expressions, compiled for the `regex` module and bounded in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import regex  # type: ignore[import-untyped]  # it ships no type information

from amends.engine.feel.errors import BudgetError
from amends.engine.feel.run import Meter
from amends.engine.feel.values import Fault
from amends.engine.feel.xpath_regex import PatternError, translate

MAX_PATTERN = 2_000
QUICK_TEXT = 256


@lru_cache(maxsize=1024)
def compiled(pattern: str, flags: str) -> Any:
    """An XPath pattern with its flags; a Fault where it is none."""
    if len(pattern) > MAX_PATTERN:
        raise Fault(f"A pattern has at most {MAX_PATTERN} characters")
    try:
        translated = translate(pattern, flags)
        return regex.compile(translated, regex.IGNORECASE if "i" in flags else 0)
    except (PatternError, regex.error, OverflowError, RecursionError, MemoryError) as error:
        raise Fault(f"«{pattern[:60]}» with flags «{flags[:10]}» is no regular expression of XPath: {error}") from None


def _timed(meter: Meter, action: Callable[[float], Any]) -> Any:
    """Run a search with the regular-expression time that is left."""
    started = time.monotonic()
    try:
        return action(max(meter.regex_seconds, 0.001))
    except TimeoutError:
        raise BudgetError(
            f"The regular expressions took longer than {meter.limits.regex_seconds} seconds and were ended. Simplify the pattern."
        ) from None
    finally:
        meter.regex_seconds -= time.monotonic() - started


def matches(meter: Meter, text: str, pattern: str, flags: str) -> bool:
    """Whether the pattern occurs in the text."""
    if not flags and len(text) <= QUICK_TEXT:
        search = quick_search(pattern)
        if search is not None:
            return search(text) is not None
    code = compiled(pattern, flags)
    return _timed(meter, lambda seconds: code.search(text, timeout=seconds)) is not None


@lru_cache(maxsize=1024)
def quick_search(pattern: str) -> Callable[[str], Any] | None:
    """The search of a pattern that cannot take long in a text of at most QUICK_TEXT characters: of one repetition and no group.

    None for any other. It needs no limit of time, which costs five times what such a search does.
    """
    if sum(map(pattern.count, "*+?{")) > 1 or "(" in pattern:
        return None
    try:
        return compiled(pattern, "").search  # type: ignore[no-any-return]  # of an untyped module
    except Fault:
        return None


def _refuse_empty(code: Any, meter: Meter) -> None:
    if _timed(meter, lambda seconds: code.fullmatch("", timeout=seconds)) is not None:
        raise Fault("The pattern matches the empty text, so what to replace or split at is not determined")


def replace(meter: Meter, text: str, pattern: str, replacement: str, flags: str) -> str:
    """The text with what the pattern matches replaced; $1 is what the first group matched."""
    code = compiled(pattern, flags)
    _refuse_empty(code, meter)
    parts = [replacement] if "q" in flags else _replacement(replacement, code.groups)
    size = len(text)

    def put(match: Any) -> str:
        nonlocal size
        piece = "".join(part if isinstance(part, str) else match[part] or "" for part in parts)
        size += len(piece)
        meter.text(size)
        return piece

    return str(_timed(meter, lambda seconds: code.sub(put, text, timeout=seconds)))


@lru_cache(maxsize=256)
def _replacement(text: str, groups: int) -> list[str | int]:
    """The parts of a replacement: texts, and numbers of groups."""
    parts: list[str | int] = []
    index = 0
    while index < len(text):
        char, following = text[index], text[index + 1 : index + 2]
        if char == "\\":
            if following not in ("\\", "$") or not following:
                raise Fault("In a replacement, \\ stands only before \\ or $")
            parts.append(following)
            index += 2
        elif char == "$":
            if not ("0" <= following <= "9"):
                raise Fault("In a replacement, $ stands before the number of a group; write \\$ for the sign")
            end = index + 2
            while text[end : end + 1].isascii() and text[end : end + 1].isdigit() and int(text[index + 1 : end + 1]) <= groups:
                end += 1
            number = int(text[index + 1 : end])
            parts.append(number if number <= groups else "")
            index = end
        else:
            parts.append(char)
            index += 1
    return parts


def split(meter: Meter, text: str, pattern: str) -> list[str]:
    """The parts of a text between what the pattern matches."""
    code = compiled(pattern, "")
    _refuse_empty(code, meter)

    def pieces(seconds: float) -> list[str]:
        found, last = [], 0
        for match in code.finditer(text, timeout=seconds):
            found.append(text[last : match.start()])
            last = match.end()
        return [*found, text[last:]]

    result: list[str] = _timed(meter, pieces)
    meter.size(len(result))
    return result


def extract(meter: Meter, text: str, pattern: str) -> list[str]:
    """All matches of the pattern."""
    code = compiled(pattern, "")
    result: list[str] = _timed(meter, lambda seconds: [match.group() for match in code.finditer(text, timeout=seconds)])
    meter.size(len(result))
    return result
