"""Joins that wait for ever and loops nobody gets out of."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from amends.engine.definitions import read_diagram
from amends.engine.definitions.game import Game
from amends.engine.definitions.netgraph import Graph, reduce
from amends.engine.definitions.netgraph import build as build_graph

AND, XOR, OR, TASK, USER = "parallelGateway", "exclusiveGateway", "inclusiveGateway", "task", "userTask"


def process(types: dict[str, str], paths: list[str], extra: str = "") -> str:
    """Elements by id and type, and flows as words: `s x a j e`. Flows of choices have conditions."""
    flows = dict.fromkeys((a, b) for words in paths for a, b in zip(words.split(), words.split()[1:], strict=False))
    ways: dict[str, int] = {}
    for source, _ in flows:
        ways[source] = ways.get(source, 0) + 1
    text = "".join(f'<{kind} id="{name}"/>' for name, kind in {"s": "startEvent", "e": "endEvent", **types}.items())
    for source, target in flows:
        chosen = types.get(source) in (XOR, OR) and ways[source] > 1
        condition = "<conditionExpression>=true</conditionExpression>" if chosen else ""
        text += f'<sequenceFlow id="{source}-{target}" sourceRef="{source}" targetRef="{target}">{condition}</sequenceFlow>'
    return text + extra


GATES = {"a": TASK, "b": TASK}
AGAIN = "<timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition>"
TIMER = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
CASES: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "parallel block": (process({"x": AND, "j": AND, **GATES}, ["s x a j e", "x b j"]), []),
    "exclusive block": (process({"x": XOR, "j": XOR, **GATES}, ["s x a j e", "x b j"]), []),
    "inclusive block": (process({"x": OR, "j": OR, **GATES}, ["s x a j e", "x b j"]), []),
    "a parallel join fed by an exclusive split": (
        process({"x": XOR, "j": AND, **GATES}, ["s x a j e", "x b j"]), [("join-never", "j", "error")],
    ),
    "a parallel join fed by an inclusive split": (
        process({"x": OR, "j": AND, **GATES}, ["s x a j e", "x b j"]), [("join-may-wait", "j", "warning")],
    ),
    "an implicit split is a parallel one": (process({"j": AND, **GATES}, ["s a j e", "s b j"]), []),
    "nested blocks": (
        process({"x": AND, "j": AND, "y": XOR, "k": XOR, "c": TASK, **GATES}, ["s x a j e", "x y b k j", "y c k"]), [],
    ),
    "a branch that may end beside a join": (
        process({"x": AND, "j": AND, "y": XOR, **GATES}, ["s x a j e", "x y b j", "y e"]), [("join-may-wait", "j", "warning")],
    ),
    "a join that waits for what is never reached": (
        process({"j": AND, **GATES}, ["s a j e", "b j"]), [("join-never", "j", "error"), ("unreachable", "b", "error")],
    ),
    "a loop with a way out": (process({"m": XOR, "x": XOR, "a": USER}, ["s m a x e", "x m"]), []),
    "a loop without one that waits": (process({"m": XOR, "a": USER}, ["s m a m", "s e"]), [("endless-loop", "m", "warning")]),
    "a loop without one that does not": (process({"m": XOR, "a": TASK}, ["s m a m", "s e"]), [("endless-loop", "m", "error")]),
    "a task that goes back to itself and on": (process({"a": TASK}, ["s a e", "a a"]), [("endless-loop", "a", "error")]),
    "a loop that is entered whenever it is left": (
        process({"m": XOR, "x": AND, "a": TASK}, ["s m a x e", "x m"]), [("endless-loop", "m", "error")],
    ),
    "the same with somebody in it": (process({"m": XOR, "x": AND, "a": USER}, ["s m a x e", "x m"]), []),
    "a loop in a block": (
        process({"x": AND, "j": AND, "m": XOR, "y": XOR, "a": USER, "b": TASK}, ["s x m a y j e", "y m", "x b j"]), [],
    ),
    "two starts and a join": (
        process({"j": AND, "a": TASK}, ["s j e", "r a j"], '<startEvent id="r"/>'),
        [("join-never", "j", "error"), ("several-starts", "r", "error")],
    ),
    "no start event, and a join of what begins at once": (
        process({"j": AND, **GATES}, ["a j e", "b j"]).replace('<startEvent id="s"/>', ""), [("no-start", "a", "warning")],
    ),
    "a boundary event beside a join": (
        process(
            {"x": AND, "j": AND, "a": USER, "b": TASK}, ["s x a j e", "x b j", "t e"],
            f'<boundaryEvent id="t" attachedToRef="a">{TIMER}</boundaryEvent>',
        ),
        [("join-may-wait", "j", "warning")],
    ),
    "a boundary event that does not interrupt": (
        process(
            {"x": AND, "j": AND, "a": USER, "b": TASK}, ["s x a j e", "x b j", "t e"],
            f'<boundaryEvent id="t" attachedToRef="a" cancelActivity="false">{TIMER}</boundaryEvent>',
        ),
        [],
    ),
    "branches side by side that begin again and again": (
        process(
            {"a": USER, "y": AND, "j": AND, "b": USER, "c": USER}, ["s a e", "t y b j e", "y c j", "u e"],
            f'<boundaryEvent id="t" attachedToRef="a" cancelActivity="false">{AGAIN}</boundaryEvent>'
            f'<boundaryEvent id="u" attachedToRef="b" cancelActivity="false">{AGAIN}</boundaryEvent>',
        ),
        [],
    ),
    "an end that ends all": (
        process(
            {"x": AND, "m": XOR, "a": USER, "b": USER}, ["s x a m a", "x b t"],
            '<endEvent id="t"><terminateEventDefinition/></endEvent>',
        ).replace('<endEvent id="e"/>', ""),
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "problems"), CASES.values(), ids=CASES)
def test_what_gets_stuck_is_found_and_nothing_else(found: Any, build: Any, content: str, problems: list[tuple[str, str, str]]) -> None:
    """What can never go on is an error, what can wait for ever a warning, what is sound is not spoken of."""
    said = [p for p in found(build.draw(content)) if p.code != "never-true"]  # all its conditions always hold
    assert sorted((p.code, p.element_id, p.severity) for p in said) == problems


def test_a_loop_that_its_subprocess_interrupts_is_right(found: Any, build: Any) -> None:
    """A loop for ever is left by an interrupting boundary event or event subprocess around it."""
    loop = process({"m": XOR, "a": USER}, ["s m a m"]).replace('<endEvent id="e"/>', "").replace('"s', '"i')
    sub = f'<subProcess id="t">{loop}</subProcess>'
    boundary = f'<boundaryEvent id="b" attachedToRef="t">{TIMER}</boundaryEvent><endEvent id="f"/>{build.flow("b", "f")}'
    assert [(p.code, p.element_id) for p in found(build.draw(build.around(sub)))] == [("endless-loop", "m")]
    assert found(build.draw(build.around(sub) + boundary)) == []
    start = f'<startEvent id="v">{TIMER}</startEvent><endEvent id="w"/>{build.flow("v", "w")}'
    event = f'<subProcess id="u" triggeredByEvent="true">{start}</subProcess>'
    assert found(build.draw(build.around(sub) + event)) == []


class _EveryOrder(Game):
    """The game without the shortcut: every node that can go on is tried in every position."""

    __slots__ = ()

    def _successors(self, marking: tuple[int, ...], seen: set[tuple[int, ...]]) -> list[tuple[int, ...]]:
        enabled = self._enabled(marking)
        if not enabled:
            self._note_blocked(marking)
        return [item for node in enabled for item in self._fire(node, marking)]


def _random_diagram(chance: random.Random) -> str:
    names = [f"g{number}" for number in range(chance.randint(4, 7))]
    types = {name: chance.choice([AND, AND, XOR, XOR, TASK, OR]) for name in names}
    paths = [f"s {names[0]}"]
    for place, name in enumerate(names):
        for _ in range(chance.choice([1, 1, 2, 2, 3])):
            later, kind = names[place + 1 :], chance.random()
            target = chance.choice(later) if later and kind < 0.75 else chance.choice(names[: place + 1]) if kind < 0.85 else "e"
            paths.append(f"{name} {target}")
    extra = ""
    for place, name in enumerate(names[:-1]):
        if types[name] == TASK and chance.random() < 0.3:
            paths.append(f"again-{name} {chance.choice([*names[place + 1 :], 'e'])}")
            extra += f'<boundaryEvent id="again-{name}" attachedToRef="{name}" cancelActivity="false">{AGAIN}</boundaryEvent>'
    return process(types, paths, extra)


def _stuck(graph: Graph, game_type: type[Game]) -> Iterator[set[str]]:
    game = game_type(graph)
    game.play(graph.starts)
    if game.complete:
        yield {node.element for node in game.blocked if node not in game.fired}
        yield {node.element for node in game.blocked if node in game.fired}


def test_folding_and_shortcuts_change_no_verdict(build: Any) -> None:
    """On random graphs, the folded game played by one order finds what the whole one does by every order."""
    chance = random.Random(10002)
    compared = 0
    for _ in range(150):
        body = build.draw(_random_diagram(chance), layout=False)
        whole = build_graph(read_diagram(body, "r.bpmn").processes[0])
        folded = build_graph(read_diagram(body, "r.bpmn").processes[0])
        reduce(folded)
        expected, seen = list(_stuck(whole, _EveryOrder)), list(_stuck(folded, Game))
        if expected and seen:
            compared += 1
            assert seen == expected, body.decode()
    assert compared > 100


def test_blocks_fold_to_nothing(build: Any) -> None:
    """A large well-structured diagram leaves no game to play: its check grows with its size and no faster."""
    types: dict[str, str] = {}
    paths: list[str] = []
    last = "s"
    for number in range(200):
        a, j, x, y, t, u = (f"{letter}{number}" for letter in "ajxytu")
        types |= {a: AND, j: AND, x: XOR, y: XOR, t: TASK, u: TASK}
        paths += [f"{last} {a} {x} {t} {y} {j}", f"{x} {u} {y}", f"{a} {j}"]
        last = j
    paths.append(f"{last} e")
    body = build.draw(process(types, paths), layout=False)
    graph = build_graph(read_diagram(body, "a.bpmn").processes[0])
    reduce(graph)
    assert len(graph.nodes) <= 1
