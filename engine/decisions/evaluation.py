"""Evaluating a requirement graph: a node's requirements first, each once, then its logic (DMN 1.5, 10.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amends.engine.decisions import elements as e
from amends.engine.decisions.compiling import Place, compile_expression, compile_function, converted
from amends.engine.decisions.graph import Graph, Path, Reference, aliases
from amends.engine.decisions.run import Compiled, Run, Scope
from amends.engine.decisions.types import ANY, Type
from amends.engine.decisions.values import FeelFunction

_MISSING = object()


@dataclass(frozen=True)
class Step:
    """One requirement of a node, resolved: the name it is read by, other names, and for input data of the same document its type.

    `exact` is the Python type whose values need no conversion to it.
    """

    reference: Reference
    name: str
    aliases: tuple[str, ...]
    kind: Type | None
    exact: type | None


class Logic:
    """The compiled logic of every node of a model, made when it is first needed and kept."""

    def __init__(self) -> None:
        self._steps: dict[int, list[Step]] = {}
        self._decisions: dict[int, Compiled] = {}
        self._functions: dict[int, Any] = {}

    def steps(self, graph: Graph, node: e.Node) -> list[Step]:
        """What has to be evaluated before a node."""
        found = self._steps.get(id(node))
        if found is None:
            found = self._steps[id(node)] = [_step(reference) for _, reference in graph.requirements(node) if reference is not None]
        return found

    def decision(self, graph: Graph, node: e.Decision) -> Compiled:
        """The logic of a decision, its result converted to the type of its variable."""
        found = self._decisions.get(id(node))
        if found is None:
            compiled = compile_expression(node.expression, self._place(graph, node))
            found = self._decisions[id(node)] = converted(compiled, graph.kind_of(node), node.name, node.line)
        return found

    def function(self, graph: Graph, node: e.KnowledgeModel) -> Any:
        """The builder of a knowledge model's function."""
        found = self._functions.get(id(node))
        if found is None and node.function is not None:
            found = compile_function(node.function, self._place(graph, node), node.name, _returned(graph.kind_of(node)))
            self._functions[id(node)] = found
        return found

    @staticmethod
    def _place(graph: Graph, node: e.Node) -> Place:
        return Place(graph.types, (*graph.scope_names(node), *graph.known_names()), node.name)


def _returned(kind: Type) -> Type:
    """What a knowledge model returns: its variable has a function type, or in older files the type of the result."""
    if kind.base == "function":
        return kind.result or ANY
    return kind


class Frame:
    """One evaluation of a graph with its inputs; a decision service gets a frame of its own.

    `given` holds the decisions whose value comes from outside (the input decisions of a service).
    """

    def __init__(self, logic: Logic, inputs: Mapping[str, Any], run: Run, given: Mapping[int, Any] | None = None) -> None:
        self.logic = logic
        self.inputs = inputs
        self.run = run
        self.given = given or {}
        self.values: dict[tuple[Path, int], Any] = {}
        self.open: set[tuple[Path, int]] = set()

    def value(self, reference: Reference) -> Any:
        """The value of a node: of an input or a decision, or the function that a knowledge model or a service is."""
        key = (reference.path, id(reference.node))
        if id(reference.node) in self.given:
            return self.given[id(reference.node)]
        if key in self.values:
            return self.values[key]
        if key in self.open:
            self.run.warn(f"{reference.node.name} requires itself, by way of others.", reference.node.name, reference.node.line)
            return None
        self.open.add(key)
        try:
            found = self.run.deeper(lambda: self._compute(reference), reference.node.name)
        finally:
            self.open.discard(key)
        self.values[key] = found
        return found

    def _compute(self, reference: Reference) -> Any:
        node = reference.node
        if isinstance(node, e.InputData):
            return self._input(reference)
        if isinstance(node, e.Decision):
            return self._decision(reference, node)
        if isinstance(node, e.KnowledgeModel):
            return self._knowledge(reference, node)
        if isinstance(node, e.Service):
            return self._service(reference, node)
        return None

    def _input(self, reference: Reference) -> Any:
        value = self._given_value(reference)
        if value is _MISSING:
            self.run.warn(f"The input {reference.node.name} was not given.", reference.node.name, reference.node.line)
            return None
        return self._fitted(value, reference)

    def _fitted(self, value: Any, reference: Reference) -> Any:
        kind = reference.graph.kind_of(reference.node)
        result, fits = kind.convert(kind.complete(value))
        if not fits:
            self.run.warn(f"The input {reference.node.name} is not {_described(kind)}.", reference.node.name, reference.node.line)
        return result

    def _given_value(self, reference: Reference) -> Any:
        """The input from outside: nested under the names of the imports on the way, or joined with them by dots, or with fewer."""
        for start in range(len(reference.path) + 1):
            names = [name for name in (*reference.path[start:], reference.node.name) if name]
            found: Any = self.inputs
            for name in names:
                found = found.get(name, _MISSING) if isinstance(found, Mapping) else _MISSING
            if found is _MISSING:
                found = self.inputs.get(".".join(names), _MISSING)
            if found is not _MISSING:
                return found
        return _MISSING

    def _decision(self, reference: Reference, node: e.Decision) -> Any:
        if node.expression is None:
            value = self._given_value(reference)
            return None if value is _MISSING else self._fitted(value, reference)
        return self.logic.decision(reference.graph, node)(self.scope(reference), self.run)

    def scope(self, reference: Reference) -> Scope:
        """What the logic of a node sees: its requirements by name, those of imports within a context of the import's name.

        Inputs that the model does not declare are seen too: Camunda's modeler draws tables that read variables without input data.
        """
        scope: Scope = {} if reference.path else self._undeclared(reference.graph)
        for step in self.logic.steps(reference.graph, reference.node):
            value = self._quick(step) if not reference.path else _MISSING
            if value is _MISSING:
                required = step.reference
                value = self.value(Reference((*reference.path, *required.path), required.graph, required.node))
            place = scope
            for name in step.reference.path:
                if name:
                    place = place.setdefault(name, {})
            place[step.name] = value
            for alias in step.aliases:
                place.setdefault(alias, value)
        return scope

    def _undeclared(self, graph: Graph) -> Scope:
        return {name: value for name, value in self.inputs.items() if name not in graph.names}

    def _quick(self, step: Step) -> Any:
        """The value of an input that was given plainly and is of its type; what is not takes the long way, with its warnings."""
        if step.kind is None or self.given:
            return _MISSING
        value = self.inputs.get(step.name, _MISSING)
        if type(value) is step.exact or value is _MISSING:
            return value
        result, fits = step.kind.convert(step.kind.complete(value))
        return result if fits else _MISSING

    def _knowledge(self, reference: Reference, node: e.KnowledgeModel) -> FeelFunction | None:
        build = self.logic.function(reference.graph, node)
        if build is None:
            self.run.warn(f"The knowledge model {node.name} has no logic.", node.name, node.line)
            return None
        scope = self.scope(reference)
        function: FeelFunction | None = build(scope, self.run)
        scope.setdefault(node.name, function)
        return function

    def _service(self, reference: Reference, node: e.Service) -> FeelFunction:
        data, decisions = service_inputs(reference)
        names = [required.node.name for required in (*data, *decisions)]
        kinds = [required.graph.kind_of(required.node) for required in (*data, *decisions)]

        def invoke(*arguments: Any) -> Any:
            return self.run.deeper(lambda: self.serve(reference, node, dict(zip(names, arguments, strict=True))), node.name)

        return FeelFunction(node.name, names, kinds, invoke)

    def serve(self, reference: Reference, node: e.Service, inputs: Mapping[str, Any]) -> Any:
        """The value of a decision service for these inputs: of its output decision, or a context of several."""
        data, decisions = service_inputs(reference)
        given: dict[int, Any] = {}
        declared = reference.graph.kind_of(node).parameters
        for place, required in enumerate((*data, *decisions)):
            value = _nested(inputs, required)
            value = None if value is _MISSING else self._fitted(value, required)
            if place < len(declared):
                kind = declared[place]
                value, fits = kind.convert(value)
                if not fits:
                    self.run.warn(f"The input {required.node.name} of {node.name} is not {_described(kind)}.", node.name, node.line)
            given[id(required.node)] = value
        frame = Frame(self.logic, inputs, self.run, given)
        outputs = [found for output in node.outputs if (found := reference.graph.find(output.href))]
        values = {found.node.name: frame.value(found) for found in outputs}
        result = next(iter(values.values()), None) if len(outputs) == 1 else values
        kind = _returned(reference.graph.kind_of(node))
        converted_value, fits = kind.convert(result)
        if not fits:
            self.run.warn(f"The value of {node.name} is not {_described(kind)}.", node.name, node.line)
        return converted_value


def _step(reference: Reference) -> Step:
    node = reference.node
    kind = reference.graph.kind_of(node) if isinstance(node, e.InputData) and not reference.path else None
    return Step(reference, node.name, tuple(aliases(node)), kind, None if kind is None else kind.exact)


def _nested(inputs: Mapping[str, Any], required: Reference) -> Any:
    found: Any = inputs
    for name in (*required.path, required.node.name):
        found = found.get(name, _MISSING) if isinstance(found, Mapping) else _MISSING
    return inputs.get(required.node.name, _MISSING) if found is _MISSING else found


def _described(kind: Type) -> str:
    return kind.describe() + (f" ({kind.allowed_text})" if kind.allowed_text else "")


def service_inputs(reference: Reference) -> tuple[list[Reference], list[Reference]]:
    """The input data and the input decisions of a service, which in this order are its parameters."""
    node = reference.node
    assert isinstance(node, e.Service)  # noqa: S101 - the callers hold a service
    find = reference.graph.find
    data = [found for r in node.input_data if (found := find(r.href))]
    decisions = [found for r in node.input_decisions if (found := find(r.href))]
    return data, decisions
