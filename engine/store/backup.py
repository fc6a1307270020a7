"""Back up a whole installation into one file while it runs, and put it back into an empty place.

The file is a tar archive: `manifest.json`, the database (SQLite: a copy made by its online backup; PostgreSQL: a pg_dump in the custom
format), and the folders beside it. The key that signs sessions is left out: who restores signs in again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path, PurePosixPath

from sqlalchemy import URL, make_url

from amends.engine.errors import AmendsError
from amends.engine.store import postgres
from amends.engine.store.migrate import HEAD

FORMAT = 1
MANIFEST = "manifest.json"
FOLDERS = ("mail", "drafts")
"""What lies in the data folder beside the database and belongs to the installation."""
SQLITE, POSTGRESQL = "sqlite", "postgresql"
FILES = {SQLITE: "amends.db", POSTGRESQL: "amends.dump"}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. `seal` is the hash of the last seal in it (empty: none), `digest` the database file's SHA-256."""

    made_at: str
    amends: str
    kind: str
    schema: str
    seal: str
    digest: str
    size: int
    files: int
    format: int = FORMAT


class _Refused(AmendsError):
    """A backup or restore that was not begun; nothing was changed."""


def backup(address: str, data: Path, target: Path) -> Manifest:
    """Back up the installation at `address` (an SQLAlchemy URL) and in `data` into `target`, while it runs.

    The database first, the folders after it: a letter the database knows of is always among the files. Raises `AmendsError` if
    `target` is there already, the database is not, or PostgreSQL's tools are missing.
    """
    url = make_url(address)
    target = target.absolute()
    if target.exists():
        raise _Refused(f"{target} is there already. A backup never overwrites one: choose another name.")
    if not target.parent.is_dir():
        raise _Refused(f"There is no folder {target.parent}. Make it first.")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".amends-backup-") as scratch:
        file = Path(scratch) / FILES[_kind(url)]
        schema, seal = _copy_sqlite(url, file) if _kind(url) == SQLITE else postgres.dump(url, file)
        files = sorted(_files(data))
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = Manifest(made_at, version("amends"), _kind(url), schema, seal, _digest(file), file.stat().st_size, len(files))
        part = Path(scratch) / "whole"
        part.touch(mode=0o600)
        _write(part, manifest, file, data, files)
        try:
            os.link(part, target)  # unlike a rename it never replaces
        except FileExistsError as error:
            raise _Refused(f"{target} has come up meanwhile, and was left as it is. Choose another name.") from error
    return manifest


def read_manifest(source: Path) -> Manifest:
    """What a backup says of itself; raises `AmendsError` for a file that is none of ours."""
    try:
        with tarfile.open(source) as archive:
            first = archive.next()
            file = None if first is None or first.name != MANIFEST else archive.extractfile(first)
            if file is None:
                raise ValueError("no manifest")
            said = json.loads(file.read())
            return Manifest(**said)
    except (tarfile.TarError, ValueError, TypeError, EOFError) as error:
        raise _Refused(f"{source} is no backup that `amends backup` has made, or it is damaged.") from error


def restore(address: str, data: Path, source: Path) -> Manifest:
    """Put a backup back, into a database and a data folder that are empty.

    The database comes last, so that what was interrupted is not taken for an installation. Verify the history afterwards: the
    manifest names the seal to compare with. Raises `AmendsError` and leaves everything as it is if the place is not empty, the
    backup is damaged, of the other kind of database, or of a newer amends.
    """
    url, manifest = make_url(address), read_manifest(source)
    _check_fits(url, data, manifest, source)
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data, prefix=".restore-") as scratch:
        _extract(source, Path(scratch), manifest)
        file = Path(scratch) / FILES[manifest.kind]
        if not file.is_file() or _digest(file) != manifest.digest:
            raise _Refused(f"{source} is damaged: the database in it is not the one that was backed up. Take another backup.")
        if manifest.kind == SQLITE:
            _check_whole(file)
        else:
            postgres.load(url, file)
        for folder in FOLDERS:
            if (Path(scratch) / folder).is_dir():
                with suppress(FileNotFoundError):
                    (data / folder).rmdir()
                (Path(scratch) / folder).rename(data / folder)
        if manifest.kind == SQLITE:
            file.chmod(0o600)
            os.link(file, _sqlite_path(url))
    return manifest


def _kind(url: URL) -> str:
    return SQLITE if url.get_backend_name() == "sqlite" else POSTGRESQL


def _sqlite_path(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise _Refused("A database in memory cannot be backed up or restored. Give one in a file.")
    return Path(url.database)


# -- SQLite
def _copy_sqlite(url: URL, file: Path) -> tuple[str, str]:
    path = _sqlite_path(url)
    if not path.is_file():
        raise _Refused(f"There is no database {path}. Give the data folder of the installation with --data.")
    only_read = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(only_read, uri=True, timeout=30)) as source, closing(sqlite3.connect(file)) as copy:
        # In one step: it reads one state of the database, and in WAL nobody has to wait for it.
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")
        return _facts(copy)


def _facts(copy: sqlite3.Connection) -> tuple[str, str]:
    try:
        schema = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        seal = copy.execute("SELECT hash FROM seal ORDER BY number DESC LIMIT 1").fetchone()
    except sqlite3.Error as error:
        raise _Refused("This database is none of amends: it has not its tables.") from error
    return str(schema[0]) if schema else "", str(seal[0]) if seal else ""


def _check_whole(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise _Refused(f"The database in the backup is damaged: {found}. Take another backup.")


# -- the archive
def _files(data: Path) -> Iterator[str]:
    """What belongs to the installation beside the database, by names relative to `data`; files half written begin with a dot."""
    for folder in FOLDERS:
        for path in (data / folder).rglob("*"):
            if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                yield path.relative_to(data).as_posix()


def _write(part: Path, manifest: Manifest, file: Path, data: Path, files: list[str]) -> None:
    with part.open("wb") as raw, tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1) as archive:
        body = json.dumps(asdict(manifest), indent=2).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(body)
        archive.addfile(entry, BytesIO(body))
        archive.add(file, file.name)
        for name in files:
            with suppress(FileNotFoundError):  # a draft may be sent or end meanwhile
                archive.add(data / name, name)
    with part.open("rb") as written:
        os.fsync(written.fileno())


def _extract(source: Path, scratch: Path, manifest: Manifest) -> None:
    """Take out what is ours and nothing else: a name from a file is never trusted."""
    wanted = FILES[manifest.kind]
    with _readable(source), tarfile.open(source) as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            ours = member.name == wanted or (len(name.parts) > 1 and name.parts[0] in FOLDERS)
            if member.isreg() and ours:
                archive.extract(member, scratch, filter="data")


@contextmanager
def _readable(source: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _Refused(f"{source} cannot be read to its end: {error}. Take another backup.") from error


def _check_fits(url: URL, data: Path, manifest: Manifest, source: Path) -> None:
    kind = _kind(url)
    if manifest.format != FORMAT or manifest.schema > HEAD:
        raise _Refused(f"{source} was made by amends {manifest.amends}, which is newer than this one. Install that version, then restore.")
    if manifest.kind != kind:
        told = f"{source} holds a {manifest.kind} database, and this is {kind}."
        raise _Refused(f"{told} Give an empty {manifest.kind} database with --database.")
    for folder in FOLDERS:
        if (data / folder).is_dir() and any((data / folder).iterdir()):
            raise _Refused(f"{data / folder} is not empty. A restore overwrites nothing: give another folder, or move this one away.")
    if kind == POSTGRESQL:
        postgres.check_empty(url)
        return
    path = _sqlite_path(url)
    if any(Path(f"{path}{end}").exists() for end in ("", "-wal", "-shm")):
        raise _Refused(f"{path} is there already. A restore overwrites nothing: give another folder, or move the old one away.")


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
