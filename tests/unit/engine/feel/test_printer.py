"""A tree and its text are two forms of one thing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.engine.feel import FeelError, parse, parse_unary
from amends.engine.feel import nodes as n
from amends.engine.feel.printer import to_text

from . import trees


@settings(max_examples=600, deadline=None)
@given(trees.expressions)
def test_printing_and_parsing_is_the_identity(tree: n.Node) -> None:
    """Every tree the grammar can have is read back from its own text, given the names with blanks and symbols it uses."""
    text = to_text(tree)
    assert parse(text, trees.SPECIAL).ast == tree, text


@settings(max_examples=200, deadline=None)
@given(st.lists(trees.expressions, min_size=1, max_size=3), st.booleans())
def test_unary_tests_are_read_back(parts: list[n.Node], negated: bool) -> None:
    """Unary tests are printed so that they are read as the same tests."""
    tests = n.Tests(tuple(parts), negated)
    assert parse_unary(to_text(tests), trees.SPECIAL).ast == tests


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a+b*c", "a + b * c"),
        ("(a+b)*c", "(a + b) * c"),
        ("a-(b-c)", "a - (b - c)"),
        ("-3**2", "-3 ** 2"),
        ("-(3**2)", "-(3 ** 2)"),
        ("x in(1,>5,[2..3))", "x in (1, > 5, [2..3))"),
        ("]1..10[", "(1..10)"),
        ("{a:1,'b c':2}".replace("'", '"'), "{a: 1, b c: 2}"),
        ("if a then b else c", "if a then b else c"),
        ("(if a then b else c)+1", "(if a then b else c) + 1"),
        ("some x in 1..3 satisfies x>2", "some x in 1..3 satisfies x > 2"),
        ("f(a:1,b:2)", "f(a: 1, b: 2)"),
        ("function(a:number,b) external {}", "function(a: number, b) external {}"),
        ("x instance of function<number>->list<string>", "x instance of function<number> -> list<string>"),
        ('"a\\n\\"b\\""', '"a\\n\\"b\\""'),
        ("[<5,x]", "[(< 5), x]"),
        ("`if`.`then`", "`if`.`then`"),
    ],
)
def test_text_is_written_one_way(text: str, printed: str) -> None:
    """Blanks, brackets and quotation marks are put the same way, and parentheses only where they are needed."""
    assert to_text(parse(text).ast) == printed


def test_no_test_is_a_dash() -> None:
    """`-` is printed for tests that test nothing."""
    assert to_text(parse_unary("-").ast) == "-"


def test_a_long_chain_is_printed_without_recursion() -> None:
    """The length of a chain of operators is no depth."""
    text = " + ".join(["1"] * 5000)
    assert to_text(parse(text).ast) == text


def test_nesting_is_bounded() -> None:
    """Brackets beyond the bound are a syntax error that names the place."""
    with pytest.raises(FeelError) as caught:
        parse("(" * 200 + "1" + ")" * 200)
    assert (caught.value.line, caught.value.column) == (1, 71)
