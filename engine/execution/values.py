"""Variables as bytes, without loss: JSON, where what JSON lacks is an object with one key that begins with a tilde.

Decimals, dates, times, durations and so on come back as what they were. A context of a person's own that looks like such an
object is wrapped, so that nothing a person types can be taken for one.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import orjson

from amends.engine.feel import YearMonthDuration

_TAGS = frozenset({"~n", "~d", "~i", "~t", "~s", "~m", "~o"})
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
_MAX_EXACT = 2**53


def encode(value: Any, sort: bool = False) -> bytes:
    """A value as JSON bytes; `sort` makes them canonical, for hashing."""
    return orjson.dumps(_wrap(value), default=_default, option=_OPTIONS | (orjson.OPT_SORT_KEYS if sort else 0))


def decode(body: bytes) -> Any:
    """The value that `encode` made bytes of."""
    value = orjson.loads(body)
    return _unwrap(value) if b'"~' in body else value


def _wrap(value: Any) -> Any:
    if type(value) is dict:
        wrapped = {str(key): _wrap(item) for key, item in value.items()}
        return {"~o": wrapped} if len(wrapped) == 1 and next(iter(wrapped)) in _TAGS else wrapped
    if type(value) in (list, tuple):
        return [_wrap(item) for item in value]
    if type(value) is int and abs(value) > _MAX_EXACT:
        return {"~n": str(value)}
    return value


def _default(value: Any) -> Any:
    if isinstance(value, Decimal):
        whole = value.is_finite() and value == value.to_integral_value() and abs(value) <= _MAX_EXACT
        return int(value) if whole else {"~n": str(value)}
    if isinstance(value, dt.datetime):
        zone = getattr(value.tzinfo, "key", None)
        return {"~i": value.isoformat() if zone is None else [value.replace(tzinfo=None).isoformat(), zone, value.fold]}
    if isinstance(value, dt.date):
        return {"~d": value.isoformat()}
    if isinstance(value, dt.time):
        return {"~t": value.isoformat()}
    if isinstance(value, dt.timedelta):
        return {"~s": [value.days, value.seconds, value.microseconds]}
    if isinstance(value, YearMonthDuration):
        return {"~m": value.months}
    raise TypeError(f"A {type(value).__name__} cannot be kept as a variable.")


def _unwrap(value: Any) -> Any:
    if isinstance(value, list):
        return [_unwrap(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((tag, body),) = value.items()
        if tag == "~o":
            return {key: _unwrap(item) for key, item in body.items()}
        if tag in _TAGS:
            return _untag(tag, body)
    return {key: _unwrap(item) for key, item in value.items()}


def _untag(tag: str, body: Any) -> Any:
    if tag == "~n":
        return Decimal(body)
    if tag == "~d":
        return dt.date.fromisoformat(body)
    if tag == "~i":
        return dt.datetime.fromisoformat(body) if isinstance(body, str) else _in_zone(*body)
    if tag == "~t":
        return dt.time.fromisoformat(body)
    if tag == "~s":
        return dt.timedelta(days=body[0], seconds=body[1], microseconds=body[2])
    return YearMonthDuration(body)


def _in_zone(local: str, key: str, fold: int) -> dt.datetime:
    from zoneinfo import ZoneInfo

    return dt.datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(key), fold=fold)
