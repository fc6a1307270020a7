"""One scenario being lived: the instance it began, what people do to it, and what can be seen of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cached_property
from typing import Any

from sqlalchemy import select

from amends.engine.calendars import Clock
from amends.engine.complaints import Complaint
from amends.engine.complaints.printing import PrintQueue
from amends.engine.errors import Conflict, NotFound
from amends.engine.history import Event
from amends.engine.instances.views import InstanceView, ServiceTask, UserTask
from amends.engine.scenarios.known import known, known_people
from amends.engine.scenarios.model import Scenario, ScenarioError, Step
from amends.engine.scenarios.world import World, instant
from amends.engine.services.outbox import LAID_OUT, LEFT, TO_SAY
from amends.engine.store import tables as t

COMPLAINANT = "complainant"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that was sent or laid out: `inside` goes to staff, `addresses` are where mails of it went.

    `gone` is one that has left; `waits` is the key of one that is in the post room, `to_say` whether it is to be said there.
    """

    name: str
    to: str
    inside: bool
    subject: str
    text: str
    addresses: list[str]
    gone: bool
    waits: str = ""
    to_say: bool = False


class Case:
    """The instance of a scenario in its world. `id` is empty until something has begun it."""

    def __init__(self, world: World, scenario: Scenario) -> None:
        self.world, self.scenario, self.engine = world, scenario, world.engine
        self.id = ""

    # -- beginning
    def begin(self) -> None:
        """Begin as the scenario says."""
        told, world = self.scenario, self.world
        known_people(world.package, told)
        for name, roles in told.people.items():
            world.person(name, roles)
        world.post.works = told.mail
        if told.begins == "file":
            filed = world.register.file(as_answers(told.data), actor=COMPLAINANT, channel=told.channel)
            self.id = filed.instance_id
        elif told.begins == "start":
            self.id = self.engine.start(told.process, dict(told.data), told.key, actor="system")
        world.settle()

    def instant(self, at: datetime) -> datetime:
        """An instant of the file: without a zone it is in that of the default calendar."""
        return instant(at, self.world.calendars)

    # -- what happens
    def act(self, step: Step) -> None:
        """Do what a step says, and everything that is due then."""
        deeds: dict[str, Callable[[Step], None]] = {
            "complete": self._complete, "message": self._message, "signal": self._signal, "error": self._error, "after": self._after,
            "until": self._until, "at": self._at, "mail": self._mail, "retry": self._retry, "posted": self._posted,
        }  # fmt: skip
        deeds[step.action or ""](step)
        self.world.settle()
        if not self.id:
            with self.engine.database.reading() as connection:  # a signal or a timer may have begun it
                self.id = connection.execute(select(t.instance.c.id).order_by(t.instance.c.id).limit(1)).scalar() or ""

    def _complete(self, step: Step) -> None:
        data = dict(step.arguments.get("with", {}))
        task = next((task for task in self.tasks if task.element_id == step.value), None)
        if task is not None:
            self.engine.complete(task.id, as_answers(data) if task.form else data, actor=self._who(step, task))
            return
        job = next((job for job in self.engine.service_tasks(self.id) if job.element_id == step.value), None)
        if job is None:
            raise NotFound(f"An open task {step.value!r} was expected.")
        self.engine.complete(job.id, data, actor="system")

    def _who(self, step: Step, task: UserTask | None = None) -> str:
        """The actor of a step: one of the scenario's people, somebody of a role, or by default somebody who only does this task."""
        given, roles = step.arguments.get("as"), self.world.package.manifest.roles
        name = str(given or "")
        if name == COMPLAINANT:
            return f"{COMPLAINANT}:{self.key}"
        if name in self.scenario.people:
            return self.world.person(name, self.scenario.people[name])
        if name in roles:
            return self.world.person(name, (name,))
        if given is not None:
            known = ", ".join([COMPLAINANT, *self.scenario.people, *roles])
            raise ScenarioError(f'There is nobody called {name!r}; there are: {known}. Add people = {{ {name} = "role" }}.')
        if task is not None and task.assignee:
            return task.assignee if self.world.accounts.of(task.assignee) else "system"
        if task is None:
            return f"{COMPLAINANT}:{self.key}" if self.complaint is not None else "system"
        return self.world.person(f"who does {task.element_id}", task.groups[:1]) if task.groups else "system"

    def _message(self, step: Step) -> None:
        data, actor = dict(step.arguments.get("with", {})), self._who(step)
        complaint = self.complaint
        if complaint is not None and "key" not in step.arguments and step.value in self.world.package.manifest.messages:
            self._offered(complaint, step.value)
            self.world.register.answer(complaint, step.value, as_answers(data), actor=actor)
            return
        begun = self.engine.correlate(step.value, str(step.arguments.get("key", self.key)), data, actor=actor if self.id else "system")
        self.id = self.id or begun or ""

    def _offered(self, complaint: Complaint, name: str) -> None:
        if not any(offer.message == name for offer in self.world.register.offers(complaint)):
            raise Conflict(f"Nothing waits for the message {name!r}.")

    def _signal(self, step: Step) -> None:
        actor = self._who(step) if "as" in step.arguments else "system"
        self.engine.signal(step.value, dict(step.arguments.get("with", {})), actor=actor)

    def _error(self, step: Step) -> None:
        found: list[UserTask | ServiceTask] = [*self.tasks, *self.engine.service_tasks(self.id)]
        task = next((task for task in found if task.element_id == step.arguments["task"]), None)
        if task is None:
            raise NotFound(f"An open task {step.arguments['task']!r} was expected.")
        actor = self._who(step, task) if isinstance(task, UserTask) else "system"
        self.engine.throw_error(task.id, step.value, actor=actor, variables=step.arguments.get("with"))

    def _after(self, step: Step) -> None:
        calendars = self.world.calendars
        name = "default" if "default" in calendars else next(iter(calendars), "")
        if not name:
            raise ScenarioError("The package has no calendar to count time by. Say at = … instead, or add [calendars.default].")
        to = Clock.begin("after", self.world.now, step.value, name).due(calendars)
        self.world.advance(to or self.world.now)  # only a paused clock has no due instant

    def _until(self, step: Step) -> None:
        clock = self.instance.clocks.get(step.value)
        to = None if clock is None else clock.due(self.world.calendars)
        if to is None:
            raise ScenarioError(f"There is no clock {step.value!r} that runs, so nobody can wait until it is due.")
        self.world.advance(to)

    def _at(self, step: Step) -> None:
        self.world.advance(self.instant(step.value))

    def _mail(self, step: Step) -> None:
        self.world.post.works = step.value == "up"

    def _retry(self, step: Step) -> None:
        found = [incident for incident in self.instance.incidents if incident.element_id == step.value]
        if not found:
            raise NotFound(f"An incident at {step.value!r} was expected, to try again.")
        for incident in found:
            self.engine.retry_incident(incident.id, actor="system")

    def _posted(self, step: Step) -> None:
        known(self.world.package, "letter", step.value)
        letter = next((one for one in self.letters() if one.waits and one.name == step.value), None)
        if letter is None:
            there = ", ".join(one.name for one in self.letters() if one.waits) or "none"
            raise NotFound(f"The letter {step.value!r} was expected in the post room; there is {there}.")
        queue = PrintQueue(self.world.register)
        (queue.told if letter.to_say else queue.posted)(letter.waits, actor="system")

    # -- what can be seen
    @property
    def tasks(self) -> list[UserTask]:
        """The open user tasks."""
        return self.engine.user_tasks(self.id, limit=1_000) if self.id else []

    @property
    def instance(self) -> InstanceView:
        """The instance; raises `ScenarioError` before anything has begun it."""
        if not self.id:
            raise ScenarioError("Nothing has begun yet: say file or start, or send the message that begins it.")
        return self.engine.instance(self.id)

    @cached_property
    def is_complaint(self) -> bool:
        """Whether the instance is a complaint of the register."""
        return self.instance.process_id == self.world.package.manifest.complaints.process

    @property
    def complaint(self) -> Complaint | None:
        """The complaint in the register, if the instance is one."""
        return self.world.register.get(instance_id=self.id) if self.id and self.is_complaint else None

    @property
    def key(self) -> str:
        """What messages find the instance by: its reference, or its business key."""
        return (self.instance.business_key or "") if self.id else ""

    @property
    def events(self) -> list[Event]:
        """Everything that has happened to it."""
        return self.engine.history(self.id) if self.id else []

    def clock_state(self, clock: Clock) -> str:
        """running, soon, late, paused, met, met late or cancelled, now."""
        return clock.state(self.world.now, self.world.calendars)

    def letters(self) -> list[Letter]:
        """The letters that were written, oldest first."""
        m, d = t.message.c, t.dispatch.c
        query = select(m.id, m.at, m.letter, m.recipient, m.direction, m.subject, m.body, d.key, d.state)
        query = query.join(t.dispatch, d.message_id == m.id).where(m.instance_id == self.id, m.direction != "in")
        with self.engine.database.reading() as connection:
            rows = connection.execute(query).all()
        found: dict[str, Letter] = {}
        # Several may be written at one instant; the number of the token that wrote one, in its key, tells which was first.
        for row in sorted(rows, key=lambda row: (row.at, _token(row.key), row.direction == "internal", row.key)):
            letter = found.get(row.id)
            if letter is None:
                letter = Letter(row.letter or "", row.recipient or "", row.direction == "internal", row.subject, row.body, [], False)
            mail = self.world.post.kept.get(row.key)
            addresses = [*letter.addresses, *([] if mail is None else [str(mail["To"])])]
            waits = row.key if row.state in LAID_OUT else letter.waits
            gone, to_say = letter.gone or row.state in LEFT, letter.to_say or row.state == TO_SAY
            found[row.id] = replace(letter, addresses=addresses, gone=gone, waits=waits, to_say=to_say)
        return list(found.values())

    def variable(self, name: str) -> Any:
        """A variable by its name or path: as an open task reads it, or else as the process has it."""
        first, *path = name.split(".")
        scopes = [*(self.engine.task_variables(task.id) for task in self.tasks), self.instance.variables]
        value: Any = next((scope[first] for scope in scopes if first in scope), None)
        for part in path:
            value = value.get(part) if isinstance(value, Mapping) else None
        return value


def _token(key: str) -> int:
    number = key.partition(":")[0].rpartition(".")[2]
    return int(number) if number.isdigit() else 0


def as_answers(data: Mapping[str, Any]) -> dict[str, Any]:
    """Data as a form gives it: dates and times are texts."""
    return {key: _as_answer(value) for key, value in data.items()}


def _as_answer(value: Any) -> Any:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, dict):
        return as_answers(value)
    return [_as_answer(item) for item in value] if isinstance(value, list) else value


def shown(value: Any) -> str:
    """A value as people read it."""
    return json.dumps(value, ensure_ascii=False, default=str)
