"""All about one complaint for those who work on it: what task and complaint pages show alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from amends.engine.errors import NotFound
from amends.webui import filling, sight, story, words
from amends.webui.people import name_of
from amends.webui.state import application


@dataclass(frozen=True)
class DoneTask:
    """A task somebody has completed."""

    element_id: str
    name: str
    who: str
    at: datetime
    actor: str = ""


@dataclass(frozen=True)
class ClockShown:
    """A clock as a bar: how much of it is used, in colour and in words."""

    title: str
    words: str
    kind: str
    percent: int
    due_at: datetime | None


@dataclass
class About:
    """What is known of a complaint; `complaint` is None for an instance that is none."""

    complaint: Any | None
    view: Any
    package: Any
    events: list[Any]
    progress: Any | None = None
    thread: list[Any] = field(default_factory=list)
    clocks: list[ClockShown] = field(default_factory=list)
    files: list[Any] = field(default_factory=list)
    done: list[DoneTask] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)
    sight: sight.Sight = field(default_factory=sight.Sight)

    @property
    def findings(self) -> list[story.Entry]:
        """What people have entered so far, the newest first."""
        return [entry for entry in story.timeline(self.package, self.events, self.sight) if entry.rows]

    @property
    def summary(self) -> list[tuple[str, str]]:
        """The complaint at a glance."""
        found = self.complaint
        if found is None:
            return []
        outcomes = self.package.manifest.outcomes
        rows = [
            ("Stage", self.package.manifest.stages.get(found.stage, found.stage)),
            ("Severity", words.label(found.severity)),
            ("Priority", words.label(found.priority)),
            ("Outcome", outcomes.get(found.outcome, found.outcome) if found.outcome else ""),
        ]
        return [(name, str(text)) for name, text in rows if text]


def about(view: Any) -> About:
    """Everything about the complaint of an instance, as `Engine.instance` gives it."""
    engine, register, instance_id = application().engine, application().register, view.id
    events = list(engine.history(instance_id))
    package = engine.package(view.deployment_id)
    seen = sight.own(package, instance_id)
    try:
        complaint = register.get(instance_id=instance_id)
    except NotFound:
        return About(None, view, package, events, done=done_tasks(package, events), sight=seen)
    return About(
        complaint=complaint,
        view=view,
        package=package,
        events=events,
        progress=register.progress(complaint),
        thread=list(register.thread(complaint, internal=True)),
        clocks=[clock_shown(clock) for clock in register.clocks(complaint)],
        files=list(register.files(complaint)),
        done=done_tasks(package, events),
        answers=answers(package, view.variables.get("complaint"), seen),
        sight=seen,
    )


def answers(package: Any, given: Any, seen: sight.Sight = sight.Sight()) -> list[tuple[str, str]]:  # noqa: B008 - it is frozen
    """What the complainant wrote into the complaint form, in words; what was left empty is left out, what is not for the reader covered."""
    if not isinstance(given, Mapping):
        return []
    try:
        form = filling.form_of(package, package.manifest.complaints.form)
    except NotFound:
        return []
    return [
        (one.label, seen.instead(one.key.rpartition(".")[2], one.text))
        for one in form.render(given).everything()
        if one.is_input and one.label and one.text
    ]


def done_tasks(package: Any, events: list[Any]) -> list[DoneTask]:
    """The user tasks that were completed, in order."""
    found = []
    for event in events:
        element = story.element_of(package, event.element_id) if event.kind == "completed" else None
        if element is not None and element.type == "userTask":
            found.append(DoneTask(element.id, element.name or element.id, name_of(_by(event)), event.occurred_at, _by(event)))
    return found


def _by(event: Any) -> str:
    """Who completed a task: in the event itself where another's command got it written."""
    return str(event.data.get("by") or event.actor)


STATES = {"running": "fine", "soon": "soon", "late": "late", "paused": "waiting", "met": "done", "met late": "done", "cancelled": "done"}


def clock_shown(clock: Any) -> ClockShown:
    """A clock of the register as a bar."""
    percent = round(100 * min(1.0, max(0.0, float(clock.fraction or 0))))
    return ClockShown(clock.title, clock.words, STATES.get(clock.state, "fine"), percent, clock.due_at)
