"""Examples beside a model: CSV and JSON, what passes, what fails, and what cannot be read."""

import json
from pathlib import Path
from typing import Any

import pytest

from amends.engine.decisions import DecisionError, run_table_tests


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


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("model.tests.csv", "severity\nlow\n", "no column «expected»"),
        ("model.tests.json", "{", "cannot be read"),
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
