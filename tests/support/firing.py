"""A worker's hand that fires what is due and ends: `firing.py URL HOURS_AHEAD`; it begins at a line on stdin."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from amends.engine import Engine
from amends.engine.jobs.leases import LeasedJobs


def main() -> None:
    """Say `ready`, wait for a line, run portions until nothing is due, say how many ran."""
    ahead = timedelta(hours=float(sys.argv[2]))
    engine = Engine(sys.argv[1], clock=lambda: datetime.now(UTC) + ahead)
    jobs = LeasedJobs(engine.jobs, timedelta(seconds=60), lambda: False)
    print("ready", flush=True)
    sys.stdin.readline()
    ran = 0
    while portion := jobs.work():
        ran += portion
    print(ran, flush=True)
    engine.close()


if __name__ == "__main__":
    main()
