"""Compare what a file says of its rows with what their complaints really came to."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from amends.engine.calendars import Clock
from amends.engine.complaints.register import Register
from amends.engine.complaints.replay.importer import LATER
from amends.engine.complaints.replay.mapping import Mapping
from amends.engine.execution.values import decode
from amends.engine.store import tables as t

Key = tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """Counts by the mapping's facts: `said` by the file, `found` in end states, clocks and paths."""

    facts: tuple[str, ...]
    said: Counter[Key] = field(default_factory=Counter)
    found: Counter[Key] = field(default_factory=Counter)
    rows: int = 0
    imported: int = 0
    unreadable: int = 0
    erased: int = 0
    later: int = 0
    flagged: int = 0
    different: list[tuple[int, Key, Key]] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether every count is the same."""
        return self.said == self.found


def tallies(register: Register, digest: str, mapping: Mapping) -> Tally:
    """The tallies of an imported file. `found` is computed from the complaints alone."""
    engine = register.engine
    names = tuple(mapping.tally)
    tally = Tally(names)
    r, c = t.import_row.c, t.complaint.c
    query = (
        select(
            r.line,
            r.state,
            r.flags,
            r.facts,
            r.instance_id,
            c.product,
            c.outcome,
            c.stage,
            c.channel,
            c.state.label("complaint_state"),
            t.instance.c.deployment_id,
        )
        .outerjoin(t.complaint, c.instance_id == r.instance_id)
        .outerjoin(t.instance, t.instance.c.id == r.instance_id)
        .where(r.file_digest == digest)
        .order_by(r.line)
    )
    with engine.database.reading() as connection:
        reached = _reached(connection, digest)
        clocks = _clocks(connection, digest)
        for row in connection.execute(query).all():
            tally.rows += 1
            tally.flagged += bool(row.flags)
            if row.state != "imported":
                tally.unreadable += 1
                continue
            tally.imported += 1
            if LATER in row.flags:
                tally.later += 1  # its record goes further than the replay was to go
                continue
            if not row.facts:
                tally.erased += 1  # what the file said of it went with everything else
                continue
            facts = json.loads(row.facts)
            said = tuple(str(facts[name]) for name in names)
            context = {
                "product": row.product, "outcome": row.outcome, "state": row.complaint_state, "stage": row.stage,
                "channel": row.channel, "reached": reached.get(row.instance_id, []),
                "clocks": _seen(clocks.get(row.instance_id, []), engine.versions.get(row.deployment_id).calendars),
            }  # fmt: skip
            found = tuple(str(mapping.tally[name].of(context, {}, engine.now())) for name in names)
            tally.said[said] += 1
            tally.found[found] += 1
            if said != found:
                tally.different.append((row.line, said, found))
    return tally


def _reached(connection: Any, digest: str) -> dict[str, list[str]]:
    m, r = t.milestone.c, t.import_row.c
    found: dict[str, list[str]] = {}
    query = select(m.instance_id, m.name).join(t.import_row, r.instance_id == m.instance_id).where(r.file_digest == digest)
    for row in connection.execute(query):
        found.setdefault(row.instance_id, []).append(row.name)
    return found


def _clocks(connection: Any, digest: str) -> dict[str, list[Clock]]:
    c, r = t.clock.c, t.import_row.c
    found: dict[str, list[Clock]] = {}
    query = select(c.instance_id, c.body).join(t.import_row, r.instance_id == c.instance_id).where(r.file_digest == digest)
    for row in connection.execute(query):
        found.setdefault(row.instance_id, []).append(Clock.from_plain(decode(bytes(row.body))))
    return found


def _seen(clocks: list[Clock], calendars: Any) -> dict[str, Any]:
    """Clocks as a mapping's tally reads them: was it met, and in time?"""
    seen = {}
    for clock in clocks:
        due = clock.due(calendars)
        seen[clock.name] = {
            "met_at": clock.met_at,
            "due": due,
            "timely": clock.met_at is not None and due is not None and clock.met_at <= due,
        }
    return seen
