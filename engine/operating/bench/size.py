"""How much a finished instance with its whole history takes in the database, indexes and free space in pages included."""

from __future__ import annotations

from typing import Any

from amends.engine.api import Engine
from amends.engine.operating.bench.speed import ours

PORTIONS = 4


def bytes_each(engine: Engine, instances: int) -> float:
    """What the database grows by for each, once it has grown a little already; sealed, as a running installation does every minute.

    On PostgreSQL vacuumed after each of a few portions, as autovacuum does: what an update leaves is used again.
    """
    _some(engine, max(instances // PORTIONS, 50))
    before = _size(engine)
    for _ in range(PORTIONS):
        _some(engine, instances // PORTIONS)
    return (_size(engine) - before) / (instances // PORTIONS * PORTIONS)


def _some(engine: Engine, instances: int) -> None:
    ours(engine, instances)
    engine.seal()
    if not engine.database.sqlite:
        with engine.database.reading() as connection:
            connection.exec_driver_sql("VACUUM")


def _size(engine: Engine) -> int:
    with engine.database.reading() as connection:
        if not engine.database.sqlite:
            every = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            return int(connection.exec_driver_sql(every).scalar() or 0)
        found: list[Any] = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("page_count", "freelist_count", "page_size")]
        return int((found[0] - found[1]) * found[2])
