"""The public interface: parsing, evaluating, what a text reads, injected functions, clock, warnings, plain values."""

from __future__ import annotations

import datetime as dt
import enum
import threading
from collections import OrderedDict
from collections.abc import Callable
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from amends.engine.errors import AmendsError
from amends.engine.feel import (
    Budget,
    BudgetError,
    Expression,
    FeelError,
    FeelWarning,
    Function,
    Meter,
    Range,
    Time,
    UnaryTests,
    YearMonthDuration,
    evaluate,
    parse,
    parse_unary,
    to_plain,
    unary_test,
)
from amends.engine.feel import nodes as n


def test_parsing_is_cached_by_text() -> None:
    """The same text is parsed once, whatever plain names are in scope."""
    assert parse("a + 1") is parse("a + 1", ["a", "b"])
    assert isinstance(parse("a + 1"), Expression)
    assert parse_unary("> 1") is parse_unary("> 1", ["x"])
    assert isinstance(parse_unary("> 1"), UnaryTests)


def test_what_an_expression_reads() -> None:
    """names are first names, paths dotted ones, calls unknown functions; locals, built-ins and ? are none of them."""
    text = "clocks.first_response.due < now() and f(a) = count(for i in xs return i + b) and {k: 1, m: k}.m = [r.s][t > limit][1]"
    found = parse(text)
    assert found.names == {"clocks", "a", "xs", "b", "r", "t", "limit"}
    assert found.item_names == {"t", "limit"}
    assert found.paths == {"clocks.first_response.due", "a", "xs", "b", "r.s", "t", "limit"}
    assert found.calls == {"f"}
    assert parse_unary("? > a and g(?)").names == {"a"}
    assert parse("function(x: number) x + y").names == {"y"}
    assert parse("some x in 1..n, y in x..m satisfies x > z").names == {"n", "m", "z"}
    assert parse("x instance of tFoo").names == {"x"}
    assert parse("f().g").names == set()
    assert parse("{f: function(n) f(n), r: f(1)}").calls == set()
    assert parse("sort(xs, string length)").names == {"xs"}


@pytest.mark.parametrize(
    ("text", "constant"),
    [("1 + 2", True), ("sum([1, 2])", True), ("a", False), ("now()", False), ("today().year", False), ("f(1)", False), ("uuid()", False)],
)
def test_constant(text: str, constant: bool) -> None:
    """A constant text reads no variable, no unknown function and no clock."""
    assert parse(text).constant is constant


def test_every_node_has_its_place() -> None:
    """Offsets, line and column of every node lead to its own text."""
    text = 'if a.b > 1\n  then f(x: [1, 2])\n  else {k: "v"}'
    expression = parse(text)
    shown = {text[node.start : node.end] for node in n.walk(expression.ast)}
    assert {"a.b > 1", "a.b", "f(x: [1, 2])", "[1, 2]", '{k: "v"}', '"v"', text} <= shown
    call = next(node for node in n.walk(expression.ast) if isinstance(node, n.Call))
    assert expression.position(call) == (2, 8)


def test_host_values_become_feel_values() -> None:
    """int and float are numbers, bool is not; tuples are lists, mappings contexts; what FEEL has no type for is null."""

    class Colour(enum.StrEnum):
        RED = "red"

    class Level(enum.IntEnum):
        HIGH = 3

    context: dict[str, Any] = {
        "i": 5,
        "f": 0.1,
        "nan": float("nan"),
        "inf": Decimal("Infinity"),
        "flag": True,
        "pair": (1, 2),
        "set": frozenset([1]),
        "map": MappingProxyType({"k": 1}),
        "ordered": OrderedDict(k=[1, {"z": 2}]),
        "keys": {1: 2},
        "colour": Colour.RED,
        "level": Level.HIGH,
        "clock": dt.time(10, 30, tzinfo=dt.UTC),
        "object": object(),
        "code": len,
        "big": 10**40,
        "number": 1.5,
        "words": ["a", "b"],
    }
    assert evaluate("[i, f, nan, flag]", context) == [Decimal(5), Decimal("0.1"), None, True]
    assert evaluate("flag + 1", context) is None
    assert evaluate("inf", {"inf": [Decimal("Infinity")]}) == [None]
    assert evaluate("[pair[2], set, map.k, ordered.k[2].z]", context) == [2, [1], 1, 2]
    assert evaluate("keys", context) == {"1": 2}
    assert evaluate('colour = "red" and level = 3', context) is True
    assert evaluate("clock", context) == Time(10, 30, 0, 0, dt.UTC)
    assert evaluate("big", context) == Decimal(10**40)
    assert evaluate("big * 10 = 1e41", context) is True
    assert evaluate("words", context) is context["words"]
    warnings: list[FeelWarning] = []
    assert evaluate("[object, code]", context, warnings=warnings) == [None, None]
    assert "object has a value of a kind that FEEL does not know (object)" in warnings[0].message
    assert evaluate("for x in [1] return i", context) == [5]
    assert evaluate("d", {"d": type("D", (dt.date,), {})(2024, 1, 31)}) == dt.date(2024, 1, 31)
    assert evaluate("d", {"d": type("M", (dt.datetime,), {})(2024, 1, 31, 10)}) == dt.datetime(2024, 1, 31, 10)
    assert evaluate("d", {"d": type("T", (dt.timedelta,), {})(1)}) == dt.timedelta(1)
    assert evaluate("d", {"d": type("F", (float,), {})(0.5)}) == Decimal("0.5")
    assert evaluate("d", {"d": type("N", (Decimal,), {})("0.5")}) == Decimal("0.5")


def test_nothing_of_python_is_reachable() -> None:
    """Neither attributes nor callables of Python can be read or called by an expression."""
    context = {"x": object(), "f": print, "s": "text", "l": [1]}
    for text in (
        "s.__class__",
        "x.__class__",
        "l.append",
        "f(1)",
        "s.upper()",
        "__import__",
        'eval("1")',
        "x.__dict__.y",
        "count.call",
        "(1..2).low",
    ):
        assert evaluate(text, context) in (None, [None]), text


def test_injected_functions() -> None:
    """A callable is called by its FEEL name, by position or by its parameters' names; its results are FEEL's."""

    def add_working_days(start: dt.date, days: Decimal, calendar: str = "default") -> dict[str, Any]:
        return {"start": start, "days": int(days), "calendar": calendar}

    functions = {"add working days": add_working_days, "join": lambda *parts: "".join(parts)}
    context = {"d": dt.date(2024, 1, 31)}
    expected = {"start": dt.date(2024, 1, 31), "days": Decimal(3), "calendar": "default"}
    assert evaluate("add working days(d, 3)", context, functions=functions) == expected
    assert evaluate("add working days(days: 3, start: d)", context, functions=functions) == expected
    assert evaluate('join("a", "b", "c")', context, functions=functions) == "abc"
    assert evaluate("add working days instance of function<date, number> -> Any", context, functions=functions) is True
    assert evaluate("add working days instance of function<date> -> Any", context, functions=functions) is False
    assert evaluate("string(add working days)", context, functions=functions) == "function(start, days, calendar)"


@pytest.mark.parametrize("call", ["boom(1)", "boom(x: 1)", "boom()", "boom(1, 2)", "boom(y: 1)"])
def test_an_injected_function_cannot_break_an_evaluation(call: str) -> None:
    """What an injected function raises, and a call that does not fit it, is null with a warning."""

    def boom(x: Any) -> Any:
        raise ZeroDivisionError("inside")

    warnings: list[FeelWarning] = []
    assert evaluate(call, {}, functions={"boom": boom}, warnings=warnings) is None
    assert "boom" in warnings[0].message


def test_a_spent_budget_in_an_injected_function_is_raised() -> None:
    """A BudgetError of a nested evaluation is no fault of the function."""

    def deep(x: Any = None) -> Any:
        return evaluate("for i in 1..1000000 return i", {}, budget=Budget(steps=10))

    for call in ("deep(1)", "deep(x: 1)"):
        with pytest.raises(BudgetError):
            evaluate(call, {}, functions={"deep": deep})


def test_a_callable_without_a_signature() -> None:
    """A callable that does not tell its parameters is called as it is."""
    assert evaluate("most(1, 2)", {}, functions={"most": max}) == 2


def test_a_host_may_bring_its_own_kind_of_function() -> None:
    """A Function subclass in the context is called with the run, so that it can share the budget."""

    class Twice(Function):
        name = "twice"

        def parameter_sets(self) -> list[tuple[str, ...]]:
            return [("x",)]

        def call(self, run: Any, arguments: list[Any]) -> Any:
            return arguments[0] * 2

        def accepts(self, arguments: Any, result: Any) -> bool:
            return len(arguments) == 1

    assert evaluate("twice(4)", {"twice": Twice()}) == 8
    assert evaluate("[twice(4)]", {}, functions={"twice": Twice()}) == [8]
    assert evaluate("twice instance of function<number> -> number", {"twice": Twice()}) is True


def test_a_function_that_outlives_its_evaluation() -> None:
    """A function given back keeps the variables of its text and uses the budget and warnings of who calls it."""
    function = evaluate("function(x) x + y + z", {"y": 1})
    warnings: list[FeelWarning] = []
    assert evaluate("f(2)", {"f": function, "z": 5}, warnings=warnings) is None
    assert "«z»" in warnings[0].message
    assert evaluate("f(2)", {"f": evaluate("function(x) x + y", {"y": 1})}) == 3


def test_the_clock_is_injected() -> None:
    """now() and today() are the given clock's; without one they are the system's, in UTC."""
    instant = dt.datetime(2024, 2, 29, 23, 30, tzinfo=dt.UTC)
    assert evaluate("[now(), today()]", {}, now=lambda: instant) == [instant, dt.date(2024, 2, 29)]
    assert evaluate("now()", {}).tzinfo is dt.UTC
    warnings: list[FeelWarning] = []
    wrong: Callable[[], Any] = lambda: "noon"  # noqa: E731
    assert evaluate("now()", {}, now=wrong, warnings=warnings) is None
    assert "clock" in warnings[0].message


def test_types_are_injected() -> None:
    """The host's own types are known to instance of and to typed parameters."""
    types = {"tAge": lambda value: isinstance(value, Decimal) and value < 150}
    assert evaluate("[5 instance of tAge, 500 instance of tAge, [5] instance of list<tAge>]", {}, types=types) == [True, False, True]
    assert evaluate("(function(a: tAge) a)(500)", {}, types=types) is None


def test_warnings_say_what_where_and_why() -> None:
    """A warning has message, line, column and the part it is about, and reads as a sentence."""
    warnings: list[FeelWarning] = []
    assert evaluate('1 +\n  ("Abc" - 2)', {}, warnings=warnings) is None
    assert warnings[0] == FeelWarning("A number cannot be subtracted from a string, so the result is null", 2, 3, '("Abc" - 2)')
    assert str(warnings[0]).endswith('(line 2, column 3: ("Abc" - 2))')
    assert [str(FeelWarning("No.", line, 1, part)) for line, part in ((2, ""), (0, "x"), (0, ""))] == [
        "No. (line 2, column 1)", "No. (x)", "No.",
    ]  # fmt: skip
    warnings.clear()
    evaluate("for i in 1..10000 return null.x", {}, warnings=warnings)
    assert len(warnings) == 200
    warnings.clear()
    evaluate(" + ".join(["null"] * 60), {}, warnings=warnings)
    assert warnings[-1].part.endswith("…")


@pytest.mark.parametrize(
    ("text", "value", "result"),
    [
        ("-", None, True),
        ("> 5", 6, True),
        ("> 5", 5, False),
        ("> 5", None, None),
        ("> 5", "a", None),
        ("5, 7", 7, True),
        ("[1..5)", 5, False),
        ("(< 5)", 4, True),
        ('"a", "b"', "b", True),
        ("not(1, 2)", 3, True),
        ("not(1, 2)", 2, False),
        ("not(> 5)", None, None),
        ("null", None, True),
        ("true", True, True),
        ("true", None, False),
        ("false", False, True),
        ("limit", 5, True),
        ("limits", 2, True),
        ("? > 3 and ? < 5", 4, True),
        ("? = null", None, True),
        ("count(limits) > 1", "x", True),
        ("flag", True, False),
        ("not(flag) and true", "x", True),
        ("[1, 2]", [1, 2], True),
        ("ranges", 7, True),
        ("= 5", 5, True),
        ("!= 5", 5, False),
        ("!= 5", None, True),
        ('starts with(?, "a")', "abc", True),
        ("no such", 5, False),
        ("? + 1", 1, False),
        ("null.x", None, True),
        ("?.a > 1", {"a": 2}, True),
        ("? > no such", 5, None),
        ('date("2024-01-31")', dt.date(2024, 1, 31), True),
    ],
)
def test_unary_tests(text: str, value: object, result: bool | None) -> None:
    """Unary tests pass, fail, or cannot be told (null)."""
    context = {"limit": 5, "limits": [1, 2], "flag": False, "ranges": [Range(Decimal(5), Decimal(9))]}
    assert unary_test(text, value, context) is result


def test_unary_tests_know_names_with_blanks() -> None:
    """The scope's names count in unary tests too, and options are passed on."""
    warnings: list[FeelWarning] = []
    assert unary_test("> due-date", 5, {"due-date": 3}) is True
    assert unary_test("> my limit(1)", 5, {}, functions={"my limit": lambda x: x}) is True
    assert unary_test("> 5", "a", {}, warnings=warnings) is None
    assert "A string and a number have no order" in warnings[0].message


def test_plain_values() -> None:
    """to_plain gives what JSON has: whole numbers as int, others as float, temporal values as ISO 8601 text."""
    value = {
        "whole": Decimal("5.0"),
        "part": Decimal("0.5"),
        "date": dt.date(2024, 1, 31),
        "moment": dt.datetime(2024, 1, 31, 10, tzinfo=dt.UTC),
        "time": Time(10, 0, 0),
        "span": dt.timedelta(1),
        "months": YearMonthDuration(14),
        "list": [None, True, "x"],
        "range": Range(Decimal(1), Decimal(2)),
        "function": evaluate("count", {}),
        "raw": (1, 2.5),
    }
    assert to_plain(value) == {
        "whole": 5,
        "part": 0.5,
        "date": "2024-01-31",
        "moment": "2024-01-31T10:00:00Z",
        "time": "10:00:00",
        "span": "P1D",
        "months": "P1Y2M",
        "list": [None, True, "x"],
        "range": "[1..2]",
        "function": None,
        "raw": [1, 2.5],
    }
    assert type(to_plain(Decimal(5))) is int
    assert to_plain([Decimal("NaN"), object(), True]) == [None, None, True]


def test_ranges_are_equal_by_their_ends() -> None:
    """Range values are equal, and hash equally, when ends, inclusions and operator are the same."""
    a, b = evaluate("[1..2)", {}), evaluate("[1.0..2[", {})
    assert (a, hash(a)) == (b, hash(b))
    assert a != evaluate("[1..2]", {})
    assert a != 1


def test_errors_have_one_root() -> None:
    """FeelError and BudgetError are AmendsErrors."""
    assert issubclass(BudgetError, FeelError) and issubclass(FeelError, AmendsError)


def test_a_meter_is_shared() -> None:
    """Several evaluations with one meter use up one budget."""
    meter = Meter.of(Budget(steps=500))
    evaluate("for i in 1..50 return i", {}, budget=meter)
    with pytest.raises(BudgetError):
        for _ in range(10):
            evaluate("for i in 1..50 return i", {}, budget=meter)


def test_an_expression_is_safe_in_several_threads() -> None:
    """One expression evaluated by many threads at once gives each its own value."""
    expression = parse("sum(for i in 1..50 return i * k) + a + b + c + d + k")
    wrong: list[Any] = []

    def work(k: int) -> None:
        context = {"k": k, "a": 1, "b": 2, "c": 3, "d": 4}
        wrong.extend(got for _ in range(50) if (got := expression.evaluate(context)) != 1275 * k + 10 + k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_short_cut_forgets_when_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache of evaluate() is bounded."""
    from amends.engine.feel import expression

    monkeypatch.setattr(expression, "_CACHE", 2)
    for number in range(5):
        assert evaluate(f"{number} + 0", {}) == number
    assert len(expression._PLAIN) <= 2
