"""Ids of what there is most of: short, unique everywhere without asking, and in the order they were made in."""

from __future__ import annotations

import secrets
import time

_DIGITS = "0123456789abcdefghijklmnopqrstuv"  # any collation has them in this order
_CHANCE_BITS = 52


def new_id() -> str:
    """Twenty characters: 48 bits of the time in milliseconds, 52 of chance; two in the same millisecond are alike once in 4·10^15.

    A UUID says no more, and as text takes 32: an instance's id stands in some forty places of its rows and their indexes.
    """
    number = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << _CHANCE_BITS | secrets.randbits(_CHANCE_BITS)
    return "".join(_DIGITS[number >> shift & 31] for shift in range(95, -1, -5))
