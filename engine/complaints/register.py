"""The register of complaints: file, find, follow, talk (ISO 10002, 7.2 and 7.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, false, func, insert, or_, select, update
from uuid_utils import uuid7

from amends.engine.calendars import words as clock_words
from amends.engine.complaints.answer_times import waited_until
from amends.engine.complaints.erasure import Erasure
from amends.engine.complaints.links import Links
from amends.engine.complaints.lost_links import LOST_LINK, LostLinks
from amends.engine.complaints.people import People
from amends.engine.complaints.projection import RegisterProjection, columns, new_row
from amends.engine.complaints.proofs import way_of
from amends.engine.complaints.records import Attachment, ClockView, Complaint, Filed, Message, Offer, Progress, StageView
from amends.engine.complaints.references import new_reference, new_secret, tidy_reference
from amends.engine.complaints.relations import Relations
from amends.engine.complaints.search import forget, matching, words_of
from amends.engine.complaints.talk import Presence, Talk
from amends.engine.definitions.package import Package
from amends.engine.definitions.translations import answers_in, translate
from amends.engine.errors import Conflict, Invalid, NotFound
from amends.engine.execution import Note
from amends.engine.jobs.due import Errand
from amends.engine.services.mailer import digest as mail_digest
from amends.engine.store import tables as t

if TYPE_CHECKING:
    from amends.engine.api import Engine

MOST_FOUND = 200
_SHOWN = [column for column in t.complaint.c if column.name != "told"]
"""What a list shows of complaints: not all that was told, which may be long."""
_NEWEST = select(func.max(t.process_definition.c.position))


class Register:
    """Complaints on an engine. Making one adds the projection that keeps the register in step."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        engine.projections.append(RegisterProjection())
        engine.erasures.append(Erasure(engine))
        self.people, self.talk, self.presence, self.relations = People(engine), Talk(engine), Presence(engine), Relations(engine)
        self.links = Links(engine)
        engine.erasures.append(self.links.end)
        self.lost_links = LostLinks(self)
        engine.jobs.errands[LOST_LINK] = Errand(self.lost_links.send, self.lost_links.given_up)
        self._known: tuple[int, tuple[str, Package]] | None = None

    # -- filing
    def process(self) -> tuple[str, Package]:
        """The process that complaints are, and its package: the newest deployment that names one. Raises `NotFound`."""
        with self.engine.database.reading() as connection:
            newest: int = connection.execute(_NEWEST).scalar() or 0
        if self._known is not None and self._known[0] == newest:
            return self._known[1]
        for deployment in self.engine.deployments():
            package = self.engine.package(deployment.id)
            if package.manifest.complaints.process in deployment.processes:
                self._known = (newest, (package.manifest.complaints.process, package))
                return self._known[1]
        raise NotFound("No deployed package says which process is a complaint. Deploy one whose package.toml has [complaints].")

    def file(
        self, data: Mapping[str, Any], *, actor: str, channel: str = "web", received_at: datetime | None = None,
        files: Sequence[str] = (), occurred_at: datetime | None = None, held: bool = False, key: str | None = None,
        language: str | None = None,
    ) -> Filed:  # fmt: skip
        """Start a complaint with what its form gave.

        `files` are ids of attachments stored before; `received_at` is when it reached us (default: now). `key` is an idempotency
        key: the same key again gives the complaint filed before, with another link. `language` is the one letters are written in.
        Raises `Invalid` by field where the form
        refuses the data.
        """
        process_id, package = self.process()
        clean = self._validated(package, data)
        reference, secret = new_reference(), new_secret()
        received = received_at or occurred_at or self.engine.now()
        if received > self.engine.now() and occurred_at is None:
            raise Invalid("A complaint cannot be received in the future.", {"received_at": ["Enter a time that is past."]})

        def attach(connection: Connection, instance_id: str) -> None:
            row = new_row(instance_id, reference, secret)
            connection.execute(insert(t.complaint), {**row, "received_at": received, "channel": channel, "historical": held})
            if files:
                connection.execute(
                    update(t.attachment)
                    .where(t.attachment.c.id.in_(list(files)), t.attachment.c.instance_id.is_(None))
                    .values(instance_id=instance_id)
                )

        variables = {"complaint": clean, "reference": reference, "received_at": received, "channel": channel}
        if language:
            variables["language"] = language
        instance_id = self.engine.start(
            process_id, variables, business_key=reference, actor=actor, occurred_at=occurred_at, held=held, attach=attach, key=key
        )
        if key is not None and (known := self.get(instance_id=instance_id).reference) != reference:
            # Sent twice: it is the complaint filed before, whose first link nobody can tell any more.
            return Filed(known, self.new_link(instance_id, "sent again"), instance_id)
        return Filed(reference, secret, instance_id)

    def _validated(self, package: Package, data: Mapping[str, Any]) -> dict[str, Any]:
        body = package.form(package.manifest.complaints.form)
        if body is None or self.engine.forms is None:
            return dict(data)
        return self.engine.forms.validate(body, data, {"settings": package.manifest.settings})

    # -- finding
    def get(self, reference: str | None = None, instance_id: str | None = None) -> Complaint:
        """One complaint by reference or instance; raises `NotFound`."""
        c = t.complaint.c
        where = c.instance_id == instance_id if reference is None else c.reference.in_((reference, tidy_reference(reference)))
        with self.engine.database.reading() as connection:
            row = connection.execute(select(*_SHOWN).where(where)).first()
            if row is None:
                raise NotFound("There is no such complaint.")
            return _complaint(connection, [row])[0]

    def of_instances(self, instance_ids: Sequence[str]) -> dict[str, Complaint]:
        """The complaints of several instances, by instance; without those that are of no complaint."""
        wanted = list(dict.fromkeys(instance_ids))
        if not wanted:
            return {}
        with self.engine.database.reading() as connection:
            rows = connection.execute(select(*_SHOWN).where(t.complaint.c.instance_id.in_(wanted))).all()
            return {one.instance_id: one for one in _complaint(connection, rows)} if rows else {}

    def by_secret(self, reference: str, secret: str) -> Complaint:
        """The complaint a follow-up link belongs to; `NotFound` in the same words, after the same work, for a wrong and an unknown one."""
        with self.engine.database.reading() as connection:
            # Found by the secret's hash alone, so that the time it takes says nothing about a reference.
            row = self.links.find(connection, secret)
            if row is None or row.reference != tidy_reference(reference):
                raise NotFound("There is no complaint with this reference and link. Check both, or ask us for a new link.")
            return _complaint(connection, [row])[0]

    def by_link(self, secret: str) -> Complaint:
        """The complaint of a secret link alone; `NotFound` for one that nobody gave out, or that has expired."""
        with self.engine.database.reading() as connection:
            row = self.links.find(connection, secret)
            if row is None:
                raise NotFound("This link does not lead to a complaint. Check it, or ask us for a new one.")
            return _complaint(connection, [row])[0]

    def link_used(self, complaint: Complaint, digest: str) -> None:
        """Say that somebody has sent something by the link with this digest: if they asked for it, those given out before it end."""
        self.lost_links.used(complaint, digest)

    def still_opens(self, reference: str, digest: str) -> bool:
        """Whether the link with this digest of its secret leads to the complaint and has not ended."""
        with self.engine.database.reading() as connection:
            row = self.links.find_digest(connection, digest)
            return row is not None and row.reference == reference

    def search(
        self, text: str | None = None, state: str | None = None, stage: str | None = None, limit: int = 50, after: str | None = None,
        *, actor: str | None = None,
    ) -> list[Complaint]:  # fmt: skip
        """Complaints, newest first.

        `text` are words that one of its texts has (what was filed, a message or letter, a comment), each in full or its beginning;
        or a reference. `after` is the last reference of the page before. `actor` is who
        asks: only what they may read; without it the caller is trusted.
        """
        c = t.complaint.c
        query = select(*_SHOWN)
        if actor is not None:
            query = query.where(*self.engine.visible(actor, c.instance_id))
        if state:
            query = query.where(c.state == state)
        if stage:
            query = query.where(c.stage == stage)
        with self.engine.database.reading() as connection:
            if text and text.strip():
                words = words_of(text)
                found = c.instance_id.in_(matching(connection, words)) if words else false()
                query = query.where(or_(found, c.reference == tidy_reference(text)))
            if after is not None:
                last = connection.execute(select(c.received_at, c.instance_id).where(c.reference == after)).first()
                if last is not None:
                    same = (c.received_at == last.received_at) & (c.instance_id < last.instance_id)
                    query = query.where(or_(c.received_at < last.received_at, same))
            rows = connection.execute(query.order_by(c.received_at.desc(), c.instance_id.desc()).limit(min(limit, MOST_FOUND))).all()
            return _complaint(connection, rows)

    def counts(self) -> dict[str, int]:
        """How many complaints there are, by state and by stage (`stage:…`)."""
        c = t.complaint.c
        with self.engine.database.reading() as connection:
            found: dict[str, int] = {}
            for row in connection.execute(select(c.state, c.stage, func.count().label("n")).group_by(c.state, c.stage)):
                found[row.state] = found.get(row.state, 0) + row.n
                found[f"stage:{row.stage}"] = found.get(f"stage:{row.stage}", 0) + row.n
        return found

    # -- following
    def progress(self, complaint: Complaint) -> Progress:
        """Where it stands, in the package's own words."""
        # By the instance, which the clocks need as well: a page asks for it once.
        package = self.engine.package(self.engine.instance(complaint.instance_id).deployment_id)
        reached = [name for name in package.manifest.stages if f"stage:{name}" in complaint.milestones]
        order = list(package.manifest.stages)
        here = order.index(complaint.stage) if complaint.stage in order else -1
        stages = []
        for position, (name, words) in enumerate(package.manifest.stages.items()):
            # What it has been through stays so, also where it goes back: it is looked into again, or decided after a review.
            state = "now" if position == here else "done" if name in reached else "next"
            stages.append(StageView(name, words, state, complaint.milestones.get(f"stage:{name}")))
        due = [view.due_at for view in self.clocks(complaint) if view.due_at is not None and view.state in ("running", "soon", "late")]
        next_by = min(due) if due and complaint.state == "open" else None
        return Progress(package.manifest.stages.get(complaint.stage, "Received"), next_by, tuple(stages))

    def clocks(self, complaint: Complaint) -> list[ClockView]:
        """The clocks of a complaint, running ones first."""
        view = self.engine.instance(complaint.instance_id)
        version = self.engine.versions.get(view.deployment_id)
        titles = version.package.manifest.clocks
        now = self.engine.now()
        shown = []
        for name, clock in view.clocks.items():
            title = titles[name].title if name in titles else name.replace("_", " ").capitalize()
            state = clock.state(now, version.calendars)
            words = clock_words(clock, now, version.calendars)
            shown.append(
                ClockView(name, title, state, words, clock.due(version.calendars), clock.start, clock.fraction(now, version.calendars))
            )
        return sorted(
            shown, key=lambda item: (item.state in ("met", "met late", "cancelled"), item.due_at is None, item.due_at or item.start)
        )

    def offers(self, complaint: Complaint, to: str = "complainant") -> list[Offer]:
        """What this person can say now: messages of the manifest that the process waits for."""
        package = self._package(complaint)
        manifest = package.manifest
        waiting = self.engine.waiting(complaint.instance_id)
        waited, until = {item.name for item in waiting if item.kind == "message"}, waited_until(package, waiting)
        if complaint.state == "closed":
            waited = {name for name, offer in manifest.messages.items() if offer.once_closed and f"said:{name}" not in complaint.milestones}
        return [
            Offer(name, offer.title, offer.form, until.get(name))
            for name, offer in manifest.messages.items()
            if name in waited and offer.offered_to == to
        ]

    def answer(self, complaint: Complaint, message: str, data: Mapping[str, Any], *, actor: str, key: str | None = None) -> None:
        """Say one of the offers. Raises `Conflict` if the process does not wait for it any more, `Invalid` by field."""
        offer = next((item for item in self.offers(complaint) if item.message == message), None)
        if offer is None:
            raise Conflict("We do not wait for this any more: the complaint has moved on. Nothing was changed.")
        package = self._package(complaint)
        body = package.form(offer.form_id)
        clean = dict(data) if body is None or self.engine.forms is None else self.engine.forms.validate(body, data, {})
        with self.engine.batch():
            language = str(self.engine.instance(complaint.instance_id).variables.get("language") or "")
            # In the words that the form had for whoever answered, not in those of its keys.
            text = "\n".join(f"{_unasked(label)} {words}" for label, words in answers_in(package, offer.form_id, clean, language))
            title = translate(package, offer.title, language)
            self.receive(complaint, text or title, author=actor, subject=title)
            if package.manifest.messages[message].once_closed:
                return self._afterwards(complaint, message, clean, actor)
            self.engine.correlate(message, complaint.reference, clean, actor=actor, once=key)

    def _afterwards(self, complaint: Complaint, message: str, answers: dict[str, Any], actor: str) -> None:
        """Keep what is said of a closed complaint in its history, once (ISO 10002, 8.3)."""
        with self.engine.commands.on(complaint.instance_id, "afterwards", actor, ended_too=True) as work:
            row = {"instance_id": complaint.instance_id, "name": f"said:{message}"[:80], "at": self.engine.now(), "actor": actor}
            work.connection.execute(insert(t.milestone), row)
            work.execution.notes.append(Note("said afterwards", "", 0, {"name": message}, values=answers))

    def thread(self, complaint: Complaint, *, internal: bool = False) -> list[Message]:
        """The messages with the complainant, oldest first; with `internal` also those among staff."""
        m, d = t.message.c, t.dispatch.c
        query = select(t.message, d.state.label("sent_state"), d.proof, d.sent_at).outerjoin(t.dispatch, d.message_id == m.id)
        query = query.where(m.instance_id == complaint.instance_id)
        if not internal:
            query = query.where(m.visible)
        with self.engine.database.reading() as connection:
            return [
                Message(row.id, row.at, row.direction, row.channel, row.author, row.recipient, row.subject, row.body,
                        f"{row.sent_state}: {row.proof}" if row.sent_state else "", bool(row.visible),
                        *way_of(row.sent_state or "", row.proof or "", row.sent_at))
                for row in connection.execute(query.order_by(m.at, m.id))
            ]  # fmt: skip

    def receive(
        self, complaint: Complaint, body: str, *, author: str, subject: str = "", channel: str = "web", files: Sequence[str] = (),
        visible: bool = True,
    ) -> str:  # fmt: skip
        """Take in something the complainant says, with files; nothing in the process changes by it. The message's id.

        With `visible` False only staff see it: somebody else may have said it.
        """
        message_id = uuid7().hex
        with self.engine.commands.on(complaint.instance_id, "received", author, ended_too=True) as work:
            row = {
                "id": message_id, "instance_id": complaint.instance_id, "at": self.engine.now(), "direction": "in", "channel": channel,
                "author": author, "subject": subject, "body": body, "visible": visible,
            }  # fmt: skip
            work.connection.execute(insert(t.message), row)
            if files:
                mine = (t.attachment.c.id.in_(list(files)), t.attachment.c.instance_id.is_(None))
                work.connection.execute(update(t.attachment).where(*mine).values(instance_id=complaint.instance_id))
            work.execution.notes.append(Note("message received", "", 0, {"message": message_id, "files": len(files)}))
        return message_id

    # -- files
    def add_file(self, name: str, media_type: str, body: bytes, *, actor: str, complaint: Complaint | None = None) -> Attachment:
        """Keep a file, for a complaint or for one that is about to be filed. `media_type` is by content: the caller has looked."""
        found = Attachment(uuid7().hex, name[:255], media_type, len(body), hashlib.sha256(body).hexdigest(), self.engine.now(), actor)
        row = {
            "id": found.id, "instance_id": complaint.instance_id if complaint else None, "name": found.name, "media_type": media_type,
            "size": found.size, "digest": found.digest, "body": body, "added_at": found.added_at, "added_by": actor,
        }  # fmt: skip
        with self.engine.database.transaction() as connection:
            connection.execute(insert(t.attachment), row)
        return found

    def files(self, complaint: Complaint) -> list[Attachment]:
        """The files of a complaint, oldest first."""
        a = t.attachment.c
        query = select(a.id, a.name, a.media_type, a.size, a.digest, a.added_at, a.added_by).where(a.instance_id == complaint.instance_id)
        with self.engine.database.reading() as connection:
            return [Attachment(*row) for row in connection.execute(query.order_by(a.added_at, a.id))]

    def file_body(self, complaint: Complaint, attachment_id: str) -> tuple[Attachment, bytes]:
        """A file of this complaint with its content; `NotFound` for one of another."""
        a = t.attachment.c
        with self.engine.database.reading() as connection:
            row = connection.execute(select(t.attachment).where(a.id == attachment_id, a.instance_id == complaint.instance_id)).first()
        if row is None:
            raise NotFound("There is no such file at this complaint.")
        found = Attachment(row.id, row.name, row.media_type, row.size, row.digest, row.added_at, row.added_by)
        return found, bytes(row.body)

    def of_mails(self, names: Sequence[str]) -> dict[str, str]:
        """The instances that mails are about, by the names of their files; a mail that is about none is not in it."""
        wanted, d = set(names), t.dispatch.c
        with self.engine.database.reading() as connection:
            rows = connection.execute(select(d.key, d.instance_id))
            return {name: row.instance_id for row in rows if (name := f"{mail_digest(row.key)}.eml") in wanted}

    def new_link(self, instance_id: str, why: str) -> str:
        """The secret of one more link, for a letter; the others go on. `why` says in words without anything personal who gives it out."""
        with self.engine.database.transaction() as connection:
            return self.links.make(connection, instance_id, why)

    def renew_secret(self, complaint: Complaint, *, actor: str = "system", end_old: bool = True) -> str:
        """The secret of a new link for somebody who has lost theirs; who gave it out stands in the history. `end_old` ends all others."""
        with self.engine.commands.on(complaint.instance_id, "renew link", actor, ended_too=True) as work:
            if end_old:
                self.links.end(work.connection, complaint.instance_id)
            secret = self.links.make(work.connection, complaint.instance_id, "renewed")
            work.execution.notes.append(Note("link renewed", "", 0, {"old": "ended" if end_old else "kept"}))
        return secret

    def erase(self, complaint: Complaint, *, reason: str, actor: str) -> int:
        """Erase everything personal of a closed complaint (see `Engine.erase`); how many values of its history went."""
        many = self.engine.erase(complaint.instance_id, reason=reason, actor=actor)
        with self.engine.database.transaction() as connection:
            forget(connection)
        return many

    def _package(self, complaint: Complaint) -> Package:
        with self.engine.database.reading() as connection:
            where = t.instance.c.id == complaint.instance_id
            deployment_id = connection.execute(select(t.instance.c.deployment_id).where(where)).scalar_one()
        return self.engine.package(deployment_id)


def _unasked(label: str) -> str:
    """A label before its answer: a question has its own mark."""
    return label if label.endswith(("?", "؟", ":")) else f"{label}:"


def _complaint(connection: Connection, rows: Sequence[Row[Any]]) -> list[Complaint]:
    m = t.milestone.c
    reached: dict[str, dict[str, datetime]] = {}
    ids = [row.instance_id for row in rows]
    for row in connection.execute(select(m.instance_id, m.name, m.at).where(m.instance_id.in_(ids))):
        reached.setdefault(row.instance_id, {})[row.name] = row.at
    return [
        Complaint(
            row.reference, row.instance_id, row.received_at, row.channel, row.subject, row.complainant_name, row.email, row.product,
            row.category, row.priority, row.severity, row.stage, row.state, row.outcome, row.closed_at, bool(row.historical),
            reached.get(row.instance_id, {}), row.team, bool(row.confidential),
        )
        for row in rows
    ]  # fmt: skip


__all__ = ["Register", "columns"]
