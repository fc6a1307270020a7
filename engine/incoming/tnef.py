"""winmail.dat: what Outlook puts files and text into when it thinks that the other side is Outlook (MS-OXTNEF)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

SIGNATURE = 0x223E9F78
_RENDDATA, _TITLE, _DATA, _BODY = 0x9002, 0x8010, 0x800F, 0x800C
_MOST_FILES = 200


@dataclass
class Tnef:
    """What was found: the plain text, and the files with their names."""

    text: bytes = b""
    files: list[tuple[str, bytes]] = field(default_factory=list)


def read_tnef(body: bytes) -> Tnef | None:
    """What a winmail.dat holds, as far as it can be read; None for what is none."""
    if len(body) < 6 or struct.unpack_from("<I", body)[0] != SIGNATURE:
        return None
    found, name, at = Tnef(), "", 6
    while at + 9 <= len(body) and len(found.files) < _MOST_FILES:
        _, kind, length = struct.unpack_from("<BII", body, at)
        value = body[at + 9 : at + 9 + length]
        at += 9 + length + 2
        kind &= 0xFFFF
        if kind == _BODY:
            found.text = value.rstrip(b"\0")
        elif kind == _RENDDATA:
            name = ""
        elif kind == _TITLE:
            name = value.rstrip(b"\0").decode("cp1252", "replace")
            if found.files and found.files[-1][0] == "":
                found.files[-1] = (name, found.files[-1][1])
        elif kind == _DATA:
            found.files.append((name, value))
    return found
