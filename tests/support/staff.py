"""Staff of the shipped package who do their tasks without a browser, for tests that look at the complainant's side."""

from __future__ import annotations

import time
from typing import Any

ASSESSED = {"severity": "low", "complexity": "simple", "impact": "one", "recurrence": "single", "investigation_needed": "yes"}
FOUND = {"investigation_outcome": "complete", "findings": "The lift had stood still for a week."}
ASKED = {"investigation_outcome": "ask_complainant", "question": "On which platform was it?"}
DECIDED = {
    "decision": "upheld", "reasons": "We should have repaired it at once.", "outcome": "explanation", "action_needed": "no",
}  # fmt: skip
REVIEWED = {
    "review_decision": "changed", "review_reasons": "We had not read your letter.", "outcome": "monetary_relief", "action_needed": "no",
}  # fmt: skip


class Staff:
    """One of each role; a runner of the application works beside them."""

    def __init__(self, application: Any) -> None:
        """Make their accounts."""
        self.application = application
        roles = {"handler": ["handler"], "other": ["handler", "manager"], "reviewer": ["reviewer"]}
        self.actors = {who: application.accounts.create(f"staff-{who}", who.title(), held)[0].actor for who, held in roles.items()}

    def do(self, reference: str, element_id: str, values: dict[str, Any], who: str = "handler") -> None:
        """Do this task of a complaint, once it is there."""
        engine = self.application.engine
        instance_id = self.application.register.get(reference).instance_id
        for _ in range(120):
            for task in engine.user_tasks(instance_id=instance_id):
                if task.element_id == element_id:
                    engine.complete(task.id, values, actor=self.actors[who])
                    return
            time.sleep(0.25)
        raise AssertionError(f"{element_id} of {reference} never came: {engine.instance(instance_id).active_elements}")

    def decide(self, reference: str) -> None:
        """Assess, investigate and decide."""
        self.do(reference, "assess", ASSESSED)
        self.do(reference, "investigate", FOUND)
        self.do(reference, "decide", DECIDED)
