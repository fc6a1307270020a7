"""Reading XML that others wrote: no entities, no network, bounded in size, and free of namespace versions."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from amends.engine.errors import AmendsError

MAX_BYTES = 20_000_000
"""A decision model larger than this is refused; the largest published ones are some 2 MB."""

DMN_NAMESPACES = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "http://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "http://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
    "http://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}


class DecisionError(AmendsError):
    """A decision model could not be read or is not there; the text says which one and what to do."""


def parse(source: bytes, name: str) -> etree._Element:
    """The root of a DMN document.

    `name` is how errors call the document. Raises DecisionError when it is too large, not XML, has a document type
    declaration, or is not DMN 1.1-1.5.
    """
    if len(source) > MAX_BYTES:
        raise DecisionError(f"{name} has {len(source):,} bytes, more than the {MAX_BYTES:,} a decision model may have. Split it.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(source, parser)
    except etree.XMLSyntaxError as error:
        raise DecisionError(f"{name} is not well-formed XML: {error.msg}. Export it again from the modeler.") from None
    if root.getroottree().docinfo.doctype:
        raise DecisionError(f"{name} has a document type declaration, which could pull in other files. Remove the <!DOCTYPE …> line.")
    if local(root) != "definitions" or namespace(root) not in DMN_NAMESPACES:
        raise DecisionError(
            f"{name} is not a DMN 1.1 to 1.5 document: its root is <{local(root)}> in namespace {namespace(root)!r}. "
            "Save it as DMN from a modeler."
        )
    return root


def local(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def namespace(element: etree._Element) -> str:
    """The namespace of an element, or the empty string."""
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""


def children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """The children in a DMN namespace, all or those of these names; extension elements of vendors are not among them."""
    for child in element:
        if namespace(child) in DMN_NAMESPACES and (not names or local(child) in names):
            yield child


def child(element: etree._Element, *names: str) -> etree._Element | None:
    """The first such child, or None."""
    return next(children(element, *names), None)


def text_of(element: etree._Element | None) -> str:
    """What stands in the `text` child of an expression or unary tests, or the empty string."""
    inner = None if element is None else child(element, "text")
    return "" if inner is None else "".join(str(part) for part in inner.itertext())


def line_of(element: etree._Element) -> int:
    """The line of the element's start tag."""
    return int(element.sourceline or 0)
