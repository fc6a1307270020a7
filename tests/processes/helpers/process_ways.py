"""Every way a complaint can take through the package, each as somebody would live it; a docstring is what must hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from process_way import ASSESSED, DECIDED, INVESTIGATED, REVIEWED, Case, World

from amends.engine import Forbidden

SERIOUS = {**ASSESSED, "severity": "high", "safety": True, "immediate_action_needed": True, "immediate_action_possible": True}
ASK = {"investigation_outcome": "ask_complainant", "question": "Which shop was it?"}
INTERIM = {"investigation_outcome": "interim_reply", "interim_message": "We have sent it to the laboratory."}
PUT_RIGHT = {"outcome": "monetary_relief", "amount": 25, "remedies": ["refund"], "action_needed": "yes"}


def accepted_with_an_explanation(world: World) -> Case:
    """The plain way takes three tasks and an answer (7.2 to 7.9)."""
    case = world.file().decided()
    assert case.state == "active" and case.open_tasks == []
    case.say("decision answered", answer="accepted")
    assert case.state == "completed"
    assert world.closed[case.reference] == "explanation"
    return case


def carried_out_on_the_second_try(world: World) -> Case:
    """What was promised is done, and verified by somebody else; if it does not work it is done again (7.9)."""
    case = world.file().decided(**PUT_RIGHT).say("decision answered", answer="accepted")
    case.do("carry_out", {"action_done": "Sent a cheque."}, actor="account:ann")
    with pytest.raises(Forbidden):
        case.do("verify", {"verified": "yes"}, actor="account:ann")
    case.do("verify", {"verified": "no", "verification_note": "It came back."}, actor="account:ben")
    case.do("carry_out", {"action_done": "Paid into the account."}, actor="account:ann")
    case.do("verify", {"verified": "yes"}, actor="account:ben")
    assert case.state == "completed"
    assert world.closed[case.reference] == "monetary_relief"
    return case


def serious_and_unsafe(world: World) -> Case:
    """A serious complaint is told to the top at once, acted on at once, and not decided by who investigated it (4.12, 7.5, 7.7)."""
    case = world.file().do("assess", SERIOUS)
    assert world.told[case.reference] == [("serious", 1, "manager"), ("serious", 3, "director")]
    assert case.open_tasks == ["act_now"]
    case.do("act_now", {"immediate_action": "The shops took it off the shelves."}).do("investigate", INVESTIGATED, actor="account:ann")
    assert case.open_tasks == ["decide_independently"]
    with pytest.raises(Forbidden):
        case.do("decide_independently", DECIDED, actor="account:ann")
    case.do("decide_independently", DECIDED, actor="account:ben").say("decision answered", answer="accepted")
    assert case.state == "completed"
    return case


def asked_and_answered(world: World) -> Case:
    """While the complainant is asked, the clocks stand still; the answer sets them going again, as much later (7.6)."""
    case = world.file().do("assess", ASSESSED)
    before = case.due("first_response"), case.due("resolution")
    case.do("investigate", ASK)
    assert case.open_tasks == [] and case.due("first_response") is None and case.due("resolution") is None
    world.wait(days=3)
    case.say("information received", information="The one in the High Street.")
    assert case.open_tasks == ["investigate"]
    assert all(now > then for now, then in zip((case.due("first_response"), case.due("resolution")), before, strict=True))
    case.do("investigate", INVESTIGATED).do("decide", DECIDED).say("decision answered", answer="accepted")
    return case


def asked_and_not_answered(world: World) -> Case:
    """Without an answer the work goes on after the time in the settings (7.6)."""
    case = world.file().do("assess", ASSESSED).do("investigate", ASK)
    world.wait(days=13)
    assert case.open_tasks == []
    world.wait(days=2)
    assert case.open_tasks == ["investigate"] and case.due("first_response") is not None
    return case


def asked_after_an_interim_reply(world: World) -> Case:
    """An interim reply is the first response; it may be repeated, and the decision's clock alone stands still afterwards (7.7)."""
    case = world.file().do("assess", ASSESSED).do("investigate", INTERIM)
    assert case.met("first_response") and not case.met("resolution") and case.open_tasks == ["investigate"]
    case.do("investigate", INTERIM).do("investigate", ASK).say("information received", information="Yes.")
    case.do("investigate", INVESTIGATED).do("decide", DECIDED)
    assert case.met("resolution")
    return case


def nothing_to_investigate(world: World) -> Case:
    """Where nothing is to be found out, the reason is kept instead (7.6)."""
    case = world.file().do("assess", {**ASSESSED, "investigation_needed": "no", "why_no_investigation": "The shop has admitted it."})
    assert case.open_tasks == ["decide"]
    return case


def kept_informed(world: World) -> Case:
    """The complainant hears from us every two weeks of the investigation, six times at most (7.3)."""
    case = world.file().do("assess", ASSESSED)
    world.wait(days=15)
    assert world.letters(case).count("progress-update") == 1
    world.wait(days=100)
    assert world.letters(case).count("progress-update") == 6
    return case


def late_all_along(world: World) -> Case:
    """A first response and a decision that are late are escalated by the table, once each (4.15)."""
    case = world.file().do("assess", {**ASSESSED, "severity": "medium"})
    world.wait(days=14)
    assert case.reference not in world.told
    world.wait(days=2)
    assert world.told[case.reference] == [("first_response_late", 1, "manager")]
    world.wait(days=60)
    assert world.told[case.reference][1:] == [("resolution_late", 1, "manager"), ("resolution_late", 2, "director")]
    return case


def answered_in_time(world: World) -> Case:
    """What was answered in time is never called late, however long the rest takes (4.15)."""
    case = world.file().decided()
    world.wait(days=20)
    assert case.reference not in world.told
    return case


def acknowledged_late(world: World) -> Case:
    """An acknowledgement that cannot be sent is escalated when due, holds nobody up, and goes out before the decision (7.4)."""
    with world.no_post():
        case = world.file()
        assert case.open_tasks == ["assess"]
        world.wait(days=3)
        assert world.told[case.reference] == [("acknowledgement_late", 1, "manager")]
        case.decided()
        assert case.open_tasks == [] and not case.met("acknowledgement") and "decision" not in world.letters(case)
    world.retry(case)
    assert case.met("acknowledgement") and "decision" in world.letters(case)
    return case


def never_answered(world: World) -> Case:
    """No answer within the time in the settings counts as acceptance (7.9)."""
    case = world.file().decided()
    world.wait(days=27)
    assert case.state == "active"
    world.wait(days=2)
    assert case.state == "completed"
    return case


def rejected_and_satisfied_by_the_review(world: World) -> Case:
    """A rejected complaint stays open and is reviewed by somebody who took no part; satisfied, it is carried out and closed (7.9)."""
    case = world.file().do("assess", ASSESSED, actor="account:ann").do("investigate", INVESTIGATED, actor="account:ben")
    case.do("decide", DECIDED, actor="account:cleo").say("decision answered", answer="rejected", comment="It leaks!")
    assert case.state == "active" and case.open_tasks == ["review"] and case.task("review").groups == ("reviewer",)
    for involved in ("account:ann", "account:ben", "account:cleo"):
        with pytest.raises(Forbidden):
            case.do("review", REVIEWED, actor=involved)
    case.do("review", {**REVIEWED, "review_decision": "changed", **PUT_RIGHT}, actor="account:dora")
    assert case.met("review")
    case.say("decision answered", answer="accepted").do("carry_out", {"action_done": "Paid."}).do("verify", {"verified": "yes"})
    assert case.state == "completed"
    assert world.closed[case.reference] == "monetary_relief"
    return case


def rejected_until_every_option_is_exhausted(world: World) -> Case:
    """It is closed only when every option is exhausted: reviewed again where there is something new, and never by silence (7.9)."""
    case = world.file().decided(**PUT_RIGHT).say("decision answered", answer="rejected")
    case.do("review", {**REVIEWED, **PUT_RIGHT}).say("decision answered", answer="rejected")
    assert case.open_tasks == ["follow_up"]
    case.do("follow_up", {"recourse_result": "review_again", "recourse_note": "New photos."}).do("review", {**REVIEWED, **PUT_RIGHT})
    world.wait(days=60)
    assert case.state == "active" and case.open_tasks == ["follow_up"]
    case.do("follow_up", {"recourse_result": "exhausted", "recourse_note": "The ombudsman confirmed it."})
    assert case.state == "completed"
    return case


def reviewed_late(world: World) -> Case:
    """A review that is late is told to top management (4.15)."""
    case = world.file().decided().say("decision answered", answer="rejected")
    world.wait(days=35)
    assert world.told[case.reference] == [("review_late", 2, "director")]
    return case


def withdrawn(world: World) -> Case:
    """The complainant may withdraw at any time: it is confirmed, and nothing more is done (7.9)."""
    case = world.file().do("assess", ASSESSED)
    case.say("complaint withdrawn", withdrawal_reason="It works now.")
    assert case.state == "completed" and case.open_tasks == []
    assert world.closed[case.reference] == "withdrawn"
    assert world.letters(case)[-1] == "withdrawal-confirmed"
    return case


WAYS: tuple[Callable[[World], Case], ...] = (
    accepted_with_an_explanation, carried_out_on_the_second_try, serious_and_unsafe, asked_and_answered, asked_and_not_answered,
    asked_after_an_interim_reply, nothing_to_investigate, kept_informed, late_all_along, answered_in_time, acknowledged_late,
    never_answered, rejected_and_satisfied_by_the_review, rejected_until_every_option_is_exhausted, reviewed_late, withdrawn,
)  # fmt: skip
