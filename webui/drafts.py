"""What somebody has typed and not sent yet, kept on the server: a cookie is too small, and readable by who finds it.

A draft is a folder named by the SHA-256 of its key, so that the folder's name opens nothing; files beside the data.
Sending renames the folder first: of two clicks on "Send", one finds the draft gone and waits for the other's answer. Where the sender
never comes back (its process was killed) the draft is given back after a while, and sending it again files it once: the key says so.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import threading
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

STAFF = "of-staff"
"""A file beside the draft of somebody at work. It is no name that a kept file could have."""


@dataclass(frozen=True)
class DraftFile:
    """A file kept with a draft."""

    id: str
    name: str
    media_type: str
    size: int


class Drafts:
    """Drafts in a folder of their own, each gone some hours after its last change; those of staff have a longer time."""

    def __init__(self, folder: Path, hours: float, staff_hours: float = 0) -> None:
        """Keep drafts in `folder`, made when first needed, for `hours`; those of staff for `staff_hours`, if that is longer."""
        self.folder = folder
        self.hours = hours
        self._seconds = hours * 3600
        self._staff_seconds = max(hours, staff_hours) * 3600
        self._swept = 0.0
        self._lock = threading.Lock()

    @staticmethod
    def new_key() -> str:
        """A key nobody can guess."""
        return secrets.token_urlsafe(24)

    def read(self, key: str | None) -> dict[str, Any] | None:
        """The draft of this key, or None."""
        if not key:
            return None
        try:
            found = json.loads((self._place(key) / "draft.json").read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def write(self, key: str, draft: dict[str, Any], *, staff: bool = False) -> None:
        """Keep a draft under this key, all of it or, after a power cut, what was there before; `staff`: somebody at work writes it."""
        self._sweep()
        place = self._place(key)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        if staff:
            (place / STAFF).touch(mode=0o600)
        part = place / f"draft.{secrets.token_hex(4)}.part"
        part.write_text(json.dumps(draft, ensure_ascii=False), "utf-8")
        os.replace(part, place / "draft.json")
        os.utime(place)

    def take(self, key: str) -> bool:
        """Take a draft for sending; False when it is not there or somebody else has taken it."""
        try:
            os.rename(self._place(key), self._taken(key))
            os.utime(self._taken(key))
        except OSError:
            return False
        return True

    def recover(self, key: str, seconds: float) -> bool:
        """Give a draft back whose sender took it longer than that ago and was never heard of again; whether there was one."""
        try:
            if time.time() - self._taken(key).stat().st_mtime < seconds:
                return False
            os.rename(self._taken(key), self._place(key))
        except OSError:
            return False
        return True

    def give_back(self, key: str) -> None:
        """Undo `take`: sending failed, the draft is to be had again."""
        os.rename(self._taken(key), self._place(key))

    def is_taken(self, key: str) -> bool:
        """Whether somebody is sending this draft right now."""
        return self._taken(key).exists()

    def forget(self, key: str) -> None:
        """Remove a draft with its files."""
        shutil.rmtree(self._place(key), ignore_errors=True)
        shutil.rmtree(self._taken(key), ignore_errors=True)

    def finish(self, key: str) -> None:
        """Remove what was taken for sending: it is sent. What was written under the key meanwhile stays."""
        shutil.rmtree(self._taken(key), ignore_errors=True)

    def add_file(self, key: str, name: str, media_type: str, body: bytes) -> DraftFile:
        """Keep a file with a draft."""
        place = self._place(key)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = DraftFile(secrets.token_hex(12), name, media_type, len(body))
        (place / made.id).write_bytes(body)
        return made

    def file_body(self, key: str, file_id: str) -> bytes | None:
        """The content of a file kept with a draft, taken or not."""
        if not file_id.isalnum():
            return None
        for place in (self._place(key), self._taken(key)):
            try:
                return (place / file_id).read_bytes()
            except OSError:
                continue
        return None

    def remove_file(self, key: str, file_id: str) -> None:
        """Remove a file kept with a draft."""
        if file_id.isalnum():
            (self._place(key) / file_id).unlink(missing_ok=True)

    def _place(self, key: str) -> Path:
        return self.folder / sha256(key.encode()).hexdigest()

    def _taken(self, key: str) -> Path:
        return self.folder / f"{sha256(key.encode()).hexdigest()}.taken"

    def _sweep(self) -> None:
        """Remove what nobody has touched for too long, at most every ten minutes."""
        with self._lock:
            if time.time() - self._swept < 600:
                return
            self._swept = time.time()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for place in self.folder.iterdir():
            try:
                kept = self._staff_seconds if (place / STAFF).exists() else self._seconds
                if time.time() - place.stat().st_mtime > kept:
                    shutil.rmtree(place, ignore_errors=True)
            except OSError:
                continue
