"""Four web processes behind one port, PostgreSQL, LOAD_STAFF_COUNT staff (200) with LOAD_THINK seconds to think (20).

Errors and times count from when all are there.

By locust, which is in the extra `bench` (`pip install "amends[bench]"`); LOAD_SECONDS says for how long (600).
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest

import amends
from amends.engine.operating.bench.diagrams import VALUES, waiting
from amends.engine.operating.bench.filling import fill

STAFF = int(os.environ.get("LOAD_STAFF_COUNT", "200"))
THINK = float(os.environ.get("LOAD_THINK", "20"))
SECONDS = int(os.environ.get("LOAD_SECONDS", "600"))
PROCESSES = 4
ARRIVING = 4
"""How many sign in each second: all of them within the first minute, as at the beginning of a day."""
COMING = STAFF / ARRIVING
"""Seconds until all are there. What is measured begins then: signing in is made slow on purpose, for who guesses passwords."""
MOST_TIMES = 5
ALONE = 40
# As in locustfile.py, which cannot be imported where locust is not installed.
TOKEN = re.compile(r'name="amends_csrf"[^>]*value="([^"]+)"')
TASK = re.compile(r'href="(/tasks/[^"/?]+)"')
LOCUST = os.environ.get("LOCUST") or shutil.which("locust")


def prepare(url: str, data: Path) -> list[tuple[str, str]]:
    """People with tasks of their own, more than they can do; user names and passwords."""
    app = amends.open(url, data=data)
    app.engine.deploy({"waiting.bpmn": waiting("waiting", "P10D")}, actor="system")
    people, templates = [], []
    for number in range(STAFF):
        account, password = app.accounts.create(f"staff{number}", f"Staff {number}", ["handler"])
        people.append((f"staff{number}", password or ""))
        values = {**VALUES, "who": f"account:{account.id}", "groups": ["handler"], "due": None}
        templates.append(app.engine.start("waiting", values, actor="system"))
    fill(app.engine, templates, STAFF * (ALONE + 10 + int((SECONDS + COMING) / THINK)))
    app.close()
    return people


@contextmanager
def serving(url: str, data: Path) -> Iterator[str]:
    """`amends run` with its processes; where it answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    command = [sys.executable, "-m", "amends", "run", "--processes", str(PROCESSES), "--port", str(port), "--no-demo"]
    environment = {**os.environ, "AMENDS_LIMIT_SIGN_IN": "none"}
    said = (data / "server.log").open("w")
    served = subprocess.Popen([*command, "--data", str(data), "--database", url], env=environment, stdout=said, stderr=said)
    where = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{where}/healthz", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield where
    finally:
        served.send_signal(signal.SIGTERM)
        assert served.wait(60) == 0
        said.close()


def alone(where: str, username: str, password: str) -> float:
    """The median of the seconds in which one person's completions are answered, nobody else being there."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()), _Stay)

    def ask(path: str, given: dict[str, str] | None = None) -> str:
        body = None if given is None else urlencode(given).encode()
        request = urllib.request.Request(where + path, body, {"Referer": where + path})
        with opener.open(request, timeout=60) as answer:
            return str(answer.read().decode())

    token = TOKEN.search(ask("/sign-in"))
    ask("/sign-in", {"username": username, "password": password, "amends_csrf": token.group(1) if token else ""})
    taken = []
    for _ in range(ALONE):
        task = TASK.search(ask("/inbox?list=mine"))
        assert task is not None
        token = TOKEN.search(ask(task.group(1)))
        began = time.perf_counter()
        ask(task.group(1), {"go": "complete", "amends_csrf": token.group(1) if token else ""})
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[5:])


class _Stay(urllib.request.HTTPRedirectHandler):
    """Where the answer sends one is not asked for: only the answer is measured."""

    def http_error_303(self, request: object, answer: object, *rest: object) -> object:  # type: ignore[override]
        return answer

    http_error_302 = http_error_303  # type: ignore[assignment]


@pytest.mark.skipif(LOCUST is None, reason="locust is not installed: pip install 'amends[bench]', or LOCUST=its path")
def test_two_hundred_staff_are_served(postgres_url: str, tmp_path: Path) -> None:
    """No error, and 95 of 100 completions are answered within five times the median of somebody who is alone."""
    people = prepare(postgres_url, tmp_path)
    with serving(postgres_url, tmp_path) as where:
        single = alone(where, *people[0])
        command = [
            str(LOCUST), "-f", str(Path(__file__).parent / "locustfile.py"), "--headless", "--only-summary", "-u", str(STAFF),
            "-r", str(ARRIVING), "--reset-stats", "-t", f"{SECONDS + COMING:.0f}s", "--host", where,
            "--csv", str(tmp_path / "load"), "--exit-code-on-error", "0",
        ]  # fmt: skip
        environment = {**os.environ, "LOAD_STAFF": json.dumps(people), "LOAD_THINK": str(THINK)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS + COMING + 120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    with (tmp_path / "load_stats.csv").open() as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    p95 = float(rows["complete"]["95%"]) / 1e3
    print(f"\n{STAFF} staff, {THINK:g} s to think, {SECONDS} s: {rows['complete']['Request Count']} completions,", end=" ")
    print(f"{rows['Aggregated']['Request Count']} requests, {rows['Aggregated']['Failure Count']} errors;", end=" ")
    print(f"a completion alone {1e3 * single:.0f} ms, 95 % within {1e3 * p95:.0f} ms: {p95 / single:.1f} times")
    app = amends.open(postgres_url, data=tmp_path)
    assert app.engine.verify().faults == []
    app.close()
    assert rows["Aggregated"]["Failure Count"] == "0", done.stdout[-3000:]
    assert p95 / single <= MOST_TIMES
