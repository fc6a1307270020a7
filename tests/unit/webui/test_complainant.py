"""A complainant files and follows a complaint without an account and without JavaScript."""

from __future__ import annotations

import io
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

ANSWERS: list[dict[str, Any]] = [
    {"description": "I was charged twice.", "recurrent": "no", "category": "billing"},
    {"product": "Credit card", "product_reference": "4711"},
    {},
    {},
    {},
]


def form_values(page: Any) -> dict[str, Any]:
    """What a browser would send for a page untouched: hidden inputs, texts, chosen options."""
    values: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", page.text):
        attributes = dict(re.findall(r'(\w[\w-]*)="([^"]*)"', tag))
        if attributes.get("type") in ("radio", "checkbox") and " checked" not in tag or attributes.get("type") in ("submit", "file"):
            continue
        if "name" in attributes:
            values[attributes["name"]] = attributes.get("value", "")
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>([^<]*)</textarea>', page.text):
        values[name] = text.lstrip("\n")
    for name, inner in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', page.text, re.DOTALL):
        chosen = re.search(r'<option[^>]*value="([^"]*)"[^>]*selected', inner)
        values[name] = chosen[1] if chosen else ""
    return values


def required(page: Any) -> dict[str, str]:
    """Something acceptable for whatever the page asks for and nobody has answered: its labels say what."""
    found = {}
    for name, value in form_values(page).items():
        if value == "" and name not in ("go",) and not name.startswith("_"):
            if "email" in name:
                found[name] = "j.meyer@example.org"
            elif name.endswith("name"):
                found[name] = "J. Meyer"
    return found


def fill(browser: Any, upto: int = 5, files: dict[str, Any] | None = None, **more: str) -> Any:
    """Fill the steps from the first to `upto`; the page that follows."""
    page = browser.client.get("/complain", follow_redirects=True)
    for number in range(1, upto + 1):
        sent = form_values(page) | required(page) | ANSWERS[number - 1] | more | (files or {} if number == upto else {})
        if "consent" in page.text:
            sent |= {name: "true" for name in re.findall(r'type="checkbox"[^>]*name="(consent[^"]*)"', page.text)}
        page = browser.client.post(f"/complain/{number}", data=sent, follow_redirects=True, content_type="multipart/form-data")
    return page


def test_start_page_says_what_happens_and_by_when(browser: Any) -> None:
    """Steps, deadlines, other ways and outside help come from the deployed package (ISO 10002, 4.4)."""
    text = browser.get("/").text
    for said in ("Being assessed", "First response", "15 days", "Acknowledgement", "2 working days", "complaints@example.org", "ombudsman"):
        assert said in text, said


def test_without_a_package_the_start_page_says_so(fakes: Any, tmp_path: Any) -> None:
    """Nobody writes a complaint that cannot be taken."""
    from amends.webui import create_app

    client = create_app(fakes.Application(tmp_path, deployed=False), SECRET_KEY="k" * 32, TESTING=True).test_client()
    assert "cannot be taken here yet" in client.get("/").text
    assert client.get("/complain/1").status_code == 404


def test_filing_gives_a_reference_and_a_link_that_works_elsewhere(app: Flask, browser: Any, application: Any) -> None:
    """Five steps, one page to check, then the reference and a secret link that opens the complaint in another browser."""
    page = fill(browser)
    assert "Check before you send" in page.text, page.text
    received = browser.post("/complain/check", on="/complain/check")
    assert "We have received your complaint" in received.text
    link = re.search(r'href="(http://localhost/f/[^"]+)"', received.text)
    assert link is not None
    other = app.test_client()
    answer = other.get(urlsplit(link[1]).path)
    assert answer.status_code == 303 and urlsplit(link[1]).path.split("/")[-1] not in answer.location
    assert "Where it stands" in other.get(answer.location).text
    assert application.register.filed[0]["description"] == "I was charged twice."


@pytest.mark.parametrize(
    ("answers", "said", "code"),
    [
        ({"contact_by": "email"}, "We also write to jo@example.org.", "en"),
        ({"contact_by": "phone", "phone": "+44 20 7946 0123"}, "We will ring you on +44 20 7946 0123.", "en"),
        ({"contact_by": "phone", "phone": "+44 20 7946 0123"}, "Wir rufen Sie unter +44 20 7946 0123 an.", "de"),
        ({"contact_by": "phone", "phone": ""}, "We also write to jo@example.org.", "en"),
        ({"contact_by": "post", "address": "1 Row"}, "We will write to you by post.", "en"),
    ],
)
def test_what_is_promised_is_what_happens(browser: Any, answers: dict[str, str], said: str, code: str) -> None:
    """Where the answer goes, as the letters will; nothing of an e-mail to whoever wants to be rung."""
    browser.client.get(f"/language/{code}")
    fill(browser, email="jo@example.org", **answers)
    page = browser.post("/complain/check", on="/complain/check").text
    assert said in page and ("@example.org." in page) == ("write to jo@" in said)


def test_sending_twice_files_once(browser: Any, application: Any) -> None:
    """A second click on the button shows the same reference."""
    fill(browser)
    token = browser.token(browser.get("/complain/check"))
    pages = [browser.client.post("/complain/check", data={"amends_csrf": token}, follow_redirects=True) for _ in range(2)]
    assert len(application.register.filed) == 1
    references = {re.search(r'app-reference">([^<]+)<', page.text)[1] for page in pages}  # type: ignore[index]
    assert len(references) == 1


def test_back_keeps_what_was_typed(browser: Any) -> None:
    """Going back loses nothing, even what would not pass."""
    page = fill(browser, upto=1)
    sent = form_values(page) | {"product": "Half a wo", "go": "back"}
    first = browser.client.post("/complain/2", data=sent, follow_redirects=True)
    assert "I was charged twice." in first.text
    assert 'value="Half a wo"' in browser.get("/complain/2").text


def test_what_is_missing_is_said_on_top_and_beside_the_field(browser: Any) -> None:
    """An empty answer that is needed is named twice, and the page keeps the rest."""
    page = browser.get("/complain/1")
    answer = browser.client.post("/complain/1", data=form_values(page) | {"recurrent": "yes"})
    assert answer.status_code == 422
    assert "There is a problem" in answer.text and 'href="#' in answer.text
    assert re.search(r'<input[^>]*value="yes"[^>]* checked', answer.text)
    assert "<title>Error: " in answer.text


def test_no_step_is_skipped_when_sending(browser: Any, application: Any) -> None:
    """What was not filled in is asked for before anything is sent."""
    page = browser.get("/complain/1")
    browser.client.post("/complain/1", data=form_values(page) | {"go": "back", "product": "x"})
    answer = browser.post("/complain/check", on="/complain/1", follow=False)
    assert answer.status_code == 422 and "There is a problem" in answer.text
    assert application.register.filed == []


def test_draft_can_be_opened_on_another_device(app: Flask, browser: Any) -> None:
    """“Save and come back later” gives a link that works elsewhere and leaves the address at once."""
    page = browser.get("/complain/1")
    saved = browser.client.post("/complain/1", data=form_values(page) | {"description": "Half a story", "go": "later"})
    link = re.search(r"http://localhost(/complain/resume/[\w-]+)", saved.text)
    assert link is not None
    other = app.test_client()
    assert "Half a story" in other.get(link[1], follow_redirects=True).text
    assert other.get("/complain/resume/guessed").status_code == 404


def test_link_opens_no_other_draft(app: Flask, browser: Any, application: Any, complaint: Any) -> None:
    """What staff or another complainant have typed elsewhere cannot be opened by guessing at the name of its draft."""
    drafts = app.extensions["amends"].drafts
    for key in (f"task:account:a1:{complaint.instance_id}.1", f"answer:{complaint.reference}:complaint withdrawn"):
        drafts.write(key, {"data": {"description": "Not yours"}})
        assert browser.get(f"/complain/resume/{key}").status_code == 404


def test_nothing_personal_is_in_the_cookie(browser: Any) -> None:
    """The draft stays on the server; the cookie holds only a key."""
    page = browser.get("/complain/1")
    browser.client.post("/complain/1", data=form_values(page) | {"description": "Very private words"})
    from base64 import urlsafe_b64decode

    cookie = browser.client.get_cookie("amends").value.split(".")[0]
    assert b"private" not in urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))


def test_wrong_code_does_not_say_what_was_wrong(browser: Any, complaint: Any) -> None:
    """A reference that exists and one that does not get the same answer."""
    pages = [browser.post("/follow", {"reference": reference, "secret": "x"}) for reference in (complaint.reference, "C-00000000")]
    assert [page.status_code for page in pages] == [422, 422]
    assert all("There is no complaint with this reference and code" in page.text for page in pages)


def test_follow_page_needs_the_secret(browser: Any, complaint: Any) -> None:
    """The reference alone opens nothing."""
    answer = browser.get(f"/follow/{complaint.reference}")
    assert answer.status_code == 403 and "Card charged" not in answer.text


def follow(browser: Any, application: Any, complaint: Any) -> None:
    assert browser.get(f"/f/{application.register.secrets[complaint.reference]}").status_code == 303


def test_complainant_adds_words_and_files(browser: Any, application: Any, complaint: Any) -> None:
    """Something can be added at any time; a file is known by its content."""
    follow(browser, application, complaint)
    page = f"/follow/{complaint.reference}"
    sent = {"body": "One thing more", "files": (io.BytesIO(b"%PDF-1.7 x"), "../../photo.jpg")}
    answer = browser.post(f"{page}/message", sent, on=page, content_type="multipart/form-data")
    assert "We have received it." in answer.text and "One thing more" in answer.text
    kept = application.register.files(complaint)[-1]
    assert (kept.name, kept.media_type) == ("photo.jpg", "application/pdf")
    assert browser.post(f"{page}/message", {"body": " "}, on=page).status_code == 422


def test_offer_is_answered_once(browser: Any, application: Any, complaint: Any) -> None:
    """A form the process waits for is sent; when it waits no more, that is said."""
    follow(browser, application, complaint)
    path = f"/follow/{complaint.reference}/answer/complaint withdrawn"
    page = browser.get(path)
    assert "Withdraw the complaint" in page.text
    sent = form_values(page)
    first = browser.client.post(path, data=sent, follow_redirects=True)
    assert first.status_code in (200, 422)
    if first.status_code == 422:
        boxes = [tag for tag in re.findall(r"<input[^>]*>", first.text) if 'type="checkbox"' in tag]
        sent |= {re.search(r'name="([^"]+)"', tag)[1]: "true" for tag in boxes}  # type: ignore[index]
        first = browser.client.post(path, data=sent, follow_redirects=True)
    assert "We have received your answer" in first.text
    assert application.register.answers[0][:2] == (complaint.reference, "complaint withdrawn")
    assert browser.client.post(path, data=sent).status_code == 409


def test_follow_page_closes(browser: Any, application: Any, complaint: Any) -> None:
    """On a shared computer the complaint can be closed, and it closes by itself after an hour."""
    from datetime import timedelta

    follow(browser, application, complaint)
    browser.post("/follow/close", on=f"/follow/{complaint.reference}")
    assert browser.get(f"/follow/{complaint.reference}").status_code == 403
    follow(browser, application, complaint)
    application.engine.at += timedelta(minutes=61)
    assert browser.get(f"/follow/{complaint.reference}").status_code == 403


@pytest.mark.parametrize("subject", ["", "Our decision"])
def test_what_we_last_wrote_has_its_subject_if_it_has_one(browser: Any, application: Any, complaint: Any, fakes: Any, subject: str) -> None:
    """A message without one leaves no empty line behind."""
    application.register.messages[complaint.reference] = [fakes.Message("m1", fakes.NOW, "out", "web", subject, "Words", "system")]
    follow(browser, application, complaint)
    page = browser.get(f"/follow/{complaint.reference}").text
    card = re.search(r"Read what we last wrote to you</a></h3>(.*?)</li>", page, re.DOTALL)
    assert card is not None and re.sub(r"<[^>]+>", "", card[1]).strip() == subject and card[1].count("<p") == bool(subject)
