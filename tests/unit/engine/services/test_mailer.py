"""Mail leaves once: through real SMTP servers that accept, refuse, hang and break, and into the folder."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from amends.engine.errors import Invalid, NotFound
from amends.engine.services import Doubtful, FolderMailer, NotSent, SmtpMailer, mailer_from
from amends.engine.services.mailer import digest


def mail(to: str = "ann@example.org") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Décision"
    message["To"] = to
    message.set_content("Grüße\n.\nend", cte="quoted-printable")
    return message


class Handler:
    """A mail server's mind: what it has taken, and what it says to each command."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.taken: list[Any] = []

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if "rcpt" in self.answers:
            return self.answers["rcpt"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if "data" in self.answers:
            return self.answers["data"]
        self.taken.append(envelope)
        return "250 Taken as 4711"


@contextmanager
def server(handler: Handler, **options: Any) -> Iterator[int]:
    """A real SMTP server on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@contextmanager
def talking(conversation: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does with the first connection what it is told to."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            conversation(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        thread.join(10)


def plain(port: int, **options: Any) -> SmtpMailer:
    return SmtpMailer("127.0.0.1", port, "none", sender="complaints@example.org", timeout=options.pop("timeout", 5.0), **options)


def test_a_mail_is_given_to_the_server() -> None:
    """Sender, recipient and content arrive, with a Message-ID made of the key; the proof is the server's own answer."""
    handler = Handler()
    with server(handler) as port:
        proof = plain(port).send(mail(), "key-1")
    (envelope,) = handler.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("complaints@example.org", ["ann@example.org"])
    assert f"Message-ID: <{digest('key-1')}@example.org>".encode() in envelope.content
    assert "Taken as 4711" in proof and digest("key-1") in proof
    from email import message_from_bytes, policy

    received = message_from_bytes(envelope.content, policy=policy.default)
    assert received["Subject"] == "Décision"
    assert received.get_content().replace("\r\n", "\n") == "Grüße\n.\nend\n"


@pytest.mark.parametrize(
    ("answers", "lasting"),
    [
        ({"mail": "451 busy"}, False),
        ({"mail": "550 not you"}, True),
        ({"rcpt": "450 try later"}, False),
        ({"rcpt": "550 no such person"}, True),
        ({"data": "452 no room"}, False),
        ({"data": "554 looks like spam"}, True),
    ],
)
def test_a_refusal_is_certain(answers: dict[str, str], lasting: bool) -> None:
    """Whatever the server refuses was not sent; 5xx is for good, 4xx may be tried again; the error quotes the server."""
    handler = Handler(**answers)
    with server(handler) as port, pytest.raises(NotSent, match=next(iter(answers.values()))) as caught:
        plain(port).send(mail(), "key")
    assert caught.value.lasting is lasting
    assert handler.taken == []


def test_a_server_that_is_not_there_is_certain() -> None:
    """A refused connection means that nothing was sent, and that it may be tried again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NotSent, match=f"127.0.0.1:{port}") as caught:
        plain(port).send(mail(), "key")
    assert not caught.value.lasting


def test_a_server_that_never_speaks_is_given_up() -> None:
    """A hanging server costs the timeout, no more, and nothing was sent."""
    with talking(lambda connection: time.sleep(2)) as port:
        begun = time.monotonic()
        with pytest.raises(NotSent, match="timed out"):
            plain(port, timeout=0.3).send(mail(), "key")
        assert time.monotonic() - begun < 1.5


def converse(connection: socket.socket, last: str) -> None:
    """Say yes to everything up to the command `last`, and read what follows it."""
    file = connection.makefile("rwb")
    file.write(b"220 hello\r\n")
    file.flush()
    while True:
        line = file.readline().upper()
        if line.startswith(last.encode()):
            break
        file.write(b"250 ok\r\n")
        file.flush()
    if last == "DATA":
        file.write(b"354 go on\r\n")
        file.flush()
        while file.readline() not in (b".\r\n", b""):
            pass


@pytest.mark.parametrize("hang", [True, False])
def test_a_break_after_the_content_is_doubtful(hang: bool) -> None:
    """Once the server has all of it and says nothing, or goes away, nobody can say whether it was sent."""

    def conversation(connection: socket.socket) -> None:
        converse(connection, "DATA")
        if hang:
            time.sleep(1.5)

    with talking(conversation) as port, pytest.raises(Doubtful, match="It may have been sent") as caught:
        plain(port, timeout=0.5).send(mail(), "key-9")
    assert digest("key-9") in str(caught.value)


def test_a_break_before_the_content_is_certain() -> None:
    """A connection lost at the recipient means that nothing was sent."""
    with talking(lambda connection: converse(connection, "RCPT")) as port, pytest.raises(NotSent):
        plain(port, timeout=0.5).send(mail(), "key")


def test_a_server_that_cannot_encrypt_is_refused() -> None:
    """With STARTTLS asked for, nothing is sent to a server that does not offer it."""
    handler = Handler()
    with server(handler) as port, pytest.raises(NotSent, match="STARTTLS"):
        SmtpMailer("127.0.0.1", port, "starttls", timeout=5).send(mail(), "key")
    assert handler.taken == []


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this test's own for 127.0.0.1, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not on the PATH: no certificate can be made")
    folder = tmp_path_factory.mktemp("tls")
    command = [
        openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return folder / "cert.pem", folder / "key.pem"


def test_it_signs_in_over_an_encrypted_connection(certificate: tuple[Path, Path]) -> None:
    """With STARTTLS it signs in with user and password, and only a known certificate is trusted."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(*certificate)
    seen: list[tuple[bytes, bytes]] = []

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        seen.append((data.login, data.password))
        return AuthResult(success=data.password == b"secret", handled=False)

    handler = Handler()
    options = {"tls_context": serving, "require_starttls": True, "authenticator": authenticate, "auth_required": True}
    with server(handler, **options) as port:
        trusting = ssl.create_default_context(cafile=str(certificate[0]))
        SmtpMailer("127.0.0.1", port, "starttls", "amends", "secret", timeout=5, context=trusting).send(mail(), "key")
        assert len(handler.taken) == 1 and seen == [(b"amends", b"secret")]
        with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
            SmtpMailer("127.0.0.1", port, "starttls", "amends", "secret", timeout=5).send(mail(), "key")
        with pytest.raises(NotSent, match="535") as caught:
            SmtpMailer("127.0.0.1", port, "starttls", "amends", "wrong", timeout=5, context=trusting).send(mail(), "key")
        assert not caught.value.lasting, "somebody will put the password right"
    assert len(handler.taken) == 1


def test_a_password_is_never_sent_or_shown_in_the_clear() -> None:
    """A password without encryption is refused when it is set up, and is in no representation."""
    with pytest.raises(Invalid, match="without encryption"):
        SmtpMailer("h", security="none", user="u", password="secret")
    assert "secret" not in repr(SmtpMailer("h", user="u", password="secret"))
    with pytest.raises(Invalid, match="starttls, tls, none"):
        SmtpMailer("h", security="ssl3")


def test_addresses_with_other_letters_need_a_server_that_knows_them() -> None:
    """A mailbox named in other letters is sent to if the server can, otherwise refused for good."""
    handler = Handler()
    with server(handler, enable_SMTPUTF8=True) as port:
        plain(port).send(mail("jörg@example.org"), "key")
    assert handler.taken[0].rcpt_tos == ["jörg@example.org"]
    with server(Handler(), enable_SMTPUTF8=False) as port, pytest.raises(NotSent, match="plain letters") as caught:
        plain(port).send(mail("jörg@example.org"), "key")
    assert caught.value.lasting


def test_the_environment_sets_the_mailer_up(tmp_path: Path) -> None:
    """Without a host mail goes into the folder; with one, the settings are taken over and mistakes are said."""
    assert mailer_from({"AMENDS_MAIL_SENDER": "c@example.org"}, tmp_path) == FolderMailer(tmp_path, "c@example.org")
    set_up = mailer_from(
        {"AMENDS_SMTP_HOST": "mx", "AMENDS_SMTP_PORT": "2525", "AMENDS_SMTP_SECURITY": "tls", "AMENDS_SMTP_USER": "u",
         "AMENDS_SMTP_PASSWORD": "p", "AMENDS_SMTP_TIMEOUT": "7"}, tmp_path,
    )  # fmt: skip
    assert set_up == SmtpMailer("mx", 2525, "tls", "u", "p", timeout=7.0)
    with pytest.raises(Invalid, match="AMENDS_SMTP_PORT"):
        mailer_from({"AMENDS_SMTP_HOST": "mx", "AMENDS_SMTP_PORT": "smtp"}, tmp_path)


# -- the folder
def test_the_folder_keeps_whole_mails_newest_first(tmp_path: Path) -> None:
    """What is sent is a file that can be listed and read; nothing half-written is seen."""
    mailer = FolderMailer(tmp_path / "mail", "c@example.org")
    assert mailer.list() == []
    proofs = [mailer.send(mail(f"p{number}@example.org"), f"key{number}") for number in range(3)]
    (tmp_path / "mail" / ".unfinished.part").write_bytes(b"Subject: half")
    (tmp_path / "mail" / "notes.txt").write_text("not a mail")
    listed = mailer.list()
    assert [entry.to for entry in listed] == ["p2@example.org", "p1@example.org", "p0@example.org"]
    assert [f"mail/{entry.name}" for entry in listed] == proofs[::-1]
    assert (listed[0].sender, listed[0].subject) == ("c@example.org", "Décision")
    assert mailer.read(listed[0].name).get_content() == "Grüße\n.\nend\n"
    assert [entry.to for entry in mailer.list(limit=1)] == ["p2@example.org"]


def test_the_same_key_is_the_same_file(tmp_path: Path) -> None:
    """A mail sent again under its key is there once."""
    mailer = FolderMailer(tmp_path)
    assert mailer.send(mail(), "key") == mailer.send(mail(), "key")
    assert len(mailer.list()) == 1


@pytest.mark.parametrize("name", ["../amends.db", "x.eml", "", "0" * 32 + ".eml", "/etc/passwd"])
def test_only_mails_can_be_read(tmp_path: Path, name: str) -> None:
    """A name that is no mail of the folder is not found, wherever it leads."""
    (tmp_path / "amends.db").write_text("x")
    with pytest.raises(NotFound):
        FolderMailer(tmp_path / "mail").read(name)


def test_a_mail_can_be_erased(tmp_path: Path) -> None:
    """Personal data in the folder can go, by the key of its message."""
    mailer = FolderMailer(tmp_path)
    mailer.send(mail(), "key")
    assert mailer.remove("key")
    assert not mailer.remove("key")
    assert mailer.list() == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A file where the folder should be is told as not sent."""
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(NotSent, match="could not be written into the folder"):
        FolderMailer(tmp_path / "mail").send(mail(), "key")
