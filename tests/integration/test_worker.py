"""`amends worker` as real processes: everything due runs once, whoever is killed meanwhile; a stop cuts nothing in half."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from driving import HEAD, element, flows, process, timer
from slow_operations import VARIABLE, Slow
from sqlalchemy import event, func, select

from amends.engine import Engine
from amends.engine.jobs.leases import LeasedJobs
from amends.engine.store import tables as t

SUPPORT = Path(__file__).resolve().parents[1] / "support"
LEASE = 4


def service(seconds: float) -> str:
    given = f'<zeebe:ioMapping><zeebe:input source="={seconds}" target="seconds"/></zeebe:ioMapping>'
    return element("serviceTask", "call", ext=f'<zeebe:taskDefinition type="slow" retries="3"/>{given}')


WAITS = element("startEvent", "s") + element("intermediateCatchEvent", "wait", timer("timeDate", "=due")) + element("endEvent", "e")
WAITING = process(WAITS + flows("s>wait", "wait>e"), "waiting")
CYCLE = element("boundaryEvent", "again", timer("timeCycle", "R/PT1S"), attachedToRef="task", cancelActivity="false")
CYCLING = process(
    element("startEvent", "s") + element("userTask", "task", ext="<zeebe:userTask/>") + CYCLE + element("endEvent", "x")
    + element("endEvent", "e") + flows("s>task", "task>e", "again>x"), "cycling",
)  # fmt: skip


def calling(seconds: float) -> str:
    body = element("startEvent", "s") + service(seconds) + element("endEvent", "e")
    return process(body + flows("s>call", "call>e"), "calling")


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the slow operation writes that it ran."""
    path = tmp_path / "ran"
    path.touch()
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def deploy(engine: Engine, tmp_path: Path, *processes: str) -> None:
    for number, body in enumerate(processes):
        path = tmp_path / f"p{number}.bpmn"
        path.write_text(HEAD.format(body), encoding="utf-8")
        engine.deploy(path)


def worker(url: str, tmp_path: Path, *options: str) -> AbstractContextManager[subprocess.Popen[str]]:
    return running("worker", url, tmp_path, *options)


@contextmanager
def running(what: str, url: str, tmp_path: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A process of ours, killed at the end if it still runs."""
    command = [sys.executable, str(SUPPORT / "amends_process.py"), what, "--database", url, "--data", str(tmp_path / "data"), *options]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SUPPORT), *sys.path])}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as started:
        try:
            yield started
        except BaseException:
            started.kill()
            print(started.communicate()[0])
            raise
        finally:
            started.kill()


def until(what: Callable[[], Any], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def states(engine: Engine) -> Counter[str]:
    with engine.database.reading() as connection:
        rows = connection.execute(select(t.instance.c.state, func.count()).group_by(t.instance.c.state))
        return Counter(dict(rows.all()))


def jobs(engine: Engine) -> int:
    with engine.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(t.job)).scalar_one())


def workers(engine: Engine) -> int:
    """How many have signed in at the queue."""
    with engine.database.sql.connect() as connection:
        if connection.exec_driver_sql("SELECT to_regclass('amends_queue.procrastinate_workers')").scalar_one() is None:
            return 0
        return int(connection.exec_driver_sql("SELECT count(*) FROM amends_queue.procrastinate_workers").scalar_one())


@pytest.mark.postgres
def test_all_that_is_due_runs_once_although_a_worker_is_killed(postgres_url: str, tmp_path: Path, ran: Path) -> None:
    """300 timers and 30 service tasks, two workers, one of them killed in the midst: each timer fires once, each service task ends."""
    engine = Engine(postgres_url, services={Slow.type: Slow})
    deploy(engine, tmp_path, WAITING, calling(0.5))
    due = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    options = ("--lease", str(LEASE))
    with worker(postgres_url, tmp_path, *options) as first, worker(postgres_url, tmp_path, *options) as second:
        until(lambda: workers(engine) == 4)  # two queues each
        timers = [engine.start("waiting", {"due": due}, actor="jo") for _ in range(300)]
        calls = [engine.start("calling", actor="jo") for _ in range(30)]
        until(lambda: {line.split()[-1] for line in ran.read_text().splitlines()} >= {str(first.pid), str(second.pid)})
        first.kill()
        until(lambda: states(engine) == {"completed": 330})
        second.terminate()
        assert second.wait(20) == 0
    assert jobs(engine) == 0
    for instance_id in timers:
        assert [event.kind for event in engine.history(instance_id)].count("timer") == 1
    lines = [line.split() for line in ran.read_text().splitlines()]
    ends = Counter(key for what, key, _ in lines if what == "end")
    assert {key.rpartition(".")[0] for key in ends} == set(calls)
    # Only what the killed worker had begun may have been begun again.
    begun = Counter(key for what, key, _ in lines if what == "begin")
    again = {key for key, times in begun.items() if times > 1}
    assert again <= {key for what, key, pid in lines if what == "begin" and pid == str(first.pid)}
    assert engine.verify().faults == []
    engine.close()


@pytest.mark.postgres
def test_a_cycle_timer_lives_on_between_many_runners(postgres_url: str, tmp_path: Path, ran: Path) -> None:
    """A timer that comes again is not lost when several runners meet at it: after two workers and this process it still has its row."""
    engine = Engine(postgres_url, services={Slow.type: Slow})
    deploy(engine, tmp_path, CYCLING)
    instances = [engine.start("cycling", actor="jo") for _ in range(20)]
    with worker(postgres_url, tmp_path), worker(postgres_url, tmp_path):
        end = time.monotonic() + 8
        while time.monotonic() < end:
            engine.run_due()
            time.sleep(0.05)
    assert jobs(engine) == len(instances)
    for instance_id in instances:
        assert [event.kind for event in engine.history(instance_id)].count("timer") >= 4
    assert engine.verify().faults == []
    engine.close()


@pytest.mark.postgres
def test_a_stop_finishes_the_job_at_hand(postgres_url: str, tmp_path: Path, ran: Path) -> None:
    """SIGTERM while an operation runs: it ends, its result is kept, and nothing more is begun."""
    engine = Engine(postgres_url, services={Slow.type: Slow})
    deploy(engine, tmp_path, calling(2))
    for _ in range(4):
        engine.start("calling", actor="jo")
    with worker(postgres_url, tmp_path, "--concurrency", "1") as only:
        until(lambda: "begin" in ran.read_text())
        only.terminate()
        assert only.wait(20) == 0
    assert [line.split()[0] for line in ran.read_text().splitlines()] == ["begin", "end"]
    assert states(engine) == {"completed": 1, "active": 3}
    with engine.database.reading() as connection:
        left = connection.execute(select(t.job.c.state, t.job.c.lease_until)).all()
    assert [tuple(row) for row in left] == [("due", None)] * 3, "what was not begun is free for the next worker"
    engine.close()


@pytest.mark.postgres
def test_workers_are_told_at_once(postgres_url: str, tmp_path: Path, ran: Path) -> None:
    """A process without a runner tells the workers after its commit; the queue's tables are made once and left alone."""
    from amends.engine.jobs.queue import Nudge, prepare

    engine = Engine(postgres_url, services={Slow.type: Slow})
    assert prepare(engine.database.url) and not prepare(engine.database.url)
    nudge = Nudge(engine.database.url)
    engine.commands.wake = nudge.wake
    nudge.start()
    deploy(engine, tmp_path, calling(0))
    engine.start("calling", actor="jo")
    with engine.database.sql.connect() as connection:
        until(lambda: connection.exec_driver_sql("SELECT count(*) FROM amends_queue.procrastinate_jobs").scalar_one() == 1)
    nudge.stop()
    engine.close()


@pytest.mark.postgres
def test_jobs_of_a_dead_worker_leave_the_queue(postgres_url: str, tmp_path: Path, ran: Path) -> None:
    """What a killed worker had fetched from the queue is taken out of it; the rows it stood for are ours."""
    import asyncio

    import procrastinate

    from amends.engine.jobs.queue import connector_options, prepare
    from amends.engine.jobs.workers import forget_stalled

    engine = Engine(postgres_url)
    prepare(engine.database.url)
    with engine.database.sql.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO amends_queue.procrastinate_workers (last_heartbeat) VALUES (now() - interval '5 minutes'), (now());"
            "INSERT INTO amends_queue.procrastinate_jobs (queue_name, task_name, status, worker_id)"
            " SELECT 'amends.work', 'amends.work', 'doing', id FROM amends_queue.procrastinate_workers"
        )

    async def forget() -> int:
        app = procrastinate.App(connector=procrastinate.PsycopgConnector(**connector_options(engine.database.url, 2)))
        async with app.open_async():
            return await forget_stalled(app, 60)

    assert asyncio.run(forget()) == 1
    with engine.database.sql.connect() as connection:
        for table in ("jobs", "workers"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM amends_queue.procrastinate_{table}").scalar_one() == 1
    engine.close()


def test_a_worker_on_sqlite_runs_in_the_foreground(tmp_path: Path, ran: Path) -> None:
    """On SQLite the worker is the embedded runner: it runs what is due and ends after the job at hand."""
    url = f"sqlite:///{tmp_path / 'one.db'}"
    engine = Engine(url, services={Slow.type: Slow})
    deploy(engine, tmp_path, calling(1))
    for _ in range(3):
        engine.start("calling", actor="jo")
    port = free_port()
    with worker(url, tmp_path, "--metrics-port", str(port)) as only:
        until(lambda: ran.read_text().count("begin") == 2)
        told = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
        assert 'amends_commands_total{kind="operation"} 1.0' in told, "what the worker did is counted there"
        only.send_signal(signal.SIGTERM)
        assert only.wait(20) == 0
    assert [line.split()[0] for line in ran.read_text().splitlines()] == ["begin", "end"] * 2
    assert states(engine) == {"completed": 2, "active": 1}
    engine.close()


@pytest.mark.postgres
def test_a_row_that_is_due_again_is_not_dropped_by_who_came_late(postgres_url: str, tmp_path: Path) -> None:
    """Who tries an occurrence that somebody else has fired leaves the next one, which has the same id, alone."""
    engine = Engine(postgres_url)
    deploy(engine, tmp_path, CYCLING)
    engine.start("cycling", actor="jo")
    shared = LeasedJobs(engine.jobs, timedelta(seconds=60), lambda: False)
    until(lambda: shared.hands_needed() == 1)
    [job] = shared.take(10, service=False)
    assert shared.take(10, service=False) == [], "it is in somebody's hand"
    assert shared.run(job)
    assert not shared.run(job)
    assert jobs(engine) == 1
    engine.close()


@pytest.mark.postgres
def test_a_worker_killed_right_after_its_claim_holds_the_row_for_its_lease_only(postgres_url: str, tmp_path: Path, ran: Path) -> None:
    """No commit says that a row is held for longer than the worker's lease, whichever commit is the last one it lived through."""
    engine = Engine(postgres_url, services={Slow.type: Slow})
    deploy(engine, tmp_path, calling(0))
    engine.start("calling", actor="jo")
    shared = LeasedJobs(engine.jobs, timedelta(seconds=LEASE), lambda: False)
    held = []

    @event.listens_for(engine.database.sql, "commit")
    def committed(_: Any) -> None:
        with engine.database.sql.connect() as other:
            held.append(other.execute(select(t.job.c.lease_until)).scalars().all())

    [job] = shared.take(1, service=True)
    assert shared.run(job)
    event.remove(engine.database.sql, "commit", committed)
    told = [until for one in held for until in one if until is not None]
    assert told and max(told) < datetime.now(UTC) + timedelta(seconds=LEASE)
    assert states(engine) == {"completed": 1}
    engine.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_stop_of_the_server_answers_who_has_asked_and_finishes_the_job(tmp_path: Path, ran: Path) -> None:
    """SIGTERM while a request and a job run: the answer comes whole, the job ends, no further one begins, and the door is closed."""
    url, port = f"sqlite:///{tmp_path / 'one.db'}", free_port()
    engine = Engine(url, services={Slow.type: Slow})
    deploy(engine, tmp_path, calling(3))
    with running("run", url, tmp_path, "--port", str(port), "--no-demo") as server, ThreadPoolExecutor() as client:
        page = f"http://127.0.0.1:{port}"
        until(lambda: answers(f"{page}/healthz"))
        for _ in range(3):
            engine.start("calling", actor="jo")
        asked = client.submit(lambda: urllib.request.urlopen(f"{page}/slow", timeout=30).read())
        until(lambda: "begin request" in ran.read_text() and f" {server.pid}" in ran.read_text())
        server.terminate()
        assert asked.result() == b"slow " * 20_000
        assert server.wait(20) == 0
        assert not answers(f"{page}/healthz")
    assert Counter(line.split()[0] for line in ran.read_text().splitlines()) == {"begin": 2, "end": 2}
    assert states(engine) == {"completed": 1, "active": 2}
    assert engine.verify().unsealed == 0, "what was written was sealed before the end"
    engine.close()


def answers(address: str) -> bool:
    with suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(address, timeout=5) as answer:
        return bool(answer.status == 200)
    return False


@pytest.mark.postgres
def test_a_worker_lives_through_a_database_that_goes_away(postgres_url: str, tmp_path: Path, ran: Path) -> None:
    """All connections are cut, and none is let in for some seconds: afterwards it goes on by itself, and still stops when asked."""
    import psycopg

    engine = Engine(postgres_url, services={Slow.type: Slow})
    deploy(engine, tmp_path, calling(0))
    name = postgres_url.rpartition("/")[2]
    server = postgres_url.replace("+psycopg", "", 1).rpartition("/")[0] + "/postgres"
    with worker(postgres_url, tmp_path, "--lease", str(LEASE)) as only, psycopg.connect(server, autocommit=True) as admin:
        until(lambda: workers(engine) == 2)
        engine.start("calling", actor="jo")
        until(lambda: states(engine) == {"completed": 1})
        admin.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        time.sleep(4)
        assert only.poll() is None
        admin.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
        engine.start("calling", actor="jo")
        until(lambda: states(engine) == {"completed": 2})
        only.terminate()
        assert only.wait(20) == 0
    engine.close()
