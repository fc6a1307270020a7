"""An installation of its own for one scenario: its database lies in a temporary folder, its clock is moved, its mail is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from amends.engine.accounts import Accounts, Policy
from amends.engine.accounts.passwords import Passwords
from amends.engine.api import Engine, FormCheck
from amends.engine.calendars import Calendar
from amends.engine.complaints import Register
from amends.engine.definitions.package import Package
from amends.engine.scenarios.model import ScenarioError
from amends.engine.services import BUILT_IN, NotSent, Operation, OperationContext

FormsMaker = Callable[[Callable[[], datetime]], FormCheck]
"""Makes what checks forms, given the clock they go by."""
MOST_JOBS = 20_000
"""How many jobs one step may run: what needs more is a timer that repeats too often."""
_DATABASE = "scenario.db"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Done:
    """An operation that was carried out, with its inputs."""

    type: str
    element_id: str
    inputs: Mapping[str, Any]
    at: datetime


@dataclass(slots=True)
class Post:
    """A mailer that delivers to nobody: it keeps what it is given, by key, or fails while it does not work."""

    sender: str = "complaints@example.org"
    works: bool = True
    kept: dict[str, EmailMessage] = field(default_factory=dict)

    def send(self, message: EmailMessage, key: str) -> str:
        """Keep a mail; raises `NotSent` while the post does not work."""
        if not self.works:
            raise NotSent("The scenario says that no mail can be sent now.")
        self.kept[key] = message
        return f"kept by the scenario: {key}"


def recorded(operation: type[Operation], done: list[Done]) -> type[Operation]:
    """The operation, which also writes down each time it was carried out."""

    def run(self: Operation, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any] | None:
        result = operation.run(self, inputs, context)
        done.append(Done(operation.type, context.element_id, dict(inputs), context.now))
        return result

    return type(operation.__name__, (operation,), {"run": run})


class World:
    """Engine, register, accounts and policy, as an installation puts them together, with nothing that reaches outside.

    Only operations that are built in run; what a plugin would do stays an open service task, for the scenario to complete.
    """

    def __init__(self, folder: Path, forms: FormsMaker, now: datetime) -> None:
        self.now = now
        self.post, self.done = Post(), list[Done]()
        self.engine = Engine(f"sqlite:///{folder / _DATABASE}", clock=lambda: self.now, forms=forms(lambda: self.engine.now()))
        operations = self.engine.registry.operations
        operations.clear()
        operations.update({operation.type: recorded(operation, self.done) for operation in BUILT_IN})
        # Nobody ever signs in here, so the passwords that accounts need may be cheap.
        self.accounts = Accounts(self.engine, Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))
        self.engine.access = Policy(self.accounts)
        self.register = Register(self.engine)
        self.engine.registry.shared.update(mailer=self.post, register=self.register, accounts=self.accounts)

    @property
    def package(self) -> Package:
        """The one package that is deployed."""
        return self.engine.package(self.engine.deployments()[0].id)

    @property
    def calendars(self) -> dict[str, Calendar]:
        """The package's calendars by name."""
        return {name: Calendar.from_data(rules, name) for name, rules in self.package.manifest.calendars.items()}

    def settle(self) -> None:
        """Run everything that is due now."""
        self.advance(self.now)

    def advance(self, to: datetime) -> None:
        """Let time pass: what falls due happens at its own instant, in order."""
        if to < self.now:
            raise ScenarioError(f"Time only goes on: it is {self.now:%Y-%m-%d %H:%M} UTC, which is after {to:%Y-%m-%d %H:%M} UTC.")
        ran = 0
        while more := self.engine.run_due(now=to, since=self.now, limit=500):
            ran += more
            if ran > MOST_JOBS:
                raise ScenarioError(f"More than {MOST_JOBS:,} jobs ran before {to:%Y-%m-%d %H:%M} UTC; does a timer repeat too often?")
        self.now = to

    def person(self, name: str, roles: tuple[str, ...]) -> str:
        """The actor of a person, whose account is made when it is needed first."""
        username = "".join(sign if sign.isalnum() else "-" for sign in name.casefold()).strip("-") or "somebody"
        account = self.accounts.by_username(username)
        if account is None:
            address = f"{username}@staff.example" if username.isascii() else ""
            account, _ = self.accounts.create(username, name, roles, email=address)
        elif not set(roles) <= account.roles:
            account = self.accounts.set_roles(account.id, account.roles | set(roles))
        return account.actor

    def close(self) -> None:
        """Give the database back."""
        self.engine.close()


class Worlds:
    """Makes worlds in which a package is deployed. It is checked and deployed once; each world begins with a copy of that."""

    def __init__(self, package: Path, folder: Path, forms: FormsMaker) -> None:
        self._folder, self._forms, self._count = folder, forms, 0
        self._first = folder / "deployed"
        self._first.mkdir()
        world = World(self._first, forms, _LONG_AGO)
        try:
            world.engine.deploy(package)
        finally:
            world.close()

    @contextmanager
    def world(self, settings: Mapping[str, Any]) -> Iterator[World]:
        """A world for one scenario, whose files are gone afterwards."""
        self._count += 1
        place = self._folder / f"world-{self._count}"
        shutil.copytree(self._first, place)
        world = World(place, self._forms, _LONG_AGO)
        try:
            world.engine.set_settings(settings)
            yield world
        finally:
            world.close()
            shutil.rmtree(place)
