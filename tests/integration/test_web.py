"""The whole way of a complaint through the pages, on the real engine with the package that ships, without a browser and its scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from lxml import html
from werkzeug.test import TestResponse

import amends
from amends.webui import Amends, create_app

PASSWORD = "correct horse battery"
PEOPLE = {
    "hanna": ("Hanna Handler", ["handler"]),
    "henry": ("Henry Handler", ["handler", "manager"]),
    "dan": ("Dan Decider", ["decider"]),
    "rita": ("Rita Reviewer", ["reviewer"]),
    "olga": ("Olga Owner", ["process-owner"]),
    "ann": ("Ann Auditor", ["auditor"]),
    "adam": ("Adam Admin", ["admin"]),
}


class Time:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


class Visitor:
    """A browser without scripts: fills in the form it sees and presses a button of it."""

    def __init__(self, app: Flask, prefix: str = "") -> None:
        self.client = app.test_client()
        self.prefix = prefix
        self.page: Any = None
        self.text = ""
        self.path = ""

    def open(self, path: str, expect: int = 200) -> Visitor:
        return self._take(self.client.get(f"{self.prefix}{path}", follow_redirects=True), expect)

    def _take(self, answer: TestResponse, expect: int) -> Visitor:
        self.text, self.path = answer.text, answer.request.path
        assert answer.status_code == expect, f"{self.path}: {answer.status_code}\n{self.said()}"
        self.page = html.document_fromstring(self.text)
        return self

    def said(self) -> str:
        """The words of the main part."""
        main = html.document_fromstring(self.text).xpath("//main")
        return " ".join((main[0] if main else html.document_fromstring(self.text)).text_content().split())

    def form(self, action: str = "") -> Any:
        found = [one for one in self.page.forms if one.get("method") == "post" and action in (one.get("action") or "")]
        inside = [one for one in found if one.xpath("ancestor::main")]
        assert inside, f"{self.path} has no form for {action!r}: {self.said()}"
        return max(inside, key=lambda one: len(one.inputs.keys()))

    def send(self, answers: dict[str, Any] | None = None, *, action: str = "", expect: int = 200, **button: str) -> Visitor:
        """Send the form with `answers` in it, pressing the button named by a keyword (go="next")."""
        form = self.form(action)
        values = {name: value for name, value in form.form_values()}
        for name in answers or {}:
            assert name in form.inputs.keys(), f"{self.path} asks for no {name}: {sorted(form.inputs.keys())}"
        sent = {**values, **(answers or {}), **button}
        return self.post(form.get("action"), sent, expect)

    def post(self, path: str, sent: dict[str, Any], expect: int = 200) -> Visitor:
        """Post to a path."""
        return self._take(self.client.post(path, data=sent, follow_redirects=True, content_type="multipart/form-data"), expect)

    @property
    def stage(self) -> str:
        """Where the complaint stands, as the complainant reads it."""
        now = self.page.xpath("//*[@aria-current='step']/*[@class='app-steps__name']")
        return str(now[0].text_content())

    def follow(self, text: str) -> Visitor:
        """Follow the link with this text."""
        links = [one for one in self.page.xpath("//a") if text in one.text_content()]
        assert links, f"{self.path} has no link {text!r}: {self.said()}"
        parts = urlsplit(links[0].get("href"))
        return self._take(self.client.get(f"{parts.path}?{parts.query}", follow_redirects=True), 200)

    def sign_in(self, username: str) -> Visitor:
        return self.open("/sign-in").send({"username": username, "password": PASSWORD})


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def application(tmp_path: Path, clock: Time) -> Iterator[amends.Application]:  # type: ignore[name-defined]
    opened = amends.open(data=tmp_path / "data", clock=clock)
    opened.deploy_shipped()
    for username, (name, roles) in PEOPLE.items():
        opened.accounts.create(username, name, roles, PASSWORD)
    yield opened
    opened.close()


@pytest.fixture
def app(application: Any) -> Flask:
    unlimited = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}
    return create_app(application, TESTING=True, SECRET_KEY="k" * 32, **unlimited)


def run_jobs(application: Any) -> None:
    """What the runner would do: send letters, fire timers that are due."""
    for _ in range(20):
        if not application.engine.run_due():
            return


def file_complaint(app: Flask, application: Any, prefix: str = "") -> tuple[Visitor, str]:
    """File a complaint in its five steps; the complainant's browser on the follow page, and the reference."""
    visitor = Visitor(app, prefix).open("/complain/1")
    visitor.send({"description": "I was charged twice for the same fare.", "recurrent": "no", "category": "billing"}, go="next")
    steps = 0
    while "Check before you send" not in visitor.text:
        known = visitor.form().inputs.keys()
        answers = {"product": "Season ticket", "remedy_wanted": "yes"}
        answers |= {"name": "J. Meyer", "email": "j.meyer@example.org", "contact_by": "email"}
        visitor.send({name: value for name, value in answers.items() if name in known}, go="next")
        steps += 1
        if visitor.form().inputs.keys() == known and "There" in visitor.text:
            visitor.send({"remedy": "Pay it back."} if "remedy" in known else {}, go="next")
        assert steps < 12, visitor.said()
    visitor.send(action="/complain/check")
    reference = visitor.page.xpath("//*[@class='app-reference']")[0].text_content()
    link = visitor.page.xpath("//a[contains(@class, 'app-secret')]")[0].get("href")
    run_jobs(application)
    follower = Visitor(app)
    follower._take(follower.client.get(urlsplit(link).path, follow_redirects=True), 200)
    return follower, reference


def work(visitor: Visitor, application: Any, task: str, answers: dict[str, Any], expect: int = 200) -> Visitor:
    """Take the task of this name from the inbox and do it."""
    visitor.open("/inbox?list=all").follow(task)
    visitor.send(answers, action="/tasks/", expect=expect, go="complete")
    if expect == 200 and "/done" not in visitor.path:  # more was asked because of the answers
        visitor.send(answers, action="/tasks/", go="complete")
    run_jobs(application)
    return visitor


ASSESS = {"severity": "low", "complexity": "simple", "impact": "one", "recurrence": "single", "investigation_needed": "yes"}
INVESTIGATE = {"plan": "Look at the till.", "evidence": "The receipts.", "investigation_outcome": "complete"}
DECIDE = {"decision": "upheld", "reasons": "We charged twice by mistake.", "outcome": "monetary_relief", "action_needed": "yes"}


def to_decision(app: Flask, application: Any) -> tuple[Visitor, Visitor, str]:
    """A complaint assessed, investigated and decided; complainant, handler and reference."""
    complainant, reference = file_complaint(app, application)
    handler = Visitor(app).sign_in("hanna")
    work(handler, application, "Assess the complaint", ASSESS)
    handler.open("/inbox?list=all").follow("Investigate").send(INVESTIGATE, action="/tasks/", go="complete")
    handler.send({"findings": "Charged twice."}, action="/tasks/", go="complete")
    run_jobs(application)
    work(handler, application, "Decide", DECIDE)
    return complainant, handler, reference


def test_complaint_goes_from_filing_to_closing(app: Flask, application: Any, clock: Time) -> None:
    """Filed by the complainant, assessed, investigated, decided, accepted, carried out, verified by somebody else, closed."""
    complainant, handler, reference = to_decision(app, application)
    complainant.open(f"/follow/{reference}")
    assert complainant.stage == "Decided"
    complainant.follow("Accept the decision, or ask for a review").send({"answer": "accepted"}, action="/answer/")
    assert "We have received your answer" in complainant.said()
    run_jobs(application)
    work(handler, application, "Carry out what was promised", {"action_done": "Paid back."})
    handler.open("/inbox?list=all").follow("Verify that it works")
    assert "somebody else than Hanna Handler" in handler.said()
    other = Visitor(app).sign_in("henry")
    work(other, application, "Verify that it works", {"verified": "yes"})
    assert complainant.open(f"/follow/{reference}").stage == "Closed"
    assert application.register.get(reference=reference).state == "closed"
    assert application.engine.verify().faults == []


def test_rejected_decision_is_reviewed_by_somebody_else(app: Flask, application: Any) -> None:
    """A complainant who does not accept gets a review; it stays open, and the outside way is named (ISO 10002, 7.9)."""
    complainant, handler, reference = to_decision(app, application)
    complainant.open(f"/follow/{reference}").follow("Accept the decision, or ask for a review").send(
        {"answer": "rejected"}, action="/answer/"
    )
    run_jobs(application)
    assert complainant.open(f"/follow/{reference}").stage == "In review"
    assert "ombudsman" in complainant.said()
    assert application.register.get(reference=reference).state == "open"
    reviewer = Visitor(app).sign_in("rita")
    reviewer.open("/inbox?list=all").follow("Review the decision")
    assert "somebody else than Hanna Handler" in reviewer.said()


def test_auditor_sees_the_whole_trace(app: Flask, application: Any) -> None:
    """Every event of the complaint stands on its trace, with the values and the rules of the table that decided; the chain verifies."""
    _, _, reference = to_decision(app, application)
    auditor = Visitor(app).sign_in("ann")
    auditor.open(f"/audit/complaints/{reference}")
    for said in ("Verified", "Hanna Handler", "Assess the complaint", "We charged twice by mistake.", "Work out the priority"):
        assert said in auditor.text, said
    auditor.open("/audit/verify")
    assert "Nothing was changed" in auditor.said()
    auditor.open("/audit")
    assert "7.5" in auditor.said()


def test_more_information_is_asked_and_given(app: Flask, application: Any) -> None:
    """The complainant is asked, reads so, and answers on the follow page with a file; the clock stands meanwhile."""
    complainant, reference = file_complaint(app, application)
    handler = Visitor(app).sign_in("hanna")
    work(handler, application, "Assess the complaint", ASSESS)
    handler.open("/inbox?list=all").follow("Investigate")
    handler.send({**INVESTIGATE, "investigation_outcome": "ask_complainant"}, action="/tasks/", go="complete")
    handler.send({"question": "Which card was it?"}, action="/tasks/", go="complete")
    run_jobs(application)
    complainant.open(f"/follow/{reference}")
    assert complainant.stage == "Waiting for you" and "Which card was it?" in complainant.said()
    handler.open(f"/complaints/{reference}")
    assert "paused" in handler.said().lower()
    complainant.open(f"/follow/{reference}").follow("Send the information we asked for")
    complainant.send({"information": "The blue one."}, action="/answer/")
    run_jobs(application)
    assert "The blue one." in handler.open(f"/complaints/{reference}").said()
    assert "Investigate" in handler.open("/inbox?list=all").said()


def test_withdrawal_closes_the_complaint(app: Flask, application: Any) -> None:
    """A complainant may withdraw at any time."""
    complainant, reference = file_complaint(app, application)
    complainant.open(f"/follow/{reference}").follow("Withdraw the complaint")
    complainant.send({"withdrawal_reason": "It is settled."}, action="/answer/")
    run_jobs(application)
    assert application.register.get(reference=reference).state == "closed"
    assert complainant.open(f"/follow/{reference}").stage == "Closed"


def test_late_work_is_said_and_escalated(app: Flask, application: Any, clock: Time) -> None:
    """After its deadline the task is late in words, on top of the inbox."""
    _, reference = file_complaint(app, application)
    clock.at += timedelta(days=40)
    run_jobs(application)
    handler = Visitor(app).sign_in("hanna")
    handler.open("/inbox?list=all")
    assert "Late by" in handler.said()
    assert "late" in handler.open(f"/complaints/{reference}").said().lower()


def test_owner_deploys_a_change_and_running_complaints_stay(app: Flask, application: Any, repository: Path) -> None:
    """A changed letter is deployed in the studio; the old complaint stays on its version, a new one runs on the new."""
    import io

    from amends.webui.archives import write_zip

    _, before = file_complaint(app, application)
    folder = repository / "processes" / "iso10002"
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    files["package.toml"] = files["package.toml"].replace(b'version = "1.0.0"', b'version = "1.1.0"')
    owner = Visitor(app).sign_in("olga").open("/studio")
    form = owner.form("/studio/check")
    sent = {"amends_csrf": form.fields["amends_csrf"], "package": (io.BytesIO(write_zip(files)), "p.zip")}
    owner.post("/studio/check", sent)
    assert "No problems" in owner.said() or "nothing that stands in the way" in owner.said(), owner.said()
    owner.send({"reason": "Another version"}, action="/studio/deploy")
    assert "1.1.0 is deployed" in owner.said()
    _, after = file_complaint(app, application)
    versions = []
    for reference in (before, after):
        view = application.engine.instance(application.register.get(reference=reference).instance_id)
        versions.append(application.engine.package(view.deployment_id).manifest.version)
    assert versions == ["1.0.0", "1.1.0"]


def test_two_who_complete_the_same_task(app: Flask, application: Any) -> None:
    """The second learns who was first and when, and gets back what they typed."""
    _, reference = file_complaint(app, application)
    first, second = Visitor(app).sign_in("hanna"), Visitor(app).sign_in("henry")
    for one in (first, second):
        one.open("/inbox?list=all").follow("Assess the complaint")
    first.send(ASSESS, action="/tasks/", go="complete")
    second.send({**ASSESS, "assessment_note": "My careful words"}, action="/tasks/", expect=409, go="complete")
    assert "Hanna Handler" in second.said() and "My careful words" in second.said()


def test_complaint_is_filed_in_an_organisations_own_application(application: Any) -> None:
    """Mounted below a prefix, the way from the form to the follow page works as alone."""
    host = Flask("host")
    host.config.update(TESTING=True, SECRET_KEY="k" * 32, AMENDS_LIMIT_FILE=None, AMENDS_LIMIT_FOLLOW=None)
    Amends(application).init_app(host, url_prefix="/complaints")
    complainant, reference = file_complaint(host, application, "/complaints")
    assert complainant.path == f"/complaints/follow/{reference}"
    assert re.search(r'href="/complaints/', complainant.text)
    assert complainant.stage in ("Received", "Being assessed")


def test_administrator_makes_an_account_that_can_sign_in(app: Flask, application: Any) -> None:
    """The generated password is shown once and works; the record says who made the account."""
    admin = Visitor(app).sign_in("adam").open("/admin")
    admin.send({"username": "nora", "display_name": "Nora New"}, action="/admin/accounts", roles="handler")
    password = admin.page.xpath("//*[@class='app-secret']")[0].text_content()
    visitor = Visitor(app).open("/sign-in").send({"username": "nora", "password": password})
    assert visitor.path == "/inbox"
