"""An application in memory that keeps the contract the pages program against: enough to show every page in every state."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, StaticPool, create_engine

from amends.engine.accounts import Policy
from amends.engine.definitions.package import Package, read_package
from amends.engine.errors import Conflict, Invalid, NotFound
from amends.engine.files import Guard
from amends.engine.instances.queries import HeldUp
from amends.engine.instances.retrying import Retried
from amends.engine.services.mailer import FolderMailer
from amends.engine.store import tables as t
from amends.forms.provider import Forms

PACKAGE = Path(__file__).resolve().parents[3] / "processes" / "iso10002"
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Account:
    id: str
    username: str
    display_name: str
    roles: frozenset[str]
    active: bool = True
    session_mark: str = "1"

    @property
    def actor(self) -> str:
        return f"account:{self.id}"

    @property
    def by_name(self) -> frozenset[str]:
        return frozenset((f"@{self.username}", f"@{self.actor}"))


@cache
def nothing() -> Connection:
    """A connection to a database with nothing in it: there is no complaint that anything stands before."""
    connection = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}).connect()
    t.metadata.create_all(connection)
    return connection


@dataclass(frozen=True)
class Session:
    id: str
    account_id: str
    mark: str
    began_at: datetime = NOW
    seen_at: datetime = NOW
    method: str = "password"
    agent: str = ""
    address: str = ""


class Sessions:
    """Sessions whose secret is their id."""

    def __init__(self) -> None:
        self.all: dict[str, Session] = {}
        self.now: Any = lambda: NOW

    def begin(self, account_id: str, mark: str, *, method: str, agent: str = "", address: str = "") -> str:
        made = Session(secrets.token_hex(8), account_id, mark, self.now(), self.now(), method)
        self.all[made.id] = made
        return made.id

    def find(self, secret: str, *, idle: timedelta, longest: timedelta) -> Session | None:
        found = self.all.get(secret)
        if found is None or self.now() - found.seen_at > idle or self.now() - found.began_at > longest:
            return None
        self.all[secret] = replace(found, seen_at=self.now())
        return self.all[secret]

    def of(self, account_id: str, mark: str, **ages: Any) -> list[Session]:
        return [one for one in self.all.values() if (one.account_id, one.mark) == (account_id, mark)]

    def end_own(self, secret: str) -> None:
        self.all.pop(secret, None)

    def know_device(self, account_id: str, secret: str | None) -> str:
        return secret or "device"


class SecondFactor:
    def used_by(self) -> set[str]:
        return set()

    def on(self, account_id: str) -> bool:
        return False

    def left(self, account_id: str) -> int:
        return 0


class Identities:
    def linked(self, account_id: str) -> list[str]:
        return []


class Absences:
    def covered_by(self, account_id: str) -> set[str]:
        return set()

    def coming(self, account_id: str | None = None) -> list[Any]:
        return []


class SavedFilters:
    def of(self, account_id: str) -> tuple[Any, ...]:
        return ()


class Accounts:
    def __init__(self) -> None:
        self.absences, self.saved = Absences(), SavedFilters()
        self.sessions, self.second_factor, self.identities = Sessions(), SecondFactor(), Identities()
        self.all: dict[str, Account] = {}
        self.passwords: dict[str, str] = {}

    def create(
        self, username: str, display_name: str, roles: Any, password: str | None = None, *, actor: str = ""
    ) -> tuple[Account, str | None]:
        if any(one.username == username for one in self.all.values()):
            raise Conflict(f"There is an account {username!r} already; choose another user name.")
        made = Account(f"a{len(self.all) + 1}", username, display_name, frozenset(roles))
        self.all[made.id] = made
        self.passwords[made.id] = password or secrets.token_urlsafe(12)
        return made, None if password else self.passwords[made.id]

    def authenticate(self, username: str, password: str, device: str | None = None) -> Account | None:
        found = next((one for one in self.all.values() if one.username == username and one.active), None)
        return found if found is not None and self.passwords[found.id] == password else None

    def get(self, account_id: str) -> Account:
        if account_id not in self.all:
            raise NotFound("There is no such account.")
        return self.all[account_id]

    def of(self, actor: str) -> Account | None:
        return self.all.get(actor.removeprefix("account:"))

    def list(self) -> list[Account]:
        return [*self.all.values()]

    def reading(self) -> Any:
        return nullcontext(nothing())

    def remembered(self, what: tuple[str, ...], ask: Any) -> Any:
        return ask()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def teams(self, account_id: str) -> set[str]:
        return set()

    def team_names(self) -> tuple[str, ...]:
        return ()

    def teams_of_all(self) -> dict[str, tuple[str, ...]]:
        return {}

    def competences_of(self, account_id: str) -> set[str]:
        return set()

    def competences(self, account_id: str) -> tuple[Any, ...]:
        return ()

    def set_roles(self, account_id: str, roles: Any, *, actor: str = "") -> None:
        self.all[account_id] = replace(self.all[account_id], roles=frozenset(roles))

    def set_password(self, account_id: str, password: str | None = None, *, actor: str = "") -> str | None:
        if password is not None and len(password) < 12:
            raise Invalid("The password is too short. Use at least 12 characters.")
        self.passwords[account_id] = password or secrets.token_urlsafe(12)
        self.all[account_id] = replace(self.all[account_id], session_mark=secrets.token_hex(4))
        return None if password else self.passwords[account_id]

    def activate(self, account_id: str, *, actor: str = "") -> None:
        self.all[account_id] = replace(self.all[account_id], active=True)

    def deactivate(self, account_id: str, *, actor: str = "") -> None:
        self.all[account_id] = replace(self.all[account_id], active=False)


@dataclass(frozen=True)
class Deployment:
    id: str
    package: str
    title: str
    version: str
    number: int
    digest: str
    deployed_at: datetime
    actor: str
    reason: str
    processes: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    id: str
    instance_id: str
    element_id: str
    name: str
    form: str | None
    groups: tuple[str, ...]
    assignee: str | None = None
    due_at: datetime | None = None
    priority: int = 50
    competence: str = ""
    owner: str | None = None
    follow_up_at: datetime | None = None
    state: str = "open"
    completed_by: str | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True)
class Event:
    seq: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    kind: str
    element_id: str
    data: dict[str, Any] = field(default_factory=dict)
    hash: str = "0" * 64
    sealed: bool = False


@dataclass(frozen=True)
class IncidentView:
    id: str
    element_id: str
    message: str


@dataclass
class View:
    id: str
    process_id: str
    deployment_id: str
    variables: Mapping[str, Any]
    active_elements: tuple[str, ...] = ()
    incidents: tuple[IncidentView, ...] = ()
    state: str = "active"
    started_at: datetime = NOW - timedelta(days=3)
    ended_at: datetime | None = None
    seq: int = 0


@dataclass(frozen=True)
class Fault:
    chain: str
    seq: int
    message: str


@dataclass(frozen=True)
class Report:
    rows: int
    chains: int
    sealed: int
    unsealed: int
    faults: list[Fault]
    erased: int = 0
    head: str = ""
    sealed_at: datetime | None = None


class Registry:
    """No operation is registered, and none is checked."""

    operations = None


class Engine:
    """Tasks are opened by tests; completing one writes an event and opens nothing."""

    def __init__(self) -> None:
        self.packages: dict[str, Package] = {}
        self.deployed: list[Deployment] = []
        self.tasks: dict[str, Task] = {}
        self.views: dict[str, View] = {}
        self.events: dict[str, list[Event]] = {}
        self.at = NOW
        self.faults: list[Fault] = []
        self.retried: list[str] = []
        self.held_up: list[HeldUp] = []
        self.reads: list[tuple[str, str, str]] = []
        self.recorded: list[tuple[str, str, str]] = []
        self.seal = "5" * 64
        self.access: Any = None
        self.offers: Any = lambda body: {}
        self.registry = Registry()

    def now(self) -> datetime:
        return self.at

    def deploy(self, source: Any, *, actor: str = "system", reason: str = "") -> Deployment:
        package = read_package(source)
        manifest = package.manifest
        number = len(self.deployed) + 1
        named = (manifest.name, manifest.title, manifest.version)
        made = Deployment(f"d{number}", *named, number, package.digest, self.at, actor, reason, tuple(package.processes))
        self.packages[made.id] = package
        self.deployed.insert(0, made)
        return made

    def deployments(self) -> list[Deployment]:
        return self.deployed

    def differences(self, files: Any) -> list[Any]:
        return []

    def package(self, deployment_id: str) -> Package:
        return self.packages[deployment_id]

    def counts(self, deployment_id: str) -> dict[str, int]:
        return {"active": sum(1 for view in self.views.values() if view.deployment_id == deployment_id)}

    def open_task(self, instance_id: str, element_id: str, **values: Any) -> Task:
        element = next(one for diagram in self.deployed_package.diagrams for one in diagram.all_elements() if one.id == element_id)
        groups = tuple(str(element.ext.candidate_groups or "handler").split(","))
        made = Task(f"{instance_id}.{len(self.tasks) + 1}", instance_id, element_id, element.name, element.ext.form_id, groups, **values)
        self.tasks[made.id] = made
        self.note(instance_id, "entered", element_id)
        self.views[instance_id].active_elements = (element_id,)
        return made

    @property
    def deployed_package(self) -> Package:
        return self.packages[self.deployed[0].id]

    def note(self, instance_id: str, kind: str, element_id: str = "", actor: str = "system", **data: Any) -> None:
        kept = self.events.setdefault(instance_id, [])
        kept.append(Event(len(kept) + 1, self.at, self.at, actor, kind, element_id, data))

    def user_tasks(
        self,
        instance_id: Any = None,
        assignee: Any = None,
        groups: Any = None,
        state: str = "open",
        limit: int = 50,
        after: Any = None,
        actor: str | None = None,
        offered: bool = False,
        unassigned: bool = False,
        only: Any = None,
        order: str = "",
    ) -> list[Task]:  # noqa: E501
        return [
            one for one in self.tasks.values()
            if one.state == state and (instance_id is None or one.instance_id == instance_id)
            and (assignee is None or one.assignee == assignee) and (groups is None or set(groups) & set(one.groups))
            and not (unassigned and one.assignee is not None)
        ][:limit]  # fmt: skip

    def count_user_tasks(self, most: int = 1_000, **which: Any) -> int:
        return min(len(self.user_tasks(limit=most + 1, **which)), most + 1)

    def user_task(self, task_id: str) -> Task:
        if task_id not in self.tasks:
            raise NotFound(f"There is no task {task_id}.")
        return self.tasks[task_id]

    def claim(self, task_id: str, actor: str) -> None:
        task = self._open(task_id)
        if task.assignee not in (None, actor):
            raise Conflict("Somebody else has taken this task.", by=task.assignee, at=self.at)
        self.tasks[task_id] = replace(task, assignee=actor)

    def unclaim(self, task_id: str, actor: str) -> None:
        self.tasks[task_id] = replace(self._open(task_id), assignee=None)

    def assign(self, task_id: str, assignee: str, actor: str) -> None:
        self.tasks[task_id] = replace(self._open(task_id), assignee=assignee)

    def complete(self, task_id: str, data: Mapping[str, Any], actor: str, key: str | None = None) -> None:
        task = self._open(task_id)
        self.tasks[task_id] = replace(task, state="completed", completed_by=actor, completed_at=self.at)
        self.note(task.instance_id, "completed", task.element_id, actor, values=dict(data))

    def _open(self, task_id: str) -> Task:
        task = self.user_task(task_id)
        if task.state != "open":
            raise Conflict(f"The task {task.name} is done already.", by=task.completed_by, at=task.completed_at)
        return task

    def instance(self, instance_id: str) -> View:
        if instance_id not in self.views:
            raise NotFound(f"There is no instance {instance_id}.")
        return replace(self.views[instance_id], seq=len(self.history(instance_id)))

    def batch(self, *, beside: bool = False) -> Any:
        return nullcontext()

    def remembering(self) -> Any:
        return nullcontext()

    def history(self, instance_id: str) -> list[Event]:
        return self.events.get(instance_id, [])

    def waiting(self, instance_id: str) -> list[Any]:
        return []

    def task_variables(self, task_id: str) -> dict[str, Any]:
        return dict(self.views[self.user_task(task_id).instance_id].variables)

    def record_read(self, instance_id: str, what: str, *, actor: str) -> None:
        self.reads.append((instance_id, what, actor))

    def record_reads(self, instance_ids: Any, what: str, *, actor: str) -> None:
        self.reads += [(instance_id, what, actor) for instance_id in instance_ids]

    def authorise(self, actor: str, action: str, **about: Any) -> None:
        self.access.check(actor, action, **about)

    def record(self, command: str, actor: str, entries: Any) -> None:
        self.recorded.append((command, actor, entries[0].element_id))

    def retry_incident(self, incident_id: str, actor: str) -> None:
        if incident_id not in [one.id for one in self.held_up] and self.held_up:
            raise Conflict("The incident is resolved already; nothing was changed.")
        self.held_up = [one for one in self.held_up if one.id != incident_id]
        self.retried.append(incident_id)

    def retry_alike(self, incident_id: str, actor: str) -> Retried:
        (chosen,) = (one for one in self.held_up if one.id == incident_id)
        alike = [one.id for one in self.held_up if (one.process_id, one.element_id) == (chosen.process_id, chosen.element_id)]
        for one in alike:
            self.retry_incident(one, actor)
        return Retried(len(alike), len(alike), ())

    def incidents(self, limit: int = 50, after: str | None = None) -> list[HeldUp]:
        ids = [one.id for one in self.held_up]
        return self.held_up[ids.index(after) + 1 if after in ids else 0 :][:limit]

    def verify(self, head: str | None = None) -> Report:
        missing = [Fault("seals", 0, "No seal has this hash.")] if head not in (None, self.seal) else []
        return Report(sum(map(len, self.events.values())), len(self.events), 0, 3, self.faults + missing, head=self.seal)


@dataclass(frozen=True)
class Complaint:
    reference: str
    instance_id: str
    received_at: datetime
    channel: str
    subject: str
    complainant_name: str = ""
    email: str = ""
    product: str = ""
    category: str = ""
    priority: str = "normal"
    severity: str = ""
    stage: str = "received"
    state: str = "open"
    outcome: str = ""
    closed_at: datetime | None = None
    historical: bool = False
    team: str = ""
    confidential: bool = False


@dataclass(frozen=True)
class Filed:
    reference: str
    secret: str
    instance_id: str


@dataclass(frozen=True)
class StageView:
    id: str
    words: str
    state: str
    at: datetime | None


@dataclass(frozen=True)
class Progress:
    words: str
    next_by: datetime | None
    stages: list[StageView]


@dataclass(frozen=True)
class Message:
    id: str
    at: datetime
    direction: str
    channel: str
    subject: str
    body: str
    author: str
    proof: str = ""
    way: str = ""
    sent_at: datetime | None = None
    sent_by: str = ""


@dataclass(frozen=True)
class Offer:
    message: str
    title: str
    form_id: str
    until: datetime | None = None


@dataclass(frozen=True)
class ClockView:
    name: str
    title: str
    state: str
    words: str
    due_at: datetime | None
    start: datetime
    fraction: float


@dataclass(frozen=True)
class Attachment:
    id: str
    name: str
    size: int
    added_by: str
    body: bytes
    media_type: str = "application/octet-stream"


class NobodyNoted:
    def of(self, complaint: Any) -> list[Any]:
        return []

    def unseen(self, account_id: str) -> list[Any]:
        return []

    def seen(self, complaint: Any, account_id: str) -> None:
        pass

    def look(self, instance_id: str, account_id: str, **read_at: Any) -> list[str]:
        return []

    def news(self, account_id: str, instance_ids: Any) -> dict[str, Any]:
        return {}


class Register:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.people = self.talk = self.presence = self.relations = NobodyNoted()
        self.complaints: dict[str, Complaint] = {}
        self.secrets: dict[str, str] = {}
        self.messages: dict[str, list[Message]] = {}
        self.attachments: dict[str, tuple[str, Attachment]] = {}
        self.offered: list[str] = ["complaint withdrawn"]
        self.answers: list[tuple[str, str, Mapping[str, Any], str]] = []
        self.filed: list[Mapping[str, Any]] = []

    def file(
        self, data: Mapping[str, Any], *, actor: str, channel: str = "web", received_at: Any = None, files: Any = (), key: Any = None,
        language: Any = None,
    ) -> Filed:  # fmt: skip
        instance_id = f"i{len(self.complaints) + 1}"
        made = Filed(f"C-{secrets.token_hex(4).upper()}", secrets.token_urlsafe(16), instance_id)
        subject = str(data.get("subject") or "Card charged twice")
        self.complaints[made.reference] = Complaint(made.reference, instance_id, received_at or self.engine.now(), channel, subject)
        self.secrets[made.reference] = made.secret
        variables = {"complaint": dict(data), "reference": made.reference, "language": language}
        self.engine.views[instance_id] = View(instance_id, "complaint", self.engine.deployed[0].id, variables)
        self.engine.note(instance_id, "started", actor=actor, values=dict(data))
        self.filed.append(data)
        self._bind(files, made.reference)
        return made

    def add_file(self, name: str, media_type: str, body: bytes, *, actor: str, complaint: Any = None) -> Attachment:
        made = Attachment(f"f{len(self.attachments)}", name, len(body), actor, body, media_type)
        self.attachments[made.id] = (complaint.reference if complaint else "", made)
        return made

    def _bind(self, files: Any, reference: str) -> None:
        for file_id in files:
            self.attachments[file_id] = (reference, self.attachments[file_id][1])

    def of_instances(self, instance_ids: Any) -> dict[str, Complaint]:
        return {one.instance_id: one for one in self.complaints.values() if one.instance_id in instance_ids}

    def get(self, reference: str | None = None, instance_id: str | None = None) -> Complaint:
        for one in self.complaints.values():
            if one.reference == reference or one.instance_id == instance_id:
                return one
        raise NotFound(f"There is no complaint {reference or instance_id}.")

    def by_secret(self, reference: str, secret: str) -> Complaint:
        if self.secrets.get(reference) != secret:
            raise NotFound("There is no complaint with this reference and code.")
        return self.complaints[reference]

    def still_opens(self, reference: str, digest: str) -> bool:
        return hashlib.sha256(self.secrets[reference].encode()).hexdigest() == digest

    def link_used(self, complaint: Complaint, digest: str) -> None:
        pass

    def by_link(self, secret: str) -> Complaint:
        for reference, kept in self.secrets.items():
            if kept == secret:
                return self.complaints[reference]
        raise NotFound("This link does not lead to a complaint. Check it, or ask us for a new one.")

    def renew_secret(self, complaint: Complaint, *, actor: str = "system", end_old: bool = True) -> str:
        self.secrets[complaint.reference] = secrets.token_urlsafe(16)
        self.engine.note(complaint.instance_id, "link renewed", actor=actor, old="ended" if end_old else "kept")
        return self.secrets[complaint.reference]

    def search(
        self, text: str | None = None, state: str | None = None, stage: str | None = None, limit: int = 50, after: Any = None,
        actor: str | None = None,
    ) -> list[Complaint]:  # fmt: skip
        found = [one for one in self.complaints.values() if state in (None, one.state)]
        return [one for one in found if not text or text.lower() in f"{one.reference} {one.subject}".lower()][:limit]

    def of_mails(self, names: Any) -> dict[str, str]:
        return {}

    def progress(self, complaint: Complaint) -> Progress:
        stages = self.engine.deployed_package.manifest.stages
        now = list(stages).index(complaint.stage)
        states = ["done" if place < now else "now" if place == now else "next" for place in range(len(stages))]
        told = zip(stages.items(), states, strict=True)
        views = [StageView(id, words, state, NOW if state == "done" else None) for (id, words), state in told]
        return Progress("We have received your complaint and will look into it.", NOW + timedelta(days=5), views)

    def thread(self, complaint: Complaint, *, internal: bool = False) -> list[Message]:
        return self.messages.get(complaint.reference, [])

    def receive(self, complaint: Complaint, body: str, *, author: str, subject: str = "", channel: str = "web", files: Any = ()) -> str:
        kept = self.messages.setdefault(complaint.reference, [])
        kept.append(Message(f"m{len(kept)}", self.engine.now(), "in", channel, subject, body, author))
        self._bind(files, complaint.reference)
        return kept[-1].id

    def offers(self, complaint: Complaint) -> list[Offer]:
        found = self.engine.deployed_package.manifest.messages
        return [Offer(name, found[name].title, found[name].form) for name in self.offered]

    def answer(self, complaint: Complaint, message: str, data: Mapping[str, Any], *, actor: str, key: str | None = None) -> None:
        self.answers.append((complaint.reference, message, data, actor))
        self.offered.remove(message)

    def clocks(self, complaint: Complaint) -> list[ClockView]:
        start, at = NOW - timedelta(days=3), NOW
        return [
            ClockView("acknowledgement", "Acknowledgement", "met", "met Tue 17 Nov, 10:00", at, start, 1.0),
            ClockView("first_response", "First response", "soon", "today 16:00", at + timedelta(hours=6), start, 0.85),
            ClockView("resolution", "Decision", "late", "late by 2 working days", at - timedelta(days=2), start, 1.4),
            ClockView("review", "Internal review", "paused", "paused since Thu 19 Nov", None, start, 0.2),
        ]

    def files(self, complaint: Complaint) -> list[Attachment]:
        return [one for reference, one in self.attachments.values() if reference == complaint.reference]

    def file_body(self, complaint: Complaint, file_id: str) -> tuple[Attachment, bytes]:
        reference, found = self.attachments.get(file_id, ("", None))
        if found is None or reference != complaint.reference:
            raise NotFound("There is no such file at this complaint.")
        return found, found.body


class Application:
    """What `amends.open()` returns, in memory."""

    def __init__(self, data: Path, *, deployed: bool = True) -> None:
        self.data = data
        self.engine = Engine()
        self.register = Register(self.engine)
        self.accounts = Accounts()
        self.accounts.sessions.now = self.engine.now
        self.forms = Forms(now=self.engine.now)
        self.settings: dict[str, Any] = {}
        self.guard = Guard()
        self.engine.access = Policy(self.accounts)  # type: ignore[arg-type]
        self.mailer = FolderMailer(data / "mail")
        if deployed:
            self.engine.deploy(PACKAGE, reason="First release")
        for username, name, roles in (
            ("hanna", "Hanna Handler", ["handler", "team-lead"]),
            ("dan", "Dan Decider", ["decider"]),
            ("olga", "Olga Owner", ["process-owner"]),
            ("ann", "Ann Auditor", ["auditor"]),
            ("adam", "Adam Admin", ["admin"]),
        ):
            self.accounts.create(username, name, roles, password=PASSWORD)

    def change_setting(self, name: str, value: Any, *, actor: str, said: str | None = None) -> None:
        self.settings = {key: kept for key, kept in (self.settings | {name: value}).items() if kept is not None}


PASSWORD = "correct horse battery"
