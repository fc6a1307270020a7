"""A clock that is moved by hand, small packages, and an engine that runs their service tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from sqlalchemy import insert, select

from amends.engine import Engine
from amends.engine.calendars import Calendar
from amends.engine.definitions import read_package
from amends.engine.services import OperationContext
from amends.engine.store import tables as t

MANIFEST = """
[package]
name = "small"
title = "A small package"
version = "1"
[roles]
handler = "Handler"
manager = "Manager"
[clocks.answer]
title = "Answer"
[outcomes]
relief = "Relief"
[settings]
organisation = "Example Ltd"
[calendars.default]
timezone = "Europe/London"
holidays = { country = "GB", subdivision = "ENG" }
[calendars.athens]
timezone = "Europe/Athens"
"""
LETTER = b"---\nsubject: About {{ reference }}\n---\n\nDear {{ complaint.name }},\n\nit is **{{ date(now()) }}**.\n"
TO_STAFF = b"---\nsubject: Decided {{ reference }}\n---\n\n{{ outcome }}: {{ reasons }}\n"

Task = tuple[str, str, Mapping[str, str]]


class MovingClock:
    """A clock that only moves when it is told to. It begins on a Tuesday, 10:00 in London."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 5, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **length: float) -> datetime:
        self.now += timedelta(**length)
        return self.now


class RecordingMailer:
    """Keeps what it is to send; `answer` may raise what a mail server would lead to."""

    sender = "complaints@example.org"

    def __init__(self) -> None:
        self.sent: list[tuple[str, EmailMessage]] = []
        self.answer: Callable[[EmailMessage], None] = lambda message: None

    def send(self, message: EmailMessage, key: str) -> str:
        self.answer(message)
        self.sent.append((key, message))
        return f"taken as number {len(self.sent)}"

    @property
    def to(self) -> list[str]:
        return [str(message["To"]) for _, message in self.sent]


def diagram(tasks: list[Task]) -> bytes:
    """A process `small` that does these one after the other: (element id, type, inputs). The type "user" is a user task."""
    elements, flows, last = ['<bpmn:startEvent id="begin"/>'], [], "begin"
    for id, kind, inputs in [*tasks, ("finish", "end", {})]:
        mapped = "".join(f"<zeebe:input source={quoteattr(source)} target={quoteattr(name)}/>" for name, source in inputs.items())
        if kind == "end":
            elements.append(f'<bpmn:endEvent id="{id}"/>')
        elif kind == "user":
            body = '<zeebe:userTask/><zeebe:assignmentDefinition candidateGroups="handler"/>'
            elements.append(f'<bpmn:userTask id="{id}"><bpmn:extensionElements>{body}</bpmn:extensionElements></bpmn:userTask>')
        else:
            body = f'<zeebe:taskDefinition type="{kind}"/><zeebe:ioMapping>{mapped}</zeebe:ioMapping>'
            elements.append(f'<bpmn:serviceTask id="{id}"><bpmn:extensionElements>{body}</bpmn:extensionElements></bpmn:serviceTask>')
        flows.append(f'<bpmn:sequenceFlow id="to_{id}" sourceRef="{last}" targetRef="{id}"/>')
        last = id
    return (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
        f'id="d" targetNamespace="x"><bpmn:process id="small" isExecutable="true">{"".join(elements)}{"".join(flows)}</bpmn:process>'
        "</bpmn:definitions>"
    ).encode()


def files(*tasks: Task, **letters: bytes) -> dict[str, bytes]:
    """A package with these service tasks and letters."""
    known = {"letter": LETTER, "to-staff": TO_STAFF, **{name.replace("_", "-"): body for name, body in letters.items()}}
    return {
        "package.toml": MANIFEST.encode(),
        "small.bpmn": diagram(list(tasks)),
        **{f"letters/{name}.md": body for name, body in known.items()},
    }


class House:
    """An engine, with what a test wants to know about it."""

    def __init__(self, folder: Path) -> None:
        self.clock = MovingClock()
        self.mailer = RecordingMailer()
        self.engine = Engine(f"sqlite:///{folder / 'amends.db'}", clock=self.clock, shared={"mailer": self.mailer})

    def deploy(self, *tasks: Task, **letters: bytes) -> None:
        self.engine.deploy(files(*tasks, **letters))

    def start(self, *, email: str = "ann@example.org", held: bool = False, **more: Any) -> str:
        """Start the process as a complaint of Ann's; nothing that is outside has run yet."""
        complaint = {"name": "Ann", "email": email, **more.pop("complaint", {})}
        given = {"complaint": complaint, "reference": "C-1", **more}
        return self.engine.start("small", given, actor="complainant:C-1", held=held)

    def user(self, name: str, *roles: str, email: str | None = "", active: bool = True) -> str:
        """An account with an address of its own unless `email` is None; its id."""
        address = f"{name}@example.org" if email == "" else email
        row = {
            "id": f"a-{name}", "username": name, "display_name": name.capitalize(), "email": address, "password_hash": "none",
            "active": active, "session_mark": "", "created_at": self.clock.now,
        }  # fmt: skip
        with self.engine.database.transaction() as connection:
            connection.execute(insert(t.account), row)
            for role in roles:
                connection.execute(insert(t.account_role), {"account_id": row["id"], "role": role})
        return f"a-{name}"

    def messages(self) -> list[dict[str, Any]]:
        with self.engine.database.reading() as connection:
            return [dict(row._mapping) for row in connection.execute(select(t.message).order_by(t.message.c.at, t.message.c.letter))]

    def dispatches(self) -> list[tuple[str, str]]:
        """State and proof of each journal row."""
        with self.engine.database.reading() as connection:
            return [(row.state, row.proof) for row in connection.execute(select(t.dispatch).order_by(t.dispatch.c.key))]

    def incident(self, instance_id: str) -> str:
        """What its one incident says."""
        (incident,) = self.engine.instance(instance_id).incidents
        return str(incident.message)

    def complete(self, instance_id: str, **data: Any) -> None:
        (task,) = self.engine.user_tasks(instance_id)
        self.engine.complete(task.id, data, actor="account:a-handler")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.engine.close()


@pytest.fixture
def small_package() -> Callable[..., dict[str, bytes]]:
    """Makes the files of a package whose process does these tasks; see `diagram`."""
    return files


@pytest.fixture
def context() -> Callable[..., OperationContext]:
    """Makes a context for rendering: variables, and letters by name."""

    def make(variables: Mapping[str, Any], settings: Mapping[str, Any] | None = None, **letters: str) -> OperationContext:
        package = read_package(files(**{name: body.encode() for name, body in letters.items()}))
        london = Calendar.from_data({"timezone": "Europe/London"})
        return OperationContext(
            instance_id="i", element_id="send", business_key=None, actor="job", variables=variables, settings=settings or {},
            package=package, calendars={"default": london}, functions={}, now=datetime(2026, 5, 5, 9, tzinfo=UTC), key="i.1",
        )  # fmt: skip

    return make
