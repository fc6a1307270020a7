"""What callers get to see of instances and tasks: plain, immutable, without SpiffWorkflow's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from amends.engine.calendars import Clock


@dataclass(frozen=True, slots=True)
class UserTask:
    """Work for a person. `groups` are its candidate groups, `form` is a form id; `state` is open, completed or cancelled."""

    id: str
    instance_id: str
    element_id: str
    name: str
    assignee: str | None
    groups: tuple[str, ...]
    form: str | None
    due_at: datetime | None
    follow_up_at: datetime | None
    priority: int
    created_at: datetime
    state: str = "open"
    process_id: str = ""
    completed_by: str | None = None
    completed_at: datetime | None = None
    competence: str = ""
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceTask:
    """An open service task that no registered operation claims: something else completes it."""

    id: str
    instance_id: str
    element_id: str
    type: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An element that cannot go on, and why."""

    id: str
    instance_id: str
    element_id: str
    message: str
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something an instance waits for: a message or signal (name, key) or a timer (due)."""

    kind: str
    element_id: str
    name: str = ""
    key: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InstanceView:
    """An instance as it stands. `variables` are those of the process itself; empty once it has ended and its state is gone."""

    id: str
    process_id: str
    deployment_id: str
    business_key: str | None
    state: str
    variables: Mapping[str, Any]
    active_elements: tuple[str, ...]
    incidents: tuple[IncidentView, ...]
    started_at: datetime
    ended_at: datetime | None
    clocks: Mapping[str, Clock] = field(default_factory=dict)
    seq: int = 0
    """How many commands there have been: the `seq` of the last of its events."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one command changed in one instance: what projections are given, inside its transaction.

    `notes` are what happened (see `execution.Note`), `variables` those of the process after it.
    """

    instance_id: str
    process_id: str
    deployment_id: str
    package: Any
    business_key: str | None
    variables: Mapping[str, Any]
    notes: list[Any]
    clocks: Mapping[str, Clock]
    calendars: Mapping[str, Any]
    state: str
    command: str
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    started: bool
    ended: bool
    held: bool
