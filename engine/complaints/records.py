"""What the register shows of a complaint: plain, immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint. `milestones` are the dates of the follow-up form (ISO 10002): received, acknowledged, … closed."""

    reference: str
    instance_id: str
    received_at: datetime
    channel: str
    subject: str
    complainant_name: str
    email: str
    product: str
    category: str
    priority: str
    severity: str
    stage: str
    state: str
    outcome: str
    closed_at: datetime | None
    historical: bool
    milestones: Mapping[str, datetime] = field(default_factory=dict)
    team: str = ""
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class Filed:
    """A complaint that was just filed. The secret is shown once: only its hash is kept."""

    reference: str
    secret: str
    instance_id: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the thread. `proof` says how it was sent; empty for what came in.

    `way` is what becomes of one that goes through the post room: `to post` or `to say` while it waits there, `posted`, `said`,
    `another way` or `not given` after, by `sent_by` at `sent_at`; empty for all others.
    """

    id: str
    at: datetime
    direction: str
    channel: str
    author: str
    recipient: str
    subject: str
    body: str
    proof: str
    visible: bool
    way: str = ""
    sent_at: datetime | None = None
    sent_by: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """Something the complainant can say now, because the process waits for it.

    `until` is when it goes on without; None where it does not.
    """

    message: str
    title: str
    form_id: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClockView:
    """A clock as pages show it. `state` is running, soon, late, paused, met, met late or cancelled; `fraction` is 0 to 1 of its length."""

    name: str
    title: str
    state: str
    words: str
    due_at: datetime | None
    start: datetime
    fraction: float


@dataclass(frozen=True, slots=True)
class StageView:
    """One stage of the way: done, now or next; `at` is when it was first reached."""

    id: str
    words: str
    state: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a complaint stands, for the complainant: in words, and by when they hear next."""

    words: str
    next_by: datetime | None
    stages: tuple[StageView, ...]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file somebody added. `media_type` is by its content."""

    id: str
    name: str
    media_type: str
    size: int
    digest: str
    added_at: datetime
    added_by: str
