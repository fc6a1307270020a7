"""Actors in words: `account:…` becomes a name, `complainant:…` “the complainant”, system and job “the system”."""

from __future__ import annotations

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
    return rest or actor


def _account_name(account_id: str) -> str:
    names: dict[str, str] = g.setdefault("amends_names", {})
    if account_id not in names:
        try:
            found = application().accounts.get(account_id)
        except NotFound:
            found = None
        names[account_id] = found.display_name if found is not None else f"a former account ({account_id})"
    return names[account_id]
