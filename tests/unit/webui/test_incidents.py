"""Process owners and administrators see all that is held up and try it again; staff give out a new link for a lost one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from amends.engine.errors import Invalid
from amends.engine.instances.queries import HeldUp
from amends.webui import create_app
from amends.webui.config import from_environment


@pytest.fixture
def held_up(application: Any, complaint: Any) -> list[HeldUp]:
    """Three incidents: two at the same element, one at another."""
    engine = application.engine
    at = engine.now()
    told = (("n1", "acknowledge"), ("n2", "acknowledge"), ("n3", "close"))
    engine.held_up = [
        HeldUp(id, complaint.instance_id, "complaint", engine.deployed[0].id, complaint.reference, element, f"Refused <{id}>", 3, at)
        for id, element in told
    ]
    return list(engine.held_up)


@pytest.mark.parametrize("who", ["olga", "adam"])
def test_owners_and_administrators_see_all_that_is_held_up(browser: Any, held_up: list[HeldUp], who: str) -> None:
    """Step, complaint, why, since when, how often; the navigation counts them."""
    browser.sign_in(who)
    page = browser.get("/studio/incidents")
    assert page.status_code == 200 and "Held up (3)" in page.text and "3 steps cannot go on" in page.text
    assert page.text.count(held_up[0].reference) >= 3 and "Refused &lt;n1&gt;" in page.text
    assert page.text.count("Try all 2 like this") == 2
    assert f'href="/complaints/{held_up[0].reference}"' not in page.text


def test_nothing_held_up_is_said(browser: Any) -> None:
    """An empty list says so, and the navigation counts nothing."""
    browser.sign_in("olga")
    page = browser.get("/studio/incidents")
    assert "Nothing is held up." in page.text and "Held up (" not in page.text


def test_one_is_tried_again_or_all_like_it(browser: Any, application: Any, held_up: list[HeldUp]) -> None:
    """Alike is what is held up at the same element of the same process; what went on meanwhile is a sentence."""
    browser.sign_in("olga")
    page = browser.post("/studio/incidents/retry", {"incident": "n3", "do": "one"}, on="/studio/incidents")
    assert application.engine.retried == ["n3"] and "1 step is being tried again" in page.text
    page = browser.post("/studio/incidents/retry", {"incident": "n2", "do": "alike"}, on="/studio/incidents")
    assert application.engine.retried == ["n3", "n1", "n2"] and "2 steps are being tried again" in page.text
    gone = browser.post("/studio/incidents/retry", {"incident": "n2", "do": "one"}, on="/account")
    assert gone.status_code == 404 and "not held up any more" in gone.text


@pytest.mark.parametrize("who", ["hanna", "ann"])
def test_others_are_refused(browser: Any, held_up: list[HeldUp], who: str) -> None:
    """Neither is it in their navigation."""
    browser.sign_in(who)
    assert browser.get("/studio/incidents").status_code == 403
    assert "Held up" not in browser.get("/account").text


@pytest.mark.parametrize("end_old", [True, False])
def test_a_new_link_is_shown_once_and_recorded(browser: Any, application: Any, complaint: Any, end_old: bool) -> None:
    """The page after the button shows link and code; the complaint's page and history do not."""
    browser.sign_in("hanna")
    here = f"/complaints/{complaint.reference}"
    page = browser.post(f"{here}/link", {"end_old": "yes"} if end_old else {}, on=here)
    secret = application.register.secrets[complaint.reference]
    assert f"http://localhost/f/{secret}" in page.text and ("All earlier links have ended" in page.text) is end_old
    after = browser.get(here)
    assert secret not in after.text and "given a new link" in after.text
    assert browser.get(f"/f/{secret}").status_code == 303
    application.settings["base_url"] = "https://complaints.example.org/"
    page = browser.post(f"{here}/link", on=here)
    assert re.search(r"https://complaints\.example\.org/f/[\w-]{22}<", page.text)


def test_who_only_reads_gives_out_no_link(browser: Any, complaint: Any) -> None:
    """Auditors have no button, and are refused without it."""
    browser.sign_in("ann")
    here = f"/complaints/{complaint.reference}"
    assert "lost the link" not in browser.get(here).text
    assert browser.post(f"{here}/link", on=here).status_code == 403


def test_settings_come_from_the_environment(application: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their own names; what the caller gives wins, and what is no number is a sentence."""
    for name, text in {"AMENDS_PROXIES": "2", "AMENDS_PACKAGES": "/srv/p", "AMENDS_LIMIT_FILE": "None", "AMENDS_IDLE_MINUTES": ""}.items():
        monkeypatch.setenv(name, text)
    app = create_app(application, SECRET_KEY="k" * 32, AMENDS_PACKAGES="/mine")
    assert (app.config["AMENDS_PROXIES"], app.config["AMENDS_PACKAGES"], app.config["AMENDS_LIMIT_FILE"]) == (2, "/mine", None)
    assert app.config["AMENDS_IDLE_MINUTES"] == 60
    assert type(app.wsgi_app).__name__ == "ProxyFix"
    with pytest.raises(Invalid, match="AMENDS_PROXIES is 'two'"):
        from_environment({"AMENDS_PROXIES": "two"})
