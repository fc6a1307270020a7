"""Letters as PDF/UA-1, by what a machine can check of the Matterhorn Protocol; and that these checks find what is wrong."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matterhorn
import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, BooleanObject, DecodedStreamObject, DictionaryObject, NameObject, NumberObject, TextStringObject

from amends.engine.definitions import read_package
from amends.engine.errors import AmendsError
from amends.engine.services.letters import read_template
from amends.engine.services.pdf import letter_pdf
from amends.engine.services.preview import preview

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LINK = "https://complaints.example.org/f/EXAMPLE"


def printed(repository: Path, name: str) -> bytes:
    package = read_package(repository / "processes" / "iso10002")
    letter, template = preview(package, name, NOW), read_template(name, package.letter(name) or b"")
    return letter_pdf(
        letter.subject, letter.text, ["Jo Roe", "1 Example Row"], "Org", NOW.date(), letter.language, link=LINK, template=template
    )


def test_every_letter_in_every_language_has_no_fault(repository: Path) -> None:
    """Tagged or artifact throughout, a sound structure, language, title, other words for pictures, fonts with their letters."""
    names = sorted(read_package(repository / "processes" / "iso10002").letters)
    assert len(names) >= 50
    assert {name: found for name in names if (found := matterhorn.faults(printed(repository, name)))} == {}


def _root(pdf: PdfWriter) -> Any:
    return pdf._root_object


def _first(pdf: PdfWriter, kind: str, element: Any = None) -> Any:
    """The first element of a kind in the structure."""
    element = _root(pdf)["/StructTreeRoot"] if element is None else element.get_object()
    if not isinstance(element, DictionaryObject):
        return None
    if element.get("/S") == f"/{kind}":
        return element
    kids = element.get("/K", ArrayObject())
    found = (_first(pdf, kind, kid) for kid in (kids if isinstance(kids, ArrayObject) else [kids]))
    return next((one for one in found if one is not None), None)


def _content(pdf: PdfWriter, change: Callable[[bytes], bytes]) -> None:
    stream = DecodedStreamObject()
    stream.set_data(change(pdf.pages[0].get_contents().get_data()))
    pdf.pages[0][NameObject("/Contents")] = pdf._add_object(stream)


def _font(pdf: PdfWriter) -> Any:
    return next(iter(pdf.pages[0]["/Resources"]["/Font"].values())).get_object()


def _kind(pdf: PdfWriter, old: str, new: str) -> None:
    _first(pdf, old)[NameObject("/S")] = NameObject(f"/{new}")


def _linked(pdf: PdfWriter) -> None:
    link = {"/Type": "/Annot", "/Subtype": "/Link"}
    note = DictionaryObject({NameObject(key): NameObject(value) for key, value in link.items()})
    pdf.pages[0][NameObject("/Annots")] = ArrayObject([pdf._add_object(note)])


def _metadata(pdf: PdfWriter, old: bytes, new: bytes) -> None:
    held = _root(pdf)["/Metadata"].get_object()
    assert old in held.get_data()
    stream = DecodedStreamObject()
    stream.set_data(held.get_data().replace(old, new))
    _root(pdf)[NameObject("/Metadata")] = pdf._add_object(stream)


NESTED = b"/P <</MCID 4711>> BDC /Artifact BMC EMC EMC\n"
WRONG: dict[str, tuple[str, Callable[[PdfWriter], Any]]] = {
    "no language": ("11-006", lambda pdf: _root(pdf).pop("/Lang")),
    "no tags": ("01-005", lambda pdf: _root(pdf).pop("/StructTreeRoot")),
    "not marked": ("02-001", lambda pdf: _root(pdf).pop("/MarkInfo")),
    "title hidden": ("07-001", lambda pdf: _root(pdf).pop("/ViewerPreferences")),
    "not said": ("06-002", lambda pdf: _metadata(pdf, b"pdfuaid:part", b"pdfuaid:port")),
    "no title": ("06-003", lambda pdf: _metadata(pdf, b"dc:title", b"dc:tutle")),
    "unknown type": ("02-003", lambda pdf: _kind(pdf, "P", "Paragraf")),
    "list out of place": ("09-004", lambda pdf: _kind(pdf, "L", "Sect")),
    "paragraph in a list": ("09-005", lambda pdf: _kind(pdf, "LI", "P")),
    "picture without words": ("13-004", lambda pdf: _first(pdf, "Figure").pop("/Alt")),
    "first heading is a second": ("14-002", lambda pdf: _kind(pdf, "H1", "H2")),
    "heading left out": ("14-003", lambda pdf: _kind(pdf, "H2", "H4")),
    "piece of no element": ("01-005", lambda pdf: _first(pdf, "H1").__setitem__(NameObject("/K"), NumberObject(4711))),
    "painted beside the tags": ("01-005", lambda pdf: _content(pdf, lambda said: said + b"\n0 0 9 9 re f\n")),
    "artifact in what is tagged": ("01-003", lambda pdf: _content(pdf, lambda said: NESTED + said)),
    "font not embedded": ("31-009", lambda pdf: [_font(pdf)["/DescendantFonts"][0].get_object().pop("/FontDescriptor")]),
    "font without letters": ("31-027", lambda pdf: _font(pdf).pop("/ToUnicode")),
    "link outside the structure": ("28-011", _linked),
    "links in another order": ("28-008", lambda pdf: (_linked(pdf), pdf.pages[0].pop("/Tabs", None))),
    "suspected": ("02-001", lambda pdf: _root(pdf)["/MarkInfo"].__setitem__(NameObject("/Suspects"), BooleanObject(True))),
    "no such language": ("11-006", lambda pdf: _root(pdf).__setitem__(NameObject("/Lang"), TextStringObject("not one"))),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_found(what: str, repository: Path) -> None:
    """A letter that is spoilt in one way fails that point: the check above can fail."""
    point, spoil = WRONG[what]
    pdf = PdfWriter(clone_from=PdfReader(io.BytesIO(printed(repository, "acknowledgement"))))
    spoil(pdf)
    held = io.BytesIO()
    pdf.write(held)
    assert [one for one in matterhorn.faults(held.getvalue()) if one.startswith(point)] != []


def test_what_no_font_shows_is_printed_by_its_name_or_said() -> None:
    """Emoji keep no letter from being printed; letters without a font do, with the reason: nothing is left out."""
    made = letter_pdf(
        "Angry \U0001f621", "It leaks \U0001f469\U0001f3fd\u200d\U0001f680\u0007!", ["Jo \U0001f680"], "Org", NOW.date(), "en"
    )
    said = PdfReader(io.BytesIO(made)).pages[0].extract_text()
    assert "[rocket]" in said.splitlines()[1] and "[woman][rocket]!" in said and matterhorn.faults(made) == []
    with pytest.raises(AmendsError, match="has the sign .*open the letter again"):
        letter_pdf("Hello", "\U00012000", [], "Org", NOW.date(), "en")  # a cuneiform sign
