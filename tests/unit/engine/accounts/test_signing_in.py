"""Sessions, known browsers, the second factor, breached passwords, and identities at a sign-in service, on both databases."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from amends.engine import Engine
from amends.engine.accounts import Accounts, Breached, Passwords
from amends.engine.errors import Conflict, Forbidden, Invalid, NotFound

PASSWORD = "correct horse battery"
AGES: dict[str, Any] = {"idle": timedelta(minutes=60), "longest": timedelta(hours=12)}
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


class Time:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def accounts(database_url: str, clock: Time) -> Iterator[Accounts]:
    engine = Engine(database_url, clock=clock)
    yield Accounts(engine, CHEAP)
    assert engine.verify().faults == []
    engine.close()


@pytest.fixture
def ana(accounts: Accounts) -> Any:
    return accounts.create("ana", "Ana", ["handler"], PASSWORD)[0]


# -- sessions


def test_a_session_lasts_while_it_is_used_and_not_longer(accounts: Accounts, ana: Any, clock: Time) -> None:
    """Idle for an hour it is over; used all day it is over after twelve; its secret is not what is kept."""
    secret = accounts.sessions.begin(ana.id, ana.session_mark, method="password", agent="A browser", address="192.0.2.1")
    (listed,) = accounts.sessions.of(ana.id, ana.session_mark, **AGES)
    assert secret not in repr(listed) and (listed.agent, listed.address, listed.method) == ("A browser", "192.0.2.1", "password")
    for _ in range(12):
        clock.move(minutes=59)
        assert accounts.sessions.find(secret, **AGES) is not None
    clock.move(minutes=59)
    assert accounts.sessions.find(secret, **AGES) is None
    idle = accounts.sessions.begin(ana.id, ana.session_mark, method="password")
    clock.move(minutes=61)
    assert accounts.sessions.find(idle, **AGES) is None and accounts.sessions.of(ana.id, ana.session_mark, **AGES) == []
    assert accounts.sessions.find("guessed", **AGES) is None


def test_sessions_are_ended_one_by_one_or_all_others(accounts: Accounts, ana: Any) -> None:
    """Only one's own; with a new password none of before is listed."""
    eve = accounts.create("eve", "Eve", [], PASSWORD)[0]
    secrets = [accounts.sessions.begin(ana.id, ana.session_mark, method="password") for _ in range(3)]
    first, second, third = (accounts.sessions.find(one, **AGES) for one in secrets)
    assert first is not None and second is not None and third is not None
    with pytest.raises(NotFound):
        accounts.sessions.end(eve.id, first.id, actor=eve.actor)
    accounts.sessions.end(ana.id, first.id, actor=ana.actor)
    assert [accounts.sessions.find(one, **AGES) is None for one in secrets] == [True, False, False]
    assert accounts.sessions.end_others(ana.id, second.id, actor=ana.actor) == 1
    assert [accounts.sessions.find(one, **AGES) is None for one in secrets] == [True, False, True]
    accounts.set_password(ana.id, "another horse battery")
    assert accounts.sessions.of(ana.id, accounts.get(ana.id).session_mark, **AGES) == []


# -- guessing


def test_guesses_from_elsewhere_do_not_keep_somebody_out(accounts: Accounts, ana: Any, clock: Time) -> None:
    """However often others guess, the person's own browser signs in at once; a browser of another account is no help to a guesser."""
    device = accounts.sessions.know_device(ana.id, None)
    eve = accounts.create("eve", "Eve", [], PASSWORD)[0]
    eves = accounts.sessions.know_device(eve.id, None)
    for _ in range(20):
        assert accounts.authenticate("ana", "wrong wrong wrong") is None
    assert accounts.authenticate("ana", PASSWORD) is None, "an unknown browser waits"
    assert accounts.authenticate("ana", PASSWORD, eves) is None, "so does somebody else's"
    assert accounts.authenticate("ana", PASSWORD, device) is not None
    assert accounts.authenticate("ana", PASSWORD) is None, "the guesser's wait is not shortened by that"
    clock.move(seconds=31)
    assert accounts.authenticate("ana", PASSWORD) is not None


def test_a_known_browser_cannot_be_used_to_guess_either(accounts: Accounts, ana: Any, clock: Time) -> None:
    """It has five tries, then waits as any other; with a new password no browser is known any more."""
    device = accounts.sessions.know_device(ana.id, None)
    assert accounts.sessions.know_device(ana.id, device) == device
    for _ in range(6):
        assert accounts.authenticate("ana", "wrong wrong wrong", device) is None
    assert accounts.authenticate("ana", PASSWORD, device) is None
    assert accounts.authenticate("ana", PASSWORD) is not None
    clock.move(seconds=31)
    assert accounts.authenticate("ana", PASSWORD, device) is not None
    accounts.set_password(ana.id, "another horse battery")
    assert accounts.sessions.know_device(ana.id, device) != device


# -- the second factor


def code(secret: str, clock: Time, aside: int = 0) -> str:
    return pyotp.TOTP(secret).at(clock() + timedelta(seconds=30 * aside))


def begun(accounts: Accounts, ana: Any, clock: Time) -> tuple[str, list[str]]:
    secret = accounts.second_factor.begin(ana.id, "ana", "Example").secret
    return secret, accounts.second_factor.confirm(ana.id, code(secret, clock), actor=ana.actor)


def test_a_second_factor_is_on_once_a_code_has_proven_it(accounts: Accounts, ana: Any, clock: Time) -> None:
    """Until then nobody is asked; the secret is the same while it is set up, and told no more afterwards."""
    factor = accounts.second_factor
    first = factor.begin(ana.id, "ana", "Example")
    assert first == factor.begin(ana.id, "ana", "Example") and first.uri.startswith("otpauth://totp/Example:ana?secret=")
    with pytest.raises(Invalid):
        factor.confirm(ana.id, "000000", actor=ana.actor)
    assert not factor.on(ana.id) and not factor.check(ana.id, code(first.secret, clock))
    assert len(factor.confirm(ana.id, code(first.secret, clock), actor=ana.actor)) == 10
    assert factor.on(ana.id) and factor.left(ana.id) == 10
    with pytest.raises(Conflict):
        factor.begin(ana.id, "ana", "Example")


def test_a_code_counts_once_and_only_about_now(accounts: Accounts, ana: Any, clock: Time) -> None:
    """One step aside is accepted, because clocks differ; the same code again, or an older one, is not."""
    secret, _ = begun(accounts, ana, clock)
    check = accounts.second_factor.check
    assert not check(ana.id, code(secret, clock)), "the one that confirmed it was used"
    clock.move(seconds=90)
    assert not check(ana.id, code(secret, clock, -2)) and not check(ana.id, code(secret, clock, 2))
    now = code(secret, clock)
    assert check(ana.id, f"{now[:3]} {now[3:]}") and not check(ana.id, now) and not check(ana.id, code(secret, clock, -1))
    assert check(ana.id, code(secret, clock, 1))


def test_codes_cannot_be_guessed_without_end(accounts: Accounts, ana: Any, clock: Time) -> None:
    """After five wrong ones a right one has to wait too."""
    secret, _ = begun(accounts, ana, clock)
    clock.move(minutes=5)
    for _ in range(6):
        assert not accounts.second_factor.check(ana.id, "12345")
    assert not accounts.second_factor.check(ana.id, code(secret, clock))
    clock.move(seconds=31)
    assert accounts.second_factor.check(ana.id, code(secret, clock))


def test_each_recovery_code_lets_in_once(accounts: Accounts, ana: Any, clock: Time) -> None:
    """As it is typed: without hyphens, in capitals; new ones end the old; switched off, all is forgotten."""
    _, codes = begun(accounts, ana, clock)
    factor = accounts.second_factor
    assert factor.check(ana.id, codes[0].replace("-", "").upper()) and not factor.check(ana.id, codes[0])
    assert factor.left(ana.id) == 9
    fresh = factor.renew_codes(ana.id, actor=ana.actor)
    assert not factor.check(ana.id, codes[1]) and factor.check(ana.id, fresh[0])
    factor.remove(ana.id, actor="system")
    assert (factor.on(ana.id), factor.left(ana.id), factor.check(ana.id, fresh[1])) == (False, 0, False)
    with pytest.raises(Conflict):
        factor.renew_codes(ana.id, actor=ana.actor)


# -- breached passwords

BREACHED = ("password1234", "correct horse battery staple", "пароль пароль")


def hashed(passwords: Any) -> bytes:
    lines = sorted(hashlib.sha1(one.encode(), usedforsecurity=False).hexdigest().upper() for one in passwords)
    return "".join(f"{line}:{number}\r\n" for number, line in enumerate(lines)).encode()


def test_a_breached_password_is_refused_in_words(database_url: str, tmp_path: Path) -> None:
    """At making an account and at changing a password; with a list of hashes or of the words themselves."""
    engine = Engine(database_url)
    for number, (name, body) in enumerate((("hashes", hashed(BREACHED)), ("words", "\n".join(BREACHED).encode()))):
        (tmp_path / name).write_bytes(body)
        accounts = Accounts(engine, CHEAP, Breached(tmp_path / name))
        for password in BREACHED:
            with pytest.raises(Invalid, match="known from a breach") as caught:
                accounts.create("bob", "Bob", [], password)
            assert caught.value.fields.keys() == {"password"}
        made, _ = accounts.create(f"bob{number}", "Bob", [], "not on any list")
        with pytest.raises(Invalid, match="known from a breach"):
            accounts.set_password(made.id, BREACHED[0])
    engine.close()


@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=40), st.text(max_size=8))
def test_every_hash_of_a_list_is_found_and_no_other(tmp_path_factory: pytest.TempPathFactory, known: set[str], other: str) -> None:
    """Looking it up by halving the file says the same as reading all of it."""
    path = tmp_path_factory.mktemp("breached") / "list"
    path.write_bytes(hashed(known))
    breached = Breached(path)
    assert all(one in breached for one in known) and (other in breached) == (other in known)


def test_a_list_that_cannot_be_read_is_said_at_start(tmp_path: Path) -> None:
    """A wrong path does not silently allow everything."""
    with pytest.raises(Invalid, match="AMENDS_BREACHED_PASSWORDS"):
        Breached(tmp_path / "missing")


# -- identities

ISSUER = "https://id.example.org"
IDA = {"sub": "ida-1", "preferred_username": "ida", "name": "Ida", "email": "ida@example.org", "email_verified": True}


def test_who_is_new_gets_an_account_with_the_roles_of_their_groups(accounts: Accounts) -> None:
    """The next time it is the same account; groups that changed change its roles, and roles no group gives stay."""
    identities, governed = accounts.identities, {"handler", "decider"}
    ida = identities.signed_in(ISSUER, IDA, roles={"handler"}, governed=governed, create=True)
    assert (ida.username, ida.display_name, ida.email, ida.roles) == ("ida", "Ida", "ida@example.org", {"handler"})
    accounts.set_roles(ida.id, ["handler", "auditor"])
    again = identities.signed_in(ISSUER, {**IDA, "preferred_username": "renamed"}, roles={"decider"}, governed=governed, create=False)
    assert (again.id, again.username, again.roles) == (ida.id, "ida", {"decider", "auditor"})
    assert identities.linked(ida.id) == [ISSUER]


def test_a_service_cannot_take_over_an_account_by_its_name(accounts: Accounts, ana: Any) -> None:
    """Who is called like somebody here is refused until an administrator links them; who has no account and none is made, too."""
    identities = accounts.identities
    claims = {"sub": "x", "preferred_username": "Ana"}
    with pytest.raises(Forbidden, match="has an account 'Ana' here already"):
        identities.signed_in(ISSUER, claims, roles={"admin"}, governed={"admin"}, create=True)
    with pytest.raises(Forbidden, match="no account here yet"):
        identities.signed_in(ISSUER, IDA, roles=set(), governed=set(), create=False)
    identities.link(ana.id, ISSUER, "x", actor="system")
    assert identities.signed_in(ISSUER, claims, roles=set(), governed=set(), create=False).id == ana.id
    with pytest.raises(Conflict, match="They are ana already"):
        identities.link(accounts.create("eve", "Eve", [], PASSWORD)[0].id, ISSUER, "x", actor="system")
    accounts.deactivate(ana.id)
    with pytest.raises(Forbidden, match="switched off"):
        identities.signed_in(ISSUER, claims, roles=set(), governed=set(), create=False)
    identities.unlink(ana.id, actor="system")
    assert identities.find(ISSUER, "x") is None
    with pytest.raises(NotFound):
        identities.unlink(ana.id, actor="system")
