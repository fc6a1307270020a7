"""What a text reads, found without evaluating it: free names, dotted paths, called functions, and whether it is constant."""

from __future__ import annotations

from dataclasses import dataclass, field

from amends.engine.feel import nodes as n

_CHANGING = frozenset(("now", "today", "random number", "uuid"))


@dataclass(slots=True)
class Reads:
    """The findings. `item_names` are names read in filters only, which may be entries of the filtered items."""

    names: set[str] = field(default_factory=set)
    sure_names: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    builtins: set[str] = field(default_factory=set)
    hiding: set[str] = field(default_factory=set)
    """Names of functions that are read as values: a variable of that name, if there is one."""


@dataclass(frozen=True, slots=True)
class _Scope:
    bound: frozenset[str]
    in_filter: bool = False


def reads(root: n.Node, builtins: frozenset[str]) -> Reads:
    """What a tree reads; `builtins` are the names of functions every text may call."""
    found = Reads()
    pending: list[tuple[n.Node, _Scope]] = [(root, _Scope(frozenset()))]
    while pending:
        node, scope = pending.pop()
        pending.extend(_visit(node, scope, found, builtins))
    return found


def _visit(node: n.Node, scope: _Scope, found: Reads, builtins: frozenset[str]) -> list[tuple[n.Node, _Scope]]:
    if isinstance(node, n.Name):
        _read(node.name, node.name, scope, found, builtins)
        return []
    if isinstance(node, n.Path):
        return _visit_path(node, scope, found, builtins)
    if isinstance(node, n.Call) and isinstance(node.function, n.Name):
        name = node.function.name
        if name in builtins:
            found.builtins.add(name)
        elif name not in scope.bound:
            found.calls.add(name)
        return [(argument, scope) for argument in node.arguments]
    if isinstance(node, n.Filter):
        inner = _Scope(scope.bound | {"item"}, True)
        return [(node.source, scope), (node.condition, inner)]
    if isinstance(node, n.ContextNode):
        return _visit_context(node, scope)
    if isinstance(node, n.For | n.Quantified):
        return _visit_loop(node, scope)
    if isinstance(node, n.FunctionDefinition):
        return [(node.body, _bind(scope, {parameter.name for parameter in node.parameters}))]
    if isinstance(node, n.InstanceOf):
        return [(node.value, scope)]
    return [(child, scope) for child in n.children(node)]


def _bind(scope: _Scope, names: set[str]) -> _Scope:
    return _Scope(scope.bound | names, scope.in_filter)


def _read(name: str, path: str, scope: _Scope, found: Reads, builtins: frozenset[str]) -> None:
    if name in scope.bound or name == "?":
        return
    if name in builtins:
        found.builtins.add(name)
        found.hiding.add(name)
        return
    found.names.add(name)
    found.paths.add(path)
    if not scope.in_filter:
        found.sure_names.add(name)


def _visit_path(node: n.Path, scope: _Scope, found: Reads, builtins: frozenset[str]) -> list[tuple[n.Node, _Scope]]:
    names = [node.name]
    source = node.source
    while isinstance(source, n.Path):
        names.append(source.name)
        source = source.source
    if not isinstance(source, n.Name):
        return [(source, scope)]
    _read(source.name, ".".join([source.name, *reversed(names)]), scope, found, builtins)
    return []


def _visit_context(node: n.ContextNode, scope: _Scope) -> list[tuple[n.Node, _Scope]]:
    pending: list[tuple[n.Node, _Scope]] = []
    seen: set[str] = set()
    for key, value in node.entries:
        own = {key} if isinstance(value, n.FunctionDefinition) else set()
        pending.append((value, _bind(scope, seen | own)))
        seen.add(key)
    return pending


def _visit_loop(node: n.For | n.Quantified, scope: _Scope) -> list[tuple[n.Node, _Scope]]:
    pending: list[tuple[n.Node, _Scope]] = []
    seen: set[str] = set()
    for iteration in node.iterations:
        inner = _bind(scope, seen)
        pending.append((iteration.domain, inner))
        if iteration.high is not None:
            pending.append((iteration.high, inner))
        seen.add(iteration.name)
    body = node.body if isinstance(node, n.For) else node.condition
    pending.append((body, _bind(scope, seen | ({"partial"} if isinstance(node, n.For) else set()))))
    return pending


def is_constant(found: Reads) -> bool:
    """Whether a text that reads this always has the same value."""
    return not (found.names or found.calls or found.hiding or found.builtins & _CHANGING)
