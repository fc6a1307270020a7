"""What can go wrong at an element while a process runs."""

from __future__ import annotations

from amends.engine.errors import AmendsError


class Fault(AmendsError):
    """An element cannot go on: it becomes an incident there, and nothing else of the instance is lost."""


class BpmnError(AmendsError):
    """A business error with a code, for an error event to catch.

    `variables` become variables where it is caught.
    """

    def __init__(self, code: str, message: str = "", variables: dict[str, object] | None = None) -> None:
        super().__init__(message or f"Error {code}")
        self.code = code
        self.variables = variables or {}
