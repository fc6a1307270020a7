"""The whole way of a complaint in Chromium: the complainant's part with JavaScript off, staff with it on, axe-core on every page."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from serving import end
from waitress.server import create_server

import amends
from amends.webui import create_app

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
PEOPLE = {
    "hanna": ("Hanna Handler", ["handler", "team-lead"]),
    "henry": ("Henry Handler", ["handler", "manager"]),
    "dan": ("Dan Decider", ["decider"]),
    "rita": ("Rita Reviewer", ["reviewer"]),
    "olga": ("Olga Owner", ["process-owner"]),
    "ann": ("Ann Auditor", ["auditor"]),
    "adam": ("Adam Admin", ["admin"]),
}
UNLIMITED = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[tuple[str, Any]]:
    """A running server with the package that ships, and its application."""
    if not (repository / "webui" / "static" / "dist" / "manifest.json").exists():
        pytest.fail("The assets are not built: run `make assets`.")
    application = amends.open(data=tmp_path_factory.mktemp("installation"))
    application.deploy_shipped()
    for username, (name, roles) in PEOPLE.items():
        application.accounts.create(username, name, roles, PASSWORD)
    application.runner.start()
    server = create_server(create_app(application, AMENDS_PACKAGES=repository / "processes", **UNLIMITED), host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}", application
    end(server)
    application.close()


class Seen:
    """Pages as they were looked at: what axe-core and the console had to say, and whether anything was cut off."""

    def __init__(self, violations: Callable[[Page], list[str]], known: set[tuple[str, str]]) -> None:
        self.violations = violations
        self.found: list[str] = []
        self.known = known

    def look(self, page: Page) -> None:
        """Look at this page, unless one of the same kind that says as much was looked at: axe-core takes a second each."""
        kind = re.sub(r"https?://[^/]+|C-\w+|[0-9a-f]{32}[.\d]*", "", page.url), page.title()
        headings = " ".join(re.sub(r"C-\w+", "", text) for text in page.locator("main h1, main h2, main legend").all_inner_texts())
        if (kind[0], kind[1] + headings) in self.known:
            return
        self.known.add((kind[0], kind[1] + headings))
        drawn = page.locator("[data-diagram-url]")
        if drawn.count():
            expect(drawn.first).to_have_attribute("data-diagram-state", "drawn", timeout=15_000)
        self.found += self.violations(page)
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 800})
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0:
                self.found.append(f"{page.url} is {over} px wider than a screen of {width}")
        page.set_viewport_size({"width": 1280, "height": 900})

    def listen(self, page: Page) -> Page:
        """Note everything the console complains about."""
        page.on("console", lambda said: self.found.append(f"{page.url}: {said.text}") if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.found.append(f"{page.url}: {error}"))
        return page


@pytest.fixture(scope="module")
def known() -> set[tuple[str, str]]:
    """Pages that were looked at."""
    return set()


@pytest.fixture
def seen(axe_violations: Callable[[Page], list[str]], known: set[tuple[str, str]]) -> Seen:
    return Seen(axe_violations, known)


class Complainant:
    """Somebody on a phone without scripts; a second pair of eyes, with scripts, looks at the same pages for axe-core."""

    def __init__(self, chromium: Browser, address: str, seen: Seen) -> None:
        self.address = address
        self.seen = seen
        self.context: BrowserContext = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
        self.page = self.context.new_page()
        self.eyes: BrowserContext = chromium.new_context()

    def look(self) -> None:
        self.eyes.add_cookies(self.context.cookies())  # type: ignore[arg-type]
        page = self.seen.listen(self.eyes.new_page())
        page.goto(self.page.url)
        self.seen.look(page)
        page.close()

    def file(self, description: str) -> str:
        """File a complaint, open the follow page by the secret link, and give the reference."""
        page = self.page
        page.goto(self.address)
        self.look()
        press(page, "Make a complaint")
        page.get_by_label("What happened?").fill(description)
        while page.get_by_role("button", name="Continue").count():
            self.look()
            fill(page, {"Which product or service": "Season ticket", "Your name": "J. Meyer", "E-mail": "j.meyer@example.org"})
            press(page, "Continue")
        self.look()
        expect(page.get_by_text(description)).to_be_visible()
        press(page, "Send the complaint")
        self.look()
        reference = page.locator(".app-reference").inner_text()
        page.locator("a.app-secret").click()
        expect(page).to_have_url(f"{self.address}/follow/{reference}")
        return reference

    def wait_for(self, words: str, reference: str, at: str = "[aria-current=step]") -> None:
        """Load the follow page until it says this at the step where it stands: letters and timers run beside it."""
        for _ in range(60):
            self.page.goto(f"{self.address}/follow/{reference}")
            if self.page.locator(at).get_by_text(words).count():
                self.look()
                return
            time.sleep(0.25)
        raise AssertionError(f"The follow page never said {words!r}: {self.page.locator('main').inner_text()}")

    def answer(self, offer: str, reference: str, choice: str) -> None:
        """Open an offer, choose, send."""
        self.wait_for(offer, reference, at=".app-card")
        self.page.get_by_role("link", name=offer).click()
        self.look()
        choose(self.page, [choice])
        self.page.locator("main button[type=submit]").last.click()
        expect(self.page.locator("main")).to_contain_text("We have received your answer")


def press(page: Page, button: str) -> None:
    """Press a button that leads to another page, and wait for that page."""
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()


def send(page: Page) -> None:
    """Complete the task on this page."""
    with page.expect_navigation():
        page.locator("button[name=go][value=complete]").click()


def fill(page: Page, answers: dict[str, str]) -> None:
    """Fill the fields among these that the page has and that are empty."""
    for label, text in answers.items():
        field: Locator = page.get_by_label(label)
        if field.count() and not field.first.input_value():
            field.first.fill(text)
            field.first.blur()
    settle(page)


def choose(page: Page, values: list[str]) -> None:
    """Choose the options with these values."""
    for value in values:
        page.locator(f"main input[type=radio][value='{value}']").first.check()
    settle(page)


def settle(page: Page) -> None:
    """Wait until the form has followed the answers; without scripts it does not."""
    expect(page.locator(".htmx-request")).to_have_count(0)


@pytest.fixture
def complainant(chromium: Browser, installation: tuple[str, Any], seen: Seen) -> Iterator[Complainant]:
    made = Complainant(chromium, installation[0], seen)
    yield made
    made.context.close()
    made.eyes.close()


@pytest.fixture
def signed_in(chromium: Browser, installation: tuple[str, Any], seen: Seen) -> Iterator[Callable[[str], Page]]:
    """A function that signs somebody in, in a browser of their own."""
    contexts: list[BrowserContext] = []

    def sign_in(username: str) -> Page:
        contexts.append(chromium.new_context(viewport={"width": 1280, "height": 900}))
        page = seen.listen(contexts[-1].new_page())
        page.goto(f"{installation[0]}/sign-in")
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        return page

    yield sign_in
    for context in contexts:
        context.close()


def do_task(page: Page, address: str, reference: str, task: str, values: list[str], texts: dict[str, str], seen: Seen) -> None:
    """Do the task of this name on this complaint, answering what is asked, and what is asked because of the answers."""
    for _ in range(60):
        page.goto(f"{address}/complaints/{reference}")
        if page.locator(".app-card").get_by_role("link", name=task, exact=True).count():
            break
        time.sleep(0.25)
    page.locator(".app-card").get_by_role("link", name=task, exact=True).click()
    expect(page.locator("button[name=go][value=complete]")).to_be_visible()
    seen.look(page)
    for _ in range(3):  # what an answer reveals is asked on the same page, and may reveal more
        choose(page, [value for value in values if page.locator(f"main input[value='{value}']").count()])
        fill(page, texts)
    send(page)
    expect(page).to_have_url(re.compile("/done"))
    seen.look(page)


ASSESS = ["low", "simple", "one", "single"]
WORDS = {
    "What was to be found out": "Look at the till.", "What was looked at?": "The receipts.", "What was found?": "Charged twice.",
    "Why?": "We charged twice by mistake.", "What was done?": "Paid back.",
}  # fmt: skip


def to_decision(handler: Page, address: str, reference: str, seen: Seen) -> None:
    """Assess, investigate and decide as the handler."""
    do_task(handler, address, reference, "Assess the complaint", [*ASSESS, "yes"], {}, seen)
    do_task(handler, address, reference, "Investigate", ["complete"], WORDS, seen)
    do_task(handler, address, reference, "Decide", ["upheld", "monetary_relief", "yes"], WORDS, seen)


def test_complaint_is_closed(complainant: Complainant, signed_in: Callable[[str], Page], installation: tuple[str, Any], seen: Seen) -> None:
    """Filed without JavaScript, worked by a handler, accepted, carried out, verified by somebody else, closed; then its full trace."""
    address, application = installation
    reference = complainant.file("I was charged twice for the same fare.")
    handler = signed_in("hanna")
    seen.look(handler)
    to_decision(handler, address, reference, seen)
    complainant.answer("Accept the decision, or ask for a review", reference, "accepted")
    do_task(handler, address, reference, "Carry out what was promised", [], WORDS, seen)
    do_task(signed_in("henry"), address, reference, "Verify that it works", ["yes"], {}, seen)
    complainant.wait_for("Closed", reference)
    assert application.register.get(reference=reference).state == "closed"
    auditor = signed_in("ann")
    auditor.goto(f"{address}/audit/complaints/{reference}")
    expect(auditor.locator("main")).to_contain_text("Verified")
    expect(auditor.locator("main")).to_contain_text("Hanna Handler")
    seen.look(auditor)
    assert seen.found == []


def test_rejected_decision_goes_to_internal_review(
    complainant: Complainant, signed_in: Callable[[str], Page], installation: tuple[str, Any], seen: Seen
) -> None:
    """Severe: somebody else than the investigator decides. The complainant rejects; a senior reviewer who was not involved looks at it."""
    address, application = installation
    reference = complainant.file("The ramp broke under my wheelchair.")
    handler = signed_in("hanna")
    do_task(handler, address, reference, "Assess the complaint", ["high", "simple", "one", "single", "yes"], {}, seen)
    do_task(handler, address, reference, "Investigate", ["complete"], WORDS, seen)
    do_task(signed_in("dan"), address, reference, "Decide independently", ["not_upheld", "explanation", "no"], WORDS, seen)
    complainant.answer("Accept the decision, or ask for a review", reference, "rejected")
    complainant.wait_for("In review", reference)
    expect(complainant.page.locator("main")).to_contain_text("ombudsman")
    reviewer = signed_in("rita")
    do_task(reviewer, address, reference, "Review the decision", ["changed", "monetary_relief", "no"], WORDS, seen)
    assert application.register.get(reference=reference).state == "open"
    assert seen.found == []


def test_every_other_page(complainant: Complainant, signed_in: Callable[[str], Page], installation: tuple[str, Any], seen: Seen) -> None:
    """The pages that the way of a complaint does not pass have no violation either, errors and empty lists included."""
    address, application = installation
    reference = complainant.file("The lift has been out of order for a month.")
    account = application.accounts.by_username("hanna").id
    deployment = application.engine.deployments()[0].id
    pages = {
        "hanna": [
            "/inbox", "/inbox?list=mine", "/inbox?list=all", "/complaints", "/complaints?state=closed", f"/complaints/{reference}",
            f"/complaints/{reference}?diagram=assessment.bpmn", "/file", "/post", "/account", "/studio", "/nowhere",
        ],
        "olga": ["/studio", f"/studio/versions/{deployment}", "/complaints"],
        "ann": ["/audit", "/audit/verify", f"/complaints/{reference}"],
        "adam": ["/admin", f"/admin/accounts/{account}", "/admin/settings", "/admin/mail"],
    }  # fmt: skip
    for who, paths in pages.items():
        page = signed_in(who)
        for path in paths:
            page.goto(address + path)
            seen.look(page)
    owner = signed_in("olga")
    owner.goto(f"{address}/studio")
    owner.get_by_role("button", name="Check iso10002").click()
    seen.look(owner)
    for path in ("/sign-in", "/follow", "/complain/1", "/nowhere"):
        complainant.page.goto(address + path)
        complainant.look()
    refused = re.compile(r"the server responded with a status of 40[34] ")  # what Chromium says of error pages, which were asked for
    assert [found for found in seen.found if not refused.search(found)] == []


def test_what_is_held_up_is_tried_again_and_a_lost_link_renewed(
    complainant: Complainant, signed_in: Callable[[str], Page], installation: tuple[str, Any], seen: Seen
) -> None:
    """The empty list, the list, the button that empties it, and the page with a new link, which lets the complainant in."""
    address, application = installation
    owner = signed_in("olga")
    owner.goto(f"{address}/studio/incidents")
    expect(owner.get_by_text("Nothing is held up.")).to_be_visible()
    seen.look(owner)
    application.change_setting("base_url", "nowhere", actor="system")
    reference = complainant.file("The ticket machine kept my card.")
    for _ in range(60):
        owner.goto(f"{address}/studio/incidents")
        if owner.get_by_role("cell", name=reference).count():
            break
        time.sleep(0.25)
    expect(owner.get_by_role("link", name=re.compile(r"Held up \(\d+\)"))).to_be_visible()
    seen.look(owner)
    application.change_setting("base_url", None, actor="system")
    owner.locator("tr", has_text=reference).get_by_role("button", name=re.compile("^Try again")).first.click()
    expect(owner.get_by_text("being tried again")).to_be_visible()
    staff = signed_in("hanna")
    staff.goto(f"{address}/complaints/{reference}")
    staff.get_by_text("The complainant has lost the link").click()
    seen.look(staff)
    staff.get_by_label("End all earlier links").check()
    staff.get_by_role("button", name="Make a new link").click()
    link = staff.locator("p.app-secret").inner_text()
    expect(staff.get_by_text("All earlier links have ended.")).to_be_visible()
    assert seen.violations(staff) == []
    complainant.page.goto(link)
    expect(complainant.page).to_have_url(f"{address}/follow/{reference}")
    assert seen.found == []


def test_inbox_by_keyboard(complainant: Complainant, signed_in: Callable[[str], Page], installation: tuple[str, Any]) -> None:
    """j and k move, x chooses, c takes, / searches, ? says all keys, Enter opens."""
    address, _ = installation
    reference = complainant.file("Nobody answered my letter.")
    page = signed_in("henry")
    for _ in range(60):
        page.goto(f"{address}/inbox?list=all")
        if page.get_by_text(reference).count():
            break
        time.sleep(0.25)
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("c")
    expect(page.locator("main")).to_contain_text("1 task is yours")
    page.goto(f"{address}/inbox?list=mine")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/tasks/"))


def test_draft_keeps_itself(complainant: Complainant, signed_in: Callable[[str], Page], installation: tuple[str, Any], seen: Seen) -> None:
    """What somebody types is kept without a button, a line says when, and it is there again after the page was closed."""
    address, application = installation
    reference = complainant.file("The heating in my coach does not work.")
    instance_id = application.register.get(reference=reference).instance_id
    page = signed_in("hanna")
    for _ in range(60):
        found = application.engine.user_tasks(instance_id=instance_id)
        if found:
            break
        time.sleep(0.25)
    page.goto(f"{address}/tasks/{found[0].id}")
    page.get_by_label("Note").fill("Called, nobody answered")
    page.get_by_label("Note").blur()
    expect(page.get_by_role("status").filter(has_text="Your draft was saved at")).to_be_visible(timeout=10_000)
    page.goto(f"{address}/inbox")
    page.goto(f"{address}/tasks/{found[0].id}")
    expect(page.get_by_label("Note")).to_have_value("Called, nobody answered")
    assert seen.found == []
