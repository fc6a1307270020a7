"""What pages say in the language of a request: Flask-Babel's locale, and catalogues of our own.

Our texts are in `translations/de/LC_MESSAGES/amends.po` and so on, in a domain of their own: a host application's languages and ours
do not meet.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from flask import g, has_request_context
from flask_babel import Domain, get_locale

FOLDER = Path(__file__).resolve().parent / "translations"
OWN = "en"
"""The language our texts are written in."""


class OurDomain(Domain):  # type: ignore[misc]
    """Our texts: catalogues are read from their .po files, once in a process, so that nothing has to be compiled."""

    def get_translations(self) -> Any:
        """The catalogue of the locale of this request."""
        found = get_locale()
        return catalogue(OWN if found is None else str(found))


@lru_cache(maxsize=32)
def catalogue(language: str) -> NullTranslations:
    """The texts of a language; empty for one there is no catalogue of."""
    file = FOLDER / language / "LC_MESSAGES" / "amends.po"
    if not file.is_file():
        return NullTranslations()
    held = io.BytesIO()
    write_mo(held, read_po(io.BytesIO(file.read_bytes()), locale=language))
    held.seek(0)
    return Translations(held, domain="amends")


domain = OurDomain(translation_directories=[str(FOLDER)], domain="amends")


def say(text: str, **values: Any) -> str:
    """A text of ours in the language of this request."""
    return str(domain.gettext(text, **values)) if has_request_context() else text % values if values else text


def count(number: int, singular: str, plural: str) -> str:
    """A number of things: `%(num)s day`, `%(num)s days`."""
    if not has_request_context():
        return (singular if number == 1 else plural) % {"num": number}
    return str(domain.ngettext(singular, plural, number))


@dataclass(frozen=True)
class Language:
    """A language as pages show it: its code, its own name, and whether it is written from right to left."""

    code: str
    name: str
    rtl: bool


@lru_cache(maxsize=64)
def language(code: str) -> Language:
    """A language by its code; one that nobody knows is called by its code."""
    try:
        locale = Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        return Language(code, code, False)
    name = locale.get_display_name(code) or code
    return Language(code.replace("_", "-"), name[:1].upper() + name[1:], locale.text_direction == "rtl")


def current() -> str:
    """The language of this request."""
    return str(g.get("amends_language", OWN)) if has_request_context() else OWN


def long_day(found: date) -> str | None:
    """`Freitag, 4. Dezember 2026`; None for English, which the pages say themselves."""
    return None if current() == OWN else str(format_date(found, "full", current()))


def medium_day(found: date) -> str | None:
    """`4. Dezember 2026`; None for English."""
    return None if current() == OWN else str(format_date(found, "long", current()))


def number(found: float, pattern: str = "#,##0.#") -> str:
    """A number with the signs of the language."""
    return str(format_decimal(found, pattern, current()))
