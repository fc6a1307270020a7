"""List functions (table 75), sort (10.3.4.8) and context functions (table 80)."""

from __future__ import annotations

from . import tables


@tables.rows("""
list contains([1, 2, null], null) ==> true
list contains([1, "2"], 2) ==> false
list contains([{a: 1}], {a: 1}) ==> true
sublist([4, 5, 6], 1, 2) ==> [4, 5]
sublist([4, 5, 6], -1) ==> [6]
sublist([4, 5, 6], 2, 3) ==> null
sublist([4, 5, 6], 0) ==> null
sublist([4, 5, 6], 1, 0) ==> null
append([1], 2, 3) ==> [1, 2, 3]
append(1, 2) ==> [1, 2]
append([1], null) ==> [1, null]
append([1], [2]) ==> [1, [2]]
append(null, 1) ==> null
append([1]) ==> null
concatenate([1, 2], [3]) ==> [1, 2, 3]
concatenate(1, [2]) ==> [1, 2]
concatenate([1], null) ==> null
insert before([1, 3], 2, 2) ==> [1, 2, 3]
insert before([1, 3], -1, 2) ==> [1, 2, 3]
insert before([1], 3, 2) ==> null
remove([1, 2, 3], 2) ==> [1, 3]
remove([1, 2, 3], -1) ==> [1, 2]
remove([1], 0) ==> null
list replace([2, 4, 7, 8], 3, 6) ==> [2, 4, 6, 8]
list replace([2, 4, 7, 8], -1, 6) ==> [2, 4, 7, 6]
list replace([2, 4, 7, 8], 5, 6) ==> null
list replace([2, 4, 7, 8], 2.5, 6) ==> null
list replace([2, 4, 7, 8], function(item, newItem) item < newItem, 5) ==> [5, 5, 7, 8]
list replace([2], function(item, newItem) 1, 5) ==> null
list replace([2], function(item) true, 5) ==> null
list replace(list: [1], match: function(a, b) true, newItem: 2) ==> [2]
reverse([1, 2]) ==> [2, 1]
index of([1, 2, 3, 2], 2) ==> [2, 4]
index of([1], "1") ==> []
index of([null], null) ==> [1]
union([1, 2], [2, 3], 3) ==> [1, 2, 3]
union([1, 2], null) ==> null
distinct values([1, 2.0, 2, "1", true, null, null, [1], [1]]) ==> [1, 2, "1", true, null, [1]]
duplicate values([1, 2, 1, {a: 1}, {a: 1}]) ==> [1, {a: 1}]
flatten([[1, 2], [[3]], 4, []]) ==> [1, 2, 3, 4]
flatten(1) ==> [1]
sort([3, 1, 2], function(x, y) x < y) ==> [1, 2, 3]
sort([3, 1, 2]) ==> [1, 2, 3]
sort([{k: 1, n: "a"}, {k: 0, n: "b"}, {k: 1, n: "c"}], function(x, y) x.k < y.k).n ==> ["b", "a", "c"]
sort([3, "a"]) ==> null
sort([3, 1], function(x, y) null) ==> null
sort([3, 1], 5) ==> null
sort(list: [2, 1], precedes: function(x, y) x < y) ==> [1, 2]
is empty([]) ==> true
is empty([null]) ==> false
partition([1, 2, 3, 4, 5], 2) ==> [[1, 2], [3, 4], [5]]
partition([1], 0) ==> null
get value({a: 1}, "a") ==> 1
get value({a: 1}, "b") ==> null
get value({a: {b: 2}}, ["a", "b"]) ==> 2
get value({a: 1}, ["a", "b"]) ==> null
get value(key: "a", m: {a: 1}) ==> 1
get entries({a: 1, b: null}) ==> [{key: "a", value: 1}, {key: "b", value: null}]
get entries(1) ==> null
context([{key: "a", value: 1}, {key: "b", value: 2}]) ==> {a: 1, b: 2}
context({key: "a", value: 1}) ==> {a: 1}
context([]) ==> {}
context([{key: "a"}]) ==> null
context([{key: 1, value: 1}]) ==> null
context([{key: "a", value: 1}, {key: "a", value: 2}]) ==> null
context put({a: 1}, "b", 2) ==> {a: 1, b: 2}
context put({a: 1}, "a", null) ==> {a: null}
context put({x: {y: 1}}, ["x", "y"], 2) ==> {x: {y: 2}}
context put({x: {y: 1}}, ["x", "z"], 2) ==> {x: {y: 1, z: 2}}
context put({x: 1}, ["x", "y"], 2) ==> null
context put({}, [], 2) ==> null
context put({}, [1], 2) ==> null
context merge([{a: 1, b: 1}, {b: 2}]) ==> {a: 1, b: 2}
context merge({a: 1}) ==> {a: 1}
context merge([{a: 1}, null]) ==> null
is defined(null) ==> false
is defined(no such thing) ==> false
is defined(1) ==> true
get or else(null, 1) ==> 1
get or else(2, 1) ==> 2
assert(1, 1 > 0) ==> 1
assert(1, false, "no") ==> null
assert(1, null) ==> null
""")
def test_lists_and_contexts(text: str, expected: str) -> None:
    """Each call gives the standard's result, null where an argument does not fit."""
    tables.check(text, expected)


@tables.rows("""
count([1], [2]) ==> null
count(lst: [1]) ==> null
count() ==> null
reverse(list: [1], list: [2]) ==> null
(5)() ==> null
no such thing(1) ==> null
"text".x ==> null
now(1) ==> null
substring("a") ==> null
count([1, 2, 3][item > 5]) ==> 0
[count][1]([1, 2]) ==> 2
{f: count}.f([1]) ==> 1
""")
def test_calls(text: str, expected: str) -> None:
    """A call that fits no form of the function is null; functions are values."""
    tables.check(text, expected)
