"""`amends doctor`: it finds each thing that is wrong, says what to do, changes nothing, and exits with 1 if something has to be done."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from click.testing import CliRunner
from sqlalchemy import Connection, text

import amends
from amends.cli import main

COMPLAINT = {
    "name": "Jo Example", "email": "jo@example.org", "product": "Washing machine", "category": "defect", "remedy_wanted": "yes",
    "description": "Water ran out on the floor.", "remedy": "My money back.",
}  # fmt: skip
Look = Callable[[], tuple[int, dict[str, Any]]]
MINUTE = 60_000_000


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A healthy installation."""
    data = tmp_path / "data"
    app = amends.open(database_url, data=data)
    app.deploy_shipped()
    app.register.file(COMPLAINT, actor="system")
    app.engine.run_due()
    app.engine.seal()
    app.close()
    yield database_url, data


@pytest.fixture
def look(place: tuple[str, Path]) -> Look:
    """Runs the doctor; gives the exit code and the findings by name."""

    def examine() -> tuple[int, dict[str, Any]]:
        url, data = place
        done = CliRunner().invoke(main, ["doctor", "--json", "--data", str(data), "--database", url])
        return done.exit_code, {one["name"]: one for one in json.loads(done.stdout)["findings"]}

    return examine


@pytest.fixture
def change(place: tuple[str, Path]) -> Callable[[str], None]:
    """Changes the database behind the product's back."""
    from amends.engine.store import Database

    def run(statement: str) -> None:
        database = Database(place[0])
        with database.transaction() as connection:
            assert isinstance(connection, Connection)
            connection.execute(text(statement))
        database.close()

    return run


def test_a_healthy_installation_has_nothing_to_do(look: Look, place: tuple[str, Path]) -> None:
    """Everything is looked at, nothing has to be done; letters that go into a folder are only a warning."""
    code, found = look()
    assert code == 0, found
    names = {"settings", "database", "disk", "jobs", "incidents", "clocks", "sealing", "history", "mail", "assets", "package iso10002"}
    names |= {"machine clock", "resting", "retention", "size", "search", "second factors"}
    assert set(found) == names
    assert {one["state"] for name, one in found.items() if name not in ("mail", "disk", "assets", "package iso10002")} == {"ok"}
    assert found["mail"]["state"] == "warning"
    said = CliRunner().invoke(main, ["doctor", "--data", str(place[1]), "--database", place[0]])
    assert said.exit_code == 0 and said.output.rstrip().endswith("Nothing has to be done.")


PAST = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1e6)


@pytest.mark.parametrize(
    ("statement", "name", "state"),
    [
        (f"UPDATE job SET state = 'due', held = false, due_at = {PAST}", "jobs", "problem"),
        ("UPDATE job SET state = 'failed'", "jobs", "problem"),
        (f"UPDATE job SET state = 'running', lease_until = {PAST}", "jobs", "warning"),
        (f"UPDATE clock SET ended_at = NULL, due_at = {PAST}", "clocks", "warning"),
        ("INSERT INTO incident SELECT 'x', id, 1, 'e', 'm', 1, 0, NULL FROM instance", "incidents", "problem"),
        ("UPDATE complaint SET told = ''", "search", "warning"),
        ("DELETE FROM search_document WHERE kind = 'message'", "search", "warning"),
        ("UPDATE seal SET hash = 'x' WHERE number = 1", "history", "problem"),
        ("DELETE FROM history WHERE id = (SELECT max(id) FROM history WHERE chain IN (SELECT id FROM instance))", "history", "problem"),
        ("INSERT INTO setting (name, body) VALUES ('organization', '\"x\"')", "settings", "warning"),
    ],
)
def test_it_finds_what_is_wrong(look: Look, change: Callable[[str], None], statement: str, name: str, state: str) -> None:
    """Each with a sentence of what to do; the exit code says whether it cannot wait."""
    change(statement)
    code, found = look()
    assert found[name]["state"] == state, found[name]
    assert found[name]["help"]
    assert code == (state == "problem")


def test_history_that_nobody_seals_shows(look: Look, place: tuple[str, Path]) -> None:
    """More than some minutes without a seal is a problem."""
    app = amends.open(place[0], data=place[1], clock=lambda: datetime.now(UTC) - timedelta(minutes=20))
    app.register.file(COMPLAINT, actor="system")
    app.close()
    code, found = look()
    assert code == 1 and found["sealing"]["state"] == "problem" and "20 minutes" in found["sealing"]["message"]


def test_an_older_schema_is_said_and_left_alone(look: Look, change: Callable[[str], None], place: tuple[str, Path]) -> None:
    """A look migrates nothing: that is for the start, after a backup."""
    change("UPDATE alembic_version SET version_num = '0000'")
    code, found = look()
    assert code == 1 and list(found) == ["database"] and "0000" in found["database"]["message"]
    again, _ = look()
    assert again == 1


def test_a_place_without_an_installation_stays_without(tmp_path: Path) -> None:
    """Looking makes no folder and no database."""
    done = CliRunner().invoke(main, ["doctor", "--data", str(tmp_path / "none")])
    assert done.exit_code == 1 and "There is no installation" in done.output
    assert not (tmp_path / "none").exists()


@pytest.mark.postgres
def test_a_database_that_does_not_answer_is_said(postgres_url: str, tmp_path: Path) -> None:
    """In a sentence, not a traceback."""
    done = CliRunner().invoke(main, ["doctor", "--data", str(tmp_path), "--database", postgres_url.replace("/amends_test", "/nothing")])
    assert done.exit_code == 1 and "cannot be reached" in done.output and "Traceback" not in done.output


def test_little_space_shows(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning while there is time, a problem when there is none."""
    usage = type(shutil.disk_usage("/"))
    for free, state in ((1_000_000_000, "warning"), (100_000_000, "problem"), (10_000_000_000, "ok")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage(free * 2, free, free))
        assert look()[1]["disk"]["state"] == state


def test_second_factors_that_cannot_be_read_show(look: Look, place: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the key they were sealed with is gone, or is another one: how many, and what their owners can do. Looking makes no key."""
    import pyotp

    monkeypatch.delenv("AMENDS_SECRET", raising=False)
    app = amends.open(place[0], data=place[1])
    for name in ("ann", "bob"):
        account = app.accounts.create(name, name.title(), ["handler"])[0]
        secret = app.accounts.second_factor.begin(account.id, name, "Example").secret
        if name == "ann":
            app.accounts.second_factor.confirm(account.id, pyotp.TOTP(secret).now(), actor=account.actor)
    app.close()
    code, found = look()
    assert code == 0 and found["second factors"]["message"] == "All that are in use (1) can be read."
    key = place[1] / "secret-key"
    kept = key.read_bytes()
    key.unlink()
    code, found = look()
    assert code == 1 and found["second factors"]["message"].startswith("1 of 1 cannot be read: the key is not there")
    assert "recovery code" in found["second factors"]["message"] and "no-second-factor" in found["second factors"]["help"]
    assert not key.exists()
    monkeypatch.setenv("AMENDS_SECRET", "x" * 32)
    assert "another key than the one that is there" in look()[1]["second factors"]["message"]
    monkeypatch.delenv("AMENDS_SECRET")
    key.write_bytes(kept)
    assert look()[1]["second factors"]["state"] == "ok"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_mail_server_is_tried(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes us in is fine; one that is not there, or says nothing, is a problem, found within seconds."""
    port = free_port()
    for name, value in {"HOST": "127.0.0.1", "PORT": str(port), "SECURITY": "none", "TIMEOUT": "1"}.items():
        monkeypatch.setenv(f"AMENDS_SMTP_{name}", value)
    assert look()[1]["mail"]["state"] == "problem"
    server = Controller(Sink(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        assert look()[1]["mail"]["state"] == "ok"
    finally:
        server.stop()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("AMENDS_SMTP_PORT", str(silent.getsockname()[1]))
        began = datetime.now()
        assert look()[1]["mail"]["state"] == "problem"
        assert datetime.now() - began < timedelta(seconds=15)


def test_a_lax_database_shows(place: tuple[str, Path], look: Look, change: Callable[[str], None]) -> None:
    """PostgreSQL that does not wait for the disk loses what was acknowledged."""
    if place[0].startswith("sqlite"):
        pytest.skip("amends itself sets this on SQLite, for every connection")
    name = place[0].rpartition("/")[2]
    change(f"ALTER DATABASE {name} SET synchronous_commit = off")
    code, found = look()
    assert code == 1 and "synchronous_commit=off" in found["database"]["message"]


def test_dead_workers_show(place: tuple[str, Path], look: Look, change: Callable[[str], None]) -> None:
    """Where workers have run, it is said whether one lives."""
    if place[0].startswith("sqlite"):
        assert "workers" not in look()[1]
        return
    from sqlalchemy import make_url

    from amends.engine.jobs.queue import prepare

    prepare(make_url(place[0]))
    assert look()[1]["workers"]["state"] == "warning"
    change("INSERT INTO amends_queue.procrastinate_workers DEFAULT VALUES")
    assert look()[1]["workers"]["state"] == "ok"


def test_secrets_are_not_shown(place: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither passwords nor values of settings."""
    monkeypatch.setenv("AMENDS_SETTING_UNHEARD_OF", "a secret value")
    done = CliRunner(env=dict(os.environ)).invoke(main, ["doctor", "--data", str(place[1]), "--database", place[0]])
    assert "unheard_of" in done.output and "a secret value" not in done.output
