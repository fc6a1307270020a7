"""What FEEL says when it cannot: syntax and budget errors are raised, run-time faults are warnings beside a null."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amends.engine.errors import AmendsError


class FeelError(AmendsError):
    """A text is not FEEL, or its evaluation went over its budget; the message says where, what was found and what to write.

    `line` and `column` count from 1 and are None where no place in a text is to blame. `found` is the text at that place,
    `expected` what could stand there, `help` what to write instead for a likely slip.
    """

    def __init__(
        self,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        found: str | None = None,
        expected: Sequence[str] = (),
        help: str | None = None,
    ) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.found = found
        self.expected = tuple(expected)
        self.help = help


class BudgetError(FeelError):
    """An evaluation took more steps, depth, memory or time than it was given."""


@dataclass(frozen=True, slots=True)
class FeelWarning:
    """Why a part of an expression became null: the message, the place (line and column from 1), and the part itself."""

    message: str
    line: int
    column: int
    part: str

    def __str__(self) -> str:
        where = [f"line {self.line}, column {self.column}"] if self.line else []
        found = ": ".join([*where, self.part] if self.part else where)
        return f"{self.message} ({found})" if found else self.message


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of an offset in a text."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
