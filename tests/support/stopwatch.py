"""How much of the processor something costs, on a machine that may be slower than ours, and has other things to do."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence

TRIES = 3
YARDSTICK = 0.012
"""Seconds that the work of `_yardstick` takes on the machine on which the bounds were set (2026, CPython 3.11)."""


def took(call: Callable[[], object], within: float) -> float:
    """Seconds of the processor that a call costs, as they would be on the machine on which its bound was set.

    What is slow is slow each time, a moment of somebody else's is not: unless it keeps `within`, it is called again, three times at
    most, and the least counts. The collector of garbage does not walk what earlier tests left.
    """
    least = float("inf")
    for _ in range(TRIES):
        gc.freeze()
        try:
            slowness = max(1.0, _seconds(_yardstick) / YARDSTICK)
            least = min(least, _seconds(call) / slowness)
        finally:
            gc.unfreeze()
        if least < within:
            break
    return least


def apart(calls: Sequence[Callable[[], object]], within: float) -> float:
    """By how much of the slowest one calls differ, that take turns: the medians of their quicker halves are compared.

    Unless they keep `within`, they are asked again, three times at most, and the least counts.
    """
    least = float("inf")
    for _ in range(TRIES):
        taken: list[list[float]] = [[] for _ in calls]
        for _ in range(120):
            for call, times in zip(calls, taken, strict=True):
                times.append(_seconds(call))
        medians = [statistics.median(sorted(times)[: len(times) // 2]) for times in taken]
        least = min(least, (max(medians) - min(medians)) / max(medians))
        if least < within:
            break
    return least


def _seconds(call: Callable[[], object]) -> float:
    begun = time.process_time()
    call()
    return time.process_time() - begun


def _yardstick() -> object:
    """Work of the kind that is measured: small objects, dictionaries, calls."""
    return [{"a": (n, str(n))} for n in range(30_000)]
