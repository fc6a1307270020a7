"""What stands in the navigation of staff pages: only what the account signed in may open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from amends.webui.actors import ADMIN, AUDITOR, OWNER, work_roles
from amends.webui.state import application

MOST_COUNTED = 99
"""More are not counted: every page of an owner or administrator asks."""


@dataclass(frozen=True)
class Item:
    """One entry: its text, where it leads, and whether one is there."""

    text: str
    href: str
    current: bool


def items(account: Any | None) -> list[Item]:
    """The entries for an account."""
    if account is None:
        return []
    wanted: list[tuple[str, str, tuple[str, ...]]] = []
    if work_roles(account):
        wanted += [
            ("Inbox", "amends.inbox.tasks", ("amends.inbox.", "amends.task.", "amends.workload.")),
            ("Complaints", "amends.complaint.search", ("amends.complaint.", "amends.standing.", "amends.talk.")),
            ("File a complaint", "amends.filing.staff_start", ("amends.filing.",)),
            ("Post room", "amends.post.show", ("amends.post.",)),
        ]
    if OWNER in account.roles:
        wanted.append(("Processes", "amends.studio.packages", ("amends.studio.",)))
    if {OWNER, ADMIN} & set(account.roles):
        wanted.append((f"Held up{_held_up()}", "amends.incidents.show", ("amends.incidents.",)))
        wanted.append(("Operating", "amends.operating.overview", ("amends.operating.", "amends.migrating.")))
    if AUDITOR in account.roles:
        wanted.append(("Audit", "amends.audit.clauses", ("amends.audit.",)))
        if not work_roles(account):
            wanted.append(("Complaints", "amends.complaint.search", ("amends.complaint.", "amends.standing.", "amends.talk.")))
    if ADMIN in account.roles:
        wanted.append(("Administration", "amends.admin.accounts", ("amends.admin.",)))
    return [Item(text, url_for(endpoint), is_current(*at)) for text, endpoint, at in wanted]


def _held_up() -> str:
    """How many steps are held up, in brackets; nothing where none is."""
    many = len(application().engine.incidents(MOST_COUNTED + 1))
    return f" ({many if many <= MOST_COUNTED else f'{MOST_COUNTED}+'})" if many else ""


def is_current(*endpoints: str) -> bool:
    """Whether the request is for one of these endpoints, or for a page of one of these blueprints (ending in a dot)."""
    at = request.endpoint or ""
    return any(at.startswith(one) if one.endswith(".") else at == one for one in endpoints)
