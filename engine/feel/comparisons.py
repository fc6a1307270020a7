"""Syntax tree to closures: comparisons, with short cuts for the values that conditions mostly compare."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from amends.engine.feel import nodes as n
from amends.engine.feel import operators as ops
from amends.engine.feel.run import Code, Frame
from amends.engine.feel.values import Fault

if TYPE_CHECKING:
    from amends.engine.feel.compiler import Compiler

_SCALARS = frozenset((str, Decimal, bool))
ORDERED = frozenset((str, Decimal))
FAST_ORDER: dict[str, Callable[[Any, Any], Any]] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def equality(compiler: Compiler, node: n.Binary, left: Code, right: Code) -> Code:
    """= and != of two compiled sides."""
    text, wanted = compiler.text, node.operator == "="
    if isinstance(node.right, n.Literal) and type(node.right.value) in _SCALARS:
        return _equality_with(compiler, node, left, node.right.value)

    def code(frame: Frame) -> Any:
        a, b = left(frame), right(frame)
        kind = type(a)
        if kind is type(b) and kind in _SCALARS:
            return (a == b) is wanted
        try:
            return ops.equal(a, b, frame.run.meter) is wanted
        except Fault as fault:
            frame.run.fault(text, node, fault)
            return None

    return code


def _equality_with(compiler: Compiler, node: n.Binary, left: Code, constant: Any) -> Code:
    """Equality with a literal, which is what most conditions are."""
    text, wanted, kind = compiler.text, node.operator == "=", type(constant)

    def code(frame: Frame) -> Any:
        a = left(frame)
        if type(a) is kind:
            return (a == constant) is wanted
        try:
            return ops.equal(a, constant) is wanted
        except Fault as fault:
            frame.run.fault(text, node, fault)
            return None

    return code


def ordering(compiler: Compiler, node: n.Binary, left: Code, right: Code) -> Code:
    """<, <=, > and >= of two compiled sides."""
    text, symbol, fast = compiler.text, node.operator, FAST_ORDER[node.operator]
    constant = node.right.value if isinstance(node.right, n.Literal) and type(node.right.value) in ORDERED else None

    wanted = type(constant)

    def against_constant(frame: Frame) -> Any:
        a = left(frame)
        if type(a) is wanted:
            return fast(a, constant)
        return faulty(frame, a, constant)

    def faulty(frame: Frame, a: Any, b: Any) -> Any:
        try:
            return ops.compare(symbol, a, b)
        except Fault as fault:
            frame.run.fault(text, node, fault)
            return None

    if constant is not None:
        return against_constant

    def code(frame: Frame) -> Any:
        a, b = left(frame), right(frame)
        kind = type(a)
        if kind is type(b) and kind in ORDERED:
            return fast(a, b)
        return faulty(frame, a, b)

    return code
