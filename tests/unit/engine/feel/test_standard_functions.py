"""Every built-in function of DMN 1.5 (10.3.4, tables 73-81), in each of its forms, called by the names its parameters have there."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from amends.engine.feel import evaluate, parse
from amends.engine.feel import nodes as n
from amends.engine.feel.builtins import BUILTINS, OURS

FORMS = """
date(from: "2024-01-31") ==> @"2024-01-31"
date(from: @"2024-01-31T10:00:00") ==> @"2024-01-31"
date(year: 2024, month: 1, day: 31) ==> @"2024-01-31"
date and time(date: @"2024-01-31", time: @"10:00:00") ==> @"2024-01-31T10:00:00"
date and time(from: "2024-01-31T10:00:00Z") ==> @"2024-01-31T10:00:00Z"
date and time(year: 2024, month: 1, day: 31, hour: 10, minute: 20, second: 30) ==> @"2024-01-31T10:20:30"
date and time(year: 2024, month: 1, day: 31, hour: 10, minute: 20, second: 30, offset: @"PT1H") ==> @"2024-01-31T10:20:30+01:00"
time(from: "10:00:00") ==> @"10:00:00"
time(from: @"2024-01-31T10:00:00Z") ==> @"10:00:00Z"
time(hour: 10, minute: 20, second: 30) ==> @"10:20:30"
time(hour: 10, minute: 20, second: 30, offset: @"-PT1H") ==> @"10:20:30-01:00"
number(from: "1 000,5", grouping separator: " ", decimal separator: ",") ==> 1000.5
number(from: "1.5") ==> 1.5
string(from: 1.10) ==> "1.1"
duration(from: "P1DT2H") ==> @"P1DT2H"
years and months duration(from: @"2023-01-31", to: @"2024-03-31") ==> @"P1Y2M"
not(negand: true) ==> false
substring(string: "foobar", start position: 4) ==> "bar"
substring(string: "foobar", start position: 4, length: 2) ==> "ba"
string length(string: "foo") ==> 3
upper case(string: "aBc") ==> "ABC"
lower case(string: "aBc") ==> "abc"
substring before(string: "foobar", match: "bar") ==> "foo"
substring after(string: "foobar", match: "foo") ==> "bar"
replace(input: "abcd", pattern: "B", replacement: "x", flags: "i") ==> "axcd"
replace(input: "abcd", pattern: "b", replacement: "x") ==> "axcd"
contains(string: "foobar", match: "ob") ==> true
starts with(string: "foobar", match: "fo") ==> true
ends with(string: "foobar", match: "ar") ==> true
matches(input: "foobar", pattern: "O+", flags: "i") ==> true
matches(input: "foobar", pattern: "x") ==> false
split(string: "a;b", delimiter: ";") ==> ["a", "b"]
string join(list: ["a", "b"], delimiter: "-") ==> "a-b"
string join(list: ["a", "b"]) ==> "ab"
list contains(list: [1, 2], element: 2) ==> true
count(list: [1, 2]) ==> 2
min(list: [2, 1]) ==> 1
max(list: [2, 1]) ==> 2
sum(list: [2, 1]) ==> 3
mean(list: [2, 1]) ==> 1.5
all(list: [true, false]) ==> false
any(list: [true, false]) ==> true
sublist(list: [1, 2, 3], start position: 2) ==> [2, 3]
sublist(list: [1, 2, 3], start position: 2, length: 1) ==> [2]
append(list: [1], item: 2) ==> [1, 2]
concatenate([1], [2]) ==> [1, 2]
insert before(list: [1, 3], position: 2, newItem: 2) ==> [1, 2, 3]
remove(list: [1, 2], position: 1) ==> [2]
list replace(list: [1, 2], position: 1, newItem: 5) ==> [5, 2]
list replace(list: [1, 2], match: function(item, newItem) item > 1, newItem: 5) ==> [1, 5]
reverse(list: [1, 2]) ==> [2, 1]
index of(list: [1, 2, 1], match: 1) ==> [1, 3]
union([1, 2], [2, 3]) ==> [1, 2, 3]
distinct values(list: [1, 1, 2]) ==> [1, 2]
flatten(list: [1, [2]]) ==> [1, 2]
product(list: [2, 3]) ==> 6
median(list: [1, 5, 2]) ==> 2
stddev(list: [1, 3, 5]) ==> 2
mode(list: [1, 2, 2]) ==> [2]
decimal(n: 1.25, scale: 1) ==> 1.2
floor(n: 1.5) ==> 1
floor(n: 1.55, scale: 1) ==> 1.5
ceiling(n: 1.5) ==> 2
ceiling(n: 1.55, scale: 1) ==> 1.6
round up(n: 1.21, scale: 1) ==> 1.3
round down(n: 1.29, scale: 1) ==> 1.2
round half up(n: 1.25, scale: 1) ==> 1.3
round half down(n: 1.25, scale: 1) ==> 1.2
abs(n: -1) ==> 1
modulo(dividend: 7, divisor: 5) ==> 2
sqrt(number: 16) ==> 4
log(number: 1) ==> 0
exp(number: 0) ==> 1
odd(number: 3) ==> true
even(number: 3) ==> false
is(value1: 1, value2: 1) ==> true
before(point1: 1, point2: 2) ==> true
before(point: 1, range: [2..3]) ==> true
before(range: [1..2], point: 3) ==> true
before(range1: [1..2], range2: [3..4]) ==> true
after(point1: 2, point2: 1) ==> true
after(point: 4, range: [2..3]) ==> true
after(range: [3..4], point: 1) ==> true
after(range1: [3..4], range2: [1..2]) ==> true
meets(range1: [1..2], range2: [2..3]) ==> true
met by(range1: [2..3], range2: [1..2]) ==> true
overlaps(range1: [1..3], range2: [2..4]) ==> true
overlaps before(range1: [1..3], range2: [2..4]) ==> true
overlaps after(range1: [2..4], range2: [1..3]) ==> true
finishes(point: 3, range: [1..3]) ==> true
finishes(range1: [2..3], range2: [1..3]) ==> true
finished by(range: [1..3], point: 3) ==> true
finished by(range1: [1..3], range2: [2..3]) ==> true
includes(range: [1..3], point: 2) ==> true
includes(range1: [1..4], range2: [2..3]) ==> true
during(point: 2, range: [1..3]) ==> true
during(range1: [2..3], range2: [1..4]) ==> true
starts(point: 1, range: [1..3]) ==> true
starts(range1: [1..2], range2: [1..3]) ==> true
started by(range: [1..3], point: 1) ==> true
started by(range1: [1..3], range2: [1..2]) ==> true
coincides(point1: 1, point2: 1) ==> true
coincides(range1: [1..2], range2: [1..2]) ==> true
now() ==> @"2024-02-29T23:30:00Z"
today() ==> @"2024-02-29"
day of year(date: @"2024-02-01") ==> 32
day of week(date: @"2024-02-29") ==> "Thursday"
month of year(date: @"2024-02-29") ==> "February"
week of year(date: @"2024-02-29") ==> 9
sort(list: [3, 1, 2], precedes: function(x, y) x < y) ==> [1, 2, 3]
get value(m: {a: 1}, key: "a") ==> 1
get entries(m: {a: 1}) ==> [{key: "a", value: 1}]
context(entries: [{key: "a", value: 1}]) ==> {a: 1}
context put(context: {a: 1}, key: "b", value: 2) ==> {a: 1, b: 2}
context put(context: {a: {b: 1}}, keys: ["a", "b"], value: 2) ==> {a: {b: 2}}
context merge(contexts: [{a: 1}, {a: 2}]) ==> {a: 2}
range(from: "[1..3)") ==> [1..3)
"""
CALLS = [tuple(line.split(" ==> ")) for line in FORMS.strip().splitlines()]
NOW = dt.datetime(2024, 2, 29, 23, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(("text", "expected"), CALLS)
def test_every_form_is_called_by_the_names_of_the_standard(text: str, expected: str) -> None:
    """The value, and null as soon as one of the names is another."""
    assert evaluate(text, {}, now=lambda: NOW) == evaluate(expected, {})
    for name in re.findall(r"[(,] ?([a-zA-Z0-9 ]+): ", re.sub(r"\{.*?\}", "{}", text)):
        assert evaluate(text.replace(f"{name}:", f"other{name}:", 1), {}, now=lambda: NOW) is None, name


def test_these_are_all() -> None:
    """The standard's functions and those that are marked as Camunda's; nothing is missing, and nothing else is there."""
    called = {node.function.name for text, _ in CALLS for node in [parse(text).ast] if isinstance(node, n.Call)}  # type: ignore[attr-defined]
    assert called == set(BUILTINS) - OURS


def test_functions_of_many_values_take_them_one_by_one() -> None:
    """Where the standard says so, a list may be written out as arguments."""
    for text, expected in [
        ("min(2, 1)", "1"), ("max(2, 1)", "2"), ("sum(1, 2)", "3"), ("mean(1, 2)", "1.5"), ("median(1, 5, 2)", "2"),
        ("mode(1, 2, 2)", "[2]"),
        ("stddev(1, 3, 5)", "2"), ("product(2, 3)", "6"), ("all(true, false)", "false"), ("any(true, false)", "true"),
        ("append([1], 2, 3)", "[1, 2, 3]"), ("concatenate([1], [2], [3])", "[1, 2, 3]"), ("union([1], [1], [2])", "[1, 2]"),
    ]:  # fmt: skip
        assert evaluate(text, {}) == evaluate(expected, {}), text
