"""Accounts: the people who work on complaints, and the roles they hold. Every change is in the history."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update
from uuid_utils import uuid7

from amends.engine.accounts import standing
from amends.engine.accounts.absences import Absences
from amends.engine.accounts.attempts import FREE_FAILURES, waits
from amends.engine.accounts.breached import Breached
from amends.engine.accounts.checks import checked_competence, checked_email, checked_roles, checked_teams, checked_username, normal
from amends.engine.accounts.identities import Identities
from amends.engine.accounts.passwords import Passwords, check_password, generated_password
from amends.engine.accounts.saved import SavedFilters
from amends.engine.accounts.second_factor import SecondFactor
from amends.engine.accounts.sessions import Sessions, digest
from amends.engine.accounts.vault import Vault
from amends.engine.errors import Conflict, Invalid, NotFound
from amends.engine.history import Entry
from amends.engine.store import Database
from amends.engine.store import tables as t
from amends.engine.store.fixed import Fixed

_T = TypeVar("_T")

ACCOUNT: Final = "account:"
ADMIN: Final = "admin"


class Installation(Protocol):
    """What accounts need of the engine."""

    @property
    def database(self) -> Database:
        """Where they are kept."""

    def now(self) -> datetime:
        """The time."""

    def record(self, command: str, actor: str, entries: list[Entry]) -> None:
        """Write into the installation's history."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in. `roles` are the package's role ids and the built-in ones.

    `session_mark` changes when all sessions must end: a session that carries another one is over.
    """

    id: str
    username: str
    display_name: str
    roles: frozenset[str]
    active: bool
    email: str = ""
    session_mark: str = ""

    @property
    def actor(self) -> str:
        """The actor of what this person does."""
        return f"{ACCOUNT}{self.id}"

    @property
    def by_name(self) -> frozenset[str]:
        """The groups of one by which a task is offered to this very person: candidate users of the diagram."""
        return frozenset((f"@{self.username}", f"@{self.actor}"))


_A, _R = t.account.c, t.account_role.c
_PEOPLE: Select[Any] = (
    select(_A.id, _A.username, _A.display_name, _A.active, _A.email, _A.session_mark, _R.role)
    .outerjoin(t.account_role, _R.account_id == _A.id)
    .order_by(_A.display_name, _A.id)
)
_ALL, _ONE = Fixed(_PEOPLE), Fixed(_PEOPLE.where(_A.id == bindparam("id")))
_CALLED = Fixed(_PEOPLE.where(_A.username == bindparam("username")))
_HELD = t.account_role.alias("held")
_HOLDING = Fixed(_PEOPLE.where(_A.id.in_(select(_HELD.c.account_id).where(_HELD.c.role == bindparam("role")))))

People = list[Account]
"""Several accounts; inside `Accounts`, `list` is a method."""
Held = list[standing.Competence]


def account_id(actor: str) -> str | None:
    """The account behind an actor, or None for an actor that is none."""
    return actor.removeprefix(ACCOUNT) if actor.startswith(ACCOUNT) else None


class Accounts:
    """Makes, finds and changes accounts. `installation` is the engine; `vault` seals what is to be read again.

    Without a vault a key is made up that nobody keeps: second factors last as long as this object.
    """

    def __init__(
        self, installation: Installation, passwords: Passwords | None = None, breached: Breached | None = None, vault: Vault | None = None
    ) -> None:
        self._installation = installation
        self._database = installation.database
        self._passwords = passwords or Passwords()
        self._breached = breached
        given = (self._database, installation.now, self._record)
        self.sessions, self.second_factor = Sessions(*given), SecondFactor(*given, vault or _fleeting())
        self.identities, self.absences, self.saved = Identities(self, *given), Absences(self, *given), SavedFilters(*given)

    # -- finding
    def get(self, id: str) -> Account:
        """One account, active or not; raises `NotFound`."""
        found = self._by_id(id)
        if found is None:
            raise NotFound(f"There is no account {id!r}.")
        return found

    def by_username(self, username: str) -> Account | None:
        """The account with this user name, or None."""
        found = self._people(_CALLED, {"username": normal(username)})
        return found[0] if found else None

    def of(self, actor: str) -> Account | None:
        """The account behind an actor, active or not, or None."""
        id = account_id(actor)
        return None if id is None else self._by_id(id)

    def _by_id(self, id: str) -> Account | None:
        found = self.remembered(("account", id), lambda: self._people(_ONE, {"id": id}))
        return found[0] if found else None

    def list(self, role: str | None = None) -> People:
        """All accounts by display name, or those that hold a role."""
        if role is None:
            return [*self.remembered(("accounts",), lambda: self._people(_ALL, {}))]
        return self._people(_HOLDING, {"role": role})

    def _people(self, found: Fixed, given: Mapping[str, str]) -> People:
        people: dict[str, tuple[Any, set[str]]] = {}
        with self._database.reading() as connection:
            for row in found.all(connection, given):
                _, roles = people.setdefault(row.id, (row, set()))
                if row.role is not None:
                    roles.add(row.role)
        return [
            Account(row.id, row.username, row.display_name, frozenset(roles), bool(row.active), row.email or "", row.session_mark)
            for row, roles in people.values()
        ]

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection to read with, of the transaction that runs, if one does."""
        return self._database.reading()

    def remembered(self, what: tuple[Hashable, ...], ask: Callable[[], _T]) -> _T:
        """What was asked for the page at hand already, see `Database.remembered`."""
        return self._database.remembered(what, ask)

    def now(self) -> datetime:
        """The installation's time."""
        return self._installation.now()

    def teams(self, id: str) -> set[str]:
        """The teams somebody belongs to."""
        return standing.teams(self._database, id)

    def teams_of_all(self) -> dict[str, tuple[str, ...]]:
        """The teams of everybody who is in one, by account."""
        found: dict[str, tuple[str, ...]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(select(t.account_team).order_by(t.account_team.c.team)):
                found[row.account_id] = (*found.get(row.account_id, ()), row.team)
        return found

    def team_names(self) -> tuple[str, ...]:
        """Every team somebody is in."""
        with self._database.reading() as connection:
            query = select(t.account_team.c.team).distinct().order_by(t.account_team.c.team)
            return tuple(connection.execute(query).scalars())

    def competences_of(self, id: str) -> set[str]:
        """The competences somebody holds now."""
        return {held.competence for held in self.competences(id) if held.holds(self._installation.now())}

    def competences(self, id: str) -> Held:
        """What somebody was trained for, whether it holds still or not."""
        return standing.competences(self._database, id)

    # -- making and changing
    def create(
        self,
        username: str,
        display_name: str,
        roles: Iterable[str] = (),
        password: str | None = None,
        *,
        email: str = "",
        actor: str = "system",
    ) -> tuple[Account, str | None]:
        """Make an account; without a password one is made up and given back, this once.

        Raises `Invalid` by field, and `Conflict` if the user name is taken.
        """
        name, display_name, email = checked_username(username), display_name.strip() or username.strip(), checked_email(email)
        held = checked_roles(roles)
        made_up, hashed = self._new_password(password, name, display_name, email)
        id = f"a{uuid7().hex}"
        row = {
            "id": id, "username": name, "display_name": display_name, "email": email or None, "password_hash": hashed, "active": True,
            "session_mark": secrets.token_hex(16), "created_at": self._installation.now(), "failures": 0,
        }  # fmt: skip
        with self._database.transaction() as connection:
            if connection.execute(select(t.account.c.id).where(t.account.c.username == name)).first() is not None:
                raise Conflict(f"There is an account {name!r} already; choose another user name.")
            connection.execute(insert(t.account), row)
            _put_roles(connection, id, held)
            self._record(actor, id, "created", {"username": name, "display_name": display_name, "email": email}, roles=sorted(held))
        return self.get(id), made_up

    def set_roles(self, id: str, roles: Iterable[str], *, actor: str = "system") -> Account:
        """Give an account exactly these roles. Raises `Conflict` if nobody active would be an administrator any more."""
        held = checked_roles(roles)
        with self._database.transaction() as connection:
            before = self.get(id)
            if before.roles != held:
                connection.execute(delete(t.account_role).where(t.account_role.c.account_id == id))
                _put_roles(connection, id, held)
                self._somebody_administers(connection, ADMIN in before.roles)
                self._record(actor, id, "roles", roles=sorted(held), before=sorted(before.roles))
        return self.get(id)

    def set_teams(self, id: str, teams: Iterable[str], *, actor: str = "system") -> None:
        """Put somebody into exactly these teams. Raises `Invalid` for a name that cannot be one."""
        wanted = checked_teams(teams)
        with self._database.transaction() as connection:
            self.get(id)
            before = self.teams(id)
            if before != wanted:
                standing.put_teams(connection, id, wanted)
                self._record(actor, id, "teams", teams=sorted(wanted), before=sorted(before))

    def add_competence(
        self, id: str, competence: str, *, training: str = "", valid_until: datetime | None = None, actor: str = "system"
    ) -> None:
        """Note that somebody was trained for something (ISO 10002, 4.14), until an instant or for good; a later note replaces it."""
        name = checked_competence(competence)
        with self._database.transaction() as connection:
            self.get(id)
            standing.put_competence(connection, id, standing.Competence(name, training.strip(), self._installation.now(), valid_until))
            until = None if valid_until is None else valid_until.isoformat()
            self._record(actor, id, "competence", {"training": training.strip()}, competence=name, valid_until=until)

    def remove_competence(self, id: str, competence: str, *, actor: str = "system") -> None:
        """Take a competence back. Raises `NotFound` if somebody does not have it."""
        with self._database.transaction() as connection:
            self.get(id)
            if not standing.drop_competence(connection, id, competence):
                raise NotFound(f"They do not hold the competence {competence!r}; nothing was changed.")
            self._record(actor, id, "competence taken back", competence=competence)

    def set_password(self, id: str, password: str | None = None, *, actor: str = "system") -> str | None:
        """Set a password, or make one up and give it back; all sessions of the account end, and it waits no longer."""
        account = self.get(id)
        made_up, hashed = self._new_password(password, account.username, account.display_name, account.email)
        with self._database.transaction() as connection:
            _set(connection, id, password_hash=hashed, session_mark=secrets.token_hex(16), failures=0, failed_at=None)
            self.sessions.forget_devices(id)
            self._record(actor, id, "password")
        return made_up

    def _new_password(self, password: str | None, *names: str) -> tuple[str | None, str]:
        """The password made up, if none was given, and the hash to keep."""
        if password is not None:
            check_password(password, *names)
            if self._breached is not None and password in self._breached:
                problem = "This password is known from a breach of another site: choose another one."
                raise Invalid(problem, {"password": [problem]})
            return None, self._passwords.hash(password)
        made_up = generated_password()
        return made_up, self._passwords.hash(made_up)

    def set_profile(self, id: str, *, display_name: str, email: str = "", actor: str = "system") -> Account:
        """Change what a person is called and where mail goes. Raises `Invalid` by field."""
        email, display_name = checked_email(email), display_name.strip()
        if not display_name:
            raise Invalid("A person needs a name.", {"display_name": ["Enter a name."]})
        with self._database.transaction() as connection:
            before = self.get(id)
            if (before.display_name, before.email) != (display_name, email):
                _set(connection, id, display_name=display_name, email=email or None)
                self._record(actor, id, "profile", {"display_name": display_name, "email": email})
        return self.get(id)

    def deactivate(self, id: str, *, actor: str = "system") -> None:
        """Let an account sign in no more and end its sessions; what it did stays. Raises `Conflict` for the last administrator."""
        with self._database.transaction() as connection:
            account = self.get(id)
            if account.active:
                _set(connection, id, active=False, session_mark=secrets.token_hex(16))
                self.sessions.forget_devices(id)
                self._somebody_administers(connection, ADMIN in account.roles)
                self._record(actor, id, "deactivated")

    def activate(self, id: str, *, actor: str = "system") -> None:
        """Let a deactivated account sign in again."""
        with self._database.transaction() as connection:
            if not self.get(id).active:
                _set(connection, id, active=True, failures=0, failed_at=None)
                self._record(actor, id, "activated")

    def _somebody_administers(self, connection: Connection, mattered: bool) -> None:
        a, r = t.account.c, t.account_role.c
        holding = t.account.join(t.account_role, r.account_id == a.id)
        count = select(func.count()).select_from(holding).where(r.role == ADMIN, a.active.is_(True))
        if mattered and not connection.execute(count).scalar_one():
            raise Conflict("This is the last active administrator. Make somebody else one first; nothing was changed.")

    def _record(self, actor: str, id: str, what: str, values: dict[str, Any] | None = None, **data: Any) -> None:
        self._installation.record("account", actor, [Entry("account", id, 0, {"what": what, **data}, values)])

    # -- signing in
    def authenticate(self, username: str, password: str, device: str | None = None) -> Account | None:
        """The account, if the password is right and it is active; None for everything else, in the same time.

        After `FREE_FAILURES` wrong passwords in a row an account waits before the next attempt counts, longer each time, up to
        `LONGEST_WAIT`; attempts meanwhile are answered None. `device` is the secret of a browser that has signed in before: its
        failures are counted apart, so that whoever guesses elsewhere, however often, cannot keep that person out.
        """
        kept, id, known = self._begin_attempt(normal(username), device)
        if not self._passwords.right(kept, password) or id is None or kept is None:
            return None
        with self._database.transaction() as connection:
            values: dict[str, Any] = {} if known is not None else {"failures": 0, "failed_at": None}
            if self._passwords.outdated(kept):
                values["password_hash"] = self._passwords.hash(password)
            if known is not None:
                connection.execute(update(t.account_device).where(known).values(failures=0, failed_at=None))
            # Only if the password is still the one that was compared.
            same = (t.account.c.id == id, t.account.c.password_hash == kept, t.account.c.active.is_(True))
            if connection.execute(update(t.account).where(*same).values(**(values or {"password_hash": kept}))).rowcount != 1:
                return None
        return self.get(id)

    def _begin_attempt(self, name: str, device: str | None) -> tuple[str | None, str | None, Any]:
        """The hash to compare with, the account, and whose failures are counted: the known browser's, or (None) the account's.

        The attempt counts as failed before it is made, so that many at once are not one.
        """
        a, d, now = t.account.c, t.account_device.c, self._installation.now()
        with self._database.transaction() as connection:
            query = select(a.id, a.password_hash, a.active, a.failures, a.failed_at).where(a.username == name).with_for_update()
            row = connection.execute(query).first()
            mine = None
            if row is not None and device:
                where = (d.token_hash == digest(device)) & (d.account_id == row.id)
                mine = connection.execute(select(d.failures, d.failed_at).where(where)).first()
            counted = mine or row
            if row is None or counted is None or not row.active or waits(counted.failures, counted.failed_at, now):
                _write_something(connection, now)
                return None, None, None
            failed = {"failures": min(counted.failures + 1, 1_000), "failed_at": now}
            if mine is None:
                _set(connection, row.id, **failed)
                return row.password_hash, row.id, None
            connection.execute(update(t.account_device).where(where).values(**failed))
            return row.password_hash, row.id, where


def _fleeting() -> Vault:
    key = secrets.token_bytes(32)
    return Vault(lambda: key)


def _write_something(connection: Connection, now: datetime) -> None:
    """Take as long as an attempt that counts: a commit that writes is slower than one that does not, and would tell who exists.

    When an account last failed means nothing while it has few failures, so that is what is written.
    """
    a = t.account.c
    anybody = select(a.id).where(a.failures < FREE_FAILURES).limit(1).scalar_subquery()
    connection.execute(update(t.account).where(a.id == anybody).values(failed_at=now))


def _set(connection: Connection, id: str, **values: Any) -> None:
    connection.execute(update(t.account).where(t.account.c.id == id).values(**values))


def _put_roles(connection: Connection, id: str, roles: Iterable[str]) -> None:
    rows = [{"account_id": id, "role": role} for role in sorted(roles)]
    if rows:
        connection.execute(insert(t.account_role), rows)
