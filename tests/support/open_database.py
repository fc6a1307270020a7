"""One of several processes that open a new database at once: `open_database.py URL`. Waits for a line, opens, says so."""

from __future__ import annotations

import sys

from amends.engine import Engine

print("ready", flush=True)
sys.stdin.readline()
engine = Engine(sys.argv[1])
print(len(engine.deployments()), engine.verify().faults)
engine.close()
