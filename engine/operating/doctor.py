"""Look an installation over and say what is the matter and what to do. Nothing is changed by looking."""

from __future__ import annotations

import shutil
import smtplib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import SQLAlchemyError

from amends.engine.accounts import Vault
from amends.engine.api import Engine
from amends.engine.definitions import check_package
from amends.engine.errors import AmendsError
from amends.engine.history.chain import GENESIS, link
from amends.engine.operating import looks as further
from amends.engine.operating.figures import Figures, figures
from amends.engine.operating.finding import OK, PROBLEM, WARNING, Finding
from amends.engine.operating.keeping import SETTING
from amends.engine.services.mailer import FolderMailer, Mailer, SmtpMailer
from amends.engine.store import tables as t
from amends.engine.store.postgres import DERIVED_SCHEMA

JOBS_WAIT = timedelta(minutes=5)
"""Longer than this nothing due waits where somebody runs it."""
UNSEALED = timedelta(minutes=5)
LITTLE_SPACE, NO_SPACE = 2_000_000_000, 200_000_000
MAIL_SECONDS = 5.0
WORKER_SECONDS = 120
LAST_SEALS, LAST_INSTANCES = 100, 200
"""How much of the chain the quick look takes; `amends verify` reads all of it."""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked over. `settings` are the installation's own (database and environment), by name."""

    engine: Engine
    data: Path
    mailer: Mailer
    settings: Mapping[str, Any]
    assets_built: bool
    vault: Vault | None
    """What opens the secrets of second factors; None where its key is not there."""


def examine(patient: Patient) -> list[Finding]:
    """Look at everything, and go on where one look fails. The schema has to be there: see `ready.reach` first."""
    with patient.engine.database.reading() as connection:
        numbers = figures(connection, patient.engine.now())
    looks: list[Callable[[], list[Finding]]] = [
        lambda: _settings(patient),
        lambda: _durable(patient.engine),
        lambda: [_space(patient.data)],
        lambda: _jobs(patient.engine, numbers),
        lambda: [_incidents(numbers)],
        lambda: [_clocks(numbers)],
        lambda: [further.machine_clock(patient.engine)],
        lambda: [further.resting(patient.engine)],
        lambda: [further.retention(patient.engine)],
        lambda: [further.searched(patient.engine)],
        lambda: [further.size(patient.engine)],
        lambda: [further.second_factors(patient.engine, patient.vault)],
        lambda: [_unsealed(numbers)],
        lambda: [_chain(patient.engine)],
        lambda: [_mail(patient.mailer)],
        lambda: [_assets(patient.assets_built)],
        lambda: _packages(patient.engine),
    ]
    found: list[Finding] = []
    for look in looks:
        try:
            found += look()
        except (SQLAlchemyError, AmendsError, OSError) as error:
            told = f"A look failed: {type(error).__name__}: {error}"
            found.append(Finding("examination", PROBLEM, told, "Put that right and look again."))
    return found


def _settings(patient: Patient) -> list[Finding]:
    known: set[str] = set()
    for deployment in patient.engine.deployments():
        known |= set(patient.engine.package(deployment.id).manifest.settings)
    unknown = sorted(name for name in set(patient.settings) - known if not name.startswith(SETTING))
    if not known:
        return [Finding("settings", PROBLEM, "No package is deployed.", "amends deploy processes/iso10002, or start amends run once.")]
    if unknown:
        told = f"No deployed package has these settings: {', '.join(unknown)}."
        return [Finding("settings", WARNING, told, "Correct the name (AMENDS_SETTING_…, or on the settings page), or take it away.")]
    return [Finding("settings", OK, f"{len(patient.settings)} settings are changed from what the packages say; all are known.")]


def _durable(engine: Engine) -> list[Finding]:
    """What was acknowledged has to be on disk."""
    with engine.database.reading() as connection:
        if engine.database.sqlite:
            mode = connection.execute(text("PRAGMA journal_mode")).scalar_one()
            level = connection.execute(text("PRAGMA synchronous")).scalar_one()
            good, told = (mode, level) == ("wal", 2), f"SQLite, journal_mode={mode}, synchronous={level}"
        else:
            names = ("fsync", "full_page_writes", "synchronous_commit", "server_version")
            said = {name: str(connection.execute(text(f"SHOW {name}")).scalar_one()) for name in names}
            good = said["fsync"] == said["full_page_writes"] == "on" and said["synchronous_commit"] != "off"
            told = "PostgreSQL " + ", ".join([said.pop("server_version"), *(f"{name}={value}" for name, value in said.items())])
    if good:
        return [Finding("database", OK, f"{told}; its schema is current.")]
    return [Finding("database", PROBLEM, f"{told}: what was acknowledged may be lost in a crash.", "Switch these on in the database.")]


def _space(data: Path) -> Finding:
    free = shutil.disk_usage(data).free
    told = f"{free / 1e9:.1f} GB are free where {data} is."
    if free >= LITTLE_SPACE:
        return Finding("disk", OK, told)
    return Finding("disk", PROBLEM if free < NO_SPACE else WARNING, told, "Make room, or move the data to a larger disk.")


def _jobs(engine: Engine, numbers: Figures) -> list[Finding]:
    found = []
    if numbers.oldest_due_age > JOBS_WAIT.total_seconds():
        told = f"{numbers.jobs_due} jobs are due, the oldest for {_span(numbers.oldest_due_age)}."
        found.append(Finding("jobs", PROBLEM, told, "Nobody runs them, or too slowly: start amends worker, or leave out --no-runner."))
    if numbers.jobs_failed:
        told = f"{numbers.jobs_failed} jobs were given up; each has an incident, or its reason in the log."
        found.append(Finding("jobs", PROBLEM, told, "Put right what the incident says, and retry there."))
    if numbers.jobs_stuck:
        told = f"{numbers.jobs_stuck} jobs run longer than their runner answered for."
        found.append(Finding("jobs", WARNING, told, "Their runner died, or hangs; another one takes them over if one runs."))
    found = found or [Finding("jobs", OK, f"{numbers.jobs_due} are due now, none for long; none failed.")]
    return found + _workers(engine)


def _workers(engine: Engine) -> list[Finding]:
    if engine.database.sqlite:
        return []
    with engine.database.reading() as connection:
        if connection.execute(text(f"SELECT to_regclass('{DERIVED_SCHEMA}.procrastinate_workers')")).scalar() is None:
            return []  # none has ever run: the web processes run what is due
        alive = text(
            f"SELECT count(*) FROM {DERIVED_SCHEMA}.procrastinate_workers"  # noqa: S608 - a constant of ours
            f" WHERE last_heartbeat > now() - interval '{WORKER_SECONDS} seconds'"
        )
        many = int(connection.execute(alive).scalar_one())
    # Each process signs in twice: for its hands, and for its sweep.
    if many:
        return [Finding("workers", OK, f"{-(-many // 2)} worker processes are alive.")]
    return [Finding("workers", WARNING, "No worker is alive, and there were some.", "Start amends worker, unless amends run runs jobs.")]


def _incidents(numbers: Figures) -> Finding:
    if not numbers.incidents:
        return Finding("incidents", OK, "There are none.")
    return Finding("incidents", PROBLEM, f"{numbers.incidents} wait for somebody.", "Their pages say where and why; retry there.")


def _clocks(numbers: Figures) -> Finding:
    if not numbers.clocks_breached:
        return Finding("clocks", OK, "No running clock is past its time.")
    told = f"{numbers.clocks_breached} running clocks are past their time."
    return Finding("clocks", WARNING, told, "The inbox shows their tasks first; late answers stay visible in the register.")


def _unsealed(numbers: Figures) -> Finding:
    if numbers.unsealed_age <= UNSEALED.total_seconds():
        return Finding("sealing", OK, "The history is sealed up to the last minutes.")
    told = f"History of the last {_span(numbers.unsealed_age)} is not sealed, and so not protected."
    return Finding("sealing", PROBLEM, told, "A runner seals once a minute: see that one runs, or run amends seal.")


def _chain(engine: Engine) -> Finding:
    with engine.database.reading() as connection:
        wrong = _broken_seal(connection) or _broken_head(connection)
    if wrong:
        return Finding("history", PROBLEM, wrong, "Run amends verify, and keep the database as it is until that is explained.")
    return Finding("history", OK, "The last seals and the newest instances fit (a quick look; amends verify reads everything).")


def _broken_seal(connection: Connection) -> str:
    s = t.seal.c
    rows = connection.execute(select(s.number, s.body, s.hash).order_by(s.number.desc()).limit(LAST_SEALS + 1)).all()[::-1]
    previous = GENESIS
    for place, row in enumerate(rows):
        known = place > 0 or row.number == 1  # what the first of a longer chain follows was not read
        if known and link(previous, bytes(row.body)) != row.hash:
            return f"Seal {row.number} does not fit the one before it and its own content."
        previous = row.hash
    return ""


def _broken_head(connection: Connection) -> str:
    i, h = t.instance.c, t.history.c
    newest = select(i.id, i.seq, i.head).order_by(i.id.desc()).limit(LAST_INSTANCES).subquery()
    joined = newest.outerjoin(t.history, (h.chain == newest.c.id) & (h.seq == newest.c.seq))
    for row in connection.execute(select(newest.c.id, newest.c.seq, newest.c.head, h.hash).select_from(joined)):
        if row.head != row.hash:
            return f"The history of the instance {row.id} does not end with its last row, {row.seq}."
    return ""


def _mail(mailer: Mailer) -> Finding:
    if isinstance(mailer, FolderMailer):
        told = f"No mail server is set: letters go into {mailer.folder}."
        return Finding("mail", WARNING, told, "Set AMENDS_SMTP_HOST where letters are to be sent.")
    if not isinstance(mailer, SmtpMailer):
        return Finding("mail", OK, "Mail goes a way of its own, which is not looked at.")
    try:
        replace(mailer, timeout=min(mailer.timeout, MAIL_SECONDS))._open().quit()
    except (OSError, smtplib.SMTPException) as error:
        told = f"The mail server {mailer.host} does not take us in: {error or type(error).__name__}."
        return Finding("mail", PROBLEM, told, "Check AMENDS_SMTP_HOST, _PORT, _SECURITY, _USER and _PASSWORD, and the way to it.")
    return Finding("mail", OK, f"The mail server {mailer.host} takes us in.")


def _assets(built: bool) -> Finding:
    if built:
        return Finding("assets", OK, "Style sheets and scripts are built.")
    return Finding("assets", PROBLEM, "Style sheets and scripts are not built: pages are plain.", "make assets (a wheel has them).")


def _packages(engine: Engine) -> list[Finding]:
    """The newest version of each package, checked as at a deployment: a newer amends may know more."""
    found: list[Finding] = []
    seen: set[str] = set()
    for deployment in engine.deployments():
        if deployment.package in seen:
            continue
        seen.add(deployment.package)
        name = f"package {deployment.package}"
        problems = check_package(engine.package(deployment.id), engine.forms, engine.registry.operations)
        errors = [problem for problem in problems if problem.severity == "error"]
        warnings = [problem for problem in problems if problem.severity == "warning"]
        if not errors and not warnings:
            found.append(Finding(name, OK, f"Version {deployment.number} has no problems."))
            continue
        told = f"Version {deployment.number} has {len(errors)} errors and {len(warnings)} warnings. The first: {(errors or warnings)[0]}"
        found.append(Finding(name, PROBLEM if errors else WARNING, told, "amends check says all of them; correct and deploy."))
    return found


def _span(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"
