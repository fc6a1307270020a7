"""Processes that call themselves on every way through them, directly or by way of others: none of them ever ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from amends.engine.definitions.check_flows import links_caught
from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.findings import Findings, called
from amends.engine.definitions.model import Element, Process, Scope
from amends.engine.definitions.soundness import WAITING

_ITSELF_WAITS = WAITING - {"callActivity", "subProcess"}


class EndlessCalls:
    """Which of some processes cannot end for what they call, whatever their conditions give: in each, the calls it gets no further than.

    A call whose process is not known here, that may run no times at all, or beside which an event may lead on, is taken to end.
    """

    def __init__(self, processes: Iterable[Process], expressions: Expressions) -> None:
        self.expressions = expressions
        self.known = {process.id: process for process in processes}
        self.ending: set[str] = set()
        callers: dict[str, list[str]] = {}
        for process in self.known.values():
            for element in process.all_elements():
                target = self._target(element)
                if target is not None:
                    callers.setdefault(target, []).append(process.id)
        # In turns, so that a process that calls many is not looked through again for each of them.
        pending = dict.fromkeys(self.known)
        while pending:
            name = next(iter(pending))
            del pending[name]
            if name not in self.ending and self._passes(self.known[name]):
                self.ending.add(name)
                pending.update(dict.fromkeys(callers.get(name, ())))
        held = [process for process in self.known.values() if process.id not in self.ending and self._would_end(process)]
        self.calls: dict[str, Mapping[str, Element]] = {process.id: self._held_up(process) for process in held}

    def circle(self, name: str) -> list[str]:
        """The shortest way by which a process comes to call itself: the processes called, itself the last; empty if it does not."""
        came_from: dict[str, str] = {}
        pending = [name]
        for at in pending:
            for target in self.calls.get(at, ()):
                if target == name:
                    way = [name]
                    while at != name:
                        way.append(at)
                        at = came_from[at]
                    return way[::-1]
                if target not in came_from:
                    came_from[target] = at
                    pending.append(target)
        return []

    def _would_end(self, process: Process) -> bool:
        """Whether it could end if all that it calls did; where not, that is said as a loop or a dead end."""
        ending, self.ending = self.ending, set(self.known)
        try:
            return self._passes(process)
        finally:
            self.ending = ending

    def _target(self, element: Element) -> str | None:
        """The process a call activity calls for certain, at least once; None for any other element."""
        if element.type != "callActivity" or element.loop is not None or element.ext.bindings.get("process") == "versionTag":
            return None
        name = self.expressions.text(element.ext.called_process or element.called_element or "")
        return name if name in self.known else None

    def _passes(self, scope: Scope) -> bool:
        """Whether some path from where a scope begins leads to where it ends."""
        if any(start.interrupting for sub in scope.event_subprocesses if sub.scope is not None for start in sub.scope.start_events):
            return True
        return any(not scope.outgoing(element.id) and not _is_link(element) for element in self._through(scope, []))

    def _through(self, scope: Scope, stopped: list[Element]) -> list[Element]:
        """The elements of a scope that tokens get to and beyond; `stopped` takes those they get to and no further."""
        through: list[Element] = []
        links = links_caught(scope)
        pending = [element.id for element in scope.begins]
        seen = set(pending)
        while pending:
            element = scope.elements[pending.pop()]
            targets = [boundary.id for boundary in scope.boundaries(element.id) if boundary.kind != "compensation"]
            if self._lets_through(element):
                through.append(element)
                targets += [flow.target for flow in scope.outgoing(element.id)]
                targets += links.get((element.event and element.event.link_name) or "", ()) if _is_link(element) else ()
            else:
                stopped.append(element)
            for target in targets:
                if target in scope.elements and target not in seen:
                    seen.add(target)
                    pending.append(target)
        return through

    def _lets_through(self, element: Element) -> bool:
        target = self._target(element)
        if target is not None:
            return target in self.ending
        return element.scope is None or element.loop is not None or element.type == "adHocSubProcess" or self._passes(element.scope)

    def _held_up(self, scope: Scope) -> dict[str, Element]:
        """The calls that tokens of a scope get to and no further, by the process they call."""
        stopped: list[Element] = []
        self._through(scope, stopped)
        found: dict[str, Element] = {}
        for element in stopped:
            target = self._target(element)
            if target is not None:
                found.setdefault(target, element)
            elif element.scope is not None:
                for name, inner in self._held_up(element.scope).items():
                    found.setdefault(name, inner)
        return found


def check_calls(found: Findings, process: Process, endless: EndlessCalls) -> None:
    """Say of a process that it calls itself for ever."""
    circle = endless.circle(process.id)
    if not circle:
        return
    element = endless.calls[process.id][circle[0]]
    others = "".join(f", which calls {name!r}" for name in circle[1:])
    message = f"{called(element)} calls the process {circle[0]!r}{others}. No way through {process.id!r} leads past that, so it never ends."
    # So many processes deep an incident stops it: at once, or where something is waited for on the way, with time.
    waits = any(each.type in _ITSELF_WAITS for name in circle for each in endless.known[name].all_elements())
    add = found.warn if waits else found.add
    add(element, "endless-call", message, "Let a gateway with a condition lead past the call, to an end.")


def _is_link(element: Element) -> bool:
    return element.kind == "link" and element.type == "intermediateThrowEvent"
