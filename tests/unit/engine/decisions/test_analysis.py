"""The analysis of tables against brute force: every input of a grid that meets every side of every condition is tried."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.engine.decisions import boxes
from amends.engine.decisions.analysis import ColumnSpec, Finding, TableAnalysis
from amends.engine.decisions.conditions import condition
from amends.engine.decisions.geometry import Domain, Region, Values
from amends.engine.feel import Time, YearMonthDuration, evaluate, parse_unary

numbers = st.integers(0, 4).map(str)
number_ranges = st.builds(lambda a, low, high, b: f"{a}{low}..{high}{b}", st.sampled_from("[("), numbers, numbers, st.sampled_from("])"))
number_tests = st.one_of(numbers, st.builds("{} {}".format, st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), numbers), number_ranges)
question_tests = st.builds(
    "? {} {} {} ? {} {}".format,
    st.sampled_from(["<", ">="]),
    numbers,
    st.sampled_from(["and", "or"]),
    st.sampled_from([">", "<="]),
    numbers,
)
word_tests = st.sampled_from(['"a"', '"b"', '"c"'])
flag_tests = st.sampled_from(["true", "false"])
day_counts = st.integers(0, 3).map('duration("P{}D")'.format)
month_counts = st.integers(0, 3).map('duration("P{}M")'.format)
hours = st.integers(8, 11).map('time("{:02}:00:00")'.format)
moments = st.integers(8, 11).map('date and time("2025-01-01T{:02}:00:00")'.format)


def ordered(constants: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A comparison with a constant, or a range of two."""
    compared = st.builds("{} {}".format, st.sampled_from(["", "<", "<=", ">", ">=", "!="]), constants)
    return compared | st.builds("{}{}..{}{}".format, st.sampled_from("[("), constants, constants, st.sampled_from("])"))


day_tests = st.builds('{}date("2025-01-0{}")'.format, st.sampled_from(["", "< ", "<= ", "> ", ">= "]), st.integers(2, 4))


def cells(tests: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A cell: no test, one or several, or none of several."""
    several = st.lists(tests, min_size=1, max_size=3).map(", ".join)
    return st.one_of(st.just("-"), several, several.map("not({})".format), st.just("null"))


GRIDS: dict[str, list[Any]] = {
    "number": [Decimal(n) / 2 for n in range(-2, 11)],
    "string": ["a", "b", "c", "d"],
    "boolean": [True, False],
    "date": [datetime.date(2025, 1, day) for day in range(1, 6)],
    "days and time duration": [datetime.timedelta(hours=12 * n) for n in range(-1, 8)],
    "years and months duration": [YearMonthDuration(n) for n in range(-1, 5)],
    "time": [evaluate(f'time("{n // 2:02}:{n % 2 * 3}0:00")', {}) for n in range(15, 24)],
    "date and time": [datetime.datetime(2025, 1, 1, n // 2, n % 2 * 30) for n in range(15, 24)],
}
TESTS = {
    "number": cells(number_tests) | question_tests,
    "string": cells(word_tests),
    "boolean": cells(flag_tests),
    "date": cells(day_tests),
    "days and time duration": cells(ordered(day_counts)),
    "years and months duration": cells(ordered(month_counts)),
    "time": cells(ordered(hours)),
    "date and time": cells(ordered(moments)),
}
ALLOWED = {
    "number": "[0..4]", "string": '"a","b","c"', "boolean": "true", "date": '>= date("2025-01-02")',
    "days and time duration": '>= duration("P0D")', "years and months duration": '[duration("P0M")..duration("P3M")]',
    "time": '> time("08:00:00")', "date and time": '< date and time("2025-01-01T11:00:00")',
}  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> list[ColumnSpec]:
    """A table of one to three columns and up to five rules, some columns with allowed values."""
    rules = draw(st.integers(1, 5))
    columns = []
    for number in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(sorted(GRIDS)))
        allowed = parse_unary(ALLOWED[kind]) if draw(st.booleans()) else None
        tests = [parse_unary(draw(TESTS[kind])) for _ in range(rules)]
        columns.append(ColumnSpec(f"c{number}", kind, False, allowed, tests))
    return columns


def grid(columns: Sequence[ColumnSpec], null: bool) -> list[tuple[Any, ...]]:
    """Every input of the grid within the allowed values, with null among them if asked."""
    sides = []
    for column in columns:
        legal = [value for value in GRIDS[column.kind] if column.allowed is None or column.allowed.evaluate(value, {}) is True]
        sides.append([*legal, None] if null else legal)
    return list(product(*sides))


def matching(columns: Sequence[ColumnSpec], values: Sequence[Any]) -> list[int]:
    """The rules that match an input, by FEEL's own evaluation of every cell."""
    count = len(columns[0].tests)
    return [r for r in range(count) if all(c.tests[r].evaluate(v, {}) is True for c, v in zip(columns, values, strict=True))]  # type: ignore[union-attr]


def has(region: Region, value: Any) -> bool:
    """Membership, by the definition."""
    if value is None:
        return region.null
    if isinstance(region, Values):
        return (value in region.values) != region.others
    if isinstance(value, YearMonthDuration):
        value = Decimal(value.months)
    elif isinstance(value, Time):
        value = Decimal(value.hour * 3600 + value.minute * 60 + value.second)
    return any((low is None or low <= (value, 0)) and (high is None or (value, 0) < high) for low, high in region.spans)


def example(found: Finding) -> list[Any]:
    return [value for _, value in found.example]


@settings(max_examples=250, deadline=None)
@given(tables())
def test_overlaps_are_those_of_brute_force(columns: list[ColumnSpec]) -> None:
    """A pair is reported exactly if some input matches both rules, and its example does."""
    seen = {pair for values in grid(columns, True) for pair in combinations(matching(columns, values), 2)}
    found = list(TableAnalysis(columns, len(columns[0].tests)).overlaps())
    assert {overlap.rules for overlap in found} == seen
    for overlap in found:
        assert set(overlap.rules) <= set(matching(columns, example(overlap)))


@settings(max_examples=250, deadline=None)
@given(tables())
def test_gaps_are_those_of_brute_force(columns: list[ColumnSpec]) -> None:
    """Gaps are reported exactly if some allowed input other than null matches no rule, and every example is one."""
    open_inputs = [values for values in grid(columns, False) if not matching(columns, values)]
    found = TableAnalysis(columns, len(columns[0].tests)).gaps(limit=1_000)
    assert bool(found) == bool(open_inputs)
    for gap in found:
        assert matching(columns, example(gap)) == []


@settings(max_examples=250, deadline=None)
@given(tables())
def test_rules_that_never_match_and_masked_rules(columns: list[ColumnSpec]) -> None:
    """A rule is reported as never matching, or as masked by earlier ones, exactly if it never comes first for any input."""
    count = len(columns[0].tests)
    analysis = TableAnalysis(columns, count)
    hits = [matching(columns, values) for values in grid(columns, True)]
    never = {rule for rule in range(count) if not any(rule in hit for hit in hits)}
    first = {hit[0] for hit in hits if hit}
    assert {found.rules[0] for found in analysis.never()} == never
    masked = list(analysis.masked([list(range(rule)) for rule in range(count)]))
    assert {found.rules[0] for found in masked} == set(range(count)) - never - first
    for found in masked:
        hit = matching(columns, example(found))
        assert found.rules[0] in hit and hit[0] < found.rules[0]
        assert all(min(m) < found.rules[0] for m in hits if found.rules[0] in m and set(m) & set(found.rules[1:]))


@pytest.mark.parametrize("kind", sorted(GRIDS))
@given(data=st.data())
def test_a_condition_is_drawn_as_feel_evaluates_it(kind: str, data: st.DataObject) -> None:
    """The set drawn for a cell holds exactly the values of the grid, and null, that FEEL's own evaluation accepts."""
    tests = parse_unary(data.draw(TESTS[kind]))
    region = condition(tests, Domain(kind))
    assert region is not None
    for value in [*GRIDS[kind], None]:
        assert has(region, value) == (tests.evaluate(value, {}) is True)


def column(kind: str, *tests: str, allowed: str = "") -> ColumnSpec:
    return ColumnSpec(kind, kind, False, parse_unary(allowed) if allowed else None, [parse_unary(text) for text in tests])


def test_what_reads_a_variable_is_beyond() -> None:
    """An entry that reads a variable is said to be beyond the analysis, and nothing that depends on it is reported."""
    analysis = TableAnalysis([column("number", "> limit", "< 5", "[3..4]")], 3)
    assert [(f.rules, f.column) for f in analysis.beyond()] == [((0,), 0)]
    assert [f.rules for f in analysis.overlaps()] == [(1, 2)]
    assert analysis.gaps() == []


def test_a_gap_is_reported_where_even_an_unknown_entry_cannot_match() -> None:
    """An entry beyond the analysis does not hide a gap in another column."""
    columns = [column("number", "> limit", "< 5"), column("string", '"a"', '"a"', allowed='"a","b"')]
    gaps = TableAnalysis(columns, 2).gaps()
    assert [dict(gap.example)["string"] for gap in gaps] == ["b"]


@pytest.mark.parametrize(
    ("kind", "tests", "example_text"),
    [
        ("time", ('< time("12:00:00")', '> time("12:00:00")'), "12:00:00"),
        ("days and time duration", ('< duration("P1D")', '> duration("P1D")'), "P1D"),
        ("years and months duration", ('<= duration("P1Y")', '>= duration("P1Y2M")'), "P1Y1M"),
        ("date and time", ('< date and time("2025-01-01T00:00:00")', '> date and time("2025-01-01T00:00:00")'), "2025-01-01T00:00:00"),
        ("date", ('< date("2025-03-01")', '> date("2025-03-01")'), "2025-03-01"),
    ],
)
def test_temporal_gaps(kind: str, tests: tuple[str, str], example_text: str) -> None:
    """The one value between two conditions on dates, times and durations is found."""
    from amends.engine.feel import to_plain

    gaps = TableAnalysis([column(kind, *tests)], 2).gaps()
    assert [to_plain(gap.example[0][1]) for gap in gaps] == [example_text]


def test_whole_days_and_months_leave_no_gap() -> None:
    """Up to a day and from the next day is complete; so are months of durations."""
    assert TableAnalysis([column("date", '<= date("2025-01-01")', '>= date("2025-01-02")')], 2).gaps() == []
    assert TableAnalysis([column("years and months duration", '<= duration("P1M")', '> duration("P1M")')], 2).gaps() == []
    assert TableAnalysis([column("time", '<= time("12:00:00")', '> time("12:00:00")')], 2).gaps() == []


def test_too_large_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that would take too long is called too large, never searched in part."""
    monkeypatch.setattr(boxes, "MAX_WORK", 1)
    analysis = TableAnalysis([column("number", "1", "2", "3"), column("string", '"a"', '"b"', '"c"')], 3)
    assert [found.kind for found in analysis.gaps()] == ["too large"]
