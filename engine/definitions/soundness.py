"""Whether tokens can get stuck or run in circles for ever: played on the small graph that is left after folding blocks.

Conditions are not read: a choice may go any way. So what is found never to happen is certain, and what is found to happen in
some play is a possibility, which the data may exclude.
"""

from __future__ import annotations

from amends.engine.definitions.check_flows import reach
from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.findings import Findings, called, the
from amends.engine.definitions.game import Game
from amends.engine.definitions.model import Element, Loop, Process, Scope
from amends.engine.definitions.netgraph import build, reduce

WAITING = frozenset({"userTask", "serviceTask", "sendTask", "receiveTask", "callActivity", "intermediateCatchEvent", "subProcess"})

_AT_ONCE = frozenset({"task", "manualTask", "scriptTask"})


def check_soundness(found: Findings, process: Process, expressions: Expressions) -> None:
    """Joins that wait for ever and loops nobody gets out of, in a process and its subprocesses."""
    _scope(found, process, escapes=False)
    for scope in process.scopes():
        for element in scope.elements.values():
            if element.loop is not None and element.loop.kind == "standard":
                _again(found, scope, element, element.loop, expressions)


def _again(found: Findings, scope: Scope, element: Element, loop: Loop, expressions: Expressions) -> None:
    """A standard loop that nothing ends."""
    always = loop.condition is None or expressions.always(loop.condition)
    if not always or loop.maximum or any(boundary.interrupting for boundary in scope.boundaries(element.id)):
        return
    message = f"{called(element)} runs again and again: its loop has neither a condition that may fail nor a maximum."
    add = found.warn if element.type in WAITING else found.add
    add(element, "endless-loop", message, "Fill in a loop condition, or the most times that it may run.", line=loop.line)


def _scope(found: Findings, scope: Scope, escapes: bool, chosen: bool = False) -> None:
    """A scope and those in it. `chosen`: it is an ad-hoc subprocess, in which any of its first elements may begin alone."""
    escapes = escapes or any(
        start.interrupting for sub in scope.event_subprocesses if sub.scope is not None for start in sub.scope.start_events
    )
    if scope.elements:
        _loops(found, scope, escapes)
        _joins(found, scope, chosen)
    for element in scope.elements.values():
        if element.scope is not None:
            cancelled = any(boundary.interrupting for boundary in scope.boundaries(element.id))
            _scope(found, element.scope, escapes or cancelled, element.type == "adHocSubProcess")


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
    if any(element.type in WAITING for element in trapped):
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


def _joins(found: Findings, scope: Scope, chosen: bool) -> None:
    """Parallel joins that wait for a token that does not come."""
    if not any(element.type == "parallelGateway" and len(element.incoming) > 1 for element in scope.elements.values()):
        return
    graph = build(scope)
    reduce(graph)
    game = Game(graph)
    game.play([*graph.starts, *([node] for node in graph.begin)] if chosen else graph.starts)
    for node, missing in game.blocked.items():
        element = scope.elements[node.element]
        sources = [scope.elements.get(scope.flows[name].source if name in scope.flows else name) for name in missing]
        names = " and ".join(sorted({f'"{source.name or source.id}"' for source in sources if source is not None}))
        if node not in game.fired and game.complete:
            message = f"{called(element)} can never go on: it waits for all its flows, which are never all taken (not that from {names})."
            found.add(element, "join-never", message, "Join alternatives with an exclusive gateway, or split with a parallel one.")
        else:
            message = f"{called(element)} waits for ever where the flow from {names} is not taken."
            found.warn(element, "join-may-wait", message, "Join with an inclusive gateway, or let every way lead there.")
