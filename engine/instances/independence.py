"""Who must not have a task because they did what it has to be independent of (ISO 10002, 4.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amends.engine.execution import Execution


def barred(properties: Mapping[str, Any], done_by: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Actor → the user task they completed that an element's property `not_done_by` names."""
    named = (name.strip() for name in str(properties.get("not_done_by", "")).split(","))
    return {actor: name for name in named if name for actor in done_by.get(name, ())}


def keep_independent(execution: Execution) -> None:
    """Note at each open user task who must not have it, and take it from who has it and must not.

    Runs in every command, before it is written: a diagram may give a task to somebody by name, and somebody may complete the
    one task while having the other.
    """
    for token in execution.all_tokens():
        wait = token.wait
        if wait is None or wait.get("kind") != "user":
            continue
        found = barred(token.task_spec.model.ext.properties, execution.done_by)
        if list(found) != wait.get("barred", []):
            wait = token.internal_data["wait"] = {**wait, "barred": list(found)}
        if wait["assignee"] in found:
            take_away(execution, token, "independence")


def take_away(execution: Execution, token: Any, because: str) -> None:
    """Give a task back to its groups, and say why in the history."""
    token.internal_data["wait"] = {**token.wait, "assignee": None}
    execution.note("assigned", token.task_spec.name, token, to=None, because=because)
