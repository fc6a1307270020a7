"""Variables as bytes, without loss: JSON, where what JSON lacks is an object with one key that begins with a tilde.

Decimals, dates, times, durations and so on come back as what they were. A context of a person's own that looks like such an
object is wrapped, so that nothing a person types can be taken for one.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from amends.engine.execution.faults import Fault
from amends.engine.feel import YearMonthDuration
from amends.engine.feel.temporal import Time

_TAGS = frozenset({"~n", "~d", "~i", "~t", "~s", "~m", "~o"})
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS
_MAX_EXACT = 2**53
_MARK = b'{"~'
_PLAIN = (str, int, bool, float, type(None), Decimal, dt.datetime, dt.date, dt.time, dt.timedelta, Time, YearMonthDuration)
_PLAIN_TYPES = frozenset[object](_PLAIN)


def encode(value: Any, sort: bool = False) -> bytes:
    """A value as JSON bytes; `sort` makes them canonical, for hashing. A `TypeError` names what cannot be kept."""
    options = _OPTIONS | (orjson.OPT_SORT_KEYS if sort else 0)
    marks = 0

    def default(item: Any) -> Any:
        nonlocal marks
        plain = _default(item)
        marks += type(plain) is dict
        return plain

    try:
        body = orjson.dumps(value, default=default, option=options)
    except TypeError:
        return orjson.dumps(_wrap(value), default=_default, option=options)
    # Inside a text a quotation mark is escaped, so what looks like a mark is one: ours, or a context somebody made up.
    return body if body.count(_MARK) == marks else orjson.dumps(_wrap(value), default=_default, option=options)


def decode(body: bytes) -> Any:
    """The value that `encode` made bytes of."""
    value = orjson.loads(body)
    return _unwrap(value) if _MARK in body else value


def keepable(value: Any, what: str) -> Any:
    """The value, if it can be a variable; a `Fault` for what cannot, such as a function or a range."""
    if type(value) in _PLAIN_TYPES:
        return value
    if isinstance(value, dict):
        for item in value.values():
            keepable(item, what)
    elif isinstance(value, list | tuple):
        for item in value:
            keepable(item, what)
    elif not isinstance(value, _PLAIN):
        raise Fault(f"{what} is a {type(value).__name__}, which cannot be kept as a variable; make it a plain value.")
    return value


def _wrap(value: Any) -> Any:
    if isinstance(value, dict):
        wrapped = {str(key): _wrap(item) for key, item in value.items()}
        return {"~o": wrapped} if len(wrapped) == 1 and next(iter(wrapped)) in _TAGS else wrapped
    if isinstance(value, list | tuple):
        return [_wrap(item) for item in value]
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _MAX_EXACT:
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
    if isinstance(value, Time):
        return {"~t": [value.hour, value.minute, value.second, value.nano, _zone_name(value.zone)]}
    if isinstance(value, dt.timedelta):
        return {"~s": [value.days, value.seconds, value.microseconds]}
    if isinstance(value, YearMonthDuration):
        return {"~m": value.months}
    raise TypeError(f"A {type(value).__name__} cannot be kept as a variable.")


def _unwrap(value: Any) -> Any:
    """In place: what was read is ours."""
    if type(value) is list:
        for index, item in enumerate(value):
            if type(item) is dict or type(item) is list:
                value[index] = _unwrap(item)
        return value
    if type(value) is not dict:
        return value
    if len(value) == 1:
        ((tag, body),) = value.items()
        if tag == "~o":
            value = body
        elif tag in _TAGS:
            return _untag(tag, body)
    for key, item in value.items():
        if type(item) is dict or type(item) is list:
            value[key] = _unwrap(item)
    return value


def _untag(tag: str, body: Any) -> Any:
    if tag == "~n":
        return Decimal(body)
    if tag == "~d":
        return dt.date.fromisoformat(body)
    if tag == "~i":
        return dt.datetime.fromisoformat(body) if isinstance(body, str) else _in_zone(*body)
    if tag == "~t":
        return dt.time.fromisoformat(body) if isinstance(body, str) else Time(body[0], body[1], body[2], body[3], _zone(body[4]))
    if tag == "~s":
        return dt.timedelta(days=body[0], seconds=body[1], microseconds=body[2])
    return YearMonthDuration(body)


def _zone_name(zone: dt.tzinfo | None) -> str | float | None:
    """A named zone by its name, an offset in seconds."""
    if zone is None:
        return None
    key: str | None = getattr(zone, "key", None)
    offset = zone.utcoffset(None)
    return key if key is not None or offset is None else offset.total_seconds()


def _zone(name: str | float | None) -> dt.tzinfo | None:
    if name is None:
        return None
    return ZoneInfo(name) if isinstance(name, str) else dt.timezone(dt.timedelta(seconds=name))


def _in_zone(local: str, key: str, fold: int) -> dt.datetime:
    return dt.datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(key), fold=fold)
