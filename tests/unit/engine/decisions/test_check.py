"""Checking models: every mistake is found, with its code, its place and a word that helps."""

from pathlib import Path
from typing import Any

import pytest

from amends.engine.decisions import CODES, DecisionProblem, analysis, boxes, check_model


def problems(source: bytes, *severities: str) -> list[tuple[str, str]]:
    return [(p.code, p.message) for p in check_model(source, file="m.dmn") if p.severity in (severities or ("error", "warning"))]


def codes(source: bytes, *severities: str) -> list[str]:
    return [code for code, _ in problems(source, *severities)]


def test_a_sound_model_has_no_problems(build: Any) -> None:
    """Nothing is said of a model that is complete and right."""
    rules = (('"low"', "<= 100", '"clerk"'), ('"low"', "> 100", '"manager"'), ('"high"', "-", '"board"'))
    source = build.one_table("UNIQUE", ["severity", "amount"], rules, kinds=["string", "number"], allowed=['"low","high"'])
    assert check_model(source) == []


def test_all_problems_at_once(build: Any) -> None:
    """Every mistake of a model is listed, each at its element and line."""
    rules = (("== 1", '"a"'), ("&& 2", "bb"), ("3", "'c'"))
    found = check_model(build.one_table("FIRST", ["x"], rules), file="m.dmn")
    assert [p.code for p in found if p.severity == "error"] == ["DMN101", "DMN101", "DMN105", "DMN101"]
    assert all(p.file == "m.dmn" and p.line == 1 for p in found)


def test_lines_point_into_the_text(build: Any) -> None:
    """The line of a syntax error is that of the file, not of the cell."""
    source = build.document("\n\n", build.decision("d", "1 +\n\n  == 2"))
    assert [p.line for p in check_model(source) if p.code == "DMN101"] == [5]


@pytest.mark.parametrize(
    ("policy", "rules", "expected"),
    [
        ("UNIQUE", (("<= 5", "1"), (">= 5", "2")), [("DMN501", "Rules 1 and 2 of result both match x = 5, but the hit policy is UNIQUE.")]),
        (
            "ANY",
            (("<= 5", "1"), ("-", "2")),
            [("DMN501", "Rules 1 and 2 of result both match x = 5 with different outputs, but the hit policy is ANY.")],
        ),
        ("ANY", (("<= 5", "1"), ("-", "1")), []),
        (
            "FIRST",
            (("-", "1"), ("5", "2")),
            [("DMN504", "Rule 2 of result never decides, because rule 1 always wins over it; for example at x = 5.")],
        ),
        (
            "FIRST",
            (("<= 5", "1"), ("> 5", "2"), ("[4..6]", "3")),
            [("DMN504", "Rule 3 of result never decides, because rules 1, 2 together always win over it; for example at x = 4.")],
        ),
        ("UNIQUE", (("< 5", "1"), ("> 5", "2")), [("DMN502", "result has no rule for x = 5.")]),
        (
            "UNIQUE",
            (("<= 5", "1"), ("> 5", "2"), ("[9..8]", "3")),
            [("DMN503", "Rule 3 of result can never match: no value of x passes [9..8].")],
        ),
        (
            "UNIQUE",
            (('"five"', "1"), ("5", "2"), ("!= 5", "3")),
            [("DMN503", 'Rule 1 of result can never match: no value of x passes "five".')],
        ),
        (
            "FIRST",
            (('"five"', "1"), ("-", "2")),
            [("DMN406", "The column x of result is declared as number, but its entries are of the type string.")],
        ),
    ],
)
def test_tables(build: Any, policy: str, rules: Any, expected: Any) -> None:
    """Overlaps, gaps, rules that never match and masked rules are reported with a concrete input."""
    assert problems(build.one_table(policy, ["x"], rules, kinds=["number"])) == expected


def test_priority_masks(build: Any) -> None:
    """Under PRIORITY a rule is masked by rules of a higher priority, wherever they stand."""
    rules = (("5", '"low"'), ("-", '"high"'))
    assert codes(build.one_table("PRIORITY", ["x"], rules, kinds=["number"], output_values=['"high","low"'])) == ["DMN504"]
    assert codes(build.one_table("PRIORITY", ["x"], rules, kinds=["number"], output_values=['"low","high"'])) == []


def test_gaps_are_no_matter_where_a_default_fills_them(build: Any) -> None:
    """A default output fills every gap; a table that collects may be silent, which is only said."""
    assert codes(build.one_table("UNIQUE", ["x"], (("1", "1"),), defaults=["0"]), "warning", "info") == []
    assert codes(build.one_table("COLLECT", ["x"], (("1", "1"),)), "info") == ["DMN502"]


def test_outputs_outside_their_values(build: Any) -> None:
    """A constant output that its column does not allow is found, the default too."""
    source = build.one_table("FIRST", ["x"], (("1", '"c"'), ("-", '"a"')), output_values=['"a","b"'], defaults=['"d"'])
    assert [message for _, message in problems(source)] == [
        'The default of the output result of result is "d", which is not among its allowed values.',
        'Rule 1, output result, of result is "c", which is not among its allowed values.',
    ]


def test_what_is_beyond_the_analysis_is_said(build: Any) -> None:
    """An entry that reads a variable is named, and not guessed about."""
    source = build.one_table("UNIQUE", ["x", "y"], (("> y", "-", "1"), ("<= y", "-", "2")))
    assert codes(source) == []
    assert [m for _, m in problems(source, "info")][0].startswith("Rule 1 of result: the entry > y for x is beyond the analysis")


def test_names_and_requirements(build: Any) -> None:
    """A name must be defined and required; what is required should be read."""
    source = build.document(
        build.inputs(x="number", y="number"),
        build.decision("d", "x + y + zz", "i:x"),
        build.decision("e", "1", "d:d"),
        build.decision("f", "1", "d:nothing"),
    )
    assert codes(source, "error", "info") == ["DMN106", "DMN105", "DMN204", "DMN201"]


def test_names_inside_expressions_are_known(build: Any) -> None:
    """Loop variables, parameters, entries of contexts and of filtered items, built-in functions and our own are no unknown names."""
    text = "for i in [1] return {a: i, b: a + sum([x])}.b + (function(p) p + today)(1) + count(list[price > 1]) + shout(1)"
    source = build.document(build.inputs(x="number", list="Any"), build.decision("d", text.replace("today", "x"), "i:x", "i:list"))
    assert [p.message for p in check_model(source, functions=["shout"])] == []
    assert codes(source) == ["DMN105"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('<decision id="d" name="d"><variable name="e"/><literalExpression><text>1</text></literalExpression></decision>', "DMN303"),
        (
            '<decision id="d" name="d"><variable name="d" typeRef="tNo"/><literalExpression><text>1</text></literalExpression></decision>',
            "DMN301",
        ),
        (
            '<decision id="d" name="d"><literalExpression expressionLanguage="javascript"><text>1</text></literalExpression></decision>',
            "DMN103",
        ),
        (
            '<decision id="d" name="d"><literalExpression><importedValues name="v" namespace="n"><importedElement>e</importedElement>'
            "</importedValues></literalExpression></decision>",
            "DMN103",
        ),
        ('<decision id="d" name="d"><functionDefinition kind="Java"/></decision>', "DMN104"),
        ('<decision id="d" name="d"/>', "DMN102"),
        ('<decision id="d" name="d"><literalExpression><text> </text></literalExpression></decision>', "DMN102"),
        (
            '<decision id="d" name="d"><literalExpression><text>1</text></literalExpression></decision><inputData id="d" name="x"/>',
            "DMN003",
        ),
        (
            '<decision id="d" name="d"><literalExpression><text>1</text></literalExpression></decision><inputData id="e" name="d"/>',
            "DMN004",
        ),
        ('<import name="i" namespace="urn:none"/>', "DMN002"),
        ('<itemDefinition name="t"><typeRef>string</typeRef><allowedValues><text>== 1</text></allowedValues></itemDefinition>', "DMN101"),
        (
            '<itemDefinition name="t"><typeRef>u</typeRef></itemDefinition><itemDefinition name="u"><typeRef>t</typeRef></itemDefinition>',
            "DMN302",
        ),
        ('<decisionService id="s" name="s"><outputDecision href="#x"/></decisionService>', "DMN201"),
        ('<decisionService id="s" name="s"><outputDecision href="#x"/></decisionService><inputData id="x" name="x"/>', "DMN202"),
        (
            "<inputData id='x' name='x'/><decision id='d' name='d'><informationRequirement><requiredInput href='#x'/>"
            "</informationRequirement></decision><decisionService id='s' name='s'><outputDecision href='#d'/></decisionService>",
            "DMN205",
        ),
        ("<decision id='d' name='d'><decisionTable hitPolicy='SOME'><output/></decisionTable></decision>", "DMN402"),
        ("<decision id='d' name='d'><decisionTable/></decision>", "DMN405"),
        ("<decision id='d' name='d'><decisionTable><output name='a'/><output name='a'/></decisionTable></decision>", "DMN405"),
        ("<decision id='d' name='d'><decisionTable hitPolicy='PRIORITY'><output/></decisionTable></decision>", "DMN404"),
        ("<decision id='d' name='d'><decisionTable><input/><output/></decisionTable></decision>", "DMN102"),
        ("<decision id='d' name='d'><decisionTable><output/><rule/></decisionTable></decision>", "DMN401"),
        ("<decision id='d' name='d'><relation><column name='a'/><row/></relation></decision>", "DMN401"),
        ("<decision id='d' name='d'><informationRequirement><requiredDecision href='#d'/></informationRequirement></decision>", "DMN203"),
    ],
)
def test_each_code(build: Any, body: str, code: str) -> None:
    """Every code has a mistake that raises it, and a description."""
    assert code in codes(build.document(body))
    assert code in CODES


def test_a_file_that_is_no_model_is_one_problem(tmp_path: Path) -> None:
    """Checking never raises for a bad file."""
    assert [p.code for p in check_model(tmp_path / "gone.dmn")] == ["DMN001"]
    assert [p.code for p in check_model(b"<a/>")] == ["DMN001"]


def test_problems_read_as_sentences() -> None:
    """A problem prints as one line with place, severity, code, message and help."""
    problem = DecisionProblem("m.dmn", "d", 7, "DMN105", "error", "It reads x.", "Did you mean y?")
    assert str(problem) == "m.dmn:7: error DMN105: It reads x. Did you mean y?"
    assert problem.to_plain()["element_id"] == "d"


def test_the_codes_are_documented() -> None:
    """The documentation lists every code there is."""
    text = (Path(__file__).parents[4] / "docs" / "decisions.md").read_text()
    assert [code for code in CODES if code not in text] == []


def problem_texts(source: bytes) -> list[str]:
    return [f"{p.code} {p.message}" for p in check_model(source) if p.severity == "error"]


@pytest.mark.parametrize(
    "body",
    [
        "<list>BAD</list>",
        "<relation><column name='a'/><row>BAD</row></relation>",
        "<conditional><if>BAD</if><then>GOOD</then><else>GOOD</else></conditional>",
        "<filter><in>BAD</in><match>GOOD</match></filter>",
        "<filter><in>GOOD</in><match>BAD</match></filter>",
        "<for iteratorVariable='i'><in>GOOD</in><return>BAD</return></for>",
        "<some iteratorVariable='i'><in>BAD</in><satisfies>GOOD</satisfies></some>",
        "<context><contextEntry><variable name='a'/>BAD</contextEntry></context>",
        "<context><contextEntry>BAD</contextEntry></context>",
        "<functionDefinition><formalParameter name='a'/>BAD</functionDefinition>",
        "<invocation>GOOD<binding><parameter name='a'/>BAD</binding></invocation>",
        "<decisionTable><input><inputExpression><text>1 +</text></inputExpression></input><output/></decisionTable>",
        "<decisionTable><input><inputExpression><text>x</text></inputExpression><inputValues><text>1 +</text></inputValues></input>"
        "<output/></decisionTable>",
        "<decisionTable><output><outputValues><text>1 +</text></outputValues></output></decisionTable>",
        "<decisionTable><output><defaultOutputEntry><text>1 +</text></defaultOutputEntry></output></decisionTable>",
    ],
)
def test_mistakes_are_found_in_every_boxed_expression(build: Any, body: str) -> None:
    """A syntax error is found wherever it hides, and it is the only problem."""
    body = body.replace("BAD", build.literal("1 +")).replace("GOOD", build.literal("x"))
    source = build.document(build.inputs(x="Any"), build.decision("d", body, "i:x"))
    assert [text[:6] for text in problem_texts(source)] == ["DMN101"]


def test_names_of_inner_scopes(build: Any) -> None:
    """Entries, parameters, loop variables and items may be read where they are in scope, and only there."""
    body = (
        f"<context><contextEntry><variable name='a'/>{build.literal('x')}</contextEntry>"
        f"<contextEntry><variable name='f'/><functionDefinition><formalParameter name='p'/>{build.literal('p + a')}"
        f"</functionDefinition></contextEntry>"
        f"<contextEntry><variable name='l'/><for iteratorVariable='i'><in>{build.literal('[a]')}</in>"
        f"<return>{build.literal('i + count(partial)')}</return></for></contextEntry>"
        f"<contextEntry><variable name='k'/><filter><in>{build.literal('l')}</in>"
        f"<match>{build.literal('item > price')}</match></filter></contextEntry>"
        f"<contextEntry>{build.literal('p + f(1)')}</contextEntry></context>"
    )
    source = build.document(build.inputs(x="Any"), build.decision("d", body, "i:x"))
    assert problem_texts(source) == ["DMN105 The result of d reads p, which nothing defines."]


def test_two_entries_of_one_name(build: Any) -> None:
    """A context may not define a name twice."""
    entry = f"<contextEntry><variable name='a'/>{build.literal('1')}</contextEntry>"
    assert codes(build.document(build.decision("d", f"<context>{entry}{entry}</context>"))) == ["DMN004"]


def test_item_definitions_are_checked_in_depth(build: Any) -> None:
    """Types of components, parameters and results of functions, and their allowed values are checked."""
    types = """<itemDefinition name="t"><itemComponent name="a"><typeRef>none</typeRef></itemComponent></itemDefinition>
      <itemDefinition name="f"><functionItem outputTypeRef="none"><parameters name="p" typeRef="none"/></functionItem></itemDefinition>
      <itemDefinition name="f"><typeRef>strin</typeRef></itemDefinition>"""
    found = check_model(build.document(types))
    assert [p.code for p in found] == ["DMN301", "DMN301", "DMN301", "DMN004", "DMN301"] or sorted(p.code for p in found) == ["DMN004"] + [
        "DMN301"
    ] * 4
    assert "Did you mean string?" in {p.help for p in found}


def test_any_with_computed_outputs(build: Any) -> None:
    """Whether computed outputs agree is beyond the analysis unless their texts are the same; that is said, not guessed."""
    assert codes(build.one_table("ANY", ["x"], (("-", "x + 1"), ("5", "x + 2")))) == ["DMN501"]
    assert codes(build.one_table("ANY", ["x"], (("-", "x + 1"), ("5", "x + 1")))) == []


def test_long_lists_of_overlaps_are_cut(build: Any) -> None:
    """Twenty overlaps are listed, then it is said that there are more."""
    found = problems(build.one_table("UNIQUE", ["x"], [("-", "1")] * 10), "error", "info")
    assert [code for code, _ in found].count("DMN501") == 20
    assert ("DMN506", "result has more overlaps than the 20 listed.") in found


def test_several_gaps_are_cut(build: Any) -> None:
    """Five gaps are listed, the last one says that there are more."""
    rules = [(str(n), str(n), "1") for n in range(12)]
    found = [
        message for code, message in problems(build.one_table("UNIQUE", ["x", "y"], rules, kinds=["number", "number"])) if code == "DMN502"
    ]
    assert len(found) == 5
    assert found[-1].endswith("There are more such gaps.")


def test_allowed_values_of_the_type_count(build: Any) -> None:
    """The allowed values of the type of the input, of its components, or of the column bound the search for gaps."""
    types = """<itemDefinition name="tLevel"><typeRef>string</typeRef><allowedValues><text>"low","high"</text></allowedValues>
      </itemDefinition>
      <itemDefinition name="tCase"><itemComponent name="level"><typeRef>tLevel</typeRef></itemComponent></itemDefinition>"""
    rules = (('"low"', "1"), ('"high"', "2"))
    for kind, column in (("tLevel", "x"), ("tCase", "x.level")):
        table = build.table("UNIQUE", [column], rules)
        assert codes(build.document(types, build.inputs(x=kind), build.decision("d", table, "i:x"))) == []
    table = build.table("UNIQUE", ["x"], rules, kinds=["tLevel"])
    assert codes(build.document(types, build.inputs(x="Any"), build.decision("d", table, "i:x"))) == []
    table = build.table("UNIQUE", ["x"], rules[:1], kinds=["tLevel"])
    found = problems(build.document(types, build.inputs(x="Any"), build.decision("d", table, "i:x")))
    assert found == [("DMN502", 'd has no rule for x = "high".')]


def test_aggregating_several_outputs_is_warned_of(build: Any) -> None:
    """The standard does not define an aggregate of several outputs."""
    source = build.one_table("COLLECT", ["x"], (("-", "1", "2"),), outputs=("a", "b"), aggregation="SUM")
    assert codes(source) == ["DMN402"]


def test_circles_of_three(build: Any) -> None:
    """A circle is named with everything on it; a knowledge model may call itself."""
    source = build.document(*(build.decision(a, b, f"d:{b}") for a, b in ("ab", "bc", "ca")))
    assert problem_texts(source) == ["DMN203 Requirements run in a circle: a → b → c → a."]
    logic = f"<encapsulatedLogic><formalParameter name='n'/>{build.literal('if n < 1 then 1 else f(n - 1)')}</encapsulatedLogic>"
    needs = "<knowledgeRequirement><requiredKnowledge href='#f'/></knowledgeRequirement>"
    knowledge = f"<businessKnowledgeModel id='f' name='f'>{logic}{needs}</businessKnowledgeModel>"
    assert problem_texts(build.document(knowledge)) == []


def test_long_lists_of_masked_rules_are_cut(build: Any) -> None:
    """Twenty masked rules are listed, then it is said that there are more."""
    found = problems(build.one_table("FIRST", ["x"], [("-", "1")] * 30), "error", "info")
    assert [code for code, _ in found].count("DMN504") == 20
    assert ("DMN506", "result has more masked rules than the 20 listed.") in found


def test_a_table_beyond_the_analysis_is_said(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the search for gaps, masks or overlaps would take too long, the table is named and no finding is half told."""
    monkeypatch.setattr(boxes, "MAX_WORK", 3)
    monkeypatch.setattr(analysis, "MAX_PAIRS", 1)
    rules = [(str(n), str(n), "1") for n in range(5)]
    for policy, matters in (("UNIQUE", ("overlaps", "gaps")), ("FIRST", ("masks", "gaps"))):
        found = problems(build.one_table(policy, ["x", "y"], rules, kinds=["number", "number"]), "error", "warning", "info")
        assert found == [("DMN506", f"result is too large to be searched for {matter}.") for matter in matters]


def test_a_column_without_plain_type_is_beyond(build: Any) -> None:
    """Where the entries of an undeclared column are of several types, nothing is guessed about it."""
    found = problems(build.one_table("UNIQUE", ["x"], (("1", "1"), ('"a"', "2"))), "error", "warning", "info")
    assert [code for code, _ in found] == ["DMN505", "DMN505"]
