"""Syntax errors say where, what was found, what could stand there, and what to write instead."""

from __future__ import annotations

import pytest

from amends.engine.feel import FeelError, evaluate, parse, parse_unary


@pytest.mark.parametrize(
    ("text", "line", "column", "found", "part"),
    [
        ("a == b", 1, 3, "==", "single ="),
        ("a => b", 1, 3, "=>", "Write >="),
        ("a && b", 1, 3, "&&", "Write and"),
        ("a || b", 1, 3, "||", "Write or"),
        ("a & b", 1, 3, "&", "+ to join texts"),
        ("x = 'text'", 1, 5, "'", "double quotation marks"),
        ("!a", 1, 1, "!", "not(…)"),
        ("a % 2", 1, 3, "%", "modulo(a, b)"),
        ("a;b", 1, 2, ";", "commas"),
        ("a < = 3", 1, 5, "=", "Write <= without a blank"),
        ("true()", 1, 5, "(", "true is a value"),
        ("len(x)", 1, 1, "len", "string length(text) or count(list)"),
        ("1 + len(x)", 1, 5, "len", "string length"),
        ("x ? 1 : 2", 1, 3, "?", "if … then … else …"),
        ("= a", 1, 1, "=", "Leave out the ="),
        ("if a then b", 1, 12, "the end", "all its parts"),
        ("if a else b", 1, 6, "else", "all its parts"),
        ("1 +\n  * 2", 2, 3, "*", "a value"),
        ("“x”", 1, 1, "“", "straight quotation marks"),
        ("a = \"x", 1, 5, '"', "does not end"),
        ("#", 1, 1, "#", "cannot stand"),
        ("(1", 1, 3, "the end", ") should stand"),
        ("[1, 2", 1, 6, "the end", ", or ]"),
        ("{a 1}", 1, 2, "a", "name of an entry and :"),
        ("{a: 1", 1, 6, "the end", ", or }"),
        ("{1: 1}", 1, 2, "1", "name of an entry"),
        ("f(1", 1, 4, "the end", ", or )"),
        ("f(a: 1, 2)", 1, 9, "2", "all named or all without"),
        ("f(1, a: 2)", 1, 6, "a", "all named or all without"),
        ("for x return 1", 1, 5, "x", "for name in list"),
        ("for x in y", 1, 11, "the end", "return"),
        ("some x in y", 1, 12, "the end", "satisfies"),
        ("function(1) 2", 1, 10, "1", "name of a parameter"),
        ("function(a b", 1, 10, "a", "name of a parameter"),
        ("function(a) ", 1, 13, "the end", "a value"),
        ("function a", 1, 10, "a", "( should stand"),
        ("x between 1", 1, 12, "the end", "and should stand"),
        ("1 instance of 5", 1, 15, "5", "a name"),
        ("1 instance of list<a, b>", 1, 25, "the end", "list<type>"),
        ("1 instance of context<a>", 1, 23, "a", "name of an entry"),
        ("1 instance of function<a>", 1, 26, "the end", "-> should stand"),
        ("@2024", 1, 2, "2024", "after @"),
        ("a.5", 1, 2, ".5", "an operator"),
        ("a.\"b\"", 1, 3, '"b"', "a name"),
        ("]1, 2[", 1, 3, ",", "lower end of a range"),
        ("[1..2", 1, 6, "the end", "closes the range"),
        ("1 then", 1, 3, "then", "an operator"),
        ("then", 1, 1, "then", "a value"),
        ("1 2", 1, 3, "2", "an operator"),
        ("\"" + "x" * 50 + "\" 5" + "\"" + "y" * 50 + "\"", 1, 54, "5", "an operator"),
        ("", 1, 1, "the end", "a value"),
    ],
)  # fmt: skip
def test_a_syntax_error_helps(text: str, line: int, column: int, found: str, part: str) -> None:
    """The error has the place and the finding, and its sentence what to write."""
    with pytest.raises(FeelError) as caught:
        parse(text)
    error = caught.value
    assert (error.line, error.column, error.found) == (line, column, found)
    assert part in str(error)
    assert str(error).endswith(".")
    assert error.help is None or error.help in str(error)


def test_a_long_finding_is_shortened() -> None:
    """A long token is not written out in full."""
    with pytest.raises(FeelError, match="…»"):
        parse('1 "' + "x" * 50 + '"')


def test_unary_tests_have_errors_too() -> None:
    """Unary tests are refused with the place, as expressions are."""
    for text in ("> ", "1,", "not(1", "1 2", "not()"):
        with pytest.raises(FeelError):
            parse_unary(text)


def test_a_foreign_function_that_the_scope_has_is_no_slip() -> None:
    """len is refused only where nothing is known by that name."""
    assert evaluate("len(x)", {"x": 1}, functions={"len": lambda x: 7}) == 7
    assert evaluate("{len: function(x) 5, r: len(1)}.r", {}) == 5
    assert parse("len(x)", ["len"]).calls == {"len"}
    with pytest.raises(FeelError):
        evaluate("len(x)", {"x": "abc"})
