"""What goes wrong outside: a full disk, a database that is gone, a clock set back, a mail server that will not. Nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from driving import HEAD, element, flows, process, timer
from own_postgres import OwnPostgres, binaries
from sqlalchemy import select

import amends
from amends.engine import Engine
from amends.engine.errors import Unavailable
from amends.engine.store import tables as t
from amends.engine.store.outages import FULL

SUPPORT = Path(__file__).resolve().parents[1] / "support"
TASKS = element("startEvent", "s") + "".join(element("userTask", name, ext="<zeebe:userTask/>") for name in ("a", "b"))
BOUNDARY = element("boundaryEvent", "late", timer("timeDuration", "PT10M"), attachedToRef="b", cancelActivity="false")
WORK = process(TASKS + BOUNDARY + element("endEvent", "e") + element("endEvent", "told") + flows("s>a", "a>b", "b>e", "late>told"), "work")


def deploy(engine: Engine, folder: Path) -> None:
    path = folder / "work.bpmn"
    path.write_text(HEAD.format(WORK), encoding="utf-8")
    engine.deploy(path)


def one_task(engine: Engine, instance: str) -> str:
    [task] = engine.user_tasks(instance)
    return task.id


# -- a full disk -------------------------------------------------------------------------------------------------------


def test_a_full_disk_is_said_and_work_goes_on_when_there_is_room(tmp_path: Path) -> None:
    """With no room left commands say so and change nothing, a page gives back what was typed; with room again the same process
    goes on by itself, everything acknowledged is there, and the history verifies.
    """
    folder = tmp_path / "small"
    folder.mkdir()
    apart = ["unshare", "--map-root-user", "--mount"]
    tried = [*apart, "mount", "-t", "tmpfs", "tmpfs", str(folder)]
    if not shutil.which("unshare") or subprocess.run(tried, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here (unshare is missing, or user namespaces are switched off)")
    command = [*apart, sys.executable, str(SUPPORT / "full_disk.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert done.returncode == 0, done.stderr
    told = {name: value for line in done.stdout.splitlines() if line.startswith("{") for name, value in json.loads(line).items()}
    assert told["refused"] == [FULL] * 3
    assert told["page"] == [503, "30", True]
    assert (told["lost"], told["faults"], told["after"]) == ([], [], True)


# -- a database that is gone -------------------------------------------------------------------------------------------


@pytest.fixture
def cluster() -> Iterator[OwnPostgres]:
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL's programs (initdb, pg_ctl) are not on this machine")
    with OwnPostgres(programs) as own:
        yield own


@pytest.mark.postgres
@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_database_that_is_gone_is_said_and_used_again_when_it_is_back(cluster: OwnPostgres, tmp_path: Path, how: str) -> None:
    """While PostgreSQL is down commands and questions say so; once it is back the same engine goes on, with all that was acknowledged."""
    engine = Engine(cluster.url)
    deploy(engine, tmp_path)
    instances = [engine.start("work", actor="jo") for _ in range(5)]
    for instance in instances:
        engine.complete(one_task(engine, instance), actor="jo")
    waiting = one_task(engine, instances[0])
    getattr(cluster, how)()
    for attempt in (lambda: engine.complete(waiting, actor="jo"), lambda: engine.user_tasks(), lambda: engine.start("work", actor="jo")):
        with pytest.raises(Unavailable, match=r"database (does not answer|was lost)|connection to the database"):
            attempt()
    cluster.start()
    engine.complete(waiting, actor="jo")
    assert [engine.instance(instance).state for instance in instances] == ["completed"] + ["active"] * 4
    assert [event.element_id for event in engine.history(instances[0]) if event.kind == "completed"] == ["s", "a", "b", "e"]
    assert engine.verify().faults == []
    engine.close()


# -- a clock set back --------------------------------------------------------------------------------------------------


class Clock:
    """The machine's clock, as somebody sets it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_a_clock_set_back_an_hour_loses_nothing(database_url: str, tmp_path: Path) -> None:
    """Order comes from numbers, not from clocks: work goes on, no timer fires twice or early or never, and the history verifies."""
    clock = Clock()
    engine = Engine(database_url, clock=clock)
    deploy(engine, tmp_path)
    first, second = (engine.start("work", actor="jo") for _ in range(2))
    engine.complete(one_task(engine, first), actor="jo")
    clock.now += timedelta(minutes=11)
    assert engine.run_due() == 1
    engine.seal()

    clock.now -= timedelta(hours=1)
    engine.complete(one_task(engine, second), actor="jo")  # its timer is due ten minutes from the clock as it is now
    engine.complete(one_task(engine, first), actor="jo")
    assert engine.run_due() == 0
    clock.now += timedelta(minutes=11)
    assert (engine.run_due(), engine.run_due()) == (1, 0)
    clock.now += timedelta(hours=2)
    assert engine.run_due() == 0
    engine.seal()

    assert engine.instance(first).state == "completed"
    for instance in (first, second):
        events = engine.history(instance)
        assert [event.seq for event in events] == sorted(event.seq for event in events)
        assert sum(event.kind == "timer" for event in events) == 1
    assert engine.verify().faults == []
    engine.close()


# -- a mail server that will not ---------------------------------------------------------------------------------------


class PostOffice:
    """A real SMTP server that takes mail, refuses it for now, or holds the line and says nothing."""

    def __init__(self) -> None:
        self.mood = "takes"
        self.taken: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.mood == "refuses for now":
            return "451 4.3.0 Try again later"
        self.taken.append(str(envelope.content.partition(b"\r\n\r\n")[0]))
        return "250 Taken"


@pytest.fixture
def post_office() -> PostOffice:
    return PostOffice()


def listening(handler: PostOffice, port: int) -> Any:
    from aiosmtpd.controller import Controller

    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    return controller


@pytest.mark.parametrize("trouble", ["is not there", "refuses for now", "says nothing"])
def test_a_mail_server_in_trouble_delays_letters_and_sends_each_once(
    trouble: str, post_office: PostOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it cannot take mail the letter waits for its next attempt, and the reason can be seen; afterwards it goes out, once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name, value in {"HOST": "127.0.0.1", "PORT": str(port), "SECURITY": "none", "TIMEOUT": "1"}.items():
        monkeypatch.setenv(f"AMENDS_SMTP_{name}", value)
    monkeypatch.setenv("AMENDS_SETTING_BASE_URL", "http://127.0.0.1")
    clock = Clock()
    application = amends.open(data=tmp_path, clock=clock, settings={"base_url": "http://127.0.0.1"})
    application.deploy_shipped()
    server: Any = None
    silent: socket.socket | None = None
    if trouble == "refuses for now":
        post_office.mood = trouble
        server = listening(post_office, port)
    elif trouble == "says nothing":
        silent = socket.create_server(("127.0.0.1", port))
    data = {"subject": "Train", "description": "It never came", "name": "J. Meyer", "email": "j.meyer@example.org", "contact_by": "email"}
    filed = application.register.file(data, actor="complainant", channel="web")
    began = time.monotonic()
    run_all(application)
    assert time.monotonic() - began < 30, "a mail server that says nothing held everything up"
    instance = application.register.get(reference=filed.reference).instance_id
    assert (post_office.taken, states(application)) == ([], ["failed"])
    assert waiting(application.engine) == [("send_acknowledgement", "due", 1, True)]

    if silent is not None:
        silent.close()
    post_office.mood = "takes"
    server = server or listening(post_office, port)
    try:
        until(lambda: sent(application, clock))
        clock.now += timedelta(days=1)
        run_all(application)
    finally:
        server.stop()
    assert len(post_office.taken) == states(application).count("sent") == 1
    assert not application.engine.instance(instance).incidents
    application.close()


def run_all(application: Any) -> None:
    while application.engine.run_due():
        pass


def sent(application: Any, clock: Clock) -> bool:
    clock.now += timedelta(minutes=20)
    run_all(application)
    return "sent" in states(application)


def states(application: Any) -> list[str]:
    """Where each letter stands in the send journal."""
    with application.engine.database.reading() as connection:
        return [str(state) for state in connection.execute(select(t.dispatch.c.state)).scalars()]


def until(what: Callable[[], bool], times: int = 20) -> None:
    for _ in range(times):
        if what():
            return
    raise AssertionError("it did not happen")


def waiting(engine: Engine) -> list[tuple[str, str, int, bool]]:
    """Operations that wait for another attempt: element, state, attempts so far, whether the reason is kept."""
    j = t.job.c
    query = select(j.element_id, j.state, j.attempts, j.error.is_not(None)).where(j.kind == "service")
    with engine.database.reading() as connection:
        return [tuple(row) for row in connection.execute(query)]
