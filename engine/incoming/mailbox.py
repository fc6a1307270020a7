"""A mailbox on an IMAP server: every mail in a folder is kept here first, and only then taken away there."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from amends.engine.errors import AmendsError, Invalid

PORTS = {"tls": 993, "starttls": 143, "none": 143}
TOO_LARGE = "Too large"
"""The folder that mails go to that are too long to be taken in."""
_NUMBER = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxAway(AmendsError):
    """The mail server did not do what it was asked; nothing is lost, the next round tries again."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where mail is fetched.

    `security` is "tls", "starttls" (never without), or "none". `folder` is read; what was kept is deleted there, or moved to the folder
    `taken` where one is named. `most` bytes are the longest mail fetched, `timeout` is in seconds.
    """

    host: str
    port: int = 0
    security: str = "tls"
    user: str = ""
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    taken: str = ""
    most: int = 100_000_000
    timeout: float = 60.0
    context: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        if self.security not in PORTS:
            raise Invalid(f"The mailbox's security is {self.security!r}; set one of {', '.join(PORTS)}.")
        if self.password and self.security == "none" and self.host not in ("127.0.0.1", "::1", "localhost"):
            raise Invalid("A password for the mailbox is not sent without encryption; set its security to tls or starttls.")

    def fetch(self, keep: Callable[[bytes], object]) -> tuple[int, int]:
        """Give every mail of the folder to `keep`, and take it away there once that has returned.

        How many were kept, and how many are too large and were put into the folder `Too large`. What `keep` raises goes through: that
        mail and those after it stay. Raises `MailboxAway`.
        """
        try:
            with self._open() as server:
                return self._fetch(server, keep)
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxAway(f"The mailbox at {self.host} cannot be read: {_said(error)}") from error

    def _fetch(self, server: imaplib.IMAP4, keep: Callable[[bytes], object]) -> tuple[int, int]:
        _done(server.select(_quoted(self.folder)))
        found = _done(server.uid("SEARCH", "UNDELETED"))
        kept = large = 0
        for uid in (found[0] or b"").split():
            number = uid.decode()
            size = _NUMBER.search(_flat(_done(server.uid("FETCH", number, "(RFC822.SIZE)"))))
            if size and int(size[1]) > self.most:
                self._move(server, number, TOO_LARGE)
                large += 1
                continue
            parts = [part[1] for part in _done(server.uid("FETCH", number, "(BODY.PEEK[])")) if isinstance(part, tuple)]
            if not parts:
                continue  # somebody else has just taken it away
            keep(bytes(parts[0]))
            kept += 1
            if self.taken:
                self._move(server, number, self.taken)
            else:
                self._delete(server, number)
        return kept, large

    def _move(self, server: imaplib.IMAP4, number: str, folder: str) -> None:
        with suppress(imaplib.IMAP4.error):
            server.create(_quoted(folder))  # says no where it is there already
        _done(server.uid("COPY", number, _quoted(folder)))
        self._delete(server, number)

    def _delete(self, server: imaplib.IMAP4, number: str) -> None:
        _done(server.uid("STORE", number, "+FLAGS.SILENT", r"(\Deleted)"))
        # Only this one, where the server can (RFC 4315): others may have marked some of theirs.
        _done(server.uid("EXPUNGE", number) if "UIDPLUS" in server.capabilities else server.expunge())

    @contextmanager
    def _open(self) -> Iterator[imaplib.IMAP4]:
        port = self.port or PORTS[self.security]
        context = self.context or ssl.create_default_context()
        if self.security == "tls":
            server: imaplib.IMAP4 = imaplib.IMAP4_SSL(self.host, port, ssl_context=context, timeout=self.timeout)
        else:
            server = imaplib.IMAP4(self.host, port, timeout=self.timeout)
        try:
            if self.security == "starttls":
                server.starttls(context)
            server.login(self.user, self.password)
            yield server
        finally:
            with suppress(OSError, imaplib.IMAP4.error):
                server.logout()


def _done(answer: tuple[str, Any]) -> list[Any]:
    if answer[0] != "OK":
        raise imaplib.IMAP4.error(_said_by(answer[1]))
    return list(answer[1])


def _flat(data: list[Any]) -> bytes:
    return b" ".join(part if isinstance(part, bytes) else part[0] for part in data if isinstance(part, bytes | tuple))


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _said_by(data: list[Any]) -> str:
    return _flat(data).decode("utf-8", "replace")[:300]


def _said(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:300]


def mailbox_from(environment: Mapping[str, str]) -> Mailbox | None:
    """The mailbox that AMENDS_IMAP_HOST, _PORT, _SECURITY, _USER, _PASSWORD, _FOLDER and _TAKEN set up; None without a host.

    Raises `Invalid` for a setting that cannot be.
    """
    names = ("host", "port", "security", "user", "folder", "taken")
    given = {name: environment.get(f"AMENDS_IMAP_{name.upper()}", "").strip() for name in names}
    if not given["host"]:
        return None
    try:
        port = int(given["port"] or 0)
    except ValueError as error:
        raise Invalid(f"AMENDS_IMAP_PORT is a number: {error}.") from error
    return Mailbox(
        given["host"], port, given["security"] or "tls", given["user"], environment.get("AMENDS_IMAP_PASSWORD", ""),
        given["folder"] or "INBOX", given["taken"],
    )  # fmt: skip
