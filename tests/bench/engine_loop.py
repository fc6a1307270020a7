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
    """After BENCH_PASSES passes (5,000) a completion takes at most 1.2 times what it took after 50, and the state its few bytes."""
    path = tmp_path / "loop.bpmn"
    path.write_text(HEAD.format(LOOP), encoding="utf-8")
    engine = Engine(database_url)
    engine.deploy(path)
    instance_id = engine.start("loop", {"done": False, "n": 100_000}, actor="bench")
    taken: list[float] = []
    sizes: list[int] = []
    for number in range(PASSES):
        (task,) = engine.user_tasks(instance_id)
        began = time.perf_counter()
        engine.complete(task.id, {"n": 100_000 + number}, actor="bench")
        taken.append(time.perf_counter() - began)
        if number % (PASSES // 50) == 0 or number == 50:
            with engine.database.reading() as connection:
                sizes.append(connection.execute(select(func.length(t.instance.c.body)).where(t.instance.c.id == instance_id)).scalar() or 0)
    first, last = statistics.median(taken[50:250]), statistics.median(taken[-200:])
    print(f"\n{PASSES} passes on {database_url.partition(':')[0]}: {1e3 * first:.2f} ms, then {1e3 * last:.2f} ms,", end=" ")
    print(f"{last / first:.2f} times; state {min(sizes)} to {max(sizes)} bytes")
    engine.complete(engine.user_tasks(instance_id)[0].id, {"done": True}, actor="bench")
    assert engine.instance(instance_id).state == "completed" and engine.verify().faults == []
    assert last / first <= MOST and max(sizes) - min(sizes) <= 16
    engine.close()
