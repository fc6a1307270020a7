"""Living through scenarios: what each step does, what each expectation sees, and what is said where one leaves its script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from driving import HEAD, element, flows, message_definition, process, timer, user

from amends.engine import CheckFailed
from amends.engine.scenarios import Failure, Report, read_suite, run_suite
from amends.engine.services import Operation, OperationContext
from amends.forms import Forms

ROLE = '<zeebe:assignmentDefinition candidateGroups="{}"/>'
MANIFEST = """[package]
name = "small"
version = "1"
[roles]
handler = "Handler"
decider = "Decider"
[calendars.default]
timezone = "Europe/London"
hours = { mon = [["09:00", "17:00"]], tue = [["09:00", "17:00"]], wed = [["09:00", "17:00"]] }
"""
LINE = process(
    element("startEvent", "s")
    + user("a", ext=ROLE.format("handler"))
    + user("b", ext=ROLE.format("decider") + '<zeebe:properties><zeebe:property name="not_done_by" value="a"/></zeebe:properties>')
    + element("serviceTask", "x", ext='<zeebe:taskDefinition type="outside-thing"/>')
    + element("boundaryEvent", "caught", '<bpmn:errorEventDefinition errorRef="broken"/>', attachedToRef="x")
    + element("intermediateCatchEvent", "m", '<bpmn:messageEventDefinition messageRef="m_hello"/>')
    + element("endEvent", "e")
    + element("endEvent", "failed")
    + flows("s>a", "a>b", "b>x", "x>m", "m>e", "caught>failed")
)
OTHERS = process(
    element("startEvent", "begun", '<bpmn:messageEventDefinition messageRef="m_go"/>') + user("u") + flows("begun>u"), "by_message"
) + process(
    element("startEvent", "alarmed", '<bpmn:signalEventDefinition signalRef="alarm"/>')
    + element("intermediateCatchEvent", "pause", timer("timeDuration", "P2D"))
    + user("v")
    + flows("alarmed>pause", "pause>v"),
    "by_signal",
)
DECLARED = (
    message_definition("hello")
    + '<bpmn:message id="m_go" name="go"/><bpmn:signal id="alarm" name="alarm"/><bpmn:error id="broken" name="broken" errorCode="E1"/>'
)
AT = "at = 2026-03-02T10:00:00\n"
BEGIN = AT + '[[scenario]]\nname = "n"\nstart = { process = "p", key = "K", with = { reference = "K", n = 1.5 } }\nsteps = [\n'
TO_X = '{ complete = "a" }, { complete = "b" },'

Live = Callable[[str], Report]


@pytest.fixture
def live(tmp_path: Path) -> Live:
    """Write a file of scenarios into a small package, and live through them."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "package.toml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "small.bpmn").write_text(HEAD.format(DECLARED + LINE + OTHERS), encoding="utf-8")

    def lived(text: str) -> Report:
        (tmp_path / "tests" / "t.toml").write_text(text, encoding="utf-8")
        return run_suite(read_suite(tmp_path), lambda now: Forms(now=now))

    return lived


def failure(report: Report) -> Failure:
    [result] = report.results
    assert result.failure is not None
    return result.failure


PASSING = {
    "tasks and their roles": '{ expect.task = { id = "a", role = "handler" }, expect_no.task = "b" }, { expect.tasks = ["a"] }',
    "completing": '{ complete = "a", with = { x = 2 }, expect.tasks = ["b"], expect.variable.x = 2, expect.variable.n = 1.5 }',
    "outside work": TO_X + '{ complete = "x", with = { y = { z = [1, "two"] } }, expect.variable."y.z" = [1, "two"] }',
    "errors": TO_X + '{ error = "E1", task = "x", expect.end = "failed", expect.state = "completed" }',
    "messages": TO_X + '{ complete = "x", expect.waiting = "hello" }, { message = "hello", with = { t = "hi" }, expect.end = "e" }',
    "what has run": '{ complete = "a", expect.ran = ["s_a", { element = "a", times = 1 }], expect_no.ran = ["b", "x"] }',
    "who may not": '{ complete = "a", as = "decider", refused = "may not do" }, { expect.tasks = ["a"] }',
    "what is not there": '{ complete = "b", refused = "was expected" }, { message = "hello", refused = "waits for" }',
    "nothing is amiss": "{ expect_no.incident = {}, expect_no.letter = {}, expect_no.escalated = {}, expect_no.operation = {} }",
}


@pytest.mark.parametrize("steps", PASSING.values(), ids=PASSING.keys())
def test_steps_do_what_they_say(live: Live, steps: str) -> None:
    """Each kind of step and expectation, where it holds."""
    assert [str(result.failure) for result in live(BEGIN + steps + "]\n").failed] == []


FAILING = {
    '{ complete = "b" }': "b",
    '{ complete = "a", refused = "never" }': "refusal",
    '{ expect.task = { id = "a", role = "decider" } }': "role",
    '{ expect_no.task = "a" }': "not: an open task 'a'",
    "{ expect.tasks = [] }": "none",
    '{ expect.state = "completed" }': "completed",
    '{ expect.stage = "open" }': "stage open",
    "{ expect.variable.n = 2 }": "n = 2",
    "{ expect.decision.d = 1 }": "decision d",
    '{ expect.waiting = "hello" }': "hello",
    "{ expect.letter = {} }": "letter any",
    '{ expect.escalated = "handler" }': "escalation",
    '{ expect.operation = "send-message" }': "operation",
    '{ expect.incident = "a" }': "incident",
    '{ expect.ran = "a" }': "'a' has run",
    '{ expect.end = "e" }': "end",
    '{ expect.outcome = "good" }': "outcome good",
    '{ expect.clock.c = "late" }': "clock c",
    '{ until = "c" }': "succeeds",
    '{ after = "ten days" }': "succeeds",
    "{ at = 2020-01-01T00:00:00 }": "succeeds",
    '{ complete = "a", as = "nobody" }': "succeeds",
    '{ expect.clock = "late" }': "can be read",
    '{ expect.task = { role = "handler", colour = "red" } }': "can be read",
    '{ expect.decision.d = "one" }': "can be read",
    "{ expect.tasks = [1] }": "can be read",
    '{ expect_no.task = "aa" }': "can be read",
    '{ expect_no.task = { role = "hander" } }': "can be read",
    '{ expect_no.letter = "l" }': "can be read",
    '{ expect.letters = ["l"] }': "can be read",
    '{ expect_no.waiting = "helo" }': "can be read",
    '{ expect_no.escalated = "handlers" }': "can be read",
    '{ expect_no.operation = "send-mesage" }': "can be read",
    '{ expect_no.ran = "s_aa" }': "can be read",
    '{ expect_no.incident = "q" }': "can be read",
    '{ expect_no.end = "q" }': "can be read",
}


@pytest.mark.parametrize("step", FAILING)
def test_what_does_not_hold_fails(live: Live, step: str) -> None:
    """Each kind, where it does not hold: no expectation can be met by accident, and a wrong one never stops the others."""
    found = failure(live(BEGIN + step + "]\n"))
    assert FAILING[step] in found.expected
    assert (found.file, found.line) == ("tests/t.toml", 6)


def test_a_failure_says_where_what_and_what_was_there(live: Live) -> None:
    """File, line, step, what was expected, and the state of things: enough to see why without running it again."""
    report = live(BEGIN + '  { complete = "a" },\n  { expect.task = "x" },\n]\n')
    assert str(failure(report)).splitlines() == [
        "tests/t.toml:7: n, step 2: expect",
        "  expected  an open task 'x'",
        "  there     2026-03-02 10:00 UTC; state active",
        "            open tasks: b (decider)",
        "            letters: none",
    ]


def test_time_is_told_in_the_zone_of_the_calendar(live: Live) -> None:
    """In summer, ten o'clock in London is nine UTC; a zone in the file is taken as it is."""
    summer = '[[scenario]]\nat = {}\nstart = {{ process = "p" }}\nsteps = [{{ expect.tasks = [] }}]\n'
    report = live(summer.format("2026-07-01T10:00:00") + summer.format("2026-07-01T10:00:00+05:00"))
    told = [result.failure.there[0][:20] for result in report.results if result.failure]
    assert told == ["2026-07-01 09:00 UTC", "2026-07-01 05:00 UTC"]


def test_time_passes_in_working_days_and_iso_lengths(live: Live) -> None:
    """Wednesday's close is two working days after Monday's, and time that is only half up fires no timer."""
    text = (
        AT
        + """[[scenario]]
steps = [
  { signal = "alarm", expect.waiting = { timer = "pause", due = 2026-03-04T10:00:00 }, expect_no.waiting = { timer = "begun" } },
  { after = "PT47H", expect.tasks = [] },
  { after = "PT1H", expect.tasks = ["v"] },
]
[[scenario]]
steps = [
  { signal = "alarm" },
  { after = "1 working day", expect.tasks = [] },
  { after = "1 working day", expect.tasks = ["v"] },
  { at = 2026-03-10T09:00:00, expect.state = "active" },
]
"""
    )
    report = live(text)
    assert [str(result.failure) for result in report.failed] == []
    assert report.runs["pause"] == 2


def test_a_message_can_begin_it(live: Live) -> None:
    """Without file and start, the first message makes the instance that the rest is about."""
    report = live(AT + '[[scenario]]\nsteps = [{ message = "go", with = { x = 1 }, expect.tasks = ["u"], expect.variable.x = 1 }]\n')
    assert [str(result.failure) for result in report.failed] == []


def test_before_anything_has_begun_nothing_can_be_expected(live: Live) -> None:
    """The sentence says how to begin."""
    found = failure(live(AT + '[[scenario]]\nsteps = [{ expect.state = "active" }]\n'))
    assert found.there[0].startswith("Nothing has begun yet")


def test_nothing_of_a_plugin_is_carried_out(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a plugin would do to the world stays an open task, even where it is installed."""
    ran: list[str] = []

    class Outside(Operation):
        type = "outside-thing"
        title = "Reach outside"

        def run(self, inputs: dict[str, Any], context: OperationContext) -> None:
            ran.append(context.element_id)

    monkeypatch.setattr("amends.engine.api.operations", lambda: {"outside-thing": Outside})
    report = live(BEGIN + TO_X + '{ complete = "x", expect.waiting = "hello" }]\n')
    assert [str(result.failure) for result in report.failed] == []
    assert ran == []


def test_one_scenario_knows_nothing_of_another(live: Live) -> None:
    """Each has a world of its own: the same key, the same people, another time."""
    one = BEGIN.removeprefix(AT) + '{ complete = "a" }, { expect.tasks = ["b"] }]\n'
    report = live(AT + one + one)
    assert [result.passed for result in report.results] == [True, True]
    assert report.runs["a"] == 2


def test_an_incident_nobody_expects_fails(tmp_path: Path, live: Live) -> None:
    """What is stuck must never pass unseen, whatever else holds."""
    stuck = element("startEvent", "s2") + element("exclusiveGateway", "g") + element("endEvent", "e2") + flows("s2>g", "g>e2: n > 5")
    (tmp_path / "stuck.bpmn").write_text(HEAD.format(process(stuck, "stuck")), encoding="utf-8")
    begin = AT + '[[scenario]]\nstart = { process = "stuck", with = { n = 1 } }\n'
    found = failure(live(begin + 'steps = [{ expect.state = "incident" }]\n'))
    assert found.expected == "no incident, for no step expects one"
    assert any("incident at g" in text for text in found.there)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('people = { ann = "handlr" }', "ann cannot hold a role that nobody knows. The package has no role 'handlr'. Is 'handler' meant?"),
        ('settings = { limt = "P1D" }', "The package has no setting 'limt'. Is 'limit' meant?"),
    ],
)
def test_people_and_settings_are_the_package_s(live: Live, tmp_path: Path, line: str, told: str) -> None:
    """A slip in a name would change nothing, and nobody would see it."""
    manifest = tmp_path / "package.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8") + '[settings]\nlimit = "P2D"\n', encoding="utf-8")
    begin = BEGIN.replace("steps = [", f"{line}\nsteps = [")
    assert failure(live(begin + '{ expect.task = "a" }]\n')).there == (told,)


@pytest.mark.parametrize("name", ["Ann", "Änne Müller", "a:b c", "x" * 300, "名前"])
def test_people_may_have_any_name(live: Live, name: str) -> None:
    """And two names are two people, however alike they look."""
    begin = BEGIN.replace("steps = [", f'people = {{ "{name}" = "handler", "{name.casefold()} " = "decider" }}\nsteps = [')
    report = live(begin + f'{{ complete = "a", as = "{name}" }}, {{ complete = "b", as = "{name.casefold()} " }}]\n')
    assert [str(result.failure) for result in report.failed] == []


def test_broken_files_are_results_that_failed(live: Live) -> None:
    """A test that cannot be read has not passed."""
    assert [result.passed for result in live("nonsense = 1\n").results] == [False]


def test_a_package_that_cannot_be_deployed_is_refused(tmp_path: Path, live: Live) -> None:
    """With all that is wrong with it; there is nothing to live through."""
    (tmp_path / "wrong.bpmn").write_text(HEAD.format(process(element("startEvent", "z") + flows("z>nowhere"), "w")), encoding="utf-8")
    with pytest.raises(CheckFailed):
        live(BEGIN + '{ complete = "a" }]\n')
