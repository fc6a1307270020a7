"""The compiled closures mean what a naive walk over the tree means."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from amends.engine.feel import nodes as n
from amends.engine.feel import parse
from amends.engine.feel.printer import to_text

from . import naive

CONTEXT = {
    "a": Decimal(3),
    "b": Decimal("-1.5"),
    "t": "text",
    "yes": True,
    "none": None,
    "list": [Decimal(1), Decimal(2), Decimal(5)],
    "rows": [{"k": Decimal(1), "v": "x"}, {"k": Decimal(2)}, {"k": None, "item": Decimal(7)}],
    "one": {"k": Decimal(4), "v": "y"},
}
_INTEGERS = st.builds(n.Literal, st.integers(-3, 4).map(Decimal)).map(
    lambda node: node if node.value >= 0 else n.Negation(n.Literal(-node.value))
)
_LEAVES = st.one_of(
    _INTEGERS,
    st.builds(n.Literal, st.sampled_from([None, True, False, "text", "x"])),
    st.builds(n.Name, st.sampled_from([*CONTEXT, "k", "item", "i"])),
)
_OPERATORS = st.sampled_from(["+", "-", "*", "/", "=", "!=", "<", "<=", ">", ">=", "and", "or", "and", "or"])
_LISTS = st.builds(n.Name, st.sampled_from(["list", "rows"]))


def _compound(inner: st.SearchStrategy[n.Node]) -> st.SearchStrategy[n.Node]:
    loop = st.builds(n.Iteration, st.sampled_from(["i", "a"]), _LISTS, st.none())
    count = st.builds(n.Iteration, st.sampled_from(["i", "j"]), _INTEGERS, _INTEGERS)
    iterations = st.lists(st.one_of(loop, count), min_size=1, max_size=2, unique_by=lambda one: one.name).map(tuple)
    return st.one_of(
        st.builds(n.Binary, _OPERATORS, inner, inner),
        st.builds(n.Between, inner, inner, inner),
        st.builds(n.Negation, inner),
        st.builds(n.If, inner, inner, inner),
        st.builds(n.ListNode, st.lists(inner, max_size=3).map(tuple)),
        st.builds(n.ContextNode, st.dictionaries(st.sampled_from(["a", "k", "v"]), inner, max_size=3).map(lambda d: tuple(d.items()))),
        st.builds(n.RangeNode, inner, inner, st.booleans(), st.booleans()),
        st.builds(n.Path, inner, st.sampled_from(["k", "v", "start", "end included"])),
        st.builds(n.Filter, st.one_of(_LISTS, inner), inner),
        st.builds(n.For, iterations, inner),
        st.builds(n.Quantified, st.sampled_from(["some", "every"]), iterations, inner),
    )


@settings(max_examples=1500, deadline=None)
@given(st.recursive(_LEAVES, _compound, max_leaves=10))
def test_compiled_equals_a_naive_walk(tree: n.Node) -> None:
    """For every tree the closures give the value, and the type, that walking the tree with copied scopes gives."""
    got = parse(to_text(tree)).evaluate(CONTEXT)
    want = naive.walk(tree, CONTEXT)
    assert repr(got) == repr(want), to_text(tree)


def test_a_long_chain_means_what_its_short_forms_mean() -> None:
    """Chains of more than four operators, which are unrolled, give what nested ones give."""
    names = {f"x{i}": Decimal(i) for i in range(1, 9)}
    for operator, value in (("+", 36), ("-", -34), ("*", 40320)):
        assert parse(f" {operator} ".join(names)).evaluate(names) == value
    assert parse('"a" + "b" + "c" + "d" + "e" + "f"').evaluate({}) == "abcdef"
    assert parse("1 = 1 = true = true = true = true != false").evaluate({}) is True
    assert parse("1 < 2 = true = true = true = true < 3").evaluate({}) is None
