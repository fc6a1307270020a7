"""Read a mail, whatever it is: nothing that somebody may send makes this fail, and nothing in it is lost.

What cannot be taken apart is given as one file, the mail itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses
from pathlib import PurePosixPath

from amends.engine.incoming.texts import clean, decoded, header, plain
from amends.engine.incoming.tnef import read_tnef
from amends.engine.services.recipients import usable

MESSAGE_ID = re.compile(r"<([^<>\s]{1,900})>")
_MOST_PARTS = 500
_MOST_REFERENCES = 100


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with a mail. What the mail calls its type is not asked."""

    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Returned:
    """A delivery report: the Message-ID of what came back (empty: it does not say), whether for good, and why."""

    message_id: str
    lasting: bool
    why: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail as far as it could be read. `id` is 32 hexadecimal digits of its Message-ID, or of all of it where it has none."""

    id: str
    message_id: str = ""
    sender: str = ""
    sender_name: str = ""
    subject: str = ""
    text: str = ""
    files: tuple[File, ...] = ()
    references: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    returned: Returned | None = None
    broken: str = ""


_TELLING = (
    "auto-submitted", "precedence", "x-autoreply", "x-autorespond", "x-autoresponse", "list-id", "list-unsubscribe", "return-path",
    "x-loop", "x-failed-recipients", "feedback-type", "content-type", "x-spam-flag",
)  # fmt: skip
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError, OverflowError)
"""What Python's email package is known to raise for mail that breaks its rules."""


def mail_id(message_id: str, raw: bytes) -> str:
    """What a mail is known by here: the same mail that comes twice has the same."""
    return hashlib.sha256(message_id.encode("utf-8", "replace") if message_id else raw).hexdigest()[:32]


def read_mail(raw: bytes) -> Incoming:
    """A mail from its bytes. Never raises: what of it cannot be read is in `broken`, and the mail itself is then its file."""
    try:
        found = _read(raw)
    except _BROKEN as error:
        return _unreadable(raw, f"{type(error).__name__}: {error}")
    if not found.text.strip() and not found.files and not found.subject and found.returned is None:
        return _unreadable(raw, "nothing in it could be read")
    return found


def _unreadable(raw: bytes, why: str) -> Incoming:
    """The headers as far as a line reads like one, and the whole mail as a file."""
    head = decoded(re.split(rb"\r?\n\r?\n", raw[:200_000], maxsplit=1)[0], None)
    told = re.findall(r"^(From|Subject|Message-ID|Return-Path|Auto-Submitted):[ \t]*(.*)$", head, re.IGNORECASE | re.MULTILINE)
    lines = {name.lower(): text.strip() for name, text in reversed(told)}
    given = MESSAGE_ID.search(lines.get("message-id", ""))
    message_id = given[1] if given else ""
    sender = re.search(r"[^\s<>@,;:\"()]+@[^\s<>@,;:\"()]+", lines.get("from", ""))
    return Incoming(
        mail_id(message_id, raw), message_id, usable(sender[0] if sender else ""), "", lines.get("subject", "")[:500], "",
        (File("message.eml", raw),), (), {name: text for name, text in lines.items() if name in _TELLING}, None, why,
    )  # fmt: skip


def _read(raw: bytes) -> Incoming:
    message = BytesParser(policy=compat32).parsebytes(raw)
    given = MESSAGE_ID.search(header(message, "Message-ID"))
    message_id = given[1] if given else ""
    name, sender = _sender(message)
    texts, pages, files = _parts(message)
    text = "\n\n".join(part for part in texts if part.strip()) or "\n\n".join(pages)
    references = MESSAGE_ID.findall(" ".join(header(message, one) for one in ("In-Reply-To", "References")))
    headers = {one: header(message, one) for one in _TELLING if one in message}
    found = Incoming(
        mail_id(message_id, raw), message_id, sender, name, header(message, "Subject"), text.strip(), tuple(files),
        tuple(dict.fromkeys(references))[-_MOST_REFERENCES:], headers,
    )  # fmt: skip
    return replace(found, returned=_returned(message, found))


def _sender(message: Message) -> tuple[str, str]:
    """Name and address of who wrote it: From, else Sender, else the envelope's Return-Path."""
    for name in ("From", "Sender", "Return-Path"):
        raw = header(message, name)
        for said, address in getaddresses([raw]) if raw else ():
            if usable(address):
                return " ".join(said.split())[:200], usable(address)
        loose = re.search(r"[^\s<>@,;:\"()]+@[^\s<>@,;:\"()]+", raw)
        if loose and usable(loose[0]):
            return "", usable(loose[0])
    return "", ""


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something, in order; a mail inside a mail is one part. Without recursion: nesting has no bound."""
    waiting = [message]
    many = 0
    while waiting:
        part = waiting.pop(0)
        many += 1
        if many > _MOST_PARTS:
            raise ValueError(f"it has more than {_MOST_PARTS} parts")
        inner = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inner, list):
            waiting[:0] = [one for one in inner if isinstance(one, Message)]
        else:
            yield part


def _parts(message: Message) -> tuple[list[str], list[str], list[File]]:
    """Plain texts, HTML as plain text, and files."""
    texts: list[str] = []
    pages: list[str] = []
    files: list[File] = []
    for part in _leaves(message):
        kind, body = part.get_content_type(), _body(part)
        name = _file_name(part)
        shown = part.get_content_disposition() != "attachment" and not name
        if shown and kind == "text/plain":
            texts.append(decoded(body, _charset(part)))
        elif shown and kind == "text/html":
            pages.append(plain(decoded(body, _charset(part))))
        elif kind in ("application/ms-tnef", "application/vnd.ms-tnef") or name.lower() == "winmail.dat":
            _outlook(body, texts, files)
        elif body:
            files.append(File(name or _made_up(kind, len(files) + 1), body))
    return texts, pages, files


def _outlook(body: bytes, texts: list[str], files: list[File]) -> None:
    found = read_tnef(body)
    if found is None or not (found.files or found.text):
        files.append(File("winmail.dat", body))
        return
    if found.text and not any(text.strip() for text in texts):
        texts.append(decoded(found.text, "cp1252"))
    files += [File(_tidy(name) or f"file-{number}", inner) for number, (name, inner) in enumerate(found.files, len(files) + 1)]


def _body(part: Message) -> bytes:
    """The content of a part, its transfer encoding taken off as far as it can be."""
    if part.is_multipart():
        inner = part.get_payload()
        return b"\n\n".join(one.as_bytes() for one in inner if isinstance(one, Message)) if isinstance(inner, list) else b""
    body = part.get_payload(decode=True)
    return body if isinstance(body, bytes) else b""


def _charset(part: Message) -> str | None:
    try:
        return part.get_content_charset()
    except _BROKEN:
        return None


def _file_name(part: Message) -> str:
    try:
        given = part.get_filename()
    except _BROKEN:
        given = None
    if not given:
        return ""
    holder = Message(policy=compat32)
    holder["X-Name"] = " ".join(str(given).split())[:900]
    return _tidy(header(holder, "X-Name"))


def _tidy(name: str) -> str:
    """A name without folders and without what no file system or page can show."""
    return PurePosixPath(clean(name).replace("\\", "/")).name.strip()[:200]


_ENDINGS = {"text/calendar": "ics", "message/rfc822": "eml", "text/html": "html", "text/plain": "txt", "message/delivery-status": "txt",
            "image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf", "text/rfc822-headers": "txt"}  # fmt: skip


def _made_up(kind: str, number: int) -> str:
    return f"file-{number}.{_ENDINGS.get(kind, 'bin')}"


def _returned(message: Message, found: Incoming) -> Returned | None:
    """What a delivery report says (RFC 3464), also one of those that do without a standard."""
    report = message.get_content_type() == "multipart/report" and "delivery-status" in header(message, "Content-Type").lower()
    from_daemon = found.sender.partition("@")[0].lower() in ("mailer-daemon", "postmaster")
    said = (part for part in message.walk() if part.get_content_type() == "message/delivery-status")
    status = {name: text for part in said for name, text in _fields(part)}
    told = from_daemon and _FAILED.search(f"{found.subject} {found.text}")
    if not (report or status or "x-failed-recipients" in found.headers or told):
        return None
    original = ""
    for part in message.walk():
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            inside = MESSAGE_ID.search(_original_id(part))
            original = inside[1] if inside else original
    if not original:
        quoted = re.search(r"^[> \t]*Message-ID:\s*<([^<>\s]{1,900})>", found.text, re.IGNORECASE | re.MULTILINE)
        original = quoted[1] if quoted else (found.references[-1] if found.references else "")
    action, code = status.get("action", "").lower(), status.get("status", "")
    lasting = action == "failed" or code.startswith("5") or (not action and not code.startswith(("4", "2")))
    why = " ".join(part for part in (code, status.get("diagnostic-code", ""), status.get("final-recipient", "")) if part)
    return Returned(original, lasting, (why or found.text)[:500])


_FAILED = re.compile(
    r"undeliver|not be delivered|delivery (?:status|fail|has failed)|returned mail|failure notice|unzustellbar|n'a pas pu", re.IGNORECASE
)


def _fields(part: Message) -> Iterator[tuple[str, str]]:
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, Message):
            for name in ("Action", "Status", "Diagnostic-Code", "Final-Recipient"):
                if header(block, name):
                    yield name.lower(), header(block, name)


def _original_id(part: Message) -> str:
    inner = part.get_payload()
    if isinstance(inner, list) and inner and isinstance(inner[0], Message):
        return header(inner[0], "Message-ID")
    text = decoded(_body(part), None)
    found = re.search(r"^Message-ID:\s*(<[^<>\s]{1,900}>)", text, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""
