"""String functions (DMN 1.5, table 74), and those of Camunda's."""

from __future__ import annotations

from amends.engine.feel import evaluate

from . import tables


@tables.rows(r"""
substring("foobar", 3) ==> "obar"
substring("foobar", 3, 3) ==> "oba"
substring("foobar", -2, 1) ==> "a"
substring("\U01F40Eab", 2) ==> "ab"
substring("foobar", 3, 3.8) ==> "oba"
substring("foobar", 0) ==> null
substring("foobar", 7) ==> null
substring("foobar", 1, 0) ==> null
substring("foobar", 1e6000) ==> null
substring(string: "foobar", start position: 3) ==> "obar"
substring(["foobar"], 3) ==> "obar"
substring(1, 3) ==> null
string length("foo") ==> 3
string length("\U01F40Eab") ==> 3
string length(null) ==> null
upper case("aBc4") ==> "ABC4"
lower case("aBc4") ==> "abc4"
substring before("foobar", "bar") ==> "foo"
substring before("foobar", "xyz") ==> ""
substring before("foobar", "") ==> ""
substring after("foobar", "ob") ==> "ar"
substring after("foobar", "") ==> "foobar"
substring after("", "a") ==> ""
contains("foobar", "of") ==> false
contains("foobar", "ob") ==> true
starts with("foobar", "fo") ==> true
ends with("foobar", "r") ==> true
string join(["a", "b", null, "c"], "_and_") ==> "a_and_b_and_c"
string join(["a", "c"], "") ==> "ac"
string join(["a", "c"], null) ==> "ac"
string join(["a"], "X") ==> "a"
string join([], "X") ==> ""
string join(["a", "b"]) ==> "ab"
string join([1, 2], ",") ==> null
string join(null, ",") ==> null
string join(["a", "b"], ", ", "[", "]") ==> "[a, b]"
split("John Doe", "\\s") ==> ["John", "Doe"]
split("a;b;c;;", ";") ==> ["a", "b", "c", "", ""]
split("abc", "") ==> null
split("a", "(") ==> null
is blank(" \t") ==> true
is blank("a") ==> false
trim("  hello world  ") ==> "hello world"
extract("references are 1234, 1256", "12[0-9]*") ==> ["1234", "1256"]
to base64("FEEL") ==> "RkVFTA=="
string length(uuid()) ==> 36
string(1.10) ==> "1.1"
string(1e3) ==> "1000"
string(-0.0) ==> "0"
string(true) ==> "true"
string(null) ==> null
string([1, 2, "a", null, [true]]) ==> "[1, 2, \"a\", null, [true]]"
string({a: "foo", "b c": {"x:y": 1}}) ==> "{a: \"foo\", b c: {\"x:y\": 1}}"
string(@"2024-01-31") ==> "2024-01-31"
string(@"2024-01-31T10:00:00.500@Europe/Paris") ==> "2024-01-31T10:00:00.5@Europe/Paris"
string(@"10:00:00+02:30") ==> "10:00:00+02:30"
string(@"PT36H") ==> "P1DT12H"
string(@"-P14M") ==> "-P1Y2M"
string(@"PT0S") ==> "PT0S"
string([1..5)) ==> "[1..5)"
string((< @"2024-01-31")) ==> "(< @\"2024-01-31\")"
string((>= 5)) ==> "(>= 5)"
string(function(a, b) a) ==> "function(a, b)"
""")
def test_string_functions(text: str, expected: str) -> None:
    """Each call gives the standard's result, null where an argument does not fit."""
    tables.check(text, expected)


@tables.rows(r"""
matches("foobar", "^fo*b") ==> true
matches("abracadabra", "bra") ==> true
matches("abracadabra", "^bra") ==> false
matches("kaum", "^Kaum$", "i") ==> true
matches("a\nb", "a.b") ==> false
matches("a\nb", "a.b", "s") ==> true
matches("a\nb", "^b") ==> false
matches("a\nb", "^b$", "m") ==> true
matches("b\n", "b$") ==> false
matches("hello world", " hello[ ]world", "x") ==> true
matches("helloworld", "hello world", "x") ==> true
matches("a.c", "a.c", "q") ==> true
matches("abc", "a.c", "q") ==> false
matches("abab", "(ab)\\1") ==> true
matches("ac", "(b)?a\\1c") ==> true
matches("a", "\\1") ==> null
matches("a", "(a)\\0") ==> null
matches("abcd", "(asd)[\\1]") ==> null
matches("x", "[a-z-[aeiou]]") ==> true
matches("e", "[a-z-[aeiou]]") ==> false
matches("é", "\\p{L}") ==> true
matches("a", "\\P{L}") ==> false
matches("a", "\\p{Lu}", "i") ==> false
matches("a", "\\p{IsBasicLatin}") ==> true
matches("a", "\\p{Foo}") ==> null
matches("a", "\\p{IsFoo}") ==> null
matches("a1_", "^\\w\\d\\W$") ==> true
matches(" x", "^\\s\\S$") ==> true
matches("a:", "^\\i\\c$") ==> true
matches("-", "\\I") ==> true
matches(" ", "[\\C]") ==> true
matches("5", "[\\D]") ==> false
matches("-", "[a\\-z]") ==> true
matches("-", "[a-]") ==> true
matches("^", "[\\^]") ==> true
matches("b", "[^a]") ==> true
matches("\t", "[\\t-\\r]") ==> true
matches("a", "[z-a]") ==> null
matches("a", "[a-\\d]") ==> null
matches("a", "[[a]]") ==> null
matches("a", "[]") ==> null
matches("a", "[a") ==> null
matches("a", "[a-[b]c]") ==> null
matches("a", "a{2,1}") ==> null
matches("a", "a{x}") ==> null
matches("aa", "^a{2}$") ==> true
matches("aaa", "^a{1,}?$") ==> true
matches("a", "a{99999}") ==> null
matches("a", "a**") ==> null
matches("a", "*a") ==> null
matches("a", "(a") ==> null
matches("a", "a)") ==> null
matches("a", "(?:a)") ==> true
matches("a", "(?=a)") ==> null
matches("a", "\\b") ==> null
matches("a", "a\\") ==> null
matches("a", "\\p") ==> null
matches("a", "\\pL") ==> null
matches("a", "a|b|") ==> true
matches("a", "a", "X") ==> null
matches("a", null) ==> null
matches("a", "a", null) ==> true
matches(input: "a", pattern: "A", flags: "i") ==> true
replace("abracadabra", "bra", "*") ==> "a*cada*"
replace("abracadabra", "a.*a", "*") ==> "*"
replace("abracadabra", "a.*?a", "*") ==> "*c*bra"
replace("abracadabra", "a(.)", "a$1$1") ==> "abbraccaddabbra"
replace("abracadabra", ".*?", "$1") ==> null
replace("AAAA", "A+?", "b") ==> "bbbb"
replace("darted", "^(.*?)d(.*)$", "$1c$2") ==> "carted"
replace("abcd", "(ab)|(a)", "[1=$1][2=$2]") ==> "[1=ab][2=]cd"
replace("a", "a", "\\$1\\\\") ==> "$1\\"
replace("ab", "(a)", "$12") ==> "a2b"
replace("ab", "(a)", "$2") ==> "b"
replace("a", "a", "$") ==> null
replace("a", "a", "\\x") ==> null
replace("a.c", ".", "$", "q") ==> "a$c"
replace("xyz", "XYZ", "foo", "i") ==> "foo"
""")
def test_regular_expressions(text: str, expected: str) -> None:
    """matches, replace and split know XPath's regular expressions, all of them and no others."""
    tables.check(text, expected)


def test_a_long_pattern_is_refused() -> None:
    """A pattern beyond the bound is null, with the reason."""
    tables.check("matches(text, pattern)", "null", {"text": "a", "pattern": "a" * 2001})
    tables.check("matches(text, pattern)", "null", {"text": "a", "pattern": "(" * 60 + "a" + ")" * 60})


def test_a_class_of_white_space_begins_no_range() -> None:
    """A range goes from one character to another."""
    assert evaluate(r'matches("a b", "a[\\s-x]b")', {}) is True
    assert evaluate(r'matches("a", "[x-\\s]")', {}) is None
