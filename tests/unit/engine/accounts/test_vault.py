"""The secrets of second factors are of no use to who has only the database; those kept in the clear before still work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from amends.engine import Engine
from amends.engine.accounts import Accounts, Passwords, Vault, key_of
from amends.engine.errors import Invalid
from amends.engine.store import tables as t

CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Somebody:
    """An account with a second factor, seen through vaults with one key or another."""

    def __init__(self, url: str) -> None:
        self.now = NOW
        self.engine = Engine(url, clock=lambda: self.now)
        self.account = self.through(b"k" * 32).create("ana", "Ana", ["handler"], "correct horse battery")[0]

    def through(self, key: bytes) -> Accounts:
        return Accounts(self.engine, CHEAP, vault=Vault(lambda: key))

    def begin(self, key: bytes = b"k" * 32) -> str:
        return self.through(key).second_factor.begin(self.account.id, "ana", "Example").secret

    def confirm(self, secret: str, key: bytes = b"k" * 32) -> list[str]:
        return self.through(key).second_factor.confirm(self.account.id, self.code(secret), actor=self.account.actor)

    def check(self, code: str, key: bytes = b"k" * 32) -> bool:
        return self.through(key).second_factor.check(self.account.id, code)

    def code(self, secret: str) -> str:
        self.now += timedelta(minutes=2)
        return pyotp.TOTP(secret).at(self.now)

    def kept(self, put: str = "") -> str:
        with self.engine.database.transaction() as connection:
            if put:
                connection.execute(update(t.account_totp).values(secret=put))
            return str(connection.execute(select(t.account_totp.c.secret)).scalar_one())


@pytest.fixture
def ana(database_url: str) -> Iterator[Somebody]:
    made = Somebody(database_url)
    yield made
    assert made.engine.verify().faults == []
    made.engine.close()


def test_what_is_kept_is_sealed(ana: Somebody) -> None:
    """The secret stands nowhere in the row, before it is confirmed nor after, and fits its column; codes count."""
    secret = ana.begin()
    before = ana.kept()
    ana.confirm(secret)
    assert before == ana.kept()
    assert before.startswith("e1:") and secret not in before and len(before) <= 64
    assert ana.check(ana.code(secret))


def test_what_was_kept_in_the_clear_still_works_and_is_sealed_when_it_is_used(ana: Somebody) -> None:
    """A wrong code changes nothing; the first right one seals it, and the next counts too."""
    secret = ana.begin()
    ana.confirm(secret)
    ana.kept(secret)
    assert not ana.check("000000") and ana.kept() == secret
    assert ana.check(ana.code(secret))
    assert ana.kept().startswith("e1:") and ana.check(ana.code(secret))


def test_what_was_begun_in_the_clear_is_sealed_when_it_is_confirmed(ana: Somebody) -> None:
    """Somebody was setting it up while amends was replaced by a newer one."""
    secret = ana.begin()
    ana.kept(secret)
    assert ana.begin() == secret
    ana.confirm(secret)
    assert ana.kept().startswith("e1:") and ana.check(ana.code(secret))


def test_with_another_key_no_code_counts_but_recovery_codes_do(ana: Somebody) -> None:
    """Where the key was lost nobody gets in by a code, who kept recovery codes does, and the right key is all it takes to go on."""
    secret = ana.begin()
    codes = ana.confirm(secret)
    assert not ana.check(ana.code(secret), b"x" * 32)
    assert ana.check(codes[0], b"x" * 32)
    assert ana.check(ana.code(secret))


def test_what_was_begun_with_a_key_that_is_gone_is_begun_anew(ana: Somebody) -> None:
    """Nobody could confirm it, so another secret takes its place."""
    lost = ana.begin(b"x" * 32)
    secret = ana.begin()
    assert secret != lost and ana.begin() == secret
    ana.confirm(secret)


def test_a_sealed_secret_is_of_no_use_to_another_account() -> None:
    """Whoever may write into the database cannot give somebody a second factor they know."""
    vault, secret = Vault(lambda: b"k" * 32), pyotp.random_base32(32)
    sealed = vault.seal(secret, "ana")
    changed = sealed[:-1] + ("0" if sealed[-1] != "0" else "1")
    assert (vault.open(sealed, "ana"), vault.open(sealed, "ben"), vault.open(changed, "ana")) == (secret, None, None)
    assert vault.seal(secret, "ana") != sealed


def test_the_key_is_given_or_made_once(tmp_path: Path) -> None:
    """In the environment, or a file nobody else can read; one too short is refused with what to do."""
    made: Any = key_of(tmp_path / "data", "")
    assert not (tmp_path / "data").exists()
    assert made() == made() and len(made()) == 32
    assert (tmp_path / "data" / "secret-key").stat().st_mode & 0o077 == 0
    assert key_of(tmp_path, "a" * 32)() == b"a" * 32
    with pytest.raises(Invalid, match="openssl rand"):
        key_of(tmp_path, "short")
