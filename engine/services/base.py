"""What a service task may call: an operation is a class with a schema for its inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema
from sqlalchemy import Connection

from amends.engine.calendars import Calendar, Clock
from amends.engine.definitions.package import Package
from amends.engine.errors import AmendsError


class NotYet(AmendsError):
    """What an operation arranged is for a person to do now, outside: its task goes on waiting, and nothing tries it again by itself.

    `still` says, given a connection, whether that is so; `jobs.due.awaken` has the operation run once more when it is not any more.
    """

    def __init__(self, message: str, still: Callable[[Connection], bool]) -> None:
        super().__init__(message)
        self.still = still


@dataclass(slots=True)
class Inside:
    """The instance, for an operation that runs inside its step. `clocks` by name; `put_clock` changes one."""

    execution: Any
    token: Any

    @property
    def clocks(self) -> Mapping[str, Clock]:
        """The instance's clocks by name."""
        clocks: Mapping[str, Clock] = self.execution.clocks
        return clocks

    def put_clock(self, clock: Clock, what: str) -> None:
        """Put a clock: `what` says in a word what was done to it (started, paused, resumed, extended, met, cancelled)."""
        self.execution.set_clock(clock, what)

    def note(self, kind: str, values: dict[str, Any] | None = None, **data: Any) -> None:
        """Write something into the history at this element; `values` may be personal, `data` must not be."""
        self.execution.note(kind, self.token.task_spec.name, self.token, values, **data)


@dataclass(slots=True)
class OperationContext:
    """What an operation may know and use.

    `variables` are those in scope at the element, `whole` those of the instance, where staff correct what was told.
    `key` is the same at every attempt, so that nothing is told twice.
    `historical` is True while old records are replayed: such an operation records what was and touches nothing outside.
    `publish` gives a message (name, correlation key, variables, how long to keep it) to who waits for it, once however often
    it is called with the same name and key at this element; None inside the step. `connection` and `instance` are there only for
    operations that run inside the step. `shared` holds what the installation offers, by name ("mailer", "register").
    """

    instance_id: str
    element_id: str
    business_key: str | None
    actor: str
    variables: Mapping[str, Any]
    settings: Mapping[str, Any]
    package: Package
    calendars: Mapping[str, Calendar]
    functions: Mapping[str, Any]
    now: datetime
    key: str
    historical: bool = False
    shared: Mapping[str, Any] = field(default_factory=dict)
    whole: Mapping[str, Any] = field(default_factory=dict)
    database: Any = None
    publish: Callable[[str, str, Mapping[str, Any], timedelta | None], str | None] | None = None
    connection: Connection | None = None
    instance: Inside | None = None


class Operation:
    """Base of all operations.

    `type` is what a service task names; `title`, `group` and `help` are shown in the modeler, and `documentation`, an address, is
    where it leads who wants to know more. With `inside` True it runs in the
    instance's own transaction and touches nothing else; otherwise it is a job, run at least once. With `throws` it is offered for
    message throw and message end events, too. `outputs` are the variables it gives; those `of_this_run` are null where it is
    skipped, and not what an element before it gave under the same name.
    """

    type: ClassVar[str]
    title: ClassVar[str]
    group: ClassVar[str] = "Complaints"
    help: ClassVar[str] = ""
    documentation: ClassVar[str] = ""
    inside: ClassVar[bool] = False
    throws: ClassVar[bool] = False
    outputs: ClassVar[tuple[str, ...]] = ()
    of_this_run: ClassVar[tuple[str, ...]] = ()

    class Inputs(Schema):
        """What the diagram must give; metadata: label, feel (optional, required, no), choices, null (refused)."""

        class Meta:
            unknown = EXCLUDE

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any] | None:
        """Do it; what it returns become variables.

        Raise `BpmnError` for what an error event is to catch, and `NotYet` where the task has to wait for what a person does outside.
        Anything else is tried again and becomes an incident in the end.
        """
        raise NotImplementedError
