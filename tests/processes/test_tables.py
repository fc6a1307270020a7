"""The decision tables say what the package promises, and no row is there for nothing."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from process_way import PACKAGE

from amends.engine.decisions import Model, load

SEVERITIES, IMPACTS = ("low", "medium", "high"), ("one", "several", "many")
REASONS = ("acknowledgement_late", "first_response_late", "resolution_late", "review_late", "serious")
PRIORITIES = (None, "urgent", "high", "normal", "low")


@pytest.fixture(scope="module")
def triage() -> Model:
    """triage.dmn"""
    return load(PACKAGE / "triage.dmn")


@pytest.fixture(scope="module")
def escalation() -> Model:
    """escalation.dmn"""
    return load(PACKAGE / "escalation.dmn")


def handled(triage: Model, **assessed: Any) -> dict[str, Any]:
    found: dict[str, Any] = triage.evaluate("handling", {"safety": False, "complexity": "simple", **assessed})
    return found


@pytest.mark.parametrize(
    ("severity", "priorities"),
    [("low", ["low", "low", "normal"]), ("medium", ["normal", "high", "high"]), ("high", ["high", "high", "urgent"])],
)
def test_priority_follows_severity_and_how_many_are_affected(triage: Model, severity: str, priorities: list[str]) -> None:
    """ISO 10002 7.5: the priority is derived from severity and impact; columns are one, several, many."""
    assert [handled(triage, severity=severity, impact=impact)["priority"] for impact in IMPACTS] == priorities


@pytest.mark.parametrize(("severity", "impact"), list(product(SEVERITIES, IMPACTS)))
def test_what_may_hurt_somebody_is_urgent_and_decided_independently(triage: Model, severity: str, impact: str) -> None:
    """ISO 10002 7.5: safety comes first, however small the matter looks otherwise."""
    found = handled(triage, severity=severity, impact=impact, safety=True)
    assert (found["priority"], found["decided_by"], found["task_priority"]) == ("urgent", "independent", 100)


@pytest.mark.parametrize(("severity", "decider"), [("low", "handler"), ("medium", "handler"), ("high", "independent")])
def test_a_severe_complaint_is_not_decided_by_who_investigated_it(triage: Model, severity: str, decider: str) -> None:
    """ISO 10002 4.7: objectivity where it matters most."""
    assert {handled(triage, severity=severity, impact=impact)["decided_by"] for impact in IMPACTS} == {decider}


def test_deadlines_and_depth_follow_the_priority(triage: Model) -> None:
    """ISO 10002 4.15 and 7.6: the more urgent, the sooner and the deeper; what is complex is always looked into in full."""
    rows = {handled(triage, severity=s, impact=i, complexity=c)["priority"]: handled(triage, severity=s, impact=i, complexity=c)
            for s, i, c in product(SEVERITIES, IMPACTS, ("simple",))}  # fmt: skip
    assert {name: (row["first_response"], row["resolution"], row["depth"]) for name, row in rows.items()} == {
        "urgent": ("1 working day", "5 working days", "full"),
        "high": ("5 working days", "20 working days", "full"),
        "normal": ("P15D, end of day", "P60D, end of day", "short"),
        "low": ("P15D, end of day", "P60D, end of day", "short"),
    }
    assert {handled(triage, severity=s, impact=i, complexity="complex")["depth"] for s, i in product(SEVERITIES, IMPACTS)} == {"full"}


def test_a_safety_box_left_empty_is_no(triage: Model) -> None:
    """Who assesses need not tick a box to say no."""
    assert handled(triage, severity="low", impact="one", safety=None)["priority"] == "low"


@pytest.mark.parametrize(
    ("reason", "priority", "told"),
    [
        ("acknowledgement_late", None, [(1, "manager")]),
        ("first_response_late", None, [(1, "manager")]),
        ("first_response_late", "normal", [(1, "manager")]),
        ("first_response_late", "high", [(1, "manager"), (2, "director")]),
        ("resolution_late", "low", [(1, "manager")]),
        ("resolution_late", "normal", [(1, "manager"), (2, "director")]),
        ("review_late", "low", [(2, "director")]),
        ("serious", "urgent", [(1, "manager"), (3, "director")]),
    ],
)
def test_who_is_told(escalation: Model, reason: str, priority: str | None, told: list[tuple[int, str]]) -> None:
    """ISO 10002 4.12 and 4.15: what is late or serious goes up, the further the more urgent it is."""
    found = escalation.evaluate("who_is_told", {"escalation_reason": reason, "priority": priority})
    assert [(int(row["level"]), row["role"]) for row in found] == told


def test_somebody_is_always_told(escalation: Model) -> None:
    """No reason the diagrams give is without a row, whatever the priority, and before there is one."""
    for reason, priority in product(REASONS, PRIORITIES):
        assert escalation.evaluate("who_is_told", {"escalation_reason": reason, "priority": priority}), (reason, priority)


def test_every_row_of_every_table_is_used(triage: Model, escalation: Model) -> None:
    """A row that no answer reaches would mislead whoever reads the table."""
    used = set()
    for safety, severity, impact, complexity in product((True, False), SEVERITIES, IMPACTS, ("simple", "complex")):
        given = {"safety": safety, "severity": severity, "impact": impact, "complexity": complexity}
        used |= {rule.rule_id for rule in triage.explain("handling", given).matched}
    for reason, priority in product(REASONS, PRIORITIES):
        used |= {rule.rule_id for rule in escalation.explain("who_is_told", {"escalation_reason": reason, "priority": priority}).matched}
    written = "".join((PACKAGE / f"{table}.dmn").read_text() for table in ("triage", "escalation"))
    assert used == set(re.findall(r'<rule id="(.*?)"', written))
