"""FEEL's types: what `instance of` asks, and what parameters demand (DMN 1.5, 10.3.2.9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amends.engine.feel.nodes import TypeNode
from amends.engine.feel.run import Meter, TypeTest
from amends.engine.feel.values import Function, Range, kind_of

_SIMPLE = {
    "number": "number", "string": "string", "boolean": "boolean", "date": "date", "time": "time", "date and time": "date and time",
    "dateTime": "date and time", "days and time duration": "days and time duration", "dayTimeDuration": "days and time duration",
    "years and months duration": "years and months duration", "yearMonthDuration": "years and months duration",
    "list": "list", "context": "context", "function": "function", "range": "range",
}  # fmt: skip


def is_instance(value: Any, type_: TypeNode, types: Mapping[str, TypeTest] | None = None, meter: Meter | None = None) -> bool | None:
    """`value instance of type`; null is an instance of no type but Null. None where the type is not known.

    `types` has a test for each type that the host defines, such as the item definitions of a DMN model.
    """
    if value is None:
        return type_.name == "Null"
    return conforms(value, type_, types, meter)


def conforms(value: Any, type_: TypeNode, types: Mapping[str, TypeTest] | None = None, meter: Meter | None = None) -> bool | None:
    """Whether a value may stand where this type is demanded: as `is_instance`, and null may stand anywhere."""
    if value is None:
        return True
    name = type_.name
    if types is not None and name in types:
        return types[name](value)
    if name == "Any":
        return True
    if name == "Null":
        return False
    wanted = _SIMPLE.get(name)
    if wanted is None:
        return None
    if kind_of(value) != wanted:
        return False
    return type_.arguments is None or _parts_conform(value, type_, types, meter)


def _parts_conform(value: Any, type_: TypeNode, types: Mapping[str, TypeTest] | None, meter: Meter | None) -> bool | None:
    arguments = type_.arguments or ()
    if isinstance(value, list):
        if meter is not None:
            meter.charge(len(value) + 1)
        return _all(conforms(item, arguments[0], types, meter) for item in value)
    if isinstance(value, Range):
        ends = [end for end in (value.low, value.high) if end is not None]
        return _all(conforms(end, arguments[0], types) for end in ends)
    if isinstance(value, dict):
        pairs = list(zip(type_.names, arguments, strict=True))
        return _all(name in value and conforms(value[name], argument, types, meter) for name, argument in pairs)
    if isinstance(value, Function):
        return value.accepts(arguments, type_.result)
    return True


def _all(results: Any) -> bool | None:
    unknown = False
    for result in results:
        if result is False:
            return False
        unknown = unknown or result is None
    return None if unknown else True


def type_accepts(general: TypeNode | None, special: TypeNode) -> bool:
    """Whether every value of `special` is one of `general`, as far as their names tell (DMN 1.5, 10.3.2.9.2)."""
    if general is None or general.name == "Any" or special.name == "Null":
        return True
    if _SIMPLE.get(general.name, general.name) != _SIMPLE.get(special.name, special.name):
        return False
    if general.arguments is None or special.arguments is None:
        return True
    if general.name == "context":
        offered = dict(zip(special.names, special.arguments, strict=True))
        wanted = zip(general.names, general.arguments, strict=True)
        return all(name in offered and type_accepts(part, offered[name]) for name, part in wanted)
    if general.name == "function":
        same_count = len(general.arguments) == len(special.arguments)
        parameters = same_count and all(type_accepts(b, a) for a, b in zip(general.arguments, special.arguments, strict=True))
        return parameters and (special.result is None or type_accepts(general.result, special.result))
    return all(type_accepts(a, b) for a, b in zip(general.arguments, special.arguments, strict=True))
