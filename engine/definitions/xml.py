"""Reading XML that others wrote: any encoding, no entities, no document types, no network, bounded in size."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMN_DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

MAX_BYTES = 5_000_000
"""A diagram larger than this is refused; 5,000 elements with their layout take some 3 MB."""

_DECLARATION = re.compile(rb"^\s*<\?xml[^>]*\?>")
_BPMN_PREFIX = "{" + BPMN + "}"


class Unreadable(Exception):
    """The bytes are no XML we take: `code` is the problem's code, the text says why, `help` what to do."""

    def __init__(self, code: str, message: str, help: str, line: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.help = help
        self.line = line


def parse(body: bytes) -> etree._Element:
    """The root of an XML document, or Unreadable."""
    if len(body) > MAX_BYTES:
        raise Unreadable("too-large", f"The file has {len(body):,} bytes, more than the {MAX_BYTES:,} a diagram may have.", "Split it.")
    if not body.strip():
        raise Unreadable("xml", "The file is empty.", "Export it again from the modeler.")
    root = _tolerant(body)
    if root.getroottree().docinfo.doctype:
        raise Unreadable(
            "doctype", "The file has a document type declaration, which could pull in other files.", "Remove the <!DOCTYPE …> line."
        )
    return root


def _tolerant(body: bytes) -> etree._Element:
    """Parse as labelled; where the label is wrong, which some tools manage, as what the bytes are."""
    try:
        return _strict(body)
    except (etree.XMLSyntaxError, LookupError, ValueError) as error:
        first = error
    declaration = _DECLARATION.match(body)
    if declaration is not None:
        bare = body[declaration.end() :]
        for encoding in ("utf-8", "cp1252"):
            try:
                # The line breaks before the root are kept, so that lines stay those of the file.
                text = "\n" * declaration.group().count(b"\n") + bare.decode(encoding)
                return _strict(text.encode("utf-8"))
            except (UnicodeDecodeError, etree.XMLSyntaxError):
                continue
    line = first.lineno if isinstance(first, etree.XMLSyntaxError) else None
    message = first.msg if isinstance(first, etree.XMLSyntaxError) else str(first)
    raise Unreadable("xml", f"The file is not well-formed XML: {message}.", "Export it again from the modeler.", line or 1) from None


def _strict(body: bytes) -> etree._Element:
    parser = _parser()
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        if not _addresses_alone(parser.error_log):
            raise
    # It is well-formed; only the name of a namespace is no proper address, such as one with a blank in it.
    parser = _parser(recover=True)
    root = etree.fromstring(body, parser)
    if not _addresses_alone(parser.error_log):
        raise etree.XMLSyntaxError("it cannot be read", 0, 1, 1)
    return root


def _parser(recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True, recover=recover
    )


def _addresses_alone(log: etree._ListErrorLog) -> bool:
    """Whether all that a parser complains about are names of namespaces that are no addresses."""
    return len(log) > 0 and all(entry.type == etree.ErrorTypes.WAR_NS_URI for entry in log)


def local(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def namespace(element: etree._Element) -> str:
    """The namespace of an element, or the empty string."""
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""


def bpmn_name(element: etree._Element) -> str:
    """The local name of a BPMN element, the empty string for what is not BPMN."""
    tag = element.tag
    return tag[len(_BPMN_PREFIX) :] if isinstance(tag, str) and tag.startswith(_BPMN_PREFIX) else ""


def bpmn(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """The BPMN children of these names."""
    for child in element:
        if bpmn_name(child) in names:
            yield child


def first(element: etree._Element, *names: str) -> etree._Element | None:
    """The first BPMN child of these names, or None."""
    return next(bpmn(element, *names), None)


def text(element: etree._Element | None) -> str | None:
    """The stripped text of an element, without its documentation and extensions; None where there is no element."""
    if element is None:
        return None
    parts = [element.text or ""]
    for child in element:
        if bpmn_name(child) not in ("documentation", "extensionElements"):
            parts += (str(part) for part in child.itertext())
        parts.append(child.tail or "")
    return "".join(parts).strip()


def line(element: etree._Element) -> int:
    """The line of the element's start tag."""
    return int(element.sourceline or 0)


def name_of(element: etree._Element) -> str:
    """The `name` attribute on one line."""
    return " ".join((element.get("name") or "").split())


def reference(element: etree._Element, value: str | None) -> str | None:
    """The id a QName refers to: a prefix the file declares is cut off; None for nothing or nothing but blanks."""
    if value is None or not value.strip():
        return None
    value = value.strip()
    prefix, colon, rest = value.partition(":")
    return rest if colon and prefix in element.nsmap else value


def flag(value: str | None, default: bool) -> bool:
    """An XML boolean."""
    return default if value is None else value.strip().lower() in ("true", "1")


def documentation(element: etree._Element) -> str:
    """What its `documentation` children say."""
    return "\n".join(filter(None, (text(child) for child in bpmn(element, "documentation"))))
