"""Whether a file is valid by the XML schema of BPMN 2.0 (OMG formal/2013-12-09, part of the standard)."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from amends.engine.definitions import xml
from amends.engine.definitions.problems import WARNING, Problem

MOST = 20
"""How many violations of one file are told; a file that is wrong throughout is wrong in one way mostly."""
EACH = 3
"""How many of one kind: the same fault at element after element."""
_VALUES = re.compile(r"(?<=: )'[^']*'")
_NAMESPACE = re.compile(r"\{[^}]*\}")
_EXPECTED = re.compile(r"Expected is (one of )?\( ?(.*?) ?\)")


@cache
def _schema() -> etree.XMLSchema:
    """The schema as SpiffWorkflow ships it; found without importing it."""
    found = find_spec("SpiffWorkflow")
    if found is None or found.origin is None:  # pragma: no cover - it is a dependency
        raise LookupError("SpiffWorkflow is not installed")
    return etree.XMLSchema(etree.parse(Path(found.origin).parent / "bpmn" / "parser" / "schema" / "BPMN20.xsd"))


def schema_problems(root: etree._Element, file: str) -> list[Problem]:
    """The violations of a file, in its order: a warning each, for what breaks the schema may run all the same."""
    schema = _schema()
    if schema.validate(root):
        return []
    by_line: dict[int, list[etree._Element]] = {}
    for element in root.iter():
        by_line.setdefault(xml.line(element), []).append(element)
    found = []
    for error in _telling(list(schema.error_log)):
        help = "Open and save the file in a modeler, or correct it by hand."
        found.append(Problem(file, _where(error, by_line.get(error.line, [])), error.line, "schema", WARNING, _told(error.message), help))
    return found


def _telling(errors: list[etree._LogEntry]) -> list[etree._LogEntry]:
    """Those that are told: of each kind the first few, so that what a file has everywhere hides nothing else."""
    kinds: dict[str, int] = {}
    told = []
    for error in errors:
        kind = _VALUES.sub("", error.message)
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] <= EACH:
            told.append(error)
    return told[:MOST]


def _where(error: etree._LogEntry, there: list[etree._Element]) -> str:
    """The id of the element an error is about. Where several stand on its line, as in a file without line breaks, its path tells which."""
    if len(there) > 1 and error.path:
        tree = there[0].getroottree()
        prefixes = {prefix: uri for prefix, uri in tree.getroot().nsmap.items() if prefix}
        try:
            there = tree.xpath(error.path, namespaces=prefixes) or there
        except etree.XPathError:
            pass  # a prefix that is declared further down
    return _id(there[0]) if there else ""


def _id(element: etree._Element) -> str:
    """The id of an element, or of the nearest around it that has one."""
    at: etree._Element | None = element
    while at is not None and not at.get("id"):
        at = at.getparent()
    return "" if at is None else str(at.get("id"))


def _told(message: str) -> str:
    """libxml2's sentence without namespaces, and with the first few of what it expected."""
    text = _NAMESPACE.sub("", message)

    def few(match: re.Match[str]) -> str:
        names = [name.strip() for name in match[2].split(",")]
        return f"Expected is {', '.join(names[:6])}{', …' if len(names) > 6 else ''}"

    return f"It is not valid BPMN 2.0: {_EXPECTED.sub(few, text)}"
