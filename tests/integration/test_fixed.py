"""Statements run at the driver do what Core's do, in the same transaction, with the same errors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from amends.engine.errors import Unavailable
from amends.engine.store import Database, migrate
from amends.engine.store import tables as t
from amends.engine.store.fixed import MOST_TOGETHER, Fixed, Together, inserting

AT = datetime(2026, 3, 2, 9, 0, 0, 123, tzinfo=UTC)
S = t.setting
NEW = inserting(S, "name", "body")
CHANGE = Fixed(update(S).where(S.c.name == bindparam("which")).values(body=bindparam("new")))
REMOVE = Fixed(delete(S).where(S.c.name == bindparam("which")))
ACCOUNT = inserting(t.account, "id", "username", "display_name", "password_hash", "active", "session_mark", "created_at", "failed_at")
ACCOUNTS = select(t.account).where(t.account.c.active == bindparam("active")).order_by(t.account.c.id).limit(bindparam("most"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database."""
    database = Database(database_url)
    migrate.upgrade(database)
    yield database
    database.close()


def settings(database: Database) -> dict[str, str]:
    """What stands in the table, seen from outside."""
    with database.reading() as connection:
        return {row.name: row.body for row in connection.execute(select(S).order_by(S.c.name))}


def account(number: int, **changed: Any) -> dict[str, Any]:
    """A row of people."""
    row = {"id": f"a{number}", "username": f"u{number}", "display_name": "100 % ü", "password_hash": "x", "active": number % 2 == 0}
    return {**row, "session_mark": "m", "created_at": AT + timedelta(microseconds=number), "failed_at": None, **changed}


def test_rows_are_what_core_gives(database: Database) -> None:
    """Instants with their microseconds, truth values, empty ones; also many at once and none."""
    with database.transaction() as connection:
        assert ACCOUNT.run(connection, *(account(number) for number in range(5))) in (5, 1)  # a driver may tell the last one's only
        fixed = Fixed(ACCOUNTS)
        for given in ({"active": True, "most": 10}, {"active": False, "most": 1}):
            assert [tuple(row) for row in fixed.all(connection, given)] == [tuple(row) for row in connection.execute(ACCOUNTS, given)]
        first = fixed.first(connection, {"active": True, "most": 1})
        assert (first.id, first.created_at, first.failed_at, first.active, first.display_name) == ("a0", AT, None, True, "100 % ü")
        assert CHANGE.run(connection, {"which": "none", "new": ""}) == 0


@pytest.mark.parametrize("many", [1, 2, MOST_TOGETHER, MOST_TOGETHER + 1])
def test_together_is_all_of_it(database: Database, many: int) -> None:
    """As one statement or one after the other, in the transaction around it."""
    with database.transaction() as connection:
        NEW.run(connection, {"name": "old", "body": "1"}, {"name": "gone", "body": "1"})
    with database.transaction() as connection:
        writes = Together(connection)
        writes.add(NEW, *({"name": f"n{number:02}", "body": "%s"} for number in range(many)))
        if many > 1:
            writes.add(CHANGE, {"which": "old", "new": "2"})
            writes.add(REMOVE, {"which": "gone"})
        writes.flush()
        writes.flush()
    changed = {"old": "2"} if many > 1 else {"gone": "1", "old": "1"}
    assert settings(database) == {**changed, **{f"n{number:02}": "%s" for number in range(many)}}


def test_an_error_is_sqlalchemys_and_undoes_everything(database: Database) -> None:
    """Its text holds no values: they may be somebody's."""
    for gather in (False, True):
        with pytest.raises(IntegrityError) as caught, database.transaction() as connection:
            NEW.run(connection, {"name": "a", "body": "1"})
            writes = Together(connection)
            writes.add(NEW, {"name": "b", "body": "1"})
            writes.add(NEW, {"name": "a", "body": "secret"})
            writes.flush() if gather else NEW.run(connection, {"name": "a", "body": "secret"})
        assert "secret" not in str(caught.value) and settings(database) == {}


def test_a_connection_that_is_gone_is_not_used_again(postgres_url: str) -> None:
    """Who was at it is told; the next transaction has a new one, also when it was lost while it rested."""
    database = Database(postgres_url)
    migrate.upgrade(database)

    def end_the_others() -> None:
        other = Database(postgres_url)
        with other.transaction() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )  # noqa: E501
        other.close()

    with pytest.raises(Unavailable) as caught, database.transaction() as connection:
        NEW.run(connection, {"name": "a", "body": "1"})
        end_the_others()
        NEW.run(connection, {"name": "b", "body": "1"})
    assert isinstance(caught.value.__cause__, DBAPIError) and caught.value.__cause__.connection_invalidated
    with database.transaction() as connection:
        NEW.run(connection, {"name": "c", "body": "1"})
    assert settings(database) == {"c": "1"}
    database.close()


def test_statements_are_prepared_and_stay_so(postgres_url: str) -> None:
    """Reading does not make the driver forget them, as ending it with a rollback would."""
    database = Database(postgres_url)
    migrate.upgrade(database)
    for number in range(4):
        with database.transaction() as connection:
            NEW.run(connection, {"name": f"{number}", "body": ""})
        settings(database)
    with database.reading() as connection:
        found = connection.execute(text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO setting%'")).scalar()
    assert found == 1
    database.close()
