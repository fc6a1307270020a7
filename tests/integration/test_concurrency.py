"""Several processes on one database, and processes that die: one winner a race, and what was acknowledged is there, once."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from driving import element, flows, process, user

from amends.engine import Conflict, Engine

# Forked children share nothing with this process but what is handed to them: each opens its own engine.
FORK = multiprocessing.get_context("fork")
PROCESSES, RACES, KILLS = 4, 25, 10
START = element("startEvent", "s")
LINE = process(START + user("a") + user("b") + element("endEvent", "e") + flows("s>a", "a>b", "b>e"))
BRANCHES = ("a", "b", "c", "d")
FORKED = process(
    START + element("parallelGateway", "f") + "".join(user(name) for name in BRANCHES) + element("parallelGateway", "j") + user("z")
    + flows("s>f", *(f"f>{name}" for name in BRANCHES), *(f"{name}>j" for name in BRANCHES), "j>z"),
    "q",
)  # fmt: skip


def race(url: str, number: int, tasks: list[list[str]], gate: Any, told: Any) -> None:
    """Complete the tasks, each at the same moment as the others do; tell what came of it."""
    engine = Engine(url)
    outcomes = []
    for choice in tasks:
        gate.wait(60)
        try:
            engine.complete(choice[number % len(choice)], {f"by{number}": True}, actor=f"u{number}")
            outcomes.append("won")
        except Conflict as conflict:
            outcomes.append("conflict" if conflict.by else "conflict without a name")
        except Exception as error:  # whatever it is, the test must show it
            outcomes.append(f"{type(error).__name__}: {error}")
    engine.close()
    told.put((number, outcomes))


def run_races(url: str, tasks: list[list[str]]) -> list[Counter[str]]:
    """What came of each race, over all processes."""
    gate, told = FORK.Barrier(PROCESSES), FORK.Queue()
    racers = [FORK.Process(target=race, args=(url, number, tasks, gate, told)) for number in range(PROCESSES)]
    for racer in racers:
        racer.start()
    outcomes = [told.get(timeout=120)[1] for _ in racers]
    for racer in racers:
        racer.join(30)
    return [Counter(each[number] for each in outcomes) for number in range(len(tasks))]


def test_of_four_processes_that_complete_one_task_one_wins(database_url: str, bpmn: Callable[..., Path]) -> None:
    """The others get a `Conflict` that says who was first, every time, and the instance stands where it should."""
    engine = Engine(database_url)
    engine.deploy(bpmn(LINE))
    ids = [engine.start("p", {}, actor="jo") for _ in range(RACES)]
    tasks = [[engine.user_tasks(instance_id)[0].id] for instance_id in ids]
    engine.close()
    assert run_races(database_url, tasks) == [Counter(won=1, conflict=PROCESSES - 1)] * RACES
    engine = Engine(database_url)
    for instance_id in ids:
        assert [task.element_id for task in engine.user_tasks(instance_id)] == ["b"]
        assert len(engine.instance(instance_id).variables) == 1
    assert engine.verify().faults == []
    engine.close()


def test_four_processes_on_four_tasks_of_one_instance_all_win(database_url: str, bpmn: Callable[..., Path]) -> None:
    """They wait for each other; nobody's change is lost."""
    engine = Engine(database_url)
    engine.deploy(bpmn(FORKED))
    ids = [engine.start("q", {}, actor="jo") for _ in range(5)]
    tasks = [[task.id for task in engine.user_tasks(instance_id)] for instance_id in ids]
    engine.close()
    assert run_races(database_url, tasks) == [Counter(won=PROCESSES)] * len(ids)
    engine = Engine(database_url)
    for instance_id in ids:
        assert [task.element_id for task in engine.user_tasks(instance_id)] == ["z"]
        assert sorted(engine.instance(instance_id).variables) == [f"by{number}" for number in range(PROCESSES)]
    engine.close()


def labour(url: str, name: str, book: str) -> None:
    """Start instances and work them to their end, for ever; write down each command once it was acknowledged."""
    engine = Engine(url)
    with open(book, "ab", buffering=0) as acknowledged:
        for number in range(1_000_000):
            instance_id = engine.start("p", {"n": number}, actor=name, key=f"{name}/{number}")
            acknowledged.write(f"start {instance_id} -\n".encode())
            for _ in range(2):
                task = engine.user_tasks(instance_id)[0]
                engine.complete(task.id, {task.element_id: number}, actor=name, key=f"{task.id}!")
                acknowledged.write(f"complete {instance_id} {task.element_id}\n".encode())


def test_killed_at_any_moment_what_was_acknowledged_is_there_once(database_url: str, bpmn: Callable[..., Path], tmp_path: Path) -> None:
    """SIGKILL, ten times, while two processes work: nothing acknowledged is lost, nothing is there twice, the history verifies."""
    engine = Engine(database_url)
    engine.deploy(bpmn(LINE))
    engine.close()
    book = tmp_path / "acknowledged"
    dice = random.Random(7)
    workers: list[Any] = []
    for kill in range(KILLS):
        while len(workers) < 2:
            worker = FORK.Process(target=labour, args=(database_url, f"w{kill}.{len(workers)}", str(book)))
            worker.start()
            workers.append(worker)
        time.sleep(dice.uniform(0.2, 0.9))
        victim = workers.pop(dice.randrange(2))
        os.kill(victim.pid, signal.SIGKILL)
        victim.join(30)
        assert victim.exitcode == -signal.SIGKILL, "a worker stopped by itself"
    for worker in workers:
        os.kill(worker.pid, signal.SIGKILL)
        worker.join(30)
    acknowledged = [line.split() for line in book.read_text().splitlines()]
    assert len(acknowledged) > 3 * KILLS
    engine = Engine(database_url)
    for instance_id in {line[1] for line in acknowledged}:
        done = Counter(item.element_id for item in engine.history(instance_id) if item.kind == "completed" and item.element_id in "ab")
        told = Counter(line[2] for line in acknowledged if line[1] == instance_id and line[0] == "complete")
        assert set(done.values()) <= {1} and set(told) <= set(done)
        for task in engine.user_tasks(instance_id):
            # What the dead one left can be gone on with.
            engine.complete(task.id, {}, actor="jo")
    report = engine.verify()
    assert report.faults == []
    engine.close()
