"""Context functions (DMN 1.5, 10.3.4.9, table 80)."""

from __future__ import annotations

from typing import Any

from amends.engine.feel.builtins.registry import define
from amends.engine.feel.run import Run
from amends.engine.feel.values import Fault, kind_of


@define("get value", "m:context, key:string")
def get_value(run: Run, context: dict[str, Any], key: str) -> Any:
    if key not in context:
        raise Fault(f"The context has no entry «{key}»")
    return context[key]


@define("get value", "context:context, keys:list")
def get_value_deep(run: Run, context: dict[str, Any], keys: list[Any]) -> Any:
    value: Any = context
    for key in keys:
        if not (isinstance(value, dict) and isinstance(key, str) and key in value):
            raise Fault("The context has no entry at that path")
        value = value[key]
    return value


@define("get entries", "m:context")
def get_entries(run: Run, context: dict[str, Any]) -> list[dict[str, Any]]:
    run.meter.size(len(context))
    return [{"key": key, "value": value} for key, value in context.items()]


@define("context", "entries:list")
def context_of(run: Run, entries: list[Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    run.meter.charge(len(entries))
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str) or "value" not in entry:
            raise Fault("An entry is a context of a key, which is a string, and a value")
        if entry["key"] in made:
            raise Fault(f"Two entries have the key «{entry['key']}»")
        made[entry["key"]] = entry["value"]
    return made


@define("context put", "context:context, key:string, value:any")
def context_put(run: Run, context: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    run.meter.charge(len(context))
    return {**context, key: value}


@define("context put", "context:context, keys:list, value:any")
def context_put_deep(run: Run, context: dict[str, Any], keys: list[Any], value: Any) -> dict[str, Any]:
    if not keys or not all(isinstance(key, str) for key in keys):
        raise Fault("The keys are a list of strings that is not empty")
    run.meter.charge(len(context) + len(keys))
    changed = dict(context)
    inner = changed
    for key in keys[:-1]:
        below = inner.get(key)
        if not isinstance(below, dict):
            raise Fault(f"There is no context at the key «{key}», but a {kind_of(below)}")
        run.meter.charge(len(below))
        inner[key] = dict(below)
        inner = inner[key]
    inner[keys[-1]] = value
    return changed


@define("context merge", "contexts:list")
def context_merge(run: Run, contexts: list[Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for context in contexts:
        if not isinstance(context, dict):
            raise Fault(f"Contexts are merged, and one is a {kind_of(context)}")
        run.meter.charge(len(context) + 1)
        merged.update(context)
    return merged


@define("is defined", "value:any", ours=True)
def is_defined(run: Run, value: Any) -> bool:
    return value is not None


@define("get or else", "value:any, default:any", ours=True)
def get_or_else(run: Run, value: Any, default: Any) -> Any:
    return default if value is None else value


@define("assert", "value:any, condition:any, cause:string?", ours=True)
def assert_that(run: Run, value: Any, condition: Any, cause: str | None = None) -> Any:
    if condition is not True:
        raise Fault(cause or "What the expression asserts is not so")
    return value
