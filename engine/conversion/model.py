"""What a conversion gives: files, what was carried over, and what could not be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from amends.engine.errors import AmendsError


class Unconvertible(AmendsError):
    """The file is none that can be converted; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Something that is now said in our dialect: `said` became `became`; `note` is what was taken for granted, if anything."""

    element_id: str
    name: str
    line: int
    what: str
    said: str
    became: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """Something that is not in the converted file, or not understood there: `said` is what it said, `help` what to do."""

    element_id: str
    name: str
    line: int
    what: str
    said: str
    reason: str
    help: str

    def __str__(self) -> str:
        about = f"{self.element_id} «{self.name}»" if self.name else self.element_id
        return f"line {self.line}: {about}: {self.what}: {self.said!r}: {self.reason}. {self.help}"


@dataclass(frozen=True, slots=True)
class Converted:
    """`files` maps names to contents, the converted one first; `dialects` are those found in it (camunda7, spiffworkflow).

    Nothing is `changed` in a file that has none.
    """

    name: str
    files: Mapping[str, bytes]
    dialects: tuple[str, ...] = ()
    carried: tuple[Carried, ...] = ()
    left: tuple[Left, ...] = ()
    changed: bool = field(default=True)

    @property
    def body(self) -> bytes:
        """The converted file itself."""
        return self.files[self.name]

    @property
    def assumed(self) -> tuple[Carried, ...]:
        """Of what was carried, that which takes something for granted."""
        return tuple(item for item in self.carried if item.note)

    def to_plain(self) -> dict[str, Any]:
        """For --json: names of files, not their contents."""
        return {
            "files": list(self.files),
            "dialects": list(self.dialects),
            "changed": self.changed,
            "carried": [asdict(item) for item in self.carried],
            "left": [asdict(item) for item in self.left],
        }
