"""List functions (DMN 1.5, 10.3.4.4, table 75) and sort (10.3.4.8)."""

from __future__ import annotations

from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from amends.engine.feel import operators as ops
from amends.engine.feel.builtins.registry import define
from amends.engine.feel.numbers import is_whole, number_text, whole
from amends.engine.feel.run import Run
from amends.engine.feel.values import Fault, Function, kind_of


def _position(items: list[Any], position: Decimal) -> int:
    """The index of a position that counts from 1, or from the end with -1."""
    place = whole(position)
    if place == 0 or abs(place) > len(items):
        raise Fault(f"The list has {len(items)} items and none at {place}")
    return place - 1 if place > 0 else len(items) + place


@define("list contains", "list:list, element:any")
def list_contains(run: Run, items: list[Any], element: Any) -> bool:
    run.meter.charge(len(items))
    kind = type(element)
    if kind is str or kind is Decimal and element not in items:
        return element in items
    return any(ops.same(item, element, run.meter) for item in items)


@define("sublist", "list:list, start position:number, length:number?")
def sublist(run: Run, items: list[Any], start: Decimal, length: Decimal | None = None) -> list[Any]:
    begin = _position(items, start)
    if length is None:
        return items[begin:]
    count = whole(length)
    if count < 1 or begin + count > len(items):
        raise Fault(f"The list has {len(items)} items, not {count} from there on")
    return items[begin : begin + count]


@define("append", "list:list, item:any...")
def append(run: Run, items: list[Any], more: list[Any]) -> list[Any]:
    run.meter.size(len(items) + len(more))
    return [*items, *more]


def _joined(run: Run, lists: list[Any]) -> list[Any]:
    joined: list[Any] = []
    for part in lists:
        if part is None:
            raise Fault("One of the lists is null")
        joined.extend(part if isinstance(part, list) else [part])
        run.meter.size(len(joined))
    return joined


@define("concatenate", "list:any...")
def concatenate(run: Run, lists: list[Any]) -> list[Any]:
    return _joined(run, lists)


@define("union", "list:any...")
def union(run: Run, lists: list[Any]) -> list[Any]:
    return _distinct(run, _joined(run, lists))


@define("distinct values", "list:list")
def distinct_values(run: Run, items: list[Any]) -> list[Any]:
    return _distinct(run, items)


def _distinct(run: Run, items: list[Any]) -> list[Any]:
    """The first of equal values each; plain ones are found by hash, others by looking at all before them."""
    found: list[Any] = []
    plain: set[tuple[type, Any]] = set()
    others: list[Any] = []
    for item in items:
        if type(item) in (str, Decimal, bool):
            key = (type(item), item)
            if key not in plain:
                plain.add(key)
                found.append(item)
            continue
        run.meter.charge(len(others) + 1)
        if not any(ops.same(item, other, run.meter) for other in others):
            others.append(item)
            found.append(item)
    run.meter.size(len(items))
    return found


@define("duplicate values", "list:list", ours=True)
def duplicate_values(run: Run, items: list[Any]) -> list[Any]:
    distinct = _distinct(run, items)
    run.meter.charge(len(items) * len(distinct) >> 2)
    return [one for one in distinct if sum(ops.same(one, item, run.meter) for item in items) > 1]


@define("insert before", "list:list, position:number, newItem:any")
def insert_before(run: Run, items: list[Any], position: Decimal, new: Any) -> list[Any]:
    index = _position(items, position)
    run.meter.size(len(items))
    return [*items[:index], new, *items[index:]]


@define("remove", "list:list, position:number")
def remove(run: Run, items: list[Any], position: Decimal) -> list[Any]:
    index = _position(items, position)
    run.meter.size(len(items))
    return [*items[:index], *items[index + 1 :]]


@define("list replace", "list:list, position:number, newItem:any")
def list_replace(run: Run, items: list[Any], position: Decimal, new: Any) -> list[Any]:
    if not is_whole(position):
        raise Fault(f"There is no item at {number_text(position)}: positions are whole numbers")
    index = _position(items, position)
    run.meter.size(len(items))
    return [*items[:index], new, *items[index + 1 :]]


@define("list replace", "list:list, match:function, newItem:any")
def list_replace_matching(run: Run, items: list[Any], match: Function, new: Any) -> list[Any]:
    replaced = []
    for item in items:
        decided = match.call(run, [item, new])
        if type(decided) is not bool:
            raise Fault("The function that decides what is replaced gives no boolean")
        replaced.append(new if decided else item)
    return replaced


@define("reverse", "list:list")
def reverse(run: Run, items: list[Any]) -> list[Any]:
    run.meter.size(len(items))
    return items[::-1]


@define("index of", "list:list, match:any")
def index_of(run: Run, items: list[Any], match: Any) -> list[Decimal]:
    run.meter.charge(len(items))
    return [Decimal(index) for index, item in enumerate(items, 1) if ops.same(item, match, run.meter)]


@define("flatten", "list:list")
def flatten(run: Run, items: list[Any]) -> list[Any]:
    flat: list[Any] = []
    pending = [iter(items)]
    while pending:
        run.meter.charge(1)
        for item in pending[-1]:
            if isinstance(item, list):
                pending.append(iter(item))
                break
            flat.append(item)
            run.meter.size(1)
        else:
            pending.pop()
    run.meter.size(len(flat))
    return flat


@define("sort", "list:list", "list:list, precedes:function")
def sort(run: Run, items: list[Any], precedes: Function | None = None) -> list[Any]:
    def earlier(a: Any, b: Any) -> bool:
        if precedes is None:
            return ops.order(a, b) < 0
        decided = precedes.call(run, [a, b])
        if type(decided) is not bool:
            raise Fault(f"The function that sorts gives a {kind_of(decided)}, not a boolean")
        return decided

    def compare(a: Any, b: Any) -> int:
        run.meter.charge(4)
        if earlier(a, b):
            return -1
        return 1 if earlier(b, a) else 0

    return sorted(items, key=cmp_to_key(compare))


@define("is empty", "list:list", ours=True)
def is_empty(run: Run, items: list[Any]) -> bool:
    return not items


@define("partition", "list:list, size:number", ours=True)
def partition(run: Run, items: list[Any], size: Decimal) -> list[list[Any]]:
    count = whole(size)
    if count < 1:
        raise Fault("The size is not above 0")
    run.meter.size(len(items))
    return [items[begin : begin + count] for begin in range(0, len(items), count)]
