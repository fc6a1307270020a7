"""An installation of its own for one scenario: its database lies in a temporary folder, its clock is moved, its mail is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cached_property
from hashlib import sha256
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

    @cached_property
    def package(self) -> Package:
        """The one package that is deployed."""
        return self.engine.package(self.engine.deployments()[0].id)

    @cached_property
    def calendars(self) -> dict[str, Calendar]:
        """The package's calendars by name."""
        return calendars_of(self.package)

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
        # Two names never make one account, and any name makes one.
        username = f"p{sha256(name.encode()).hexdigest()[:16]}"
        account = self.accounts.by_username(username)
        if account is None:
            account, _ = self.accounts.create(username, name[:60], roles, email=f"{username}@staff.example")
        elif not set(roles) <= account.roles:
            account = self.accounts.set_roles(account.id, account.roles | set(roles))
        return account.actor

    def close(self) -> None:
        """Give the database back."""
        self.engine.close()


def calendars_of(package: Package) -> dict[str, Calendar]:
    """The calendars of a package by name."""
    return {name: Calendar.from_data(rules, name) for name, rules in package.manifest.calendars.items()}


def instant(at: datetime, calendars: Mapping[str, Calendar]) -> datetime:
    """An instant of a scenario in UTC: without a zone it is in that of the default calendar."""
    calendar = calendars.get("default")
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=calendar.zone if calendar else UTC).astimezone(UTC)


class Worlds:
    """Makes worlds in which a package has just been deployed.

    It is checked and deployed once for each instant at which a scenario begins; each world begins with a copy of that.
    """

    def __init__(self, package: Package, folder: Path, forms: FormsMaker) -> None:
        self._package, self._folder, self._forms, self._count = package, folder, forms, 0
        self._deployed: dict[datetime, Path] = {}

    @contextmanager
    def world(self, at: datetime, settings: Mapping[str, Any]) -> Iterator[World]:
        """A world that begins at an instant, whose files are gone afterwards. Raises `CheckFailed` for a package with errors."""
        self._count += 1
        place = self._folder / f"world-{self._count}"
        shutil.copytree(self._first(at), place)
        world = World(place, self._forms, at)
        try:
            world.engine.set_settings(settings)
            yield world
        finally:
            world.close()
            shutil.rmtree(place)

    def _first(self, at: datetime) -> Path:
        if at not in self._deployed:
            place = self._folder / f"deployed-{len(self._deployed)}"
            place.mkdir()
            world = World(place, self._forms, at)
            try:
                world.engine.deploy(self._package.files)
            finally:
                world.close()
            self._deployed[at] = place
        return self._deployed[at]
