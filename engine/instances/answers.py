"""Idempotency keys: a command that is sent twice is done once, and gives its first answer again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from amends.engine.errors import Conflict
from amends.engine.instances.commands import Commands
from amends.engine.store import tables as t


class Known:
    """The answer a key has had, or will have."""

    __slots__ = ("answer",)

    def __init__(self, answer: str | None = None) -> None:
        self.answer = answer


@contextmanager
def once(commands: Commands, key: str | None, command: str, about: str, now: datetime) -> Iterator[Known]:
    """Within: `answer` is the first answer for this key, or None; what it is set to is kept.

    The key is written first, so that of two who come with it at once the second waits for the first. `about` is what the command
    is about (the task, the process): a key that was used for something else is a `Conflict`.
    """
    if key is None:
        yield Known()
        return
    i = t.idempotency.c
    label = f"{command} {hashlib.sha256(about.encode()).hexdigest()[:24]}"
    with commands.atomic() as connection:
        insert: Any = sqlite.insert if commands.database.sqlite else postgresql.insert
        row = {"key": key, "command": label, "recorded_at": now}
        if connection.execute(insert(t.idempotency).on_conflict_do_nothing().returning(i.key), row).first() is not None:
            known = Known()
            yield known
            connection.execute(update(t.idempotency).where(i.key == key).values(answer=known.answer))
            return
        kept = connection.execute(select(i.answer, i.command).where(i.key == key)).one()
        if kept.command and kept.command != label:
            raise Conflict(f"The key {key!r} was used for another {kept.command.partition(' ')[0]!r} before; choose another one.")
        yield Known(kept.answer)
