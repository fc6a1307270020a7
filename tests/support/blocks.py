"""Random block-structured processes: made up, and drawn as BPMN. `token_game.py` plays them."""

from __future__ import annotations

import random

from driving import element, flows, process, user
from token_game import Block, Event

VARIABLES = [f"c{number}" for number in range(5)]
MOST_ELEMENTS = 40


class Maker:
    """Makes up one process. What throws or undoes has a task before it, so that no two things happen at once that race."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.made = 0
        self.numbers = 0
        self.inside = 0
        self.transaction = False
        """Whether what is made stands in a transaction, and in nothing else within it."""

    def name(self, what: str) -> str:
        self.numbers += 1
        return f"{what}{self.numbers}"

    def condition(self) -> str:
        name = self.dice.choice(VARIABLES)
        return name if self.dice.random() < 0.6 else f"not({name})"

    def task(self) -> Block:
        self.made += 1
        return Block("task", self.name("task"), undone=self.dice.random() < 0.15)

    def sequence(self, depth: int, caught: bool, begins_with_task: bool = False) -> Block:
        parts = [self.task()] if begins_with_task or self.dice.random() < 0.3 else []
        for _ in range(self.dice.choice([0, 1, 1, 2, 2, 3] if depth < 4 else [3, 4, 5])):
            if self.made < MOST_ELEMENTS:
                parts.append(self.block(depth, caught))
        return Block("seq", parts=parts or [self.task()])

    def block(self, depth: int, caught: bool) -> Block:
        kinds = ["activity"] * 3 + (
            ["xor", "or", "par", "loop", "event", "sub", "sub", "call", "undo", "wait"] if depth > 0 else ["undo", "wait"]
        )
        kind = self.dice.choice(kinds)
        if kind in ("activity", "sub", "call"):
            return self.activity(
                {"activity": "task", "sub": self.dice.choice(["sub", "sub", "transaction"])}.get(kind, kind), depth - 1, caught
            )
        if kind == "wait":
            return Block("wait", self.name("wait"), conditions=[self.condition()])
        if kind == "undo":
            return Block("seq", parts=[self.task(), Block("undo", self.name("throw"))])
        name = self.name(kind)
        if kind == "loop":
            return Block("loop", name, [self.sequence(depth - 1, caught, True)], [self.condition()])
        parts = [self.sequence(depth - 1, caught) for _ in range(self.dice.choice([2, 2, 3]))]
        if kind == "event":
            triggers = [self.dice.choice(["signal", "timer", "message", "conditional"]) for _ in parts]
            names = [(self.name(trigger), trigger) for trigger in triggers]
            return Block("event", name, parts, [self.condition()], names=names)
        conditions = [self.condition() for _ in parts[1:]]
        if kind == "xor" and self.inside and self.dice.random() < 0.5:
            ends = ["error"] * 2 * caught + ["terminate"] + ["cancel"] * 4 * self.transaction
            parts[0] = Block("seq", parts=[self.task(), Block(self.dice.choice(ends), self.name("end"))])
        if kind == "xor" and self.dice.random() < 0.3:
            parts[-1] = Block("seq")
        return Block(kind, name, parts, conditions if kind in ("xor", "or") else [])

    def activity(self, kind: str, depth: int, caught: bool) -> Block:
        self.made += 1
        is_sub = kind != "task"
        made = Block(kind, self.name(kind), undone=self.dice.random() < 0.15)
        errors = is_sub and self.dice.random() < 0.5
        for _ in range(self.dice.choice([0, 0, 1, 1, 2])):
            trigger = self.dice.choice(["signal", "timer", "message", "conditional"])
            made.bounds.append(self.event(trigger, "b", depth, caught))
        if errors:
            made.bounds.append(Event(self.name("b"), "error", True, self.sequence(min(depth, 1), caught)))
        if kind == "transaction":
            made.bounds.append(Event(self.name("b"), "cancelled", True, self.sequence(min(depth, 1), caught)))
        if is_sub:
            self.inside, around, self.transaction = self.inside + 1, self.transaction, kind == "transaction"
            made.parts = [self.sequence(depth, caught or errors, True)]
            if kind == "transaction" and self.dice.random() < 0.7:
                gives_up = Block("seq", parts=[self.task(), Block("cancel", self.name("end"))])
                made.parts[0].parts.append(Block("xor", self.name("xor"), [gives_up, Block("seq")], [self.condition()]))
            self.inside, self.transaction = self.inside - 1, around
            if self.dice.random() < 0.3:
                made.handlers.append(self.handler())
        if self.dice.random() < 0.3 and kind != "transaction":
            made.repeat = self.dice.choice(["parallel", "sequential", "standard"])
            made.times = self.dice.choice([0, 1, 2, 3] if made.repeat != "standard" else [1, 2, 3])
            made.test_before = self.dice.random() < 0.5
            if made.repeat == "standard" or self.dice.random() < 0.5:
                made.conditions = [self.condition()]
            if made.times == 0 or made.test_before:
                # What is over before it begins is left at once: a condition that is true already would race with it.
                made.bounds = [event for event in made.bounds if event.trigger != "conditional"]
        return made

    def event(self, trigger: str, what: str, depth: int, caught: bool) -> Event:
        interrupting = self.dice.random() < 0.6
        # Beside the flow only one activity: several tokens of one path would meet in its gateways.
        block = self.sequence(min(depth, 1), caught) if interrupting else Block("seq", parts=[self.activity("task", 0, False)])
        return Event(self.name(what), trigger, interrupting, block, self.condition() if trigger == "conditional" else "")

    def handler(self) -> Event:
        trigger = self.dice.choice(["signal", "timer", "message", "error", "conditional"])
        interrupting = trigger == "error" or self.dice.random() < 0.5
        block = Block("seq", parts=[self.task(), self.activity("task", 0, False)])
        return Event(self.name("h"), trigger, interrupting, block, self.condition() if trigger == "conditional" else "")

    def process(self) -> tuple[Block, list[Event]]:
        handlers = [self.handler()] if self.dice.random() < 0.25 else []
        return self.sequence(4, any(event.trigger == "error" for event in handlers), True), handlers


_DEFINITIONS = {
    "signal": '<bpmn:signalEventDefinition signalRef="sg"/>',
    "timer": '<bpmn:timerEventDefinition><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">P1D</bpmn:timeDuration>'
    "</bpmn:timerEventDefinition>",
    "message": '<bpmn:messageEventDefinition messageRef="m"/>',
    "error": '<bpmn:errorEventDefinition errorRef="er"/>',
    "cancel": "<bpmn:cancelEventDefinition/>",
    "cancelled": "<bpmn:cancelEventDefinition/>",
    "terminate": "<bpmn:terminateEventDefinition/>",
    "undo": "<bpmn:compensateEventDefinition/>",
}
DECLARED = (
    '<bpmn:message id="m" name="news"><bpmn:extensionElements><zeebe:subscription correlationKey="=&quot;k&quot;"/>'
    '</bpmn:extensionElements></bpmn:message><bpmn:signal id="sg" name="alarm"/><bpmn:error id="er" name="bad" errorCode="E"/>'
)


def draw(body: Block, handlers: list[Event]) -> str:
    """The process as BPMN."""
    called: list[str] = []
    return DECLARED + process(_Drawing(called).scope("start", body, handlers)) + "".join(called)


def _definition(trigger: str, condition: str) -> str:
    if trigger == "conditional":
        return f"<bpmn:conditionalEventDefinition><bpmn:condition>={condition}</bpmn:condition></bpmn:conditionalEventDefinition>"
    return _DEFINITIONS[trigger]


class _Drawing:
    """Writes one scope; `put` gives the id of the element its part ends with, or None for a part that ends the path.

    Called processes are put beside it, into `called`.
    """

    def __init__(self, called: list[str]) -> None:
        self.xml = ""
        self.called = called

    def scope(self, start: str, body: Block, handlers: list[Event], begin: str = "", interrupting: bool = True) -> str:
        self.xml += element("startEvent", start, begin, isInterrupting=str(interrupting).lower())
        last = self.put(body, start)
        if last is not None:
            self.xml += element("endEvent", f"end_{start}") + flows(f"{last}>end_{start}")
        for event in handlers:
            begin = _definition(event.trigger, event.condition)
            inside = _Drawing(self.called).scope(event.name, event.block, [], begin, event.interrupting)
            self.xml += element("subProcess", f"es_{event.name}", inside, triggeredByEvent="true")
        return self.xml

    def way(self, source: str, target: str, condition: str = "") -> None:
        self.xml += flows(f"{source}>{target}" + (f": {condition}" if condition else ""))

    def put(self, block: Block, before: str, condition: str = "") -> str | None:
        if block.kind == "seq":
            at: str | None = before
            for part in block.parts:
                assert at is not None
                at = self.put(part, at, condition)
                condition = ""
            return at
        self.way(before, {"event": f"{block.name}_split", "loop": f"{block.name}_join"}.get(block.kind, block.name), condition)
        if block.kind in ("task", "sub", "call", "transaction"):
            return self.activity(block)
        if block.kind == "wait":
            self.xml += element("intermediateCatchEvent", block.name, _definition("conditional", block.conditions[0]))
            return block.name
        if block.kind in ("error", "terminate", "cancel"):
            self.xml += element("endEvent", block.name, _DEFINITIONS[block.kind])
            return None
        if block.kind == "undo":
            self.xml += element("intermediateThrowEvent", block.name, _DEFINITIONS["undo"])
            return block.name
        return self.loop(block) if block.kind == "loop" else self.event(block) if block.kind == "event" else self.gateway(block)

    def loop(self, block: Block) -> str:
        join, split, out = f"{block.name}_join", f"{block.name}_again", f"{block.name}_out"
        self.xml += element("exclusiveGateway", join) + element("exclusiveGateway", split, default=f"{split}_{out}") + element("task", out)
        last = self.put(block.parts[0], join)
        if last is not None:
            self.way(last, split)
        self.way(split, join, block.conditions[0])
        self.way(split, out)
        return out

    def event(self, block: Block) -> str:
        self.xml += element("eventBasedGateway", f"{block.name}_split") + element("exclusiveGateway", f"{block.name}_join")
        for (name, trigger), part in zip(block.names, block.parts, strict=True):
            self.xml += element("intermediateCatchEvent", name, _definition(trigger, block.conditions[0]))
            self.way(f"{block.name}_split", name)
            last = self.put(part, name)
            if last is not None:
                self.way(last, f"{block.name}_join")
        return f"{block.name}_join"

    def gateway(self, block: Block) -> str:
        tag = {"xor": "exclusiveGateway", "or": "inclusiveGateway", "par": "parallelGateway"}[block.kind]
        join = f"{block.name}_join"
        before = len(self.xml)
        for number, part in enumerate(block.parts):
            if not part.parts:
                self.way(block.name, join)
                continue
            condition = block.conditions[number] if number < len(block.conditions) else ""
            last = self.put(part, block.name, condition)
            if last is not None:
                self.way(last, join)
        split = {} if block.kind == "par" else {"default": f"{block.name}_{_first(block.parts[-1]) or join}"}
        made = element(tag, block.name, **split) + element(tag, join)
        self.xml = self.xml[:before] + made + self.xml[before:]
        return join

    def activity(self, block: Block) -> str | None:
        repeat = ""
        if block.repeat in ("parallel", "sequential"):
            done = f"<bpmn:completionCondition>={block.conditions[0]}</bpmn:completionCondition>" if block.conditions else ""
            items = ",".join(map(str, range(block.times)))
            repeat = (
                f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(block.repeat == "sequential").lower()}">'
                f'<bpmn:extensionElements><zeebe:loopCharacteristics inputCollection="=[{items}]"/></bpmn:extensionElements>{done}'
                "</bpmn:multiInstanceLoopCharacteristics>"
            )
        elif block.repeat == "standard":
            repeat = (
                f'<bpmn:standardLoopCharacteristics loopMaximum="{block.times}" testBefore="{str(block.test_before).lower()}">'
                f"<bpmn:loopCondition>={block.conditions[0]}</bpmn:loopCondition></bpmn:standardLoopCharacteristics>"
            )
        if block.kind == "task":
            self.xml += user(block.name, repeat)
        else:
            inside = _Drawing(self.called).scope(f"in_{block.name}", block.parts[0], block.handlers)
            if block.kind == "call":
                self.called.append(process(inside, f"of_{block.name}"))
                self.xml += element("callActivity", block.name, repeat, f'<zeebe:calledElement processId="of_{block.name}"/>')
            else:
                self.xml += element("subProcess" if block.kind == "sub" else "transaction", block.name, inside + repeat)
        if block.undone:
            self.xml += element("boundaryEvent", f"c_{block.name}", _DEFINITIONS["undo"], attachedToRef=block.name)
            self.xml += element("userTask", f"undo_{block.name}", ext="<zeebe:userTask/>", isForCompensation="true")
            self.xml += f'<bpmn:association id="a_{block.name}" sourceRef="c_{block.name}" targetRef="undo_{block.name}"/>'
        return self.bounds(block)

    def bounds(self, block: Block) -> str:
        merged = f"{block.name}_after"
        interrupting = [event for event in block.bounds if event.interrupting]
        for event in block.bounds:
            attributes = {"attachedToRef": block.name, "cancelActivity": str(event.interrupting).lower()}
            self.xml += element("boundaryEvent", event.name, _definition(event.trigger, event.condition), **attributes)
            last = self.put(event.block, event.name)
            if last is not None and event.interrupting:
                self.way(last, merged)
        if not interrupting:
            return block.name
        self.xml += element("exclusiveGateway", merged)
        self.way(block.name, merged)
        return merged


def _first(block: Block) -> str | None:
    """The id of the element a part begins with."""
    if block.kind == "seq":
        return _first(block.parts[0]) if block.parts else None
    return {"event": f"{block.name}_split", "loop": f"{block.name}_join"}.get(block.kind, block.name)
