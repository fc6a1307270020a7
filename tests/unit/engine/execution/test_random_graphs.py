"""Random diagrams that are no blocks: `check` judges them all, and what it lets through goes on, saved and restored at every wait.

`AMENDS_RANDOM_GRAPHS=3000` in the environment makes up that many; the normal suite some hundred, always the same.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

from driving import HEAD, Driver
from graphs import Grapher

from amends.engine.definitions import check

MANY = int(os.environ.get("AMENDS_RANDOM_GRAPHS", "200"))
SEED = int(os.environ.get("AMENDS_RANDOM_SEED", "0"))
MOST_STEPS, MOST_TOKENS = 18, 300
FIRED = ("message", "signal", "timer")


def some(dice: random.Random) -> dict[str, Any]:
    return {"a": dice.random() < 0.5, "b": dice.random() < 0.5, "c": dice.randint(0, 3)}


def step(d: Driver, dice: random.Random) -> bool:
    """Let one of what may happen next happen; False where nothing can."""
    waiting = [token for token in d.waiting() if token.wait["kind"] != "conditional" and not token.incident]
    if not waiting or dice.random() < 0.15:
        for name, value in some(dice).items():
            d.execution.assign(name, value)
        d.run()
        return bool(waiting) or any(token.wait["kind"] == "conditional" for token in d.waiting())
    token = dice.choice(waiting)
    if token.wait["kind"] in FIRED:
        d.execution.fire(token, {})
    else:
        d.execution.complete(token, some(dice) if dice.random() < 0.4 else {})
    d.run()
    return True


def test_what_check_lets_through_goes_on() -> None:
    """To its end, or to an incident that says why; never to a place where nothing is active, and never otherwise for having been saved."""
    counted: Counter[str] = Counter()
    for seed in range(SEED, SEED + MANY):
        dice = random.Random(seed)  # noqa: S311
        body = Grapher(dice).draw()
        problems = check({"a.bpmn": HEAD.format(body).encode()})
        assert all(problem.element_id or problem.line is not None for problem in problems), seed
        if any(problem.severity == "error" for problem in problems):
            counted["refused"] += 1
            continue
        d = Driver(body).start(**some(dice), xs=[1, 2], key="k")
        for _ in range(MOST_STEPS):
            tokens = list(d.execution.all_tokens())
            if d.execution.ended is not None or len(tokens) > MOST_TOKENS or not step(d, dice):
                break
        if d.execution.ended is None:
            active = [token for token in d.execution.all_tokens() if not token.passive]
            assert any(token.wait or token.incident for token in active), f"diagram {seed} is active, with nothing active in it"
        counted[d.state] += 1
    print(dict(counted))
    assert counted["completed"] > MANY // 5 and counted["refused"] > MANY // 10
