"""Files that mean harm, sent to the pages: refused with a reason at their field, words kept; what is kept never acts as a page of ours."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

import amends
from amends.engine.files import Guard
from amends.webui import create_app

JPEG = b"\xff\xd8\xff\xe0" + bytes(500)
PAGE = b"<html><script>alert(document.domain)</script></html>"
HOSTILE = {
    "svg with a script": ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"),
    "page called a picture": ("photo.jpg", PAGE), "page called a text": ("a.txt", PAGE), "page": ("index.html", PAGE),
    "picture that is a page": ("both.html", JPEG + PAGE), "pdf that is a page": ("both.pdf", b"%PDF-1.4\n" + PAGE),
    "name with a path": ("../../../etc/cron.d/x", b"text"), "name with a header": ('a"; filename="b.html', b"text"),
    "xml": ("a.xml", b'<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><a/>'), "manifest": ("m.appcache", b"CACHE MANIFEST\n"),
}  # fmt: skip


def bomb() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(60_000_000))
    return held.getvalue()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Any]:
    app = amends.open(data=tmp_path / "data")
    app.deploy_shipped()
    app.accounts.create("hanna", "Hanna Handler", ["handler"], "correct horse battery")
    yield app
    app.close()


@pytest.fixture
def client(app: Any) -> Any:
    return create_app(app, TESTING=True, AMENDS_LIMIT_FILE=None, AMENDS_LIMIT_FOLLOW=None, AMENDS_LIMIT_SIGN_IN=None).test_client()


def token(page: TestResponse) -> str:
    found = re.search(r'name="amends_csrf" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def follow(app: Any, client: Any) -> str:
    """A complaint whose follow-up page this browser has open; its reference."""
    filed = app.register.file({"description": "Late"}, actor="complainant")
    client.get(f"/f/{filed.secret}")
    return str(filed.reference)


def send(client: Any, reference: str, name: str, body: bytes, words: str = "See the file") -> TestResponse:
    sent = {"amends_csrf": token(client.get(f"/follow/{reference}")), "body": words, "files": (io.BytesIO(body), name)}
    answer: TestResponse = client.post(f"/follow/{reference}/message", data=sent, content_type="multipart/form-data")
    return answer


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_kept_leaves_as_a_download_that_no_browser_runs(app: Any, client: Any, case: str) -> None:
    """For staff who open it: an attachment, a type that is by content and never one that runs, no sniffing, no script."""
    name, body = HOSTILE[case]
    reference = follow(app, client)
    assert send(client, reference, name, body).status_code == 303
    page = client.get("/sign-in")
    given = {"username": "hanna", "password": "correct horse battery", "amends_csrf": token(page)}
    client.post("/sign-in", data=given)
    (file,) = app.register.files(app.register.get(reference))
    assert "/" not in file.name and "\\" not in file.name
    answer = client.get(f"/complaints/{reference}/files/{file.id}")
    assert answer.status_code == 200 and answer.data == body
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.mimetype in ("text/plain", "image/jpeg", "application/pdf", "application/octet-stream")


def test_what_is_refused_is_said_at_its_field_and_the_words_are_kept(app: Any, client: Any) -> None:
    """On the follow-up page and in the complaint form: status 422, the reason, what was typed, and no file anywhere."""
    reference = follow(app, client)
    for name, body, why in (
        ("invoice.exe", b"MZ" + bytes(99), "is a Windows program"), ("holiday.zip", bomb(), "would unpack to far more"),
        ("photo.jpg", b"\x7fELF" + bytes(99), "is a program"),
    ):  # fmt: skip
        answer = send(client, reference, name, body, "Words I typed")
        assert answer.status_code == 422 and why in answer.text and "Words I typed" in answer.text
    assert app.register.files(app.register.get(reference)) == []
    client.get("/complain")
    page = client.get("/complain/1")
    client.post("/complain/1", data={"amends_csrf": token(page), "description": "It broke", "go": "next"})
    client.post("/complain/2", data={"amends_csrf": token(page), "go": "next"})
    sent = {"amends_csrf": token(page), "remedy_wanted": "yes", "remedy": "Half a wish", "go": "next"}
    sent["enclosures"] = (io.BytesIO(b"MZ" + bytes(99)), "a.pdf")  # type: ignore[assignment]
    answer = client.post("/complain/3", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 422 and "is a Windows program" in answer.text and "Half a wish" in answer.text
    assert "Half a wish" in client.get("/complain/3").text


def test_while_the_scanner_is_away_files_are_refused_for_now(app: Any, client: Any) -> None:
    """A scanner that does not answer is no yes; words without a file still arrive."""
    reference = follow(app, client)
    app.guard = Guard("/nowhere/clamd.sock")
    answer = send(client, reference, "a.txt", b"text")
    assert answer.status_code == 400 and "does not answer" in answer.text
    assert app.register.files(app.register.get(reference)) == []
    sent = {"amends_csrf": token(client.get(f"/follow/{reference}")), "body": "Only words"}
    assert client.post(f"/follow/{reference}/message", data=sent).status_code == 303
