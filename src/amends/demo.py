"""A demo organisation for the first run: people in every role, and complaints at every stage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from amends.application import Application
from amends.engine.errors import AmendsError

PEOPLE = (
    ("hannah", "Hannah Beck", ("handler", "team-lead")),
    ("ivo", "Ivo Marsh", ("handler",)),
    ("dora", "Dora Quist", ("decider",)),
    ("rafael", "Rafael Soto", ("reviewer",)),
    ("mira", "Mira Lund", ("manager",)),
    ("paula", "Paula Ortiz", ("process-owner",)),
    ("arthur", "Arthur Kemp", ("auditor",)),
)
"""Made-up people: username, name, roles (of the ISO 10002 package, or built in)."""

COMPLAINTS: tuple[dict[str, Any], ...] = (
    {"name": "Jo Example", "email": "jo@example.org", "product": "Washing machine", "category": "defect", "remedy_wanted": "yes",
     "description": "The machine stopped after two weeks and water ran out on the floor.", "remedy": "A repair, or my money back."},
    {"name": "Sam Sample", "email": "sam@example.org", "product": "Delivery service", "category": "delay",
     "description": "My parcel was promised for Monday. It is a week late and nobody answers the telephone."},
    {"name": "Ada Muster", "product": "Current account", "category": "billing", "address": "7 Example Row", "town": "Exampleton",
     "contact_by": "post", "description": "I was charged twice for the same transfer in March."},
    {"name": "Kim Beispiel", "email": "kim@example.org", "product": "Broadband", "category": "information",
     "description": "I was told that I could leave the contract at any time, and now I cannot."},
)  # fmt: skip


def make_demo(app: Application) -> list[tuple[str, str, tuple[str, ...]]]:
    """Add the people and their complaints; returns username, password and roles of each."""
    made: list[tuple[str, str, tuple[str, ...]]] = []
    actors: dict[str, str] = {}
    for username, name, roles in PEOPLE:
        account, password = app.accounts.create(username, name, list(roles))
        actors[username] = f"account:{account.id}"
        made.append((username, password or "", roles))
    filed = [
        app.register.file(data, actor="system", channel=channel, received_at=app.engine.now() - timedelta(hours=age))
        for data, channel, age in zip(COMPLAINTS, ("web", "email", "post", "web"), (2, 30, 60, 9), strict=True)
    ]
    app.engine.run_due()
    _assess(app, filed[1].instance_id, actors["hannah"])
    app.engine.run_due()
    return made


def _assess(app: Application, instance_id: str, actor: str) -> None:
    """Take one complaint a step further, so that the demo shows more than beginnings."""
    for task in app.engine.user_tasks(instance_id):
        if task.element_id == "assess":
            data = {"severity": "medium", "complexity": "simple", "impact": "one", "recurrence": "single", "investigation_needed": "yes"}
            try:
                app.engine.complete(task.id, data, actor=actor)
            except AmendsError:
                # An installation may have changed the package before its first run: the demo then shows the complaint as received.
                return
