"""Bar: the inbox and a complaint with 200 history entries take, among MANY, at most 1.5 times what they take among 1,000.

Server time is that of the whole request through Flask, without a network: on SQLite the processor's (the database runs in the
process, and the machine may be busy), on PostgreSQL the clock's; the least of several. Run by `make bench`;
AMENDS_BENCH_COMPLAINTS sets how many (default 100,000).
"""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

import amends
from amends.engine.store.tables import metadata
from amends.webui import create_app

ENTRIES = 200
FEW, MANY = 1_000, int(os.environ.get("AMENDS_BENCH_COMPLAINTS", "100000"))
ROUNDS = 15
MOST = 1.5
PASSWORD = "correct horse battery"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def opened(url: str, folder: Path) -> tuple[Any, str, str]:
    """An installation with one complaint of 200 history entries; its instance and reference."""
    app = amends.open(url, data=folder, clock=lambda: NOW)
    app.deploy_shipped()
    app.accounts.create("hanna", "Hanna Handler", ["handler"], PASSWORD)
    filed = app.register.file({"description": "It leaks a little.", "name": "Jo Roe"}, actor="complainant")
    while app.engine.run_due():
        pass
    complaint = app.register.get(filed.reference)
    while len(app.engine.history(filed.instance_id)) < ENTRIES:
        app.register.receive(complaint, "It still leaks.", author="complainant")
    return app, filed.instance_id, filed.reference


def copy(app: Any, instance_id: str, first: int, last: int) -> None:
    """Rows of a complaint again and again under other ids, written in bulk: instance, complaint, task with its group, clocks."""
    tables = metadata.tables
    with app.engine.database.reading() as connection:

        def rows(name: str, column: str) -> list[dict[str, Any]]:
            table = tables[name]
            return [dict(row._mapping) for row in connection.execute(select(table).where(table.c[column] == instance_id))]

        (instance,), (complaint,), clocks = rows("instance", "id"), rows("complaint", "instance_id"), rows("clock", "instance_id")
        (task,) = (row for row in rows("user_task", "instance_id") if row["state"] == "open")
        group_table = tables["user_task_group"]
        groups = [dict(row._mapping) for row in connection.execute(select(group_table).where(group_table.c.task_id == task["id"]))]
    for start in range(first, last, 5_000):
        new: dict[str, list[dict[str, Any]]] = {name: [] for name in ("instance", "complaint", "user_task", "user_task_group", "clock")}
        for number in range(start, min(start + 5_000, last)):
            id, due = f"copy{number:08d}", NOW + timedelta(minutes=number)
            new["instance"].append({**instance, "id": id, "business_key": f"C-{number:08d}", "body": None})
            told = {"secret_hash": f"{number:064d}", "received_at": NOW - timedelta(minutes=number), "subject": f"Number {number}"}
            new["complaint"].append({**complaint, "instance_id": id, "reference": f"C-{number:08d}", **told})
            new["user_task"].append({**task, "id": f"{id}.1", "instance_id": id, "due_at": due, "due_order": due})
            new["user_task_group"] += [{**group, "task_id": f"{id}.1", "due_order": due} for group in groups]
            new["clock"] += [{**clock, "instance_id": id} for clock in clocks]
        with app.engine.database.transaction() as connection:
            for name, found in new.items():
                connection.execute(insert(tables[name]), found)
    if not app.engine.database.sqlite:
        with app.engine.database.sql.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")  # as autovacuum does


class Pages:
    """A signed-in browser without a network, and what its pages take."""

    def __init__(self, app: Any, reference: str) -> None:
        self.clock = time.process_time if app.engine.database.sqlite else time.perf_counter
        self.client = create_app(app, TESTING=True, SECRET_KEY="k" * 32, AMENDS_LIMIT_SIGN_IN=None).test_client()
        token = re.search(r'name="amends_csrf" value="([^"]+)"', self.client.get("/sign-in").text)
        assert token is not None
        sent = {"amends_csrf": token[1], "username": "hanna", "password": PASSWORD}
        assert self.client.post("/sign-in", data=sent).status_code == 303
        self.paths = {"inbox": "/inbox?list=teams", "all": "/inbox?list=all", "complaint": f"/complaints/{reference}"}

    def time(self, page: str) -> float:
        """Seconds of one request."""
        began = self.clock()
        assert self.client.get(self.paths[page]).status_code == 200
        return self.clock() - began


def test_pages_take_no_longer_among_many(database_url: str, tmp_path: Path) -> None:
    """The least of 15 requests of each page, before and after the many are there."""
    app, instance_id, reference = opened(database_url, tmp_path)
    copy(app, instance_id, 1, FEW)
    pages = Pages(app, reference)
    before = {name: min(pages.time(name) for _ in range(ROUNDS)) for name in pages.paths}
    copy(app, instance_id, FEW, MANY)
    after = {name: min(pages.time(name) for _ in range(ROUNDS)) for name in pages.paths}
    app.close()
    for name in pages.paths:
        took, more = 1000 * before[name], 1000 * after[name]
        print(f"{name}: {took:.1f} ms at {FEW:,}, {more:.1f} ms at {MANY:,}: {more / took:.2f} times")
    assert {name: round(after[name] / before[name], 2) for name in pages.paths if after[name] > MOST * before[name]} == {}
