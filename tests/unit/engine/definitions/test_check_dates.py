"""A date of a timer that has passed when it is checked is a warning, never an error: with time, every date passes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from amends.engine.definitions import check, read_package
from amends.engine.definitions.check import check_package

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PLACES = {
    "start": '<startEvent id="t">{}</startEvent><endEvent id="e"/>',
    "catch": '<startEvent id="s"/><intermediateCatchEvent id="t">{}</intermediateCatchEvent><endEvent id="e"/>',
    "boundary": '<startEvent id="s"/><task id="a"/><endEvent id="e"/><boundaryEvent id="t" attachedToRef="a">{}</boundaryEvent>',
    "event subprocess": (
        '<startEvent id="s"/><task id="a"/><endEvent id="e"/><subProcess id="u" triggeredByEvent="true"><startEvent id="t">{}</startEvent>'
        '<endEvent id="ue"/><sequenceFlow id="f" sourceRef="t" targetRef="ue"/></subProcess>'
    ),
}
FLOWS = {"start": ("t", "e"), "catch": ("s", "t", "e"), "boundary": ("s", "a", "e"), "event subprocess": ("s", "a", "e")}


def drawn(build: Any, text: str, place: str = "catch") -> bytes:
    timer = f"<timerEventDefinition><timeDate>{text}</timeDate></timerEventDefinition>"
    more = build.path("t", "e") if place == "boundary" else ""
    return bytes(build.draw(PLACES[place].format(timer) + build.path(*FLOWS[place]) + more))


def said(body: bytes, now: datetime = NOW) -> list[Any]:
    return [one for one in check({"a.bpmn": body}, now=now) if one.code == "timer-past"]


@pytest.mark.parametrize("place", PLACES)
def test_a_date_that_has_passed_is_a_warning(build: Any, place: str) -> None:
    """Wherever a timer stands; what happens then is said: a start does not, anything else happens at once."""
    body = drawn(build, "2026-03-01T09:00:00Z", place)
    (one,) = said(body)
    assert (one.element_id, one.severity) == ("t", "warning")
    assert ("nothing begins by it" if place == "start" else "as soon as it is waited for") in one.message
    assert said(body, NOW - timedelta(days=2)) == []


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("2026-03-02T09:00:00Z", NOW),
        ("2026-03-02T10:00:00+01:00", NOW),
        ("2026-03-01T23:00:00-10:00", NOW),
        ("=date and time(&quot;2026-03-02T09:00:00Z&quot;)", NOW),
        ("=&quot;2026-03-02T09:00:00Z&quot;", NOW),
        # Without an offset it may be meant by a clock that is behind UTC, and a day lasts until its end.
        ("2026-03-01T21:00:00", NOW),
        ("2026-02-28", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("=date(&quot;2026-02-28&quot;)", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        # By their weeks: one as long as a date may have an hour.
        ("2026W10T09", datetime(2026, 3, 2, 21, tzinfo=UTC)),
        ("2026W10 09", datetime(2026, 3, 2, 21, tzinfo=UTC)),
        ("2026-W10-1", datetime(2026, 3, 3, 12, tzinfo=UTC)),
    ],
)
def test_it_has_passed_when_it_has_everywhere(build: Any, text: str, passes: datetime) -> None:
    """To the second: not a moment before."""
    body = drawn(build, text)
    assert [said(body, at) != [] for at in (passes - timedelta(seconds=1), passes)] == [False, True]


@pytest.mark.parametrize("text", ["=due", "=settings.limit", "=now()", "=null", "=5", "soon", "0001-01-01T00:00:00+14:00", "9999-12-31"])
def test_what_is_not_known_or_no_date_has_not_passed(build: Any, text: str) -> None:
    """Nor what is at the end of all days; a date before the first is none."""
    assert said(drawn(build, text)) == []


def test_what_was_deployed_is_held_against_no_time(build: Any) -> None:
    """A version that ran well for years is looked at again without its dates being told as passed; `check` looks at this moment."""
    body = drawn(build, "2020-01-01T00:00:00Z")
    assert [one.code for one in check({"a.bpmn": body})] == ["timer-past"]
    assert check_package(read_package({"a.bpmn": body})) == []
