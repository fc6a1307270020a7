"""Who may do what, to which complaint: the one place that says so. What no rule allows is refused.

Three things are asked, in this order: what stands between the person and the complaint (they are complained about or have a
conflict of interest, it is another team's, it is marked confidential), whether their roles let them do it, and for tasks whether
they hold the competence and did not do what the task has to be independent of. The same is said as conditions of SQL for lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select, true

from amends.engine.accounts.accounts import ACCOUNT, Account, Accounts, account_id
from amends.engine.errors import Conflict, Forbidden
from amends.engine.store import tables as t
from amends.engine.store.fixed import Fixed

ADMIN: Final = "admin"  # accounts, settings, and the running of the installation
PROCESS_OWNER: Final = "process-owner"  # packages, and instances that have stopped
AUDITOR: Final = "auditor"  # reads everything, changes nothing
TEAM_LEAD: Final = "team-lead"  # gives tasks to others
BUILT_IN_ROLES: Final[Mapping[str, str]] = {
    ADMIN: "Administrator",
    PROCESS_OWNER: "Process owner",
    AUDITOR: "Auditor",
    TEAM_LEAD: "Team lead",
}
"""The roles every installation has, and what people call them. All others are the packages'."""

OPERATORS: Final = (PROCESS_OWNER, ADMIN)
READERS: Final = (AUDITOR, PROCESS_OWNER, ADMIN)
TRUSTED: Final = frozenset({"system", "job", "import", "historical"})
"""Actors that only the product itself speaks for: its timers, its jobs, and the replay of old records."""
COMPLAINANT: Final = "complainant"
AGAINST: Final = ("involved", "conflict")
"""Parts of a person in a complaint that keep them away from it: complained about, and a conflict of interest (ISO 10002, 4.7)."""
ADMITTED: Final = "admitted"
"""The part of somebody who may see a complaint though it is another team's, or confidential (4.10)."""
UNSEEN: Final = frozenset({"operate", "declare"})
"""Actions on a complaint by those who need not be able to read it; all others are for readers only."""

# Under names of their own: a list itself may be of tasks or complaints, and must not be taken for what is asked about them.
_PERSON, _COMPLAINT, _TASK, _BARRED = (
    table.alias(f"of_{table.name}") for table in (t.complaint_person, t.complaint, t.user_task, t.user_task_barred)
)
_P, _C = t.complaint_person.c, t.complaint.c
_PARTS = Fixed(select(_P.part).where(_P.instance_id == bindparam("instance"), _P.account_id == bindparam("account")))
_PARTS_ANYWHERE = Fixed(select(_P.part).where(_P.account_id == bindparam("account")).distinct())
_MARKS = Fixed(select(_C.team, _C.confidential).where(_C.instance_id == bindparam("instance")))


@dataclass(frozen=True, slots=True)
class Reach:
    """Which complaints somebody sees by their account alone, as `check` has it; work that they have lets them in to more."""

    reads: bool
    """Whether they read complaints at all."""
    everything: bool
    """Whether teams and marks keep nothing from them."""
    teams: tuple[str, ...]
    confidential: bool
    closed: int
    """How many are closed to them, because they are about them or they have a conflict of interest."""
    admitted: int
    """How many they were let in to by name."""


Rule = Callable[[Account, Mapping[str, Any]], None]


class Policy:
    """Says who may do what. Give it to the engine as `access`.

    Actors are `account:<id>`, `complainant:<reference>` (or `complainant` before there is one), and the product's own (`system`,
    `job`, `import`, `historical:<role>`).
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._rules: dict[str, Rule] = {
            "complete": self._work,
            "claim": self._claim,
            "unclaim": self._hand_over,
            "assign": self._hand_over,
            "arrange": self._hand_over,
            "start": self._take_part,
            "file": self._take_part,
            "correlate": self._take_part,
            "read": self._read,
            "write": self._write,
            "declare": self._declare,
            "away": self._away,
            "lead": self._one_of("see who has how much to do", (TEAM_LEAD,)),
            "restrict": self._one_of("say who may see a complaint", (TEAM_LEAD,)),
            "signal": self._one_of("send a signal to every complaint", OPERATORS),
            "deploy": self._one_of("deploy a package", OPERATORS),
            "operate": self._one_of("interfere with a running process", OPERATORS),
            "audit": self._one_of("read the audit trail", READERS),
            "admin": self._one_of("manage accounts and settings", (ADMIN,)),
        }

    def check(self, actor: str, action: str, **about: Any) -> None:
        """Raise `Forbidden`, in a sentence that says who could, unless `actor` may do `action`.

        `about` says to what: for tasks `groups` (role ids), `assignee` (an actor), `element_id`,
        `competence` and `to` for whom it is given to; for messages `key`; for reading `reference`; for all of one complaint
        `instance_id`. Claiming a task that somebody has is a `Conflict`.
        """
        kind, _, name = actor.partition(":")
        if kind in TRUSTED:
            return
        if kind == COMPLAINANT:
            self._complainant(name, action, about)
            return
        account = self._accounts.of(actor) if actor.startswith(ACCOUNT) else None
        if account is None:
            raise Forbidden(f"Nobody is known as {actor!r}. Sign in to do this.")
        if not account.active:
            raise Forbidden(f"The account of {account.display_name} is switched off. An administrator can switch it on again.")
        rule = self._rules.get(action)
        if rule is None:
            raise Forbidden(f"{account.display_name} may not {action!r}: there is no rule that lets anybody do it.")
        instance_id = self._complaint(about)
        if instance_id:
            self._nothing_between(account, instance_id, reader=action not in UNSEEN)
        rule(account, about)
        if instance_id and action == "assign" and about.get("to"):
            receiver = self._receiver(about, str(about["to"]))
            # Who is given a task of a confidential complaint may see it: being given it is how they are let in.
            self._nothing_between(receiver, instance_id, reader=True, confidential_too=False)

    def allows(self, actor: str, action: str, **about: Any) -> bool:
        """Whether `check` would let it pass: for pages that show only what a person can do."""
        try:
            self.check(actor, action, **about)
        except (Forbidden, Conflict):
            return False
        return True

    def reach(self, account: Account) -> Reach:
        """What an administrator has to be sure of: who can see what."""
        p = t.complaint_person.c
        with self._accounts.reading() as connection:
            found = connection.execute(select(p.instance_id, p.part).where(p.account_id == account.id)).all()
        closed = {row.instance_id for row in found if row.part in AGAINST}
        admitted = {row.instance_id for row in found if row.part == ADMITTED} - closed
        reads, everything = self.allows(account.actor, "read"), AUDITOR in account.roles
        teams = tuple(sorted(self._accounts.teams(account.id)))
        return Reach(reads, everything, teams, everything or TEAM_LEAD in account.roles, len(closed), len(admitted))

    def receivers(self, people: Iterable[Account], instance_id: str, groups: Iterable[str], competence: str = "") -> list[Account]:
        """Those of several accounts that a task could be given to: what `check` asks of the one it is given to, of all at once."""
        wanted, keys = set(groups), t.account_competence.c
        p, c, u, m = t.complaint_person.c, t.complaint.c, t.user_task.c, t.account_team.c
        with self._accounts.reading() as connection:
            parts: dict[str, set[str]] = {}
            for row in connection.execute(select(p.account_id, p.part).where(p.instance_id == instance_id)):
                parts.setdefault(row.account_id, set()).add(row.part)
            team = connection.execute(select(c.team).where(c.instance_id == instance_id)).scalar() or ""
            members = set(connection.execute(select(m.account_id).where(m.team == team)).scalars()) if team else set()
            valid = or_(keys.valid_until.is_(None), keys.valid_until > self._accounts.now())
            trained = select(keys.account_id).where(keys.competence == competence, valid)
            held = set(connection.execute(trained).scalars()) if competence else set()
            has = select(u.assignee).where(u.instance_id == instance_id, u.state == "open", u.assignee.is_not(None))
            at_work = set(connection.execute(has).scalars())

        def admitted(one: Account) -> bool:
            if not team or one.id in members or AUDITOR in one.roles or ADMITTED in parts.get(one.id, ()) or one.actor in at_work:
                return True
            return not at_work.isdisjoint(self._accounts.absences.covered_by(one.id))

        return [
            one for one in people
            if one.active and ((one.roles | one.by_name) & wanted or (not wanted and one.roles.intersection(OPERATORS)))
            and (not competence or one.id in held) and parts.get(one.id, set()).isdisjoint(AGAINST) and admitted(one)
        ]  # fmt: skip

    def _complainant(self, reference: str, action: str, about: Mapping[str, Any]) -> None:
        """Complainants file, and read and answer what is about their own complaint."""
        own = {"read": "reference", "correlate": "key"}.get(action)
        if action in ("start", "file") or (own is not None and reference and about.get(own) == reference):
            return
        if own is not None:
            raise Forbidden("A complainant can see and answer only their own complaint, by the link they were given.")
        raise Forbidden("Only the people who work on complaints can do this. Sign in with an account.")

    # -- complaints
    def seen(self, actor: str, instance_id: Any) -> list[ColumnElement[bool]]:
        """What `_nothing_between` asks, as conditions on a column of instance ids."""
        account = self._accounts.of(actor) if actor.startswith(ACCOUNT) else None
        if account is None or not account.active:
            return [] if actor.partition(":")[0] in TRUSTED else [~true()]
        p, c, u = _PERSON.c, _COMPLAINT.c, _TASK.c
        mine = exists().where(p.instance_id == instance_id, p.account_id == account.id)
        # Most people have no part in any complaint: for them it is not asked of each row.
        anywhere = self._parts_anywhere(account.id)
        conditions: list[ColumnElement[bool]] = [] if anywhere.isdisjoint(AGAINST) else [~mine.where(p.part.in_(AGAINST))]
        if AUDITOR not in account.roles:
            others = and_(c.team != "", c.team.not_in(self._accounts.teams(account.id)))
            closed = others if TEAM_LEAD in account.roles else or_(others, c.confidential.is_(True))
            mine_too = [actor, *sorted(self._accounts.absences.covered_by(account.id))]
            has_work = exists().where(u.instance_id == instance_id, u.assignee.in_(mine_too), u.state == "open")
            # With an offset PostgreSQL looks each complaint up; without, it would read all there are first.
            kept_from = select(c.instance_id).where(c.instance_id == instance_id, closed).offset(0).exists()
            let_in = [mine.where(p.part == ADMITTED)] if ADMITTED in anywhere else []
            conditions.append(or_(~kept_from, *let_in, has_work))
        return conditions

    def offered(self, actor: str) -> list[ColumnElement[bool]]:
        """Tasks somebody could be given: what they may not have, or lack the competence for, is not among them (4.7, 4.14)."""
        u, b = t.user_task.c, _BARRED.c
        held = sorted(self._accounts.competences_of(account_id(actor) or ""))
        return [~exists().where(b.task_id == u.id, b.actor == actor), u.competence.in_(["", *held])]

    def _complaint(self, about: Mapping[str, Any]) -> str | None:
        """The instance that something is about: named itself, or by the complaint's reference."""
        if about.get("instance_id"):
            return str(about["instance_id"])
        reference = about.get("reference") or about.get("key")
        if not reference:
            return None
        with self._accounts.reading() as connection:
            where = t.complaint.c.reference == reference
            found: str | None = connection.execute(select(t.complaint.c.instance_id).where(where)).scalar()
        return found

    def _nothing_between(self, account: Account, instance_id: str, *, reader: bool, confidential_too: bool = True) -> None:
        """Raise `Forbidden` for what keeps somebody from a complaint, whatever their roles; `reader`: by what is in it."""
        parts = self._parts(account.id, instance_id)
        for part, why in zip(AGAINST, ("the complaint is about them", "they have a conflict of interest"), strict=True):
            if part in parts:
                told = f"{account.display_name} may have nothing to do with this complaint, because {why}."
                raise Forbidden(f"{told} Anybody else who works on complaints can; a team lead can correct it.")
        if not reader or ADMITTED in parts or AUDITOR in account.roles:
            return
        team, confidential = self._marks(instance_id)
        others = bool(team) and team not in self._accounts.teams(account.id)
        marked = confidential and confidential_too and TEAM_LEAD not in account.roles
        if not (others or marked):
            return
        u, mine = t.user_task.c, [account.actor, *sorted(self._accounts.absences.covered_by(account.id))]
        with self._accounts.reading() as connection:
            has = select(u.id).where(u.instance_id == instance_id, u.assignee.in_(mine), u.state == "open").limit(1)
            if connection.execute(has).first() is not None:
                return
        why = "it belongs to another team" if others else "it is marked as confidential"
        raise Forbidden(f"{account.display_name} may not see this complaint: {why}. A team lead can let them in, or give them its work.")

    def _parts(self, account_id: str, instance_id: str) -> frozenset[str]:
        """Somebody's parts in a complaint."""

        def ask() -> frozenset[str]:
            with self._accounts.reading() as connection:
                return frozenset(row.part for row in _PARTS.all(connection, {"instance": instance_id, "account": account_id}))

        return self._accounts.remembered(("parts", account_id, instance_id), ask)

    def _parts_anywhere(self, account_id: str) -> frozenset[str]:
        """Which parts somebody has in complaints, whatever these are."""

        def ask() -> frozenset[str]:
            with self._accounts.reading() as connection:
                return frozenset(row.part for row in _PARTS_ANYWHERE.all(connection, {"account": account_id}))

        return self._accounts.remembered(("parts", account_id), ask)

    def _marks(self, instance_id: str) -> tuple[str, bool]:
        """The team a complaint is for, if any, and whether it is marked as confidential."""

        def ask() -> tuple[str, bool]:
            with self._accounts.reading() as connection:
                row = _MARKS.first(connection, {"instance": instance_id})
            return ("", False) if row is None else (row.team or "", bool(row.confidential))

        return self._accounts.remembered(("marks", instance_id), ask)

    # -- tasks
    def _work(self, account: Account, about: Mapping[str, Any]) -> None:
        """A task is for who has it, and who covers them while they are away; one that nobody has, for the roles it names."""
        self._competent(account, about)
        holder = about.get("assignee")
        if holder == account.actor:
            return
        if holder and holder not in self._accounts.absences.covered_by(account.id):
            raise Forbidden(f"{_task(about)} belongs to {self._name(holder)}. They can do it, or a team lead can give it to somebody else.")
        self._in_group(account, about, account.display_name)

    def _claim(self, account: Account, about: Mapping[str, Any]) -> None:
        """Taking a task, or giving one's own back."""
        holder = about.get("assignee")
        if holder and holder != account.actor:
            told = f"{self._name(holder)} already has {_task(about, small=True)}. Nothing was changed."
            raise Conflict(told, holder)
        if holder != account.actor:
            self._competent(account, about)
            self._in_group(account, about, account.display_name)

    def _competent(self, account: Account, about: Mapping[str, Any]) -> None:
        """A task that needs a competence is for those who hold it, now (ISO 10002, 4.14)."""
        needed = about.get("competence")
        if needed and needed not in self._accounts.competences_of(account.id):
            told = f"{_task(about)} needs the competence {needed!r}, which {account.display_name} does not hold."
            raise Forbidden(f"{told} Somebody who does can do it; an administrator notes who was trained.")

    def _receiver(self, about: Mapping[str, Any], to: str) -> Account:
        """Whom a task is given to, if it can be given to them."""
        receiver = self._accounts.of(to)
        if receiver is None or not receiver.active:
            raise Forbidden(f"{_task(about)} cannot be given to {to}: there is no active account of that name.")
        return receiver

    def _hand_over(self, account: Account, about: Mapping[str, Any]) -> None:
        """Team leads give tasks to others, as does who has the task; only to somebody who may do it."""
        mine = {account.actor, *self._accounts.absences.covered_by(account.id)}
        if TEAM_LEAD not in account.roles and mine.isdisjoint({about.get("assignee"), about.get("owner")}):
            holder = about.get("assignee")
            who = f"{self._name(holder)}, who has it, or a team lead" if holder else "a team lead"
            raise Forbidden(f"{account.display_name} may not give {_task(about, small=True)} to anybody; {who} can.")
        to = about.get("to")
        if to:
            receiver = self._receiver(about, str(to))
            self._competent(receiver, about)
            self._in_group(receiver, about, receiver.display_name)

    def _in_group(self, account: Account, about: Mapping[str, Any], who: str) -> None:
        groups = [str(group) for group in about.get("groups") or ()]
        if (account.roles | account.by_name).intersection(groups) or (not groups and account.roles.intersection(OPERATORS)):
            return
        if not groups:
            raise Forbidden(f"{_task(about)} names nobody who may do it. A team lead can give it to somebody; a process owner can do it.")
        raise Forbidden(f"{who} may not do {_task(about, small=True)}: it is for the {_roles(groups)}.")

    # -- the rest
    def _take_part(self, account: Account, about: Mapping[str, Any]) -> None:
        """Whoever works on complaints files them, and passes on what complainants say."""
        if not (_works(account) or account.roles.intersection(OPERATORS)):
            raise Forbidden(f"{account.display_name} may not do this. Whoever holds a role in the handling of complaints can.")

    def _read(self, account: Account, about: Mapping[str, Any]) -> None:
        if not (_works(account) or AUDITOR in account.roles):
            told = f"{account.display_name} may not read complaints."
            raise Forbidden(f"{told} Whoever holds a role in the handling of complaints can, and auditors.")

    def _write(self, account: Account, about: Mapping[str, Any]) -> None:
        """Notes, comments, what complainants say by other ways: of those who work on complaints, not of those who only read."""
        if not _works(account):
            raise Forbidden(f"The account of {account.display_name} only reads complaints. Somebody who works on them can do this.")

    def _declare(self, account: Account, about: Mapping[str, Any]) -> None:
        """Everybody says of themselves that they have a conflict of interest; nobody is asked whether they may."""
        if about.get("account_id") != account.id:
            raise Forbidden("A conflict of interest is declared by who has it; a team lead can note it for somebody else.")

    def _away(self, account: Account, about: Mapping[str, Any]) -> None:
        """Everybody says when they are away themselves; team leads and administrators note it for others, and how much is a full desk."""
        if about.get("account_id") != account.id and not account.roles.intersection((TEAM_LEAD, ADMIN)):
            raise Forbidden(f"{account.display_name} may not say when others are away; a team lead or an administrator can.")

    def _one_of(self, what: str, roles: tuple[str, ...]) -> Rule:
        def rule(account: Account, about: Mapping[str, Any]) -> None:
            if not account.roles.intersection(roles):
                raise Forbidden(f"{account.display_name} may not {what}; that takes the {_roles(roles)}.")

        return rule

    def _name(self, actor: str) -> str:
        account = self._accounts.of(actor)
        return actor if account is None else account.display_name


def _works(account: Account) -> bool:
    """Whether the account holds a role of a package, or leads those who do."""
    return TEAM_LEAD in account.roles or bool(account.roles - BUILT_IN_ROLES.keys())


def _task(about: Mapping[str, Any], small: bool = False) -> str:
    name = f"the task {about['element_id']!r}" if about.get("element_id") else "this task"
    return name if small else name[0].upper() + name[1:]


def _roles(roles: tuple[str, ...] | list[str]) -> str:
    people = [role[1:] for role in roles if role.startswith("@")]
    named = [BUILT_IN_ROLES.get(role, role).lower() if role in BUILT_IN_ROLES else repr(role) for role in roles if role[1:] not in people]
    return " or ".join([*([f"role {' or '.join(named)}"] if named else []), *([f"account {' or '.join(people)}"] if people else [])])
