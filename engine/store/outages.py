"""Why a database cannot be worked with just now, in a sentence that says what to do; anything else is a defect and stays what it is."""

from __future__ import annotations

import sqlite3
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from amends.engine.errors import Unavailable

OUTAGES: Final = (SQLAlchemyError, Unavailable)
"""What code that must outlive a database catches: inside a transaction the driver's error, around it ours."""

FULL: Final = "The disk of the database is full, so nothing was changed. Make room there; work goes on by itself then."
GONE: Final = "The database does not answer, so nothing was changed. Start it, or look at the network; work goes on by itself then."
BUSY: Final = "The database is too busy to answer in time, so nothing was changed. Try again in a moment."
DOUBT: Final = "The connection to the database was lost in the commit: the change is there whole, or not at all. Look before you try again."
DISK: Final = "The disk of the database failed while it was written, so nothing was changed. Look at the disk, then verify the history."

_SQLITE: Final = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_IOERR: DISK,
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_CANTOPEN: GONE,
    sqlite3.SQLITE_READONLY: "The database cannot be written, so nothing was changed. Give the service the right to write its file.",
}
# PostgreSQL, appendix A (SQLSTATE): by class, the whole code first.
_STATES: Final = {"53100": FULL, "53": BUSY, "08": GONE, "57P": GONE, "58": DISK, "25006": "The database takes no changes just now."}


def outage(error: BaseException, committing: bool = False) -> str | None:
    """The sentence for an error that is an outage; None for any other. `committing`: it came from the commit, which may have been heard."""
    told = _told(error)
    return DOUBT if committing and told == GONE else told


def _told(error: BaseException) -> str | None:
    if isinstance(error, PoolTimeout):
        return BUSY
    if not isinstance(error, DBAPIError):
        return None
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None)
        return None if code is None else _SQLITE.get(code & 0xFF)
    state = getattr(cause, "sqlstate", None)
    if state:
        found = next((told for start, told in _STATES.items() if state.startswith(start)), None)
        if found:
            return found
    elif type(cause).__name__ in ("OperationalError", "ConnectionTimeout"):
        return GONE  # psycopg gives no state where there was no server to give one
    return GONE if error.connection_invalidated else None
