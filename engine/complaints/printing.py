"""Letters that go by post: the queue of what is to be printed, its PDF, and who put it into the post when (ISO 10002, 7.4 and 7.8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from amends.engine.definitions.translations import letter_in, source_language
from amends.engine.errors import Conflict, NotFound
from amends.engine.execution import Note
from amends.engine.services import outbox
from amends.engine.services.letters import KEPT_LINK, read_template
from amends.engine.services.messages import follow_address
from amends.engine.services.pdf import letter_pdf
from amends.engine.store import tables as t

if TYPE_CHECKING:
    from amends.engine.complaints.register import Register

WAITING = (outbox.TO_PRINT, outbox.TO_SAY, outbox.RETURNED, outbox.UNSENT)
D, M, C = t.dispatch.c, t.message.c, t.complaint.c
LETTERS = (
    select(D.key, D.instance_id, C.reference, M.recipient, M.subject, D.attempted_at, D.state, D.proof, M.body)
    .join(t.message, M.id == D.message_id)
    .join(t.complaint, C.instance_id == D.instance_id)
)


@dataclass(frozen=True, slots=True)
class ToPrint:
    """A letter that waits for the post. `returned` says that mail did not bring it there, `why` for what reason.

    `to_say` means that somebody is to ring: `body` is then what to say, `say_to` the number, empty where none is known any more.
    """

    key: str
    instance_id: str
    reference: str
    recipient: str
    subject: str
    at: datetime
    returned: bool
    why: str
    to_say: bool = False
    say_to: str = ""
    body: str = ""


class PrintQueue:
    """The letters that are to be printed and posted, on a register."""

    def __init__(self, register: Register) -> None:
        self.register, self.engine = register, register.engine

    def waiting(self, limit: int = 200) -> list[ToPrint]:
        """What waits, the oldest first."""
        query = LETTERS.where(D.state.in_(WAITING)).order_by(D.attempted_at, D.key).limit(limit)
        with self.engine.database.reading() as connection:
            rows = connection.execute(query).all()
        return [self._letter(row) for row in rows]

    def of(self, key: str) -> ToPrint | None:
        """One, whether it still waits or somebody has seen to it; None where there is none."""
        with self.engine.database.reading() as connection:
            row = connection.execute(LETTERS.where(D.key == key)).one_or_none()
        return None if row is None else self._letter(row)

    def _letter(self, row: Any) -> ToPrint:
        returned = row.state in (outbox.RETURNED, outbox.UNSENT)
        found = ToPrint(
            row.key, row.instance_id, row.reference, row.recipient, row.subject, row.attempted_at, returned, row.proof if returned else ""
        )
        if row.state != outbox.TO_SAY:
            return found
        form = self.engine.instance(row.instance_id).variables.get("complaint") or {}
        return replace(found, to_say=True, say_to=str(form.get("phone") or ""), body=row.body)

    def one(self, key: str) -> ToPrint:
        """One that waits; raises `NotFound`."""
        with self.engine.database.reading() as connection:
            row = connection.execute(LETTERS.where(D.key == key, D.state.in_(WAITING))).one_or_none()
        if row is None:
            raise NotFound("This letter does not wait to be printed any more.")
        return self._letter(row)

    def pdf(self, key: str, *, actor: str = "system") -> bytes:
        """The letter as it goes into an envelope.

        Where it speaks of a personal link, with one made for this print: of the one before, nobody can tell any more, and it may be
        in an envelope already. Who had one made stands in the history.
        """
        letter = self.one(key)
        view = self.engine.instance(letter.instance_id)
        version = self.engine.versions.get(view.deployment_id)
        with self.engine.database.reading() as connection:
            body, name = connection.execute(select(M.body, M.letter).join(t.dispatch, D.message_id == M.id).where(D.key == key)).one()
        link = ""
        base = version.settings.get("base_url")
        if KEPT_LINK in body and follow_address(base, ""):
            with self.engine.commands.on(letter.instance_id, "print", actor, ended_too=True, suspended_too=True) as work:
                secret = self.register.links.make(work.connection, letter.instance_id, "printed letter")
                work.execution.notes.append(Note("link printed", "", 0, {"dispatch": key}))
            link = follow_address(base, secret)
            body = body.replace(KEPT_LINK, link)
        calendar = version.calendars.get("default")
        day = letter.at.astimezone(ZoneInfo(calendar.zone.key) if calendar is not None and hasattr(calendar.zone, "key") else UTC).date()
        language = str(view.variables.get("language") or source_language(version.package))
        organisation = str(version.settings.get("organisation") or "")
        given = version.package.letter(wanted := letter_in(version.package, name or "", language))
        template = None if given is None else read_template(wanted, given)
        to = address(view.variables, letter.recipient)
        return letter_pdf(letter.subject, body, to, organisation, day, language, link=link, template=template)

    def posted(self, key: str, *, actor: str, at: datetime | None = None) -> None:
        """Say that a letter is in the post: who, and when, become its proof, and stand in the history. `Conflict` if it was said before."""
        self._said(key, "posted", actor, at)

    def told(self, key: str, *, actor: str, at: datetime | None = None) -> None:
        """Say that somebody has rung and said what the letter says. `Conflict` as above."""
        self._said(key, "told by telephone", actor, at)

    def otherwise(self, key: str, *, actor: str) -> None:
        """Say that it was dealt with in a way that is neither; it waits no more. `Conflict` as above."""
        letter = self.one(key)
        proof = f"{letter.why} Dealt with another way by {actor}, {self.engine.now():%Y-%m-%d %H:%M} UTC."
        # What mail did not bring there stays so; the rest stands on the follow-up page.
        state = outbox.FAILED if letter.returned else outbox.SHOWN
        self._settle(letter, actor, {"state": state, "proof": proof.strip()}, Note("dealt with", "", 0, {"dispatch": key}), said=False)

    def _said(self, key: str, how: str, actor: str, at: datetime | None) -> None:
        now = at or self.engine.now()
        told = {"state": outbox.SENT, "proof": f"{how} by {actor}, {now:%Y-%m-%d %H:%M} UTC", "sent_at": now}
        self._settle(self.one(key), actor, told, Note(how, "", 0, {"dispatch": key}), said=True)

    def _settle(self, letter: ToPrint, actor: str, told: dict[str, Any], note: Note, *, said: bool) -> None:
        with self.engine.commands.on(letter.instance_id, "posted", actor, ended_too=True) as work:
            done = work.connection.execute(update(t.dispatch).where(D.key == letter.key, D.state.in_(WAITING)).values(**told))
            if done.rowcount != 1:
                raise Conflict("Somebody has seen to this letter already.")
            if said:
                outbox.show(work.connection, letter.key)
            work.execution.notes.append(note)


def address(variables: Any, recipient: str) -> list[str]:
    """The lines of an address from the complaint's form: somebody who acts for the complainant is not written to unless it says so."""
    form = variables.get("complaint")
    form = form if isinstance(form, dict) else {}
    place = " ".join(str(form[name]) for name in ("postcode", "town") if form.get(name))
    lines = [form.get("name") or recipient, form.get("organisation"), form.get("address"), place, form.get("country")]
    return [str(line).strip() for line in lines if line and str(line).strip()]
