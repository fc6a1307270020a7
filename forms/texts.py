"""What forms say themselves, in the language of whoever reads: the pages set how texts are translated, for one request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date


class Speech:
    """How texts and dates are said; this one says them as they are, in English."""

    def say(self, text: str) -> str:
        """A text in the reader's language."""
        return text

    def day(self, found: date) -> str | None:
        """A date in words; None for the form's own English."""
        return None

    def number(self, found: int) -> str:
        """A whole number with the signs of the reader's language."""
        return f"{found:,}"


_ENGLISH = Speech()
_current: ContextVar[Speech] = ContextVar("amends_speech", default=_ENGLISH)


def say(text: str) -> str:
    """A text of ours in the language of whoever reads."""
    return _current.get().say(text)


def day(found: date) -> str | None:
    """A date in words in that language; None where it is English."""
    return _current.get().day(found)


def number(found: int) -> str:
    """A whole number with the signs of that language, to be read; not as somebody is to type it."""
    return _current.get().number(found)


def speak(speech: Speech) -> Callable[[], None]:
    """Say everything so from now on, in this context; what it returns takes that back."""
    token = _current.set(speech)
    return lambda: _current.reset(token)


@contextmanager
def speaking(speech: Speech) -> Iterator[None]:
    """Say everything so inside the block."""
    end = speak(speech)
    try:
        yield
    finally:
        end()
