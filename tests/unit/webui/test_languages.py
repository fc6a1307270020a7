"""Every text a complainant reads is there in other languages: in our pages, forms, the package that ships, and its letters."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from amends.engine.definitions import read_package
from amends.engine.definitions import translations as texts
from amends.engine.files import REASONS
from amends.engine.services import KEPT_LINK
from amends.forms.messages import EXHAUSTED, MESSAGES
from amends.webui import languages, speech

COMPLETE = ("de", "fr", "es", "ar")
STAFF_TEMPLATES = {"channel.html"}
UNITS = ("month", "week", "day", "working day", "hour", "minute", "working hour", "working minute")


def catalogue(repository: Path, code: str) -> dict[str, Any]:
    with (repository / "webui" / "translations" / code / "LC_MESSAGES" / "amends.po").open("rb") as file:
        return {one.id if isinstance(one.id, str) else one.id[0]: one.string for one in read_po(file, locale=code) if one.id}


def asked_for(repository: Path) -> set[str]:
    """Every text that a template or a function gives to be said in the reader's language."""
    found: set[str] = set(MESSAGES.values()) | {"Yes", "No", "Day", "Month", "Year", "Time", "Date"}
    for path in sorted((repository / "webui" / "templates").rglob("*.html")):
        with path.open("rb") as file:
            found |= {str(text) for _, text, _, _ in (row[:4] for row in extract("jinja2.ext:babel_extract", file, keywords={"_": None}))}
    for path in [*(repository / "webui").glob("*.py"), *(repository / "forms").glob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in ("say", "say_it") and node.args:
                said = node.args[0]
                if isinstance(said, ast.Constant) and isinstance(said.value, str) and "speech" in path.read_text() + "speech":
                    found.add(said.value)
    return found


def test_the_catalogues_lack_nothing_that_pages_and_forms_say(repository: Path) -> None:
    """Each text that is asked for has words of its own in each language, and each count its plural; nothing is empty."""
    from amends.webui import complainant, errors, filling, follow, packages, times, words

    wanted = asked_for(repository)
    wanted |= {title for _, title in complainant.WAYS} | {title for *_, title in errors.STATUS}
    wanted |= set(errors.TITLES.values()) | set(words.BY.values())
    wanted |= {errors.RESTS, EXHAUSTED, KEPT_LINK, *REASONS, *errors.ENGINE_SAYS, *said_by_variable(repository)}
    wanted |= {errors.AWAY, errors.SAFE, filling.EMPTY, follow.WRONG, packages.DEPENDS, packages.LATER, "today", "tomorrow", "yesterday"}
    wanted -= set(errors_of_staff()) | said_to_staff(repository)
    assert len(wanted) > 180 and times.MONTHS
    for code in COMPLETE:
        known = catalogue(repository, code)
        missing = sorted(text for text in wanted if not known.get(text))
        missing += [unit for unit in UNITS if not all(known.get(f"%(num)s {unit}") or [""])]
        assert missing == [], code


def said_by_variable(repository: Path) -> set[str]:
    """Texts that a function gives by a name of its own: `told = "…"`, then `speech.say(told, …)`."""
    found: set[str] = set()
    for path in (repository / "webui").glob("*.py"):
        for function in (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)):
            texts_named = {
                node.targets[0].id: node.value.value
                for node in ast.walk(function)
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
                and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
            }  # fmt: skip
            for node in ast.walk(function):
                says = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "speech.say"
                if says and isinstance(node.args[0], ast.Name) and node.args[0].id in texts_named:
                    found.add(texts_named[node.args[0].id])
    return found


def errors_of_staff() -> tuple[str, ...]:
    """Titles of errors that only process owners and staff can come upon."""
    return ("The package has problems", "This is held up")


def said_to_staff(repository: Path) -> set[str]:
    """Flash messages of staff pages: `say` of pages.py, not of speech.py."""
    names = "filing follow complainant errors limits security words times filling packages languages"
    public = {f"{name}.py" for name in names.split()}
    found: set[str] = set()
    for path in (repository / "webui").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say" and path.name not in public and node.args:
                if isinstance(node.args[0], ast.Constant):
                    found.add(str(node.args[0].value))
    return found


@pytest.mark.parametrize("code", COMPLETE)
def test_a_translation_keeps_the_places_for_values(repository: Path, code: str) -> None:
    """`%(date)s` and `{limit}` are the same in both, but for the name of a field, which may be said as it is labelled."""
    for text, translated in catalogue(repository, code).items():
        for one in [translated] if isinstance(translated, str) else translated:
            places = [set(re.findall(r"%\(\w+\)s|\{\w+\}", found.replace("{name}", "{Name}"))) for found in (text, one)]
            assert places[0] == places[1], (text, one)


@pytest.mark.parametrize("code", COMPLETE)
def test_the_package_that_ships_lacks_nothing(repository: Path, code: str) -> None:
    """Stages, outcomes, offers, clocks, settings, every form, names of elements and roles, and every letter, those to staff too."""
    package = read_package(repository / "processes" / "iso10002")
    assert texts.languages(package) == ["en", "ar", "de", "es", "fr"]
    assert len(texts.texts(package)) > 90 and len(texts.texts(package, everything=True)) > 250
    assert texts.missing(package, code, everything=True) == []
    assert len([name for name in package.letters if name.startswith(f"{code}/")]) == 10


def test_the_parts_of_a_date_are_as_wide_in_every_language(browser: Any) -> None:
    """Day and month have room for two digits and the year for four, whatever they are called."""
    widths = {}
    for code in ("en", *COMPLETE):
        browser.client.get(f"/language/{code}")
        page = browser.client.get("/complain/1").text
        widths[code] = [page.count(f'govuk-date-input__input govuk-input--width-{width}"') for width in (2, 4)]
    assert widths["en"] == [2, 1] and len(set(map(tuple, widths.values()))) == 1


@pytest.mark.parametrize(("code", "most"), [("en", "10,000"), ("de", "10.000"), ("fr", "10\u202f000"), ("es", "10.000"), ("ar", "10,000")])
def test_numbers_are_written_as_the_language_does(browser: Any, code: str, most: str) -> None:
    """How much may be written is said with the signs of the language, before and after somebody has written more."""
    browser.client.get(f"/language/{code}")
    page = browser.client.get("/complain/1").text
    (hint,) = re.findall(r'govuk-character-count__message">([^<]+)<', page)
    assert most in hint
    page = browser.post("/complain/1", {"description": "x" * 10_001}).text
    (error,) = re.findall(r'govuk-error-message"[^>]*>(.*?)</p>', page, re.DOTALL)
    assert most in error


def test_what_is_missing_is_said_by_check_and_listed() -> None:
    """A text that is changed is one to be translated again; a letter is one too; a broken file is an error."""
    form = b'{"id": "f", "components": [{"type": "textfield", "key": "a", "label": "New words"}]}'
    toml = b'[package]\nname = "p"\nversion = "1"\n[complaints]\nprocess = "p"\nform = "f"\n[stages]\na = "Old words"\n'
    po = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Old words"\nmsgstr "Alte Wörter"\n'.encode()
    letter = b"---\nsubject: x\n---\n"
    package = read_package({"package.toml": toml, "f.form": form, "letters/hello.md": letter, "translations/de.po": po})
    assert texts.missing(package, "de") == ["New words", "letters/de/hello.md"]
    assert [(one.code, one.severity) for one in texts.check_translations(package)] == [("translation-missing", "info")]
    assert [texts.translate(package, "Old words", code) for code in ("de", "fr")] == ["Alte Wörter", "Old words"]
    written = texts.updated(package, "de").decode()
    assert 'msgid "New words"\nmsgstr ""' in written and 'msgstr "Alte Wörter"' in written and "#: f.form" in written
    broken = read_package({"package.toml": toml, "translations/de.po": b"\xff\xfe not a catalogue"})
    assert [(one.code, one.severity) for one in texts.check_translations(broken)] == [("translation", "error")]


def test_what_was_answered_is_told_in_the_words_of_the_form(repository: Path) -> None:
    """Label and option as whoever answered has read them; what has no label is called by its key; nothing is said of what is empty."""
    package = read_package(repository / "processes" / "iso10002")
    told = {code: texts.answers_in(package, "answer", {"answer": "rejected", "note": "", "more_said": "x"}, code) for code in ("en", "de")}
    assert told["en"] == [("Do you accept the decision?", "No, please look at it again"), ("More said", "x")]
    assert told["de"] == [("Nehmen Sie die Entscheidung an?", "Nein, bitte prüfen Sie noch einmal"), ("More said", "x")]


def test_a_form_in_a_language_asks_for_the_same(repository: Path) -> None:
    """Only what people read differs: the keys, kinds and rules of all fields are those of the form itself."""
    import json

    package = read_package(repository / "processes" / "iso10002")
    for form_id in ("complaint", "answer", "information", "withdrawal"):
        own = json.loads(package.form(form_id) or b"")
        german = json.loads(texts.form_in(package, form_id, "de") or b"")
        assert own != german and bare(own) == bare(german)


def bare(found: Any) -> Any:
    if isinstance(found, dict):
        read = ("label", "description", "dateLabel", "timeLabel", "text")
        return {name: bare(value) for name, value in found.items() if name not in read}
    return [bare(item) for item in found] if isinstance(found, list) else found


def test_the_language_is_chosen_by_a_link_else_by_the_browser(browser: Any) -> None:
    """No script, no account: a link sets it; a browser's own wish counts before; what is not offered is not shown."""
    assert '<html lang="en"' in browser.client.get("/").text
    german = browser.client.get("/", headers={"Accept-Language": "nl, de-AT;q=0.9, en;q=0.5"}).text
    assert '<html lang="de"' in german and "Sagen Sie uns, was schiefgelaufen ist" in german and "Wird untersucht" in german
    assert "15 Tage" in german and "2 Arbeitstagen" in german and 'hreflang="fr"' in german
    answer = browser.client.get("/language/fr?to=/follow")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/follow")
    assert "Ouvrir ma réclamation" in browser.client.get("/follow").text
    for bad in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"):
        assert browser.client.get("/language/es", query_string={"to": bad}).headers["Location"] == "/"
    assert '<html lang="es"' in browser.client.get("/nowhere").text and "Esta página no existe" in browser.client.get("/nowhere").text
    browser.client.get("/language/xx")
    assert '<html lang="es"' in browser.client.get("/").text


def test_names_of_languages_are_understood() -> None:
    """In the language itself, in any other that is known, or as a code."""
    known = ["en", "de", "fr", "es"]
    named = ("Deutsch", "german", "DE", "allemand", "Polski", "")
    assert [languages.code_of(name, known) for name in named] == ["de", "de", "de", "de", "", ""]
    assert [speech.language(code).rtl for code in ("ar", "he", "de", "nonsense")] == [True, True, False, False]
