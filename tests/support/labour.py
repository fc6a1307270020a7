"""Somebody who works without a pause, whatever is killed around them: `labour.py URL BOOK NAME`.

Each command has a key and is given again, the same, until it is acknowledged; then it is written into BOOK, on disk. Ends at SIGTERM.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from amends.engine import Engine
from amends.engine.errors import Unavailable

stopping = False


def stop(*_: Any) -> None:
    global stopping
    stopping = True


def until_acknowledged(command: Callable[[], Any]) -> Any:
    while True:
        try:
            return command()
        except Unavailable:
            time.sleep(0.2)


def main(url: str, book: str, name: str) -> None:
    signal.signal(signal.SIGTERM, stop)
    engine = until_acknowledged(lambda: Engine(url))
    with open(book, "ab", buffering=0) as acknowledged:

        def write(*words: str) -> None:
            acknowledged.write(" ".join(words).encode() + b"\n")
            os.fsync(acknowledged.fileno())

        number = 0
        while not stopping:
            number += 1
            key = f"{name}/{number}"
            instance = until_acknowledged(lambda key=key: engine.start("work", actor=name, key=key))
            write("start", instance, key)
            [first] = until_acknowledged(lambda instance=instance: engine.user_tasks(instance))
            until_acknowledged(lambda task=first: engine.complete(task.id, actor=name, key=f"{task.id}!"))
            write("complete", instance, first.element_id)
            if number % 3:
                [second] = until_acknowledged(lambda instance=instance: engine.user_tasks(instance))
                until_acknowledged(lambda task=second: engine.complete(task.id, actor=name, key=f"{task.id}!"))
                write("complete", instance, second.element_id)
            # Every third waits: its timer has to fire, whoever is dead then.
    engine.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
