"""What an account may do and see, in words: asked of the policy itself, so that the page cannot say anything else than what holds."""

from __future__ import annotations

from typing import Any, Final

from amends.webui import words
from amends.webui.state import application

ACTIONS: Final = {
    "read": "Read complaints", "write": "Write notes, comments and files", "lead": "See who has how much to do, and give tasks to others",
    "restrict": "Say who may see a complaint", "audit": "Read the audit trail", "operate": "Interfere with running processes",
    "deploy": "Deploy packages", "admin": "Manage accounts and settings",
}  # fmt: skip


def reach(account: Any) -> list[tuple[str, str]]:
    """What somebody may do; which complaints they see; which are closed to them, whatever their roles."""
    policy = application().engine.access
    may = [told for action, told in ACTIONS.items() if policy.allows(account.actor, action)]
    found = policy.reach(account)
    rows = [("May", "\n".join(may) or "Nothing"), ("Sees", _seen(found))]
    if found.closed:
        told = f"{words.count(found.closed, 'complaint')}, because of a conflict of interest, or because it is about them"
        rows.append(("Kept from", told))
    if found.admitted:
        rows.append(("Let in by name", words.count(found.admitted, "complaint")))
    return rows


def _seen(found: Any) -> str:
    if not found.reads:
        return "No complaint"
    if found.everything:
        return "Every complaint, of all teams, confidential ones too"
    teams = f"Complaints of {', '.join(found.teams)}, and those" if found.teams else "Complaints"
    marked = "confidential ones too" if found.confidential else "but confidential ones only with work on them, or by name"
    return f"{teams} of no team, {marked}; those of other teams only with work on them, or by name"
