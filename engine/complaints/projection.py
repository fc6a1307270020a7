"""Keep the register's row of a complaint in step with its instance, in the same transaction."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from amends.engine.complaints.references import digest_of, new_reference
from amends.engine.instances.views import Change
from amends.engine.store import tables as t

SUBJECT_LENGTH = 120
TOLD_LENGTH = 20_000
_TELLING = {"started", "variables", "decision", "ended", "message"}


class RegisterProjection:
    """Takes over stage, milestones and the columns people search by. Elements say `stage` and `milestone` as properties."""

    def apply(self, connection: Connection, change: Change) -> None:
        """Take over one change of a complaint; other processes are none of the register's business."""
        if change.process_id != change.package.manifest.complaints.process or not change.process_id:
            return
        if change.started:
            self._insert_if_missing(connection, change)
        values: dict[str, Any] = {}
        told = change.started or change.ended
        for note in change.notes:
            told = told or note.kind in _TELLING or note.values is not None
            if note.element is None or note.kind not in ("entered", "completed"):
                continue
            properties = note.element.ext.properties
            if stage := properties.get("stage"):
                values["stage"] = stage
                _reach(connection, change, f"stage:{stage}")
            if note.kind == "completed" and (milestone := properties.get("milestone")):
                # A letter whose dispatch is recorded later was given when it left.
                left = (note.values or {}).get("sent_at")
                _reach(connection, change, milestone, left if isinstance(left, datetime) else None)
        # Once it has ended an instance has no variables any more, and what is said afterwards changes nothing of what it came to.
        if told and (change.ended or change.state not in ("completed", "terminated")):
            values.update(columns(change.variables))
            values.update(standing(change.variables))
            if change.started or change.command == "variables":
                values["told"] = told_text(change.variables) or values["subject"]
        if change.command == "restart":
            values.update(state="open", closed_at=None)
        if change.ended:
            values.update(state="closed", closed_at=change.occurred_at)
        if values:
            connection.execute(update(t.complaint).where(t.complaint.c.instance_id == change.instance_id).values(**values))

    def _insert_if_missing(self, connection: Connection, change: Change) -> None:
        c = t.complaint.c
        if connection.execute(select(c.reference).where(c.instance_id == change.instance_id)).first() is not None:
            return
        received = change.variables.get("received_at")
        row = new_row(change.instance_id, str(change.variables.get("reference") or change.business_key or new_reference()))
        row["received_at"] = received if isinstance(received, datetime) and received.tzinfo else change.occurred_at
        row["channel"] = str(change.variables.get("channel") or "other")
        row["historical"] = change.held
        connection.execute(insert(t.complaint), row)


def new_row(instance_id: str, reference: str, secret: str | None = None) -> dict[str, Any]:
    """A complaint's first row; without a secret nobody can follow it."""
    return {
        "instance_id": instance_id, "reference": reference, "secret_hash": digest_of(secret or secrets.token_urlsafe(32)), "state": "open",
        "historical": False,
    }  # fmt: skip


def columns(variables: Mapping[str, Any]) -> dict[str, str]:
    """The columns people search and sort by, from the process's variables (docs/package.md, the register)."""
    filed = variables.get("complaint")
    filed = filed if isinstance(filed, Mapping) else {}

    def first(*values: Any) -> str:
        return next((str(value).strip() for value in values if value not in (None, "")), "")

    subject = first(variables.get("subject"), filed.get("subject"), filed.get("product_description"), filed.get("description"))
    return {
        "subject": " ".join(subject.split())[:SUBJECT_LENGTH],
        "complainant_name": first(filed.get("name"), filed.get("organisation")),
        "email": first(filed.get("email")),
        "product": first(variables.get("product"), filed.get("product")),
        "category": first(variables.get("category"), filed.get("category"))[:200],
        "priority": first(variables.get("priority"))[:40],
        "severity": first(variables.get("severity"))[:40],
        "outcome": first(variables.get("outcome"))[:80],
    }


def told_text(variables: Mapping[str, Any]) -> str:
    """All that was filed, in words: what a complaint is found and compared by."""
    filed = variables.get("complaint")
    every = filed.values() if isinstance(filed, Mapping) else ()
    return " ".join(" ".join(one.split()) for one in every if isinstance(one, str))[:TOLD_LENGTH]


def standing(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Whose a complaint is and whether it is confidential, where the process says so; otherwise both stay as they are."""
    found: dict[str, Any] = {}
    if isinstance(variables.get("team"), str):
        found["team"] = variables["team"].strip()[:80]
    if variables.get("confidential") is not None:
        found["confidential"] = variables["confidential"] in (True, "yes", "true")
    return found


def _reach(connection: Connection, change: Change, name: str, at: datetime | None = None) -> None:
    """Date a milestone, the first time only: `at`, or when the change happened."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = {"instance_id": change.instance_id, "name": name, "at": at or change.occurred_at, "actor": change.actor}
    connection.execute(dialect.insert(t.milestone).on_conflict_do_nothing(), row)
