"""What protects the pages: headers, tokens, limits, cookies, and errors that tell nothing they should not."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask

from amends.webui import create_app
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
    import re

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
    assert browser.post("/account", {"old": fakes.PASSWORD, "new": new, "again": new}).status_code == 200
    assert browser.get("/inbox").status_code == 200
    assert other.get("/inbox").status_code == 303


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
    import re

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
