"""A process that calls itself on every way through it is found, alone or in a circle with others; one that may end is not."""

from __future__ import annotations

from typing import Any

import pytest

from amends.engine.definitions import read_package
from amends.engine.definitions.check_calls import EndlessCalls
from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.model import Scope

MANIFEST = b'[package]\nname = "a"\nversion = "1"\n'
TIMER = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"


def call(process: str, element_id: str = "c", inside: str = "", binding: str = "") -> str:
    called = f'<zeebe:calledElement processId="{process}" {binding}/>'
    return f'<callActivity id="{element_id}"><extensionElements>{called}</extensionElements>{inside}</callActivity>'


def straight(build: Any, *elements: str) -> str:
    """Start, these elements, which are a, b, … or have ids of their own, end."""
    names = [element.split('id="', 1)[1].split('"', 1)[0] for element in elements]
    return f'<startEvent id="s"/>{"".join(elements)}<endEvent id="e"/>{build.path("s", *names, "e")}'


def said(found: Any, build: Any, **processes: str) -> list[tuple[str, str, str]]:
    files = {f"{name}.bpmn": build.draw(content, process=name) for name, content in processes.items()}
    problems = found({"package.toml": MANIFEST, **files})
    return [(one.file, one.element_id, one.severity) for one in problems if one.code == "endless-call"]


def test_a_process_that_always_calls_itself_never_ends(found: Any, build: Any) -> None:
    """An error where nothing in it waits, for an incident stops it at once; a warning where it goes on for ever."""
    assert said(found, build, p=straight(build, call("p"))) == [("p.bpmn", "c", "error")]
    assert said(found, build, p=straight(build, call("=&quot;p&quot;"))) == [("p.bpmn", "c", "error")]
    assert said(found, build, p=straight(build, '<userTask id="t"/>', call("p"))) == [("p.bpmn", "c", "warning")]
    (alone,) = [one for one in found(build.draw(straight(build, call("p")))) if one.code == "endless-call"]
    assert alone.severity == "error" and "'p'" in alone.message


JOB = "<extensionElements><zeebe:taskDefinition type='x'/></extensionElements>"
LISTENER = (
    "<extensionElements><zeebe:executionListeners><zeebe:executionListener eventType='start' type='x'/></zeebe:executionListeners>"
    "</extensionElements>"
)


@pytest.mark.parametrize(
    "waiting",
    [
        f'<businessRuleTask id="w">{JOB}</businessRuleTask>',
        f'<scriptTask id="w">{JOB}</scriptTask>',
        f'<intermediateThrowEvent id="w">{JOB}<messageEventDefinition/></intermediateThrowEvent>',
        f'<intermediateThrowEvent id="w"><messageEventDefinition>{JOB}</messageEventDefinition></intermediateThrowEvent>',
        f'<task id="w">{LISTENER}</task>',
        f'<intermediateThrowEvent id="w">{LISTENER}</intermediateThrowEvent>',
        '<adHocSubProcess id="w"><task id="v"/></adHocSubProcess>',
    ],
)
def test_a_job_is_waited_for_wherever_it_stands(found: Any, build: Any, waiting: str) -> None:
    """It takes its time, and may throw an error that a caller catches: so that the call comes again and again is a warning."""
    assert said(found, build, p=straight(build, waiting, call("p"))) == [("p.bpmn", "c", "warning")]
    plain = waiting.replace(JOB, "").replace(LISTENER, "").replace("adHocSubProcess", "subProcess")
    assert said(found, build, p=straight(build, plain, call("p"))) == [("p.bpmn", "c", "error")]


def test_so_do_processes_that_call_one_another(found: Any, build: Any) -> None:
    """Each of the circle is told its call; one that only calls into it is not."""
    files = {"p": straight(build, call("q")), "q": straight(build, call("r", "d")), "r": straight(build, call("q", "f"))}
    assert said(found, build, **files) == [("q.bpmn", "d", "error"), ("r.bpmn", "f", "error")]


def subprocess(build: Any, inside: str, more: str = "") -> str:
    return f'<subProcess id="u"><startEvent id="us"/>{inside}<endEvent id="ue"/>{build.path("us", "c", "ue")}{more}</subProcess>'


def test_also_within_a_subprocess_and_before_every_end(found: Any, build: Any) -> None:
    """Wherever the call stands: no way from the start leads to an end."""
    assert said(found, build, p=straight(build, subprocess(build, call("p")))) == [("p.bpmn", "c", "error")]
    both = f'<startEvent id="s"/><exclusiveGateway id="g" default="g-d"/>{call("p")}{call("p", "d")}<endEvent id="e"/>'
    both += build.path("s", "g") + build.flow("g", "c", "=x") + build.path("g", "d") + build.path("c", "e") + build.path("d", "e")
    assert [where for _, where, _ in said(found, build, p=both)] in (["c"], ["d"])


def may_end(build: Any) -> dict[str, str]:
    """Processes that call themselves and have, or may have, a way to end."""
    choice = f'<startEvent id="s"/><exclusiveGateway id="g" default="g-e"/>{call("p")}<endEvent id="e"/>'
    choice += build.path("s", "g", "e") + build.flow("g", "c", "=more") + build.path("c", "e")
    boundary = f'<boundaryEvent id="b" attachedToRef="c">{TIMER}</boundaryEvent>' + build.path("b", "e")
    listed = (
        '<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics inputCollection="=xs"/>'
        "</extensionElements></multiInstanceLoopCharacteristics>"
    )
    interrupting = '<subProcess id="i" triggeredByEvent="true"><startEvent id="is">{}</startEvent><endEvent id="ie"/>{}</subProcess>'
    event = interrupting.format(TIMER, build.path("is", "ie"))
    thrown = '<intermediateThrowEvent id="l"><linkEventDefinition name="n"/></intermediateThrowEvent>'
    caught = '<intermediateCatchEvent id="k"><linkEventDefinition name="n"/></intermediateCatchEvent>'
    linked = f'<startEvent id="s"/><exclusiveGateway id="g" default="g-l"/>{thrown}{caught}{call("p")}<endEvent id="e"/>'
    linked += build.path("s", "g", "l") + build.path("k", "e") + build.flow("g", "c", "=more") + build.path("c", "e")
    return {
        "a choice": choice,
        "a way over a link": linked,
        "a boundary event": straight(build, call("p")) + boundary,
        "a boundary event around it": straight(build, subprocess(build, call("p"))) + boundary.replace('"c"', '"u"'),
        "an event subprocess": straight(build, call("p")) + event,
        "a list that may be empty": straight(build, call("p", inside=listed)),
        "a computed process": straight(build, call("=which")),
        "a process of elsewhere": straight(build, call("other")),
        "another version": straight(build, call("p", binding='bindingType="versionTag" versionTag="old"')),
        "an event subprocess that calls": straight(build, '<userTask id="t"/>')
        + interrupting.replace("<endEvent", call("p") + "<endEvent").format(TIMER, build.path("is", "c", "ie")),
    }


@pytest.mark.parametrize(
    "case", ["a choice", "a way over a link", "a boundary event", "a boundary event around it", "an event subprocess",
             "a list that may be empty",
             "a computed process", "a process of elsewhere", "another version", "an event subprocess that calls"],
)  # fmt: skip
def test_one_that_may_end_is_not_said(found: Any, build: Any, case: str) -> None:
    """A way past the call, an event beside it, no call at all, or one nobody can look into."""
    assert said(found, build, p=may_end(build)[case]) == []


def test_a_loop_without_an_exit_is_said_as_that(found: Any, build: Any) -> None:
    """And not as a call, for it would not end either if the call did."""
    loop = f'<startEvent id="s"/>{call("p")}<userTask id="t"/>' + build.path("s", "c", "t", "c")
    codes = {one.code for one in found(build.draw(loop))}
    assert "endless-loop" in codes and "endless-call" not in codes


def test_long_chains_of_calls_are_looked_through_in_time(found: Any, build: Any) -> None:
    """Five hundred processes, each of which calls the next, and the last the first, or nobody."""
    for last, expected in ((straight(build, call("p0")), 500), (straight(build, '<task id="t"/>'), 0)):
        files = {f"p{number}": straight(build, call(f"p{number + 1}")) for number in range(499)}
        assert len(said(found, build, **files, p499=last)) == expected


def test_a_process_that_calls_many_is_walked_through_once(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the same one many times, and whichever comes to its end first: no element is looked at for each of the calls."""
    one_by_one = straight(build, *(call(f"q{number}", f"c{number}") for number in range(50)), call("p", "z"))
    again = straight(build, *(call("q0", f"c{number}") for number in range(50)), call("p", "z"))
    chain = {f"q{number}": straight(build, call(f"q{number + 1}")) for number in range(49)}
    looked: list[str] = []
    before: Any = Scope.outgoing
    monkeypatch.setattr(Scope, "outgoing", lambda scope, name: looked.append(name) or before(scope, name))
    for processes in ({"p": one_by_one, **chain}, {**chain, "p": one_by_one}, {"p": again, **chain}):
        files = {f"{name}.bpmn": build.draw(content, process=name) for name, content in processes.items()}
        files["q49.bpmn"] = build.draw(straight(build, '<task id="t"/>'), process="q49")
        known = read_package({"package.toml": MANIFEST, **files}).processes.values()
        looked.clear()
        assert EndlessCalls(known, Expressions()).circle("p") == ["p"]
        assert len(looked) < 2 * sum(len(process.elements) for process in known)
