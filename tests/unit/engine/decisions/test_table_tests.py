"""Examples beside a model: CSV, YAML and JSON, what passes, what fails, and what cannot be read."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from amends.engine.decisions import DecisionError, run_table_tests
from amends.engine.decisions.table_tests import plain_cell
from amends.engine.decisions.yaml_data import read_yaml


@pytest.fixture
def folder(build: Any, tmp_path: Path) -> Path:
    """A folder with a model of one decision: level and due date by severity, amount and day."""
    rules = (('"low"', "<= 100", '"clerk"', "day"), ("-", "-", '"board"', 'day + duration("P1D")'))
    table = build.table("FIRST", ["severity", "amount"], rules, outputs=("level", "due"))
    source = build.document(
        build.inputs(severity="string", amount="number", day="date"), build.decision("result", table, "i:severity", "i:amount", "i:day")
    )
    (tmp_path / "model.dmn").write_bytes(source)
    return tmp_path


def outcome(folder: Path) -> list[tuple[str, bool, str]]:
    return [(result.name, result.passed, result.message) for result in run_table_tests(folder)]


def test_csv(folder: Path) -> None:
    """A CSV file holds one example a line; failures say what was expected and what came out."""
    (folder / "model.tests.csv").write_text(
        "test,severity,amount,day,expected.level,expected.due,rules\n"
        "small,low,10,2025-01-01,clerk,2025-01-01,1\n"
        "\n"
        "wrong,low,1000,2025-01-01,clerk,2025-01-02,2\n"
        "rule,low,1000,2025-01-01,board,2025-01-02,1\n"
    )
    assert outcome(folder) == [
        ("small", True, ""),
        ("wrong", False, 'level: "clerk" was expected, "board" came out.'),
        ("rule", False, "Rules 1 were expected to match, rules 2 did."),
    ]


def test_json(folder: Path) -> None:
    """A JSON file holds a list of examples, or an object that names the decision for all of them."""
    tests = [
        {
            "name": "small",
            "inputs": {"severity": "low", "amount": 10, "day": "2025-01-01"},
            "expected": {"level": "clerk", "due": "2025-01-01"},
            "rules": [1],
        },
        {"inputs": {"severity": "low"}, "expected": {"level": "clerk", "due": None}},
    ]
    (folder / "model.more.tests.json").write_text(json.dumps({"decision": "result", "tests": tests}))
    found = outcome(folder)
    assert found[0] == ("small", True, "")
    assert found[1][:2] == ("2", False)
    assert '"level": "board"' in found[1][2] and "was not given" in found[1][2]


def test_yaml(folder: Path) -> None:
    """A YAML file holds the same as a JSON file; a date is the text that it is, a number exact, `no` a text."""
    (folder / "model.tests.yaml").write_text(
        "decision: result\n"
        "tests:\n"
        "  - name: small\n"
        "    inputs: {severity: low, amount: 10.50, day: 2025-01-01}\n"
        "    expected:\n"
        "      level: clerk  # nobody else\n"
        "      due: 2025-01-01\n"
        "    rules: [1]\n"
        '  - name: "2"\n'
        "    inputs:\n"
        "      severity: no\n"
        "      amount: 1e3\n"
        "    expected: {level: clerk, due: null}\n"
    )
    assert outcome(folder) == [
        ("small", True, ""),
        ("2", False, '{"level": "clerk", "due": null} was expected, {"level": "board", "due": null} came out. '
                     "(The input day was not given.) (A null and a days and time duration cannot be added, so the result is null)"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\nb: -2.50\nc: 1e3", {"a": Decimal(1), "b": Decimal("-2.50"), "c": Decimal("1e3")}),
        ("[true, false, null, ~, yes, off, 'true', \"1\", 2024-01-31, 10:30, 007, .5, 0x1F, =]",
         [True, False, None, None, "yes", "off", "true", "1", "2024-01-31", "10:30", "007", ".5", "0x1F", "="]),
        ("a: |\n  one\n  two\nb:", {"a": "one\ntwo\n", "b": None}),
        ("- a\n- [b, {c: d}]", ["a", ["b", {"c": "d"}]]),
        ("", None),
    ],
)  # fmt: skip
def test_yaml_is_data(text: str, value: Any) -> None:
    """What JSON can say, in YAML 1.2's words: everything else is text."""
    assert read_yaml(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "This is no YAML"),
        ("a: 1\na: 2", "Line 2 has the name «a» a second time"),
        ("? [a]\n: 1", "Line 1 has the name «»"),
        ("a: &x [1]\nb: *x", "Line 2 has an alias"),
        ("!!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("a: !!timestamp 2024-01-31 10:00", "could not determine a constructor"),
        ("a: 1\n---\nb: 2", "expected a single document"),
        ("\u0007", "is no YAML"),
        ("[" * 3000, "nested too deeply|no YAML"),
    ],
)
def test_yaml_that_is_refused(text: str, message: str) -> None:
    """Tags, aliases (few of which can stand for more than memory holds), names that come twice, and what is no YAML."""
    with pytest.raises(DecisionError, match=message):
        read_yaml(text)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("model.tests.csv", "severity\nlow\n", "no column «expected»"),
        ("model.tests.json", "{", "cannot be read"),
        ("model.tests.yml", "a: [", "cannot be read"),
        ("model.tests.yaml", "3", "should hold a list of tests"),
        ("model.tests.json", "3", "should hold a list of tests"),
        ("model.tests.json", '[{"inputs": {}}]', "has no «expected»"),
        ("model.tests.csv", "decision;expected\nnone;1\n", "no decision or service named none"),
    ],
)
def test_what_cannot_be_read_fails(folder: Path, name: str, text: str, message: str) -> None:
    """A test file that makes no sense is a failed result that says why."""
    (folder / name).write_text(text)
    assert [(passed, message in said) for _, passed, said in outcome(folder)] == [(False, True)]


def test_several_decisions_must_be_named(build: Any, tmp_path: Path) -> None:
    """With several decisions each example says which one it tests; with numbers, lists and texts compared by value."""
    (tmp_path / "m.dmn").write_bytes(build.document(build.decision("a", "[1.50, true]"), build.decision("b", "null")))
    (tmp_path / "m.tests.csv").write_text('decision;expected\na;[1.5, true]\nb;null\nb;"text"\n')
    assert [(r.decision, r.passed) for r in run_table_tests(tmp_path / "m.dmn")] == [("a", True), ("b", True), ("b", False)]
    (tmp_path / "m.tests.csv").write_text("expected\n1\n")
    assert "does not say which decision" in run_table_tests(tmp_path)[0].message


def test_nothing_there(tmp_path: Path) -> None:
    """A path that is not there is an error; a model without examples has no results."""
    with pytest.raises(DecisionError, match="is not there"):
        run_table_tests(tmp_path / "gone")
    assert run_table_tests(tmp_path) == []


def test_the_examples_of_the_documentation(build: Any, tmp_path: Path) -> None:
    """The examples that the documentation shows pass against the table it speaks of."""
    text = (Path(__file__).parents[4] / "docs" / "decisions.md").read_text()
    rules = (('"low"', "<= 100", '"clerk"'), ('"high"', "<= 100", '"board"'), ("-", "-", '"manager"'))
    table = build.table("FIRST", ["severity", "amount"], rules)
    source = build.document(build.inputs(severity="string", amount="number"), build.decision("Escalation", table, "i:severity", "i:amount"))
    (tmp_path / "escalation.dmn").write_bytes(source)
    (tmp_path / "escalation.tests.csv").write_text(text.partition("```csv\n")[2].partition("```")[0])
    (tmp_path / "escalation.tests.json").write_text(text.rpartition("```json\n")[2].partition("```")[0])
    (tmp_path / "escalation.tests.yaml").write_text(text.rpartition("```yaml\n")[2].partition("```")[0])
    assert outcome(tmp_path) == [("small and harmless", True, ""), *[("large", True, "")] * 3]


def test_wrong_parts_are_told(folder: Path) -> None:
    """Outputs cannot be compared one by one where the result is none, and evaluating too long is a failure, not a crash."""
    (folder / "model.tests.csv").write_text("severity,amount,day,expected.level\n,,nonsense,clerk\n")
    assert [passed for _, passed, _ in outcome(folder)] == [False]
    (folder / "plain.dmn").write_bytes(
        (folder / "model.dmn").read_bytes().replace(b"<decisionTable", b"<ignored").replace(b"</decisionTable", b"</ignored")
    )
    (folder / "plain.tests.csv").write_text("expected.level\nclerk\n")
    assert outcome(folder)[1] == ("line 2", False, "A context with level was expected, null came out.")


@pytest.mark.parametrize(
    ("cell", "kind", "expected"),
    [
        ("", "", None),
        ("null", "string", None),
        ("true", "", True),
        ("true", "string", "true"),
        ("5.50", "", Decimal("5.50")),
        ("5.50", "string", "5.50"),
        ("2025-01-01", "date", "2025-01-01"),
        ("NaN", "", "NaN"),
        ("text", "number", "text"),
        ("[1, 2]", "", [1, 2]),
        ("[1..2]", "", "[1..2]"),
        ('{"a": 1.5}', "", {"a": Decimal("1.5")}),
    ],
)
def test_cells(cell: str, kind: str, expected: Any) -> None:
    """A cell is read by the declared type, else by its look."""
    assert plain_cell(cell, kind) == expected
