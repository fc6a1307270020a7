"""An import that is killed at any moment goes on where it stopped: nothing twice, nothing lost, nothing half."""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from records import every_way, record, write
from sqlalchemy import func, select

import amends
from amends.engine.complaints.replay import Importer, load_mapping, tallies
from amends.engine.store import tables as t

ROWS, KILLS = 150, 10


def start(path: Path, data: Path) -> subprocess.Popen[str]:
    """The import, as anybody starts it."""
    command = [sys.executable, "-m", "amends", "import", str(path), "--map", "cfpb", "--replay", "--data", str(data)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_an_import_killed_at_ten_random_moments_ends_as_one_that_was_not(tmp_path: Path) -> None:
    """The same tallies, no complaint twice, none without its row, and a history that verifies; unreadable rows are counted once too."""
    ways = every_way()
    rows = [{**ways[number % len(ways)], "Complaint ID": str(number)} for number in range(ROWS - 2)]
    path = write(tmp_path / "records.csv", *rows[:50], "not,a,row\r\n", *rows[50:], record(received="yesterday"))
    data = tmp_path / "data"
    app = amends.open(data=data)
    app.deploy_shipped()
    app.close()

    chance = random.Random(20260302)
    at_death = []
    for _ in range(KILLS):
        running = start(path, data)
        began, there = time.monotonic(), len(at_death) and at_death[-1]
        # Somewhere in the next dozen rows, whatever the machine's speed: a wait by the clock would only kill the start.
        while running.poll() is None and _rows(data) < min(there + 1, ROWS) and time.monotonic() - began < 60:
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.4))
        if running.poll() is None:
            os.kill(running.pid, signal.SIGKILL)
        running.communicate()
        at_death.append(_rows(data))
    assert at_death == sorted(at_death) and len(set(at_death)) > KILLS // 2, at_death

    last = start(path, data)
    told, _ = last.communicate(timeout=120)
    assert last.returncode == 0, told
    before = re.search(r"(\d+) rows imported now, (\d+) were there before", told)
    assert before is not None and int(before[1]) + int(before[2]) == ROWS and int(before[2]) >= at_death[-1], told

    app = amends.open(data=data)
    importer = Importer(app.register, path, load_mapping("cfpb"), replay=True)
    tally = tallies(app.register, importer.digest, importer.mapping)
    assert (tally.rows, tally.imported, tally.unreadable, tally.different) == (ROWS, ROWS - 2, 2, [])
    with app.engine.database.reading() as connection:
        instances = connection.execute(select(func.count()).select_from(t.instance)).scalar_one()
        complaints = connection.execute(select(func.count()).select_from(t.complaint)).scalar_one()
        distinct = connection.execute(select(func.count(t.import_row.c.instance_id.distinct()))).scalar_one()
        held = connection.execute(select(func.count()).select_from(t.instance).where(t.instance.c.held)).scalar_one()
    assert (instances, complaints, distinct, held) == (ROWS - 2, ROWS - 2, ROWS - 2, 0)
    report = app.engine.verify()
    assert report.faults == [] and report.unsealed == 0
    app.close()


def _rows(data: Path) -> int:
    """How many rows are committed, looked at from outside."""
    connection = sqlite3.connect(f"file:{data / 'amends.db'}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM import_row").fetchone()[0])
    finally:
        connection.close()
