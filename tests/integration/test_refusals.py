"""What is refused is said in the reader's language: files, sizes, links that ended, too many tries, and every error's page."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import amends
from amends.engine.errors import Unavailable
from amends.engine.files import Guard
from amends.webui import create_app, languages

LANGUAGES = ("en", "de", "fr", "es", "ar")
OTHERS = LANGUAGES[1:]
ENGLISH = re.compile(r"\b(?:the|and|you|your|were|this|that|cannot|nothing|too|please|again|wait|been|with|which)\b", re.IGNORECASE)
"""Words that no sentence of ours does without for long, and that no other of these languages has."""


def bomb() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(60_000_000))
    return held.getvalue()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Any]:
    app = amends.open(data=tmp_path / "data")
    app.deploy_shipped()
    yield app
    app.close()


def flask_of(app: Any, **config: Any) -> Flask:
    limits = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}
    return create_app(app, **{"TESTING": True, "AMENDS_LANGUAGES": ",".join(LANGUAGES), **limits, **config})


def client_in(code: str, flask: Flask) -> FlaskClient:
    client = flask.test_client()
    client.get(f"/language/{code}")
    return client


def token(text: str) -> str:
    found = re.search(r'name="amends_csrf" value="([^"]+)"', text)
    assert found is not None
    return found[1]


def said(answer: Any, code: str) -> str:
    """What the page says, in its summary of errors if it has one: without an English word in others, as the page says it is."""
    html = answer.text
    assert f'<html lang="{code}"' in html and ('dir="rtl"' in html.split("<head>")[0]) == (code == "ar")
    main = html.split("<main")[1].split("</main>")[0].partition(">")[2]
    summary = re.search(r'govuk-error-summary__list">.*?</ul>', main, re.DOTALL)
    main = re.sub(r"<[^>]+>", " ", main if summary is None else "<" + summary[0])
    if code != "en":
        assert ENGLISH.findall(main) == [], main
    return " ".join(main.split())


def follow(app: Any, client: FlaskClient) -> str:
    filed = app.register.file({"description": "–"}, actor="complainant")
    client.get(f"/f/{filed.secret}")
    return str(filed.reference)


def send(client: FlaskClient, reference: str, *files: tuple[str, bytes]) -> Any:
    sent: dict[str, Any] = {"amends_csrf": token(client.get("/follow").text), "body": "…"}
    sent["files"] = [(io.BytesIO(body), name) for name, body in files]
    return client.post(f"/follow/{reference}/message", data=sent, content_type="multipart/form-data")


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_file_that_is_refused_is_refused_in_the_language_of_the_page(app: Any, code: str) -> None:
    """Program, name of a program, bomb: the reason at the field, another one for each, and no word of English elsewhere than in English."""
    client = client_in(code, flask_of(app))
    reference = follow(app, client)
    reasons = []
    for name, body in (("1.pdf", b"MZ" + bytes(99)), ("2.jpg", b"\x7fELF" + bytes(99)), ("3.exe", b"x"), ("4.zip", bomb())):
        answer = send(client, reference, (name, body))
        assert answer.status_code == 422 and name in said(answer, code)
        reasons.append(re.sub(r"\d\.\w+", "", said(answer, code)))
    assert len(set(reasons)) == 4
    assert app.register.files(app.register.get(reference)) == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_sizes_numbers_and_a_scanner_that_is_away_are_said_so(app: Any, code: str) -> None:
    """Too large 413, too many 422, not scanned 400: with what one can do, and nothing about where the scanner is."""
    client = client_in(code, flask_of(app, AMENDS_MAX_FILE=1000, AMENDS_MAX_FILES=3))
    reference = follow(app, client)
    large = send(client, reference, ("a.txt", b"x" * 1001))
    many = send(client, reference, *((f"{number}.txt", b"x") for number in range(4)))
    app.guard = Guard("/nowhere/clamd.sock")
    unscanned = send(client, reference, ("a.txt", b"x"))
    assert [(one.status_code, bool(said(one, code))) for one in (large, many, unscanned)] == [(413, True), (422, True), (400, True)]
    assert "1 kB" in said(large, code) and "3" in said(many, code) and "clamd" not in unscanned.text


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_error_page_speaks_the_language(app: Any, code: str) -> None:
    """400 forged, 403 not this browser's, 404 page, link, reference and draft, 405, 409 asked no more, 422, 429 too many tries."""
    client = client_in(code, flask_of(app, AMENDS_LIMIT_FOLLOW="8/minute"))
    reference = follow(app, client)
    csrf = token(client.get("/follow").text)
    answers = {
        "forged": (400, client.post("/follow", data={"reference": "x"})),
        "not this browser's": (403, client.get("/follow/C-00000000")),
        "not this browser's to write to": (403, client.post("/follow/C-00000000/message", data={"amends_csrf": csrf, "body": "…"})),
        "page": (404, client.get("/nowhere")),
        "link": (404, client.get(f"/f/{'a' * 22}")),
        "draft": (404, client.get("/complain/resume/nothing")),
        "method": (405, client.get(f"/follow/{reference}/message")),
        "asked no more": (409, client.get(f"/follow/{reference}/answer/decision answered")),
        "wrong code": (422, client.post("/follow", data={"amends_csrf": csrf, "reference": "C-00000000", "secret": "x"})),
        "nothing to add": (422, client.post(f"/follow/{reference}/message", data={"amends_csrf": csrf})),
        "lost, not filled in": (422, client.post("/follow/lost", data={"amends_csrf": csrf})),
    }
    answers["too many tries"] = (429, [client.get("/f/guess") for _ in range(9)][-1])
    told = {name: (answer.status_code, len(said(answer, code)) > 15) for name, (_, answer) in answers.items()}
    assert told == {name: (status, True) for name, (status, _) in answers.items()}


@pytest.mark.parametrize("code", OTHERS)
def test_a_failure_of_ours_and_a_database_that_is_away_are_said_in_it(app: Any, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 with its number, 503 with what was typed; also where the very choice of the language cannot ask the database."""
    client = client_in(code, flask_of(app, TESTING=False, PROPAGATE_EXCEPTIONS=False))
    csrf = token(client.get("/follow").text)

    def fails(*_: Any, **__: Any) -> Any:
        raise RuntimeError("unforeseen")

    def gone(*_: Any, **__: Any) -> Any:
        raise Unavailable("The database cannot be reached.")

    post = {"amends_csrf": csrf, "reference": "C-00000000", "secret": "x"}
    with monkeypatch.context() as patched:
        patched.setattr(app.register, "by_secret", fails)
        unforeseen = client.post("/follow", data=post)
    monkeypatch.setattr(app.register, "by_secret", gone)
    monkeypatch.setattr(languages, "offered", gone)
    away = client.post("/follow", data=post)
    assert (unforeseen.status_code, away.status_code) == (500, 503)
    assert said(unforeseen, code) and "cannot be reached" not in said(away, code)


def test_whom_to_ask_may_differ_by_language(app: Any) -> None:
    """`contact_de` where the installation has it, on the page and in letters; else `contact`, never the package's own for another."""
    app.change_setting("contact", "+44 1", actor="system")
    app.change_setting("contact_de", "+49 2", actor="system")
    flask = flask_of(app)
    pages = {code: client_in(code, flask).get("/follow/lost").text for code in ("en", "de", "fr")}
    assert {code: ("+44 1" in text, "+49 2" in text) for code, text in pages.items()} == {
        "en": (True, False), "de": (False, True), "fr": (True, False),
    }  # fmt: skip
    for code in ("de", "fr"):
        made = app.register.file({"description": "–", "email": f"{code}@example.org"}, actor="complainant", language=code)
        app.engine.run_due()
        letter = app.register.thread(app.register.get(made.reference))[0].body
        assert ("+49 2" in letter, "+44 1" in letter) == (code == "de", code == "fr")


def test_an_administrator_sets_it_on_the_page(app: Any) -> None:
    """A row for each language that the package has; a setting that may not differ has none."""
    app.accounts.create("adam", "Adam", ["admin"], "correct horse battery")
    client = flask_of(app).test_client()
    csrf = token(client.get("/sign-in").text)
    client.post("/sign-in", data={"username": "adam", "password": "correct horse battery", "amends_csrf": csrf})
    page = client.get("/admin/settings").text
    assert 'id="contact_de"' in page and 'id="base_url_de"' not in page
    answer = client.post("/admin/settings/contact_de", data={"amends_csrf": token(page), "value": "+49 3"})
    assert answer.status_code == 303 and app.settings["contact_de"] == "+49 3"
    assert client.post("/admin/settings/base_url_de", data={"amends_csrf": token(page), "value": "x"}).status_code == 404
