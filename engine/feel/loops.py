"""Syntax tree to closures: for, some and every."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from amends.engine.feel import nodes as n
from amends.engine.feel.compiler import HANDLERS, Compiler
from amends.engine.feel.flow import weight
from amends.engine.feel.iterate import domain_items
from amends.engine.feel.run import Code, Frame
from amends.engine.feel.values import Fault, kind_of


class _Loop:
    """Runs the body for every combination of a loop's variables."""

    def __init__(self, compiler: Compiler, iterations: tuple[n.Iteration, ...]) -> None:
        """Compiles the domains, each seeing the variables before it, and leaves the loop's scope open for the body."""
        self.names: set[str] = set()
        self.domains: list[tuple[str, Code, Code | None]] = []
        compiler.scopes.push(self.names)
        for iteration in iterations:
            high = compiler.compile(iteration.high) if iteration.high is not None else None
            self.domains.append((iteration.name, compiler.compile(iteration.domain), high))
            self.names.add(iteration.name)

    def frames(self, frame: Frame, variables: dict[str, Any], level: int = 0) -> Iterable[Frame]:
        name, domain, high = self.domains[level]
        last = level == len(self.domains) - 1
        scope = Frame(variables, frame, frame.run)
        low = domain(scope)
        items = domain_items(low, None if high is None else high(scope), high is not None, frame.run)
        for item in items:
            inner = {**variables, name: item}
            if last:
                yield Frame(inner, frame, frame.run)
            else:
                frame.run.meter.charge(1)
                yield from self.frames(frame, inner, level + 1)


def _for(compiler: Compiler, node: n.For) -> Code:
    loop = _Loop(compiler, node.iterations)
    loop.names.add("partial")
    body = compiler.compile(node.body)
    compiler.scopes.pop()
    cost, text = weight(node.body) + 2, compiler.text

    def code(frame: Frame) -> Any:
        results: list[Any] = []
        meter = frame.run.meter
        try:
            for inner in loop.frames(frame, {"partial": results}):
                meter.charge(cost)
                results.append(body(inner))
                if len(results) & 1023 == 0:
                    meter.size(len(results))
        except Fault as fault:
            frame.run.warn(text, node, str(fault))
            return None
        return results

    return code


def _quantified(compiler: Compiler, node: n.Quantified) -> Code:
    loop = _Loop(compiler, node.iterations)
    condition = compiler.compile(node.condition)
    compiler.scopes.pop()
    cost, text, decisive = weight(node.condition) + 2, compiler.text, node.kind == "some"

    def code(frame: Frame) -> Any:
        result: bool | None = not decisive
        charge = frame.run.meter.charge
        try:
            for inner in loop.frames(frame, {}):
                charge(cost)
                value = condition(inner)
                if value is decisive:
                    return decisive
                if value is None:
                    result = None
                elif value is not True and value is not False:
                    raise Fault(f"What {node.kind} asks of each item gives a {kind_of(value)}, not a boolean")
        except Fault as fault:
            frame.run.warn(text, node, str(fault))
            return None
        return result

    return code


HANDLERS.update({n.For: _for, n.Quantified: _quantified})
