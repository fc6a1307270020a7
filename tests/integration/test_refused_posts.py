"""Whatever a form of staff is sent that it cannot mean: nothing changes, the answer says what to do, what was typed comes back.

The forms are those that the pages have: every page is read, every form of it is sent empty, with a command there is none of, and with
nonsense in whatever is chosen rather than typed. A route that no form leads to fails the test until somebody has said why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from crowded import PASSWORD, PUBLIC, Crowded, package_zip
from flask.testing import FlaskClient
from lxml import html
from page_forms import NONSENSE, TOKEN, TYPED, Form, Sent, forms_of
from sqlalchemy import select

import amends
from amends.engine.store.tables import metadata
from amends.webui import create_app

WITHOUT_A_FORM = {
    "amends.task.keep": "drafts, kept by a script while somebody types: whatever is typed is kept",
    "amends.talk.keep": "as above",
    "amends.filing.staff_send": "its page comes after the form's last step, where test_complaints.py sends it",
    "amends.filing.staff_again": "as above",
    "amends.complaint.retry": "on complaints that are held up; it needs nothing but the button",
    "amends.own.end_sessions": "see below",
    "amends.signin.enter": "tried by the tests of signing in", "amends.signin.code": "as above", "amends.signin.leave": "as above",
}  # fmt: skip
ASKS_NOTHING = {"amends.task.claim", "amends.task.release", "amends.complaint.renew_link", "amends.filing.staff_keep"}
"""One button that needs nothing else, so that pressing it is all there is to say; and steps whose questions may all be left out."""
LOOKS = {"amends.complaint.find", "amends.audit.find", "amends.audit.compare", "amends.migrating.plan", "amends.studio.upload"}
"""They change nothing, whatever is asked; what they find is tried elsewhere."""
KEPT_AS_TYPED = {("go", "draft"), ("go", "back"), ("go", "look")}
"""Buttons that keep what was typed as it is, to be put right later."""
MOVE_ALONE = ("session", "history", "presence", "seal", "unsealed")
"""Begin the names of tables that reading and refusing write to."""
COUNTED = ("failures", "failed_at")
"""Columns that count wrong passwords."""


class Desk:
    """The crowded installation and somebody who may do everything."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self.app = amends.open(data=folder)
        self.crowded = Crowded(self.app)
        unlimited = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}
        self.flask = create_app(self.app, TESTING=True, SECRET_KEY="k" * 32, **unlimited)
        self.client: FlaskClient = self.flask.test_client()
        self.token = self._token("/follow")
        assert self.post("/sign-in", {"username": ["zoe"], "password": [PASSWORD]}).status_code == 303
        self.token = self._token("/account")
        checked = {"package": (package_zip(repository), "package.zip")}
        checked_answer = self.client.post("/studio/check", data={TOKEN: self.token, **{k: _upload(*v) for k, v in checked.items()}})
        assert checked_answer.status_code == 303
        self.forms = list(forms_of(self.client, self.crowded.addresses(self.flask), self.flask.url_map))

    def _token(self, page: str) -> str:
        found = re.search(rf'name="{TOKEN}" value="([^"]+)"', self.client.get(page).text)
        assert found is not None
        return found[1]

    def post(self, action: str, data: Sent) -> Any:
        return self.client.post(action, data={**data, TOKEN: self.token})

    def state(self) -> dict[str, list[Any]]:
        """Every row there is, without those that move by looking."""
        with self.app.engine.database.reading() as connection:
            kept = [table for table in metadata.sorted_tables if not table.name.startswith(MOVE_ALONE)]
            columns = {table.name: [one for one in table.c if one.name not in COUNTED] for table in kept}
            return {name: sorted(map(repr, connection.execute(select(*found)).all())) for name, found in columns.items()}


def _upload(body: bytes, name: str) -> Any:
    from io import BytesIO

    return BytesIO(body), name


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("refused"), repository)
    yield made
    made.app.close()


def staff_routes(desk: Desk) -> set[str]:
    """What can be posted to by staff only."""
    posted = {rule.endpoint for rule in desk.flask.url_map.iter_rules() if "POST" in (rule.methods or ())}
    return {one for one in posted if one.startswith("amends.") and (not one.startswith(PUBLIC) or ".staff_" in one)}


def wrong(desk: Desk, form: Form, data: Sent, back: str = "") -> list[str]:
    """What is wrong with the answer: not refused, not in words, without what was typed; or something was changed."""
    before = desk.state()
    answer = desk.post(form.action, data)
    after = desk.state()
    text = answer.get_data(as_text=True)
    found = []
    if data.get("do") in (["claim"], ["unclaim"]) and answer.status_code == 303:  # of several tasks each is said on the list
        text = desk.client.get(answer.headers["Location"]).text
        found = [] if "There is no task" in text else ["the list does not say what is wrong"]
    elif not 400 <= answer.status_code < 500:
        found.append(f"answered {answer.status_code} {answer.headers.get('Location', '')}")
    elif len(" ".join(html.fromstring(text).xpath("//main//text()")).split()) < 8:
        found.append("says nothing")
    elif back and back not in text:
        found.append(f"{back} does not come back")
    found += [f"the summary links to {link}, which is not there" for link in dead_links(text)]
    changed = [name for name in before if before[name] != after[name]]
    return [f"{form.endpoint} {data}: {one}" for one in (*found, *([f"changed {changed}"] if changed else []))]


def dead_links(text: str) -> list[str]:
    """The links of an error summary that lead to no field of the page."""
    page = html.fromstring(text)
    ids = set(page.xpath("//@id"))
    return [link for link in page.xpath("//*[@class='govuk-error-summary']//a/@href") if link.removeprefix("#") not in ids]


def test_every_route_that_takes_something_has_a_form(desk: Desk) -> None:
    """The pages lead to all of them, so that the tests below try all of them."""
    assert staff_routes(desk) - {form.endpoint for form in desk.forms} - WITHOUT_A_FORM.keys() == set()


def test_nothing_at_all_is_refused(desk: Desk) -> None:
    """Sent without a field and without a command, no form does anything, and the answer says what is missing."""
    once = {form.endpoint: form for form in desk.forms}
    found = [wrong(desk, form, {}) for name, form in once.items() if name not in ASKS_NOTHING | LOOKS | WITHOUT_A_FORM.keys()]
    assert sum(found, []) == []


def test_a_command_there_is_none_of_is_refused(desk: Desk) -> None:
    """No form takes an unknown button for one of its own."""
    found: list[str] = []
    for form in desk.forms:
        named = {name for name, _ in form.commands if name}
        if form.endpoint in LOOKS | WITHOUT_A_FORM.keys() | ASKS_NOTHING or not named:
            continue
        found += sum((wrong(desk, form, form.sent((name, NONSENSE))) for name in sorted(named)), [])
    assert not found, "\n".join(found)


def test_what_none_of_the_choices_is_is_refused_and_what_was_typed_comes_back(desk: Desk) -> None:
    """A choice, a date or a number that the page does not offer: said, nothing done, and no word lost."""
    found: list[str] = []
    for form in desk.forms:
        if form.endpoint in LOOKS | WITHOUT_A_FORM.keys() or not form.has("chosen"):
            continue
        back = TYPED if form.has("typed") else ""
        for command in form.commands:
            if command not in KEPT_AS_TYPED:
                found += wrong(desk, form, form.sent(command, typed=TYPED, chosen=NONSENSE), back)
    assert not found, "\n".join(found)


def test_what_a_page_has_hidden_in_a_form_is_not_believed(desk: Desk) -> None:
    """The names of things that a form brings along are looked up again: of what is not there nothing is done."""
    found: list[str] = []
    for form in desk.forms:
        if form.endpoint in LOOKS | WITHOUT_A_FORM.keys() or not form.has("hidden"):
            continue
        for command in form.commands:
            found += wrong(desk, form, form.sent(command, typed=TYPED, hidden=NONSENSE))
    assert not found, "\n".join(found)
