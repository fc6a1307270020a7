"""The complainant's whole way by keyboard alone: every stop of Tab can be seen, and nothing needs a pointer."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from decided import decide
from playwright.sync_api import Browser, Page, TimeoutError, expect
from serving import end
from waitress.server import create_server

import amends
from amends.webui import create_app

pytestmark = pytest.mark.browser

UNLIMITED = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}
MOST_STOPS = 60
SEEN = """() => {
    const here = document.activeElement, box = here.getBoundingClientRect();
    const label = here.labels && here.labels[0];
    // A radio or checkbox is drawn by what stands before its label.
    const drawn = [[here, null], ...(label ? [[label, '::before'], [label, null]] : [])];
    const marked = drawn.some(([one, part]) => {
        const style = getComputedStyle(one, part);
        return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== 'none';
    });
    const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    return {marked, inside, text: (here.getAttribute('aria-label') || (label && label.innerText) || here.innerText || '').trim(),
            tag: here.tagName, name: here.name || '', value: here.value || ''};
}"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any]]:
    """A running server with the package that ships."""
    application = amends.open(data=tmp_path_factory.mktemp("keyboard"))
    application.deploy_shipped()
    server = create_server(create_app(application, **UNLIMITED), host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}", application
    end(server)
    application.close()


class Keys:
    """Somebody with a keyboard: what Tab stops at, and where the stop could not be seen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.unseen: list[str] = []
        self.stops = 0

    def to(self, words: str, tag: str = "", value: str = "") -> None:
        """Press Tab until what has these words has the focus; each stop on the way must be seen."""
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            at = self.page.evaluate(SEEN)
            if at["tag"] == "BODY":
                continue
            self.stops += 1
            if not (at["marked"] and at["inside"]):
                why = "is not marked" if at["inside"] else "is outside"
                self.unseen.append(f"{self.page.url}: {at['tag']} {at['text'] or at['name']!r} {why}")
            if re.search(words, at["text"]) and tag in ("", at["tag"]) and value in ("", at["value"]):
                return
        raise AssertionError(f"Tab never came to {words!r} on {self.page.url}: {self.page.locator('main').inner_text()[:400]}")

    def press(self, words: str, tag: str = "") -> None:
        """Go there and press Enter; another page comes."""
        self.to(words, tag)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.page.wait_for_load_state("networkidle")

    def choose_file(self, file: Path) -> None:
        """Open the system's window with Space, as the focus is on the field, and choose there; a busy browser may miss a key."""
        for patience in (5_000, 10_000, 30_000):
            try:
                with self.page.expect_file_chooser(timeout=patience) as chooser:
                    self.page.keyboard.press("Space")
            except TimeoutError:
                continue
            return chooser.value.set_files(file)
        raise AssertionError("No window to choose a file opened.")

    def type(self, words: str, text: str) -> None:
        """Go to the field and type."""
        self.to(words)
        self.page.keyboard.type(text)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_the_whole_way_by_keyboard(chromium: Browser, installation: Any, tmp_path: Path, scripts: bool) -> None:
    """Skip link, file with an attachment, save and come back, send, follow, add something, reject the decision."""
    address, application = installation
    context = chromium.new_context(java_script_enabled=scripts, viewport={"width": 1000, "height": 700})
    page = context.new_page()
    keys = Keys(page)
    page.goto(address)
    keys.to("^Skip to main content$")
    page.keyboard.press("Enter")
    keys.press("^Make a complaint$")
    keys.type("^What happened\\?$", "The lift is broken.")
    keys.press("^Save and come back later$")
    keys.press(r"/complain/resume/")
    keys.press("^Continue$")
    keys.press("^Continue$")
    keys.to("^Photos, letters or other papers")
    (tmp_path / "lift.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(3000))
    keys.choose_file(tmp_path / "lift.jpg")
    page.wait_for_timeout(300)
    expect(page.locator(".htmx-request")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    keys.press("^Continue$")
    keys.type("^Your name", "Kay Board")
    while "/check" not in page.url:
        keys.press("^Continue$")
    expect(page.locator("main")).to_contain_text("lift.jpg")
    keys.press("^Send the complaint$")
    reference = page.locator(".app-reference").inner_text()
    keys.press("/f/")
    keys.type("^What do you want to add", "It is the one on platform 2.")
    keys.press("^Send$")
    expect(page.locator("main")).to_contain_text("It is the one on platform 2.")
    complaint = application.register.get(reference)
    assert [file.name for file in application.register.files(complaint)] == ["lift.jpg"]
    decide(application, complaint.instance_id)
    page.goto(f"{address}/follow/{reference}")
    keys.press("^Accept the decision, or ask for a review$")
    keys.to("^Yes, I accept it$")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(SEEN)["value"] == "rejected" and page.locator("input[value=rejected]").is_checked()
    keys.press("^Send$", "BUTTON")
    expect(page.locator("main")).to_contain_text("We have received your answer")
    application.engine.run_due()
    assert application.engine.instance(complaint.instance_id).variables["answer"] == "rejected"
    context.close()
    assert keys.unseen == [] and keys.stops > 60


def test_errors_are_reached_from_their_summary(chromium: Browser, installation: Any) -> None:
    """The summary has the focus when the page comes; Tab and Enter lead into the field that it names."""
    address, _ = installation
    context = chromium.new_context()
    page = context.new_page()
    keys = Keys(page)
    page.goto(f"{address}/complain/1")
    keys.press("^Continue$")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.goto(f"{address}/follow/lost")
    keys.press("^Send me a new link$")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    context.close()
    assert keys.unseen == []
