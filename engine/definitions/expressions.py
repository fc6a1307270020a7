"""FEEL as the checks need it: parsed once for each text, and the names of functions an expression may call."""

from __future__ import annotations

from amends.engine.calendars.feel_functions import PARAMETERS
from amends.engine.definitions.model import expression, is_feel
from amends.engine.feel import Expression, FeelError, parse

FUNCTIONS = frozenset(PARAMETERS)
"""The functions of ours that an expression may call besides FEEL's own."""


class Expressions:
    """Parses texts, each once."""

    def __init__(self) -> None:
        self._parsed: dict[str, Expression | FeelError] = {}

    def fault(self, text: str) -> FeelError | None:
        """What is wrong with a text's FEEL, or None."""
        found = self._parse(text)
        return found if isinstance(found, FeelError) else None

    def get(self, text: str) -> Expression | None:
        """The parsed expression; None for one that does not parse."""
        found = self._parse(text)
        return None if isinstance(found, FeelError) else found

    def constant(self, text: str) -> tuple[bool, object]:
        """Whether a text's FEEL has the same value always, and that value."""
        found = self.get(text)
        if found is None or not found.constant:
            return False, None
        try:
            return True, found.evaluate({})
        except FeelError:  # over its budget: whether it is right shows when it runs
            return False, None

    def always(self, text: str) -> bool:
        """Whether a condition holds whatever happens."""
        certain, value = self.constant(text)
        return certain and value is True

    def text(self, text: str) -> str | None:
        """What a text is, plain or by FEEL that gives the same text always; None where it is only known when it runs."""
        if not is_feel(text):
            return text
        certain, value = self.constant(text)
        return value if certain and isinstance(value, str) else None

    def _parse(self, text: str) -> Expression | FeelError:
        found = self._parsed.get(text)
        if found is None:
            try:
                found = parse(expression(text), names=FUNCTIONS)
            except FeelError as error:
                found = error
            self._parsed[text] = found
        return found
