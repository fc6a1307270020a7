"""Which elements of a scope can have a token at the same time.

The relation is the least that what begins and splits together, and what goes on beside it, makes (Kovalyov and Esparza, "A polynomial
algorithm to compute the concurrency relation of free-choice signal transition graphs", 1996). Where inclusive gateways and several
triggers make more of a graph than that, it holds more pairs than there are, never fewer.
"""

from __future__ import annotations

from amends.engine.definitions.netgraph import ALL, ONE, Graph, Node


class Together:
    """The pairs of flows of a graph that can have a token at the same time."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        edges = [edge for node in graph.nodes for edge in node.targets]
        self.number = {id(edge): number for number, edge in enumerate(edges)}
        self.nodes = [edge.target for edge in edges]
        self.standing: dict[str, list[int]] = {}
        """For each element the flows on which a token stands at it: an activity with boundary events is several nodes."""
        for number, node in enumerate(self.nodes):
            self.standing.setdefault(node.element, []).append(number)
        self.beside = [0] * len(edges)
        """For each flow the others, as bits."""
        self.pending: list[tuple[int, int]] = []
        for start in graph.starts:
            for place, one in enumerate(start):
                for other in start[place + 1 :]:
                    self._pairs(self._targets(one), self._targets(other))
        for node in graph.nodes:
            self._split(node)
        while self.pending:
            self._beside(*self.pending.pop())

    def at(self, one: str, other: str) -> bool:
        """Whether tokens can stand at these two elements, or twice at one, at the same time."""
        ones, others = self.standing.get(one), self.standing.get(other)
        if not ones or not others:
            return True  # what begins by no flow
        return any(self.beside[a] >> b & 1 for a in ones for b in others)

    def _targets(self, node: Node) -> list[int]:
        return [self.number[id(edge)] for edge in node.targets]

    def _split(self, node: Node) -> None:
        """What a node gives at once."""
        if node.split != ONE:
            targets = self._targets(node)
            for place, one in enumerate(targets):
                self._pairs([one], targets[place + (0 if node.targets[place].again else 1) :])

    def _pairs(self, ones: list[int], others: list[int]) -> None:
        for a in ones:
            for b in others:
                if not self.beside[a] >> b & 1:
                    self.beside[a] |= 1 << b
                    self.beside[b] |= 1 << a
                    self.pending += [(a, b), (b, a)]

    def _beside(self, stays: int, goes: int) -> None:
        """What stands beside a flow that can go on stands beside what comes of it."""
        node = self.nodes[goes]
        if node.join == ALL and not all(self.beside[stays] >> self.number[id(edge)] & 1 for edge in node.sources):
            return
        self._pairs([stays], self._targets(node))
