"""Who may do what: the one place that says so. What no rule allows is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from amends.engine.accounts.accounts import ACCOUNT, Account, Accounts
from amends.engine.errors import Conflict, Forbidden

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
            "start": self._take_part,
            "file": self._take_part,
            "correlate": self._take_part,
            "read": self._read,
            "signal": self._one_of("send a signal to every complaint", OPERATORS),
            "deploy": self._one_of("deploy a package", OPERATORS),
            "operate": self._one_of("interfere with a running process", OPERATORS),
            "audit": self._one_of("read the audit trail", READERS),
            "admin": self._one_of("manage accounts and settings", (ADMIN,)),
        }

    def check(self, actor: str, action: str, **about: Any) -> None:
        """Raise `Forbidden`, in a sentence that says who could, unless `actor` may do `action`.

        `about` says to what: for tasks `groups` (role ids), `assignee` (an actor), `element_id`, and `to` for whom it is given to;
        for messages `key`; for reading `reference`. Claiming a task that somebody has is a `Conflict`.
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
        rule(account, about)

    def allows(self, actor: str, action: str, **about: Any) -> bool:
        """Whether `check` would let it pass: for pages that show only what a person can do."""
        try:
            self.check(actor, action, **about)
        except (Forbidden, Conflict):
            return False
        return True

    def _complainant(self, reference: str, action: str, about: Mapping[str, Any]) -> None:
        """Complainants file, and read and answer what is about their own complaint."""
        own = {"read": "reference", "correlate": "key"}.get(action)
        if action in ("start", "file") or (own is not None and reference and about.get(own) == reference):
            return
        if own is not None:
            raise Forbidden("A complainant can see and answer only their own complaint, by the link they were given.")
        raise Forbidden("Only the people who work on complaints can do this. Sign in with an account.")

    # -- tasks
    def _work(self, account: Account, about: Mapping[str, Any]) -> None:
        """A task is for who has it; one that nobody has, for the roles it names."""
        holder = about.get("assignee")
        if holder == account.actor:
            return
        if holder:
            raise Forbidden(f"{_task(about)} belongs to {self._name(holder)}. They can do it, or a team lead can give it to somebody else.")
        self._in_group(account, about, account.display_name)

    def _claim(self, account: Account, about: Mapping[str, Any]) -> None:
        """Taking a task, or giving one's own back."""
        holder = about.get("assignee")
        if holder and holder != account.actor:
            told = f"{self._name(holder)} already has {_task(about, small=True)}. Nothing was changed."
            raise Conflict(told, holder)
        if holder != account.actor:
            self._in_group(account, about, account.display_name)

    def _hand_over(self, account: Account, about: Mapping[str, Any]) -> None:
        """Team leads give tasks to others, as does who has the task; only to somebody who may do it."""
        if TEAM_LEAD not in account.roles and about.get("assignee") != account.actor:
            holder = about.get("assignee")
            who = f"{self._name(holder)}, who has it, or a team lead" if holder else "a team lead"
            raise Forbidden(f"{account.display_name} may not give {_task(about, small=True)} to anybody; {who} can.")
        to = about.get("to")
        if to:
            receiver = self._accounts.of(to)
            if receiver is None or not receiver.active:
                raise Forbidden(f"{_task(about)} cannot be given to {to}: there is no active account of that name.")
            self._in_group(receiver, about, receiver.display_name)

    def _in_group(self, account: Account, about: Mapping[str, Any], who: str) -> None:
        groups = [str(group) for group in about.get("groups") or ()]
        if account.roles.intersection(groups) or (not groups and account.roles.intersection(OPERATORS)):
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
    named = [BUILT_IN_ROLES.get(role, role).lower() if role in BUILT_IN_ROLES else repr(role) for role in roles]
    return f"role {' or '.join(named)}"
