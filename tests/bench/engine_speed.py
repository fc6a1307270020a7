"""A durable, audited completion and start against bare SpiffWorkflow's load + run + save; statements; bytes; memory."""

from __future__ import annotations

import resource

from amends.engine import Engine
from amends.engine.operating.bench import measure_engine
from amends.engine.operating.bench.diagrams import complaint

INSTANCES = 2_000
MOST_GROWTH_MB = 60


def test_what_it_costs(database_url: str) -> None:
    """What `amends bench` measures, with the size over two thousand instances."""
    lines = measure_engine(database_url, 7, INSTANCES)
    print(f"\n{database_url.partition(':')[0]}")
    for line in lines:
        print(f"{line.what:60} {line.figure:10.2f} {line.unit:6} {'' if line.most is None else f'at most {line.most:g}'}")
    assert [line for line in lines if not line.held] == []


def test_hot_instances_take_bounded_memory(database_url: str) -> None:
    """Three thousand instances of 100 kB each: what is kept at hand stays within its bound, so the process does."""
    engine = Engine(database_url)
    engine.deploy({"bench.bpmn": complaint(feel=True)})

    def some(number: int) -> None:
        for _ in range(number):
            engine.start("bench", {"severity": "low", "text": "".join(f"{item:07x} " for item in range(12_500))}, actor="bench")

    some(500)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    some(2_500)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\n{before} MB after 500 instances of 100 kB, {after} MB after 3,000")
    assert after - before <= MOST_GROWTH_MB
    engine.close()
