"""Messages go to one instance that waits, or start one, or wait themselves; signals go to all that wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select
from uuid_utils import uuid7

from amends.engine.execution.values import decode, encode
from amends.engine.store import tables as t


def waiting_for(connection: Connection, name: str, key: str) -> list[tuple[str, int]]:
    """The instances and tokens that wait for a message, oldest subscription first."""
    s = t.subscription.c
    query = select(s.instance_id, s.token).where(s.kind == "message", s.name == name, s.key == key)
    return [(row.instance_id, row.token) for row in connection.execute(query.order_by(s.instance_id, s.token))]


def starts_by(connection: Connection, kind: str, name: str) -> list[tuple[str, str, str]]:
    """The latest processes a message or signal starts: process, deployment, start event."""
    s = t.start_subscription.c
    query = select(s.process_id, s.deployment_id, s.element_id).where(s.kind == kind, s.name == name).order_by(s.id)
    return [(row.process_id, row.deployment_id, row.element_id) for row in connection.execute(query)]


def buffer(connection: Connection, name: str, key: str, variables: Mapping[str, Any], actor: str, expires_at: datetime) -> str:
    """Keep a message nobody waits for yet."""
    message_id = uuid7().hex
    row = {"id": message_id, "name": name, "key": key, "body": encode(dict(variables)), "actor": actor, "expires_at": expires_at}
    connection.execute(insert(t.buffered_message), row)
    return message_id


def take_buffered(connection: Connection, name: str, key: str, now: datetime) -> dict[str, Any] | None:
    """The oldest message that was kept for this name and key, taken out; None where there is none."""
    b = t.buffered_message.c
    query = select(b.id, b.body, b.expires_at).where(b.name == name, b.key == key).order_by(b.id)
    for row in connection.execute(query).all():
        connection.execute(delete(t.buffered_message).where(b.id == row.id))
        if row.expires_at >= now:
            taken: dict[str, Any] = decode(bytes(row.body))
            return taken
    return None


def signal_jobs(connection: Connection, name: str, variables: Mapping[str, Any], now: datetime) -> int:
    """One job for each instance that waits for a signal now; how many."""
    s = t.subscription.c
    body = encode(dict(variables)) if variables else None
    jobs = [
        {
            "id": uuid7().hex, "instance_id": row.instance_id, "token": row.token, "element_id": row.element_id, "kind": "signal",
            "type": name, "body": body, "due_at": now, "state": "due", "held": False, "attempts": 0, "retries": 3,
        }
        for row in connection.execute(select(s.instance_id, s.token, s.element_id).where(s.kind == "signal", s.name == name))
    ]  # fmt: skip
    if jobs:
        connection.execute(insert(t.job), jobs)
    return len(jobs)
