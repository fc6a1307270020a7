"""Actors in words: `account:…` becomes a name, `complainant:…` “the complainant”, system and job “the system”."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g

from amends.engine.errors import NotFound
from amends.webui.state import application


def name_of(actor: str | None) -> str:
    """Who that was, as staff read it."""
    if not actor:
        return "nobody"
    kind, _, rest = actor.partition(":")
    if kind == "account":
        return _account_name(rest)
    if kind == "complainant":
        return "the complainant"
    if kind in ("system", "job"):
        return "the system"
    if kind in ("import", "historical"):
        return "another system's record"
    return rest or actor


def _account_name(account_id: str) -> str:
    names: dict[str, str] = g.setdefault("amends_names", {})
    if account_id not in names:
        try:
            names[account_id] = str(application().accounts.get(account_id).display_name)
        except NotFound:
            names[account_id] = f"a former account ({account_id})"
    return names[account_id]


PARTS = {"involved": "The complaint is about them", "conflict": "Has a conflict of interest", "admitted": "May see it by name"}
"""What somebody's part in a complaint is called."""


@dataclass(frozen=True)
class Noted:
    """Somebody's part in a complaint, in words."""

    actor: str
    part: str
    who: str
    words: str
    by: str
    at: datetime


def noted(complaint: Any) -> list[Noted]:
    """Who may not see a complaint, or may though others may not."""
    found = application().register.people.of(complaint)
    return [Noted(one.actor, one.part, name_of(one.actor), PARTS[one.part], name_of(one.noted_by), one.noted_at) for one in found]


def everybody() -> list[Any]:
    """Everybody who can sign in, by name."""
    return [one for one in application().accounts.list() if one.active]
