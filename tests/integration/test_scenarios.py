"""`amends test`: the scenarios of the shipped package, and what the command says and writes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from lxml import etree

import amends
from amends.cli import main
from amends.engine.definitions import read_package
from amends.engine.scenarios import Report, coverage_of, read_suite, run_suite
from amends.engine.scenarios.reading import ACTIONS, EXPECTED
from amends.forms import Forms

SHIPPED = Path(amends.__file__ or "").parent / "processes" / "iso10002"
SVG = "{http://www.w3.org/2000/svg}"


def amends_test(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["test", *map(str, arguments)])


@pytest.fixture(scope="module")
def report() -> Report:
    """The shipped scenarios, lived once for all tests of this file."""
    return run_suite(read_suite(SHIPPED), lambda now: Forms(now=now))


def test_the_shipped_scenarios_pass(report: Report) -> None:
    """Every scenario of the package that ships goes by its script."""
    assert [str(result.failure) for result in report.failed] == []
    names = ("accepted.toml", "investigated.toml", "late.toml", "post.toml", "rejected.yaml", "withdrawn.toml")
    assert {result.file for result in report.results} == {f"tests/{name}" for name in names}


def test_the_shipped_scenarios_run_everything(report: Report) -> None:
    """Together they run every element and every flow of every diagram."""
    found = coverage_of(report.package, report.runs)
    assert {process.id: [part.id for part in process.missed] for process in found.processes if process.missed} == {}
    assert found.percent == 100.0
    assert len(found.processes) == len(read_package(SHIPPED).processes)


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A copy of the package, small enough to be tested quickly, that tests may change."""
    folder = tmp_path / "package"
    shutil.copytree(SHIPPED, folder)
    for name in ("investigated.toml", "late.toml", "post.toml", "rejected.yaml", "accepted.toml"):
        (folder / "tests" / name).unlink()
    return folder


def test_scenarios_are_deployed_with_their_package(tmp_path: Path) -> None:
    """They are part of it and stand in nobody's way: the check says nothing about them, and they come with the version."""
    app = amends.open(data=tmp_path / "data")
    deployment = app.deploy_shipped()
    assert "tests/accepted.toml" in app.engine.package(deployment.id).files
    app.close()


def test_what_passes_exits_with_0(changed: Path) -> None:
    """A line a scenario, the table, and the sum."""
    done = amends_test(changed)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == "passed tests/withdrawn.toml:6 Withdrawn while it is looked into"
    assert lines[-1] == "2 passed, 0 failed"
    assert "process             elements        flows    run" in lines
    assert any(line.split()[:4] == ["escalation", "0", "of", "4"] for line in lines)
    assert "    never run: escalation.bpmn:8 businessRuleTask find_who_is_told “Find who is told”" in lines


def test_a_changed_process_fails_its_scenario(changed: Path) -> None:
    """Who changes a diagram hears from the scenario what is different now, with its line, and the exit code is 1."""
    path = changed / "letters" / "withdrawal-confirmed.md"
    shutil.copy(path, changed / "letters" / "goodbye.md")
    diagram = changed / "complaint.bpmn"
    diagram.write_text(diagram.read_text(encoding="utf-8").replace("withdrawal-confirmed", "goodbye"), encoding="utf-8")
    done = amends_test(changed)
    assert done.exit_code == 1
    assert "tests/withdrawn.toml:11: Withdrawn while it is looked into, step 3: expect" in done.output
    assert "expected  exactly these letters to the complainant: acknowledgement, withdrawal-confirmed" in done.output
    assert "letters: acknowledgement, goodbye" in done.output
    assert done.output.endswith("1 passed, 1 failed\n")


def test_a_package_with_errors_exits_with_1(changed: Path) -> None:
    """And says all of them, as a deployment would."""
    (changed / "forms" / "assessment.form").unlink()
    done = amends_test(changed)
    assert done.exit_code == 1
    assert "[missing-form]" in done.output


def test_too_little_coverage_exits_with_1(changed: Path) -> None:
    """Only where it is asked for."""
    assert amends_test(changed, "--min-coverage", "10").exit_code == 0
    done = amends_test(changed, "--min-coverage", "99")
    assert done.exit_code == 1
    assert "99 % are asked for" in done.output


def test_the_diagrams_are_written_as_svg(changed: Path, tmp_path: Path) -> None:
    """One a file, in a folder that is made if it has to be."""
    done = amends_test(changed, "--svg", tmp_path / "new" / "folder")
    assert done.exit_code == 0
    pictures = {path.stem: etree.parse(path).getroot() for path in (tmp_path / "new" / "folder").glob("*.svg")}
    assert set(pictures) == {path.stem for path in changed.glob("*.bpmn")}
    assert "Never run" in (pictures["escalation"].findtext(f"{SVG}desc") or "")


def test_one_file_can_be_run_alone() -> None:
    """Its scenarios only, with the data that other files share, and without the long list of what they do not run."""
    done = amends_test(SHIPPED / "tests" / "withdrawn.toml")
    assert done.exit_code == 0, done.output
    assert done.output.endswith("2 passed, 0 failed\n")
    assert "never run" not in done.output


def test_json_says_the_same_to_programs(changed: Path) -> None:
    """Results and coverage, and nothing else on the output."""
    done = amends_test(changed, "--json")
    said = json.loads(done.stdout)
    assert [(result["line"], result["passed"]) for result in said["scenarios"]] == [(6, True), (14, True)]
    assert 0 < said["coverage"]["percent"] < 100
    assert {process["id"] for process in said["coverage"]["processes"]} >= {"complaint", "escalation"}


def test_table_tests_run_as_well(changed: Path) -> None:
    """The examples beside a decision table count like scenarios do."""
    (changed / "escalation.tests.json").write_text(
        json.dumps({"decision": "nothing", "tests": [{"inputs": {}, "expected": 1}]}), encoding="utf-8"
    )
    done = amends_test(changed)
    assert done.exit_code == 1
    assert done.output.endswith("2 passed, 1 failed\n")


def test_nothing_to_test_exits_with_2(tmp_path: Path, changed: Path) -> None:
    """An empty test run that passes would hide that the tests are gone."""
    assert amends_test(tmp_path / "nowhere").exit_code == 2
    shutil.rmtree(changed / "tests")
    done = amends_test(changed)
    assert done.exit_code == 2
    assert "There is nothing to test" in done.output


def test_nothing_that_was_tested_leaves_or_stays(changed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No mail server is spoken to, though one is set up, and no file is left behind."""
    monkeypatch.setenv("AMENDS_SMTP_HOST", "192.0.2.1")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "temporary").mkdir()
    before = sorted(changed.rglob("*"))
    assert amends_test(changed).exit_code == 0
    assert sorted(changed.rglob("*")) == before
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_page_about_scenarios_is_true(repository: Path, changed: Path) -> None:
    """Its example passes on the shipped package, and every step and expectation there is has its row."""
    page = (repository / "docs" / "scenarios.md").read_text(encoding="utf-8")
    example = next(block for block in page.split("```toml\n") if "[[scenario]]" in block).partition("```")[0]
    (changed / "tests" / "withdrawn.toml").unlink()
    (changed / "tests" / "example.toml").write_text(example, encoding="utf-8")
    done = amends_test(changed)
    assert done.output.endswith("1 passed, 0 failed\n"), done.output
    (changed / "tests" / "example.toml").unlink()
    example = next(block for block in page.split("```yaml\n") if "scenario:" in block).partition("```")[0]
    (changed / "tests" / "example.yml").write_text(example, encoding="utf-8")
    done = amends_test(changed)
    assert done.output.endswith("1 passed, 0 failed\n"), done.output
    for action in ACTIONS:
        assert f"\n| `{action} = " in page
    for kind in EXPECTED:
        assert f"\n| `{kind}` |" in page or f"\n| `{kind}.NAME` |" in page
