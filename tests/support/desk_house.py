"""The desk with its people, for browser tests: a running server, somebody's own browser, and what was wrong on pages looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from looking import faults
from playwright.sync_api import Browser, BrowserContext, Page, expect

PASSWORD = "correct horse battery"
PEOPLE = {
    "hanna": ["handler", "decider"], "henry": ["handler"], "lea": ["handler", "team-lead"], "ann": ["auditor"], "adam": ["admin"],
}  # fmt: skip
UNLIMITED = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}


class House:
    """A running server, its application, and browsers of people; what axe-core, the console and the widths had to say."""

    def __init__(self, chromium: Browser, address: str, app: Any, violations: Callable[[Page], list[str]]) -> None:
        self.chromium, self.address, self.app, self.violations = chromium, address, app, violations
        self.people = {name: app.accounts.by_username(name) for name in PEOPLE}
        self.found: list[str] = []
        self.contexts: list[BrowserContext] = []

    def visit(self, name: str) -> Page:
        """Somebody's own browser, signed in."""
        context = self.chromium.new_context(viewport={"width": 1280, "height": 900})
        self.contexts.append(context)
        return self.sign_in(context.new_page(), name)

    def sign_in(self, page: Page, name: str) -> Page:
        """Sign somebody in, and listen to the console from then on."""
        page.on("console", lambda said: self.found.append(f"{page.url}: {said.text}") if self.bad(said) else None)
        page.on("pageerror", lambda error: self.found.append(f"{page.url}: {error}"))
        page.goto(f"{self.address}/sign-in")
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        return page

    @staticmethod
    def bad(said: Any) -> bool:
        """What a page complains about; that an answer was a refusal is none of it."""
        return said.type in ("error", "warning") and "the server responded with a status of 4" not in said.text

    def look(self, page: Page) -> Page:
        """Look at a page in light and dark, wide, narrow and magnified, on paper, folded and unfolded."""
        self.found += faults(page, self.violations)
        return page

    def open(self, page: Page, path: str) -> Page:
        page.goto(f"{self.address}{path}")
        return self.look(page)

    def file(self, description: str, name: str = "Jo Roe") -> tuple[Any, Any]:
        """A complaint that waits to be assessed, and that task."""
        filed = self.app.register.file({"description": description, "name": name}, actor="complainant")
        self.settle()
        (task,) = self.app.engine.user_tasks(filed.instance_id)
        return self.app.register.get(filed.reference), task

    def settle(self) -> None:
        """Do everything that is due."""
        while self.app.engine.run_due():
            pass

    def holder(self, task: Any) -> str:
        """Who has a task, by user name."""
        actor = self.app.engine.user_task(task.id).assignee
        return next((name for name, one in self.people.items() if one.actor == actor), "")
