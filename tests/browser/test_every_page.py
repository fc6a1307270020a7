"""Every page of staff there is, with everything in it long: on a phone, magnified, dark, on paper, without motion, by keyboard."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyboard
import pytest
from crowded import PASSWORD, Crowded, package_zip
from desk_house import UNLIMITED
from looking import faults, widths, with_size
from page_forms import NONSENSE, forms_of
from playwright.sync_api import Browser, Page, expect
from serving import end
from waitress.server import create_server

import amends
from amends.webui import create_app

pytestmark = pytest.mark.browser
SEND = """([action, sent]) => {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = action;
  const add = (name, value) => form.append(Object.assign(document.createElement('input'), {type: 'hidden', name, value}));
  add('amends_csrf', document.querySelector('[name=amends_csrf]').value);
  for (const [name, values] of Object.entries(sent)) values.forEach(value => add(name, value));
  document.body.append(form);
  form.submit();
}"""
"""Sends what no page would let somebody choose, as a form of the page."""
SHOTS = os.environ.get("AMENDS_TEST_SCREENSHOTS", "")
"""A folder: pictures of every page are put there, to look at."""


class Desk:
    """The crowded installation, served, and the browser of somebody with every role."""

    def __init__(self, chromium: Browser, folder: Path, repository: Path) -> None:
        self.app = amends.open(data=folder)
        self.crowded = Crowded(self.app)
        flask = create_app(self.app, **UNLIMITED)
        self.addresses = self.crowded.addresses(flask)
        self.rules = list(flask.url_map.iter_rules())
        self.flask = flask
        self.server = create_server(flask, host="127.0.0.1", port=0)
        threading.Thread(target=self.server.run, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.effective_port}"
        self.context = chromium.new_context(viewport={"width": 1280, "height": 900})
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda said: self.said.append(f"{self.page.url}: {said.text}") if self.bad(said) else None)
        self.page.on("pageerror", lambda error: self.said.append(f"{self.page.url}: {error}"))
        self.page.goto(f"{self.address}/sign-in")
        self.page.get_by_label("User name").fill("zoe")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()
        self.page.goto(f"{self.address}/studio")
        chosen = {"name": "package.zip", "mimeType": "application/zip", "buffer": package_zip(repository)}
        self.page.locator("input[type=file]").set_input_files(chosen)  # type: ignore[arg-type]
        self.page.get_by_role("button", name="Check").click()
        self.page.wait_for_url("**/studio/check")

    @staticmethod
    def bad(said: Any) -> bool:
        """What a page complains about; a refusal is none of it, nor a process that was never drawn."""
        known = ("the server responded with a status of 4", "no diagram to display")
        return said.type in ("error", "warning") and not any(one in said.text for one in known)

    def open(self, address: str, width: int = 1280, height: int = 900) -> Page:
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.goto(f"{self.address}{address}")
        if self.page.locator(".app-diagram").count():
            self.page.wait_for_selector("[data-diagram-state=drawn], [data-diagram-state=failed]")
        return self.page

    def picture(self, name: str) -> None:
        """Put pictures of the page into the folder that is asked for, if one is."""
        if not SHOTS:
            return
        kept = re.sub(r"\W+", "-", name).strip("-")[:80]
        self.page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true; })")
        for width in (320, 1280):
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.screenshot(path=f"{SHOTS}/{kept}-{width}.png", full_page=True)
        self.page.emulate_media(media="print")
        self.page.set_viewport_size({"width": 718, "height": 1000})
        self.page.screenshot(path=f"{SHOTS}/{kept}-paper.png", full_page=True)
        self.page.emulate_media(media="screen")

    def close(self) -> None:
        self.context.close()
        end(self.server)
        self.app.close()


@pytest.fixture(scope="module")
def desk(chromium: Browser, tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[Desk]:
    made = Desk(chromium, tmp_path_factory.mktemp("crowded"), repository)
    yield made
    made.close()


def test_every_page_looks_right_everywhere(desk: Desk, axe_violations: Callable[[Page], list[str]]) -> None:
    """No page scrolls sideways, is cut, moves against somebody's wish, prints its buttons, or has anything axe-core finds."""
    found: list[str] = []
    seen = set()
    for address in desk.addresses:
        page = desk.open(address)
        seen.add(page.locator("h1").first.inner_text())
        found += faults(page, axe_violations)
        desk.picture(address)
    assert found + desk.said == []
    assert len(desk.addresses) > 50 and len(seen) > 25, (len(desk.addresses), sorted(seen))


@pytest.mark.parametrize("width", [1280, 320])
def test_every_page_can_be_walked_by_tab(desk: Desk, width: int) -> None:
    """Tab reaches whatever can be used, folded out, in the order of the page; one always sees where one is, and gets out again."""
    found: list[str] = []
    for address in desk.addresses:
        page = desk.open(address, width, 700)
        page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true; })")
        found += keyboard.faults(page)
    assert found == []


def test_the_walk_sees_what_is_wrong(desk: Desk) -> None:
    """A field that is skipped, one out of order, one whose focus does not show, one that is covered, and a trap."""
    page = desk.context.new_page()
    page.set_content(
        "<style>button { outline: none } div { position: fixed; inset: 0 0 auto; height: 60px; background: white }</style>"
        "<a href='#a' style='position: absolute; top: 10px'>Covered</a><div></div><p style='height: 80px'></p>"
        "<a href='#b' tabindex='2'>Early</a> <button>Unseen</button> <input aria-label='Skipped'> <a href='#c'>Fine</a>"
        "<script>document.querySelector('input').onfocus = () => document.querySelector('[href=\"#c\"]').focus()</script>"
    )
    found = sorted(one.removeprefix("about:blank: ") for one in keyboard.faults(page))
    page.set_content("<a href='#a'>In</a> <a href='#b'>Out</a><script>onkeydown = event => event.preventDefault()</script>")
    trapped = keyboard.faults(page)
    page.close()
    assert found == [
        "a “Covered” is covered by something", "button “Unseen” looks as if it were not focused", "input “Skipped” is not reached",
        "the order of Tab is not the order of the page",
    ]  # fmt: skip
    assert len(trapped) == 2


def test_every_refusal_looks_right(desk: Desk, axe_violations: Callable[[Page], list[str]]) -> None:
    """What a page says to a form that cannot mean anything has nothing that axe-core finds, light or dark, and fits a phone."""
    client, found, seen = desk.flask.test_client(), [], set()
    for cookie in desk.context.cookies():
        client.set_cookie(cookie["name"], cookie["value"])
    for form in forms_of(client, desk.addresses, desk.flask.url_map):
        command = next((one for one in reversed(form.commands) if one not in (("go", "draft"), ("go", "back"), ("go", "look"))), None)
        if form.endpoint in seen or command is None or not form.has("chosen"):
            continue
        seen.add(form.endpoint)
        page = desk.open(form.page)
        with page.expect_navigation():
            page.evaluate(SEND, [form.action, form.sent(command, typed="", chosen=NONSENSE)])
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found += [f"{form.endpoint}, {scheme}: {one}" for one in axe_violations(page)]
        with_size(page, 320, 100)
        found += [f"{form.endpoint}, on a phone: {one}" for one in widths(page, scrolls=False)]
        assert "Error" in page.title() or page.locator("h1").inner_text() in ("Something needs correcting", "That cannot be found"), form
    assert not found, "\n".join(found)
    assert len(seen) > 10
