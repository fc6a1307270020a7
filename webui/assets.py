"""The built style sheets and scripts: logical name → file name with its content's hash, from the manifest of the build."""

from __future__ import annotations

import json
from pathlib import Path

STATIC = Path(__file__).resolve().parent / "static"


class Assets:
    """The manifest of one build; read again when the build changes, so that a checkout needs no restart."""

    def __init__(self, folder: Path = STATIC / "dist") -> None:
        """Read assets from `folder`, which need not exist."""
        self.folder = folder
        self._stamp = 0.0
        self._files: dict[str, str] = {}

    def file(self, name: str) -> str | None:
        """The file in `folder` for a logical name such as `amends.css`, or None when it is not built."""
        self._refresh()
        return self._files.get(name)

    @property
    def built(self) -> bool:
        """Whether there is a build; without one, pages are plain but work."""
        self._refresh()
        return bool(self._files)

    def _refresh(self) -> None:
        manifest = self.folder / "manifest.json"
        try:
            stamp = manifest.stat().st_mtime
            if stamp != self._stamp:
                self._files = {str(name): str(file) for name, file in json.loads(manifest.read_text("utf-8")).items()}
                self._stamp = stamp
        except (OSError, ValueError):
            self._files, self._stamp = {}, 0.0
