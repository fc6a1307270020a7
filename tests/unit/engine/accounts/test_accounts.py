"""Accounts: who can sign in, with what, and what is written down about it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from argon2 import PasswordHasher
from sqlalchemy import event, select

from amends.engine import Engine
from amends.engine.accounts import Accounts, Passwords
from amends.engine.errors import Conflict, Invalid, NotFound
from amends.engine.history import INSTALLATION
from amends.engine.store import tables as t

GOOD = "correct horse battery"


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 5, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def quick() -> Passwords:
    """Real argon2id with parameters that make tests quick."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(tmp_path: Path, clock: Clock) -> Iterator[Engine]:
    engine = Engine(f"sqlite:///{tmp_path / 'amends.db'}", clock=clock)
    yield engine
    engine.close()


@pytest.fixture
def accounts(engine: Engine) -> Accounts:
    return Accounts(engine, quick())


def changes(engine: Engine) -> list[tuple[str, str, dict[str, object]]]:
    """What the installation's history says about accounts: actor, account, data."""
    return [(change.actor, change.element_id, change.data) for change in engine.history(INSTALLATION) if change.kind == "account"]


def test_a_new_account_signs_in(accounts: Accounts) -> None:
    """A made account has an id, an actor, its roles, and signs in with its password only."""
    account, made_up = accounts.create("Ana", "Ana Silva", ["handler"], GOOD, email="ana@example.org")
    assert made_up is None
    assert account.id.startswith("a") and len(account.id) == 33
    assert account.actor == f"account:{account.id}"
    assert (account.username, account.display_name, set(account.roles), account.active) == ("ana", "Ana Silva", {"handler"}, True)
    assert accounts.authenticate("ana", GOOD) == account
    assert accounts.authenticate("ana", GOOD + "!") is None
    assert accounts.of(account.actor) == account
    assert accounts.of("account:nobody") is None
    assert accounts.of(account.id) is None, "an id is no actor"


def test_a_generated_password_is_strong_readable_and_works(accounts: Accounts) -> None:
    """Without a password one is made up: at least 80 bits, letters that cannot be mixed up, another one each time."""
    import math

    seen = set()
    for number in range(20):
        _, password = accounts.create(f"user{number}", "", ())
        assert password is not None
        letters = password.replace("-", "")
        assert not set(letters) & set("01loi")
        assert len(letters) * math.log2(31) >= 80
        seen.add(password)
    assert len(seen) == 20
    assert accounts.authenticate("user3", "x") is None
    _, password = accounts.create("last", "Last", ())
    assert password is not None and accounts.authenticate("last", password) is not None


def test_passwords_are_kept_as_salted_argon2id(engine: Engine, accounts: Accounts) -> None:
    """The database holds argon2id hashes, and the same password twice is two hashes."""
    for name in ("one", "two"):
        accounts.create(name, name, (), GOOD)
    with engine.database.reading() as connection:
        kept = list(connection.execute(select(t.account.c.password_hash)).scalars())
    assert all(value.startswith("$argon2id$") for value in kept)
    assert len(set(kept)) == 2


def test_the_default_cost_is_above_the_recommended_minimum() -> None:
    """argon2id with at least 19 MiB and two passes (OWASP)."""
    kept = Passwords().hash(GOOD)
    assert "$m=32768,t=2,p=1$" in kept


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "too short"),
        ("x" * 201, "too long"),
        ("aaaaaaaaaaaaaaaa", "easy to guess"),
        ("ana.silva@example.org", "a name of the person"),
    ],
)
def test_bad_passwords_are_refused_with_a_reason(accounts: Accounts, password: str, why: str) -> None:
    """A password is refused by field, saying why, and nothing is made."""
    with pytest.raises(Invalid, match=why) as caught:
        accounts.create("ana", "Ana", (), password, email="ana.silva@example.org")
    assert "password" in caught.value.fields
    assert accounts.list() == []


@pytest.mark.parametrize("username", ["", " ", "two words", "a:b", "x" * 121, "tab\tname"])
def test_bad_user_names_are_refused(accounts: Accounts, username: str) -> None:
    """A user name has no spaces and no colons, and is not empty."""
    with pytest.raises(Invalid, match="user name"):
        accounts.create(username, "X", ())


def test_user_names_are_taken_once_whatever_their_capitals(accounts: Accounts) -> None:
    """Ana and ANA are one user name."""
    accounts.create("Ana", "Ana", (), GOOD)
    with pytest.raises(Conflict, match="already"):
        accounts.create("ANA", "Another", ())
    assert accounts.authenticate(" aNa ", GOOD) is not None


def test_changing_a_password_ends_sessions(accounts: Accounts) -> None:
    """A new password replaces the old one, and the session mark changes."""
    account, _ = accounts.create("ana", "Ana", (), GOOD)
    made_up = accounts.set_password(account.id, actor="account:admin")
    assert made_up is not None
    assert accounts.authenticate("ana", GOOD) is None
    now = accounts.authenticate("ana", made_up)
    assert now is not None and now.session_mark != account.session_mark


def test_a_deactivated_account_cannot_sign_in(accounts: Accounts) -> None:
    """Deactivating ends sessions and sign-in; activating allows sign-in again."""
    account, _ = accounts.create("ana", "Ana", ("handler",), GOOD)
    accounts.deactivate(account.id)
    assert accounts.authenticate("ana", GOOD) is None
    assert accounts.get(account.id).session_mark != account.session_mark
    accounts.activate(account.id)
    assert accounts.authenticate("ana", GOOD) is not None


def test_the_last_administrator_stays(accounts: Accounts) -> None:
    """Nobody can take away or switch off the last active administrator; nothing is changed."""
    first, _ = accounts.create("first", "First", ("admin",), GOOD)
    with pytest.raises(Conflict, match="last active administrator"):
        accounts.deactivate(first.id)
    with pytest.raises(Conflict, match="last active administrator"):
        accounts.set_roles(first.id, ["handler"])
    assert accounts.get(first.id) == first
    accounts.create("second", "Second", ("admin",), GOOD)
    accounts.deactivate(first.id)
    assert not accounts.get(first.id).active


def test_every_change_is_in_the_installation_history(engine: Engine, accounts: Accounts) -> None:
    """Creating, roles, password, profile, deactivating and activating are recorded with who did it; no password is."""
    account, _ = accounts.create("ana", "Ana", ["handler"], GOOD, actor="account:boss")
    accounts.set_roles(account.id, ["handler", "decider"], actor="account:boss")
    accounts.set_roles(account.id, ["decider", "handler"], actor="account:boss")  # the same: no change
    accounts.set_password(account.id, GOOD + "2", actor=account.actor)
    accounts.set_profile(account.id, display_name="Ana S.", email="a@example.org", actor=account.actor)
    accounts.deactivate(account.id, actor="account:boss")
    accounts.activate(account.id, actor="account:boss")
    assert [(actor, data["what"]) for actor, id, data in changes(engine) if id == account.id] == [
        ("account:boss", "created"),
        ("account:boss", "roles"),
        (account.actor, "password"),
        (account.actor, "profile"),
        ("account:boss", "deactivated"),
        ("account:boss", "activated"),
    ]
    assert changes(engine)[0][2]["values"] == {"username": "ana", "display_name": "Ana", "email": ""}
    assert changes(engine)[1][2] == {"what": "roles", "roles": ["decider", "handler"], "before": ["handler"]}
    with engine.database.reading() as connection:
        written = b"".join(bytes(row.body) for row in connection.execute(select(t.history.c.body)))
        written += b"".join(bytes(row.body) for row in connection.execute(select(t.value.c.body)))
    assert GOOD.encode() not in written and b"argon2" not in written
    assert engine.verify().faults == []


def test_a_failed_change_leaves_no_trace(engine: Engine, accounts: Accounts) -> None:
    """A refused change writes no history: what is recorded has happened."""
    accounts.create("ana", "Ana", ("admin",), GOOD)
    before = changes(engine)
    with pytest.raises(Conflict):
        accounts.create("ana", "Twin", ())
    with pytest.raises(Invalid):
        accounts.create("b", "B", ["no role!"])
    assert changes(engine) == before


def test_wrong_passwords_slow_an_account_down(accounts: Accounts, clock: Clock) -> None:
    """After five wrong passwords even the right one waits; the wait grows to half a minute and then is over."""
    accounts.create("ana", "Ana", (), GOOD)
    for _ in range(5):
        assert accounts.authenticate("ana", "wrong wrong wrong") is None
    assert accounts.authenticate("ana", GOOD) is None, "the account waits"
    clock.now += timedelta(seconds=1)
    assert accounts.authenticate("ana", GOOD) is not None, "one second is over"
    assert accounts.authenticate("ana", GOOD) is not None, "a success starts the count anew"


def test_others_cannot_lock_somebody_out_for_good(accounts: Accounts, clock: Clock) -> None:
    """Guesses during the wait do not prolong it, so within half a minute the person's own attempt counts."""
    accounts.create("ana", "Ana", (), GOOD)
    for _ in range(200):
        accounts.authenticate("ana", "wrong wrong wrong")
        clock.now += timedelta(seconds=31)
    for _ in range(29):
        accounts.authenticate("ana", "wrong wrong wrong")
        clock.now += timedelta(seconds=1)
        accounts.authenticate("ana", "wrong wrong wrong")
    clock.now += timedelta(seconds=2)
    assert accounts.authenticate("ana", GOOD) is not None


def test_guessing_at_once_counts_each_guess(engine: Engine, accounts: Accounts) -> None:
    """Forty guesses at the same time are forty guesses, not one: at most five of them are compared."""
    account, _ = accounts.create("ana", "Ana", (), GOOD)
    compared = []
    right = accounts._passwords.right

    def counting(kept: str | None, password: str) -> bool:
        if kept is not None:
            compared.append(password)
        return right(kept, password)

    accounts._passwords.right = counting  # type: ignore[method-assign]
    threads = [threading.Thread(target=accounts.authenticate, args=("ana", f"guess number {number}")) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(compared) == 5


class CountingHasher(PasswordHasher):
    """Real argon2id that remembers the parameters of every hash it compared with."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.compared: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.compared.append(str(hash).rsplit("$", 2)[0])
        return super().verify(hash, password)


@pytest.mark.parametrize("who", ["known", "unknown", "switched-off", "waiting"])
def test_a_refusal_costs_the_same_whoever_it_is_for(engine: Engine, clock: Clock, who: str) -> None:
    """A refused attempt compares one hash of the same cost and commits one write, so its time does not tell who has an account."""
    hasher = CountingHasher()
    accounts = Accounts(engine, Passwords(hasher))
    for name in ("known", "switched-off", "waiting"):
        accounts.create(name, name, (), GOOD)
    accounts.deactivate(next(account.id for account in accounts.list() if account.username == "switched-off"))
    for _ in range(5):
        accounts.authenticate("waiting", "wrong wrong wrong")
    hasher.compared.clear()
    written: list[int] = []

    def watch(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip().upper().startswith("UPDATE"):
            written.append(cursor.rowcount)

    event.listen(engine.database.sql, "after_cursor_execute", watch)
    assert accounts.authenticate(who, "wrong wrong wrong") is None
    event.remove(engine.database.sql, "after_cursor_execute", watch)
    assert hasher.compared == ["$argon2id$v=19$m=64,t=1,p=1"]
    assert written == [1]


def test_an_old_hash_is_renewed_at_sign_in(engine: Engine) -> None:
    """A hash made with weaker parameters becomes one with today's when its password is known: at sign-in."""
    weak = Accounts(engine, quick())
    account, _ = weak.create("ana", "Ana", (), GOOD)
    strong = Accounts(engine, Passwords(PasswordHasher(time_cost=2, memory_cost=128, parallelism=1)))
    assert strong.authenticate("ana", GOOD) is not None
    with engine.database.reading() as connection:
        kept = connection.execute(select(t.account.c.password_hash).where(t.account.c.id == account.id)).scalar_one()
    assert "$m=128,t=2,p=1$" in kept
    assert strong.authenticate("ana", GOOD) is not None


def test_passwords_do_not_depend_on_how_a_keyboard_composes(accounts: Accounts) -> None:
    """A composed é and an e with an accent are the same letter in a password."""
    accounts.create("ana", "Ana", (), "caf\u00e9 au lait noir")
    assert accounts.authenticate("ana", "cafe\u0301 au lait noir") is not None


def test_accounts_are_listed_by_name_and_role(accounts: Accounts) -> None:
    """The list is by display name; with a role it is those who hold it, switched off ones too."""
    accounts.create("z", "Zoe", ["handler"], GOOD)
    accounts.create("a", "Ana", ["handler", "admin"], GOOD)
    accounts.create("m", "Max", [], GOOD)
    assert [account.display_name for account in accounts.list()] == ["Ana", "Max", "Zoe"]
    assert [account.display_name for account in accounts.list(role="handler")] == ["Ana", "Zoe"]
    with pytest.raises(NotFound, match="no account"):
        accounts.get("a0")
