"""The operations there are, and how one is called with checked inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from importlib.metadata import entry_points
from typing import Any

from marshmallow import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from amends.engine.errors import AmendsError
from amends.engine.execution import Fault
from amends.engine.instances.commands import Commands
from amends.engine.services.base import Inside, Operation, OperationContext

ENTRY_POINT_GROUP = "amends.operations"


def plugin_operations() -> dict[str, type[Operation]]:
    """The operations that installed distributions register: entry point group `amends.operations`, one class each."""
    found: dict[str, type[Operation]] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        operation = point.load()
        if not (isinstance(operation, type) and issubclass(operation, Operation)):
            raise AmendsError(f"The entry point {point.name!r} of {point.value} is no Operation; see docs/operations.md.")
        found[operation.type] = operation
    return found


def checked(operation: type[Operation], inputs: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The inputs as the operation's schema gives them; a `Fault` names what is missing or wrong. Null is as if it were not given."""
    schema = operation.Inputs()
    kept = {name for name, field in schema.fields.items() if field.metadata.get("null") == "refused"}
    given = {name: value for name, value in inputs.items() if value is not None or name in kept}
    try:
        loaded: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        told = "; ".join(f"{name}: {' '.join(map(str, texts))}" for name, texts in sorted(dict(error.messages_dict).items()))
        raise Fault(f"The operation {operation.type!r} at {where} cannot use its inputs. {told}") from error
    return loaded


Publish = Callable[[str, str, str, Mapping[str, Any], timedelta | None], str | None]
"""Publishes a message once: who does, its name, its correlation key, its variables, how long it is kept (None: not at all)."""


class Registry:
    """Operations by type, and the shared objects they use."""

    def __init__(self, operations: Mapping[str, type[Operation]], shared: Mapping[str, Any]) -> None:
        self.operations = dict(operations)
        self.shared: dict[str, Any] = dict(shared)
        self.commands: Commands | None = None
        self.publish: Publish | None = None

    def claims(self, type_name: str) -> bool:
        """Whether an operation of this type is registered."""
        return type_name in self.operations

    def inside(self, type_name: str) -> bool:
        """Whether it runs inside the step."""
        return type_name in self.operations and self.operations[type_name].inside

    def run(self, token: Any, type_name: str, inputs: dict[str, Any]) -> dict[str, Any] | None:
        """Run an operation inside the step of the command this thread runs."""
        operation = self.operations[type_name]
        work = None if self.commands is None else self.commands.running
        if work is None:
            raise Fault(f"The operation {type_name!r} runs only inside a command.")
        context = self.context(token, work.id, work.business_key, work.version, work.held, "job")
        context.connection, context.publish = work.connection, None
        context.instance = Inside(work.execution, token)
        # A savepoint: what an operation wrote before it failed must not stay behind.
        with faults_named(type_name), work.connection.begin_nested():
            return operation().run(checked(operation, inputs, token.task_spec.name), context)

    def context(self, token: Any, instance_id: str, business_key: str | None, version: Any, held: bool, actor: str) -> OperationContext:
        """What an operation at this token is given."""
        outside, key = token.workflow.script_engine.outside, f"{instance_id}.{token.id}"
        return OperationContext(
            instance_id=instance_id, element_id=token.task_spec.name, business_key=business_key, actor=actor,
            variables=token.workflow.context(token), settings=version.settings, package=version.package, calendars=version.calendars,
            functions=outside.functions, now=outside.now(), key=key, historical=held, shared=self.shared,
            whole=token.workflow.top_workflow.data,
            database=None if self.commands is None else self.commands.database,
            publish=None if self.publish is None else partial(self.publish, key),
        )  # fmt: skip


@contextmanager
def faults_named(type_name: str) -> Iterator[None]:
    """An error of an operation inside a step is a fault of its element, with the operation's name."""
    from amends.engine.execution import BpmnError

    try:
        yield
    except (BpmnError, Fault):
        raise
    except SQLAlchemyError:
        raise
    except Exception as error:
        # Whatever an operation raises is its element's incident; the command around it is sound.
        said = str(error) if isinstance(error, AmendsError) else f"{type(error).__name__}: {error}"
        raise Fault(f"The operation {type_name!r} failed: {said}") from error
