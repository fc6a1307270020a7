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
    event: the first of `parts` whose event (by `names`) happens. task, sub: an activity, with `bounds`, `handlers` (of a sub),
    `repeat` (None, parallel, sequential, standard), `times`, and whether something undoes it. error, terminate, undo: what it says.
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


class Scope:
    """A process or subprocess that runs: how many tokens it has, and what can be undone in it."""

    def __init__(self, around: Region, handlers: list[Event], finished: Done, activity: tuple[Any, ...] | None) -> None:
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


class Game:
    """Plays a process. `open()` says what may happen; `play` lets one of it happen."""

    def __init__(self, body: Block, handlers: list[Event], variables: dict[str, bool]) -> None:
        self.variables = variables
        self.offers: list[Offer] = []
        self.ended = False
        self.scope(Region(None), body, handlers, self._end, None)

    def _end(self) -> None:
        self.ended = True

    def open(self) -> list[Offer]:
        self.offers = [offer for offer in self.offers if offer.region.alive]
        return self.offers

    def play(self, offer: Offer, variables: dict[str, bool]) -> None:
        self.variables.update(variables)
        if not offer.stays:
            self.offers.remove(offer)
        offer.happen()

    def offer(self, name: str, region: Region, happen: Done, stays: bool = False, passive: bool = False) -> None:
        self.offers.append(Offer(name, region, happen, stays, passive))

    def holds(self, condition: str) -> bool:
        return not self.variables[condition[4:-1]] if condition.startswith("not(") else self.variables[condition]

    # -- scopes
    def scope(self, around: Region, body: Block, handlers: list[Event], finished: Done, activity: tuple[Any, ...] | None) -> None:
        scope = Scope(around, handlers, finished, activity)
        for event in handlers:
            if event.trigger != "error":
                stays = not event.interrupting and event.trigger != "timer"
                self.offer(event.name, scope.holder, lambda event=event: self.handle(scope, event), stays, passive=True)  # type: ignore[misc]
        self.token(scope, body)

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
            scope.holder.end()
            scope.holder.alive, scope.tokens = True, 0
            scope.content = Region(scope.holder, scope)
            self.offers = [offer for offer in self.offers if offer.region is not scope.holder]
        scope.tokens += 1
        content = scope.content
        inner = (event, content, None)
        self.scope(content, event.block, [], lambda: self.leave(scope, content), inner)

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
        true = [part for part, condition in zip(block.parts, block.conditions, strict=False) if self.holds(condition)]
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
        true = [part for part, condition in zip(block.parts, block.conditions, strict=False) if self.holds(condition)]
        self._together(true or block.parts[-1:], region, done)

    def _par(self, block: Block, region: Region, done: Done) -> None:
        self._together(block.parts, region, done)

    def _loop(self, block: Block, region: Region, done: Done) -> None:
        again = lambda: self._loop(block, region, done) if self.holds(block.conditions[0]) else done()  # noqa: E731
        self.run(block.parts[0], region, again)

    def _event(self, block: Block, region: Region, done: Done) -> None:
        group = Region(region)
        for (name, _), part in zip(block.names, block.parts, strict=True):
            self.offer(name, group, lambda part=part: (group.end(), self.run(part, region, done)))  # type: ignore[misc]

    def _error(self, block: Block, region: Region, done: Done) -> None:
        self.error(region.scope)

    def _terminate(self, block: Block, region: Region, done: Done) -> None:
        region.scope.holder.end()
        region.scope.finished()

    def _undo(self, block: Block, region: Region, done: Done) -> None:
        scope = region.scope
        while scope.activity is not None and isinstance(scope.activity[0], Event):
            scope = scope.activity[1].scope
        undoable, scope.undoable = scope.undoable, []
        # The throw and what it has run end together, wherever the throw stands.
        self.undo(undoable, Region(region, scope), done)

    def undo(self, undoable: list[Any], region: Region, done: Done) -> None:
        if not undoable:
            done()
            return
        rest, last = undoable[:-1], undoable[-1]
        if isinstance(last, str):
            self.offer(f"undo_{last}", region, lambda: self.undo(rest, region, done))
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
            done()

        def caught(event: Event) -> None:
            if event.interrupting:
                whole.end()
                self.run(event.block, region, done)
            else:
                self.token(region.scope, event.block)

        for event in block.bounds:
            if event.trigger != "error":
                stays = not event.interrupting and event.trigger != "timer"
                self.offer(event.name, whole, lambda event=event: caught(event), stays, passive=True)  # type: ignore[misc]

        def once(index: int | None, then: Done) -> None:
            own = Region(whole, index=index)
            if block.kind == "task":
                self.offer(block.name, own, lambda: (own.end(), then()))
                return

            def finished() -> None:
                runs.append(own.inside[0].scope.undoable)
                own.end()
                then()

            self.scope(own, block.parts[0], block.handlers, finished, (block, region, caught))

        self.repeat(block, once, over, whole)

    _sub = _task

    def repeat(self, block: Block, once: Callable[[int | None, Done], None], over: Done, whole: Region) -> None:
        ended = [0]

        def next_one() -> None:
            ended[0] += 1
            if block.repeat == "standard":
                again = ended[0] < block.times and self.holds(block.conditions[0])
            else:
                again = ended[0] < block.times and not (block.conditions and self.holds(block.conditions[0]))
            if not again:
                over()
            elif block.repeat != "parallel":
                once(ended[0] + 1, next_one)

        def parallel() -> None:
            ended[0] += 1
            if ended[0] == block.times or (block.conditions and self.holds(block.conditions[0])):
                over()

        if block.repeat is None:
            once(None, over)
        elif block.times == 0 or (block.repeat == "standard" and block.test_before and not self.holds(block.conditions[0])):
            over()
        elif block.repeat == "parallel":
            for index in range(block.times):
                once(index + 1, parallel)
        else:
            once(1, next_one)
