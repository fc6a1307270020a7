"""What holds for every clock: pauses keep what is left, extensions add up, order does not matter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from amends.engine.calendars import Calendar, Clock, Extension, read_length
from amends.engine.calendars.lengths import CALENDAR

HOURS = {
    "mon": [["09:00", "12:00"], ["13:00", "17:00"]],
    "tue": [["00:00", "24:00"]],
    "thu": [["08:00", "20:00"]],
    "sun": [["00:30", "03:00"]],
}
ENGLAND = {"timezone": "Europe/London", "holidays": {"country": "GB", "subdivision": "ENG"}}
CALENDARS = {
    "office": Calendar.from_data(ENGLAND, "office"),
    "odd": Calendar.from_data({**ENGLAND, "hours": HOURS, "received_when_closed": "next working day"}, "odd"),
    "same": Calendar.from_data({**ENGLAND, "due": "same time", "received_after_hours": "next working day"}, "same"),
}

starts = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
lengths = st.one_of(
    st.integers(0, 60).map("{} working days".format),
    st.integers(0, 60).map("{} working days, end of day".format),
    st.integers(0, 60).map("{} working days, same time".format),
    st.integers(0, 200).map("{} working hours".format),
    st.integers(0, 20).map("P{}W".format),
    st.integers(0, 20).map("P{}M, end of day".format),
    st.integers(0, 500).map("PT{}H".format),
)
plain_extensions = st.sampled_from(["1 working day", "10 working days", "7 working hours", "P10D", "P1M", "PT36H", "P2W"])
clocks = st.builds(Clock.begin, st.just("c"), starts, lengths, st.sampled_from(list(CALENDARS)))
gaps = st.timedeltas(timedelta(0), timedelta(days=40))
warnings = st.sampled_from(["10%", "50%", "99%", "P2D", "1 working day", "3 working hours"])


def due(clock: Clock) -> datetime:
    found = clock.due(CALENDARS)
    assert found is not None
    return found


@given(clocks, gaps, gaps)
def test_a_resumed_clock_has_as_much_left_as_when_it_was_paused(clock: Clock, before: timedelta, pause: timedelta) -> None:
    """Whatever its kind, unless it is late by working days, which count as soon as they begin. No pause makes a clock late."""
    at = clock.start + before
    resumed_at = at + pause
    before_pause, after_pause = clock.remaining(at, CALENDARS), clock.paused(at).resumed(resumed_at).remaining(resumed_at, CALENDARS)
    if before_pause.unit == "working days" and before_pause.late:
        assert after_pause.late
        return
    assert (after_pause.unit, after_pause.amount) == (before_pause.unit, before_pause.amount)
    # Late by no working time, as at night, is made up for by a pause that ends in working time: on that instant it is due.
    assert after_pause.late == before_pause.late or (before_pause.late and not before_pause.amount)


@given(clocks, gaps, gaps)
def test_the_due_instant_moves_by_the_pause_in_the_clocks_kind(clock: Clock, before: timedelta, pause: timedelta) -> None:
    """Elapsed time, midnights, working time, or closes."""
    at = clock.start + before
    resumed_at, calendar = at + pause, CALENDARS[clock.calendar]
    first, then = due(clock), due(clock.paused(at).resumed(resumed_at))
    length = read_length(clock.length)
    if length.kind == CALENDAR and length.due:
        assert (calendar.local(then).date() - calendar.local(first).date()) == calendar.local(resumed_at).date() - calendar.local(at).date()
        assert calendar.local(then).time() == calendar.local(first).time()
    elif length.kind == CALENDAR:
        assert then - first == pause
    elif length.kind == "working days" and (length.due or calendar.due_rule) == "end of day":
        assert calendar.closings_between(first, then) == calendar.closings_between(at, resumed_at)
    else:
        assert calendar.working_time_between(first, then) == calendar.working_time_between(at, resumed_at)


@given(clocks, gaps)
def test_pausing_and_resuming_at_the_same_instant_changes_nothing(clock: Clock, before: timedelta) -> None:
    """A slip of the hand costs nobody anything."""
    at = clock.start + before
    assert due(clock.paused(at).resumed(at)) == due(clock)


@given(clocks, gaps, gaps, gaps)
def test_two_adjoining_pauses_are_one(clock: Clock, before: timedelta, one: timedelta, two: timedelta) -> None:
    """Where a pause is cut does not matter."""
    at = clock.start + before
    cut, end = at + one, at + one + two
    assert due(clock.paused(at).resumed(cut).paused(cut).resumed(end)) == due(clock.paused(at).resumed(end))


@given(clocks, gaps, gaps, gaps)
def test_a_longer_pause_is_never_due_earlier(clock: Clock, before: timedelta, pause: timedelta, more: timedelta) -> None:
    """And no pause makes a deadline earlier."""
    at = clock.start + before
    shorter, longer = clock.paused(at).resumed(at + pause), clock.paused(at).resumed(at + pause + more)
    assert due(clock) <= due(shorter) <= due(longer)


@given(clocks, st.lists(plain_extensions, min_size=2, max_size=3))
def test_the_order_of_extensions_does_not_matter(clock: Clock, by: list[str]) -> None:
    """Whatever their kinds."""
    found = set()
    for order in permutations(by):
        extended = clock
        for length in order:
            extended = extended.extended(length, "why", clock.start)
        found.add(due(extended))
    assert len(found) == 1


@given(clocks, plain_extensions, gaps, gaps)
def test_extending_before_or_during_or_after_a_pause_is_the_same(clock: Clock, by: str, before: timedelta, pause: timedelta) -> None:
    """An extension adds time, and a pause takes the time it takes."""
    at = clock.start + before
    first = clock.extended(by, "why", at).paused(at).resumed(at + pause)
    during = clock.paused(at).extended(by, "why", at).resumed(at + pause)
    after = clock.paused(at).resumed(at + pause).extended(by, "why", at)
    assert due(first) == due(during) == due(after)


@given(clocks, plain_extensions)
def test_an_extended_clock_is_due_later(clock: Clock, by: str) -> None:
    """Never earlier, and never at the same instant, except for one that is due at night anyway."""
    extended = due(clock.extended(by, "why", clock.start))
    assert extended >= due(clock)
    if read_length(by).kind == read_length(clock.length).kind == CALENDAR:
        assert extended > due(clock)


@given(starts, st.integers(0, 40), st.integers(1, 40), st.sampled_from(list(CALENDARS)))
def test_extensions_of_the_same_kind_are_a_longer_clock(start: datetime, n: int, more: int, calendar: str) -> None:
    """n working days and m more are n + m working days; the same for the other kinds."""
    for text in ("{} working days", "{} working hours", "P{}D", "P{}M", "PT{}H"):
        extended = Clock.begin("c", start, text.format(n), calendar).extended(text.format(more), "why", start)
        assert due(extended) == due(Clock.begin("c", start, text.format(n + more), calendar))


@given(clocks, st.lists(plain_extensions, max_size=2), st.lists(gaps, max_size=6), warnings)
def test_no_clock_is_due_or_warns_before_its_start(clock: Clock, by: list[str], steps: list[timedelta], warning: str) -> None:
    """Whatever happens to it, and a warning is not after the due instant."""
    at = clock.start
    clock = Clock.begin("c", clock.start, clock.length, clock.calendar, (warning,))
    for step in steps:
        at += step
        clock = clock.resumed(at) if clock.is_paused else clock.paused(at)
    clock = clock.resumed(at) if clock.is_paused else clock
    for length in by:
        clock = clock.extended(length, "why", at)
    assert clock.start <= clock.warning_instants(CALENDARS)[0] <= max(due(clock), clock.start)


@given(clocks, gaps, st.timedeltas(timedelta(seconds=1), timedelta(days=30)), warnings)
def test_a_pause_does_not_move_a_warning_that_was_reached(clock: Clock, before: timedelta, pause: timedelta, warning: str) -> None:
    """What has been said has been said; what was to come is not reached by standing still."""
    clock = Clock.begin("c", clock.start, clock.length, clock.calendar, (warning,))
    at = clock.start + before
    first, then = clock.warning_instants(CALENDARS)[0], clock.paused(at).resumed(at + pause).warning_instants(CALENDARS)[0]
    assert then == first if first <= at else then >= first


@given(clocks, gaps, gaps, st.booleans())
def test_met_is_timely_exactly_up_to_the_due_instant(clock: Clock, before: timedelta, pause: timedelta, early: bool) -> None:
    """Also with a pause before."""
    clock = clock.paused(clock.start + before).resumed(clock.start + before + pause)
    end = due(clock)
    met = clock.met(end if early else end + timedelta.resolution)
    if met.met_at and met.met_at >= clock.start + before + pause:
        assert met.state(end, CALENDARS) == ("met" if early else "met late")


@given(clocks, st.lists(gaps, max_size=5), st.text(max_size=5))
def test_plain_and_back_is_the_same_clock(clock: Clock, steps: list[timedelta], reason: str) -> None:
    """To the microsecond."""
    at = clock.start
    for step in steps:
        at += step
        clock = clock.resumed(at) if clock.is_paused else clock.paused(at, reason)
    clock = Clock(**{**clock.__dict__, "extensions": (Extension("P1D", reason, at),)})
    assert Clock.from_plain(clock.to_plain()) == clock


@given(clocks, gaps, gaps)
def test_the_share_that_has_passed_only_grows(clock: Clock, one: timedelta, two: timedelta) -> None:
    """It reaches the whole when the clock is due."""
    first = clock.fraction(clock.start + one, CALENDARS)
    assert 0 <= first <= clock.fraction(clock.start + one + two, CALENDARS) <= 1
    assert clock.fraction(due(clock), CALENDARS) == 1
