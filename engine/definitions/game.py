"""The token game on a graph of joins and splits: where tokens can come to, and where they are left waiting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from amends.engine.definitions.netgraph import ALL, ONE, OPTIONAL, OR, SOME, Edge, Graph, Node

MAX_STATES = 2_000
MAX_WORK = 1_000_000
"""How many positions are looked at for one scope, and how much work that may be in all; a larger game is left undecided."""
_MOST_WAYS = 8

Marking = tuple[int, ...]


@dataclass(slots=True)
class Game:
    """Plays the tokens of a graph in every way there is, within a bound.

    `fired` are the nodes that went on, `blocked` the joins that were left waiting and for which flows; `ends` says whether some
    play came to an end with nothing left over, `complete` whether all of them were looked at.
    """

    graph: Graph
    fired: set[Node] = field(default_factory=set)
    blocked: dict[Node, set[str]] = field(default_factory=dict)
    ends: bool = False
    complete: bool = True
    edges: list[Edge] = field(default_factory=list)
    index: dict[int, int] = field(default_factory=dict)
    awaited: dict[int, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.edges = [edge for node in self.graph.nodes for edge in node.targets if edge.target is not self.graph.sink]
        self.index = {id(edge): number for number, edge in enumerate(self.edges)}
        for node in self.graph.nodes:
            if node.join == OR and len(node.sources) > 1:
                self.awaited[id(node)] = self._upstream(node)

    def play(self, starts: Iterable[Sequence[Node]]) -> None:
        """Fill in which joins ever go on, and which are left waiting for what. A start is nodes that begin together."""
        seen: set[Marking] = set()
        empty = (0,) * len(self.edges)
        most = min(MAX_STATES, MAX_WORK // (len(self.edges) + 1))
        pending = [marking for start in starts for marking in self._together(start, empty)]
        while pending:
            marking = pending.pop()
            if not any(marking):
                self.ends = True
                continue
            if marking in seen:
                continue
            seen.add(marking)
            if len(seen) > most:
                self.complete = False
                return
            pending += self._successors(marking, seen)

    def _together(self, start: Sequence[Node], empty: Marking) -> list[Marking]:
        markings = [empty]
        for node in start:
            markings = list(dict.fromkeys(after for marking in markings for after in self._emit(node, marking)))
        return markings

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
                missing = {edge.flow or edge.source.element for edge in node.sources if not marking[self.index[id(edge)]]}
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
