"""A reference for what BPMN's elements do: block-structured processes played by hand, knowing nothing of the engine.

A `Block` is drawn by `blocks.py` and played here. The game says what is open (tasks, and events that wait), by element and by which
of several instances, and what is open after one of them is done. It goes on at once from one to the next, as deep as it can.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Done = Callable[[], None]


@dataclass
class Block:
    """A part of a process. `kind` says which of the others matter.

    seq, xor, or, par, loop: `parts` (the last one of xor and or is the default), `conditions` on variables.
    event: the first of `parts` whose event (by `names`) happens. task, sub, call, transaction: an activity, with `bounds`, `handlers` (of
    all but a task), `repeat` (None, parallel, sequential, standard), `times`, and whether something undoes it. wait: for the condition.
    error, terminate, cancel, undo: what it says.
    """

    kind: str
    name: str = ""
    parts: list[Block] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    names: list[tuple[str, str]] = field(default_factory=list)
    bounds: list[Event] = field(default_factory=list)
    handlers: list[Event] = field(default_factory=list)
    repeat: str | None = None
    times: int = 0
    test_before: bool = False
    undone: bool = False


@dataclass
class Event:
    """A boundary event and its path, or an event subprocess and its content."""

    name: str
    trigger: str
    interrupting: bool
    block: Block
    condition: str = ""


class Region:
    """What is cancelled together."""

    def __init__(self, around: Region | None, scope: Scope | None = None, index: int | None = None) -> None:
        self.alive = True
        self.inside: list[Region] = []
        self.scope: Any = scope or (around.scope if around is not None else None)
        self.indices: tuple[int, ...] = (() if around is None else around.indices) + (() if index is None else (index,))
        if around is not None:
            around.inside.append(self)

    def end(self) -> None:
        self.alive = False
        for region in self.inside:
            region.end()


@dataclass
class Memory:
    """The variables of a process, called or not, and which it has written."""

    values: dict[str, bool]
    written: set[str] = field(default_factory=set)

    def write(self, values: dict[str, bool]) -> None:
        self.values.update(values)
        self.written |= set(values)


class Scope:
    """A process or subprocess that runs: how many tokens it has, and what can be undone in it."""

    def __init__(
        self, around: Region, handlers: list[Event], finished: Done, activity: tuple[Any, ...] | None, memory: Memory | None
    ) -> None:
        self.memory: Memory = memory or around.scope.memory
        self.holder = Region(around, self)
        self.content = Region(self.holder, self)
        self.handlers, self.finished, self.activity = handlers, finished, activity
        self.tokens = 0
        self.undoable: list[Any] = []


@dataclass
class Offer:
    """Something that is open."""

    name: str
    region: Region
    happen: Done
    stays: bool
    passive: bool
    condition: str = ""
    held: bool = False


class Game:
    """Plays a process. `open()` says what may happen; `play` lets one of it happen."""

    def __init__(self, body: Block, handlers: list[Event], variables: dict[str, bool]) -> None:
        self.variables = variables
        self.offers: list[Offer] = []
        self.left: list[tuple[Region, Done]] = []
        self.ended = False
        self.memory = Memory(variables)
        self.scope(Region(None), body, handlers, self._end, None, self.memory)
        self.settle()

    def _end(self) -> None:
        self.ended = True

    def open(self) -> list[Offer]:
        self.offers = [offer for offer in self.offers if offer.region.alive]
        return self.offers

    def play(self, offer: Offer, variables: dict[str, bool]) -> None:
        offer.region.scope.memory.write(variables)
        self.happen(offer)
        self.settle()

    def change(self, variables: dict[str, bool]) -> None:
        """Somebody changes variables of the process."""
        self.memory.write(variables)
        self.settle()

    def happen(self, offer: Offer) -> None:
        if not offer.stays:
            self.offers.remove(offer)
        offer.happen()

    def settle(self) -> None:
        """Let every condition happen that has become true, then go on behind what is done, until nothing is left to do."""
        moved = True
        while moved:
            moved = False
            for offer in list(self.open()):
                if offer.condition and offer.region.alive:
                    before, offer.held = offer.held, self.holds(offer.condition, offer.region)
                    if offer.held and not before:
                        moved = True
                        self.happen(offer)
            if self.left and not moved:
                moved = True
                region, then = self.left.pop(0)
                if region.alive:
                    then()

    def offer(self, name: str, region: Region, happen: Done, stays: bool = False, passive: bool = False, condition: str = "") -> None:
        self.offers.append(Offer(name, region, happen, stays, passive, condition))

    def listen(self, event: Event, region: Region, happen: Callable[[Event], None]) -> None:
        """A boundary event or event subprocess waits, unless what throws it finds it."""
        if event.trigger not in ("error", "cancelled"):
            stays = not event.interrupting and event.trigger != "timer"
            self.offer(event.name, region, lambda: happen(event), stays, True, event.condition)

    def holds(self, condition: str, region: Region) -> bool:
        values = region.scope.memory.values
        return not values[condition[4:-1]] if condition.startswith("not(") else values[condition]

    # -- scopes
    def scope(
        self, around: Region, body: Block, handlers: list[Event], finished: Done, activity: tuple[Any, ...] | None,
        memory: Memory | None = None,
    ) -> None:  # fmt: skip
        scope = Scope(around, handlers, finished, activity, memory)
        for event in handlers:
            self.listen(event, scope.holder, lambda event: self.handle(scope, event))
        self.token(scope, body)

    def clear(self, scope: Scope) -> None:
        """Cancel all that runs and waits in a scope, which goes on."""
        scope.holder.end()
        scope.holder.alive, scope.tokens = True, 0
        scope.content = Region(scope.holder, scope)
        self.offers = [offer for offer in self.offers if offer.region is not scope.holder]

    def token(self, scope: Scope, block: Block) -> None:
        scope.tokens += 1
        content = scope.content
        self.run(block, content, lambda: self.leave(scope, content))

    def leave(self, scope: Scope, content: Region) -> None:
        if content.alive:
            scope.tokens -= 1
            if scope.tokens == 0:
                scope.holder.end()
                scope.finished()

    def handle(self, scope: Scope, event: Event) -> None:
        if event.interrupting:
            self.clear(scope)
        scope.tokens += 1
        content = scope.content
        own = Region(content)

        def finished() -> None:
            if own.inside[0].scope.undoable:
                scope.undoable.append([own.inside[0].scope.undoable])
            self.leave(scope, content)

        self.scope(own, event.block, [], finished, (event, content, None))

    def error(self, scope: Scope) -> None:
        for event in scope.handlers:
            if event.trigger == "error":
                self.handle(scope, event)
                return
        assert scope.activity is not None, "nobody catches the error"
        activity, region, caught = scope.activity
        if isinstance(activity, Block) and any(event.trigger == "error" for event in activity.bounds):
            caught(next(event for event in activity.bounds if event.trigger == "error"))
        else:
            self.error(region.scope)

    # -- blocks
    def run(self, block: Block, region: Region, done: Done) -> None:
        if region.alive:
            getattr(self, f"_{block.kind}")(block, region, done)

    def _seq(self, block: Block, region: Region, done: Done, at: int = 0) -> None:
        if at == len(block.parts):
            done()
        else:
            self.run(block.parts[at], region, lambda: self._seq(block, region, done, at + 1))

    def _xor(self, block: Block, region: Region, done: Done) -> None:
        true = [part for part, condition in zip(block.parts, block.conditions, strict=False) if self.holds(condition, region)]
        self.run((true or block.parts[-1:])[0], region, done)

    def _together(self, parts: list[Block], region: Region, done: Done) -> None:
        left = [len(parts)]

        def one() -> None:
            left[0] -= 1
            if left[0] == 0:
                done()

        for part in parts:
            self.run(part, region, one)

    def _or(self, block: Block, region: Region, done: Done) -> None:
        true = [part for part, condition in zip(block.parts, block.conditions, strict=False) if self.holds(condition, region)]
        self._together(true or block.parts[-1:], region, done)

    def _par(self, block: Block, region: Region, done: Done) -> None:
        self._together(block.parts, region, done)

    def _loop(self, block: Block, region: Region, done: Done) -> None:
        again = lambda: self._loop(block, region, done) if self.holds(block.conditions[0], region) else done()  # noqa: E731
        self.run(block.parts[0], region, again)

    def _event(self, block: Block, region: Region, done: Done) -> None:
        group = Region(region)
        for (name, trigger), part in zip(block.names, block.parts, strict=True):
            condition = block.conditions[0] if trigger == "conditional" else ""
            self.offer(name, group, lambda part=part: (group.end(), self.run(part, region, done)), condition=condition)  # type: ignore[misc]

    def _wait(self, block: Block, region: Region, done: Done) -> None:
        self.offer(block.name, region, done, condition=block.conditions[0])

    def _error(self, block: Block, region: Region, done: Done) -> None:
        self.error(region.scope)

    def _terminate(self, block: Block, region: Region, done: Done) -> None:
        region.scope.holder.end()
        region.scope.finished()

    def _cancel(self, block: Block, region: Region, done: Done) -> None:
        scope = region.scope
        self.clear(scope)
        undoable, scope.undoable = scope.undoable, []
        activity, _, caught = scope.activity
        self.undo(undoable, scope.content, lambda: caught(next(event for event in activity.bounds if event.trigger == "cancelled")))

    def _undo(self, block: Block, region: Region, done: Done) -> None:
        about = [region.scope]
        while about[-1].activity is not None and isinstance(about[-1].activity[0], Event):
            about.append(about[-1].activity[1].scope)
        taken = [scope.undoable for scope in about]
        for scope in about:
            scope.undoable = []

        def outwards(at: int) -> None:
            if at == len(about):
                done()
            else:
                # The throw and what it has run end together, wherever the throw stands.
                self.undo(taken[at], Region(region, about[at]), lambda: outwards(at + 1))

        outwards(0)

    def undo(self, undoable: list[Any], region: Region, done: Done) -> None:
        if not undoable:
            done()
            return
        rest, last = undoable[:-1], undoable[-1]
        if isinstance(last, str):
            self.offer(f"undo_{last}", region, lambda: self.left.append((region, lambda: self.undo(rest, region, done))))
        else:
            self.undo(last, region, lambda: self.undo(rest, region, done))

    # -- activities
    def _task(self, block: Block, region: Region, done: Done) -> None:
        whole = Region(region)
        runs: list[Any] = []

        def over() -> None:
            whole.end()
            found = [run for run in runs if run]
            if block.undone:
                region.scope.undoable.append(block.name)
            elif found:
                region.scope.undoable.append(found)
            self.left.append((region, done))

        def caught(event: Event) -> None:
            if event.interrupting:
                whole.end()
                self.run(event.block, region, done)
            else:
                self.token(region.scope, event.block)

        for event in block.bounds:
            self.listen(event, whole, caught)

        def once(index: int | None, then: Done) -> None:
            own = Region(whole, index=index)
            if block.kind == "task":
                self.offer(block.name, own, lambda: (own.end(), then()))
                return

            memory = Memory(dict(region.scope.memory.values)) if block.kind == "call" else None

            def finished() -> None:
                if memory is not None:
                    region.scope.memory.write({name: memory.values[name] for name in memory.written})
                else:  # what a called process did stays done
                    runs.append(own.inside[0].scope.undoable)
                own.end()
                then()

            self.scope(own, block.parts[0], block.handlers, finished, (block, region, caught), memory)

        self.repeat(block, once, over, whole)

    _sub = _call = _transaction = _task

    def repeat(self, block: Block, once: Callable[[int | None, Done], None], over: Done, whole: Region) -> None:
        ended = [0]

        def next_one() -> None:
            ended[0] += 1
            if block.repeat == "standard":
                again = ended[0] < block.times and self.holds(block.conditions[0], whole)
            else:
                again = ended[0] < block.times and not (block.conditions and self.holds(block.conditions[0], whole))
            if not again:
                over()
            elif block.repeat != "parallel":
                once(ended[0] + 1, next_one)

        def parallel() -> None:
            ended[0] += 1
            if ended[0] == block.times or (block.conditions and self.holds(block.conditions[0], whole)):
                over()

        if block.repeat is None:
            once(None, over)
        elif block.times == 0 or (block.repeat == "standard" and block.test_before and not self.holds(block.conditions[0], whole)):
            over()
        elif block.repeat == "parallel":
            for index in range(block.times):
                once(index + 1, parallel)
        else:
            once(1, next_one)
