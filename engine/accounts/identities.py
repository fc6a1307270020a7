"""Accounts of people whom a sign-in service knows (OpenID Connect): who is who, and which groups give which roles."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from amends.engine.errors import Conflict, Forbidden, Invalid, NotFound
from amends.engine.store import Database
from amends.engine.store import tables as t

if TYPE_CHECKING:
    from amends.engine.accounts.accounts import Account, Accounts


class Identities:
    """Links accounts to people at a sign-in service. `record` writes into the history."""

    def __init__(self, accounts: Accounts, database: Database, now: Callable[[], datetime], record: Callable[..., None]) -> None:
        self._accounts, self._database, self._now, self._record = accounts, database, now, record

    def find(self, issuer: str, subject: str) -> Account | None:
        """The account of somebody at a service, active or not, or None."""
        i = t.account_identity.c
        with self._database.reading() as connection:
            id = connection.execute(select(i.account_id).where(i.issuer == issuer, i.subject == subject)).scalar()
        return None if id is None else self._accounts.get(id)

    def link(self, id: str, issuer: str, subject: str, *, actor: str) -> None:
        """Let somebody at a service sign in to an account. Raises `Conflict` where they are linked to another one."""
        self._accounts.get(id)
        if not (issuer and subject):
            raise Invalid("A link needs the service's address and what it calls the person (the claim sub).")
        known = self.find(issuer, subject)
        if known is not None and known.id != id:
            raise Conflict(f"They are {known.username} already. Take that link back first; nothing was changed.")
        if known is None:
            with self._database.transaction() as connection:
                row = {"issuer": issuer, "subject": subject, "account_id": id, "linked_at": self._now()}
                connection.execute(insert(t.account_identity), row)
                self._record(actor, id, "linked", {"subject": subject}, issuer=issuer)

    def unlink(self, id: str, *, actor: str) -> None:
        """Take every link of an account back. Raises `NotFound` where it has none."""
        with self._database.transaction() as connection:
            if not connection.execute(delete(t.account_identity).where(t.account_identity.c.account_id == id)).rowcount:
                raise NotFound("This account is linked to nobody at a sign-in service; nothing was changed.")
            self._record(actor, id, "link taken back")

    def linked(self, id: str) -> list[str]:
        """The services an account is linked to."""
        i = t.account_identity.c
        with self._database.reading() as connection:
            return list(connection.execute(select(i.issuer).where(i.account_id == id).order_by(i.issuer)).scalars())

    def signed_in(
        self, issuer: str, claims: Mapping[str, Any], *, roles: Collection[str], governed: Collection[str], create: bool,
        actor: str = "system",
    ) -> Account:  # fmt: skip
        """The account of somebody a service has just vouched for, with the roles their groups give.

        `claims` are those of the verified ID token; `roles` what their groups give, `governed` every role a group could give: others
        an account holds stay. With `create` somebody new gets an account. Raises `Forbidden` for who has none, or a closed one, and
        for a user name that somebody else has: a service must not take over an account by calling somebody like it.
        """
        subject = str(claims["sub"])
        account = self.find(issuer, subject)
        if account is None:
            account = self._welcome(issuer, subject, claims, create, actor)
        if not account.active:
            raise Forbidden("Your account is switched off. An administrator can switch it on again.")
        wanted = (account.roles - set(governed)) | set(roles)
        return self._accounts.set_roles(account.id, wanted, actor=actor) if wanted != account.roles else account

    def _welcome(self, issuer: str, subject: str, claims: Mapping[str, Any], create: bool, actor: str) -> Account:
        username = str(claims.get("preferred_username") or claims.get("email") or subject)
        if not create:
            raise Forbidden("You have no account here yet. An administrator can make one and link it to you.")
        if self._accounts.by_username(username) is not None:
            raise Forbidden(f"Somebody has an account {username!r} here already. An administrator can link it to you.")
        with self._database.transaction():
            name, email = str(claims.get("name") or username), str(claims.get("email") or "")
            account, _ = self._accounts.create(username, name, [], email=email if claims.get("email_verified", True) else "", actor=actor)
            self.link(account.id, issuer, subject, actor=actor)
        return account
