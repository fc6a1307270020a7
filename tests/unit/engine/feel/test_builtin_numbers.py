"""Numeric functions (table 76), not(), and the statistics of table 75."""

from __future__ import annotations

from . import tables


@tables.rows("""
decimal(1/3, 2) ==> 0.33
decimal(1.5, 0) ==> 2
decimal(2.5, 0) ==> 2
decimal(-2.5, 0) ==> -2
decimal(1234.5, -2) ==> 1200
decimal(1, 6177) ==> null
decimal(1, -6112) ==> null
decimal(null, 1) ==> null
floor(1.5) ==> 1
floor(-1.56, 1) ==> -1.6
floor("1") ==> null
ceiling(1.5) ==> 2
ceiling(-1.56, 1) ==> -1.5
round up(5.5, 0) ==> 6
round up(-5.5, 0) ==> -6
round up(1.121, 2) ==> 1.13
round down(-5.5, 0) ==> -5
round down(1.129, 2) ==> 1.12
round half up(5.5, 0) ==> 6
round half up(-5.5, 0) ==> -6
round half down(5.5, 0) ==> 5
round half down(-1.126, 2) ==> -1.13
round half down(n: 5.5, scale: 0) ==> 5
abs(-10) ==> 10
abs(@"PT5H") ==> @"PT5H"
abs(@"-PT5H") ==> @"PT5H"
abs(@"-P3Y") ==> @"P3Y"
abs("a") ==> null
modulo(12, 5) ==> 2
modulo(-12, 5) ==> 3
modulo(12, -5) ==> -3
modulo(-12, -5) ==> -2
modulo(10.1, 4.5) ==> 1.1
modulo(10, 5) ==> 0
modulo(1, 0) ==> null
modulo(1e6000, 7) ==> modulo(modulo(1e3000, 7) * modulo(1e3000, 7), 7)
sqrt(16) ==> 4
sqrt(-1) ==> null
log(1) ==> 0
log(0) ==> null
log(-1) ==> null
exp(0) ==> 1
exp(1e6) ==> null
odd(5) ==> true
odd(-3) ==> true
odd(2) ==> false
odd(2.5) ==> false
even(2) ==> true
even(-1) ==> false
even(0) ==> true
not(true) ==> false
not(negand: false) ==> true
not("a") ==> null
not(null) ==> null
random number() < 1 ==> true
number("1 000,0", " ", ",") ==> 1000
number("1.5") ==> 1.5
number("-1.5e3") ==> -1500
number("1,5") ==> null
number("1.2,3", null, ",") ==> null
number("1,2", ",", ",") ==> null
number("1", "x", ".") ==> null
number("0x1F") ==> null
number("1e99999") ==> null
number("") ==> null
""")
def test_numeric_functions(text: str, expected: str) -> None:
    """Each call gives the standard's result, null where an argument does not fit."""
    tables.check(text, expected)


@tables.rows("""
count([1, null]) ==> 2
count([]) ==> 0
count(5) ==> 1
count(null) ==> null
min([3, 1, 2]) ==> 1
min(3, 1, 2) ==> 1
max("a", "c", "b") ==> "c"
max(@"2024-01-01", @"2023-01-01") ==> @"2024-01-01"
min([]) ==> null
min(1, "a") ==> null
min(null) ==> null
max([true]) ==> null
sum([1, 2, 3]) ==> 6
sum(1, 2.5) ==> 3.5
sum([]) ==> null
sum([1, null]) ==> null
sum(9e6144, 9e6144) ==> null
mean([1, 2, 3]) ==> 2
mean(1) ==> 1
mean([]) ==> null
median(8, 2, 5, 3, 4) ==> 4
median([6, 1, 2, 3]) ==> 2.5
median([]) ==> null
decimal(stddev(2, 4, 7, 5), 6) ==> 2.081666
stddev([47]) ==> null
stddev(9e6144, -9e6144, 1) ==> null
mode(6, 3, 9, 6, 6) ==> [6]
mode([6, 1, 9, 6, 1]) ==> [1, 6]
mode([]) ==> []
product(2, 3, 4) ==> 24
product([]) ==> null
all([true, true]) ==> true
all(true, false) ==> false
all([]) ==> true
all([null, false]) ==> false
all([null, true]) ==> null
all(null) ==> null
all(0) ==> null
any([false, true, null]) ==> true
any([]) ==> false
any([false, null]) ==> null
any() ==> null
""")
def test_statistics(text: str, expected: str) -> None:
    """Functions of many values take one list or the values one by one."""
    tables.check(text, expected)
