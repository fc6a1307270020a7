"""What somebody types is kept while they type: over a crash of the browser, a closed tab, and a server that is away."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from desk_house import House
from playwright.sync_api import BrowserContext, Route, expect

pytestmark = pytest.mark.browser
WORDS = "The engineer says that the boiler was set too high, and nobody had told the tenant"
SAVED = re.compile("Your draft was saved")


def processes(profile: Path) -> list[int]:
    """The processes of the browser on this profile."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            line = (place / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"--user-data-dir={profile}".encode() in line:
            found.append(int(place.name))
    return found


@pytest.mark.parametrize("box", ["task", "comment"])
def test_a_draft_outlives_a_crash_of_the_browser(
    house: House, own_browser: Callable[[Path], BrowserContext], tmp_path: Path, box: str
) -> None:
    """Chromium is killed while somebody types, in the middle of a field; started anew, what they typed is there."""
    complaint, task = house.file("The boiler broke.")
    path, label = (f"/tasks/{task.id}", "Note") if box == "task" else (f"/complaints/{complaint.reference}", "Comment")
    browser = own_browser(tmp_path / "profile")
    page = house.sign_in(browser.new_page(), "hanna")
    page.goto(f"{house.address}{path}")
    field = page.get_by_role("textbox", name=label)
    field.press_sequentially(WORDS, delay=30)
    field.press_sequentially(" that", delay=400)
    killed = processes(tmp_path / "profile")
    for process in killed:
        os.kill(process, signal.SIGKILL)
    assert killed, "no browser was killed"
    anew = own_browser(tmp_path / "profile")
    page = house.sign_in(anew.new_page(), "hanna")
    page.goto(f"{house.address}{path}")
    expect(page.get_by_role("textbox", name=label)).to_have_value(re.compile(WORDS))
    expect(page.get_by_text("You are going on from your saved draft.")).to_be_visible()
    house.look(page)
    anew.close()


def test_a_closed_tab_loses_nothing(house: House) -> None:
    """A tab that is closed right after the last key has sent what was typed."""
    _, task = house.file("The lift stands still.")
    page = house.visit("hanna")
    page.goto(f"{house.address}/tasks/{task.id}")
    page.get_by_label("Note").press_sequentially("Called her twice")
    again = page.context.new_page()
    page.close(run_before_unload=True)
    again.wait_for_timeout(500)
    again.goto(f"{house.address}/tasks/{task.id}")
    expect(again.get_by_label("Note")).to_have_value("Called her twice")


def test_a_draft_that_cannot_be_saved_is_said_and_tried_again(house: House) -> None:
    """While the server is away the page says so; when it is back the draft is saved without another key."""
    _, task = house.file("The bill is wrong.")
    page = house.visit("hanna")
    page.goto(f"{house.address}/tasks/{task.id}")
    away = True

    def answer(route: Route) -> None:
        route.abort() if away else route.continue_()

    page.route("**/draft", answer)
    page.get_by_label("Note").press_sequentially("Half a thought")
    expect(page.get_by_text("Your draft could not be saved just now.")).to_be_visible()
    away = False
    expect(page.get_by_text(SAVED)).to_be_visible(timeout=15_000)
    house.found[:] = [text for text in house.found if "net::ERR_FAILED" not in text]
    page.reload()
    expect(page.get_by_label("Note")).to_have_value("Half a thought")


def test_what_was_sent_is_no_draft_any_more(house: House) -> None:
    """Sending waits for a draft on its way, so that none comes back afterwards."""
    complaint, _ = house.file("The door sticks.")
    page = house.visit("hanna")
    page.goto(f"{house.address}/complaints/{complaint.reference}")
    slow: list[Any] = []

    def late(route: Route) -> None:
        slow.append(route.request.post_data)
        page.wait_for_timeout(700)
        route.continue_()

    page.route("**/draft", late)
    comment = page.get_by_role("textbox", name="Comment")
    comment.press_sequentially("I have asked the joiner", delay=60)
    page.get_by_role("button", name="Say it").click()
    expect(page.get_by_text("Your comment is there.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Comment")).to_have_value("")
    assert slow, "no draft was on its way, so nothing was tried"


def test_who_types_on_a_task_that_somebody_else_ends_is_told(house: House) -> None:
    """The line under the form says that it is done, and by whom, while the words stay on the page."""
    _, task = house.file("The invoice came twice.")
    page = house.visit("hanna")
    page.goto(f"{house.address}/tasks/{task.id}")
    done = {"severity": "low", "complexity": "simple", "impact": "one", "recurrence": "single", "investigation_needed": "yes"}
    house.app.engine.complete(task.id, done, actor=house.people["henry"].actor)
    page.get_by_label("Note").press_sequentially("My careful words")
    expect(page.get_by_text("it was ended by Henry")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("My careful words")
