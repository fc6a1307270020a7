"""Operations on clocks, run by an engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from amends.engine.calendars import Clock
from amends.engine.errors import CheckFailed

START = ("start", "start-clock", {"name": "answer", "length": "5 working days"})
WAIT: tuple[str, str, dict[str, str]] = ("wait", "user", {})
MORE: tuple[str, str, dict[str, str]] = ("more", "user", {})


def clock_of(house: Any, instance_id: str) -> Clock:
    clock: Clock = house.engine.instance(instance_id).clocks["answer"]
    return clock


def done(house: Any, instance_id: str) -> list[str]:
    """What the history says was done to clocks."""
    return [event.data["what"] for event in house.engine.history(instance_id) if event.kind == "clock"]


def test_a_clock_starts_now_by_the_default_calendar(house: Any) -> None:
    """Without a start and a calendar it counts from now by `default`."""
    house.deploy(START, WAIT)
    instance = house.start()
    assert clock_of(house, instance) == Clock("answer", house.clock.now, "5 working days", "default")
    assert done(house, instance) == ["started"]


@pytest.mark.parametrize(
    ("source", "start"),
    [
        ('=date("2026-05-01")', datetime(2026, 4, 30, 23, tzinfo=UTC)),  # the day begins in London, an hour ahead of UTC
        ("2026-05-01", datetime(2026, 4, 30, 23, tzinfo=UTC)),
        ("2026-05-01T12:00:00", datetime(2026, 5, 1, 11, tzinfo=UTC)),
        ("2026-05-01T12:00:00Z", datetime(2026, 5, 1, 12, tzinfo=UTC)),
        ('=date and time("2026-05-01T12:00:00+02:00")', datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ('=date and time("2026-05-01T12:00:00@Europe/Athens")', datetime(2026, 5, 1, 9, tzinfo=UTC)),
    ],
)
def test_a_clock_counts_from_a_date_or_an_instant(house: Any, source: str, start: datetime) -> None:
    """`start` is a date, which begins in the calendar's zone, a time there, or an instant; as FEEL or as text."""
    house.deploy(("start", "start-clock", {"name": "answer", "length": "P8W", "start": source}), WAIT)
    assert clock_of(house, house.start()).start == start


def test_a_date_begins_in_the_zone_of_the_clocks_own_calendar(house: Any) -> None:
    """Midnight of a date is that of the calendar the clock is measured by."""
    house.deploy(("start", "start-clock", {"name": "answer", "length": "P8W", "start": "2026-05-01", "calendar": "athens"}), WAIT)
    assert clock_of(house, house.start()).start == datetime(2026, 4, 30, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("source", "length"),
    [('=duration("P10D")', "P10D"), ('=duration("PT36H")', "P1DT12H"), ('=duration("P2M")', "P2M"), ("=settings.organisation", None)],
)
def test_a_length_may_be_a_duration(house: Any, source: str, length: str | None) -> None:
    """A FEEL duration is written back as ISO text; what is no length is an incident that says what to write."""
    house.deploy(("start", "start-clock", {"name": "answer", "length": source}), WAIT)
    instance = house.start()
    if length is None:
        assert "The length 'Example Ltd' cannot be read; write calendar time as" in house.incident(instance)
    else:
        assert clock_of(house, instance).length == length


@pytest.mark.parametrize(
    ("source", "warnings"),
    [("1 working day, 80%", ("1 working day", "80%")), ('=[duration("P2D"), "50%"]', ("P2D", "50%")), ("=[]", ())],
)
def test_warnings_are_a_list_or_a_text_with_commas(house: Any, source: str, warnings: tuple[str, ...]) -> None:
    """Warnings come as text or as a FEEL list of texts and durations."""
    house.deploy(("start", "start-clock", {"name": "answer", "length": "P10D", "warnings": source}), WAIT)
    assert clock_of(house, house.start()).warnings == warnings


def test_starting_a_running_clock_sets_its_deadline_anew(house: Any) -> None:
    """A running clock gets the new length and start, and keeps its pauses and extensions; the history says "changed"."""
    house.deploy(
        START, WAIT, ("pause", "pause-clock", {"name": "answer", "reason": "asked"}), MORE,
        ("resume", "resume-clock", {"name": "answer"}), ("extend", "extend-clock", {"name": "answer", "by": "P1D", "reason": "late post"}),
        ("again", "start-clock", {"name": "answer", "length": "P30D", "start": "=received"}), ("end", "user", {}),
    )  # fmt: skip
    received = house.clock.now
    instance = house.start(received=received)
    paused = house.clock.forward(days=1)
    house.complete(instance)
    resumed = house.clock.forward(days=2)
    house.complete(instance)
    clock = clock_of(house, instance)
    assert (clock.start, clock.length) == (received, "P30D")
    assert [(pause.at, pause.resumed_at, pause.reason) for pause in clock.pauses] == [(paused, resumed, "asked")]
    assert [extension.by for extension in clock.extensions] == ["P1D"]
    assert done(house, instance) == ["started", "paused", "resumed", "extended", "changed"]
    due = house.engine.user_tasks(instance)
    assert len(due) == 1


def test_a_clock_set_anew_while_paused_stays_paused(house: Any) -> None:
    """A new start after the pause began does not put the pause before the clock."""
    house.deploy(
        START, ("pause", "pause-clock", {"name": "answer"}), WAIT, ("again", "start-clock", {"name": "answer", "length": "P3D"}), MORE,
        ("resume", "resume-clock", {"name": "answer"}), ("end", "user", {}),
    )  # fmt: skip
    instance = house.start()
    later = house.clock.forward(days=1)
    house.complete(instance)
    assert clock_of(house, instance).is_paused
    resumed = house.clock.forward(days=1)
    house.complete(instance)
    assert [(pause.at, pause.resumed_at) for pause in clock_of(house, instance).pauses] == [(later, resumed)]


def test_starting_an_ended_clock_begins_another(house: Any) -> None:
    """A clock that was met begins from nothing when it is started again: a second review has its own deadline."""
    house.deploy(
        START, ("stop", "stop-clock", {"name": "answer"}), WAIT, ("again", "start-clock", {"name": "answer", "length": "P3D"}), MORE
    )
    instance = house.start()
    later = house.clock.forward(days=9)
    house.complete(instance)
    assert clock_of(house, instance) == Clock("answer", later, "P3D", "default")
    assert done(house, instance) == ["started", "met", "started"]


def test_again_keep_leaves_a_clock_as_it_is(house: Any) -> None:
    """Running, changed or ended: what starts the clocks late does not set back what was set meanwhile."""
    late = ("late", "start-clock", {"name": "answer", "length": "P3D", "again": "keep"})
    house.deploy(START, late, ("stop", "stop-clock", {"name": "answer"}), ("later", *late[1:]), WAIT)
    instance = house.start()
    assert clock_of(house, instance).length == "5 working days" and done(house, instance) == ["started", "met"]


def test_again_false_refuses_to_start_twice(house: Any) -> None:
    """With `again` false a clock that is there is left alone, and the element has an incident."""
    house.deploy(START, ("twice", "start-clock", {"name": "answer", "length": "P3D", "again": "false"}), WAIT)
    instance = house.start()
    assert "The clock 'answer' was started already" in house.incident(instance)
    assert clock_of(house, instance).length == "5 working days"


def test_doing_again_what_is_done_changes_nothing_and_is_noted(house: Any) -> None:
    """Pausing a paused clock, resuming a running one, and stopping, pausing or resuming an ended one are noted and change nothing."""
    house.deploy(
        START, ("r1", "resume-clock", {"name": "answer"}), ("p1", "pause-clock", {"name": "answer"}), WAIT,
        ("p2", "pause-clock", {"name": "answer"}), ("s1", "stop-clock", {"name": "answer", "result": "cancelled", "reason": "moot"}), MORE,
        ("s2", "stop-clock", {"name": "answer"}), ("p3", "pause-clock", {"name": "answer"}), ("r2", "resume-clock", {"name": "answer"}),
        ("end", "user", {}),
    )  # fmt: skip
    instance = house.start()
    paused = house.clock.now
    cancelled = house.clock.forward(days=1)
    house.complete(instance)
    house.clock.forward(days=1)
    house.complete(instance)
    clock = clock_of(house, instance)
    assert [pause.at for pause in clock.pauses] == [paused]
    assert (clock.stopped_at, clock.reason, clock.met_at) == (cancelled, "moot", None)
    assert done(house, instance) == ["started", "paused", "cancelled"]
    notes = [(event.element_id, event.data["what"]) for event in house.engine.history(instance) if event.data.get("clock") == "answer"]
    assert notes == [
        ("r1", "left as it is: it runs"),
        ("p2", "left as it is: it is paused"),
        ("s2", "left as it is: it has ended"),
        ("p3", "left as it is: it has ended"),
        ("r2", "left as it is: it has ended"),
    ]


def test_a_clock_that_starts_later_can_be_paused_before(house: Any) -> None:
    """Paused before its start it stands still from its start; resumed before it, it never stood still."""
    house.deploy(
        ("start", "start-clock", {"name": "answer", "length": "P3D", "start": "2026-06-01"}), ("pause", "pause-clock", {"name": "answer"}),
        ("resume", "resume-clock", {"name": "answer"}), WAIT,
    )  # fmt: skip
    clock = clock_of(house, house.start())
    assert not clock.is_paused
    assert clock.pauses[0].at == clock.pauses[0].resumed_at == clock.start


def test_a_clock_is_met_when_it_is_said_to_have_been(house: Any) -> None:
    """`at` says when a promise was kept; without it, now."""
    house.deploy(START, WAIT, ("stop", "stop-clock", {"name": "answer", "at": "=kept"}), MORE)
    instance = house.start()
    kept = house.clock.now + timedelta(hours=1)
    house.clock.forward(days=30)
    house.complete(instance, kept=kept)
    assert clock_of(house, instance).met_at == kept


def test_an_extension_is_recorded_with_its_reason(house: Any) -> None:
    """An extension has a length and a reason; without a reason the package is refused."""
    house.deploy(START, ("extend", "extend-clock", {"name": "answer", "by": "5 working days", "reason": "survey"}), WAIT)
    (extension,) = clock_of(house, house.start()).extensions
    assert (extension.by, extension.reason, extension.at) == ("5 working days", "survey", house.clock.now)
    with pytest.raises(CheckFailed, match="Reason"):
        house.deploy(START, ("extend", "extend-clock", {"name": "answer", "by": "5 working days"}), WAIT)


def test_an_unknown_clock_or_calendar_is_an_incident_that_names_the_known_ones(house: Any) -> None:
    """A slip in a computed name stops the element and says what there is."""
    house.deploy(START, ("stop", "stop-clock", {"name": "=complaint.name"}), WAIT)
    assert "There is no clock 'Ann' at stop; start it first. Started are: answer." in house.incident(house.start())
    house.deploy(("start", "start-clock", {"name": "answer", "length": "P1D", "calendar": "=complaint.name"}), WAIT)
    assert "There is no calendar 'Ann' to measure the clock 'answer' by. There are: athens, default." in house.incident(house.start())


def test_a_constant_that_is_no_length_is_refused_at_deploy(house: Any) -> None:
    """What can be known from the diagram is said before it runs."""
    with pytest.raises(CheckFailed, match="30 days"):
        house.deploy(("start", "start-clock", {"name": "answer", "length": "30 days"}), WAIT)


def test_closing_records_the_outcome_and_cancels_what_still_runs(house: Any) -> None:
    """A closed complaint has its outcome and reason as variables, the reason apart as personal, and no running clock."""
    house.deploy(START, WAIT, ("close", "close-complaint", {"outcome": "relief", "reason": "=why"}), MORE)
    instance = house.start()
    closed = house.clock.forward(days=1)
    house.complete(instance, why="Ann agreed")
    view = house.engine.instance(instance)
    assert (view.variables["outcome"], view.variables["close_reason"]) == ("relief", "Ann agreed")
    assert (view.clocks["answer"].stopped_at, view.clocks["answer"].reason) == (closed, "The complaint was closed")
    (event,) = [event for event in house.engine.history(instance) if event.kind == "closed"]
    assert event.data == {"outcome": "relief", "values": {"reason": "Ann agreed"}}


def test_closing_leaves_clocks_that_were_met(house: Any) -> None:
    """What was promised and kept stays so."""
    house.deploy(START, ("stop", "stop-clock", {"name": "answer"}), ("close", "close-complaint", {"outcome": "relief"}), WAIT)
    instance = house.start()
    assert clock_of(house, instance).met_at == house.clock.now
    assert house.engine.instance(instance).variables["close_reason"] == ""
