"""A letter on paper: PDF that a screen reader can read (PDF/UA-1), made by typst from data in which nothing is markup."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import unicodedata
from importlib.resources import as_file, files
from typing import Any

import segno
import typst
from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from amends.engine.errors import AmendsError
from amends.engine.services.letter_shape import shaped
from amends.engine.services.letters import Template

TEMPLATE = "letter.typ"
MOST_SIGNS = 40
"""So many different signs that no font shows are found out one after the other; in a letter with more, all are replaced."""
HELP = "Its text is on the complaint's page, and it still waits in the post room."
NO_FONT = (
    "No font on this machine has the sign “{sign}” ({name}), so the letter cannot be printed yet. Have a font with it installed by whoever "
    "runs this machine (on Debian: apt-get install {package}), and open the letter again; nothing has to be started anew. Or give its "
    "words in another way, by mail or by telephone, and say in the post room that it was dealt with so."
)
FONTS = {"fonts-noto-cjk": ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "FULLWIDTH")}
OTHER_FONTS = "fonts-noto-core"
SIGNS = ("So", "Sk", "Sm")
UNSEEN = ("Mn", "Me", "Cf", "Cc", "Co", "Cn")
ENCLOSING = range(0x20DD, 0x20E5)
JOINING = dict.fromkeys([0x200D, *range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400)], "")
AROUND = JOINING | dict.fromkeys(ENCLOSING, "")
"""What stands around or behind a sign, such as the key of a keycap: most fonts have the sign and not that."""
_NOT_SHOWN = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")


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
    instead: dict[int, str] = {}
    for left in range(MOST_SIGNS, -1, -1):
        if not left:
            instead |= {ord(sign): _named(sign) for sign in set(_all_of(data)) if sign > "\u2100" and unicodedata.category(sign) in SIGNS}
        try:
            return _compiled(_with(data, instead))
        except typst.TypstError as error:
            if not left or not _learnt(instead, str(error), data):
                raise AmendsError(_why_not(str(error))) from error
    raise AssertionError("the last attempt returns or raises")


def _why_not(error: str) -> str:
    """What keeps a letter from being made, and what to do: mostly a script that no font here has."""
    found = _NOT_SHOWN.search(error)
    if found is None:
        return f"The letter could not be made into a PDF: {error}. {HELP}"
    sign = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), found[1])
    name = unicodedata.name(sign[0], "without a name")
    package = next((one for one, scripts in FONTS.items() if name.startswith(scripts)), OTHER_FONTS)
    return f"{NO_FONT.format(sign=sign, name=name.lower(), package=package)} {HELP}"


def _compiled(data: Any) -> bytes:
    inputs = {"letter": json.dumps(data)}
    with as_file(files("amends.engine.services") / TEMPLATE) as sheet:
        return bytes(typst.compile(sheet, root=sheet.parent, format="pdf", pdf_standards=["ua-1"], sys_inputs=inputs))


def _with(data: Any, instead: dict[int, str]) -> Any:
    """The same with other words in the place of some signs, wherever they stand."""
    if isinstance(data, str):
        return data.translate(instead)
    if isinstance(data, dict):
        return {name: _with(value, instead) for name, value in data.items()}
    return [_with(value, instead) for value in data] if isinstance(data, list | tuple) else data


def _learnt(instead: dict[int, str], error: str, data: Any) -> bool:
    """Note what stands in the place of signs that no font of this machine shows: an emoji's name. People write with them.

    Letters of a script without a font stay: their names would say nothing, and a font helps. What stands around a letter goes, since
    the letter alone may be shown. Whether anything is new.
    """
    found = _NOT_SHOWN.search(error)
    before = len(instead)
    if found is not None:
        signs = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), found[1])
        for sign in signs:
            kind = unicodedata.category(sign)
            if kind in SIGNS:
                instead[ord(sign)] = _named(sign)
            elif kind in UNSEEN:
                instead[ord(sign)] = ""
        # What joins or colours emoji is nothing by itself, and stands unseen behind whatever is shown instead of them.
        instead |= {} if len(instead) == before else JOINING
        for around in (AROUND, _behind(signs, data)) if len(instead) == before else ():
            if not around.keys() <= instead.keys():
                instead |= around
                break
    return len(instead) > before


def _behind(signs: str, data: Any) -> dict[int, str]:
    """What is unseen by itself and stands behind one of these signs, to be left out."""
    unseen, base = set[str](), ""
    for sign in _all_of(data):
        if unicodedata.category(sign) not in UNSEEN:
            base = sign
        elif base in signs:
            unseen.add(sign)
    return {ord(sign): "" for sign in unseen}


def _named(sign: str) -> str:
    return f"[{unicodedata.name(sign).lower()}]"


def _all_of(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)


def _qr(link: str) -> str:
    if not link:
        return ""
    held = io.BytesIO()
    segno.make(link, error="m").save(held, kind="svg", border=2)
    return held.getvalue().decode()
