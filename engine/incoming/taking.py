"""Take mail in: keep it first, then give it to the complaint it belongs to, or file it as a new one. None is lost, none twice.

A mail is kept whole, in a transaction of its own, before anybody forgets it elsewhere. Taking it in is one more transaction: the
complaint or the message, its files, and that this mail is taken. What belongs to nobody waits for a person.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from amends.engine.complaints import Register
from amends.engine.complaints.references import ALPHABET, LENGTH
from amends.engine.errors import Conflict, Invalid, NotFound
from amends.engine.files import Guard, Unscanned, media_type
from amends.engine.history import Entry
from amends.engine.incoming import kinds
from amends.engine.incoming.filing import form_data, only_new
from amends.engine.incoming.reading import Incoming, mail_id, read_mail
from amends.engine.services import outbox
from amends.engine.store import tables as t

NEW: Final = "new"  # kept, not taken in yet
TAKEN: Final = "taken"  # it is part of a complaint
ASIDE: Final = "aside"  # it belongs to no complaint, as far as a machine can say: a person looks
DISMISSED: Final = "dismissed"  # a person has said that it is no complaint
MOST_A_DAY = 10
"""So many complaints of one sender are filed and answered in a day; what comes after waits for a person."""
SAME_WITHIN = timedelta(hours=12)
"""The same words of the same sender within this time are no new complaint: two machines may be answering each other."""
KEPT_ASIDE = timedelta(days=90)
_REFERENCE = re.compile(rf"\bC-[{ALPHABET}]{{{LENGTH}}}\b")
_OURS = re.compile(r"([0-9a-f]{32})@")
M = t.incoming_mail.c


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail as it is known here. `state` is new, taken, aside or dismissed; `why` says what was made of it."""

    id: str
    received_at: datetime
    state: str
    kind: str
    instance_id: str | None
    why: str
    attempts: int


class MailIn:
    """Mail that comes in, on a register. `own` is the address mail of ours comes from; `most` bytes are the longest mail kept."""

    def __init__(self, register: Register, guard: Guard, own: str = "", most: int = 100_000_000) -> None:
        self.register, self.guard, self.own, self.most = register, guard, own, most
        self.engine = register.engine
        self.engine.erasures.append(self.erase)

    # -- keeping
    def keep(self, raw: bytes) -> tuple[str, bool]:
        """Keep a mail as it came, on disk when this returns; its id, and whether it is new. Raises `Invalid` for one that is too long."""
        if len(raw) > self.most:
            raise Invalid(f"The mail has {len(raw):,} bytes, and at most {self.most:,} are taken in. Ask for it to be sent in parts.")
        mail = read_mail(raw)
        content = _digest(mail.sender, mail.subject, mail.text, *(hashlib.sha256(file.body).hexdigest() for file in mail.files))
        # Some programs give two mails one Message-ID: the second is no copy if it says something else. An erased one says nothing.
        for id in (mail.id, mail_id("", raw)):
            try:
                with self.engine.database.transaction() as connection:
                    there = connection.execute(select(M.content_digest).where(M.id == id)).first()
                    if there is None:
                        row = {"id": id, "received_at": self.engine.now(), "state": NEW, "raw": raw, "content_digest": content}
                        connection.execute(insert(t.incoming_mail), row)
                        return id, True
            except IntegrityError:  # somebody else kept it at the same moment
                return id, False
            if there.content_digest in ("", content):
                return id, False
        return id, False

    # -- taking
    def take_all(self, limit: int = 1000) -> int:
        """Take in what is kept and new, oldest first; how many. One that cannot be taken in now says why, and is tried again next time."""
        with self.engine.database.reading() as connection:
            query = select(M.id).where(M.state == NEW).order_by(M.attempts, M.received_at, M.id).limit(limit)
            waiting = list(connection.execute(query).scalars())
        return sum(self.take(id) for id in waiting)

    def take(self, id: str) -> bool:
        """Take in one mail; whether it is off the list of new ones now."""
        raw = self._raw(id, NEW)
        if raw is None:
            return False
        mail = read_mail(raw)
        kind = kinds.kind_of(mail, self.own)
        try:
            refused = [self.guard.refusal(file.name, file.body) for file in mail.files]
            with self.engine.batch():
                return self._take(id, mail, kind, refused)
        except (Unscanned, NotFound) as error:
            self._later(id, str(error))
        except Invalid as error:
            told = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.fields.items())
            self._put(id, ASIDE, kind, None, f"The complaint form refuses it. {told or error}")
            return True
        return False

    def _take(self, id: str, mail: Incoming, kind: str, refused: Sequence[str | None]) -> bool:
        with self.engine.database.transaction() as connection:
            row = connection.execute(select(M.state).where(M.id == id).with_for_update()).first()
            if row is None or row.state != NEW:
                return False
            instance_id = self._belongs(connection, mail)
            digests = {"sender_digest": _digest(mail.sender.lower()), "text_digest": _digest(mail.sender.lower(), _gist(mail))}
            if kind == kinds.LOOP:
                return self._put(id, ASIDE, kind, None, "It is our own mail, come back.", **digests)
            if kind == kinds.RETURNED:
                instance_id = self._came_back(connection, mail) or instance_id
            if kind == kinds.PERSON and instance_id is None and mail.sender:
                instance_id = self._said_before(connection, digests["text_digest"])
            if mail.broken and all(refused):
                return self._put(id, ASIDE, kind, None, f"It cannot be read ({mail.broken}), and is not kept as a file.", **digests)
            if instance_id is not None:
                self._add(instance_id, mail, kind, refused)
                return self._put(id, TAKEN, kind, instance_id, "It belongs to a complaint.", **digests)
            if kind != kinds.PERSON:
                return self._put(id, ASIDE, kind, None, _SAID[kind], **digests)
            if mail.sender and self._today(connection, digests["sender_digest"]) >= MOST_A_DAY:
                return self._put(id, ASIDE, kind, None, f"The sender has filed {MOST_A_DAY} complaints by mail today.", **digests)
            return self._put(id, TAKEN, kind, self._file(id, mail, refused), "It is a new complaint.", **digests)

    def _file(self, id: str, mail: Incoming, refused: Sequence[str | None]) -> str:
        _, package = self.register.process()
        data, files = form_data(package, mail, _told(mail, refused))
        ids = self._files([*((file.name, file.body) for file, why in zip(mail.files, refused, strict=True) if why is None), *files])
        filed = self.register.file(data, actor="complainant", channel="email", files=ids, key=f"mail:{id}")
        return filed.instance_id

    def _add(self, instance_id: str, mail: Incoming, kind: str, refused: Sequence[str | None]) -> None:
        """Put it into the thread of a complaint. Only what comes from the complainant's own address is shown on the follow-up page."""
        complaint = self.register.get(instance_id=instance_id)
        own = mail.sender != "" and mail.sender.casefold() == complaint.email.casefold()
        text = _told(mail, refused)
        if not own:
            text = f"[{mail.sender_name} <{mail.sender or 'no address'}>, not the complainant's address as we know it]\n\n{text}"
        author = f"complainant:{complaint.reference}" if own else "mail"
        ids = self._files([(file.name, file.body) for file, why in zip(mail.files, refused, strict=True) if why is None], author)
        person = kind == kinds.PERSON
        self.register.receive(
            complaint, text, author=author, subject=mail.subject, channel="email", files=ids, visible=own and person,
        )  # fmt: skip
        if own and person and complaint.state == "open":
            self._answer(complaint, mail, author)

    def _answer(self, complaint: Any, mail: Incoming, actor: str) -> None:
        """Give the mail to a process that waits for what people may send by mail, as the package says (`by_mail`)."""
        package = self.engine.package(self.engine.instance(complaint.instance_id).deployment_id)
        for offer in self.register.offers(complaint):
            entry = package.manifest.messages[offer.message]
            text = only_new(mail.text)
            if not entry.by_mail or not (text or mail.files):
                continue
            data: dict[str, Any] = {entry.by_mail: text or "\n".join(file.name for file in mail.files)}
            body = package.form(offer.form_id)
            try:
                clean = data if body is None or self.engine.forms is None else self.engine.forms.validate(body, data, {})
                self.engine.correlate(offer.message, complaint.reference, clean, actor=actor)
            except (Invalid, NotFound, Conflict):
                pass  # it is in the thread, and whoever handles the complaint reads it there
            return

    def _files(self, files: Sequence[tuple[str, bytes]], actor: str = "complainant") -> list[str]:
        return [self.register.add_file(name, media_type(body), body, actor=actor).id for name, body in files if body]

    # -- what it belongs to
    def _belongs(self, connection: Connection, mail: Incoming) -> str | None:
        """The instance of the complaint it is part of: by what it answers, else by a reference in its subject or text."""
        d = t.dispatch.c
        for one in reversed(mail.references):
            ours = _OURS.match(one)
            found = connection.execute(select(d.instance_id).where(d.mail_id == ours[1])).scalar() if ours else None
            found = found or connection.execute(select(M.instance_id).where(M.id == mail_id(one, b""))).scalar()
            if found:
                return str(found)
        for reference in dict.fromkeys(_REFERENCE.findall(f"{mail.subject}\n{mail.text}".upper())[:20]):
            found = connection.execute(select(t.complaint.c.instance_id).where(t.complaint.c.reference == reference)).scalar()
            if found:
                return str(found)
        return None

    def _came_back(self, connection: Connection, mail: Incoming) -> str | None:
        """Mark what could not be delivered; the instance it was sent for."""
        ours = _OURS.match(mail.returned.message_id) if mail.returned is not None else None
        if ours is None or mail.returned is None:
            return None
        d = t.dispatch.c
        row = connection.execute(select(d.key, d.instance_id, d.proof).where(d.mail_id == ours[1])).first()
        if row is None:
            return None
        if mail.returned.lasting:
            outbox.came_back(connection, row.key, f"{row.proof}; came back: {mail.returned.why}"[:2000])
        return str(row.instance_id)

    def _said_before(self, connection: Connection, digest: str) -> str | None:
        since = self.engine.now() - SAME_WITHIN
        query = select(M.instance_id).where(M.text_digest == digest, M.received_at >= since, M.instance_id.is_not(None))
        found = connection.execute(query.order_by(M.received_at).limit(1)).scalar()
        return None if found is None else str(found)

    def _today(self, connection: Connection, digest: str) -> int:
        since = self.engine.now() - timedelta(days=1)
        query = select(func.count(M.instance_id.distinct())).where(M.sender_digest == digest, M.received_at >= since, M.state == TAKEN)
        return int(connection.execute(query).scalar_one())

    # -- what a person does
    def list(self, state: str = ASIDE, limit: int = 200) -> list[Kept]:
        """The mails in a state, newest first."""
        query = select(M.id, M.received_at, M.state, M.kind, M.instance_id, M.why, M.attempts).where(M.state == state)
        with self.engine.database.reading() as connection:
            return [Kept(*row) for row in connection.execute(query.order_by(M.received_at.desc(), M.id).limit(limit))]

    def read(self, id: str) -> Incoming:
        """One mail that waits, as far as it can be read; raises `NotFound`."""
        return read_mail(self._kept(id))

    def raw(self, id: str) -> bytes:
        """One mail that waits, as it came; raises `NotFound`."""
        return self._kept(id)

    def settle(self, id: str, *, actor: str, reference: str | None = None, complaint: bool = False) -> str | None:
        """What a person says about a mail that waits: part of the complaint `reference`, a new `complaint`, or neither.

        Returns the instance's id, None for neither. Raises `NotFound`, `Invalid`, and `Conflict` where somebody was faster.
        """
        mail = read_mail(self._kept(id))
        refused = [self.guard.refusal(file.name, file.body) for file in mail.files]
        with self.engine.batch(), self.engine.database.transaction() as connection:
            row = connection.execute(select(M.state).where(M.id == id).with_for_update()).first()
            if row is None or row.state != ASIDE:
                raise Conflict("Somebody has dealt with this mail already; nothing was changed.")
            if reference is not None:
                instance_id: str | None = self.register.get(reference).instance_id
                self._add(str(instance_id), mail, kinds.PERSON, refused)
            else:
                instance_id = self._file(id, mail, refused) if complaint else None
            said = "a new complaint" if complaint else "part of a complaint" if reference else "no complaint"
            self._put(id, TAKEN if instance_id else DISMISSED, None, instance_id, f"{actor}: {said}")
            self.engine.record("mail", actor, [Entry("mail settled", id, 0, {"as": said})])
        return instance_id

    # -- rows
    def erase(self, connection: Connection, instance_id: str) -> None:
        """Forget what is kept of the mails of a complaint; that they were taken in stays, so that none is taken in again."""
        gone = {"raw": None, "why": "", "content_digest": "", "sender_digest": "", "text_digest": ""}
        connection.execute(update(t.incoming_mail).where(M.instance_id == instance_id).values(**gone))

    def sweep(self) -> int:
        """Delete what belonged to nobody and has waited for a person for too long; how many."""
        with self.engine.database.transaction() as connection:
            old = (M.state.in_((ASIDE, DISMISSED)), M.received_at < self.engine.now() - KEPT_ASIDE)
            return int(connection.execute(delete(t.incoming_mail).where(*old)).rowcount)

    def _raw(self, id: str, state: str) -> bytes | None:
        with self.engine.database.reading() as connection:
            row: Row[Any] | None = connection.execute(select(M.raw).where(M.id == id, M.state == state)).first()
        return None if row is None or row.raw is None else bytes(row.raw)

    def _kept(self, id: str) -> bytes:
        raw = self._raw(id, ASIDE)
        if raw is None:
            raise NotFound("There is no such mail waiting any more.")
        return raw

    def _put(self, id: str, state: str, kind: str | None, instance_id: str | None, why: str, **more: str) -> bool:
        """Say what has become of a mail. What is taken in is kept there, and its raw form is let go."""
        values: dict[str, Any] = {"state": state, "instance_id": instance_id, "why": why, **more}
        if kind is not None:
            values["kind"] = kind
        if state in (TAKEN, DISMISSED):
            values["raw"] = None
        with self.engine.database.transaction() as connection:
            connection.execute(update(t.incoming_mail).where(M.id == id).values(**values))
        return True

    def _later(self, id: str, why: str) -> None:
        with self.engine.database.transaction() as connection:
            connection.execute(update(t.incoming_mail).where(M.id == id).values(attempts=M.attempts + 1, why=why))


_SAID = {
    kinds.AUTOMATIC: "A machine wrote it, and it does not say about which complaint.",
    kinds.BULK: "It went to many people.",
    kinds.RETURNED: "It is about a mail that could not be delivered, and does not say which.",
}


def _told(mail: Incoming, refused: Sequence[str | None]) -> str:
    """The text of a mail, and what of its files is not kept and why."""
    notes = [f"[The file “{file.name}” {why}.]" for file, why in zip(mail.files, refused, strict=True) if why is not None]
    if mail.broken:
        notes.append(f"[The mail could not be read as mail ({mail.broken}). It is among the files as it came.]")
    return "\n\n".join([part for part in (mail.text, *notes) if part])


def _gist(mail: Incoming) -> str:
    """What two mails of a machine have in common: the words, without numbers, quotations and spaces."""
    subject = re.sub(r"^(?:(?:re|aw|fwd?|wg)[:\s]+)+", "", mail.subject, flags=re.IGNORECASE)
    words = " ".join(re.sub(r"\d+", " ", f"{subject} {only_new(mail.text)}").split()).casefold()
    return words or "\0".join(hashlib.sha256(file.body).hexdigest() for file in mail.files)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


__all__ = ["ASIDE", "DISMISSED", "NEW", "TAKEN", "Kept", "MailIn"]
