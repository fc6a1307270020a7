"""What a list of open tasks is narrowed to, and other orders than by what hurts first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, or_, select

from amends.engine.errors import Invalid
from amends.engine.instances import inbox
from amends.engine.store import tables as t

URGENCY: Final = "urgency"
OLDEST: Final = "oldest"
NEWEST: Final = "newest"
ORDERS: Final[Mapping[str, str]] = {
    URGENCY: "What hurts first",
    OLDEST: "Waiting longest first",
    NEWEST: "Newest first",
}
"""The orders of a list, and what people call them."""
DUE: Final = ("late", "day", "week", "none")
HOLDERS: Final = ("nobody", "somebody")
RESTING: Final = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Filter:
    """What tasks have to be like; what is empty is not asked.

    `element` is an element's id, `group` a role, `due` late, day (within 24 hours), week or none, `priority` the least one (0 to 100),
    `holder` nobody or somebody, `stage` and `team` those of the complaint, `resting` yes or no: whether its follow-up date is to come.
    """

    element: str = ""
    group: str = ""
    due: str = ""
    priority: int = 0
    holder: str = ""
    stage: str = ""
    team: str = ""
    resting: str = ""

    @classmethod
    def from_plain(cls, given: Mapping[str, Any]) -> Filter:
        """A filter as pages send it and as it is kept; raises `Invalid` for what it cannot be, and leaves out what it does not know."""
        known = {name: str(given.get(name) or "")[:200] for name in cls.__slots__ if name != "priority"}
        for name, choices in (("due", DUE), ("holder", HOLDERS), ("resting", RESTING)):
            if known[name] and known[name] not in choices:
                raise Invalid(f"{known[name]!r} is no choice for {name!r}; choose one of {', '.join(choices)}.")
        least = str(given.get("priority") or "0")
        if not (least.isascii() and least.isdigit() and int(least) <= 100):
            raise Invalid(f"{least!r} is no priority; it is a number from 0 to 100.")
        return cls(priority=int(least), **known)

    def to_plain(self) -> dict[str, Any]:
        """What is asked, by name; `from_plain` makes the same of it."""
        return {name: value for name, value in asdict(self).items() if value}

    def conditions(self, now: datetime) -> list[ColumnElement[bool]]:
        """The same as conditions on tasks."""
        u, g, c = t.user_task.c, t.user_task_group.c, t.complaint.c
        found: list[ColumnElement[bool]] = []
        if self.element:
            found.append(u.element_id == self.element)
        if self.group:
            found.append(exists().where(g.task_id == u.id, g.group_id == self.group))
        if self.due:
            spans = {"late": now, "day": now + timedelta(days=1), "week": now + timedelta(days=7)}
            found.append(u.due_at.is_(None) if self.due == "none" else u.due_at < spans[self.due])
        if self.priority:
            found.append(u.priority >= self.priority)
        if self.holder:
            found.append(u.assignee.is_(None) if self.holder == "nobody" else u.assignee.is_not(None))
        of_complaint = [column == wanted for column, wanted in ((c.stage, self.stage), (c.team, self.team)) if wanted]
        if of_complaint:
            found.append(exists().where(c.instance_id == u.instance_id, *of_complaint))
        if self.resting:
            resting = and_(u.follow_up_at.is_not(None), u.follow_up_at > now)
            found.append(resting if self.resting == "yes" else ~resting)
        return found


def whose(assignee: str | None, groups: Sequence[str] | None, unassigned: bool) -> list[ColumnElement[bool]]:
    """Whose tasks a list is of, as conditions: a person's own, those their groups may claim, both, or all."""
    u, g = t.user_task.c, t.user_task_group.c
    found: list[ColumnElement[bool]] = [u.assignee.is_(None)] if unassigned and assignee is None else []
    either = [u.assignee == assignee] if assignee is not None else []
    if groups is not None:
        offered = exists().where(g.task_id == u.id, g.group_id.in_(list(groups)))
        either.append(and_(u.assignee.is_(None), offered) if assignee is not None else offered)
    return [*found, or_(*either)] if either else found


def ordered(connection: Connection, order: str, where: Sequence[ColumnElement[bool]], limit: int, after: str | None) -> Select[Any]:
    """Open tasks by how long they have waited; `after` is the id of the last task of the page before."""
    u = t.user_task.c
    query = select(t.user_task, inbox.GROUPS).where(u.state == "open", *where).limit(limit)
    last = None if after is None else connection.execute(select(u.created_at, u.id).where(u.id == after)).first()
    if order == NEWEST:
        if last is not None:
            query = query.where(or_(u.created_at < last.created_at, and_(u.created_at == last.created_at, u.id < last.id)))
        return query.order_by(u.created_at.desc(), u.id.desc())
    if last is not None:
        query = query.where(or_(u.created_at > last.created_at, and_(u.created_at == last.created_at, u.id > last.id)))
    return query.order_by(u.created_at, u.id)
