"""A scope as a graph of joins and splits, made as small as its token game allows.

Every element becomes a join (how many of its incoming tokens it takes) before a split (how many of its outgoing flows it
feeds). Whatever is nested as blocks folds away; what is left is small, and is what `soundness` plays.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from amends.engine.definitions.model import Element, Scope

ANY, ALL, OR = "any", "all", "or"
"""How a join takes tokens: each one by itself, one from every flow, or all that can still come."""
ONE, SOME, OPTIONAL = "one", "some", "optional"
"""How a split gives tokens: to one flow, to at least one, to its first and any of the others. ALL: to each."""
SINK = ""


@dataclass(slots=True, eq=False)
class Node:
    """A join and a split in one; `sources` and `targets` are edges in order, `element` the id it stands for."""

    element: str
    join: str = ANY
    split: str = ALL
    sources: list[Edge] = field(default_factory=list)
    targets: list[Edge] = field(default_factory=list)
    ends_all: bool = False
    gone: bool = False


@dataclass(slots=True, eq=False)
class Edge:
    """A way from one node to another; `flow` is the id of the sequence flow by which it comes there.

    `again`: while the activity is open, its split may give it any number of tokens. The token game gives one: it counts no token beyond
    the second, and so would find joins left waiting that are not, where what happens several times makes more happen several times.
    """

    source: Node
    target: Node
    flow: str = ""
    again: bool = False


@dataclass(slots=True)
class Graph:
    """The nodes of a scope; `starts` are those an instance begins at, in groups that begin together, `sink` takes every token that ends.

    `entries` are the nodes that tokens come to, by the id of their element.
    """

    nodes: list[Node]
    starts: list[list[Node]]
    sink: Node
    entries: dict[str, Node] = field(default_factory=dict)

    @property
    def begin(self) -> list[Node]:
        """Every node that an instance may begin at."""
        return [node for start in self.starts for node in start]

    def connect(self, source: Node, target: Node, flow: str = "", again: bool = False) -> None:
        edge = Edge(source, target, flow, again)
        source.targets.append(edge)
        target.sources.append(edge)


def build(scope: Scope) -> Graph:
    """The graph of a scope as it is drawn."""
    sink = Node(SINK)
    graph = Graph([], [], sink)
    nodes = graph.entries
    for element in scope.elements.values():
        if element.is_event_subprocess or element.for_compensation:
            continue
        nodes[element.id] = node = _node(element, scope)
        graph.nodes.append(node)
    links = {
        element.event.link_name: element.id
        for element in scope.elements.values()
        if element.event is not None and element.kind == "link" and element.type == "intermediateCatchEvent"
    }
    for element_id, node in list(nodes.items()):
        element = scope.elements[element_id]
        if element.type == "boundaryEvent":
            continue
        _outgoing(graph, scope, element, node, nodes)
        for boundary in scope.boundaries(element_id):
            if boundary.kind == "compensation":
                continue  # what it leads to is no part of the flow
            _boundary(graph, scope, boundary, nodes)
        if element.event is not None and element.kind == "link" and element.type == "intermediateThrowEvent":
            target = links.get(element.event.link_name)
            if target is not None:
                node.targets.clear()
                graph.connect(node, nodes[target])
    graph.nodes = [node for node in graph.nodes if node.sources or node.targets]
    graph.starts = [[nodes[element.id] for element in start if element.id in nodes] for start in _starts(scope)]
    _tidy_sink(graph)
    return graph


def _starts(scope: Scope) -> list[list[Element]]:
    """What begins together: each start event by itself, what begins without one at once (BPMN 2.0, 13.2.1)."""
    begins = scope.begins
    implicit = not scope.start_events and not any(element.instantiates for element in begins)
    return [begins] if implicit else [[element] for element in begins]


def _node(element: Element, scope: Scope) -> Node:
    node = Node(element.id)
    if element.type == "parallelGateway":
        node.join = ALL
    elif element.type == "inclusiveGateway":
        node.join, node.split = OR, SOME
    elif element.type in ("exclusiveGateway", "eventBasedGateway", "complexGateway"):
        node.split = ONE
    elif any(flow.condition is not None for flow in scope.outgoing(element.id)):
        node.split = SOME
    node.ends_all = element.type == "endEvent" and element.kind in ("terminate", "error")
    return node


def _outgoing(graph: Graph, scope: Scope, element: Element, node: Node, nodes: dict[str, Node]) -> None:
    """The flows of an element; where it has boundary events, its own way out is one of several."""
    boundaries = [boundary for boundary in scope.boundaries(element.id) if boundary.kind != "compensation"]
    interrupting = [boundary for boundary in boundaries if boundary.interrupting]
    others = [boundary for boundary in boundaries if not boundary.interrupting]
    if boundaries:
        done = Node(element.id, split=node.split)
        graph.nodes.append(done)
        choice = node
        if others:
            node.split = OPTIONAL
            choice = Node(element.id, split=ONE) if interrupting else done
            graph.connect(node, choice)
            for boundary in others:
                graph.connect(node, nodes[boundary.id], again=_happens_again(boundary))
        if interrupting:
            choice.split = ONE
            if choice is not node:
                graph.nodes.append(choice)
            graph.connect(choice, done)
            for boundary in interrupting:
                graph.connect(choice, nodes[boundary.id])
        node = done
    _flows(graph, scope, element, node, nodes)


def _happens_again(boundary: Element) -> bool:
    """Whether a boundary event that does not interrupt may happen several times at one activity: all but a single time do."""
    event = boundary.event
    if event is None or event.kind != "timer":
        return True
    return event.timer_kind == "cycle" and not (event.text or "").lstrip().startswith(("R1/", "R0/"))


def _boundary(graph: Graph, scope: Scope, boundary: Element, nodes: dict[str, Node]) -> None:
    _flows(graph, scope, boundary, nodes[boundary.id], nodes)


def _flows(graph: Graph, scope: Scope, element: Element, node: Node, nodes: dict[str, Node]) -> None:
    for flow in scope.outgoing(element.id):
        target = nodes.get(flow.target)
        if target is not None:
            graph.connect(node, target, flow.id)
    if not node.targets and not node.ends_all:
        graph.connect(node, graph.sink)


def _tidy_sink(graph: Graph) -> None:
    """A token that a split sends straight to its end changes nothing for the others."""
    for node in graph.nodes:
        _drop_ends(graph, node)


def _drop_ends(graph: Graph, node: Node) -> bool:
    ends = [edge for edge in node.targets if edge.target is graph.sink]
    drop: list[Edge] = []
    if node.split == ONE:
        drop = ends[1:]
    elif node.split == ALL and len(node.targets) > 1:
        drop = ends if len(ends) < len(node.targets) else ends[1:]
    elif node.split == OPTIONAL:
        drop = [edge for edge in ends if edge is not node.targets[0]]
    for edge in drop:
        _cut(edge)
    return bool(drop)


def _cut(edge: Edge) -> None:
    edge.source.targets.remove(edge)
    edge.target.sources.remove(edge)


_BLOCKS = {(ONE, ANY), (ALL, ALL), (SOME, OR), (ONE, OR), (ALL, OR), (OPTIONAL, OR)}


def reduce(graph: Graph) -> None:
    """Fold away what cannot go wrong: sequences, blocks that split and join alike, and loops back to an exclusive join."""
    protected = set(map(id, graph.begin))
    pending = list(graph.nodes)
    while pending:
        node = pending.pop()
        if node.gone:
            continue
        touched = _fold(graph, node, id(node) in protected)
        pending.extend(touched)
    graph.nodes = [node for node in graph.nodes if not node.gone]


def _fold(graph: Graph, node: Node, protected: bool) -> list[Node]:
    """Apply one rule at a node; the nodes whose neighbourhood changed."""
    if len(node.sources) == 1 and len(node.targets) == 1 and not protected and not node.ends_all:
        return _skip(graph, node)
    if len(node.targets) == 1 and not node.ends_all and len(node.targets[0].target.sources) == 1:
        return _absorb(graph, node, node.targets[0].target)
    if len(node.targets) > 1:
        if _drop_ends(graph, node):
            return [node]
        seen: dict[int, Edge] = {}
        for edge in node.targets:
            twin = seen.setdefault(id(edge.target), edge)
            if twin is not edge and _mergeable(node, edge.target):
                _cut(edge)
                return [node, edge.target]
        if node.split == ONE and node.join == ANY:
            for edge in node.targets:
                if edge.target is node:
                    _cut(edge)
                    return [node]
    return []


def _mergeable(source: Node, target: Node) -> bool:
    """Whether two flows between these two are as good as one."""
    if target.element == SINK:
        return source.split == ONE
    return (source.split, target.join) in _BLOCKS and not (source.split == OPTIONAL and len(source.targets) > 2)


def _skip(graph: Graph, node: Node) -> list[Node]:
    """Take a node of one way in and one way out from between its neighbours."""
    before, after = node.sources[0], node.targets[0]
    if before is after or (before.source is after.target and before.source is not graph.sink and _loops(before.source)):
        return []
    node.gone = True
    after.target.sources[after.target.sources.index(after)] = before
    before.target, before.flow = after.target, after.flow
    return [before.source, after.target] if after.target is not graph.sink else [before.source]


def _absorb(graph: Graph, node: Node, after: Node) -> list[Node]:
    """Let a join with one way out, and the split it leads to, become one node."""
    if after is graph.sink or after is node or after.ends_all:
        return []
    after.gone = True
    node.split = after.split
    node.targets = after.targets
    for edge in node.targets:
        edge.source = node
    return [node, *(edge.target for edge in node.targets if edge.target is not graph.sink)]


def _loops(node: Node) -> bool:
    """Whether folding a way back onto this node would hide that its join and split are of different kinds."""
    return not (node.join == ANY and node.split == ONE)
