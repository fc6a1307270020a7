"""Choosing a colleague: a list while they are few; beyond twenty one types, the server says whom it took, and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import html

import amends
from amends.engine.instances.filters import Filter
from amends.webui import create_app
from amends.webui.people import MOST_LISTED

PASSWORD = "correct horse battery"


class House:
    """An installation with a team lead signed in, a complaint, its task, and so many colleagues."""

    def __init__(self, folder: Path, many: int) -> None:
        self.app = amends.open(data=folder)
        self.app.deploy_shipped()
        roles = ["handler", "team-lead"]
        self.lead = self.app.accounts.create("lea", "Lea Lead", roles, PASSWORD)[0]
        names = [("kim", "Kim Meyer"), ("kim2", "Kim Meyer"), ("ann", "Ann Vandenberg")]
        names += [(f"colleague{number}", f"Colleague Number {number}") for number in range(many - len(names) - 1)]
        self.people = {name: self.app.accounts.create(name, shown, ["handler"])[0] for name, shown in names}
        filed = self.app.register.file({"description": "It leaks", "name": "Jo"}, actor="complainant")
        while self.app.engine.run_due():
            pass
        self.complaint = self.app.register.get(filed.reference)
        (self.task,) = self.app.engine.user_tasks(filed.instance_id)
        limits = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}
        self.client: FlaskClient = create_app(self.app, TESTING=True, SECRET_KEY="k" * 32, **limits).test_client()
        assert self.post("/sign-in", username="lea", password=PASSWORD)[0] == 303

    def post(self, address: str, **data: Any) -> tuple[int, str]:
        token = re.search(r'name="amends_csrf" value="([^"]+)"', self.client.get("/follow").text)
        assert token is not None
        answer = self.client.post(address, data={**data, "amends_csrf": token[1]})
        return answer.status_code, answer.text

    def get(self, address: str) -> str:
        return self.client.get(address).text

    def holder(self) -> str:
        return str(self.app.engine.user_task(self.task.id).assignee or "")

    def let_it_be_late(self) -> None:
        """So that its task is among those on the page of team leads."""
        with self.app.engine.commands.on(self.task.instance_id, "test", "system") as work:
            token = work.execution.token(int(self.task.id.rpartition(".")[2]))
            token.internal_data["wait"] = {**token.wait, "due": datetime.now(UTC)}

    def places(self) -> dict[str, tuple[str, str, dict[str, Any]]]:
        """Every page where somebody is chosen: the field, the page, and what is posted with it to where."""
        soon = datetime.now(UTC).date() + timedelta(days=3)
        away = {"begins": soon.isoformat(), "ends": soon.isoformat(), "do": "away"}
        task, complaint = f"/tasks/{self.task.id}", f"/complaints/{self.complaint.reference}"
        return {
            task: ("assignee", f"{task}/assign", {}),
            "/inbox?list=all": ("assign", "/inbox?list=all", {"do": "assign", "task": self.task.id, "list": "all"}),
            complaint: ("person", f"{complaint}/people", {"part": "conflict", "reason": "They are cousins"}),
            "/account": ("cover", "/account/away", away),
            f"/workload/{self.people['ann'].id}": ("cover", f"/workload/{self.people['ann'].id}", away),
        }


@pytest.fixture
def few(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, MOST_LISTED)
    yield made
    made.app.close()


@pytest.fixture
def many(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, MOST_LISTED + 5)
    yield made
    made.app.close()


def test_few_are_a_list(few: House) -> None:
    """Up to twenty everywhere a select with their names."""
    for page, (field, _, _) in few.places().items():
        assert re.search(rf'<select[^>]* name="{field}"', few.get(page)), page


def test_of_many_one_types_a_name(many: House) -> None:
    """Beyond, everywhere a field that suggests all of them, and needs no script."""
    for page, (field, _, _) in many.places().items():
        shown = many.get(page)
        assert re.search(rf'<input[^>]* name="{field}"[^>]* list="{field}-people"', shown), page
        suggested = shown.split(f'<datalist id="{field}-people">')[1].split("</datalist>")[0]
        assert suggested.count('<option value="Kim Meyer (kim') == 2, page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Nobody Inparticular", "is called “Nobody Inparticular”"),
        ("kim meyer", "“kim meyer” could be Kim Meyer (kim), Kim Meyer (kim2). Enter the user name"),
        ("Colleague", "and others. Enter the user name"),
    ],
)
def test_where_nobody_or_several_are_meant_it_is_said_and_nothing_is_lost(many: House, typed: str, said: str) -> None:
    """The page comes again with the sentence, the words, the ticks and the other fields; nothing was changed."""
    for page, (field, action, data) in many.places().items():
        status, shown = many.post(action, **data, **{field: typed})
        assert status == 422 and said in shown and "<title>Error:" in shown, page
        assert re.search(rf'<input[^>]* name="{field}" value="{typed}"', shown), page
        for kept in ("They are cousins", data.get("begins", "")):
            assert kept not in data.values() or f'value="{kept}"' in shown, page
        if "task" in data:
            assert f'value="{many.task.id}" checked' in shown
    assert many.holder() == "" and many.app.accounts.absences.coming() == []
    assert many.app.register.people.of(many.complaint) == []


@pytest.mark.parametrize("typed", ["kim2", "KIM2", "Kim Meyer (kim2)"])
def test_two_of_one_name_are_told_apart(many: House, typed: str) -> None:
    """By the user name, and by what the suggestion says."""
    assert many.post(f"/tasks/{many.task.id}/assign", assignee=typed)[0] == 303
    assert many.holder() == many.people["kim2"].actor


@pytest.mark.parametrize("typed", ["vanden", "Ann V"])
def test_who_only_begins_like_it_is_asked_for_where_nothing_is_shown_first(many: House, typed: str) -> None:
    """Nobody is given, noted or made cover by half a name: the page says who could be meant, and nothing was changed."""
    for page, (field, action, data) in many.places().items():
        if field == "assign" or page.endswith(many.people["ann"].id):
            continue  # shows who is meant before anything is done; cannot be her own cover
        status, shown = many.post(action, **data, **{field: typed})
        assert status == 422 and f"Is Ann Vandenberg (ann) meant by “{typed}”? Then enter ann" in shown, page
    assert many.holder() != many.people["ann"].actor


@pytest.mark.parametrize("typed", ["ann", "Ann Vandenberg", "vanden", " ann  vanden "])
def test_a_name_or_its_beginning_is_enough(many: House, typed: str) -> None:
    """In any letters, from any word of it; several tasks are previewed first, as from a list."""
    status, shown = many.post("/inbox", do="assign", task=many.task.id, list="all", assign=typed)
    assert status == 200 and "given to Ann Vandenberg" in shown
    value = re.search(r'name="value" value="([^"]+)"', shown)
    assert value is not None
    assert many.post("/inbox", do="assign", task=many.task.id, list="all", value=value[1], sure="yes")[0] == 303
    assert many.holder() == many.people["ann"].actor


@pytest.mark.parametrize("page", ["/inbox?list=all", "/workload"])
def test_enter_in_a_field_does_what_is_filled_in_there(many: House, page: str) -> None:
    """It presses the first button of the form: nothing but what was typed is meant by that, and it is shown before it is done."""
    many.let_it_be_late()
    (form,) = html.fromstring(many.get(page)).xpath("//form[.//input[@name='assign']]")
    first = form.xpath(".//button[@type='submit']")[0]
    asked = {first.get("name"): first.get("value"), "task": many.task.id, "list": form.xpath(".//input[@name='list']/@value")[0]}
    status, shown = many.post("/inbox", **asked, assign="vanden")
    assert status == 200 and "given to Ann Vandenberg" in shown and 'name="do" value="assign"' in shown
    status, shown = many.post("/inbox", **asked, follow_up="2099-01-05")
    assert status == 200 and "follow-up on" in shown and 'name="do" value="follow_up"' in shown
    status, shown = many.post("/inbox", **asked, follow_up="2099-01-05", assign="vanden")
    assert status == 422 and shown.count("Press the button beside it") == 4 and 'name="assign" value="vanden"' in shown
    status, shown = many.post("/inbox", **asked)
    assert status == 422 and "Press the button of what is to be done" in shown
    assert many.holder() == ""


def test_a_user_name_goes_before_the_beginning_of_another(many: House) -> None:
    """“colleague1” is one person, though colleague10 begins like that."""
    assert many.post(f"/tasks/{many.task.id}/assign", assignee="colleague1")[0] == 303
    assert many.holder() == many.people["colleague1"].actor


def test_nobody_chosen_is_said_beside_the_field(few: House) -> None:
    """The list again, and what to do."""
    status, shown = few.post(f"/tasks/{few.task.id}/assign", assignee="")
    assert status == 422 and "Choose who shall do it" in shown
    status, shown = few.post("/inbox?list=all", do="assign", task=few.task.id, list="all", assign="")
    assert status == 422 and "Choose who shall do it" in shown and f'value="{few.task.id}" checked' in shown


def test_kept_lists_say_how_many_they_hold(few: House) -> None:
    """One's own and those of others, each as the reader would find it."""
    few.app.accounts.saved.keep(few.lead.id, "Everything", "all", Filter())
    few.app.accounts.saved.keep(few.people["ann"].id, "Urgent ones", "all", Filter(priority=85), shared=True)
    counts = re.findall(r'app-lists__name">([^<]+?) *<.*?app-lists__count">(\S+?)<', few.get("/inbox"), re.DOTALL)
    assert {("Everything", "1"), ("Urgent ones", "0")} <= set(counts)


def test_a_complaint_says_what_can_come_next(few: House) -> None:
    """From the diagram, through its gateways, with their conditions; in the list of its activities too."""
    shown = few.get(f"/complaints/{few.complaint.reference}")
    assert "What can come next" in shown and "After “Assess the complaint”" in shown
    after = re.search(r"After “Assess the complaint”</dt><dd[^>]*>(.*?)</dd>", shown, re.DOTALL)
    assert after is not None and "(" in after[1], after
    assert re.search("After the whole of “[^”]+”", shown)
    shown = few.get(f"/complaints/{few.complaint.reference}?diagram=assessment.bpmn")
    assert "<strong>can come next</strong>" in shown and "&#34;next&#34;" in shown


def test_a_form_that_asks_for_colleagues_takes_their_names(many: House) -> None:
    """One after the other by a button that needs no script: who was named is ticked, who is not known stays in the box."""
    page = f"/tasks/{many.task.id}"
    shown = many.get(page)
    assert re.search(r'<input[^>]* name="involved_staff"[^>]* list=', shown) and "account:" not in shown.split("involved_staff")[1][:300]
    status, shown = many.post(page, go="look", involved_staff="vanden")
    ticked = f'name="involved_staff" type="checkbox" value="{many.people["ann"].actor}" checked'
    assert status == 200 and ticked in shown and 'name="involved_staff" value=""' in shown
    status, shown = many.post(page, go="complete", involved_staff=[many.people["ann"].actor, "Kim M"])
    assert status == 422 and "Several of the list" in shown and ticked in shown and 'name="involved_staff" value="Kim M"' in shown
