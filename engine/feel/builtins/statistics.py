"""Functions that make one value of many: count, min, max, sum, mean, all, any, product, median, stddev, mode (table 75)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DecimalException
from typing import Any

from amends.engine.feel import operators as ops
from amends.engine.feel.builtins.registry import define
from amends.engine.feel.numbers import MATH
from amends.engine.feel.run import Run
from amends.engine.feel.values import Fault, kind_of


def _all_items(run: Run, arguments: list[Any]) -> list[Any]:
    """The items of min(list) or min(a, b, c)."""
    items = arguments
    if len(arguments) == 1 and arguments[0] is None:
        raise Fault("The list is null")
    if len(arguments) == 1 and isinstance(arguments[0], list):
        items = arguments[0]
    run.meter.charge(len(items))
    return items


def numbers_of(run: Run, arguments: list[Any]) -> list[Decimal]:
    """The items, all numbers."""
    items = _all_items(run, arguments)
    for item in items:
        if type(item) is not Decimal:
            raise Fault(f"A list of numbers is needed, and it has a {kind_of(item)}")
    return items


def _not_empty(items: list[Decimal]) -> list[Decimal]:
    if not items:
        raise Fault("The list is empty")
    return items


@define("count", "list:list")
def count(run: Run, items: list[Any]) -> Decimal:
    return Decimal(len(items))


def _extreme(run: Run, arguments: list[Any], wanted: int) -> Any:
    items = _all_items(run, arguments)
    if not items:
        raise Fault("The list is empty")
    best = items[0]
    ops.order(best, best)
    for item in items[1:]:
        if ops.order(item, best) == wanted:
            best = item
    return best


@define("min", "list:any...")
def minimum(run: Run, arguments: list[Any]) -> Any:
    return _extreme(run, arguments, -1)


@define("max", "list:any...")
def maximum(run: Run, arguments: list[Any]) -> Any:
    return _extreme(run, arguments, 1)


def _folded(operation: Callable[[Decimal, Decimal], Decimal], items: list[Decimal]) -> Decimal:
    total = items[0]
    try:
        for item in items[1:]:
            total = operation(total, item)
    except DecimalException:
        raise Fault("The result is beyond the largest number") from None
    return total


@define("sum", "list:any...")
def total(run: Run, arguments: list[Any]) -> Decimal:
    return _folded(MATH.add, _not_empty(numbers_of(run, arguments)))


@define("product", "list:any...")
def product(run: Run, arguments: list[Any]) -> Decimal:
    return _folded(MATH.multiply, _not_empty(numbers_of(run, arguments)))


@define("mean", "list:any...")
def mean(run: Run, arguments: list[Any]) -> Decimal:
    items = _not_empty(numbers_of(run, arguments))
    return MATH.divide(_folded(MATH.add, items), Decimal(len(items)))


@define("median", "list:any...")
def median(run: Run, arguments: list[Any]) -> Decimal:
    items = sorted(_not_empty(numbers_of(run, arguments)))
    middle = len(items) // 2
    if len(items) % 2:
        return items[middle]
    return MATH.divide(MATH.add(items[middle - 1], items[middle]), Decimal(2))


@define("stddev", "list:any...")
def standard_deviation(run: Run, arguments: list[Any]) -> Decimal:
    items = numbers_of(run, arguments)
    if len(items) < 2:
        raise Fault("A standard deviation needs two numbers or more")
    try:
        average = MATH.divide(_folded(MATH.add, items), Decimal(len(items)))
        squares = [MATH.power(MATH.subtract(item, average), Decimal(2)) for item in items]
        return MATH.sqrt(MATH.divide(_folded(MATH.add, squares), Decimal(len(items) - 1)))
    except DecimalException:
        raise Fault("The result is beyond the largest number") from None


@define("mode", "list:any...")
def mode(run: Run, arguments: list[Any]) -> list[Decimal]:
    items = numbers_of(run, arguments)
    seen: dict[Decimal, int] = {}
    for item in items:
        seen[item] = seen.get(item, 0) + 1
    most = max(seen.values(), default=0)
    return sorted(item for item, times in seen.items() if times == most)


def _decided(run: Run, arguments: list[Any], decisive: bool) -> bool:
    items = [None] if arguments == [None] else _all_items(run, arguments)
    unknown = False
    for item in items:
        if item is decisive:
            return bool(item)
        unknown = unknown or type(item) is not bool
    if unknown:
        raise Fault("A list of booleans is needed")
    return not decisive


@define("all", "list:any...")
def all_true(run: Run, arguments: list[Any]) -> bool:
    return _decided(run, arguments, False)


@define("any", "list:any...")
def any_true(run: Run, arguments: list[Any]) -> bool:
    return _decided(run, arguments, True)
