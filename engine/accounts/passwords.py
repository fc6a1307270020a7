"""Passwords: what one may be, how one is made up, and how one is kept (argon2id, RFC 9106)."""

from __future__ import annotations

import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from amends.engine.errors import Invalid

SHORTEST, LONGEST = 12, 200
"""A password's length in characters; the upper bound keeps hashing cheap to us."""
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # without those that look alike: 0 o, 1 i l
_GROUPS, _IN_GROUP = 5, 4
"""Five groups of four of 31 letters: 99 bits."""


def generated_password() -> str:
    """A password that can be read out and typed: five groups of four letters and digits, 99 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_IN_GROUP)) for _ in range(_GROUPS))


def check_password(password: str, *names: str) -> None:
    """Raise `Invalid` for a password that is too short, too long, one letter over and over, or one of the person's names."""
    plain = _normal(password)
    problem = ""
    if len(plain) < SHORTEST:
        problem = f"The password is too short: it has {len(plain)} characters and needs {SHORTEST}."
    elif len(plain) > LONGEST:
        problem = f"The password is too long: it has {len(plain)} characters and may have {LONGEST}."
    elif len(set(plain)) < 4:
        problem = "The password is too easy to guess: use more different characters."
    elif plain.casefold() in {_normal(name).casefold() for name in names}:
        problem = "The password is a name of the person it is for: choose another one."
    if problem:
        raise Invalid(problem, {"password": [problem]})


class Passwords:
    """Hashes passwords, and tells whether one is right in a time that does not depend on whether there is such a person."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        # 32 MiB, two passes: above OWASP's minimum for argon2id, and small enough for several sign-ins at once.
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)
        self._nobodys = self._hasher.hash(secrets.token_hex(16))

    def hash(self, password: str) -> str:
        """The hash to keep; it holds its salt and parameters."""
        return self._hasher.hash(_normal(password))

    def right(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one behind a hash. None, for nobody, takes as long, and is False."""
        try:
            self._hasher.verify(self._nobodys if kept is None else kept, _normal(password)[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None

    def outdated(self, kept: str) -> bool:
        """Whether a hash was made with other parameters than are used now."""
        return self._hasher.check_needs_rehash(kept)


def _normal(text: str) -> str:
    """The same characters are the same password, however a keyboard composes them (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", text)
