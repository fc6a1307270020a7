"""How mail leaves: by SMTP, or, where no server is set, into a folder that the product shows."""

from __future__ import annotations

import hashlib
import os
import re
import smtplib
import ssl
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol

from amends.engine.errors import AmendsError, Invalid, NotFound

DEFAULT_SENDER = "complaints@localhost"
SECURITY = {"starttls": 587, "tls": 465, "none": 25}
"""How the connection to the server is kept private, and the usual port of each."""
_FILE = re.compile(r"[0-9a-f]{32}\.eml")


class NotSent(AmendsError):
    """The mail has certainly not been sent. `lasting` says that trying again will not help."""

    def __init__(self, message: str, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


class Doubtful(AmendsError):
    """Nobody can say whether the mail was sent: the connection broke after the server had been given all of it."""


class Mailer(Protocol):
    """Something that sends mail."""

    @property
    def sender(self) -> str:
        """The address it sends from."""

    def send(self, message: EmailMessage, key: str) -> str:
        """Send one mail to one recipient; returns a proof for people to read.

        `key` is the same at every attempt. Raises `NotSent` if it certainly did not leave, `Doubtful` if nobody can say.
        """


def digest(key: str) -> str:
    """What a mail is called by, outside: 32 hexadecimal digits made of its key."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def addressed(message: EmailMessage, key: str, sender: str) -> EmailMessage:
    """The message with its sender and a Message-ID made of its key, so that a mail sent twice can be told from two mails."""
    if "From" not in message:
        message["From"] = sender
    if "Message-ID" in message:
        del message["Message-ID"]
    message["Message-ID"] = f"<{digest(key)}@{parseaddr(sender)[1].rpartition('@')[2] or 'localhost'}>"
    return message


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Sends through an SMTP server.

    `security` is "starttls" (never without), "tls" or "none"; `port` 0 is the usual one of that. `timeout` is in seconds, for
    each answer of the server.
    """

    host: str
    port: int = 0
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = DEFAULT_SENDER
    timeout: float = 20.0
    context: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        if self.security not in SECURITY:
            raise Invalid(f"The mail server's security is {self.security!r}; set one of {', '.join(SECURITY)}.")
        if self.password and self.security == "none":
            raise Invalid("A password for the mail server is not sent without encryption; set its security to starttls or tls.")

    def send(self, message: EmailMessage, key: str) -> str:
        """Send one mail; returns what the server answered. Raises `NotSent` or `Doubtful`."""
        message = addressed(message, key, self.sender)
        recipient = parseaddr(str(message["To"]))[1]
        body = message.as_bytes(policy=policy.SMTP)
        try:
            server = self._open()
        except (OSError, smtplib.SMTPException) as error:
            raise _not_sent(self._place(), error) from error
        try:
            self._begin(server, recipient)
            try:
                code, answer = server.data(body)
            except smtplib.SMTPDataError as error:  # refused before it was given anything
                raise _not_sent(self._place(), error) from error
            except (OSError, smtplib.SMTPException) as error:
                told = f"The connection to {self._place()} broke while it was given the mail {message['Message-ID']} ({_said(error)})."
                raise Doubtful(f"{told} It may have been sent.") from error
            if code != 250:
                raise _not_sent(self._place(), smtplib.SMTPResponseException(code, answer))
        finally:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()
        return f"{self.host} answered: {code} {_text(answer)} ({message['Message-ID']})"

    def _place(self) -> str:
        return f"the mail server {self.host}:{self.port or SECURITY[self.security]}"

    def _open(self) -> smtplib.SMTP:
        """A connection, encrypted and signed in as set."""
        port = self.port or SECURITY[self.security]
        context = self.context or ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, port, timeout=self.timeout, context=context)
        else:
            server = smtplib.SMTP(self.host, port, timeout=self.timeout)
        try:
            if self.security == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server

    def _begin(self, server: smtplib.SMTP, recipient: str) -> None:
        """Name sender and recipient; nothing has been sent if one is refused."""
        options: list[str] = []
        if not recipient.isascii():
            if not server.has_extn("smtputf8"):
                raise NotSent(f"{self._place()} cannot send to {recipient}: it knows only plain letters in addresses.", lasting=True)
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        try:
            for code, answer in (server.mail(parseaddr(self.sender)[1], options), server.rcpt(recipient)):
                if code not in (250, 251):
                    raise _not_sent(self._place(), smtplib.SMTPResponseException(code, answer))
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            raise _not_sent(self._place(), error) from error


def _not_sent(place: str, error: Exception) -> NotSent:
    # 5xx answers are for good (RFC 5321, 4.2.1), but for a failed sign-in, which somebody will put right.
    lasting = isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500 and not isinstance(
        error, smtplib.SMTPAuthenticationError
    )  # fmt: skip
    return NotSent(f"The mail was not sent: {place} said: {_said(error)}", lasting)


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _text(answer: bytes | str) -> str:
    text = answer if isinstance(answer, str) else answer.decode("utf-8", "replace")
    return " ".join(text.split())[:500]


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in the folder: its file's name, and what a list shows of it. `at` is aware UTC."""

    name: str
    at: datetime
    sender: str
    to: str
    subject: str


@dataclass(frozen=True, slots=True)
class FolderMailer:
    """Writes each mail as a file into a folder, whole or not at all; the same key is the same file."""

    folder: Path
    sender: str = DEFAULT_SENDER

    def send(self, message: EmailMessage, key: str) -> str:
        """Write the mail; returns the file's name. Raises `NotSent` if it cannot be written."""
        message = addressed(message, key, self.sender)
        name = f"{digest(key)}.eml"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not (self.folder / name).exists():
                self._write(name, message.as_bytes(policy=policy.SMTP))
        except OSError as error:
            raise NotSent(f"The mail could not be written into the folder {self.folder}: {error}. Make room or set its rights.") from error
        return f"mail/{name}"

    def _write(self, name: str, body: bytes) -> None:
        handle, path = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            Path(path).replace(self.folder / name)
        except BaseException:
            Path(path).unlink(missing_ok=True)
            raise
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # or the name could be lost with the power
        finally:
            os.close(folder)

    def list(self, limit: int = 100) -> list[Mail]:
        """The newest mails, newest first."""
        if not self.folder.is_dir():
            return []
        with os.scandir(self.folder) as entries:
            files = [(entry.stat().st_mtime_ns, entry.name) for entry in entries if _FILE.fullmatch(entry.name)]
        return [self._mail(name, written) for written, name in sorted(files, reverse=True)[:limit]]

    def _mail(self, name: str, written: int) -> Mail:
        message = self.read(name)
        at = datetime.fromtimestamp(written / 1e9, UTC)
        return Mail(name, at, str(message["From"] or ""), str(message["To"] or ""), str(message["Subject"] or ""))

    def read(self, name: str) -> EmailMessage:
        """One mail; raises `NotFound`."""
        if not _FILE.fullmatch(name) or not (self.folder / name).is_file():
            raise NotFound(f"There is no mail {name!r} in the mail folder.")
        body = (self.folder / name).read_bytes().replace(b"\r\n", b"\n")
        return message_from_bytes(body, policy=policy.default)

    def remove(self, key: str) -> bool:
        """Erase the mail of a key (personal data that is to go); whether there was one."""
        path = self.folder / f"{digest(key)}.eml"
        there = path.exists()
        path.unlink(missing_ok=True)
        return there


def mailer_from(environment: Mapping[str, str], folder: Path) -> Mailer:
    """The mailer that AMENDS_SMTP_HOST, _PORT, _SECURITY, _USER, _PASSWORD, _TIMEOUT and AMENDS_MAIL_SENDER set up.

    Without a host, mail goes into `folder`. Raises `Invalid` for a setting that cannot be.
    """
    sender = environment.get("AMENDS_MAIL_SENDER", "").strip() or DEFAULT_SENDER
    host = environment.get("AMENDS_SMTP_HOST", "").strip()
    if not host:
        return FolderMailer(folder, sender)
    try:
        port = int(environment.get("AMENDS_SMTP_PORT", "").strip() or 0)
        timeout = float(environment.get("AMENDS_SMTP_TIMEOUT", "").strip() or 20)
    except ValueError as error:
        raise Invalid(f"AMENDS_SMTP_PORT and AMENDS_SMTP_TIMEOUT are numbers: {error}.") from error
    return SmtpMailer(
        host, port, environment.get("AMENDS_SMTP_SECURITY", "").strip() or "starttls", environment.get("AMENDS_SMTP_USER", ""),
        environment.get("AMENDS_SMTP_PASSWORD", ""), sender, timeout,
    )  # fmt: skip
