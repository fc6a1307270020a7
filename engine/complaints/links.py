"""Links by which a complainant follows a complaint without an account (ISO 10002, 4.4 and 7.3).

The first is made with the complaint and shown once; letters and staff give out others. Of each, only the hash is kept. A link
works while the complaint is open and for some time after it is closed, as the setting `follow_link_after_closing` says.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from amends.engine.calendars import read_length
from amends.engine.calendars.lengths import CALENDAR, shift_calendar
from amends.engine.complaints.references import digest_of, new_secret
from amends.engine.errors import Invalid
from amends.engine.store import tables as t

if TYPE_CHECKING:
    from amends.engine.api import Engine

AFTER_CLOSING: Final = "follow_link_after_closing"
"""The setting: how long links work after closing, in calendar time."""
DEFAULT_AFTER_CLOSING: Final = "P1Y"


class Links:
    """The links of all complaints on an engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def make(self, connection: Connection, instance_id: str, why: str) -> str:
        """A new link's secret, given once; `why` says without anything personal who gave it out.

        One given out after closing works as long as if the complaint had been closed now.
        """
        now, secret = self.engine.now(), new_secret()
        closed = connection.execute(select(t.complaint.c.state).where(t.complaint.c.instance_id == instance_id)).scalar() == "closed"
        row = {
            "secret_hash": digest_of(secret), "instance_id": instance_id, "made_at": now, "why": why[:200],
            "expires_at": self._after(connection, instance_id, now) if closed else None,
        }  # fmt: skip
        connection.execute(insert(t.follow_link), row)
        return secret

    def find(self, connection: Connection, secret: str) -> Row[Any] | None:
        """The complaint's row that a link leads to; None for a link that nobody gave out, or that has expired."""
        return self.find_digest(connection, digest_of(secret))

    def find_digest(self, connection: Connection, digest: str) -> Row[Any] | None:
        """The same for what is kept of a link."""
        c, f = t.complaint.c, t.follow_link.c
        query = select(t.complaint, f.expires_at).join(t.follow_link, f.instance_id == c.instance_id)
        row = connection.execute(query.where(f.secret_hash == digest)).first()
        first = connection.execute(select(t.complaint).where(c.secret_hash == digest)).first() if row is None else row
        if first is None or self._expired(connection, first, None if row is None else row.expires_at):
            return None
        return first

    def end(self, connection: Connection, instance_id: str) -> None:
        """End every link of a complaint. The first ends as well: nobody knows the secret of its new hash."""
        connection.execute(delete(t.follow_link).where(t.follow_link.c.instance_id == instance_id))
        self._end_first(connection, instance_id)

    def end_earlier(self, connection: Connection, instance_id: str, than: datetime, but: ColumnElement[bool]) -> None:
        """End the links of a complaint that were given out before an instant, the first among them; not those that `but` means."""
        f = t.follow_link.c
        connection.execute(delete(t.follow_link).where(f.instance_id == instance_id, f.made_at < than, ~but))
        self._end_first(connection, instance_id)

    def _end_first(self, connection: Connection, instance_id: str) -> None:
        gone = {"secret_hash": digest_of(secrets.token_urlsafe(32))}
        connection.execute(update(t.complaint).where(t.complaint.c.instance_id == instance_id).values(**gone))

    def _expired(self, connection: Connection, row: Row[Any], expires_at: datetime | None) -> bool:
        if expires_at is None and row.closed_at is not None:
            expires_at = self._after(connection, row.instance_id, row.closed_at)
        return expires_at is not None and expires_at <= self.engine.now()

    def _after(self, connection: Connection, instance_id: str, instant: datetime) -> datetime:
        """So long after an instant as links of this complaint work after closing."""
        where = t.instance.c.id == instance_id
        deployment_id = connection.execute(select(t.instance.c.deployment_id).where(where)).scalar_one()
        given = self.engine.versions.get(deployment_id).settings.get(AFTER_CLOSING)
        try:
            length = read_length(str(given or DEFAULT_AFTER_CLOSING))
            if length.kind == CALENDAR:
                return shift_calendar(instant.astimezone(UTC), length.months, length.days, length.time)
        except (Invalid, ValueError, OverflowError):
            pass  # a length that cannot be read, or leads beyond all calendars, must not shut complainants out
        length = read_length(DEFAULT_AFTER_CLOSING)
        return shift_calendar(instant.astimezone(UTC), length.months, length.days, length.time)
