"""Move one instance to another version: worked out first, then written in one transaction, with everything it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, update

from amends.engine.errors import Conflict
from amends.engine.execution import Execution, Fault, Moved, Stop, move
from amends.engine.instances.commands import Commands, Work
from amends.engine.instances.rows import WAITING
from amends.engine.instances.versions import Version
from amends.engine.store import tables as t


def worked_out(execution: Execution, process_id: str, version: Version, mapping: Mapping[str, str]) -> Moved:
    """What an execution would be in another version, and what stops it."""

    def own(called: str) -> Any | None:
        return version.spec(called) if called in version.package.processes else None

    try:
        spec = version.spec(process_id)
    except Fault as fault:
        return Moved(stops=[Stop(process_id, str(fault))])
    moved = move(execution, spec, version.script_engine, version.id, mapping, own)
    if moved.execution is not None:
        moved.stops += _clocks(moved.execution, version)
    return moved


def _clocks(execution: Execution, version: Version) -> list[Stop]:
    """Clocks count by a calendar, which the new version has to have as well."""
    lost = [one for one in execution.clocks.values() if one.calendar not in version.calendars]
    told = "Its clock {!r} counts by the calendar {!r}, which the new version does not have."
    return [Stop(one.name, told.format(one.name, one.calendar)) for one in lost]


def migrate(
    commands: Commands, instance_id: str, from_deployment: str, version: Version, mapping: Mapping[str, str], *, actor: str, reason: str
) -> Moved:
    """Move an instance from one version to another.

    Returns with `stops` where something stops it; then nothing was changed. Raises `Conflict` if it has ended or is not on that version
    (any more), and `NotFound`.
    """
    stopped = _Stopped()
    try:
        with commands.on(instance_id, "migrate", actor, suspended_too=True) as work:
            if work.version.id != from_deployment:
                raise Conflict(f"The instance {instance_id} is not on the version that is to be left; nothing was changed.")
            moved = worked_out(work.execution, work.process_id, version, mapping)
            if moved.stops or moved.execution is None:
                stopped.moved = moved
                raise stopped
            _take_over(work, version, moved, reason)
    except _Stopped as found:
        if found is not stopped:
            raise
        return found.moved
    return moved


class _Stopped(Exception):
    """Leaves the transaction without a change."""

    moved: Moved


def _take_over(work: Work, version: Version, moved: Moved, reason: str) -> None:
    before, execution = work.version.id, moved.execution
    assert execution is not None  # noqa: S101 - the caller has looked
    work.execution, work.version = execution, version
    row = update(t.instance).where(t.instance.c.id == work.id).values(deployment_id=version.id)
    work.connection.execute(row)
    renamed = {old: new for old, new in moved.moves if old != new}
    told: dict[str, Any] = {"from": before, "to": version.id, "renamed": renamed, "begun": moved.begun, "ended": moved.ended}
    execution.note("migrated", work.process_id, None, **{name: found for name, found in told.items() if found})
    # Apart, as a value: people write names into reasons, and those have to go with an erasure.
    execution.note("reason", work.process_id, None, {"reason": reason})
    for token in execution.all_tokens():
        _follow(work.connection, f"{work.id}.{token.id}", work.id, token)


def _follow(connection: Connection, row_id: str, instance_id: str, token: Any) -> None:
    """Rows of what a token waits for name its element: where it stands now, with the name and form the new version gives it."""
    element = token.task_spec.model
    kind = (token.wait or {}).get("kind")
    if kind == "user":
        named = {
            "element_id": element.id, "name": element.name or element.id, "form": element.ext.form_id,
            "competence": str(element.ext.properties.get("competence", "")).strip(),
        }  # fmt: skip
        connection.execute(update(t.user_task).where(t.user_task.c.id == row_id).values(**named))
    elif kind in ("timer", "service"):
        job = t.job.c
        connection.execute(update(t.job).where(job.id == row_id).values(element_id=token.task_spec.name))
        # What it waits for outside it may not have to wait for any more: it looks once.
        connection.execute(update(t.job).where(job.id == row_id, job.state == WAITING).values(state="due"))
    elif kind in ("message", "signal"):
        connection.execute(update(t.subscription).where(t.subscription.c.id == row_id).values(element_id=token.task_spec.name))
    if token.incident is not None:
        i = t.incident.c
        mine = (i.instance_id == instance_id, i.token == token.id, i.resolved_at.is_(None))
        connection.execute(update(t.incident).where(*mine).values(element_id=token.task_spec.name))
