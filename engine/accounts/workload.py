"""Who has how much to do, against what they can do; what is about to be late, and why (ISO 10002, 4.3 and 4.15)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from amends.engine.accounts.absences import Absence
from amends.engine.instances.views import UserTask
from amends.engine.store import tables as t

if TYPE_CHECKING:
    from amends.engine.accounts.accounts import Account, Accounts
    from amends.engine.api import Engine

MOST_LATE = 100
"""How many tasks about to be late are looked at; who has more has another problem than the list."""


@dataclass(frozen=True, slots=True)
class Load:
    """What somebody has open: how many tasks, how many of them late, how many due before the horizon, and how many are a full desk."""

    account: Account
    open: int
    late: int
    soon: int
    capacity: int
    away: Absence | None

    @property
    def over(self) -> bool:
        """Whether it is more than a full desk."""
        return self.open > self.capacity


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A task that is late or will be before the horizon, and why that is to be feared."""

    task: UserTask
    holder: Account | None
    why: str


class Workload:
    """What a team lead asks of everybody's work; only of complaints they may see."""

    def __init__(self, engine: Engine, accounts: Accounts) -> None:
        self._engine, self._accounts = engine, accounts

    def loads(self, horizon: datetime, *, actor: str) -> list[Load]:
        """Everybody active who works on complaints, who has most against their capacity first."""
        u, now = t.user_task.c, self._engine.now()
        late, soon = (func.sum(case((u.due_at < limit, 1), else_=0)) for limit in (now, horizon))
        query = select(u.assignee, func.count(), late, soon).where(u.state == "open", u.assignee.is_not(None))
        query = query.where(*self._engine.visible(actor, u.instance_id)).group_by(u.assignee)
        with self._engine.database.reading() as connection:
            found = {row[0]: row[1:] for row in connection.execute(query)}
        capacities, away = self._accounts.absences.capacities(), self._away(now)
        loads = []
        for account in self._accounts.list():
            if account.active and (account.actor in found or account.roles - {"admin", "auditor", "process-owner"}):
                many, are_late, are_soon = found.get(account.actor, (0, 0, 0))
                loads.append(Load(account, many, are_late, are_soon, capacities[account.actor], away.get(account.actor)))
        return sorted(loads, key=lambda one: (-one.open / max(one.capacity, 1), one.account.display_name))

    def at_risk(self, horizon: datetime, loads: list[Load], *, actor: str) -> list[AtRisk]:
        """The tasks due before the horizon, the next first, each with the reason it may be late."""
        by_actor = {one.account.actor: one for one in loads}
        tasks = self._engine.user_tasks(limit=MOST_LATE, actor=actor)
        due = [task for task in tasks if task.due_at is not None and task.due_at < horizon]
        return [AtRisk(task, self._holder(task, by_actor), self._why(task, by_actor)) for task in due]

    def _holder(self, task: UserTask, loads: dict[str, Load]) -> Account | None:
        load = loads.get(task.assignee or "")
        return None if load is None else load.account

    def _why(self, task: UserTask, loads: dict[str, Load]) -> str:
        load, due = loads.get(task.assignee or ""), task.due_at
        if due is not None and due < self._engine.now():
            return "It is late already."
        if task.assignee is None:
            return "Nobody has it."
        if load is None:
            return "Whoever has it cannot sign in any more."
        if load.away is not None:
            return "Whoever has it is away, and somebody covers." if load.away.cover else "Whoever has it is away, and nobody covers."
        if load.over:
            return f"Whoever has it has {load.open} tasks, and {load.capacity} are a full desk."
        if task.follow_up_at is not None and due is not None and task.follow_up_at > due:
            return "It rests until after it is due."
        return "It is not done yet."

    def _away(self, now: datetime) -> dict[str, Absence]:
        return {one.actor: one for one in self._accounts.absences.coming() if one.begins_at <= now}
