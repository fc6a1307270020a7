"""Nested data by path: get, set and lay one answer over another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING", "__bool__": lambda self: False})()
"""Nothing was given, which is not the same as an empty answer."""


def get(data: Any, path: Sequence[str | int]) -> Any:
    """The value at `path`, or MISSING."""
    for part in path:
        if isinstance(part, int):
            if not isinstance(data, list) or not 0 <= part < len(data):
                return MISSING
            data = data[part]
        elif isinstance(data, Mapping) and part in data:
            data = data[part]
        else:
            return MISSING
    return data


def put(data: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set the value at `path`, making the groups above it."""
    for part in path[:-1]:
        below = data.get(part)
        if not isinstance(below, dict):
            below = data[part] = {}
        data = below
    data[path[-1]] = value


def remove(data: dict[str, Any], path: Sequence[str]) -> None:
    """Take the value at `path` out, with groups that are empty then."""
    chain = [data]
    for part in path[:-1]:
        below = chain[-1].get(part)
        if not isinstance(below, dict):
            return
        chain.append(below)
    chain[-1].pop(path[-1], None)
    for above, part in zip(reversed(chain[:-1]), reversed(path[:-1]), strict=True):
        if above[part]:
            return
        del above[part]


def merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """`new` laid over `old`: groups are merged key by key, everything else, rows of a list too, is replaced."""
    merged = dict(old)
    for key, value in new.items():
        before = merged.get(key)
        merged[key] = merge(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return merged


def dotted(path: Sequence[str | int]) -> str:
    """The path as one name: `persons.0.name`."""
    return ".".join(str(part) for part in path)
