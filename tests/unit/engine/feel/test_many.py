"""Many tests of one value at once answer as each of them alone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.engine.feel import (
    Budget,
    BudgetError,
    FeelError,
    FeelWarning,
    ManyTests,
    begin,
    evaluate,
    normalize,
    operators,
    parse_unary,
    to_plain,
    unary_test,
)

CELLS = (
    "-", "> limit", "<= limit * 2", "< limit - 1", ">= limit / 0", "> limit + 0.5", "< name", "= limit", "!= limit", "> missing", "> nan",
    "not(> limit)", "not(1, 2)", "1, 2", "? > limit and ? < 100", "? = null", "starts with(?, name)", '"abc"', "[1..limit]", "null", "true",
    "limit", "> limit ** 2", "> [limit]", '@"2024-01-31"', "> date(2024, 1, limit)", "for i in ? return i", "< - limit", "> text + 1",
    "> limit * 1e6000 * 1e6000", "> limit * 9e6144",
)  # fmt: skip
VALUES = (None, True, Decimal(1), Decimal(2), Decimal("2.5"), Decimal(50), Decimal("1e6000"), "abc", "b", dt.date(2024, 1, 31), [1])
CONTEXT: dict[str, Any] = {"limit": Decimal(2), "name": "b", "nan": Decimal("NaN"), "text": "x"}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(CELLS), min_size=1, max_size=12), st.sampled_from(VALUES), st.integers(0, 4095))
def test_many_tests_are_each_of_them(cells: list[str], value: Any, candidates: int) -> None:
    """A bit is set for the tests that pass on their own, and of those only where a candidate asks; the faults are the same warnings."""
    tests = ManyTests([(parse_unary(cell), 1 << place) for place, cell in enumerate(cells)])
    warnings: list[FeelWarning] = []
    expected, alone = 0, []
    for place, cell in enumerate(cells):
        if candidates >> place & 1:
            expected |= (unary_test(cell, value, CONTEXT, warnings=alone) is True) << place
    assert tests.passing(normalize(value), candidates, begin(CONTEXT, warnings=warnings)) == expected
    assert {warning.message for warning in warnings} == {warning.message for warning in alone}


@pytest.mark.parametrize("limit", [Decimal(2), 2, 2.0, "2", None, Decimal("Infinity"), dt.date(2024, 1, 1)])
@pytest.mark.parametrize("cell", ["> limit", "> limit - 1", "? > limit", "? > limit - 1", "not(<= limit)"])
def test_a_comparison_with_a_variable_knows_all_its_values(cell: str, limit: Any) -> None:
    """Numbers of the host of any kind are compared; what is no number gives null, as it does in an expression."""
    expected = evaluate(f"value {cell}" if cell[0] == ">" else "not(value <= limit)" if cell[0] == "n" else cell.replace("?", "value"),
                        {"value": Decimal(3), "limit": limit})  # fmt: skip
    assert unary_test(cell, Decimal(3), {"limit": limit}) is expected


def test_many_tests_have_one_budget() -> None:
    """All tests of a column draw on the budget of their evaluation; too deep recursion is a BudgetError too."""
    tests = ManyTests([(parse_unary(f"? in (for i in 1..400 return i + {number})"), 1 << number) for number in range(20)])
    with pytest.raises(BudgetError):
        tests.passing(Decimal(0), (1 << 20) - 1, begin({}, budget=Budget(steps=5000)))
    endless: dict[str, Any] = {}
    endless["self"] = endless
    with pytest.raises(BudgetError, match="nested too deeply"):
        ManyTests([(parse_unary("x"), 1)]).passing(Decimal(0), 1, begin({"x": endless}))
    assert not ManyTests([])


def test_a_defect_in_one_of_many_is_a_feel_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the evaluator itself be wrong, callers see a FeelError that names the test."""

    def wrong(*_: object) -> bool:
        raise TypeError("inside")

    monkeypatch.setattr(operators, "equal", wrong)
    with pytest.raises(FeelError, match=r"«\[1\]» could not be evaluated because of a defect"):
        ManyTests([(parse_unary("[1]"), 1)]).passing([Decimal(2)], 1, begin({}))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('string join(["a", "b"], null, "<", ">")', "<ab>"),
        ('string join(list: ["a", "b"], prefix: "<", suffix: ">")', "<ab>"),
        ('string join(list: ["a"], prefix: "<")', None),
        ('string join(true, "", "")', None),
        ("get value({a: 1}, [{}])", None),
        ("context put({a: 1}, [{}], 2)", None),
        ('some x in [1, 2] satisfies if x = 2 then true else "no"', None),
        ('some x in [1, 2] satisfies if x = 1 then true else "no"', True),
        ('every x in [1, 2] satisfies if x = 1 then true else "no"', None),
        ("every x in [1, 2] satisfies if x = 1 then null else false", False),
        ("some x in [1, 2] satisfies if x = 1 then null else true", True),
        ('matches("abcd\\ndefg\\n", "^$", "m")', False),
        ('matches("", "^$", "m")', True),
        ('matches("a\\n\\nb", "^$", "m")', True),
    ],
)
def test_functions_and_quantifiers_at_their_edges(text: str, value: Any) -> None:
    """A form with an optional parameter in its middle, a quantifier whose condition is no boolean, a line behind the last newline."""
    assert evaluate(text, {}) == value


def test_a_part_has_its_parentheses() -> None:
    """A warning's part begins and ends in balance."""
    warnings: list[FeelWarning] = []
    evaluate('(1 + "a") * 2 in ("b" + 1)', {}, warnings=warnings)
    assert [warning.part for warning in warnings] == ['(1 + "a")', '(1 + "a") * 2', '("b" + 1)']


def test_a_number_beyond_json_is_text() -> None:
    """Whole numbers of 64 bits are ints, larger ones floats, those too large for a float texts; nothing is infinite."""
    values = [Decimal(2) ** 63 - 1, Decimal(2) ** 63, Decimal("1e400"), Decimal("-1e6000"), Decimal("0.5")]
    assert to_plain(values) == [2**63 - 1, float(2**63), "1E+400", "-1E+6000", 0.5]


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), float("nan"), float("-inf")])
def test_what_is_no_number_is_null(value: Any) -> None:
    """A host's NaN or infinity is null with a warning, wherever it is read."""
    for text in ("a + 1", "a > 1", "for i in [1] return a", "{b: a}.b"):
        warnings: list[FeelWarning] = []
        assert evaluate(text, {"a": value}, warnings=warnings) in (None, [None])
        assert "no number of FEEL" in warnings[0].message


def test_a_refused_call_evaluates_its_arguments_once() -> None:
    """Calls within calls whose arguments do not fit take time by their number, not by the power of two of their depth."""
    text = '"a"'
    for _ in range(20):
        text = f"contains({text}, 1)"
    warnings: list[FeelWarning] = []
    assert evaluate(text, {}, warnings=warnings) is None
    assert len(warnings) == 20


def test_a_variable_hides_a_built_in_function() -> None:
    """A name of the context, or a function of the host, comes before the built-in function of that name."""
    assert evaluate("contains(1, 2)", {"contains": 1}) is None
    assert evaluate("abs(-1)", {"abs": None}) is None
    assert evaluate('contains("a", "b")', {}, functions={"contains": lambda text, match: "host"}) == "host"
    assert evaluate("abs(-1)", {}, functions={"other": abs}) == 1
    assert evaluate("{abs: function(x) x * 2, r: abs(3)}.r", {}) == 6
