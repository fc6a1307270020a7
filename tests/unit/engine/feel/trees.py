"""Random syntax trees of FEEL, for the property tests."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from amends.engine.feel import nodes as n

# No name is made of others, else «a and b» would be two things.
NAMES = ("a", "b", "total", "first name", "due-date", "rock and roll", "x1", "größe", "item")
SPECIAL = tuple(name for name in NAMES if not name.isidentifier())
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)

names = st.sampled_from(NAMES)
numbers = st.builds(lambda digits, places: Decimal(digits).scaleb(-places), st.integers(0, 10**12), st.integers(0, 6))
literals = st.one_of(
    st.builds(n.Literal, st.one_of(st.none(), st.booleans(), numbers, TEXTS)),
    st.builds(n.AtLiteral, st.sampled_from(["2024-01-31", "P1D", "10:00:00Z", "no date"])),
    st.builds(n.Name, names),
)
simple_types = st.builds(n.TypeNode, st.sampled_from(["number", "string", "Any", "date and time", "list", "context", "tCustom"]))
types = st.recursive(
    simple_types,
    lambda inner: st.one_of(
        st.builds(lambda t: n.TypeNode("list", (t,)), inner),
        st.builds(lambda t: n.TypeNode("range", (t,)), inner),
        st.builds(lambda t, u: n.TypeNode("context", (t, u), ("a", "first name")), inner, inner),
        st.builds(lambda t, u: n.TypeNode("function", (t,), (), u), inner, inner),
    ),
    max_leaves=4,
)
_KEYS = st.one_of(names, TEXTS)
_BINARY = st.sampled_from(["+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or"])


def _iterations(inner: st.SearchStrategy[n.Node]) -> st.SearchStrategy[tuple[n.Iteration, ...]]:
    one = st.builds(n.Iteration, names, inner, st.one_of(st.none(), inner))
    return st.lists(one, min_size=1, max_size=2).map(tuple)


def _calls(inner: st.SearchStrategy[n.Node]) -> st.SearchStrategy[n.Node]:
    callee = inner.filter(lambda node: not isinstance(node, n.Literal))
    named = st.dictionaries(names, inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(n.Call, callee, st.lists(inner, max_size=3).map(tuple)),
        st.builds(lambda function, given: n.Call(function, tuple(given.values()), tuple(given)), callee, named),
    )


def _compound(inner: st.SearchStrategy[n.Node]) -> st.SearchStrategy[n.Node]:
    unary = st.builds(n.UnaryComparison, st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), inner)
    tests = st.lists(st.one_of(inner, unary), min_size=1, max_size=3).map(tuple)
    parameters = st.lists(st.builds(n.Parameter, names, st.one_of(st.none(), types)), max_size=2, unique_by=lambda p: p.name).map(tuple)
    return st.one_of(
        st.builds(n.ListNode, st.lists(st.one_of(inner, unary), max_size=3).map(tuple)),
        st.builds(n.ContextNode, st.dictionaries(_KEYS, inner, max_size=3).map(lambda entries: tuple(entries.items()))),
        st.builds(n.RangeNode, inner, inner, st.booleans(), st.booleans()),
        unary,
        st.builds(n.Negation, inner),
        st.builds(n.Binary, _BINARY, inner, inner),
        st.builds(n.Between, inner, inner, inner),
        st.builds(n.In, inner, tests),
        st.builds(n.InstanceOf, inner, types),
        st.builds(n.Path, inner, names),
        st.builds(n.Filter, inner, inner),
        _calls(inner),
        st.builds(n.If, inner, inner, inner),
        st.builds(n.For, _iterations(inner), inner),
        st.builds(n.Quantified, st.sampled_from(["some", "every"]), _iterations(inner), inner),
        st.builds(n.FunctionDefinition, parameters, inner),
    )


expressions = st.recursive(literals, _compound, max_leaves=12)
