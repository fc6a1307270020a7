"""From XML to `elements`: tolerant of what editors leave out, strict about nothing; `check` is where strictness lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from amends.engine.decisions import elements as e
from amends.engine.decisions.xml import DMN_NAMESPACES, child, children, line_of, local, namespace, text_of

_AGGREGATORS = {"SUM": "C+", "MIN": "C<", "MAX": "C>", "COUNT": "C#"}
_POLICIES = {"UNIQUE": "U", "ANY": "A", "PRIORITY": "P", "FIRST": "F", "RULE ORDER": "R", "OUTPUT ORDER": "O", "COLLECT": "C"}


def read(root: etree._Element) -> e.Definitions:
    """The document under this root, in the words of `elements`. Raises nothing: what is missing is empty."""
    nodes = list(children(root)) + [inner for group in children(root, "group") for inner in children(group)]
    return e.Definitions(
        **_place(root),
        name=root.get("name", ""),
        namespace=root.get("namespace", ""),
        version=DMN_NAMESPACES.get(namespace(root), ""),
        language=root.get("expressionLanguage", ""),
        prefixes={prefix: uri for prefix, uri in root.nsmap.items() if prefix},
        imports=[_import(x) for x in nodes if local(x) == "import"],
        types=[_item(x) for x in nodes if local(x) == "itemDefinition"],
        inputs=[e.InputData(**_node(x)) for x in nodes if local(x) == "inputData"],
        decisions=[_decision(x) for x in nodes if local(x) == "decision"],
        knowledge=[_knowledge(x) for x in nodes if local(x) == "businessKnowledgeModel"],
        services=[_service(x) for x in nodes if local(x) == "decisionService"],
    )


def _place(x: etree._Element) -> dict[str, Any]:
    return {"id": x.get("id", ""), "line": line_of(x)}


def _node(x: etree._Element) -> dict[str, Any]:
    found = child(x, "variable")
    return {
        **_place(x),
        "name": tidy(x.get("name", "")),
        "label": x.get("label", ""),
        "variable": None if found is None else _variable(found),
    }


def tidy(name: str) -> str:
    """A name as FEEL sees it: runs of white space are one space (DMN 1.5, 10.3.1.4)."""
    return " ".join(name.split())


def _variable(x: etree._Element) -> e.Variable:
    return e.Variable(**_place(x), name=tidy(x.get("name", "")), type_ref=_type_ref(x))


def _type_ref(x: etree._Element) -> str:
    """A type reference stands in an attribute; in an item definition, and in DMN 1.1 files of some editors, in an element."""
    inner = child(x, "typeRef")
    return tidy(x.get("typeRef", "") or ("" if inner is None else inner.text or ""))


def _import(x: etree._Element) -> e.Import:
    return e.Import(
        **_place(x),
        name=None if x.get("name") is None else tidy(x.get("name", "")),
        namespace=x.get("namespace", ""),
        location=x.get("locationURI", ""),
        kind=x.get("importType", ""),
    )


def _item(x: etree._Element) -> e.ItemDefinition:
    function = child(x, "functionItem")
    return e.ItemDefinition(
        **_place(x),
        name=tidy(x.get("name", "")),
        type_ref=_type_ref(x),
        is_collection=x.get("isCollection") == "true",
        allowed=_cell(child(x, "allowedValues")),
        constraint=_cell(child(x, "typeConstraint")),
        components=[_item(y) for y in children(x, "itemComponent")],
        function=None if function is None else _function_item(function),
    )


def _function_item(x: etree._Element) -> e.FunctionItem:
    return e.FunctionItem(
        **_place(x), parameters=[_variable(y) for y in children(x, "parameters")], output=tidy(x.get("outputTypeRef", ""))
    )


def _cell(x: etree._Element | None) -> e.Cell | None:
    if x is None:
        return None
    language = x.get("expressionLanguage", "")
    return e.Cell(id=x.get("id", ""), line=_text_line(x), text=text_of(x), language=language, type_ref=_type_ref(x))


def _text_line(x: etree._Element) -> int:
    """The line where the text begins, so that a line within the text can be counted from it."""
    inner = child(x, "text")
    return line_of(x if inner is None else inner)


def _requirements(x: etree._Element) -> list[e.Requirement]:
    found = []
    for requirement in children(x, "informationRequirement", "knowledgeRequirement"):
        for target in children(requirement, "requiredInput", "requiredDecision", "requiredKnowledge"):
            found.append(e.Requirement(id=requirement.get("id", ""), line=line_of(target), href=target.get("href", ""), kind=local(target)))
    return found


def _references(x: etree._Element, name: str) -> list[e.Requirement]:
    return [e.Requirement(**_place(y), href=y.get("href", ""), kind=name) for y in children(x, name)]


def _decision(x: etree._Element) -> e.Decision:
    question, answers = child(x, "question"), child(x, "allowedAnswers")
    return e.Decision(
        **_node(x),
        requirements=_requirements(x),
        expression=_first_expression(x),
        question="" if question is None else question.text or "",
        allowed_answers="" if answers is None else answers.text or "",
    )


def _knowledge(x: etree._Element) -> e.KnowledgeModel:
    logic = child(x, "encapsulatedLogic")
    return e.KnowledgeModel(**_node(x), requirements=_requirements(x), function=None if logic is None else _function(logic))


def _service(x: etree._Element) -> e.Service:
    return e.Service(
        **_node(x),
        outputs=_references(x, "outputDecision"),
        encapsulated=_references(x, "encapsulatedDecision"),
        input_decisions=_references(x, "inputDecision"),
        input_data=_references(x, "inputData"),
    )


def _first_expression(x: etree._Element | None) -> e.Expression | None:
    if x is None:
        return None
    for inner in children(x):
        reader = _EXPRESSIONS.get(local(inner))
        if reader is not None:
            return reader(inner)
    return None


def _literal(x: etree._Element) -> e.Literal:
    imported = child(x, "importedValues")
    language = x.get("expressionLanguage", "") if imported is None else "imported values"
    return e.Literal(id=x.get("id", ""), line=_text_line(x), type_ref=_type_ref(x), text=text_of(x), language=language)


def _context(x: etree._Element) -> e.Context:
    entries = []
    for row in children(x, "contextEntry"):
        variable = child(row, "variable")
        entries.append(
            e.ContextEntry(**_place(row), variable=None if variable is None else _variable(variable), value=_first_expression(row))
        )
    return e.Context(**_place(x), type_ref=_type_ref(x), entries=entries)


def _invocation(x: etree._Element) -> e.Invocation:
    bindings = []
    for row in children(x, "binding"):
        parameter = child(row, "parameter")
        named = e.Variable(name="") if parameter is None else _variable(parameter)
        bindings.append(e.Binding(**_place(row), parameter=named, value=_first_expression(row)))
    return e.Invocation(**_place(x), type_ref=_type_ref(x), function=_first_expression(x), bindings=bindings)


def _list(x: etree._Element) -> e.ListOf:
    return e.ListOf(**_place(x), type_ref=_type_ref(x), items=[_EXPRESSIONS[local(y)](y) for y in children(x) if local(y) in _EXPRESSIONS])


def _relation(x: etree._Element) -> e.Relation:
    rows: list[list[e.Expression | None]] = []
    for row in children(x, "row"):
        rows.append([_EXPRESSIONS[local(y)](y) for y in children(row) if local(y) in _EXPRESSIONS])
    return e.Relation(**_place(x), type_ref=_type_ref(x), columns=[_variable(y) for y in children(x, "column")], rows=rows)


def _function(x: etree._Element) -> e.Function:
    return e.Function(
        **_place(x),
        type_ref=_type_ref(x),
        kind=x.get("kind", "FEEL") or "FEEL",
        parameters=[_variable(y) for y in children(x, "formalParameter")],
        body=_first_expression(x),
    )


def _conditional(x: etree._Element) -> e.Conditional:
    return e.Conditional(
        **_place(x),
        type_ref=_type_ref(x),
        condition=_first_expression(child(x, "if")),
        then=_first_expression(child(x, "then")),
        otherwise=_first_expression(child(x, "else")),
    )


def _filter(x: etree._Element) -> e.Filter:
    return e.Filter(
        **_place(x), type_ref=_type_ref(x), source=_first_expression(child(x, "in")), match=_first_expression(child(x, "match"))
    )


def _iteration(x: etree._Element) -> e.Iteration:
    return e.Iteration(
        **_place(x),
        type_ref=_type_ref(x),
        kind=local(x),
        variable=tidy(x.get("iteratorVariable", "")),
        source=_first_expression(child(x, "in")),
        body=_first_expression(child(x, "return", "satisfies")),
    )


def _table(x: etree._Element) -> e.Table:
    policy = _POLICIES.get(x.get("hitPolicy", "UNIQUE").upper(), x.get("hitPolicy", ""))
    if policy == "C":
        policy = _AGGREGATORS.get(x.get("aggregation", "").upper(), "C")
    return e.Table(
        **_place(x),
        type_ref=_type_ref(x),
        hit_policy=policy,
        inputs=[_input(y) for y in children(x, "input")],
        outputs=[_output(y) for y in children(x, "output")],
        rules=[_rule(y) for y in children(x, "rule")],
        annotation_names=[y.get("name", "") for y in children(x, "annotation")],
        output_label=x.get("outputLabel", ""),
    )


def _input(x: etree._Element) -> e.InputClause:
    expression = child(x, "inputExpression")
    return e.InputClause(
        **_place(x),
        label=x.get("label", ""),
        expression=None if expression is None else _literal(expression),
        allowed=_cell(child(x, "inputValues")),
    )


def _output(x: etree._Element) -> e.OutputClause:
    return e.OutputClause(
        **_place(x),
        name=tidy(x.get("name", "")),
        label=x.get("label", ""),
        type_ref=_type_ref(x),
        allowed=_cell(child(x, "outputValues")),
        default=_cell(child(x, "defaultOutputEntry")),
    )


def _rule(x: etree._Element) -> e.Rule:
    annotations = [text_of(y) for y in children(x, "annotationEntry")]
    description = child(x, "description")
    if not any(annotations) and description is not None and description.text:
        annotations = [description.text.strip()]
    return e.Rule(
        **_place(x),
        inputs=[c for y in children(x, "inputEntry") if (c := _cell(y))],
        outputs=[c for y in children(x, "outputEntry") if (c := _cell(y))],
        annotations=annotations,
    )


_EXPRESSIONS: dict[str, Callable[[etree._Element], e.Expression]] = {
    "literalExpression": _literal,
    "context": _context,
    "invocation": _invocation,
    "list": _list,
    "relation": _relation,
    "functionDefinition": _function,
    "conditional": _conditional,
    "filter": _filter,
    "for": _iteration,
    "some": _iteration,
    "every": _iteration,
    "decisionTable": _table,
}
