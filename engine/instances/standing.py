"""What a new version of a package meets in an installation: where running instances stand, who is there, what begins already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection, func, literal_column, select, union_all

from amends.engine.definitions.differences import Standing
from amends.engine.definitions.findings import called
from amends.engine.definitions.model import is_feel
from amends.engine.definitions.package import Package
from amends.engine.definitions.problems import WARNING, Problem
from amends.engine.instances.versions import Versions
from amends.engine.store import tables as t

RUNNING = ("active", "incident", "suspended")


def standing(connection: Connection, versions: Versions, package: str) -> list[Standing]:
    """How many running instances stand at each element, for every version of a package that has some, oldest first."""
    d, i = t.deployment.c, t.instance.c
    running = i.state.in_(RUNNING)
    open_task, waits = t.user_task.c.state == "open", t.job.c.kind.in_(("timer", "service"))
    places = union_all(
        *(
            select(table.c.instance_id, table.c.element_id).where(*where)
            for table, where in (
                (t.user_task, (open_task,)), (t.job, (waits,)), (t.subscription, ()), (t.incident, (t.incident.c.resolved_at.is_(None),)),
            )
        )
    ).subquery()  # fmt: skip
    query = (
        select(d.id, d.number, places.c.element_id, func.count(places.c.instance_id.distinct()))
        .join(t.instance, i.deployment_id == d.id)
        .join(places, places.c.instance_id == i.id)
        .where(d.package == package, running)
        .group_by(d.id, d.number, places.c.element_id)
        .order_by(d.number, literal_column("3"))
    )
    found: dict[tuple[str, int], Counter[str]] = {}
    for deployment_id, number, element_id, count in connection.execute(query):
        found.setdefault((deployment_id, number), Counter())[element_id] += count
    return [Standing(number, versions.get(deployment_id).package, at) for (deployment_id, number), at in found.items()]


def surroundings(connection: Connection, package: Package, name: str) -> Iterator[Problem]:
    """Messages that begin a process of another package already, and roles of user tasks that no account holds."""
    yield from _begun_elsewhere(connection, package, name)
    held = set(connection.execute(select(t.account_role.c.role).distinct()).scalars())
    if held:  # without accounts, who is who is said elsewhere
        yield from _nobody(package, held)


def _begun_elsewhere(connection: Connection, package: Package, name: str) -> Iterator[Problem]:
    s, d = t.start_subscription.c, t.deployment.c
    query = (
        select(s.name, s.process_id, d.package).join(t.deployment, d.id == s.deployment_id).where(s.kind == "message", d.package != name)
    )
    others = {row.name: (row.process_id, row.package) for row in connection.execute(query)}
    for process_id, process in package.processes.items():
        diagram = package.diagram_of(process_id)
        for start in process.event_starts:
            message = start.event.ref_name if start.event is not None and start.kind == "message" else None
            if message in others and others[message][0] != process_id:
                other, of = others[message]
                text = f"{called(start)} begins {process_id!r} with the message {message!r}, which begins {other!r} of {of!r} already."
                help = "Give one of the two another message."
                yield Problem(diagram.file if diagram else "", start.id, start.line, "message-start-twice", WARNING, text, help)


def _nobody(package: Package, held: set[str]) -> Iterator[Problem]:
    for process_id, process in package.processes.items():
        diagram = package.diagram_of(process_id)
        for element in process.all_elements():
            groups = element.ext.candidate_groups
            if element.type != "userTask" or not groups or is_feel(groups) or element.ext.assignee or element.ext.candidate_users:
                continue
            wanted = [group.strip() for group in groups.split(",") if group.strip()]
            if wanted and not held.intersection(wanted):
                text = f"{called(element)} is offered to {' and '.join(wanted)}, which nobody here holds."
                help = "Give somebody the role, or offer the task to another."
                yield Problem(diagram.file if diagram else "", element.id, element.line, "role-nobody-has", WARNING, text, help)
