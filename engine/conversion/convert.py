"""Convert a diagram or decision model of another dialect into ours: one function, for the command line, the studio and any program."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from amends.engine.conversion import juel, python_text
from amends.engine.conversion.camunda import convert_camunda
from amends.engine.conversion.dmn import convert_decisions
from amends.engine.conversion.juel_tokens import has_expression
from amends.engine.conversion.model import Converted, Unconvertible
from amends.engine.conversion.spiff import convert_spiff
from amends.engine.conversion.work import CAMUNDA, MODELER, SPIFF, Work, gather
from amends.engine.definitions import xml

_DMN = ("https://www.omg.org/spec/DMN/", "http://www.omg.org/spec/DMN/")
_PLATFORM = {f"{{{MODELER}}}executionPlatform": "Camunda Cloud", f"{{{MODELER}}}executionPlatformVersion": "8.6.0"}


def convert(source: bytes | Path, name: str = "diagram.bpmn", folder: Path | None = None) -> Converted:
    """Convert a BPMN or DMN file with Camunda 7's or SpiffWorkflow's extensions into our dialect.

    `source` is a file or its bytes; of bytes, `name` is what the file is called. `folder` is where forms and decisions it refers to
    are looked for, by default that of the file. A file in our dialect comes back byte by byte. The layout is kept as it is.
    Nothing is written. Raises `Unconvertible` for what is no BPMN or DMN, is too large, or has a document type or entities.
    """
    if isinstance(source, Path):
        name, folder = source.name, source.parent if folder is None else folder
        try:
            if source.stat().st_size > xml.MAX_BYTES:
                raise Unconvertible(f"{source} has more than {xml.MAX_BYTES:,} bytes. Split it.")
            body = source.read_bytes()
        except OSError as error:
            raise Unconvertible(f"{source} cannot be read: {error.strerror}. Name a file.") from error
    else:
        body = source
    root = _read(name, body)
    if xml.namespace(root).startswith(_DMN):
        return _decisions(name, body, root)
    if root.tag != f"{{{xml.BPMN}}}definitions":
        raise Unconvertible(f"{name} is no BPMN 2.0 and no DMN: it begins with <{xml.local(root)}>. Export it again from the modeler.")
    return _diagram(name, body, root, folder)


def _read(name: str, body: bytes) -> etree._Element:
    """The tree, comments and all; the reader of the definitions says first what is wrong with the bytes."""
    try:
        clean = xml.parse(body)
    except xml.Unreadable as error:
        raise Unconvertible(f"{name}, line {error.line}: {error} {error.help}") from error
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        return etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        return clean  # a wrong label of its encoding, which the reader of the definitions understands


def _speaks(root: etree._Element, space: str) -> bool:
    """Whether anything in the tree is of this namespace."""
    mark = f"{{{space}}}"
    return any(
        isinstance(item.tag, str) and (item.tag.startswith(mark) or any(str(key).startswith(mark) for key in item.attrib))
        for item in root.iter()
    )


def _bare_juel(root: etree._Element) -> bool:
    """Whether a condition or timer is JUEL, as Camunda 7 has it without any extension."""
    names = ("conditionExpression", "condition", "timeDate", "timeDuration", "timeCycle", "completionCondition", "loopCardinality")
    texts = (xml.text(item) or "" for item in root.iter(*(f"{{{xml.BPMN}}}{name}" for name in names)))
    return any(has_expression(text) and not text.startswith("=") for text in texts)


def _diagram(name: str, body: bytes, root: etree._Element, folder: Path | None) -> Converted:
    dialects = []
    seven = root.get(f"{{{MODELER}}}executionPlatform") == "Camunda Platform"
    if seven or _speaks(root, CAMUNDA) or _bare_juel(root):
        dialects.append("camunda7")
    if SPIFF in root.nsmap.values() or _speaks(root, SPIFF):  # its modeler declares it, and expressions are Python without any extension
        dialects.append("spiffworkflow")
    if not dialects:
        return Converted(name, {name: body}, changed=False)
    if len(dialects) > 1:
        raise Unconvertible(
            f"{name} has extensions of Camunda 7 and of SpiffWorkflow: whose its expressions are cannot be told. Remove one kind."
        )
    # The prefix has to be known at the top, or every extension element would declare it again.
    root = _with_namespaces(root)
    gather(root)
    work = Work(root, folder, python_text.translate if "spiffworkflow" in dialects else juel.translate)
    (convert_spiff if "spiffworkflow" in dialects else convert_camunda)(work)
    for key, value in _PLATFORM.items():
        root.set(key, value)
    etree.cleanup_namespaces(
        root, keep_ns_prefixes=["zeebe", "modeler", *(p for p in root.nsmap if p not in (None, "camunda", "spiffworkflow"))]
    )
    files = {name: etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8"), **work.files}
    return Converted(name, files, tuple(dialects), tuple(work.carried), tuple(work.left))


def _with_namespaces(root: etree._Element) -> etree._Element:
    spaces = dict(root.nsmap)
    spaces.setdefault("zeebe", xml.ZEEBE)
    spaces.setdefault("modeler", MODELER)
    spaces.setdefault("xsi", xml.XSI)
    made = etree.Element(root.tag, attrib=dict(root.attrib), nsmap=spaces)
    made.text, made.tail = root.text, root.tail
    made[:] = list(root)
    return made


def _decisions(name: str, body: bytes, root: etree._Element) -> Converted:
    work = Work(root, None, juel.translate)
    if not convert_decisions(work):
        return Converted(name, {name: body}, changed=False)
    etree.cleanup_namespaces(root)
    files = {name: etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8")}
    return Converted(name, files, ("camunda7",), tuple(work.carried), tuple(work.left))
