"""Sealing and verifying while others write: real processes on one database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from driving import element, flows, process, user
from sqlalchemy import select

from amends.engine import Engine
from amends.engine.history.encoding import plain
from amends.engine.store import tables as t

LINE = process(element("startEvent", "s") + user("a") + user("b") + element("endEvent", "e") + flows("s>a", "a>b", "b>e"))
ROLES = ("work", "work", "seal", "seal", "verify")
SECONDS = 3


def test_processes_that_write_seal_and_verify_at_once_disturb_nothing(
    database_url: str, bpmn: Callable[..., Path], repository: Path
) -> None:
    """Two write, two seal, one verifies without a false alarm; in the end all is sealed, each row under the first seal that saw it."""
    engine = Engine(database_url)
    engine.deploy(bpmn(LINE))
    script = repository / "tests" / "support" / "history_process.py"
    running = [
        subprocess.Popen(
            [sys.executable, str(script), database_url, role, str(SECONDS)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for role in ROLES
    ]  # fmt: skip
    for one in running:
        assert one.stdout is not None and one.stdout.readline() == "ready\n"
    told = []
    for one in running:  # all at once: none waits for its line but at the start
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    for role, one in zip(ROLES, running, strict=True):
        out, err = one.communicate(timeout=180)
        assert one.returncode == 0, f"{role}: {err[-2000:]}"
        told.append((role, int(out)))
    assert all(done > 0 for _, done in told), told
    engine.seal()
    report = engine.verify()
    assert report.faults == [] and report.unsealed == 0 and report.seals >= 3, told
    with engine.database.reading() as connection:
        assert sum(plain(body)["rows"] for body in connection.execute(select(t.seal.c.body)).scalars()) == report.rows
    engine.close()
