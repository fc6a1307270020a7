"""A diagram while it is converted: its tree, the folder it lies in, and the lists of what was carried and what was left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lxml import etree

from amends.engine.conversion.feel import Translated, Untranslatable
from amends.engine.conversion.model import Carried, Left
from amends.engine.definitions import xml
from amends.engine.definitions.extensions import dialect_holder

CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
MODELER = "http://camunda.org/schema/modeler/1.0"
_ORDER = (
    "userTask", "formDefinition", "assignmentDefinition", "taskSchedule", "priorityDefinition", "taskDefinition", "calledElement",
    "calledDecision", "script", "ioMapping", "taskHeaders", "subscription", "properties", "versionTag",
)  # fmt: skip


def name(local: str, space: str = xml.BPMN) -> str:
    return f"{{{space}}}{local}"


class Work:
    """One diagram. `translate` is the language its expressions are in."""

    def __init__(self, root: etree._Element, folder: Path | None, translate: Callable[[str], Translated]) -> None:
        self.root, self.folder, self.translate = root, folder, translate
        self.files: dict[str, bytes] = {}
        self.carried: list[Carried] = []
        self.left: list[Left] = []
        self.fields: dict[etree._Element, list[str]] = {}
        """Of user tasks whose answers are all known: the variables they are completed with."""

    # -- telling

    def carry(self, element: etree._Element, what: str, said: str, became: str, note: str = "") -> None:
        """Write down that something is said in our dialect now."""
        owner = owner_of(element)
        self.carried.append(Carried(owner.get("id") or "", xml.name_of(owner), line_of(element), what, said, became, note))

    def leave(self, element: etree._Element, what: str, said: str, reason: str, help: str) -> None:
        """Write down that something could not be carried."""
        owner = owner_of(element)
        self.left.append(Left(owner.get("id") or "", xml.name_of(owner), line_of(element), what, said, reason.rstrip("."), help))

    # -- expressions

    def feel(self, element: etree._Element, what: str, said: str, translate: Callable[[str], Translated] | None = None) -> str | None:
        """`=FEEL` for an expression of the source, noted as carried; None, and noted as left, where there is no translation."""
        try:
            found = (translate or self.translate)(said)
        except Untranslatable as error:
            self.leave(element, what, said, str(error), error.help)
            return None
        self.carry(element, what, said, found.source, "; ".join(found.notes))
        return found.source

    # -- writing

    def extensions(self, element: etree._Element) -> etree._Element:
        """The `extensionElements` of an element, made behind its documentation where there are none."""
        holder = xml.first(element, "extensionElements")
        if holder is None:
            holder = etree.Element(name("extensionElements"))
            place = sum(xml.bpmn_name(child) == "documentation" for child in element)
            element.insert(place, holder)
        return holder

    def zeebe(self, element: etree._Element, local: str, **attributes: str | None) -> etree._Element:
        """The `zeebe:` extension of this name, made if need be, with these attributes; None leaves one out."""
        holder = self.extensions(element)
        found = holder.find(name(local, xml.ZEEBE))
        if found is None:
            found = etree.Element(name(local, xml.ZEEBE))
            rank = _ORDER.index(local) if local in _ORDER else len(_ORDER)
            place = sum(1 for child in holder if child.tag in {name(known, xml.ZEEBE) for known in _ORDER[:rank]})
            holder.insert(place, found)
        for key, value in attributes.items():
            if value is not None:
                found.set(key, value)
        return found

    def mapping(self, element: etree._Element, kind: str, source: str, target: str, place: int | None = None) -> None:
        """An input or output mapping; an input at a `place` among the inputs, the last one by default."""
        holder = self.zeebe(element, "ioMapping")
        entry = etree.SubElement(holder, name(kind, xml.ZEEBE), source=source, target=target)
        if kind == "input":  # inputs stand before outputs
            last = sum(xml.local(child) == "input" for child in holder) - 1
            holder.insert(last if place is None else place, entry)

    def property(self, element: etree._Element, key: str, value: str) -> None:
        """An extension property."""
        etree.SubElement(self.zeebe(element, "properties"), name("property", xml.ZEEBE), name=key, value=value)


def gather(root: etree._Element) -> None:
    """Put the extensions of an element that has them in several sets into one: that in which our dialect speaks, or the first."""
    for first in list(root.iter(name("extensionElements"))):
        owner = first.getparent()
        holders = [] if owner is None else list(xml.bpmn(owner, "extensionElements"))
        if owner is None or len(holders) < 2:
            continue
        kept = dialect_holder(owner)
        kept = holders[0] if kept is None else kept
        place = 0
        for holder in holders[: holders.index(kept)]:
            for child in list(holder):
                kept.insert(place, child)
                place += 1
        for holder in holders[holders.index(kept) + 1 :]:
            kept.extend([child for child in holder if xml.namespace(child) != xml.ZEEBE])
        for holder in holders:
            if holder is not kept and len(holder) == 0:
                remove(holder)


def line_of(element: etree._Element) -> int:
    """Where an element begins; the top of the file for one that was made here."""
    return max(1, xml.line(element))


def owner_of(element: etree._Element) -> etree._Element:
    """The nearest element around that has an id: what people know."""
    current: etree._Element | None = element
    while current is not None and not (
        current.get("id") and xml.namespace(current) == xml.BPMN and "EventDefinition" not in xml.local(current)
    ):
        current = current.getparent()
    return element if current is None else current


def take(element: etree._Element, local: str, space: str) -> str | None:
    """The value of an attribute of another dialect, which is removed; None where there is none."""
    value = element.attrib.pop(name(local, space), None)
    return None if value is None else str(value)


def taken(element: etree._Element, local: str, space: str) -> list[etree._Element]:
    """The extension elements of this name of another dialect, removed from the element."""
    holder = xml.first(element, "extensionElements")
    found = [] if holder is None else holder.findall(name(local, space))
    for child in found:
        remove(child)
    return found


def remove(element: etree._Element) -> None:
    """Take an element out; the blanks behind it go with it."""
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
        element.tail = None


def outer(element: etree._Element) -> str:
    """An element as it is written, without declarations of namespaces."""
    copy = etree.tostring(element, encoding="unicode", with_tail=False)
    for prefix, uri in element.nsmap.items():
        copy = copy.replace(f' xmlns:{prefix}="{uri}"' if prefix else f' xmlns="{uri}"', "")
    return " ".join(copy.split())
