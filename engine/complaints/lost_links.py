"""A new link for whoever has lost theirs: asked for on a page with the reference and the address of the complaint, and only ever mailed.

Whoever asks learns nothing: what they typed becomes a job without being looked at, and the job, some seconds later, looks. So the
answer's words and its time are the same for a wrong address, an unknown reference and the right ones (ISO 10002, 4.4 and 4.10).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select
from uuid_utils import uuid7

from amends.engine.complaints.lost_link_words import words_for
from amends.engine.complaints.references import digest_of, tidy_reference
from amends.engine.definitions.translations import letter_in, setting_in
from amends.engine.errors import NotFound
from amends.engine.execution import Note
from amends.engine.execution.values import encode
from amends.engine.services.base import OperationContext
from amends.engine.services.letters import KEPT_LINK, Rendered, asks_for_link, with_link, written
from amends.engine.services.messages import LetterBox, link_address
from amends.engine.services.outbox import SETTLED
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
LATEST_SECONDS: Final = 4.0
TRIES: Final = 8


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
        """Mail a new link if the address is the complaint's, and end all others once it has left.

        Called again for the same job it sends nothing twice. Raises what the outbox raises where the mail cannot leave.
        """
        complaint = self._asked_for(asked)
        if complaint is None:
            return
        context = self._context(complaint, job_id)
        d = t.dispatch.c
        mine = d.key.startswith(f"{context.key}:", autoescape=True)
        before = (d.instance_id == complaint.instance_id, d.key.startswith(f"{complaint.instance_id}.lost-", autoescape=True))
        recent = select(func.count()).where(*before, ~mine, d.attempted_at > context.now - WITHIN)
        with self.engine.database.reading() as connection:
            if connection.execute(recent).scalar_one() >= MOST:
                return
            state = connection.execute(select(d.state).where(mine)).scalar()
            recipient = complainant(connection, context, "email")
        if recipient.channel != "email":
            return  # it would go by post, and the links that work would end before it is there
        if state not in SETTLED:
            LetterBox(context).tell([recipient], LETTER, self._letter(context))
        self._end_others(complaint)

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

    def _letter(self, context: OperationContext) -> Rendered:
        def make() -> str:
            return link_address(context, self.register.new_link(context.instance_id, LOST_LINK))

        language = str(context.variables.get("language") or "")
        if context.package.letter(LETTER) and asks_for_link(name := letter_in(context.package, LETTER, language), context):
            return with_link(name, context, make)
        contact = str(setting_in(context.package, context.settings, "contact", language) or "")

        def our_own(link: str) -> Rendered:
            return replace(written(*words_for(language, context.variables["reference"], link, contact)), language=language or "en")

        return replace(our_own(make()), kept=our_own(KEPT_LINK))

    def _end_others(self, complaint: Complaint) -> None:
        f = t.follow_link.c
        made = select(f.secret_hash).where(f.instance_id == complaint.instance_id, f.why == LOST_LINK).order_by(f.made_at.desc()).limit(1)
        on = self.engine.commands.on(complaint.instance_id, "renew link", _who(complaint), ended_too=True, suspended_too=True)
        with on as work:
            self.register.links.end(work.connection, complaint.instance_id, keep=work.connection.execute(made).scalar() or "")
            work.execution.notes.append(Note("link renewed", "", 0, {"old": "ended", "asked": "on the page"}))


def _digest(address: str) -> str:
    return digest_of(address.strip().casefold())


def _who(complaint: Complaint) -> str:
    return f"complainant:{complaint.reference}"
