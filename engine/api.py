"""The engine: deploy packages, start instances, complete work, read it all back. One command, one transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, update

from amends.engine import history
from amends.engine.definitions import check_package, deployments, read_package
from amends.engine.definitions.deployments import Deployment
from amends.engine.definitions.differences import differences
from amends.engine.definitions.known import Forms as CheckedForms
from amends.engine.definitions.package import Package
from amends.engine.definitions.problems import Problem, in_order
from amends.engine.errors import CheckFailed, Conflict, Forbidden, Incident, Invalid, NotFound
from amends.engine.execution import Execution, Fault, compile_process
from amends.engine.execution.catching import LONGEST_KEY, LONGEST_NAME
from amends.engine.history import Event, Report
from amends.engine.instances import erasure, messages, queries, schedules
from amends.engine.instances.answers import Known, once
from amends.engine.instances.commands import Commands, Projection, Suspended, Work
from amends.engine.instances.filters import URGENCY, Filter
from amends.engine.instances.inbox import MOST_COUNTED
from amends.engine.instances.independence import barred
from amends.engine.instances.retrying import RETRYING
from amends.engine.instances.standing import standing, surroundings
from amends.engine.instances.versions import Versions
from amends.engine.instances.views import InstanceView, ServiceTask, UserTask, Waiting
from amends.engine.interventions import Interventions, plain
from amends.engine.jobs.due import Jobs
from amends.engine.services import Operation, Registry, operations
from amends.engine.store import Database
from amends.engine.store import tables as t
from amends.engine.store.migrate import upgrade


class Access(Protocol):
    """Who may do what. `check` raises `Forbidden`; an engine without one trusts its caller."""

    def check(self, actor: str, action: str, **about: Any) -> None:
        """Raise `Forbidden` unless `actor` may do `action` (complete, claim, assign, start, correlate, signal, deploy, operate)."""

    def seen(self, actor: str, instance_id: Any) -> Sequence[ColumnElement[bool]]:
        """Conditions on a column of instance ids: only what `actor` may read."""

    def offered(self, actor: str) -> Sequence[ColumnElement[bool]]:
        """Conditions on tasks: only what `actor` could be given."""


class FormCheck(CheckedForms, Protocol):
    """What the engine needs of forms; `amends.forms.Forms` is one."""

    def validate(self, body: bytes, data: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
        """Clean data, or `Invalid`."""


class Engine(Interventions):
    """Opens the database and brings its schema up to date; starts no thread.

    `url` is an SQLAlchemy URL. `clock` gives the time (aware; default: the machine's). `forms` validates what completes a
    user task; `services` are further operations by type; `access` says who may do what. Without `forms` and `access` the caller
    is trusted: that is for tests, plugins and embedding. All times are aware UTC.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], datetime] | None = None,
        forms: FormCheck | None = None,
        services: Mapping[str, type[Operation]] | None = None,
        access: Access | None = None,
        shared: Mapping[str, Any] | None = None,
    ) -> None:
        self.database = Database(url)
        upgrade(self.database)
        self._clock = clock or (lambda: datetime.now(UTC))
        self._moved = threading.local()
        self.forms, self.access = forms, access
        self.registry = Registry({**operations(), **(services or {})}, shared or {})
        self._settings: dict[str, Any] = {}
        self.versions = Versions(self.database, self.now, self.registry, lambda: self._settings)
        self.commands = Commands(self.database, self.versions, self.now, self._clock)
        self.commands.claims = self.registry.claims
        self.registry.commands = self.commands
        self.registry.publish = self._publish
        self.offers: Callable[[bytes], Mapping[str, Any]] = lambda body: {}
        """What a form may offer beside the process's own variables, such as the people who work here."""
        self.erasures: list[Callable[[Connection, str], None]] = []
        """What else holds data of instances, and is called for each that is erased, in the transaction that does it."""
        self.jobs = Jobs(self.commands, self.registry, self.at)
        self.jobs.portions[RETRYING] = self.try_on
        self.jobs.adopt()

    # -- time
    def now(self) -> datetime:
        """The engine's time: the clock's, or the instant a replay has moved this thread to."""
        moved: datetime | None = getattr(self._moved, "to", None)
        return self._clock() if moved is None else moved

    @contextmanager
    def at(self, instant: datetime) -> Iterator[None]:
        """Let commands of this thread happen at an instant; history still says when they were recorded."""
        before = getattr(self._moved, "to", None)
        self._moved.to = instant.astimezone(UTC)
        try:
            yield
        finally:
            self._moved.to = before

    @contextmanager
    def batch(self, *, beside: bool = False) -> Iterator[None]:
        """Commands inside share one transaction: all or none of them; `beside` as for `Database.transaction`."""
        with self.database.transaction(beside=beside):
            yield

    @property
    def projections(self) -> list[Projection]:
        """What keeps its own rows from every change; append to it."""
        return self.commands.projections

    def set_settings(self, settings: Mapping[str, Any]) -> None:
        """Override settings of packages, for all versions."""
        self._settings = dict(settings)
        self.versions.forget_settings()
        self.commands.forget()

    # -- definitions
    def deploy(self, path: str | Path | Mapping[str, bytes], *, actor: str = "system", reason: str = "") -> Deployment:
        """Deploy a package folder (or a single .bpmn or .dmn file) as an immutable version.

        Returns the existing deployment where the content is identical. Raises `CheckFailed` with all errors at once.
        """
        self._allow(actor, "deploy")
        package = read_package(path)
        errors = [problem for problem in check_package(package, self.forms, self.registry.operations) if problem.severity == "error"]
        errors = errors or _uncompiled(package)
        name = package.manifest.name or _name_of(package)
        with self.database.transaction() as connection:
            if not self.database.sqlite:
                messages.keep_apart(connection, "deploy", name)
            same = deployments.find_same(connection, package, name)
            if same is not None:
                return same
            if errors:
                raise CheckFailed(errors)
            deployment = deployments.store(connection, package, name, actor=actor, reason=reason, now=self.now())
            if schedules.schedule(connection, self.versions.get(deployment.id), self.now()):
                self.database.after_commit(self.commands.wake)
            entry = history.Entry("deployed", name, 0, {"deployment": deployment.id, "digest": package.digest, "number": deployment.number})
            self._installation(connection, "deploy", actor, [entry])
        return deployment

    def differences(self, path: str | Path | Mapping[str, bytes]) -> list[Problem]:
        """How a package fits this installation: a warning for each place instances stand at that is another now, for messages
        that begin processes of other packages already, and for roles that nobody holds.
        """
        package = read_package(path)
        with self.database.reading() as connection:
            name = package.manifest.name or _name_of(package)
            return in_order([*differences(package, standing(connection, self.versions, name)), *surroundings(connection, package, name)])

    def _installation(self, connection: Any, command: str, actor: str, entries: list[history.Entry]) -> None:
        recorded = self._clock()
        history.append_to(
            connection, history.INSTALLATION, command=command, actor=actor, at=self.now(), recorded_at=recorded, entries=entries
        )

    def record(self, command: str, actor: str, entries: list[history.Entry]) -> None:
        """Write something about the installation (an account, a setting, a denial) into its history."""
        with self.database.transaction() as connection:
            self._installation(connection, command, actor, entries)

    def deployments(self) -> list[Deployment]:
        """All versions of all packages, newest first."""

        def ask() -> list[Deployment]:
            with self.database.reading() as connection:
                return deployments.every(connection)

        return list(self.database.remembered(("deployments",), ask))

    def counts(self, deployment_id: str) -> dict[str, int]:
        """How many instances run or ran on a version, by state."""
        with self.database.reading() as connection:
            return queries.counts(connection, deployment_id)

    def package(self, deployment_id: str) -> Package:
        """A package as it was deployed; raises `NotFound`."""
        return self.versions.get(deployment_id).package

    def latest(self, process_id: str) -> Deployment:
        """The deployment that holds the latest version of a process; raises `NotFound`."""
        version = self.versions.latest(process_id)
        with self.database.reading() as connection:
            return deployments.get(connection, version.id)

    # -- instances
    def start(
        self, process_id: str, variables: Mapping[str, Any] | None = None, business_key: str | None = None, *, actor: str,
        deployment_id: str | None = None, occurred_at: datetime | None = None, held: bool = False, key: str | None = None,
        attach: Callable[[Any, str], None] | None = None,
    ) -> str:  # fmt: skip
        """Start a process; returns the instance's id.

        `deployment_id` picks a version (default: the latest); `occurred_at` a time in the past; `held` keeps its jobs out of the
        runner's sight (replay). `key` is an idempotency key: the same key again gives the first answer. Raises `NotFound`.
        """
        self._allow(actor, "start", process_id=process_id)
        given = plain(variables)
        version = None if deployment_id is None else self.versions.get(deployment_id)
        with self.at(occurred_at) if occurred_at is not None else _nothing(), self._once(key, "start", process_id) as known:
            if known.answer is None:
                known.answer = self.commands.start(
                    version, process_id, given, business_key=business_key, actor=actor, held=held, attach=attach
                )
            return known.answer

    def _once(self, key: str | None, command: str, about: str) -> AbstractContextManager[Known]:
        return once(self.commands, key, command, about, self._clock())

    def instance(self, instance_id: str) -> InstanceView:
        """An instance as it stands; raises `NotFound`."""

        def ask() -> InstanceView:
            with self.database.reading() as connection:
                return queries.instance(connection, self.versions, instance_id)

        return self.database.remembered(("instance", instance_id), ask)

    def history(self, instance_id: str) -> list[Event]:
        """Everything that happened to an instance, oldest first."""
        with self.database.reading() as connection:
            return history.events(connection, instance_id)

    def record_read(self, instance_id: str, what: str, *, actor: str) -> None:
        """Write down that somebody has read personal data of an instance, in the chain of today's reads (ISO 10002, 4.10)."""
        self.record_reads([instance_id], what, actor=actor)

    def record_reads(self, instance_ids: Sequence[str], what: str, *, actor: str) -> None:
        """The same for a list that named several, as one row; for an empty one nothing was read."""
        self.record_reads_of("instance", instance_ids, what, actor=actor)

    def record_reads_of(self, kind: str, ids: Sequence[str], what: str, *, actor: str) -> None:
        """The same for personal data of something that is no instance (yet), such as a `mail` that waits for a person."""
        if not ids:
            return
        entries = [history.Entry("read", what, 0, {kind: id}) for id in dict.fromkeys(ids)]
        with self.database.transaction(beside=True) as connection:
            recorded = self._clock()
            history.append_to(
                connection, history.READS.format(recorded), command="read", actor=actor, at=recorded, recorded_at=recorded, entries=entries
            )

    def waiting(self, instance_id: str) -> list[Waiting]:
        """The messages, signals and timers an instance waits for."""
        with self.database.reading() as connection:
            return queries.waiting(connection, instance_id)

    # -- work
    def user_tasks(
        self, instance_id: str | None = None, assignee: str | None = None, groups: Sequence[str] | None = None, state: str | None = "open",
        limit: int = 50, after: str | None = None, *, unassigned: bool = False, actor: str | None = None, offered: bool = False,
        only: Filter | None = None, order: str = URGENCY,
    ) -> list[UserTask]:  # fmt: skip
        """Tasks by what hurts first, or in another `order`; `only` those a filter lets through.

        With `assignee` and `groups`: the person's own and those their groups may claim. `state` None gives tasks of every state;
        `unassigned` only those nobody has; `after` is the id of the last task of the page before. `actor` is who asks: only tasks of what
        they may read, and with `offered` only those they could be given; without it the caller is trusted. A page of open tasks by what
        hurts first costs the same wherever it is and however many there are.
        """
        where = self._conditions(actor, offered, only)
        with self.database.reading() as connection:
            return queries.user_tasks(
                connection, instance_id=instance_id, assignee=assignee, groups=groups, state=state, unassigned=unassigned, limit=limit,
                after=after, where=where, order=order,
            )  # fmt: skip

    def count_user_tasks(
        self, assignee: str | None = None, groups: Sequence[str] | None = None, *, unassigned: bool = False, most: int = MOST_COUNTED,
        actor: str | None = None, offered: bool = False, only: Filter | None = None,
    ) -> int:  # fmt: skip
        """How many open tasks `user_tasks` would give for the same in all; above `most`, one more than that."""
        where = self._conditions(actor, offered, only)
        with self.database.reading() as connection:
            return queries.count_user_tasks(connection, assignee=assignee, groups=groups, unassigned=unassigned, most=most, where=where)

    def _conditions(self, actor: str | None, offered: bool, only: Filter | None) -> list[ColumnElement[bool]]:
        where = [] if only is None else only.conditions(self.now())
        where += [] if actor is None else self.visible(actor, t.user_task.c.instance_id)
        if actor is not None and offered and self.access is not None:
            where += self.access.offered(actor)
        return where

    def visible(self, actor: str, instance_id: Any) -> list[ColumnElement[bool]]:
        """Conditions on a column of instance ids: only what `actor` may read."""
        access = self.access
        if access is None:
            return []
        return list(self.database.remembered(("visible", actor, instance_id), lambda: access.seen(actor, instance_id)))

    def authorise(self, actor: str, action: str, **about: Any) -> None:
        """Raise `Forbidden` unless `actor` may do `action`; a refusal is written into the history."""
        self._allow(actor, action, **about)

    def user_task(self, task_id: str) -> UserTask:
        """One task, open or not; raises `NotFound`."""
        with self.database.reading() as connection:
            return queries.user_task(connection, task_id)

    def task_variables(self, task_id: str) -> dict[str, Any]:
        """Every name an expression can read where an open task stands; empty once it is open no more."""
        instance_id, _, number = task_id.rpartition(".")
        _, execution = self.commands.look(instance_id)
        token = None if execution is None or not number.isdigit() else execution.token(int(number))
        return {} if token is None else dict(token.workflow.context(token))

    def service_tasks(self, instance_id: str | None = None, type: str | None = None, limit: int = 50) -> list[ServiceTask]:
        """Open service tasks that no registered operation claims; `complete` completes them."""
        with self.database.reading() as connection:
            return queries.service_tasks(connection, instance_id=instance_id, type_name=type, limit=limit)

    def complete(self, task_id: str, variables: Mapping[str, Any] | None = None, *, actor: str, key: str | None = None) -> None:
        """Complete a user task, or an open service task, with variables.

        Raises `Conflict` if somebody else was faster (nothing is changed), `Invalid` if the task's form refuses the data,
        `Forbidden`, `NotFound`, and `Incident` if the element has one.
        """
        given = plain(variables)
        with self._once(key, "complete", task_id) as known:
            if known.answer is not None:
                return
            with self._on_task(task_id, "complete", actor) as (work, token):
                if token.incident is not None:
                    raise Incident(f"{token.task_spec.name} has an incident: {token.incident} Resolve it first.")
                work.execution.complete(token, self._clean(work, token, given), actor)
            known.answer = task_id

    def _clean(self, work: Work, token: Any, variables: dict[str, Any]) -> dict[str, Any]:
        """What the task's form makes of what was sent. A context it gives is merged into the one there is: a form with two
        fields of a complaint does not take the others away.
        """
        form_id = token.task_spec.model.ext.form_id
        if not form_id or self.forms is None:
            return variables
        # A called process brings the forms of its own version.
        version = self.versions.get(token.workflow.process_scope().deployment or work.version.id)
        body = version.package.form(form_id)
        if body is None:
            return variables
        context = {**token.workflow.context(token), **self.offers(body)}
        clean = self.forms.validate(body, variables, context)
        return {name: _merged(context.get(name), value) for name, value in clean.items()}

    @contextmanager
    def _on_task(self, task_id: str, command: str, actor: str, **also: Any) -> Iterator[tuple[Work, Any]]:
        """The instance and token of an open task, for this actor to act on."""
        instance_id, _, number = task_id.rpartition(".")
        if not instance_id or not number.isdigit():
            raise NotFound(f"There is no task {task_id!r}.")
        with self.commands.on(instance_id, command, actor, ended_too=True) as work:
            token = work.execution.token(int(number))
            wait = (token.wait or {}) if token is not None else {}
            if token is None or wait.get("kind") not in ("user", "service") or work.state in ("completed", "terminated"):
                raise self._too_late(task_id)
            if wait["kind"] == "service" and self.registry.claims(wait["type"]):
                raise Forbidden(f"The operation {wait['type']!r} completes {token.task_spec.name} itself.")
            if work.state == "suspended":
                raise Suspended(f"The instance {work.id} is suspended; resume it first.")
            about = {"task_id": task_id, **_about_task(token)}
            self._allow(actor, command, instance_id=work.id, **about, **also)
            if command in ("complete", "claim"):
                self._not_done_by(work.execution, token, actor)
            yield work, token

    def _too_late(self, task_id: str) -> Conflict | NotFound:
        try:
            task = self.user_task(task_id)
        except NotFound as error:
            return error
        if task.state == "completed":
            who = f"{task.completed_by} completed it at {task.completed_at:%Y-%m-%d %H:%M:%S} UTC"
        else:
            who = "it was withdrawn because the process went on without it"
        return Conflict(f"The task {task.name!r} is no longer open: {who}. Nothing was changed.", task.completed_by, task.completed_at)

    def _not_done_by(self, execution: Execution, token: Any, actor: str) -> None:
        did = barred(token.task_spec.model.ext.properties, execution.done_by).get(actor)
        if did is not None:
            raise Forbidden(f"{actor} completed {did!r} of this complaint and must not do {token.task_spec.name!r} as well.")

    def claim(self, task_id: str, *, actor: str) -> None:
        """Take a task that nobody has; `Conflict` if somebody has it."""
        with self._on_task(task_id, "claim", actor) as (work, token):
            holder = token.wait["assignee"]
            if holder not in (None, actor):
                raise Conflict(f"{holder} already has this task.", holder)
            self._hand(work, token, actor)

    def unclaim(self, task_id: str, *, actor: str) -> None:
        """Give a task back: to who delegated it, else to its groups."""
        with self._on_task(task_id, "unclaim", actor) as (work, token):
            self._hand(work, token, token.wait.get("owner"))

    def assign(self, task_id: str, assignee: str | None, *, actor: str) -> None:
        """Give a task to somebody who may do it."""
        with self._on_task(task_id, "assign", actor, to=assignee) as (work, token):
            if assignee is not None:
                self._not_done_by(work.execution, token, assignee)
            self._hand(work, token, assignee)

    def _hand(self, work: Work, token: Any, assignee: str | None, **owner: Any) -> None:
        token.internal_data["wait"] = {**token.wait, "assignee": assignee, "owner": None, **owner}
        work.execution.note("assigned", token.task_spec.name, token, to=assignee, **owner)

    def delegate(self, task_id: str, assignee: str, *, actor: str) -> None:
        """Let somebody else do a task one has, and get it back when they return it (`unclaim`)."""
        with self._on_task(task_id, "assign", actor, to=assignee) as (work, token):
            owner = token.wait.get("owner") or token.wait["assignee"]
            if owner is None:
                raise Conflict("Nobody has this task, so it cannot be delegated; assign it. Nothing was changed.")
            self._not_done_by(work.execution, token, assignee)
            self._hand(work, token, assignee, **({"owner": owner} if owner != assignee else {}))

    def arrange(self, task_id: str, *, actor: str, **wanted: Any) -> None:
        """Change when somebody wants to come back to a task (`follow_up_at`, an instant or None) and its `priority` (0 to 100)."""
        unknown = wanted.keys() - {"follow_up_at", "priority"}
        priority = wanted.get("priority", 50)
        if unknown or not (isinstance(priority, int) and 0 <= priority <= 100):
            raise Invalid("A task has a follow-up date, and a priority from 0 to 100; nothing else of it is arranged by hand.")
        keys = {"follow_up_at": "follow_up", "priority": "priority"}
        with self._on_task(task_id, "arrange", actor) as (work, token):
            token.internal_data["wait"] = {**token.wait, **{keys[name]: value for name, value in wanted.items()}}
            at = wanted.get("follow_up_at")
            told = {**wanted, **({"follow_up_at": at.isoformat()} if at is not None else {})}
            work.execution.note("arranged", token.task_spec.name, token, **told)

    def refusal(self, task_id: str, command: str, *, actor: str, to: str | None = None) -> str:
        """Why a command on a task would be refused now, in a sentence; empty if it would be done. Nothing is changed or recorded."""
        instance_id, _, number = task_id.rpartition(".")
        _, execution = self.commands.look(instance_id)
        token = None if execution is None or not number.isdigit() else execution.token(int(number))
        if token is None or (token.wait or {}).get("kind") != "user":
            return str(self._too_late(task_id))
        try:
            if self.access is not None:
                about = {"task_id": task_id, "instance_id": instance_id, **_about_task(token), "to": to}
                self.access.check(actor, "assign" if command == "delegate" else command, **about)
            if execution is not None and command in ("claim", "complete", "assign", "delegate"):
                self._not_done_by(execution, token, to or actor)
        except (Forbidden, Conflict) as error:
            return str(error)
        return ""

    def throw_error(self, task_id: str, code: str, *, actor: str, message: str = "", variables: Mapping[str, Any] | None = None) -> None:
        """Throw a BPMN error from a task; one that nothing catches becomes an incident at it."""
        given = plain(variables)
        with self._on_task(task_id, "complete", actor) as (work, token):
            if not work.execution.throw_error(token, code, message, given):
                work.execution.incident(token, f"Nothing catches the error {code!r}; add an error boundary event for it.")

    # -- messages
    def correlate(
        self, name: str, key: str = "", variables: Mapping[str, Any] | None = None, *, actor: str, ttl: timedelta | None = None,
        once: str | None = None,
    ) -> str | None:  # fmt: skip
        """Give a message to the one instance that waits for it, or start one; returns the instance's id.

        If nobody waits it is kept for `ttl` (None is returned); without `ttl` that is `NotFound`. `once` is an idempotency key.
        """
        self._allow(actor, "correlate", name=name, key=key)
        return self._correlate(name, key, plain(variables), actor, ttl, once)

    def _publish(self, by: str, name: str, key: str, variables: Mapping[str, Any], ttl: timedelta | None) -> str | None:
        """A message from an element of a diagram; `by` is its token, so that trying again does not publish it again."""
        about = sha256(f"{name}\n{key}".encode()).hexdigest()
        once = f"{by}:message:{about[:24]}"
        return self._correlate(name, key, plain(variables), "job", ttl, once)

    def _correlate(self, name: str, key: str, given: dict[str, Any], actor: str, ttl: timedelta | None, once: str | None) -> str | None:
        if len(name) > LONGEST_NAME or len(key) > LONGEST_KEY:
            raise Invalid(f"A message's name has at most {LONGEST_NAME} characters, its correlation key at most {LONGEST_KEY}.")
        with self._once(once, "correlate", f"{name}\n{key}") as known, self.commands.atomic() as connection:
            if known.answer is None:
                tried: set[tuple[str, int]] = set()
                known.answer = self._give(connection, name, key, given, actor, tried)
            if known.answer is None:
                if ttl is None:
                    raise NotFound(f"Nobody waits for the message {name!r} with the key {key!r}.")
                known.answer = self._keep(connection, name, key, given, actor, ttl, tried)
            return known.answer or None

    def _give(
        self, connection: Connection, name: str, key: str, variables: dict[str, Any], actor: str, tried: set[tuple[str, int]]
    ) -> str | None:
        """Give a message to the first who waits for it, or start what it starts; the instance's id."""
        for instance_id, number in messages.waiting_for(connection, name, key):
            if (instance_id, number) not in tried:
                tried.add((instance_id, number))
                if self._deliver(instance_id, number, name, variables, actor):
                    return instance_id
        for process_id, deployment_id, element_id in messages.starts_by(connection, "message", name)[:1]:
            version = self.versions.get(deployment_id)
            return self.commands.start(version, process_id, variables, business_key=key or None, actor=actor, element_id=element_id)
        return None

    def _keep(
        self, connection: Connection, name: str, key: str, variables: dict[str, Any], actor: str, ttl: timedelta,
        tried: set[tuple[str, int]],
    ) -> str:  # fmt: skip
        """Keep a message for who will wait for it; the empty text, or the id of an instance that began to wait meanwhile."""
        while not self.database.sqlite:
            savepoint = connection.begin_nested()
            messages.keep_apart(connection, name, key)
            if tried.issuperset(messages.waiting_for(connection, name, key)):
                break
            # Rolling back lets go of the lock: it must not be held while waiting for an instance.
            savepoint.rollback()
            answer = self._give(connection, name, key, variables, actor, tried)
            if answer is not None:
                return answer
        messages.buffer(connection, name, key, variables, actor, self.now() + ttl)
        self._installation(connection, "correlate", actor, [history.Entry("buffered", name)])
        return ""

    def _deliver(self, instance_id: str, number: int, name: str, variables: dict[str, Any], actor: str) -> bool:
        try:
            with self.commands.on(instance_id, "message", actor) as work:
                token = work.execution.token(number)
                if token is None or (token.wait or {}).get("kind") != "message":
                    raise Conflict(f"The instance {instance_id} does not wait for {name!r} any more.")
                work.execution.fire(token, variables, name=name)
        except Conflict:
            # It has ended, went on, or is suspended: the message is for the next one.
            return False
        return True

    def signal(self, name: str, variables: Mapping[str, Any] | None = None, *, actor: str) -> int:
        """Tell every instance that waits for a signal, each in a transaction of its own; how many tokens hear it.

        The jobs are durable before this returns, and are run at once in this process.
        """
        self._allow(actor, "signal", name=name)
        given = plain(variables)
        with self.commands.atomic() as connection:
            count = messages.signal_jobs(connection, name, given, self.now())
            self._installation(connection, "signal", actor, [history.Entry("broadcast", name, 0, {"receivers": count})])
            for process_id, deployment_id, element_id in messages.starts_by(connection, "signal", name):
                version = self.versions.get(deployment_id)
                self.commands.start(version, process_id, given, business_key=None, actor=actor, element_id=element_id)
                count += 1
        kinds = (messages.SIGNAL, messages.SIGNALS)
        with self.database.reading() as connection:
            waiting = [job for job in self.jobs.due(connection, self.now(), None, 10_000) if job.kind in kinds and job.type == name]
        for job in waiting:
            self.jobs.run(job)
        return count

    # -- jobs
    def run_due(
        self, now: datetime | None = None, instance_id: str | None = None, limit: int = 100, *, since: datetime | None = None
    ) -> int:
        """Run what is due once, in this process, in order of due time; how many jobs ran.

        `instance_id` runs only that instance's jobs, also while it is held back for replay. With `since`, each fires at its own
        due instant, but not before `since`.
        """
        return self.jobs.run_due(now or self.now(), instance_id, limit, since)

    def release(self, instance_id: str) -> None:
        """The replay of an instance is over: the runner sees its jobs from now on."""
        with self.database.transaction() as connection:
            connection.execute(update(t.instance).where(t.instance.c.id == instance_id).values(held=False))
            connection.execute(update(t.job).where(t.job.c.instance_id == instance_id).values(held=False))

    # -- history
    def seal(self) -> int | None:
        """Seal the history written since the last seal; the seal's number, or None if there was nothing new."""
        with self.database.transaction() as connection:
            return history.seal(connection, self._clock())

    def verify(self, head: str | None = None) -> Report:
        """Read the whole history and compare it with its hashes and seals.

        `head` is the hash of a seal that was kept elsewhere: that no seal has it is a fault.
        """
        with self.database.reading() as connection:
            return history.verify(connection, head)

    def erase(self, instance_id: str, *, reason: str, actor: str) -> int:
        """Erase what a finished instance holds of people; the chain still verifies. How many values went.

        Erased already, what is left is erased: it can be repeated. Raises `Conflict` while it runs. The reason stays in the history.
        """
        self._allow(actor, "operate", instance_id=instance_id)
        with self.commands.on(instance_id, "erase", actor, ended_too=True) as work:
            if work.state not in ("completed", "terminated"):
                raise Conflict(f"The instance {instance_id} is still running; personal data is erased once it has ended.")
            ids = erasure.erase(work.connection, instance_id, work.business_key)
            for reach in self.erasures:
                reach(work.connection, instance_id)
            work.execution.note("erased", work.process_id, None, value_ids=ids, reason=reason)
        return len(ids)

    def remembering(self) -> AbstractContextManager[None]:
        """While it lasts, this thread asks the database once for what a page needs in several places, see `Database.remembering`."""
        return self.database.remembering()

    def close(self) -> None:
        """Give all connections back."""
        self.database.close()

    def _allow(self, actor: str, action: str, **about: Any) -> None:
        if not actor:
            raise Forbidden("A command needs an actor: who does this?")
        if self.access is None:
            return
        try:
            self.access.check(actor, action, **about)
        except Forbidden:
            ids = {name: value for name, value in about.items() if name in ("instance_id", "task_id", "element_id", "process_id")}
            entry = history.Entry("denied", action, 0, ids)
            if self.database.in_transaction():
                self.database.after_rollback(lambda: self.record("denied", actor, [entry]))
            else:
                self.record("denied", actor, [entry])
            raise


def _about_task(token: Any) -> dict[str, Any]:
    """What the policy is told of a task."""
    wait, properties = token.wait or {}, token.task_spec.model.ext.properties
    return {
        "element_id": token.task_spec.name, "groups": wait.get("groups", []), "assignee": wait.get("assignee"), "owner": wait.get("owner"),
        "competence": str(properties.get("competence", "")).strip(),
    }  # fmt: skip


def _uncompiled(package: Package) -> list[Problem]:
    """What `check` has let through and cannot run all the same: better refused now than found by whoever starts it."""
    found = []
    for diagram in package.diagrams:
        for process in diagram.processes:
            try:
                if process.executable:
                    compile_process(process)
            except Fault as fault:
                help = "Draw it another way; docs/bpmn.md says what is executed."
                found.append(Problem(diagram.file, process.id, process.line, "refused", "error", str(fault), help))
    return found


def _merged(old: Any, new: Any) -> Any:
    """A new value; a context laid over the old one, context by context."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}
    return new


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _name_of(package: Package) -> str:
    """A single file is a package named after it."""
    return Path(next(iter(package.files), "package")).stem
