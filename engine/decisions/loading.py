"""From a file or bytes to a graph of documents: imports are looked for beside the file, or asked of `resolve`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from os import PathLike
from pathlib import Path

from amends.engine.decisions import elements as e
from amends.engine.decisions.graph import Graph
from amends.engine.decisions.read import read
from amends.engine.decisions.xml import MAX_BYTES, DecisionError, parse

Source = str | PathLike[str] | bytes
Resolve = Callable[[str, str], bytes | None]
"""Called with the namespace and the location of an import; returns the document, or None when it has none."""

MAX_DOCUMENTS = 100
MAX_NEIGHBOURS = 500


class Loader:
    """Reads a document and what it imports, each document once, however they refer to one another."""

    def __init__(self, resolve: Resolve | None, folder: Path | None) -> None:
        self.resolve = resolve
        self.folder = folder
        self.graphs: dict[str, Graph] = {}
        self._neighbours: dict[str, bytes] | None = None

    def graph(self, source: bytes, name: str) -> Graph:
        """The graph of this document. Raises DecisionError when the document itself cannot be read."""
        try:
            document = read(parse(source, name))
        except RecursionError:
            raise DecisionError(f"{name} is nested too deeply to be read. Make its expressions flatter.") from None
        known = self.graphs.get(document.namespace) if document.namespace else None
        if known is not None and known.document.id == document.id:
            return known
        graph = Graph(document)
        self.graphs[document.namespace] = graph
        for wanted in document.imports:
            self._import(graph, wanted)
        return graph

    def _import(self, graph: Graph, wanted: e.Import) -> None:
        if wanted.kind and "DMN" not in wanted.kind.upper():
            graph.unresolved.append((wanted, f"it is of the type {wanted.kind}, and only DMN models are imported"))
            return
        if wanted.namespace in self.graphs:
            self._tie(graph, wanted, self.graphs[wanted.namespace])
            return
        if len(self.graphs) >= MAX_DOCUMENTS:
            graph.unresolved.append((wanted, f"more than {MAX_DOCUMENTS} documents would be loaded"))
            return
        source = self._find(wanted)
        if source is None:
            graph.unresolved.append((wanted, "no document with this namespace was found beside the file"))
            return
        try:
            self._tie(graph, wanted, self.graph(source, wanted.location or wanted.name or wanted.namespace))
        except DecisionError as error:
            graph.unresolved.append((wanted, str(error)))

    @staticmethod
    def _tie(graph: Graph, wanted: e.Import, imported: Graph) -> None:
        if wanted.name:
            graph.imports[wanted.name] = imported
        else:
            graph.absorb(imported, named=wanted.name is not None)

    def _find(self, wanted: e.Import) -> bytes | None:
        if self.resolve is not None:
            found = self.resolve(wanted.namespace, wanted.location)
            if found is not None:
                return found
        if self.folder is None:
            return None
        return self._beside(wanted.location) or self._by_namespace(wanted.namespace)

    def _beside(self, location: str) -> bytes | None:
        """The file at a relative location, only inside the folder of the model: an import must not read what lies elsewhere."""
        assert self.folder is not None  # noqa: S101 - the only caller has looked
        if not location or ":" in location:
            return None
        path = (self.folder / location).resolve()
        if not path.is_relative_to(self.folder.resolve()) or not path.is_file():
            return None
        return read_bytes(path)

    def _by_namespace(self, namespace: str) -> bytes | None:
        if self._neighbours is None:
            self._neighbours = by_namespace(self._read_neighbours())
        return self._neighbours.get(namespace)

    def _read_neighbours(self) -> Iterator[tuple[str, bytes]]:
        assert self.folder is not None  # noqa: S101 - the only caller has looked
        for path in sorted(self.folder.glob("*.dmn"))[:MAX_NEIGHBOURS]:
            with suppress(OSError):
                yield path.name, read_bytes(path)


def by_namespace(sources: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    """Models, given with their names, by the namespace of each; of two with the same, the first one."""
    found: dict[str, bytes] = {}
    for name, source in sources:
        with suppress(DecisionError):  # what cannot be read is not what is looked for, and has a check of its own
            found.setdefault(parse(source, name).get("namespace", ""), source)
    return found


def resolve_among(files: Mapping[str, bytes]) -> Resolve:
    """Finds what a model of a package imports among the package's files: by the file name of its location, else by its namespace."""
    models = {path: body for path, body in files.items() if path.endswith(".dmn")}
    namespaces = cache(lambda: by_namespace(models.items()))

    def resolve(namespace: str, location: str) -> bytes | None:
        name = location.rpartition("/")[2]
        found = next((body for path, body in models.items() if name and path.rpartition("/")[2] == name), None)
        return found or namespaces().get(namespace)

    return resolve


def read_bytes(path: Path) -> bytes:
    """The content of a file, at most one byte more than a model may have, so that a huge file is not read whole."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def open_graph(source: Source, resolve: Resolve | None = None, name: str = "") -> Graph:
    """The graph of a file (by its path) or of a document (as bytes). Raises DecisionError."""
    if isinstance(source, bytes):
        return Loader(resolve, None).graph(source, name or "The decision model")
    path = Path(source)
    try:
        content = read_bytes(path)
    except OSError as error:
        raise DecisionError(f"{path} cannot be read: {error.strerror}. Check the path.") from None
    return Loader(resolve, path.parent).graph(content, name or path.name)
