"""What the follow-up page says of a complaint's standing: what we wait for until when, what it has been through, and what is lost never."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from decided import ASSESSED, DECIDED, INVESTIGATED

import amends
from amends.application import Application
from amends.webui import create_app

UNLIMITED = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}
REVIEWED = {"review_decision": "confirmed", "review_reasons": "The seal was there.", "outcome": "explanation", "action_needed": "no"}


@pytest.fixture
def app(tmp_path: Path, clock: Any) -> Iterator[Application]:
    """An installation with the shipped package and somebody who reviews."""
    app = amends.open(data=tmp_path / "data", clock=clock)
    app.deploy_shipped()
    app.accounts.create("rita", "Rita Reviewer", ["reviewer"], "correct horse battery")
    yield app
    app.close()


class Complainant:
    """Somebody who has filed a complaint and follows it."""

    def __init__(self, app: Application, clock: Any) -> None:
        self.app, self.clock, self.client = app, clock, create_app(app, TESTING=True, **UNLIMITED).test_client()
        self.filed = app.register.file({"description": "It leaks.", "email": "jo@example.org"}, actor="complainant")
        self.page = f"/follow/{self.filed.reference}"
        self.client.get(f"/f/{self.filed.secret}")
        self.run()

    def run(self) -> None:
        self.app.engine.run_due(instance_id=self.filed.instance_id)

    def work(self, answers: dict[str, Any], who: str = "system") -> None:
        """A minute later, somebody does the task that is there."""
        self.clock.move(minutes=1)
        (task,) = self.app.engine.user_tasks(instance_id=self.filed.instance_id)
        self.app.engine.complete(task.id, answers, actor=who)
        self.run()

    def answers(self, message: str, **data: Any) -> None:
        self.app.register.answer(self.complaint, message, data, actor=f"complainant:{self.filed.reference}")
        self.run()

    @property
    def complaint(self) -> Any:
        return self.app.register.get(self.filed.reference)

    @property
    def stands(self) -> dict[str, str]:
        return {stage.id: stage.state for stage in self.app.register.progress(self.complaint).stages}

    @property
    def until(self) -> dict[str, Any]:
        return {offer.message: offer.until for offer in self.app.register.offers(self.complaint)}

    @property
    def cards(self) -> list[str]:
        """What the page says can be done, in its order."""
        return re.findall(r'app-card__title"><a[^>]+>([^<]+)', self.client.get(self.page).text)

    def token(self, address: str) -> str:
        found = re.search(r'name="amends_csrf" value="([^"]+)"', self.client.get(address).text)
        assert found is not None
        return found[1]


def test_an_answer_that_is_waited_for_says_until_when(app: Application, clock: Any) -> None:
    """With date and time, on the page and at the form, first of all one can do; to withdraw is last (ISO 10002, 7.3)."""
    jo = Complainant(app, clock)
    assert jo.until == {"complaint withdrawn": None}
    assert jo.cards == ["Read what we last wrote to you", "Add something, or send photos or documents", "Withdraw the complaint"]
    jo.work(ASSESSED)
    jo.work({"investigation_outcome": "ask_complainant", "question": "Which model?", "plan": "Look."})
    assert jo.until == {"information received": app.engine.now() + timedelta(days=14), "complaint withdrawn": None}
    assert jo.cards[1:] == [
        "Send the information we asked for", "Add something, or send photos or documents", "Withdraw the complaint",
    ]  # fmt: skip
    said = "We wait for your answer until Monday 16 March 2026, 09:02."
    form = jo.client.get(f"{jo.page}/answer/information received").text
    assert said in jo.client.get(jo.page).text and said in form
    assert re.search(r"<details[^>]* open>.*Which model\?", form, re.DOTALL), "what is asked stands beside the answer"
    jo.answers("information received", information="K-200")
    assert jo.until == {"complaint withdrawn": None}
    jo.work(INVESTIGATED)
    jo.work(DECIDED)
    assert jo.until["decision answered"] == app.engine.now() + timedelta(days=28)


def test_what_it_has_been_through_stays_so_where_it_goes_back(app: Application, clock: Any) -> None:
    """Waited for and looked into again; decided again after the review, of which the page says that it took place."""
    jo = Complainant(app, clock)
    jo.work(ASSESSED)
    jo.work({"investigation_outcome": "ask_complainant", "question": "Which model?", "plan": "Look."})
    jo.answers("information received", information="K-200")
    assert (jo.stands["investigating"], jo.stands["waiting"], jo.stands["decided"]) == ("now", "done", "next")
    jo.work(INVESTIGATED)
    jo.work(DECIDED)
    jo.answers("decision answered", answer="rejected")
    assert (jo.stands["decided"], jo.stands["reviewing"]) == ("done", "now")
    rita = next(one.id for one in app.accounts.list() if one.username == "rita")
    jo.work(REVIEWED, who=f"account:{rita}")
    assert (jo.stands["decided"], jo.stands["reviewing"], jo.stands["closed"]) == ("now", "done", "next")
    jo.answers("decision answered", answer="rejected")
    assert jo.stands["reviewing"] == "now", "we do not agree, and it is with us again"


@pytest.mark.parametrize("gone", ["closed in this browser", "the form is too old"])
def test_what_was_typed_is_given_back_where_it_cannot_be_taken(app: Application, clock: Any, gone: str) -> None:
    """The browser may not open the complaint any more, or the page stood open for weeks: the words are there to copy, and the way back."""
    jo = Complainant(app, clock)
    token = jo.token(jo.page)
    if gone == "closed in this browser":
        jo.client.post("/follow/close", data={"amends_csrf": token})
        token = jo.token("/follow")
    else:
        token = "old"
    said, site = {"amends_csrf": token, "body": "It took me an hour\nto write this."}, {"Sec-Fetch-Site": "same-origin"}
    answer = jo.client.post(f"{jo.page}/message", data=said, headers=site)
    assert answer.status_code in (400, 403)
    assert "It took me an hour<br>to write this." in answer.text and "What you had typed" in answer.text
    if answer.status_code == 403:
        assert '<a class="govuk-link" href="/follow">' in answer.text


def test_the_page_to_check_says_in_a_line_what_was_left_empty(app: Application, clock: Any) -> None:
    """What was answered is read at one look on a phone; nothing is hidden, and each part can be changed."""
    client = Complainant(app, clock).client
    found = re.search(r'name="amends_csrf" value="([^"]+)"', client.get("/complain/1").text)
    assert found is not None
    client.post("/complain/1", data={"amends_csrf": found[1], "description": "It leaks.", "go": "next"})
    page = client.get("/complain/check").text
    assert page.count("<dt") < 8 and "It leaks." in page
    assert "Left empty: Which product or service is it about? · Its order, account or reference number · A description of it" in page


def test_a_link_that_is_shown_once_can_be_sent_to_oneself(app: Application, clock: Any) -> None:
    """By the reader's own mail program, from the page of the reference and that of a saved form: nothing of ours is sent."""
    client = Complainant(app, clock).client
    found = re.search(r'name="amends_csrf" value="([^"]+)"', client.get("/complain/1").text)
    assert found is not None
    saved = client.post("/complain/1", data={"amends_csrf": found[1], "description": "It leaks.", "go": "later"}).text
    assert re.search(r'href="mailto:\?subject=Your%20complaint&amp;body=http[^"]+/complain/resume/[\w-]+"', saved)
    sent = client.post("/complain/check", data={"amends_csrf": found[1]}, follow_redirects=True).text
    link = re.search(r'href="mailto:\?subject=Your%20complaint%20C-\w{8}&amp;body=http[^"]+/f/([\w-]+)"', sent)
    assert link is not None and app.register.by_link(link[1]).state == "open"


def test_a_browser_that_had_an_ended_link_is_shut_out_at_once(app: Application, clock: Any) -> None:
    """Somebody else had the link and has the page open: a new link that ends the others ends that, too; the new one goes on."""
    jo = Complainant(app, clock)
    other = create_app(app, TESTING=True, **UNLIMITED).test_client()
    other.get(f"/f/{jo.filed.secret}")
    assert (other.get(jo.page).status_code, jo.client.get(jo.page).status_code) == (200, 200)
    secret = app.register.renew_secret(jo.complaint, actor="system")
    jo.client.get(f"/f/{secret}")
    assert (other.get(jo.page).status_code, jo.client.get(jo.page).status_code) == (403, 200)
    assert other.get(f"{jo.page}/answer/complaint withdrawn").status_code == 403
