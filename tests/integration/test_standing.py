"""Who may see a complaint and be given its work: conflicts, teams, marks, independence, competence (ISO 10002, 4.7, 4.10, 4.14)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from driving import element, flows, process, user
from flask.testing import FlaskClient
from page_forms import TOKEN, forms_of
from sqlalchemy import select

import amends
from amends.application import Application
from amends.engine import Conflict, Forbidden, NotFound
from amends.engine.errors import Invalid
from amends.engine.store.tables import metadata
from amends.webui import create_app

PEOPLE = {
    "hanna": ["handler"],
    "henry": ["handler", "decider"],
    "lea": ["handler", "decider", "team-lead"],
    "rita": ["reviewer", "handler"],
    "ann": ["auditor"],
    "adam": ["admin"],
}
ASSESSED = {"severity": "low", "complexity": "simple", "impact": "one", "recurrence": "single", "investigation_needed": "yes"}


class Desk:
    """An installation with its people by name, and what a test does with them in a line."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.people = {name: app.accounts.create(name, name.title(), roles)[0] for name, roles in PEOPLE.items()}

    def __getitem__(self, name: str) -> str:
        """Somebody's actor."""
        return self.people[name].actor

    def file(self) -> Any:
        """A complaint that waits to be assessed."""
        filed = self.app.register.file({"description": "It leaks.", "name": "Jo", "email": "jo@example.org"}, actor="complainant")
        self.app.engine.run_due()
        return self.app.register.get(filed.reference)

    def task(self, complaint: Any, element_id: str) -> Any:
        (found,) = (one for one in self.app.engine.user_tasks(complaint.instance_id) if one.element_id == element_id)
        return found

    def do(self, who: str, complaint: Any, element_id: str, **data: Any) -> None:
        self.app.engine.complete(self.task(complaint, element_id).id, data, actor=self[who])
        self.app.engine.run_due()

    def reads(self, who: str, complaint: Any) -> bool:
        """Whether somebody may read it; what they may do, what they find and what they are listed must say the same."""
        allowed = self.app.policy.allows(self[who], "read", instance_id=complaint.instance_id)
        by_reference = self.app.policy.allows(self[who], "read", reference=complaint.reference)
        found = complaint.reference in [one.reference for one in self.app.register.search(actor=self[who])]
        tasks = self.app.engine.user_tasks(complaint.instance_id, state=None)
        listed = [one.id for one in self.app.engine.user_tasks(complaint.instance_id, state=None, actor=self[who])]
        assert (by_reference, found, listed) == (allowed, allowed, [one.id for one in tasks] if allowed else []), who
        return allowed

    def others(self) -> tuple[Any, Any]:
        """Two more complaints: one that is everybody's and hanna has the work of, one that is kept from all but leads and auditors."""
        free, closed = self.file(), self.file()
        self.app.engine.claim(self.task(free, "assess").id, actor=self["hanna"])
        self.app.register.people.mark(closed, confidential=True, actor="system")
        return free, closed

    def readers(self, complaint: Any) -> set[str]:
        return {name for name in self.people if name != "adam" and self.reads(name, complaint)}

    def visit(self, name: str) -> FlaskClient:
        """Somebody's browser, signed in."""
        self.app.accounts.set_password(self.people[name].id, "correct horse battery")
        client = create_app(self.app, TESTING=True, SECRET_KEY="k" * 32, AMENDS_LIMIT_SIGN_IN=None).test_client()
        sent = {TOKEN: token_of(client, "/sign-in"), "username": name, "password": "correct horse battery"}
        assert client.post("/sign-in", data=sent).status_code == 303
        return client


def token_of(client: FlaskClient, page: str) -> str:
    found = re.search(rf'name="{TOKEN}" value="([^"]+)"', client.get(page).text)
    assert found is not None
    return found[1]


@pytest.fixture
def desk(database_url: str, tmp_path: Path, clock: Any) -> Iterator[Desk]:
    app = amends.open(database_url, data=tmp_path / "data", clock=clock)
    app.deploy_shipped()
    yield Desk(app)
    app.close()


def test_what_stands_before_one_complaint_stands_before_no_other(desk: Desk) -> None:
    """Lists of several: having the work of one opens no other, and one that is closed closes no other."""
    free, closed = desk.others()
    complaint = desk.file()
    assert desk.readers(free) == desk.readers(complaint) == EVERYBODY
    assert desk.readers(closed) == {"lea", "ann"}
    desk.app.accounts.set_teams(desk.people["lea"].id, ["North"])
    desk.app.register.people.give_to_team(closed, "North", actor="system")
    desk.app.register.people.note(complaint, desk["hanna"], "conflict", actor="system")
    assert (desk.readers(free), desk.readers(closed), desk.readers(complaint)) == (EVERYBODY, {"lea", "ann"}, EVERYBODY - {"hanna"})


EVERYBODY = {"hanna", "henry", "lea", "rita", "ann"}


def test_whom_a_complaint_is_about_has_nothing_to_do_with_it_from_then_on(desk: Desk) -> None:
    """Chosen on the assessment form: cannot read, claim or be given it, loses what they had, and is told the decision (4.7, 7.8)."""
    complaint = desk.file()
    assert desk.readers(complaint) == EVERYBODY
    desk.do("hanna", complaint, "assess", **ASSESSED, involved_staff=[desk["henry"]])
    assert desk.readers(complaint) == EVERYBODY - {"henry"}
    task = desk.task(complaint, "investigate")
    for refused in (
        lambda: desk.app.engine.claim(task.id, actor=desk["henry"]),
        lambda: desk.app.engine.complete(task.id, {}, actor=desk["henry"]),
        lambda: desk.app.engine.assign(task.id, desk["henry"], actor=desk["lea"]),
    ):
        with pytest.raises(Forbidden, match="because the complaint is about them"):
            refused()
    assert desk.task(complaint, "investigate").assignee is None
    desk.do("hanna", complaint, "investigate", investigation_outcome="complete", findings="A seal was missing.")
    desk.do("lea", complaint, "decide", decision="upheld", reasons="True.", outcome="explanation", action_needed="no")
    told = {message.recipient for message in desk.app.register.thread(complaint, internal=True)}
    assert told == {"Hanna, Henry, Lea", "Jo"}
    assert desk.app.engine.verify().faults == []


def test_only_people_who_work_here_can_be_chosen(desk: Desk) -> None:
    """The form's list is of active accounts; anything else is refused beside the field."""
    complaint = desk.file()
    desk.app.accounts.deactivate(desk.people["henry"].id)
    for wrong in ("account:nobody", "henry", desk["henry"]):
        with pytest.raises(Invalid) as caught:
            desk.do("hanna", complaint, "assess", **ASSESSED, involved_staff=[wrong])
        assert "involved_staff" in caught.value.fields


def test_a_conflict_of_interest_takes_the_work_away_in_the_same_command(desk: Desk) -> None:
    """Declared by oneself, or noted by a team lead; only a lead takes it back, and not their own."""
    complaint = desk.file()
    task = desk.task(complaint, "assess")
    desk.app.engine.claim(task.id, actor=desk["hanna"])
    people = desk.app.register.people
    with pytest.raises(Forbidden, match="declared by who has it"):
        desk.app.engine.authorise(desk["hanna"], "declare", instance_id=complaint.instance_id, account_id=desk.people["henry"].id)
    with pytest.raises(Forbidden, match="role team lead"):
        people.note(complaint, desk["henry"], "conflict", actor=desk["hanna"])
    people.declare(complaint, actor=desk["hanna"], reason="My cousin")
    assert desk.task(complaint, "assess").assignee is None and not desk.reads("hanna", complaint)
    noted = [(one.actor, one.part, one.noted_by) for one in people.of(complaint)]
    assert noted == [(desk["hanna"], "conflict", desk["hanna"])]
    events = desk.app.engine.history(complaint.instance_id)
    last = [(event.kind, event.data.get("because")) for event in events][-2:]
    assert last == [("person noted", None), ("assigned", "conflict of interest")]
    with pytest.raises(Forbidden):
        people.withdraw(complaint, desk["hanna"], "conflict", actor=desk["hanna"])
    people.withdraw(complaint, desk["hanna"], "conflict", actor=desk["lea"], reason="It is another family")
    assert desk.reads("hanna", complaint)
    with pytest.raises(NotFound):
        people.withdraw(complaint, desk["hanna"], "conflict", actor=desk["lea"])
    people.note(complaint, desk["lea"], "conflict", actor=desk["lea"])
    with pytest.raises(Forbidden, match="conflict of interest"):
        people.withdraw(complaint, desk["lea"], "conflict", actor=desk["lea"])
    desk.app.register.people.note(complaint, desk["ann"], "involved", actor="system")
    assert not desk.reads("ann", complaint)
    with pytest.raises(Forbidden):
        desk.app.policy.check(desk["ann"], "audit", instance_id=complaint.instance_id)


def test_a_team_sees_its_own_complaints_only(desk: Desk) -> None:
    """Whoever has its work and who is admitted by name may too; auditors see all; a team nobody is in is refused."""
    complaint, people = desk.file(), desk.app.register.people
    for name, team in (("hanna", "North"), ("henry", "South"), ("lea", "North")):
        desk.app.accounts.set_teams(desk.people[name].id, [team])
    with pytest.raises(Conflict, match="Nobody is in a team"):
        people.give_to_team(complaint, "Nrth", actor=desk["lea"])
    people.give_to_team(complaint, "North", actor=desk["lea"])
    assert desk.readers(complaint) == {"hanna", "lea", "ann"}
    with pytest.raises(Forbidden, match="another team"):
        desk.app.engine.claim(desk.task(complaint, "assess").id, actor=desk["henry"])
    with pytest.raises(Forbidden, match="another team"):
        desk.app.engine.assign(desk.task(complaint, "assess").id, desk["henry"], actor=desk["lea"])
    people.note(complaint, desk["henry"], "admitted", actor=desk["lea"])
    assert desk.readers(complaint) == {"hanna", "henry", "lea", "ann"}
    desk.app.engine.assign(desk.task(complaint, "assess").id, desk["henry"], actor=desk["lea"])
    people.withdraw(complaint, desk["henry"], "admitted", actor=desk["lea"])
    assert desk.reads("henry", complaint), "whoever has the work sees what it is about"
    desk.do("henry", complaint, "assess", **ASSESSED)
    assert desk.readers(complaint) == {"hanna", "lea", "ann"}
    people.give_to_team(complaint, "South", actor=desk["lea"])
    assert desk.readers(complaint) == {"henry", "ann"}
    assert desk.app.engine.instance(complaint.instance_id).variables["team"] == "South"


def test_a_complaint_stays_a_teams_that_nobody_is_in_any_more(desk: Desk) -> None:
    """The page offers that team too: who saves what stands there opens the complaint to nobody. It can be given away, but not back."""
    register, accounts, complaint = desk.app.register, desk.app.accounts, desk.file()
    for team in ("North", "South"):
        for name in ("hanna", "lea"):
            accounts.set_teams(desk.people[name].id, [team])
        if team == "North":
            register.people.give_to_team(complaint, team, actor=desk["lea"])
            register.people.note(complaint, desk["lea"], "admitted", actor="system")
    client, page = desk.visit("lea"), f"/complaints/{complaint.reference}"
    assert '<option value="North" selected>North (nobody is in it now)</option>' in client.get(page).text
    (form,) = (one for one in forms_of(client, [page], client.application.url_map) if one.endpoint == "amends.standing.restrict")
    token = token_of(client, page)
    for more in ({"confidential": ["yes"]}, {}):
        assert client.post(form.action, data={**form.sent(), **more, TOKEN: token}).status_code == 303
        found = register.get(complaint.reference)
        assert (found.team, found.confidential, desk.readers(found)) == ("North", bool(more), {"lea", "ann"})
    assert client.post(form.action, data={TOKEN: token, "team": "South"}).status_code == 303
    assert register.get(complaint.reference).team == "South"
    assert client.post(form.action, data={TOKEN: token, "team": "North"}).status_code == 422
    with pytest.raises(Conflict, match="Nobody is in a team"):
        register.people.give_to_team(register.get(complaint.reference), "North", actor=desk["lea"])


def test_a_confidential_complaint_is_for_leads_its_holders_and_the_admitted(desk: Desk) -> None:
    """A lead gives its work to somebody, who sees it as long as they have it; a process can set the mark by a variable."""
    complaint, people = desk.file(), desk.app.register.people
    people.mark(complaint, confidential=True, actor=desk["lea"])
    assert desk.readers(complaint) == {"lea", "ann"}
    with pytest.raises(Forbidden, match="marked as confidential"):
        desk.app.engine.claim(desk.task(complaint, "assess").id, actor=desk["hanna"])
    desk.app.engine.assign(desk.task(complaint, "assess").id, desk["hanna"], actor=desk["lea"])
    assert desk.readers(complaint) == {"hanna", "lea", "ann"}
    desk.do("hanna", complaint, "assess", **ASSESSED)
    assert desk.readers(complaint) == {"lea", "ann"}
    desk.app.engine.set_variables(complaint.instance_id, {"confidential": False}, actor="system", reason="settled")
    assert desk.readers(complaint) == EVERYBODY
    assert not desk.app.policy.allows(desk["adam"], "read", instance_id=complaint.instance_id)


def test_a_closed_complaint_can_still_be_restricted(desk: Desk) -> None:
    """Closing does not open what somebody must not see."""
    complaint = desk.file()
    desk.app.engine.cancel(complaint.instance_id, reason="withdrawn", actor="system")
    desk.app.register.people.mark(complaint, confidential=True, actor=desk["lea"])
    desk.app.register.people.note(complaint, desk["ann"], "conflict", actor=desk["lea"])
    assert desk.readers(complaint) == {"lea"}
    assert desk.app.register.get(complaint.reference).confidential and desk.app.engine.verify().faults == []


def test_who_decided_before_is_not_offered_or_given_the_review(desk: Desk, bpmn: Callable[..., Path]) -> None:
    """A task that names what it must be independent of: not listed, not claimed, not given, and taken away if it was had before."""
    apart = '<zeebe:properties><zeebe:property name="not_done_by" value="a"/></zeebe:properties>'
    group = '<zeebe:assignmentDefinition candidateGroups="handler"/>'
    body = element("startEvent", "s") + element("parallelGateway", "f") + user("a", ext=group) + user("b", ext=group + apart)
    desk.app.engine.deploy(bpmn(process(body + flows("s>f", "f>a", "f>b"))))
    instance_id = desk.app.engine.start("p", actor="system")
    by_name = {task.element_id: task for task in desk.app.engine.user_tasks(instance_id)}
    desk.app.engine.claim(by_name["b"].id, actor=desk["hanna"])
    desk.app.engine.complete(by_name["a"].id, actor=desk["hanna"])
    (left,) = desk.app.engine.user_tasks(instance_id)
    assert left.assignee is None, "whoever had the one task and completed the other has it no more"

    def offered(name: str) -> list[str]:
        return [one.id for one in desk.app.engine.user_tasks(instance_id, groups=["handler"], actor=desk[name], offered=True)]

    assert (offered("hanna"), offered("henry")) == ([], [left.id])
    for refused in (
        lambda: desk.app.engine.claim(left.id, actor=desk["hanna"]),
        lambda: desk.app.engine.assign(left.id, desk["hanna"], actor=desk["lea"]),
        lambda: desk.app.engine.complete(left.id, actor=desk["hanna"]),
    ):
        with pytest.raises(Forbidden, match="must not do 'b' as well"):
            refused()
    desk.app.engine.complete(left.id, actor=desk["henry"])


def test_a_task_that_needs_a_competence_is_offered_to_who_holds_it(desk: Desk, bpmn: Callable[..., Path], clock: Any) -> None:
    """Until the last day it is valid; whoever has the task and lost the competence cannot complete it (4.14)."""
    needs = '<zeebe:properties><zeebe:property name="competence" value="devices"/></zeebe:properties>'
    group = '<zeebe:assignmentDefinition candidateGroups="handler"/>'
    desk.app.engine.deploy(bpmn(process(element("startEvent", "s") + user("a", ext=group + needs) + flows("s>a"))))
    instance_id = desk.app.engine.start("p", actor="system")
    (task,) = desk.app.engine.user_tasks(instance_id)

    def offered() -> set[str]:
        given = {"groups": ["handler"], "offered": True}
        return {name for name in desk.people if desk.app.engine.user_tasks(instance_id, actor=desk[name], **given)}

    assert task.competence == "devices" and offered() == set()
    with pytest.raises(Forbidden, match="needs the competence 'devices', which Hanna does not hold"):
        desk.app.engine.claim(task.id, actor=desk["hanna"])
    accounts, hanna = desk.app.accounts, desk.people["hanna"]
    accounts.add_competence(hanna.id, "devices", training="Two days", valid_until=clock() + timedelta(days=2))
    assert offered() == {"hanna"}
    with pytest.raises(Forbidden, match="which Henry does not hold"):
        desk.app.engine.assign(task.id, desk["henry"], actor=desk["lea"])
    desk.app.engine.claim(task.id, actor=desk["hanna"])
    clock.move(days=3)
    with pytest.raises(Forbidden, match="needs the competence"):
        desk.app.engine.complete(task.id, actor=desk["hanna"])
    accounts.add_competence(hanna.id, "devices", training="Again")
    desk.app.engine.complete(task.id, actor=desk["hanna"])
    with desk.app.engine.database.reading() as connection:
        rows = connection.execute(select(metadata.tables["account_competence"])).all()
    assert [(row.competence, row.training, row.valid_until) for row in rows] == [("devices", "Again", None)]
    accounts.remove_competence(hanna.id, "devices")
    assert accounts.competences_of(hanna.id) == set()
    with pytest.raises(NotFound):
        accounts.remove_competence(hanna.id, "devices")


def test_whom_a_task_can_be_given_to_is_asked_of_all_at_once(desk: Desk) -> None:
    """For every kind of person and complaint the list on the task's page is who would be let to have it, one by one."""
    app, people = desk.app, desk.app.register.people
    app.accounts.set_teams(desk.people["hanna"].id, ["North"], actor="system")
    app.accounts.add_competence(desk.people["henry"].id, "safety", actor="system")
    app.accounts.add_competence(desk.people["lea"].id, "safety", valid_until=app.engine.now() - timedelta(days=1), actor="system")
    plain, north, secret, about = (desk.file() for _ in range(4))
    people.give_to_team(north, "North", actor="system")
    people.mark(secret, confidential=True, actor="system")
    people.note(about, desk["henry"], "involved", actor="system")
    for name in ("rita", "lea"):
        people.note(north, desk[name], "admitted", actor="system")
    app.engine.assign(desk.task(secret, "assess").id, desk["rita"], actor="system")
    seen = set()
    for complaint in (plain, north, secret, about):
        for groups in (["handler"], ["decider", "reviewer"], ["@henry"], []):
            for competence in ("", "safety"):
                at = {"instance_id": complaint.instance_id, "element_id": "assess", "groups": groups, "competence": competence}
                given = {**at, "assignee": desk["lea"]}
                everybody = app.accounts.list()
                one_by_one = [one.username for one in everybody if app.policy.allows(desk["lea"], "assign", **given, to=one.actor)]
                at_once = app.policy.receivers(app.accounts.list(), complaint.instance_id, groups, competence)
                assert [one.username for one in at_once] == one_by_one, at
                seen.add(tuple(one_by_one))
    assert len(seen) > 6


def test_what_an_account_is_said_to_see_is_what_it_sees(desk: Desk) -> None:
    """The administrator's page asks the policy: for every role, with and without a team, it says what reading each complaint says."""
    people, accounts = desk.app.register.people, desk.app.accounts
    accounts.set_teams(desk.people["henry"].id, ["North"])
    accounts.set_teams(desk.people["lea"].id, ["North"])
    accounts.set_teams(desk.people["rita"].id, ["South"])
    free, mine, others, marked = (desk.file() for _ in range(4))
    people.give_to_team(mine, "North", actor="system")
    people.give_to_team(others, "South", actor="system")
    people.mark(marked, confidential=True, actor="system")
    for name, account in desk.people.items():
        found = desk.app.policy.reach(account)
        said = {
            free.reference: found.reads,
            mine.reference: found.reads and (found.everything or "North" in found.teams),
            others.reference: found.reads and (found.everything or "South" in found.teams),
            marked.reference: found.reads and found.confidential,
        }
        sees = [desk.app.policy.allows(account.actor, "read", instance_id=one.instance_id) for one in (free, mine, others, marked)]
        assert list(said.values()) == sees, name
    people.note(free, desk["henry"], "conflict", actor="system")
    people.note(marked, desk["henry"], "admitted", actor="system")
    found = desk.app.policy.reach(desk.people["henry"])
    assert (found.closed, found.admitted) == (1, 1)


def test_the_administrators_pages_say_who_sees_what(desk: Desk) -> None:
    """Roles, teams and second factors in the list; what an account can do and see on its page, one's own as well."""
    app = desk.app
    app.accounts.set_teams(desk.people["henry"].id, ["North"])
    client = desk.visit("adam")
    assert re.search(r'henry</td>.*?data-label="Teams">North<.*?data-label="Second factor">Off<', client.get("/admin").text, re.DOTALL)
    shown = {name: " ".join(client.get(f"/admin/accounts/{one.id}").text.split()) for name, one in desk.people.items()}
    assert "Complaints of North, and those of no team, but confidential ones only with work on them" in shown["henry"]
    assert "Complaints of no team, confidential ones too" in shown["lea"]
    assert "Every complaint, of all teams, confidential ones too" in shown["ann"] and "Read the audit trail" in shown["ann"]
    assert "No complaint" in shown["adam"] and "Manage accounts and settings" in shown["adam"] and "Administrator" in shown["adam"]
