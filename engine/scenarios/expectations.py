"""What a step may expect: each kind is a question to the case, answered with yes or no and with what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amends.engine.decisions.values import from_python, same
from amends.engine.feel import normalize
from amends.engine.scenarios.case import COMPLAINANT, Case, Letter, shown
from amends.engine.scenarios.known import known, known_details
from amends.engine.scenarios.model import Expectation, ScenarioError


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether one wanted thing holds: `wanted` in words, and `there` where the case's general picture does not show it."""

    holds: bool
    wanted: str
    there: str = ""


def answers(case: Case, expectation: Expectation) -> Iterator[Answer]:
    """One answer for each thing an expectation names."""
    kind, want = expectation.kind, expectation.want
    if kind in _NAMED:
        if not isinstance(want, dict):
            raise ScenarioError(f"expect.{kind} takes names: expect.{kind}.NAME = …; there is {shown(want)}.")
        for name, value in want.items():
            if kind == "clock":
                known(case.world.package, kind, name)
            yield _NAMED[kind](case, name, value)
    elif kind in _WHOLE:
        if kind in _LISTED:
            for name in want if isinstance(want, list) else [want]:
                known(case.world.package, _LISTED[kind], name)
        yield _WHOLE[kind](case, want)
    else:
        for item in want if isinstance(want, list) else [want]:
            details = _details(kind, item)
            known_details(case.world.package, kind, details)
            yield _ITEMS[kind](case, details)


_LISTED = {"stage": "stage", "outcome": "outcome", "tasks": "element", "letters": "letter", "post_room": "letter"}
"""Expectations that are names themselves, and of what."""
_KEYS = {
    "task": ("id", "name", "role", "form", "due"),
    "letter": ("name", "to", "contains", "subject", "times"),
    "waiting": ("message", "signal", "timer", "due"),
    "escalated": ("to", "level", "reason", "times"),
    "operation": ("type", "element", "with", "times"),
    "incident": ("element", "contains"),
    "ran": ("element", "times"),
    "end": ("element",),
}
"""What can be said of an item; a plain text is the first of them, for `waiting` a message or signal."""


def _details(kind: str, item: Any) -> dict[str, Any]:
    if isinstance(item, str):
        return {_KEYS[kind][0]: item}
    if not isinstance(item, dict):
        raise ScenarioError(f"expect.{kind} is a text, or a table of {', '.join(_KEYS[kind])}; there is {shown(item)}.")
    for key in item.keys() - set(_KEYS[kind]):
        raise ScenarioError(f"expect.{kind} knows no {key!r}: it takes {', '.join(_KEYS[kind])}.")
    return item


def _counted(found: int, want: Mapping[str, Any]) -> bool:
    """At least once, or exactly as often as `times` says."""
    return found == want["times"] if "times" in want else found > 0


def _often(want: Mapping[str, Any]) -> str:
    return f", {want['times']} times" if "times" in want else ""


def _said(want: Mapping[str, Any], first: str) -> str:
    rest = [f"{key} {shown(value)}" for key, value in want.items() if key not in (first, "times")]
    return (repr(want[first]) if first in want else "any") + (f" with {', '.join(rest)}" if rest else "") + _often(want)


# -- things there may be several of
def _task(case: Case, want: Mapping[str, Any]) -> Answer:
    found = [task for task in case.tasks if want.get("id", task.element_id) == task.element_id]
    there = ""
    if found and len(want) > 1:
        task = found[0]
        there = f"task {task.element_id}: name {task.name!r}, roles {', '.join(task.groups)}, form {task.form}, due {_when(task.due_at)}"
    held = [
        task
        for task in found
        if want.get("name", task.name) == task.name
        and ("role" not in want or want["role"] in task.groups)
        and want.get("form", task.form) == task.form
        and ("due" not in want or _same_instant(case, want["due"], task.due_at))
    ]
    return Answer(bool(held), f"an open task {_said(want, 'id')}", there)


def _letter(case: Case, want: Mapping[str, Any]) -> Answer:
    named = [letter for letter in case.letters() if letter.gone and want.get("name", letter.name) == letter.name]
    found = [
        letter
        for letter in named
        if ("to" not in want or _is_to(case, letter, str(want["to"])))
        and str(want.get("contains", "")) in letter.text
        and str(want.get("subject", "")) in letter.subject
    ]
    there = "; ".join(f"{letter.name} to {letter.to}: {letter.subject}\n{letter.text}" for letter in named[-1:])
    return Answer(_counted(len(found), want), f"the letter {_said(want, 'name')}", there if len(want) > 1 else "")


def _is_to(case: Case, letter: Letter, to: str) -> bool:
    if to == COMPLAINANT:
        return not letter.inside
    manifest = case.world.package.manifest
    names = {account.display_name for account in case.world.accounts.list(to)} | {manifest.roles.get(to, to), to}
    return any(to in address for address in letter.addresses) or bool(names & {name.strip() for name in letter.to.split(",")})


def _waiting(case: Case, want: Mapping[str, Any]) -> Answer:
    found = case.engine.waiting(case.id) if case.id else []
    for item in found:
        if "timer" in want and (item.kind, item.element_id) != ("timer", want["timer"]):
            continue
        if "signal" in want and (item.kind, item.name) != ("signal", want["signal"]):
            continue
        if "message" in want and (item.kind not in ("message", "signal") or item.name != want["message"]):
            continue
        if "due" in want and not _same_instant(case, want["due"], item.due_at):
            continue
        return Answer(True, f"waiting for {shown(want)}")
    return Answer(False, f"waiting for {shown(want)}")


def _escalated(case: Case, want: Mapping[str, Any]) -> Answer:
    told = [done.inputs for done in case.world.done if done.type == "escalate"]
    found = [
        inputs
        for inputs in told
        if want.get("to", inputs["role"]) == inputs["role"]
        and want.get("level", inputs["level"]) == inputs["level"]
        and str(want.get("reason", "")) in inputs["reason"]
    ]
    there = "; ".join(f"{inputs['role']} (level {inputs['level']}): {inputs['reason']}" for inputs in told) or "nobody"
    return Answer(_counted(len(found), want), f"an escalation to {_said(want, 'to')}", f"escalated to {there}")


def _operation(case: Case, want: Mapping[str, Any]) -> Answer:
    found = [
        done
        for done in case.world.done
        if want.get("type", done.type) == done.type
        and want.get("element", done.element_id) == done.element_id
        and _equal(done.inputs, want.get("with", {}))
    ]
    there = "; ".join(f"{done.element_id} ({done.type})" for done in case.world.done) or "none"
    return Answer(_counted(len(found), want), f"the operation {_said(want, 'type')}", f"operations: {there}")


def _incident(case: Case, want: Mapping[str, Any]) -> Answer:
    found = [
        incident
        for incident in case.instance.incidents
        if want.get("element", incident.element_id) == incident.element_id and str(want.get("contains", "")) in incident.message
    ]
    return Answer(bool(found), f"an incident at {_said(want, 'element')}")


def _ran(case: Case, want: Mapping[str, Any]) -> Answer:
    found = sum(event.element_id == want.get("element") and event.kind in ("completed", "taken") for event in case.events)
    return Answer(_counted(found, want), f"that {_said(want, 'element')} has run", f"it has run {found} times")


def _end(case: Case, want: Mapping[str, Any]) -> Answer:
    ended = case.instance.state in ("completed", "terminated")
    last = [event.element_id for event in case.events if event.kind == "completed"]
    return Answer(ended and want.get("element") in last, f"its end at {want.get('element')!r}", f"last: {', '.join(last[-3:])}")


_ITEMS: Mapping[str, Callable[[Case, Mapping[str, Any]], Answer]] = {
    "task": _task, "letter": _letter, "waiting": _waiting, "escalated": _escalated, "operation": _operation, "incident": _incident,
    "ran": _ran, "end": _end,
}  # fmt: skip


# -- things with names
def _clock(case: Case, name: str, want: Any) -> Answer:
    clock = case.instance.clocks.get(name)
    details = {"state": want} if isinstance(want, str) else want
    if not isinstance(details, dict) or details.keys() - {"state", "due"}:
        raise ScenarioError(f"expect.clock.{name} is a state, or a table of state and due; there is {shown(want)}.")
    wanted = f"the clock {name} {' '.join(f'{key} {value}' for key, value in details.items())}"
    if clock is None:
        return Answer(False, wanted, f"there is no clock {name}")
    due = clock.due(case.world.calendars)
    holds = details.get("state", case.clock_state(clock)) == case.clock_state(clock)
    return Answer(holds and ("due" not in details or _same_instant(case, details["due"], due)), wanted)


def _variable(case: Case, name: str, want: Any) -> Answer:
    value = case.variable(name)
    return Answer(_equal(value, want), f"{name} = {shown(want)}", f"{name} = {shown(value)}")


def _decision(case: Case, name: str, want: Any) -> Answer:
    wanted = set(want if isinstance(want, list) else [want])
    if not all(isinstance(rule, int) for rule in wanted):
        raise ScenarioError(f"expect.decision.{name} is the number of a rule, or a list of them; there is {shown(want)}.")
    matched = [
        {rule["index"] for rule in (event.data.get("values") or {}).get("matched", []) if rule["decision"] == name}
        for event in case.events
        if event.kind == "decision"
    ]
    known = [rules for rules in matched if rules]
    told = "; then ".join(", ".join(map(str, sorted(rules))) for rules in known) or "none"
    return Answer(wanted in known, f"rule {', '.join(map(str, sorted(wanted)))} of the decision {name}", f"rules of {name}: {told}")


_NAMED: Mapping[str, Callable[[Case, str, Any], Answer]] = {"clock": _clock, "variable": _variable, "decision": _decision}


# -- things there is one of
def _stage(case: Case, want: Any) -> Answer:
    complaint = case.complaint
    return Answer(complaint is not None and complaint.stage == want, f"the stage {want}")


def _state(case: Case, want: Any) -> Answer:
    return Answer(case.instance.state == want, f"the state {want}")


def _outcome(case: Case, want: Any) -> Answer:
    complaint = case.complaint
    actual = complaint.outcome if complaint is not None else case.instance.variables.get("outcome")
    return Answer(actual == want, f"the outcome {want}", f"outcome {actual or 'none'}")


def _tasks(case: Case, want: Any) -> Answer:
    wanted = sorted(_texts("tasks", want))
    return Answer(sorted(task.element_id for task in case.tasks) == wanted, f"exactly these open tasks: {', '.join(wanted) or 'none'}")


def _letters(case: Case, want: Any) -> Answer:
    wanted = _texts("letters", want)
    sent = [letter.name for letter in case.letters() if letter.gone and not letter.inside]
    return Answer(sent == wanted, f"exactly these letters to the complainant: {', '.join(wanted) or 'none'}")


def _post_room(case: Case, want: Any) -> Answer:
    wanted = sorted(_texts("post_room", want))
    waits = sorted(letter.name for letter in case.letters() if letter.waits)
    return Answer(waits == wanted, f"exactly these letters in the post room: {', '.join(wanted) or 'none'}")


def _texts(kind: str, want: Any) -> list[str]:
    texts = want if isinstance(want, list) else [want]
    if not all(isinstance(text, str) for text in texts):
        raise ScenarioError(f"expect.{kind} is a list of texts; there is {shown(want)}.")
    return texts


_WHOLE: Mapping[str, Callable[[Case, Any], Answer]] = {
    "stage": _stage, "state": _state, "outcome": _outcome, "tasks": _tasks, "letters": _letters, "post_room": _post_room,
}  # fmt: skip


def _equal(actual: Any, want: Any) -> bool:
    """Whether a value is the wanted one; of a table, whether all that is wanted of it is."""
    if isinstance(want, dict):
        return isinstance(actual, Mapping) and all(_equal(actual.get(key), value) for key, value in want.items())
    return actual == want or same(normalize(actual), from_python(want))


def _same_instant(case: Case, want: Any, actual: datetime | None) -> bool:
    if not isinstance(want, datetime):
        raise ScenarioError(f"due is a date and a time, such as 2026-03-02T10:00:00; there is {shown(want)}.")
    return actual is not None and case.instant(want) == actual


def _when(at: datetime | None) -> str:
    return "never" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
