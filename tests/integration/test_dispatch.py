"""A letter is given when it has left: what waits in the post room meets no clock, and the process stands at it (ISO 10002, 7.3)."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from amends.engine.definitions import read_package
from amends.engine.errors import Invalid
from amends.engine.jobs.due import Jobs
from amends.engine.operating import Migrations
from amends.engine.services import NotSent
from amends.engine.services.outbox import came_back
from amends.engine.store import tables as t
from amends.webui import create_app

PACKAGE = Path(__file__).resolve().parents[2] / "processes" / "iso10002"
BY_POST = {"description": "The ramp broke.", "name": "Jo Meyer", "contact_by": "post", "address": "1 Example Row", "town": "Town"}
BY_PHONE = {"description": "The ramp broke.", "name": "Jo Meyer", "contact_by": "phone", "phone": "+44 20 7946 0124"}


def state_of(app: Any, filed: Any, clock: str = "acknowledgement") -> str:
    return next(one.state for one in app.register.clocks(app.register.get(filed.reference)) if one.name == clock)


def test_a_letter_acknowledges_once_it_is_posted_and_at_the_moment_it_was(app: Any, clock: Any) -> None:
    """While it waits the clock runs and goes late; posted yesterday and recorded today, it is met as of yesterday, with who said so."""
    filed = app.register.file(BY_POST, actor="complainant", channel="post")
    app.engine.run_due()
    clock.time += timedelta(days=1)
    app.engine.run_due()
    complaint = app.register.get(filed.reference)
    assert "acknowledged" not in complaint.milestones and state_of(app, filed) == "running"
    (letter,) = app.print_queue.waiting()
    assert (letter.held, letter.deadline) == ("send_acknowledgement", "Acknowledgement")
    assert letter.due_at == app.engine.instance(filed.instance_id).clocks["acknowledgement"].due(app.engine.versions.get(
        app.engine.instance(filed.instance_id).deployment_id).calendars)  # fmt: skip
    (shown,) = app.register.thread(complaint)
    assert (shown.way, shown.sent_at, shown.visible) == ("to post", None, True)
    yesterday = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
    app.print_queue.posted(letter.key, actor="account:hanna", at=yesterday)
    app.engine.run_due()
    complaint = app.register.get(filed.reference)
    assert app.engine.instance(filed.instance_id).clocks["acknowledgement"].met_at == yesterday == complaint.milestones["acknowledged"]
    (shown,) = app.register.thread(complaint)
    assert (shown.way, shown.sent_at, shown.sent_by) == ("posted", yesterday, "account:hanna")
    assert app.print_queue.waiting() == []
    said = next(event for event in app.engine.history(filed.instance_id) if event.kind == "posted")
    assert (said.actor, said.element_id, said.data["at"]) == ("account:hanna", "send_acknowledgement", yesterday.isoformat())
    done = [event for event in app.engine.history(filed.instance_id) if (event.kind, event.element_id) == ("completed", said.element_id)]
    assert [event.token for event in done] == [said.token], "what it let happen has its token"
    assert app.engine.verify().faults == []


def test_what_nobody_has_posted_goes_late_and_is_told_to_managers(app: Any, clock: Any) -> None:
    """A letter in the post room past its deadline is late, and escalates; a mail in the same time does not."""
    by_post, by_mail = (app.register.file(one, actor="complainant") for one in (BY_POST, {"description": "x", "email": "jo@x.example"}))
    app.engine.run_due()
    clock.time += timedelta(days=4)
    app.engine.run_due()
    assert [state_of(app, one) for one in (by_post, by_mail)] == ["late", "met"]
    assert [any(event.element_id == "tell" and event.kind == "completed" for event in app.engine.history(one.instance_id))
            for one in (by_post, by_mail)] == [True, False]  # fmt: skip
    (letter,) = app.print_queue.waiting()
    app.print_queue.otherwise(letter.key, actor="account:hanna")
    app.engine.run_due()
    assert state_of(app, by_post) == "met late"
    assert [one.way for one in app.register.thread(app.register.get(by_post.reference))] == ["another way"]


def test_posted_before_the_job_has_come_to_rest(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is faster than the runner does not leave the process waiting for what is done already."""
    filed = app.register.file(BY_PHONE, actor="complainant", channel="phone")
    rest = Jobs._wait

    def late(jobs: Jobs, job: Any, wait: Any) -> bool:
        for letter in app.print_queue.waiting():
            app.print_queue.told(letter.key, actor="account:hanna")
        return rest(jobs, job, wait)

    monkeypatch.setattr(Jobs, "_wait", late)
    app.engine.run_due()
    app.engine.run_due()
    assert state_of(app, filed) == "met"
    assert [one.way for one in app.register.thread(app.register.get(filed.reference))] == ["said"]


def test_what_rests_is_recorded_and_goes_on_when_it_does(app: Any) -> None:
    """A letter of a suspended complaint can be posted; its process goes on when it is resumed."""
    filed = app.register.file(BY_POST, actor="complainant", channel="post")
    app.engine.run_due()
    app.engine.suspend(filed.instance_id, actor="system", reason="a test")
    (letter,) = app.print_queue.waiting()
    app.print_queue.posted(letter.key, actor="account:hanna")
    app.engine.run_due()
    assert state_of(app, filed) == "running"
    app.engine.resume(filed.instance_id, actor="system", reason="a test")
    app.engine.run_due()
    assert state_of(app, filed) == "met"


def test_only_a_moment_that_can_have_been_is_taken(app: Any, clock: Any) -> None:
    """Nothing was posted before it was written, nor tomorrow; the minute it was written in will do."""
    filed = app.register.file(BY_POST, actor="complainant", channel="post")
    clock.time += timedelta(seconds=30)
    app.engine.run_due()
    (letter,) = app.print_queue.waiting()
    for wrong in (clock.time + timedelta(minutes=1), clock.time - timedelta(minutes=1)):
        with pytest.raises(Invalid):
            app.print_queue.posted(letter.key, actor="account:hanna", at=wrong)
    app.print_queue.posted(letter.key, actor="account:hanna", at=clock.time.replace(second=0))
    app.engine.run_due()
    assert state_of(app, filed) == "met"


def test_the_post_room_has_first_what_is_needed_first(app: Any, clock: Any) -> None:
    """By the deadline that waits for a letter, not by its age; what no deadline waits for is last."""
    first = app.register.file(BY_POST, actor="complainant", channel="post")
    app.engine.run_due()
    (letter,) = app.print_queue.waiting()
    app.print_queue.posted(letter.key, actor="account:hanna")
    app.engine.run_due()
    complaint = app.register.get(first.reference)
    app.register.answer(complaint, "complaint withdrawn", {"withdrawal_reason": "x"}, actor=f"complainant:{complaint.reference}")
    app.engine.run_due()
    clock.time += timedelta(hours=1)
    second = app.register.file(BY_POST | {"referred": True, "referred_by": "B", "referred_on": "2026-02-27"}, actor="complainant")
    app.engine.run_due()
    third = app.register.file(BY_PHONE, actor="complainant")
    app.engine.run_due()
    waiting = app.print_queue.waiting()
    assert [one.reference for one in waiting] == [second.reference, third.reference, first.reference]
    assert [bool(one.due_at) for one in waiting] == [True, True, False] and waiting[-1].held == ""


class Refusing:
    """A mail server that knows nobody, for as long as it refuses."""

    sender = "complaints@example.org"

    def __init__(self) -> None:
        self.refuses = True

    def send(self, message: Any, key: str) -> str:
        if self.refuses:
            raise NotSent("550 there is no such person", lasting=True)
        return "250 taken"


def held_up(app: Any, filed: Any) -> Any:
    (incident,) = app.engine.instance(filed.instance_id).incidents
    return incident


@pytest.mark.parametrize("instead", ["post", "phone", "web"])
def test_a_mail_that_was_refused_goes_another_way(app: Any, instead: str) -> None:
    """Laid out in the post room, or on the page, once staff say how the complainant is reached; it is not tried for ever."""
    app.engine.registry.shared["mailer"] = Refusing()
    filed = app.register.file({"description": "x", "name": "Jo", "email": "jo@x.example"}, actor="complainant")
    app.engine.run_due()
    given = {"post": BY_POST, "phone": BY_PHONE, "web": {"description": "x", "name": "Jo"}}[instead]
    app.engine.set_variables(filed.instance_id, {"complaint": given}, actor="system", reason="asked")
    app.engine.retry_incident(held_up(app, filed).id, actor="system")
    app.engine.run_due()
    told = len(app.engine.history(filed.instance_id))
    app.engine.run_due()
    assert len(app.engine.history(filed.instance_id)) == told, "it runs on and on"
    (shown,) = app.register.thread(app.register.get(filed.reference))
    assert (shown.channel, shown.visible) == (instead, True)
    assert [one.to_say for one in app.print_queue.waiting()] == {"post": [False], "phone": [True], "web": []}[instead]
    for letter in app.print_queue.waiting():
        assert letter.held and state_of(app, filed) == "running"
        app.print_queue.posted(letter.key, actor="account:hanna")
        app.engine.run_due()
    assert state_of(app, filed) == "met" and app.engine.verify().faults == []


def test_a_letter_that_could_not_be_given_holds_its_element_up(app: Any, clock: Any) -> None:
    """No proof of anything: the clock runs on, and it is laid out anew once staff have said how the complainant is reached."""
    filed = app.register.file(BY_POST, actor="complainant", channel="post")
    app.engine.run_due()
    client, sent = signed_in(app)
    (letter,) = app.print_queue.waiting()
    done = client.post("/post/posted", data=sent | {"key": letter.key, "do": "not given", "at": ""}, follow_redirects=True)
    assert "recorded as not given" in done.text and app.print_queue.waiting() == []
    outside = create_app(app, TESTING=True, AMENDS_LIMIT_FOLLOW=None).test_client()
    outside.get(f"/f/{filed.secret}")
    staff, complainant = client.get(f"/complaints/{filed.reference}").text, outside.get(f"/follow/{filed.reference}").text
    assert "Could not be given" in staff and "Hanna Handler said so on" in staff and "A letter could not be given" in staff
    assert "Could not be given" not in complainant and not any("<span>by post</span>" in page for page in (staff, complainant))
    assert letter.subject in held_up(app, filed).message and state_of(app, filed) == "running"
    app.engine.run_due()
    app.engine.set_variables(filed.instance_id, {"complaint": BY_PHONE}, actor="system", reason="they moved")
    app.engine.retry_incident(held_up(app, filed).id, actor="system")
    app.engine.run_due()
    (anew,) = app.print_queue.waiting()
    assert (anew.key, anew.to_say, anew.say_to) == (letter.key, True, BY_PHONE["phone"])
    clock.time += timedelta(minutes=5)
    app.print_queue.posted(anew.key, actor="account:hanna")  # after all
    app.engine.run_due()
    assert [(one.channel, one.way) for one in app.register.thread(app.register.get(filed.reference))] == [("post", "posted")]
    assert app.engine.instance(filed.instance_id).clocks["acknowledgement"].met_at == clock.time


def test_a_decision_that_is_skipped_is_not_given_when_a_letter_before_it_was(app: Any, clock: Any) -> None:
    """Who lets the process go on without a refused mail says that it is done now: not when the complainant was last written to."""
    mails = app.engine.registry.shared["mailer"] = Refusing()
    mails.refuses = False
    filed = app.register.file({"description": "x", "name": "Jo", "email": "jo@x.example"}, actor="complainant")
    data = tomllib.loads((PACKAGE / "tests" / "data.toml").read_text())["data"]

    def do(element_id: str, given: str) -> None:
        app.engine.run_due()
        (task,) = [one for one in app.engine.user_tasks(filed.instance_id) if one.element_id == element_id]
        app.engine.complete(task.id, data[given], actor="system")
        app.engine.run_due()

    do("assess", "assessed")
    do("investigate", "ask")
    complaint = app.register.get(filed.reference)
    app.register.answer(complaint, "information received", {"information": "Here"}, actor=f"complainant:{filed.reference}")
    clock.time += timedelta(days=1)
    do("investigate", "investigated")
    mails.refuses = True
    do("decide", "decided")
    clock.time += timedelta(days=1)
    app.engine.skip_incident(held_up(app, filed).id, reason="handed over", actor="system")
    app.engine.run_due()
    assert app.engine.instance(filed.instance_id).clocks["resolution"].met_at == clock.time


def test_what_a_diagram_does_not_wait_for_goes_on_at_once(app: Any) -> None:
    """As every diagram did before it could say otherwise; who stands at the letter goes on when moved to a version that does not wait."""
    waited = app.register.file(BY_POST, actor="complainant", channel="post")
    app.engine.run_due()
    assert state_of(app, waited) == "running"
    before = app.engine.instance(waited.instance_id).deployment_id
    says_so = b'<zeebe:header key="goes_on" value="once it has left" />'
    files = {name: body.replace(says_so, b"") for name, body in read_package(PACKAGE).files.items()}
    at_once = app.engine.deploy(files, actor="system")
    filed = app.register.file(BY_POST, actor="complainant", channel="post")
    app.engine.run_due()
    assert state_of(app, filed) == "met" and len(app.print_queue.waiting()) == 2
    migrations = Migrations(app.engine)
    migrations.run(migrations.begin(migrations.plan("complaint", before, at_once.id), actor="system", reason="a test"))
    app.engine.run_due()
    assert state_of(app, waited) == "met"


def test_what_came_back_was_given_when_it_was_given_another_way(app: Any, clock: Any) -> None:
    """The pages name the day on which somebody said it, not the one on which the mail had left in vain."""
    filed = app.register.file({"description": "x", "name": "Jo", "email": "jo@x.example"}, actor="complainant")
    app.engine.run_due()
    with app.engine.database.transaction() as connection:
        key = connection.execute(select(t.dispatch.c.key)).scalar_one()
        came_back(connection, key, "5.1.1 unknown")
    clock.time += timedelta(days=8)
    app.print_queue.otherwise(key, actor="account:hanna")
    (shown,) = app.register.thread(app.register.get(filed.reference))
    assert (shown.way, shown.sent_at) == ("another way", clock.time)


def signed_in(app: Any) -> tuple[Any, dict[str, str]]:
    client = create_app(app, TESTING=True, AMENDS_LIMIT_SIGN_IN=None, AMENDS_LIMIT_FOLLOW=None).test_client()
    token = re.search(r'name="amends_csrf" value="([^"]+)"', client.get("/sign-in").text)
    assert token is not None
    client.post("/sign-in", data={"username": "hanna", "password": "correct horse battery", "amends_csrf": token[1]})
    return client, {"amends_csrf": re.findall(r'name="amends_csrf" value="([^"]+)"', client.get("/post").text)[0]}


def test_the_pages_say_what_is_true(app: Any, clock: Any) -> None:
    """Staff and the complainant read that it is not posted, or not said, yet; and when and by whom it was, once that is recorded."""
    posted = app.register.file(BY_POST, actor="complainant", channel="post")
    said = app.register.file(BY_PHONE, actor="complainant", channel="phone")
    app.engine.run_due()
    client, sent = signed_in(app)
    outside = create_app(app, TESTING=True, AMENDS_LIMIT_FOLLOW=None).test_client()

    def pages(filed: Any) -> tuple[str, str]:
        outside.get(f"/f/{filed.secret}")
        return client.get(f"/complaints/{filed.reference}").text, outside.get(f"/follow/{filed.reference}").text

    for filed, words in ((posted, "Not posted yet"), (said, "Not said yet")):
        assert all(words in page and "<span>by " not in page for page in pages(filed))
    room = client.get("/post").text
    assert room.count("Acknowledgement</span>") == 2 and 'type="datetime-local"' in room
    keys = {one.reference: one.key for one in app.print_queue.waiting()}
    clock.time += timedelta(days=2)
    client, sent = signed_in(app)
    outside.get(f"/f/{posted.secret}")
    for at, words in (("2026-03-09T09:00", "still to come"), ("2026-03-01T09:00", "was written after that"), ("soon", "Enter a date")):
        refused = client.post("/post/posted", data=sent | {"key": keys[posted.reference], "do": "posted", "at": at})
        assert refused.status_code == 422 and words in refused.text and f'value="{at}"' in refused.text
    done = client.post("/post/posted", data=sent | {"key": keys[posted.reference], "do": "posted", "at": "2026-03-03T16:30"})
    assert done.status_code == 303
    assert client.post("/post/posted", data=sent | {"key": keys[said.reference], "do": "told", "at": ""}).status_code == 303
    app.engine.run_due()
    for filed, words in ((posted, "Posted on Tuesday 3 March 2026."), (said, "Said by telephone on Wednesday 4 March 2026.")):
        staff, complainant = pages(filed)
        assert words in staff and words in complainant
        assert "Hanna Handler said so." in staff and "Hanna" not in complainant
    assert [state_of(app, one) for one in (posted, said)] == ["met", "met"]
