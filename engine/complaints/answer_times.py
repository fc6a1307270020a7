"""Until when an answer is waited for: the timer by which the process goes on without one (ISO 10002, 7.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from amends.engine.definitions.model import Element, Scope

if TYPE_CHECKING:
    from amends.engine.definitions.package import Package
    from amends.engine.instances.views import Waiting


def waited_until(package: Package, waiting: Iterable[Waiting]) -> dict[str, datetime]:
    """By the name of a message, when the process goes on without it; one that nothing takes the place of is not in it.

    That is a timer behind the same event-based gateway, or on the border of the task that receives it.
    """
    messages: list[Waiting] = []
    timers: dict[str, datetime] = {}
    for one in waiting:
        if one.kind == "message":
            messages.append(one)
        elif one.kind == "timer" and one.due_at is not None:
            timers[one.element_id] = min(one.due_at, timers.get(one.element_id, one.due_at))
    found: dict[str, datetime] = {}
    for scope in (scope for process in package.processes.values() for scope in process.scopes()):
        for one in messages:
            for rival in _instead(scope, scope.elements.get(one.element_id)):
                if rival in timers:
                    found[one.name] = min(timers[rival], found.get(one.name, timers[rival]))
    return found


def _instead(scope: Scope, element: Element | None) -> Iterator[str]:
    """The elements that end the waiting of this one."""
    if element is None:
        return
    yield from (id_ for id_ in scope.attached.get(element.id, ()) if scope.elements[id_].interrupting)
    for flow_id in element.incoming:
        source = scope.elements.get(scope.flows[flow_id].source)
        if source is not None and source.type == "eventBasedGateway":
            yield from (scope.flows[other].target for other in source.outgoing)
