"""Clocks: when they are due, what pauses and extensions do, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from amends.engine.calendars import Calendar, Clock, Extension, Pause, Remaining
from amends.engine.errors import Invalid, NotFound

LONDON = ZoneInfo("Europe/London")
CALENDARS = {
    "default": Calendar.from_data({"timezone": "Europe/London", "holidays": {"country": "GB", "subdivision": "ENG"}}),
    "same": Calendar.from_data({"timezone": "Europe/London", "due": "same time"}, "same"),
    "lenient": Calendar.from_data({"timezone": "Europe/London", "received_when_closed": "next working day"}, "lenient"),
}


def london(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=LONDON)  # type: ignore[arg-type]


TUESDAY = london(2026, 5, 5, 10)  # after the early May bank holiday


def clock(length: str = "5 working days", start: datetime = TUESDAY, calendar: str = "default", warnings: tuple[str, ...] = ()) -> Clock:
    return Clock.begin("first response", start, length, calendar, warnings)


@pytest.mark.parametrize(
    ("length", "due"),
    [
        ("5 working days", london(2026, 5, 12, 17)),
        ("5 working days, same time", london(2026, 5, 12, 10)),
        ("8 working hours", london(2026, 5, 6, 10)),
        ("P8W", london(2026, 6, 30, 10)),
        ("P30D, end of day", london(2026, 6, 4, 23, 59, 59)),
        ("P6M", london(2026, 11, 5, 10)),
        ("PT24H", london(2026, 5, 6, 10)),
        ("PT0S", london(2026, 5, 5, 10)),
        ("0 working days", london(2026, 5, 5, 17)),
    ],
)
def test_a_clock_is_due_its_length_after_its_start(length: str, due: datetime) -> None:
    """In calendar or working time; the due instant is in UTC."""
    found = clock(length).due(CALENDARS)
    assert found == due
    assert found is not None and found.tzinfo is UTC


def test_a_weekend_receipt_follows_the_calendars_rule() -> None:
    """The rule is data, since regulators differ."""
    saturday = london(2026, 6, 6, 12)
    assert clock(start=saturday).due(CALENDARS) == london(2026, 6, 12, 17)
    assert clock(start=saturday, calendar="lenient").due(CALENDARS) == london(2026, 6, 15, 17)


def test_weeks_keep_the_time_of_day_over_daylight_saving_and_hours_do_not() -> None:
    """Eight weeks end at the same time on the wall; 24 hours are 24 hours."""
    assert clock("P8W", london(2026, 3, 10, 10)).due(CALENDARS) == london(2026, 5, 5, 10)
    assert clock("PT24H", london(2026, 3, 28, 10)).due(CALENDARS) == london(2026, 3, 29, 11)
    assert clock("PT24H", london(2026, 10, 24, 10)).due(CALENDARS) == london(2026, 10, 25, 9)


def test_a_paused_clock_has_no_due_instant_and_no_warnings() -> None:
    """It stands still until it is resumed."""
    paused = clock(warnings=("1 working day",)).paused(london(2026, 5, 6, 10), "waiting for the complainant")
    assert paused.due(CALENDARS) is None
    assert paused.warning_instants(CALENDARS) == ()
    assert paused.state(london(2027, 1, 1), CALENDARS) == "paused"


@pytest.mark.parametrize(
    ("length", "calendar", "due"),
    [
        # Paused from Wednesday 12:00 to Friday 15:00.
        ("P8W", "default", london(2026, 7, 2, 13)),  # 51 hours
        ("P30D, end of day", "default", london(2026, 6, 6, 23, 59, 59)),  # two midnights
        ("5 working days", "default", london(2026, 5, 14, 17)),  # the closes of Wednesday and Thursday
        ("16 working hours", "default", london(2026, 5, 11, 13)),  # 5 + 8 + 6 hours
        ("5 working days", "same", london(2026, 5, 14, 13)),  # the same 19 working hours
    ],
)
def test_a_pause_puts_the_due_instant_off_in_the_clocks_own_kind(length: str, calendar: str, due: datetime) -> None:
    """Elapsed time, midnights, closes or working time."""
    resumed = clock(length, calendar=calendar).paused(london(2026, 5, 6, 12)).resumed(london(2026, 5, 8, 15))
    assert resumed.due(CALENDARS) == due


def test_a_pause_over_a_weekend_takes_nothing_from_working_time() -> None:
    """Nobody would have worked on it anyway."""
    for length in ("5 working days", "16 working hours"):
        resumed = clock(length).paused(london(2026, 5, 8, 17, 1)).resumed(london(2026, 5, 11, 8))
        assert resumed.due(CALENDARS) == clock(length).due(CALENDARS)


def test_a_pause_within_a_day_takes_no_working_day() -> None:
    """A clock that counts days to their end loses a day when the day closes without it."""
    resumed = clock().paused(london(2026, 5, 6, 10)).resumed(london(2026, 5, 6, 16))
    assert resumed.due(CALENDARS) == clock().due(CALENDARS)


def test_a_pause_makes_no_clock_late() -> None:
    """Due in the evening, paused before, and resumed the next morning: nothing has been worked, and it is due when resumed."""
    evening = clock("1 working day, same time", london(2026, 5, 5, 20))
    assert evening.due(CALENDARS) == london(2026, 5, 6, 20)
    assert evening.paused(london(2026, 5, 6, 18)).resumed(london(2026, 5, 7, 8)).due(CALENDARS) == london(2026, 5, 7, 8)


def test_a_second_pause_while_late_keeps_it_late() -> None:
    """The time it is late by stays the same, as the time left does."""
    late = clock().paused(london(2026, 5, 14, 10)).resumed(london(2026, 5, 18, 10))
    assert late.due(CALENDARS) == london(2026, 5, 14, 17)
    assert late.state(london(2026, 5, 18, 10), CALENDARS) == "late"


def test_extensions_add_up_in_their_own_kinds() -> None:
    """Housing Ombudsman: ten working days and ten more. A different kind is added after the clock's own."""
    at = london(2026, 5, 6, 9)
    assert clock("10 working days").extended("10 working days", "complex", at).due(CALENDARS) == clock("20 working days").due(CALENDARS)
    assert clock("P1M", london(2026, 1, 31, 9)).extended("P1M", "complex", at).due(CALENDARS) == london(2026, 3, 31, 9)
    assert clock().extended("P7D", "complex", at).due(CALENDARS) == london(2026, 5, 19, 17)
    assert clock("P8W").extended("2 working days", "complex", at).due(CALENDARS) == london(2026, 7, 2, 17)
    assert clock("P8W").extended("8 working hours", "complex", at).due(CALENDARS) == london(2026, 7, 1, 10)


def test_an_extension_is_kept_with_reason_and_actor() -> None:
    """ISO 10002 4.15: extensions have a reason."""
    at = london(2026, 5, 6, 9)
    extended = clock().extended("P7D", "the report is late", at, "account:7")
    assert extended.extensions == (Extension("P7D", "the report is late", at.astimezone(UTC), "account:7"),)


def test_the_states_of_a_clock() -> None:
    """On the instant it is due it is in time; a warning on its instant is reached."""
    running = clock(warnings=("1 working day",))
    due, warning = london(2026, 5, 12, 17), london(2026, 5, 11, 17)
    moment = timedelta.resolution
    states = [running.state(at, CALENDARS) for at in (warning - moment, warning, due, due + moment)]
    assert states == ["running", "soon", "soon", "late"]
    assert running.met(due).state(due, CALENDARS) == "met"
    assert running.met(due + moment).state(due, CALENDARS) == "met late"
    assert running.cancelled(due, "withdrawn").state(due, CALENDARS) == "cancelled"


def test_met_while_paused_counts_the_pause_up_to_then() -> None:
    """An answer sent while waiting is timely however long the wait was."""
    met = clock().paused(london(2026, 5, 6, 10)).met(london(2026, 7, 6, 10))
    assert met.state(london(2026, 8, 1), CALENDARS) == "met"
    late = clock().paused(london(2026, 5, 13, 10)).met(london(2026, 7, 6, 10))
    assert late.state(london(2026, 8, 1), CALENDARS) == "met late"
    assert not met.is_paused and met.ended


def test_an_end_told_later_ignores_the_pauses_after_it() -> None:
    """A call of the twelfth, written down on the twentieth, was in time although the clock was paused since."""
    resumed = clock().paused(london(2026, 5, 13, 10)).resumed(london(2026, 5, 20, 10))
    assert resumed.met(london(2026, 5, 12, 16)).due(CALENDARS) == london(2026, 5, 12, 17)
    assert resumed.met(london(2026, 5, 12, 16)).state(london(2026, 6, 1), CALENDARS) == "met"
    assert resumed.met(london(2026, 5, 12, 18)).state(london(2026, 6, 1), CALENDARS) == "met late"


def test_it_may_be_met_before_it_starts() -> None:
    """Real records have complaints that were sent on before they were received; they are timely and not an error."""
    assert clock().met(london(2026, 5, 4, 9)).state(london(2026, 6, 1), CALENDARS) == "met"


@pytest.mark.parametrize(
    ("warning", "length", "instants"),
    [
        ("P2D", "P8W", [london(2026, 6, 28, 10)]),
        ("1 working day", "5 working days", [london(2026, 5, 11, 17)]),
        ("1 working day", "P25D, end of day", [london(2026, 5, 29, 17)]),  # due on a Saturday, and told while somebody is there
        ("1 working day", "P3DT12H", [london(2026, 5, 7, 17)]),  # due on Friday at 22:00
        ("1 working day", "P3DT20H", [london(2026, 5, 8, 9)]),  # due on Saturday at 06:00
        ("4 working hours", "5 working days", [london(2026, 5, 12, 13)]),
        ("50%", "PT24H", [london(2026, 5, 5, 22)]),
        ("75%", "8 working hours", [london(2026, 5, 5, 16)]),
        ("PT48H", "PT24H", [london(2026, 5, 5, 10)]),  # none before the start
        ("50%", "PT0S", [london(2026, 5, 5, 10)]),
    ],
)
def test_warnings_come_before_the_due_instant(warning: str, length: str, instants: list[datetime]) -> None:
    """By a length in any kind of time, or by a share of the clock's own."""
    assert list(clock(length, warnings=(warning,)).warning_instants(CALENDARS)) == instants


def test_warnings_come_in_order_without_doubles() -> None:
    """However they were written."""
    found = clock("PT24H", warnings=("90%", "PT12H", "50%")).warning_instants(CALENDARS)
    assert list(found) == [london(2026, 5, 5, 22), london(2026, 5, 6, 7, 36)]


def test_a_warning_that_came_before_a_pause_stays_where_it_was() -> None:
    """The pause moves the warnings that were still to come, and only those."""
    running = clock("P10D", warnings=("20%", "80%"))
    resumed = running.paused(london(2026, 5, 8, 10)).resumed(london(2026, 5, 28, 10))
    assert list(running.warning_instants(CALENDARS)) == [london(2026, 5, 7, 10), london(2026, 5, 13, 10)]
    assert list(resumed.warning_instants(CALENDARS)) == [london(2026, 5, 7, 10), london(2026, 6, 2, 10)]


def test_an_ended_clock_warns_no_more() -> None:
    """Its timers are gone."""
    assert clock(warnings=("P1D",)).met(london(2026, 5, 6, 9)).warning_instants(CALENDARS) == ()
    assert clock(warnings=("P1D",)).cancelled(london(2026, 5, 6, 9)).warning_instants(CALENDARS) == ()


def test_what_is_left_is_in_the_clocks_own_unit() -> None:
    """Elapsed time, working time, or working days with today's."""
    now = london(2026, 5, 7, 12)
    assert clock("P8W").remaining(now, CALENDARS) == Remaining("time", timedelta(days=53, hours=22), False)
    assert clock("P8W, end of day").remaining(now, CALENDARS) == Remaining("days", 54, False)
    assert clock("24 working hours").remaining(now, CALENDARS) == Remaining("working time", timedelta(hours=6), False)
    assert clock("5 working days").remaining(now, CALENDARS) == Remaining("working days", 4, False)
    assert clock("5 working days", calendar="same").remaining(now, CALENDARS) == Remaining("working time", timedelta(hours=22), False)


def test_what_is_left_is_negative_when_late() -> None:
    """By how much it is late, in the same unit."""
    now = london(2026, 5, 14, 10)
    assert clock("P7D, end of day").remaining(now, CALENDARS) == Remaining("days", -2, True)
    assert clock("P7D").remaining(now, CALENDARS) == Remaining("time", timedelta(days=-2), True)
    assert clock("8 working hours").remaining(london(2026, 5, 7, 11), CALENDARS) == Remaining("working time", timedelta(hours=-9), True)
    assert clock("5 working days").remaining(now, CALENDARS) == Remaining("working days", -2, True)


def test_what_is_left_stands_still_when_the_clock_does() -> None:
    """While paused and after the end, whatever the time is now."""
    now = london(2027, 1, 1)
    at = london(2026, 5, 7, 12)
    for stopped in (clock().paused(at), clock().met(at), clock().cancelled(at)):
        assert stopped.remaining(now, CALENDARS) == Remaining("working days", 4, False)


def test_the_share_that_has_passed_lies_between_nothing_and_all() -> None:
    """For a bar on a page."""
    running = clock("PT10H")
    shares = [running.fraction(london(2026, 5, 5, hour), CALENDARS) for hour in (9, 10, 15, 20, 21)]
    assert shares == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert clock("16 working hours").fraction(london(2026, 5, 6, 10), CALENDARS) == 0.5
    assert clock("PT0S").fraction(london(2026, 5, 6, 11), CALENDARS) == 1.0
    assert running.paused(london(2026, 5, 5, 15)).fraction(london(2027, 1, 1), CALENDARS) == 0.5


AT = london(2026, 5, 6, 10)
PAUSED = clock().paused(AT)


@pytest.mark.parametrize(
    ("illegal", "sentence"),
    [
        (lambda: PAUSED.paused(AT), "is already paused, since 2026-05-06 09:00:00 UTC; resume it first"),
        (lambda: clock().resumed(AT), "is not paused, so it cannot be resumed"),
        (lambda: PAUSED.resumed(AT - timedelta(hours=1)), "was paused on 2026-05-06 09:00:00 UTC; it cannot be resumed before that"),
        (lambda: PAUSED.resumed(AT).paused(AT - timedelta(hours=1)), "was resumed on 2026-05-06 09:00:00 UTC; it cannot be paused before"),
        (lambda: clock().paused(london(2026, 5, 4, 9)), "starts on 2026-05-05 09:00:00 UTC; it cannot be paused before that"),
        (lambda: clock().met(AT).paused(AT), "was met on 2026-05-06 09:00:00 UTC, so it cannot be paused"),
        (lambda: clock().met(AT).resumed(AT), "was met on 2026-05-06 09:00:00 UTC, so it cannot be resumed"),
        (lambda: clock().met(AT).extended("P1D", "why", AT), "so it cannot be extended"),
        (lambda: clock().met(AT).met(AT), "so it cannot be met"),
        (lambda: clock().met(AT).cancelled(AT), "so it cannot be cancelled"),
        (lambda: clock().cancelled(AT).met(AT), "was cancelled on 2026-05-06 09:00:00 UTC, so it cannot be met"),
        (lambda: clock().extended("P1D", " ", AT), "was not extended: an extension needs a reason"),
        (lambda: clock().extended("10 days", "why", AT), "was not extended: The length '10 days' does not say which kind of time"),
        (lambda: clock().paused(datetime(2026, 5, 6)), "is no instant; give a datetime with a time zone"),
        (lambda: clock().paused("2026-05-06"), "is no instant"),  # type: ignore[arg-type]
        (lambda: clock("P9999Y").due(CALENDARS), "would be due after the year 9999"),
        (lambda: clock("99999 working days").due(CALENDARS), "reaches from 1950 to 2149"),
    ],
)
def test_what_a_clock_cannot_do_is_refused_with_a_sentence(illegal: Any, sentence: str) -> None:
    """Which clock, what happened to it, and what cannot be."""
    with pytest.raises(Invalid) as refused:
        illegal()
    assert sentence in str(refused.value)


def test_a_clock_that_cannot_be_read_does_not_start() -> None:
    """All problems at once, by field."""
    with pytest.raises(Invalid) as refused:
        Clock.begin("", london(2026, 5, 5), "8 weeks", "default", ("1 day", "soon"))
    assert {field: len(texts) for field, texts in refused.value.fields.items()} == {"length": 1, "warnings": 2, "name": 1}


def test_one_warning_may_be_given_as_a_text() -> None:
    """A field in a modeler holds one text."""
    assert Clock.begin("c", london(2026, 5, 5), "P8W", warnings="80%").warnings == ("80%",)


def test_a_calendar_that_is_not_there_is_told() -> None:
    """With the names there are."""
    with pytest.raises(NotFound, match="needs the calendar 'moon', but there are only: 'default', 'same', 'lenient'"):
        clock(calendar="moon").due(CALENDARS)


def test_a_clock_is_plain_json_and_back() -> None:
    """Everything it holds survives, and what is absent is left out."""
    at = london(2026, 5, 6, 10)
    full = (
        clock(warnings=("80%", "P1D"))
        .paused(at, "waiting")
        .resumed(at + timedelta(hours=1))
        .extended("P1D", "why", at, "account:1")
        .paused(at + timedelta(hours=2))
        .cancelled(at + timedelta(hours=3), "withdrawn")
    )
    for each in (full, clock(), clock().met(at)):
        assert Clock.from_plain(json.loads(json.dumps(each.to_plain()))) == each
    assert clock().to_plain() == {
        "name": "first response",
        "start": "2026-05-05T09:00:00+00:00",
        "length": "5 working days",
        "calendar": "default",
    }
    assert full.pauses[0] == Pause(at.astimezone(UTC), (at + timedelta(hours=1)).astimezone(UTC), "waiting")


@pytest.mark.parametrize(
    "plain",
    [
        {},
        [],
        None,
        {"start": "x"},
        {"start": None},
        {"length": "8 weeks"},
        {"warnings": ["soon"]},
        {"pauses": [{}]},
        {"pauses": 3},
        {"extensions": [{"by": "x", "reason": "y", "at": "2026-05-05T09:00:00+00:00"}]},
        {"start": "2026-05-05T09:00:00"},
    ],
)
def test_what_is_no_clock_is_refused(plain: Any) -> None:
    """Stored values that were damaged are told, not computed with."""
    if isinstance(plain, dict) and plain:
        plain = clock().to_plain() | plain
    with pytest.raises(Invalid):
        Clock.from_plain(plain)
