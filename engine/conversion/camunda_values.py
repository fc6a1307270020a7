"""Values of Camunda 7's extensions: attributes that may be JUEL, parameters, lists, maps and scripts."""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree

from amends.engine.conversion import feel as f
from amends.engine.conversion import juel, python_text
from amends.engine.conversion.feel import Translated, Untranslatable
from amends.engine.conversion.juel_tokens import has_expression
from amends.engine.conversion.work import CAMUNDA, Work, name, take
from amends.engine.definitions import xml
from amends.engine.feel import FeelError, parse
from amends.engine.feel import nodes as n

SCRIPTS = "Translate the script into FEEL, or make it a service task that an operation or a worker carries out."


def value(work: Work, element: etree._Element, attribute: str, what: str) -> str | None:
    """An attribute of Camunda 7 as our dialect writes it: `=FEEL` for `${…}`, otherwise as it is. The attribute is removed.

    None where there is none, or no translation: what it said is listed then.
    """
    said = take(element, attribute, CAMUNDA)
    if said is None or not said.strip():
        return None
    return written(work, element, what, said)


def written(work: Work, element: etree._Element, what: str, said: str) -> str | None:
    """The same for a text."""
    if has_expression(said):
        return work.feel(element, what, said)
    if said.lstrip().startswith("="):
        # Plain text in the old dialect, FEEL in ours: so it is written as a FEEL text.
        return work.feel(element, what, said)
    work.carry(element, what, said, said)
    return said


def feel_of(said: str) -> Translated:
    """What is FEEL already, if it is."""
    try:
        parse(said)
    except FeelError as error:
        raise Untranslatable(f"This is no FEEL: {error}", "Put it right.") from error
    return Translated(said.strip(), f.ANY)


LANGUAGES: dict[str, Callable[[str], Translated]] = {
    "juel": juel.translate,
    "feel": feel_of,
    "python": python_text.translate,
    "jython": python_text.translate,
}


def script(language: str, body: str) -> Translated:
    """A script of one expression in a language that is known; Untranslatable for any other."""
    known = LANGUAGES.get(language.strip().lower())
    if known is None:
        raise Untranslatable(f"Scripts in {language or 'an unnamed language'} are not translated", SCRIPTS)
    return known(body)


def parameter(work: Work, element: etree._Element, entry: etree._Element) -> str | None:
    """The source of an input or output parameter; None, and listed, where it cannot be said in FEEL."""
    what, said = f"parameter {entry.get('name')}", " ".join("".join(map(str, entry.itertext())).split())
    try:
        node, notes = _content(entry)
    except Untranslatable as error:
        work.leave(element, what, said, str(error), error.help)
        return None
    found = f.finish(node, notes)
    work.carry(element, what, said, found.source, "; ".join(found.notes))
    return found.source


def _content(entry: etree._Element) -> tuple[f.Typed, list[str]]:
    """What stands in a parameter, an entry of a map or an item of a list."""
    inner = [child for child in entry if isinstance(child.tag, str)]
    if not inner:
        return _text(xml.text(entry) or "")
    child = inner[0]
    match xml.local(child):
        case "list":
            pairs = [_content(item) if xml.local(item) != "script" else _script(item) for item in _values(child)]
            return f.listed([node for node, _ in pairs]), [note for _, notes in pairs for note in notes]
        case "map":
            entries = [(str(item.get("key") or ""), _content(item)) for item in child if xml.local(item) == "entry"]
            if any(not key for key, _ in entries) or len({key for key, _ in entries}) < len(entries):
                raise Untranslatable("A map has an entry without a key, or two with one key")
            before: set[str] = set()
            for key, (node, _) in entries:  # in FEEL an entry sees the entries before it
                if before & {part.name for part in n.walk(node.node) if isinstance(part, n.Name)}:
                    raise Untranslatable("A map reads a variable that is called like a key before it", "Give the variable another name.")
                before.add(key)
            return f.context({key: node for key, (node, _) in entries}), [note for _, (_, notes) in entries for note in notes]
        case "script":
            return _script(child)
        case other:
            raise Untranslatable(f"A {other} as the value of a parameter")


def _values(holder: etree._Element) -> list[etree._Element]:
    return [child for child in holder if xml.local(child) in ("value", "script")]


def _text(said: str) -> tuple[f.Typed, list[str]]:
    if not said:
        return f.null(), []
    found = juel.translate(said)
    return f.Typed(parse_node(found.feel), found.kind), list(found.notes)


def _script(element: etree._Element) -> tuple[f.Typed, list[str]]:
    if element.get("resource"):
        raise Untranslatable("The script is in another file", SCRIPTS)
    found = script(element.get("scriptFormat") or "", xml.text(element) or "")
    return f.Typed(parse_node(found.feel), found.kind), list(found.notes)


def parse_node(feel: str) -> n.Node:
    """The tree of FEEL that a translator wrote."""
    return parse(feel).ast


_CLASS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


def proposed_type(said: str, element_id: str) -> str:
    """A job type made of a class name, a bean or the element's id: «com.acme.ChargeCardDelegate» is «charge-card»."""
    plain = re.search(r"[$#]\{\s*(\w+)", said)
    last = plain[1] if plain else said.strip().rpartition(".")[2]
    words = [word.lower() for word in _CLASS.split(last) if word]
    while len(words) > 1 and words[-1] in ("delegate", "impl", "bean"):
        words.pop()
    return "-".join(words) or element_id


def condition(work: Work, element: etree._Element, what: str, kind: str = f.TRUTH) -> None:
    """Translate a condition, or a number, in place. One that cannot be stays as it was, so that `check` refuses it."""
    said = xml.text(element) or ""
    language = element.attrib.pop("language", None)
    resource = take(element, "resource", CAMUNDA)
    if resource:
        work.leave(element, what, resource, "The condition is a script in another file", SCRIPTS)
        element.text = f"${{{resource}}}"
        return
    if language is None and not has_expression(said):
        if not said.startswith("="):
            work.leave(element, what, said, "The condition is a fixed text, not an expression", "Write it in FEEL.")
            element.text = f"${{{said}}}"
        return
    known = work.translate if language is None else lambda text: script(str(language), text)
    made = work.feel(element, what, said, lambda text: _of_kind(known(text), kind))
    # «$» begins nothing in FEEL, so what is left cannot be read as something it does not mean.
    element.text = made if made is not None else said if has_expression(said) else f"${{{said}}}"
    element.set(name("type", xml.XSI), _type(element))


def _of_kind(found: Translated, kind: str) -> Translated:
    if found.kind not in (kind, f.ANY):
        raise Untranslatable(f"It is a {found.kind} where a {kind} is wanted")
    return found


def _type(element: etree._Element) -> str:
    prefix = next((key for key, uri in element.nsmap.items() if uri == xml.BPMN), None)
    return f"{prefix}:tFormalExpression" if prefix else "tFormalExpression"
