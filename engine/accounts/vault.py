"""What has to be read again, and must be of no use to who has only the database: sealed with a key that is not in it (ADR 65)."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from amends.engine.errors import Invalid

KEY_VARIABLE: Final = "AMENDS_SECRET"
KEY_FILE: Final = "secret-key"
SHORTEST: Final = 32
MARK: Final = "e1:"
"""Before what is sealed by version 1 (AES-256-GCM); what is in the clear is base 32, so it never begins like this."""
_NONCE: Final = 12


class Vault:
    """Seals short secrets of accounts. `key` gives the installation's key; it is asked for when something is sealed or opened."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    def seal(self, secret: str, owner: str) -> str:
        """A base 32 text, sealed for its owner: at most 64 characters for the 32 of a TOTP secret."""
        nonce = secrets.token_bytes(_NONCE)
        body = self._cipher().encrypt(nonce, base64.b32decode(secret), owner.encode())
        return MARK + base64.b85encode(nonce + body).decode()

    def open(self, kept: str, owner: str) -> str | None:
        """What was sealed, or is in the clear yet; None where it was sealed with another key, or for somebody else."""
        if not kept.startswith(MARK):
            return kept
        try:
            raw = base64.b85decode(kept.removeprefix(MARK))
            return base64.b32encode(self._cipher().decrypt(raw[:_NONCE], raw[_NONCE:], owner.encode())).decode()
        except (InvalidTag, ValueError):
            return None

    def _cipher(self) -> AESGCM:
        # One key of the installation; what is sealed for another purpose derives another key from it.
        return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=b"amends totp 1").derive(self._key()))


def key_of(folder: Path, given: str) -> Callable[[], bytes]:
    """The installation's key: what the environment gives, else a file of its data folder, made when it is first needed.

    Raises `Invalid` for one that is given and too short to be a key.
    """
    if given and len(given) < SHORTEST:
        raise Invalid(f"{KEY_VARIABLE} has {len(given)} characters; a key needs {SHORTEST}. Take: openssl rand -hex 32")
    return (lambda: given.encode()) if given else (lambda: kept_key(folder / KEY_FILE))


def key_there(folder: Path, given: str) -> Callable[[], bytes] | None:
    """The same where there is a key already, else None: who only looks makes none."""
    return key_of(folder, given) if given or (folder / KEY_FILE).is_file() else None


def kept_key(file: Path) -> bytes:
    """A key in a file, made once; several processes that start at once agree on the first one written."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{file.name}.{secrets.token_hex(4)}.part")
        part.touch(mode=0o600)
        with part.open("wb") as made:
            made.write(secrets.token_bytes(SHORTEST))
            made.flush()
            os.fsync(made.fileno())  # what is sealed with it is on disk at once, too
        with suppress(FileExistsError):
            os.link(part, file)
        part.unlink()
        _on_disk(file.parent)
    key = file.read_bytes()
    if len(key) < SHORTEST:
        raise Invalid(f"{file} has {len(key)} bytes and should have {SHORTEST}: put the copy back that was kept of it, or remove it.")
    return key


def _on_disk(folder: Path) -> None:
    """See to it that a new name in a folder outlives a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
