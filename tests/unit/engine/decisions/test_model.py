"""Models: requirement graphs, boxed expressions, knowledge models, services, types, imports, and what is refused."""

import datetime
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from stopwatch import took

from amends.engine.decisions import DecisionError, check_model, load, loading, resolve_among
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
            "<context><contextEntry><variable name='a'/>«2»</contextEntry><contextEntry><variable name='b'/>«a+1»</contextEntry></context>",
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


def invocation(build: Any, function: str, **arguments: str) -> str:
    """A boxed invocation; `_` in a parameter stands for a blank."""
    bindings = (f"<binding><parameter name='{n.replace('_', ' ')}'/>{build.literal(text)}</binding>" for n, text in arguments.items())
    return f"<invocation>{build.literal(function)}{''.join(bindings)}</invocation>"


def test_boxed_invocations(build: Any) -> None:
    """A boxed invocation calls a function of FEEL, or of the model, by its parameter names; anything else is null with a warning."""
    assert value(build.document(build.decision("d", invocation(build, "substring", string='"foobar"', start_position="4")))) == "bar"
    for body in (
        invocation(build, "1", a="1"),
        invocation(build, "fee", amount="1", rates="1"),
        invocation(build, "substring", strin='"foobar"'),
    ):
        warnings: list[FeelWarning] = []
        assert value(build.document(KNOWLEDGE, build.decision("d", body, "k:fee")), "d", warnings) is None
        assert warnings


def test_functions_are_values(build: Any) -> None:
    """A knowledge model fits where a function of its parameter types is demanded, and not where others are."""
    types = """<itemDefinition name="tTwo"><functionItem outputTypeRef="number"><parameters name="a" typeRef="number"/>
      <parameters name="b" typeRef="number"/></functionItem></itemDefinition>
      <itemDefinition name="tOne"><functionItem outputTypeRef="number"><parameters name="a" typeRef="number"/></functionItem>
      </itemDefinition>
      <itemDefinition name="tTexts"><functionItem outputTypeRef="number"><parameters name="a" typeRef="string"/>
      <parameters name="b" typeRef="string"/></functionItem></itemDefinition>"""
    source = build.document(
        types, KNOWLEDGE, *(build.decision(kind, f"fee instance of {kind}", "k:fee") for kind in ("tTwo", "tOne", "tTexts"))
    )
    assert [value(source, kind) for kind in ("tTwo", "tOne", "tTexts")] == [True, False, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"middle" instance of tLevel', True),
        ("1 instance of tLevel", False),
        ('["low"] instance of tLevels', True),
        ('{name: "A", born on: null, children: []} instance of tPerson', True),
        ('{name: "A"} instance of tPerson', False),
        ("1 instance of number", True),
        ("1 instance of tNone", None),
    ],
)
def test_instance_of_a_type_of_the_model(build: Any, text: str, expected: Any) -> None:
    """`instance of` knows the item definitions; structure counts, allowed values do not (DMN 1.5, 10.3.2.9.2)."""
    assert value(build.document(TYPES, build.decision("d", text))) is expected


def test_types_are_found_by_every_spelling(build: Any) -> None:
    """A type may have a prefix (DMN 1.1), be a component of another, be a FEEL list, or come from an import; a circle is Any."""
    more = (
        """<itemDefinition name="a"><typeRef>b</typeRef></itemDefinition><itemDefinition name="b"><typeRef>a</typeRef></itemDefinition>"""
    )
    source = build.document(TYPES, more, "<import name='i' namespace='urn:i'/>", build.decision("d", "1"))
    imported = build.document(TYPES, target="urn:i")
    types = load(source.replace(b"<definitions ", b"<definitions xmlns:p='urn:model' ", 1), resolve=lambda *_: imported).graph.types
    spellings = {
        "p:tLevel": "string",
        "feel:date": "date",
        "tPerson.name": "string",
        "tPerson.children.born on": "date",
        "list<tLevel>": "list",
        "i.tLevel": "string",
        "integer": "number",
        "a": "Any",
        "": "Any",
    }
    assert {name: kind.base for name in spellings if (kind := types.find(name))} == spellings
    for unknown in ("none", "list<none>", "tPerson.none", "tPerson.none.name", "tNone.name", "q:tLevel", "i.none"):
        assert types.find(unknown) is None
    assert (types.resolve("tLevels").describe(), types.resolve("list<tLevel>").describe()) == ("tLevels", "list<tLevel>")


def test_inputs_from_json(build: Any) -> None:
    """Texts of JSON become dates, times and durations where the model declares them, in depth; others stay."""
    kinds = {"p": "tPerson", "d": "date", "t": "dateTime", "u": "dayTimeDuration", "l": "list&lt;date&gt;", "s": "string"}
    model = load(build.document(TYPES, build.inputs(**kinds), KNOWLEDGE, build.decision("x", "1", *(f"i:{name}" for name in kinds))))
    plain = {
        "p": {"name": "A", "born on": "2020-02-02", "other": 1, "children": [{"born on": "nonsense"}]},
        "d": "2025-01-01",
        "t": "2025-01-01T10:00:00",
        "u": "P1D",
        "l": ["2025-01-02"],
        "s": "2025-01-01",
        "unknown": "2025-01-01",
    }
    assert model.read_inputs("x", plain) == {
        "p": {"name": "A", "born on": datetime.date(2020, 2, 2), "other": 1, "children": [{"born on": "nonsense"}]},
        "d": datetime.date(2025, 1, 1),
        "t": datetime.datetime(2025, 1, 1, 10),
        "u": datetime.timedelta(1),
        "l": [datetime.date(2025, 1, 2)],
        "s": "2025-01-01",
        "unknown": "2025-01-01",
    }
    assert model.read_inputs("x", {"l": "2025-01-02"}) == {"l": datetime.date(2025, 1, 2)}
    assert model.input_kinds("fee") == {"amount": "number", "rate": "number"}
    assert model.knowledge_models == ["fee"] and model.name == "model"


def test_undeclared_inputs_are_described_by_their_columns(build: Any) -> None:
    """A table without input data lists what its columns read."""
    model = load(
        build.document(build.decision("d", build.table("FIRST", ["a", "b"], [("-", "-", "1")], kinds=["date"], allowed=["", "1, 2"])))
    )
    assert [(i.name, i.type, i.allowed) for i in model.decisions[0].inputs] == [("a", "date", ""), ("b", "Any", "1, 2")]
    assert model.read_inputs("d", {"a": "2025-01-01"}) == {"a": datetime.date(2025, 1, 1)}


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


@pytest.mark.parametrize("newer", sorted(DMN_NAMESPACES))
@pytest.mark.parametrize("older", sorted(DMN_NAMESPACES))
def test_a_model_imports_one_of_another_version(build: Any, tmp_path: Path, newer: str, older: str) -> None:
    """Whatever version of DMN each of them is written in, and whatever the import says."""
    (tmp_path / "base.dmn").write_bytes(build.document(build.decision("two", "1 + 1"), target="urn:base", namespace=older))
    imported = f"<import name='base' namespace='urn:base' importType='{newer}'/>"
    needs = "<informationRequirement><requiredDecision href='urn:base#two'/></informationRequirement>"
    body = f"<decision id='d' name='d'><variable name='d'/>{needs}{build.literal('base.two * 2')}</decision>"
    (tmp_path / "main.dmn").write_bytes(build.document(imported, body, target="urn:main", namespace=newer))
    assert load(tmp_path / "main.dmn").evaluate("d", {}) == 4


def test_imports_are_found_among_files(build: Any) -> None:
    """By the name of the file that the location says, else by namespace; what is no model, or cannot be read, is passed over."""
    base, other = (build.document(build.decision("d", f'"{name}"'), target=f"urn:{name}") for name in ("base", "other"))
    resolve = resolve_among({"a.txt": base, "broken.dmn": b"<", "deep/other.dmn": other, "base.dmn": base})
    assert [resolve("urn:base", ""), resolve("urn:base", "x/other.dmn"), resolve("urn:other", "gone.dmn"), resolve("urn:none", "")] == [
        base, other, other, None,
    ]  # fmt: skip


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
    logic = (
        "<businessKnowledgeModel id='f' name='f'><encapsulatedLogic><formalParameter name='n'/>%s</encapsulatedLogic>"
        "</businessKnowledgeModel>"
    )
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


def test_nested_imports(build: Any, tmp_path: Path) -> None:
    """A model imported by an imported one is read by that one; inputs are found under the names of the imports on the way."""
    (tmp_path / "a.dmn").write_bytes(build.document(build.inputs(x="number"), build.decision("n", "1"), target="urn:a"))
    needs = "<informationRequirement><requiredInput href='urn:a#x'/></informationRequirement>"
    middle = f"<decision id='m' name='m'><variable name='m'/>{needs}{build.literal('a one.x + 1')}</decision>"
    (tmp_path / "b.dmn").write_bytes(build.document("<import name='a one' namespace='urn:a' locationURI='a.dmn'/>", middle, target="urn:b"))
    needs = "<informationRequirement><requiredDecision href='urn:b#m'/></informationRequirement>"
    last = f"<decision id='d' name='d'><variable name='d'/>{needs}{build.literal('b.m * 2')}</decision>"
    (tmp_path / "c.dmn").write_bytes(build.document("<import name='b' namespace='urn:b' locationURI='b.dmn'/>", last, target="urn:c"))
    model = load(tmp_path / "c.dmn")
    inputs = ({"b": {"a one": {"x": 1}}}, {"a one": {"x": 1}}, {"x": 1}, {"b.a one.x": 1})
    assert [model.evaluate("d", given) for given in inputs] == [4, 4, 4, 4]
    assert [i.name for i in model.decisions[0].inputs] == ["x"]
    assert check_model(tmp_path / "c.dmn") == check_model(tmp_path / "b.dmn") == []


def test_imports_that_cannot_be_read(build: Any, tmp_path: Path) -> None:
    """An import of another kind, of a broken file, or of nothing is reported, and the model still loads."""
    (tmp_path / "broken.dmn").write_bytes(b"<broken")
    imports = (
        "<import name='p' namespace='urn:p' importType='http://www.dmg.org/PMML-4_2'/>",
        "<import name='q' namespace='urn:q' locationURI='broken.dmn'/>",
        "<import name='r' namespace='urn:r' locationURI='http://example.org/r.dmn'/>",
    )
    (tmp_path / "main.dmn").write_bytes(build.document(*imports, build.decision("d", "1")))
    assert load(tmp_path / "main.dmn").evaluate("d", {}) == 1
    assert [p.code for p in check_model(tmp_path / "main.dmn")] == ["DMN002"] * 3


def test_models_that_import_each_other(build: Any, tmp_path: Path) -> None:
    """Imports in a circle are read once each."""
    for name, other in ("ab", "ba"):
        imports = f"<import name='{other}' namespace='urn:{other}'/>"
        (tmp_path / f"{name}.dmn").write_bytes(build.document(imports, build.decision(name, "1"), target=f"urn:{name}"))
    assert load(tmp_path / "a.dmn").evaluate("b.b", {}) == 1


def test_import_without_a_name(build: Any) -> None:
    """An import with an empty name puts its names beside those of the model (DMN 1.5, 6.3.3)."""
    imported = build.document(build.decision("base", "20"), target="urn:i")
    needs = "<informationRequirement><requiredDecision href='urn:i#base'/></informationRequirement>"
    source = build.document(
        "<import name='' namespace='urn:i'/>",
        f"<decision id='d' name='d'><variable name='d'/>{needs}{build.literal('base + 1')}</decision>",
    )
    model = load(source, resolve=lambda *_: imported)
    assert [model.evaluate("d", {}), model.evaluate("base", {})] == [21, 20]


def test_other_languages_and_empty_expressions(build: Any) -> None:
    """What is not FEEL, or not there, is null."""
    other = "<literalExpression expressionLanguage='javascript'><text>1</text></literalExpression>"
    source = build.document(
        build.decision("d", other), build.decision("e", build.literal(" ")), '<businessKnowledgeModel id="k" name="k"/>'
    )
    warnings: list[FeelWarning] = []
    model = load(source)
    assert [model.evaluate(name, {}, warnings=warnings) for name in "dek"] == [None, None, None]
    assert [w.message for w in warnings] == [
        "Expressions in javascript are not evaluated, only FEEL.",
        "The knowledge model k has no logic.",
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<filter><in>«null»</in><match>«true»</match></filter>", None),
        ("<filter><in>«5»</in><match>«item > 1»</match></filter>", [5]),
        ("<filter><in>«[1]»</in><match>«1.5»</match></filter>", None),
        ("<filter><in>«[1]»</in><match>«item»</match></filter>", 1),
        ("<filter><in>«[1]»</in><match>«[item]»</match></filter>", None),
        ("<filter><in>«[1]»</in><match>«null»</match></filter>", []),
        ("<decisionTable hitPolicy='SOME'><output/><rule><outputEntry><text>1</text></outputEntry></rule></decisionTable>", None),
        ("<for iteratorVariable='i'><in>«null»</in><return>«1»</return></for>", None),
        ("<for iteratorVariable='i'><in>«5»</in><return>«i»</return></for>", [5]),
        ("<some iteratorVariable='i'><in>«[1, 2]»</in><satisfies>«i»</satisfies></some>", None),
        ("<conditional><if>«1»</if><then>«2»</then><else>«3»</else></conditional>", 3),
        ("<decisionTable><input/><output/><rule><inputEntry><text>1</text></inputEntry></rule></decisionTable>", None),
        ("<decisionTable hitPolicy='FIRST'><output/><rule><outputEntry><text>-</text></outputEntry></rule></decisionTable>", None),
        ("<decisionTable hitPolicy='FIRST'><output/><rule/></decisionTable>", None),
        (
            "<decisionTable><output typeRef='number'/><rule><outputEntry><text>[]</text></outputEntry></rule></decisionTable>",
            None,
        ),
    ],
)
def test_boxed_expressions_of_the_wrong_things(build: Any, body: str, expected: Any) -> None:
    """What a boxed expression cannot do is null, never an exception."""
    body = re.sub("«(.*?)»", lambda found: build.literal(found[1]), body)
    assert value(build.document(build.decision("d", body))) == expected


def test_a_service_of_the_wrong_type(build: Any) -> None:
    """The value of a service is converted to the type of its variable, or null."""
    service = '<decisionService id="s" name="s"><variable name="s" typeRef="%s"/><outputDecision href="#d"/></decisionService>'
    for kind, expected in (("number", 1), ("string", None)):
        assert value(build.document(build.decision("d", "1"), service % kind), "s") == expected


def test_deep_models_end(build: Any) -> None:
    """A model too deep to be evaluated ends in an error that says so."""
    decisions = [build.decision("d0", "1"), *(build.decision(f"d{n}", f"d{n - 1} + 1", f"d:d{n - 1}") for n in range(1, 130))]
    model = load(build.document(*decisions))
    assert model.evaluate("d90", {}) == 91
    with pytest.raises(FeelError, match="levels deep"):
        model.evaluate("d129", {})


def test_prefixes_of_imported_types(build: Any) -> None:
    """DMN 1.1 refers to imported types by an XML prefix."""
    imported = build.document(TYPES, target="urn:i")
    imports = "<import namespace='urn:i' importType='http://www.omg.org/spec/DMN/20151101/dmn.xsd'/>"
    source = build.document(imports, build.inputs(x="i:tLevel"), build.decision("d", "x", "i:x"))
    source = source.replace(b"<definitions ", b"<definitions xmlns:i='urn:i' ", 1)
    model = load(source, resolve=lambda *_: imported)
    assert [model.evaluate("d", {"x": given}) for given in ("low", "middle")] == ["low", None]


@pytest.mark.parametrize("depth", [50, 200, 400])
def test_deep_documents_end(build: Any, depth: int) -> None:
    """Boxes in boxes beyond any sense are an error in one sentence, for loading, evaluating and checking."""
    source = build.document(build.decision("d", "<list>" * depth + build.literal("1") + "</list>" * depth))
    try:
        found = value(source)
        for _ in range(depth):
            assert isinstance(found, list)
            found = found[0]
        assert found == 1
    except (DecisionError, FeelError) as error:
        assert depth > 50 and str(error)
    assert {p.code for p in check_model(source)} <= {"DMN001"}


def test_the_number_of_documents_is_bounded(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that imports another that imports another … is read up to a bound."""
    monkeypatch.setattr(loading, "MAX_DOCUMENTS", 3)

    def resolve(namespace: str, location: str) -> bytes:
        number = int(namespace[1:]) + 1
        return bytes(build.document(f"<import name='i' namespace='n{number}'/>", target=namespace))

    model = load(build.document("<import name='i' namespace='n1'/>", build.decision("d", "1"), target="n0"), resolve=resolve)
    assert model.evaluate("d", {}) == 1
    assert model.graph.imports["i"].imports["i"].unresolved[0][1] == "more than 3 documents would be loaded"


def refused(source: bytes) -> None:
    with pytest.raises(FeelError):
        value(source)


def test_loops_within_loops_end(build: Any) -> None:
    """Boxed loops and filters draw on the budget, however little their bodies do."""
    numbers = build.literal("for i in 1..50000 return i")
    for inner in ("for", "some", "filter"):
        body = {
            "for": f"<for iteratorVariable='j'><in>{build.literal('n')}</in><return>{build.literal('1')}</return></for>",
            "some": f"<some iteratorVariable='j'><in>{build.literal('n')}</in><satisfies>{build.literal('false')}</satisfies></some>",
            "filter": f"<filter><in>{build.literal('n')}</in><match>{build.literal('false')}</match></filter>",
        }[inner]
        loop = f"<for iteratorVariable='i'><in>{build.literal('n')}</in><return>{body}</return></for>"
        source = build.document(build.decision("n", numbers), build.decision("d", loop, "d:n"))
        assert took(lambda source=source: refused(source), 5) < 5  # type: ignore[misc]
