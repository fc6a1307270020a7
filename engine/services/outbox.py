"""The send journal: what leaves is written down before it leaves, and its proof after, so that nothing is told twice or lost.

A row is `sending` before the world is told, in a transaction of its own, and `sent` with its proof after. An attempt that finds
`sending` cannot know whether its forerunner was heard: the row becomes `doubtful`, and an incident says so. Who resolves that
incident decides to send again, under the same Message-ID.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from amends.engine.errors import AmendsError, NotFound
from amends.engine.execution import Fault
from amends.engine.services.base import NotYet, OperationContext
from amends.engine.services.letters import Rendered
from amends.engine.services.mailer import Doubtful, Mailer, NotSent, digest
from amends.engine.services.recipients import Recipient
from amends.engine.store import Database
from amends.engine.store import tables as t

SENDING: Final = "sending"  # written before the world is told
SENT: Final = "sent"  # the mail server, or the folder, has taken it
FAILED: Final = "failed"  # certainly not sent; the next attempt may send it
DOUBTFUL: Final = "doubtful"  # may have been sent; only a person can decide to send it again
HISTORICAL: Final = "historical"  # a replayed record: nothing was sent now
TO_PRINT: Final = "to print"  # for somebody to print and post
TO_SAY: Final = "to say"  # for somebody to ring the complainant and say what it says
SHOWN: Final = "shown"  # read on a page, by the complainant or by staff
RETURNED: Final = "returned"  # it was sent, and a report says that it could not be delivered
UNSENT: Final = "unsent"  # it was tried in vain; somebody sees to it that it is said another way
LEFT: Final = frozenset({SENT, HISTORICAL, SHOWN, RETURNED})
LAID_OUT: Final = frozenset({TO_PRINT, TO_SAY})  # written, and nobody has posted or said it yet
SETTLED: Final = LEFT | LAID_OUT
UNDECIDED: Final = frozenset({SENDING, FAILED, DOUBTFUL})  # a mail whose attempts go on, or have ended without anybody knowing it

PROOFS: Final = {
    HISTORICAL: "historical, not sent",
    TO_PRINT: "to be printed and posted",
    TO_SAY: "somebody is to ring",
    SHOWN: "shown on the page",
}

# Prepared once: a replay sends tens of thousands of letters.
_KNOWN = select(t.dispatch).where(t.dispatch.c.key == bindparam("wanted"))
_KNOWN_MESSAGE = select(t.message.c.id).where(t.message.c.id == bindparam("wanted"))
_NEW_DISPATCH, _NEW_MESSAGE = insert(t.dispatch), insert(t.message)
_D = t.dispatch.c


class Outbox:
    """Sends the letters of one operation."""

    def __init__(self, context: OperationContext) -> None:
        if not isinstance(context.database, Database):
            raise Fault(f"{context.element_id} sends a message, but there is no database to write it down in.")
        if context.database.in_transaction() and not context.historical:
            raise AmendsError(f"{context.element_id} sends a message; that cannot happen inside a batch. Run it outside.")
        self.context = context
        self.database = context.database

    def tell(self, recipients: Sequence[Recipient], letter: str, rendered: Rendered) -> list[str]:
        """Send a letter to each; all see one message in the thread. Returns the proofs, in the same order.

        What was settled by an earlier attempt is not told again. Everybody is tried before a failure is raised: `Fault` where a
        further attempt by itself would be wrong or useless, `NotSent` otherwise.
        """
        if self.context.historical:
            with self.database.transaction() as connection:
                return [self._record(connection, recipients, recipient, letter, rendered, HISTORICAL) for recipient in recipients]
        proofs: list[str] = []
        failures: list[AmendsError] = []
        for recipient in recipients:
            try:
                proofs.append(self._tell(recipients, recipient, letter, rendered))
            except (NotSent, Fault) as error:
                failures.append(error)
        if failures:
            first = failures[0]
            lasting = isinstance(first, NotSent) and first.lasting
            raise Fault(f"{first} Put the address right, or send it another way.") if lasting else first
        return proofs

    def left(self, recipients: Sequence[Recipient], letter: str) -> datetime | None:
        """When a letter that was told to these had left for all of them; None while it waits for one in the post room, or was not told."""
        keys = {self._key(letter, recipient) for recipient in recipients}
        with self.database.reading() as connection:
            rows = connection.execute(select(_D.state, _D.sent_at, _D.attempted_at).where(_D.key.in_(keys))).all()
        if len(rows) < len(keys) or any(row.state in LAID_OUT or row.state in UNDECIDED for row in rows):
            return None
        at: list[datetime] = [row.sent_at or row.attempted_at for row in rows]
        return max(at)

    def wait(self, recipients: Sequence[Recipient], letter: str) -> NotYet:
        """That a letter waits in the post room: its task goes on once somebody says what became of it."""
        waiting = self._laid_out(recipients, letter)
        return NotYet("A letter waits in the post room.", lambda connection: connection.execute(waiting).first() is not None)

    def waits(self, recipients: Sequence[Recipient], letter: str) -> bool:
        """Whether it is in the post room for one of them."""
        with self.database.reading() as connection:
            return connection.execute(self._laid_out(recipients, letter)).first() is not None

    def _laid_out(self, recipients: Sequence[Recipient], letter: str) -> Select[Any]:
        keys = [self._key(letter, recipient) for recipient in recipients]
        return select(_D.key).where(_D.key.in_(keys), _D.state.in_(LAID_OUT)).limit(1)

    def leave(self, recipient: Recipient, letter: str, rendered: Rendered, state: str, why: str) -> None:
        """Write down a letter that nothing sends any more, in this state and with the reason.

        One that is written down gets both while it is undecided: what was sent, or seen to by a person, stays as it is.
        """
        key = self._key(letter, recipient)
        with self.database.transaction() as connection:
            known: Any = connection.execute(_KNOWN, {"wanted": key}).first()
            if known is None:
                self._record(connection, [recipient], recipient, letter, rendered, state)
            if known is None or known.state in UNDECIDED:
                _set(connection, key, state=state, proof=why)

    def _tell(self, everybody: Sequence[Recipient], recipient: Recipient, letter: str, rendered: Rendered) -> str:
        key = self._key(letter, recipient)
        if recipient.channel != "email":
            return self._lay_out(key, everybody, recipient, letter, rendered)
        mailer = self._mailer()
        proof = self._open(key, everybody, recipient, letter, rendered)
        if proof is not None:
            return proof
        try:
            proof = mailer.send(mail(self.context, mailer.sender, recipient, rendered), key)
        except NotSent as error:
            self._close(key, FAILED, str(error))
            raise
        except Doubtful as error:
            self._close(key, DOUBTFUL, str(error))
            raise _may_have_been_sent(recipient, str(error)) from error
        self._close(key, SENT, proof)
        return proof

    def _lay_out(self, key: str, everybody: Sequence[Recipient], recipient: Recipient, letter: str, rendered: Rendered) -> str:
        """Leave it to the post room, or to the page it is read on; in place of a mail, too, that did not leave. The proof of that."""
        state = {"post": TO_PRINT, "phone": TO_SAY}.get(recipient.channel, SHOWN)
        with self.database.transaction() as connection:
            known: Any = connection.execute(_KNOWN, {"wanted": key}).first()
            if known is None:
                return self._record(connection, everybody, recipient, letter, rendered, state)
            if known.state not in UNDECIDED:
                return str(known.proof)
            if known.state == FAILED or (known.state == DOUBTFUL and self._decided(connection, known.attempted_at)):
                _set(connection, key, state=state, proof=PROOFS[state], attempted_at=self.context.now, sent_at=None)
                if not recipient.staff:
                    there = t.message.c.id == known.message_id
                    connection.execute(update(t.message).where(there).values(channel=recipient.channel, visible=True))
                return PROOFS[state]
            _set(connection, key, state=DOUBTFUL)
        raise _may_have_been_sent(recipient, _interrupted(known))

    def _open(self, key: str, everybody: Sequence[Recipient], recipient: Recipient, letter: str, rendered: Rendered) -> str | None:
        """Write down that it is about to be sent; the proof, if it was sent already."""
        known: Any
        with self.database.transaction() as connection:
            known = connection.execute(_KNOWN, {"wanted": key}).first()
            if known is None:
                self._record(connection, everybody, recipient, letter, rendered, SENDING)
                return None
            if known.state in SETTLED:
                return str(known.proof)
            if known.state == FAILED or (known.state == DOUBTFUL and self._decided(connection, known.attempted_at)):
                _set(connection, key, state=SENDING, attempted_at=self.context.now)
                return None
            _set(connection, key, state=DOUBTFUL)
        # Raised after the block, so that the row says "doubtful" whatever happens to this attempt.
        raise _may_have_been_sent(recipient, _interrupted(known))

    def _decided(self, connection: Connection, since: Any) -> bool:
        """Whether a person has resolved an incident of this very element since the doubtful attempt: that is the order to send again."""
        i = t.incident.c
        instance_id, _, token = self.context.key.rpartition(".")
        if not token.isdigit():
            return False
        resolved = (i.instance_id == instance_id, i.token == int(token), i.created_at >= since, i.resolved_at.is_not(None))
        return connection.execute(select(i.id).where(*resolved).limit(1)).first() is not None

    def _close(self, key: str, state: str, proof: str) -> None:
        sent_at = self.context.now if state == SENT else None
        with self.database.transaction() as connection:
            _set(connection, key, state=state, proof=proof, sent_at=sent_at)
            if state != FAILED:
                show(connection, key)

    def _record(
        self, connection: Connection, everybody: Sequence[Recipient], recipient: Recipient, letter: str, rendered: Rendered, state: str
    ) -> str:
        """Write the message (once for everybody) and its journal row, if they are not there yet; the row's proof."""
        key = self._key(letter, recipient)
        known = connection.execute(_KNOWN, {"wanted": key}).first()
        if known is not None:
            return str(known.proof)
        message_id = self._message(connection, everybody, letter, rendered, state)
        proof = PROOFS.get(state, "")
        row = {"key": key, "message_id": message_id, "instance_id": self.context.instance_id, "state": state, "proof": proof}
        connection.execute(_NEW_DISPATCH, {**row, "attempted_at": self.context.now, "mail_id": digest(key)})
        return proof

    def _message(self, connection: Connection, everybody: Sequence[Recipient], letter: str, rendered: Rendered, state: str) -> str:
        staff = everybody[0].staff
        direction = "internal" if staff else "out"
        message_id = _digest(self.context.key, letter, direction)
        # One recipient's message is written together with its journal row, which was just found not to be there.
        if len(everybody) == 1 or connection.execute(_KNOWN_MESSAGE, {"wanted": message_id}).first() is None:
            row = {
                "id": message_id, "instance_id": self.context.instance_id, "at": self.context.now,
                "direction": direction, "channel": "internal" if staff else everybody[0].channel,
                "author": self.context.actor, "recipient": ", ".join(person.name or person.email or person.id for person in everybody),
                "subject": rendered.subject, "body": rendered.text, "letter": letter,
                # A mail that is still on its way is not shown to the complainant; what waits in the post room is shown as that.
                "visible": not staff and state in SETTLED,
            }  # fmt: skip
            connection.execute(_NEW_MESSAGE, row)
        return message_id

    def _key(self, letter: str, recipient: Recipient) -> str:
        return f"{self.context.key}:{_digest(letter, recipient.id)[:24]}"

    def _mailer(self) -> Mailer:
        mailer: Mailer | None = self.context.shared.get("mailer")
        if mailer is None:
            raise Fault(f"{self.context.element_id} sends a message, but no mailer is set up. Set one, and retry.")
        return mailer


def mail(context: OperationContext, sender: str, recipient: Recipient, rendered: Rendered) -> EmailMessage:
    """A letter as a mail: plain text, and the same as HTML."""
    message = EmailMessage()
    message["Subject"] = rendered.subject
    organisation = " ".join(str(context.settings.get("organisation", "")).split())
    message["From"] = formataddr((organisation or parseaddr(sender)[0], parseaddr(sender)[1]))
    message["To"] = recipient.email
    message["Date"] = format_datetime(context.now)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes, please
    message.set_content(rendered.text, cte="quoted-printable")
    message.add_alternative(rendered.html(), subtype="html", cte="quoted-printable")
    return message


def settle(database: Database, key: str, proof: str) -> None:
    """Say that a doubtful message has arrived (`proof`: how that is known), so that it is not sent again.

    Then resolve its incident. Raises `NotFound` for a key that is not in doubt.
    """
    with database.transaction() as connection:
        known = connection.execute(select(t.dispatch.c.state).where(t.dispatch.c.key == key)).first()
        if known is None or known.state != DOUBTFUL:
            raise NotFound(f"There is no message {key!r} in doubt.")
        _set(connection, key, state=SENT, proof=proof)
        show(connection, key)


def came_back(connection: Connection, key: str, proof: str) -> None:
    """Say that a message was sent and could not be delivered; `proof` is what the report says."""
    _set(connection, key, state=RETURNED, proof=proof)


def _set(connection: Connection, key: str, **values: Any) -> None:
    connection.execute(update(t.dispatch).where(t.dispatch.c.key == key).values(**values))


def show(connection: Connection, key: str, channel: str = "") -> None:
    """The message behind a journal row is said now, by this channel where one is named: the complainant sees it, unless it is internal."""
    wanted = select(t.dispatch.c.message_id).where(t.dispatch.c.key == key).scalar_subquery()
    said: dict[str, Any] = {"visible": True, **({"channel": channel} if channel else {})}
    connection.execute(update(t.message).where(t.message.c.id == wanted, t.message.c.direction == "out").values(**said))


def _interrupted(known: Any) -> str:
    return known.proof or f"An earlier attempt, at {known.attempted_at:%Y-%m-%d %H:%M:%S} UTC, was interrupted."


def _may_have_been_sent(recipient: Recipient, why: str) -> Fault:
    told = f"The message to {recipient.name or recipient.email} may have been sent. {why}"
    return Fault(f"{told} See whether it arrived; resolving this incident sends it again.")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
