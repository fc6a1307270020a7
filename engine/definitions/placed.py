"""What becomes of tokens that stand at elements of a scope without having come there by its flows, as those of a moved instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from amends.engine.definitions.check_flows import reach
from amends.engine.definitions.game import Game
from amends.engine.definitions.model import Element, Scope
from amends.engine.definitions.netgraph import ONE, Edge, Graph, Node, build, reduce
from amends.engine.definitions.together import Together

_LATER = "Let it go on until it is past that join, or to its end."
_FIRST = "Let one of the two be done before."


@dataclass(frozen=True, slots=True, order=True)
class Placed:
    """A token: at one of these elements (several behind an event-based gateway, of which one will happen).

    `flow` is the flow by which it came to a gateway that waits for others; `gone_on`: such a gateway has let it through already.
    """

    at: tuple[str, ...]
    flow: str = ""
    gone_on: bool = False


def same_ways(before: Scope, after: Scope, mapping: Mapping[str, str], placed: Iterable[Placed]) -> bool:
    """Whether what the tokens can come to is drawn alike in both: then they go on as they would have."""
    for name in reach(before, [name for token in placed for name in token.at]):
        target = mapping.get(name, name)
        if target not in after.elements or _shape(before, name, mapping) != _shape(after, target, {}):
            return False
    return True


def _shape(scope: Scope, name: str, mapping: Mapping[str, str]) -> tuple[object, ...]:
    element = scope.elements[name]
    ways = [(flow.id, mapping.get(flow.target, flow.target), flow.condition is None, flow.id == element.default)
            for flow in scope.outgoing(name)]  # fmt: skip
    events = sorted((mapping.get(event.id, event.id), event.kind, event.interrupting) for event in scope.boundaries(name))
    link = element.event.link_name if element.event is not None else None
    return element.type, element.kind, link, sorted(element.incoming), ways, events


def hindrances(scope: Scope, placed: Sequence[Placed]) -> list[tuple[str, str]]:
    """Why the tokens cannot go on as those that begin the scope do: (element, what is said).

    A parallel join that gets a token too few or too many waits for ever; two tokens on a way that only one can be on do twice what is
    drawn once. Conditions are not read: what may happen to these tokens and to none that began at a start is told.
    """
    return [*_doubled(scope, placed), *_kept_waiting(scope, placed)]


def _name(element: Element) -> str:
    return f"“{element.name or element.id}” ({element.id})"


# -- joins
def _kept_waiting(scope: Scope, placed: Sequence[Placed]) -> list[tuple[str, str]]:
    reached = set(reach(scope, [name for token in placed for name in token.at]))
    joins = [scope.elements[name] for name in reached if _joins(scope.elements[name])]
    if not joins:
        return []
    graph = build(scope)
    tokens = [_token(graph, token) for token in placed]
    starts, graph.starts = graph.starts, [*graph.starts, tokens]
    reduce(graph)
    usual, here = Game(graph), Game(graph)
    here.play([tokens])
    if not here.complete:
        names = " or ".join(sorted(map(_name, joins)))
        said = f"Whether {names} of the new version gets all of its tokens is more than can be played through."
        return [(joins[0].id, f"{said} {_LATER}")]
    if not here.blocked:
        return []
    usual.play(starts)
    told = []
    for node, missing in here.blocked.items():
        new = missing - usual.blocked.get(node, set()) if usual.complete and here.ends else missing
        if new:
            element = scope.elements[node.element]
            told.append((element.id, f"{_name(element)} of the new version would wait for ever: {_lacks(scope, new)}. {_LATER}"))
    return told


def _lacks(scope: Scope, missing: set[str]) -> str:
    sources = [scope.elements.get(scope.flows[name].source if name in scope.flows else name) for name in missing]
    names = " and ".join(sorted({_name(source) for source in sources if source is not None}))
    return f"there may be no token that comes to it by way of {names}" if names else "it may get a token too many"


def _joins(element: Element) -> bool:
    return element.type == "parallelGateway" and len(element.incoming) > 1


def _token(graph: Graph, placed: Placed) -> Node:
    """A node that gives the token to where it stands."""
    made = Node("")
    graph.nodes.append(made)
    if placed.gone_on:
        left = graph.entries[placed.at[0]]
        made.split = left.split
        for edge in list(left.targets):
            _beside(graph, made, edge)
    elif placed.flow:
        for edge in [edge for edge in graph.entries[placed.at[0]].sources if edge.flow == placed.flow]:
            _beside(graph, made, edge)
    else:
        made.split = ONE
        for name in placed.at:
            graph.connect(made, graph.entries[name])
    return made


def _beside(graph: Graph, made: Node, edge: Edge) -> None:
    """Let a token come by a flow that is there already: where it leads, it is still one way in."""
    if edge.target is graph.sink:
        graph.connect(made, graph.sink)
        return
    between = Node(edge.source.element)
    graph.nodes.append(between)
    after = Edge(between, edge.target, edge.flow)
    edge.target.sources[edge.target.sources.index(edge)] = after
    between.targets.append(after)
    edge.target = between
    between.sources.append(edge)
    graph.connect(made, between)


# -- two on one way
def _doubled(scope: Scope, placed: Sequence[Placed]) -> list[tuple[str, str]]:
    standing = [token for token in placed if not token.flow and not token.gone_on]
    if len(standing) < 2:
        return []
    together = Together(build(scope))
    told = []
    for number, one in enumerate(standing):
        for other in standing[number + 1 :]:
            if not any(together.at(a, b) for a in one.at for b in other.at):
                names = f"{_name(scope.elements[one.at[0]])} and {_name(scope.elements[other.at[0]])}"
                same = one.at == other.at
                said = (
                    f"Two of its tokens would stand at {_name(scope.elements[one.at[0]])}" if same else f"It would stand at {names} at once"
                )
                told.append((one.at[0], f"{said}, which never happens in the new version: what follows would be done twice. {_FIRST}"))
    return told
