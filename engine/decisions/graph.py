"""Documents and what they import, tied together: references found, names known, each node compiled when it is first asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from amends.engine.decisions import elements as e
from amends.engine.decisions.types import Type, Types

Path = tuple[str, ...]
Kind = TypeVar("Kind", bound=e.Node)


@dataclass(eq=False)
class Graph:
    """One document with those it imports, by the name it gives each; `unresolved` are the imports that could not be found.

    What is imported without a name belongs to the document itself: `nodes` has it too.
    """

    document: e.Definitions
    imports: dict[str, Graph] = field(default_factory=dict)
    unresolved: list[tuple[e.Import, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.nodes: list[e.Node] = self.document.nodes()
        self.by_id: dict[str, e.Node] = {}
        for node in self.nodes:
            self.by_id.setdefault(node.id, node)
        self.by_href = {f"{self.document.namespace}#{node.id}": node for node in self.by_id.values()}
        self.names = {node.name for node in self.nodes}
        self.namespaces = {self.document.namespace}
        self.types = Types(self.document, self._types_of_import)
        self._component_names: frozenset[str] | None = None

    def absorb(self, other: Graph, named: bool) -> None:
        """Take in what a document imported without a name has, except what is called as something here (DMN 1.5, 6.3.3).

        What requires such a thing there requires that of this document; where `named` is False (DMN 1.1 has no names of imports, only
        references with a namespace) it is still found by its id.
        """
        if other is self:
            return
        taken = frozenset(self.names)
        # Copies, as the same element may be read elsewhere, where other names are known.
        self.nodes += [replace(node) for node in other.nodes if node.name not in taken]
        own = {node.name: node for node in reversed(self.nodes)}
        for href, node in other.by_href.items():
            kept = replace(node) if node.name in taken and not named else own[node.name]
            self.by_id.setdefault(node.id, kept)
            self.by_href.setdefault(href, kept)
        self.names |= other.names
        self.namespaces |= other.namespaces
        self.types.absorb(other.types)
        for name, graph in other.imports.items():
            self.imports.setdefault(name, graph)

    def of_kind(self, kind: type[Kind]) -> list[Kind]:
        """The nodes of one kind, in document order; what is imported without a name follows."""
        return [node for node in self.nodes if isinstance(node, kind)]

    def _types_of_import(self, name: str) -> Types | None:
        """The types of an import by its name, or by the XML prefix of its namespace, as DMN 1.1 writes them."""
        found = self.imports.get(name)
        namespace = self.types.prefixes.get(name)
        if found is None and namespace is not None and namespace not in self.namespaces:
            found = next((graph for graph in self.imports.values() if graph.document.namespace == namespace), None)
        return None if found is None else found.types

    def find(self, href: str) -> Reference | None:
        """What a reference `#id`, `id` or `namespace#id` points at, here or in an import; None where there is nothing."""
        namespace, _, identifier = href.rpartition("#")
        if not namespace or namespace in self.namespaces:
            node = self.by_href.get(href) if namespace else self.by_id.get(identifier)
            if node is not None:
                return Reference((), self, node)
        for name, graph in self.imports.items():
            if (not namespace or namespace in graph.namespaces) and identifier in graph.by_id:
                return Reference((name,), graph, graph.by_id[identifier])
        return None

    def find_named(self, name: str) -> Reference | None:
        """A decision, service or knowledge model by its id or name, `import.name` for one of an import."""
        kinds = (e.Decision, e.Service, e.KnowledgeModel)
        candidates = [node for node in self.nodes if isinstance(node, kinds)]
        for node in candidates:
            if node.id == name:
                return Reference((), self, node)
        for kind in kinds:
            for node in candidates:
                if isinstance(node, kind) and node.name == name:
                    return Reference((), self, node)
        for prefix, graph in self.imports.items():
            rest = name[len(prefix) + 1 :] if name.startswith(prefix + ".") else ""
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
    pending = list(graph.types.definitions.values())
    while pending:
        item = pending.pop()
        pending.extend(item.components)
        yield from (c.name for c in item.components if not c.name.isidentifier())
    for imported in graph.imports.values():
        yield from (node.name for node in imported.nodes if not node.name.isidentifier())
        yield from (name for name in imported.imports if not name.isidentifier())
        yield from _odd_names(imported, seen)
