"""Actors in words: `account:…` becomes a name, `complainant:…` “the complainant”, system and job “the system”."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, request

from amends.engine.errors import Invalid, NotFound
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


MOST_LISTED = 20
"""More people than these are not put into a list: one types a name, and the page suggests whom it could be."""
ACTOR = "account:"


def chosen(field: str, people: list[Any], none: str = "", *, previewed: bool = False) -> str:
    """The actor a form's field names: chosen from the list, or typed as a user name or a name.

    The beginning of a name is taken only where it is `previewed`, before anything is done, who is meant by it; elsewhere it is asked
    whether they are: somebody who has left must not be taken for somebody who is called alike. Empty where nobody was named and `none`
    says nothing. Raises `Invalid` by field where nobody is meant by it, or several could be.
    """
    typed = " ".join(request.form.get(field, "").split())
    if not typed:
        if none:
            raise Invalid("Nobody was chosen.", {field: [none]})
        return ""
    if typed.startswith(ACTOR):
        return typed  # from a list; who may be given what is asked where it is done
    wanted = typed.casefold()
    exact = [one for one in people if wanted in (one.username.casefold(), one.display_name.casefold(), _listed(one).casefold())]
    words = [one for one in people if any(part.startswith(wanted) for part in _beginnings(one))]
    found = exact or words
    if len(found) == 1 and (exact or previewed):
        return str(found[0].actor)
    if len(found) == 1:
        raise Invalid("Somebody could be meant.", {field: [f"Is {_listed(found[0])} meant by “{typed}”? Then enter {found[0].username}"]})
    if not found:
        raise Invalid("Nobody is meant.", {field: [f"Nobody who could be chosen is called “{typed}”. Enter a name or user name"]})
    some = ", ".join(_listed(one) for one in found[:5]) + (" and others" if len(found) > 5 else "")
    raise Invalid("Several could be meant.", {field: [f"“{typed}” could be {some}. Enter the user name"]})


def typed_name(value: Any) -> str:
    """What stands in the field for somebody: their name with the user name; what was typed otherwise."""
    text = str(value or "")
    if not text.startswith(ACTOR):
        return text
    try:
        return _listed(application().accounts.get(text.removeprefix(ACTOR)))
    except NotFound:
        return ""


def _listed(one: Any) -> str:
    """How a suggestion names somebody: two of one name are told apart."""
    return f"{one.display_name} ({one.username})"


def _beginnings(one: Any) -> list[str]:
    """The name from each of its words on, and the user name."""
    words = one.display_name.casefold().split()
    return [" ".join(words[at:]) for at in range(len(words))] + [one.username.casefold()]
