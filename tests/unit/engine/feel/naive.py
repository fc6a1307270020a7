"""A naive evaluator that walks the tree with copied scopes, to compare the compiled closures with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from amends.engine.feel import Fault, Range, kind_of
from amends.engine.feel import nodes as n
from amends.engine.feel import operators as ops
from amends.engine.feel.properties import property_of

Scope = dict[str, Any]
_ARITHMETIC = {"+": ops.add, "-": ops.subtract, "*": ops.multiply, "/": ops.divide, "**": ops.power}


def null_on_fault(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Fault:
        return None


def walk(node: n.Node, scope: Scope) -> Any:
    """The value of a node in a scope."""
    return globals()[f"_{type(node).__name__.lower()}"](node, scope)


def _literal(node: n.Literal, scope: Scope) -> Any:
    return node.value


def _name(node: n.Name, scope: Scope) -> Any:
    return scope.get(node.name)


def _listnode(node: n.ListNode, scope: Scope) -> Any:
    return [walk(item, scope) for item in node.items]


def _contextnode(node: n.ContextNode, scope: Scope) -> Any:
    inner, made = dict(scope), {}
    for key, value in node.entries:
        made[key] = inner[key] = walk(value, inner)
    return made


def _rangenode(node: n.RangeNode, scope: Scope) -> Any:
    low, high = walk(node.low, scope), walk(node.high, scope)
    if low is not None and high is not None and kind_of(low) != kind_of(high):
        return None
    return Range(low, high, node.low_included, node.high_included)


def _negation(node: n.Negation, scope: Scope) -> Any:
    return null_on_fault(lambda: ops.negate(walk(node.operand, scope)))


def _binary(node: n.Binary, scope: Scope) -> Any:
    left, right = walk(node.left, scope), walk(node.right, scope)
    if node.operator == "and":
        return False if left is False or right is False else True if left is True and right is True else None
    if node.operator == "or":
        return True if left is True or right is True else False if left is False and right is False else None
    if node.operator in _ARITHMETIC:
        return null_on_fault(lambda: _ARITHMETIC[node.operator](left, right))
    if node.operator in ("=", "!="):
        return null_on_fault(lambda: ops.equal(left, right) is (node.operator == "="))
    return null_on_fault(lambda: ops.compare(node.operator, left, right))


def _between(node: n.Between, scope: Scope) -> Any:
    value, low, high = (walk(part, scope) for part in (node.value, node.low, node.high))
    return null_on_fault(lambda: ops.order(value, low) >= 0 and ops.order(value, high) <= 0)


def _if(node: n.If, scope: Scope) -> Any:
    return walk(node.then if walk(node.condition, scope) is True else node.otherwise, scope)


def _path(node: n.Path, scope: Scope) -> Any:
    return null_on_fault(lambda: property_of(walk(node.source, scope), node.name))


def _filter(node: n.Filter, scope: Scope) -> Any:
    source = walk(node.source, scope)
    if source is None:
        return None
    items = source if isinstance(source, list) else [source]
    kept = []
    for item in items or [None]:
        inner = {**scope, "item": item, **(item if isinstance(item, dict) else {})}
        value = walk(node.condition, inner)
        if isinstance(value, Decimal):
            index = int(value)
            fits = value == index and index != 0 and abs(index) <= len(items)
            return items[index - 1 if index > 0 else index] if fits else None
        if not items:
            return []
        if value is True:
            kept.append(item)
        elif value is not False and value is not None:
            return None
    return kept


def _scopes(iterations: tuple[n.Iteration, ...], scope: Scope) -> Iterator[Scope]:
    if not iterations:
        yield scope
        return
    first, rest = iterations[0], iterations[1:]
    low = walk(first.domain, scope)
    if first.high is not None:
        start, stop = int(low), int(walk(first.high, scope))
        items: list[Any] = [Decimal(i) for i in (range(start, stop + 1) if start <= stop else range(start, stop - 1, -1))]
    else:
        items = low if isinstance(low, list) else [low]
    for item in items:
        yield from _scopes(rest, {**scope, first.name: item})


def _for(node: n.For, scope: Scope) -> Any:
    results: list[Any] = []
    for inner in _scopes(node.iterations, scope):
        results.append(walk(node.body, {**inner, "partial": list(results)}))
    return results


def _quantified(node: n.Quantified, scope: Scope) -> Any:
    decisive = node.kind == "some"
    unknown = False
    for inner in _scopes(node.iterations, scope):
        value = walk(node.condition, inner)
        if value is decisive:
            return decisive
        if value is not None and type(value) is not bool:
            return None
        unknown = unknown or value is None
    return None if unknown else not decisive
