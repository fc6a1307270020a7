"""Cases of the public DMN TCK as facts of ours: tests/data/tck says what is in a file, this reads one and makes its model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from amends.engine.feel import evaluate

FACTS = Path(__file__).parents[1] / "data" / "tck"
_DEFINES = ("type ", "input ", "knowledge ", "decision ", "table ", "service ")


class Case(NamedTuple):
    """One line: the case's name in the kit, the type of its decision or "", its expression, inputs, and what is expected.

    `otherwise` is why it is answered otherwise, or "".
    """

    name: str
    type: str
    text: str
    inputs: dict[str, Any]
    expected: Any
    otherwise: str = ""


class Folder(NamedTuple):
    """A folder of the kit: its cases, and what its model defines besides their decisions."""

    cases: list[Case]
    definitions: list[str]


def read(file: Path) -> Folder:
    """A file of facts."""
    cases: list[Case] = []
    definitions: list[str] = []
    shared: dict[str, Any] = {}
    otherwise = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            if line.startswith("# expected: "):
                otherwise = ""
            elif line.startswith("# otherwise: "):
                otherwise = line.removeprefix("# otherwise: ")
        elif line.startswith("inputs "):
            shared = _value(line.removeprefix("inputs "))
        elif line.startswith(_DEFINES):
            definitions.append(line)
        else:
            cases.append(_case(line, shared)._replace(otherwise=otherwise))
    return Folder(cases, definitions)


def _case(line: str, shared: dict[str, Any]) -> Case:
    head, _, rest = line.partition(": ")
    asked, arrow, expected = rest.rpartition(" => ")
    assert arrow, line
    text, _, inputs = asked.partition(" | ")
    name, _, kind = head.partition(" -> ")
    return Case(name, kind, text.replace("⏎", "\n"), _value(inputs) if inputs else shared, _value(expected))


def _value(text: str) -> Any:
    """A value written as FEEL. One that cannot be read would be taken for null."""
    value = evaluate(text, {})
    assert (value is None) is (text == "null"), text
    return value


def same(got: Any, want: Any) -> bool:
    """Equal in type and value, numbers to eight digits."""
    if isinstance(want, Decimal):
        return isinstance(got, Decimal) and abs(got - want) <= Decimal("1e-8") * max(1, abs(want))
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(same, got, want))
    if isinstance(want, dict):
        return isinstance(got, dict) and got.keys() == want.keys() and all(same(got[key], want[key]) for key in want)
    return type(got) is type(want) and bool(got == want)


def node_of(case: Case) -> str:
    """The decision, service or knowledge model that answers a case."""
    return case.text.removeprefix("[node] ") if case.text.startswith("[node] ") else f"case {case.name}"


def model(folder: Folder) -> bytes:
    """The DMN document of a folder: what it defines, and a decision for each case that has an expression. All see all before them."""
    defined: list[tuple[str, str]] = []  # kind of requirement, name
    parts: list[str] = []
    for line in folder.definitions:
        parts.append(_defined(line, defined))
    needs = "".join(_requirement(kind, name) for kind, name in defined)
    for case in folder.cases:
        if not case.text.startswith("[node] "):
            parts.append(_decision(node_of(case), case.type, needs, _boxed(case.text)))
    parts.sort(key=lambda part: not part.startswith("<itemDefinition"))
    body = "".join(parts)
    return f'<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="n" id="m">{body}</definitions>'.encode()


def _requirement(kind: str, name: str) -> str:
    href = f"<{kind} href={quoteattr('#' + name)}/>"
    return f"<knowledgeRequirement>{href}</knowledgeRequirement>" if kind == "requiredKnowledge" else _information(href)


def _information(href: str) -> str:
    return f"<informationRequirement>{href}</informationRequirement>"


def _named(listed: str) -> Iterator[tuple[str, str]]:
    """Names with their types, or with none."""
    for each in listed.split(", ") if listed else ():
        name, _, kind = each.partition(": ")
        yield name, kind


def _typed(kind: str) -> str:
    return f" typeRef={quoteattr(kind)}" if kind else ""


def _decision(name: str, kind: str, needs: str, logic: str) -> str:
    quoted = quoteattr(name)
    return f"<decision name={quoted} id={quoted}><variable name={quoted}{_typed(kind)}/>{needs}{logic}</decision>"


def _defined(line: str, defined: list[tuple[str, str]]) -> str:
    what, _, rest = line.partition(" ")
    head, _, body = rest.partition(" = ")
    if what == "type":
        return _type(head, body)
    if what == "input":
        name, _, kind = head.partition(": ")
        defined.append(("requiredInput", name))
        return f"<inputData name={quoteattr(name)} id={quoteattr(name)}><variable name={quoteattr(name)}{_typed(kind)}/></inputData>"
    if what in ("decision", "table"):
        name, _, kind = head.partition(": ")
        needs = "".join(_requirement(*each) for each in defined)
        defined.append(("requiredDecision", name))
        return _decision(name, kind, needs, _boxed(body) if what == "decision" else _table(body))
    name, _, kind = head.partition(" -> ")
    if what == "service":
        body, _, given = body.partition(" given ")
        parts = "".join(f"<outputDecision href={quoteattr('#' + output)}/>" for output in body.split(", "))
        if given:
            part = "inputData" if ("requiredInput", given) in defined else "inputDecision"
            parts += f"<{part} href={quoteattr('#' + given)}/>"
        defined.append(("requiredKnowledge", name))
        variable = f"<variable name={quoteattr(name)}{_typed(kind)}/>"
        return f"<decisionService name={quoteattr(name)} id={quoteattr(name)}>{variable}{parts}</decisionService>"
    return _knowledge(head, body, defined)


def _knowledge(head: str, body: str, defined: list[tuple[str, str]]) -> str:
    """name(a: T, b) -> type of its logic of type of its variable."""
    head, _, whole = head.partition(" of ")
    head, _, result = head.partition(" -> ")
    name, _, listed = head.removesuffix(")").partition("(")
    defined.append(("requiredKnowledge", name))
    parameters = "".join(f"<formalParameter name={quoteattr(own)}{_typed(wanted)}/>" for own, wanted in _named(listed))
    return (
        f"<businessKnowledgeModel name={quoteattr(name)} id={quoteattr(name)}><variable name={quoteattr(name)}{_typed(whole)}/>"
        f"<encapsulatedLogic>{parameters}{_literal(body, result)}</encapsulatedLogic></businessKnowledgeModel>"
    )


def _type(name: str, body: str) -> str:
    """list of T · T in values · function(a: T) -> U · a: T, b: U · T."""
    if body.startswith("list of "):
        return f'<itemDefinition name={quoteattr(name)} isCollection="true"><typeRef>{body[8:]}</typeRef></itemDefinition>'
    if body.startswith("function("):
        listed, _, result = body.removeprefix("function(").partition(")")
        given = "".join(f"<parameters name={quoteattr(own)}{_typed(kind)}/>" for own, kind in _named(listed))
        output = f" outputTypeRef={quoteattr(result.removeprefix(' -> '))}" if result else ""
        return f"<itemDefinition name={quoteattr(name)}><functionItem{output}>{given}</functionItem></itemDefinition>"
    base, allowed, values = body.partition(" in ")
    if allowed:
        inner = f"<typeRef>{base}</typeRef><allowedValues><text>{escape(values)}</text></allowedValues>"
    elif ": " in body:
        inner = "".join(f"<itemComponent name={quoteattr(own)}><typeRef>{kind}</typeRef></itemComponent>" for own, kind in _named(body))
    else:
        inner = f"<typeRef>{body}</typeRef>"
    return f"<itemDefinition name={quoteattr(name)}>{inner}</itemDefinition>"


def _table(body: str) -> str:
    """POLICY [AGGREGATION] [default x] [in values] | input [in values] ; input | cell ; cell ; output | …"""
    head, inputs, *rules = body.split(" | ")
    head, _, allowed = head.partition(" in ")
    head, _, default = head.partition(" default ")
    policy, _, aggregation = head.partition(" ") if head.startswith("COLLECT") else (head, "", "")
    text = lambda name, value: f"<{name}><text>{escape(value)}</text></{name}>"  # noqa: E731 - a word for it
    table = f'<decisionTable hitPolicy="{policy}"' + (f' aggregation="{aggregation}">' if aggregation else ">")
    for each in inputs.split(" ; "):
        expression, _, values = each.partition(" in ")
        table += f"<input>{text('inputExpression', expression)}{text('inputValues', values) if values else ''}</input>"
    given = (("outputValues", allowed), ("defaultOutputEntry", default))
    table += "<output>" + "".join(text(name, value) for name, value in given if value) + "</output>"
    for rule in rules:
        *cells, output = rule.split(" ; ")
        table += "<rule>" + "".join(text("inputEntry", cell) for cell in cells) + text("outputEntry", output) + "</rule>"
    return table + "</decisionTable>"


def _literal(text: str, kind: str = "") -> str:
    return f"<literalExpression{_typed(kind)}><text>{escape(text)}</text></literalExpression>"


def _boxed(text: str) -> str:
    """A literal expression, or a boxed one whose parts are behind words in square brackets."""
    parts = dict(_parts(text))
    if not parts:
        return _literal(text)
    if "if" in parts:
        return "<conditional>" + "".join(f"<{part}>{_literal(parts[part])}</{part}>" for part in ("if", "then", "else")) + "</conditional>"
    if "filter" in parts:
        return f"<filter><in>{_literal(parts['filter'])}</in><match>{_literal(parts['match'])}</match></filter>"
    if "invoke" in parts:
        name, _, value = parts["with"].partition(" := ")
        return (
            f"<invocation{_typed(parts.get('as', ''))}>{_literal(parts['invoke'])}"
            f"<binding><parameter name={quoteattr(name)}/>{_literal(value)}</binding></invocation>"
        )
    kind = parts.get("as", "")
    if "literal" in parts:
        return _literal(parts["literal"], kind)
    if "list" in parts:
        items = "".join(_literal(*item.split(" as ")) for item in parts["list"].split(" ; "))
        return f"<list{_typed(kind)}>{items}</list>"
    name, _, value = parts["context"].partition(" := ")
    name, _, wanted = name.partition(": ")
    entries = f"<contextEntry><variable name={quoteattr(name)}{_typed(wanted)}/>{_literal(value)}</contextEntry>"
    if "result" in parts:
        entries += f"<contextEntry>{_literal(parts['result'])}</contextEntry>"
    return f"<context{_typed(kind)}>{entries}</context>"


def _parts(text: str) -> Iterator[tuple[str, str]]:
    words = "if|then|else|filter|match|invoke|with|as|context|result|literal|list"
    if re.match(rf"\[({words})\] ", text):
        found = re.split(rf"(?:^| )\[({words})\] ", text)
        yield from zip(found[1::2], found[2::2], strict=True)
