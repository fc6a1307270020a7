"""A loaded decision model: what it decides, the value of a decision, and why it came out so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amends.engine.decisions import elements as e
from amends.engine.decisions.columns import input_label
from amends.engine.decisions.evaluation import Frame, Logic, service_inputs
from amends.engine.decisions.explain import Explanation
from amends.engine.decisions.graph import Graph, Reference
from amends.engine.decisions.loading import Resolve, Source, open_graph
from amends.engine.decisions.run import Run
from amends.engine.decisions.types import Type
from amends.engine.decisions.values import FeelFunction, call, from_json, from_python
from amends.engine.errors import NotFound
from amends.engine.feel import Budget, BudgetError, FeelWarning, Meter
from amends.engine.feel.run import Clock


@dataclass(frozen=True)
class InputInfo:
    """An input that a decision needs, directly or by way of others: its name and type, the values it may have (FEEL, or empty)."""

    name: str
    type: str
    allowed: str = ""


@dataclass(frozen=True)
class OutputInfo:
    """An output of a decision: its name, type, and the values it may have (FEEL, or empty)."""

    name: str
    type: str
    allowed: str = ""


@dataclass(frozen=True)
class DecisionInfo:
    """What a decision is: its inputs, its outputs, and for a decision table its hit policy (U A P F R O C C+ C< C> C#), else ""."""

    id: str
    name: str
    inputs: tuple[InputInfo, ...]
    outputs: tuple[OutputInfo, ...]
    hit_policy: str = ""
    question: str = ""


def load(source: Source, *, resolve: Resolve | None = None) -> Model:
    """Read a decision model, leniently: a decision that is wrong evaluates to null, `check_model` tells why.

    `source` is a path or the bytes of a DMN 1.1-1.5 document. Imports are looked for beside the file; `resolve(namespace, location)`
    is asked first and returns bytes or None. Raises DecisionError when the file cannot be read at all. DMN 1.5, 6 and 7.
    """
    return Model(open_graph(source, resolve))


class Model:
    """A decision model; it is immutable, and may be used by several threads."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._logic = Logic()
        self._found: dict[str, Reference] = {}

    @property
    def name(self) -> str:
        """The name of the model."""
        return self.graph.document.name

    @property
    def decisions(self) -> list[DecisionInfo]:
        """The decisions of this document, in its order, and those it imports without a name."""
        return [self._info(node) for node in self.graph.of_kind(e.Decision)]

    @property
    def services(self) -> list[str]:
        """The names of the decision services."""
        return [node.name for node in self.graph.of_kind(e.Service)]

    @property
    def knowledge_models(self) -> list[str]:
        """The names of the business knowledge models."""
        return [node.name for node in self.graph.of_kind(e.KnowledgeModel)]

    def evaluate(
        self,
        name: str,
        inputs: Mapping[str, Any],
        *,
        functions: Mapping[str, Any] | None = None,
        now: Clock | None = None,
        warnings: list[FeelWarning] | None = None,
        budget: Budget | Meter | None = None,
    ) -> Any:
        """The value of a decision, decision service or knowledge model.

        `name` is its name or id, `import.name` for one that is imported. `inputs` maps names of input data (of parameters, for a
        knowledge model) to values. `functions`, `now`, `warnings` and `budget` are FEEL's. Faults give null and a warning. Raises
        NotFound when there is no such thing, BudgetError (a FeelError) when it takes more than it may.
        """
        run = Run(functions, now, [] if warnings is None else warnings, budget)
        return self._evaluate(name, inputs, run)

    def explain(
        self,
        name: str,
        inputs: Mapping[str, Any],
        *,
        functions: Mapping[str, Any] | None = None,
        now: Clock | None = None,
        warnings: list[FeelWarning] | None = None,
        budget: Budget | Meter | None = None,
    ) -> Explanation:
        """The same value, with the rules that matched on the way and the warnings. Parameters and errors are those of `evaluate`."""
        run = Run(functions, now, [] if warnings is None else warnings, budget, keep_rules=True)
        value = self._evaluate(name, inputs, run)
        return Explanation(value, run.matched, run.warnings)

    def input_kinds(self, name: str) -> dict[str, str]:
        """The FEEL type of each input of a decision, service or knowledge model. Raises NotFound when there is no such thing."""
        return {key: kind.base for key, kind in self._kinds(name).items()}

    def read_inputs(self, name: str, plain: Mapping[str, Any]) -> dict[str, Any]:
        """Inputs from JSON: where a decision's input is declared as a date, time or duration, its text is read as one.

        What is not declared, or is no such text, stays as it is. Raises NotFound when there is no such decision.
        """
        kinds = self._kinds(name)
        return {key: from_json(value, kinds[key]) if key in kinds else value for key, value in plain.items()}

    def _kinds(self, name: str) -> dict[str, Type]:
        reference = self._reference(name)
        if isinstance(reference.node, e.KnowledgeModel) and reference.node.function is not None:
            return {p.name: reference.graph.types.resolve(p.type_ref) for p in reference.node.function.parameters}
        kinds = {required.node.name: required.graph.kind_of(required.node) for required in self._inputs_of(reference)}
        table = reference.node.expression if isinstance(reference.node, e.Decision) else None
        if not kinds and isinstance(table, e.Table):
            for clause in table.inputs:
                if clause.expression is not None:
                    kinds[clause.expression.text.strip()] = reference.graph.types.resolve(clause.expression.type_ref)
        return kinds

    def _reference(self, name: str) -> Reference:
        found = self._found.get(name)
        if found is not None:
            return found
        found = self.graph.find_named(name)
        if found is None:
            known = ", ".join([node.name for node in self.graph.of_kind(e.Decision)] + self.services) or "none"
            raise NotFound(f"The decision model {self.name} has no decision or service named {name}. It has: {known}.")
        self._found[name] = found
        return found

    def _evaluate(self, name: str, inputs: Mapping[str, Any], run: Run) -> Any:
        try:
            return self._value(self._reference(name), inputs, run)
        except RecursionError:
            raise BudgetError(f"{name} is nested too deeply and was ended. Make its expressions or its data flatter.") from None

    def _value(self, reference: Reference, inputs: Mapping[str, Any], run: Run) -> Any:
        frame = Frame(self._logic, {key: from_python(value) for key, value in inputs.items()}, run)
        if isinstance(reference.node, e.Service):
            return run.deeper(lambda: frame.serve(reference, reference.node, frame.inputs), reference.node.name)  # type: ignore[arg-type]
        value = frame.value(reference)
        if isinstance(reference.node, e.KnowledgeModel) and isinstance(value, FeelFunction) and reference.node.function is not None:
            parameters = [parameter.name for parameter in reference.node.function.parameters]
            return call(value, {p: frame.inputs.get(p) for p in parameters}, run, reference.node.line)
        return value

    def _inputs_of(self, reference: Reference) -> list[Reference]:
        """The input data that a node needs, directly or by way of others."""
        if isinstance(reference.node, e.Service):
            data, decisions = service_inputs(reference)
            return [*data, *decisions]
        found: dict[int, Reference] = {}
        seen: set[int] = set()
        pending = [reference]
        while pending:
            current = pending.pop(0)
            for _, required in current.graph.requirements(current.node):
                if required is None or id(required.node) in seen:
                    continue
                seen.add(id(required.node))
                if isinstance(required.node, e.InputData):
                    found[id(required.node)] = required
                else:
                    pending.append(required)
        return list(found.values())

    def _info(self, node: e.Decision) -> DecisionInfo:
        reference = Reference((), self.graph, node)
        inputs = []
        for required in self._inputs_of(reference):
            kind = required.graph.kind_of(required.node)
            inputs.append(InputInfo(required.node.name, _type_text(kind), kind.allowed_text))
        table = node.expression if isinstance(node.expression, e.Table) else None
        if not inputs and table is not None:
            inputs = [self._clause_info(clause) for clause in table.inputs]
        outputs = self._outputs(node, table)
        return DecisionInfo(node.id, node.name, tuple(inputs), tuple(outputs), table.hit_policy if table else "", node.question)

    def _clause_info(self, clause: e.InputClause) -> InputInfo:
        kind = self.graph.types.resolve(clause.expression.type_ref if clause.expression else "")
        text = clause.expression.text.strip() if clause.expression else ""
        return InputInfo(text or input_label(clause), _type_text(kind), clause.allowed.text if clause.allowed else kind.allowed_text)

    def _outputs(self, node: e.Decision, table: e.Table | None) -> list[OutputInfo]:
        declared = self.graph.kind_of(node)
        if table is None:
            return [OutputInfo(node.name, _type_text(declared), declared.allowed_text)]
        found = []
        for clause in table.outputs:
            kind = self.graph.types.resolve(clause.type_ref) if clause.type_ref or len(table.outputs) > 1 else declared
            allowed = clause.allowed.text if clause.allowed else kind.allowed_text
            found.append(OutputInfo(clause.name or node.name, _type_text(kind), allowed))
        return found


def _type_text(kind: Type) -> str:
    """The type as a list of decisions shows it: the FEEL type, so that a reader need not know the model's own names."""
    if kind.base == "list":
        return f"list of {_type_text(kind.item)}" if kind.item else "list"
    return kind.base
