"""Types that boxed expressions, parameters and cells declare: what does not conform is null, and a warning says so."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from amends.engine.decisions import check_model, load
from amends.engine.feel import FeelWarning

TYPES = """
<itemDefinition name="tLevel"><typeRef>string</typeRef><allowedValues><text>"low", "high"</text></allowedValues></itemDefinition>
<itemDefinition name="tCopy"><typeRef>tLevel</typeRef></itemDefinition>
<itemDefinition name="tOther"><typeRef>tLevel</typeRef><allowedValues><text>"left", "right"</text></allowedValues></itemDefinition>
<itemDefinition name="tLevels" isCollection="true"><typeRef>tLevel</typeRef></itemDefinition>
<itemDefinition name="tNumbers" isCollection="true"><typeRef>number</typeRef></itemDefinition>
<itemDefinition name="tRows" isCollection="true"><itemComponent name="a"><typeRef>tLevel</typeRef></itemComponent></itemDefinition>
<itemDefinition name="tContext"><itemComponent name="a"><typeRef>tLevel</typeRef></itemComponent></itemDefinition>
<itemDefinition name="tGivesLevel"><functionItem outputTypeRef="tLevel"><parameters name="x"/></functionItem></itemDefinition>
<itemDefinition name="tTakesLevel"><functionItem><parameters name="x" typeRef="tLevel"/></functionItem></itemDefinition>
"""
INPUT = '<inputData id="x" name="x"><variable name="x"/></inputData>'
X = "<literalExpression><text>x</text></literalExpression>"
SAME = "<literalExpression><text>function(x) x</text></literalExpression>"
TRUE = "<literalExpression><text>true</text></literalExpression>"
FUNCTION = f'<formalParameter name="x"/>{X}'


def evaluated(build: Any, body: str, value: Any, kind: str = "") -> tuple[Any, list[str]]:
    """The value of a decision with this expression for an input, and what was warned of."""
    warnings: list[FeelWarning] = []
    model = load(build.document(TYPES, INPUT, build.decision("d", body, "i:x", kind=kind)))
    return model.evaluate("d", {"x": value}, warnings=warnings), [warning.message for warning in warnings]


@pytest.mark.parametrize(
    ("body", "good", "bad"),
    [
        ('<literalExpression typeRef="tLevel"><text>x</text></literalExpression>', "low", None),
        ('<literalExpression typeRef="tCopy"><text>x</text></literalExpression>', "low", None),
        (f'<context typeRef="tContext"><contextEntry><variable name="a"/>{X}</contextEntry></context>', {"a": "low"}, None),
        (f'<context><contextEntry><variable name="a" typeRef="tLevel"/>{X}</contextEntry></context>', {"a": "low"}, {"a": None}),
        (f'<list typeRef="tLevels">{X}</list>', ["low"], None),
        ('<list><literalExpression typeRef="tLevel"><text>x</text></literalExpression></list>', ["low"], [None]),
        (f'<relation typeRef="tRows"><column name="a"/><row>{X}</row></relation>', [{"a": "low"}], None),
        (f'<relation><column name="a" typeRef="tLevel"/><row>{X}</row></relation>', [{"a": "low"}], [{"a": None}]),
        ('<decisionTable typeRef="tLevel"><output/><rule><outputEntry><text>x</text></outputEntry></rule></decisionTable>', "low", None),
        ('<decisionTable><output/><rule><outputEntry typeRef="tLevel"><text>x</text></outputEntry></rule></decisionTable>', "low", None),
        (f'<conditional typeRef="tLevel"><if>{TRUE}</if><then>{X}</then><else>{X}</else></conditional>', "low", None),
        (f'<for iteratorVariable="i" typeRef="tLevels"><in>{X}</in><return>{X}</return></for>', ["low"], None),
        (f'<filter typeRef="tLevels"><in>{X}</in><match>{TRUE}</match></filter>', ["low"], None),
        (f'<invocation typeRef="tLevel">{SAME}<binding><parameter name="x"/>{X}</binding></invocation>', "low", None),
        (f'<invocation>{SAME}<binding><parameter name="x" typeRef="tLevel"/>{X}</binding></invocation>', "low", None),
        ("<literalExpression><text>(function(y: tLevel) y)(x)</text></literalExpression>", "low", None),
    ],
)  # fmt: skip
def test_an_expression_is_of_the_type_it_declares(build: Any, body: str, good: Any, bad: Any) -> None:
    """Every boxed expression, entry, column, binding and parameter may name a type with its constraints, also where no variable does."""
    assert evaluated(build, body, "low") == (good, [])
    value, warnings = evaluated(build, body, "middle")
    assert value == bad
    assert warnings


def test_values_are_converted_to_the_type_of_an_expression(build: Any) -> None:
    """A value becomes a list of one where a list is declared, and a list of one its item."""
    assert evaluated(build, '<literalExpression typeRef="tNumbers"><text>x</text></literalExpression>', 10) == ([Decimal(10)], [])
    assert evaluated(build, '<literalExpression typeRef="number"><text>[x]</text></literalExpression>', 10) == (Decimal(10), [])


@pytest.mark.parametrize(
    ("definition", "good", "bad"),
    [
        ("<typeRef>string</typeRef><typeConstraint><text>string length(?) = 3</text></typeConstraint>", "low", "high"),
        ("<typeRef>tLevel</typeRef><typeConstraint><text>string length(?) = 3</text></typeConstraint>", "low", "high"),
        ("<typeRef>tLevel</typeRef><typeConstraint><text>string length(?) = 3</text></typeConstraint>", "low", "mid"),
        ("<typeRef>tLevels</typeRef><typeConstraint><text>count(?) = 2</text></typeConstraint>", ["low", "high"], ["low"]),
        ("<typeRef>tLevels</typeRef><typeConstraint><text>count(?) = 2</text></typeConstraint>", ["low", "high"], ["low", "mid"]),
        ('<typeConstraint><text>?.a != "x"</text></typeConstraint><itemComponent name="a"><typeRef>string</typeRef></itemComponent>',
         {"a": "y"}, {"a": "x"}),
    ],
)  # fmt: skip
def test_a_constraint_of_a_type_holds_beside_its_allowed_values(build: Any, definition: str, good: Any, bad: Any) -> None:
    """A typeConstraint (DMN 1.5) is about the whole value, a list or a context too, and adds to what the type it is made of allows."""
    source = build.document(
        TYPES, f'<itemDefinition name="t">{definition}</itemDefinition>', build.inputs(x="t"), build.decision("d", "x", "i:x")
    )
    assert check_model(source) == []
    assert [load(source).evaluate("d", {"x": value}) for value in (good, bad)] == [good, None]


def test_allowed_values_of_a_type_stand_for_those_it_is_made_of(build: Any) -> None:
    """A type with values of its own has those alone, one without has those of its base."""
    model = load(build.document(TYPES, *(build.decision(f"d{i}", f'"{text}"', kind=kind) for i, (text, kind) in enumerate(
        [("left", "tOther"), ("low", "tOther"), ("low", "tCopy"), ("left", "tCopy")]))))  # fmt: skip
    assert [model.evaluate(f"d{i}", {}) for i in range(4)] == ["left", None, "low", None]


@pytest.mark.parametrize(
    "knowledge",
    [
        f'<variable name="k"/><encapsulatedLogic><formalParameter name="x" typeRef="tLevel"/>{X}</encapsulatedLogic>',
        f'<variable name="k"/><encapsulatedLogic typeRef="tGivesLevel">{FUNCTION}</encapsulatedLogic>',
        f'<variable name="k" typeRef="tGivesLevel"/><encapsulatedLogic>{FUNCTION}</encapsulatedLogic>',
        '<variable name="k"/><encapsulatedLogic><formalParameter name="x"/><literalExpression typeRef="tLevel"><text>x</text>'
        "</literalExpression></encapsulatedLogic>",
    ],
    ids=["parameter", "type of the logic", "type of the variable", "type of its expression"],
)  # fmt: skip
def test_a_knowledge_model_takes_and_gives_what_it_declares(build: Any, knowledge: str) -> None:
    """Its parameters, its logic, its variable and the expression inside may each name the type."""
    source = build.document(
        TYPES,
        INPUT,
        f'<businessKnowledgeModel id="k" name="k">{knowledge}</businessKnowledgeModel>',
        build.decision("d", "k(x)", "i:x", "k:k"),
    )
    assert [load(source).evaluate("d", {"x": value}) for value in ("low", "middle")] == ["low", None]


def test_an_argument_that_does_not_conform_is_null_inside(build: Any) -> None:
    """The function is called all the same, and may ask for null; the warning names the parameter."""
    logic = "<encapsulatedLogic><formalParameter name='x' typeRef='tContext'/><literalExpression><text>x = null</text></literalExpression>"
    warnings: list[FeelWarning] = []
    source = build.document(
        TYPES, f'<businessKnowledgeModel id="k" name="k"><variable name="k"/>{logic}</encapsulatedLogic></businessKnowledgeModel>',
        build.decision("d", '[k({a: "low"}), k({b: 1})]', "k:k"),
    )  # fmt: skip
    assert load(source).evaluate("d", {}, warnings=warnings) == [False, True]
    assert [warning.message for warning in warnings] == ["The argument x of k is not tContext, so it is null."]


def test_boxed_functions_with_a_type(build: Any) -> None:
    """A function definition, or an expression that gives a function, may declare the type of the function."""
    definition = f'<functionDefinition typeRef="tGivesLevel">{FUNCTION}</functionDefinition>'
    lambda_ = '<literalExpression typeRef="tGivesLevel"><text>function(y: tLevel) y</text></literalExpression>'
    for body in (definition, lambda_):
        model = load(build.document(TYPES, INPUT, build.decision("f", body), build.decision("d", "f(x)", "i:x", "d:f")))
        assert [model.evaluate("d", {"x": value}) for value in ("low", "middle")] == ["low", None]


def test_a_service_takes_what_its_function_type_declares(build: Any) -> None:
    """The parameters of the type of a service are those of its inputs, in order."""
    inside = '<variable name="s" typeRef="tTakesLevel"/><outputDecision href="#d"/><inputData href="#x"/>'
    service = f'<decisionService id="s" name="s">{inside}</decisionService>'
    model = load(build.document(TYPES, INPUT, build.decision("d", "x", "i:x"), service))
    warnings: list[FeelWarning] = []
    assert [model.evaluate("s", {"x": value}, warnings=warnings) for value in ("low", "middle")] == ["low", None]
    assert [warning.message for warning in warnings] == ['The input x of s is not tLevel ("low", "high").']


@pytest.mark.parametrize(
    ("kind", "text", "x", "expected"),
    [
        ("number", "x", 5, "five"),
        ("number", "[x]", 5, "five"),
        ("number", "string(x)", 5, "none"),
        ("integer", "x", 5, "five"),
        ("tLevel", "x", "low", "low"),
        ("tLevel", "x", "middle", "none"),
        ("tNumbers", "x", 5, "list"),
        ("dateTime", "date(x)", "2024-01-31", "midnight"),
        ("nowhere", "x", 5, "five"),
        ("Any", "x", 5, "five"),
        ("", "x", 5, "five"),
    ],
)
def test_an_input_is_of_the_type_its_expression_declares(build: Any, kind: str, text: str, x: Any, expected: str) -> None:
    """What a column tests is converted to its type, null where it does not conform; a type that nothing defines asks for nothing."""
    cells = (("? instance of list<number>", '"list"'), ("5", '"five"'), ('"low"', '"low"'),
             ('@"2024-01-31T00:00:00Z"', '"midnight"'), ("null", '"none"'), ("-", '"other"'))  # fmt: skip
    table = build.table("FIRST", [text], cells, kinds=[kind])
    warnings: list[FeelWarning] = []
    source = build.document(TYPES, INPUT, build.decision("d", table, "i:x"))
    assert load(source).evaluate("d", {"x": x}, warnings=warnings) == expected
    shown = {"low": "tLevel", "middle": "tLevel", 5: "number"}
    want = [f'{text} is "{x}", which is not {shown[x]}, so it is null.'] if expected == "none" else []
    assert [warning.message for warning in warnings if "which is not" in warning.message] == want


def test_an_input_outside_its_allowed_values_is_null(build: Any) -> None:
    """A rule for null takes it; no rule for one of the values does."""
    source = build.one_table("FIRST", ["x"], (('"a"', '"one"'), ("null", '"not allowed"')), allowed=['"a", "b"'])
    assert [load(source).evaluate("result", {"x": value}) for value in ("a", "c")] == ["one", "not allowed"]


@pytest.mark.parametrize(("kind", "code"), [("number", "DMN403"), ("nowhere", "DMN301"), ("string", None)])
def test_the_type_of_an_output_entry_is_checked(build: Any, kind: str, code: str | None) -> None:
    """A constant that is not of the type its entry declares is found before it is deployed, as is a type that nothing defines."""
    rule = f'<rule><outputEntry typeRef="{kind}"><text>"a"</text></outputEntry></rule>'
    found = check_model(build.document(build.decision("d", f"<decisionTable><output/>{rule}</decisionTable>")))
    assert [problem.code for problem in found] == ([code] if code else [])
