"""Message throw events, message end events and send tasks that publish a message here, as the operation that does it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from amends.engine.definitions.model import Assignment, EventDefinition, Zeebe

PUBLISHES = "publish-message"
"""The type of the operation that publishes messages."""
THROWS_MESSAGES = frozenset({"sendTask", "intermediateThrowEvent", "endEvent"})


def publishing(ext: Zeebe, event: EventDefinition | None, line: int) -> Zeebe:
    """The extensions of what sends a message, completed with what the diagram says elsewhere.

    The operation is given the name of the message that the element refers to. `zeebe:publishMessage` is that operation, with its
    key and time to live, and the element's input mappings as the variables that the message brings. Its message id is not
    needed: what is published here is published once.
    """
    if event is None or event.kind != "message":
        return ext
    kind = ext.task_type or event.ext.task_type
    said = next((item for item in (event.ext, ext) if item.publishes), None)
    if kind not in (None, PUBLISHES) or (kind is None and said is None):
        return ext
    given = {entry.target.partition(".")[0] for entry in ext.inputs} | ext.headers.keys() | event.ext.headers.keys()
    added = list(_inputs(ext, said, line)) if kind is None and said is not None else []
    if event.ref_name is not None and "message_name" not in given:
        added.append(Assignment(event.ref_name, "message_name", line))
    return replace(ext, task_type=ext.task_type or (PUBLISHES if kind is None else None), inputs=(*ext.inputs, *added))


def _inputs(ext: Zeebe, said: Zeebe, line: int) -> Iterator[Assignment]:
    names = dict.fromkeys(entry.target.partition(".")[0] for entry in ext.inputs)
    if names:
        yield Assignment(f"={{{', '.join(f'{name}: {name}' for name in names)}}}", "variables", line)
    for value, target in ((said.message_correlation_key, "correlation_key"), (said.message_ttl, "time_to_live")):
        if value:
            yield Assignment(value, target, line)
