"""Drive complaints through a package: people, complainant, clock and jobs, and what of the diagrams was run."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from process_operations import RECORDED, Desk, Post

import amends
from amends.engine import Engine
from amends.engine.calendars import Calendar
from amends.engine.definitions import Package, read_package
from amends.forms import Forms

PACKAGE = Path(amends.__file__ or "").parent / "processes" / "iso10002"
MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)

ASSESSED = {
    "severity": "low", "complexity": "simple", "impact": "one", "recurrence": "single", "safety": False, "investigation_needed": "yes",
    "immediate_action_needed": False, "immediate_action_possible": False,
}  # fmt: skip
INVESTIGATED = {"investigation_outcome": "complete", "findings": "The seal was missing."}
DECIDED = {"decision": "upheld", "reasons": "The seal was missing.", "outcome": "explanation", "action_needed": "no"}
REVIEWED = {"review_decision": "confirmed", "review_reasons": "Nothing new.", "outcome": "explanation", "action_needed": "no"}


class World:
    """An installation of its own, with a clock that stands until it is moved."""

    def __init__(self, folder: Path, package: Path | Mapping[str, bytes] = PACKAGE) -> None:
        self.now = MONDAY
        self.desk, self.post = Desk(), Post()
        url = f"sqlite:///{folder / 'amends.db'}"
        self.engine = Engine(url, clock=lambda: self.now, forms=Forms(), services=RECORDED, shared={"desk": self.desk, "mailer": self.post})
        self.deployment = self.engine.deploy(package)
        self._numbers = itertools.count(1)
        manifest = self.engine.package(self.deployment.id).manifest
        self.calendars = {name: Calendar.from_data(rules, name) for name, rules in manifest.calendars.items()}

    def file(self, **answers: Any) -> Case:
        """Somebody complains, and what is due at once is done."""
        reference = f"C-{next(self._numbers):08}"
        complaint = {"description": "The kettle leaks.", "name": "J. Meyer", "email": "meyer@example.org", "product": "Kettle", **answers}
        start = {"complaint": complaint, "reference": reference, "received_at": self.now, "channel": "web"}
        instance_id = self.engine.start("complaint", start, business_key=reference, actor=f"complainant:{reference}")
        case = Case(self, instance_id, reference)
        self.run()
        return case

    @property
    def told(self) -> dict[str, list[tuple[str, int, str]]]:
        """Who was told what, by reference: reason, level, role."""
        return self.desk.told

    @property
    def closed(self) -> dict[str, str]:
        """The outcomes of closed complaints, by reference."""
        return self.desk.closed

    def letters(self, case: Case) -> list[str]:
        """The names of the letters sent for a complaint, oldest first."""
        return [name for name, _ in self.desk.letters.get(case.reference, [])]

    @contextmanager
    def no_post(self) -> Iterator[None]:
        """Within: no message can be sent."""
        self.post.works = False
        yield
        self.post.works = True

    def retry(self, case: Case) -> None:
        """Try again what failed for a complaint."""
        for incident in self.engine.instance(case.id).incidents:
            self.engine.retry_incident(incident.id, actor="account:admin")
        self.run()

    def run(self) -> None:
        """Run every job that is due now."""
        while self.engine.run_due():
            pass

    def wait(self, **length: float) -> None:
        """Let time pass in half days, so that what falls due runs within half a day of its time."""
        end = self.now + timedelta(**length)
        while self.now < end:
            self.now = min(end, self.now + timedelta(hours=12))
            self.run()


class Case:
    """One complaint of a world."""

    def __init__(self, world: World, instance_id: str, reference: str) -> None:
        self.world, self.id, self.reference = world, instance_id, reference
        self.engine = world.engine

    @property
    def open_tasks(self) -> list[str]:
        """The element ids of its open user tasks, in alphabetical order."""
        return sorted(task.element_id for task in self.engine.user_tasks(self.id))

    @property
    def state(self) -> str:
        """active, completed, incident, …"""
        return self.engine.instance(self.id).state

    def due(self, clock: str) -> datetime | None:
        """When a clock is due; None while it stands still."""
        due: datetime | None = self.engine.instance(self.id).clocks[clock].due(self.world.calendars)
        return due

    def met(self, clock: str) -> bool:
        """Whether a clock was met."""
        return self.engine.instance(self.id).clocks[clock].met_at is not None

    def task(self, element_id: str) -> Any:
        """Its one open task of this element."""
        (task,) = (task for task in self.engine.user_tasks(self.id) if task.element_id == element_id)
        return task

    def do(self, element_id: str, answers: Mapping[str, Any], *, actor: str = "") -> Case:
        """Somebody completes a task (by default somebody who does only this kind of task), and what is due at once is done."""
        self.engine.complete(self.task(element_id).id, answers, actor=actor or f"account:who-{element_id}")
        self.world.run()
        return self

    def say(self, message: str, **answers: Any) -> Case:
        """The complainant sends a message."""
        self.engine.correlate(message, self.reference, answers, actor=f"complainant:{self.reference}")
        self.world.run()
        return self

    def decided(self, **answers: Any) -> Case:
        """Bring it from receipt to its decision, the plain way."""
        return self.do("assess", ASSESSED).do("investigate", INVESTIGATED).do("decide", {**DECIDED, **answers})

    def run_elements(self, kind: str = "completed") -> list[str]:
        """The ids of elements that were completed (or entered, or flows taken), in order."""
        return [event.element_id for event in self.engine.history(self.id) if event.kind == kind]


def run_parts(case: Case) -> set[str]:
    """The elements and flows that a complaint ran, by its history."""
    kinds = {"entered", "completed", "taken"}
    return {event.element_id for event in case.engine.history(case.id) if event.kind in kinds}


def all_parts(package: Package | Path = PACKAGE) -> dict[str, set[str]]:
    """The elements and flows of each process of a package."""
    found = package if isinstance(package, Package) else read_package(package)
    return {
        process.id: {element.id for element in process.all_elements()} | {flow.id for flow in process.all_flows()}
        for process in found.processes.values()
    }


def coverage(run: set[str], package: Package | Path = PACKAGE) -> list[str]:
    """How much of each process was run, a line each."""
    return [f"{process:<20} {len(parts & run):>3} of {len(parts):>3}" for process, parts in sorted(all_parts(package).items())]
