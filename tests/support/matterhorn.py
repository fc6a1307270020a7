"""What a machine can check of PDF/UA-1, by the points of the Matterhorn Protocol 1.1; a file without fault gives an empty list.

Left out is what our letters have none of (tables, forms, media, scripts, layers) and what only a person can judge.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, Final

from pypdf import PdfReader
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, IndirectObject, NumberObject

STANDARD: Final = frozenset(
    "Document Part Art Sect Div BlockQuote Caption TOC TOCI Index NonStruct Private P H H1 H2 H3 H4 H5 H6 L LI Lbl LBody Table TR TH TD"
    " THead TBody TFoot Span Quote Note Reference BibEntry Code Link Annot Ruby RB RT RP Warichu WT WP Figure Formula Form".split()
)
WITHIN: Final = {
    "LI": {"L"}, "Lbl": {"LI", "Note", "Document", "Sect", "P"}, "LBody": {"LI"}, "TR": {"Table", "THead", "TBody", "TFoot"},
    "TH": {"TR"}, "TD": {"TR"}, "TOCI": {"TOC"},
}  # fmt: skip
"""Elements that stand only within certain others (09-004 to 09-008)."""
INSIDE: Final = {
    "L": {"LI", "L", "Caption"},
    "LI": {"Lbl", "LBody"},
    "TR": {"TH", "TD"},
    "Table": {"TR", "THead", "TBody", "TFoot", "Caption"},
}
PAINTS: Final = frozenset("Tj TJ ' \" f F f* B B* b b* S s sh Do INLINE IMAGE".split())
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def faults(pdf: bytes) -> list[str]:
    """Each point that the file fails, with its number."""
    reader = PdfReader(io.BytesIO(pdf))
    root = reader.trailer["/Root"].get_object()
    found = [*_catalogue(root, reader), *_metadata(root)]
    if "/StructTreeRoot" not in root:
        return [*found, "01-005 there is no structure tree"]
    tree = _Tree(root["/StructTreeRoot"].get_object())
    found += tree.found
    for number, page in enumerate(reader.pages, 1):
        found += _page(page, number, tree)
    return found


def _catalogue(root: DictionaryObject, reader: PdfReader) -> Iterator[str]:
    marks = root.get("/MarkInfo", {})
    if not _yes(marks, "/Marked") or _yes(marks, "/Suspects"):
        yield "02-001 it is not marked as tagged, or is suspected"
    if not LANGUAGE.fullmatch(str(root.get("/Lang", ""))):
        yield f"11-006 {root.get('/Lang')!r} is no language"
    if not _yes(root.get("/ViewerPreferences", {}), "/DisplayDocTitle"):
        yield "07-001 its title is not displayed"
    if reader.is_encrypted:
        yield "26-002 it is encrypted"
    if "/XFA" in root.get("/AcroForm", {}):
        yield "25-001 it holds an XFA form"


def _yes(where: Any, key: str) -> bool:
    said = where.get(key)
    return getattr(said, "value", said) is True


def _metadata(root: DictionaryObject) -> Iterator[str]:
    said = root["/Metadata"].get_object().get_data().decode() if "/Metadata" in root else ""
    if not re.search(r"pdfuaid:part(>|=\")1", said):
        yield "06-002 it does not say that it is PDF/UA-1"
    title = re.search(r"<dc:title>.*?<rdf:li[^>]*>([^<]*)</rdf:li>", said, re.DOTALL)
    if title is None or not title[1].strip():
        yield "06-003 it has no title"


class _Tree:
    """The structure: its elements in order, and which piece of which page belongs to which."""

    def __init__(self, root: DictionaryObject) -> None:
        self.found: list[str] = []
        self.pieces: dict[tuple[int, int], str] = {}
        self.headings: list[int] = []
        self.annotations: dict[int, str] = {}
        self.roles = {str(name)[1:]: str(role)[1:] for name, role in root.get("/RoleMap", {}).items()}
        if "/ParentTree" not in root:
            self.found.append("01-005 no parent tree leads from pieces to their elements")
        for kid in _kids(root):
            self._walk(kid.get_object(), "", None)
        if self.headings[:1] not in ([], [1]):
            self.found.append("14-002 the first heading is not of the first level")
        self.found += [
            f"14-003 H{low} is followed by H{high}" for low, high in zip(self.headings, self.headings[1:], strict=False) if high > low + 1
        ]

    def _walk(self, element: DictionaryObject, parent: str, page: int | None) -> None:
        name = str(element["/S"])[1:]
        kind = self._standard(name)
        page = element.raw_get("/Pg").idnum if "/Pg" in element else page
        if kind in WITHIN and parent not in WITHIN[kind]:
            self.found.append(f"09-004 {kind} stands in {parent or 'nothing'}")
        if parent in INSIDE and kind not in INSIDE[parent]:
            self.found.append(f"09-005 {parent} holds {kind}")
        if kind in ("Figure", "Formula") and not str(element.get("/Alt", element.get("/ActualText", ""))).strip():
            self.found.append(f"13-004 a {kind} has no other text")
        if level := re.fullmatch(r"H([1-6])", kind):
            self.headings.append(int(level[1]))
        if "/Lang" in element and not LANGUAGE.fullmatch(str(element["/Lang"])):
            self.found.append(f"11-001 {element['/Lang']!r} is no language")
        for kid in _kids(element):
            self._kid(kid, kind, page)

    def _kid(self, kid: Any, kind: str, page: int | None) -> None:
        if isinstance(kid, NumberObject):
            return self._piece(page, int(kid), kind)
        found = kid.get_object()
        if isinstance(found, NumberObject):
            return self._piece(page, int(found), kind)
        what = found.get("/Type")
        if what == "/MCR":
            return self._piece(found.raw_get("/Pg").idnum if "/Pg" in found else page, int(found["/MCID"]), kind)
        if what == "/OBJR":
            self.annotations[found.raw_get("/Obj").idnum] = kind
            return None
        return self._walk(found, kind, page)

    def _piece(self, page: int | None, number: int, kind: str) -> None:
        if page is None or (page, number) in self.pieces:
            self.found.append(f"01-005 the piece {number} belongs to no page, or to two elements")
        else:
            self.pieces[page, number] = kind

    def _standard(self, name: str) -> str:
        seen = {name}
        kind = name
        while kind not in STANDARD:
            kind = self.roles.get(kind, "")
            if kind in seen or not kind:
                self.found.append(f"02-003 {name} is no standard type and stands for none")
                return name
            seen.add(kind)
        return kind


def _kids(element: DictionaryObject) -> list[Any]:
    kids = element.get("/K", ArrayObject())
    return list(kids) if isinstance(kids, ArrayObject) else [element.raw_get("/K")]


def _page(page: Any, number: int, tree: _Tree) -> Iterator[str]:
    id_ = page.indirect_reference.idnum
    seen: set[int] = set()
    yield from _content(page.get_contents(), page.get("/Resources", {}), f"page {number}", seen, set())
    here = {piece for at, piece in tree.pieces if at == id_}
    if seen - here:
        yield f"01-005 page {number} has pieces {sorted(seen - here)} that belong to no element"
    if here - seen:
        yield f"01-005 the structure names pieces {sorted(here - seen)} that page {number} has not"
    notes = [one for one in page.get("/Annots", []) if one.get_object().get("/Subtype") != "/Popup"]
    if notes and page.get("/Tabs") != "/S":
        yield f"28-008 page {number} is not walked in the order of its structure"
    for note in notes:
        kind = tree.annotations.get(note.idnum) if isinstance(note, IndirectObject) else None
        link = note.get_object().get("/Subtype") == "/Link"
        if kind is None or (link and kind != "Link"):
            yield f"28-011 page {number} has a link or note that stands in no such element"
        if link and not str(note.get_object().get("/Contents", "")).strip():
            yield f"28-012 page {number} has a link without other words"


def _content(content: Any, resources: Any, where: str, seen: set[int], below: set[int], inside: tuple[str, ...] = ()) -> Iterator[str]:
    """What is painted: all of it within a piece of the structure, or an artifact; never one within the other."""
    resources = resources.get_object()
    open_: list[str] = list(inside)
    for operands, operator in (content if isinstance(content, ContentStream) else ContentStream(content, None)).operations:
        name = operator.decode("latin-1")
        if name in ("BDC", "BMC"):
            kind = "artifact" if operands[0] == "/Artifact" else ""
            properties = operands[1] if len(operands) > 1 else {}
            if not isinstance(properties, DictionaryObject) and len(operands) > 1:
                properties = resources.get("/Properties", {}).get(properties, {}).get_object()
            if "/MCID" in properties:
                kind = "piece"
                if int(properties["/MCID"]) in seen:
                    yield f"01-005 {where} has two pieces {properties['/MCID']}"
                seen.add(int(properties["/MCID"]))
            if {kind, *open_} >= {"artifact", "piece"}:
                yield f"01-003 {where} has an artifact within what is tagged, or the other way round"
            open_.append(kind)
        elif name == "EMC":
            if not open_:
                yield f"01-005 {where} ends a piece that was not begun"
            else:
                open_.pop()
        elif name in PAINTS and not {"artifact", "piece"} & set(open_):
            yield f"01-005 {where} paints ({name}) what is neither tagged nor an artifact"
        if name == "Do":
            drawn = resources["/XObject"][operands[0]].get_object()
            if drawn.get("/Subtype") == "/Form" and id(drawn) not in below:
                if "/Ref" in drawn:
                    yield f"30-001 {where} draws from another file"
                yield from _content(drawn, drawn.get("/Resources", {}), where, seen, below | {id(drawn)}, tuple(open_))
        if name == "Tf":
            yield from _font(resources["/Font"][operands[0]].get_object(), where)


def _font(font: DictionaryObject, where: str) -> Iterator[str]:
    name = str(font.get("/BaseFont", ""))
    if font.get("/Subtype") == "/Type3":
        described = font
    else:
        one = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        described = one.get("/FontDescriptor", {}).get_object() if "/FontDescriptor" in one else DictionaryObject()
        if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(described):
            yield f"31-009 {where}: {name} is not embedded"
        if one.get("/Subtype") == "/CIDFontType2" and "/CIDToGIDMap" not in one:
            yield f"31-007 {where}: {name} does not say which glyph is meant"
    if "/ToUnicode" not in font:
        yield f"31-027 {where}: {name} does not say which letters its glyphs are"
    elif b"<0000>" in (shown := font["/ToUnicode"].get_object().get_data()).split(b"beginbfchar")[-1] and b"<0000> <0000>" in shown:
        yield f"31-028 {where}: {name} has a glyph without a letter"
