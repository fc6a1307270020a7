"""Cron expressions of timer cycles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.definitions.cron import CronError, looks_like_cron, parse_cron
from amends.engine.definitions.timers import literal_fault

FROM = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
NEXT = {
    "0 0 9 * * MON-FRI": "2026-03-03T09:00:00",
    "0 9 * * MON": "2026-03-09T09:00:00",
    "*/10 * * * * *": "2026-03-02T09:00:10",
    "0 0/30 8-17 * * ?": "2026-03-02T09:30:00",
    "0 0 0 1 1 *": "2027-01-01T00:00:00",
    "@daily": "2026-03-03T00:00:00",
    "@Hourly": "2026-03-02T10:00:00",
    "@weekly": "2026-03-08T00:00:00",
    "0 0 0 L * *": "2026-03-31T00:00:00",
    "0 0 0 L-3 * *": "2026-03-28T00:00:00",
    "0 0 0 15W * *": "2026-03-16T00:00:00",  # the 15th is a Sunday
    "0 0 0 1W * *": "2026-04-01T00:00:00",
    "0 0 0 1W AUG *": "2026-08-03T00:00:00",  # the 1st is a Saturday
    "0 0 0 LW * *": "2026-03-31T00:00:00",
    "0 0 0 LW MAY *": "2026-05-29T00:00:00",  # the 31st is a Sunday
    "0 0 0 * * 5L": "2026-03-27T00:00:00",
    "0 0 0 * * FRIL": "2026-03-27T00:00:00",
    "0 0 0 ? * MON#2": "2026-03-09T00:00:00",
    "0 0 0 29 2 *": "2028-02-29T00:00:00",
    "0 0 0 13 * FRI": "2026-03-13T00:00:00",
    "0 0 13 * FRI": "2026-03-06T00:00:00",  # crontab: the 13th or a Friday
    "0 0 12 * * 7": "2026-03-08T12:00:00",
    "5,10 0 9,12 2 3 *": "2026-03-02T09:00:05",
}


@pytest.mark.parametrize(("text", "expected"), NEXT.items())
def test_the_next_occurrence(text: str, expected: str) -> None:
    """Six fields as in Spring (which Camunda 8 uses), five as in crontab, and names for the usual ones; in UTC."""
    assert looks_like_cron(text) and literal_fault("cycle", text) == ""
    assert parse_cron(text).after(FROM) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


WRONG = {
    "0 0 25 * * *": "'25' is no hour, which is from 0 to 23",
    "0 0 9 * * MOO": "'MOO' is no day of the week",
    "* * * * * * *": "it has 7 fields",
    "@fortnightly *": "it has 2 fields",
    "0 0 9 5-2 * *": "'5-2' ends before it begins",
    "0 */0 * * * *": "'*/0' has no step above zero",
    "0 0 0 ? * MON#6": "'MON#6' is no week of a month",
}


@pytest.mark.parametrize(("text", "why"), WRONG.items())
def test_what_is_no_cron_expression_says_which_part(text: str, why: str) -> None:
    """The message names the part and what it can be."""
    with pytest.raises(CronError) as error:
        parse_cron(text)
    assert why in str(error.value)


def test_what_never_comes_is_found_when_it_is_checked() -> None:
    """30 February is refused instead of waited for."""
    assert parse_cron("0 0 0 30 2 *").after(FROM) is None
    assert literal_fault("cycle", "0 0 0 30 2 *") == "is '0 0 0 30 2 *', which never comes"


_FIELD = st.one_of(st.sampled_from(["*", "3-9/2", "2,5,11"]), st.integers(1, 12).map(str), st.integers(1, 6).map(lambda n: f"*/{n}"))


@given(st.lists(_FIELD, min_size=5, max_size=5), st.integers(0, 10**8))
def test_an_occurrence_is_the_first_second_that_every_field_matches(fields: list[str], seconds: int) -> None:
    """Against matching field by field, second by second, over the hours before it."""
    text = " ".join([*fields, "*"])
    start = FROM + timedelta(seconds=seconds)
    found = parse_cron(text).after(start)
    assert found is not None and found > start

    def matches(field: str, value: int, low: int) -> bool:
        for part in field.split(","):
            span, _, step = part.partition("/")
            first, _, last = span.partition("-")
            begin, end = (low, 99) if span == "*" else (int(first), int(last or first))
            if begin <= value <= end and (value - begin) % int(step or 1) == 0:
                return True
        return False

    def all_match(at: datetime) -> bool:
        values = (at.second, at.minute, at.hour, at.day, at.month)
        return all(matches(field, value, low) for field, value, low in zip(fields, values, (0, 0, 0, 1, 1), strict=True))

    assert all_match(found)
    before = max(start, found - timedelta(seconds=2_000))
    assert not any(all_match(before + timedelta(seconds=n)) for n in range(1, int((found - before).total_seconds())))
