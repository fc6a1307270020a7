"""Documents and what they import, tied together: references found, names known, each node compiled when it is first asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from amends.engine.decisions import elements as e
from amends.engine.decisions.types import Type, Types

Path = tuple[str, ...]


@dataclass(eq=False)
class Graph:
    """One document with those it imports, by the name it gives each; `unresolved` are the imports that could not be found."""

    document: e.Definitions
    imports: dict[str, Graph] = field(default_factory=dict)
    unresolved: list[tuple[e.Import, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.by_id: dict[str, e.Node] = {}
        for node in self.document.nodes():
            self.by_id.setdefault(node.id, node)
        self.names = frozenset(node.name for node in self.document.nodes())
        self.types = Types(self.document, self._types_of_import)
        self._component_names: frozenset[str] | None = None

    def _types_of_import(self, name: str) -> Types | None:
        """The types of an import by its name, or by the XML prefix of its namespace, as DMN 1.1 writes them."""
        found = self.imports.get(name)
        namespace = self.document.prefixes.get(name)
        if found is None and namespace is not None:
            found = next((graph for graph in self.imports.values() if graph.document.namespace == namespace), None)
        return None if found is None else found.types

    def find(self, href: str) -> Reference | None:
        """What a reference `#id`, `id` or `namespace#id` points at, here or in an import; None where there is nothing."""
        namespace, _, identifier = href.rpartition("#")
        if namespace in ("", self.document.namespace):
            node = self.by_id.get(identifier)
            if node is not None:
                return Reference((), self, node)
        for name, graph in self.imports.items():
            if namespace in ("", graph.document.namespace) and identifier in graph.by_id:
                return Reference((name,), graph, graph.by_id[identifier])
        return None

    def find_named(self, name: str) -> Reference | None:
        """A decision, service or knowledge model by its id or name, `import.name` for one of an import."""
        kinds = (e.Decision, e.Service, e.KnowledgeModel)
        candidates = [node for node in self.document.nodes() if isinstance(node, kinds)]
        for node in candidates:
            if node.id == name:
                return Reference((), self, node)
        for kind in kinds:
            for node in candidates:
                if isinstance(node, kind) and node.name == name:
                    return Reference((), self, node)
        for prefix, graph in self.imports.items():
            rest = name[len(prefix) + 1 :] if prefix and name.startswith(prefix + ".") else "" if prefix else name
            found = graph.find_named(rest) if rest else None
            if found is not None:
                return Reference((prefix, *found.path), found.graph, found.node)
        return None

    def requirements(self, node: e.Node) -> Iterator[tuple[e.Requirement, Reference | None]]:
        """What a node requires, each with what it points at."""
        if isinstance(node, e.Decision | e.KnowledgeModel):
            for requirement in node.requirements:
                yield requirement, self.find(requirement.href)

    def known_names(self) -> frozenset[str]:
        """Names that FEEL has to know beforehand because they hold blanks or signs: components of types, here and in imports."""
        if self._component_names is None:
            self._component_names = frozenset(_odd_names(self, set()))
        return self._component_names

    def scope_names(self, node: e.Node) -> list[str]:
        """The names that the logic of a node may read: its requirements, its imports, and itself for a knowledge model."""
        names = list(self.imports)
        for _, reference in self.requirements(node):
            if reference is not None:
                names += [reference.node.name, *aliases(reference.node)]
        if isinstance(node, e.KnowledgeModel):
            names.append(node.name)
        return [name for name in dict.fromkeys(names) if name]

    def kind_of(self, node: e.Node) -> Type:
        """The declared type of a node's variable."""
        return self.types.resolve(node.variable.type_ref if node.variable else "")


@dataclass(frozen=True)
class Reference:
    """A node, its document, and the names of the imports on the way to it."""

    path: Path
    graph: Graph
    node: e.Node


def aliases(node: e.Node) -> list[str]:
    """Other names under which editors let a decision's result be read: its variable, its id, its only output column."""
    if not isinstance(node, e.Decision):
        return []
    found = [node.variable.name] if node.variable else []
    if node.id.isidentifier():
        found.append(node.id)
    if isinstance(node.expression, e.Table) and len(node.expression.outputs) == 1:
        found.append(node.expression.outputs[0].name)
    return [name for name in found if name and name != node.name]


def _odd_names(graph: Graph, seen: set[int]) -> Iterator[str]:
    if id(graph) in seen:
        return
    seen.add(id(graph))
    pending = list(graph.document.types)
    while pending:
        item = pending.pop()
        pending.extend(item.components)
        yield from (c.name for c in item.components if not c.name.isidentifier())
    for imported in graph.imports.values():
        yield from (node.name for node in imported.document.nodes() if not node.name.isidentifier())
        yield from (name for name in imported.imports if not name.isidentifier())
        yield from _odd_names(imported, seen)
