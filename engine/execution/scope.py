"""Variables and tokens of one scope: a process, a called process or a subprocess.

Variables follow Camunda 8: they live in scopes. Writing one changes it where it is already known, from the element outwards,
and otherwise makes it in the process; parallel branches of a process therefore share them and never lose each other's change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.util.task import TaskState

from amends.engine.execution.token import Token

Below = dict[int, list[Token]]


class ScopeMixin:
    """What `Execution` and `Scope` share. `data` holds the variables, `tasks` the tokens by id (0 is the root)."""

    spec: Any
    tasks: dict[int, Any]
    data: dict[str, Any]
    top_workflow: Any
    parent_workflow: Any
    script_engine: Any
    is_process: bool
    is_handler: bool
    written: set[str]
    deployment: str | None

    def _plant(self) -> None:
        self.data = {}
        self.written = set()
        self.undoable: list[Any] = []
        self.task_tree = Token(self, self.spec.start, None, TaskState.COMPLETED, id=0)

    def tokens(self) -> Iterator[Token]:
        """Every token but the root, oldest first."""
        return (token for number, token in list(self.tasks.items()) if number)

    # -- variables
    def variables(self, token: Token | None = None) -> dict[str, Any]:
        """The variables seen here, from the process inwards: its, its subprocesses', an activity's own, an instance's own."""
        seen: dict[str, Any] = {}
        for scope in self._outwards()[::-1]:
            seen.update(scope.data)
        if token is not None:
            # A boundary event sees what its activity sees, one of several instances what all of them see.
            for around in ("body", "host"):
                other = self.tasks.get(token.internal_data.get(around, -1))
                if other is not None:
                    seen.update(other.data)
            seen.update(token.data)
        return seen

    def context(self, token: Token | None = None) -> dict[str, Any]:
        """All names an expression can read here: variables, and above them what is reserved (clocks and constants)."""
        context = self.variables(token)
        context.update(self.script_engine.outside.constants)
        context["clocks"] = self.top_workflow.clock_view()
        return context

    def _outwards(self) -> list[Any]:
        chain: list[Any] = [self]
        while not chain[-1].is_process:
            chain.append(chain[-1].parent_workflow)
        return chain

    def process_scope(self) -> Any:
        """The process, called or not, that this scope belongs to."""
        return self._outwards()[-1]

    def assign(self, name: str, value: Any, token: Token | None = None) -> None:
        """Write a variable where it is known, or else in the process."""
        self.top_workflow.variables_changed = True
        changes: set[str] = self.top_workflow.changes.setdefault(name, set())
        if token is not None and name in token.data:
            changes.add("update")
            token.data[name] = value
            return
        for scope in self._outwards():
            if name in scope.data or scope.is_process:
                changes.add("update" if name in scope.data else "create")
                scope.data[name] = value
                scope.written.add(name)
                return

    # -- tokens
    def place(self, spec: Any, flow: str | None = None) -> Token:
        """A new token at an element, to be entered when its turn comes."""
        token = Token(self, spec, self.task_tree, TaskState.FUTURE)
        if flow is not None and spec.remembers_flow:
            token.internal_data["flow"] = flow
        self.top_workflow.agenda.append(token)
        return token

    def arrive(self, flow: Any) -> Token:
        """A token moves along a sequence flow."""
        self.top_workflow.note("taken", flow.id)
        return self.place(self.spec.task_specs[flow.target], flow.id)

    def lie_in_wait(self, spec: Any, **known: Any) -> None:
        """Tokens that wait beside the flow: one for each trigger of a boundary event or event subprocess."""
        for part in range(spec.parts):
            token = Token(self, spec, self.task_tree, TaskState.FUTURE)
            token.internal_data.update(known, **({"part": part} if spec.parts > 1 else {}))
            self.top_workflow.agenda.append(token)

    def remove(self, token: Token) -> None:
        """This token is done: what happened to it is in the history."""
        if self.tasks.pop(token.id, None) is not None:
            self.task_tree._children.remove(token.id)
            by = token.internal_data.get("undoes")
            if by:
                # Whatever became of a handler, done or cancelled: what had it run goes on.
                undoing = self.top_workflow.token(by)
                if undoing is not None:
                    self.top_workflow.agenda.append(undoing)

    def cancel_token(self, token: Token, below: Below | None = None) -> None:
        """End an element before it is done, with everything that belongs to it: `below`, where all of the scope is known already."""
        if token.id not in self.tasks:
            return
        if below is None:
            spec = token.task_spec
            whole = "body" not in token.internal_data  # boundary events belong to all instances together
            several = whole and (spec.boundaries or getattr(spec, "loop", None) is not None)
            below = self._below() if several or getattr(spec, "listeners", None) else {}
        others = below.get(token.id, [])
        top = self.top_workflow
        inner = top.subprocesses.pop(token.id, None)
        if inner is not None:
            inner.clear()
        if getattr(token.task_spec, "loop", None) is not None and "body" not in token.internal_data:
            for other in others:
                if other.internal_data.get("body") == token.id:
                    self.cancel_token(other, below)
        for other in others:
            if other.internal_data.get("listens") == token.id:
                self.cancel_token(other, below)
        for other in others:
            if other.internal_data.get("host") == token.id and other.passive:
                self.remove(other)
        if not token.passive:
            top.note("cancelled", token.task_spec.name, token)
        token._set_state(TaskState.CANCELLED)
        self.remove(token)

    def cancel_group(self, token: Token) -> None:
        """This event behind an event-based gateway has happened first: the others wait no longer."""
        group = token.internal_data.pop("group", None)
        if group is None:
            return
        for other in self.tokens():
            if other.internal_data.get("group") == group:
                if other.task_spec is token.task_spec:
                    self.remove(other)
                else:
                    self.cancel_token(other)
        flow = token.internal_data.pop("flow", None)
        if flow is not None:
            self.top_workflow.note("taken", flow)

    def _below(self) -> Below:
        """What belongs to a token, by its number: its instances, listeners and boundary events, the oldest first."""
        found: Below = {}
        for token in self.tokens():
            for key in ("body", "listens", "host"):
                number = token.internal_data.get(key)
                if number is not None:
                    found.setdefault(number, []).append(token)
        return found

    def discard_boundaries(self, host: Token) -> None:
        """The activity is over: its boundary events wait no longer."""
        if host.task_spec.boundaries:
            for token in self.tokens():
                if token.internal_data.get("host") == host.id and token.passive:
                    self.remove(token)

    def clear(self, keep: Token | None = None) -> None:
        """Cancel every token but `keep`."""
        below = self._below()
        for token in self.tokens():
            if token is not keep and token.id in self.tasks:
                self.cancel_token(token, below)

    def settle(self) -> None:
        """If no token is left that counts, the scope is finished (BPMN 2.0, 13.5.6)."""
        if any(number and not token.passive for number, token in self.tasks.items()):
            return
        self.clear()
        if self.is_process and self.spec.listeners and self.spec.listeners["after"]:
            self.place(self.spec.listeners["after"][0])
            return
        self.top_workflow.finished(self)
