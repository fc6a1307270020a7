"""Gateways: exclusive, parallel, inclusive and event-based (BPMN 2.0, 13.4)."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.util.task import TaskState

from amends.engine.execution.elements import Element, Way, is_true
from amends.engine.execution.faults import Fault
from amends.engine.execution.token import Token


class Joining(Element):
    """A gateway that may wait for several tokens: its mappings are made once, when it goes on."""

    def _run_hook(self, my_task: Token) -> bool | None:
        self.take_inputs(my_task)
        return True


class ExclusiveGateway(Element):
    """The first flow whose condition is true, in the diagram's order; else the default."""

    def choose(self, token: Token) -> list[Way]:
        for way in self.ways:
            if not way.default and (way.condition is None or is_true(way.condition, token)):
                return [way]
        default = [way for way in self.ways if way.default]
        if self.ways and not default:
            raise Fault(f"No condition of a flow out of {self.name} is true and there is no default flow; add one.")
        return default


class ParallelGateway(Joining):
    """Waits for one token on each incoming flow, then puts one on each outgoing flow."""

    remembers_flow = True

    def _update_hook(self, my_task: Token) -> bool:
        if len(self.incoming) < 2:
            return True
        my_task._set_state(TaskState.WAITING)
        first: dict[str, Token] = {}
        for token in my_task.workflow.tokens():
            if token.task_spec is self and token.state == TaskState.WAITING:
                first.setdefault(token.internal_data["flow"], token)
        if any(flow not in first for flow in self.incoming):
            return False
        for token in first.values():
            if token is not my_task:
                my_task.workflow.remove(token)
        return True

    def choose(self, token: Token) -> list[Way]:
        return self.ways


class InclusiveGateway(Joining):
    """Joins all tokens that can still come; then takes every flow whose condition is true, else the default."""

    remembers_flow = True
    joins_late = True

    def _update_hook(self, my_task: Token) -> bool:
        if len(self.incoming) < 2:
            return True
        my_task._set_state(TaskState.WAITING)
        return False

    def try_join(self, token: Token) -> bool:
        """Whether no token elsewhere can still reach a flow that has none yet (BPMN 2.0, 13.4.3).

        One that could as well come by a flow that has a token already is not waited for. That is about its ways along flows: where a
        boundary event led there, the activity it is on still goes its own way.
        """
        scope = token.workflow
        here = [other for other in scope.tokens() if other.task_spec is self and other.state == TaskState.WAITING]
        have = {other.internal_data["flow"] for other in here}
        graph: Any = scope.spec
        for other in scope.tokens():
            if other.task_spec is self or (other.passive and other.internal_data["passive"] != "boundary"):
                continue
            if "undoes" in other.internal_data:
                continue  # it goes nowhere: it only undoes what is done
            name = other.task_spec.name
            reaches = graph.flows_reached(name, self.name)
            if any(flow in reaches for flow in self.incoming if flow not in have):
                along = graph.flows_reached(name, self.name, False)
                if not any(flow in along for flow in have):
                    return False
        self.join(token)
        return True

    def join(self, token: Token) -> None:
        """Go on with the tokens that are here, one of each flow."""
        scope = token.workflow
        here = [other for other in scope.tokens() if other.task_spec is self and other.state == TaskState.WAITING]
        used: set[str] = set()
        for other in here:
            if other.internal_data["flow"] in used:
                continue
            used.add(other.internal_data["flow"])
            if other is not token:
                scope.remove(other)
        token._ready()

    def choose(self, token: Token) -> list[Way]:
        taken = [way for way in self.ways if not way.default and (way.condition is None or is_true(way.condition, token))]
        taken = taken or [way for way in self.ways if way.default]
        if self.ways and not taken:
            raise Fault(f"No condition of a flow out of {self.name} is true and there is no default flow; add one.")
        return taken


class EventBasedGateway(Element):
    """Lets the events after it wait together; the first to happen takes its way and the others are gone."""

    def choose(self, token: Token) -> list[Way]:
        return self.ways

    def leave(self, token: Token, ways: list[Way]) -> None:
        for way in ways:
            catch = token.workflow.place(token.workflow.spec.task_specs[way.target])
            catch.internal_data.update(group=token.id, flow=way.id)
