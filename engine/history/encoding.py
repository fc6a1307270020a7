"""Values as canonical bytes: the same value always gives the same bytes, so that hashes can be computed again."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import orjson


def canonical(value: Any) -> bytes:
    """JSON with sorted keys; what JSON lacks as text in its standard form (ISO 8601 for what has to do with time)."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() and abs(value) < 2**53 else str(value)
    if isinstance(value, dt.timedelta):
        return f"P{value.days}DT{value.seconds}.{value.microseconds:06d}S"
    return str(value)


def plain(body: bytes) -> Any:
    """What `canonical` wrote, as plain data."""
    return orjson.loads(body)
