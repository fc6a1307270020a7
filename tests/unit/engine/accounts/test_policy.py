"""Who may do what: a table of facts, and the sentences that say who could."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from amends.engine import Engine
from amends.engine.accounts import BUILT_IN_ROLES, Account, Accounts, Passwords, Policy
from amends.engine.errors import Conflict, Forbidden

ROLES = {
    "ana": ["handler"],
    "ben": ["handler", "decider"],
    "lea": ["team-lead"],
    "aud": ["auditor"],
    "own": ["process-owner"],
    "adm": ["admin"],
    "nil": [],
}


def populated(folder: Path) -> tuple[Engine, Accounts]:
    """An engine with an account for each of `ROLES`."""
    engine = Engine(f"sqlite:///{folder / 'amends.db'}")
    accounts = Accounts(engine, Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)))
    for name, roles in ROLES.items():
        accounts.create(name, name.capitalize(), roles)
    return engine, accounts


@pytest.fixture(scope="module")
def shared_accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """For tests that only ask."""
    engine, accounts = populated(tmp_path_factory.mktemp("policy"))
    yield accounts
    engine.close()


@pytest.fixture
def own_accounts(tmp_path: Path) -> Iterator[Accounts]:
    """For tests that change accounts."""
    engine, accounts = populated(tmp_path)
    yield accounts
    engine.close()


def by_name(accounts: Accounts) -> dict[str, Account]:
    return {account.username: account for account in accounts.list()}


@pytest.fixture
def people(shared_accounts: Accounts) -> dict[str, Account]:
    return by_name(shared_accounts)


@pytest.fixture
def policy(shared_accounts: Accounts) -> Policy:
    return Policy(shared_accounts)


# Everybody who may do an action with these details; everybody else must be refused.
FACTS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("complete", {"groups": ["handler"], "assignee": None}, {"ana", "ben"}),
    ("complete", {"groups": ["decider"], "assignee": None}, {"ben"}),
    ("complete", {"groups": ["handler"], "assignee": "ben"}, {"ben"}),
    ("complete", {"groups": ["handler"], "assignee": "lea"}, {"lea"}),
    ("complete", {"groups": [], "assignee": None}, {"own", "adm"}),
    ("complete", {"groups": ["auditor"], "assignee": None}, {"aud"}),
    ("claim", {"groups": ["handler"], "assignee": None}, {"ana", "ben"}),
    ("claim", {"groups": ["handler"], "assignee": "ana"}, {"ana"}),
    ("unclaim", {"groups": ["handler"], "assignee": "ana"}, {"ana", "lea"}),
    ("assign", {"groups": ["handler"], "assignee": None}, {"lea"}),
    ("assign", {"groups": ["handler"], "assignee": "ana"}, {"lea", "ana"}),
    ("assign", {"groups": ["handler"], "assignee": "ana", "to": "ben"}, {"lea", "ana"}),
    ("assign", {"groups": ["handler"], "assignee": "ana", "to": "aud"}, set()),
    ("start", {"process_id": "complaint"}, {"ana", "ben", "lea", "own", "adm"}),
    ("file", {}, {"ana", "ben", "lea", "own", "adm"}),
    ("correlate", {"name": "decision answered", "key": "C-1"}, {"ana", "ben", "lea", "own", "adm"}),
    ("read", {"reference": "C-1"}, {"ana", "ben", "lea", "aud"}),
    ("signal", {"name": "recall"}, {"own", "adm"}),
    ("deploy", {}, {"own", "adm"}),
    ("operate", {"instance_id": "1"}, {"own", "adm"}),
    ("audit", {}, {"aud", "own", "adm"}),
    ("admin", {}, {"adm"}),
    ("invented", {}, set()),
]


def details(about: dict[str, Any], people: dict[str, Account]) -> dict[str, Any]:
    """The same with actors where people stand."""
    return {key: people[value].actor if key in ("assignee", "to") and value else value for key, value in about.items()}


@pytest.mark.parametrize(("action", "about", "allowed"), FACTS)
def test_staff(policy: Policy, people: dict[str, Account], action: str, about: dict[str, Any], allowed: set[str]) -> None:
    """Exactly these people may do it."""
    may = {name for name, account in people.items() if policy.allows(account.actor, action, **details(about, people))}
    assert may == allowed


@pytest.mark.parametrize(("action", "about", "allowed"), FACTS)
def test_complainants(policy: Policy, people: dict[str, Account], action: str, about: dict[str, Any], allowed: set[str]) -> None:
    """A complainant files, and reads and answers their own complaint; nobody else's, and nothing more."""
    public = action in ("start", "file")
    assert policy.allows("complainant:C-1", action, **details(about, people)) == (public or action in ("read", "correlate"))
    assert policy.allows("complainant:C-2", action, **details(about, people)) == public
    assert policy.allows("complainant:", action, **details(about, people)) == public
    assert policy.allows("complainant", action, **details(about, people)) == public


def test_a_complainant_without_details_reads_nothing(policy: Policy) -> None:
    """Leaving out whose complaint it is does not open it."""
    assert not policy.allows("complainant:C-1", "read")
    assert not policy.allows("complainant:", "read", reference="")
    assert not policy.allows("complainant", "correlate", key="")


@pytest.mark.parametrize(
    "actor", ["", "nobody", "account:", "account:a1", "ana", "admin", "System", "account:a1:system", "complainants:C-1"]
)
def test_unknown_actors_may_nothing(policy: Policy, actor: str) -> None:
    """An actor that is nobody is refused everything, also what is public to complainants."""
    for action, about, _ in FACTS:
        with pytest.raises(Forbidden, match="Nobody is known"):
            policy.check(actor, action, **{**about, "assignee": None})


@pytest.mark.parametrize("actor", ["system", "job", "import", "historical:handler"])
def test_the_product_itself_is_trusted(policy: Policy, actor: str) -> None:
    """Timers, jobs and the replay of old records are not asked."""
    for action, about, _ in FACTS:
        policy.check(actor, action, **about)


def test_a_switched_off_account_may_nothing(own_accounts: Accounts) -> None:
    """Also not what it could before, at once."""
    people, policy, accounts = by_name(own_accounts), Policy(own_accounts), own_accounts
    accounts.create("adm2", "Second", ["admin"])
    for account in people.values():
        accounts.deactivate(account.id)
        for action, about, _ in FACTS:
            with pytest.raises(Forbidden, match="switched off"):
                policy.check(account.actor, action, **details(about, people))


def test_roles_count_at_once(own_accounts: Accounts) -> None:
    """A role given or taken away counts from the next check."""
    policy, accounts = Policy(own_accounts), own_accounts
    nil = by_name(own_accounts)["nil"]
    assert not policy.allows(nil.actor, "complete", groups=["reviewer"])
    accounts.set_roles(nil.id, ["reviewer"])
    assert policy.allows(nil.actor, "complete", groups=["reviewer"])
    accounts.set_roles(nil.id, [])
    assert not policy.allows(nil.actor, "complete", groups=["reviewer"])


def test_refusals_say_who_could(policy: Policy, people: dict[str, Account]) -> None:
    """A refusal names the role or person that could do it."""
    ana, ben = people["ana"].actor, people["ben"].actor
    with pytest.raises(Forbidden) as caught:
        policy.check(ana, "complete", element_id="decide", groups=["decider"], assignee=None)
    assert str(caught.value) == "Ana may not do the task 'decide': it is for the role 'decider'."
    with pytest.raises(Forbidden) as caught:
        policy.check(ana, "complete", element_id="assess", groups=["handler"], assignee=ben)
    assert str(caught.value) == "The task 'assess' belongs to Ben. They can do it, or a team lead can give it to somebody else."
    with pytest.raises(Forbidden) as caught:
        policy.check(ana, "deploy")
    assert str(caught.value) == "Ana may not deploy a package; that takes the role process owner or administrator."


def test_claiming_what_somebody_has_is_a_conflict(policy: Policy, people: dict[str, Account]) -> None:
    """Two people reach for one task: the second is told who has it, not that it is forbidden."""
    with pytest.raises(Conflict, match="Ben already has the task 'assess'") as caught:
        policy.check(people["ana"].actor, "claim", element_id="assess", groups=["handler"], assignee=people["ben"].actor)
    assert caught.value.by == people["ben"].actor


def test_the_built_in_roles_have_titles() -> None:
    """Every built-in role has words for people."""
    assert set(BUILT_IN_ROLES) == {"admin", "process-owner", "auditor", "team-lead"}
    assert all(title[0].isupper() for title in BUILT_IN_ROLES.values())
