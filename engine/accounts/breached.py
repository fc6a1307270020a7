"""Passwords that are known from breaches: a file, if the installation has one. Nothing is asked over the network."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path
from typing import Final

from amends.engine.errors import Invalid

_HASHED = re.compile(rb"[0-9A-Fa-f]{40}(:\d+)?\s*")
LARGEST_PLAIN: Final = 50_000_000
"""A list of plain passwords is read into memory; a longer one has to be of hashes, which are looked up where they lie."""
LONGEST_LINE: Final = 80


class Breached:
    """A file of SHA-1 hashes in order, `HASH` or `HASH:COUNT` a line, as haveibeenpwned.com gives them; or of plain passwords.

    Raises `Invalid` for a file that is not there, or is neither.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        try:
            with self._path.open("rb") as file:
                self._hashed = _HASHED.fullmatch(file.readline(LONGEST_LINE)) is not None
            self._size = self._path.stat().st_size
            if not self._hashed and self._size > LARGEST_PLAIN:
                raise Invalid(f"{path} is too long for a list of plain passwords; use one of SHA-1 hashes, sorted.")
            self._plain = frozenset() if self._hashed else frozenset(map(_normal, self._path.read_text("utf-8").splitlines()))
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid(f"The list of breached passwords cannot be read: {error}. Correct AMENDS_BREACHED_PASSWORDS.") from error

    def __contains__(self, password: str) -> bool:
        """Whether a password is on the list."""
        if not self._hashed:
            return _normal(password) in self._plain
        # SHA-1 is what the lists are made with; nothing is protected by it here.
        return self._find(hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode())

    def _find(self, wanted: bytes) -> bool:
        """Look a hash up by halving the file: some forty reads for all that were ever published."""
        low, high = 0, self._size
        with self._path.open("rb") as file:
            while low < high:
                middle = (low + high) // 2
                if middle:
                    # From the byte before: landing on a line's first byte must not skip that line.
                    file.seek(middle - 1)
                    file.readline(LONGEST_LINE)
                else:
                    file.seek(0)
                start, line = file.tell(), file.readline(LONGEST_LINE)
                found = line[:40].upper()
                if found == wanted:
                    return True
                if line and found < wanted:
                    low = start + len(line)
                else:
                    high = middle
        return False


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
