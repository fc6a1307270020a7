"""Messages go to one instance that waits, or start one, or wait themselves; signals go to all that wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select
from uuid_utils import uuid7

from amends.engine.execution.values import decode, encode
from amends.engine.store import tables as t

NOBODY = 0
"""The token of a signal's job that starts processes: none."""
SIGNAL, SIGNALS = "signal", "signals"
"""The kinds of a signal's jobs: for one token of an instance, whose variables are the body, and for several, which are named in it."""


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


def keep_apart(connection: Connection, name: str, key: str) -> None:
    """On PostgreSQL, until the end of the transaction: who begins to wait for a message and who keeps it look one after the other.

    Without it both may look, find nobody, and write: a message that is kept beside an instance that waits for it.
    """
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{name}\n{key}", 0))))


def signal_jobs(
    connection: Connection, name: str, variables: Mapping[str, Any], now: datetime, thrown_by: tuple[str, int] | None = None
) -> int:
    """One job for each instance that waits for a signal now, and one that starts what it starts; how many tokens hear it.

    `thrown_by` is the instance that throws it and the last token it had then: tokens that came later do not hear it.
    """
    s, i = t.subscription.c, t.instance.c
    waiting = select(s.instance_id, s.token, s.element_id, or_(i.held, i.state == "suspended").label("held"))
    waiting = waiting.join(t.instance, i.id == s.instance_id).where(s.kind == "signal", s.name == name)
    hearing = [
        row for row in connection.execute(waiting.order_by(s.instance_id, s.token))
        if thrown_by is None or row.instance_id != thrown_by[0] or row.token <= thrown_by[1]
    ]  # fmt: skip
    instances: dict[str, list[Any]] = {}
    for row in hearing:
        instances.setdefault(row.instance_id, []).append(row)
    jobs = [_signal_job(rows[0], [row.token for row in rows], variables) for rows in instances.values()]
    count = len(hearing)
    if thrown_by is not None and starts_by(connection, "signal", name):
        jobs.append({**_body([NOBODY], variables), "instance_id": thrown_by[0], "element_id": "", "held": False})
        count += 1
    common = {"type": name, "due_at": now, "state": "due", "attempts": 0, "retries": 3}
    if jobs:
        connection.execute(insert(t.job), [{"id": uuid7().hex, **common, **job} for job in jobs])
    return count


def _signal_job(row: Any, tokens: list[int], variables: Mapping[str, Any]) -> dict[str, Any]:
    return {**_body(tokens, variables), "instance_id": row.instance_id, "element_id": row.element_id, "held": bool(row.held)}


def _body(tokens: list[int], variables: Mapping[str, Any]) -> dict[str, Any]:
    if len(tokens) == 1:
        return {"kind": SIGNAL, "token": tokens[0], "body": encode(dict(variables)) if variables else None}
    return {"kind": SIGNALS, "token": tokens[0], "body": encode({"tokens": tokens, "variables": dict(variables)})}


def signalled(kind: str, token: int, body: bytes | None) -> tuple[list[int], dict[str, Any]]:
    """The tokens that a signal's job is for, in order, and the signal's variables."""
    kept = {} if body is None else decode(bytes(body))
    return ([token], kept) if kind == SIGNAL else (kept["tokens"], kept["variables"])
