"""Ad-hoc subprocesses: the elements of a list run, each along its flows. Saved and restored after every step."""

from __future__ import annotations

from typing import Any

from driving import HEAD, Driver, element, flows, process, timer, user

from amends.engine.definitions import check

START = element("startEvent", "s")


def ad_hoc(active: str = "chosen", condition: str = "", **attributes: str) -> str:
    done = f"<bpmn:completionCondition>={condition}</bpmn:completionCondition>" if condition else ""
    inner = user("a") + user("b") + user("b2") + user("c") + flows("b>b2")
    made = element("adHocSubProcess", "x", inner + done, ext=f'<zeebe:adHoc activeElementsCollection="={active}"/>', **attributes)
    late = element("boundaryEvent", "late", timer("timeDuration", "P1D"), attachedToRef="x")
    return process(START + made + late + user("z") + user("y") + flows("s>x", "x>z", "late>y"))


def test_the_elements_of_the_list_run_and_it_ends_with_the_last_of_them() -> None:
    """Those that are not chosen do not; what follows a chosen one does."""
    d = Driver(ad_hoc()).start(chosen=["a", "b"])
    assert d.tasks == ["a", "b"]
    assert d.complete("b").complete("a").tasks == ["b2"]
    assert d.complete("b2").tasks == ["z"]
    assert d.complete("z").state == "completed"
    assert Driver(ad_hoc()).start(chosen=[]).tasks == ["z"]


def test_its_completion_condition_ends_it_and_cancels_what_still_runs() -> None:
    """It is asked after each element."""
    d = Driver(ad_hoc(condition="enough = true")).start(chosen=["a", "b", "c"], enough=False)
    assert d.complete("a").tasks == ["b", "c"]
    assert d.complete("b", enough=True).tasks == ["z"] and d.ran("cancelled") == ["c"]


def test_a_boundary_event_ends_it_and_so_does_cancelling() -> None:
    """As any subprocess."""
    assert Driver(ad_hoc()).start(chosen=["a", "c"]).wait(days=1).tasks == ["y"]
    d = Driver(ad_hoc()).start(chosen=["a", "c"])
    d.execution.cancel_all("enough")
    assert d.run().state == "terminated"


def test_an_element_that_is_not_there_is_an_incident_that_can_be_retried() -> None:
    """Or one that a flow leads to, or no list at all."""
    for wrong in (["a", "nope"], ["b2"], "a"):
        d = Driver(ad_hoc()).start(chosen=wrong)
        assert "which is none of its elements" in d.incidents[0]
        d.execution.assign("chosen", ["c"])
        d.execution.retry(next(token for token in d.execution.all_tokens() if token.incident))
        assert d.run().tasks == ["c"]


def test_what_would_not_run_as_it_says_is_refused(tmp_path: Any) -> None:
    """Without a list it would be for people to say what runs; its outputs are not collected, its rest is not left running."""

    def codes(body: str) -> list[tuple[str, str]]:
        path = tmp_path / "x.bpmn"
        path.write_text(HEAD.format(body))
        return [(problem.code, problem.element_id) for problem in check(path) if problem.severity == "error"]

    assert codes(ad_hoc(condition="enough")) == []
    for wrong in (
        ad_hoc().replace(' activeElementsCollection="=chosen"', ""),
        ad_hoc(condition="enough", cancelRemainingInstances="false"),
        ad_hoc().replace("<zeebe:adHoc ", '<zeebe:adHoc outputCollection="r" outputElement="=1" '),
    ):
        assert codes(wrong) == [("refused", "x")]
