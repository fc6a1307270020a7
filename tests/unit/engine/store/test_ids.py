"""Ids are short, in order, and never twice the same."""

from __future__ import annotations

import time

from amends.engine.store.ids import new_id


def test_ids_are_in_the_order_they_are_made_in() -> None:
    """By milliseconds, after the UUIDs that were used before; twenty letters and digits; none twice."""
    made = []
    for _ in range(20):
        made.append(new_id())
        time.sleep(0.002)
    assert made == sorted(made) and made[0] > "01ffffffffffffffffffffffffffffff"
    many = {new_id() for _ in range(50_000)}
    assert len(many) == 50_000 and {len(one) for one in many} == {20} and all(one.isalnum() and one == one.lower() for one in many)
