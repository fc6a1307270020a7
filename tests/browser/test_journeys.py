"""Other ways of a complainant, in a browser without scripts: by mail, by post, for somebody, in two goes, withdrawn, surveyed."""

from __future__ import annotations

import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import imap_server
import pytest
from aiosmtpd.controller import Controller
from mail_corpus import mail
from playwright.sync_api import Browser, Page, expect
from serving import end
from waitress.server import create_server

import amends
from amends.engine.incoming import Mailbox, Poller
from amends.webui import create_app

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
UNLIMITED = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}


class Letters:
    """What a real SMTP server on loopback was given."""

    def __init__(self) -> None:
        self.taken: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 Taken"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any, Letters]]:
    """A running server whose letters leave by SMTP."""
    letters = Letters()
    smtp = Controller(letters, hostname="127.0.0.1", port=imap_server.free_port())
    smtp.start()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"HOST": "127.0.0.1", "PORT": str(smtp.port), "SECURITY": "none"}.items():
            patch.setenv(f"AMENDS_SMTP_{name}", value)
        patch.setenv("AMENDS_MAIL_SENDER", "complaints@example.org")
        port = imap_server.free_port()
        address = f"http://127.0.0.1:{port}"
        application = amends.open(data=tmp_path_factory.mktemp("journeys"), settings={"base_url": address})
    application.deploy_shipped()
    application.accounts.create("hanna", "Hanna Handler", ["handler"], PASSWORD)
    application.runner.start()
    server = create_server(create_app(application, **UNLIMITED), host="127.0.0.1", port=port)
    threading.Thread(target=server.run, daemon=True).start()
    yield address, application, letters
    end(server)
    application.close()
    smtp.stop()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A browser without scripts."""
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def to_the_end(page: Page, answers: dict[str, str]) -> None:
    """Fill what of these is asked on each step, and go on to the page to check."""
    for _ in range(8):
        for label, text in answers.items():
            field = page.get_by_label(label, exact=True)
            if field.count() and not field.first.input_value():
                field.first.fill(text)
        if not page.get_by_role("button", name="Continue", exact=True).count():
            return
        press(page, "Continue")


def send(page: Page) -> str:
    press(page, "Send the complaint")
    reference = page.locator(".app-reference").inner_text()
    page.locator("a.app-secret").click()
    return str(reference)


def wait_for(found: Callable[[], Any]) -> Any:
    """What this gives once it gives something: letters and timers run beside the browser."""
    for _ in range(80):
        if value := found():
            return value
        time.sleep(0.25)
    raise AssertionError("It never came.")


def test_in_two_goes_as_a_representative_with_a_file(page: Page, chromium: Browser, installation: Any, tmp_path: Path) -> None:
    """Saved on one device, gone on with on another; for somebody else; a photo of it; all of it arrives."""
    address, application, _ = installation
    page.goto(f"{address}/complain/1")
    page.get_by_label("What happened?").fill("My mother's ramp broke.")
    press(page, "Save and come back later")
    link = page.locator("a.app-secret").get_attribute("href")
    elsewhere = chromium.new_context(java_script_enabled=False).new_page()
    elsewhere.goto(str(link))
    expect(elsewhere.get_by_label("What happened?")).to_have_value("My mother's ramp broke.")
    (tmp_path / "ramp.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(3000))
    press(elsewhere, "Continue")
    press(elsewhere, "Continue")
    elsewhere.locator("input[type=file]").set_input_files(tmp_path / "ramp.jpg")
    to_the_end(elsewhere, {"Your name": "Ann Meyer", "Somebody who acts for you, if there is one (optional)": "Jo Meyer"})
    elsewhere.get_by_text("My mother's ramp broke.").wait_for()
    reference = send(elsewhere)
    complaint = application.register.get(reference)
    assert [(file.name, file.media_type) for file in application.register.files(complaint)] == [("ramp.jpg", "image/jpeg")]
    assert application.engine.instance(complaint.instance_id).variables["complaint"]["representative"] == "Jo Meyer"
    elsewhere.context.close()


def test_withdrawn_and_then_asked_how_it_was(page: Page, installation: Any) -> None:
    """Withdraw on the follow-up page; once closed, the survey is offered there, and answered."""
    address, application, _ = installation
    page.goto(f"{address}/complain/1")
    to_the_end(page, {"What happened?": "It works again."})
    reference = send(page)
    page.get_by_role("link", name="Withdraw the complaint").click()
    page.locator("main button[type=submit]").last.click()
    wait_for(lambda: application.register.get(reference).state == "closed")
    page.goto(f"{address}/follow/{reference}")
    page.get_by_role("link", name="Tell us how we did").click()
    page.get_by_label("Dissatisfied", exact=True).first.check()
    page.locator("main button[type=submit]").last.click()
    expect(page.locator("main")).to_contain_text("We have received your answer")
    assert application.engine.history(application.register.get(reference).instance_id)[-1].data["values"]["handling"] == "2"


def test_by_mail_from_the_mailbox_to_the_link_in_the_answer(page: Page, installation: Any, missing: Callable[[str, str], None]) -> None:
    """Mail in by IMAP, acknowledgement out by SMTP; its link opens the complaint; a reply to it stands in the thread."""
    if reason := imap_server.absent():
        missing("imap", reason)
    address, application, letters = installation
    with tempfile.TemporaryDirectory(prefix="amends-imap-") as folder, imap_server.imap_server(Path(folder)) as imap:
        box = Mailbox("127.0.0.1", imap.tls, "tls", imap_server.USER, imap_server.PASSWORD, context=imap.context)
        poller = Poller(application.mail_in, box)
        imap.put(mail(1, "The lift is broken.", "Broken lift", "Jo <jo.lift@people.example>"))
        poller.round()
        answer = wait_for(lambda: next((one for one in letters.taken if one["To"] == "jo.lift@people.example"), None))
        link = re.search(rf"{address}/f/\S+", answer.get_body(("plain",)).get_content())
        assert link is not None
        page.goto(link[0])
        expect(page.locator("h1")).to_have_text("Broken lift")
        answers = f"In-Reply-To: {answer['Message-ID']}\r\n"
        imap.put(mail(2, "It is the one on platform 2.", "Re: Broken lift", "Jo <jo.lift@people.example>", answers))
        poller.round()
        page.reload()
        expect(page.locator("main")).to_contain_text("It is the one on platform 2.")
        assert imap.many() == 0


def asked(page: Page, first: str) -> list[tuple[str, list[str]]]:
    """Every step of a form from its first one on, with the words of its fields; goes on to the page to check."""
    page.goto(first)
    found = []
    while page.get_by_role("button", name="Continue", exact=True).count():
        words = page.locator("main label, main legend").all_inner_texts()
        found.append((page.locator("h1").inner_text(), [" ".join(text.split()) for text in words]))
        field = page.get_by_label("What happened?", exact=True)
        if field.count() and not field.input_value():
            field.fill("The bus did not stop.")
        press(page, "Continue")
    return found


@pytest.mark.parametrize(("way", "channel"), [("By phone", "phone"), ("In person", "visit")])
def test_by_phone_and_in_person_staff_fill_in_the_same_form(
    page: Page, chromium: Browser, installation: Any, way: str, channel: str
) -> None:
    """The same steps and questions as on the public page; how and when it came is kept; the caller gets a reference and a code."""
    address, application, _ = installation
    public = chromium.new_context(java_script_enabled=False).new_page()
    on_the_web = asked(public, f"{address}/complain/1")
    public.context.close()
    sign_in(page, address)
    page.goto(f"{address}/file")
    press(page, "Continue")
    expect(page.locator(".govuk-error-summary")).to_contain_text("Select how the complaint came")
    page.get_by_label(way, exact=True).check()
    page.get_by_label("When did it come?").fill("2026-01-05 10:30")
    press(page, "Continue")
    assert asked(page, f"{address}/file/1") == on_the_web and len(on_the_web) > 3
    expect(page.locator("main")).to_contain_text(f"{way}.")
    press(page, "Send the complaint")
    reference, code = page.locator(".app-reference").inner_text(), page.locator("p.app-secret").inner_text()
    complaint = application.register.get(reference)
    assert (complaint.channel, complaint.received_at.date().isoformat()) == (channel, "2026-01-05")
    assert application.engine.history(complaint.instance_id)[0].actor.startswith("account:")
    page.context.clear_cookies()
    page.goto(f"{address}/follow")
    page.get_by_label("Reference").fill(reference)
    page.get_by_label("Code").fill(code)
    press(page, "Open my complaint")
    expect(page).to_have_url(f"{address}/follow/{reference}")
    expect(page.locator("main")).to_contain_text("The bus did not stop.")


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("User name").fill("hanna")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Sign in")


def test_by_post_entered_by_staff_and_answered_on_paper(page: Page, installation: Any) -> None:
    """A letter is entered with the day it came; the acknowledgement waits as PDF, and is one once posted; whoever posts it is its proof.

    Until then both staff and the complainant read that it is not posted yet.
    """
    address, application, _ = installation
    sign_in(page, address)
    page.goto(f"{address}/file")
    page.get_by_label("By post", exact=True).check()
    press(page, "Continue")
    answers = {"What happened?": "You did not answer my call.", "Your name": "Old Mr. Post", "Street and number": "1 Row", "Town": "Town"}
    for label in list(answers)[1:]:
        answers[f"{label} (optional)"] = answers[label]
    to_the_end(page, answers)
    press(page, "Send the complaint")
    reference = page.locator(".app-reference").inner_text()
    link = str(page.locator("a.app-secret").get_attribute("href"))
    wait_for(lambda: [one for one in application.print_queue.waiting() if one.reference == reference and one.held])
    assert "acknowledged" not in application.register.get(reference).milestones
    page.goto(f"{address}/complaints/{reference}")
    expect(page.locator(".app-messages")).to_contain_text("Not posted yet")
    page.goto(f"{address}/post")
    row = page.locator("tr", has_text=reference)
    with page.expect_download() as download:
        row.get_by_role("link", name=re.compile("PDF")).click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    row.get_by_role("checkbox").check()
    press(page, "The chosen letters are in the post")
    expect(page.locator("main")).to_contain_text("1 letter is recorded as posted.")
    complaint = application.register.get(reference)
    assert complaint.channel == "post"
    (letter,) = application.register.thread(complaint)
    assert letter.proof.startswith("sent: posted by account:")
    wait_for(lambda: "acknowledged" in application.register.get(reference).milestones)
    page.goto(f"{address}/complaints/{reference}")
    expect(page.locator(".app-messages")).to_contain_text("Posted on")
    page.goto(link)
    expect(page.locator(".app-messages")).to_contain_text("Posted on")


def test_a_lost_link_is_asked_for_and_comes_by_mail(page: Page, installation: Any) -> None:
    """With reference and address, by SMTP; the mail's link opens the complaint; once used, the old one says that it ended and helps."""
    address, _, letters = installation
    page.goto(f"{address}/complain/1")
    to_the_end(page, {"What happened?": "The lift is broken.", "E-mail (optional)": "mo.lost@people.example"})
    press(page, "Send the complaint")
    reference, old = page.locator(".app-reference").inner_text(), page.locator("a.app-secret").get_attribute("href")
    assert str(old).startswith(f"{address}/f/")
    page.context.clear_cookies()
    page.goto(f"{address}/follow")
    page.get_by_role("link", name="I have lost my link and my code").click()
    press(page, "Send me a new link")
    expect(page.locator(".govuk-error-summary")).to_contain_text("Enter the reference of your complaint")
    for email in ("somebody@else.example", "Mo.Lost@people.example"):
        page.goto(f"{address}/follow/lost")
        page.get_by_label("Reference").fill(reference)
        page.get_by_label("E-mail address").fill(email)
        press(page, "Send me a new link")
        expect(page.locator("h1")).to_have_text("Look into your mailbox")
    said = f"Your new link to complaint {reference}"
    answer = wait_for(lambda: next((one for one in letters.taken if one["Subject"] == said), None))
    assert answer["To"] == "mo.lost@people.example"
    link = re.search(rf"{address}/f/\S+", answer.get_body(("plain",)).get_content())
    assert link is not None
    page.goto(link[0])
    expect(page).to_have_url(f"{address}/follow/{reference}")
    expect(page.locator("main")).to_contain_text(said)
    page.get_by_label("What do you want to add?").fill("It is the left one.")
    press(page, "Send")
    expect(page.locator("main")).to_contain_text("We have received it.")
    page.goto(str(old))
    expect(page.locator("h1")).to_have_text("This link does not work")
    expect(page.get_by_role("button", name="Get a new link")).to_be_visible()
    assert [one["To"] for one in letters.taken if one["Subject"] == said] == ["mo.lost@people.example"]
