"""Sets of values: their algebra, their atoms and their samples, against membership value by value."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.decisions.geometry import NULL, Atoms, Domain, Region, Spans, Values, between, complement, span_set, union

NUMBER, STRING, DATE = Domain("number"), Domain("string"), Domain("date")
WORDS = ("a", "b", "c", "d")

cuts = st.none() | st.tuples(st.integers(0, 6).map(Decimal), st.integers(0, 1))
spans = st.builds(span_set, st.lists(st.tuples(cuts, cuts), max_size=4), st.booleans())
values = st.builds(Values, st.frozensets(st.sampled_from(WORDS[:3])), st.booleans(), st.booleans())
probes = st.integers(-2, 16).map(lambda n: Decimal(n) / 2)


def has(region: Region, value: Any) -> bool:
    """Membership, by the definition."""
    if value is None:
        return region.null
    if isinstance(region, Values):
        return (value in region.values) != region.others
    return any((low is None or low <= (value, 0)) and (high is None or (value, 0) < high) for low, high in region.spans)


@given(spans, spans, st.none() | probes)
def test_algebra_of_spans(left: Spans, right: Spans, probe: Decimal | None) -> None:
    """A union has what either set has, a complement what the set has not, null included."""
    assert has(union(left, right), probe) == (has(left, probe) or has(right, probe))
    assert has(complement(left), probe) != has(left, probe)
    assert complement(complement(left)) == left


@given(values, values, st.none() | st.sampled_from(WORDS))
def test_algebra_of_enumerations(left: Values, right: Values, probe: str | None) -> None:
    """The same holds for values and for «all but these»."""
    assert has(union(left, right), probe) == (has(left, probe) or has(right, probe))
    assert has(complement(left), probe) != has(left, probe)


@given(st.lists(spans, max_size=5), st.none() | spans, probes)
def test_a_value_is_in_a_set_exactly_if_its_atom_is(regions: list[Spans], allowed: Spans | None, probe: Decimal) -> None:
    """Atoms never divide what a condition answers alike."""
    atoms = Atoms(NUMBER, regions, allowed)
    bit = 1 << atoms.atom(probe)
    for region in regions:
        assert bool(atoms.mask(region) & bit) == has(region, probe)
        assert bool(atoms.mask(region) & atoms.null_bit) == region.null
    if allowed is not None:
        assert bool(atoms.legal & bit) == has(allowed, probe)


@given(st.lists(values, max_size=5), st.sampled_from(WORDS))
def test_words_have_atoms_too(regions: list[Values], probe: str) -> None:
    """A word that no condition names is in the atom of the others."""
    atoms = Atoms(STRING, regions, None)
    for region in regions:
        assert bool(atoms.mask(region) >> atoms.atom(probe) & 1) == has(region, probe)


@given(st.lists(spans, min_size=1, max_size=4), st.data())
def test_a_sample_lies_in_its_atoms(regions: list[Spans], data: st.DataObject) -> None:
    """What stands as the example of a finding is an input of which the finding is true."""
    atoms = Atoms(NUMBER, regions, None)
    mask = data.draw(st.integers(1, (1 << atoms.count) - 1))
    assert mask >> atoms.atom(atoms.sample(mask)) & 1


def test_samples_are_plain() -> None:
    """An example is a round value: 5000 between 1000 and 10000, a word that says it is any other."""
    atoms = Atoms(NUMBER, [span_set([((Decimal(1000), 1), (Decimal(10000), 0))])], None)
    assert atoms.sample(0b010) == Decimal(5000)
    words = Atoms(STRING, [Values(frozenset({"low", "another value"}))], None)
    assert words.sample(0b100) == "another value 1"
    assert words.sample(0) is NULL


def test_days_have_no_gap_between_neighbours() -> None:
    """Up to the 3rd and from the 4th leaves no date open; up to 3 and from 4 leaves 3.5 open, unless numbers are whole."""
    third, fourth = datetime.date(2025, 1, 3), datetime.date(2025, 1, 4)
    assert DATE.cut(third, 1) == DATE.cut(fourth, 0)
    assert NUMBER.cut(Decimal(3), 1) != NUMBER.cut(Decimal(4), 0)
    whole = Domain("number", integral=True)
    assert whole.cut(Decimal(3), 1) == whole.cut(Decimal(4), 0) == whole.cut(Decimal("3.5"), 0)


def test_samples_between_times() -> None:
    """Between two dates and times there is a middle; beyond the last cut the next day, the next whole number."""
    moments = Domain("date and time")
    noon, one = datetime.datetime(2025, 1, 1, 12), datetime.datetime(2025, 1, 1, 12, 0, 0, 1)
    assert between(moments, (noon, 1), (noon + datetime.timedelta(hours=2), 0)) == noon + datetime.timedelta(hours=1)
    assert between(moments, (noon, 1), (one, 1)) == one
    assert between(moments, None, (noon, 0)) == noon - datetime.timedelta(days=1)
    assert between(moments, (noon, 1), None) == noon + datetime.timedelta(days=1)
    assert between(moments, None, (noon, 1)) == between(moments, (noon, 0), None) == noon
    assert between(moments, None, None) == datetime.datetime(2025, 1, 1, 12)
    assert between(NUMBER, (Decimal("1.25"), 1), (Decimal("1.26"), 1)) == Decimal("1.26")
    assert between(NUMBER, None, (Decimal("-3.5"), 0)) == Decimal(-4)


def test_sets_of_different_domains_have_no_union() -> None:
    """A set of words and a set of numbers cannot be joined."""
    with pytest.raises(TypeError):
        union(Values(frozenset()), Spans(()))
