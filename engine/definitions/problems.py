"""What is wrong with a package or a diagram, said so that its owner can put it right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

ERROR = "error"
"""Cannot run right: a deployment is refused."""
WARNING = "warning"
"""Runs, but probably not as meant; or cannot be judged from this file alone."""
INFO = "info"
"""Worth knowing before it could run."""

CODES = {
    "unreadable": "the path cannot be read",
    "xml": "the file is not well-formed XML",
    "too-large": "the file or folder is larger than allowed",
    "doctype": "the file has a document type declaration",
    "outside": "a link leads out of the folder",
    "not-bpmn": "the file is no BPMN 2.0",
    "schema": "the file is not valid by the schema of BPMN 2.0",
    "missing-id": "an element has no id",
    "duplicate-id": "two elements share an id",
    "duplicate-definition": "two files hold the same process, form, decision or letter",
    "not-executable": "no process of the file is executable",
    "dangling-flow": "a flow begins or leads nowhere",
    "flow-crosses": "a flow crosses the border of a subprocess or pool",
    "dangling-reference": "an element or pool names something that is not there",
    "dead-end": "no flow leaves an element",
    "flow-into-start": "a flow leads to what is triggered, not reached",
    "flow-from-end": "a flow leaves an end event",
    "unreachable": "no path leads to an element",
    "no-start": "nothing begins a process or subprocess",
    "several-starts": "it cannot be said where a process or subprocess begins",
    "event-subprocess-start": "an event subprocess has no single trigger",
    "boundary-unattached": "a boundary event is attached to nothing",
    "default-flow": "a default flow does not leave its element",
    "unconditional-flow": "a flow of a choice has no condition",
    "condition-ignored": "a condition is not read where it stands",
    "event-gateway": "an event-based gateway leads to what does not wait",
    "link": "link events do not pair",
    "refused": "the element is not executed",
    "event-misplaced": "an event stands where BPMN has no such event",
    "event-unknown": "an event has a trigger that is not there, or that BPMN does not know",
    "compensation-flow": "what undoes is connected by flows instead of an association",
    "compensation-handler": "a compensation boundary event and what undoes are not connected",
    "compensation-activity": "a compensation event names an activity that is not in its scope",
    "no-cancel-boundary": "a transaction that is cancelled has no cancel boundary event",
    "unknown-extension": "an extension of the dialect is not read",
    "repeated-element": "an element has two of what it can have one of",
    "repeated-extension": "an element has one kind of extension twice",
    "no-task-type": "a task names no operation",
    "no-decision": "a business rule task calls no decision",
    "no-script": "a script task has no FEEL expression",
    "no-result-variable": "a result goes nowhere",
    "no-called-process": "a call activity calls no process",
    "loop-collection": "a multi-instance runs over nothing",
    "binding": "a version that is meant cannot be found",
    "listener": "a listener listens to what never happens",
    "loop-output": "a multi-instance collects into or from nothing",
    "message-name": "an event or task names no message",
    "correlation-key": "a message that is waited for has no correlation key",
    "message-start-twice": "two start events wait for one message",
    "caught-twice": "two events side by side, or two definitions of one, catch the same",
    "signal-name": "an event names no signal",
    "error-code": "an error has no code",
    "escalation-code": "an escalation has no code",
    "uncaught": "nothing catches an error or escalation that is thrown",
    "missing-reference": "a message, signal, error or escalation is not declared",
    "timer-missing": "a timer has no time",
    "condition-missing": "a conditional event has no condition",
    "timer-kind": "a kind of timer makes no sense where it stands",
    "timer-past": "the date of a timer has passed",
    "timer-literal": "the time of a timer is no date, duration or cycle",
    "feel-syntax": "an expression is not FEEL",
    "never-true": "a condition can never be true",
    "overlap": "two ways out of a choice hold together",
    "gap": "for some numbers no way out of a choice holds",
    "not-feel": "an expression has no = sign",
    "mapping": "a mapping is incomplete, or a variable's name is none",
    "value": "a plain value is not what it has to be",
    "unknown-name": "an expression reads what nothing sets",
    "missing-form": "a form is not there",
    "missing-decision": "a decision is not there",
    "missing-process": "a process is not there",
    "missing-letter": "a letter is not there",
    "missing-calendar": "a calendar is not there",
    "missing-element": "an element that is referred to is not there",
    "unknown-role": "the package does not have a role",
    "role-nobody-has": "no account of the installation holds a role",
    "no-assignment": "a user task is offered to nobody",
    "unknown-stage": "the package does not have a stage",
    "unknown-milestone": "there is no such milestone",
    "unknown-clock": "the package does not have a clock",
    "unknown-outcome": "the package does not have an outcome",
    "unknown-message": "no process waits for a message that is offered",
    "unknown-operation": "no operation claims a task type",
    "operation-input-missing": "an operation is not given what it needs",
    "operation-input-unknown": "an operation is given what it does not know",
    "operation-input-value": "an operation is given a wrong value",
    "running-instances": "a new version changes what running instances stand at",
    "endless-loop": "a loop cannot be left",
    "endless-call": "a process calls itself on every way through it",
    "join-never": "a parallel join can never go on",
    "join-may-wait": "a parallel join can wait for ever",
    "no-layout": "something is not drawn",
    "manifest-syntax": "package.toml cannot be read",
    "manifest-missing": "package.toml, or something required in it, is missing",
    "manifest-key": "package.toml has a key nobody reads",
    "manifest-name": "a name or id in package.toml is not of the right form",
    "manifest-value": "a value in package.toml is of the wrong kind",
    "form-id": "a form has no id of its own",
    "calendar": "a calendar cannot be used",
    "letter": "a letter cannot be read",
    "letter-subject": "a letter has no subject",
}
"""Every code of these checks and what it stands for. Forms and decision tables have codes of their own."""

_RANK = {ERROR: 0, WARNING: 1, INFO: 2}


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: where (file, element, line), what (code, message), how bad (severity) and what to do (help).

    `code` is stable and has a section in docs/check.md. `element_id` is empty where the finding is not about one
    element, `line` is None where the file has no lines.
    """

    file: str
    element_id: str
    line: int | None
    code: str
    severity: str
    message: str
    help: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        about = f" {self.element_id}:" if self.element_id else ""
        return f"{where}:{about} {self.severity}: {self.message} {self.help} [{self.code}]".replace("  ", " ")

    def to_plain(self) -> dict[str, Any]:
        """The same as a dict of strings and numbers, for --json."""
        return asdict(self)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """The problems without repetitions, by file and line, errors first on one line."""
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda p: (p.file, p.line or 0, _RANK.get(p.severity, 3), p.element_id, p.code))


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """Only those that refuse a deployment."""
    return [problem for problem in problems if problem.severity == ERROR]
