"""Whoever has lost the link asks for a new one with reference and address; it is only mailed, and whoever guesses learns nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from stopwatch import apart

import amends
from amends.application import Application
from amends.engine import Conflict, NotFound
from amends.engine.complaints.lost_link_words import WORDS
from amends.engine.complaints.references import digest_of
from amends.engine.execution import Fault
from amends.engine.jobs.due import Errand
from amends.engine.services import NotSent, follow_address
from amends.engine.services.mailer import Doubtful, FolderMailer
from amends.engine.store import tables as t
from amends.webui import create_app

BASE = "https://complaints.example.org"
UNLIMITED = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}
ADDRESS = "Jo.Roe@example.org"


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: Any) -> Iterator[Application]:
    """An installation with the shipped package, which says where it is reached."""
    app = amends.open(database_url, data=tmp_path / "data", clock=clock)
    app.deploy_shipped()
    app.change_setting("base_url", BASE, actor="system")
    yield app
    app.close()


def filed(app: Application, **more: Any) -> Any:
    """A complaint whose acknowledgement has left."""
    data = {"subject": "Kettle", "description": "The kettle leaks.", "name": "Jo", "email": ADDRESS, **more}
    made = app.register.file(data, actor="complainant", language="de")
    app.engine.run_due()
    return made


def links(app: Application) -> list[tuple[str, str]]:
    """Recipient and secret of each link that was mailed, in the order they left."""
    found = []
    for path in sorted((app.data / "mail").glob("*.eml"), key=lambda one: one.stat().st_mtime_ns):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        found += [(str(mail["To"]), one) for one in re.findall(rf"{BASE}/f/([\w-]+)", mail.get_body(("plain",)).get_content())]
    return found


def later(app: Application, clock: Any, **span: float) -> None:
    """Let time pass and what is due run."""
    clock.move(**(span or {"seconds": 10}))
    app.engine.run_due()


def jobs(app: Application) -> list[Any]:
    with app.engine.database.reading() as connection:
        return list(connection.execute(select(t.job).where(t.job.c.kind == "lost link")).all())


def opens(app: Application, secret: str) -> bool:
    try:
        app.register.by_link(secret)
    except NotFound:
        return False
    return True


def uses(app: Application, secret: str) -> bool:
    """Somebody comes in by a link and sends something; whether it let them in."""
    if not opens(app, secret):
        return False
    app.register.link_used(app.register.by_link(secret), digest_of(secret))
    return True


def sent_of(app: Application) -> list[tuple[str, str]]:
    """State and proof of each mail with a new link."""
    with app.engine.database.reading() as connection:
        rows = connection.execute(select(t.dispatch).where(t.dispatch.c.key.contains(".lost-") | t.dispatch.c.key.contains(".asked-")))
        return [(row.state, row.proof) for row in rows]


def refuse(mailer: FolderMailer, message: Any, key: str) -> str:
    raise NotSent("the server is away")


@pytest.mark.parametrize("as_typed", [ADDRESS, f"  {ADDRESS.upper()} "])
def test_the_right_address_gets_a_new_link_and_using_it_ends_the_old_ones(app: Application, clock: Any, as_typed: str) -> None:
    """By mail to the address of the complaint, in its language; in the thread without the secret, and in the history once it is used."""
    made = filed(app)
    ((_, lettered),) = links(app)
    app.register.lost_links.ask(made.reference.lower().replace("-", " "), as_typed)
    assert len(jobs(app)) == 1 and opens(app, lettered)
    later(app, clock)
    (_, (to, mailed)) = links(app)
    assert (to, jobs(app)) == (ADDRESS, [])
    # Anybody may ask, and machines open what they let through: until it is used, nobody knows whether it has arrived with a person.
    assert [opens(app, one) for one in (mailed, made.secret, lettered)] == [True, True, True]
    assert [one.kind for one in app.engine.history(made.instance_id) if one.kind == "link renewed"] == []
    assert app.register.by_secret(made.reference, mailed).reference == made.reference
    assert [uses(app, one) for one in (made.secret, lettered, mailed, mailed)] == [True, True, True, True]
    assert [opens(app, one) for one in (made.secret, lettered, mailed)] == [False, False, True]
    said = app.register.thread(app.register.get(made.reference))[-1]
    assert said.subject == f"Ihr neuer Link zur Beschwerde {made.reference}" and "/f/" not in said.body and said.visible
    assert said.proof.startswith("sent")
    (event,) = [one for one in app.engine.history(made.instance_id) if one.kind == "link renewed"]
    assert (event.actor, event.data["asked"], event.data["old"]) == (f"complainant:{made.reference}", "on the page", "ended")
    assert app.engine.verify().faults == []


@pytest.mark.parametrize("asked", [{"reference": "C-00000000"}, {"address": "jo@elsewhere.example"}, {"address": "@"}])
def test_whoever_guesses_gets_nothing_and_changes_nothing(app: Application, clock: Any, asked: dict[str, str]) -> None:
    """No mail, no event, no link that ends, and nothing is left of what was typed."""
    made = filed(app)
    before = (links(app), len(app.engine.history(made.instance_id)))
    app.register.lost_links.ask(**{"reference": made.reference, "address": ADDRESS, **asked})
    (job,) = jobs(app)
    assert b"elsewhere" not in bytes(job.body)
    later(app, clock)
    assert (links(app), len(app.engine.history(made.instance_id)), jobs(app)) == (*before, [])
    assert opens(app, made.secret)


def test_a_complaint_without_an_address_sends_none(app: Application, clock: Any) -> None:
    """An empty address is nobody's."""
    made = filed(app, email="", contact_by="post", address="1 Row")
    for address in ("", " ", "@"):
        app.register.lost_links.ask(made.reference, address)
    later(app, clock)
    assert links(app) == [] and opens(app, made.secret)


def test_a_closed_complaint_gets_one_too_and_an_erased_one_none(app: Application, clock: Any) -> None:
    """It opens as long as if the complaint had been closed now."""
    made = filed(app)
    app.engine.cancel(made.instance_id, reason="withdrawn", actor="system")
    clock.move(days=400)
    assert not opens(app, made.secret)
    app.register.lost_links.ask(made.reference, ADDRESS)
    later(app, clock)
    assert opens(app, links(app)[-1][1])
    app.register.erase(app.register.get(made.reference), reason="asked for", actor="system")
    app.register.lost_links.ask(made.reference, ADDRESS)
    many = len(links(app))
    later(app, clock)
    assert len(links(app)) == many


def test_at_most_three_a_day_for_one_complaint(app: Application, clock: Any) -> None:
    """However many ask for it, from however many places; the next day there are more, and other complaints have their own."""
    made, other = filed(app), filed(app)
    for _ in range(5):
        app.register.lost_links.ask(made.reference, ADDRESS)
        later(app, clock)
    app.register.lost_links.ask(other.reference, ADDRESS)
    later(app, clock)
    assert len(links(app)) == 2 + 3 + 1 and opens(app, links(app)[4][1])
    (waits,) = app.print_queue.waiting()
    assert waits.reference == made.reference and "3 were mailed within a day" in waits.why
    clock.move(days=1, minutes=5)
    app.register.lost_links.ask(made.reference, ADDRESS)
    later(app, clock)
    assert len(links(app)) == 2 + 3 + 1 + 1


def test_links_asked_for_within_the_hour_work_side_by_side(app: Application, clock: Any) -> None:
    """Whoever sends the page twice may use either mail, in any order; what is asked for later ends both, once it is used."""
    made = filed(app)
    for _ in range(2):
        app.register.lost_links.ask(made.reference, ADDRESS)
    later(app, clock)
    (first, second) = [secret for _, secret in links(app)[1:]]
    assert [uses(app, one) for one in (second, first, second, made.secret)] == [True, True, True, False]
    later(app, clock, hours=1)
    app.register.lost_links.ask(made.reference, ADDRESS)
    later(app, clock)
    third = links(app)[-1][1]
    assert [uses(app, one) for one in (first, third, first, second, third)] == [True, True, False, False, True]


def test_using_an_older_one_does_not_end_a_newer_one(app: Application, clock: Any) -> None:
    """Two mails, two hours apart, used in the order in which they came: what is on its way is never taken away."""
    made = filed(app)
    for _ in range(2):
        app.register.lost_links.ask(made.reference, ADDRESS)
        later(app, clock)
        clock.move(hours=2)
    lettered = app.register.new_link(made.instance_id, "letter decision")
    (first, second) = [secret for _, secret in links(app)[1:]]
    assert [uses(app, one) for one in (first, second, first, lettered)] == [True, True, False, True]


def test_what_was_mailed_to_another_address_ends_within_the_hour_too(app: Application, clock: Any) -> None:
    """The address was put right since: who reads the old mailbox does not follow the complaint any more."""
    made = filed(app)
    app.register.lost_links.ask(made.reference, ADDRESS)
    later(app, clock)
    told = app.engine.instance(made.instance_id).variables["complaint"]
    app.engine.set_variables(made.instance_id, {"complaint": {**told, "email": "jo@new.example.org"}}, actor="system", reason="moved")
    app.register.lost_links.ask(made.reference, "jo@new.example.org")
    later(app, clock)
    assert [to for to, _ in links(app)[1:]] == [ADDRESS, "jo@new.example.org"]
    (old, new) = [secret for _, secret in links(app)[1:]]
    assert [uses(app, one) for one in (new, old)] == [True, False]


def test_while_the_mail_server_is_away_the_old_link_works(app: Application, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what has left takes the place of what there was; it is tried again by itself, and sent once."""
    made = filed(app)
    send, refused = FolderMailer.send, []

    def refuse_twice(mailer: FolderMailer, message: Any, key: str) -> str:
        refused.append(key)
        if len(refused) < 3:
            raise NotSent("the server is away")
        return send(mailer, message, key)

    monkeypatch.setattr(FolderMailer, "send", refuse_twice)
    app.register.lost_links.ask(made.reference, ADDRESS)
    later(app, clock)
    assert len(refused) == 1 and opens(app, made.secret) and len(jobs(app)) == 1
    later(app, clock, minutes=2)
    later(app, clock, minutes=5)
    assert len(refused) == 3 and len(set(refused)) == 1 and jobs(app) == []
    assert app.print_queue.waiting() == []
    assert [uses(app, one) for one in (links(app)[-1][1], made.secret)] == [True, False]


def test_one_that_was_sent_before_a_kill_is_not_sent_again(app: Application, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the mail has left and before the job is gone: the next attempt sends nothing, and the mailed one works."""
    made = filed(app)
    send = app.register.lost_links.send

    def killed(*told: Any) -> None:
        app.engine.jobs.errands["lost link"] = replace(errand, run=send)
        send(*told)
        raise RuntimeError("as if killed")

    errand = app.engine.jobs.errands["lost link"]
    app.engine.jobs.errands["lost link"] = replace(errand, run=killed)
    app.register.lost_links.ask(made.reference, ADDRESS)
    later(app, clock)
    assert len(links(app)) == 2 and len(jobs(app)) == 1
    later(app, clock, minutes=2)
    assert (len(links(app)), jobs(app), app.print_queue.waiting()) == (2, [], [])
    assert [uses(app, one) for one in (links(app)[-1][1], made.secret)] == [True, False]


@pytest.mark.parametrize("how", ["refused", "doubtful", "no base_url"])
def test_staff_see_who_asked_in_vain(app: Application, clock: Any, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """After the last attempt it waits in the post room with the reason, whatever it was; the old link works, and nothing counts as said.

    Printed, it holds a link that works; once it is in the post, it is part of what was said.
    """

    def refuse(mailer: FolderMailer, message: Any, key: str) -> str:
        raise NotSent("550 no such user") if how == "refused" else Doubtful("the connection broke")

    made = filed(app, address="1 Row")
    monkeypatch.setattr(FolderMailer, "send", refuse)
    if how == "no base_url":
        app.change_setting("base_url", "", actor="system")
    app.register.lost_links.ask(made.reference, ADDRESS)
    for _ in range(12):
        assert app.print_queue.waiting() == [] or jobs(app) == []
        later(app, clock, hours=2)
    (letter,) = app.print_queue.waiting()
    assert letter.returned and letter.why.startswith("The complainant asked for a new link")
    why = {"refused": "550 no such user", "doubtful": "The mail may have been sent: see whether", "no base_url": "base_url"}[how]
    assert why in letter.why and jobs(app) == [] and opens(app, made.secret)
    complaint = app.register.get(made.reference)
    # What may have been sent is shown as said.
    assert (letter.subject in [one.subject for one in app.register.thread(complaint)]) is (how == "doubtful")
    assert letter.subject in [one.subject for one in app.register.thread(complaint, internal=True)]
    app.change_setting("base_url", BASE, actor="system")
    assert app.print_queue.pdf(letter.key).startswith(b"%PDF")
    app.print_queue.posted(letter.key, actor="account:hanna")
    assert letter.subject in [one.subject for one in app.register.thread(complaint)] and app.print_queue.waiting() == []
    assert app.engine.verify().faults == []


def test_one_that_never_leaves_is_given_up(app: Application, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its tries no job is left, and the old link works; it was never shown as said."""
    made = filed(app)
    monkeypatch.setattr(FolderMailer, "send", refuse)
    app.register.lost_links.ask(made.reference, ADDRESS)
    for _ in range(12):
        later(app, clock, hours=2)
    assert jobs(app) == [] and opens(app, made.secret)
    assert [one.subject for one in app.register.thread(app.register.get(made.reference)) if one.visible and "Link" in one.subject] == []


def test_an_outage_locks_nobody_out(app: Application, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three wishes that were never sent are no three mails: the next one is mailed, and staff are not told that too many were."""
    made = filed(app)
    with monkeypatch.context() as away:
        away.setattr(FolderMailer, "send", refuse)
        for _ in range(4):
            app.register.lost_links.ask(made.reference, ADDRESS)
        for _ in range(9):
            later(app, clock, minutes=61)
    before = len(links(app))
    app.register.lost_links.ask(made.reference, ADDRESS)
    later(app, clock)
    assert (jobs(app), len(links(app)) - before) == ([], 1)
    assert [one.why for one in app.print_queue.waiting() if "the server is away" not in one.why] == []


@pytest.mark.parametrize("how", ["posted", "otherwise"])
def test_what_staff_have_seen_to_stays_so(app: Application, clock: Any, how: str) -> None:
    """A further wish of the same day neither takes the proof away nor puts it among what waits again."""
    made = filed(app, address="1 Row")
    for _ in range(4):
        app.register.lost_links.ask(made.reference, ADDRESS)
        later(app, clock)
    (letter,) = app.print_queue.waiting()
    getattr(app.print_queue, how)(letter.key, actor="account:hanna")
    before = sent_of(app)
    app.register.lost_links.ask(made.reference, ADDRESS)
    later(app, clock)
    assert "by account:hanna" in str(before) and (sent_of(app), app.print_queue.waiting()) == (before, [])


@pytest.mark.parametrize("dies", ["after sending", "after giving up", "while sending"])
def test_a_runner_that_dies_at_the_last_attempt_takes_no_proof_away(
    app: Application, clock: Any, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    """What was mailed stays mailed; what staff have seen to since stays so; of what may have been mailed, nobody says that it was not."""

    class Killed(BaseException):
        pass

    def die(*told: Any) -> Any:
        raise Killed

    made = filed(app, address="1 Row")
    app.register.lost_links.ask(made.reference, ADDRESS)
    with app.engine.database.transaction() as connection:
        connection.execute(update(t.job).where(t.job.c.kind == "lost link").values(attempts=7))
    with monkeypatch.context() as killed, pytest.raises(Killed):
        if dies == "after giving up":
            killed.setattr(FolderMailer, "send", refuse)
        killed.setattr(*((FolderMailer, "send") if dies == "while sending" else (app.engine.jobs, "_drop")), die)
        later(app, clock)
    if dies == "after giving up":
        app.print_queue.otherwise(app.print_queue.waiting()[0].key, actor="account:hanna")
    before = sent_of(app)
    later(app, clock, hours=2)
    assert jobs(app) == []
    if dies == "while sending":
        assert "may have been sent" in app.print_queue.waiting()[0].why
    else:
        assert (sent_of(app), app.print_queue.waiting()) == (before, [])


def test_a_letter_that_cannot_be_written_does_not_lose_the_wish(app: Application, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits in the post room all the same, in plain words, with the reason; once printed, it holds a link."""

    def spoilt(*told: Any) -> Any:
        raise Fault("The placeholder {{ nonsense }} has no value")

    made = filed(app, address="1 Row")
    monkeypatch.setattr("amends.engine.complaints.lost_links._our_own", spoilt)
    app.register.lost_links.ask(made.reference, ADDRESS)
    later(app, clock)
    (letter,) = app.print_queue.waiting()
    assert "nonsense" in letter.why and letter.subject == f"Ihr neuer Link zur Beschwerde {made.reference}" and jobs(app) == []
    many = len(app.engine.history(made.instance_id))
    assert app.print_queue.pdf(letter.key).startswith(b"%PDF")
    assert [one.kind for one in app.engine.history(made.instance_id)[many:]] == ["link printed"]


@pytest.mark.parametrize("error", [NotFound("no such version"), Conflict("busy"), Fault("spoilt"), ValueError("wrong")])
def test_an_errand_is_kept_until_somebody_was_told(app: Application, clock: Any, error: Exception) -> None:
    """Where not even giving up works, it is told later, with the reason of the last attempt; in the end the job stays, as failed."""
    told: list[str] = []

    def run(job_id: str, about: dict[str, Any]) -> None:
        raise Fault("the very reason")

    def given_up(job_id: str, about: dict[str, Any], why: str) -> None:
        told.append(why)
        if len(told) != wanted:
            raise error

    wanted = 3
    app.engine.jobs.errands["lost link"] = Errand(run, given_up)
    app.register.lost_links.ask("C-00000000", ADDRESS)
    for _ in range(5):
        later(app, clock, hours=2)
    assert (told, jobs(app)) == (["the very reason"] * 3, [])
    wanted = 0
    app.register.lost_links.ask("C-00000000", ADDRESS)
    for _ in range(30):
        later(app, clock, hours=2)
    assert [(one.state, one.error) for one in jobs(app)] == [("failed", "the very reason")]


# -- the page -----------------------------------------------------------------------------------------------------------


def token(text: str) -> str:
    found = re.search(r'name="amends_csrf" value="([^"]+)"', text)
    assert found is not None
    return found[1]


def test_the_page_says_the_same_words_for_right_and_wrong(app: Application) -> None:
    """Status, place and page; what cannot be an address is said before, as it says nothing of any complaint."""
    made = filed(app)
    client = create_app(app, TESTING=True, **UNLIMITED).test_client()
    csrf = token(client.get("/follow/lost").text)

    def ask(reference: str, email: str) -> Any:
        return client.post("/follow/lost", data={"amends_csrf": csrf, "reference": reference, "email": email})

    answers = [ask(made.reference, ADDRESS), ask(made.reference, "x@example.org"), ask("C-00000000", ADDRESS), ask("nonsense", "a@b")]
    assert {(one.status_code, one.headers["Location"]) for one in answers} == {(303, "/follow/lost/asked")}
    assert len({one.text for one in answers}) == 1
    page = client.get("/follow/lost/asked").text
    assert "a mail with a new link is on its way" in page and "complaints@example.org, +44 20 7946 0000" in page
    wrong = ask("", "no address")
    assert wrong.status_code == 422 and wrong.text.count("govuk-error-message") == 2


@pytest.mark.parametrize("sends", ["message", "answer", "code"])
def test_only_what_a_person_does_ends_the_earlier_links(app: Application, clock: Any, sends: str) -> None:
    """Nobody is thrown out by who asks for a link, nor by a gateway that opens it, whatever of its pages that fetches.

    Once something is sent by the new link, the browser is shut out that came in by an earlier one.
    """
    made = filed(app)
    app.register.lost_links.ask(made.reference, ADDRESS)
    later(app, clock)
    mailed, page = links(app)[-1][1], f"/follow/{made.reference}"
    first, gateway, person = (create_app(app, TESTING=True, **UNLIMITED).test_client() for _ in range(3))
    assert first.get(f"/f/{made.secret}").status_code == 303
    assert [gateway.head(f"/f/{mailed}").status_code, gateway.get(f"/f/{mailed}").status_code] == [303, 303]
    offered = re.findall(rf'href="({page}/answer/[^"]+)"', gateway.get(page).text)
    assert offered and [gateway.get(one).status_code for one in offered] == [200] * len(offered)
    assert first.get(page).status_code == 200
    if sends == "code":
        csrf = token(person.get("/follow").text)
        assert person.post("/follow", data={"amends_csrf": csrf, "reference": made.reference, "secret": mailed}).status_code == 303
    else:
        person.get(f"/f/{mailed}")
        csrf = token(person.get(page).text)
        sent = person.post(f"{page}/message" if sends == "message" else offered[0], data={"amends_csrf": csrf, "body": "One more thing"})
        assert sent.status_code in (200, 303, 422)
    assert (first.get(page).status_code, person.get(page).status_code, gateway.get(page).status_code) == (403, 200, 200)
    assert [opens(app, one) for one in (made.secret, mailed)] == [False, True]


def test_asking_is_limited_by_address(app: Application) -> None:
    """The same count as opening links: whoever tries one cannot go on with the other."""
    client = create_app(app, TESTING=True, AMENDS_LIMIT_FOLLOW="5/minute").test_client()
    csrf = token(client.get("/follow/lost").text)
    sent = {"amends_csrf": csrf, "reference": "C-00000000", "email": "a@b.example"}
    assert [client.post("/follow/lost", data=sent).status_code for _ in range(6)] == [303] * 5 + [429]
    assert client.get("/f/guess").status_code == 429 and len(jobs(app)) == 5


def test_right_and_wrong_take_the_same_time(app: Application) -> None:
    """The processor's time for a right one, a wrong address and an unknown reference, asked in turn: within a tenth."""
    made = filed(app)
    client = create_app(app, TESTING=True, **UNLIMITED).test_client()
    csrf = token(client.get("/follow/lost").text)
    kinds = [(made.reference, ADDRESS), (made.reference, "x@example.org"), ("C-00000000", ADDRESS)]

    def ask(reference: str, email: str) -> None:
        client.post("/follow/lost", data={"amends_csrf": csrf, "reference": reference, "email": email})

    assert apart([partial(ask, *kind) for kind in kinds], 0.1) < 0.1


def test_an_ended_link_leads_to_a_new_one(app: Application) -> None:
    """The page of a link that does not work says so, without a word of any complaint, and offers what helps."""
    made = filed(app)
    app.register.renew_secret(app.register.get(made.reference))
    client = create_app(app, TESTING=True, **UNLIMITED).test_client()
    ended, unknown = client.get(f"/f/{made.secret}"), client.get(f"/f/{'a' * 22}")
    assert ended.status_code == 404 and 'href="/follow/lost"' in ended.text
    assert ended.text == unknown.text


def test_the_mail_is_written_in_five_languages() -> None:
    """Each says the reference and the link once more, and whom to ask."""
    assert set(WORDS) == {"en", "de", "fr", "es", "ar"}
    for subject, text, ask in WORDS.values():
        assert ("{reference}" in subject, text.count("{link}"), "{contact}" in ask) == (True, 1, True)


def test_a_package_may_bring_its_own_letter(app: Application, clock: Any, repository: Path) -> None:
    """`letters/new-link.md` takes the place of our words, also for complaints of a version before it."""
    made = filed(app)
    files = {
        str(path.relative_to(repository / "processes" / "iso10002")): path.read_bytes()
        for path in (repository / "processes" / "iso10002").rglob("*") if path.is_file()
    }  # fmt: skip
    body = "---\nsubject: Here you are ({{ reference }})\n---\n\nDear {{ complaint.name }}, [{{ follow_link }}]({{ follow_link }})\n"
    app.engine.deploy({**files, "letters/new-link.md": body.encode()})
    clock.move(minutes=1)
    app.register.lost_links.ask(made.reference, ADDRESS)
    later(app, clock)
    said = app.register.thread(app.register.get(made.reference))[-1]
    assert said.subject == f"Here you are ({made.reference})" and said.body.startswith("Dear Jo,")
    assert opens(app, links(app)[-1][1])


@pytest.mark.parametrize(
    ("base", "address"),
    [("https://a.example/desk/", "https://a.example/desk/f/x"), ("http://a", "http://a/f/x"), ("nowhere", ""), ("", ""), (None, "")],
)
def test_a_link_is_built_only_below_an_address(base: object, address: str) -> None:
    """What `base_url` says is no address everywhere: a page then uses its own, a printed letter keeps the words."""
    assert follow_address(base, "x") == address
