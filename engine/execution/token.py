"""A token: SpiffWorkflow's task without its prediction, its random ids and its log record per change of state."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

BOUNDARY = "boundary"
TRIGGER = "trigger"


class Token(Task):
    """Where an instance stands: one per element that is active.

    Tokens hang directly below their scope's root and are gone once their element is done: what is finished is in the history,
    so a loop can run for ever. Ids are whole numbers, unique and growing within an instance.

    `data` holds the element's local variables. `internal_data` holds what the element must remember:
    `wait` (what it waits for), `host` (of a boundary event: the activity), `passive` (boundary or trigger: does not keep
    its scope open), `body` (of a multi-instance: the token that counts them), `flow` (it came by), `group` (an event-based
    gateway's alternatives), `listens` (of a listener: its activity), `hears` and `heard` (which of its listeners run, and are
    done), `incident`, `done`.
    """

    def __init__(self, workflow: Any, task_spec: Any, parent: Any = None, state: int = TaskState.FUTURE, id: int | None = None) -> None:
        # Not calling Task.__init__: it draws a random id and reads the clock for every token.
        self.id: int = workflow.top_workflow.next_id() if id is None else id
        self.workflow = workflow
        self._parent = None if parent is None else parent.id
        self._children: list[int] = []
        self._state = state
        self.triggered = False
        self.task_spec = task_spec
        self.thread_id = 0
        self.data: dict[str, Any] = {}
        self.internal_data: dict[str, Any] = {}
        self.last_state_change = 0.0
        workflow.tasks[self.id] = self
        if parent is not None:
            parent._children.append(self.id)

    def _set_state(self, value: int) -> None:
        self._state = value

    @property
    def wait(self) -> dict[str, Any] | None:
        """What this token waits for, or None."""
        return self.internal_data.get("wait")

    @property
    def passive(self) -> bool:
        """Whether this token does not keep its scope open: a boundary event or an event subprocess that waits."""
        return "passive" in self.internal_data

    @property
    def incident(self) -> str | None:
        """Why this token cannot go on, or None."""
        return self.internal_data.get("incident")
