"""Bring a database's schema up to date, with Alembic."""

from __future__ import annotations

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import inspect

from amends.engine.errors import AmendsError
from amends.engine.store.database import Database

HEAD = "0015"
"""The newest revision: a database that is there already needs no look at the migrations."""


def upgrade(database: Database) -> None:
    """Run the migrations this database has not had. Raises `AmendsError` for a database that a newer amends has migrated."""
    with database.sql.connect() as connection:
        if inspect(connection).has_table("alembic_version"):
            row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
            if row is not None and row[0] == HEAD:
                return
    with as_file(files("amends.engine.store") / "migrations") as folder, database.transaction() as connection:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        if not database.sqlite:
            # Two processes that start at once must not both migrate: the second waits here and then finds it done.
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7264301)")
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            told = f"The database was made by a newer version of amends ({error})."
            raise AmendsError(f"{told} Install that version; nothing was changed.") from error
