"""Inbox, completion and sweep among BENCH_SCALE open tasks and timers (100,000; the bars are for a million), and ten thousand due."""

from __future__ import annotations

import os
import time
from datetime import timedelta

from children import children, hear, say

from amends.engine.operating.bench import Scale, measure_scale
from amends.engine.operating.bench.scale import DUE_AT_ONCE

MANY = int(os.environ.get("BENCH_SCALE", "100000"))
MOST_OF_ONE = 0.7


def test_many_cost_what_few_do(database_url: str) -> None:
    """Every figure within its limit, and the history verifies."""
    lines = measure_scale(database_url, MANY)
    print(f"\n{database_url.partition(':')[0]}")
    for line in lines:
        print(f"{line.what:70} {line.figure:10.2f} {line.unit:6} {'' if line.most is None else f'at most {line.most:g}'}")
    assert [line for line in lines if not line.held] == []


def test_two_workers_are_faster_than_one(postgres_url: str) -> None:
    """Ten thousand timers due at once: two take at most 0.7 of the time of one, and each fires once."""
    scale = Scale(postgres_url)
    took = []
    for workers in (1, 2):
        before = scale.fired()
        scale.grow(DUE_AT_ONCE, "soon")
        with children("firing.py", *([postgres_url, "2"] for _ in range(workers))) as running:
            began = time.monotonic()
            for child in running:
                say(child, "go")
            ran = sum(int(hear(child)) for child in running)
            took.append(time.monotonic() - began)
        assert (ran, scale.fired() - before) == (DUE_AT_ONCE, DUE_AT_ONCE)
    print(f"\none worker {took[0]:.1f} s, two {took[1]:.1f} s: {took[1] / took[0]:.2f}")
    scale.ahead = timedelta()
    assert scale.engine.verify().faults == []
    scale.engine.close()
    assert took[1] / took[0] <= MOST_OF_ONE
