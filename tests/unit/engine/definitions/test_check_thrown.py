"""What a package throws and nothing around it catches is a warning that says what happens then; of a single file nothing is said."""

from __future__ import annotations

from typing import Any

import pytest

from amends.engine.definitions.model import Scope

MANIFEST = b'[package]\nname = "a"\nversion = "1"\n'


def declared(kind: str, code: str = "late") -> str:
    return f'<{kind} id="k-{code}" name="{code}" {kind}Code="{code}"/>'


def definition(kind: str, code: str | None = "late") -> str:
    return f'<{kind}EventDefinition{"" if code is None else f" {kind}Ref=" + chr(34) + f"k-{code}" + chr(34)}/>'


def throwing(build: Any, kind: str, code: str = "late") -> str:
    return f'<startEvent id="s"/><task id="t"/><endEvent id="x">{definition(kind, code)}</endEvent>{build.path("s", "t", "x")}'


def caught(kind: str, code: str | None, on: str) -> str:
    return f'<boundaryEvent id="b" attachedToRef="{on}">{definition(kind, code)}</boundaryEvent><endEvent id="be"/>'


def event_subprocess(build: Any, kind: str, code: str | None, inside: str = '<task id="it"/>', end: str = "") -> str:
    flows = build.path("is", "it", "ie")
    start = f'<startEvent id="is">{definition(kind, code)}</startEvent>'
    return f'<subProcess id="i" triggeredByEvent="true">{start}{inside}<endEvent id="ie">{end}</endEvent>{flows}</subProcess>'


def nested(build: Any, kind: str, border: str = "") -> str:
    """A throw within a subprocess."""
    inner = throwing(build, kind).replace('id="s"', 'id="us"').replace('"s-t"', '"us-t"').replace('sourceRef="s"', 'sourceRef="us"')
    border += build.path("b", "be") if border else ""
    return f'<startEvent id="s"/><subProcess id="u">{inner}</subProcess><endEvent id="e"/>{border}{build.path("s", "u", "e")}'


def calling(build: Any, border: str = "", process: str = "p") -> str:
    call = f'<callActivity id="c"><extensionElements><zeebe:calledElement processId="{process}"/></extensionElements></callActivity>'
    border += build.path("b", "be") if border else ""
    return f'<startEvent id="s"/>{call}<endEvent id="e"/>{border}{build.path("s", "c", "e")}'


def said(found: Any, build: Any, kind: str, **processes: str) -> list[Any]:
    top = declared(kind) + declared(kind, "other")
    files = {f"{name}.bpmn": build.draw(content, top, process=name) for name, content in processes.items()}
    return [one for one in found({"package.toml": MANIFEST, **files}) if one.code == "uncaught"]


@pytest.mark.parametrize("kind", ["error", "escalation"])
def test_what_nothing_catches_is_a_warning(found: Any, build: Any, kind: str) -> None:
    """At the top, within a subprocess, in a called process, and where only other codes or itself could catch it."""
    then = "becomes an incident" if kind == "error" else "goes on as if nothing"
    itself = event_subprocess(build, kind, "late", end=definition(kind))
    for processes, where in (
        ({"p": throwing(build, kind)}, "x"),
        ({"p": nested(build, kind)}, "x"),
        ({"p": nested(build, kind, caught(kind, "other", "u"))}, "x"),
        ({"p": throwing(build, kind), "q": calling(build)}, "x"),
        ({"p": throwing(build, kind), "q": calling(build, caught(kind, "other", "c"))}, "x"),
        ({"p": build.around('<task id="t"/>') + itself, "q": calling(build)}, "ie"),
    ):
        (one,) = said(found, build, kind, **processes)
        assert (one.file, one.element_id, one.severity) == ("p.bpmn", where, "warning")
        assert "'late'" in one.message and then in one.message


@pytest.mark.parametrize("kind", ["error", "escalation"])
@pytest.mark.parametrize("code", ["late", None])
def test_what_something_could_catch_is_not(found: Any, build: Any, kind: str, code: str | None) -> None:
    """By its code or by any: on the border, by an event subprocess, by one of the callers or around it, or one that may call anything."""
    for processes in (
        {"p": nested(build, kind, caught(kind, code, "u"))},
        {"p": throwing(build, kind) + event_subprocess(build, kind, code)},
        {"p": nested(build, kind) + event_subprocess(build, kind, code)},
        {"p": throwing(build, kind), "q": calling(build), "r": calling(build, caught(kind, code, "c"))},
        {"p": throwing(build, kind), "q": calling(build, ) + event_subprocess(build, kind, code)},
        {"p": throwing(build, kind), "q": calling(build), "r": calling(build, caught(kind, code, "c"), "q")},
        {"p": throwing(build, kind), "q": calling(build, caught(kind, code, "c"), "=which")},
    ):
        assert said(found, build, kind, **processes) == []


@pytest.mark.parametrize("kind", ["error", "escalation"])
def test_a_computed_code_may_be_any_that_is_caught(found: Any, build: Any, kind: str) -> None:
    """So it is only said where nothing of the kind is caught at all."""
    computed = throwing(build, kind).replace("k-late", "k-c")
    top = f'<{kind} id="k-c" name="c" {kind}Code="=which"/>{declared(kind, "other")}'
    for content, codes in ((computed, ["uncaught"]), (computed + event_subprocess(build, kind, "other"), [])):
        files = {"package.toml": MANIFEST, "p.bpmn": build.draw(content, top)}
        assert [one.code for one in found(files) if one.code == "uncaught"] == codes


def test_of_a_single_file_nobody_knows_who_calls(found: Any, build: Any) -> None:
    """Nor of what is documentation."""
    assert [one for one in found(build.draw(throwing(build, "error"), declared("error"))) if one.code == "uncaught"] == []
    drawn = build.draw(throwing(build, "error"), declared("error"), executable=False)
    assert [one for one in found({"package.toml": MANIFEST, "p.bpmn": drawn}) if one.code == "uncaught"] == []


@pytest.mark.parametrize("kind", ["error", "escalation"])
def test_another_package_may_call_what_nothing_calls_here(found: Any, build: Any, kind: str) -> None:
    """A call may be to a process of another package, so of one that this package does not call itself no more is said than is known."""
    for processes, may in (({"p": throwing(build, kind)}, True), ({"p": throwing(build, kind), "q": calling(build)}, False)):
        (one,) = said(found, build, kind, **processes)
        assert ("Unless another package that calls the process does, it" in one.message) is may


def test_a_scope_is_looked_through_once_for_all_that_it_throws(found: Any, build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many events throw in it: each is told, and what could catch it is not looked for anew."""
    looked: list[Scope] = []
    before: Any = Scope.event_subprocesses
    names = [f"x{number}" for number in range(50)]
    ends = "".join(f'<endEvent id="{name}">{definition("error")}</endEvent>' + build.flow("t", name) for name in names)
    drawn = build.draw(f'<startEvent id="s"/><task id="t"/>{build.flow("s", "t")}{ends}', declared("error"))
    monkeypatch.setattr(Scope, "event_subprocesses", property(lambda scope: looked.append(scope) or before.fget(scope)))
    problems = found({"package.toml": MANIFEST, "p.bpmn": drawn})
    assert sorted(one.element_id for one in problems if one.code == "uncaught") == sorted(names)
    assert len(looked) < len(names)
