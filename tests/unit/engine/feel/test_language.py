"""Expressions: literals, names, operators, conditions, loops, filters, functions, types."""

from __future__ import annotations

from decimal import Decimal

import pytest

from amends.engine.feel import evaluate, parse

from . import tables


@tables.rows(r"""
1.5e3 ==> 1500
.5 + 1.5 ==> 2
"a\u0041\n\t\"\\" ==> "aA\n\t\"\\"
"\uD83D\uDC0E" ==> "\U01F40E"
"\d" ==> "\\d"
1 /* two */ + 1 // three ==> 2
@"foo" ==> null
1/3 ==> 0.3333333333333333333333333333333333
0.1 + 0.2 ==> 0.3
10 ** -2 ==> 0.01
0 ** 0 ==> 1
2 ** 0.5 ==> sqrt(2)
"a" ** 2 ==> null
9 ** 9 ** 9 ==> (9 ** 9) ** 9
(10 ** 6000) ** 6000 ==> null
-"a" ==> null
"a" + 1 ==> null
"a" - "a" ==> null
"a" * 2 ==> null
1 = null ==> false
null = null ==> true
1 = "1" ==> null
[1] = [1.0] ==> true
[1] = ["1"] ==> false
{a: 1} = {a: 1, b: 2} ==> false
[1..2] = [1..2] ==> true
(< 5) = (< 5) ==> true
count = count ==> true
true < false ==> null
null < 1 ==> null
1 < null ==> null
1 between 0 and 2 ==> true
1 between null and 2 ==> null
true and null ==> null
false and null ==> false
1 and true ==> null
true or "x" ==> true
false or null ==> null
a and b ==> null
1 in 1 ==> true
1 in [1, 2] ==> true
1 in (2, > 0) ==> true
1 in (2, "x") ==> null
1 in < 0 ==> false
1 in (0..1] ==> true
1 in (0..1) ==> false
1 in (1) + 1 ==> false
[1..2] in [[1..2]] ==> true
1 in [[0..1], 5] ==> true
1 in [["a".."b"], 5] ==> false
[1, 2] in [1, 2] ==> true
[1, 2] in ([1, 3], [1, 2]) ==> true
[1] in (1) ==> true
null in (null) ==> true
null in [1..2] ==> null
"x" in ("x", "y") ==> true
2 in ("x", "y") ==> null
1 in (1, 2) ==> true
5 in (? > 3) ==> true
5 in (= 5) ==> true
5 in (!= 5) ==> false
5 in (!= 4) ==> true
5 in [1, != 4] ==> true
if 1 > 0 then "y" else "n" ==> "y"
if null then "y" else "n" ==> "n"
if "x" then "y" else "n" ==> "n"
{a: 1, b: a + 1}.b ==> 2
{a: 1}.b ==> null
{a: 1, a: 2} ==> null
{"a b": 1}.a b ==> 1
{a+b: 2, c: a+b}.c ==> 2
{f: function(n) if n < 2 then 1 else n * f(n - 1), r: f(5)}.r ==> 120
[{x: 1}, {y: 2}].x ==> [1, null]
[[1, 2], [3]][1][2] ==> 2
[1, 2, 3][item > 1] ==> [2, 3]
[1, 2, 3][-1] ==> 3
[1, 2, 3][4] ==> null
[1, 2, 3][1.5] ==> null
[1, 2, 3]["a"] ==> null
[][1] ==> null
[][item > 1] ==> []
null[1] ==> null
5[1] ==> 5
5[item > 4] ==> [5]
[{x: 1}, {x: 2}][x = 2].x ==> [2]
[{item: 1}, {item: 2}][item > 1] ==> [{item: 2}]
{x: 2, l: [{a: 1}, {a: 2}][a = x]}.l ==> [{a: 2}]
for i in 3..1 return i ==> [3, 2, 1]
for i in [1..3) return i ==> [1, 2]
for i in (1..1) return i ==> []
for i in [2..1] return i ==> null
for i in 1.5..2 return i ==> null
for i in 1.."a" return i ==> null
for i in 1e30..1e31 return i ==> null
for i in null return i ==> null
for i in 5 return i ==> [5]
for i in [[1..2]] return i ==> [1, 2]
for i in 1..2, j in i..2 return i * j ==> [1, 2, 4]
for i in 1..4 return sum(partial) + 1 ==> [null, null, null, null]
for i in 0..3 return if i = 0 then 1 else i * partial[-1] ==> [1, 1, 2, 6]
for i in 1..3 return count(partial) ==> [0, 1, 2]
count(for i in 1..3 return partial) ==> 3
(for i in 1..2 return function() i)[1]() ==> 1
for i in @"2024-02-28"..@"2024-03-01" return i.day ==> [28, 29, 1]
some i in [1, 2] satisfies i > 1 ==> true
some i in [] satisfies i > 1 ==> false
every i in [] satisfies i > 1 ==> true
every i in [1, null] satisfies i > 0 ==> null
every i in [0, null] satisfies i > 0 ==> false
some i in null satisfies i ==> null
some i in [1, 2], j in [2, 3] satisfies i = j ==> true
(function(a, b) a - b)(b: 1, a: 3) ==> 2
(function(a: number) a)("x") ==> null
(function(a: number) a)([1]) ==> 1
(function(a: list<number>) a)(1) ==> [1]
(function(a: date and time) a)(@"2024-01-31") ==> @"2024-01-31T00:00:00Z"
(function(a) a)() ==> null
(function(a) a)(b: 1) ==> null
(function(a) external {java: {class: "x"}})(1) ==> null
{x: 1, f: function(y) x + y, r: f(2)}.r ==> 3
(function(x) function(y) x + y)(1)(2) ==> 3
[1..3].end ==> 3
[null..3].start ==> null
[1.."a"] ==> null
(1..3].start included ==> false
""")
def test_expressions(text: str, expected: str) -> None:
    """Each expression gives the standard's value."""
    tables.check(text, expected)


@tables.rows("""
1 instance of number ==> true
1 instance of Any ==> true
null instance of Any ==> false
null instance of Null ==> true
1 instance of Null ==> false
1 instance of tUnknown ==> null
[1] instance of list<tUnknown> ==> null
["a", 1] instance of list<number> ==> false
[1, null] instance of list<number> ==> true
[1] instance of list ==> true
[1..2] instance of range<number> ==> true
(< 1) instance of range<string> ==> false
{a: 1, b: 2} instance of context<a: number> ==> true
{a: 1} instance of context<b: number> ==> false
{a: 1} instance of context<a: string> ==> false
@"P1D" instance of days and time duration ==> true
@"P1Y" instance of years and months duration ==> true
@"2024-01-31T00:00:00" instance of date and time ==> true
@"2024-01-31T00:00:00" instance of date ==> false
@"10:00:00" instance of time ==> true
count instance of function ==> true
count instance of function<list> -> number ==> true
count instance of function<list, list> -> number ==> false
sum instance of function<number, number, number> -> number ==> true
(function(a: number) a) instance of function<number> -> Any ==> true
(function(a: number) a) instance of function<string> -> Any ==> false
(function(a) a) instance of function<string, string> -> Any ==> false
(function(a: list<number>) a) instance of function<list<number>> -> Any ==> true
(function(a: list<number>) a) instance of function<list<string>> -> Any ==> false
(function(a: context<x: number>) a) instance of function<context<x: number, y: string>> -> Any ==> true
(function(a: context<x: number>) a) instance of function<context<y: string>> -> Any ==> false
(function(a: function<number> -> string) a) instance of function<function<number> -> string> -> Any ==> true
(function(a: function<number> -> string) a) instance of function<function<number> -> number> -> Any ==> false
(function(a: list) a) instance of function<list<number>> -> Any ==> true
1 instance of number and true ==> true
""")
def test_instance_of(text: str, expected: str) -> None:
    """All forms of types are known; a type nobody defined gives null."""
    tables.check(text, expected)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("first name", "Ann"),
        ("first  name", "Ann"),
        ("due-date", "soon"),
        ("due-date + first name", "soonAnn"),
        ("a - b", 3),
        ("a+b", 7),
        ("days in weekend[1]", "sat"),
        ("person.last name", "Lee"),
        ("person.e-mail", "x@y"),
        ("people[last name = \"Lee\"].e-mail", ["x@y"]),
        ("for my name in [1] return my name + a", [6]),
        ("`first name`", "Ann"),
        ("`first name` + `due-date`", "Annsoon"),
        ("client's rate", 9),
        ("größe", 1),
        ("🐎", 2),
        ("if first name = \"Ann\" then a else b", 5),
        ("number + 1", 43),
        ("path/to.x", 8),
    ],
)  # fmt: skip
def test_names_with_blanks_and_symbols(text: str, value: object) -> None:
    """A name is the longest that the scope knows; blanks inside it do not count."""
    context = {
        "first name": "Ann", "due-date": "soon", "a": 5, "b": 2, "days in weekend": ["sat"], "client's rate": 9, "größe": 1, "🐎": 2,
        "person": {"last name": "Lee", "e-mail": "x@y"}, "people": [{"last name": "Lee", "e-mail": "x@y"}], "number": 42, "path/to.x": 8,
    }  # fmt: skip
    assert evaluate(text, context) == value


def test_a_name_changes_how_a_text_is_read() -> None:
    """The same text is a difference in one scope and a name in another; the cache keeps them apart."""
    assert evaluate("x-y", {"x": 3, "y": 1}) == 2
    assert evaluate("x-y", {"x-y": 7, "x": 3, "y": 1}) == 7
    assert evaluate("x-y", {"x": 3, "y": 1}) == 2
    assert parse("x-y", ["x-y"]).names == {"x-y"}
    assert parse("x-y").names == {"x", "y"}


def test_variables_come_before_functions() -> None:
    """A variable with the name of a built-in function hides it."""
    assert evaluate("count", {"count": 5}) == Decimal(5)
    assert evaluate("{count: 1, r: count}.r", {}) == 1


def test_an_unknown_name_is_null_with_a_hint() -> None:
    """A missing variable is null; the warning names the nearest one."""
    warnings: list[object] = []
    assert evaluate("amonut > 5", {"amount": 1}, warnings=warnings) is None
    assert str(warnings[0]).startswith("There is no variable or function named «amonut»; did you mean «amount»?")
    assert evaluate("True", {}, warnings=warnings) is None
    assert "write true" in str(warnings[-1])


@tables.rows("""
x(a - b: 1)(2) ==> null
[1..2][1] ==> [1..2]
(!= 5) instance of range<number> ==> true
1 in [(1..2), 5] ==> false
[1..[2, 3][1]] ==> [1..2]
[1..a[1][ ==> [1..5)
[1..(2)[ ==> [1..2)
-[1] ==> null
{a: 1}.a instance of number ==> true
-1 instance of number ==> null
1 in (-1) instance of number ==> true
[1..5][start = 1].end ==> []
{f: function(item) item, r: [1, 2][f(item) = 2]}.r ==> [2]
[[1, 2], [3]][item[1] = 3] ==> [[3]]
{a: 1, f: function() [{b: 1}, {b: 2}][b > a], r: f()}.r ==> [{b: 2}]
{a: [{b: 1}], c: for x in a return x[b = 1]}.c ==> [[{b: 1}]]
for x in [1], y in [{z: 1}, {z: 2}][z > x] return y.z ==> [2]
for x in [1] return for y in [2] return for z in [3] return x + y + z ==> [[[6]]]
for x in [[1, 2]] return [5, 6][x[1]] ==> [5]
"5" instance of string and not(5 instance of string) ==> true
""")
def test_scopes_and_brackets(text: str, expected: str) -> None:
    """Inner scopes see outer ones through filters, loops and functions; brackets close what they belong to."""
    tables.check(text, expected, {"a": [5]})
