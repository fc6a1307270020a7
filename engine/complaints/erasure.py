"""Erase what the register holds of a finished complaint. What statistics are made of stays: product, category, outcome, dates, state."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, update

from amends.engine.complaints.references import digest_of
from amends.engine.store import tables as t

if TYPE_CHECKING:
    from amends.engine.api import Engine


class Erasure:
    """Reaches the register's tables and the mail folder; the engine calls it for each instance it erases."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __call__(self, connection: Connection, instance_id: str) -> None:
        """Empty every personal column of a complaint, in the erasure's transaction; mail files go once it is committed."""
        c, m, d, a, r = t.complaint.c, t.message.c, t.dispatch.c, t.attachment.c, t.import_row.c
        # The follow-up link ends as well: nobody knows the secret of the new hash.
        gone = {"subject": "", "complainant_name": "", "email": "", "told": "", "secret_hash": digest_of(secrets.token_urlsafe(32))}
        connection.execute(update(t.complaint).where(c.instance_id == instance_id).values(**gone))
        connection.execute(update(t.message).where(m.instance_id == instance_id).values(recipient="", subject="", body=""))
        connection.execute(update(t.dispatch).where(d.instance_id == instance_id).values(proof=""))
        # The digest too: who has a file could tell by it that this was the one.
        connection.execute(update(t.attachment).where(a.instance_id == instance_id).values(name="", body=b"", digest=""))
        connection.execute(update(t.import_row).where(r.instance_id == instance_id).values(facts="", flags=""))
        connection.execute(update(t.comment).where(t.comment.c.instance_id == instance_id).values(body=""))
        keys = connection.execute(select(d.key).where(d.instance_id == instance_id)).scalars().all()
        self.engine.database.after_commit(lambda: self._mails(keys))

    def _mails(self, keys: Iterable[str]) -> None:
        """Files cannot be rolled back, so they go last. Who is interrupted here erases again: the keys stay."""
        remove = getattr(self.engine.registry.shared.get("mailer"), "remove", None)  # a mail server gives nothing back
        if remove is not None:
            for key in keys:
                remove(key)
