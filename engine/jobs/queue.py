"""procrastinate's tables, in a PostgreSQL schema of their own. They hold no truth: our `job` rows do, so they can be made anew."""

from __future__ import annotations

import re
import threading
from typing import Any

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.schema import SchemaManager
from psycopg import sql
from sqlalchemy import URL

from amends.engine.errors import AmendsError
from amends.engine.store.postgres import DERIVED_SCHEMA

SCHEMA = DERIVED_SCHEMA
WORK = "amends.work"
"""The task that runs a spell of due rows."""
SCHEMA_LOCK = 7264303
PAUSE_SECONDS = 0.2
"""At most so often a process tells the workers that there is work."""

log = structlog.get_logger()


def address(url: URL) -> str:
    """The address of the database as libpq takes it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def connector_options(url: URL, most: int) -> dict[str, Any]:
    """What a connector of procrastinate is given: where, how many connections, and our schema."""
    options = {"options": f"-c search_path={SCHEMA}", "connect_timeout": 10, "application_name": "amends"}
    return {"conninfo": address(url), "kwargs": options, "min_size": 1, "max_size": most, "timeout": 10}


def version() -> tuple[int, ...]:
    """The installed procrastinate's."""
    return _numbers(procrastinate.__version__)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def prepare(url: URL) -> bool:
    """Make procrastinate's tables, or make them anew for a newer procrastinate; whether anything was done.

    What waits in them is not lost: the next sweep finds it in our own rows. Raises `AmendsError` if a newer one has made them.
    """
    with psycopg.connect(address(url), connect_timeout=10) as connection:
        # Two workers that start at once must not both make them.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [SCHEMA_LOCK])
        row = connection.execute("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", [SCHEMA]).fetchone()
        there = None if row is None else _numbers(row[0] or "0")
        if there == version():
            return False
        if there is not None and there > version():
            told = f"procrastinate {'.'.join(map(str, there))} made the queue's tables; here is {procrastinate.__version__}."
            raise AmendsError(f"{told} Install what the newest worker of this database has.")
        name = sql.Identifier(SCHEMA)
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
        connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(name))
        connection.execute(SchemaManager.get_schema())
        connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, sql.Literal(f"procrastinate {procrastinate.__version__}")))
    return True


class Nudge:
    """Tells the workers, after a commit and beside the request, that there is work now, instead of at the next sweep.

    Nothing depends on it: if it fails or is never started, the sweep finds the same rows a second later.
    """

    def __init__(self, url: URL) -> None:
        self._app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(**connector_options(url, 1)))
        self._woken, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._loop, name="amends-nudge", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to do now."""
        self._woken.set()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(5)
        self._app.close()

    def _loop(self) -> None:
        opened = False
        while True:
            self._woken.wait()
            if self._stop.wait(PAUSE_SECONDS) or self._stop.is_set():
                return
            self._woken.clear()
            try:
                if not opened:
                    self._app.open()
                    opened = True
                # A queueing lock is no lock: it only says that one such job in the queue is enough.
                self._app.configure_task(WORK, queue=WORK, queueing_lock="nudge").defer()
            except AlreadyEnqueued:
                continue
            except (ConnectorException, psycopg.Error) as error:
                log.warning("workers could not be told, the sweep will find it", error=type(error).__name__)
