"""Marks on form fields decide who sees a value again, wherever it is shown: by role, and on asking where it is special."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import amends
from amends.forms import load
from amends.webui import create_app
from amends.webui.sight import SPECIAL, Sight, sight

PASSWORD = "correct horse battery"
NEED = "Large print, I see badly"
INNER = "Thinks the driver was drunk"


@pytest.fixture
def installation(tmp_path: Path, repository: Path) -> Iterator[tuple[Any, str]]:
    """A complaint that says something special and something for managers only."""
    folder = tmp_path / "iso10002"
    shutil.copytree(repository / "processes" / "iso10002", folder)
    file = folder / "forms" / "complaint.form"
    form = json.loads(file.read_text())
    about = next(group for group in form["components"] if any(one.get("key") == "product" for one in group["components"]))
    next(one for one in about["components"] if one["key"] == "product_description")["properties"] = {"roles": "manager"}
    file.write_text(json.dumps(form))
    application = amends.open(data=tmp_path / "data")
    application.engine.deploy(folder)
    for username, roles in (("hanna", ["handler"]), ("mara", ["handler", "manager"]), ("ann", ["auditor"])):
        application.accounts.create(username, username.title(), roles, PASSWORD)
    data = {"subject": "Train", "description": "It was late", "name": "J. Meyer", "format_needs": NEED, "product_description": INNER}
    filed = application.register.file(data, actor="complainant", channel="web")
    yield application, filed.reference
    application.close()


def client(application: Any, username: str) -> Any:
    browser = create_app(application, TESTING=True, WTF_CSRF_ENABLED=False, SECRET_KEY="k" * 32).test_client()
    token = browser.get("/sign-in").text.split('name="amends_csrf" value="')[1].split('"')[0]
    browser.post("/sign-in", data={"username": username, "password": PASSWORD, "amends_csrf": token})
    return browser


def test_special_is_shown_on_asking_and_that_is_recorded(installation: tuple[Any, str]) -> None:
    """The complaint page hides what is of a special category; asking for it shows it and leaves a read of its own."""
    application, reference = installation
    browser = client(application, "hanna")
    page = browser.get(f"/complaints/{reference}").text
    assert (NEED in page, SPECIAL in page) == (False, True)
    before = reads(application)
    page = browser.get(f"/complaints/{reference}?hidden=show").text
    assert (NEED in page, SPECIAL in page) == (True, False)
    assert reads(application)[len(before) :] == ["special categories", "complaint"]


def test_other_roles_never_see_what_is_not_theirs(installation: tuple[Any, str]) -> None:
    """A field for managers is covered for everybody else, who is told for whom it is; asking does not change that."""
    application, reference = installation
    page = client(application, "hanna").get(f"/complaints/{reference}?hidden=show").text
    assert (INNER in page, "Only for " in page) == (False, True)
    assert INNER in client(application, "mara").get(f"/complaints/{reference}").text


def test_nothing_is_offered_where_nothing_is_hidden(installation: tuple[Any, str]) -> None:
    """A complaint that says nothing special has no link to show it."""
    application, _ = installation
    filed = application.register.file({"description": "It was late", "name": "J. Meyer"}, actor="complainant", channel="web")
    assert "hidden=show" not in client(application, "hanna").get(f"/complaints/{filed.reference}").text


def test_trace_covers_the_same(installation: tuple[Any, str]) -> None:
    """An auditor's trace shows that there was a value, not what it was, until it is asked for."""
    application, reference = installation
    browser = client(application, "ann")
    page = browser.get(f"/audit/complaints/{reference}").text
    assert (NEED in page, INNER in page, SPECIAL in page) == (False, False, True)
    page = browser.get(f"/audit/complaints/{reference}?hidden=show").text
    assert (NEED in page, INNER in page) == (True, False)


def test_complainants_see_all_they_wrote(installation: tuple[Any, str]) -> None:
    """Their own follow-up page covers nothing."""
    application, reference = installation
    complaint = application.register.get(reference=reference)
    secret = application.register.renew_secret(complaint, actor="complainant", end_old=False)
    browser = create_app(application, TESTING=True, SECRET_KEY="k" * 32).test_client()
    page = browser.get(f"/f/{secret}", follow_redirects=True).text
    assert (NEED in page, INNER in page, SPECIAL in page) == (True, True, False)


def reads(application: Any) -> list[str]:
    """What was read so far, in order."""
    from amends.engine import history

    day = history.READS.format(application.engine.now())
    return [str(event.element_id) for event in application.engine.history(day)]


FORM = load(
    {
        "type": "default",
        "components": [
            {"type": "textfield", "id": "a", "key": "health", "label": "Health", "properties": {"personal": "special"}},
            {"type": "group", "id": "g", "path": "inner", "label": "Inner", "properties": {"roles": "manager"}, "components": [
                {"type": "textfield", "id": "b", "key": "guess", "label": "Guess"}]},
            {"type": "textfield", "id": "c", "key": "plain", "label": "Plain"},
        ],
    }
)  # fmt: skip
leaf = st.text(min_size=1, max_size=5).map("secret-".__add__)
tree = st.recursive(
    leaf,
    lambda inner: st.dictionaries(st.sampled_from(["health", "guess", "plain", "other"]), inner, max_size=3) | st.lists(inner, max_size=3),
    max_leaves=12,
)


@given(tree, st.booleans(), st.booleans())
def test_nothing_covered_is_left_at_any_depth(value: Any, manager: bool, special: bool) -> None:
    """Whatever a value is made of, no key that is covered keeps its own, and everything else stays as it was."""
    seen = sight([FORM], ["manager"] if manager else [], special) if manager else Sight(
        {"guess": "Only for manager"} | ({} if special else {"health": SPECIAL}), special, True
    )  # fmt: skip
    hidden = {"health"} - ({"health"} if special else set()) | (set() if manager else {"guess"})

    def expected(found: Any, key: str = "") -> Any:
        if key in hidden and found not in (None, "", [], {}):
            return seen.covered[key]
        if isinstance(found, dict):
            return {name: expected(inner, name) for name, inner in found.items()}
        return [expected(inner) for inner in found] if isinstance(found, list) else found

    assert set(seen.covered) == hidden
    assert seen.cover(value) == expected(value)
