"""A complaint from the inbox to its closing by somebody who has no mouse."""

from __future__ import annotations

from typing import Any

import pytest
from desk_house import PASSWORD, House
from keyboard import press_on, tab_to
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser
ASSESSED = {
    "severity": "low", "complexity": "simple", "impact": "one", "recurrence": "single", "investigation_needed": "yes",
}  # fmt: skip


def choose(page: Page, name: str, value: str) -> None:
    """Choose one answer of several: Tab to them, then arrows until it is the one."""
    radios = page.locator(f"input[type=radio][name='{name}']")
    tab_to(page, radios.first)
    page.keyboard.press("Space")
    for _ in range(radios.count()):
        if page.evaluate("document.activeElement.value") == value:
            break
        page.keyboard.press("ArrowDown")
    expect(page.locator(f"input[name='{name}'][value='{value}']")).to_be_checked()


def write(page: Page, field: Locator, text: str) -> None:
    """Go to a field and type."""
    tab_to(page, field)
    page.keyboard.type(text)


def finish(page: Page) -> None:
    """The button below the form, and what follows from it."""
    press_on(page, page.locator("button[name=go][value=complete]"))
    expect(page.get_by_role("heading", name="Done", exact=True)).to_be_visible()


def test_from_the_inbox_to_the_closing_without_a_mouse(house: House) -> None:
    """Sign in, take, assess, look into, decide, close: Tab, Enter, Space, arrows and the inbox's keys alone."""
    complaint, task = house.file("The lamp flickers.")
    page = house.chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    house.contexts.append(page.context)
    page.goto(f"{house.address}/sign-in?next=/inbox?list=all")
    write(page, page.get_by_label("User name"), "hanna")
    write(page, page.get_by_label("Password"), PASSWORD)
    press_on(page, page.get_by_role("button", name="Sign in", exact=True))
    expect(page.get_by_role("heading", name="Inbox", exact=True)).to_be_visible()
    for _ in range(60):
        page.keyboard.press("j")
        if page.evaluate("document.activeElement.href").endswith(f"/tasks/{task.id}"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=task.name)).to_be_visible()
    press_on(page, page.get_by_role("button", name="Take this task"))
    expect(page.get_by_text("The task is yours.")).to_be_visible()
    for name, value in ASSESSED.items():
        choose(page, name, value)
    finish(page)
    work(house, page, complaint, "Investigate")
    choose(page, "investigation_outcome", "complete")
    write(page, page.locator("textarea[name=findings]"), "The ballast was worn out.")
    finish(page)
    work(house, page, complaint, "Decide")
    choose(page, "decision", "upheld")
    write(page, page.locator("textarea[name=reasons]"), "It was our lamp.")
    press_on(page, page.locator("input[name=all_points_answered]"), "Space")
    choose(page, "outcome", "explanation")
    choose(page, "action_needed", "no")
    finish(page)
    house.settle()
    complaint, who = house.app.register.get(complaint.reference), f"complainant:{complaint.reference}"
    house.app.register.answer(complaint, "decision answered", {"answer": "accepted"}, actor=who)
    house.settle()
    press_on(page, page.get_by_role("button", name="This complaint"), "Space")
    expect(page.get_by_text("Closed").first).to_be_visible()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert house.app.register.get(complaint.reference).state == "closed"


def work(house: House, page: Page, complaint: Any, name: str) -> None:
    """From the page that says what was done to the complaint, and from there to its open task, once it has come."""
    house.settle()
    press_on(page, page.get_by_role("button", name="This complaint"), "Space")
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    press_on(page, page.get_by_role("link", name=name, exact=True))
    expect(page.get_by_role("button", name="Done", exact=True)).to_be_visible()
