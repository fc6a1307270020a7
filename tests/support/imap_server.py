"""A real IMAP server on loopback: Dovecot with one mailbox, TLS and STARTTLS, for as long as a test needs it."""

from __future__ import annotations

import datetime as dt
import grp
import imaplib
import ipaddress
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "complaints", "letters-and-more"
CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 0
mail_location = maildir:{folder}/mail/%u
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
"""


@dataclass(frozen=True)
class ImapServer:
    """Where it listens, the certificate authority to trust, and how to put mail into it."""

    plain: int
    tls: int
    context: ssl.SSLContext

    def connect(self) -> imaplib.IMAP4:
        server = imaplib.IMAP4("127.0.0.1", self.plain, timeout=20)
        server.login(USER, PASSWORD)
        return server

    def put(self, *mails: bytes, folder: str = "INBOX") -> None:
        """Deliver mails."""
        server = self.connect()
        for raw in mails:
            answer = server.append(folder, "", None, raw)  # type: ignore[arg-type]
            assert answer[0] == "OK", answer
        server.logout()

    def many(self, folder: str = "INBOX") -> int:
        """How many mails a folder has; 0 where there is no such folder."""
        server = self.connect()
        answer, data = server.select(f'"{folder}"', readonly=True)
        server.logout()
        return int(data[0] or 0) if answer == "OK" else 0


def certificate(folder: Path) -> ssl.SSLContext:
    """Write a certificate for 127.0.0.1 and its key; the context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    return ssl.create_default_context(cafile=str(folder / "cert.pem"))


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def absent() -> str:
    """Why no server can be started here; empty if one can."""
    if shutil.which("dovecot") is None:
        return "there is no dovecot (Debian: apt install dovecot-imapd)"
    return ""


@contextmanager
def imap_server(folder: Path) -> Iterator[ImapServer]:
    """Start one with its data in `folder`, and end it."""
    context = certificate(folder)
    plain, tls = free_port(), free_port()
    # Dovecot reads mail as somebody who is not root.
    person = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    (folder / "mail").mkdir()
    if os.getuid() == 0:
        os.chown(folder / "mail", person.pw_uid, person.pw_gid)
        folder.chmod(0o755)
    config = CONFIG.format(
        folder=folder, user=person.pw_name, group=grp.getgrgid(person.pw_gid).gr_name, plain=plain, tls=tls, password=PASSWORD,
        uid=person.pw_uid, gid=person.pw_gid,
    )  # fmt: skip
    (folder / "dovecot.conf").write_text(config)
    process = subprocess.Popen(["dovecot", "-F", "-c", str(folder / "dovecot.conf")], stderr=subprocess.PIPE)
    server = ImapServer(plain, tls, context)
    try:
        for _ in range(20):
            with suppress(OSError, imaplib.IMAP4.error):
                server.connect().logout()
                break
            if process.poll() is not None:
                break
            time.sleep(0.1)
        else:
            raise AssertionError((folder / "log").read_text()[-2000:])
        if process.poll() is not None:
            raise AssertionError(process.stderr.read().decode() if process.stderr else "")
        yield server
    finally:
        process.terminate()
        process.wait(20)
