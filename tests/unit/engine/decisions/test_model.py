"""Models: requirement graphs, boxed expressions, knowledge models, services, types, imports, and what is refused."""

import datetime
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from amends.engine.decisions import DecisionError, load
from amends.engine.decisions.xml import DMN_NAMESPACES
from amends.engine.errors import NotFound
from amends.engine.feel import FeelError, FeelWarning


def value(source: bytes, name: str = "d", warnings: list[FeelWarning] | None = None, **inputs: Any) -> Any:
    return load(source).evaluate(name, inputs, warnings=warnings)


@pytest.mark.parametrize("namespace", sorted(DMN_NAMESPACES))
def test_every_version_is_read(build: Any, namespace: str) -> None:
    """DMN 1.1 to 1.5 differ in their namespace and are read alike."""
    assert value(build.document(build.decision("d", "1 + 1"), namespace=namespace)) == 2


def test_requirements_are_evaluated_first(build: Any) -> None:
    """A decision sees the inputs and decisions it requires, and no others."""
    source = build.document(
        build.inputs(x="number"),
        build.decision("twice", "x * 2", "i:x"),
        build.decision("d", "twice + 1", "d:twice"),
        build.decision("blind", "x"),
    )
    warnings: list[FeelWarning] = []
    assert value(source, x=4) == 9
    assert value(source, "blind", warnings, x=4) is None
    assert warnings


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "<context><contextEntry><variable name='a'/>«2»</contextEntry><contextEntry><variable name='b'/>«a + 1»</contextEntry></context>",
            {"a": 2, "b": 3},
        ),
        ("<context><contextEntry><variable name='a'/>«2»</contextEntry><contextEntry>«a * 5»</contextEntry></context>", 10),
        ('<list>«1»«"x"»</list>', [1, "x"]),
        (
            "<relation><column name='a'/><column name='b'/><row>«1»«2»</row><row>«3»«4»</row></relation>",
            [{"a": 1, "b": 2}, {"a": 3, "b": 4}],
        ),
        ('<conditional><if>«x > 1»</if><then>«"big"»</then><else>«"small"»</else></conditional>', "big"),
        ("<filter><in>«[1, 2, 3]»</in><match>«item > 1»</match></filter>", [2, 3]),
        ("<filter><in>«[{a: 1}, {a: 2}]»</in><match>«a = 2»</match></filter>", [{"a": 2}]),
        ("<filter><in>«[7, 8, 9]»</in><match>«-1»</match></filter>", 9),
        ("<for iteratorVariable='i'><in>«[1, 2]»</in><return>«i * x»</return></for>", [4, 8]),
        ("<for iteratorVariable='i'><in>«[1, 2]»</in><return>«i + sum(partial)»</return></for>", [None, None]),
        ("<some iteratorVariable='i'><in>«[1, 2]»</in><satisfies>«i = 2»</satisfies></some>", True),
        ("<every iteratorVariable='i'><in>«[1, 2]»</in><satisfies>«i = 2»</satisfies></every>", False),
        ("<every iteratorVariable='i'><in>«[1, null]»</in><satisfies>«i > 0»</satisfies></every>", None),
        ("<functionDefinition><formalParameter name='a'/>«a»</functionDefinition>", None),
    ],
)
def test_boxed_expressions(build: Any, body: str, expected: Any) -> None:
    """Every boxed expression has the value of the FEEL expression it draws (DMN 1.5, 10.3.2.13)."""
    body = re.sub("«(.*?)»", lambda found: build.literal(found[1]), body)
    source = build.document(build.inputs(x="number"), build.decision("d", body, "i:x"))
    result = value(source, x=4)
    if body.startswith("<functionDefinition"):
        assert result.call(None, [Decimal(5)]) == 5
    else:
        assert result == expected


KNOWLEDGE = """<businessKnowledgeModel id="fee" name="fee"><variable name="fee"/><encapsulatedLogic>
<formalParameter name="amount" typeRef="number"/><formalParameter name="rate" typeRef="number"/>
<literalExpression><text>amount * rate</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>"""


def test_knowledge_models_are_functions(build: Any) -> None:
    """A knowledge model is called in FEEL or by a boxed invocation, by position or by name, and checks its arguments."""
    invocation = (
        f"<invocation>{build.literal('fee')}<binding><parameter name='rate'/>{build.literal('2')}</binding>"
        f"<binding><parameter name='amount'/>{build.literal('10')}</binding></invocation>"
    )
    source = build.document(
        KNOWLEDGE,
        build.decision("positional", "fee(10, 3)", "k:fee"),
        build.decision("named", "fee(rate: 4, amount: 10)", "k:fee"),
        build.decision("boxed", invocation, "k:fee"),
        build.decision("wrong", 'fee("ten", 3)', "k:fee"),
        build.decision("few", "fee(10)", "k:fee"),
    )
    model = load(source)
    assert [model.evaluate(name, {}) for name in ("positional", "named", "boxed", "wrong", "few")] == [30, 40, 20, None, None]
    assert model.evaluate("fee", {"amount": 3, "rate": 5}) == 15


def test_boxed_invocation_of_a_builtin(build: Any) -> None:
    """A boxed invocation may call a function of FEEL by its parameter names."""
    body = (
        f"<invocation>{build.literal('substring')}<binding><parameter name='string'/>{build.literal(chr(34) + 'foobar' + chr(34))}</binding>"
        f"<binding><parameter name='start position'/>{build.literal('4')}</binding></invocation>"
    )
    assert value(build.document(build.decision("d", body))) == "bar"


def test_services(build: Any) -> None:
    """A decision service takes its input data and then its input decisions, and gives its outputs."""
    service = """<decisionService id="s" name="service"><variable name="service"/><outputDecision href="#total"/>
      <encapsulatedDecision href="#part"/><inputDecision href="#given"/><inputData href="#x"/></decisionService>"""
    both = """<decisionService id="b" name="both"><outputDecision href="#total"/><outputDecision href="#part"/>
      <inputDecision href="#given"/><inputData href="#x"/></decisionService>"""
    source = build.document(
        build.inputs(x="number"),
        build.decision("given", "1000"),
        build.decision("part", "x * 2", "i:x"),
        build.decision("total", "part + given", "d:part", "d:given"),
        build.decision("d", "service(3, 4)", "k:s"),
        service,
        both,
    )
    model = load(source)
    assert model.services == ["service", "both"]
    assert model.evaluate("service", {"x": 1, "given": 2}) == 4
    assert model.evaluate("both", {"x": 1, "given": 2}) == {"total": 4, "part": 2}
    assert model.evaluate("d", {}) == 10
    assert model.evaluate("total", {"x": 1}) == 1002


TYPES = """
<itemDefinition name="tLevel"><typeRef>string</typeRef><allowedValues><text>"low","high"</text></allowedValues></itemDefinition>
<itemDefinition name="tLevels" isCollection="true"><typeRef>tLevel</typeRef></itemDefinition>
<itemDefinition name="tPerson"><itemComponent name="name"><typeRef>string</typeRef></itemComponent>
  <itemComponent name="born on"><typeRef>date</typeRef></itemComponent>
  <itemComponent name="children" isCollection="true"><typeRef>tPerson</typeRef></itemComponent></itemDefinition>
"""


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("number", 5, 5),
        ("number", "5", None),
        ("number", [5], 5),
        ("string", "a", "a"),
        ("tLevel", "low", "low"),
        ("tLevel", "middle", None),
        ("tLevels", "low", ["low"]),
        ("tLevels", ["low", "middle"], None),
        ("dateTime", datetime.date(2025, 1, 2), datetime.datetime(2025, 1, 2, tzinfo=datetime.UTC)),
        ("tPerson", {"name": "A", "children": []}, {"name": "A", "born on": None, "children": []}),
        ("tPerson", {"name": "A", "children": [{"name": 1}]}, None),
        ("list&lt;number&gt;", [1, 2], [1, 2]),
        ("unknown", "x", "x"),
    ],
)
def test_inputs_are_of_their_type(build: Any, kind: str, given: Any, expected: Any) -> None:
    """An input conforms to its type, is converted to it, or is null with a warning (DMN 1.5, 10.3.2.9.4)."""
    warnings: list[FeelWarning] = []
    source = build.document(TYPES, build.inputs(x=kind), build.decision("d", "x", "i:x"))
    assert value(source, "d", warnings, x=given) == expected
    assert bool(warnings) == (expected is None)


def test_names_with_blanks_in_types(build: Any) -> None:
    """A component with blanks in its name is read by that name."""
    source = build.document(TYPES, build.inputs(p="tPerson"), build.decision("d", "p.born on.year", "i:p"))
    assert value(source, p={"name": "A", "born on": datetime.date(1970, 1, 1)}) == 1970


def test_results_are_of_their_type(build: Any) -> None:
    """A decision whose value is not of its declared type is null, and a warning says so."""
    warnings: list[FeelWarning] = []
    assert value(build.document(build.decision("d", '"x"', kind="number")), "d", warnings) is None
    assert [w.message for w in warnings] == ["The value of d is not number."]


@pytest.mark.parametrize("kind", ["Java", "PMML"])
def test_foreign_functions_are_refused(build: Any, kind: str) -> None:
    """A Java or PMML function is null, with a clear word."""
    warnings: list[FeelWarning] = []
    body = f"<functionDefinition kind='{kind}'>{build.literal('{class: 1}')}</functionDefinition>"
    assert value(build.document(build.decision("d", body)), "d", warnings) is None
    assert f"Functions in {kind} are refused" in warnings[0].message


def test_imports(build: Any, tmp_path: Path) -> None:
    """Decisions, knowledge models, types and inputs of imported models are read under the name of the import."""
    (tmp_path / "base.dmn").write_bytes(
        build.document(TYPES, KNOWLEDGE, build.inputs(x="number"), build.decision("doubled value", "x * 2", "i:x"), target="urn:base")
    )
    imports = "<import name='base' namespace='urn:base' importType='https://www.omg.org/spec/DMN/20230324/MODEL/'/>"
    needs = "<informationRequirement><requiredDecision href='urn:base#doubled value'/></informationRequirement>"
    needs += "<knowledgeRequirement><requiredKnowledge href='urn:base#fee'/></knowledgeRequirement>"
    body = build.literal("base.fee(base.doubled value, 10)")
    main = build.document(imports, f"<decision id='d' name='d'><variable name='d'/>{needs}{body}</decision>", target="urn:main")
    (tmp_path / "main.dmn").write_bytes(main)
    model = load(tmp_path / "main.dmn")
    assert model.evaluate("d", {"base": {"x": 3}}) == model.evaluate("d", {"x": 3}) == 60
    assert model.evaluate("base.doubled value", {"x": 3}) == 6
    asked: list[tuple[str, str]] = []

    def resolve(namespace: str, location: str) -> bytes | None:
        asked.append((namespace, location))
        return (tmp_path / "base.dmn").read_bytes()

    assert load(main, resolve=resolve).evaluate("d", {"x": 3}) == 60
    assert asked == [("urn:base", "")]


def test_imports_stay_in_their_folder(build: Any, tmp_path: Path) -> None:
    """An import cannot read a file outside the folder of its model."""
    (tmp_path / "secret.dmn").write_bytes(build.document(build.decision("d", "1"), target="urn:secret"))
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "main.dmn").write_bytes(
        build.document("<import name='s' namespace='urn:secret' locationURI='../secret.dmn'/>", target="urn:main")
    )
    assert load(folder / "main.dmn").graph.imports == {}


def test_camundas_undeclared_variables(build: Any) -> None:
    """A table that reads variables nobody declared sees them, and a required decision may be read by its only output."""
    first = build.table("FIRST", ["amount"], [("> 10", '"big"'), ("-", '"small"')]).replace("<output>", "<output name='size'>")
    second = build.table("FIRST", ["size"], [('"big"', "1"), ("-", "0")])
    source = build.document(build.decision("First one", first), build.decision("d", second, "d:First one"))
    assert [value(source, amount=20), value(source, amount=5)] == [1, 0]


def test_a_decision_without_logic_takes_its_value_from_outside(build: Any) -> None:
    """A decision without an expression is null unless its value is given."""
    source = build.document('<decision id="e" name="e"><variable name="e"/></decision>', build.decision("d", "e", "d:e"))
    assert [value(source), value(source, e=3)] == [None, 3]


def test_circles_end(build: Any) -> None:
    """Requirements in a circle give null, not endless work."""
    warnings: list[FeelWarning] = []
    source = build.document(build.decision("a", "b", "d:b"), build.decision("b", "a", "d:a"))
    assert value(source, "a", warnings) is None
    assert "requires itself" in warnings[0].message


def test_recursion_ends(build: Any) -> None:
    """A knowledge model may call itself; one that never stops is ended."""
    logic = "<businessKnowledgeModel id='f' name='f'><encapsulatedLogic><formalParameter name='n'/>%s</encapsulatedLogic></businessKnowledgeModel>"
    good = build.document(logic % build.literal("if n <= 1 then 1 else n * f(n - 1)"), build.decision("d", "f(5)", "k:f"))
    assert value(good) == 120
    for text in ("f(n + 1)", "f(n + 1) + f(n + 2)"):
        bad = build.document(logic % build.literal(text), build.decision("d", "f(1)", "k:f"))
        try:
            assert value(bad) is None
        except FeelError as error:
            assert str(error)


def test_unknown_decisions(build: Any) -> None:
    """Asking for a decision that is not there says which ones are."""
    with pytest.raises(NotFound, match="has no decision or service named x. It has: d."):
        value(build.document(build.decision("d", "1")), "x")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"<definitions", "not well-formed XML"),
        (b"<html/>", "not a DMN 1.1 to 1.5 document"),
        (
            b'<!DOCTYPE a [<!ENTITY b "c">]><definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/">&b;</definitions>',
            "document type",
        ),
        (b" " * 20_000_001, "20,000,001 bytes"),
    ],
)
def test_what_is_no_model_is_refused(source: bytes, message: str) -> None:
    """What cannot be read as DMN, or could read other files, is refused in one sentence."""
    with pytest.raises(DecisionError, match=message):
        load(source)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A path that leads nowhere is named in the error."""
    with pytest.raises(DecisionError, match="gone.dmn cannot be read"):
        load(tmp_path / "gone.dmn")


def test_decisions_are_described(build: Any) -> None:
    """The list of decisions tells inputs with types and allowed values, outputs, and the hit policy."""
    table = build.table("FIRST", ["level"], [("-", "1", "2")], outputs=("a", "b"), output_values=["1, 2", ""])
    source = build.document(
        TYPES, build.inputs(level="tLevel"), build.decision("d", table, "i:level"), build.decision("e", "d.a", "d:d", kind="number")
    )
    first, second = load(source).decisions
    assert (first.name, first.hit_policy) == ("d", "F")
    assert [(i.name, i.type, i.allowed) for i in first.inputs] == [("level", "string", '"low","high"')]
    assert [(o.name, o.type, o.allowed) for o in first.outputs] == [("a", "Any", "1, 2"), ("b", "Any", "")]
    assert [(i.name, i.type) for i in second.inputs] == [("level", "string")]
    assert [(o.name, o.type) for o in second.outputs] == [("e", "number")]


def test_functions_and_clock_are_handed_on(build: Any) -> None:
    """Functions of our own and the clock reach every expression of a model."""
    moment = datetime.datetime(2025, 5, 4, 3, tzinfo=datetime.UTC)
    source = build.document(build.decision("a", 'shout("x") + string(now().year)'), build.decision("d", "a", "d:a"))
    assert load(source).evaluate("d", {}, functions={"shout": lambda text: text.upper()}, now=lambda: moment) == "X2025"
