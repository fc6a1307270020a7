"""Eight processes at one task, and at eight tasks of one instance: one winner, or eight, and a history that verifies."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from children import Child, children, hear, say
from driving import HEAD, element, flows, process, user

from amends.engine import Engine

RACES = int(os.environ.get("BENCH_RACES", "200"))
RACERS = 8
START = element("startEvent", "s")
ONE = process(START + user("a") + user("b") + flows("s>a", "a>b"), "one")
NAMES = [f"t{number}" for number in range(RACERS)]
EIGHT = process(
    START + element("parallelGateway", "f") + "".join(user(name) for name in NAMES) + element("parallelGateway", "j") + user("last")
    + flows("s>f", *(f"f>{name}" for name in NAMES), *(f"{name}>j" for name in NAMES), "j>last"), "eight",
)  # fmt: skip


def race(engine: Engine, running: list[Child], process_id: str, pick: Callable[[list[str]], list[str]]) -> tuple[list[str], str]:
    """Start an instance and let all of them at its tasks in the same moment; what each said, and what the instance waits for then."""
    instance_id = engine.start(process_id, {}, actor="bench")
    tasks = pick(sorted((task.id for task in engine.user_tasks(instance_id)), key=lambda task: int(task.rpartition(".")[2])))
    when = time.time() + 0.02
    for child, task_id in zip(running, tasks, strict=True):
        say(child, f"{task_id} {when}")
    said = [hear(child) for child in running]
    return said, ",".join(task.element_id for task in engine.user_tasks(instance_id))


def test_eight_processes_race(database_url: str, tmp_path: Path) -> None:
    """Each race for one task has one winner and seven conflicts; eight tasks of one instance have eight winners, and its join waits."""
    engine = Engine(database_url)
    for name, body in (("one", ONE), ("eight", EIGHT)):
        path = tmp_path / f"{name}.bpmn"
        path.write_text(HEAD.format(body), encoding="utf-8")
        engine.deploy(path)
    began, ends = time.monotonic(), Counter[tuple[tuple[str, ...], str]]()
    with children("racing.py", *([database_url, f"racer-{number}"] for number in range(RACERS))) as running:
        for _ in range(RACES):
            said, waits = race(engine, running, "one", lambda tasks: tasks * RACERS)
            ends[tuple(sorted(said)), waits] += 1
            said, waits = race(engine, running, "eight", lambda tasks: tasks)
            ends[tuple(sorted(said)), waits] += 1
    print(f"\n{2 * RACES} races of {RACERS} processes in {time.monotonic() - began:.0f} s on {database_url.partition(':')[0]}")
    assert ends == {((*["conflict"] * 7, "won"), "b"): RACES, (("won",) * 8, "last"): RACES}
    engine.seal()
    assert engine.verify().faults == []
    engine.close()
