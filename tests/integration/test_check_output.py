"""What `amends check` says: for people by file and element, for programs as JSON, for code scanning as SARIF 2.1.0."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from driving import HEAD, element, flows, process, user

import amends
from amends.cli import main
from amends.cli.findings import rule_help
from amends.engine.definitions.problems import CODES

SHIPPED = Path(amends.__file__ or "").parent / "processes" / "iso10002"
BROKEN = process(
    element("startEvent", "s")
    + user("look", ext='<zeebe:formDefinition formId="nowhere"/>')
    + element("exclusiveGateway", "which")
    + element("endEvent", "e")
    + flows("s>look", "look>which", "which>e: 1 +", "which>look: true")
)


def amends_check(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a broken diagram, seen from where the command is called."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "my process"
    folder.mkdir()
    (folder / "package.toml").write_text('[package]\nname = "x"\nversion = "1"\n', encoding="utf-8")
    (folder / "one.bpmn").write_text(HEAD.format(BROKEN), encoding="utf-8")
    return Path("my process")


def test_a_sound_package_gets_one_line() -> None:
    """Nothing to read where nothing is wrong; exit code 0."""
    done = amends_check(SHIPPED)
    assert (done.exit_code, done.output) == (0, "No problem found in 1 path.\n")


def test_findings_are_grouped_by_file_and_element(broken: Path) -> None:
    """The file once, each element once with what stands around it, below it what is wrong, what to do and where to read on."""
    done = amends_check(broken)
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert lines[0] == "my process/one.bpmn"
    assert lines.count("my process/one.bpmn") == 1
    at = lines.index("  look (user task, process p)")
    assert lines[at + 1] == "    s | which → [look] → which"
    assert lines[at + 2].startswith("    error    line 1: The user task") and "'nowhere'" in lines[at + 2]
    assert "             docs/check.md#missing-form [missing-form]" in lines[at:]
    assert "    which →[which_e]→ e" in lines
    assert re.fullmatch(r"\d+ errors?, \d+ warnings? in 1 file\.", lines[-1])


def test_the_picture_has_the_names_people_know(tmp_path: Path) -> None:
    """An element by its name, where it has one, however its modeler calls it."""
    body = process(element("startEvent", "s") + element("userTask", "_1f") + flows("s>_1f"))
    body = body.replace('id="s"', 'id="s" name="Filed"').replace('id="_1f"', 'id="_1f" name="Look into it"')
    path = tmp_path / "one.bpmn"
    path.write_text(HEAD.format(body), encoding="utf-8")
    assert "    Filed → [Look into it]" in amends_check(path).output.splitlines()


def test_every_finding_is_told_once(broken: Path) -> None:
    """The sum in the last line is that of the findings, and no finding is lost in the grouping."""
    found = json.loads(amends_check(broken, "--json").output)
    text = amends_check(broken).output
    counts = {name: int(number) for number, name in re.findall(r"(\d+) (error|warning|remark)s?", text.splitlines()[-1])}
    assert sum(counts.values()) == len(found) == len(re.findall(r"\[[a-z-]+\]$", text, re.MULTILINE))
    assert counts["error"] == sum(problem["severity"] == "error" for problem in found)


def test_warnings_alone_exit_with_0(tmp_path: Path) -> None:
    """They are said, and they refuse no deployment."""
    path = tmp_path / "one.bpmn"
    path.write_text(HEAD.format(process(element("startEvent", "s") + user("a") + flows("s>a"))), encoding="utf-8")
    done = amends_check(path)
    assert done.exit_code == 0
    assert "warning" in done.output.splitlines()[-1] and "error" not in done.output.splitlines()[-1]


def test_wrong_calls_exit_with_2(broken: Path) -> None:
    """A path that is not there, none at all, or two forms of output at once."""
    assert amends_check("nowhere").exit_code == 2
    assert amends_check().exit_code == 2
    assert amends_check(broken, "--json", "--sarif").exit_code == 2


def test_json_holds_every_part_of_a_finding(broken: Path) -> None:
    """File, element and its name, line, code, severity, message, help, and the path it was found under; exit code as for people."""
    done = amends_check(broken, "--json")
    assert done.exit_code == 1
    for problem in json.loads(done.output):
        assert set(problem) == {"path", "file", "element_id", "element_name", "line", "code", "severity", "message", "help"}
        assert (problem["path"], problem["file"]) == ("my process", "one.bpmn")


def of_type(value: Any, kind: type) -> Any:
    assert isinstance(value, kind), value
    return value


def assert_sarif(log: Any) -> None:
    """The parts of SARIF 2.1.0 that its schema requires, or that those who read it rely on (sections by number)."""
    assert log["version"] == "2.1.0"  # 3.13.2
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    for run in of_type(log["runs"], list):
        driver = run["tool"]["driver"]  # 3.18.2
        assert of_type(driver["name"], str)
        rules = of_type(driver["rules"], list)
        assert len({rule["id"] for rule in rules}) == len(rules)  # 3.19.23
        for rule in rules:
            assert of_type(rule["shortDescription"]["text"], str).endswith(".")  # 3.49.9
            assert "docs/" in of_type(rule["help"]["text"], str) and "helpUri" not in rule  # 3.49.12: absolute, which these are not
        assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")  # 3.14.17
        for result in of_type(run["results"], list):
            assert of_type(result["message"]["text"], str)  # 3.27.11
            assert result["level"] in ("none", "note", "warning", "error")  # 3.27.10
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]  # 3.27.6
            for location in of_type(result["locations"], list):
                place = location["physicalLocation"]
                assert " " not in of_type(place["artifactLocation"]["uri"], str)  # 3.4.3, RFC 3986
                if "region" in place:
                    assert of_type(place["region"]["startLine"], int) >= 1  # 3.30.5
                for logical in location.get("logicalLocations", []):
                    assert of_type(logical["name"], str)
            assert all(isinstance(value, str) for value in result["partialFingerprints"].values())  # 3.27.17


def test_sarif_has_its_structure(broken: Path) -> None:
    """One run, a rule a code, a result a finding, each at its file, line and element."""
    done = amends_check(broken, "--sarif")
    assert done.exit_code == 1
    log = json.loads(done.output)
    assert_sarif(log)
    [run] = log["runs"]
    found = json.loads(amends_check(broken, "--json").output)
    assert [result["ruleId"] for result in run["results"]] == [problem["code"] for problem in found]
    [missing] = [result for result in run["results"] if result["ruleId"] == "missing-form"]
    assert missing["level"] == "error"
    assert missing["locations"] == [
        {
            "physicalLocation": {"artifactLocation": {"uri": "my%20process/one.bpmn"}, "region": {"startLine": 1}},
            "logicalLocations": [{"name": "look", "fullyQualifiedName": "look", "kind": "element"}],
        }
    ]


def test_sarif_of_a_sound_package_is_an_empty_run() -> None:
    """Code hosts take that as: what was found before is fixed."""
    log = json.loads(amends_check(SHIPPED, "--sarif").output)
    assert_sarif(log)
    assert log["runs"][0]["results"] == []


def test_a_remark_is_a_note(tmp_path: Path) -> None:
    """SARIF's word for what is worth knowing; a path outside the working folder is a file URI."""
    path = tmp_path / "picture.bpmn"
    text = HEAD.format(process(element("startEvent", "s") + user("a", ext='<zeebe:formDefinition formId=""/>') + flows("s>a", "a>b")))
    path.write_text(text.replace('isExecutable="true"', 'isExecutable="false"'), encoding="utf-8")
    log = json.loads(amends_check(path, "--sarif").output)
    assert_sarif(log)
    results = log["runs"][0]["results"]
    assert "note" in {result["level"] for result in results}
    assert {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results} == {path.as_uri()}


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_its_section(repository: Path, code: str) -> None:
    """The page and anchor a rule points to are there."""
    page, _, anchor = rule_help(code, "x.bpmn").partition("#")
    assert f"\n### {anchor}\n" in (repository / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("file", ["x.form", "x.dmn", "x.bpmn"])
def test_codes_of_others_point_to_their_page(repository: Path, file: str) -> None:
    """Forms and decision tables have codes of their own, and pages of their own."""
    assert (repository / rule_help("some-other-code", file)).is_file()
