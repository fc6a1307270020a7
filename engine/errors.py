"""The errors of amends: one root, and each says what happened, to what, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class AmendsError(Exception):
    """Something was refused or failed; the text says what happened, to what, and what to do."""


class NotFound(AmendsError):
    """There is no such thing, or not for this actor."""


class Forbidden(AmendsError):
    """This actor may not do that."""


class Conflict(AmendsError):
    """Someone else was faster with this very task; nothing was changed.

    `by` is the actor who was first and `at` the instant (aware UTC), where they are known.
    """

    def __init__(self, message: str, by: str | None = None, at: Any = None) -> None:
        super().__init__(message)
        self.by = by
        self.at = at


class Invalid(AmendsError):
    """Some fields hold what they may not; `fields` maps a field's path to its messages."""

    def __init__(self, message: str, fields: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(message)
        self.fields: dict[str, list[str]] = {name: list(texts) for name, texts in (fields or {}).items()}

    def by_field(self, otherwise: str = "") -> dict[str, str]:
        """The first message of each field, to stand beside it; where no field is named, the whole beside the one called `otherwise`."""
        found = {name: texts[0] for name, texts in self.fields.items() if texts}
        return found or ({otherwise: str(self)} if otherwise else {})


class CheckFailed(AmendsError):
    """A package cannot be deployed; `problems` holds all of them at once."""

    def __init__(self, problems: Sequence[Any]) -> None:
        super().__init__("The package has problems:\n" + "\n".join(f"- {problem}" for problem in problems))
        self.problems = list(problems)


class Incident(AmendsError):
    """A command was aimed at an element that has an incident; resolve that first."""


class Unavailable(AmendsError):
    """The database cannot be worked with just now: it is gone, its disk is full, or too many want it. Nothing is half done.

    The same command can be given again when the cause has gone, with an idempotency key without a second thought: only where the
    connection broke in the commit itself may it have been done already, and the text says so. Nothing has to be restarted.
    """
