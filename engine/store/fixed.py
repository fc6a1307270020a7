"""Statements of the command path: compiled once per database, then run at the driver.

SQLAlchemy builds a statement, caches it, and makes an execution context for each run; for a statement that never changes, that
costs several times what the database takes. Here its Core construct is compiled when it is first used; each run is the driver's
own, in the transaction of the SQLAlchemy connection. Errors are SQLAlchemy's, with no values in them.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from itertools import groupby
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Boolean, Connection, Dialect, Table, bindparam, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import ClauseElement
from sqlalchemy.types import TypeDecorator

_DIALECTS: dict[str, Dialect] = {
    "sqlite": cast("Any", sqlite).dialect(paramstyle="qmark"),
    "postgresql": cast("Any", psycopg).dialect(paramstyle="format"),
}
WATCHERS: list[Callable[[str], object]] = []
"""Called with the text of every statement that runs: SQLAlchemy's own events do not see these."""
MOST_TOGETHER = 12
"""Statements joined to one; more are run one after the other, or every length of a list would be a statement of its own."""
Convert = Callable[[Any], Any]


class _Form:
    """What one database is given: the text, how its parameters are ordered and made, and what its rows become."""

    __slots__ = ("columns", "constants", "makes", "names", "reads", "row", "text")

    def __init__(self, construct: Any, dialect: Dialect) -> None:
        compiled = construct.compile(dialect=dialect)
        self.text: str = str(compiled)
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self.constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self.makes: list[tuple[int, Convert]] = [
            (place, maker) for place, name in enumerate(self.names) if (maker := _maker(compiled.binds[name].type, dialect)) is not None
        ]
        columns: list[Any] = list(getattr(construct, "selected_columns", ()))
        self.columns = [column.name for column in columns]
        self.reads: list[tuple[int, Convert]] = [
            (place, reader) for place, column in enumerate(columns) if (reader := _reader(column.type, dialect)) is not None
        ]
        self.row: Any = namedtuple("Row", self.columns) if self.columns else None  # noqa: PYI024 - its fields are the statement's

    def parameters(self, given: Mapping[str, Any]) -> Sequence[Any]:
        if self.constants:
            given = {**self.constants, **given}
        values = [given[name] for name in self.names]
        for place, make in self.makes:
            values[place] = make(values[place])
        return values

    def rows(self, found: list[Any]) -> list[Any]:
        if not self.reads:
            return [self.row._make(row) for row in found]
        made = []
        for row in found:
            values = list(row)
            for place, read in self.reads:
                values[place] = read(values[place])
            made.append(self.row._make(values))
        return made


def _maker(kind: Any, dialect: Dialect) -> Convert | None:
    return partial(_made, kind, dialect) if isinstance(kind, TypeDecorator) else None


def _made(kind: Any, dialect: Dialect, value: Any) -> Any:
    return kind.process_bind_param(value, dialect)


def _read(kind: Any, dialect: Dialect, value: Any) -> Any:
    return kind.process_result_value(value, dialect)


def _truth(value: Any) -> Any:
    return None if value is None else bool(value)


def _reader(kind: Any, dialect: Dialect) -> Convert | None:
    if isinstance(kind, TypeDecorator):
        return partial(_read, kind, dialect)
    return _truth if isinstance(kind, Boolean) else None


class Fixed:
    """A statement that never changes but in its parameters.

    `construct` is a Core construct; every parameter of it is named when it runs. It is part of the connection's transaction,
    which has to have begun. Raises what SQLAlchemy would.
    """

    def __init__(self, construct: ClauseElement) -> None:
        self._construct = construct
        self._forms: dict[str, _Form] = {}

    def _form(self, connection: Connection) -> _Form:
        name = connection.dialect.name
        form = self._forms.get(name)
        if form is None:
            form = self._forms[name] = _Form(self._construct, _DIALECTS[name])
        return form

    def run(self, connection: Connection, *rows: Mapping[str, Any]) -> int:
        """Run it once for each row of parameters; how many rows of the table that concerned."""
        form = self._form(connection)
        cursor = _cursor(connection, form.text)
        try:
            if len(rows) == 1:
                cursor.execute(form.text, form.parameters(rows[0]))
            else:
                cursor.executemany(form.text, [form.parameters(row) for row in rows])
            return int(cursor.rowcount)
        except Exception as error:
            raise _told(connection, form.text, error) from error
        finally:
            cursor.close()

    def all(self, connection: Connection, given: Mapping[str, Any]) -> list[Any]:
        """Its rows, with the columns as attributes."""
        form = self._form(connection)
        cursor = _cursor(connection, form.text)
        try:
            cursor.execute(form.text, form.parameters(given))
            return form.rows(cursor.fetchall())
        except Exception as error:
            raise _told(connection, form.text, error) from error
        finally:
            cursor.close()

    def first(self, connection: Connection, given: Mapping[str, Any]) -> Any | None:
        """Its first row, or None."""
        found = self.all(connection, given)
        return found[0] if found else None


class Together:
    """Statements that are run at once: on PostgreSQL as one, so that a command takes few turns between it and the database.

    They have to be of rows of their own: on PostgreSQL none of them sees what another one does. `flush` runs what has been
    gathered, in order where the database takes one after the other; whoever reads or changes what was written flushes before.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._gathered: list[tuple[Fixed, Mapping[str, Any]]] = []

    def add(self, statement: Fixed, *rows: Mapping[str, Any]) -> None:
        """Run a statement with the others, once for each row of parameters."""
        self._gathered += [(statement, row) for row in rows]

    def add_first(self, statement: Fixed, row: Mapping[str, Any]) -> None:
        """Run a statement before the others: it writes what they refer to."""
        self._gathered.insert(0, (statement, row))

    def flush(self) -> None:
        """Run what was gathered."""
        gathered, self._gathered = self._gathered, []
        if self.connection.dialect.name == "postgresql" and 1 < len(gathered) <= MOST_TOGETHER:
            self._as_one(gathered)
            return
        for statement, pairs in groupby(gathered, key=itemgetter(0)):
            statement.run(self.connection, *(row for _, row in pairs))

    def _as_one(self, gathered: list[tuple[Fixed, Mapping[str, Any]]]) -> None:
        forms = [statement._form(self.connection) for statement, _ in gathered]
        text = _joined(tuple(form.text for form in forms))
        parameters = [value for form, (_, row) in zip(forms, gathered, strict=True) for value in form.parameters(row)]
        cursor = _cursor(self.connection, text)
        try:
            cursor.execute(text, parameters)
        except Exception as error:
            raise _told(self.connection, text, error) from error
        finally:
            cursor.close()


@lru_cache(maxsize=512)
def _joined(texts: tuple[str, ...]) -> str:
    """One statement of several (PostgreSQL: data-modifying statements in WITH)."""
    *before, last = texts
    return f"WITH {', '.join(f's{number} AS ({text})' for number, text in enumerate(before))} {last}"


def inserting(table: Table, *columns: str) -> Fixed:
    """An insert of these columns; what the database gives a key of its own is not asked back."""
    return Fixed(insert(table).inline().values({name: bindparam(name) for name in columns}))


def _cursor(connection: Connection, text: str) -> Any:
    for watch in WATCHERS:
        watch(text)
    raw: Any = connection.connection.dbapi_connection
    return raw.cursor()


def _told(connection: Connection, text: str, error: Exception) -> Exception:
    """The driver's error as SQLAlchemy's; a connection that is broken is not used again."""
    dialect = connection.dialect
    module: Any = dialect.loaded_dbapi
    if not isinstance(error, module.Error):
        return error
    lost = dialect.is_disconnect(error, cast("Any", connection.connection.dbapi_connection), None)
    told = DBAPIError.instance(text, None, error, module.Error, hide_parameters=True, connection_invalidated=lost, dialect=dialect)
    if lost:
        connection.invalidate(error)
    return cast("Exception", told)
