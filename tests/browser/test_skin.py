"""The skin, on one page that has every class once, under the content security policy the product sends."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent / "skin"
POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"


class Handler(SimpleHTTPRequestHandler):
    """Serves the page, its diagram and the built assets, each with the policy."""

    def __init__(self, *arguments: object, dist: Path, **options: object) -> None:
        self.dist = dist
        super().__init__(*arguments, directory=str(HERE), **options)  # type: ignore[arg-type]

    def translate_path(self, path: str) -> str:
        return str(self.dist / path.removeprefix("/dist/")) if path.startswith("/dist/") else super().translate_path(path)

    def do_GET(self) -> None:
        if self.path != "/":
            return super().do_GET()
        text = (HERE / "index.html").read_text()
        for name, file in json.loads((self.dist / "manifest.json").read_text()).items():
            text = text.replace("{" + name + "}", file)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def address(repository: Path) -> Iterator[str]:
    dist = repository / "webui" / "static" / "dist"
    if not (dist / "manifest.json").exists():
        pytest.fail("The assets are not built: run `make assets`.")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, dist=dist))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    yield context
    context.close()


def opened(context: BrowserContext, address: str) -> tuple[Page, list[str]]:
    """The page, with its diagram drawn, and everything its console had to complain about."""
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    page.wait_for_selector("[data-diagram-state=drawn], [data-diagram-state=failed]")
    return page, said


def test_scripts_and_diagram_keep_to_the_policy(context: BrowserContext, address: str) -> None:
    """Neither govuk-frontend, htmx nor bpmn-js needs an inline style or script, or anything from elsewhere."""
    _, said = opened(context, address)
    assert said == []


def test_diagram_is_drawn_with_its_marks(context: BrowserContext, address: str) -> None:
    """Elements carry the marks the page asked for, in colours that show."""
    page, _ = opened(context, address)
    assert page.get_attribute(".app-diagram", "data-diagram-state") == "drawn"
    marked = {
        mark: page.eval_on_selector_all(f".app-mark-{mark}", "found => found.map(one => one.dataset.elementId)")
        for mark in ("active", "done", "incident")
    }
    assert marked == {"active": ["Task_assess"], "done": ["Task_ack"], "incident": ["Task_close"]}
    fill = "(found) => getComputedStyle(found.querySelector('.djs-visual > :first-child')).fill"
    assert page.eval_on_selector(".app-mark-active", fill) == "rgb(211, 236, 236)"


def test_mark_of_bpmn_io_stays_visible(context: BrowserContext, address: str) -> None:
    """The licence of bpmn-js: its mark is shown on every diagram, wholly, covered by nothing."""
    page, _ = opened(context, address)
    mark = page.locator(".app-diagram .bjs-powered-by")
    mark.scroll_into_view_if_needed()
    assert mark.is_visible()
    box = mark.bounding_box()
    assert box and box["width"] > 20 and box["height"] > 10
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    assert page.evaluate("([x, y]) => Boolean(document.elementFromPoint(x, y).closest('.bjs-powered-by'))", middle)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing(chromium: Browser, address: str, axe_violations: Callable[[Page], list[str]], scheme: str, width: int) -> None:
    """Every class, in light and dark, on a phone and on a desk: no violation of WCAG 2.2 AA that axe-core knows."""
    context = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light", viewport={"width": width, "height": 900})
    page, _ = opened(context, address)
    assert axe_violations(page) == []
    context.close()


def test_nothing_runs_off_a_phone(chromium: Browser, address: str) -> None:
    """At 320 px no page scrolls sideways, even with words that have no spaces."""
    context = chromium.new_context(viewport={"width": 320, "height": 640})
    page, _ = opened(context, address)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    context.close()


def test_works_without_scripts(chromium: Browser, address: str) -> None:
    """Without JavaScript everything but the diagram is there, and the diagram says so."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator(".app-diagram__waiting").is_visible()
    assert page.locator(".govuk-details__summary").is_visible()
    context.close()


def test_inbox_by_keyboard(context: BrowserContext, address: str) -> None:
    """j and k walk the rows, x chooses one, ? shows the keys, and none of them acts while one types."""
    page, _ = opened(context, address)
    focused = "document.activeElement.textContent"
    page.keyboard.press("j")
    assert page.evaluate(focused) == "Assess the complaint"
    page.keyboard.press("j")
    assert page.evaluate(focused) == "Investigate"
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate(focused) == "Assess the complaint"
    page.keyboard.press("x")
    assert page.locator(".app-inbox__choose input").first.is_checked()
    page.fill("#findings", "")
    page.type("#findings", "jxk?")
    assert page.input_value("#findings") == "jxk?"
    page.locator(".app-inbox__link").first.focus()
    page.keyboard.press("?")
    assert page.locator("dialog#keys").is_visible()
