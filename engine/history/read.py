"""Read the history back as events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, exists, select

from amends.engine.history.encoding import plain
from amends.engine.store import tables as t
from amends.engine.store.fixed import Fixed


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


_H = t.history.c
_OF: BindParameter[Any] = bindparam("of")
_WAITS = exists().where(t.unsealed.c.chain == _H.chain, t.unsealed.c.seq == _H.seq)
_EVENTS = Fixed(select(_H.seq, _H.body, _H.hash, (~_WAITS).label("sealed")).where(_H.chain == _OF).order_by(_H.seq))
_VALUES = Fixed(select(t.value.c.id, t.value.c.body).where(t.value.c.chain == _OF))


def events(connection: Connection, chain: str) -> list[Event]:
    """All events of a chain, oldest first."""
    rows = _EVENTS.all(connection, {"of": chain})
    kept = {row.id: row.body for row in _VALUES.all(connection, {"of": chain})}
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
