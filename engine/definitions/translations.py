"""A package in several languages: its texts in `translations/de.po`, its letters in `letters/de/`, beside what they translate.

The texts of a package stand in its manifest, forms and diagrams, in the package's own language. A translation names each by its own words,
so that a form or a diagram is drawn once, and a text that is changed is one to be translated again.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po

from amends.engine.definitions.package import Package
from amends.engine.definitions.problems import ERROR, INFO, Problem

_PO = re.compile(r"translations/([a-z]{2,3}(?:_[A-Z][A-Za-z]+)?)\.po")
_DATED = re.compile(rb'"(?:POT-Creation-Date|PO-Revision-Date|Generated-By|Report-Msgid-Bugs-To|Last-Translator)[^\n]*\n')
_SHOWN = ("label", "description", "dateLabel", "timeLabel", "text", "submitLabel", "prefixAdorner", "suffixAdorner")
"""What of a component of a form people read."""
SOURCE = "en"
"""The language of a package that does not say its own (`language` in [package])."""
WORDS = re.compile(r"[^\W\d_]{2,} ")


def source_language(package: Package) -> str:
    """The language a package is written in."""
    given = package.manifest.raw.get("package")
    return str(given.get("language") or SOURCE) if isinstance(given, Mapping) else SOURCE


def languages(package: Package) -> list[str]:
    """The languages a package has texts in, its own first."""
    return [source_language(package), *sorted(found[1] for path in package.files if (found := _PO.fullmatch(path)))]


def translate(package: Package, text: str, language: str) -> str:
    """A text of the package in a language; as it is where it is not translated."""
    body = package.files.get(f"translations/{language}.po")
    return text if body is None or not text else _texts(body).get(text, text)


SAID_APART = ("contact", "external_body_contact")
"""Settings that may differ by language, because another number or address is answered in it: `contact_de` beside `contact`."""


def setting_in(package: Package, settings: Mapping[str, Any], name: str, language: str) -> Any:
    """A setting as it is said in a language: that of the language (`contact_de`), else translated, else as it is.

    `settings` are those that count. Where the installation has changed `contact` alone, the package's `contact_de` is out of date.
    """
    value, apart = settings.get(name), f"{name}_{language}"
    own, packaged = settings.get(apart), package.manifest.settings
    if own and (own != packaged.get(apart) or value == packaged.get(name)):
        return own
    return translate(package, value, language) if isinstance(value, str) else value


def form_in(package: Package, form_id: str, language: str) -> bytes | None:
    """The body of a form in a language; None for a form that is not there. Only what people read differs."""
    body = package.form(form_id)
    translations = package.files.get(f"translations/{language}.po")
    return body if body is None or translations is None else _form(body, translations)


def answers_in(package: Package, form_id: str, answers: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    """What was answered in a form, as label and words in a language; in the order of the answers, empty ones left out."""
    try:
        form = json.loads(form_in(package, form_id, language) or b"{}")
    except (ValueError, RecursionError):
        form = {}
    fields = {field["key"]: field for field in _fields(form)}
    given = [(name, fields.get(name, {}), value) for name, value in answers.items() if value not in _EMPTY]
    return [(_label(field, name), _said(field, value)) for name, field, value in given]


_EMPTY: tuple[Any, ...] = (None, "", [])


def _fields(found: Any) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        if isinstance(found.get("key"), str):
            yield found
        for inner in found.values():
            yield from _fields(inner)
    elif isinstance(found, list):
        for inner in found:
            yield from _fields(inner)


def _label(field: Mapping[str, Any], name: str) -> str:
    given = field.get("label")
    return given if isinstance(given, str) and given and not given.startswith("=") else name.replace("_", " ").capitalize()


def _said(field: Mapping[str, Any], value: Any) -> str:
    options = field.get("values")
    words = {one.get("value"): one.get("label") for one in options if isinstance(one, dict)} if isinstance(options, list) else {}
    every = value if isinstance(value, list) else [value]
    return ", ".join(str(words.get(one) or one) if isinstance(one, str) else str(one) for one in every)


def letter_in(package: Package, name: str, language: str) -> str:
    """The name of a letter in a language, or in the package's own where it is not translated."""
    return f"{language}/{name}" if f"{language}/{name}" in package.letters else name


def texts(package: Package, everything: bool = False) -> dict[str, list[str]]:
    """The texts that complainants read, with the files they stand in; with `everything` those that staff read as well."""
    found: dict[str, list[str]] = {}

    def add(text: object, place: str) -> None:
        if isinstance(text, str) and text.strip() and not text.startswith("=") and place not in found.setdefault(text, []):
            found[text].append(place)

    manifest = package.manifest
    for words in (manifest.stages, manifest.outcomes):
        for text in words.values():
            add(text, "package.toml")
    offered = [offer for offer in manifest.messages.values() if everything or offer.offered_to == "complainant"]
    for title in (*(offer.title for offer in offered), *(clock.title for clock in manifest.clocks.values())):
        add(title, "package.toml")
    for name, value in manifest.settings.items():
        apart = name.startswith(tuple(f"{one}_" for one in SAID_APART))
        if isinstance(value, str) and WORDS.search(value) and name not in _OWN and not apart:
            add(value, "package.toml")
    public = {manifest.complaints.form, *(offer.form for offer in offered)}
    for form_id, path in package.forms.items():
        if everything or form_id in public:
            for text in _form_texts(package.files[path]):
                add(text, path)
    for text in remedies(package):
        add(text, package.forms[manifest.complaints.remedies.partition(".")[0]])
    if everything:
        for diagram in package.diagrams:
            for element in diagram.all_elements():
                add(element.name, diagram.file)
        for text in manifest.roles.values():
            add(text, "package.toml")
    return found


def remedies(package: Package, language: str = "") -> list[str]:
    """What can be done for a complainant, as the options of the field that the manifest names; empty where it names none."""
    form_id, _, key = package.manifest.complaints.remedies.partition(".")
    body = form_in(package, form_id, language)
    try:
        form = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return []
    return [str(one["label"]) for one in _options(form, key) if isinstance(one, dict) and one.get("label")]


def _options(found: Any, key: str) -> list[Any]:
    """The options of the first field with this key."""
    inner = list(found.values()) if isinstance(found, dict) else found if isinstance(found, list) else []
    if isinstance(found, dict) and found.get("key") == key and isinstance(found.get("values"), list):
        return list(found["values"])
    return next((options for one in inner if (options := _options(one, key))), [])


_OWN = frozenset({"organisation", "contact", "external_body_contact", "first_response", "resolution", "acknowledgement", "review"})
"""Settings that are names, addresses and lengths: the same in every language."""


def missing(package: Package, language: str, everything: bool = False) -> list[str]:
    """What a language lacks: texts, and letters as `letters/de/name.md`."""
    body = package.files.get(f"translations/{language}.po", b"")
    known = _texts(body)
    own = {name for name in package.letters if "/" not in name and (everything or name not in staff_letters(package))}
    letters = [f"letters/{language}/{name}.md" for name in sorted(own) if f"{language}/{name}" not in package.letters]
    return [text for text in texts(package, everything) if text not in known] + letters


def staff_letters(package: Package) -> set[str]:
    """The letters that go to staff: those whose front matter says `to: staff`."""
    from amends.engine.definitions.letters import read_letter

    found = set()
    for name in package.letters:
        front = read_letter((package.letter(name) or b"").decode("utf-8", "replace")).front
        if front.get("to") == "staff":
            found.add(name)
    return found


def check_translations(package: Package) -> list[Problem]:
    """Files that cannot be read are errors; what a language lacks is said, once for each language."""
    found = []
    for path, body in package.files.items():
        name = _PO.fullmatch(path)
        if name is None:
            continue
        try:
            read_po(io.BytesIO(body), abort_invalid=True)
        except (PoFileError, ValueError, UnicodeError) as error:
            message = f"The translations cannot be read: {error}."
            found.append(Problem(path, "", 1, "translation", ERROR, message, "Save them as a .po file."))
            continue
        if lacks := missing(package, name[1]):
            shown = "; ".join(f"“{text[:60]}”" for text in lacks[:5]) + (" …" if len(lacks) > 5 else "")
            help = f"amends translations lists all of them, and writes them into {path} with --write."
            found.append(Problem(path, "", 1, "translation-missing", INFO, f"{len(lacks)} texts have no translation: {shown}", help))
    return found


def updated(package: Package, language: str, everything: bool = False) -> bytes:
    """The .po file of a language with all texts of the package: those there are kept, those that are new are empty."""
    catalog = Catalog(locale=language, project=package.manifest.name, version=package.manifest.version, fuzzy=False)
    known = _texts(package.files.get(f"translations/{language}.po", b""))
    for text, places in texts(package, everything).items():
        catalog.add(text, known.get(text, ""), locations=[(place, 0) for place in places])
    for text, translated in known.items():
        if text not in catalog:
            catalog.add(text, translated)
    held = io.BytesIO()
    write_po(held, catalog, width=140, omit_header=False, include_lineno=False)
    return _DATED.sub(b"", held.getvalue())


@lru_cache(maxsize=64)
def _texts(body: bytes) -> dict[str, str]:
    try:
        catalog = read_po(io.BytesIO(body))
    except (PoFileError, ValueError, UnicodeError):
        return {}
    return {str(one.id): str(one.string) for one in catalog if one.id and one.string and "fuzzy" not in one.flags}


@lru_cache(maxsize=256)
def _form(body: bytes, translations: bytes) -> bytes:
    known = _texts(translations)
    try:
        form = json.loads(body)
    except (ValueError, RecursionError):
        return body
    for holder, name in _places(form):
        holder[name] = known.get(holder[name], holder[name])
    return json.dumps(form, ensure_ascii=False).encode()


def _form_texts(body: bytes) -> Iterator[str]:
    try:
        form = json.loads(body)
    except (ValueError, RecursionError):
        return
    for holder, name in _places(form):
        yield holder[name]


def _places(found: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Where in a form texts stand that people read."""
    if isinstance(found, dict):
        for name, value in found.items():
            if isinstance(value, str):
                if name in _SHOWN:
                    yield found, name
            else:
                yield from _places(value)
    elif isinstance(found, list):
        for item in found:
            yield from _places(item)
