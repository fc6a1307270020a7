"""`amends run --processes`: several share the port, one that dies is replaced, a stop ends all of them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path


def free_port() -> int:
    """One nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def until(what: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.1)
    return False


def children_of(parent: int) -> set[int]:
    """The process ids of its children."""
    return {int(one) for one in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}


def test_several_processes_share_a_port(tmp_path: Path) -> None:
    """All answer at one address; one that is killed is replaced by another; SIGTERM ends all, with exit code 0."""
    port = free_port()

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    command = [sys.executable, "-m", "amends", "run", "--processes", "3", "--port", str(port), "--no-demo", "--data", str(tmp_path)]
    served = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert until(answers)
        first = children_of(served.pid)
        assert len(first) == 3
        killed = min(first)
        os.kill(killed, signal.SIGKILL)
        assert until(lambda: len(children_of(served.pid) - {killed}) == 3)
        assert all(answers() for _ in range(20))
        served.send_signal(signal.SIGTERM)
        said, _ = served.communicate(timeout=60)
        assert served.returncode == 0, said
        assert [said.count(words) for words in ("amends serves on", "takes its place", "Stopped.")] == [1, 1, 1]
    finally:
        for one in [*children_of(served.pid)] if served.poll() is None else []:
            os.kill(one, signal.SIGKILL)
        served.kill()
