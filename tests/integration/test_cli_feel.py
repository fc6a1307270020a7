"""`amends feel` and `amends decide`: what they print, say and exit with, and that they start without what they do not need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from amends.cli import COMMANDS, main

MODEL = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="m" name="Late" namespace="n">
  <inputData id="due" name="due on"><variable name="due on" typeRef="date"/></inputData>
  <inputData id="amount" name="amount"><variable name="amount" typeRef="number"/></inputData>
  <decision id="late" name="How late">
    <variable name="How late" typeRef="string"/>
    <informationRequirement><requiredInput href="#due"/></informationRequirement>
    <informationRequirement><requiredInput href="#amount"/></informationRequirement>
    <decisionTable hitPolicy="FIRST">
      <input label="due"><inputExpression typeRef="date"><text>due on</text></inputExpression></input>
      <input label="amount"><inputExpression typeRef="number"><text>amount</text></inputExpression></input>
      <output name="answer" typeRef="string"><outputValues><text>"very","a bit"</text></outputValues></output>
      <annotation name="why"/>
      <rule id="r1"><inputEntry><text>&lt; date("2024-01-01")</text></inputEntry><inputEntry><text>&gt; 100</text></inputEntry>
        <outputEntry><text>"very"</text></outputEntry><annotationEntry><text>long ago and dear</text></annotationEntry></rule>
      <rule id="r2"><inputEntry><text>is working day(?)</text></inputEntry><inputEntry><text>-</text></inputEntry>
        <outputEntry><text>"a bit"</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>"""


def run(*arguments: object, expect: int = 0) -> Result:
    """One command; its exit code is `expect`, and an error is never a traceback."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == expect, (arguments, result.output, result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), (arguments, result.exception)
    return result


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model with a table, a date among its inputs, and a function of ours."""
    path = tmp_path / "late.dmn"
    path.write_text(MODEL)
    return path


@pytest.mark.parametrize(
    ("expression", "context", "value"),
    [
        ("due date - @\"P1D\"", {"due date": "x"}, None),
        ('date(due date) - @"P1D"', {"due date": "2024-03-01"}, "2024-02-29"),
        ('@"2024-01-31T10:00:00@Europe/Paris"', {}, "2024-01-31T10:00:00@Europe/Paris"),
        ('[@"P14D", @"P1Y2M", @"10:00:00Z", 1.10, [1..3)]', {}, ["P14D", "P1Y2M", "10:00:00Z", 1.1, "[1..3)"]),
        ("price * 3", {"price": 0.1}, 0.3),
        ("1e6000", {}, "1E+6000"),
        ('"\\uD800"', {}, "\ud800"),
    ],
)  # fmt: skip
def test_a_value_is_json(expression: str, context: dict[str, object], value: object) -> None:
    """Numbers keep their digits, dates, times, durations and ranges are readable texts, names may have blanks."""
    assert json.loads(run("feel", expression, "--context", json.dumps(context)).stdout) == value


@pytest.mark.parametrize(("expression", "text"), [("1/4", "0.25"), ("null", "null"), ('""', ""), ('["a", @"P1D"]', '["a", P1D]')])
def test_a_value_as_feel_writes_it(expression: str, text: str) -> None:
    """--text prints what string() gives."""
    assert run("feel", expression, "--text").stdout == text + "\n"


def test_a_slip_is_pointed_at() -> None:
    """An error says line and column, shows the line with a caret below the place, and what to write instead."""
    error = run("feel", "1 +\n  amount == 2", expect=1).stderr.splitlines()
    assert "Line 2, column 10" in error[0] and "single =" in error[0]
    assert error[1].index("=") == error[2].index("^")
    assert "string length" in run("feel", "len(x)", expect=1).stderr
    long = run("feel", "1 + " * 100 + "% 1", expect=1).stderr.splitlines()
    assert len(long[1]) < 120 and long[1][long[2].index("^")] == "%"


def test_too_much_is_a_sentence() -> None:
    """An evaluation over its budget, or a text too long to be read, is exit code 1 and no traceback."""
    assert "Make its lists or loops smaller" in run("feel", "for i in 1..1000000000 return i", expect=1).stderr
    assert "characters" in run("feel", '"' + "a" * 70_000 + '"', expect=1).stderr


def test_why_it_is_null_is_said() -> None:
    """Warnings are on the error output, so that the value alone can be piped on."""
    result = run("feel", 'missing + "a"')
    assert result.stdout == "null\n" and "«missing»" in result.stderr and "line 1, column 1" in result.stderr


def test_our_functions_are_there_and_marked() -> None:
    """Working days count by a plain calendar, and the output says that they are ours and which calendar that is."""
    result = run("feel", 'add working days(@"2026-05-05", 5)')
    assert json.loads(result.stdout) == "2026-05-12"
    assert "add working days: ours" in result.stderr and "Monday to Friday" in result.stderr
    assert run("feel", "1").stderr == ""


@pytest.mark.parametrize("context", ["{", "[1]", "[" * 100_000])
def test_a_context_is_an_object(context: str) -> None:
    """A context that is no JSON object is a wrong call."""
    run("feel", "1", "--context", context, expect=2)


def test_decisions_are_listed(model: Path) -> None:
    """Without a decision: each with its inputs and outputs, their types and allowed values, and the hit policy."""
    lines = run("decide", model).stdout.splitlines()
    assert lines[0] == "late  How late  (table, F)"
    assert [line.split() for line in lines[1:]] == [
        ["in", "due", "on:", "date"], ["in", "amount:", "number"], ["out", "answer:", "string", '("very","a', 'bit")'],
    ]  # fmt: skip


def test_a_decision_says_why(model: Path) -> None:
    """The value, and each matched rule with number, annotation, inputs and outputs; texts are read as the dates the model declares."""
    for name in ("How late", "late"):
        found = json.loads(run("decide", model, name, "--input", '{"due on": "2023-12-01", "amount": 100.5}').stdout)
        assert found["value"] == "very" and found["warnings"] == []
        assert found["matched"] == [
            {
                "decision": "How late", "rule_id": "r1", "index": 1, "annotation": "long ago and dear",
                "inputs": {"due": "2023-12-01", "amount": 100.5}, "outputs": {"answer": "very"},
            }
        ]  # fmt: skip
    found = json.loads(run("decide", model, "late", "--input", '{"due on": "2026-05-05", "amount": 1}').stdout)
    assert found["value"] == "a bit"


def test_a_table_without_a_hit_says_so(model: Path) -> None:
    """A value of null comes with the warning that tells which inputs no rule matches."""
    found = json.loads(run("decide", model, "late", "--input", '{"due on": "2026-05-03", "amount": 1}').stdout)
    assert found["value"] is None
    assert found["warnings"][0]["message"] == "No rule of How late matches due = 2026-05-03, amount = 1."


def test_an_unknown_decision_is_told_what_there_is(model: Path, tmp_path: Path) -> None:
    """Exit code 1 with the names that exist; a file that is no model is 1 too, one that is not there 2."""
    assert "It has: How late" in run("decide", model, "nonsense", expect=1).stderr
    other = tmp_path / "other.dmn"
    other.write_text("<html/>")
    run("decide", other, expect=1)
    run("decide", tmp_path / "none.dmn", expect=2)


@pytest.mark.parametrize("name", ["late.tests.csv", "late.tests.yaml"])
def test_examples_beside_a_model_are_run(model: Path, name: str) -> None:
    """`amends test` runs the inputs and expected outputs that lie beside a model as data, says which fail and why, and exits with 1."""
    good, bad = ("very", "a bit")
    (model.parent / name).write_text(
        f"test,due on,amount,expected,rules\nearly,2023-12-01,200,{good},1\nwrong,2023-12-01,200,{bad},1\n"
        if name.endswith("csv")
        else "decision: How late\ntests:\n"
        + "".join(
            f"  - {{name: {word}, inputs: {{due on: 2023-12-01, amount: 200}}, expected: {value}, rules: [1]}}\n"
            for word, value in (("early", good), ("wrong", bad))
        )
    )
    lines = run("test", model, expect=1).output.splitlines()
    assert any("early" in line and "wrong" not in line for line in lines)
    assert any("wrong" in line and '"a bit" was expected, "very" came out' in line for line in lines)
    assert lines[-1] == "1 passed, 1 failed"
    assert run("test", model.parent, expect=1).output.splitlines()[-1] == "1 passed, 1 failed"


def test_every_command_is_there() -> None:
    """Each is loaded by its name, and listed by --help."""
    listed = run("--help").stdout
    for name in COMMANDS:
        assert f"\n  {name} " in listed
        assert "Usage" in run(name, "--help").stdout
    run("nonsense", expect=2)


@pytest.mark.parametrize("command", [["feel", "1"], ["decide", "--help"]])
def test_neither_database_nor_web_is_loaded(command: list[str]) -> None:
    """Trying something out loads no SQLAlchemy, Flask or SpiffWorkflow, which would take seconds."""
    code = f"""
import sys
from amends.cli import main
main({command!r}, standalone_mode=False)
print([name for name in ("sqlalchemy", "flask", "SpiffWorkflow", "alembic", "structlog") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
