"""Checking a whole decision model: everything that is wrong with it, at once, and nothing raised for a bad file."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike, fspath

from amends.engine.decisions import elements as e
from amends.engine.decisions.check_logic import Findings, LogicCheck, Scope
from amends.engine.decisions.check_tables import TableCheck
from amends.engine.decisions.graph import Graph, aliases
from amends.engine.decisions.loading import Resolve, Source, open_graph
from amends.engine.decisions.problems import DecisionProblem
from amends.engine.decisions.xml import DecisionError
from amends.engine.feel import FeelError, parse_unary


def check_model(
    source: Source, *, file: str | None = None, resolve: Resolve | None = None, functions: Iterable[str] = ()
) -> list[DecisionProblem]:
    """Everything that is wrong with a decision model, in the order of its lines; never raises for a bad file.

    `source` is a path or the bytes of a document; `file` is how problems call it (the path by default). `resolve` finds imports as
    for `load`. `functions` are the names of functions of our own that expressions may call.
    """
    name = file if file is not None else fspath(source) if isinstance(source, str | PathLike) else "the decision model"
    findings = Findings(name)
    try:
        graph = open_graph(source, resolve, name)
    except DecisionError as error:
        findings.error("DMN001", None, str(error))
        return findings.problems
    try:
        DocumentCheck(graph, findings, frozenset(functions)).check()
    except RecursionError:
        findings.error("DMN001", None, f"{name} is nested too deeply to be checked.", "Make its expressions flatter.")
    return sorted(findings.problems, key=lambda problem: problem.line)


class DocumentCheck:
    """Checks one document; what it imports is read, not checked: it has a check of its own."""

    def __init__(self, graph: Graph, findings: Findings, functions: frozenset[str]) -> None:
        self.graph = graph
        self.findings = findings
        self.functions = functions
        self.allowed = self._allowed_by_name()

    def check(self) -> None:
        """Everything about this document."""
        self._imports()
        self._unique()
        for item in self.graph.document.types:
            self._item(item, item.name)
        self._type_circles()
        for node in self.graph.document.nodes():
            self._node(node)
        self._circles()

    def _allowed_by_name(self) -> dict[str, str]:
        """What the type of each input and decision, and of the components of their types, allows; by the name it is read with."""
        found: dict[str, str] = {}
        for node in self.graph.nodes:
            kind = self.graph.kind_of(node)
            found[node.name] = kind.allowed_text
            for name, component in kind.fields.items():
                found[f"{node.name}.{name}"] = component.allowed_text
        return found

    def _imports(self) -> None:
        for wanted, reason in self.graph.unresolved:
            self.findings.error(
                "DMN002",
                wanted,
                f"The import {wanted.name or wanted.namespace} cannot be resolved: {reason}.",
                "Put the file beside this one.",
            )

    def _unique(self) -> None:
        ids: dict[str, e.Element] = {}
        names: dict[str, e.Node] = {}
        for node in self.graph.document.nodes():
            if node.id and ids.setdefault(node.id, node) is not node:
                self.findings.error(
                    "DMN003", node, f"{node.name} has the id {node.id}, which line {ids[node.id].line} has too.", "Give it another id."
                )
            if not node.name:
                self.findings.error("DMN004", node, "An element has no name.", "Name it.")
            elif names.setdefault(node.name, node) is not node:
                self.findings.error(
                    "DMN004",
                    node,
                    f"Two elements are named {node.name}; the other is in line {names[node.name].line}.",
                    "Rename one of them.",
                )
        types: set[str] = set()
        for item in self.graph.document.types:
            if item.name in types:
                self.findings.error("DMN004", item, f"Two types are named {item.name}.", "Rename one of them.")
            types.add(item.name)

    def _item(self, item: e.ItemDefinition, path: str) -> None:
        logic = LogicCheck(self.findings, lambda table, scope: None)
        if not item.components and item.function is None:
            logic.type_ref(item.type_ref, self.graph.types, item)
        if item.function is not None:
            for parameter in item.function.parameters:
                logic.type_ref(parameter.type_ref, self.graph.types, parameter)
            logic.type_ref(item.function.output, self.graph.types, item.function)
        for cell in (item.allowed, item.constraint):
            if cell is not None and cell.text.strip():
                try:
                    parse_unary(cell.text)
                except FeelError as error:
                    line = cell.line + (error.line or 1) - 1
                    self.findings.error(
                        "DMN101", item, f"The allowed values of the type {path} are not FEEL: {error}", error.help or "", line
                    )
        for component in item.components:
            self._item(component, f"{path}.{component.name}")

    def _type_circles(self) -> None:
        definitions = self.graph.types.definitions
        for item in self.graph.document.types:
            seen, current = [item.name], item
            while not current.components and current.type_ref in definitions:
                current = definitions[current.type_ref]
                if current.name == item.name:
                    self.findings.error(
                        "DMN302",
                        item,
                        f"The type {item.name} is defined by itself ({' → '.join([*seen, item.name])}).",
                        "Give one of them a FEEL type.",
                    )
                    break
                if current.name in seen:
                    break
                seen.append(current.name)

    def _node(self, node: e.Node) -> None:
        if node.variable is not None:
            LogicCheck(self.findings, lambda table, scope: None).type_ref(node.variable.type_ref, self.graph.types, node.variable)
            if node.variable.name and node.name and node.variable.name != node.name:
                message = f"The variable of {node.name} is named {node.variable.name}."
                self.findings.warning("DMN303", node.variable, message, "Give both the same name, as the standard asks.")
        self._references(node)
        if isinstance(node, e.Decision | e.KnowledgeModel):
            self._logic(node)
        if isinstance(node, e.Service):
            self._service(node)

    def _service(self, node: e.Service) -> None:
        """What the decisions of a service need must be among its inputs, or it is null."""
        find = self.graph.find
        taken = {id(found.node) for r in (*node.input_data, *node.input_decisions) if (found := find(r.href))}
        pending = [found for r in node.outputs if (found := find(r.href))]
        seen: set[int] = set()
        while pending:
            current = pending.pop()
            for _, target in current.graph.requirements(current.node):
                if target is None or id(target.node) in taken | seen:
                    continue
                seen.add(id(target.node))
                if isinstance(target.node, e.InputData):
                    message = f"The service {node.name} does not take {target.node.name}, which {current.node.name} needs."
                    self.findings.warning("DMN205", node, message, "Add it to the inputs of the service.")
                elif isinstance(target.node, e.Decision):
                    pending.append(target)

    def _references(self, node: e.Node) -> None:
        for reference in _references(node):
            target = self.graph.find(reference.href)
            if target is None:
                self.findings.error(
                    "DMN201",
                    reference,
                    f"{node.name} refers to {reference.href or 'nothing'}, which is not there.",
                    "Remove the reference, or restore the element.",
                )
            elif not isinstance(target.node, _TARGETS[reference.kind]):
                self.findings.error(
                    "DMN202",
                    reference,
                    f"{node.name} refers to {target.node.name} as {reference.kind}, which it is not.",
                    "Draw the requirement again.",
                )

    def _logic(self, node: e.Decision | e.KnowledgeModel) -> None:
        scope = self._scope(node)
        logic = LogicCheck(self.findings, lambda table, inner: TableCheck(self.findings, logic, node.name).check(table, inner))
        if isinstance(node, e.KnowledgeModel):
            logic.expression(node.function, scope, node, node.name)
        else:
            logic.expression(node.expression, scope, node, node.name)
        for requirement, target in self.graph.requirements(node):
            if (
                target is not None
                and not ({target.node.name, *target.path, *aliases(target.node)} & scope.used)
                and node_logic(node) is not None
            ):
                self.findings.info(
                    "DMN204",
                    requirement,
                    f"{node.name} requires {target.node.name} but does not read it.",
                    "Remove the requirement, or use it.",
                )

    def _scope(self, node: e.Decision | e.KnowledgeModel) -> Scope:
        return Scope(
            names=frozenset(self.graph.scope_names(node)),
            known=self.graph.known_names(),
            elsewhere=frozenset(self.graph.names) - {""},
            # Camunda's modeler draws tables that read variables of the process without declaring them as input data.
            open=not self.graph.of_kind(e.InputData) and isinstance(node, e.Decision),
            types=self.graph.types,
            functions=self.functions,
            used=set(),
            allowed=self.allowed,
        )

    def _circles(self) -> None:
        state: dict[str, int] = {}
        for node in self.graph.document.nodes():
            self._visit(node, [], state)

    def _visit(self, node: e.Node, trail: list[e.Node], state: dict[str, int]) -> None:
        if state.get(node.id) == 2:
            return
        if node in trail:
            circle = [*trail[trail.index(node) :], node]
            of_itself = len(circle) == 2 and isinstance(node, e.KnowledgeModel)
            if not of_itself and any(part is node for part in self.graph.document.nodes()):
                self.findings.error(
                    "DMN203", node, f"Requirements run in a circle: {' → '.join(n.name for n in circle)}.", "Remove one of them."
                )
            return
        if len(trail) > 500:
            return
        for _, target in self.graph.requirements(node):
            if target is not None and not target.path:
                self._visit(target.node, [*trail, node], state)
        state[node.id] = 2


_TARGETS: dict[str, type | tuple[type, ...]] = {
    "requiredInput": e.InputData,
    "requiredDecision": e.Decision,
    "requiredKnowledge": (e.KnowledgeModel, e.Service),
    "outputDecision": e.Decision,
    "encapsulatedDecision": e.Decision,
    "inputDecision": e.Decision,
    "inputData": e.InputData,
}


def _references(node: e.Node) -> list[e.Requirement]:
    if isinstance(node, e.Decision | e.KnowledgeModel):
        return node.requirements
    if isinstance(node, e.Service):
        return [*node.outputs, *node.encapsulated, *node.input_decisions, *node.input_data]
    return []


def node_logic(node: e.Node) -> e.Expression | None:
    """The boxed expression of a node, if it has one."""
    if isinstance(node, e.Decision):
        return node.expression
    return node.function if isinstance(node, e.KnowledgeModel) else None
