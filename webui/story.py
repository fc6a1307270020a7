"""A complaint's history in plain words for those who work on it, and marks for its diagrams.

Staff read who did what; automatic steps that say nothing to a person (gateways, flows taken) are left to the auditor's trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amends.webui import times, words
from amends.webui.people import PARTS, name_of
from amends.webui.sight import Sight


@dataclass(frozen=True)
class Entry:
    """One line of the timeline: what happened, who did it, when; `kind` is its colour (done, now, problem, message)."""

    what: str
    who: str
    at: datetime
    kind: str
    rows: tuple[tuple[str, str], ...] = ()


def element_of(package: Any, element_id: str | None) -> Any | None:
    """The element of this id in any diagram of the package."""
    for diagram in package.diagrams if element_id else ():
        for element in diagram.all_elements():
            if element.id == element_id:
                return element
    return None


def element_name(package: Any, element_id: str | None) -> str:
    """What the diagram calls an element; its id where it has no name."""
    found = element_of(package, element_id)
    return str(found.name or found.id) if found is not None else str(element_id or "")


def timeline(package: Any, events: Iterable[Any], seen: Sight | None = None) -> list[Entry]:
    """The history, newest first, in words; what is not for the reader is covered."""
    names = {element.id: element for diagram in package.diagrams for element in diagram.all_elements()}
    found = [entry for event in events if (entry := _entry(package, names, event, seen or Sight())) is not None]
    return found[::-1]


def _entry(package: Any, names: Mapping[str, Any], event: Any, seen: Sight) -> Entry | None:
    element = names.get(event.element_id)
    name = (element.name or event.element_id) if element is not None else (event.element_id or "")
    data = event.data if isinstance(event.data, Mapping) else {}
    if event.kind == "clock":
        said: tuple[str, str] | None = _clock(package, str(event.element_id), data)
    elif element is not None and str(element.ext.task_type or "").endswith("-clock"):
        said = None  # the clock's own event says it better
    else:
        said = _said(event.kind, element.type if element is not None else "", name, data)
    if said is None:
        return None
    what, colour = said
    by_hand = event.kind in BY_SOMEBODY or (event.kind == "completed" and element is not None and element.type == "userTask")
    rows = tuple((words.label(str(key)), times.value(found)) for key, found in seen.cover(_values(event.kind, element, data)).items())
    return Entry(what, name_of(event.actor) if by_hand else AUTOMATIC, event.occurred_at, colour, rows)


BY_SOMEBODY = frozenset({
    "started", "message", "message received", "assigned", "resolved", "erased", "variables", "cancelled", "person noted",
    "comment", "linked", "unlinked", "arranged", "person withdrawn", "team", "confidential",
    "moved", "skipped", "restarted", "suspended", "resumed", "posted", "told by telephone", "dealt with", "not given", "link printed",
})  # fmt: skip
"""Kinds of events that are somebody's doing. Others only follow from it, though the record names who set it off."""
AUTOMATIC = "by itself"


def _clock(package: Any, name: str, data: Mapping[str, Any]) -> tuple[str, str]:
    titled = package.manifest.clocks.get(name)
    said = CLOCK_WORDS.get(str(data.get("what")), "changed")
    due = data.get("due")
    at = datetime.fromisoformat(due) if isinstance(due, str) else due
    when = f", due {times.moment(at)}" if at is not None and said in ("runs", "changed", "runs again", "made longer") else ""
    return f"Deadline “{titled.title if titled is not None else words.label(name)}” {said}{when}", "next"


LINKS = {"ended": "all earlier ones have ended", "kept": "earlier ones still work"}
CLOCK_WORDS = {
    "started": "runs", "changed": "changed", "met": "met", "paused": "paused", "resumed": "runs again", "extended": "made longer",
    "cancelled": "fell away",
}  # fmt: skip


def _said(kind: str, element: str, name: str, data: Mapping[str, Any]) -> tuple[str, str] | None:
    """The words and the colour for one event; None for what says nothing to a person."""
    if kind == "completed":
        by_element = {
            "userTask": (f"{name}: done", "done"),
            "serviceTask": (f"{name}: done", "done"),
            "sendTask": (f"{name}: sent", "message"),
            "businessRuleTask": (f"{name}: decided by the table", "done"),
            "receiveTask": (f"{name}: received", "message"),
        }
        return by_element.get(element)
    if kind == "entered" and element == "userTask":
        return f"{name}: waits to be done", "now"
    if kind == "cancelled" and element == "userTask":
        return f"{name}: no longer needed", "next"
    fixed = {
        "started": ("The complaint was received", "done"),
        "ended": ("The complaint's process ended", "done"),
        "message": (f"Received: {data.get('name') or name}", "message"),
        "message received": ("The complainant wrote or sent something", "message"),
        "timer": (f"{name or 'A deadline'}: the time was reached", "now"),
        "incident": (f"{name}: held up, {data.get('message') or 'an error'}", "problem"),
        "resolved": (f"{name}: goes on", "done"),
        "assigned": (f"{name}: {_assigned(data)}", "next"),
        "person noted": (_person(data), "next"),
        "person withdrawn": (f"No longer: {_person(data)}", "next"),
        "team": (f"Now the work of the team {data.get('to')}" if data.get("to") else "Now the work of every team", "next"),
        "confidential": ("Marked as confidential" if data.get("to") else "No longer confidential", "next"),
        "comment": ("A comment among staff", "message"),
        "linked": ("Linked to another complaint", "next"),  # which one is said only to who may see it
        "unlinked": ("No longer linked to another complaint", "next"),
        "arranged": (f"{name}: priority or follow-up date changed", "next"),
        "link renewed": (f"{_given(data)}; {LINKS.get(str(data.get('old')), '')}", "message"),
        "said afterwards": ("The complainant answered the survey", "message"),
        "waits outside": (f"{name}: waits in the post room", "now"),
        "posted": ("A letter was put into the post", "message"),
        "told by telephone": ("A letter was said by telephone", "message"),
        "link printed": ("A letter with a new link was printed; earlier ones still work", "message"),
        "dealt with": ("A letter was dealt with another way than by mail or post", "message"),
        "not given": ("A letter could not be given", "problem"),
        "erased": ("Personal data was erased", "done"),
        "variables": ("Values were changed by hand", "problem"),
        "moved": (f"{name}: begun by hand" if data.get("to") == "before" else f"Gone on after {name}, by hand", "problem"),
        "skipped": (f"{name}: skipped by hand", "problem"),
        "restarted": ("Opened again", "problem"),
        "suspended": ("Rests: nothing goes on for now", "problem"),
        "resumed": ("Goes on again", "done"),
        "imported": ("Taken over from another system's record", "done"),
    }
    return fixed.get(kind)


def _given(data: Mapping[str, Any]) -> str:
    return (
        "The complainant asked for a new link, got it by mail, and used it"
        if data.get("asked")
        else "The complainant was given a new link"
    )


def _person(data: Mapping[str, Any]) -> str:
    return f"{name_of(str(data.get('person')))}: {PARTS.get(str(data.get('part')), '').lower()}"


def _assigned(data: Mapping[str, Any]) -> str:
    to = data.get("to")
    because = f" because of {data['because']}" if data.get("because") else ""
    return f"taken by {name_of(str(to))}" if to else f"given back{because}"


def _values(kind: str, element: Any | None, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values a person entered or a table decided; nothing of what machines told each other."""
    found = data.get("values")
    if kind == "completed" and element is not None and element.type in ("userTask", "businessRuleTask") and isinstance(found, Mapping):
        return found
    return {}


def marks(events: Iterable[Any], view: Any) -> dict[str, str]:
    """Element id → done, active or incident, for the diagrams."""
    found = {event.element_id: "done" for event in events if event.kind == "completed" and event.element_id}
    found.update({_id_of(element): "active" for element in view.active_elements})
    found.update({incident.element_id: "incident" for incident in view.incidents})
    return found


def _id_of(element: Any) -> str:
    return str(element if isinstance(element, str) else getattr(element, "element_id", None) or getattr(element, "id", ""))


@dataclass(frozen=True)
class Place:
    """One element of a diagram in the list that says the same as its marks."""

    name: str
    kind: str
    state: str


KINDS = {
    "userTask": "done by a person",
    "serviceTask": "automatic",
    "sendTask": "sent automatically",
    "businessRuleTask": "decided by a table",
    "scriptTask": "computed",
    "receiveTask": "waits for a message",
    "callActivity": "has a diagram of its own",
    "subProcess": "part of this diagram",
}
STATES = {
    "active": "now here", "next": "can come next", "done": "done", "incident": "held up", "problem": "has a problem",
    "warning": "has a warning",
}  # fmt: skip


def places(diagram: Any, marked: Mapping[str, str]) -> list[Place]:
    """The activities of a diagram in its order, with where they stand."""
    return [
        Place(element.name or element.id, KINDS[element.type], STATES.get(marked.get(element.id, ""), "not reached"))
        for element in diagram.all_elements()
        if element.type in KINDS
    ]


def what_follows(package: Any, element: Any) -> list[str]:
    """What the diagram has after an element, through gateways, in words."""
    return [text for _, text in _following(package, element)]


def _following(package: Any, element: Any) -> list[tuple[Any, str]]:
    """The activities and named ends after an element, through gateways, each in words."""
    found: list[tuple[Any, str]] = []
    scopes = (scope for diagram in package.diagrams for process in diagram.processes for scope in process.scopes())
    scope = next((one for one in scopes if element.id in one.elements), None)
    if scope is None:
        return found
    waiting, seen = [element.id], {element.id}
    while waiting:
        for flow in scope.outgoing(waiting.pop(0)):
            target = scope.elements.get(flow.target)
            if target is None or target.id in seen:
                continue
            seen.add(target.id)
            if target.is_gateway or (target.type not in KINDS and target.type != "endEvent"):
                waiting.append(target.id)
            elif target.type in KINDS:
                condition = f"{flow.name}: " if flow.name else ""
                found.append((target, f"{condition}{target.name or target.id} ({KINDS[target.type]})"))
            elif target.name:
                found.append((target, target.name))
    return found


@dataclass(frozen=True)
class Next:
    """What can follow where an instance stands: the element it stands at, and what the diagram has after it, in words.

    `whole` is an element with a diagram of its own: its inside, where the instance stands too, comes to its end first.
    """

    after: str
    whole: bool
    what: tuple[str, ...]
    ids: tuple[str, ...]


def what_is_next(package: Any, view: Any) -> list[Next]:
    """What can come next from each place where an instance stands, inner ones first, as the diagrams have it; conditions in words."""
    found: list[Next] = []
    for active in view.active_elements:
        element = element_of(package, _id_of(active))
        after = _following(package, element) if element is not None else []
        if element is not None and after:
            whole = element.type in ("callActivity", "subProcess")
            # A gateway that waits has no name people know: it waits for what runs beside it.
            named = element.name or ("" if element.is_gateway else element.id)
            found.append(Next(named, whole, tuple(text for _, text in after), tuple(one.id for one, _ in after)))
    return found[::-1]


def in_order(package: Any, process_id: str) -> list[Any]:
    """The diagrams as a reader follows them: the process itself, then what it calls in that order, then the others."""
    found: list[Any] = []

    def add(diagram: Any) -> None:
        if diagram is None or diagram in found:
            return
        found.append(diagram)
        for element in diagram.all_elements():
            called = element.ext.called_process
            if called and not called.startswith("="):
                add(package.diagram_of(called))

    add(package.diagram_of(process_id))
    for diagram in package.diagrams:
        if diagram.processes:
            add(diagram)
    return found
