"""Whoever complained is asked afterwards how it was, once, whatever was decided; the answers are in the history (ISO 10002, 8.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import amends
from amends.engine.errors import Conflict, Invalid
from amends.webui import create_app

ANSWERS = {"handling": "2", "outcome_satisfaction": "1", "easy": "yes", "better": "Answer sooner, says Zephyrine"}


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: Any) -> Iterator[Any]:
    app = amends.open(database_url, data=tmp_path / "data", clock=clock)
    app.deploy_shipped()
    yield app
    app.close()


def closed(app: Any) -> Any:
    """A complaint that was rejected and closed, and the secret of its link."""
    filed = app.register.file({"description": "Late"}, actor="complainant")
    app.engine.run_due()
    assert "survey answered" not in [offer.message for offer in app.register.offers(app.register.get(filed.reference))]
    app.engine.cancel(filed.instance_id, reason="tested", actor="system")
    return filed


def test_the_survey_is_offered_once_and_kept_in_the_history(app: Any) -> None:
    """Not before the closing; the answers are checked by the form, recorded as values, seen in the thread; a second time is refused."""
    filed = closed(app)
    complaint = app.register.get(filed.reference)
    assert [(offer.message, offer.title) for offer in app.register.offers(complaint)] == [("survey answered", "Tell us how we did")]
    actor = f"complainant:{filed.reference}"
    with pytest.raises(Invalid):
        app.register.answer(complaint, "survey answered", {"easy": "yes"}, actor=actor)
    app.register.answer(complaint, "survey answered", ANSWERS, actor=actor)
    again = app.register.get(filed.reference)
    assert app.register.offers(again) == [] and replace(again, milestones=complaint.milestones) == complaint
    assert (again.state, again.subject) == ("closed", "Late")
    with pytest.raises(Conflict):
        app.register.answer(again, "survey answered", ANSWERS, actor=actor)
    said = app.engine.history(filed.instance_id)[-1]
    assert (said.kind, said.actor, said.data["values"]["handling"]) == ("said afterwards", actor, "2")
    (heard,) = (message for message in app.register.thread(again) if message.direction == "in")
    assert "Answer sooner" in heard.body
    app.register.erase(again, reason="asked for", actor="system")
    assert "Zephyrine" not in repr(app.engine.history(filed.instance_id)) and app.engine.verify().faults == []


def test_the_page_offers_it_in_the_language_of_the_complainant(app: Any) -> None:
    """The link leads to the closed complaint, which asks in German; the answers arrive."""
    filed = closed(app)
    client = create_app(app, TESTING=True).test_client()
    client.get("/language/de")
    page = client.get(f"/f/{filed.secret}", follow_redirects=True).text
    assert "Ihre Beschwerde ist abgeschlossen." in page and "Sagen Sie uns, wie wir es gemacht haben" in page
    path = f"/follow/{filed.reference}/answer/survey answered"
    form = client.get(path).text
    assert "Sehr zufrieden" in form and "Was sollen wir besser machen?" in form
    token = re.search(r'name="amends_csrf" value="([^"]+)"', form)
    inputs = dict(re.findall(r'name="([^"]*handling[^"]*)"[^>]*value="(4)"', form))
    assert token is not None and len(inputs) == 1
    answer = client.post(path, data={"amends_csrf": token[1], **inputs}, follow_redirects=True)
    assert "Wir haben Ihre Antwort erhalten." in answer.text
    assert app.register.offers(app.register.get(filed.reference)) == []
