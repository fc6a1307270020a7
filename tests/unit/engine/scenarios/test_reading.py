"""Reading scenarios: what is wrong is said by file and line, and the rest is read all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from amends.engine.scenarios import Suite, read_suite
from amends.engine.scenarios.model import Expectation, ScenarioError

HEAD = 'at = 2026-03-02T10:00:00\n[[scenario]]\nname = "x"\nstart = { process = "p" }\n'


def written(tmp_path: Path, **files: str) -> Suite:
    (tmp_path / "tests").mkdir(parents=True)
    (tmp_path / "package.toml").write_text('[package]\nname = "p"\nversion = "1"\n', encoding="utf-8")
    for name, text in files.items():
        (tmp_path / "tests" / f"{name}.toml").write_text(text, encoding="utf-8")
    return read_suite(tmp_path)


def broken(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    return [(failure.line, failure.expected) for failure in written(tmp_path, x=text).broken]


def test_a_scenario_is_read_whole(tmp_path: Path) -> None:
    """Data by name and in place are put together, later over earlier; defaults of the file hold where the scenario says nothing."""
    suite = written(
        tmp_path,
        shared="[data.base]\na = 1\nb = 1.5\n",
        story="""at = 2026-03-02T10:00:00
people = { ann = "handler" }
[[scenario]]
name = "One"
file = "base"
people = { ben = ["handler", "manager"] }
settings = { limit = "P1D" }
mail = "down"
steps = [
  { complete = "t", with = ["base", { a = 2 }], as = "ann", expect.task = "u", expect_no.stage = "s" },
  { complete = "t", refused = "must not" },
]
""",
    )
    assert suite.broken == []
    [scenario] = suite.scenarios
    assert (scenario.file, scenario.line, scenario.name, scenario.begins) == ("tests/story.toml", 3, "One", "file")
    assert (scenario.at, scenario.data, scenario.mail) == (datetime(2026, 3, 2, 10), {"a": 1, "b": Decimal("1.5")}, False)
    assert scenario.people == {"ann": ("handler",), "ben": ("handler", "manager")}
    assert scenario.settings == {"limit": "P1D"}
    first, second = scenario.steps
    assert (first.line, first.number, first.action, first.value) == (10, 1, "complete", "t")
    assert first.arguments == {"as": "ann", "with": {"a": 2, "b": Decimal("1.5")}}
    assert first.expectations == (Expectation("task", "u"), Expectation("stage", "s", negated=True))
    assert (second.line, second.refused) == (11, "must not")


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("at = \n", 1, "TOML"),
        ("at = " + 5_000 * "9", 1, "TOML"),
        ("at = " + 20_000 * "[", 1, "TOML"),
        ("what = 1\n", 1, "'what'"),
        ("scenario = 1\n", 1, "[[scenario]]"),
        ('[[scenario]]\nsteps = [{ after = "P1D" }]\n', 1, "at = a date and a time"),
        ('at = 2026-03-02T10:00:00\n[[scenario]]\nfile = {}\nstart = { process = "p" }\nsteps = [{ after = "P1D" }]\n', 2, "either file"),
        (HEAD, 2, "steps"),
        (HEAD + 'step = [{ after = "P1D" }]\n', 2, "Is 'steps' meant?"),
        (HEAD + 'steps = [\n  { after = "P1D" },\n  { compleet = "t" },\n]\n', 7, "Is 'complete' meant?"),
        (HEAD + 'steps = [{ complete = "t", after = "P1D" }]\n', 5, "one thing that happens"),
        (HEAD + 'steps = [{ complete = "t", with = "nothing" }]\n', 5, "there is no [data.nothing]"),
        (HEAD + 'steps = [{ complete = "t", with = 3 }]\n', 5, "data as a table"),
        (HEAD + "steps = [{ complete = 3 }]\n", 5, "complete = a text"),
        (HEAD + 'steps = [{ after = "P1D", as = "ann" }]\n', 5, "'as'"),
        (HEAD + 'steps = [{ at = "2026" }]\n', 5, "a date and a time"),
        (HEAD + 'steps = [{ mail = "broken" }]\n', 5, '"up" or "down"'),
        (HEAD + 'steps = [{ error = "E" }]\n', 5, "the element that throws it"),
        (HEAD + "steps = [{ }]\n", 5, "something that happens"),
        (HEAD + 'steps = [{ expect.lettre = "a" }]\n', 5, "Is 'letter' meant?"),
        (HEAD + 'steps = [{ expect = "t" }]\n', 5, "expect.task"),
        (HEAD + 'people = { ann = 3 }\nsteps = [{ after = "P1D" }]\n', 2, "people = {"),
        ("[data]\nx = 1\n", 1, "[data.x] must be a table"),
    ],
)
def test_what_is_wrong_is_said_by_line(tmp_path: Path, text: str, line: int, told: str) -> None:
    """One mistake, one line, and what to write instead."""
    [(found, message)] = broken(tmp_path, text)
    assert found == line
    assert told in message


def test_yaml_says_the_same(tmp_path: Path) -> None:
    """The same keys as in TOML give the same scenario, each step with its own line."""
    toml = (
        HEAD
        + """people = { ann = "handler" }
steps = [
  { complete = "t", with = { a = 1.5, verified = "yes" }, as = "ann", expect.task = "u" },
  { after = "P1D", expect_no.clock.x = "late" },
]
"""
    )
    yaml = """at: 2026-03-02T10:00:00
scenario:
  - name: x
    start: { process: p }
    people: { ann: handler }
    steps:
      - { complete: t, with: { a: 1.5, verified: yes }, as: ann, expect: { task: u } }
      - after: P1D
        expect_no: { clock: { x: late } }
"""
    [first] = written(tmp_path / "a", story=toml).scenarios
    (tmp_path / "b" / "tests").mkdir(parents=True)
    (tmp_path / "b" / "package.toml").write_text('[package]\nname = "p"\nversion = "1"\n', encoding="utf-8")
    (tmp_path / "b" / "tests" / "story.yaml").write_text(yaml, encoding="utf-8")
    [second] = read_suite(tmp_path / "b").scenarios
    same = [replace(each, file="", line=0, steps=tuple(replace(step, line=0) for step in each.steps)) for each in (first, second)]
    assert same[0] == same[1]
    assert (second.file, second.line, [step.line for step in second.steps]) == ("tests/story.yaml", 3, [7, 8])


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("scenario: [", 1, "YAML"),
        ("at: !x 1", 1, "the tag"),
        ("- 1", 1, "keys and values"),
        ("at: 2026-03-02T10:00:00\nscenario:\n  - start: { process: p }\n    steps:\n      - { compleet: t }", 5, "Is 'complete' meant?"),
    ],
)
def test_what_is_wrong_in_yaml_is_said_by_line(tmp_path: Path, text: str, line: int, told: str) -> None:
    """As in TOML."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "package.toml").write_text('[package]\nname = "p"\nversion = "1"\n', encoding="utf-8")
    (tmp_path / "tests" / "x.yml").write_text(text, encoding="utf-8")
    [failure] = read_suite(tmp_path).broken
    assert failure.line == line and told in failure.expected


def test_one_broken_scenario_leaves_the_others(tmp_path: Path) -> None:
    """The file's other scenarios are still there to be run."""
    good = '[[scenario]]\nname = "good"\nstart = { process = "p" }\nsteps = [{ after = "P1D" }]\n'
    suite = written(tmp_path, x=HEAD + good)
    assert [scenario.name for scenario in suite.scenarios] == ["good"]
    assert len(suite.broken) == 1


def test_one_name_of_data_is_given_once(tmp_path: Path) -> None:
    """Two files that both say what `base` is would make it depend on their order."""
    suite = written(tmp_path, a="[data.base]\na = 1\n", b="[data.base]\na = 2\n")
    assert [(failure.file, failure.expected[:11]) for failure in suite.broken] == [("tests/b.toml", "[data.base]")]


def test_a_single_file_is_read_with_the_data_of_all(tmp_path: Path) -> None:
    """Naming one file runs its scenarios only; what other files share is known to it."""
    written(tmp_path, a="[data.base]\na = 1\n", b=HEAD + 'steps = [{ complete = "t", with = "base" }]\n', c="nonsense = 1\n" + HEAD)
    suite = read_suite(tmp_path / "tests" / "b.toml")
    assert [scenario.steps[0].arguments["with"] for scenario in suite.scenarios] == [{"a": 1}]
    assert suite.broken == []


def test_a_file_outside_a_package_is_refused(tmp_path: Path) -> None:
    """There is nothing it could be a test of."""
    (tmp_path / "x.toml").write_text(HEAD, encoding="utf-8")
    with pytest.raises(ScenarioError, match="lies in no package"):
        read_suite(tmp_path / "x.toml")
