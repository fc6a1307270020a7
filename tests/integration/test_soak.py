"""Minutes of work while web processes, workers and PostgreSQL itself are killed at random: `make soak`, shorter in CI.

AMENDS_SOAK_SECONDS says how long (default: ten minutes). What was acknowledged is there, nothing twice, everything due ran, every
letter went out once or is marked as one that may have gone out twice, and the history verifies.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from driving import HEAD, element, flows, process, timer
from own_postgres import OwnPostgres, binaries
from persistent_complainant import Complainant
from sqlalchemy import func, select

import amends
from amends.engine.services.mailer import digest
from amends.engine.store import tables as t

pytestmark = pytest.mark.soak

SECONDS = float(os.environ.get("AMENDS_SOAK_SECONDS", "600"))
SUPPORT = Path(__file__).resolve().parents[1] / "support"
LEASE = 5
LATE = "PT4S"
TASKS = element("startEvent", "s") + "".join(element("userTask", name, ext="<zeebe:userTask/>") for name in ("a", "b"))
BOUNDARY = element("boundaryEvent", "late", timer("timeDuration", LATE), attachedToRef="b", cancelActivity="false")
WORK = process(TASKS + BOUNDARY + element("endEvent", "e") + element("endEvent", "told") + flows("s>a", "a>b", "b>e", "late>told"), "work")


class PostOffice:
    """A real SMTP server that remembers what it took."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        head = envelope.content.partition(b"\r\n\r\n")[0].decode()
        [line] = [line for line in head.splitlines() if line.lower().startswith("message-id:")]
        self.taken[line.partition("<")[2].partition("@")[0]] += 1
        return "250 Taken"


class Crew:
    """Processes of ours that are started again whenever they are killed."""

    def __init__(self, environment: dict[str, str], logs: Path) -> None:
        self.environment = environment
        self.logs = logs
        self.commands: dict[str, list[str]] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.kills: Counter[str] = Counter()

    def add(self, name: str, *command: str) -> None:
        self.commands[name] = [sys.executable, *command]
        self.start(name)

    def start(self, name: str) -> None:
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(self.commands[name], env=self.environment, stdout=log, stderr=subprocess.STDOUT)

    def kill(self, name: str) -> None:
        """SIGKILL, and start it again."""
        self.running[name].kill()
        self.running[name].wait(30)
        self.kills[name] += 1
        self.start(name)

    def mend(self) -> None:
        """Start again what has ended by itself, as a supervisor does: it may not have found its database when it began.

        Those who work are no servers: they go on, whatever happens.
        """
        for name, one in self.running.items():
            if one.poll() is not None and not name.startswith("labour"):
                self.start(name)

    def stop(self, *names: str) -> None:
        for name in names:
            self.running[name].send_signal(signal.SIGTERM)
        for name in names:
            assert self.running.pop(name).wait(60) == 0, f"{name} ended badly: {(self.logs / f'{name}.log').read_text()}"

    def end(self) -> None:
        for one in self.running.values():
            one.kill()
            one.wait(30)


@pytest.fixture
def cluster() -> Iterator[OwnPostgres]:
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL's programs (initdb, pg_ctl) are not on this machine")
    with OwnPostgres(programs) as own:
        yield own


@pytest.fixture
def post_office() -> Iterator[tuple[PostOffice, int]]:
    from aiosmtpd.controller import Controller

    office, port = PostOffice(), free_port()
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    yield office, port
    controller.stop()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_whatever_is_killed_nothing_is_lost_or_done_twice(
    cluster: OwnPostgres, post_office: tuple[PostOffice, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL of web processes and workers at random, and three times of PostgreSQL, while people work and complain."""
    office, mail_port = post_office
    book, data, web_port = tmp_path / "book", tmp_path / "data", free_port()
    book.touch()
    mail = {"HOST": "127.0.0.1", "PORT": str(mail_port), "SECURITY": "none", "TIMEOUT": "5"}
    environment = {
        **os.environ, **{f"AMENDS_SMTP_{name}": value for name, value in mail.items()}, "AMENDS_SENDING_SECONDS": "3",
        "AMENDS_LIMIT_FILE": "none", "AMENDS_LIMIT_FOLLOW": "none", "AMENDS_SETTING_BASE_URL": f"http://127.0.0.1:{web_port}",
        "PYTHONPATH": os.pathsep.join([str(SUPPORT), *sys.path]),
    }  # fmt: skip
    application = amends.open(cluster.url, data=data)
    application.accounts.create("admin", "Administrator", ["admin"], "correct horse battery")
    application.deploy_shipped()
    path = tmp_path / "work.bpmn"
    path.write_text(HEAD.format(WORK), encoding="utf-8")
    application.engine.deploy(path)
    application.close()

    crew = Crew(environment, tmp_path)
    at = ["-m", "amends"]
    where = ["--database", cluster.url, "--data", str(data)]
    crew.add("web", *at, "run", "--no-demo", "--no-runner", "--port", str(web_port), *where)
    for number in (1, 2):
        crew.add(f"worker{number}", *at, "worker", "--lease", str(LEASE), *where)
        crew.add(f"labour{number}", str(SUPPORT / "labour.py"), cluster.url, str(book), f"w{number}")
    over = threading.Event()
    complainants = [Complainant(f"http://127.0.0.1:{web_port}", name, over.is_set) for name in ("Ada", "Grace")]
    threads = [threading.Thread(target=one.run, name=one.name) for one in complainants]
    try:
        for thread in threads:
            thread.start()
        havoc(crew, cluster)
        over.set()
        for thread in threads:
            thread.join(180)
            assert not thread.is_alive(), "a complaint could not be filed"
        crew.stop("labour1", "labour2")
        application = amends.open(cluster.url, data=data)
        drain(crew, application)
        time.sleep(1)
    finally:
        over.set()
        crew.end()
    filed = {typed: reference for one in complainants for typed, reference in one.filed.items()}
    begun = sum(one.begun for one in complainants)
    told = examine(application, office, book, filed, begun)
    print(f"\n{SECONDS:.0f} s: {dict(crew.kills)} processes and PostgreSQL 3 times killed; {told}")
    assert not any(thread.is_alive() for thread in threads)
    application.close()


def havoc(crew: Crew, cluster: OwnPostgres) -> None:
    """Kill somebody every second or two, and PostgreSQL at a quarter, the middle and three quarters of the time."""
    dice = random.Random(2026)
    began = time.monotonic()
    strikes = [began + SECONDS * part for part in (0.25, 0.5, 0.75)]
    while time.monotonic() < began + SECONDS:
        time.sleep(dice.uniform(0.8, 3))
        crew.mend()
        crew.kill(dice.choice(["web", "worker1", "worker2"]))
        if strikes and time.monotonic() > strikes[0]:
            strikes.pop(0)
            cluster.kill()
            time.sleep(dice.uniform(0.5, 2))
            cluster.start()
    assert not strikes


def examine(application: Any, office: PostOffice, book: Path, filed: dict[str, str], begun: int) -> str:
    """Hold everything that was acknowledged against what is there."""
    engine = application.engine
    lines = [line.split() for line in book.read_text().splitlines()]
    starts = [line for line in lines if line[0] == "start"]
    assert len({line[1] for line in starts}) == len(starts) > 0
    completed: dict[str, set[str]] = {}
    for _, instance, name in (line for line in lines if line[0] == "complete"):
        completed.setdefault(instance, set()).add(name)
    timers = 0
    for _, instance, _ in starts:
        events = [(event.kind, event.element_id) for event in engine.history(instance)]
        done = Counter(name for kind, name in events if kind == "completed" and name in ("a", "b"))
        assert set(done.values()) <= {1} and completed.get(instance, set()) <= set(done), instance
        fired = events.count(("timer", "late"))
        assert fired == 1 if "b" not in done and "a" in done else fired <= 1, (instance, events)
        timers += fired

    with engine.database.reading() as connection:
        subjects = Counter(connection.execute(select(t.complaint.c.subject)).scalars())
        letters = connection.execute(select(t.dispatch.c.key, t.dispatch.c.state)).all()
        running = connection.execute(select(func.count()).select_from(t.instance).where(t.instance.c.process_id == "work")).scalar_one()
    assert max(subjects.values()) == 1, "a complaint was filed twice"
    assert set(filed) <= set(subjects) and len(subjects) == begun
    # Every start is in the book, but for at most one a worker whose acknowledgement the end came before.
    assert len(starts) <= running <= len(starts) + 2
    doubtful = 0
    for key, state in letters:
        times = office.taken.pop(digest(key), 0)
        assert (state, times) in (("sent", 1), ("doubtful", 0), ("doubtful", 1)), (key, state, times)
        doubtful += state == "doubtful"
    assert not office.taken, "letters went out that nobody wrote down"
    assert len(letters) >= len(subjects), "a complaint was never acknowledged"
    engine.seal()
    assert engine.verify().faults == []
    return (
        f"{len(lines)} commands acknowledged on {len(starts)} instances, {len(filed)} complaints filed on the web, {timers} timers fired, "
        f"{len(letters)} letters, {doubtful} of them marked as maybe sent twice"
    )


def drain(crew: Crew, application: Any) -> None:
    """Wait until everything due has run, for as long as something still does: a backlog may take long, a stuck job never goes."""
    left, quiet_since = -1, time.monotonic()
    while left != 0:
        crew.mend()
        time.sleep(0.3)
        jobs = due(application)
        if len(jobs) != left:
            left, quiet_since = len(jobs), time.monotonic()
        if time.monotonic() > quiet_since + 60:
            logs = {name: (crew.logs / f"{name}.log").read_text()[-3000:] for name in crew.running}
            alive = {name: one.poll() is None for name, one in crew.running.items()}
            said = "\n".join([*map(str, jobs[:20]), f"alive: {alive}", *(f"--- {name}\n{log}" for name, log in logs.items())])
            pytest.fail(f"{left} jobs are due and none of them has run for a minute, at {datetime.now(UTC)}:\n{said}")


def due(application: Any) -> list[dict[str, Any]]:
    """Jobs that are due and have not run."""
    soon = datetime.now(UTC) + timedelta(seconds=6)
    query = select(t.job).where(t.job.c.state.in_(("due", "running")), t.job.c.due_at < soon)
    with application.engine.database.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
