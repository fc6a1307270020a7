"""Mail from a real IMAP server, or piped: to the complaint it belongs to, once, whatever dies meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imap_server
import pytest
from click.testing import CliRunner
from imap_server import PASSWORD, USER, ImapServer
from mail_corpus import head, mail

import amends
from amends.application import Application
from amends.cli import main
from amends.engine.errors import Conflict, Invalid, NotFound
from amends.engine.files import Guard
from amends.engine.incoming import Mailbox, Poller
from amends.engine.incoming.mailbox import MailboxAway, mailbox_from
from amends.engine.operating.keeping import Keeper

ME = "Jo Meyer <jo.meyer@people.example>"


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: Any) -> Iterator[Application]:
    app = amends.open(database_url, data=tmp_path / "data", clock=clock)
    app.deploy_shipped()
    yield app
    app.close()


@pytest.fixture(scope="module")
def imap(missing: Callable[[str, str], None]) -> Iterator[ImapServer]:
    """A Dovecot; skipped, saying so, where there is none."""
    if reason := imap_server.absent():
        missing("imap", reason)
    # Not a folder of pytest's: those are for root alone, and Dovecot reads mail as somebody else.
    with tempfile.TemporaryDirectory(prefix="amends-imap-") as folder, imap_server.imap_server(Path(folder)) as server:
        yield server


def poller(app: Application, imap: ImapServer, security: str = "tls", **more: Any) -> Poller:
    port = imap.tls if security == "tls" else imap.plain
    return Poller(app.mail_in, Mailbox("127.0.0.1", port, security, USER, PASSWORD, context=imap.context, **more))


def take(app: Application, raw: bytes) -> Any:
    """Keep and take in a mail; what is known of it, and the complaint it belongs to now."""
    id, _ = app.mail_in.keep(raw)
    app.mail_in.take(id)
    found = {one.id: one for state in ("new", "taken", "aside", "dismissed") for one in app.mail_in.list(state)}[id]
    return found, app.register.get(instance_id=found.instance_id) if found.instance_id else None


def file(app: Application) -> Any:
    filed = app.register.file({"description": "Late again", "name": "Jo Meyer", "email": "jo.meyer@people.example"}, actor="complainant")
    return app.register.get(filed.reference)


# -- IMAP ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_mail_is_fetched_taken_in_and_gone_from_the_mailbox(app: Application, imap: ImapServer, security: str) -> None:
    """A new complaint with its file, and its acknowledgement in the thread with the proof that it left; nothing is left behind."""
    raw = mail(1, f"My ticket was refused, by {security}.", "A refused ticket", ME)
    imap.put(raw)
    polling = poller(app, imap, security)
    assert polling.round() == (1, 1) and imap.many() == 0
    (complaint,) = app.register.search()
    assert (complaint.channel, complaint.complainant_name, complaint.email) == ("email", "Jo Meyer", "jo.meyer@people.example")
    assert complaint.subject == "A refused ticket"
    app.engine.run_due()
    (letter,) = app.register.thread(complaint)
    assert letter.direction == "out" and letter.proof.startswith("sent: mail/") and complaint.reference in letter.subject
    imap.put(raw)
    assert polling.round() == (1, 0) and len(app.register.search()) == 1 and imap.many() == 0


def test_what_was_kept_moves_to_the_folder_for_it_and_what_is_too_large_to_another(app: Application, imap: ImapServer) -> None:
    """Where a folder is named, mails go there; one over the limit is left whole in the mailbox, in a folder that says why."""
    polling, there = poller(app, imap, taken="Taken in", most=2_000), (imap.many("Taken in"), imap.many("Too large"))
    imap.put(mail(2, "Short"), mail(3, "Long " * 1000), mail(4, "Short as well, but other"))
    assert polling.round() == (2, 2)
    assert (imap.many(), imap.many("Taken in"), imap.many("Too large")) == (0, there[0] + 2, there[1] + 1)


def test_a_server_that_is_away_or_refuses_loses_nothing(app: Application, imap: ImapServer) -> None:
    """The error names the server; mail stays where it is, and what was kept before is still taken in."""
    app.mail_in.keep(mail(5, "Kept before"))
    away = Poller(app.mail_in, Mailbox("127.0.0.1", imap_server.free_port(), "none", USER, PASSWORD))
    with pytest.raises(MailboxAway, match=r"The mailbox at 127\.0\.0\.1 cannot be read"):
        away.round()
    assert len(app.register.search()) == 1
    imap.put(mail(6, "Waits"))
    wrong = Poller(app.mail_in, Mailbox("127.0.0.1", imap.plain, "none", USER, "wrong password"))
    with pytest.raises(MailboxAway):
        wrong.round()
    with pytest.raises(MailboxAway):  # no STARTTLS without the certificate
        Poller(app.mail_in, Mailbox("127.0.0.1", imap.plain, "starttls", USER, PASSWORD)).round()
    assert imap.many() == 1
    poller(app, imap).round()
    assert len(app.register.search()) == 2


def test_killed_between_keeping_and_deleting_nothing_comes_twice_or_is_lost(imap: ImapServer, tmp_path: Path, clock: Any) -> None:
    """A process that fetches is killed with -9 again and again; in the end every mail is one complaint."""
    data = tmp_path / "killed"
    first = amends.open(data=data)
    first.deploy_shipped()
    first.close()
    words = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo", "lima"]
    imap.put(*(mail(100 + number, f"About {word}", word, f"{word} <{word}@people.example>") for number, word in enumerate(words)))
    environment = os.environ | {
        "AMENDS_IMAP_HOST": "127.0.0.1", "AMENDS_IMAP_PORT": str(imap.plain), "AMENDS_IMAP_SECURITY": "none", "AMENDS_IMAP_USER": USER,
        "AMENDS_IMAP_PASSWORD": PASSWORD,
    }  # fmt: skip
    command = [sys.executable, "-m", "amends", "mail", "--fetch", "--data", str(data)]
    for wait in (0.9, 1.1, 1.3, 1.6):
        running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        time.sleep(wait)
        running.send_signal(signal.SIGKILL)
        running.wait(20)
    assert subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, timeout=120).returncode == 0
    app = amends.open(data=data)
    assert sorted(complaint.subject for complaint in app.register.search()) == words and imap.many() == 0
    app.close()


def test_settings_of_the_mailbox() -> None:
    """From the environment; none without a host; never a password in the open; each mistake is said."""
    assert mailbox_from({}) is None
    given = {"AMENDS_IMAP_HOST": "mail.example", "AMENDS_IMAP_USER": "u", "AMENDS_IMAP_PASSWORD": "p", "AMENDS_IMAP_TAKEN": "Old"}
    found = mailbox_from(given)
    assert found == Mailbox("mail.example", 0, "tls", "u", "p", "INBOX", "Old") and "p'" not in repr(found)
    with pytest.raises(Invalid, match="AMENDS_IMAP_PORT"):
        mailbox_from({"AMENDS_IMAP_HOST": "x", "AMENDS_IMAP_PORT": "many"})
    with pytest.raises(Invalid, match="set one of"):
        Mailbox("x", security="maybe")
    with pytest.raises(Invalid, match="without encryption"):
        Mailbox("mail.example", security="none", password="p")


# -- piped --------------------------------------------------------------------------------------------------------------


def test_a_piped_message_is_kept_and_taken_in_and_what_cannot_be_kept_is_tried_again(tmp_path: Path, monkeypatch: Any) -> None:
    """Exit code 0 once it is on disk; 75, for the mail server to try again, where it cannot be; 65 for one that is too long."""
    data = str(tmp_path / "data")
    app = amends.open(data=data)
    app.deploy_shipped()
    app.close()
    run = CliRunner().invoke
    first = run(main, ["mail", "--data", data], input=mail(1, "Piped in", "By pipe", ME))
    assert first.exit_code == 0 and "kept" in first.output
    assert "known already" in run(main, ["mail", "--data", data], input=mail(1, "Piped in", "By pipe", ME)).output
    assert run(main, ["mail", "--data", data], input=mail(2, "x", extra="Precedence: bulk\r\n")).exit_code == 0
    assert "It went to many people." in run(main, ["mail", "--waiting", "--data", data]).output
    assert run(main, ["mail", "--data", data], input=b"\n").exit_code == 2
    assert run(main, ["mail", "--fetch", "--data", data]).exit_code == 2
    monkeypatch.setenv("AMENDS_MAIL_MOST", "500")
    assert run(main, ["mail", "--data", data], input=mail(3, "x" * 1000)).exit_code == 65
    monkeypatch.setenv("AMENDS_CLAMD", "nowhere")
    assert run(main, ["mail", "--data", data], input=mail(4, "x")).exit_code == 65
    app = amends.open(data=data) if monkeypatch.delenv("AMENDS_CLAMD") is None else None
    assert app is not None and [complaint.subject for complaint in app.register.search()] == ["By pipe"]
    app.close()


# -- what it becomes ----------------------------------------------------------------------------------------------------


def test_a_reply_to_a_question_answers_it_and_the_clock_goes_on(app: Application) -> None:
    """The process waits for information; the complainant answers the letter by mail, and the process goes on with those words."""
    complaint = file(app)

    def do(element_id: str, data: dict[str, Any]) -> None:
        app.engine.run_due()
        (task,) = (task for task in app.engine.user_tasks(complaint.instance_id) if task.element_id == element_id)
        app.engine.complete(task.id, data, actor=f"historical:{element_id}")

    do("assess", {"severity": "low", "complexity": "simple", "impact": "one", "recurrence": "single", "investigation_needed": "yes"})
    do("investigate", {"investigation_outcome": "ask_complainant", "question": "Which train was it?"})
    app.engine.run_due()
    assert [offer.message for offer in app.register.offers(complaint)] == ["information received", "complaint withdrawn"]
    question = app.mailer.read(app.mailer.list()[0].name)  # type: ignore[attr-defined]
    raw = mail(
        7, "It was the 8:15.\n\nOn Tue, 3 Mar 2026 the team wrote:\n> Which train was it?", "Re: your question", ME,
        f"In-Reply-To: {question['Message-ID']}\r\n",
    )  # fmt: skip
    found, to = take(app, raw)
    assert (found.state, to.reference) == ("taken", complaint.reference)
    (given,) = (event for event in app.engine.history(complaint.instance_id) if event.kind == "message")
    assert given.data["values"]["information"] == "It was the 8:15."
    assert [offer.message for offer in app.register.offers(complaint)] == ["complaint withdrawn"]
    (said,) = (message for message in app.register.thread(complaint) if message.direction == "in")
    assert (said.channel, said.author) == ("email", f"complainant:{complaint.reference}") and "8:15" in said.body


def test_what_somebody_else_writes_is_in_the_thread_for_staff_alone_and_answers_nothing(app: Application) -> None:
    """A sender can be made up: who only knows the reference adds a message that staff see, with the address it came from."""
    complaint = file(app)
    found, to = take(app, mail(8, "I am Jo, honestly. I withdraw.", f"About {complaint.reference}", "X <x@elsewhere.example>"))
    assert to.reference == complaint.reference and to.state == "open"
    assert [message.body for message in app.register.thread(complaint) if message.direction == "in"] == []
    (message,) = (one for one in app.register.thread(complaint, internal=True) if one.direction == "in")
    assert message.body.startswith("[X <x@elsewhere.example>, not the complainant's address as we know it]") and not message.visible


def test_a_letter_that_comes_back_is_marked_with_the_reason(app: Application) -> None:
    """The journal says returned, and why; a report of a delay changes nothing; the report itself is in the thread for staff."""
    from mail_corpus import bounce

    complaint = file(app)
    app.engine.run_due()
    letter = app.mailer.read(app.mailer.list()[0].name)  # type: ignore[attr-defined]
    take(app, bounce(1, letter["Message-ID"], "delayed", "4.4.7"))
    (sent,) = app.register.thread(complaint)
    assert sent.proof.startswith("sent: ")
    take(app, bounce(2, letter["Message-ID"]))
    (sent,) = app.register.thread(complaint)
    assert sent.proof.startswith("returned: mail/")
    assert sent.proof.endswith("came back: 5.1.1 smtp; 550 No such user rfc822; gone@people.example")
    assert app.engine.run_due() == 0 and len(app.mailer.list()) == 1  # type: ignore[attr-defined]


def test_a_person_decides_what_a_mail_aside_is(app: Application) -> None:
    """A new complaint, part of one, or none; once; the decision is in the installation's history."""
    complaint = file(app)
    bulk = [take(app, mail(20 + number, f"Newsletter {number}", extra="Precedence: bulk\r\n"))[0] for number in range(3)]
    assert [one.state for one in bulk] == ["aside"] * 3 and app.mail_in.read(bulk[0].id).text == "Newsletter 0"
    assert app.mail_in.settle(bulk[0].id, actor="account:jo", reference=complaint.reference) == complaint.instance_id
    made = app.mail_in.settle(bulk[1].id, actor="account:jo", complaint=True)
    assert made is not None and app.register.get(instance_id=made).email == "person21@people.example"
    assert app.mail_in.settle(bulk[2].id, actor="account:jo") is None
    for one in bulk:
        with pytest.raises((Conflict, NotFound)):
            app.mail_in.settle(one.id, actor="account:jo")
    kinds = [(event.element_id, event.data["as"]) for event in app.engine.history("installation") if event.kind == "mail settled"]
    assert kinds == [(bulk[0].id, "part of a complaint"), (bulk[1].id, "a new complaint"), (bulk[2].id, "no complaint")]


def test_one_sender_is_not_answered_without_end(app: Application, clock: Any) -> None:
    """Ten complaints a day are filed and answered, however different; what comes after waits for a person, and tomorrow is another day."""
    words = "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima".split()
    states = [take(app, mail(200 + number, f"About {word}", word, ME))[0].state for number, word in enumerate(words)]
    assert states == ["taken"] * 10 + ["aside"] * 2 and len(app.register.search()) == 10
    clock.move(days=1, minutes=1)
    assert take(app, mail(300, "About mike", "mike", ME))[0].state == "taken"


def test_mail_waits_while_no_process_is_deployed_or_the_scanner_is_away(database_url: str, tmp_path: Path, clock: Any) -> None:
    """It is kept, says why, and is taken in once that is put right; a complaint form that refuses it puts it before a person."""
    app = amends.open(database_url, data=tmp_path / "data", clock=clock)
    id, _ = app.mail_in.keep(mail(1, "Early"))
    assert app.mail_in.take_all() == 0
    (waiting,) = app.mail_in.list("new")
    assert waiting.attempts == 1 and waiting.why.startswith("No deployed package says")
    app.deploy_shipped()
    app.mail_in.guard = Guard(f"127.0.0.1:{imap_server.free_port()}", timeout=2)
    app.mail_in.keep(with_file("a.txt", b"text"))
    assert app.mail_in.take_all() == 1 and app.mail_in.list("new")[0].why.startswith("The virus scanner at 127.0.0.1")
    app.mail_in.guard = Guard()
    assert app.mail_in.take_all() == 1 and len(app.register.search()) == 2
    found, _ = take(app, mail(9, "text", "s", "X <" + "x" * 60 + "@" + "y" * 240 + ">"))
    assert found.state == "taken" or found.why.startswith("The complaint form refuses it.")
    app.close()


def with_file(name: str, body: bytes, number: int = 50) -> bytes:
    from email.message import EmailMessage

    message = EmailMessage()
    message.set_content(f"With a file, {name}")
    message.add_attachment(body, maintype="application", subtype="octet-stream", filename=name)
    return head(number, f"File {name}", ME).encode() + message.as_bytes().replace(b"\n", b"\r\n")


def test_a_refused_file_is_said_and_the_rest_is_kept(app: Application) -> None:
    """The words are taken in with a note of what is not kept and why."""
    _, complaint = take(app, with_file("holiday.exe", b"MZ" + bytes(100)))
    assert app.register.files(complaint) == []
    said = app.engine.instance(complaint.instance_id).variables["complaint"]["description"]
    assert said == "With a file, holiday.exe\n\n[The file “holiday.exe” is a Windows program, which we do not keep.]"


def test_an_erasure_forgets_the_mail_but_not_that_it_was_taken_in(app: Application) -> None:
    """After it, the same mail that comes again is known and makes no complaint of it; what nobody looked at is let go of after 90 days."""
    raw = mail(60, "I am Zephyrine", "Zephyrine", "Zephyrine <zephyrine@people.example>")
    found, complaint = take(app, raw)
    app.engine.cancel(complaint.instance_id, reason="withdrawn", actor="system")
    app.register.erase(complaint, reason="asked for", actor="system")
    assert app.mail_in.keep(raw) == (found.id, False) and len(app.register.search()) == 1
    take(app, mail(61, "A newsletter", extra="Precedence: bulk\r\n"))
    app.keeper.tidy()
    assert len(app.mail_in.list()) == 1
    app.engine._clock.move(days=91)  # type: ignore[attr-defined]
    Keeper(app.engine, app.keeper.chores).tidy()  # as it is an hour later
    assert app.mail_in.list() == []
