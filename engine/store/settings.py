"""Settings that an installation has changed from what its packages say."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from amends.engine.store import tables as t


def read_settings(connection: Connection) -> dict[str, Any]:
    """All of them, by name."""
    return {row.name: json.loads(row.body) for row in connection.execute(select(t.setting).order_by(t.setting.c.name))}


def write_setting(connection: Connection, name: str, value: Any) -> None:
    """Change one; None takes the change back."""
    connection.execute(delete(t.setting).where(t.setting.c.name == name))
    if value is not None:
        connection.execute(insert(t.setting), {"name": name, "body": json.dumps(value)})
