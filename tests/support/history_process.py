"""One of several processes on one database, for some seconds: `history_process.py URL ROLE SECONDS`. Prints what it did."""

from __future__ import annotations

import sys
import time

from amends.engine import Engine
from amends.engine.history import Entry


def work(engine: Engine) -> int:
    """Start an instance, work it to its end, and write a line about the installation."""
    instance_id = engine.start("p", {"x": "y" * 100}, actor="jo")
    for _ in range(2):
        engine.complete(engine.user_tasks(instance_id)[0].id, {"z": 1}, actor="jo")
    engine.record("setting", "jo", [Entry("setting", "name")])
    return 1


def seal(engine: Engine) -> int:
    """Seal what is there."""
    return engine.seal() is not None


def verify(engine: Engine) -> int:
    """Verify, and stop at the first fault."""
    faults = engine.verify().faults
    assert faults == [], faults
    return 1


def main(url: str, role: str, seconds: str) -> None:
    """Do it over and over."""
    engine = Engine(url)
    print("ready", flush=True)
    sys.stdin.readline()
    done, until = 0, time.monotonic() + float(seconds)
    while time.monotonic() < until:
        done += {"work": work, "seal": seal, "verify": verify}[role](engine)
    engine.close()
    print(done)


if __name__ == "__main__":
    main(*sys.argv[1:])
