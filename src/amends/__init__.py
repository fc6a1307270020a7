"""amends: complaint handling that follows ISO 10002."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .application import Application

__version__ = "0.1.0"


def open(  # noqa: A001 - the name the design gives it; nobody opens files here
    url: str | None = None,
    *,
    data: str | Path = "data",
    settings: Mapping[str, Any] | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Application:
    """Open an installation.

    `url` is an SQLAlchemy URL (default: SQLite in the `data` folder). `settings` override those of packages and of the database.
    `clock` gives the time, aware. Starts no thread: call `.runner.start()` where jobs are to run.
    """
    from .application import Application

    return Application(url, data=Path(data), settings=settings, clock=clock)
