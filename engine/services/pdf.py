"""A letter on paper: PDF that a screen reader can read (PDF/UA-1), made by typst from data in which nothing is markup."""

from __future__ import annotations

import datetime as dt
import io
import json
from importlib.resources import as_file, files

import segno
import typst
from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from amends.engine.errors import AmendsError
from amends.engine.services.letter_shape import shaped
from amends.engine.services.letters import Template

TEMPLATE = "letter.typ"


def letter_pdf(
    subject: str, text: str, to: list[str], organisation: str, day: dt.date, language: str, *, link: str = "", paper: str = "a4",
    template: Template | None = None,
) -> bytes:  # fmt: skip
    """The PDF of a letter from its plain text; with the `template` it was made of, headings and emphasis are as they are there.

    `to` are the lines of the address; `language` is a code that Babel knows; `link` is shown once more as a QR code, empty for none;
    `paper` is a size that typst knows. Raises `AmendsError` where it cannot be made.
    """
    try:
        locale = Locale.parse(language or "en")
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse("en")
    rtl = locale.text_direction == "rtl"
    data = {
        "subject": subject, "organisation": organisation, "language": locale.language, "rtl": rtl,
        # An address in Latin letters keeps its own direction: "1 Row" is not "Row 1".
        "to": [f"\u2068{line}\u2069" for line in to] if rtl else to,
        "date": f"{day.day} {format_date(day, 'MMMM y', locale)}" if locale.language == "en" else format_date(day, "long", locale),
        "blocks": shaped(text, template), "link": link, "qr": _qr(link), "paper": paper,
    }  # fmt: skip
    with as_file(files("amends.engine.services") / TEMPLATE) as sheet:
        try:
            made = typst.compile(sheet, root=sheet.parent, format="pdf", pdf_standards=["ua-1"], sys_inputs={"letter": json.dumps(data)})
        except typst.TypstError as error:
            raise AmendsError(f"The letter could not be made into a PDF: {error}. Its text is on the complaint's page.") from error
    return bytes(made)


def _qr(link: str) -> str:
    if not link:
        return ""
    held = io.BytesIO()
    segno.make(link, error="m").save(held, kind="svg", border=2)
    return held.getvalue().decode()
