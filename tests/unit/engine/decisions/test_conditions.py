"""Conditions as sets: what is understood, and what is beyond."""

from decimal import Decimal

import pytest

from amends.engine.decisions.conditions import condition, constants_of, kinds_of
from amends.engine.decisions.geometry import Atoms, Domain
from amends.engine.feel import evaluate, parse_unary


@pytest.mark.parametrize(
    ("text", "members", "null"),
    [
        ("? between 2 and 4", {2, 3, 4}, False),
        ("? in (1, [3..4])", {1, 3, 4}, False),
        ("not(? > 2)", {0, 1, 2}, False),
        ("5 > ? and 1 < ?", {2, 3, 4}, False),
        ("? != null", {0, 1, 2, 3, 4, 5}, False),
        ("null", set(), True),
        ("null, 3", {3}, True),
        ("not(null)", {0, 1, 2, 3, 4, 5}, False),
        ("not(3)", {0, 1, 2, 4, 5}, True),
        ("1 + 1, -(-3)", {2, 3}, False),
        ('number("4")', {4}, False),
        ('"a"', set(), False),
        ('["a".."b"]', set(), False),
        ("[4..2]", set(), False),
        ("< null", set(), False),
        ("-", {0, 1, 2, 3, 4, 5}, True),
    ],
)
def test_what_is_understood(text: str, members: set[int], null: bool) -> None:
    """A set holds what FEEL itself lets pass."""
    tests, domain = parse_unary(text), Domain("number")
    region = condition(tests, domain)
    assert region is not None
    atoms = Atoms(domain, [region], None)
    mask = atoms.mask(region)
    assert {n for n in range(6) if mask >> atoms.atom(Decimal(n)) & 1} == members
    assert bool(mask & atoms.null_bit) == null
    assert {n for n in range(6) if tests.evaluate(Decimal(n), {}) is True} == members


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "> x",
        "[1..x]",
        "[1, 2]",
        "? > x",
        'contains(?, "a")',
        "? + 1 > 2",
        "? = ?",
        'date("nonsense")',
        "[null..2]",
        "5 > 3",
    ],
)
def test_what_is_beyond(text: str) -> None:
    """What reads a variable, calls a function of the value, or is no plain comparison is not drawn."""
    assert condition(parse_unary(text), Domain("number")) is None


def test_texts_have_no_order_here() -> None:
    """Texts are enumerated: a comparison or a range of them is beyond the analysis."""
    assert condition(parse_unary('> "a"'), Domain("string")) is None
    assert condition(parse_unary('["a".."b"]'), Domain("string")) is None


@pytest.mark.parametrize("text", ['time("10:00:00Z")', '@"2025-01-01T00:00:00Z"', '@"999999-01-01"'])
def test_what_has_no_common_order_is_beyond(text: str) -> None:
    """Times with an offset and dates beyond the year 9999 are beyond the analysis."""
    value = evaluate(text, {})
    kind = "time" if "time(" in text else "date and time" if "T" in text else "date"
    assert value is not None
    assert condition(parse_unary(f"< {text}"), Domain(kind)) is None


def test_constants_and_their_types() -> None:
    """The constants of a list of values, in its order, and the types that tests compare with."""
    tests = parse_unary('"b", "a", x, 3')
    assert constants_of(tests) == ["b", "a", Decimal(3)]
    assert kinds_of(parse_unary('> 1, [@"2025-01-01"..x], not("a"), null')) == {"number", "date", "string"}
