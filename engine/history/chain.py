"""Append to the history: one hashed row per command, in a chain per instance.

A row's hash is SHA-256 over the previous row's hash, a newline and the row's body. Values are kept apart and are only named in
the body, by id and salted digest: erasing a value leaves the chain whole, and who has the chain alone cannot guess the value.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, desc, func, select

from amends.engine.history.encoding import canonical
from amends.engine.store import tables as t
from amends.engine.store.fixed import Together, inserting

INSTALLATION = "installation"
"""The chain of deployments, accounts, settings and denials."""
READS = "reads:{:%Y-%m-%d}"
"""The chain of a day's reads of personal data."""
GENESIS = "0" * 64
"""What the first row of a chain follows."""
SALT_BYTES = 16
VALUE_ID_BYTES = 9
"""Of chance, in twelve letters: enough that no two values ever have the same, and a third of a UUID as text."""
_NEW_VALUE = inserting(t.value, "id", "chain", "salt", "body")
_NEW_ROW = inserting(t.history, "chain", "seq", "body", "hash")
_NOT_SEALED = inserting(t.unsealed, "chain", "seq")


@dataclass(slots=True)
class Entry:
    """One element event of a row: `data` is never personal, `values` may be."""

    kind: str
    element_id: str
    token: int = 0
    data: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] | None = None


def digest(salt: bytes, body: bytes) -> str:
    """The salted digest a row names a value by, in hex."""
    return hashlib.sha256(salt + body).hexdigest()


def link(previous: str, body: bytes) -> str:
    """The hash of a row, in hex."""
    return hashlib.sha256(previous.encode() + b"\n" + body).hexdigest()


def append(
    connection: Connection,
    chain: str,
    seq: int,
    previous: str,
    *,
    command: str,
    actor: str,
    occurred_at: datetime,
    recorded_at: datetime,
    entries: list[Entry],
    writes: Together | None = None,
) -> str:
    """Write row `seq` (1 is the first) of a chain and give its hash; `previous` is the hash of the row before.

    With `writes` it is written when they are flushed, with what else a command writes.
    """
    gathered = writes or Together(connection)
    body: dict[str, Any] = {"c": command, "a": actor, "r": recorded_at.isoformat(), "n": f"{chain}/{seq}"}
    if occurred_at != recorded_at:
        body["o"] = occurred_at.isoformat()
    values: list[Any] = []
    events = []
    for entry in entries:
        event: list[Any] = [entry.kind, entry.element_id, entry.token]
        if entry.data or entry.values is not None:
            event.append(entry.data)
        if entry.values is not None:
            event.append(len(values))
            values.append(entry.values)
        events.append(event)
    body["e"] = events
    if values:
        salt, kept = secrets.token_bytes(SALT_BYTES), canonical(values)
        value_id = secrets.token_urlsafe(VALUE_ID_BYTES)
        body["v"] = [value_id, digest(salt, kept)]
        gathered.add(_NEW_VALUE, {"id": value_id, "chain": chain, "salt": salt, "body": kept})
    kept = canonical(body)
    hashed = link(previous, kept)
    gathered.add(_NEW_ROW, {"chain": chain, "seq": seq, "body": kept, "hash": hashed})
    gathered.add(_NOT_SEALED, {"chain": chain, "seq": seq})
    if writes is None:
        gathered.flush()
    return hashed


def append_to(
    connection: Connection, chain: str, *, command: str, actor: str, at: datetime, recorded_at: datetime, entries: list[Entry]
) -> None:
    """Append to a chain whose head nobody keeps: the installation's, or a day's reads.

    Whoever appends to the same chain at the same time waits until this transaction is over.
    """
    if connection.dialect.name == "postgresql":
        # SQLite has one writer anyway; here two that read the same head would both take the next number.
        number = int.from_bytes(hashlib.sha256(chain.encode()).digest()[:8], "big", signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(number)))
    head = connection.execute(
        select(t.history.c.seq, t.history.c.hash).where(t.history.c.chain == chain).order_by(desc(t.history.c.seq)).limit(1)
    ).first()
    seq, previous = (0, GENESIS) if head is None else (head.seq, head.hash)
    append(connection, chain, seq + 1, previous, command=command, actor=actor, occurred_at=at, recorded_at=recorded_at, entries=entries)
