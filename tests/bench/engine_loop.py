"""A loop that runs for ever: a completion costs what it did, and the state does not grow."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

from driving import HEAD, element, flows, process, user
from sqlalchemy import func, select

from amends.engine import Engine
from amends.engine.store import tables as t

PASSES = int(os.environ.get("BENCH_PASSES", "5000"))
MOST = 1.2
GATE = element("exclusiveGateway", "m") + element("exclusiveGateway", "g", default="g_m")
LOOP = process(
    element("startEvent", "s") + GATE + user("u") + element("endEvent", "e")
    + flows("s>m", "m>u", "u>g", "g>m")
    + '<bpmn:sequenceFlow id="out" sourceRef="g" targetRef="e">'
    + "<bpmn:conditionExpression>=done</bpmn:conditionExpression></bpmn:sequenceFlow>",
    "loop",
)  # fmt: skip


def test_a_loop_stays_as_fast_and_as_small(database_url: str, tmp_path: Path) -> None:
    """After BENCH_PASSES passes (5,000) a completion takes at most 1.2 times what it takes after 50, in turn with one that has made 50; the
    state has its few bytes.
    """
    path = tmp_path / "loop.bpmn"
    path.write_text(HEAD.format(LOOP), encoding="utf-8")
    engine = Engine(database_url)
    engine.deploy(path)

    def begin() -> str:
        return engine.start("loop", {"done": False, "n": 100_000}, actor="bench")

    def go_round(instance_id: str, number: int) -> float:
        (task,) = engine.user_tasks(instance_id)
        began = time.perf_counter()
        engine.complete(task.id, {"n": 100_000 + number}, actor="bench")
        return time.perf_counter() - began

    old, young, sizes = begin(), begin(), list[int]()
    for number in range(PASSES):
        go_round(old, number)
        if number % (PASSES // 50) == 0:
            with engine.database.reading() as connection:
                sizes.append(connection.execute(select(func.length(t.instance.c.body)).where(t.instance.c.id == old)).scalar() or 0)
    for number in range(50):
        go_round(young, number)
    pairs = [(go_round(old, PASSES + number), go_round(young, 50 + number)) for number in range(300)]
    last, first = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"\n{PASSES} passes on {database_url.partition(':')[0]}: {1e3 * first:.2f} ms after 50, {1e3 * last:.2f} ms after them,", end=" ")
    print(f"{last / first:.2f} times; state {min(sizes)} to {max(sizes)} bytes")
    engine.complete(engine.user_tasks(old)[0].id, {"done": True}, actor="bench")
    assert engine.instance(old).state == "completed" and engine.verify().faults == []
    assert last / first <= MOST and max(sizes) - min(sizes) <= 16
    engine.close()
