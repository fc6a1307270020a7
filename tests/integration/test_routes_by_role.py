"""Every route, for every role, about a complaint that is none of theirs: nothing of it is shown, nothing of it changes.

The routes are those the application has: a new one is tried without anybody having to think of it, and one with a part in its
address that is not known here fails the test until somebody has said what stands for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

import amends
from amends.engine.accounts import BUILT_IN_ROLES
from amends.engine.store.tables import metadata
from amends.webui import create_app

PASSWORD = "correct horse battery"
MARK = "zephyrine"
"""A word that only the complaint holds: a page that says it shows something of it."""
ASSESSED = {"severity": "low", "complexity": "simple", "impact": "one", "recurrence": "single", "investigation_needed": "yes"}
LEAVES = {"amends.signin.leave", "amends.signin.enter"}
"""These change who is asking: they are tried by their own tests."""


class Foreign:
    """An installation with a complaint full of the mark, and an account for every role and reason to be kept from it."""

    def __init__(self, folder: Path) -> None:
        self.app = amends.open(data=folder / "data")
        self.deployment = self.app.deploy_shipped()
        unlimited = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}
        self.flask: Flask = create_app(self.app, TESTING=True, SECRET_KEY="k" * 32, **unlimited)
        accounts = self.app.accounts
        self.lead = accounts.create("lead", "Lea Lead", ["handler", "team-lead"], PASSWORD)[0]
        accounts.set_teams(self.lead.id, ["North"])
        self.bystander = accounts.create("by", "By Stander", ["handler"], PASSWORD)[0]
        self.complaint = self._file()
        self.people: dict[tuple[str, str], Any] = {}
        packaged = self.app.engine.package(self.deployment.id).manifest.roles
        for role in (*packaged, *BUILT_IN_ROLES):
            for why in ("involved", "conflict", "another team", "confidential"):
                # An auditor reads everything but what they are part of; an administrator's pages are not a complaint's.
                if role in ("auditor", "admin", "process-owner") and why not in ("involved", "conflict"):
                    continue
                if role == "team-lead" and why == "confidential":
                    continue
                name = f"{role}-{why.replace(' ', '-')}"
                roles = [role] if role in packaged or role in ("auditor", "admin", "process-owner") else [role, "handler"]
                account = accounts.create(name, f"Some {name}", roles, PASSWORD)[0]
                if why in ("involved", "conflict"):
                    self.app.register.people.note(self.complaint, account.actor, why, actor="system")
                else:
                    accounts.set_teams(account.id, ["North" if why == "confidential" else "South"])
                self.people[role, why] = account

    def _file(self) -> Any:
        register, engine = self.app.register, self.app.engine
        said = {"description": f"{MARK}'s kettle leaks", "subject": f"The kettle of {MARK}", "name": f"{MARK} Roe"}
        said["email"] = f"{MARK}@example.org"
        kept = register.add_file(f"{MARK}.txt", "text/plain", f"A letter of {MARK}".encode(), actor="complainant")
        filed = register.file(said, actor="complainant", files=[kept.id])
        self.secret, self.file_id = filed.secret, kept.id
        complaint = register.get(filed.reference)
        register.receive(complaint, f"It is {MARK} again", author="complainant", subject=f"From {MARK}")
        engine.run_due()
        (task,) = engine.user_tasks(filed.instance_id)
        engine.complete(task.id, {**ASSESSED, "assessment_note": f"{MARK} wrote before"}, actor=self.lead.actor)
        engine.run_due()
        (self.task,) = engine.user_tasks(filed.instance_id)
        self.done = task
        register.people.give_to_team(complaint, "North", actor=self.lead.actor)
        register.people.mark(complaint, confidential=True, actor=self.lead.actor)
        with engine.database.reading() as connection:
            key = select(metadata.tables["dispatch"].c.key).where(metadata.tables["dispatch"].c.instance_id == filed.instance_id)
            self.letter_key = connection.execute(key.limit(1)).scalar_one()
        self.mail_id = "not-a-mail"
        self.letter = self.app.mailer.list()[0].name  # type: ignore[attr-defined]
        return register.get(filed.reference)

    def state(self) -> Any:
        """Everything that could have changed of the complaint: its history's head, its tasks, its messages and files."""
        tables = metadata.tables
        with self.app.engine.database.reading() as connection:
            found = [connection.execute(select(tables["instance"])).all()]
            for name in ("user_task", "message", "attachment", "complaint", "complaint_person", "follow_link", "comment"):
                table = tables[name]
                found.append(connection.execute(select(table).where(table.c.instance_id == self.complaint.instance_id)).all())
        return [row for row in found[0] if row.id == self.complaint.instance_id], *found[1:]

    def values(self, argument: str) -> list[Any]:
        """What stands for a part of an address: what belongs to the complaint, wherever there is such a thing."""
        known: dict[str, list[Any]] = {
            "reference": [self.complaint.reference],
            "batch": ["not-a-batch"],
            "instance_id": [self.complaint.instance_id],
            "task_id": [self.task.id, self.done.id],
            "file_id": [self.file_id],
            "secret": ["not-the-secret"],
            "name": [self.letter, "organisation", "complaint withdrawn"],
            "account_id": [self.bystander.id],
            "deployment_id": [self.deployment.id],
            "file": ["complaint.bpmn"],
            "filename": ["dist/manifest.json"],
            "number": [1],
            "key": ["not-a-key", self.letter_key],
            "code": ["de"],
            "mail_id": [self.mail_id],
            "digest": ["0" * 64],
        }
        assert argument in known, f"Say here what stands for <{argument}> in the address of a route."
        return known[argument]

    def requests(self) -> Iterator[tuple[str, str, str]]:
        """Method, address and endpoint of every route of ours, with the complaint's own ids in it."""
        with self.flask.test_request_context():
            adapter = self.flask.url_map.bind("localhost")
            for rule in self.flask.url_map.iter_rules():
                if not rule.endpoint.startswith("amends.") or rule.endpoint in LEAVES:
                    continue
                choices: list[dict[str, Any]] = [{}]
                for argument in sorted(rule.arguments - (rule.defaults or {}).keys()):
                    choices = [{**chosen, argument: value} for chosen in choices for value in self.values(argument)]
                for chosen in choices:
                    for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
                        yield method, adapter.build(rule.endpoint, {**(rule.defaults or {}), **chosen}, method=method), rule.endpoint

    def posts(self) -> list[dict[str, Any]]:
        """What is sent: everything a form of ours asks for that could reach the complaint."""
        common = {
            "task": self.task.id, "text": MARK[:4], "assignee": self.bystander.actor, "person": self.bystander.actor, "part": "admitted",
            "sure": "yes", "reason": "because", "body": "something", "channel": "phone", "reference": self.complaint.reference,
            "secret": "not-the-secret", "go": "complete", "investigation_outcome": "complete", "findings": "none", "incident": "none",
            "answer": "rejected", "confidential": "", "team": "", "comment": "something",
            "other": self.complaint.reference, "kind": "related",
        }  # fmt: skip
        return [{**common, "do": do} for do in ("claim", "unclaim", "assign", "withdraw", "alike")]


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foreign]:
    made = Foreign(tmp_path_factory.mktemp("foreign"))
    yield made
    made.app.close()


def token_of(client: FlaskClient) -> str:
    found = re.search(r'name="amends_csrf" value="([^"]+)"', client.get("/follow").text)
    assert found is not None
    return found[1]


def sign_in(foreign: Foreign, client: FlaskClient, username: str) -> None:
    sent = {"username": username, "password": PASSWORD, "amends_csrf": token_of(client)}
    assert client.post("/sign-in", data=sent).status_code == 303


def everything(foreign: Foreign, client: FlaskClient) -> tuple[list[str], int]:
    """The requests that showed something of the complaint, or failed on our side; and how many were tried."""
    told, tried = [], 0
    for method, address, endpoint in foreign.requests():
        sent = [None] if method == "GET" else foreign.posts()
        for data in sent if endpoint.startswith(("amends.inbox", "amends.task", "amends.standing")) else sent[:1]:
            given = {} if data is None else {"data": {**data, "amends_csrf": token_of(client)}}
            answer = client.open(address, method=method, **given)
            tried += 1
            shown = MARK in answer.get_data().decode("utf-8", "replace").lower()
            if shown or answer.status_code >= 500:
                told.append(f"{method} {address}: {answer.status_code}{' shows it' if shown else ''}")
    return told, tried


def test_a_reader_sees_it_so_that_the_test_can_fail(foreign: Foreign) -> None:
    """The team's lead finds the mark on the inbox, the task, the complaint and in its file: the test looks at the right places."""
    client = foreign.flask.test_client()
    sign_in(foreign, client, "lead")
    pages: tuple[str, ...] = ("/inbox?list=all", f"/tasks/{foreign.task.id}", f"/complaints/{foreign.complaint.reference}", "/complaints")
    pages += (f"/complaints/{foreign.complaint.reference}/files/{foreign.file_id}",)
    seen = [MARK in client.get(page).text.lower() for page in pages]
    assert seen == [True] * 5


def test_no_route_shows_or_changes_it_for_any_role_that_is_kept_from_it(foreign: Foreign) -> None:
    """Each role of the package and each built-in one, for each reason to be kept away."""
    before = foreign.state()
    found: dict[str, list[str]] = {}
    for (role, why), account in foreign.people.items():
        client = foreign.flask.test_client()
        sign_in(foreign, client, account.username)
        told, tried = everything(foreign, client)
        changed = ["it was changed"] if foreign.state() != before else []
        if told or changed:
            found[f"{role}, {why}"] = told + changed
        assert tried > 60
    assert found == {}


def test_no_route_shows_or_changes_it_for_strangers(foreign: Foreign) -> None:
    """Nobody signed in, and a complainant who follows another complaint."""
    before = foreign.state()
    other = foreign.app.register.file({"description": "Another one", "name": "Kim"}, actor="complainant")
    stranger, complainant = foreign.flask.test_client(), foreign.flask.test_client()
    assert complainant.get(f"/f/{other.secret}", follow_redirects=True).status_code == 200
    assert [everything(foreign, one)[0] for one in (stranger, complainant)] == [[], []]
    assert foreign.state() == before


def reads(foreign: Foreign) -> int:
    """How often the record says that somebody read personal data."""
    history = metadata.tables["history"]
    with foreign.app.engine.database.reading() as connection:
        chains = connection.execute(select(history.c.chain)).scalars()
        return sum(chain.startswith("reads:") for chain in chains)


def test_whatever_shows_something_of_it_says_so_in_the_record(foreign: Foreign) -> None:
    """Every page, list and download that shows personal data to who may see it leaves a read in the history (ISO 10002, 4.10)."""
    accounts, shown, unrecorded = foreign.app.accounts, set(), []
    foreign.app.register.people.mark(foreign.complaint, confidential=False, actor="system")
    foreign.app.register.people.give_to_team(foreign.complaint, "", actor="system")
    posted = {"contact_by": "post", "address": "1 Row", "postcode": "AB1 2CD", "town": "Town", "description": "Torn", "name": f"{MARK} Poe"}
    foreign.app.register.file(posted, actor="complainant", channel="post")
    while foreign.app.engine.run_due():
        pass
    foreign.letter_key = foreign.app.print_queue.waiting()[-1].key
    waits = foreign.app.mail_in.keep(f"From: a@list.example\r\nSubject: News of {MARK}\r\nPrecedence: bulk\r\n\r\nHello".encode())[0]
    foreign.app.mail_in.take(waits)
    foreign.mail_id = foreign.app.mail_in.list()[0].id
    for role in ("auditor", "admin", "process-owner"):
        accounts.create(f"reader-{role}", f"Reader {role}", [role], PASSWORD)
    for username in ("lead", "reader-auditor", "reader-admin", "reader-process-owner"):
        client = foreign.flask.test_client()
        sign_in(foreign, client, username)
        for method, address, endpoint in foreign.requests():
            searches = endpoint in ("amends.complaint.find", "amends.audit.find")
            if method != "GET" and not searches:
                continue
            before = reads(foreign)
            data = {"text": MARK[:4], "amends_csrf": token_of(client)} if searches else None
            answer = client.open(address, method=method, data=data, follow_redirects=True)
            if MARK in answer.get_data().decode("utf-8", "replace").lower() or answer.mimetype == "application/pdf":
                shown.add(endpoint)
                if reads(foreign) == before:
                    unrecorded.append(f"{username}: {method} {address}")
    assert unrecorded == []
    assert {"amends.inbox.tasks", "amends.task.show", "amends.complaint.show", "amends.complaint.search", "amends.complaint.file"} <= shown
    assert {"amends.post.show", "amends.post.letter", "amends.post.raw"} <= shown
    assert {"amends.audit.trace", "amends.audit.find", "amends.admin.mail", "amends.admin.letter"} <= shown
