"""A second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for who has lost it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyotp
import structlog
from sqlalchemy import Connection, delete, func, insert, select, update

from amends.engine.accounts.attempts import waits
from amends.engine.accounts.sessions import digest
from amends.engine.accounts.vault import MARK, Vault
from amends.engine.errors import Conflict, Invalid
from amends.engine.store import Database
from amends.engine.store import tables as t

log = structlog.get_logger("amends.accounts")
STEP_SECONDS: Final = 30
STEPS_ASIDE: Final = 1
"""Codes of the step before and after count too: clocks differ, and people type slowly (RFC 6238, 5.2)."""
RECOVERY_CODES: Final = 10
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # without those that look alike
WRONG: Final = "This code is wrong, or was used already. Type the one your app shows now."


@dataclass(frozen=True, slots=True)
class Secret:
    """What an authenticator app is given: by typing, or as a picture of `uri`."""

    secret: str
    uri: str


class SecondFactor:
    """The second factors of all accounts. `record` writes into the history, `vault` seals the secrets."""

    def __init__(self, database: Database, now: Callable[[], datetime], record: Callable[..., None], vault: Vault) -> None:
        self._database, self._now, self._record, self._vault = database, now, record, vault

    def on(self, account_id: str) -> bool:
        """Whether somebody is asked for a code."""
        f = t.account_totp.c
        with self._database.reading() as connection:
            query = select(f.account_id).where(f.account_id == account_id, f.confirmed_at.is_not(None))
            return connection.execute(query).first() is not None

    def used_by(self) -> set[str]:
        """The accounts that are asked for a code."""
        f = t.account_totp.c
        with self._database.reading() as connection:
            return set(connection.execute(select(f.account_id).where(f.confirmed_at.is_not(None))).scalars())

    def begin(self, account_id: str, name: str, issuer: str) -> Secret:
        """The secret for an app, the same until it is confirmed. Raises `Conflict` where one is in use."""
        f = t.account_totp.c
        with self._database.transaction() as connection:
            row = connection.execute(select(f.secret, f.confirmed_at).where(f.account_id == account_id)).first()
            if row is not None and row.confirmed_at is not None:
                raise Conflict("A second factor is in use already. Switch it off first; nothing was changed.")
            begun = self._vault.open(row.secret, account_id) if row is not None else None
            secret = begun or pyotp.random_base32(32)
            if row is None:
                connection.execute(insert(t.account_totp), {"account_id": account_id, "secret": self._vault.seal(secret, account_id)})
            elif begun is None:
                # Sealed with a key that is gone: nobody can prove it any more, so another one is begun.
                anew = {"secret": self._vault.seal(secret, account_id)}
                connection.execute(update(t.account_totp).where(f.account_id == account_id).values(**anew))
        return Secret(secret, pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer))

    def confirm(self, account_id: str, code: str, *, actor: str) -> list[str]:
        """Use it from now on, if the code is right; the recovery codes, this once. Raises `Invalid`, and `Conflict` if none was begun."""
        f = t.account_totp.c
        with self._database.transaction() as connection:
            row = connection.execute(select(t.account_totp).where(f.account_id == account_id).with_for_update()).first()
            if row is None or row.confirmed_at is not None:
                raise Conflict("No second factor is being set up. Begin again; nothing was changed.")
            step = self._step(row, code)
            if step is None:
                raise Invalid(WRONG, {"code": [WRONG]})
            values = {"confirmed_at": self._now(), "last_step": step, "failures": 0, "failed_at": None, **self._resealed(row)}
            connection.execute(update(t.account_totp).where(f.account_id == account_id).values(**values))
            codes = _new_codes(connection, account_id)
            self._record(actor, account_id, "second factor on")
        return codes

    def check(self, account_id: str, code: str) -> bool:
        """Whether a code of the app, or a recovery code, is right; each counts once.

        After five wrong ones in a row the next has to wait, up to half a minute: only who knows the password gets here, so
        nobody else is kept out by that.
        """
        f, now = t.account_totp.c, self._now()
        with self._database.transaction() as connection:
            row = connection.execute(select(t.account_totp).where(f.account_id == account_id).with_for_update()).first()
            if row is None or row.confirmed_at is None or waits(row.failures, row.failed_at, now):
                return False
            mine = update(t.account_totp).where(f.account_id == account_id)
            step = self._step(row, code)
            if step is not None:
                connection.execute(mine.values(last_step=step, failures=0, failed_at=None, **self._resealed(row)))
                return True
            if self._recovered(connection, account_id, code):
                connection.execute(mine.values(failures=0, failed_at=None))
                self._record(f"account:{account_id}", account_id, "recovery code used")
                return True
            connection.execute(mine.values(failures=min(row.failures + 1, 1_000), failed_at=now))
        return False

    def _resealed(self, row: Any) -> dict[str, str]:
        """A secret kept in the clear by an amends that did not seal yet, sealed now that it is used."""
        return {} if row.secret.startswith(MARK) else {"secret": self._vault.seal(row.secret, row.account_id)}

    def _step(self, row: Any, code: str) -> int | None:
        """The time step a code is of, if it is right and of a later one than the last that counted."""
        secret, last = self._vault.open(row.secret, row.account_id), row.last_step
        if secret is None:
            log.error("the key that second factors are sealed with is not the one they were sealed with", account=row.account_id)
            return None
        typed, step = "".join(code.split()), int(self._now().timestamp()) // STEP_SECONDS
        totp, found = pyotp.TOTP(secret), None
        for at in range(step - STEPS_ASIDE, step + STEPS_ASIDE + 1):
            # Every step is compared: the time it takes says nothing about which one was right.
            if hmac.compare_digest(totp.generate_otp(at).encode(), typed.encode()) and at > last:
                found = at
        return found

    def _recovered(self, connection: Connection, account_id: str, code: str) -> bool:
        r, typed = t.account_recovery.c, "".join(code.replace("-", "").split()).lower()
        where = (r.account_id == account_id, r.code_hash == digest(typed))
        return connection.execute(delete(t.account_recovery).where(*where)).rowcount == 1

    def left(self, account_id: str) -> int:
        """How many recovery codes were not used yet."""
        r = t.account_recovery.c
        with self._database.reading() as connection:
            query = select(func.count()).select_from(t.account_recovery).where(r.account_id == account_id)
            many: int = connection.execute(query).scalar_one()
        return many

    def renew_codes(self, account_id: str, *, actor: str) -> list[str]:
        """Ten new recovery codes, shown this once; the others end. Raises `Conflict` where no second factor is in use."""
        if not self.on(account_id):
            raise Conflict("No second factor is in use, so there is nothing to recover; nothing was changed.")
        with self._database.transaction() as connection:
            codes = _new_codes(connection, account_id)
            self._record(actor, account_id, "recovery codes renewed")
        return codes

    def remove(self, account_id: str, *, actor: str) -> None:
        """Ask for no code any more; what was set up is forgotten."""
        with self._database.transaction() as connection:
            connection.execute(delete(t.account_recovery).where(t.account_recovery.c.account_id == account_id))
            gone = connection.execute(delete(t.account_totp).where(t.account_totp.c.account_id == account_id)).rowcount
            if gone:
                self._record(actor, account_id, "second factor off")


def _new_codes(connection: Connection, account_id: str) -> list[str]:
    """Ten codes of 16 letters, 79 bits each; only their hashes are kept."""
    made = ["".join(secrets.choice(_LETTERS) for _ in range(16)) for _ in range(RECOVERY_CODES)]
    connection.execute(delete(t.account_recovery).where(t.account_recovery.c.account_id == account_id))
    connection.execute(insert(t.account_recovery), [{"account_id": account_id, "code_hash": digest(code)} for code in made])
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in made]
