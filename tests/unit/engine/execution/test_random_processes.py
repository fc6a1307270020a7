"""Random block-structured processes do what a reference token game says, step by step, through save and restore.

`AMENDS_RANDOM_PROCESSES=5000` in the environment plays that many; the normal suite some hundred, always the same.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

from blocks import VARIABLES, Maker, draw
from driving import Driver
from token_game import Game, Offer

from amends.engine.execution import dump, load, move
from amends.engine.execution.token import Token

MANY = int(os.environ.get("AMENDS_RANDOM_PROCESSES", "150"))
SEED = int(os.environ.get("AMENDS_RANDOM_SEED", "0"))
MOST_STEPS = 60
Key = tuple[str, tuple[int, ...]]


def key_of(token: Token) -> Key:
    """The element, and which of several instances, from the outermost inwards."""
    indices: list[int] = []
    name = getattr(token.task_spec, "start_id", token.task_spec.name)
    at: Any = token
    while at is not None:
        if "body" in at.internal_data:
            indices.insert(0, int(at.data["loopCounter"]))
        at = None if at.workflow.parent_task_id is None else at.workflow.parent_workflow.tasks[at.workflow.parent_task_id]
    return name, tuple(indices)


def open_in(d: Driver) -> dict[Key, list[Token]]:
    """What the engine says is open: the oldest first where several are alike."""
    found: dict[Key, list[Token]] = {}
    for token in d.waiting():
        if token.wait["kind"] in ("user", "message", "signal", "timer", "conditional"):
            found.setdefault(key_of(token), []).append(token)
    return found


def open_by(game: Game) -> dict[Key, list[Offer]]:
    """The same by the reference."""
    found: dict[Key, list[Offer]] = {}
    for offer in game.open():
        found.setdefault((offer.name, offer.region.indices), []).append(offer)
    return found


def restored(d: Driver) -> None:
    if d.execution.ended is None:
        body = dump(d.execution)
        d.execution = load(body, d.execution.spec, d.engine)
        assert dump(d.execution) == body


def moved(d: Driver, like: dict[str, Any]) -> None:
    """Move it to a version that is drawn alike: nothing begins to wait or ends by that. What is being undone is not moved."""
    if d.execution.ended is None:
        outcome = move(d.execution, like[d.execution.spec.name], d.engine, "like", {}, like.get)
        if outcome.stops:
            assert all("It is undoing what was done" in stop.message for stop in outcome.stops)
            return
        assert outcome.execution is not None and (outcome.begun, outcome.ended) == ([], [])
        d.execution = outcome.execution
        d.run()


def compare(d: Driver, game: Game, told: str) -> dict[Key, list[Token]]:
    """Both are at the same place, and what is active has something active in it."""
    ours, its = open_in(d), open_by(game)
    assert d.incidents == [], told
    assert {key: len(found) for key, found in ours.items()} == {key: len(found) for key, found in its.items()}, told
    assert (d.execution.ended is not None) == game.ended, told
    if d.execution.ended is None:
        assert any(not offer.passive for offer in game.open()), told
        assert any(not token.passive for found in ours.values() for token in found), told
        for scope in d.execution.scopes():
            assert any(not token.passive for token in scope.tokens()), told
    assert {name: d.variables[name] for name in VARIABLES} == game.variables, told
    return ours


def played(seed: int, counted: Counter[str] | None = None, moving: bool = False) -> None:
    """One process, to its end or for a while. `moving`: every other time it is moved to a version that is drawn alike, not restored."""
    dice = random.Random(seed)  # noqa: S311
    body, handlers = Maker(dice).process()
    variables = {name: dice.random() < 0.5 for name in VARIABLES}
    drawn = draw(body, handlers)
    like = Driver(drawn, save=False).specs if moving else {}
    d = Driver(drawn, save=False).start(**variables)
    game = Game(body, handlers, dict(variables))
    path: list[Key] = []
    fired: set[int] = set()
    for _ in range(MOST_STEPS):
        told = f"process {seed} after {path}"
        if moving and len(path) % 2:
            moved(d, like)
        else:
            restored(d)
        ours = compare(d, game, told)
        # What happens beside the flow happens once a piece: its tasks would otherwise be one like the other.
        can = {key: [token for token in found if token.wait["kind"] != "conditional"] for key, found in ours.items()}
        keys = sorted(key for key, found in can.items() if not all(token.id in fired for token in found))
        if d.execution.ended is not None or (not keys and len(path) > MOST_STEPS // 2):
            break
        given = {name: dice.random() < 0.5 for name in dice.sample(VARIABLES, 2)}
        if not keys or dice.random() < 0.05:  # nothing but conditions is waited for: somebody changes variables
            path.append(("change", ()))
            for name, value in given.items():
                d.execution.assign(name, value)
            game.change(given)
            d.run()
            continue
        tasks = [key for key in keys if ours[key][0].wait["kind"] == "user"]
        key = dice.choice(tasks if tasks and dice.random() < 0.8 else keys)
        at = next(number for number, token in enumerate(ours[key]) if token.id not in fired)
        token, offer = ours[key][at], open_by(game)[key][at]
        path.append(key)
        if token.wait["kind"] == "user":
            d.execution.complete(token, given)
            game.play(offer, given)
        else:
            fired.add(token.id)
            d.execution.fire(token, {})
            game.play(offer, {})
        d.run()
    if counted is not None:
        counted.update({"processes": 1, "steps": len(path), "ended": int(d.execution.ended is not None)})
        counted.update({f"with {kind}": 1 for kind in kinds(body)})
    if d.execution.ended is None:
        d.execution.cancel_all("enough")
        assert d.run().state == "terminated" and list(d.execution.all_tokens()) == []


def kinds(block: Any) -> set[str]:
    """What a process is made of."""
    found = {block.kind} | ({block.repeat} if block.repeat else set()) | ({"handler"} if block.undone else set())
    found |= {trigger for _, trigger in block.names}
    for event in [*block.bounds, *block.handlers]:
        found |= kinds(event.block) | {event.trigger, "interrupting" if event.interrupting else "not interrupting"}
    return found.union(*(kinds(part) for part in block.parts)) if block.parts else found


def test_a_move_to_what_is_drawn_alike_changes_nothing() -> None:
    """Wherever a random process stands: what has come does not come again, what waits goes on waiting."""
    for seed in range(SEED, SEED + MANY // 3):
        played(seed, moving=True)


def test_random_processes_do_what_the_reference_does() -> None:
    """Gateways, loops, boundary events, subprocesses, event subprocesses, several instances, errors, terminating, compensation,
    conditional events, transactions and called processes."""
    counted: Counter[str] = Counter()
    for seed in range(SEED, SEED + MANY):
        played(seed, counted)
    print(dict(counted))
    assert counted["processes"] == MANY and counted["ended"] > MANY // 3
    everything = {"xor", "or", "par", "loop", "event", "sub", "parallel", "sequential", "standard", "error", "terminate", "undo"}
    everything |= {"call", "transaction", "cancel", "wait", "conditional"}
    assert {kind for kind in everything if not counted[f"with {kind}"]} == set()
