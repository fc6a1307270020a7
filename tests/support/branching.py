"""Random processes of user tasks of the same names: in a row, side by side, chosen, in subprocesses, begun by deadlines and reminders."""

from __future__ import annotations

import random

from driving import element, process, timer, user

TASKS = tuple(f"t{letter}" for letter in "abcdefgh")
_GATEWAYS = {"and": "parallelGateway", "xor": "exclusiveGateway", "or": "inclusiveGateway"}


class _Maker:
    """Draws blocks behind one another; every block that splits joins alike."""

    def __init__(self, dice: random.Random, tasks: list[str], numbers: list[int]) -> None:
        self.dice, self.tasks, self.numbers = dice, tasks, numbers
        self.parts: list[str] = []
        self.ways: list[tuple[str, str, str | None]] = []

    def new(self, kind: str) -> str:
        self.numbers[0] += 1
        return f"{kind}_{self.numbers[0]}"

    def add(self, tag: str, name: str, inside: str = "", **attributes: str) -> str:
        self.parts.append(element(tag, name, inside, **attributes))
        return name

    def block(self, at: str, depth: int) -> str:
        kind = self.dice.choice(["task", "task", "task", "and", "and", "xor", "or", "sub", "late"] if depth else ["task"])
        if kind in _GATEWAYS:
            return self.split(at, kind, depth)
        if kind == "sub":
            inner = _Maker(self.dice, self.tasks, self.numbers)
            inner.ways.append((inner.row(inner.add("startEvent", self.new("s")), depth - 1), inner.add("endEvent", self.new("e")), None))
            name = self.add("subProcess", self.new("sub"), inner.text())
        elif not self.tasks:
            return at
        else:
            name = self.tasks.pop(self.dice.randrange(len(self.tasks)))
            self.parts.append(user(name))
            if kind == "late" and self.tasks:
                again, told = self.dice.random() < 0.5, self.tasks.pop()
                when = timer("timeCycle", "R3/PT1S") if again else timer("timeDuration", "PT1S")
                late = self.add("boundaryEvent", f"{'again' if again else 'late'}_{name}", when, attachedToRef=name, cancelActivity="false")
                self.parts.append(user(told))
                self.ways.append((late, told, None))
                self.ways.append((self.row(told, depth - 1) if again else told, self.add("endEvent", self.new("e")), None))
        self.ways.append((at, name, None))
        return name

    def split(self, at: str, kind: str, depth: int) -> str:
        fork, join = (self.add(_GATEWAYS[kind], self.new(kind)) for _ in range(2))
        self.ways.append((at, fork, None))
        for number in range(self.dice.choice([2, 2, 3])):
            condition = None if kind == "and" else self.dice.choice(["c1", "c2"]) if number else "true"
            before = len(self.ways)
            last = self.row(fork, depth - 1)
            self.ways.append((last, join, None))
            first = next(place for place in range(before, len(self.ways)) if self.ways[place][0] == fork)
            self.ways[first] = (fork, self.ways[first][1], condition)
        return join

    def row(self, at: str, depth: int) -> str:
        for _ in range(self.dice.choice([0, 1, 1, 2])):
            at = self.block(at, depth)
        return at

    def text(self) -> str:
        drawn = []
        for number, (source, target, condition) in enumerate(self.ways):
            inside = "" if condition is None else f"<bpmn:conditionExpression>={condition}</bpmn:conditionExpression>"
            before = sum(way[:2] == (source, target) for way in self.ways[:number])
            name = f"{source}_{target}_{before}"
            drawn.append(f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inside}</bpmn:sequenceFlow>')
        return "".join([*self.parts, *drawn])


def branching(dice: random.Random) -> str:
    """A process; its choices read `c1` and `c2`."""
    maker = _Maker(dice, list(TASKS), [0])
    at = maker.add("startEvent", "s")
    for _ in range(dice.choice([1, 2, 3])):
        at = maker.block(at, 3)
    maker.ways.append((at, maker.add("endEvent", "e"), None))
    return process(maker.text())
