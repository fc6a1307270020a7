"""User-task completions a second, and memory, while real records are imported and replayed.

Every tenth row of the public sample; BENCH_EVERY=1 takes all of them (some minutes).
"""

from __future__ import annotations

import csv
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

import amends
from amends.engine.store import tables as t

LEAST_A_SECOND, MOST_MEGABYTES = 60, 600


def test_replay_completes_sixty_user_tasks_a_second_in_600_megabytes(tmp_path: Path, shared: Path) -> None:
    """From the start of the process to its end, tallies equal; sealing, tallying and verifying are in it or follow in seconds."""
    source = shared / "data" / "cfpb_sample.csv"
    if not source.is_file():
        pytest.skip(f"there is no {source}")
    with source.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([rows[0], *rows[1 :: int(os.environ.get("BENCH_EVERY", "10"))]])
    app = amends.open(data=tmp_path / "data")
    app.deploy_shipped()

    began = time.monotonic()
    command = [sys.executable, "-m", "amends", "import", str(tmp_path / "rows.csv"), "--map", "cfpb", "--replay"]
    done = subprocess.run([*command, "--data", str(tmp_path / "data")], capture_output=True, text=True)
    seconds = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]

    with app.engine.database.reading() as connection:
        completed = select(func.count()).select_from(t.user_task).where(t.user_task.c.state == "completed")
        tasks = int(connection.execute(completed).scalar_one())
    began = time.monotonic()
    report = app.engine.verify()
    verified = time.monotonic() - began
    app.close()
    print(f"\n{done.stdout.strip()}")
    print(f"{tasks} user tasks in {seconds:.1f} s: {tasks / seconds:.0f} a second, {tasks / used.ru_utime:.0f} a second of processor time;")
    print(f"at most {used.ru_maxrss // 1024} MB; {report.rows} rows of history verified in {verified:.1f} s")
    assert report.faults == []
    assert tasks / seconds >= LEAST_A_SECOND
    assert used.ru_maxrss / 1024 < MOST_MEGABYTES
