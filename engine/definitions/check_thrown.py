"""Errors and escalations that are thrown, and that nothing which could be around them catches (BPMN 2.0, 10.5.1 and 10.5.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.findings import Findings, called
from amends.engine.definitions.model import Element, EventDefinition, Process, Scope

_THROWS = ("endEvent", "intermediateThrowEvent")
_THEN = {
    "error": ("it becomes an incident there, which somebody has to see to", "an error"),
    "escalation": ("it goes on as if nothing had been thrown", "an escalation"),
}


class Surroundings:
    """What lies around each scope of a package: the activity it is in, or the call activities that call its process.

    One whose process is computed may call any.
    """

    def __init__(self, processes: Iterable[Process], expressions: Expressions) -> None:
        processes = list(processes)
        self._hosts: dict[Scope, list[tuple[Scope, Element]]] = {}
        top = {process.id: process for process in processes}
        for scope in (scope for process in processes for scope in process.scopes()):
            for element in scope.elements.values():
                if element.scope is not None:
                    self._hosts.setdefault(element.scope, []).append((scope, element))
                if element.type == "callActivity":
                    name = expressions.text(element.ext.called_process or element.called_element or "")
                    for inner in processes if name is None else [top[name]] if name in top else ():
                        self._hosts.setdefault(inner, []).append((scope, element))

    def catching(self, scope: Scope, element: Element) -> Iterator[EventDefinition]:
        """What the boundary events and event subprocesses around an element catch, to the outermost caller."""
        pending = [(scope, element)]
        seen = set(pending)
        for scope, element in pending:
            yield from (event for boundary in scope.boundaries(element.id) for event in boundary.events)
            for sub in scope.event_subprocesses:
                if sub is not element and sub.scope is not None:  # what an event subprocess throws is not for itself
                    yield from (event for start in sub.scope.start_events for event in start.events)
            for host in self._hosts.get(scope, ()):
                if host not in seen:
                    seen.add(host)
                    pending.append(host)


def check_thrown(found: Findings, process: Process, surroundings: Surroundings, expressions: Expressions) -> None:
    """Say what a process of a package throws to nobody."""
    for scope in process.scopes():
        for element in scope.elements.values():
            event = element.event
            # What is thrown without a code is said as that.
            if event is None or event.kind not in _THEN or element.type not in _THROWS or not event.code:
                continue
            code = expressions.text(event.code)
            if any(_catches(other, event.kind, code) for other in surroundings.catching(scope, element)):
                continue
            then, one = _THEN[event.kind]
            what = f"the {event.kind} {code!r}" if code is not None else one
            message = f"{called(element)} throws {what}, and nothing around it in this package catches that: {then}."
            help = f"Put {one} boundary event on the subprocess or call activity around it, or draw an event subprocess that it starts."
            found.warn(element, "uncaught", message, help)


def _catches(event: EventDefinition, kind: str, code: str | None) -> bool:
    """Whether an event could catch what is thrown; a `code` of None is only known when it is thrown."""
    return event.kind == kind and (code is None or not event.code or event.code == code)
