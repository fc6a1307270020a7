"""Letters that go by post: the queue of what is to be printed, its PDF, and who put it into the post when (ISO 10002, 7.4 and 7.8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select, update

from amends.engine.complaints.proofs import NOT_GIVEN, OTHERWISE, POSTED, TOLD, proof_of
from amends.engine.definitions.translations import letter_in, source_language
from amends.engine.errors import Conflict, Invalid, NotFound
from amends.engine.execution import Note
from amends.engine.instances.rows import WAITING as JOB_WAITS
from amends.engine.jobs.due import awaken, hold_up
from amends.engine.services import outbox
from amends.engine.services.letters import KEPT_LINK, read_template
from amends.engine.services.messages import follow_address
from amends.engine.services.pdf import letter_pdf
from amends.engine.store import tables as t

if TYPE_CHECKING:
    from amends.engine.complaints.register import Register

WAITING = (outbox.TO_PRINT, outbox.TO_SAY, outbox.RETURNED, outbox.UNSENT)
D, M, C, J, K = t.dispatch.c, t.message.c, t.complaint.c, t.job.c, t.clock.c
DIGEST = 25
"""So many characters of a key come after the id of the job that sends: a colon, and who gets which letter."""
_JOB = func.substr(D.key, 1, func.length(D.key) - DIGEST)
_HELD = and_(J.id == _JOB, J.state == JOB_WAITS)
_RUNS = (K.instance_id == D.instance_id, K.ended_at.is_(None), K.due_at.is_not(None), J.id.is_not(None))
_NEXT = select(K.due_at, K.name).where(*_RUNS).order_by(K.due_at, K.name).limit(1).correlate(t.dispatch, t.job)
_DUE = _NEXT.with_only_columns(K.due_at).scalar_subquery()
LETTERS = (
    select(
        D.key, D.instance_id, C.reference, M.recipient, M.subject, D.attempted_at, D.state, D.proof, M.body, J.id.label("job_id"),
        J.element_id, t.instance.c.deployment_id, _DUE.label("due_at"), _NEXT.with_only_columns(K.name).scalar_subquery().label("clock"),
    )
    .join(t.message, M.id == D.message_id)
    .join(t.complaint, C.instance_id == D.instance_id)
    .join(t.instance, t.instance.c.id == D.instance_id)
    .outerjoin(t.job, _HELD)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ToPrint:
    """A letter that waits for the post. `returned` says that mail did not bring it there, `why` for what reason.

    `to_say` means that somebody is to ring: `body` is then what to say, `say_to` the number, empty where none is known any more.
    `held` is the element of the process that goes on once it is posted or said, empty where nothing waits for it; `due_at` is then the
    next deadline that runs meanwhile, `deadline` what that is called.
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
    held: str = ""
    due_at: datetime | None = None
    deadline: str = ""


class PrintQueue:
    """The letters that are to be printed and posted, on a register."""

    def __init__(self, register: Register) -> None:
        self.register, self.engine = register, register.engine

    def waiting(self, limit: int = 200) -> list[ToPrint]:
        """What waits: first what a deadline waits for, the next one first, then the oldest."""
        query = LETTERS.where(D.state.in_(WAITING)).order_by(_DUE.is_(None), _DUE, D.attempted_at, D.key).limit(limit)
        with self.engine.database.reading() as connection:
            rows = connection.execute(query).all()
        return [self._letter(row) for row in rows]

    def of(self, key: str) -> ToPrint | None:
        """One, whether it still waits or somebody has seen to it; None where there is none."""
        row = self._row(key)
        return None if row is None else self._letter(row)

    def _row(self, key: str) -> Any | None:
        with self.engine.database.reading() as connection:
            return connection.execute(LETTERS.where(D.key == key)).one_or_none()

    def _letter(self, row: Any) -> ToPrint:
        returned = row.state in (outbox.RETURNED, outbox.UNSENT)
        to_say, number, deadline = row.state == outbox.TO_SAY, "", ""
        if to_say:
            form = self.engine.instance(row.instance_id).variables.get("complaint") or {}
            number = str(form.get("phone") or "")
        if row.clock:
            titled = self.engine.versions.get(row.deployment_id).package.manifest.clocks.get(row.clock)
            deadline = row.clock if titled is None else titled.title
        return ToPrint(
            row.key, row.instance_id, row.reference, row.recipient, row.subject, row.attempted_at, returned, row.proof if returned else "",
            to_say, number, row.body if to_say else "", row.element_id or "", row.due_at, deadline,
        )  # fmt: skip

    def one(self, key: str) -> ToPrint:
        """One that waits; raises `NotFound`."""
        row = self._row(key)
        if row is None or row.state not in WAITING:
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
        calendar = version.calendars.get("default")
        day = letter.at.astimezone(ZoneInfo(calendar.zone.key) if calendar is not None and hasattr(calendar.zone, "key") else UTC).date()
        language = str(view.variables.get("language") or source_language(version.package))
        organisation = str(version.settings.get("organisation") or "")
        given = version.package.letter(wanted := letter_in(version.package, name or "", language))
        template = None if given is None else read_template(wanted, given)
        to = address(view.variables, letter.recipient)

        def made(text: str, link: str) -> bytes:
            return letter_pdf(letter.subject, text, to, organisation, day, language, link=link, template=template)

        link, base = "", version.settings.get("base_url")
        if KEPT_LINK in body and follow_address(base, ""):
            made(body, "")  # what cannot be printed gives no link out
            with self.engine.commands.on(letter.instance_id, "print", actor, ended_too=True, suspended_too=True) as work:
                secret = self.register.links.make(work.connection, letter.instance_id, "printed letter")
                work.execution.notes.append(Note("link printed", "", 0, {"dispatch": key}))
            link = follow_address(base, secret)
            body = body.replace(KEPT_LINK, link)
        return made(body, link)

    def posted(self, key: str, *, actor: str, at: datetime | None = None) -> None:
        """Say that a letter is in the post: who, and when, become its proof, and stand in the history.

        What waited for it goes on, with `at` as the moment it left, or now. `Conflict` if it was said before, `Invalid` for a moment
        before it was written or still to come.
        """
        self._said(key, POSTED, actor, at)

    def told(self, key: str, *, actor: str, at: datetime | None = None) -> None:
        """Say that somebody has rung and said what the letter says. `Conflict` as above."""
        self._said(key, TOLD, actor, at)

    def otherwise(self, key: str, *, actor: str, at: datetime | None = None) -> None:
        """Say that it was dealt with in a way that is neither: it waits no more, and what waited for it goes on. `Conflict` as above."""
        letter = self.one(key)
        when = self._when(letter, at)
        proof = f"{letter.why} {proof_of(OTHERWISE, actor, when)}.".strip()
        # What mail did not bring there stays so; the rest stands on the follow-up page.
        state = outbox.FAILED if letter.returned else outbox.SHOWN
        self._settle(letter, actor, "dealt with", when, {"state": state, "sent_at": when, "proof": proof})

    def not_given(self, key: str, *, actor: str, at: datetime | None = None) -> None:
        """Say that it could not be given: nobody answers, or the post brought it back. It waits no more; what waited for it is held up.

        Whoever resolves that puts right how the complainant is reached and has it given anew, or lets the process go on without it.
        `Conflict` as above.
        """
        letter = self.one(key)
        proof = f"{letter.why} {proof_of(NOT_GIVEN, actor, when := self._when(letter, at))}.".strip()
        self._settle(letter, actor, "not given", when, {"state": outbox.FAILED, "sent_at": None, "proof": proof}, given=False)

    def _said(self, key: str, how: str, actor: str, at: datetime | None) -> None:
        letter = self.one(key)
        when = self._when(letter, at)
        told = {"state": outbox.SENT, "proof": proof_of(how, actor, when), "sent_at": when}
        self._settle(letter, actor, how, when, told, by={POSTED: "post", TOLD: "phone"}[how])

    def _when(self, letter: ToPrint, at: datetime | None) -> datetime:
        now = self.engine.now()
        if at is None:
            return now
        if at > now:
            raise Invalid("This is still to come.", {"at": ["Give a moment that has been"]})
        if at < letter.at.replace(second=0, microsecond=0):
            raise Invalid(f"The letter about {letter.reference} was written after that.", {"at": ["Give a moment after it was written"]})
        return max(at, letter.at)

    def _settle(
        self, letter: ToPrint, actor: str, how: str, when: datetime, told: dict[str, Any], *, by: str = "", given: bool = True
    ) -> None:
        job_id = letter.key[:-DIGEST]
        number = job_id.rpartition(".")[2]
        with self.engine.commands.on(letter.instance_id, "posted", actor, ended_too=True) as work:
            done = work.connection.execute(update(t.dispatch).where(D.key == letter.key, D.state.in_(WAITING)).values(**told))
            if done.rowcount != 1:
                raise Conflict("Somebody has seen to this letter already.")
            if by:
                outbox.show(work.connection, letter.key, by)
            if not given:
                told_so = "Put right how the complainant is reached and try again, or go on without it."
                hold_up(work, job_id, f"The letter “{letter.subject}” could not be given. {told_so}")
            elif awaken(work.connection, job_id, self.engine.now()):
                self.engine.database.after_commit(self.engine.commands.wake)
            # At the element whose letter it is, so that what it leads to can be traced to who said so.
            token = int(number) if letter.held and number.isdigit() else 0
            work.execution.notes.append(Note(how, letter.held, token, {"dispatch": letter.key, "at": when.isoformat()}))


def address(variables: Any, recipient: str) -> list[str]:
    """The lines of an address from the complaint's form: somebody who acts for the complainant is not written to unless it says so."""
    form = variables.get("complaint")
    form = form if isinstance(form, dict) else {}
    place = " ".join(str(form[name]) for name in ("postcode", "town") if form.get(name))
    lines = [form.get("name") or recipient, form.get("organisation"), form.get("address"), place, form.get("country")]
    return [str(line).strip() for line in lines if line and str(line).strip()]
