"""With JavaScript a form follows its answers where it stands: what an answer reveals, rows, errors put right; nothing typed is lost."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from serving import end
from waitress.server import create_server

import amends
from amends.webui import create_app

pytestmark = pytest.mark.browser

PEOPLE = {
    "type": "dynamiclist",
    "id": "People",
    "path": "witnesses",
    "label": "Witness",
    "defaultRepetitions": 1,
    "components": [{"type": "textfield", "id": "Witness", "key": "who", "label": "Name of the witness", "validate": {"required": True}}],
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[str]:
    """A server whose complaint form also asks for witnesses, a row each."""
    folder = tmp_path_factory.mktemp("package") / "iso10002"
    shutil.copytree(repository / "processes" / "iso10002", folder)
    file = folder / "forms" / "complaint.form"
    form = json.loads(file.read_text())
    asked = next(group for group in form["components"] if any(one.get("key") == "remedy" for one in group["components"]))
    asked["components"].append(PEOPLE)
    file.write_text(json.dumps(form))
    application = amends.open(data=tmp_path_factory.mktemp("installation"))
    application.engine.deploy(folder)
    server = create_server(create_app(application, AMENDS_LIMIT_FILE=None), host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}"
    end(server)
    application.close()


@pytest.fixture
def third_step(chromium: Browser, address: str, axe_violations: Callable[[Page], list[str]]) -> Iterator[Page]:
    """The step that asks what should be done, the console quiet and axe-core content at the end."""
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{address}/complain/1")
    page.get_by_label("What happened?").fill("The train never came.")
    page.get_by_role("button", name="Continue").first.click()
    page.get_by_role("button", name="Continue").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("What you would like")
    page.evaluate("window.here = true")
    yield page
    assert page.evaluate("window.here") is True, "the page was loaded again"
    assert [text for text in said if "status of 422" not in text] == []
    assert axe_violations(page) == []
    context.close()


def test_an_answer_reveals_its_question_at_once(third_step: Page) -> None:
    """Choosing yes shows the question that belongs to it and says so; choosing no takes it away; what was typed elsewhere stays."""
    remedy = third_step.get_by_label("What should we do?")
    witness = third_step.get_by_label("Name of the witness")
    expect(remedy).to_have_count(0)
    witness.fill("Ada")
    third_step.locator("input[value=yes]").check()
    expect(remedy).to_be_visible()
    expect(third_step.locator("#form-news")).to_have_text("More questions have appeared. Please look through the page again.")
    expect(witness).to_have_value("Ada")
    remedy.fill("Pay the taxi.")
    third_step.locator("input[value=no]").check()
    expect(remedy).to_have_count(0)
    expect(third_step.locator("input[value=no]")).to_be_checked()


def test_rows_come_and_go_where_they_stand(third_step: Page) -> None:
    """A button adds a row and another takes one out; the other rows keep what was typed, and a chosen file stays chosen."""
    picker = third_step.locator("input[type=file]")
    picker.set_input_files({"name": "photo.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + bytes(20)})
    names = third_step.get_by_label("Name of the witness")
    names.fill("Ada")
    third_step.get_by_role("button", name="Add another: Witness").click()
    expect(names).to_have_count(2)
    names.nth(1).fill("Grace")
    third_step.get_by_role("button", name="Add another: Witness").click()
    expect(names).to_have_count(3)
    third_step.get_by_role("button", name="Remove Witness 1").click()
    expect(names).to_have_count(2)
    assert [names.nth(0).input_value(), names.nth(1).input_value()] == ["Grace", ""]
    assert picker.evaluate("input => [...input.files].map(file => file.name)") == ["photo.png"]


def test_an_error_goes_when_its_answer_is_put_right(third_step: Page) -> None:
    """After a step was refused, each sentence stays until its answer is right, without sending again."""
    third_step.get_by_role("button", name="Add another: Witness").click()
    names = third_step.get_by_label("Name of the witness")
    expect(names).to_have_count(2)
    third_step.get_by_role("button", name="Continue").first.click()
    errors = third_step.locator("main .govuk-error-message")
    expect(errors).to_have_count(2)
    third_step.evaluate("window.here = true")
    names.nth(0).fill("Ada")
    names.nth(1).focus()
    expect(errors).to_have_count(1)
    names.nth(1).press_sequentially("Gra")
    expect(names.nth(1)).to_be_focused()
    expect(names.nth(1)).to_have_value("Gra")


def test_what_is_typed_while_the_answer_is_on_its_way_stays(third_step: Page) -> None:
    """A slow server changes nothing in a field that somebody has gone on to."""
    third_step.route("**/complain/3", lambda route: (third_step.wait_for_timeout(400), route.continue_()))
    third_step.locator("input[value=yes]").check()
    names = third_step.get_by_label("Name of the witness")
    names.press_sequentially("Grace Hopper")
    expect(third_step.get_by_label("What should we do?")).to_be_visible()
    expect(names).to_have_value("Grace Hopper")
    expect(names).to_be_focused()
