"""A syntax tree back to text: `parse(to_text(tree))` is the same tree."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from amends.engine.feel import nodes as n
from amends.engine.feel.cursor import KEYWORDS, name_tokens
from amends.engine.feel.parser import ADDITIVE, LEVELS
from amends.engine.feel.tokens import escape

_UNARY, _POSTFIX, _PRIMARY = 7, 9, 10
_INSTANCE = 8
_COMPARISON = 3


def to_text(node: n.Node) -> str:
    """The text of a tree, with as few parentheses as the grammar allows. Names keep their blanks and symbols.

    It is read back as the same tree, given the names it uses, unless one of them is made of others («a-b» beside a and b).
    """
    if isinstance(node, n.Tests):
        return _tests(node)
    return _at(node, 0)


def _level(node: n.Node) -> int:
    """How tightly a node's own operator binds; what begins with a keyword (if, for, …) extends as far as it can, so 0."""
    if isinstance(node, n.Binary):
        return LEVELS[node.operator]
    if isinstance(node, n.Between | n.In):
        return _COMPARISON
    if isinstance(node, n.Negation):
        return _UNARY
    if isinstance(node, n.Literal) and isinstance(node.value, Decimal) and node.value < 0:
        return _UNARY
    if isinstance(node, n.InstanceOf):
        return 0 if _open_ended(node.type) else _INSTANCE
    if isinstance(node, n.Path | n.Filter | n.Call):
        return _POSTFIX
    if isinstance(node, n.If | n.For | n.Quantified | n.FunctionDefinition | n.UnaryComparison):
        return 0
    return _PRIMARY


def _open_ended(type_: n.TypeNode) -> bool:
    """Whether a < behind a type would be read as part of it: a bare list, range, context or function ends it."""
    while type_.result is not None:
        type_ = type_.result
    return type_.arguments is None and type_.name in ("list", "range", "context", "function")


def _at(node: n.Node, minimum: int) -> str:
    text = _PRINTERS[type(node)](node)
    # (< 5) is a range because of its parentheses, wherever it stands.
    bare = _level(node) >= minimum and not isinstance(node, n.UnaryComparison)
    return text if bare else f"({text})"


def _tests(node: n.Tests) -> str:
    if not node.tests:
        return "-"
    body = ", ".join(_test(test) for test in node.tests)
    return f"not({body})" if node.negated else body


def _test(node: n.Node) -> str:
    return _unary_comparison(node) if isinstance(node, n.UnaryComparison) else _at(node, 0)


def _literal(node: n.Literal) -> str:
    if node.value is None:
        return "null"
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    if isinstance(node.value, Decimal):
        return str(node.value)
    return escape(node.value)


def name_text(name: str) -> str:
    """A name as it is written where it is used."""
    tokens = name_tokens(name)
    plain = bool(tokens) and not (len(tokens) == 1 and name in KEYWORDS)
    return name if plain else f"`{name}`"


def _key(key: str) -> str:
    tokens = name_tokens(key)
    return key if tokens and " ".join(key.split()) == key else escape(key)


def _unary_comparison(node: n.UnaryComparison) -> str:
    return f"{node.operator} {_at(node.operand, ADDITIVE)}"


def _range(node: n.RangeNode) -> str:
    opening, closing = "[" if node.low_included else "(", "]" if node.high_included else ")"
    # A [ behind the upper end might close the range, so anything that is not plain stands in parentheses.
    signed = isinstance(node.high, n.Negation) and isinstance(node.high.operand, n.Literal)
    return f"{opening}{_at(node.low, 0)}..{_at(node.high, 0 if signed else _PRIMARY)}{closing}"


def _binary(node: n.Binary) -> str:
    """A chain that leans to the left is printed in a loop: it may be long."""
    level = LEVELS[node.operator]
    parts: list[str] = []
    current: n.Node = node
    while isinstance(current, n.Binary) and LEVELS[current.operator] == level:
        parts.append(f" {current.operator} {_at(current.right, level + 1)}")
        current = current.left
    return _at(current, level) + "".join(reversed(parts))


def _in(node: n.In) -> str:
    value = _at(node.value, _COMPARISON)
    if len(node.tests) == 1:
        test = node.tests[0]
        return f"{value} in {_unary_comparison(test) if isinstance(test, n.UnaryComparison) else _at(test, ADDITIVE)}"
    return f"{value} in ({', '.join(_test(test) for test in node.tests)})"


def _type(node: n.TypeNode) -> str:
    if node.arguments is None:
        return node.name
    if node.name == "context":
        inner = ", ".join(f"{name}: {_type(part)}" for name, part in zip(node.names, node.arguments, strict=True))
    else:
        inner = ", ".join(map(_type, node.arguments))
    return f"{node.name}<{inner}>" + (f" -> {_type(node.result)}" if node.result is not None else "")


def _call(node: n.Call) -> str:
    arguments = [_at(argument, 0) for argument in node.arguments]
    if node.names is not None:
        arguments = [f"{name}: {argument}" for name, argument in zip(node.names, arguments, strict=True)]
    return f"{_at(node.function, _POSTFIX)}({', '.join(arguments)})"


def _iteration(node: n.Iteration) -> str:
    high = f"..{_at(node.high, 0)}" if node.high is not None else ""
    return f"{node.name} in {_at(node.domain, 0)}{high}"


def _iterations(iterations: tuple[n.Iteration, ...]) -> str:
    return ", ".join(map(_iteration, iterations))


def _parameter(node: n.Parameter) -> str:
    return node.name if node.type is None else f"{node.name}: {_type(node.type)}"


def _function(node: n.FunctionDefinition) -> str:
    external = "external " if node.external else ""
    return f"function({', '.join(map(_parameter, node.parameters))}) {external}{_at(node.body, 0)}"


_PRINTERS: dict[type[n.Node], Callable[[Any], str]] = {
    n.Literal: _literal,
    n.AtLiteral: lambda node: "@" + escape(node.text),
    n.Name: lambda node: name_text(node.name),
    n.ListNode: lambda node: f"[{', '.join(_at(item, 0) for item in node.items)}]",
    n.ContextNode: lambda node: "{" + ", ".join(f"{_key(key)}: {_at(value, 0)}" for key, value in node.entries) + "}",
    n.RangeNode: _range,
    n.UnaryComparison: _unary_comparison,
    n.Negation: lambda node: f"-{_at(node.operand, _UNARY)}",
    n.Binary: _binary,
    n.Between: lambda node: f"{_at(node.value, _COMPARISON)} between {_at(node.low, ADDITIVE)} and {_at(node.high, ADDITIVE)}",
    n.In: _in,
    n.InstanceOf: lambda node: f"{_at(node.value, _INSTANCE)} instance of {_type(node.type)}",
    n.Path: lambda node: f"{_at(node.source, _POSTFIX)}.{name_text(node.name)}",
    n.Filter: lambda node: f"{_at(node.source, _POSTFIX)}[{_at(node.condition, 0)}]",
    n.Call: _call,
    n.If: lambda node: f"if {_at(node.condition, 0)} then {_at(node.then, 0)} else {_at(node.otherwise, 0)}",
    n.For: lambda node: f"for {_iterations(node.iterations)} return {_at(node.body, 0)}",
    n.Quantified: lambda node: f"{node.kind} {_iterations(node.iterations)} satisfies {_at(node.condition, 0)}",
    n.FunctionDefinition: _function,
}
