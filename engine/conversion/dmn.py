"""Decision models of Camunda 7: `camunda:` attributes, its types, and expressions in JUEL, which is its default, or in scripts.

There, input expressions, output entries and literal expressions are JUEL unless they say otherwise, and need no `${…}`; input
entries are FEEL (Camunda 7 reference, «Expressions and Scripts» of DMN).
"""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from amends.engine.conversion import juel
from amends.engine.conversion.camunda_values import script
from amends.engine.conversion.feel import Translated, Untranslatable
from amends.engine.conversion.juel_tokens import has_expression
from amends.engine.conversion.work import MODELER, Work
from amends.engine.definitions import xml
from amends.engine.feel import FeelError, parse_unary

CAMUNDA_DMN = "http://camunda.org/schema/1.0/dmn"
_TYPES = {"integer": "number", "long": "number", "double": "number"}
_FOREIGN = frozenset({"juel", "javascript", "groovy", "python", "jython", "jruby", "ruby", "ecmascript"})
_HELP = "Write it in FEEL, and set the expression language to FEEL."


def convert_decisions(work: Work) -> bool:
    """Convert a decision model in place; False, and nothing done, where it has nothing of Camunda 7."""
    if not _is_camunda(work.root):
        return False
    default = work.root.attrib.pop("expressionLanguage", None)
    for element in [item for item in work.root.iter() if isinstance(item.tag, str)]:
        _attributes(work, element)
        match xml.local(element):
            case "inputExpression" | "outputEntry" | "literalExpression":
                _expression(work, element, default, "juel", _value)
            case "inputEntry":
                _expression(work, element, default, "feel", _test)
        kind = element.get("typeRef")
        if kind in _TYPES:
            element.set("typeRef", _TYPES[kind])
            work.carry(element, "typeRef", kind, _TYPES[kind])
    for key, value in (("executionPlatform", "Camunda Cloud"), ("executionPlatformVersion", "8.6.0")):
        if work.root.get(f"{{{MODELER}}}{key}") is not None:
            work.root.set(f"{{{MODELER}}}{key}", value)
    return True


def _is_camunda(root: etree._Element) -> bool:
    mark = f"{{{CAMUNDA_DMN}}}"
    return root.get(f"{{{MODELER}}}executionPlatform") == "Camunda Platform" or any(
        (item.get("expressionLanguage") or "").lower() in _FOREIGN or any(str(key).startswith(mark) for key in item.attrib)
        for item in root.iter()
        if isinstance(item.tag, str)
    )


def _attributes(work: Work, element: etree._Element) -> None:
    for key in [str(key) for key in element.attrib if str(key).startswith(f"{{{CAMUNDA_DMN}}}")]:
        local, said = key.rpartition("}")[2], str(element.attrib.pop(key))
        if local == "inputVariable" and said != "cellInput":
            work.leave(element, local, said, "In an entry the input is called ?", "Write ? where an entry reads it.")
        elif local == "diagramRelationId" or local == "inputVariable":
            work.carry(element, local, said, "not needed")
        else:
            work.leave(element, local, said, "It is no part of the model here", "A decision belongs to the version of its package.")


def _expression(work: Work, element: etree._Element, default: str | None, usual: str, translate: Callable[[str, str], Translated]) -> None:
    """Translate one text. What cannot be stays in its language, so that `check` refuses it."""
    held = next((child for child in element if xml.local(child) == "text"), None)
    said = (xml.text(held) or "") if held is not None else ""
    language = (element.get("expressionLanguage") or default or usual).lower()
    if "feel" in language:
        element.attrib.pop("expressionLanguage", None)
        return
    if held is None or not said or (said == "-" and usual == "feel"):
        element.attrib.pop("expressionLanguage", None)
        return
    made = work.feel(element, xml.local(element), said, lambda text: translate(language, text))
    if made is None:
        element.set("expressionLanguage", language)
        return
    element.attrib.pop("expressionLanguage", None)
    held.text = made.removeprefix("=")


def _value(language: str, said: str) -> Translated:
    if language == "juel":
        return juel.translate(said if has_expression(said) else f"${{{said}}}")
    return script(language, said)


def _test(language: str, said: str) -> Translated:
    """An input entry that is a condition on `cellInput`, which FEEL calls ?."""
    if language != "juel":
        return script(language, said)
    found = juel.translate(said if has_expression(said) else f"${{{said}}}", {"cellInput": "?"})
    if found.kind != "truth":
        raise Untranslatable("The entry is no condition", _HELP)
    try:
        parse_unary(found.feel)
    except FeelError as error:
        raise Untranslatable(f"The entry is no test: {error}", _HELP) from error
    return found
