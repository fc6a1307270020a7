"""The syntax tree of FEEL (DMN 1.5, 10.3.1.2): immutable nodes, each with the place it came from.

Two nodes are equal when they mean the same text; their places do not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Node:
    """Any part of an expression; `start` and `end` are offsets in the parsed text."""

    start: int = field(default=0, compare=False, kw_only=True, repr=False)
    end: int = field(default=0, compare=False, kw_only=True, repr=False)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """null, a boolean, a number or a string."""

    value: None | bool | Decimal | str


@dataclass(frozen=True, slots=True)
class AtLiteral(Node):
    """A temporal literal: @"2024-01-31"."""

    text: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable or function; words are separated by one blank. `?` is the value under a unary test."""

    name: str


@dataclass(frozen=True, slots=True)
class ListNode(Node):
    """[1, 2, 3]"""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ContextNode(Node):
    """{key: expression, …}"""

    entries: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class RangeNode(Node):
    """[low..high], (low..high) and the mixtures of both."""

    low: Node
    high: Node
    low_included: bool
    high_included: bool


@dataclass(frozen=True, slots=True)
class UnaryComparison(Node):
    """< 5 in a unary test, and the range (< 5) where it stands in parentheses."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Negation(Node):
    """- expression"""

    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic (+ - * / **), comparison (= != < <= > >=), `and` and `or`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Between(Node):
    """value between low and high"""

    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class In(Node):
    """value in test, value in (test, test)"""

    value: Node
    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class TypeNode(Node):
    """A type: a name, or list, range, context or function with their parts.

    `arguments` are element or parameter types; `names` the entry names of a context; `result` what a function returns.
    """

    name: str
    arguments: tuple[TypeNode, ...] | None = None
    names: tuple[str, ...] = ()
    result: TypeNode | None = None


@dataclass(frozen=True, slots=True)
class InstanceOf(Node):
    """value instance of type"""

    value: Node
    type: TypeNode


@dataclass(frozen=True, slots=True)
class Path(Node):
    """source.name"""

    source: Node
    name: str


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """source[condition]"""

    source: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """function(arguments); `names` holds the parameter names of a call with named arguments."""

    function: Node
    arguments: tuple[Node, ...]
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class If(Node):
    """if condition then … else …"""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Iteration(Node):
    """name in domain, or name in low..high (then `high` is set)."""

    name: str
    domain: Node
    high: Node | None = None


@dataclass(frozen=True, slots=True)
class For(Node):
    """for iterations return body"""

    iterations: tuple[Iteration, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    """some / every iterations satisfies condition"""

    kind: str
    iterations: tuple[Iteration, ...]
    condition: Node


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """A formal parameter and, where given, its type."""

    name: str
    type: TypeNode | None = None


@dataclass(frozen=True, slots=True)
class FunctionDefinition(Node):
    """function(parameters) body; an external one has no meaning here and evaluates to null."""

    parameters: tuple[Parameter, ...]
    body: Node
    external: bool = False


@dataclass(frozen=True, slots=True)
class Tests(Node):
    """Unary tests: `-` is no test at all, `not(…)` is negated."""

    tests: tuple[Node, ...]
    negated: bool = False


def children(node: Node) -> Iterator[Node]:
    """The nodes directly inside a node, in the order of the text."""
    for item in fields(node):
        value = getattr(node, item.name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            for part in value:
                if isinstance(part, Node):
                    yield part
                elif isinstance(part, tuple) and isinstance(part[-1], Node):
                    yield part[-1]


def walk(node: Node) -> Iterator[Node]:
    """Every node of a tree, outer before inner, without recursion (a chain of operators may be long)."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(list(children(current))))
