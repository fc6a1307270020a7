"""Read the history back as events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, select

from amends.engine.history.encoding import plain
from amends.engine.store import tables as t


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `seq` counts the commands of the chain, so several events share one.

    `occurred_at` is when it happened, `recorded_at` when it was written (both aware UTC; they differ for what was imported).
    `data` holds what was said about it; `data["values"]` what may be personal, and None once that was erased. `sealed` says whether
    a seal covers it.
    """

    seq: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    kind: str
    element_id: str
    data: dict[str, Any]
    command: str = ""
    token: int = 0
    hash: str = ""
    sealed: bool = False


def events(connection: Connection, chain: str) -> list[Event]:
    """All events of a chain, oldest first."""
    h, u = t.history.c, t.unsealed.c
    waits = exists().where(u.chain == h.chain, u.seq == h.seq)
    rows = connection.execute(select(h.seq, h.body, h.hash, (~waits).label("sealed")).where(h.chain == chain).order_by(h.seq)).all()
    kept = {row.id: row.body for row in connection.execute(select(t.value.c.id, t.value.c.body).where(t.value.c.chain == chain))}
    return [event for row in rows for event in _events(row, kept)]


def _events(row: Any, kept: dict[str, bytes | None]) -> Iterable[Event]:
    body = plain(row.body)
    recorded = datetime.fromisoformat(body["r"])
    occurred = datetime.fromisoformat(body["o"]) if "o" in body else recorded
    value_body = kept.get(body["v"][0]) if "v" in body else None
    values = None if value_body is None else plain(value_body)
    for kind, element_id, token, *rest in body["e"]:
        data = dict(rest[0]) if rest else {}
        if len(rest) > 1:
            data["values"] = None if values is None else values[rest[1]]
        yield Event(row.seq, occurred, recorded, body["a"], kind, element_id, data, body["c"], token, row.hash, bool(row.sealed))
