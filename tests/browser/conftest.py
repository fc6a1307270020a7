"""What the browser tests of the desk share: a running server with one person of every role."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from desk_house import PASSWORD, PEOPLE, UNLIMITED, House
from playwright.sync_api import Browser, Page
from serving import end
from waitress.server import create_server

import amends
from amends.webui import create_app


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any]]:
    app = amends.open(data=tmp_path_factory.mktemp("house"))
    app.deploy_shipped()
    for name, roles in PEOPLE.items():
        app.accounts.create(name, name.title(), roles, PASSWORD)
    server = create_server(create_app(app, **UNLIMITED), host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}", app
    end(server)
    app.close()


@pytest.fixture
def house(chromium: Browser, running: tuple[str, Any], axe_violations: Callable[[Page], list[str]]) -> Iterator[House]:
    made = House(chromium, *running, axe_violations)
    yield made
    for context in made.contexts:
        context.close()
    assert made.found == []
