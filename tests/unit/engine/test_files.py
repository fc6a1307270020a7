"""Files from strangers: programs, archives that would fill a disk, and what a scanner finds are refused with a reason; the rest is kept."""

from __future__ import annotations

import gzip
import io
import shutil
import socketserver
import struct
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from stopwatch import took

from amends.engine.errors import Invalid
from amends.engine.files import Guard, Unscanned, guard_from, media_type

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The harmless file that every scanner takes for a virus (eicar.org); in two parts, so that this file is none."""


def zipped(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return held.getvalue()


BOMB = "is an archive that would unpack to far more than it looks like, which we do not keep"
BIG = bytes(100_000_000)
FLAT = zipped({"zeros": BIG})
NESTED = zipped({f"{number}.zip": FLAT for number in range(8)})
DEEP = zipped({"a.zip": zipped({"b.zip": zipped({"c.zip": zipped({"d.txt": b"x"})})})})
JPEG = b"\xff\xd8\xff\xe0" + bytes(2000)

REFUSED = {
    "program": ("a.txt", b"MZ\x90\x00", "is a Windows program, which we do not keep"),
    "elf": ("photo.jpg", b"\x7fELF\x02", "is a program, which we do not keep"),
    "script by name": ("invoice.pdf.js", b"x()", "has the name of a program, which we do not keep"),
    "zip bomb": ("a.zip", FLAT, BOMB),
    "nested zip bomb": ("a.zip", NESTED, BOMB),
    "document that is a zip bomb": ("a.docx", FLAT, BOMB),
    "picture that is a zip bomb": ("a.jpg", JPEG + FLAT, BOMB),
    "gzip bomb": ("a.gz", gzip.compress(BIG), BOMB),
    "many files": ("a.zip", zipped({str(n): b"" for n in range(10_001)}),
                   "is an archive with more than 10,000 files in it, which we do not keep"),
    "deep": ("a.zip", DEEP, "is an archive in an archive in an archive, which we do not keep"),
}  # fmt: skip
KEPT = {
    "text": (b"Dear all", "text/plain"), "html as a picture": (b"<script>alert(1)</script>", "text/plain"),
    "svg with a script": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "text/plain"),
    "picture with a page behind it": (JPEG + b"<script>alert(1)</script>", "image/jpeg"), "pdf": (b"%PDF-1.7", "application/pdf"),
    "small zip": (zipped({"a.txt": b"x" * 1000}), "application/zip"), "broken zip": (b"PK\x03\x04" + bytes(50), "application/zip"),
    "broken gzip": (b"\x1f\x8b" + bytes(50), "application/octet-stream"), "gzip": (gzip.compress(b"log" * 100), "application/octet-stream"),
    "nothing": (b"", "application/octet-stream"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_refused_with_its_reason(case: str) -> None:
    """By content, whatever it is called, and by the name where the system it arrives at goes by names; quickly."""
    name, body, reason = REFUSED[case]
    assert Guard().refusal(name, body) == reason
    assert took(lambda: Guard().refusal(name, body), 5) < 5


@pytest.mark.parametrize("case", KEPT)
def test_what_is_kept_is_what_its_content_says(case: str) -> None:
    """Nothing that a browser would run gets a type it would run: pages and SVG are plain text, and all only ever leave as downloads."""
    body, kind = KEPT[case]
    assert (Guard().refusal("photo.jpg", body), media_type(body)) == (None, kind)


@contextmanager
def fake_clamd(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Something that reads what INSTREAM sends, and answers this."""
    got: list[bytes] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            assert self.rfile.read(10) == b"zINSTREAM\0"
            parts = b""
            while length := struct.unpack("!L", self.rfile.read(4))[0]:
                parts += self.rfile.read(length)
            got.append(parts)
            self.wfile.write(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}", got
        server.shutdown()


def test_a_scanner_is_given_the_whole_file_and_believed() -> None:
    """In chunks, with their lengths; infected, clean, or an answer nobody understands; a scanner that is away is an error, not a yes."""
    body = bytes(range(256)) * 10_000
    with fake_clamd(b"stream: OK\0") as (place, got):
        assert Guard(place).refusal("a.bin", body) is None and got == [body]
    with fake_clamd(b"stream: Win.Test.EICAR_HDB-1 FOUND\0") as (place, _):
        assert Guard(place).refusal("a.bin", b"x") == "is infected: the virus scanner found Win.Test.EICAR_HDB-1"
    with fake_clamd(b"INSTREAM size limit exceeded. ERROR\0") as (place, _), pytest.raises(Unscanned, match="size limit"):
        Guard(place).refusal("a.bin", b"x")
    with pytest.raises(Unscanned, match="does not answer"):
        Guard("/nowhere/clamd.sock").refusal("a.bin", b"x")
    assert guard_from({"AMENDS_CLAMD": "127.0.0.1:3310", "AMENDS_CLAMD_TIMEOUT": "5"}) == Guard("127.0.0.1:3310", 5.0)
    for wrong in ({"AMENDS_CLAMD": "here"}, {"AMENDS_CLAMD_TIMEOUT": "soon"}):
        with pytest.raises(Invalid):
            guard_from(wrong)


def test_eicar_is_found_by_a_real_clamd(tmp_path: Path, missing: Callable[[str, str], None]) -> None:
    """A clamd on a socket, with a data base of this one signature; skipped, saying so, where there is no clamd."""
    if shutil.which("clamd") is None:
        missing("clamd", "there is no clamd (Debian: apt install clamav-daemon)")
    tmp_path.chmod(0o755)
    base = tmp_path / "base"
    base.mkdir()
    (base / "eicar.ndb").write_text(f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n")
    (tmp_path / "clamd.conf").write_text(f"DatabaseDirectory {base}\nLocalSocket {tmp_path}/clamd.sock\nForeground yes\nUser root\n")
    with subprocess.Popen(["clamd", "-c", str(tmp_path / "clamd.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
        try:
            for _ in range(300):
                if (tmp_path / "clamd.sock").exists() or daemon.poll() is not None:
                    break
                time.sleep(0.1)
            guard = Guard(str(tmp_path / "clamd.sock"))
            found = "is infected: the virus scanner found Eicar-Test-Signature.UNOFFICIAL"
            assert (guard.refusal("photo.jpg", EICAR), guard.refusal("mine.zip", zipped({"a.txt": EICAR}))) == (found, found)
            assert guard.refusal("letter.txt", b"Dear all") is None
        finally:
            daemon.terminate()
