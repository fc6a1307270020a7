"""Processes that call themselves on every way through them, directly or by way of others: none of them ever ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from amends.engine.definitions.check_flows import links_caught
from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.findings import Findings, called
from amends.engine.definitions.model import Element, Process, Scope
from amends.engine.definitions.soundness import WAITING

_ITSELF_WAITS = (WAITING - {"callActivity", "subProcess"}) | {"adHocSubProcess"}


class _Walk:
    """How far tokens get in some scopes and in those within: each element is looked at once, and once more when it lets them past.

    `inside` gives what has to end first: the process that an element calls or the scope in it, None where nothing has to.
    """

    def __init__(self, scopes: Iterable[Scope], inside: Callable[[Element], Scope | None]) -> None:
        self.ending: set[Scope] = set()
        self.held: dict[Scope, list[tuple[Scope, Element]]] = {}
        """The elements that tokens get to and no further, by what does not end."""
        self._seen: dict[Scope, set[str]] = {}
        self._links: dict[Scope, dict[str, list[str]]] = {}
        self._pending: list[tuple[Scope, Element]] = []
        for scope in scopes:
            self._begin(scope)
        while self._pending:
            scope, element = self._pending.pop()
            self._reach(scope, (boundary.id for boundary in scope.boundaries(element.id) if boundary.kind != "compensation"))
            first = inside(element)
            if first is not None:
                self._begin(first)
            if first is None or first in self.ending:
                self._past(scope, element)
            else:
                self.held.setdefault(first, []).append((scope, element))

    def _begin(self, scope: Scope) -> None:
        if scope in self._seen:
            return
        self._seen[scope] = set()
        self._links[scope] = links_caught(scope)
        self._reach(scope, (element.id for element in scope.begins))
        if any(start.interrupting for sub in scope.event_subprocesses if sub.scope is not None for start in sub.scope.start_events):
            self._ends(scope)

    def _reach(self, scope: Scope, names: Iterable[str]) -> None:
        seen = self._seen[scope]
        for name in names:
            if name in scope.elements and name not in seen:
                seen.add(name)
                self._pending.append((scope, scope.elements[name]))

    def _past(self, scope: Scope, element: Element) -> None:
        flows = scope.outgoing(element.id)
        self._reach(scope, (flow.target for flow in flows))
        if element.kind == "link" and element.type == "intermediateThrowEvent":
            self._reach(scope, self._links[scope].get((element.event and element.event.link_name) or "", ()))
        elif not flows:
            self._ends(scope)

    def _ends(self, scope: Scope) -> None:
        self.ending.add(scope)
        self._pending += self.held.pop(scope, ())


class EndlessCalls:
    """Which of some processes cannot end for what they call, whatever their conditions give: in each, the calls it gets no further than.

    A call whose process is not known here, that may run no times at all, or beside which an event may lead on, is taken to end.
    """

    def __init__(self, processes: Iterable[Process], expressions: Expressions) -> None:
        self.expressions = expressions
        self.known = {process.id: process for process in processes}
        walk = _Walk(self.known.values(), lambda element: self._target(element) or _within(element))
        stuck = [process for process in self.known.values() if process not in walk.ending]
        # What would not end if all that it calls did is said as a loop or a dead end.
        if_all_did = _Walk(stuck, _within).ending
        stopped: dict[Scope, list[tuple[Element, Scope]]] = {}
        for first, held in walk.held.items():
            for scope, element in held:
                stopped.setdefault(scope, []).append((element, first))
        self.calls = {process.id: _calls(process, stopped) for process in stuck if process in if_all_did}
        self.waiting = {name for name in self.calls if any(_waits(element) for element in self.known[name].all_elements())}

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

    def _target(self, element: Element) -> Process | None:
        """The process a call activity calls for certain, at least once; None for any other element."""
        if element.type != "callActivity" or element.loop is not None or element.ext.bindings.get("process") == "versionTag":
            return None
        return self.known.get(self.expressions.text(element.ext.called_process or element.called_element or "") or "")


def _within(element: Element) -> Scope | None:
    """The scope in an element that has to end for it to do so."""
    return element.scope if element.loop is None and element.type != "adHocSubProcess" else None


def _calls(scope: Scope, stopped: dict[Scope, list[tuple[Element, Scope]]]) -> dict[str, Element]:
    """The calls that tokens of a scope get to and no further, by the process they call."""
    found: dict[str, Element] = {}
    for element, first in stopped.get(scope, ()):
        for name, call in ({first.id: element} if isinstance(first, Process) else _calls(first, stopped)).items():
            found.setdefault(name, call)
    return found


def _waits(element: Element) -> bool:
    """Whether something is waited for in an element itself: somebody, an event, or a job, which may also end it by an error."""
    if element.type in _ITSELF_WAITS:
        return True
    # Whoever is told of an element's start or end does so by a job, and so is what throws a message by an operation.
    exts = (element.ext, *(event.ext for event in element.events))
    return any(ext.task_type or ext.execution_listeners for ext in exts)


def check_calls(found: Findings, process: Process, endless: EndlessCalls) -> None:
    """Say of a process that it calls itself for ever."""
    circle = endless.circle(process.id)
    if not circle:
        return
    element = endless.calls[process.id][circle[0]]
    others = "".join(f", which calls {name!r}" for name in circle[1:])
    message = f"{called(element)} calls the process {circle[0]!r}{others}. No way through {process.id!r} leads past that, so it never ends."
    # So many processes deep an incident stops it: at once, or where something is waited for on the way, with time.
    add = found.add if endless.waiting.isdisjoint(circle) else found.warn
    add(element, "endless-call", message, "Let a gateway with a condition lead past the call, to an end.")
