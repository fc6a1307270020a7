"""One transaction at a time per thread, on SQLite or PostgreSQL."""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, create_engine, event, make_url
from sqlalchemy.engine import Engine as SqlEngine
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError

from amends.engine.errors import Unavailable
from amends.engine.store.outages import outage

_T = TypeVar("_T")
BUSY_TIMEOUT_SECONDS = 30
PING_AFTER_SECONDS = 1.0
"""A connection to PostgreSQL that rested longer is asked whether it still is one before it is used."""


class Database:
    """Where amends keeps everything.

    `url` is an SQLAlchemy URL (`sqlite:///amends.db`, `postgresql+psycopg://…`). SQLite runs in WAL with
    `synchronous=FULL`, so what was acknowledged is on disk.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._local = threading.local()
        self._engine = _sqlite(url) if self.sqlite else _postgres(url)
        # On PostgreSQL each statement of a read sees what is committed when it begins, in a transaction or not: so without one.
        reading: dict[str, Any] = {"amends_reading": True} if self.sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._reader = self._engine.execution_options(**reading)

    @property
    def sql(self) -> SqlEngine:
        """The SQLAlchemy engine, for migrations."""
        return self._engine

    @contextmanager
    def transaction(self, *, beside: bool = False) -> Iterator[Connection]:
        """The connection of this thread's transaction: a new one, or the one already running.

        The outermost block commits; an error rolls everything back, so a command inside a batch is all or nothing with it.
        `beside` says that it writes nothing which a page asks for twice, such as that somebody has read it: what is `remembered` stays.
        Raises `Unavailable` where the database cannot be worked with.
        """
        if not beside:
            self._forget()
        running: Connection | None = getattr(self._local, "connection", None)
        if running is not None:
            self._local.beside = beside and self._local.beside
            yield running
            return
        self._local.beside = beside
        after: list[Callable[[], None]] = []
        instead: list[Callable[[], None]] = []
        committing = False
        try:
            with self._engine.connect() as connection, connection.begin():
                self._local.connection, self._local.after, self._local.instead = connection, after, instead
                try:
                    yield connection
                    committing = True
                finally:
                    self._local.connection = None
                    if not self._local.beside:
                        self._forget()
        except BaseException as error:
            told = outage(error, committing)
            if told is not None:
                raise Unavailable(told) from error
            for action in instead:
                action()
            raise
        for action in after:
            action()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with: it never waits for a command, and joins this thread's transaction if one runs."""
        running: Connection | None = getattr(self._local, "connection", None)
        if running is not None:
            yield running
            return
        try:
            with self._reader.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            told = outage(error)
            if told is not None:
                raise Unavailable(told) from error
            raise

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """While it lasts, this thread asks once for what it would ask again and again (`remembered`): for one page, not longer."""
        before, self._local.known = getattr(self._local, "known", None), {}
        try:
            yield
        finally:
            self._local.known = before

    def remembered(self, what: tuple[Hashable, ...], ask: Callable[[], _T]) -> _T:
        """What `ask` gives, or gave before for the same `what` in this `remembering`.

        A transaction asks anew, as what it decides by has to be so when it commits, and after one everything is asked anew, unless it
        was one `beside`.
        """
        known: dict[tuple[Hashable, ...], Any] | None = getattr(self._local, "known", None)
        if known is None or self.in_transaction():
            return ask()
        if what not in known:
            known[what] = ask()
        return cast("_T", known[what])

    def _forget(self) -> None:
        if getattr(self._local, "known", None) is not None:
            self._local.known = {}

    def in_transaction(self) -> bool:
        """Whether this thread has a transaction running."""
        return getattr(self._local, "connection", None) is not None

    def current(self) -> Connection | None:
        """The connection of this thread's transaction, or None."""
        return getattr(self._local, "connection", None)

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call `action` once the running transaction is committed; never if it is rolled back."""
        self._local.after.append(action)

    def after_rollback(self, action: Callable[[], None]) -> None:
        """Call `action` once the running transaction is rolled back; never if it is committed."""
        self._local.instead.append(action)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


def _postgres(url: str) -> SqlEngine:
    """Statements are prepared from the second time on; who comes last is served first, so that few connections have them ready."""
    engine = create_engine(url, pool_size=10, max_overflow=20, pool_use_lifo=True, connect_args={"prepare_threshold": 1})

    @event.listens_for(engine, "checkin")
    def left(connection: Any, record: Any) -> None:
        record.info["left"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def look(connection: Any, record: Any, _: Any) -> None:
        # One that was used a moment ago is there: asking each time would cost as much as a statement.
        if time.monotonic() - record.info.get("left", math.inf) < PING_AFTER_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError("The database has gone away; connecting anew.") from error

    return engine


def _write_ahead(cursor: Any) -> None:
    """Switch the file to WAL, once: SQLite does not wait for others here, so two that open a new file at once take turns."""
    until = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _sqlite(url: str) -> SqlEngine:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False}, pool_size=10, max_overflow=50)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        # autocommit at the driver: SQLAlchemy's own BEGIN below is the only one
        connection.isolation_level = None
        cursor = connection.cursor()
        _write_ahead(cursor)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "cache_size=-16000", "temp_store=MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # IMMEDIATE takes the write lock at once: two commands wait for each other instead of failing half way
        connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("amends_reading") else "BEGIN IMMEDIATE")

    return engine
