"""Which files are refused, and why: programs, archives that would fill a disk, and what a virus scanner knows.

Everything else is kept and only ever leaves as a download, so that no content can act as a page of ours.
"""

from __future__ import annotations

import io
import socket
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from amends.engine.errors import AmendsError, Invalid

MAX_UNPACKED = 1_000_000_000
"""An archive that unpacks to more bytes than this is refused."""
MAX_RATIO = 200
"""An archive that unpacks to more than so many times its size is refused, once it is past `RATIO_FROM`."""
RATIO_FROM = 20_000_000
MAX_ENTRIES = 10_000
MAX_DEPTH = 3
"""Archives in archives in archives are looked into; deeper ones are refused."""
MAX_INNER = 30_000_000
"""An inner archive is unpacked in memory to look into it, at most so many bytes of each."""
IS_WINDOWS_PROGRAM = "is a Windows program, which we do not keep"
IS_PROGRAM = "is a program, which we do not keep"
NAMED_AS_PROGRAM = "has the name of a program, which we do not keep"
MANY_FILES = "is an archive with more than %(most)s files in it, which we do not keep"
UNPACKS_TO_MORE = "is an archive that would unpack to far more than it looks like, which we do not keep"
NESTED = "is an archive in an archive in an archive, which we do not keep"
TOO_LARGE_INSIDE = "holds an archive that is too large to look into, which we do not keep"
INFECTED = "is infected: the virus scanner found %(what)s"
REASONS = (IS_WINDOWS_PROGRAM, IS_PROGRAM, NAMED_AS_PROGRAM, MANY_FILES, UNPACKS_TO_MORE, NESTED, TOO_LARGE_INSIDE, INFECTED)
"""Every reason there is, as a translator finds it."""
_PROGRAMS = (
    (b"MZ", IS_WINDOWS_PROGRAM), (b"\x7fELF", IS_PROGRAM), (b"\xcf\xfa\xed\xfe", IS_PROGRAM), (b"\xca\xfe\xba\xbe", IS_PROGRAM),
)  # fmt: skip
_PROGRAM_NAMES = (".exe", ".scr", ".com", ".bat", ".cmd", ".msi", ".vbs", ".js", ".jar", ".ps1", ".hta", ".lnk", ".pif", ".cpl", ".wsf")
_CHUNK = 1 << 20


class Unscanned(AmendsError):
    """The virus scanner does not answer, so nobody can say whether the file may be kept; try again later."""


class Reason(str):
    """Why a file is not kept, in English; `pattern` (one of `REASONS`) and `values` say it in any language."""

    pattern: str
    values: Mapping[str, str]

    def __new__(cls, pattern: str, **values: str) -> Reason:
        """The pattern with its values in their places."""
        made = super().__new__(cls, pattern % values)
        made.pattern, made.values = pattern, values
        return made


@dataclass(frozen=True, slots=True)
class Guard:
    """Looks at files before they are kept.

    `clamd` is where a clamd listens ("host:port", or the path of its socket; empty: files are not scanned); `timeout` is in seconds.
    """

    clamd: str = ""
    timeout: float = 30.0

    def refusal(self, name: str, body: bytes) -> Reason | None:
        """Why this file is not kept, as the end of a sentence that begins with its name; None if it may be.

        Raises `Unscanned` where a scanner is set and does not answer.
        """
        return _program(name, body) or _bomb(body) or (self._infected(body) if self.clamd else None)

    def _infected(self, body: bytes) -> Reason | None:
        try:
            said = self._scan(body)
        except OSError as error:
            raise Unscanned(f"The virus scanner at {self.clamd} does not answer ({error}). Try again later.") from error
        if said.endswith("FOUND"):
            return Reason(INFECTED, what=said.removeprefix("stream: ").removesuffix(" FOUND"))
        if said != "stream: OK":
            raise Unscanned(f"The virus scanner at {self.clamd} answered {said[:200]!r}. See its log, and try again.")
        return None

    def _scan(self, body: bytes) -> str:
        """clamd's INSTREAM: chunks with their lengths, an empty one at the end; its answer."""
        with self._connect() as connection:
            connection.sendall(b"zINSTREAM\0")
            for start in range(0, len(body), _CHUNK):
                part = body[start : start + _CHUNK]
                connection.sendall(struct.pack("!L", len(part)) + part)
            connection.sendall(struct.pack("!L", 0))
            answer = b""
            while not answer.endswith(b"\0") and len(answer) < 4096 and (part := connection.recv(4096)):
                answer += part
        return answer.rstrip(b"\0\n").decode("utf-8", "replace")

    def _connect(self) -> socket.socket:
        if "/" in self.clamd:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(self.timeout)
            try:
                connection.connect(self.clamd)
            except OSError:
                connection.close()
                raise
            return connection
        host, _, port = self.clamd.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), self.timeout)


def guard_from(environment: Mapping[str, str]) -> Guard:
    """The guard that AMENDS_CLAMD and AMENDS_CLAMD_TIMEOUT set up. Raises `Invalid` for a setting that cannot be."""
    place = environment.get("AMENDS_CLAMD", "").strip()
    try:
        timeout = float(environment.get("AMENDS_CLAMD_TIMEOUT", "").strip() or 30)
    except ValueError as error:
        raise Invalid(f"AMENDS_CLAMD_TIMEOUT is a number of seconds: {error}.") from error
    if place and "/" not in place and not place.rpartition(":")[2].isdigit():
        raise Invalid(f"AMENDS_CLAMD is {place!r}; write host:port, or the path of clamd's socket.")
    return Guard(place, timeout)


def _program(name: str, body: bytes) -> Reason | None:
    for start, why in _PROGRAMS:
        if body.startswith(start):
            return Reason(why)
    return Reason(NAMED_AS_PROGRAM) if name.lower().endswith(_PROGRAM_NAMES) else None


def _bomb(body: bytes) -> Reason | None:
    try:
        # Not only what begins as an archive: zip files are read from their end, so anything may be one as well (a polyglot).
        if body[:2] == b"PK" or zipfile.is_zipfile(io.BytesIO(body)):
            _look_into(body, 1, _Budget(len(body)))
        elif body[:2] == b"\x1f\x8b":
            _unpack(body, _Budget(len(body)))
    except _TooMuch as error:
        return error.why
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError, OSError):
        return None  # broken, encrypted or unknown: nothing here unpacks it, and a scanner may still refuse it
    return None


class _TooMuch(Exception):
    """The archive is refused."""

    def __init__(self, why: Reason) -> None:
        super().__init__(why)
        self.why = why


class _Budget:
    """What an archive may unpack to, over all its levels."""

    def __init__(self, size: int) -> None:
        self._size = max(1, size)
        self._bytes = 0
        self._entries = 0

    def take(self, size: int, entries: int = 0) -> None:
        self._bytes += size
        self._entries += entries
        if self._entries > MAX_ENTRIES:
            raise _TooMuch(Reason(MANY_FILES, most=f"{MAX_ENTRIES:,}"))
        if self._bytes > MAX_UNPACKED or (self._bytes > RATIO_FROM and self._bytes > MAX_RATIO * self._size):
            raise _TooMuch(Reason(UNPACKS_TO_MORE))


def _look_into(body: bytes, depth: int, budget: _Budget) -> None:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for entry in archive.infolist():
            budget.take(entry.file_size, 1)
        inner = [entry for entry in archive.infolist() if entry.filename.lower().endswith((".zip", ".gz"))]
        if inner and depth >= MAX_DEPTH:
            raise _TooMuch(Reason(NESTED))
        for entry in inner:
            with archive.open(entry) as file:
                packed = file.read(MAX_INNER + 1)
            if len(packed) > MAX_INNER:
                raise _TooMuch(Reason(TOO_LARGE_INSIDE))
            if packed[:2] == b"PK":
                _look_into(packed, depth + 1, budget)
            elif packed[:2] == b"\x1f\x8b":
                _unpack(packed, budget)


def _unpack(body: bytes, budget: _Budget) -> None:
    """Count what a gzip file unpacks to, a piece at a time; what is unpacked is thrown away."""
    unpacker = zlib.decompressobj(31)
    rest = body
    while rest and not unpacker.eof:
        budget.take(len(unpacker.decompress(rest, _CHUNK)))
        rest = unpacker.unconsumed_tail
