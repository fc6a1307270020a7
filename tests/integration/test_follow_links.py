"""A complainant follows a complaint by links that letters and staff give out; of the secret in one, only its hash is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

import amends
from amends.application import Application
from amends.engine import NotFound
from amends.engine.complaints.references import digest_of
from amends.engine.services import NotSent
from amends.engine.services.letters import KEPT_LINK
from amends.engine.services.mailer import FolderMailer
from amends.engine.store import tables as t
from amends.engine.store.tables import metadata

BASE = "https://complaints.example.org/desk"
COMPLAINT = {
    "subject": "Kettle", "description": "The kettle leaks.", "name": "Jo", "email": "jo@example.org", "product": "Kettle",
    "category": "defect",
}  # fmt: skip


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: Any) -> Iterator[Application]:
    """An installation with the shipped package, which says where it is reached."""
    app = amends.open(database_url, data=tmp_path / "data", clock=clock)
    app.deploy_shipped()
    app.change_setting("base_url", BASE + "/", actor="system")
    yield app
    app.close()


def mails(app: Application) -> list[Any]:
    """The mails that have left."""
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted((app.data / "mail").glob("*.eml"))]


def links(app: Application) -> list[str]:
    """The secrets of the links in them."""
    return [found for mail in mails(app) for found in re.findall(rf"{BASE}/f/([\w-]+)", mail.get_body(("plain",)).get_content())]


def holds(connection: Connection, secret: str) -> list[str]:
    """The tables that hold a secret."""
    return [
        table.name
        for table in metadata.sorted_tables
        for row in connection.execute(select(table))
        if any(secret.encode() in (bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()) for value in row)
    ]


def filed(app: Application, **more: Any) -> Any:
    """A complaint whose acknowledgement has left; what filing it gave."""
    made = app.register.file({**COMPLAINT, **more}, actor="complainant")
    app.engine.run_due()
    return made


def test_a_letter_to_the_complainant_holds_a_link_that_opens_the_complaint(app: Application) -> None:
    """ISO 10002, 7.3 and 7.4: by the mail one can follow; in text and HTML it is one link, and the first one goes on."""
    made = filed(app)
    (mail,), (secret,) = mails(app), links(app)
    assert secret != made.secret and len(secret) >= 22
    assert f'<a href="{BASE}/f/{secret}">' in mail.get_body(("html",)).get_content()
    assert KEPT_LINK not in mail.as_string()
    assert app.register.by_link(secret).reference == made.reference == app.register.by_secret(made.reference, secret).reference
    assert app.register.by_link(made.secret).reference == made.reference
    with app.engine.database.reading() as connection:
        row = connection.execute(select(t.follow_link)).one()
    assert (row.secret_hash, row.instance_id, row.expires_at) == (digest_of(secret), made.instance_id, None)
    assert row.why == "letter acknowledgement"


def test_the_secret_is_in_no_row_and_the_thread_says_that_there_was_a_link(app: Application) -> None:
    """Neither the thread, the journal, the history, nor the instance keep it."""
    made = filed(app)
    (secret,) = links(app)
    with app.engine.database.reading() as connection:
        assert holds(connection, secret) == []
        assert holds(connection, "kettle leaks") != []
    (message,) = app.register.thread(app.register.get(made.reference))
    assert KEPT_LINK in message.body and "/f/" not in message.body


@pytest.mark.parametrize("more", [{"email": ""}, {"contact_by": "post", "address": "1 Example Row"}])
def test_no_link_is_made_for_what_is_shown_or_printed(app: Application, more: dict[str, str]) -> None:
    """Without a mail nobody could read it; staff give one out when they print."""
    made = filed(app, **more)
    assert KEPT_LINK in app.register.thread(app.register.get(made.reference))[0].body
    with app.engine.database.reading() as connection:
        assert connection.execute(select(t.follow_link)).all() == []


def test_a_replay_of_the_past_gives_no_link_out(app: Application) -> None:
    """Its letters were sent by others, long ago."""
    made = app.register.file(COMPLAINT, actor="historical:handler", occurred_at=app.engine.now() - timedelta(days=900), held=True)
    app.engine.run_due(instance_id=made.instance_id)
    assert [one.proof for one in app.register.thread(app.register.get(made.reference))] == ["historical: historical, not sent"]
    with app.engine.database.reading() as connection:
        assert connection.execute(select(t.follow_link)).all() == []


def test_a_letter_that_is_tried_again_holds_a_link_that_works(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever attempt gets through: one mail, one message, and its link opens the complaint."""
    send, refused = FolderMailer.send, []

    def refuse_once(mailer: FolderMailer, message: Any, key: str) -> str:
        if not refused:
            refused.append(key)
            raise NotSent("the server is away")
        return send(mailer, message, key)

    monkeypatch.setattr(FolderMailer, "send", refuse_once)
    made = filed(app)
    assert links(app) == []
    app.engine.run_due(app.engine.now() + timedelta(hours=1))
    (secret,) = links(app)
    assert app.register.by_link(secret).reference == made.reference
    assert len(app.register.thread(app.register.get(made.reference))) == 1


def test_a_letter_without_an_address_of_the_pages_waits_for_one(app: Application) -> None:
    """A link that leads nowhere is not sent: the incident names the setting, and setting it right sends the letter."""
    app.change_setting("base_url", "complaints.example.org", actor="system")
    made = filed(app)
    (incident,) = app.engine.instance(made.instance_id).incidents
    assert "base_url" in incident.message and mails(app) == []
    app.change_setting("base_url", BASE, actor="system")
    app.engine.retry_incident(incident.id, actor="system")
    app.engine.run_due()
    assert len(links(app)) == 1


def test_a_link_works_for_a_year_after_closing_or_as_long_as_the_setting_says(app: Application, clock: Any) -> None:
    """While it is open, it works; one given out after closing works as long from then on. An expired one is a wrong one."""
    made = filed(app)
    (mailed,) = links(app)
    clock.move(days=800)
    assert app.register.by_link(mailed).state == "open"
    app.engine.cancel(made.instance_id, reason="withdrawn", actor="system")
    clock.move(days=300)
    late = app.register.new_link(made.instance_id, "renewed")
    for secret in (made.secret, mailed, late):
        assert app.register.by_link(secret).state == "closed"
    clock.move(days=66)
    for secret in (made.secret, mailed, "no such secret"):
        with pytest.raises(NotFound, match="This link does not lead to a complaint"):
            app.register.by_link(secret)
        with pytest.raises(NotFound, match="no complaint with this reference and link"):
            app.register.by_secret(made.reference, secret)
    assert app.register.by_link(late).reference == made.reference
    app.change_setting("follow_link_after_closing", "P2Y", actor="system")
    assert app.register.by_link(mailed).reference == made.reference
    for unusable in ("for ever", "5 working days", "P9999Y"):
        app.change_setting("follow_link_after_closing", unusable, actor="system")
        with pytest.raises(NotFound):
            app.register.by_link(mailed)


@pytest.mark.parametrize("end_old", [True, False])
def test_a_renewed_link_is_recorded_and_ends_the_others_if_asked_to(app: Application, end_old: bool) -> None:
    """Who gave it out stands in the history, the secret does not; those of another complaint go on."""
    made, other = filed(app), app.register.file(COMPLAINT, actor="complainant")
    old = [made.secret, *links(app)]
    secret = app.register.renew_secret(app.register.get(made.reference), actor="account:hanna", end_old=end_old)
    for one in old:
        if end_old:
            with pytest.raises(NotFound):
                app.register.by_link(one)
        else:
            assert app.register.by_link(one).reference == made.reference
    assert app.register.by_link(secret).reference == made.reference and app.register.by_link(other.secret).reference == other.reference
    (event,) = [one for one in app.engine.history(made.instance_id) if one.kind == "link renewed"]
    assert event.actor == "account:hanna" and event.data["old"] == ("ended" if end_old else "kept")
    with app.engine.database.reading() as connection:
        assert holds(connection, secret) == []
    assert app.engine.verify().faults == []


def test_an_erasure_ends_every_link(app: Application) -> None:
    """No row of one is left."""
    made = filed(app)
    app.engine.cancel(made.instance_id, reason="withdrawn", actor="system")
    secrets = [made.secret, *links(app)]
    app.register.erase(app.register.get(made.reference), reason="asked for", actor="system")
    for secret in secrets:
        with pytest.raises(NotFound):
            app.register.by_link(secret)
    with app.engine.database.reading() as connection:
        assert connection.execute(select(t.follow_link)).all() == []
