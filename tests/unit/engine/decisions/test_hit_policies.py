"""What each hit policy makes of the rules that match (DMN 1.5, 8.2.8-8.2.11)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.engine.decisions import load
from amends.engine.decisions.columns import matcher
from amends.engine.decisions.compiling import Place
from amends.engine.decisions.elements import Cell
from amends.engine.decisions.read import read
from amends.engine.decisions.run import Run
from amends.engine.decisions.types import Types
from amends.engine.decisions.xml import parse
from amends.engine.feel import FeelWarning, normalize, unary_test

EMPTY = b'<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'

OVERLAPPING = (("<= 10", '"low"'), (">= 5", '"high"'), (">= 8", '"low"'))


def decide(source: bytes, warnings: list[FeelWarning] | None = None, **values: Any) -> Any:
    return load(source).evaluate("result", values, warnings=warnings)


@pytest.mark.parametrize(
    ("policy", "x", "expected"),
    [
        ("UNIQUE", 3, "low"),
        ("UNIQUE", 6, None),
        ("FIRST", 6, "low"),
        ("RULE ORDER", 9, ["low", "high", "low"]),
        ("COLLECT", 6, ["low", "high"]),
        ("ANY", 6, None),
        ("PRIORITY", 6, "high"),
        ("OUTPUT ORDER", 9, ["high", "low", "low"]),
    ],
)
def test_policies_of_one_output(build: Any, policy: str, x: int, expected: Any) -> None:
    """UNIQUE and ANY refuse a conflict, FIRST and PRIORITY choose, the others list in their order."""
    source = build.one_table(policy, ["x"], OVERLAPPING, output_values=['"high", "low"'])
    assert decide(source, x=x) == expected


def test_a_conflict_says_which_rules(build: Any) -> None:
    """The warning of a conflict names the rules that match at once."""
    warnings: list[FeelWarning] = []
    assert decide(build.one_table("UNIQUE", ["x"], OVERLAPPING), warnings, x=6) is None
    assert [w.message for w in warnings] == ["Rules 1 and 2 of result match at once, but the hit policy is UNIQUE."]


def test_any_accepts_equal_outputs(build: Any) -> None:
    """Under ANY several rules may match if they agree."""
    assert decide(build.one_table("ANY", ["x"], (("> 1", "7.0"), ("> 2", "7"))), x=3) == Decimal(7)


@pytest.mark.parametrize(
    ("aggregation", "expected"), [("SUM", Decimal(9)), ("MIN", Decimal(2)), ("MAX", Decimal(4)), ("COUNT", Decimal(3)), ("", [4, 2, 3])]
)
def test_collect_aggregates(build: Any, aggregation: str, expected: Any) -> None:
    """COLLECT lists its outputs, or gives their sum, least, greatest or number."""
    rules = (("-", "4"), ("> 0", "2"), ("1", "3"), ("2", "99"))
    assert decide(build.one_table("COLLECT", ["x"], rules, aggregation=aggregation), x=1) == expected


def test_several_outputs_make_a_context(build: Any) -> None:
    """With several output columns a hit is a context, ordered by the first column's priority, then the next."""
    rules = (("-", '"b"', "1"), ("-", '"a"', "2"), ("-", '"a"', "1"))
    source = build.one_table("OUTPUT ORDER", ["x"], rules, outputs=("level", "days"), output_values=['"a","b"', "1,2"])
    assert decide(source, x=0) == [{"level": "a", "days": 1}, {"level": "a", "days": 2}, {"level": "b", "days": 1}]


TWO_OUTPUTS = (("> 1", "2", '"b"'), ("> 2", "1", '"a"'), ("> 2", "2", '"a"'), ("5", "1", '"b"'))
A1, A2, B1, B2 = ({"days": Decimal(days), "level": level} for level, days in (("a", 1), ("a", 2), ("b", 1), ("b", 2)))


@pytest.mark.parametrize(
    ("policy", "aggregation", "x", "expected"),
    [
        ("UNIQUE", "", 2, B2), ("UNIQUE", "", 3, None), ("ANY", "", 2, B2), ("ANY", "", 3, None), ("FIRST", "", 5, B2),
        ("PRIORITY", "", 3, A1), ("PRIORITY", "", 2, B2), ("RULE ORDER", "", 5, [B2, A1, A2, B1]),
        ("OUTPUT ORDER", "", 5, [A1, B1, A2, B2]), ("COLLECT", "", 3, [B2, A1, A2]), ("COLLECT", "MAX", 5, {"days": 2, "level": "b"}),
        ("COLLECT", "MIN", 5, {"days": 1, "level": "a"}),
        ("COLLECT", "COUNT", 3, 3), ("COLLECT", "SUM", 2, {"days": 2, "level": None}), ("COLLECT", "", 0, []), ("COLLECT", "COUNT", 0, 0),
    ],
)  # fmt: skip
def test_policies_of_two_outputs(build: Any, policy: str, aggregation: str, x: int, expected: Any) -> None:
    """A hit is a context; priorities are those of the first column, then the second; aggregates are made column by column."""
    source = build.one_table(
        policy, ["x"], TWO_OUTPUTS, outputs=("days", "level"), output_values=["1, 2", '"a","b"'], aggregation=aggregation
    )
    assert decide(source, x=x) == expected


@pytest.mark.parametrize(
    ("policy", "aggregation", "listed"),
    [("UNIQUE", "", False), ("ANY", "", False), ("FIRST", "", False), ("PRIORITY", "", False), ("RULE ORDER", "", True),
     ("OUTPUT ORDER", "", True), ("COLLECT", "", True), ("COLLECT", "MAX", False)],
)  # fmt: skip
def test_defaults_of_two_outputs(build: Any, policy: str, aggregation: str, listed: bool) -> None:
    """Where no rule matches, every output with a default has it and the others are null; a policy that lists gives a list of one."""
    source = build.one_table(policy, ["x"], TWO_OUTPUTS, outputs=("days", "level"), output_values=["1, 2", '"a","b"'], defaults=["2", ""],
                             aggregation=aggregation)  # fmt: skip
    row = {"days": Decimal(2), "level": None}
    assert decide(source, x=0) == ([row] if listed else row)


def test_default_outputs(build: Any) -> None:
    """When no rule matches the default output is the result, as a list of one under a policy that lists."""
    for policy, expected in (("UNIQUE", "none"), ("RULE ORDER", ["none"])):
        assert decide(build.one_table(policy, ["x"], (("1", '"one"'),), defaults=['"none"']), x=2) == expected


def test_no_rule_and_no_default(build: Any) -> None:
    """Without a default a table that must hit is null and says for which input; one that collects is empty."""
    warnings: list[FeelWarning] = []
    assert decide(build.one_table("UNIQUE", ["x", "y"], (("1", "-", '"one"'),)), warnings, x=2, y="a") is None
    assert [w.message for w in warnings] == ['No rule of result matches x = 2, y = "a".']
    assert decide(build.one_table("COLLECT", ["x"], (("1", '"one"'),)), x=2) == []
    assert decide(build.one_table("COLLECT", ["x"], (("1", "1"),), aggregation="COUNT"), x=2) == 0


def test_allowed_values_are_enforced(build: Any) -> None:
    """An input or output outside its allowed values is null, and the warning says so."""
    warnings: list[FeelWarning] = []
    source = build.one_table("UNIQUE", ["x"], (("1", '"one"'), ("2", '"two"')), allowed=["1, 2, 3"], output_values=['"one"'])
    assert decide(source, warnings, x=4) is None
    assert decide(source, warnings, x=2) is None
    assert decide(source, x=1) == "one"
    assert [w.message for w in warnings] == [
        "x is 4, which is not among its allowed values (1, 2, 3), so it is null.",
        "No rule of result matches x = null.",
        'The output result is "two", which is not among its allowed values ("one").',
    ]


def test_explanation_names_the_rules(build: Any) -> None:
    """An explanation gives each matched rule with its id, number, annotation, inputs and outputs, ready for JSON."""
    source = build.one_table("COLLECT", ["x"], (("> 1", '"a"'), ("> 9", '"b"'), ("-", '"c"')), annotations=["big", "huge", "any"])
    explained = load(source).explain("result", {"x": 5}).to_plain()
    assert explained["value"] == ["a", "c"]
    assert explained["matched"] == [
        {"decision": "result", "rule_id": "r1", "index": 1, "annotation": "big", "inputs": {"x": 5}, "outputs": {"result": "a"}},
        {"decision": "result", "rule_id": "r3", "index": 3, "annotation": "any", "inputs": {"x": 5}, "outputs": {"result": "c"}},
    ]
    assert explained["warnings"] == []


def test_a_single_output_may_have_a_label(build: Any) -> None:
    """The output of an explanation is called as the table calls its only column, else as the decision."""
    source = build.one_table("FIRST", ["x"], (("1", "1"),)).replace(b"<decisionTable ", b'<decisionTable outputLabel="days" ')
    assert load(source).explain("result", {"x": 1}).matched[0].outputs == {"days": 1}


def test_explanation_of_a_default(build: Any) -> None:
    """A default output is explained as such: number 0, without a rule."""
    explained = load(build.one_table("FIRST", ["x"], (("1", "1"),), defaults=["0"])).explain("result", {"x": 2})
    assert [(m.rule_id, m.index, m.annotation) for m in explained.matched] == [("", 0, "default output")]


def test_a_broken_cell_matches_nothing(build: Any) -> None:
    """Loading is lenient: a cell that is not FEEL matches nothing and is warned of, the other rules still decide."""
    warnings: list[FeelWarning] = []
    assert decide(build.one_table("FIRST", ["x"], (("== 1", '"bad"'), ("-", '"good"'))), warnings, x=1) == "good"
    assert len(warnings) == 1


def test_columns_of_one_label_are_told_apart(build: Any) -> None:
    """Two columns that test the same are both in the explanation."""
    explained = load(build.one_table("FIRST", ["x", "x"], (("> 1", "< 9", "1"),))).explain("result", {"x": 5})
    assert explained.matched[0].inputs == {"x": 5, "x (2)": 5}


CELLS = ["-", "1", "2, 3", "< 2", "[1..3)", "not(2)", "null", "> limit", "? > 1 and ? < limit", '"a"', "true", "[1, 2]"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(CELLS), min_size=1, max_size=6), st.sampled_from([0, 1, 2, 2.5, 3, None, "a", True, [1]]), st.integers(0, 4)
)
def test_looking_up_and_testing_agree(cells: list[str], value: Any, limit: int) -> None:
    """A table matches the rules whose every test FEEL lets pass, whichever way they are found."""
    place = Place(Types(read(parse(EMPTY, "")), lambda name: None), ("limit",), "d")
    found = matcher([Cell(text=text) for text in cells], place)
    value, scope = normalize(value), {"limit": Decimal(limit)}
    known, tests = found.look(value)
    run = Run(None, None, [])
    mask = known | found.ask(tests, ~known, value, run, run.frame(scope))
    assert [bool(mask >> i & 1) for i in range(len(cells))] == [unary_test(text, value, scope) is True for text in cells]
