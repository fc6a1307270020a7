"""Where somebody's data may be is one list, and an erasure reaches all of it (rule 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from driving import element, flows, message_definition, process, user
from marshmallow import Schema, fields
from sqlalchemy import Connection, select

import amends
from amends.application import Application
from amends.engine import Conflict, Engine, NotFound
from amends.engine.calendars import Clock
from amends.engine.execution.values import decode, encode
from amends.engine.services import Operation, OperationContext
from amends.engine.store.tables import PERSONAL_PLACES, metadata

NOT_PERSONAL = """
account.id account.password_hash account.active account.session_mark account.created_at account.failed_at account.failures account.capacity
account_absence.id account_absence.account_id account_absence.cover_id account_absence.begins_at account_absence.ends_at
account_competence.account_id account_competence.competence account_competence.noted_at account_competence.valid_until
account_device.token_hash account_device.account_id account_device.seen_at account_device.failed_at account_device.failures
account_identity.issuer account_identity.account_id account_identity.linked_at
account_recovery.account_id account_recovery.code_hash
account_role.account_id account_role.role
account_session.token_hash account_session.id account_session.account_id account_session.mark account_session.began_at
account_session.seen_at account_session.method
account_totp.account_id account_totp.secret account_totp.confirmed_at account_totp.last_step account_totp.failed_at account_totp.failures
account_team.account_id account_team.team
attachment.id attachment.instance_id attachment.media_type attachment.size attachment.added_at attachment.added_by
blob.digest blob.body
buffered_message.id buffered_message.name buffered_message.actor buffered_message.expires_at
clock.instance_id clock.name clock.due_at clock.ended_at clock.late
complaint.instance_id complaint.reference complaint.secret_hash complaint.received_at complaint.channel complaint.product complaint.category
complaint.priority complaint.severity complaint.stage complaint.state complaint.outcome complaint.closed_at complaint.historical
complaint.team complaint.confidential
comment.id comment.instance_id comment.at comment.author
comment_mention.comment_id comment_mention.account_id comment_mention.seen_at
complaint_relation.one_id complaint_relation.other_id complaint_relation.kind complaint_relation.noted_at complaint_relation.noted_by
presence.instance_id presence.account_id presence.seen_at presence.messages_at presence.comments_at
search_document.id search_document.instance_id search_document.kind search_document.item
complaint_person.instance_id complaint_person.account_id complaint_person.part complaint_person.noted_at complaint_person.noted_by
deployment.id deployment.package deployment.number deployment.title deployment.version deployment.digest deployment.deployed_at
deployment.actor deployment.reason
deployment_file.deployment_id deployment_file.path deployment_file.digest
dispatch.key dispatch.message_id dispatch.instance_id dispatch.state dispatch.attempted_at dispatch.sent_at
dispatch.mail_id
follow_link.secret_hash follow_link.instance_id follow_link.made_at follow_link.expires_at follow_link.why
history.id history.chain history.seq history.body history.hash unsealed.chain unsealed.seq
idempotency.key idempotency.command idempotency.recorded_at
import_row.file_digest import_row.line import_row.instance_id import_row.state import_row.place
import_run.id import_run.file_digest import_run.mapping import_run.as_of import_run.started_at import_run.ended_at
incoming_mail.id incoming_mail.received_at incoming_mail.state incoming_mail.kind incoming_mail.instance_id incoming_mail.attempts
incident.id incident.instance_id incident.token incident.element_id incident.attempts incident.created_at incident.resolved_at
instance.id instance.process_id instance.deployment_id instance.business_key instance.state instance.version instance.seq instance.head
instance.held instance.started_at instance.ended_at instance.rests_by
job.id job.instance_id job.token job.element_id job.kind job.type job.due_at job.state job.held job.attempts job.retries job.lease_until
message.id message.instance_id message.at message.direction message.channel message.author message.letter message.visible
migration.id migration.process_id migration.from_deployment migration.to_deployment migration.mapping migration.actor migration.reason
migration.began_at
migration_item.migration_id migration_item.instance_id migration_item.state migration_item.problem
milestone.instance_id milestone.name milestone.at milestone.actor
process_definition.deployment_id process_definition.process_id process_definition.name process_definition.executable
process_definition.position
seal.number seal.sealed_at seal.body seal.hash
setting.name setting.body
start_subscription.id start_subscription.process_id start_subscription.deployment_id start_subscription.element_id
start_subscription.kind start_subscription.name
subscription.id subscription.instance_id subscription.token subscription.element_id subscription.kind subscription.name
suspension.kind suspension.name suspension.deployment_id suspension.id suspension.actor suspension.reason suspension.since
user_task.id user_task.instance_id user_task.token user_task.process_id user_task.element_id user_task.name user_task.assignee
user_task.form user_task.due_at user_task.follow_up_at
user_task.priority user_task.created_at user_task.state user_task.ended_at user_task.ended_by
user_task.competence user_task.owner
saved_filter.id saved_filter.account_id saved_filter.body saved_filter.shared saved_filter.made_at
user_task_barred.task_id user_task_barred.actor
user_task_group.task_id user_task_group.group_id
user_task.due_order user_task.rank user_task_group.offered user_task_group.due_order user_task_group.rank
value.id value.chain value.salt
""".split()
"""Columns that never hold what people are called, reached by, or wrote. A new column has to be put here, or into PERSONAL_PLACES."""

OF_PEOPLE_THEMSELVES = {
    "account.username", "account.display_name", "account.email", "account_competence.training", "account_session.agent",
    "account_session.address", "account_identity.subject", "saved_filter.name",
}  # fmt: skip
"""Personal, but of staff: no complaint's erasure reaches them."""
MARK = b"zephyrine"
"""A word nobody else writes: where it is, somebody's data is."""


def places(connection: Connection) -> set[str]:
    """Every column that holds the word."""
    found = set()
    for table in metadata.sorted_tables:
        for row in connection.execute(select(table)):
            for column, value in row._mapping.items():
                body = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                if MARK in body.lower():
                    found.add(f"{table.name}.{column}")
    return found


def test_every_column_is_known_to_be_personal_or_not() -> None:
    """A column in neither list, in both, or in a list but no table, is an oversight."""
    known = sorted([*PERSONAL_PLACES, *NOT_PERSONAL])
    assert known == sorted(f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.columns)


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: Any) -> Iterator[Application]:
    """An installation with the shipped package."""
    app = amends.open(database_url, data=tmp_path / "data", clock=clock)
    app.deploy_shipped()
    yield app
    app.close()


COMPLAINT = {
    "subject": "Zephyrine's kettle", "description": "The kettle leaks, says Zephyrine.", "name": "Zephyrine Roe",
    "email": "zephyrine@example.org",
    "address": "1 Zephyrine Row", "town": "Zephyrine", "product": "Kettle", "category": "defect", "product_reference": "zephyrine-1",
}  # fmt: skip
ASSESSED = {
    "severity": "low", "complexity": "simple", "impact": "one", "recurrence": "single", "investigation_needed": "yes",
    "assessment_note": "Zephyrine wrote before",
}  # fmt: skip
DECIDED = {"decision": "upheld", "reasons": "Zephyrine is right.", "outcome": "explanation", "action_needed": "no"}


def closed(app: Application) -> str:
    """A complaint that names its complainant wherever one can, from receipt to closing; its reference."""
    file = app.register.add_file("zephyrine.txt", "text/plain", b"A letter of Zephyrine", actor="complainant")
    filed = app.register.file(COMPLAINT, actor="complainant", files=[file.id])
    complaint = app.register.get(filed.reference)
    app.register.receive(complaint, "It is me, Zephyrine", author=f"complainant:{filed.reference}", subject="Zephyrine again")

    def do(element_id: str, data: dict[str, Any]) -> None:
        app.engine.run_due()
        (task,) = (task for task in app.engine.user_tasks(filed.instance_id) if task.element_id == element_id)
        app.engine.complete(task.id, data, actor=f"historical:{element_id}", key=f"key-{task.id}")

    do("assess", ASSESSED)
    do("investigate", {"investigation_outcome": "ask_complainant", "question": "Is it Zephyrine's?"})
    app.engine.run_due()
    app.register.answer(complaint, "information received", {"information": "Yes, Zephyrine's."}, actor=f"complainant:{filed.reference}")
    do("investigate", {"investigation_outcome": "complete", "findings": "Zephyrine's seal was missing."})
    do("decide", DECIDED)
    app.engine.run_due()
    app.register.answer(complaint, "decision answered", {"answer": "accepted", "comment": "Z."}, actor=f"complainant:{filed.reference}")
    app.engine.run_due()
    return filed.reference


def test_an_erasure_reaches_everything_a_complaint_has_left(app: Application) -> None:
    """Before it, a name is only in places on the list; after it, in none, nor in the mail folder. What statistics are made of stays."""
    reference = closed(app)
    before = app.register.get(reference)
    assert before.state == "closed" and before.outcome == "explanation"
    with app.engine.database.reading() as connection:
        there = places(connection)
    assert {"value.body", "complaint.email", "message.body", "message.subject", "message.recipient", "attachment.body"} <= there
    assert there <= PERSONAL_PLACES
    letters = list((app.data / "mail").glob("*.eml"))
    assert len(letters) >= 3 and all(MARK in path.read_bytes().lower() for path in letters)
    secret = app.register.renew_secret(before)
    figures = app.register.counts()

    assert app.register.erase(before, reason="The retention period is over", actor="system") > 5

    with app.engine.database.reading() as connection:
        assert places(connection) == set()
    assert list((app.data / "mail").glob("*")) == []
    after = app.register.get(reference)
    for name in "reference received_at product category priority severity stage state outcome closed_at milestones".split():
        assert getattr(after, name) == getattr(before, name), name
    assert (after.subject, after.complainant_name, after.email) == ("", "", "")
    assert app.register.counts() == figures and app.register.clocks(after)
    assert {item.body for item in app.register.thread(after, internal=True)} == {""}
    with pytest.raises(NotFound):
        app.register.by_secret(reference, secret)
    report = app.engine.verify()
    assert report.faults == [] and report.erased > 5


def test_an_erasure_can_be_repeated_and_a_running_complaint_is_refused(app: Application) -> None:
    """Who was interrupted between the database and the mail folder erases again; nothing is changed of a complaint that runs."""
    reference = closed(app)
    complaint = app.register.get(reference)
    app.register.erase(complaint, reason="asked for", actor="system")
    with app.engine.database.reading() as connection:
        key = connection.execute(select(metadata.tables["dispatch"].c.key)).scalars().first()
    assert key is not None
    from email.message import EmailMessage

    left = EmailMessage()
    left["To"] = "zephyrine@example.org"
    app.mailer.send(left, key)
    assert app.register.erase(complaint, reason="again", actor="system") == 0
    assert list((app.data / "mail").glob("*")) == [] and app.engine.verify().faults == []
    running = app.register.file(COMPLAINT, actor="complainant")
    with pytest.raises(Conflict):
        app.register.erase(app.register.get(running.reference), reason="too early", actor="system")
    assert app.register.get(running.reference).email == "zephyrine@example.org"


def test_the_data_folder_holds_nothing_an_erasure_does_not_know(app: Application) -> None:
    """The database, and the mail folder; drafts of pages remove themselves after three days."""
    closed(app)
    known = {"amends.db", "amends.db-wal", "amends.db-shm", "mail", "drafts"}
    assert {path.name for path in app.data.iterdir()} <= known and (app.data / "mail").is_dir()


class Tells(Operation):
    """Fails, and says whom it was about."""

    type, title = "tells", "Tells"

    class Inputs(Schema):
        name = fields.String(required=True)

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        raise ConnectionError(f"no such mailbox: {inputs['name']}")


def test_an_erasure_reaches_what_went_wrong_and_what_never_arrived(database_url: str, bpmn: Callable[..., Path], clock: Any) -> None:
    """The message of an incident, a job's error, a message kept for it, the reasons in its clocks, the answers of idempotency keys."""
    engine = Engine(database_url, clock=clock, services={"tells": Tells})
    ext = '<zeebe:taskDefinition type="tells" retries="1"/><zeebe:ioMapping><zeebe:input source="=who" target="name"/></zeebe:ioMapping>'
    catch = element("intermediateCatchEvent", "c", '<bpmn:messageEventDefinition messageRef="m_hello"/>')
    body = element("startEvent", "s") + element("serviceTask", "t", ext=ext) + catch + user("a")
    engine.deploy(bpmn(message_definition("hello") + process(body + flows("s>t", "t>c", "c>a"))))
    instance_id = engine.start("p", {"who": "Zephyrine"}, "Zephyrine-key", actor="jo", key="k1")
    engine.run_due()
    engine.correlate("hello", "Zephyrine-key", {"said": "Zephyrine"}, actor="jo", ttl=timedelta(days=9))
    reasoned = Clock.begin("first_response", clock(), "P5D").extended("P1D", "Zephyrine asked", clock())
    reasoned = reasoned.paused(clock(), "Zephyrine is away")
    with engine.database.transaction() as connection:
        row = {"instance_id": instance_id, "name": "first_response", "body": encode(reasoned.to_plain()), "late": False}
        connection.execute(metadata.tables["clock"].insert(), row)
    with engine.database.reading() as connection:
        there = places(connection)
    assert {"incident.message", "job.error", "buffered_message.body", "buffered_message.key", "clock.body", "instance.body"} <= there
    assert there <= PERSONAL_PLACES | {"instance.business_key"}  # of a complaint it is its reference, which says nothing
    engine.suspend(instance_id, reason="Zephyrine asked", actor="jo")
    engine.resume(instance_id, reason="Zephyrine agreed", actor="jo")
    engine.set_variables(instance_id, {"x": "Zephyrine"}, reason="Zephyrine moved", actor="jo")
    assert "Zephyrine moved" in repr(engine.history(instance_id))
    engine.cancel(instance_id, reason="Zephyrine gave up", actor="jo")
    engine.erase(instance_id, reason="asked for", actor="jo")
    with engine.database.reading() as connection:
        assert places(connection) == {"instance.business_key"}
        (answer,) = connection.execute(select(metadata.tables["idempotency"].c.answer)).scalars()
        (kept,) = connection.execute(select(metadata.tables["clock"].c.body)).scalars()
    bare = Clock.from_plain(decode(bytes(kept)))
    assert answer == "" and (bare.start, bare.pauses[0].at, bare.extensions[0].by) == (reasoned.start, clock(), "P1D")
    assert engine.verify().faults == []
    engine.close()
