"""What several commands share: where the data is, and errors as sentences instead of tracebacks."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

import amends
from amends.application import Application
from amends.engine.errors import AmendsError

F = TypeVar("F", bound=Callable[..., Any])

DATABASE_VARIABLE = "AMENDS_DATABASE"
ACTOR = "system"


def data_options(command: F) -> F:
    """Add `--data` and `--database` to a command."""
    data = click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("data"),
        show_default=True,
        help="The folder of the installation.",
    )
    database = click.option(
        "--database", envvar=DATABASE_VARIABLE, help=f"An SQLAlchemy URL; default: SQLite in the data folder. Also {DATABASE_VARIABLE}."
    )
    return data(database(command))


@contextmanager
def application(data: Path, database: str | None) -> Iterator[Application]:
    """The installation, for one command."""
    app = amends.open(database, data=data, settings=settings_from_environment())
    try:
        yield app
    finally:
        app.close()


def settings_from_environment() -> dict[str, Any]:
    """Settings given as AMENDS_SETTING_name=value; secrets belong here, not into the database."""
    prefix = "AMENDS_SETTING_"
    return {name.removeprefix(prefix).lower(): value for name, value in os.environ.items() if name.startswith(prefix)}


def says_errors(command: F) -> F:
    """An error of ours is a sentence on the terminal and exit code 1."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except AmendsError as error:
            raise click.ClickException(str(error)) from error

    return wrapped  # type: ignore[return-value]
