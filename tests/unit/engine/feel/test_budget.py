"""Whatever is typed ends: with a value, with null, or with a FeelError, within a second."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stopwatch import took

from amends.engine.feel import Budget, BudgetError, FeelError, Meter, evaluate, operators, parse, to_plain, unary_test, value_text
from amends.engine.feel.builtins import BUILTINS

from . import trees

SECOND = 1 if sys.gettrace() is None else 6
"""A second of evaluation; what measures coverage makes everything several times slower."""
_GROW = "{{f: function(s, n) if n = 0 then s else f({step}, n - 1), r: {use}}}.r"
OVER = {
    "a huge range": "for i in 1..1000000000 return i",
    "a count of a huge range": "count(for i in 1..1000000000 return i)",
    "a search in a huge range": "some i in [1..100000000000] satisfies i < 0",
    "nested loops": "for a in 1..1000, b in 1..1000, c in 1..1000 return a",
    "a doubled text": _GROW.format(step="s + s", use='f("aaaaaaaaaaaaaaaa", 50)'),
    "a doubled list": _GROW.format(step="concatenate(s, s)", use="f([1, 2, 3], 50)"),
    "a shared list as a text": _GROW.format(step="[s, s]", use="string(f([1], 50))"),
    "a shared list compared": _GROW.format(step="[s, s]", use="f([1], 50) = f([1], 50)"),
    "a shared list flattened": _GROW.format(step="[s, s]", use="flatten(f([1], 50))"),
    "a shared list given back": _GROW.format(step="[s, s]", use="f([1], 50)"),
    "a shared context given back": _GROW.format(step="{a: s, b: s}", use="f([1], 50)"),
    "a shared list searched for a name": _GROW.format(step="[s, s]", use="f([1], 50).a"),
    "self-application": "(function(f) f(f))(function(f) f(f))",
    "a function that calls itself": "{f: function(n) f(n + 1), r: f(1)}.r",
    "two functions that call each other": "{f: function(g, n) g(f, n), r: f(f, 1)}.r",
    "an exponential recursion": "{f: function(n) if n < 2 then n else f(n - 1) + f(n - 2), r: f(40)}.r",
    "a catastrophic pattern": 'matches("' + "a" * 5000 + 'b", "(a|aa)+$")',
    "a catastrophic split": 'split("' + "x" * 3000 + '", "(x+x+)+y")',
    "a growing replacement": 'replace(string join(for i in 1..20000 return "aaaa"), "a", "' + "b" * 50 + '")',
    "deep brackets": "(" * 5000 + "1" + ")" * 5000,
    "deep contexts": "{a:" * 3000 + "1" + "}" * 3000,
    "deep types": "1 instance of " + "list<" * 3000 + "number" + ">" * 3000,
    "many signs": "-" * 5000 + "1",
    "many else": "if a then 1 else " * 2000 + "1",
    "many calls": "f" + "()" * 5000,
    "a long literal": '"' + "a" * 10_000_000 + '"',
    "a long number": "1" * 10_000_000,
    "a text without end": '"' * 50_001,
    "a list of all before": "for i in 1..100000 return partial",
    "a deep list": "for i in 1..100000 return [partial[-1]]",
    "a deep list as a text": "string(for i in 1..3000 return [partial[-1]])",
    "a deep list given back": "(for i in 1..300 return [partial[-1]])[-1]",
    "a slow sort": "sort(for i in 1..100000 return modulo(i * 7919, 10007))",
    "distinct contexts": "distinct values(for i in 1..20000 return {a: i})",
    "a search in a search": "for i in 1..10000 return index of((for j in 1..10000 return j), i)",
    "a list of one long text many times": "{s: string join(for i in 1..100000 return \"abcdefghi\"), r: for i in 1..2000 return s}.r",
    "ranges of one long text": "{s: string join(for i in 1..100000 return \"abcdefghi\"), r: for i in 1..200 return [s..s]}.r",
    "contexts of one long text": "{s: string join(for i in 1..100000 return \"abcdefghi\"), r: for i in 1..99 return {a: s}}.r",
    "a list of moments many times": '{d: for i in 1..900 return @"2024-01-01T10:00:00@Europe/Paris", r: for i in 1..900 return d}.r',
    "a list of long numbers many times": "{d: for i in 1..500 return 1e6000, r: for i in 1..500 return d}.r",
    "a long joined text": 'string join(for i in 1..100000 return "' + "a" * 50 + '", ", ")',
}  # fmt: skip


def refused(text: str) -> str:
    """What is said of a text that is too much."""
    with pytest.raises(FeelError) as caught:
        evaluate(text, {"a": None, "f": 1})
    return str(caught.value)


def test_most_of_it_is_refused_at_once() -> None:
    """Within a tenth of a second for more than half of all these texts."""
    spent = []
    for text in OVER.values():
        spent.append(took(lambda text=text: refused(text), SECOND))  # type: ignore[misc]
    assert sorted(spent)[len(spent) // 2] < SECOND / 10


@pytest.mark.parametrize("text", OVER.values(), ids=OVER)
def test_what_is_too_much_is_refused_within_a_second(text: str) -> None:
    """It ends with a FeelError that says what was too much, in less than a second of this machine's time."""
    assert took(lambda: refused(text), SECOND) < SECOND
    assert refused(text).endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "9 ** 9 ** 9",
        "9 ** 9 ** 9 ** 9 ** 9",
        "0.5 ** 99999999999",
        "1.0000001 ** 99999999999",
        "decimal(1e6000, 6000)",
        "round up(1e-6000, 5999)",
        "exp(1e6000)",
        "string(1e-6000)",
        '@"P1D" * 1e6000',
        '@"2020-01-01" + @"P999999999999999D"',
        "[1, 2][1e6000]",
        "date(1e6000, 1, 1)",
        'matches("a", "((a{1,1000}){1,1000}){1,1000}")',
        'matches("a", "' + "(a?)" * 390 + '")',
        " + ".join(["1"] * 16_000),
        " and ".join(["true"] * 7_000),
        "[" + "1," * 20_000 + "1]",
        "a" * 60_000,
        "[1]" * 60,
        "partition([1], 1e6000)",
        "insert before([1], 1e6000, 1)",
    ],
)
def test_what_is_much_but_not_too_much_is_answered(text: str) -> None:
    """Large numbers, long chains and long lists have a value (or null), in less than a second."""
    assert took(lambda: evaluate(text, {}), SECOND) < SECOND


@pytest.mark.parametrize(
    "text",
    [
        "for i in 1..18 return partial",
        "for i in 1..17 return {a: partial, b: i}",
        '{d: for i in 1..500 return @"2024-01-01T10:00:00@Europe/Paris", r: for i in 1..500 return d}.r',
        "{d: for i in 1..700 return i / 3, r: for i in 1..700 return d}.r",
        '{s: string join(for i in 1..100000 return "abcdefghi"), r: for i in 1..11 return s}.r',
        "for i in 1..40 return for j in 1..1000 return [i, j]",
    ],
)
@pytest.mark.parametrize("written", [lambda value: json.dumps(to_plain(value)), value_text], ids=["as JSON", "as text"])
def test_what_is_given_back_is_written_within_a_second(text: str, written: Callable[[object], object]) -> None:
    """Evaluated and written, both together, whatever the result holds many times."""
    assert took(lambda: written(evaluate(text, {})), SECOND) < SECOND


def test_parts_of_plain_data_are_each_their_own() -> None:
    """What one list holds twice are two lists in its plain form, of which one can be changed; the value itself is not changed either."""
    value = evaluate("{a: [1, 2.5, {b: []}], r: [a, a, [a]]}.r", {})
    assert value[0] is value[1]
    plain = to_plain(value)
    assert plain == [[1, 2.5, {"b": []}], [1, 2.5, {"b": []}], [[1, 2.5, {"b": []}]]]
    plain[0][2]["b"].append("changed")
    plain[0].append("changed")
    assert plain[1:] == [[1, 2.5, {"b": []}], [[1, 2.5, {"b": []}]]]
    assert to_plain(value)[0] == [1, 2.5, {"b": []}]


def test_a_graph_of_decisions_has_one_budget_of_output() -> None:
    """What several evaluations give counts together where they share a meter."""
    meter, long = Meter(), "a" * 900_000
    for _ in range(11):
        parse("x").evaluate({"x": long}, budget=meter)
    with pytest.raises(BudgetError, match="10,000,000 characters"):
        parse("x").evaluate({"x": long}, budget=meter)


def test_every_limit_can_be_set() -> None:
    """Steps, depth, text, items, seconds, output and regular-expression time are each a limit of their own."""
    over = [
        (Budget(steps=50), "for i in 1..100 return i", "50 steps"),
        (Budget(depth=5), "{f: function(n) if n = 0 then 0 else f(n - 1), r: f(9)}.r", "5 deep"),
        (Budget(text=10), '"aaaaaa" + "bbbbbb"', "12 characters"),
        (Budget(items=2), "append([1, 2], 3)", "3 entries"),
        (Budget(seconds=0), "for i in 1..20000 return i", "0 seconds"),
        (Budget(regex_seconds=0.01), 'matches("' + "a" * 5000 + 'b", "(a|aa)+$")', "0.01 seconds"),
        (Budget(output=9), '["aaaa", "bbbb"]', "9 characters"),
    ]
    for budget, text, part in over:
        with pytest.raises(BudgetError, match=part):
            evaluate(text, {}, budget=budget)
        evaluate("1 + 1", {}, budget=budget)


def test_a_budget_holds_for_unary_tests() -> None:
    """Unary tests have the same budget."""
    with pytest.raises(BudgetError):
        unary_test("count(for i in 1..1000000000 return i)", 1, {})
    assert unary_test("count(for i in 1..10 return i)", 10, {}, budget=Meter()) is True


def test_data_nested_without_end_is_refused() -> None:
    """A context that contains itself, which only a host can build, ends in a FeelError."""
    endless: dict[str, object] = {}
    endless["self"] = endless
    with pytest.raises(BudgetError, match="nested too deeply"):
        evaluate("x", {"x": endless})
    with pytest.raises(BudgetError, match="nested too deeply"):
        unary_test("x", 1, {"x": endless})


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """Text of any characters is an expression or a FeelError, and never anything else."""
    try:
        to_plain(evaluate(text, {"a": 1}))
    except FeelError as error:
        assert str(error)


_FRAGMENTS = st.sampled_from(
    '( ) [ ] { } , : . .. ? @ - + * / ** = != < <= > >= and or in between not( if then else for return some satisfies every function '
    'instance of number list<string> a b "x" 1 2.5 null true @"2024-01-31" count( string( sort( range( -> external `a b` item partial '
    'date and time( matches("a", "a|b", flags'.split(" ")
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.lists(_FRAGMENTS, max_size=14).map(" ".join))
def test_any_mixture_of_feel_is_parsed_or_refused(text: str) -> None:
    """Fragments of FEEL in any order are an expression or a FeelError, and so with unary tests."""
    for attempt in (lambda: to_plain(evaluate(text, {"a": [1, {"b": 2}], "b": "x"})), lambda: unary_test(text, 5, {"a": 1})):
        try:
            attempt()
        except FeelError as error:
            assert "a defect" not in str(error)


@settings(max_examples=500, deadline=None)
@given(trees.expressions)
def test_any_tree_is_evaluated(tree: object) -> None:
    """Every expression the grammar has is evaluated to a value or null, or is over its budget."""
    from amends.engine.feel.printer import to_text

    try:
        to_plain(parse(to_text(tree), trees.SPECIAL).evaluate({"a": 1, "b": [1, {"a": 2}], "first name": "x", "total": {"a": {"b": 3}}}))  # type: ignore[arg-type]
    except BudgetError as error:
        assert str(error)


_VALUES = st.sampled_from(
    [
        "null", "true", "1", "-1", "0", "2.5", "1e6000", "-1e6000", "1e-6000",
        '""', '"abc"', '"a+"', '"[1..2]"', '"Europe/Paris"', "[]",
        "{}", "[1, 2, null]", '["a", "b"]', "[[1], [2]]", "{a: 1}", '{key: "a", value: 1}', '@"2024-01-31"', '@"-99999-01-31"', '@"P1D"',
        '@"P1Y"',
        '@"2024-01-31T10:00:00@Europe/Paris"', '@"2024-01-31T10:00:00.000000001"', '@"999999999-12-31T23:59:59Z"', '@"10:00:00"',
        '@"10:00:00-05:00"', '@"-PT0.000000001S"', '@"P999999999999999999D"', '@"-P999999999999999999Y"', "[1..5]", "(< 5)", "(!= 5)",
        '["a".."b")', "[null..null]", "count", "function(x) x", "function(x, y) x < y", "function(x, y) null",
    ]
)  # fmt: skip
_OPERATORS = st.sampled_from("+ - * / ** = != < <= > >= in and or".split())


def _answered(text: str) -> None:
    """The text has a value that can be written as JSON and as text, or is over its budget."""
    try:
        value = evaluate(text, {})
        to_plain(value)
        value_text(value)
    except BudgetError as error:
        assert str(error)


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from(sorted(BUILTINS)), st.lists(_VALUES, max_size=4))
def test_any_function_takes_any_arguments(name: str, arguments: list[str]) -> None:
    """A built-in function gives a value or null, whatever it is given."""
    _answered(f"{name}({', '.join(arguments)})")


@settings(max_examples=1000, deadline=None)
@given(_VALUES, _OPERATORS, _VALUES, _OPERATORS, _VALUES)
def test_any_operator_takes_any_operands(a: str, first: str, b: str, second: str, c: str) -> None:
    """An operator gives a value or null, whatever stands beside it."""
    _answered(f"({a}) {first} ({b}) {second} ({c})")


def test_a_defect_is_a_feel_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the evaluator itself be wrong, callers see a FeelError that says so."""

    def wrong(*_: object) -> bool:
        raise TypeError("inside")

    monkeypatch.setattr(operators, "equal", wrong)
    for attempt in (lambda: evaluate("[1] = [1]" + " " * 90, {}), lambda: unary_test("[1]", [2], {})):
        with pytest.raises(FeelError, match="a defect in the evaluator"):
            attempt()
