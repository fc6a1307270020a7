"""Every public page in every language, on a phone and on a desk: axe-core, nothing cut off, small, nothing from elsewhere."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from decided import accept, ask, decide, far, withdraw
from playwright.sync_api import Browser, Page
from serving import end
from waitress.server import create_server

import amends
from amends.webui import create_app

pytestmark = pytest.mark.browser

LANGUAGES = ("en", "de", "fr", "es", "ar")
WORDS = {
    "en": "Tell us what went wrong", "de": "Sagen Sie uns, was schiefgelaufen ist", "fr": "Dites-nous ce qui n’a pas été",
    "es": "Díganos qué ha ido mal", "ar": "أخبرنا بما حدث",
}  # fmt: skip
MOST_BYTES = 100_000
UNLIMITED = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[tuple[str, Any]]:
    """A running server that offers five languages."""
    if not (repository / "webui" / "static" / "dist" / "manifest.json").exists():
        pytest.fail("The assets are not built: run `make assets`.")
    application = amends.open(data=tmp_path_factory.mktemp("languages"))
    application.deploy_shipped()
    app = create_app(application, AMENDS_LANGUAGES=",".join(LANGUAGES), **UNLIMITED)
    server = create_server(app, host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}", application
    end(server)
    application.close()


class Watched:
    """A browser's page, with what it fetched: how many bytes for each page, and from where."""

    def __init__(self, page: Page, address: str, violations: Callable[[Page], list[str]], code: str) -> None:
        self.page, self.address, self.violations, self.code = page, address, violations, code
        self.bytes = self.shots = 0
        self.found: list[str] = []
        page.on("request", self._asked)
        # What really went over the wire, headers included; each page as if it were the first one seen.
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        wire.on("Network.loadingFinished", self._count)
        page.on("console", lambda said: self.found.append(f"{page.url}: {said.text}") if said.type == "error" else None)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.found.append(f"{self.page.url} asks {request.url}")

    def _count(self, loaded: dict[str, Any]) -> None:
        self.bytes += int(loaded["encodedDataLength"])

    def go(self, path: str) -> None:
        """Open a page anew, as if for the first time, and look at it."""
        self.bytes = 0
        self.page.goto(path if path.startswith(self.address) else self.address + path)
        self.page.wait_for_load_state("networkidle")
        assert self.bytes > 30_000
        if self.bytes > MOST_BYTES:
            self.found.append(f"{path} transfers {self.bytes} bytes")
        self.look()

    def look(self) -> None:
        html = self.page.locator("html")
        if (html.get_attribute("lang"), html.get_attribute("dir")) != (self.code, "rtl" if self.code == "ar" else None):
            self.found.append(f"{self.page.url} is in {html.get_attribute('lang')}")
        self.found += self.violations(self.page)
        for width in (1280, 320):
            self.page.set_viewport_size({"width": width, "height": 900})
            over = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0:
                self.found.append(f"{self.page.url} is {over} px wider than a screen of {width}")
            if folder := os.environ.get("AMENDS_TEST_SCREENSHOTS"):
                self.shots += 1
                name = re.sub(r"C-\w+|[^a-z]+", "-", self.page.url.removeprefix(self.address))[:30].strip("-") or "start"
                self.page.screenshot(path=f"{folder}/{self.code}-{self.shots:02}-{name}-{width}.png", full_page=True)
        self.page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_whole_way_in_every_language(
    code: str, chromium: Browser, installation: tuple[str, Any], axe_violations: Callable[[Page], list[str]]
) -> None:
    """Start, every step with its errors, the page to check, the reference, the follow-up page before and after an answer, a wrong code."""
    address, application = installation
    context = chromium.new_context()
    seen = Watched(context.new_page(), address, axe_violations, code)
    seen.page.goto(f"{address}/language/{code}?to=/healthz")
    seen.go("/")
    assert seen.page.locator("h1").inner_text() == WORDS[code]
    seen.go("/complain/1")
    press = seen.page.locator("button[name=go][value=next]")
    press.click()
    seen.look()
    assert seen.page.locator(".govuk-error-summary").count() == 1
    seen.page.locator("textarea").first.fill("Der Zug war zu spät. Le train était en retard.")
    for _ in range(8):
        press.click()
        if seen.page.url.endswith("/check"):
            break
        seen.look()
    seen.look()
    seen.page.locator("main form button").first.click()
    seen.look()
    reference = seen.page.locator(".app-reference").inner_text()
    application.engine.run_due()
    seen.page.goto(seen.page.locator("a.app-secret").get_attribute("href") or "")
    seen.go(f"/follow/{reference}")
    offer = seen.page.locator(".app-card a[href*='/answer/']").first.get_attribute("href")
    seen.go(offer or "")
    for path in ("/follow", "/nowhere"):
        seen.page.goto(address + path)
        seen.look()
    told = application.engine.instance(application.register.get(reference).instance_id).variables["language"]
    assert told == code
    context.close()
    assert [one for one in seen.found if "status of 404" not in one and "status of 422" not in one] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_state_in_every_language(
    code: str,
    chromium: Browser,
    installation: tuple[str, Any],
    axe_violations: Callable[[Page], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Asked, decided, its question, closed, the survey and its errors, withdrawn, by post and by telephone, a lost link, an ended one."""
    address, application = installation
    context = chromium.new_context()
    seen = Watched(context.new_page(), address, axe_violations, code)
    seen.page.goto(f"{address}/language/{code}?to=/healthz")

    def filed() -> Any:
        told = {"description": "The kettle leaks.", "subject": "Kettle", "email": "jo@example.org", "name": "Jo Roe"}
        made = application.register.file(told, actor="complainant", language=code)
        seen.page.goto(f"{address}/f/{made.secret}")
        return made

    asked = filed()
    ask(application, asked.instance_id)
    seen.go(f"/follow/{asked.reference}")
    seen.go(f"/follow/{asked.reference}/answer/information received")
    assert seen.page.locator("details[open]").count() == 1
    made = filed()
    decide(application, made.instance_id)
    seen.go(f"/follow/{made.reference}")
    seen.go(f"/follow/{made.reference}/answer/decision answered")
    seen.page.locator("main button[type=submit]").last.click()
    seen.look()
    assert seen.page.locator(".govuk-error-summary").count() == 1
    accept(application, made.reference)
    seen.go(f"/follow/{made.reference}")
    assert application.register.get(made.reference).state == "closed"
    seen.go(f"/follow/{made.reference}/answer/survey answered")
    seen.page.locator("main button[type=submit]").last.click()
    seen.look()
    seen.page.locator("main input[type=radio]").first.check()
    gone = filed()
    withdraw(application, gone.reference)
    seen.go(f"/follow/{gone.reference}")
    assert application.register.get(gone.reference).state == "closed"
    for more in ({"contact_by": "post", "address": "1 Row"}, {"contact_by": "phone", "phone": "+44 20 7946 0123"}):
        by_post = application.register.file({"description": "It leaks.", **more}, actor="complainant", language=code)
        seen.page.goto(f"{address}/f/{by_post.secret}")
        application.engine.run_due()
        seen.go(f"/follow/{by_post.reference}")
        assert seen.page.locator(".app-message__way .app-tag").count() == 1
        (letter,) = [one for one in application.print_queue.waiting() if one.reference == by_post.reference]
        (application.print_queue.told if letter.to_say else application.print_queue.posted)(letter.key, actor="system")
        seen.go(f"/follow/{by_post.reference}")
        assert seen.page.locator(".app-message__way").count() == 1 and seen.page.locator(".app-message__way .app-tag").count() == 0
    seen.go("/follow/lost")
    seen.page.locator("main button[type=submit]").click()
    seen.look()
    seen.page.locator("input[name=reference]").fill(made.reference)
    seen.page.locator("input[name=email]").fill("jo@example.org")
    seen.page.locator("main button[type=submit]").click()
    seen.look()
    assert seen.page.url.endswith("/follow/lost/asked")
    later = far(application)
    monkeypatch.setattr(application.engine, "_clock", lambda: later)
    seen.go(f"/f/{made.secret}")
    assert seen.page.locator("main a[href='/follow/lost']").count() == 1
    context.close()
    assert [one for one in seen.found if "status of 404" not in one and "status of 422" not in one] == []
