"""Erase what the engine's own tables hold of a finished instance (rule 7). Structure and dates stay, content goes."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, delete, or_, select, update

from amends.engine.calendars import Clock
from amends.engine.execution.values import decode, encode
from amends.engine.store import tables as t


def erase(connection: Connection, instance_id: str, business_key: str | None) -> list[str]:
    """Empty the values of an instance and what else may repeat them; the ids of the values, for the erasure's event.

    A value's salt goes with it: with the salt, somebody could still try whether the value was this or that.
    """
    v, i, k = t.value.c, t.incident.c, t.idempotency.c
    ids = list(connection.execute(select(v.id).where(v.chain == instance_id, v.body.is_not(None)).order_by(v.id)).scalars())
    connection.execute(update(t.value).where(v.chain == instance_id, v.body.is_not(None)).values(body=None, salt=b""))
    connection.execute(update(t.incident).where(i.instance_id == instance_id).values(message=""))
    of = (k.answer.startswith(f"{instance_id}{mark}", autoescape=True) for mark in (".", " "))
    answers = or_(k.answer == instance_id, *of)
    # Empty, not null: a key that comes again must still find that its command was done.
    connection.execute(update(t.idempotency).where(answers).values(answer="", command=""))
    for table in (t.job, t.subscription):
        connection.execute(delete(table).where(table.c.instance_id == instance_id))
    if business_key:
        connection.execute(delete(t.buffered_message).where(t.buffered_message.c.key == business_key))
    _clocks(connection, instance_id)
    return ids


def _clocks(connection: Connection, instance_id: str) -> None:
    """Clocks keep their times, which the figures are made of, and lose the reasons people gave."""
    c = t.clock.c
    for name, body in connection.execute(select(c.name, c.body).where(c.instance_id == instance_id)).all():
        clock = Clock.from_plain(decode(bytes(body)))
        bare = replace(
            clock,
            pauses=tuple(replace(pause, reason=None) for pause in clock.pauses),
            extensions=tuple(replace(extension, reason="") for extension in clock.extensions),
            reason=None,
        )
        if bare != clock:
            connection.execute(update(t.clock).where(c.instance_id == instance_id, c.name == name).values(body=encode(bare.to_plain())))
