"""Which names an expression reads from outside itself, and where."""

from __future__ import annotations

from collections.abc import Iterator

from amends.engine.feel import nodes as n


def free_names(node: n.Node, bound: frozenset[str] = frozenset()) -> Iterator[n.Name]:
    """The names a tree reads that it does not define; inside a filter only those that can be told apart from entries of an item.

    A name in a filter's condition may be an entry of the item, which is known only at run time, so conditions are left out.
    """
    if isinstance(node, n.Name):
        if node.name not in bound and node.name != "?":
            yield node
    elif isinstance(node, n.Filter):
        yield from free_names(node.source, bound)
    elif isinstance(node, n.For | n.Quantified):
        yield from _iterations(node, bound)
    elif isinstance(node, n.FunctionDefinition):
        if not node.external:
            yield from free_names(node.body, bound | {parameter.name for parameter in node.parameters})
    elif isinstance(node, n.ContextNode):
        inner = bound
        for name, value in node.entries:
            yield from free_names(value, inner)
            inner = inner | {name}
    elif not isinstance(node, n.TypeNode):
        for child in n.children(node):
            yield from free_names(child, bound)


def _iterations(node: n.For | n.Quantified, bound: frozenset[str]) -> Iterator[n.Name]:
    inner = bound
    for iteration in node.iterations:
        yield from free_names(iteration.domain, inner)
        if iteration.high is not None:
            yield from free_names(iteration.high, inner)
        inner = inner | {iteration.name}
    if isinstance(node, n.For):
        yield from free_names(node.body, inner | {"partial"})
    else:
        yield from free_names(node.condition, inner)
