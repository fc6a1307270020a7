"""An execution as bytes: tokens, variables and clocks; the specs stay with their version."""

from __future__ import annotations

from typing import Any

from amends.engine.calendars import Clock
from amends.engine.execution.script_engine import FeelScriptEngine
from amends.engine.execution.token import Token
from amends.engine.execution.values import decode, encode
from amends.engine.execution.workflow import Execution, Scope

VERSION = 1


def dump(execution: Execution) -> bytes:
    """The state, compact. Loading it goes on exactly where it stood."""
    scopes = [
        [owner, s.spec.name, s.is_process, s.deployment, _tokens(s), s.data, sorted(s.written), *([s.undoable] if s.undoable else ())]
        for owner, s in execution.subprocesses.items()
    ]
    state = {
        "v": VERSION,
        "n": execution._numbers,
        "t": _tokens(execution),
        "d": execution.data,
        "s": scopes,
        "c": [clock.to_plain() for clock in execution.clocks.values()],
        "w": execution.done_by,
    }
    if execution.mapped:
        state["m"] = sorted(execution.mapped)
    if execution.undoable:
        state["u"] = execution.undoable
    return encode(state)


def _tokens(scope: Any) -> list[list[Any]]:
    return [[t.id, t.task_spec.name, t.state, t.internal_data, t.data] for t in scope.tokens()]


def load(body: bytes, spec: Any, script_engine: FeelScriptEngine, deployment: str | None = None) -> Execution:
    """The execution that `dump` made bytes of; `spec` is that of its version."""
    state = decode(body)
    execution = Execution(spec, script_engine, deployment)
    execution._numbers = state["n"]
    execution.data = state["d"]
    execution.clocks = {plain["name"]: Clock.from_plain(plain) for plain in state["c"]}
    execution.done_by = state["w"]
    execution.mapped = set(state.get("m", ()))
    execution.undoable = state.get("u", [])
    _plant(execution, state["t"])
    for owner, name, is_process, origin, tokens, data, written, *undoable in state["s"]:
        token = execution.token(owner)
        if token is None:
            raise ValueError(f"the state names a scope below token {owner}, which is not there")
        inner = script_engine.outside.process(name, origin)[0] if is_process else token.task_spec.inner
        scope = Scope(inner, token, is_process, origin, inner.script_engine if is_process else None)
        execution.subprocesses[owner] = scope
        scope.data, scope.written = data, set(written)
        scope.undoable = undoable[0] if undoable else []
        _plant(scope, tokens)
    return execution


def _plant(scope: Any, tokens: list[list[Any]]) -> None:
    for number, name, state, internal, data in tokens:
        token = Token(scope, scope.spec.task_specs[name], scope.task_tree, state, id=number)
        token.internal_data, token.data = internal, data
