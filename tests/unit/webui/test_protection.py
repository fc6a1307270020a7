"""What protects the pages: headers, tokens, limits, cookies, and errors that tell nothing they should not."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app, request

from amends.webui import create_app
from amends.webui.errors import given
from amends.webui.signin import local_path


def test_headers_on_every_answer(browser: Any) -> None:
    """Pages, errors and files carry the policy; pages are not stored."""
    for path in ("/", "/nowhere", "/healthz", "/static/icon.svg"):
        headers = browser.get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"] and "unsafe" not in headers["Content-Security-Policy"], path
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer", path
    assert browser.get("/").headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in browser.get("/").headers
    assert "Strict-Transport-Security" in browser.get("/", base_url="https://localhost").headers


def test_cookie_is_for_the_server_only_and_secure_with_https(app: Flask) -> None:
    """No script reads the session cookie; by https it is never sent in the clear."""
    plain = app.test_client().get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in plain and "SameSite=Lax" in plain and "Secure" not in plain
    assert "Secure" in app.test_client().get("/sign-in", base_url="https://localhost").headers["Set-Cookie"]


POSTS = ["/sign-in", "/sign-out", "/complain/1", "/complain/check", "/follow", "/inbox", "/studio/deploy", "/admin/accounts"]


@pytest.mark.parametrize("path", POSTS)
def test_post_without_token_changes_nothing(browser: Any, path: str) -> None:
    """Another site cannot send a form in somebody's name."""
    answer = browser.client.post(path, data={"amends_csrf": "guessed"})
    assert answer.status_code == 400
    assert "nothing was sent" in answer.text


def test_token_of_another_session_is_refused(app: Flask, browser: Any) -> None:
    """A token belongs to one browser."""
    token = browser.token(browser.get("/sign-in"))
    other = app.test_client()
    other.get("/sign-in")
    assert other.post("/sign-in", data={"amends_csrf": token}).status_code == 400


def test_sign_in_is_limited(browser: Any) -> None:
    """Passwords cannot be tried without end."""
    answers = [browser.post("/sign-in", {"username": "hanna", "password": "guess"}).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_sign_in_does_not_say_which_was_wrong(browser: Any) -> None:
    """A wrong name and a wrong password get the same answer."""
    pages = [browser.post("/sign-in", {"username": name, "password": "guess"}).text for name in ("hanna", "nobody-here")]
    plain = [re.sub(r'value="[^"]*"', "", page) for page in pages]
    assert plain[0] == plain[1]


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ("/inbox?list=all", "/inbox?list=all"), ("https://evil.example", ""), ("//evil.example", ""), ("/\\evil.example", ""),
        ("javascript:x", ""), (None, ""),
    ],
)  # fmt: skip
def test_sign_in_leads_only_to_this_site(app: Flask, wanted: str | None, kept: str) -> None:
    """A link to the sign-in cannot send anybody elsewhere."""
    with app.test_request_context():
        assert local_path(wanted) == kept


def test_sign_in_returns_to_the_page_asked_for(browser: Any, fakes: Any) -> None:
    """Who was sent to sign in comes back to where they wanted to go."""
    start = browser.get("/complaints")
    sent = {"username": "hanna", "password": fakes.PASSWORD, "next": "/complaints"}
    answer = browser.post("/sign-in", sent, on=start.location, follow=False)
    assert answer.location == "/complaints"


def test_deactivated_account_is_out_at_once(browser: Any, application: Any) -> None:
    """An account that is closed, or whose sessions were ended, sees nothing more."""
    browser.sign_in("hanna")
    assert browser.get("/inbox").status_code == 200
    application.accounts.deactivate("a1")
    assert browser.get("/inbox").status_code == 303


def test_idle_session_ends(browser: Any, application: Any) -> None:
    """A screen left alone for an hour is signed out; one in use is not."""
    from datetime import timedelta

    browser.sign_in("hanna")
    for _ in range(3):
        application.engine.at += timedelta(minutes=50)
        assert browser.get("/inbox").status_code == 200
    application.engine.at += timedelta(minutes=61)
    assert browser.get("/inbox").status_code == 303


def test_password_change_ends_other_sessions(app: Flask, browser: Any, fakes: Any) -> None:
    """After a new password only the browser that set it stays signed in."""
    other = type(browser)(app)
    browser.sign_in("hanna")
    other.sign_in("hanna")
    new = "a completely new phrase"
    assert browser.post("/account", {"old_password": fakes.PASSWORD, "new_password": new, "again_password": new}).status_code == 200
    assert browser.get("/inbox").status_code == 200
    assert other.get("/inbox").status_code == 303


NEW = "a completely new phrase"
OURSELVES = {"Sec-Fetch-Site": "same-origin"}


def test_no_password_and_no_code_is_given_back(app: Flask, repository: Path) -> None:
    """Whatever a page of ours asks for as a password or a code never stands on an error page, where other words do."""
    lines = [line for file in (repository / "webui" / "templates").rglob("*.html") for line in file.read_text().splitlines()]
    asking = [line for line in lines if 'type="password"' in line or "one-time-code" in line]
    names = {(re.search(r'text_input\("([^"]+)"', line) or re.search(r'\bname="([^"]+)"', line) or [line, line])[1] for line in asking}
    assert {"password", "code", "old_password"} <= names
    sent = {name: NEW for name in [*names, "secret", "Password"]} | {"reason": "It is lost."}
    with app.test_request_context("/account", method="POST", data=sent, headers=OURSELVES):
        assert given() == [("Reason", "It is lost.")]


def test_an_error_does_not_show_the_passwords_that_were_typed(browser: Any, fakes: Any) -> None:
    """Where a form stood open too long, nor where somebody has tried too often."""
    browser.sign_in("hanna")
    sent = {"old_password": fakes.PASSWORD, "new_password": NEW, "again_password": NEW}
    old = browser.client.post("/account", data={"amends_csrf": "old", **sent}, headers=OURSELVES)
    sent["old_password"] = "wrong"
    answers = [old, *(browser.post("/account", sent) for _ in range(10))]
    assert [one.status_code for one in (answers[0], answers[1], answers[-1])] == [400, 422, 429]
    assert not [one.status_code for one in answers if NEW in one.text or fakes.PASSWORD in one.text]


LEAKED = {"Your case was leaked": "Ring +1 900 1234", "reference": "Ring +1 900 5678"}
CAME_FROM = [
    ({"Origin": "https://evil.example"}, False), ({"Origin": "null"}, False), ({"Sec-Fetch-Site": "cross-site"}, False), ({}, False),
    ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-site"}, False), ({"Origin": "http://localhost"}, True), (OURSELVES, True),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "back"), CAME_FROM)
def test_another_site_puts_no_words_on_our_pages(browser: Any, headers: dict[str, str], back: bool) -> None:
    """What was typed comes back only to where a page of ours has sent it, and only what is a field of a form."""
    answer = browser.client.post("/follow/lost", data=LEAKED, headers=headers)
    assert answer.status_code == 400
    assert ("Ring +1 900 5678" in answer.text) == back
    assert "Ring +1 900 1234" not in answer.text and "leaked" not in answer.text


def test_what_is_sent_to_no_page_is_neither_read_nor_given_back(browser: Any) -> None:
    """However large it is; the bound of a request holds at every address, and what comes back has a bound too."""
    with browser.client as client:
        answer = client.post("/nope", data={"body": "y" * 3_000_000}, headers=OURSELVES)
        assert (answer.status_code, request.max_content_length) == (404, current_app.config["AMENDS_MAX_REQUEST"])
    assert len(answer.text) < 50_000 and "yyy" not in answer.text
    answer = browser.client.post("/follow/lost", data={"body": "y" * 1_000_000, "more": "zzz"}, headers=OURSELVES)
    assert answer.status_code == 400 and "yyy" in answer.text and len(answer.text) < 150_000 and "zzz" not in answer.text
    too_large = browser.client.post("/follow/lost", data={"body": "y" * 3_000_000}, headers=OURSELVES)
    assert too_large.status_code == 413 and "yyy" not in too_large.text


def test_unexpected_error_tells_only_a_number(application: Any, caplog: Any) -> None:
    """What nobody foresaw is logged; the page says nothing of the inside, and needs no database."""
    app = create_app(application, SECRET_KEY="k" * 32, TESTING=False)

    def broken() -> None:
        raise RuntimeError("secret detail")

    application.engine.deployments = broken
    answer = app.test_client().get("/")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text and "tell us this number" in answer.text


def test_too_large_is_said_with_the_bound(application: Any) -> None:
    """A file that is too large is refused with the size allowed."""
    app = create_app(application, SECRET_KEY="k" * 32, TESTING=True, AMENDS_MAX_FILE=1000)
    client = app.test_client()

    token = re.search(r'name="amends_csrf" value="([^"]+)"', client.get("/complain/1").text)
    assert token is not None
    sent = {"amends_csrf": token[1], "files": (io.BytesIO(b"x" * 1001), "photo.jpg")}
    answer = client.post("/complain/1", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 413
    assert "1 kB" in answer.text


def test_sessions_outlive_a_restart(application: Any) -> None:
    """Without a key given, one is made once, readable by its owner alone, and the next start uses it again."""
    first, second = (create_app(application, TESTING=True) for _ in range(2))
    assert first.secret_key == second.secret_key and len(first.secret_key or b"") == 32
    assert (application.data / "session-key").stat().st_mode & 0o077 == 0
