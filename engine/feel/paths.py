"""Syntax tree to closures: paths (a.b.c)."""

from __future__ import annotations

from typing import Any

from amends.engine.feel import nodes as n
from amends.engine.feel.compiler import HANDLERS, Compiler
from amends.engine.feel.properties import property_of
from amends.engine.feel.run import Code, Frame
from amends.engine.feel.values import Fault, normalize


def raw_path(compiler: Compiler, node: n.Node) -> Code | None:
    """A path of names from a variable of the context (a.b.c) that walks the host's values without converting those it passes."""
    names: list[str] = []
    source = node
    while isinstance(source, n.Path):
        names.append(source.name)
        source = source.source
    if not names or not isinstance(source, n.Name) or compiler.scopes.depth:
        return None
    first, rest = source.name, names[::-1]
    slow = _path_steps(compiler, node, compiler.compile(source))

    def code(frame: Frame) -> Any:
        value = frame.vars.get(first)
        for name in rest:
            if type(value) is not dict or name not in value:
                return slow(frame)
            value = value[name]
        return normalize(value)

    return code


def _path(compiler: Compiler, node: n.Path) -> Code:
    fast = raw_path(compiler, node)
    if fast is not None:
        return fast
    source: n.Node = node
    while isinstance(source, n.Path):
        source = source.source
    return _path_steps(compiler, node, compiler.compile(source))


def _path_steps(compiler: Compiler, node: n.Node, code: Code) -> Code:
    chain: list[n.Path] = []
    while isinstance(node, n.Path):
        chain.append(node)
        node = node.source
    for link in reversed(chain):
        code = _step(compiler.text, link, code)
    return code


def _step(text: str, node: n.Path, source: Code) -> Code:
    name = node.name

    def code(frame: Frame) -> Any:
        value = source(frame)
        if type(value) is dict and name in value:
            return value[name]
        try:
            return property_of(value, name, frame.run.meter)
        except Fault as fault:
            frame.run.warn(text, node, str(fault))
            return None

    return code


HANDLERS[n.Path] = _path
