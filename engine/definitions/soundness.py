"""Whether tokens can get stuck or run in circles for ever: played on the small graph that is left after folding blocks.

Conditions are not read: a choice may go any way. So what is found never to happen is certain, and what is found to happen in
some play is a possibility, which the data may exclude.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

from amends.engine.definitions.check_flows import reach
from amends.engine.definitions.findings import Findings, called, the
from amends.engine.definitions.model import Element, Process, Scope
from amends.engine.definitions.netgraph import ALL, ONE, OPTIONAL, OR, SOME, Edge, Graph, Node, build, reduce

MAX_STATES = 2_000
MAX_WORK = 1_000_000
"""How many positions are looked at for one scope, and how much work that may be in all; a larger game is left undecided."""
_MOST_WAYS = 8
_WAITING = frozenset({"userTask", "serviceTask", "sendTask", "receiveTask", "callActivity", "intermediateCatchEvent", "subProcess"})

_AT_ONCE = frozenset({"task", "manualTask", "scriptTask"})

Marking = tuple[int, ...]


def check_soundness(found: Findings, process: Process) -> None:
    """Joins that wait for ever and loops nobody gets out of, in a process and its subprocesses."""
    _scope(found, process, escapes=False)


def _scope(found: Findings, scope: Scope, escapes: bool) -> None:
    escapes = escapes or any(
        start.interrupting for sub in scope.event_subprocesses if sub.scope is not None for start in sub.scope.start_events
    )
    if scope.elements:
        _loops(found, scope, escapes)
        _joins(found, scope)
    for element in scope.elements.values():
        if element.scope is not None:
            cancelled = any(boundary.interrupting for boundary in scope.boundaries(element.id))
            _scope(found, element.scope, escapes or cancelled)


def _loops(found: Findings, scope: Scope, escapes: bool) -> None:
    """Elements that are reached and from which no end is."""
    begin = [element.id for element in scope.begins]
    reached = list(reach(scope, begin))
    back: dict[str, list[str]] = {}
    ends: list[str] = []
    for element_id in reached:
        element = scope.elements[element_id]
        targets = [flow.target for flow in scope.outgoing(element_id) if flow.target in scope.elements]
        if element.kind == "link" and element.type == "intermediateThrowEvent":
            targets += [name for name in reached if _same_link(scope.elements[name], element)]
        for target in (*targets, *scope.attached.get(element_id, ())):
            back.setdefault(target, []).append(element_id)
        if not targets:
            ends.append(element_id)
    leads_out = set(ends)
    pending = ends
    while pending:
        for before in back.get(pending.pop(), ()):
            if before not in leads_out:
                leads_out.add(before)
                pending.append(before)
    inside = set(reached) - leads_out
    circle = None if escapes or any(_ends_all(scope.elements[name]) for name in leads_out) else _circle(scope, reached)
    if circle is not None and circle not in inside:
        message = f"A token that comes to {the(scope.elements[circle])} always comes back to it, and nothing on its way waits."
        help = "Choose by a gateway with a condition whether it goes round again."
        found.add(scope.elements[circle], "endless-loop", message, help)
    trapped = [element for element in scope.elements.values() if element.id in inside]
    if not trapped or escapes or any(_ends_all(scope.elements[name]) for name in leads_out):
        return
    first = next((element for element in trapped if len(element.incoming) > 1), trapped[0])
    message = f"{called(first)} is in a loop that cannot be left: no path from it leads to an end."
    help = "Add a way out: a gateway with a condition, or an interrupting event."
    if any(element.type in _WAITING for element in trapped):
        found.warn(first, "endless-loop", message, help)
    else:
        found.add(first, "endless-loop", message + " Nothing in it waits, so it would run at once until it is stopped.", help)


def _always(element: Element, scope: Scope) -> list[str]:
    """Where a token that comes here always goes on to, at once: nothing waits, joins, chooses or interrupts."""
    ways = scope.outgoing(element.id)
    passes = element.type in _AT_ONCE and not element.ext.task_type and element.loop is None and not scope.attached.get(element.id)
    passes = passes or (element.type == "intermediateThrowEvent" and element.kind == "none")
    passes = passes or (element.type == "parallelGateway" and len(element.incoming) < 2)
    passes = passes or (element.type == "exclusiveGateway" and len(ways) == 1)
    return [flow.target for flow in ways if flow.condition is None and flow.id != element.default] if passes else []


def _circle(scope: Scope, reached: list[str]) -> str | None:
    """An element whose token comes back to it whatever happens, while others may leave beside it; None where there is none."""
    open_ways: dict[str, list[str]] = {}
    done: set[str] = set()
    for begin in reached:
        path = [begin] if begin not in done else []
        while path:
            here = path[-1]
            ways = open_ways.setdefault(here, _always(scope.elements[here], scope))
            if not ways:
                done.add(path.pop())
                continue
            target = ways.pop()
            if target in open_ways and target not in done:
                return target
            if target in scope.elements and target not in done:
                path.append(target)
    return None


def _same_link(catch: Element, throw: Element) -> bool:
    if catch.event is None or throw.event is None or catch.type != "intermediateCatchEvent":
        return False
    return catch.event.kind == "link" and catch.event.link_name == throw.event.link_name


def _ends_all(element: Element) -> bool:
    return element.type == "endEvent" and element.kind in ("terminate", "error")


def _joins(found: Findings, scope: Scope) -> None:
    """Parallel joins that wait for a token that does not come."""
    if not any(element.type == "parallelGateway" and len(element.incoming) > 1 for element in scope.elements.values()):
        return
    graph = build(scope)
    reduce(graph)
    game = _Game(graph)
    game.play()
    for node, missing in game.blocked.items():
        element = scope.elements[node.element]
        names = " and ".join(sorted(f'"{scope.elements[name].name or name}"' for name in missing if name in scope.elements))
        if node not in game.fired and game.complete:
            message = f"{called(element)} can never go on: it waits for all its flows, which are never all taken (not that from {names})."
            found.add(element, "join-never", message, "Join alternatives with an exclusive gateway, or split with a parallel one.")
        else:
            message = f"{called(element)} waits for ever where the flow from {names} is not taken."
            found.warn(element, "join-may-wait", message, "Join with an inclusive gateway, or let every way lead there.")


@dataclass(slots=True)
class _Game:
    """Plays the tokens of a graph in every way there is, within a bound."""

    graph: Graph
    fired: set[Node] = field(default_factory=set)
    blocked: dict[Node, set[str]] = field(default_factory=dict)
    complete: bool = True
    edges: list[Edge] = field(default_factory=list)
    index: dict[int, int] = field(default_factory=dict)
    awaited: dict[int, set[int]] = field(default_factory=dict)

    def play(self) -> None:
        """Fill in which joins ever go on, and which are left waiting for what."""
        self.edges = [edge for node in self.graph.nodes for edge in node.targets if edge.target is not self.graph.sink]
        self.index = {id(edge): number for number, edge in enumerate(self.edges)}
        for node in self.graph.nodes:
            if node.join == OR and len(node.sources) > 1:
                self.awaited[id(node)] = self._upstream(node)
        seen: set[Marking] = set()
        empty = (0,) * len(self.edges)
        most = min(MAX_STATES, MAX_WORK // (len(self.edges) + 1))
        pending = [marking for node in self.graph.begin for marking in self._emit(node, empty)]
        while pending:
            marking = pending.pop()
            if marking in seen or not any(marking):
                continue
            seen.add(marking)
            if len(seen) > most:
                self.complete = False
                return
            pending += self._successors(marking, seen)

    def _successors(self, marking: Marking, seen: set[Marking]) -> list[Marking]:
        """What can follow. One node is enough, as no other can take its tokens, unless that closes a circle."""
        enabled = self._enabled(marking)
        if not enabled:
            self._note_blocked(marking)
            return []
        for node in enabled[:1]:
            following = list(self._fire(node, marking))
            if not any(item in seen for item in following) and not any(other.ends_all for other in enabled):
                return following
        return [item for node in enabled for item in self._fire(node, marking)]

    def _enabled(self, marking: Marking) -> list[Node]:
        """The nodes that can go on, those that need no look at the rest of the game first."""
        plain: dict[int, Node] = {}
        waiting: dict[int, Node] = {}
        for number, count in enumerate(marking):
            node = self.edges[number].target
            if not count or id(node) in plain or id(node) in waiting:
                continue
            if node.join == ALL and not all(marking[self.index[id(edge)]] for edge in node.sources):
                continue
            if node.join == OR and id(node) in self.awaited:
                waiting[id(node)] = node
            else:
                plain[id(node)] = node
        if plain:
            ready = [node for node in waiting.values() if not self._more_to_come(node, marking)]
            return [*plain.values(), *ready]
        return [node for node in waiting.values() if not self._more_to_come(node, marking)] or list(waiting.values())

    def _more_to_come(self, node: Node, marking: Marking) -> bool:
        return any(marking[number] for number in self.awaited[id(node)])

    def _upstream(self, join: Node) -> set[int]:
        """The edges from which a token can still come to an inclusive join (not those that are at it)."""
        found: set[int] = set()
        pending = [edge.source for edge in join.sources if edge.source is not join]
        visited = {id(join)}
        while pending:
            node = pending.pop()
            if id(node) in visited:
                continue
            visited.add(id(node))
            for edge in node.sources:
                found.add(self.index[id(edge)])
                pending.append(edge.source)
        return found - {self.index[id(edge)] for edge in join.sources}

    def _fire(self, node: Node, marking: Marking) -> Iterator[Marking]:
        self.fired.add(node)
        after = list(marking)
        if node.join == ALL:
            for edge in node.sources:
                after[self.index[id(edge)]] -= 1
        elif node.join == OR:
            for edge in node.sources:
                number = self.index[id(edge)]
                after[number] -= 1 if after[number] else 0
        else:
            number = next(self.index[id(edge)] for edge in node.sources if after[self.index[id(edge)]])
            after[number] -= 1
        yield from self._emit(node, tuple(after))

    def _emit(self, node: Node, marking: Marking) -> Iterator[Marking]:
        """The markings after a node gave its tokens; a token is not counted beyond the second."""
        if node.ends_all:
            yield (0,) * len(marking)
            return
        for ways in _choices(node):
            after = list(marking)
            for edge in ways:
                if edge.target is not self.graph.sink:
                    number = self.index[id(edge)]
                    after[number] = min(2, after[number] + 1)
            yield tuple(after)

    def _note_blocked(self, marking: Marking) -> None:
        for number, count in enumerate(marking):
            node = self.edges[number].target
            if count and node.join == ALL:
                missing = {edge.source.element for edge in node.sources if not marking[self.index[id(edge)]]}
                self.blocked.setdefault(node, set()).update(missing)


def _choices(node: Node) -> Iterator[tuple[Edge, ...]]:
    """The sets of flows a node may take."""
    ways = tuple(node.targets)
    if node.split == ONE:
        yield from ((edge,) for edge in ways)
    elif node.split in (SOME, OPTIONAL) and len(ways) <= _MOST_WAYS:
        first = ways[:1] if node.split == OPTIONAL else ()
        rest = ways[len(first) :]
        for size in range(0 if first else 1, len(rest) + 1):
            yield from (first + chosen for chosen in combinations(rest, size))
    elif node.split in (SOME, OPTIONAL):
        yield ways
        yield from ((edge,) for edge in ways)
    else:
        yield ways
