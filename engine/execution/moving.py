"""Move a running instance to another version of its process: each token to the element it is told, with everything it waits for.

What a token waits for stays as it is: a timer keeps its due time, a task its holder, a message its key. Boundary events and event
subprocesses follow their activity or scope: those the new version also has go on, others end, new ones begin to wait now. One that has
happened already, or was interrupted, does not wait again; one whose time is of another kind (a cycle, a duration, a date) is another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from SpiffWorkflow.util.task import TaskState

from amends.engine.definitions.placed import Placed
from amends.engine.execution.codec import dump, load
from amends.engine.execution.script_engine import FeelScriptEngine
from amends.engine.execution.token import BOUNDARY, TRIGGER
from amends.engine.execution.values import decode, encode
from amends.engine.execution.workflow import Execution

NUMBER, NAME, STATE, INTERNAL = range(4)
"""Where a token's parts are in an encoded state (`codec.dump`)."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Something that stops an instance from being moved: at which element, why, and what to do."""

    element_id: str
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(slots=True)
class Moved:
    """An execution in its new version. `moves` are (element before, element after) of what counts; `begun` and `ended` are events."""

    execution: Execution | None = None
    moves: list[tuple[str, str]] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)


def move(
    execution: Execution, spec: Any, script_engine: FeelScriptEngine, deployment: str, mapping: Mapping[str, str],
    own: Callable[[str], Any | None],
) -> Moved:  # fmt: skip
    """Work out the execution in another version; `execution` itself is left as it is.

    `spec` and `script_engine` are the new version's, `mapping` says for element ids where their tokens go (others keep their id),
    `own` gives the new version's spec of a process that was called in the old version, or None. With `stops`, there is no execution.
    """
    mover = _Mover(execution, mapping, own, deployment)
    state = decode(dump(execution))
    mover.scope(execution, spec, state["t"], None)
    mover.undoable(spec, state.get("u", []))
    for record in state["s"]:
        mover.inner(record)
    moved = mover.moved
    if moved.stops:
        return moved
    state["w"] = {mapping.get(name, name): actors for name, actors in state["w"].items()}
    made = load(encode(state), spec, script_engine, deployment)
    for token in made.all_tokens():
        # A join that waits may have all it needs in the new version; an inclusive one is looked at whenever nothing else moves.
        if token.task_spec.remembers_flow and token.state == TaskState.WAITING and token.incident is None:
            made.agenda.append(token)
    for owner, name, passive, host in mover.to_begin:
        scope = made if owner is None else made.subprocesses[owner]
        scope.lie_in_wait(scope.spec.task_specs[name], passive=passive, **({} if host is None else {"host": host}))
        moved.begun.append(name)
    moved.execution = made
    return moved


class _Mover:
    def __init__(self, execution: Execution, mapping: Mapping[str, str], own: Callable[[str], Any | None], deployment: str) -> None:
        self.execution, self.mapping, self.own, self.deployment = execution, mapping, own, deployment
        self.moved = Moved()
        self.to_begin: list[tuple[int | None, str, str, int | None]] = []
        self.specs: dict[int, Any] = {}
        """The new spec of every token that is moved, by its number: scopes inside of it follow."""
        self.before: dict[int, Any] = {}
        """Their old spec."""

    def inner(self, record: list[Any]) -> None:
        """One scope below a token: a subprocess, or a called process of the version that is left."""
        owner, name, is_process, origin, tokens, _, _, *undoable = record
        scope = self.execution.subprocesses[owner]
        if owner not in self.specs:
            return  # below something that could not be moved: said there
        if not is_process:
            spec = self.specs[owner].inner
        elif origin != self.execution.deployment:
            return  # a process of another package runs on in its own version
        else:
            spec = self.own(name)
            if spec is None:
                self.stop(self.execution_name(owner), f"The process {name} that runs here is not in the new version.")
                return
            record[3] = self.deployment
        record[1] = spec.name
        self.scope(scope, spec, tokens, owner)
        for items in undoable:
            self.undoable(spec, items)

    def execution_name(self, number: int) -> str:
        token = self.execution.token(number)
        return "" if token is None else str(token.task_spec.name)

    def stop(self, element_id: str, message: str) -> None:
        if Stop(element_id, message) not in self.moved.stops:
            self.moved.stops.append(Stop(element_id, message))

    def undoable(self, spec: Any, items: list[list[Any]]) -> None:
        """Rename, in place, what was done and can still be undone; what the new version could not undo stops the instance."""
        for item in items:
            name, runs = item
            target = self.mapping.get(name, name)
            after = spec.task_specs.get(target)
            if after is None or (after.undone_by is None and (not runs or getattr(after, "inner", None) is None)):
                self.stop(name, f"What was done at {name} can still be undone, and the new version has nothing that undoes it.")
                continue
            item[0] = target
            for _, inside in runs:
                self.undoable(after.inner, inside)

    # -- one scope
    def scope(self, scope: Any, spec: Any, tokens: list[list[Any]], owner: int | None) -> None:
        """Move the tokens of one scope, in place."""
        hosts = {record[NUMBER]: record for record in tokens if "passive" not in record[INTERNAL]}
        active = [record for record in hosts.values() if self.active(scope, spec, record)]
        if len(active) == len(hosts):
            self.goes_on(scope, spec, active)
        for record in active:
            record[NAME] = self.mapping.get(record[NAME], record[NAME])
        kept = [record for record in tokens if "passive" in record[INTERNAL] and self.passive(scope, spec, record)]
        for record in kept:
            record[NAME] = self.mapping.get(record[NAME], record[NAME])
        gone = [record for record in tokens if "passive" in record[INTERNAL] and record not in kept]
        self.moved.ended += [record[NAME] for record in gone]
        tokens[:] = [record for record in tokens if record not in gone]
        self.begin(scope, spec, active, kept, owner)

    def active(self, scope: Any, spec: Any, record: list[Any]) -> bool:
        """Whether a token that counts can go where it is to go; what stops it is noted."""
        before = scope.spec.task_specs[record[NAME]]
        target = self.mapping.get(before.name, before.name)
        after = spec.task_specs.get(target)
        called = before.bpmn_name or before.name
        if {"undo", "undoes"} & set(record[INTERNAL]):
            self.stop(before.name, f"It is undoing what was done (“{called}”); wait until that is over.")
            return False
        if after is None:
            there = f" There is no {target!r} in this place of the new version." if target != before.name else ""
            told = f"It stands at “{called}” ({before.name}), which the new version does not have.{there} Say to which element it goes."
            self.stop(before.name, told)
            return False
        reason = _differs(before.model, after.model)
        if reason is None and after.remembers_flow and record[STATE] == TaskState.WAITING:
            flow = record[INTERNAL].get("flow")
            if flow not in after.incoming:
                reason = f"one of its branches came by the flow {flow}, which does not lead there any more"
        if reason is not None:
            self.stop(before.name, f"It stands at “{called}” ({before.name}) and cannot go to {target}: {reason}.")
            return False
        for _, inside in record[INTERNAL].get("undoable", ()):
            self.undoable(after.inner, inside)
        self.specs[record[NUMBER]], self.before[record[NUMBER]] = after, before
        if (before.name, target) not in self.moved.moves:
            self.moved.moves.append((before.name, target))
        return True

    def goes_on(self, scope: Any, spec: Any, active: list[list[Any]]) -> None:
        """Note what would keep tokens waiting for ever that stand where they are to stand, or do twice what is drawn once."""
        before, here, groups = scope.spec.scope, list[Placed](), dict[int, list[str]]()
        for _, name, state, internal, _ in active:
            element = before.elements.get(name)
            if element is None or element.is_event_subprocess or "body" in internal or "listens" in internal:
                continue  # a listener, one of several instances, or what no flow leads to
            if "group" in internal:
                groups.setdefault(internal["group"], []).append(name)
            elif scope.spec.task_specs[name].remembers_flow:
                gone_on = state not in (TaskState.FUTURE, TaskState.WAITING)
                here.append(Placed((name,), "" if gone_on else internal["flow"], gone_on))
            else:
                here.append(Placed((name,)))
        here += [Placed(tuple(sorted(names))) for names in groups.values()]
        for element_id, message in spec.hindrances(before, tuple(sorted(self.mapping.items())), tuple(sorted(here))):
            self.stop(element_id, message)

    def passive(self, scope: Any, spec: Any, record: list[Any]) -> bool:
        """Whether a boundary event or event subprocess that waits is in the new version, at the same activity or scope."""
        before = scope.spec.task_specs[record[NAME]]
        after = spec.task_specs.get(self.mapping.get(before.name, before.name))
        if after is None or not self.same(before, after):
            return False
        if record[INTERNAL]["passive"] == BOUNDARY:
            host = self.specs.get(record[INTERNAL]["host"])
            return host is not None and after in host.boundaries
        return after in spec.triggers

    def same(self, before: Any, after: Any) -> bool:
        """Whether a boundary event or event subprocess of the old version is this one of the new."""
        if self.mapping.get(before.name, before.name) != after.name or before.model.type != after.model.type:
            return False
        return bool(before.interrupting == after.interrupting and _caught(before) == _caught(after))

    def only_new(self, before: Iterable[Any], after: Iterable[Any]) -> list[Any]:
        """The events that the old version does not have: what it has and does not wait for has happened already."""
        return [one for one in after if not any(self.same(other, one) for other in before)]

    def begin(self, scope: Any, spec: Any, active: Iterable[list[Any]], kept: Iterable[list[Any]], owner: int | None) -> None:
        """Note the boundary events and event subprocesses that only the new version has."""
        at = {(record[INTERNAL].get("host"), record[NAME]) for record in kept}
        for record in active:
            after, internal = self.specs[record[NUMBER]], record[INTERNAL]
            # One of several instances has no boundary events of its own, and one that is not entered yet gets them when it is.
            if not after.boundaries or "body" in internal or record[STATE] == TaskState.FUTURE or internal.get("done"):
                continue
            before = self.before[record[NUMBER]].boundaries
            if before and "attached" not in internal:
                continue  # its start listeners run: they wait when those are done
            internal["attached"] = True
            number = record[NUMBER]
            new = self.only_new(before, after.boundaries)
            self.to_begin += [(owner, one.name, BOUNDARY, number) for one in new if (number, one.name) not in at]
        if any("opens" in record[INTERNAL] or self.interrupts(record) for record in active):
            return  # it is not open yet, or has been interrupted: an event subprocess took its place
        new = self.only_new(scope.spec.triggers, spec.triggers)
        self.to_begin += [(owner, one.name, TRIGGER, None) for one in new if (None, one.name) not in at]

    def interrupts(self, record: list[Any]) -> bool:
        """Whether a token is an event subprocess that has interrupted what was around it."""
        spec = self.before[record[NUMBER]]
        return bool(spec.begun_by_event and spec.interrupting)


def _caught(spec: Any) -> tuple[tuple[str, str], ...]:
    """The kinds of events that a boundary event or event subprocess waits for, and of times what kind of time."""
    return tuple((trigger.kind, trigger.timer_kind or "") for trigger in getattr(spec, "triggers", ())) or ((str(spec.catches_kind), ""),)


def _differs(before: Any, after: Any) -> str | None:
    """Why a token cannot go from one element to another; None if it can."""
    if before.type != after.type:
        return f"that is a {after.type}, not a {before.type}"
    if before.kind != after.kind:
        return f"that is a {after.kind} event, not a {before.kind} event"
    if (before.loop is None) != (after.loop is None) or (before.loop is not None and before.loop.kind != after.loop.kind):
        return "only one of them is done several times, or they are in different ways"
    if before.ext.task_type != after.ext.task_type:
        return f"that runs the operation {after.ext.task_type!r}, not {before.ext.task_type!r}"
    if before.called_element != after.called_element and before.type == "callActivity":
        return f"that calls {after.called_element!r}, not {before.called_element!r}"
    return None
