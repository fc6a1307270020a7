"""A letter on paper: PDF that a screen reader can read (PDF/UA-1), made by typst from data in which nothing is markup."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from importlib.resources import as_file, files

import segno
import typst
from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from amends.engine.errors import AmendsError

TEMPLATE = "letter.typ"
_BULLET, _NUMBER = re.compile(r"- (.*)"), re.compile(r"\d+\. (.*)")


def letter_pdf(
    subject: str, text: str, to: list[str], organisation: str, day: dt.date, language: str, *, link: str = "", paper: str = "a4"
) -> bytes:
    """The PDF of a letter from its plain text.

    `to` are the lines of the address; `language` is a code that Babel knows; `link` is shown once more as a QR code, empty for none;
    `paper` is a size that typst knows. Raises `AmendsError` where it cannot be made.
    """
    try:
        locale = Locale.parse(language or "en")
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse("en")
    data = {
        "subject": subject, "organisation": organisation, "to": to, "language": locale.language, "rtl": locale.text_direction == "rtl",
        "date": f"{day.day} {format_date(day, 'MMMM y', locale)}" if locale.language == "en" else format_date(day, "long", locale),
        "blocks": blocks(text), "link": link, "qr": _qr(link), "paper": paper,
    }  # fmt: skip
    with as_file(files("amends.engine.services") / TEMPLATE) as template:
        try:
            made = typst.compile(
                template, root=template.parent, format="pdf", pdf_standards=["ua-1"], sys_inputs={"letter": json.dumps(data)}
            )
        except typst.TypstError as error:
            raise AmendsError(f"The letter could not be made into a PDF: {error}. Its text is on the complaint's page.") from error
    return bytes(made)


def blocks(text: str) -> list[dict[str, object]]:
    """The paragraphs and lists of a letter's plain text, in order; a list is one only if every line of it is an item."""
    found: list[dict[str, object]] = []
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = part.split("\n")
        for kind, item in (("bullets", _BULLET), ("numbers", _NUMBER)):
            items = [match[1] for line in lines if (match := item.fullmatch(line))]
            if len(items) == len(lines):
                found.append({"kind": kind, "items": items})
                break
        else:
            found.append({"kind": "paragraph", "lines": lines})
    return found


def _qr(link: str) -> str:
    if not link:
        return ""
    held = io.BytesIO()
    segno.make(link, error="m").save(held, kind="svg", border=2)
    return held.getvalue().decode()
