"""FEEL as SpiffWorkflow's script engine, with what an execution needs from around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine

from amends.engine.definitions.model import expression, is_feel
from amends.engine.execution.bindings import Binding
from amends.engine.execution.faults import Fault
from amends.engine.feel import Expression, FeelError, FeelWarning, Meter, parse


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision gave: its value, and why, as plain data."""

    value: Any
    why: dict[str, Any]


class Operations(Protocol):
    """The service operations an execution may call inside its own step."""

    def inside(self, type_name: str) -> bool:
        """Whether this operation touches nothing outside and so runs inside the step."""

    def run(self, token: Any, type_name: str, inputs: dict[str, Any]) -> dict[str, Any] | None:
        """Run it; what it returns become variables."""


def _no_decision(decision_id: str, context: Mapping[str, Any]) -> Decided:
    raise Fault(f"There is no decision {decision_id!r} here; deploy it beside the diagram.")


def _no_process(process_id: str, deployment_id: str | None) -> tuple[Any, str | None]:
    raise Fault(f"There is no process {process_id!r} here; deploy it beside the diagram that calls it.")


def _no_version(called_id: str, *about: Any) -> Any:
    raise Fault(f"Nothing here knows several versions of {called_id!r}; remove its binding, or run it with the engine.")


@dataclass(slots=True)
class _Outside:
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    constants: Mapping[str, Any] = field(default_factory=dict)
    decide: Callable[[str, Mapping[str, Any]], Decided] = _no_decision
    process: Callable[[str, str | None], tuple[Any, str | None]] = _no_process
    bound_process: Callable[[str, str | None, Binding], tuple[Any, str | None]] = _no_version
    bound_decision: Callable[[str, Mapping[str, Any], str | None, Binding], Decided] = _no_version
    operations: Operations | None = None
    calendars: Mapping[str, Any] = field(default_factory=dict)


class FeelScriptEngine(PythonScriptEngine):
    """Evaluates FEEL where SpiffWorkflow would run Python, so that nothing of Python is reachable from a diagram.

    `functions` are injected into the language, `now` is the clock, `constants` are names every expression can read,
    `decide(id, context)` evaluates a decision, `process(id, deployment)` finds a called process's spec and where it is from,
    `bound_process(id, deployment, binding)` and `bound_decision(id, context, deployment, binding)` do so where an element says which
    version it means, `operations` run inside the step.
    """

    def __init__(self, **outside: Any) -> None:
        # Not calling PythonScriptEngine.__init__: it would set up an environment to run Python in.
        self.outside = _Outside(**outside)

    def evaluate(self, task: Any, expression: Any, external_context: Mapping[str, Any] | None = None) -> Any:
        """The value of a FEEL text in a token's context; None where FEEL gives null."""
        context = task.workflow.context(task)
        if external_context:
            context.update(external_context)
        return parse(str(expression)).evaluate(context, functions=self.outside.functions, now=self.outside.now)

    def execute(self, task: Any, script: Any, external_context: Mapping[str, Any] | None = None) -> bool:
        """Refused: a script is an expression here, and its value goes into a named variable."""
        raise Fault("Scripts are FEEL expressions with a result variable; Python is not run.")


class Text:
    """What stands in an attribute of a diagram: FEEL after `=`, else itself."""

    __slots__ = ("feel", "raw", "what")

    def __init__(self, raw: str, what: str, always_feel: bool = False) -> None:
        self.raw = raw.strip()
        self.what = what
        self.feel: Expression | None = None
        if always_feel or is_feel(raw):
            try:
                self.feel = parse(expression(raw))
            except FeelError as error:
                raise Fault(f"The {what} cannot be read: {error}") from error

    @property
    def reads_clocks(self) -> bool:
        """Whether its value changes when a clock does."""
        return self.feel is not None and "clocks" in self.feel.names

    def value(self, token: Any) -> Any:
        """Its value for a token; None for FEEL's null."""
        if self.feel is None:
            return self.raw
        outside = token.workflow.script_engine.outside
        warnings: list[FeelWarning] = []
        if token.workflow.top_workflow.evaluation_left < 0:
            raise Fault(f"The {self.what} `{self.raw}` is not evaluated: what came before it took too long. Let it wait between.")
        context, meter = token.workflow.context(token), Meter()
        try:
            result = self.feel.evaluate(context, functions=outside.functions, now=outside.now, warnings=warnings, budget=meter)
        except FeelError as error:
            raise Fault(f"The {self.what} `{self.raw}` failed: {error}") from error
        finally:
            token.workflow.top_workflow.evaluation_left -= meter.limits.steps - meter.steps
        if result is None:
            token.workflow.top_workflow.warnings = [str(warning) for warning in warnings]
        return result

    def needed(self, token: Any) -> Any:
        """Its value, where null is a fault that shows FEEL's warnings."""
        result = self.value(token)
        if result is None:
            why = "; ".join(token.workflow.top_workflow.warnings) or "the expression gives null"
            raise Fault(f"The {self.what} `{self.raw}` has no value: {why}.")
        return result


def text(raw: str | None, what: str) -> Text | None:
    """A `Text`, or None where the attribute is absent or empty."""
    return Text(raw, what) if raw is not None and raw.strip() else None
