"""Read the rows of a file so that one broken row is one broken row, whatever is wrong with it.

A quote that is never closed would make everything after it one cell. Here a row that cannot be is given up after its first line,
and reading goes on at the next.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from amends.engine.errors import Invalid

MOST_LINES = 1_000
"""Lines a row may have: a longer one has a quote that is not closed."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it stands in the file. `line` counts from 1, the header's; `problem` says why it cannot be read."""

    line: int
    cells: dict[str, str]
    problem: str = ""


class _Lines:
    """The lines of a file, one row's at a time; those of a row that cannot be are given back."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._back: deque[str] = deque()
        self.taken: list[str] = []
        self.first = 1  # the number of the row's first line

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES:
            raise csv.Error(f"it has more than {MOST_LINES} lines, so a quote in it is not closed")
        line = self._back.popleft() if self._back else next(self._stream)
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """What was taken is done with; a row begins."""
        self.first += len(self.taken)
        self.taken = []

    def give_back(self) -> None:
        """Only the first line is done with."""
        self._back.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def read_rows(path: Path, columns: list[str], *, delimiter: str = ",", encoding: str = "utf-8") -> Iterator[Row]:
    """The rows of a CSV file, in order; empty lines are no rows. Raises `Invalid` where the header lacks a column."""
    # A byte-order mark is no part of the first column's name; bytes that are no text are kept, to name the rows they are in.
    codec = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    with path.open(encoding=codec, newline="", errors="surrogateescape") as stream:
        lines = _Lines(stream)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            header = next(reader, [])
        except csv.Error as error:
            raise Invalid(f"The header of {path.name} cannot be read: {error}.") from error
        missing = [name for name in columns if name not in header]
        if missing:
            raise Invalid(f"{path.name} has no column {', '.join(map(repr, missing))}; choose another mapping, or change this one.")
        while True:
            lines.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except UnicodeError as error:
                raise Invalid(f"{path.name} is not written in {encoding} ({error}); say in the mapping which encoding it has.") from error
            except csv.Error as error:
                lines.give_back()
                yield Row(lines.first, {}, f"The row cannot be read: {error}.")
                continue
            if cells:
                yield _row(lines, header, cells, encoding)


def _row(lines: _Lines, header: list[str], cells: list[str], encoding: str) -> Row:
    if len(cells) != len(header):
        many = len(lines.taken)
        lines.give_back()
        told = f"The row has {len(cells)} cells, the header {len(header)}."
        return Row(lines.first, {}, told if many == 1 else f"{told} It may have a quote that is not closed.")
    named = dict(zip(header, cells, strict=True))
    for name, cell in named.items():
        if "\0" in cell:
            return Row(lines.first, named, f"{name!r} has a zero byte in it, which is no text.")
        if not cell.isascii() and not _is_text(cell):
            return Row(lines.first, named, f"{name!r} is not written in {encoding}; say in the mapping which encoding the file has.")
    return Row(lines.first, named)


def _is_text(cell: str) -> bool:
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True
