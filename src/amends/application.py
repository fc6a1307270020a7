"""The composition root: engine, forms, operations, accounts and register put together. Web, API and command line use nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parseaddr
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from amends.engine.accounts import KEY_VARIABLE, Accounts, Breached, Picker, Policy, Vault, Workload, key_of
from amends.engine.api import Engine
from amends.engine.complaints import Register
from amends.engine.complaints.printing import PrintQueue
from amends.engine.definitions.deployments import Deployment
from amends.engine.errors import Invalid
from amends.engine.files import guard_from
from amends.engine.history import Entry
from amends.engine.incoming import MailIn, Poller, mailbox_from
from amends.engine.jobs.runner import EmbeddedRunner
from amends.engine.operating import Keeper, Metrics
from amends.engine.services import Mailer, mailer_from
from amends.engine.store.settings import read_settings, write_setting
from amends.forms import Forms

DATABASE_FILE = "amends.db"
SHIPPED_PACKAGE = "iso10002"
BREACHED_VARIABLE = "AMENDS_BREACHED_PASSWORDS"
"""The file of passwords known from breaches, if there is one (see `Breached`)."""


class Application:
    """Everything of one installation. `data` is its folder; `runner` runs what is due once it is started."""

    def __init__(
        self, url: str | None, *, data: Path, settings: Mapping[str, Any] | None = None, clock: Callable[[], datetime] | None = None
    ) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        self.forms = Forms(now=lambda: self.engine.now())
        self.engine = Engine(url or f"sqlite:///{data / DATABASE_FILE}", clock=clock, forms=self.forms)
        breached = os.environ.get(BREACHED_VARIABLE, "").strip()
        vault = Vault(key_of(data, os.environ.get(KEY_VARIABLE, "").strip()))
        self.accounts = Accounts(self.engine, breached=Breached(breached) if breached else None, vault=vault)
        self.policy = self.engine.access = Policy(self.accounts)
        self.engine.offers = Picker(self.accounts)
        self.workload = Workload(self.engine, self.accounts)
        self._given = dict(settings or {})
        self.settings = self._all_settings()
        self.engine.set_settings(self.settings)
        self.register = Register(self.engine)
        self.mailer: Mailer = mailer_from(os.environ, data / "mail")
        self.engine.registry.shared.update(mailer=self.mailer, register=self.register, accounts=self.accounts)
        self.guard = guard_from(os.environ)
        self.mail_in = MailIn(self.register, self.guard, parseaddr(self.mailer.sender)[1], int(_number("AMENDS_MAIL_MOST", 100_000_000)))
        self.print_queue = PrintQueue(self.register)
        self.poller = Poller(self.mail_in, mailbox_from(os.environ), _number("AMENDS_IMAP_EVERY", 60))
        self.keeper = Keeper(self.engine, [self.mail_in.sweep, self.register.presence.forget])
        self.runner = EmbeddedRunner(self.engine.run_due, self.keeper.tidy)
        self.engine.commands.wake = self.runner.wake
        self.metrics = Metrics(self.engine, self.runner)

    def _all_settings(self) -> dict[str, Any]:
        with self.engine.database.reading() as connection:
            return {**read_settings(connection), **self._given}

    def change_setting(self, name: str, value: Any, *, actor: str, said: str | None = None) -> None:
        """Override a setting of the packages for this installation; None takes the override back. Who, what and when is recorded.

        `said` is what the history has instead of the value, for one that is no words.
        """
        self.policy.check(actor, "admin")
        with self.engine.database.transaction() as connection:
            write_setting(connection, name, value)
            self.engine.record("setting", actor, [Entry("setting", name, 0, {}, {"value": value if said is None else said})])
        self.settings = self._all_settings()
        self.engine.set_settings(self.settings)

    def deploy_shipped(self, *, actor: str = "system") -> Deployment:
        """Deploy the ISO 10002 package that comes with the product."""
        with as_file(files("amends") / "processes" / SHIPPED_PACKAGE) as folder:
            return self.engine.deploy(folder, actor=actor, reason="The package that comes with amends")

    def take_in_mail(self) -> None:
        """Fetch mail every so often from now on, in a thread, where a mailbox is set up."""
        if self.poller.mailbox is not None:
            self.poller.start()

    def close(self) -> None:
        """Finish the job at hand and give everything back."""
        self.poller.stop()
        self.runner.stop()
        self.engine.close()


def _number(name: str, default: float) -> float:
    """A number from the environment."""
    given = os.environ.get(name, "").strip()
    try:
        return float(given) if given else default
    except ValueError as error:
        raise Invalid(f"{name} is a number, not {given!r}.") from error
