"""Who is signed in, and by which browsers somebody has signed in before. The browser holds a secret, we its hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from amends.engine.errors import NotFound
from amends.engine.store import Database
from amends.engine.store import tables as t
from amends.engine.store.fixed import Fixed

SEEN_EVERY: Final = timedelta(minutes=1)
"""A session's last use is kept to the minute: not every page writes."""
AGENT_LENGTH: Final = 300
MOST_DEVICES: Final = 10
"""Known browsers kept for an account, those used last."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in. `method` is how: password, password and code, or the sign-in service."""

    id: str
    account_id: str
    mark: str
    began_at: datetime
    seen_at: datetime
    method: str
    agent: str
    address: str


def digest(secret: str) -> str:
    """What is kept of a secret. It is random and long, so a plain hash cannot be turned round."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Sessions:
    """The sessions of all accounts. `record` writes into the history."""

    def __init__(self, database: Database, now: Callable[[], datetime], record: Callable[..., None]) -> None:
        self._database, self._now, self._record = database, now, record

    def begin(self, account_id: str, mark: str, *, method: str, agent: str = "", address: str = "") -> str:
        """Begin a session; the secret the browser keeps."""
        secret, now = secrets.token_urlsafe(32), self._now()
        row = {
            "token_hash": digest(secret), "id": secrets.token_hex(12), "account_id": account_id, "mark": mark, "began_at": now,
            "seen_at": now, "method": method, "agent": agent[:AGENT_LENGTH], "address": address[:64],
        }  # fmt: skip
        with self._database.transaction() as connection:
            connection.execute(insert(t.account_session), row)
            self._record(f"account:{account_id}", account_id, "signed in", method=method)
        return secret

    def find(self, secret: str, *, idle: timedelta, longest: timedelta) -> Session | None:
        """The session of a secret, used now; None for one that nobody began, that was ended, or that is over by its age."""
        s, now = t.account_session.c, self._now()
        with self._database.reading() as connection:
            row = _BY_TOKEN.first(connection, {"token": digest(secret)})
        if row is None:
            return None
        found = Session(*row)
        if now - found.seen_at > idle or now - found.began_at > longest:
            self._remove(s.id == found.id)
            return None
        if now - found.seen_at >= SEEN_EVERY:
            with self._database.transaction() as connection:
                connection.execute(update(t.account_session).where(s.id == found.id).values(seen_at=now))
        return found

    def of(self, account_id: str, mark: str, *, idle: timedelta, longest: timedelta) -> list[Session]:
        """The sessions of an account that go on, the last used first; others are removed on the way."""
        s, now = t.account_session.c, self._now()
        self._remove(s.account_id == account_id, (s.seen_at < now - idle) | (s.began_at < now - longest) | (s.mark != mark))
        with self._database.reading() as connection:
            query = _SESSION.where(s.account_id == account_id).order_by(s.seen_at.desc(), s.id)
            return [Session(*row) for row in connection.execute(query)]

    def end(self, account_id: str, session_id: str, *, actor: str) -> None:
        """End one session of an account. Raises `NotFound` where it has none of this id."""
        s = t.account_session.c
        if not self._remove(s.account_id == account_id, s.id == session_id):
            raise NotFound("This session is over already; nothing was changed.")
        self._record(actor, account_id, "session ended")

    def end_others(self, account_id: str, keep: str | None, *, actor: str) -> int:
        """End all sessions of an account but the one of id `keep`; how many."""
        s = t.account_session.c
        ended = self._remove(s.account_id == account_id, *([s.id != keep] if keep is not None else []))
        if ended:
            self._record(actor, account_id, "sessions ended", many=ended)
        return ended

    def end_own(self, secret: str) -> None:
        """End the session of a secret: somebody signs out."""
        self._remove(t.account_session.c.token_hash == digest(secret))

    def _remove(self, *where: Any) -> int:
        with self._database.transaction() as connection:
            return connection.execute(delete(t.account_session).where(*where)).rowcount

    # -- browsers
    def know_device(self, account_id: str, secret: str | None) -> str:
        """Remember that somebody signed in by this browser; the secret it keeps, a new one if it had none of this account."""
        d, now = t.account_device.c, self._now()
        with self._database.transaction() as connection:
            if secret is not None:
                mine = (d.token_hash == digest(secret), d.account_id == account_id)
                if connection.execute(update(t.account_device).where(*mine).values(seen_at=now, failures=0, failed_at=None)).rowcount:
                    return secret
            made = secrets.token_urlsafe(32)
            row = {"token_hash": digest(made), "account_id": account_id, "seen_at": now, "failures": 0}
            connection.execute(insert(t.account_device), row)
            newest = select(d.token_hash).where(d.account_id == account_id).order_by(d.seen_at.desc(), d.token_hash).limit(MOST_DEVICES)
            connection.execute(delete(t.account_device).where(d.account_id == account_id, d.token_hash.not_in(newest)))
        return made

    def forget_devices(self, account_id: str) -> None:
        """No browser is known any more: a password was lost, or somebody left."""
        with self._database.transaction() as connection:
            connection.execute(delete(t.account_device).where(t.account_device.c.account_id == account_id))


_S = t.account_session.c
_SESSION = select(_S.id, _S.account_id, _S.mark, _S.began_at, _S.seen_at, _S.method, _S.agent, _S.address)
_BY_TOKEN = Fixed(_SESSION.where(_S.token_hash == bindparam("token")))
