"""An installation where nothing is short: long names without a space everywhere, and something on every page of staff."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from driving import HEAD, element, flows, process, user
from staff import ASSESSED, DECIDED, FOUND

from amends.engine.instances.filters import Filter
from amends.engine.operating import Migrations
from amends.engine.services import Operation, OperationContext
from amends.webui.people import MOST_LISTED

LONG = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaft"
PASSWORD = "correct horse battery"
ROLES = ["handler", "decider", "reviewer", "manager", "team-lead", "auditor", "admin", "process-owner"]
WORDS = f"The lift of {LONG} stands still. See https://example.org/{'a' * 90}?{'b=c&' * 12}"
PUBLIC = ("amends.complainant.", "amends.follow.", "amends.filing.", "amends.languages.", "amends.brand.", "amends.health.")
"""What those see who are not staff; the pages for filing that only staff have are `amends.filing.staff_…`."""
NO_PAGES = {
    "amends.static", "amends.diagrams.diagram", "amends.studio.draft_diagram", "amends.studio.fetch", "amends.complaint.file",
    "amends.post.letter", "amends.post.raw", "amends.own.picture", "amends.signin.home", "amends.signin.service",
    "amends.signin.service_back", "amends.talk.looking", "amends.signin.form", "amends.signin.code_form",
}  # fmt: skip
"""Files, pictures, redirections, a part of a page; and the sign-in, which has tests of its own."""


class Fails(Operation):
    """Always fails, at length."""

    type, title = "fails", f"Fails for {LONG}"

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        raise ConnectionError(f"the server {LONG.lower()}.example.org is away")


class Crowded:
    """Fills an application; `account` has every role, so that every page shows all it can."""

    def __init__(self, app: Any) -> None:
        self.app = app
        made = {
            "zoe": ROLES, "wolfgang": ["handler", "team-lead", "admin"], "henry": ["handler", "decider"], "rita": ["reviewer", "handler"],
        }  # fmt: skip
        names = {"zoe": "Zoe Everything", "wolfgang": f"Wolfgang {LONG}", "henry": "Henry", "rita": "Rita"}
        self.people = {name: app.accounts.create(name, names[name], roles, PASSWORD)[0] for name, roles in made.items()}
        self.account, self.long = self.people["zoe"], self.people["wolfgang"]
        for number in range(MOST_LISTED):  # so that somebody is chosen by typing; lists of few are looked at in test_desk.py
            app.accounts.create(f"colleague{number}", f"Colleague Number {number}", ["handler"])
        self.deployment = app.deploy_shipped()
        self._accounts()
        self.complaint, self.task = self._complaint()
        self.decided, self.done = self._decided()
        self._inbox()
        self.held = self._held_up()
        self.batch = self._moved()
        self._post()

    def _accounts(self) -> None:
        accounts, today, later = self.app.accounts, datetime.now(UTC), datetime.now(UTC) + timedelta(days=30)
        accounts.set_teams(self.long.id, [LONG, "North"])
        accounts.add_competence(self.long.id, "a" * 60, training=LONG)
        accounts.absences.add(self.long.id, today, today + timedelta(days=3), self.account.id, actor=self.long.actor)
        accounts.absences.add(self.account.id, later, later + timedelta(days=3), self.long.id, actor=self.account.actor)

    def file(self, subject: str, name: str) -> Any:
        """A complaint with a file, and everything due done."""
        register = self.app.register
        kept = register.add_file(f"{LONG}.txt", "text/plain", b"A letter", actor="complainant")
        said = {"description": WORDS, "subject": subject, "name": name, "email": f"{LONG.lower()[:60]}@example.org"}
        filed = register.file(said, actor="complainant", files=[kept.id])
        self.file_id, self.secret = kept.id, filed.secret
        self.due()
        return register.get(filed.reference)

    def due(self) -> None:
        """Do everything that is due."""
        while self.app.engine.run_due():
            pass

    def open_task(self, complaint: Any) -> Any:
        """The one task that is open."""
        return self.app.engine.user_tasks(complaint.instance_id)[0]

    def do(self, complaint: Any, values: dict[str, Any], who: str) -> Any:
        """Do the open task of a complaint."""
        task = self.open_task(complaint)
        self.app.engine.complete(task.id, values, actor=self.people[who].actor)
        self.due()
        return task

    def _complaint(self) -> tuple[Any, Any]:
        register, engine = self.app.register, self.app.engine
        complaint, other = self.file(f"About {LONG}", f"Kim {LONG}"), self.file(f"Again about {LONG}", f"Pat {LONG}")
        self.do(complaint, {**ASSESSED, "assessment_note": WORDS}, "henry")
        register.receive(complaint, WORDS, author="complainant", subject=f"From {LONG}")
        register.talk.say(complaint, f"{WORDS} @zoe @wolfgang", actor=self.people["henry"].actor)
        register.relations.link(complaint, other, "related", actor=self.people["henry"].actor)
        register.people.note(complaint, self.people["rita"].actor, "involved", actor="system", reason=LONG)
        register.presence.look(complaint.instance_id, self.long.id)
        task = self.open_task(complaint)
        engine.assign(task.id, self.long.actor, actor=self.account.actor)
        engine.delegate(task.id, self.account.actor, actor=self.long.actor)
        engine.arrange(task.id, actor=self.account.actor, priority=90, follow_up_at=datetime.now(UTC) + timedelta(days=3))
        return register.get(complaint.reference), engine.user_task(task.id)

    def _decided(self) -> tuple[Any, Any]:
        complaint = self.file("Short", "Jo")
        done = self.do(complaint, ASSESSED, "henry")
        self.do(complaint, {**FOUND, "findings": WORDS}, "zoe")
        self.do(complaint, {**DECIDED, "reasons": WORDS}, "henry")
        return self.app.register.get(complaint.reference), done

    def _inbox(self) -> None:
        saved = self.app.accounts.saved
        self.saved = saved.keep(self.account.id, LONG[:60], "all", Filter())
        saved.keep(self.long.id, f"Y{LONG}"[:60], "all", Filter(priority=85), shared=True)
        for number in range(3):
            one = self.file(f"Number {number} of {LONG}", "Jo")
            if not number:
                self.waiting = self.open_task(one)
            else:
                self.app.engine.claim(self.open_task(one).id, actor=(self.account, self.long)[number - 1].actor)

    def _held_up(self) -> Any:
        engine = self.app.engine
        engine.registry.operations["fails"] = Fails
        ext = '<zeebe:taskDefinition type="fails" retries="1"/>'
        body = element("startEvent", "s") + user("a") + element("serviceTask", LONG, ext=ext) + user("b") + element("endEvent", "e")
        engine.deploy({"p.bpmn": HEAD.format(process(body + flows("s>a", f"a>{LONG}", f"{LONG}>b", "b>e"))).encode()}, reason=LONG)
        held = [engine.start("p", {}, f"K-{number}-{LONG}", actor="system") for number in range(2)]
        for one in held:
            engine.modify(one, before=[LONG], cancel=["a"], reason=WORDS, actor="system")
        self.due()
        engine.suspend_operation("fails", reason=WORDS, actor=self.long.actor)
        return engine.incidents()[0]

    def _moved(self) -> str:
        engine = self.app.engine
        old = engine.latest("p").id
        engine.start("p", {}, f"M-{LONG}", actor="system")
        body = element("startEvent", "s") + user("z") + user("b") + element("endEvent", "e") + flows("s>z", "z>b", "b>e")
        self.old, self.new = old, engine.deploy({"p.bpmn": HEAD.format(process(body)).encode()}, reason=WORDS).id
        migrations = Migrations(engine)
        batch = migrations.begin(migrations.plan("p", old, self.new, {"a": "z"}), actor=self.long.actor, reason=WORDS)
        migrations.run(batch)
        return batch

    def _post(self) -> None:
        register, mail_in = self.app.register, self.app.mail_in
        address = {"contact_by": "post", "address": f"1 {LONG} Row", "postcode": "AB1 2CD", "town": LONG}
        register.file({"description": WORDS, "name": f"Jo {LONG}", **address}, actor="complainant", channel="post")
        self.due()
        raw = f"From: {LONG}@list.example\r\nSubject: News of {LONG}\r\nPrecedence: bulk\r\n\r\n{WORDS}".encode()
        mail_in.take(mail_in.keep(raw)[0])

    def values(self) -> dict[str, list[Any]]:
        """What stands for each part of an address."""
        return {
            "reference": [self.complaint.reference, self.decided.reference],
            "task_id": [self.task.id, self.done.id, self.waiting.id],
            "account_id": [self.long.id, self.account.id],
            "name": [self.app.mailer.list()[0].name],
            "instance_id": [self.complaint.instance_id, self.held.instance_id],
            "deployment_id": [self.deployment.id, self.old],
            "batch": [self.batch],
            "number": [1, 2],
        }

    def more(self) -> list[str]:
        """Further states of pages, in their addresses."""
        return [
            "/inbox?list=all", "/inbox?list=mine&due=none&element=decide", f"/inbox?saved={self.saved.id}", "/complaints?state=closed",
            f"/inbox?list=cover:{self.long.id}", f"/complaints/{self.complaint.reference}?hidden=show", "/nowhere", "/tasks/none",
            f"/complaints/{self.complaint.reference}?diagram=investigation.bpmn", f"/tasks/{self.done.id}/done?since=3",
            f"/operating/instances?deployment_id={self.old}&state=incident", f"/operating/migrate?from=p+{self.old}",
            f"/operating/migrate/plan?process_id=p&from={self.old}&to={self.new}",
        ]  # fmt: skip

    def addresses(self, flask: Any) -> list[str]:
        """Every page of staff that the application has, without anybody having to think of it."""
        known, found = self.values(), []
        with flask.test_request_context():
            adapter = flask.url_map.bind("localhost")
            for rule in flask.url_map.iter_rules():
                public = rule.endpoint.startswith(PUBLIC) and ".staff_" not in rule.endpoint
                if public or "GET" not in (rule.methods or ()) or rule.endpoint in NO_PAGES:
                    continue
                choices: list[dict[str, Any]] = [{}]
                for argument in sorted(rule.arguments - (rule.defaults or {}).keys()):
                    assert argument in known, f"Say in `Crowded.values` what stands for <{argument}> in the address of a page."
                    choices = [{**chosen, argument: value} for chosen in choices for value in known[argument]]
                found += [adapter.build(rule.endpoint, {**(rule.defaults or {}), **chosen}) for chosen in choices]
        return sorted({*found, *self.more()})


def package_zip(repository: Path) -> bytes:
    """The shipped package with something wrong in it, as somebody uploads it."""
    from amends.webui.archives import write_zip

    folder = repository / "processes" / "iso10002"
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    files["forms/assessment.form"] = files.get("forms/assessment.form", b"{}").replace(b'"severity"', f'"{LONG}"'.encode())
    return write_zip(files)
