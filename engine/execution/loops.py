"""Activities that run several times: multi-instance, side by side or one after the other, and standard loops.

BPMN 2.0, 13.3.6 and 13.3.7; names of collections and elements as Camunda 8 has them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from SpiffWorkflow.util.task import TaskState

from amends.engine.definitions import model
from amends.engine.definitions.model import MOST_INSTANCES
from amends.engine.execution.elements import is_true, whole_number
from amends.engine.execution.faults import Fault
from amends.engine.execution.script_engine import Text, text
from amends.engine.execution.token import Token
from amends.engine.execution.values import keepable


def make_loop(loop: model.Loop) -> Any:
    """The behaviour for what the diagram says."""
    return StandardLoop(loop) if loop.kind == "standard" else MultiInstance(loop)


class MultiInstance:
    """Counts on the body's token: `items`, how many were started and ended, and what came out."""

    def __init__(self, loop: model.Loop) -> None:
        self.sequential = loop.kind == "sequential"
        self.collection = text(loop.input_collection, "input collection")
        self.cardinality = text(loop.cardinality, "number of instances")
        self.input_element = loop.input_element
        self.output_collection = loop.output_collection
        self.output_element = text(loop.output_element, "output element")
        self.completion = None
        if loop.completion_condition is not None and loop.completion_condition.strip():
            self.completion = Text(loop.completion_condition, "completion condition", always_feel=True)
        self.own = self._own_names()

    def _own_names(self) -> tuple[frozenset[str], frozenset[str]]:
        """What each instance has for itself, so that instances side by side do not share it: always, and if nobody else has it.

        An output element that is a variable (or an entry of one) names the instance's own, as in Camunda 8; of one that is
        computed, the variables nobody has set are the instance's.
        """
        if self.output_element is None or self.output_element.feel is None:
            return frozenset(), frozenset()
        names = frozenset(name.partition(".")[0] for name in self.output_element.feel.names) - {self.input_element, "loopCounter"}
        plain = self.output_element.feel.text.strip().replace(".", "").replace("_", "").isalnum()
        return (names, frozenset()) if plain else (frozenset(), names)

    def begin(self, body: Token) -> None:
        """Start the instances; none at all is an activity done at once."""
        items = self._items(body)
        if len(items) > MOST_INSTANCES:
            raise Fault(f"{body.task_spec.name} would run {len(items)} times; at most {MOST_INSTANCES} are allowed.")
        if not self.sequential:
            body.workflow.top_workflow.begin_instances(len(items), body.task_spec.name)
        body.internal_data["loop"] = {"items": items, "started": 0, "ended": 0, "out": [None] * len(items)}
        for _ in range(1 if self.sequential else len(items)):
            self._start(body)
        if not items:
            self._end(body)

    def _items(self, body: Token) -> list[Any]:
        if self.collection is not None:
            items = self.collection.needed(body)
            if not isinstance(items, list):
                raise Fault(f"The input collection of {body.task_spec.name} is {type(items).__name__}, not a list.")
            return list(keepable(items, "input collection"))
        if self.cardinality is not None:
            count = whole_number(self.cardinality, body)
            if count < 0:
                told = f"The {self.cardinality.what} `{self.cardinality.raw}` gives {_short(count)}"
                raise Fault(f"{told}; nothing runs fewer times than never.")
            if count > MOST_INSTANCES:
                raise Fault(f"{body.task_spec.name} would run {_short(count)} times; at most {MOST_INSTANCES} are allowed.")
            return [None] * max(0, count)
        raise Fault(f"{body.task_spec.name} runs several times, but over nothing; give it an input collection.")

    def _start(self, body: Token) -> None:
        loop = body.internal_data["loop"]
        index = loop["started"]
        if index >= len(loop["items"]):
            return
        loop["started"] = index + 1
        child = body.workflow.place(body.task_spec)
        child.internal_data.update(body=body.id, index=index)
        child.data["loopCounter"] = index + 1
        if self.input_element:
            child.data[self.input_element] = loop["items"][index]
        always, unless_known = self.own
        known = body.workflow.context() if unless_known else {}
        for name in (*always, *(name for name in unless_known if name not in known)):
            child.data.setdefault(name, None)

    def collect(self, child: Token, body: Token) -> None:
        """One instance is done: keep what it gives. Nothing is changed before everything is worked out."""
        loop = body.internal_data["loop"]
        ended = loop["ended"] + 1
        out = None
        if self.output_collection and self.output_element is not None:
            out = keepable(self.output_element.value(child), self.output_collection)
        enough = self._is_enough(child, loop, ended)
        loop["out"][child.internal_data["index"]] = out
        loop["ended"] = ended
        body.internal_data["enough"] = enough

    def _is_enough(self, child: Token, loop: dict[str, Any], ended: int) -> bool:
        if self.completion is None:
            return False
        counts = {"numberOfInstances": len(loop["items"]), "numberOfCompletedInstances": ended, "numberOfTerminatedInstances": 0}
        counts["numberOfActiveInstances"] = loop["started"] - ended
        child.data.update(counts)
        return is_true(self.completion, child)

    def next(self, body: Token) -> None:
        """Go on after an instance: the next one, or the end."""
        loop = body.internal_data["loop"]
        if body.internal_data.pop("enough", False) or loop["ended"] == len(loop["items"]):
            for other in body.workflow.tokens():
                if other.internal_data.get("body") == body.id:
                    body.workflow.cancel_token(other)
            self._end(body)
        elif self.sequential:
            self._start(body)

    def _end(self, body: Token) -> None:
        if self.output_collection:
            body.workflow.assign(self.output_collection, body.internal_data["loop"]["out"])
            body.workflow.top_workflow.mapped.add(self.output_collection)
        body.internal_data.pop("loop")
        body.internal_data["done"] = True
        body._set_state(TaskState.STARTED)
        body.workflow.top_workflow.agenda.append(body)


def _short(count: int) -> str:
    """A number that may have more digits than Python writes."""
    return str(count) if abs(count) < 10**15 else f"{Decimal(count):.3E}"


class StandardLoop:
    """Again while its condition holds, at most `maximum` times."""

    def __init__(self, loop: model.Loop) -> None:
        self.condition: Text | None = None if loop.condition is None else Text(loop.condition, "loop condition", always_feel=True)
        self.maximum = Decimal(loop.maximum) if loop.maximum and loop.maximum.isdecimal() else None
        self.test_before = loop.test_before

    def begin(self, body: Token) -> None:
        """The first pass, unless the condition is tested before it and does not hold."""
        body.internal_data["passes"] = 0
        if self.test_before and not self._again(body, body):
            self._end(body)
        else:
            self._start(body)

    def _again(self, token: Token, body: Token) -> bool:
        if self.maximum is not None and body.internal_data["passes"] >= self.maximum:
            return False
        return self.condition is None or is_true(self.condition, token)

    def _start(self, body: Token) -> None:
        body.internal_data["passes"] += 1
        child = body.workflow.place(body.task_spec)
        child.internal_data["body"] = body.id
        child.data["loopCounter"] = body.internal_data["passes"]

    def collect(self, child: Token, body: Token) -> None:
        """A pass is done: work out whether there is another one, as long as its variables are there."""
        body.internal_data["again"] = self._again(child, body)

    def next(self, body: Token) -> None:
        """Go on after a pass."""
        if body.internal_data.pop("again"):
            self._start(body)
        else:
            self._end(body)

    def _end(self, body: Token) -> None:
        body.internal_data["done"] = True
        body._set_state(TaskState.STARTED)
        body.workflow.top_workflow.agenda.append(body)
