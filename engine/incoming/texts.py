"""Texts out of mail: headers, bodies in any encoding, HTML as plain text."""

from __future__ import annotations

import binascii
import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from typing import Any

from lxml import etree, html

_ALIASES = {
    "unicode-1-1-utf-8": "utf-8", "x-unknown": "utf-8", "default": "utf-8", "iso-8859-8-i": "iso-8859-8", "cp-850": "cp850",
    "x-gbk": "gbk", "windows-31j": "cp932", "x-sjis": "shift_jis", "ks_c_5601-1987": "cp949", "x-mac-roman": "mac_roman",
}  # fmt: skip
_BLOCKS = frozenset("p div br tr li h1 h2 h3 h4 h5 h6 table blockquote ul ol pre hr section article header footer".split())
_GONE = frozenset("script style head title meta link template noscript svg math iframe object".split())
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
LONGEST_HEADER = 2_000


def decoded(body: bytes, charset: str | None) -> str:
    """Bytes as text: by the charset they say, else UTF-8, else Windows-1252, which reads anything."""
    name = (charset or "").strip().strip("\"'").lower()
    for encoding in (_ALIASES.get(name, name), "utf-8"):
        try:
            return clean(body.decode(encoding)) if encoding else clean(body.decode("utf-8"))
        except (LookupError, UnicodeError, ValueError):
            continue
    return clean(body.decode("cp1252", "replace"))


def clean(text: str) -> str:
    """Text without what databases and pages cannot hold: control characters, halves of surrogate pairs; lines end with \\n."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text).encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\ufeff", "")


def header(message: Message, name: str) -> str:
    """A header as people read it, on one line; empty where there is none. Never raises: a broken one is given as it stands."""
    # As it stands: `message.get` would give bytes that no encoding was said for as question marks.
    raw = next((value for found, value in message.raw_items() if found.lower() == name.lower()), "")
    text = str(raw)[: LONGEST_HEADER * 2]
    try:
        parts = decode_header(text)
    except (HeaderParseError, binascii.Error, ValueError, IndexError):
        parts = [(text, None)]
    said = "".join(part if isinstance(part, str) else decoded(part, charset) for part, charset in parts)
    # Bytes above 127 that no encoding was said for arrive as surrogates.
    if any("\udc80" <= letter <= "\udcff" for letter in said):
        said = decoded(said.encode("utf-8", "surrogateescape"), None)
    return " ".join(clean(said).split())[:LONGEST_HEADER]


def plain(markup: str) -> str:
    """The text of HTML, a line for each block; nothing of scripts and styles. Broken HTML gives what can be read of it."""
    try:
        root = html.document_fromstring(markup.replace("\0", "").encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, etree.LxmlError, ValueError, AssertionError):
        return ""
    parts: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        name = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            if name in _BLOCKS:
                parts.append("\n")
            if name and not _inside(element) and element.text:
                parts.append(element.text)
            continue
        if event == "end" and name in _BLOCKS and name != "br":
            parts.append("\n")
        if event in ("end", "comment", "pi") and element.tail and (element.getparent() is None or not _inside(element.getparent())):
            parts.append(element.tail)
    lines = [" ".join(line.split()) for line in "".join(parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _inside(element: Any) -> bool:
    """Whether an element is, or is in, something that is not read out."""
    return element.tag in _GONE or any(above.tag in _GONE for above in element.iterancestors())
