"""Diagrams in a few lines, and a driver that saves and restores the execution after every single thing it does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from amends.engine.definitions import read_diagram
from amends.engine.execution import Execution, Fault, FeelScriptEngine, compile_process, dump, load
from amends.engine.execution.token import Token

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="t">{}</bpmn:definitions>'
)
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Mirrored(Execution):
    """An execution that hands everything it is told on to a twin, which is never saved: the two must not differ."""

    twin: Execution | None = None
    inside = False

    def same_as_the_twin(self) -> None:
        """Saving and restoring has changed nothing about what followed."""
        assert self.twin is not None
        assert self.ended == self.twin.ended and self.notes == self.twin.notes
        assert dump(self) == dump(self.twin)
        self.twin.notes.clear()


def _mirrored(name: str) -> Any:
    plain = getattr(Execution, name)

    def told(self: Mirrored, *arguments: Any, **named: Any) -> Any:
        if self.inside or self.twin is None:
            return plain(self, *arguments, **named)
        its = [self.twin.token(item.id) if isinstance(item, Token) else item for item in arguments]
        getattr(self.twin, name)(*its, **named)
        self.inside = True
        try:
            return plain(self, *arguments, **named)
        finally:
            self.inside = False

    return told


for _name in (
    "begin", "complete", "fire", "throw_error", "throw_escalation", "retry", "cancel_all", "set_clock", "assign", "incident",
    "do_engine_steps",
):  # fmt: skip
    setattr(Mirrored, _name, _mirrored(_name))


class Driver:
    """Plays everybody an execution meets: people, mail, time. `path` collects what happened.

    Unless `save` is False the execution is saved and restored whenever it waits, and held against one that never was.
    """

    def __init__(self, body: str, process_id: str = "p", save: bool = True, **outside: Any) -> None:
        diagram = read_diagram(HEAD.format(body).encode(), "test.bpmn")
        assert not diagram.problems, diagram.problems
        self._begin({process.id: compile_process(process) for process in diagram.processes}, process_id, save, outside)

    @classmethod
    def of(cls, specs: dict[str, Any], process_id: str, **outside: Any) -> Driver:
        """A driver of processes that are compiled already."""
        made = cls.__new__(cls)
        made._begin(specs, process_id, True, outside)
        return made

    def _begin(self, specs: dict[str, Any], process_id: str, save: bool, outside: dict[str, Any]) -> None:
        self.specs = specs
        self.time = MONDAY
        self.save = save
        self.engine = FeelScriptEngine(now=lambda: self.time, process=self.process, **outside)
        self.execution: Execution = Execution(self.specs[process_id], self.engine)
        if save:
            self.execution = Mirrored(self.specs[process_id], self.engine)
            self.execution.twin = Execution(self.specs[process_id], self.engine)
        self.path: list[tuple[str, str]] = []

    def process(self, process_id: str, deployment: str | None) -> tuple[Any, str | None]:
        if process_id not in self.specs:
            raise Fault(f"There is no process {process_id!r}.")
        return self.specs[process_id], deployment

    def start(self, **variables: Any) -> Driver:
        self.execution.begin(variables)
        return self.run()

    def run(self) -> Driver:
        self.execution.do_engine_steps()
        self.path += [(note.kind, note.element_id) for note in self.execution.notes]
        if isinstance(self.execution, Mirrored):
            self.execution.same_as_the_twin()
            self.execution = self.restored(self.execution)
        self.execution.notes.clear()
        return self

    def restored(self, before: Mirrored) -> Execution:
        """The execution from its own bytes."""
        if before.ended is not None:
            return before
        body = dump(before)
        after = load(body, before.spec, self.engine)
        assert dump(after) == body
        after.__class__ = Mirrored
        assert isinstance(after, Mirrored)
        after.twin = before.twin
        return after

    def waiting(self, kind: str | None = None) -> list[Any]:
        found = [token for token in self.execution.all_tokens() if token.wait and kind in (None, token.wait["kind"])]
        return sorted(found, key=lambda token: token.id)

    @property
    def tasks(self) -> list[str]:
        return [token.task_spec.name for token in self.waiting("user")]

    @property
    def state(self) -> str:
        return self.execution.ended or ("incident" if self.incidents else "active")

    @property
    def incidents(self) -> list[str]:
        return [token.incident for token in self.execution.all_tokens() if token.incident]

    @property
    def variables(self) -> Mapping[str, Any]:
        return self.execution.data

    def find(self, name: str, kind: str) -> Any:
        return next(token for token in self.waiting(kind) if name in (token.task_spec.name, token.wait.get("name"), token.wait.get("type")))

    def complete(self, name: str, **variables: Any) -> Driver:
        self.execution.complete(self.find(name, "user"), variables)
        return self.run()

    def serve(self, name: str, **result: Any) -> Driver:
        self.execution.complete(self.find(name, "service"), result)
        return self.run()

    def error(self, name: str, code: str) -> bool:
        caught = self.execution.throw_error(self.find(name, "user"), code, "said so")
        self.run()
        return caught

    def message(self, name: str, **variables: Any) -> Driver:
        self.execution.fire(self.find(name, "message"), variables)
        return self.run()

    def signal(self, name: str) -> Driver:
        for token in [token for token in self.waiting("signal") if token.wait["name"] == name]:
            self.execution.fire(token, {})
        return self.run()

    def wait(self, **span: float) -> Driver:
        """Let time pass; timers fire in order, each at its own instant."""
        until = self.time + timedelta(**span)
        while True:
            due = [token for token in self.waiting("timer") if token.wait["due"] is not None and token.wait["due"] <= until]
            if not due:
                break
            token = min(due, key=lambda item: item.wait["due"])
            self.time = max(self.time, token.wait["due"])
            self.execution.fire(token, {})
            self.run()
        self.time = until
        return self

    def ran(self, kind: str = "completed") -> list[str]:
        return [name for what, name in self.path if what == kind]


def process(body: str, process_id: str = "p") -> str:
    return f'<bpmn:process id="{process_id}" isExecutable="true">{body}</bpmn:process>'


def element(kind: str, name: str, inside: str = "", ext: str = "", **attributes: str) -> str:
    extensions = f"<bpmn:extensionElements>{ext}</bpmn:extensionElements>" if ext else ""
    given = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f'<bpmn:{kind} id="{name}"{given}>{extensions}{inside}</bpmn:{kind}>'


def user(name: str, inside: str = "", ext: str = "") -> str:
    return element("userTask", name, inside, "<zeebe:userTask/>" + ext)


def flows(*ways: str) -> str:
    """`a>b` or `a>b: condition`; the flow's id is `a_b`."""
    made = ""
    for way in ways:
        route, _, condition = way.partition(":")
        source, _, target = route.strip().partition(">")
        escaped = condition.strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        inner = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">={escaped}</bpmn:conditionExpression>' if condition else ""
        made += f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>'
    return made


def timer(kind: str, text: str) -> str:
    return f'<bpmn:timerEventDefinition><bpmn:{kind} xsi:type="bpmn:tFormalExpression">{text}</bpmn:{kind}></bpmn:timerEventDefinition>'


def message_definition(name: str, key: str = "=reference") -> str:
    subscription = f'<bpmn:extensionElements><zeebe:subscription correlationKey="{key}"/></bpmn:extensionElements>'
    return f'<bpmn:message id="m_{name}" name="{name}">{subscription}</bpmn:message>'
