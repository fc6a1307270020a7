"""A web application on the application in memory, and a browser without scripts to look at it."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from amends.webui import create_app


def _fakes() -> ModuleType:
    """fakes.py beside this file; tests are no package, so it is loaded by its path."""
    name = "amends_webui_fakes"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("fakes.py"))
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


class Browser:
    """Follows links and sends forms as a browser without scripts does: with what the page's own form holds."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, **values: Any) -> TestResponse:
        return self.client.get(path, **values)

    def token(self, page: TestResponse) -> str:
        found = re.search(r'name="amends_csrf" value="([^"]+)"', page.text)
        assert found is not None, "the page has no form with a token"
        return unescape(found[1])

    def post(
        self, path: str, data: dict[str, Any] | None = None, *, on: str | None = None, follow: bool = True, **values: Any
    ) -> TestResponse:
        """Post to `path` with the token of the page `on` (default: the same address)."""
        sent = {"amends_csrf": self.token(self.get(on or path)), **(data or {})}
        return self.client.post(path, data=sent, follow_redirects=follow, **values)

    def sign_in(self, username: str) -> None:
        answer = self.post("/sign-in", {"username": username, "password": _fakes().PASSWORD}, follow=False)
        assert answer.status_code == 303, answer.text


@pytest.fixture
def fakes() -> ModuleType:
    return _fakes()


@pytest.fixture
def application(tmp_path: Path) -> Any:
    return _fakes().Application(tmp_path)


@pytest.fixture
def app(application: Any) -> Flask:
    return create_app(application, TESTING=True, SECRET_KEY="k" * 32)


@pytest.fixture
def browser(app: Flask) -> Iterator[Browser]:
    yield Browser(app)


@pytest.fixture
def complaint(application: Any) -> Any:
    """A complaint with a message, a file and an open task."""
    filed = application.register.file({"description": "Charged twice", "subject": "Card charged twice"}, actor="complainant")
    found = application.register.get(reference=filed.reference)
    me = f"complainant:{filed.reference}"
    kept = application.register.add_file("receipt.pdf", "application/pdf", b"%PDF-1.7", actor=me)
    application.register.receive(found, "It happened again.", author=me, files=[kept.id])
    return found


@pytest.fixture
def task(application: Any, complaint: Any) -> Any:
    return application.engine.open_task(complaint.instance_id, "assess")
