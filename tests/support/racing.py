"""A process that completes the tasks it is told to at the moment it is told: `racing.py URL NAME`, a line `TASK WHEN` each on stdin."""

from __future__ import annotations

import sys
import time

from amends.engine import Conflict, Engine


def main() -> None:
    """Say `ready`, then for each line `won`, `conflict`, or what went wrong."""
    engine, name = Engine(sys.argv[1]), sys.argv[2]
    print("ready", flush=True)
    for line in sys.stdin:
        task_id, when = line.split()
        time.sleep(max(0.0, float(when) - time.time()))
        try:
            engine.complete(task_id, {f"by_{task_id.rpartition('.')[2]}": name}, actor=name)
        except Conflict:
            print("conflict", flush=True)
        except Exception as error:
            print(f"{type(error).__name__}: {error}"[:200].replace("\n", " "), flush=True)
        else:
            print("won", flush=True)
    engine.close()


if __name__ == "__main__":
    main()
