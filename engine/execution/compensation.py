"""Compensation and the cancelling of transactions (BPMN 2.0, 10.7 and 13.5.5).

A scope remembers what ended in it and can be undone, in the order it ended; nothing is remembered of anything else. Undoing is one
after the other, the last first: by the handler that a compensation boundary event names, else by a finished subprocess's compensation
event subprocess, else by what can be undone inside it, with the variables it had when it ended.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.util.task import TaskState

from amends.engine.execution.token import Token

Undoable = list[Any]
"""`[element id, what is below it]`; the second, for a subprocess without a handler of its own, is one `[variables, undoables]`
for each of its runs."""


def remember(scope: Any, token: Token) -> None:
    """Write down that an activity ended and can be undone."""
    internal = token.internal_data
    if "undoes" in internal:
        return
    if token.task_spec.undone_by is not None:
        scope.undoable.append([token.task_spec.name, []])
    elif "undoable" in internal:
        scope.undoable.append([token.task_spec.name, internal["undoable"]])


def remember_inside(owner: Token, scope: Any) -> None:
    """Keep with a subprocess's token what its scope leaves to be undone, with its variables."""
    if scope.undoable or scope.spec.undone_by is not None:
        owner.internal_data["undoable"] = [[dict(scope.data), scope.undoable]]


def hand_up(child: Token, body: Token) -> None:
    """One of several runs of a subprocess ended: what can be undone in it belongs to the whole."""
    if "undoable" in child.internal_data:
        body.internal_data["undoable"] = body.internal_data.get("undoable", []) + child.internal_data["undoable"]


def take(scope: Any, activity: str | None) -> list[Undoable]:
    """What a throw undoes, taken out of the scope so that nothing is undone twice; `activity` None: everything."""
    taken = [item for item in scope.undoable if activity in (None, item[0])]
    scope.undoable = [item for item in scope.undoable if activity not in (None, item[0])]
    return taken


def go_on(token: Token) -> None:
    """Undo the next thing that `token` has to undo, or, when all is undone, let it end."""
    top = token.workflow.top_workflow
    scope = _where(token)
    if any(other.internal_data.get("undoes") == token.id for other in scope.tokens()):
        return
    rest, around = token.internal_data["undo"], token.internal_data.get("undo_around")
    if not rest and around:
        # Inside all is undone: on to the scope around it.
        token.internal_data["undo"] = around[0]
        _keep_around(token, around[1:])
        top.agenda.append(token)
    elif rest:
        name, runs = rest[-1]
        _begin(scope, name, runs[-1:], token)
        token.internal_data["undo"] = rest[:-1] + ([[name, runs[:-1]]] if len(runs) > 1 else [])
    elif scope is not top.subprocesses.get(token.id):
        token.internal_data.pop("undo")
        token.task_spec.all_undone(token)
    elif not any(not other.passive for other in scope.tokens()):
        scope.clear()
        del top.subprocesses[token.id]
        token.workflow.remove(token)


def _where(token: Token) -> Any:
    """The scope in which a token undoes: that of the finished subprocess it stands for, or one that its throw is about."""
    finished = token.workflow.top_workflow.subprocesses.get(token.id)
    return finished or thrown_in(token)[-1 - len(token.internal_data.get("undo_around", ()))]


def thrown_in(token: Token) -> list[Any]:
    """What a throw is about: its scope, and for an event subprocess those around it, outwards."""
    scopes = [token.workflow]
    while scopes[-1].is_handler:
        scopes.append(scopes[-1].parent_workflow)
    return scopes


def throw(by: Token, lists: list[list[Undoable]]) -> None:
    """Let a token undo what was taken in each of the scopes that its throw is about, the inner first."""
    while len(lists) > 1 and not lists[0]:
        lists = lists[1:]
    by.internal_data["undo"] = lists[0]
    _keep_around(by, lists[1:])
    by.workflow.top_workflow.agenda.append(by)


def _keep_around(token: Token, lists: list[list[Undoable]]) -> None:
    if lists:
        token.internal_data["undo_around"] = lists
    else:
        token.internal_data.pop("undo_around", None)


def _begin(scope: Any, name: str, last: list[Any], by: Token) -> None:
    spec = scope.spec.task_specs[name]
    scope.top_workflow.note("compensation", spec.undone_at or spec.name, by, activity=spec.name)
    if spec.undone_by is not None:
        scope.place(spec.undone_by).internal_data["undoes"] = by.id
        return
    for variables, inside in last:
        owner = Token(scope, spec, scope.task_tree, TaskState.STARTED)
        owner.internal_data["undoes"] = by.id
        again = scope.top_workflow.reopen(owner, spec.inner, variables)
        owner.internal_data["undo"] = inside
        if again.spec.undone_by is not None:
            again.undoable, owner.internal_data["undo"] = inside, []
            scope.top_workflow.note("compensation", again.spec.undone_by.start_id, owner, activity=spec.name)
            again.place(again.spec.undone_by).internal_data["undoes"] = owner.id
        scope.top_workflow.agenda.append(owner)
