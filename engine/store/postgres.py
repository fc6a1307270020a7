"""PostgreSQL's own tools for backup and restore: pg_dump and pg_restore, with the database's address given to them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from amends.engine.errors import AmendsError

DERIVED_SCHEMA = "amends_queue"
"""The queue of the workers: what is in it follows from our rows, and is made anew."""


def dump(url: URL, file: Path) -> tuple[str, str]:
    """Dump a database into `file`; returns its schema's revision and the hash of its last seal."""
    schema, seal = _facts(url)
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--exclude-schema={DERIVED_SCHEMA}", f"--file={file}")
    return schema, seal


def load(url: URL, file: Path) -> None:
    """Load a dump into an empty database: all of it or nothing."""
    _run("pg_restore", url, "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(file))


def check_empty(url: URL) -> None:
    """Raise `AmendsError` unless the database can be reached and has no tables."""
    there = _ask(url, "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
    if there and there[0]:
        told = f"The database {url.database} is not empty: it has {there[0]} tables."
        raise AmendsError(f"{told} A restore overwrites nothing: give an empty one (createdb).")


def _facts(url: URL) -> tuple[str, str]:
    if not _ask(url, "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL AND to_regclass('seal') IS NOT NULL"):
        raise AmendsError(f"The database {url.database} is none of amends: it has not its tables.")
    # Read before the dump, so that the dump has it too.
    schema = _ask(url, "SELECT version_num FROM alembic_version")
    seal = _ask(url, "SELECT hash FROM seal ORDER BY number DESC LIMIT 1")
    return str(schema[0]) if schema else "", str(seal[0]) if seal else ""


def _ask(url: URL, question: str) -> tuple[object, ...] | None:
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 10})
    try:
        with engine.connect() as connection:
            row = connection.execute(text(question)).first()
    except SQLAlchemyError as error:
        raise AmendsError(f"The database {url.database} at {url.host or 'the local socket'} cannot be reached: {error}") from error
    return None if row is None else tuple(row)


def _run(program: str, url: URL, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise AmendsError(f"{program} is not installed; it comes with PostgreSQL's client (Debian: apt install postgresql-client).")
    # The password goes by the environment: arguments can be seen by everybody on the machine.
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    place = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    command = [found, "--no-password", f"--dbname={place}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - no shell; the program is found by its name
    if done.returncode:
        raise AmendsError(f"{program} said: {done.stderr.strip() or f'exit code {done.returncode}'}")
