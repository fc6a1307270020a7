"""A new link for whoever has lost theirs: asked for on a page with the reference and the address of the complaint, and only ever mailed.

Whoever asks learns nothing: what they typed becomes a job without being looked at, and the job, some seconds later, looks. So the
answer's words and its time are the same for a wrong address, an unknown reference and the right ones (ISO 10002, 4.4 and 4.10).

Asking ends nothing: anybody may ask. Nor does opening: mail gateways open what they let through. The links that there were end when
something is sent by a browser that came in with the new one, which shows that it has arrived with a person. Those that were asked for
within the same hour live and end together: whoever sends the page twice may use either mail.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog
from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update
from uuid_utils import uuid7

from amends.engine.complaints.lost_link_words import words_for
from amends.engine.complaints.references import digest_of, tidy_reference
from amends.engine.definitions.translations import letter_in, setting_in
from amends.engine.errors import NotFound
from amends.engine.execution import Note
from amends.engine.execution.values import encode
from amends.engine.services.base import OperationContext
from amends.engine.services.letters import KEPT_LINK, Rendered, asks_for_link, render, with_link, written
from amends.engine.services.messages import LetterBox, link_address
from amends.engine.services.outbox import DOUBTFUL, RETURNED, SENDING, SENT, SETTLED, UNDECIDED, UNSENT
from amends.engine.services.recipients import complainant
from amends.engine.store import tables as t

if TYPE_CHECKING:
    from amends.engine.complaints.records import Complaint
    from amends.engine.complaints.register import Register

LOST_LINK: Final = "lost link"
"""The kind of such a job."""
LETTER: Final = "new-link"
"""The letter of a package that takes the place of our own words."""
MOST: Final = 3
"""So many new links are mailed for one complaint in `WITHIN`; further ones are asked for in vain."""
WITHIN: Final = timedelta(days=1)
TOGETHER: Final = timedelta(hours=1)
"""Links asked for within this time, for the same address, are one wish: using one of them ends none of the others."""
LATEST_SECONDS: Final = 4.0
TRIES: Final = 8
USED: Final = "opened link"
"""Begins the `why` of a link that was asked for once somebody has sent something by it; until then it is `LOST_LINK`."""
TOO_MANY: Final = (
    "The complainant asked for a new link again; {most} were mailed within a day, and no further one is. Perhaps none arrived."
)
NO_ADDRESS: Final = "The complainant asked for a new link, but mail cannot be sent to the address of the complaint."
PERHAPS: Final = "The complainant asked for a new link. The mail may have been sent: see whether it arrived."
IN_VAIN: Final = "The complainant asked for a new link and did not get it: {why}"
PERHAPS_LEFT: Final = (SENT, RETURNED, DOUBTFUL, SENDING)

log = structlog.get_logger()


class LostLinks:
    """New links by mail, on a register."""

    def __init__(self, register: Register) -> None:
        self.register, self.engine = register, register.engine

    def ask(self, reference: str, address: str) -> None:
        """Note that somebody asks for a new link. Nothing is looked up; of the address only a digest is kept, until the job has run."""
        # Not at once: what the job does then must not be felt in the answer to whoever asks.
        due = self.engine.now() + timedelta(seconds=random.uniform(1.0, LATEST_SECONDS))  # noqa: S311
        body = encode({"reference": tidy_reference(reference[:40]), "address": _digest(address[:400])})
        row = {"id": uuid7().hex, "token": 0, "element_id": "", "kind": LOST_LINK, "type": LOST_LINK, "body": body}
        with self.engine.database.transaction() as connection:
            connection.execute(insert(t.job), {**row, "due_at": due, "state": "due", "held": False, "attempts": 0, "retries": TRIES})

    def send(self, job_id: str, asked: Mapping[str, Any]) -> None:
        """Mail a new link if the address is the complaint's.

        Called again for the same job it sends nothing twice. Raises what the outbox raises where the mail cannot leave.
        """
        complaint = self._asked_for(asked)
        if complaint is None:
            return
        context = self._context(complaint, job_id)
        with self.engine.database.reading() as connection:
            spent = self._spent(connection, context)
            state = connection.execute(select(t.dispatch.c.state).where(_rows_of(context))).scalar()
            recipient = complainant(connection, context, "email")
        if state in SETTLED:
            return
        if spent:
            self._leave_to_staff(replace(context, key=f"{context.instance_id}.asked-{context.now:%Y-%m-%d}"), TOO_MANY.format(most=MOST))
        elif recipient.channel != "email":
            self._leave_to_staff(context, NO_ADDRESS)
        else:
            LetterBox(context).tell([recipient], LETTER, self._letter(context, job_id, asked["address"]))

    def given_up(self, job_id: str, asked: Mapping[str, Any], why: str) -> None:
        """No attempt sent it: the wish waits for staff, with the reason, where letters wait for the post."""
        complaint = self._asked_for(asked)
        if complaint is None:
            return
        context = self._context(complaint, job_id)
        with self.engine.database.reading() as connection:
            state = connection.execute(select(t.dispatch.c.state).where(_rows_of(context))).scalar()
        self._leave_to_staff(context, PERHAPS if state in (DOUBTFUL, SENDING) else IN_VAIN.format(why=why))

    def used(self, complaint: Complaint, digest: str) -> None:
        """Somebody who came in by the link with this digest sends something, which no machine that opens links does.

        The first time that is one of those asked for, what was given out before it ends.
        """
        f = t.follow_link.c
        this = (f.secret_hash == digest, f.why.startswith(LOST_LINK))
        with self.engine.database.reading() as connection:
            waits = connection.execute(select(f.why).where(*this)).first()
        if waits is None:
            return
        on = self.engine.commands.on(complaint.instance_id, "renew link", _who(complaint), ended_too=True, suspended_too=True)
        with on as work:
            link = work.connection.execute(select(f.why, f.made_at).where(*this)).first()
            if link is None:
                return
            kept = link.why.removeprefix(LOST_LINK)
            address = kept.rpartition(" ")[2]
            work.connection.execute(update(t.follow_link).where(*this).values(why=f"{USED}{kept}"))
            asked_for = or_(f.why.startswith(LOST_LINK), f.why.startswith(USED))
            together = and_(asked_for, f.why.endswith(f" {address}"), f.made_at > link.made_at - TOGETHER)
            self.register.links.end_earlier(work.connection, complaint.instance_id, link.made_at, but=together)
            work.execution.notes.append(Note("link renewed", "", 0, {"old": "ended", "asked": "on the page"}))

    def _spent(self, connection: Connection, context: OperationContext) -> bool:
        d = t.dispatch.c
        # What certainly never left is no mail too many: an outage must not lock anybody out once it is over.
        left = or_(d.state.in_(PERHAPS_LEFT), and_(d.state == UNSENT, d.proof == PERHAPS))
        others = (left, d.instance_id == context.instance_id, d.key.startswith(f"{context.instance_id}.lost-", autoescape=True))
        recent = select(func.count()).where(*others, ~_rows_of(context), d.attempted_at > context.now - WITHIN)
        return connection.execute(recent).scalar_one() >= MOST

    def _leave_to_staff(self, context: OperationContext, why: str) -> None:
        """Put the mail that did not leave among the letters that wait, once: not again what was sent since, or somebody has seen to."""
        with self.engine.database.reading() as connection:
            recipient = complainant(connection, context, "post")
            known = connection.execute(select(t.dispatch.c.key, t.dispatch.c.state).where(_rows_of(context))).first()
        if known is not None and (known.state not in UNDECIDED or self._dealt_with(context, known.key)):
            return
        LetterBox(context).leave(recipient, LETTER, self._kept_letter(context), UNSENT, why)

    def _dealt_with(self, context: OperationContext, key: str) -> bool:
        """Whether staff have said so: the row is `failed` then, as one is whose attempts go on."""
        events = self.engine.history(context.instance_id)
        return any(one.kind in ("dealt with", "not given") and one.data.get("dispatch") == key for one in events)

    def _asked_for(self, asked: Mapping[str, Any]) -> Complaint | None:
        try:
            complaint = self.register.get(str(asked["reference"]))
        except NotFound:
            return None
        return complaint if complaint.email and _digest(complaint.email) == asked["address"] else None

    def _context(self, complaint: Complaint, job_id: str) -> OperationContext:
        view = self.engine.instance(complaint.instance_id)
        version = self.engine.versions.get(view.deployment_id)
        if not version.package.letter(LETTER):
            # A complaint may run on a version from before there was such a letter.
            version = self.engine.versions.latest(version.package.manifest.complaints.process)
        return OperationContext(
            instance_id=view.id, element_id=LOST_LINK, business_key=view.business_key, actor=_who(complaint),
            variables={**view.variables, "reference": complaint.reference}, settings=version.settings, package=version.package,
            calendars=version.calendars, functions=version.script_engine.outside.functions, now=self.engine.now(),
            key=f"{view.id}.lost-{job_id}", shared=self.engine.registry.shared, database=self.engine.database,
        )  # fmt: skip

    def _letter(self, context: OperationContext, job_id: str, address: str) -> Rendered:
        def make() -> str:
            # Of the address so much of a digest that links to another one are told apart.
            return link_address(context, self.register.new_link(context.instance_id, f"{LOST_LINK} {job_id} {address[:16]}"))

        name = letter_in(context.package, LETTER, _language(context))
        if context.package.letter(LETTER) and asks_for_link(name, context):
            return with_link(name, context, make)
        return replace(_our_own(context, make()), kept=_our_own(context, KEPT_LINK))

    def _kept_letter(self, context: OperationContext) -> Rendered:
        try:
            name = letter_in(context.package, LETTER, _language(context))
            if context.package.letter(LETTER) and asks_for_link(name, context):
                return render(name, context)
            return _our_own(context, KEPT_LINK)
        except Exception as error:
            # The letter may be the very reason why it did not leave; the wish must not be lost by it as well.
            log.warning("letter cannot be written", letter=LETTER, instance=context.instance_id, error=type(error).__name__)
            return written(*words_for(_language(context), context.variables["reference"], KEPT_LINK, ""))


def _our_own(context: OperationContext, link: str) -> Rendered:
    language = _language(context)
    contact = str(setting_in(context.package, context.settings, "contact", language) or "")
    return replace(written(*words_for(language, context.variables["reference"], link, contact)), language=language or "en")


def _language(context: OperationContext) -> str:
    return str(context.variables.get("language") or "")


def _rows_of(context: OperationContext) -> ColumnElement[bool]:
    """The journal rows of one wish."""
    return t.dispatch.c.key.startswith(f"{context.key}:", autoescape=True)


def _digest(address: str) -> str:
    return digest_of(address.strip().casefold())


def _who(complaint: Complaint) -> str:
    return f"complainant:{complaint.reference}"
