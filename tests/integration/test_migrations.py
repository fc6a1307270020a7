"""The schema is made and changed by migrations alone, and what was in it is there afterwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from dump import Fails, statements
from sqlalchemy import func, inspect, select

from amends.engine import AmendsError, Engine
from amends.engine.complaints import Register
from amends.engine.store import Database, migrate
from amends.engine.store.tables import metadata

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012", "0013", "0014", "0015")
"""Every revision, oldest first. A new one: add it here, and its data as tests/data/REVISION.sql (`tests/support/dump.py`)."""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database."""
    database = Database(database_url)
    yield database
    database.close()


def upgrade_to(database: Database, revision: str) -> None:
    """Bring it to one revision, as an older amends would have left it."""
    with as_file(files("amends.engine.store") / "migrations") as folder, database.transaction() as connection:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_every_revision_is_known_in_one_line(repository: Path) -> None:
    """No branches, the newest is the one that is looked for at start, and each has its data for the tests."""
    with as_file(files("amends.engine.store") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS and migrate.HEAD == REVISIONS[-1]
    assert [name for name in REVISIONS if not (repository / "tests" / "data" / f"{name}.sql").is_file()] == []


def differ(context: Any, inspected: Any, column: Any, there: str | None, default: Any, wanted: str | None) -> bool | None:
    """Whether two defaults differ; SQLite gives them back as they were written, so that ('') and '' are one."""
    if context.dialect.name != "sqlite":
        return None  # Alembic asks PostgreSQL itself
    return (there or "").strip("()'\"") != (wanted or "").strip("()'\"")


def ours(thing: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
    """Whether SQLAlchemy has words for something: not for the full-text index, which each database makes its own way."""
    return not (name or "").startswith("search_index")


def test_migrations_make_the_tables_the_code_works_with(database: Database) -> None:
    """From nothing to the newest: Alembic finds no difference in tables, columns, types, defaults, indexes and constraints."""
    migrate.upgrade(database)
    with database.reading() as connection:
        opts = {"compare_type": True, "compare_server_default": differ, "include_object": ours}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == migrate.HEAD


@pytest.mark.parametrize("revision", REVISIONS)
def test_what_an_older_version_left_is_there_after_an_upgrade(database: Database, repository: Path, revision: str, clock: Any) -> None:
    """Every row; the history verifies, the complaint that runs goes on to its end, and what was erased stays so."""
    upgrade_to(database, revision)
    text = (repository / "tests" / "data" / f"{revision}.sql").read_text(encoding="utf-8")
    with database.transaction() as connection:
        for statement in statements(text, database.sqlite):
            connection.exec_driver_sql(statement)
    rows = {name: text.count(f'INSERT INTO "{name}" ') for name in metadata.tables}
    assert sum(rows.values()) == len(statements(text, database.sqlite)) > 30

    engine = Engine(database.url.render_as_string(hide_password=False), clock=clock, services={"fails": Fails})
    register = Register(engine)
    with engine.database.reading() as connection:
        there = {name: connection.execute(select(func.count()).select_from(table)).scalar() for name, table in metadata.tables.items()}
    assert {name: many for name, many in there.items() if rows[name]} == {name: many for name, many in rows.items() if many}
    report = engine.verify()
    assert report.faults == [] and (report.seals, report.unsealed > 0, report.erased > 0) == (1, True, True)
    running, erased = sorted(register.search(), key=lambda complaint: complaint.state, reverse=True)
    assert (running.state, running.subject, erased.state, erased.subject) == ("open", "It's late: 100 %", "closed", "")
    (file,) = register.files(running)
    assert register.file_body(running, file.id)[1] == b"\x00\xffletter"
    assert engine.instance(running.instance_id).state == "incident" and engine.instance(running.instance_id).variables["x"] == 1
    engine.complete(engine.user_tasks(running.instance_id)[0].id, {"done": True}, actor="system")
    engine.cancel(running.instance_id, reason="tested", actor="system")
    assert register.get(running.reference).state == "closed" and engine.seal() == 2 and engine.verify().faults == []
    engine.close()


def test_who_was_there_has_seen_what_was_there(database: Database, repository: Path) -> None:
    """Nothing is new again to anybody by an upgrade to the version that tells being there from having seen (0015)."""
    upgrade_to(database, "0014")
    text = (repository / "tests" / "data" / "0014.sql").read_text(encoding="utf-8")
    there = "INSERT INTO presence (instance_id, account_id, seen_at) SELECT i.id, a.id, 17 FROM instance i, account a"
    with database.transaction() as connection:
        for statement in (*statements(text, database.sqlite), there):
            connection.exec_driver_sql(statement)
    migrate.upgrade(database)
    with database.reading() as connection:
        found = connection.exec_driver_sql("SELECT seen_at, messages_at, comments_at FROM presence")
        assert {tuple(row) for row in found} == {(17, 17, 17)}


def test_processes_that_open_a_new_database_at_once_both_succeed(database_url: str, repository: Path) -> None:
    """One of four migrates, the others wait and find it done; on SQLite they also make the file."""
    script = str(repository / "tests" / "support" / "open_database.py")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = [subprocess.Popen([sys.executable, script, database_url], **pipes, text=True) for _ in range(4)]
    for one in running:
        assert one.stdout is not None and one.stdout.readline() == "ready\n"
    for one in running:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in running:
        out, err = one.communicate(timeout=120)
        assert (one.returncode, out) == (0, "0 []\n"), err[-2000:]
    database = Database(database_url)
    with database.reading() as connection:
        found = {name for name in inspect(connection).get_table_names() if not name.startswith("search_index")}
        assert found == {*metadata.tables, "alembic_version"}
    database.close()


def test_a_database_of_a_newer_version_is_left_alone(database: Database) -> None:
    """An older amends says so and changes nothing."""
    migrate.upgrade(database)
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(AmendsError, match="newer version"):
        Engine(database.url.render_as_string(hide_password=False))
