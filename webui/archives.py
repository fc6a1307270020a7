"""Package folders as zip files: read with care, as anybody can make one that is a bomb or climbs out of its folder; written plainly."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath

from amends.engine.errors import Invalid

MAX_FILES = 2_000
MAX_BYTES = 50_000_000
"""Unpacked, all files together; the same as a folder may hold."""


def read_zip(body: bytes) -> dict[str, bytes]:
    """The files of a zipped package folder by path, without the one folder they may all be in.

    Raises Invalid for what is no zip, holds too much (counted while unpacking, whatever the zip says of itself), or has
    paths that lead elsewhere, links, encrypted or doubled entries.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Invalid("This file is not a zip archive. Zip the package folder and upload that.") from error
    with archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _hidden(entry.filename)]
        if len(entries) > MAX_FILES:
            raise Invalid(f"The archive holds {len(entries):,} files; a package may hold {MAX_FILES:,}. Zip only the package folder.")
        found: dict[str, bytes] = {}
        left = MAX_BYTES
        for entry in entries:
            path = _path(entry)
            if path in found:
                raise Invalid(f"The archive holds {path} twice. Zip the folder again.")
            found[path] = _unpack(archive, entry, left)
            left -= len(found[path])
    if not found:
        raise Invalid("The archive is empty. Zip the package folder and upload that.")
    return _without_folder(found)


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files; equal files give equal bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), files[path], zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _hidden(name: str) -> bool:
    """What file managers add unasked."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part.startswith(".") or part in ("__MACOSX", "__pycache__") for part in parts if part != "..")


def _path(entry: zipfile.ZipInfo) -> str:
    name = entry.filename.replace("\\", "/")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0] or "\0" in name:
        raise Invalid(f"The archive holds a file that leads out of its folder: {name[:200]}. Zip the package folder again.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Invalid(f"{name[:200]} in the archive is a link. Put the file itself there.")
    if entry.flag_bits & 1:
        raise Invalid("The archive is encrypted. Zip the folder without a password.")
    return str(path)


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes:
    try:
        with archive.open(entry) as stream:
            body = stream.read(left + 1)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Invalid(f"{entry.filename[:200]} in the archive is damaged. Zip the folder again.") from error
    except Exception as error:  # zlib.error and its like have no common parent; a damaged archive must not be a fault of ours
        raise Invalid(f"{entry.filename[:200]} in the archive cannot be unpacked. Zip the folder again.") from error
    if len(body) > left:
        raise Invalid(f"Unpacked, the archive is larger than {MAX_BYTES:,} bytes. Take out what is no part of the package.")
    return body


def _without_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files without the folder that zipping a folder puts around all of them."""
    tops = {path.split("/", 1)[0] for path in files}
    if len(tops) == 1 and all("/" in path for path in files):
        return {path.split("/", 1)[1]: body for path, body in files.items()}
    return files
