"""Who a message goes to: the complainant, the staff of a role, one account, or an address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from amends.engine.execution import Fault
from amends.engine.services.base import OperationContext
from amends.engine.store import tables as t

COMPLAINANT = "complainant"
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,250}")
ACCOUNT = "account:"
_COMPLAINANT = select(t.complaint.c.complainant_name, t.complaint.c.email).where(t.complaint.c.instance_id == bindparam("wanted"))


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is told. `id` tells recipients of one letter apart, `email` is empty where there is no usable address.

    By `phone`, somebody rings and says what the letter says. `staff` are told internally: the complainant does not see it.
    """

    id: str
    name: str
    email: str
    channel: str = "email"
    staff: bool = False


def usable(address: Any) -> str:
    """An e-mail address that a mail can be sent to; empty for anything else."""
    text = address.strip() if isinstance(address, str) else ""
    return text if _ADDRESS.fullmatch(text) and text.isprintable() else ""


def complainant(connection: Connection, context: OperationContext, channel: str | None = None) -> Recipient:
    """The complainant, by the channel asked for, or else by the one they prefer."""
    row = connection.execute(_COMPLAINANT, {"wanted": context.instance_id}).first()
    # A called process has the complaint as it was when it began; how to reach somebody is put right in the whole.
    form = context.whole.get("complaint") or context.variables.get("complaint")
    form = form if isinstance(form, dict) else {}
    email = usable(row.email if row is not None and row.email else form.get("email"))
    name = str((row.complainant_name if row is not None else "") or form.get("name") or "")
    return Recipient(COMPLAINANT, name, email, reached_by(form, email, channel))


def reached_by(form: Mapping[str, Any], email: str, channel: str | None = None) -> str:
    """How a complainant with this form and usable address is told: by the channel asked for, or as they prefer, if they can be."""
    wanted = channel or {"post": "post", "phone": "phone"}.get(str(form.get("contact_by")), "email")
    if wanted == "phone" and not form.get("phone"):
        wanted = "email"
    if wanted == "email" and not email:
        # By what there is: a page that nobody was given the link of would tell them nothing.
        return "post" if form.get("contact_by") == "post" or form.get("address") else "phone" if form.get("phone") else "web"
    return wanted


def accounts(connection: Connection, ids: Iterable[str] = (), roles: Iterable[str] = ()) -> list[Recipient]:
    """The active accounts of these ids, or holding one of these roles; each once, by name."""
    a, r = t.account.c, t.account_role.c
    holding = select(r.account_id).where(r.role.in_(list(roles)))
    wanted = [name.removeprefix(ACCOUNT) for name in ids]
    query = select(a.id, a.display_name, a.email).where(a.active.is_(True), or_(a.id.in_(wanted), a.id.in_(holding)))
    return [
        Recipient(f"{ACCOUNT}{row.id}", row.display_name, usable(row.email), "email" if usable(row.email) else "internal", staff=True)
        for row in connection.execute(query.order_by(a.display_name, a.id))
    ]


def involved(connection: Connection, instance_id: str) -> list[Recipient]:
    """The staff whom an instance is about, who have worked on it, or have a task of it."""
    u, p = t.user_task.c, t.complaint_person.c
    rows = connection.execute(select(u.ended_by, u.assignee).where(u.instance_id == instance_id)).all()
    actors = {actor for row in rows for actor in row if actor is not None and actor.startswith(ACCOUNT)}
    about = connection.execute(select(p.account_id).where(p.instance_id == instance_id, p.part == "involved")).scalars()
    return accounts(connection, ids=[*actors, *about])


def named(connection: Connection, names: Iterable[str]) -> list[Recipient]:
    """The staff behind a list of account ids, actors ("account:…"), user names and roles; each once."""
    given = [name.removeprefix(ACCOUNT) for name in names]
    a = t.account.c
    ids = connection.execute(select(a.id).where(or_(a.id.in_(given), a.username.in_([name.casefold() for name in given])))).scalars()
    return accounts(connection, ids=list(ids), roles=given)


def resolve(connection: Connection, to: str, channel: str | None, context: OperationContext) -> list[Recipient]:
    """Those a message's `to` means; raises `Fault` for what is neither the complainant, a role, an account, nor an address."""
    if to == COMPLAINANT:
        return [complainant(connection, context, channel)]
    if "@" in to:
        address = usable(to)
        if not address:
            raise Fault(f"{to!r} at {context.element_id} is no e-mail address; write complainant, a role, or one address.")
        return [Recipient(address, "", address)]
    found = named(connection, [to])
    if not found and to not in context.package.manifest.roles:
        told = ", ".join(context.package.manifest.roles) or "none"
        raise Fault(f"{context.element_id} sends to {to!r}, which is neither the complainant, a role ({told}), an account, nor an address.")
    return found or [Recipient(f"role:{to}", context.package.manifest.roles[to], "", "internal", staff=True)]
