"""Brings a complaint of the shipped package to where a page is to be looked at, by the commands that its tasks are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

ASSESSED = {
    "severity": "low", "complexity": "simple", "impact": "one", "recurrence": "single", "investigation_needed": "yes",
    "immediate_action_needed": False, "immediate_action_possible": False,
}  # fmt: skip
INVESTIGATED = {"investigation_outcome": "complete", "findings": "The seal was missing.", "plan": "Look at it.", "evidence": "The kettle."}
DECIDED = {
    "decision": "not_upheld", "reasons": "The seal was there.\n\nWe have looked twice.", "outcome": "explanation", "action_needed": "no",
}  # fmt: skip


ASKED = {"investigation_outcome": "ask_complainant", "question": "Which model is it?", "plan": "Look at it."}


def ask(app: Any, instance_id: str) -> None:
    """Assess, and ask the complainant for something that is missing."""
    for answers in (ASSESSED, ASKED):
        app.engine.run_due(instance_id=instance_id)
        (task,) = app.engine.user_tasks(instance_id=instance_id)
        app.engine.complete(task.id, answers, actor="system")
    app.engine.run_due(instance_id=instance_id)


def decide(app: Any, instance_id: str, **more: Any) -> None:
    """Assess, investigate and decide as the system, and let the letter leave."""
    for answers in (ASSESSED, INVESTIGATED, {**DECIDED, **more}):
        app.engine.run_due(instance_id=instance_id)
        (task,) = app.engine.user_tasks(instance_id=instance_id)
        app.engine.complete(task.id, answers, actor="system")
    app.engine.run_due(instance_id=instance_id)


def accept(app: Any, reference: str) -> None:
    """Answer the decision with yes, so that the complaint is closed where there is nothing to carry out."""
    complaint = app.register.get(reference)
    app.register.answer(complaint, "decision answered", {"answer": "accepted"}, actor=f"complainant:{reference}")
    app.engine.run_due(instance_id=complaint.instance_id)


def withdraw(app: Any, reference: str) -> None:
    """Withdraw it."""
    complaint = app.register.get(reference)
    app.register.answer(complaint, "complaint withdrawn", {}, actor=f"complainant:{reference}")
    app.engine.run_due(instance_id=complaint.instance_id)


def far(app: Any) -> Any:
    """An instant at which every link of a complaint that is closed now has ended."""
    return app.engine.now() + timedelta(days=800)
