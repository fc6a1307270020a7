"""References and follow-up secrets: nothing about a complaint can be told or guessed from either."""

from __future__ import annotations

import hashlib
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so that it can be read over the telephone."""
LENGTH = 8


def new_reference() -> str:
    """A reference like C-7K3M9XQ2: random, 40 bits."""
    return "C-" + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def new_secret() -> str:
    """What lets a complainant follow a complaint: random, 128 bits, fit for an address."""
    return secrets.token_urlsafe(16)


def digest_of(secret: str) -> str:
    """What is kept of a secret. It is random and long, so a plain hash cannot be turned round."""
    return hashlib.sha256(secret.encode()).hexdigest()


def tidy_reference(text: str) -> str:
    """A reference as people type it (small letters, spaces, O for 0), as it is kept."""
    plain = text.strip().upper().replace(" ", "").replace("-", "")
    body = plain[1:] if len(plain) == LENGTH + 1 and plain.startswith("C") else plain
    return "C-" + body.replace("O", "0").replace("I", "1").replace("L", "1")
