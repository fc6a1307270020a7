"""How long `verify` and `seal` take on a history of 100,000 rows (some 8,000 complaints)."""

from __future__ import annotations

import resource
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from amends.engine import Engine, history
from amends.engine.history import Entry
from amends.engine.store import tables as t

CHAINS, ROWS_EACH = 8_000, 12
MOST_SECONDS = 60
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def grow(engine: Engine) -> None:
    """Chains as complaints leave them: a dozen rows of some events each, most with values."""
    values = {"complaint": {"description": "It does not work. " * 20, "name": "Jo Example", "product": "Washing machine"}}
    with engine.database.transaction() as connection:
        connection.execute(insert(t.deployment), {"id": "d", "package": "p", "number": 1, "title": "", "version": "1", "digest": "d",
                                                  "deployed_at": AT, "actor": "system"})  # fmt: skip
        for number in range(CHAINS):
            chain, head = f"{number:032x}", history.GENESIS
            for seq in range(1, ROWS_EACH + 1):
                entries = [Entry(kind, f"element-{place}", place, {"due": AT.isoformat()}) for place, kind in enumerate(KINDS)]
                entries.append(Entry("completed", "task", 9, {}, values if seq % 3 else None))
                head = history.append(
                    connection, chain, seq, head, command="complete", actor="account:1", occurred_at=AT, recorded_at=AT, entries=entries
                )
            row = {"id": chain, "process_id": "p", "deployment_id": "d", "state": "completed", "version": 1, "seq": ROWS_EACH,
                   "head": head, "started_at": AT}  # fmt: skip
            connection.execute(insert(t.instance), row)


KINDS = ("completed", "taken", "entered", "completed", "taken", "decision", "taken", "entered")


def test_verify_reads_a_hundred_thousand_rows_in_a_minute(tmp_path: Path) -> None:
    """And finds nothing wrong."""
    engine = Engine(f"sqlite:///{tmp_path / 'amends.db'}")
    began = time.monotonic()
    grow(engine)
    grown = time.monotonic()
    engine.seal()
    sealed = time.monotonic()
    report = engine.verify()
    verified = time.monotonic()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\n{report.rows} rows written in {grown - began:.1f} s, sealed in {sealed - grown:.1f} s,", end=" ")
    print(f"verified in {verified - sealed:.1f} s ({report.rows / (verified - sealed):,.0f} rows a second); at most {memory} MB")
    assert report.faults == [] and report.rows == CHAINS * ROWS_EACH
    assert verified - sealed < MOST_SECONDS
    engine.close()
