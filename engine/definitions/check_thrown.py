"""Errors and escalations that are thrown, and that nothing which could be around them catches (BPMN 2.0, 10.5.1 and 10.5.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.findings import Findings, called
from amends.engine.definitions.model import Element, Process, Scope

_THROWS = ("endEvent", "intermediateThrowEvent")
_THEN = {
    "error": ("becomes an incident there, which somebody has to see to", "an error"),
    "escalation": ("goes on as if nothing had been thrown", "an escalation"),
}


class Surroundings:
    """What lies around each scope of a package: the activity it is in, or the call activities that call its process.

    One whose process is computed may call any.
    """

    def __init__(self, processes: Iterable[Process], expressions: Expressions) -> None:
        processes = list(processes)
        self._hosts: dict[Scope, list[tuple[Scope, Element]]] = {}
        self._within: dict[Scope, list[Element]] = {}
        self._catching: dict[Scope, Mapping[str, set[str | None]]] = {}
        top = {process.id: process for process in processes}
        for scope in (scope for process in processes for scope in process.scopes()):
            self._within[scope] = scope.event_subprocesses
            for element in scope.elements.values():
                if element.scope is not None:
                    self._hosts.setdefault(element.scope, []).append((scope, element))
                if element.type == "callActivity":
                    name = expressions.text(element.ext.called_process or element.called_element or "")
                    for inner in processes if name is None else [top[name]] if name in top else ():
                        self._hosts.setdefault(inner, []).append((scope, element))

    def is_called(self, process: Process) -> bool:
        """Whether something in the package may call a process."""
        return process in self._hosts

    def catching(self, scope: Scope) -> Mapping[str, set[str | None]]:
        """What catches that an event in a scope throws, to the outermost caller: the codes, None for any, by the kind of event.

        It is the same for all events of the scope, so it is worked out once.
        """
        if scope not in self._catching:
            caught: dict[str, set[str | None]] = {}
            for start in self._around(scope):
                for event in start.events:
                    caught.setdefault(event.kind, set()).add(event.code or None)
            self._catching[scope] = caught
        return self._catching[scope]

    def _around(self, scope: Scope) -> Iterator[Element]:
        """The boundary events and starts of event subprocesses around the events in a scope."""
        pending: list[tuple[Scope, Element | None]] = [(scope, None)]
        seen = set(pending)
        for scope, element in pending:
            if element is not None:
                yield from scope.boundaries(element.id)
            for sub in self._within.get(scope, ()):
                if sub is not element and sub.scope is not None:  # what an event subprocess throws is not for itself
                    yield from sub.scope.start_events
            for host in self._hosts.get(scope, ()):
                if host not in seen:
                    seen.add(host)
                    pending.append(host)


def check_thrown(found: Findings, process: Process, surroundings: Surroundings, expressions: Expressions) -> None:
    """Say what a process of a package throws to nobody."""
    # A call is to the latest version of a process, or to a tagged one, from whichever package.
    unless = ": it " if surroundings.is_called(process) else ". Unless another package that calls the process does, it "
    for scope in process.scopes():
        for element in scope.elements.values():
            event = element.event
            # What is thrown without a code is said as that.
            if event is None or event.kind not in _THEN or element.type not in _THROWS or not event.code:
                continue
            code = expressions.text(event.code)
            codes = surroundings.catching(scope).get(event.kind, set())
            if codes and (code is None or not codes.isdisjoint((code, None))):  # a computed code may be any that is caught
                continue
            then, one = _THEN[event.kind]
            what = f"the {event.kind} {code!r}" if code is not None else one
            message = f"{called(element)} throws {what}, and nothing around it in this package catches that{unless}{then}."
            help = f"Put {one} boundary event on the subprocess or call activity around it, or draw an event subprocess that it starts."
            found.warn(element, "uncaught", message, help)
