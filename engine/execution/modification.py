"""Move an instance by hand: start before or after an element, cancel one, let one that is stuck be done, bring one back to life.

Nothing here follows BPMN's flow: whoever asks for it says where the instance is to go on, and the elements there behave as ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.util.task import TaskState

from amends.engine.errors import AmendsError, Conflict, Invalid
from amends.engine.execution.token import TRIGGER, Token
from amends.engine.execution.workflow import Execution, Scope


@dataclass(frozen=True, slots=True)
class Moves:
    """Where to begin before and after an element (its id), and what to cancel. What is cancelled is what stands there before."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    cancel: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.before or self.after or self.cancel)


def move(execution: Execution, moves: Moves) -> None:
    """Make the moves. Raises `Invalid`, in a sentence that says what to ask for instead; the execution is then of no use any more.

    A subprocess around an element that is to begin and that does not run is opened, its own start events left alone; one that
    nothing is left in after a cancellation is cancelled, too.
    """
    leaving = [token for element_id in dict.fromkeys(moves.cancel) for token in _standing(execution, element_id)]
    for element_id in moves.before:
        _before(execution, element_id)
    for element_id in moves.after:
        _after(execution, element_id)
    for token in leaving:
        if token.workflow.tasks.get(token.id) is token:
            token.workflow.cancel_token(token)
            _close_if_empty(execution, token.workflow)
    if not any(not token.passive for token in execution.tokens()):
        raise Invalid("Nothing would be left of the instance. Say where it goes on as well, or cancel the whole instance.")


def skip(execution: Execution, token: Token, variables: Mapping[str, Any]) -> None:
    """Let an element that is stuck be done, with these variables as what it would have given."""
    if token.id in execution.subprocesses:
        raise Conflict(f"{token.task_spec.name} holds elements that still run; they can be skipped or cancelled, it cannot.")
    token.workflow.cancel_group(token)
    token.internal_data.pop("unread", None)
    execution.complete(token, variables)


def revive(
    execution: Execution, variables: Mapping[str, Any], clocks: Mapping[str, Any], done_by: Mapping[str, list[str]], last: int
) -> None:
    """Bring an execution that has ended back, with what is known of it; nothing runs in it yet. `last` is its highest number."""
    execution.ended = None
    execution.completed = False
    execution.data.update(variables)
    execution.clocks.update(clocks)
    execution.done_by.update({element_id: list(actors) for element_id, actors in done_by.items()})
    execution.count_on_from(last)


def begin_again(execution: Execution, moves: Moves) -> None:
    """Let a revived execution begin: at its start event, or where it is said."""
    if not moves:
        execution.open(execution)
        return
    _lie_in_wait(execution)
    move(execution, moves)


# -- where
def _standing(execution: Execution, element_id: str) -> list[Token]:
    """What runs at an element: of one that runs several times, the whole."""
    found = [
        token for token in execution.all_tokens()
        if token.task_spec.name == element_id and not token.passive and "body" not in token.internal_data
    ]  # fmt: skip
    if not found:
        active = sorted({token.task_spec.name for token in execution.all_tokens() if not token.passive})
        raise Invalid(f"Nothing runs at {element_id!r} that could be cancelled; what runs is at {', '.join(active)}.")
    return found


def _scope_of(execution: Execution, element_id: str) -> Any:
    """The scope an element begins in: the one that is open, or one opened for it."""
    here = [scope for scope in execution.scopes() if element_id in scope.spec.task_specs]
    if len(here) > 1:
        raise Invalid(f"{element_id!r} is in {len(here)} subprocesses that run side by side; which one is meant cannot be said.")
    if here:
        return here[0]
    way = _way_to(execution.spec, element_id)
    if way is None:
        raise Invalid(f"There is no element {element_id!r} in the process {execution.spec.name}, nor in one it calls just now.")
    scope: Any = execution
    for owner_id in way:
        inside = [
            inner for inner in execution.subprocesses.values()
            if inner.parent_workflow is scope and _owner(inner).task_spec.name == owner_id
        ]  # fmt: skip
        if len(inside) > 1:
            raise Invalid(f"{owner_id!r} runs {len(inside)} times side by side; which one is meant cannot be said.")
        scope = inside[0] if inside else _open(execution, scope, owner_id)
    return scope


def _owner(scope: Any) -> Token:
    owner: Token = scope.parent_workflow.tasks[scope.parent_task_id]
    return owner


def _way_to(spec: Any, element_id: str) -> list[str] | None:
    """The subprocesses around an element, from the outermost."""
    if element_id in spec.task_specs:
        return []
    for owner_id, inner in spec.inner.items():
        way = _way_to(inner, element_id)
        if way is not None:
            return [owner_id, *way]
    return None


def _open(execution: Execution, scope: Any, owner_id: str) -> Any:
    """A subprocess without its start: its boundary events and event subprocesses wait."""
    spec = scope.spec.task_specs[owner_id]
    if getattr(spec, "loop", None) is not None:
        raise Invalid(f"{owner_id!r} runs several times; begin before it instead of inside of it.")
    owner = Token(scope, spec, scope.task_tree, TaskState.STARTED)
    _checked(owner, spec.take_inputs)
    spec.attach(owner)
    inner = Scope(spec.inner, owner, False)
    inner.data.update(owner.data)
    execution.subprocesses[owner.id] = inner
    execution.note("entered", owner_id, owner)
    _lie_in_wait(inner)
    return inner


def _lie_in_wait(scope: Any) -> None:
    for trigger in scope.spec.triggers:
        scope.lie_in_wait(trigger, passive=TRIGGER)


def _checked(token: Token, what: Any) -> Any:
    try:
        return what(token)
    except AmendsError as error:
        raise Invalid(f"{token.task_spec.name!r} cannot begin here: {error}") from error


# -- begin
def _before(execution: Execution, element_id: str) -> None:
    scope = _scope_of(execution, element_id)
    spec = scope.spec.task_specs[element_id]
    flow = None
    if spec.remembers_flow and len(spec.incoming) > 1:
        # It joins: this token counts as one of those it waits for, the first that is not there.
        there = {token.internal_data.get("flow") for token in scope.tokens() if token.task_spec is spec}
        flow = next((one for one in spec.incoming if one not in there), spec.incoming[0])
    token = scope.place(spec, flow)
    execution.note("moved", element_id, token, to="before")


def _after(execution: Execution, element_id: str) -> None:
    scope = _scope_of(execution, element_id)
    spec = scope.spec.task_specs[element_id]
    if not spec.ways and not hasattr(spec, "link"):
        raise Invalid(f"Nothing follows {element_id!r}; name another element to go on at.")
    token = Token(scope, spec, scope.task_tree, TaskState.COMPLETED)
    ways = _checked(token, spec.choose)
    execution.note("moved", element_id, token, to="after")
    scope.remove(token)
    spec.leave(token, ways)


# -- cancel
def _close_if_empty(execution: Execution, scope: Any) -> None:
    """A subprocess in which nothing is left is cancelled; the elements around it go on."""
    while scope is not execution and not any(not token.passive for token in scope.tokens()):
        owner = _owner(scope)
        if "body" in owner.internal_data:
            raise Invalid(f"Nothing would be left in one run of {owner.task_spec.name!r}; cancel the whole of it instead.")
        scope = owner.workflow
        scope.cancel_token(owner)


def known(names: Iterable[str]) -> tuple[str, ...]:
    """Element ids as they were typed, without what is empty."""
    return tuple(name.strip() for name in names if name.strip())
