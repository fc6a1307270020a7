"""Running instances are moved to another version: planned, tried, then moved with all they wait for, or left as they were."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from branching import branching
from driving import HEAD, element, flows, message_definition, process, timer, user

from amends.engine import Conflict, Engine, Invalid, NotFound
from amends.engine.definitions import read_diagram
from amends.engine.definitions.check_flows import reach
from amends.engine.execution import moving
from amends.engine.operating import Migrations, Plan
from amends.engine.operating.migrating import GONE, MOVED, STOPPED, WAITING

FORK = multiprocessing.get_context("fork")


def boundary(name: str, at: str, definition: str, interrupting: bool = False) -> str:
    return element("boundaryEvent", name, definition, attachedToRef=at, cancelActivity=str(interrupting).lower())


def line(*tasks: str, more: str = "", ways: tuple[str, ...] = ()) -> str:
    """A process of user tasks, one after the other."""
    names = ["s", *tasks, "e"]
    body = element("startEvent", "s") + "".join(user(task) for task in tasks) + element("endEvent", "e")
    return process(body + more + flows(*(f"{a}>{b}" for a, b in zip(names, names[1:], strict=False)), *ways))


def deploy(engine: Engine, *bodies: str) -> str:
    """A version of the package `w`; its id."""
    return engine.deploy({"w.bpmn": HEAD.format("".join(bodies)).encode()}).id


def tasks(engine: Engine, instance: str) -> dict[str, str]:
    return {task.element_id: task.id for task in engine.user_tasks(instance)}


def complete(engine: Engine, instance: str, name: str, **variables: Any) -> None:
    engine.complete(tasks(engine, instance)[name], variables, actor="jo")


def moved(engine: Engine, plan: Plan, instance: str) -> Any:
    return Migrations(engine).move(instance, plan, actor="olga", reason="The law has changed")


def test_a_task_keeps_its_holder_and_due_time_and_goes_the_new_way(engine: Engine, clock: Any) -> None:
    """What is open stays open as it was, under its new name; what comes after it is the new version's."""
    due = '<zeebe:taskSchedule dueDate="=now() + duration(&quot;P3D&quot;)"/>'
    before = deploy(engine, process(element("startEvent", "s") + user("a", ext=due) + element("endEvent", "e") + flows("s>a", "a>e")))
    instance = engine.start("p", {"x": 1}, actor="jo")
    engine.assign(tasks(engine, instance)["a"], "hanna", actor="jo")
    [task] = engine.user_tasks(instance)
    new = line("review", "b").replace('id="review"', 'id="review" name="Review it"')
    after = deploy(engine, new)
    plan = Migrations(engine).plan("p", before, after, {"a": "review"})
    clock.move(hours=5)
    outcome = moved(engine, plan, instance)
    assert (outcome.moves, outcome.stops) == ((("a", "review"),), ())
    [same] = engine.user_tasks(instance)
    assert (same.id, same.element_id, same.name, same.assignee, same.due_at) == (task.id, "review", "Review it", "hanna", task.due_at)
    assert engine.instance(instance).deployment_id == after
    event = next(event for event in engine.history(instance) if event.kind == "migrated")
    assert (event.actor, event.data) == ("olga", {"from": before, "to": after, "renamed": {"a": "review"}})
    complete(engine, instance, "review")
    complete(engine, instance, "b")
    assert engine.instance(instance).state == "completed"
    assert engine.verify().faults == []


def test_timers_that_run_keep_their_time_new_ones_begin_and_old_ones_end(engine: Engine, clock: Any) -> None:
    """A boundary timer both versions have is due when it was; one only the new version has begins now; one it does not have is gone."""
    reminder, old = boundary("reminder", "a", timer("timeDuration", "P10D")), boundary("old", "a", timer("timeDuration", "P2D"))
    new = boundary("new", "a", timer("timeDuration", "P1D"))
    ends = element("endEvent", "x") + element("endEvent", "y")
    before = deploy(engine, line("a", more=reminder + old + ends, ways=("reminder>x", "old>y")))
    instance = engine.start("p", actor="jo")
    clock.move(days=1)
    after = deploy(engine, line("a", more=reminder + new + ends, ways=("reminder>x", "new>y")))
    outcome = moved(engine, Migrations(engine).plan("p", before, after), instance)
    assert (outcome.begun, outcome.ended) == (("new",), ("old",))
    due = {one.element_id: one.due_at for one in engine.waiting(instance)}
    assert due == {"reminder": clock() + timedelta(days=9), "new": clock() + timedelta(days=1)}
    clock.move(days=3)
    assert engine.run_due() == 1
    assert [event.element_id for event in engine.history(instance) if event.kind == "timer"] == ["new"]


def event_subprocess(name: str, definition: str, interrupting: bool = False) -> str:
    start = element("startEvent", f"{name}_s", definition, isInterrupting=str(interrupting).lower())
    return element("subProcess", name, start + user(f"{name}_told") + flows(f"{name}_s>{name}_told"), triggeredByEvent="true")


@pytest.mark.parametrize("beside", ["activity", "scope"])
def test_what_has_come_once_does_not_come_again(engine: Engine, clock: Any, beside: str) -> None:
    """A reminder that both versions have and that came before the move is over; one that only the new version has begins."""
    after_ten = timer("timeDuration", "P10D")
    old = boundary("late", "a", after_ten) + user("late_told") if beside == "activity" else event_subprocess("late", after_ten)
    new = boundary("new", "a", after_ten) + user("new_told") if beside == "activity" else event_subprocess("new", after_ten)
    ways = ("late>late_told",) if beside == "activity" else ()
    before = deploy(engine, line("a", more=old, ways=ways))
    instance = engine.start("p", actor="jo")
    clock.move(days=11)
    assert engine.run_due() == 1
    after = deploy(engine, line("a", "b", more=old + new, ways=(*ways, "new>new_told") if ways else ()))
    outcome = moved(engine, Migrations(engine).plan("p", before, after), instance)
    assert (outcome.begun, outcome.ended) == (("new",), ())
    clock.move(days=30)
    engine.run_due()
    assert sorted(tasks(engine, instance)) == ["a", "late_told", "new_told"]


def test_what_was_interrupted_is_not_interrupted_again(engine: Engine, clock: Any) -> None:
    """While the event subprocess runs that has taken the scope's place, nothing waits beside it: neither itself nor another, old or new."""
    old = event_subprocess("stop", timer("timeDuration", "P1D"), True) + event_subprocess("late", timer("timeDuration", "P5D"))
    before = deploy(engine, line("a", more=old))
    instance = engine.start("p", actor="jo")
    clock.move(days=2)
    engine.run_due()
    after = deploy(engine, line("a", "b", more=old + event_subprocess("new", timer("timeDuration", "P5D"))))
    outcome = moved(engine, Migrations(engine).plan("p", before, after), instance)
    assert (outcome.begun, outcome.stops) == ((), ())
    clock.move(days=30)
    assert engine.run_due() == 0 and list(tasks(engine, instance)) == ["stop_told"]
    complete(engine, instance, "stop_told")
    assert engine.instance(instance).state == "completed"


@pytest.mark.parametrize("beside", ["activity", "scope"])
@pytest.mark.parametrize(
    ("was", "becomes", "times"),
    [
        (("timeCycle", "R/P2D"), ("timeDuration", "P7D"), [8]),
        (("timeDuration", "P2D"), ("timeCycle", "R3/P1D"), [2, 3, 4]),
        (("timeCycle", "R/P2D"), ("timeDate", "2026-03-20T09:00:00Z"), [18]),
        (("timeDuration", "P9D"), ("timeDuration", "P1D"), [9]),
    ],
)
def test_a_time_of_another_kind_is_another_timer(
    engine: Engine, clock: Any, beside: str, was: tuple[str, str], becomes: tuple[str, str], times: list[int]
) -> None:
    """A cycle that became a duration or date ends at the move, and that begins; a duration that became a cycle goes round. Day by day."""

    def drawn(kind: str, text: str) -> str:
        if beside == "scope":
            return line("a", more=event_subprocess("r", timer(kind, text)))
        return line("a", more=boundary("r", "a", timer(kind, text)) + user("r_told"), ways=("r>r_told",))

    before = deploy(engine, drawn(*was))
    instance = engine.start("p", actor="jo")
    clock.move(days=1)
    after = deploy(engine, drawn(*becomes))
    outcome = moved(engine, Migrations(engine).plan("p", before, after), instance)
    other = was[0] != becomes[0]
    assert (outcome.begun, outcome.ended) == ((("r",), ("r",)) if other else ((), ()))
    came = []
    for day in range(2, 25):
        clock.move(days=1)
        came += [day] * engine.run_due(instance_id=instance)
    assert came == times


def test_a_message_is_still_waited_for_under_its_key(engine: Engine) -> None:
    """A subscription stays: who answers after the move reaches the instance."""
    catch = element("intermediateCatchEvent", "{}", '<bpmn:messageEventDefinition messageRef="m_hello"/>')
    bodies = [
        message_definition("hello") + process(element("startEvent", "s") + catch.format(name) + user("u") + flows(f"s>{name}", f"{name}>u"))
        for name in ("c", "d")
    ]
    before = deploy(engine, bodies[0])
    instance = engine.start("p", {"reference": "C-1"}, actor="jo")
    after = deploy(engine, bodies[1])
    assert not moved(engine, Migrations(engine).plan("p", before, after, {"c": "d"}), instance).stops
    assert engine.correlate("hello", "C-1", actor="complainant") == instance
    assert list(tasks(engine, instance)) == ["u"]
    assert [event.element_id for event in engine.history(instance) if event.kind == "message"] == ["d"]


SUB = element("subProcess", "sub", element("startEvent", "ss") + user("inner") + element("endEvent", "se") + flows("ss>inner", "inner>se"))
MANY = user("each", '<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics inputCollection="=[1,2,3]" '
            'inputElement="n"/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>')  # fmt: skip
CALL = element("callActivity", "call", ext='<zeebe:calledElement processId="q"/>')
CALLED = process(element("startEvent", "qs") + user("called") + element("endEvent", "qe") + flows("qs>called", "called>qe"), "q")
LATE = element(
    "subProcess", "late", element("startEvent", "ls", timer("timeDuration", "P5D"), isInterrupting="false") + user("told")
    + flows("ls>told"), triggeredByEvent="true",
)  # fmt: skip
EVERYTHING = process(
    element("startEvent", "s") + element("parallelGateway", "f") + SUB + MANY + CALL + user("last") + element("parallelGateway", "j") + LATE
    + element("endEvent", "e") + flows("s>f", "f>sub", "f>each", "f>call", "sub>j", "each>j", "call>j", "j>last", "last>e")
)  # fmt: skip


@pytest.mark.parametrize("done_before", range(6))
def test_a_move_to_the_same_process_changes_nothing_about_what_follows(engine: Engine, clock: Any, done_before: int) -> None:
    """Subprocesses, several instances, called processes, joins half full and event subprocesses go on from wherever they stood."""
    before = deploy(engine, EVERYTHING, CALLED)
    after = deploy(engine, EVERYTHING.replace('id="last"', 'id="last" name="The last one"'), CALLED)
    paths = []
    for move in (False, True):
        instance = engine.start("p", actor="jo", deployment_id=before)
        works = ["inner", "each", "each", "called", "each"]
        for number, name in enumerate(works):
            if move and number == done_before:
                assert not moved(engine, Migrations(engine).plan("p", before, after), instance).stops
            complete(engine, instance, name)
        if move and done_before == len(works):
            assert not moved(engine, Migrations(engine).plan("p", before, after), instance).stops
        clock.move(days=6)
        engine.run_due(instance_id=instance)
        complete(engine, instance, "told")
        complete(engine, instance, "last")
        assert engine.instance(instance).state == "completed"
        kinds = ("completed", "timer", "ended")
        paths.append(Counter((event.kind, event.element_id) for event in engine.history(instance) if event.kind in kinds))
    assert paths[0] == paths[1]


SERVICE = element("serviceTask", "b", ext='<zeebe:taskDefinition type="t"/>')


@pytest.mark.parametrize(
    ("old", "new", "mapping", "told"),
    [
        (line("a"), line("b"), {}, "It stands at “a” (a), which the new version does not have. Say to which element it goes."),
        (line("a"), process(element("startEvent", "s") + SERVICE + element("endEvent", "e") + flows("s>b", "b>e")), {"a": "b"},
         "It stands at “a” (a) and cannot go to b: that is a serviceTask, not a userTask."),
        (line("a"), process(element("startEvent", "s") + SUB.replace("inner", "a") + flows("s>sub")), {},
         "It stands at “a” (a), which the new version does not have. Say to which element it goes."),
        (process(element("startEvent", "s") + MANY + flows("s>each")), line("each"), {},
         "It stands at “each” (each) and cannot go to each: only one of them is done several times, or they are in different ways."),
    ],
)  # fmt: skip
def test_what_stops_an_instance_is_said_and_nothing_is_changed(
    engine: Engine, old: str, new: str, mapping: dict[str, str], told: str
) -> None:
    """The trial run and the move say the same, by element; the instance stays on its version, its history as it was."""
    before = deploy(engine, old)
    instance = engine.start("p", actor="jo")
    after = deploy(engine, new)
    plan = Migrations(engine).plan("p", before, after, mapping)
    history = engine.history(instance)
    [tried] = Migrations(engine).preview(plan)
    outcome = moved(engine, plan, instance)
    assert [str(stop) for stop in outcome.stops] == [str(stop) for stop in tried.stops] == [told]
    assert (engine.instance(instance).deployment_id, engine.history(instance)) == (before, history)


def test_a_half_full_join_waits_for_branches_the_new_version_has(engine: Engine) -> None:
    """A token that waits in a join came by a flow; where that does not lead there any more, the instance cannot be moved."""
    fork = element("startEvent", "s") + element("parallelGateway", "f") + user("a") + user("b") + element("parallelGateway", "j")
    ways = ("s>f", "f>a", "f>b", "b>j")
    before = deploy(engine, process(fork + user("z") + flows(*ways, "a>j", "j>z")))
    instance = engine.start("p", actor="jo")
    complete(engine, instance, "a")
    after = deploy(engine, process(fork + user("c") + user("z") + flows(*ways, "a>c", "c>j", "j>z")))
    [stop] = moved(engine, Migrations(engine).plan("p", before, after), instance).stops
    assert (stop.element_id, "came by the flow a_j" in stop.message) == ("j", True)


def test_held_up_and_suspended_instances_are_moved_as_well(engine: Engine) -> None:
    """An incident goes along and is put right by the new version; a suspended instance stays suspended."""
    parts = element("startEvent", "s") + user("a") + element("exclusiveGateway", "g") + element("endEvent", "x")
    before = deploy(engine, process(parts + flows("s>a", "a>g", "g>x: missing > 1")))
    held, resting = engine.start("p", actor="jo"), engine.start("p", actor="jo")
    complete(engine, held, "a")
    assert engine.instance(held).state == "incident"
    engine.suspend(resting, reason="a pause", actor="olga")
    after = deploy(engine, process(parts + flows("s>a", "a>g", "g>x")))
    plan = Migrations(engine).plan("p", before, after)
    assert [moved(engine, plan, one).stops for one in (held, resting)] == [(), ()]
    [incident] = engine.instance(held).incidents
    engine.retry_incident(incident.id, actor="olga")
    assert [engine.instance(one).state for one in (held, resting)] == ["completed", "suspended"]
    engine.resume(resting, reason="on", actor="olga")
    complete(engine, resting, "a")
    assert engine.instance(resting).state == "completed"


def test_a_plan_says_what_has_no_place_and_refuses_what_is_not_there(engine: Engine) -> None:
    """Elements without a counterpart are listed; a mapping of what is in neither version, the same version, or no process is refused."""
    before, after = deploy(engine, line("a", "b")), deploy(engine, line("b", "c"))
    migrations = Migrations(engine)
    assert [one.id for one in migrations.plan("p", before, after).unmapped] == ["a"]
    with pytest.raises(Invalid, match="'q' is no element of the version that is left; 'r' is no element of the version to move to"):
        migrations.plan("p", before, after, {"q": "b", "a": "r"})
    with pytest.raises(Invalid, match="same version"):
        migrations.plan("p", before, before)
    with pytest.raises(NotFound, match="no process 'nothing'"):
        migrations.plan("nothing", before, after)
    with pytest.raises(Invalid, match="Say why"):
        migrations.begin(migrations.plan("p", before, after), actor="olga", reason=" ")


def test_an_instance_that_ended_or_was_moved_already_is_a_conflict(engine: Engine) -> None:
    """Nothing is changed, and the text says which it is."""
    before, after = deploy(engine, line("a")), deploy(engine, line("a", "b"))
    plan = Migrations(engine).plan("p", before, after)
    ended, twice = (engine.start("p", actor="jo", deployment_id=before) for _ in range(2))
    complete(engine, ended, "a")
    with pytest.raises(Conflict, match="has ended"):
        moved(engine, plan, ended)
    moved(engine, plan, twice)
    with pytest.raises(Conflict, match="not on the version that is to be left"):
        moved(engine, plan, twice)


def test_a_batch_is_interrupted_and_gone_on_with(engine: Engine) -> None:
    """Each instance is moved once; what is stopped is named, what ended meanwhile is gone, and both can be seen."""
    before, after = deploy(engine, line("a", "b")), deploy(engine, line("a", "c"))
    instances = [engine.start("p", actor="jo", deployment_id=before) for _ in range(7)]
    complete(engine, instances[2], "a")  # stands at b, which is no more
    migrations = Migrations(engine)
    batch = migrations.begin(migrations.plan("p", before, after), actor="olga", reason="A new step")
    later = engine.start("p", actor="jo", deployment_id=before)
    for name in ("a", "b"):
        complete(engine, instances[6], name)
    turns = itertools.chain([False, False, False], itertools.repeat(True))
    part = migrations.run(batch, stopping=lambda: next(turns))
    assert (part.done, part.counts[WAITING]) == (False, 5)
    whole = migrations.run(batch)
    assert whole.done and whole.counts == {MOVED: 5, STOPPED: 1, GONE: 1}
    assert whole.problems == ((instances[2], "It stands at “b” (b), which the new version does not have. Say to which element it goes."),)
    assert engine.instance(later).deployment_id == before, "who was not there when it began is not part of it"
    for instance in instances[:2]:
        assert [event.kind for event in engine.history(instance)].count("migrated") == 1
    assert migrations.run(batch, again=True).counts == whole.counts
    assert migrations.batches() == [migrations.progress(batch)]
    assert engine.verify().faults == []


def going_on(url: str, batch: str) -> None:
    engine = Engine(url)
    Migrations(engine).run(batch)
    engine.close()


def test_a_batch_whose_process_is_killed_loses_and_doubles_nothing(database_url: str, bpmn: Callable[..., Path]) -> None:
    """SIGKILL in the midst, three times: run again, every instance is moved, once."""
    engine = Engine(database_url)
    before, after = deploy(engine, line("a")), deploy(engine, line("a", "b"))
    instances = [engine.start("p", actor="jo", deployment_id=before) for _ in range(120)]
    migrations = Migrations(engine)
    batch = migrations.begin(migrations.plan("p", before, after), actor="olga", reason="A new step")
    engine.close()
    for _ in range(3):
        runner = FORK.Process(target=going_on, args=(database_url, batch))
        runner.start()
        time.sleep(0.35)
        os.kill(runner.pid or 0, signal.SIGKILL)
        runner.join(30)
    engine = Engine(database_url)
    assert Migrations(engine).run(batch).counts == {MOVED: 120}
    for instance in instances:
        assert [event.kind for event in engine.history(instance)].count("migrated") == 1
    assert engine.verify().faults == []
    engine.close()


def test_who_did_what_is_known_after_a_move(engine: Engine) -> None:
    """A task that must not be done by who did an earlier one keeps to that, though the earlier one has another name now."""
    apart = '<zeebe:properties><zeebe:property name="not_done_by" value="{}"/></zeebe:properties>'
    parts = element("startEvent", "s") + user("a") + user("b", ext=apart.format("a")) + element("endEvent", "e")
    old = process(parts + flows("s>a", "a>b", "b>e"))
    before = deploy(engine, old)
    instance = engine.start("p", actor="jo")
    complete(engine, instance, "a")
    after = deploy(engine, old.replace('"a"', '"first"').replace("s_a", "s_first").replace("a_b", "first_b"))
    assert not moved(engine, Migrations(engine).plan("p", before, after, {"a": "first"}), instance).stops
    with pytest.raises(Exception, match="must not do 'b' as well"):
        complete(engine, instance, "b")


BEGIN = element("startEvent", "s") + element("parallelGateway", "f") + element("endEvent", "e")
JOIN = element("parallelGateway", "j")
WIDE = user("a") + user("b") + user("z")
SPLIT = ("s>f", "f>a", "f>b", "b>j", "a>j", "j>z", "z>e")
ALONE, IN_TURN = line("a"), line("a", "b", "z")
BOTH = process(BEGIN + JOIN + WIDE + flows(*SPLIT))
THREE = process(BEGIN + JOIN + WIDE + user("c") + flows(*SPLIT, "f>c", "c>j"))
NO_JOIN = process(BEGIN + WIDE + flows("s>f", "f>a", "f>b", "a>e", "b>z", "z>e"))
NARROW = process(BEGIN + JOIN + WIDE + flows("s>f", "f>a", "f>b", "a>j", "j>z", "z>e", "b>e"))
REMINDED = process(BEGIN + JOIN + WIDE + user("c") + boundary("late", "a", timer("timeDuration", "P1D")) + flows(*SPLIT, "late>c", "c>e"))
WAITS = (
    "“j” (j) of the new version would wait for ever: there may be no token that comes to it by way of “{0}” ({0}). "
    "Let it go on until it is past that join, or to its end."
)
TWICE = ", which never happens in the new version: what follows would be done twice. Let one of the two be done before."
MOVES: dict[str, tuple[str, str, str, dict[str, str], list[str]]] = {
    "a branch is drawn beside what is being done": (ALONE, "", BOTH, {}, [WAITS.format("b")]),
    "what was done first is a branch now": (IN_TURN, "a", BOTH, {}, [WAITS.format("a")]),
    "a third branch, with both being done": (BOTH, "", THREE, {}, [WAITS.format("c")]),
    "a third branch, and one waits at the join": (BOTH, "a", THREE, {}, [WAITS.format("c")]),
    "a third branch, and the join is behind": (BOTH, "ab", THREE, {}, []),
    "a join behind a branch that has ended": (NO_JOIN, "a", BOTH, {}, [WAITS.format("a")]),
    "a join behind both branches": (NO_JOIN, "", BOTH, {}, []),
    "a join, and what comes behind it is being done": (NO_JOIN, "ab", BOTH, {}, []),
    "the join is taken out": (BOTH, "", NO_JOIN, {}, []),
    "one after the other": (BOTH, "", IN_TURN, {}, ["It would stand at “a” (a) and “b” (b) at once" + TWICE]),
    "both at one": (BOTH, "", IN_TURN, {"a": "b"}, ["Two of its tokens would stand at “b” (b)" + TWICE]),
    "behind one another": (NO_JOIN, "b", IN_TURN, {}, ["It would stand at “a” (a) and “z” (z) at once" + TWICE]),
    "the join has all it needs now": (BOTH, "a", NARROW, {}, []),
    "a boundary event, while its activity is done": (BOTH, "b", REMINDED, {}, []),
}


def test_what_a_join_of_the_new_version_cannot_let_through_is_not_moved(engine: Engine) -> None:
    """Tokens too few for a join, or too many for a way, stop the instance in the trial as in the move; all others come to their end."""
    for name, (old, done, new, mapping, told) in MOVES.items():
        before = deploy(engine, old)
        instance = engine.start("p", actor="jo")
        for one in done:
            complete(engine, instance, one)
        plan = Migrations(engine).plan("p", before, deploy(engine, new), mapping)
        [tried] = [outcome for outcome in Migrations(engine).preview(plan) if outcome.instance_id == instance]
        outcome = moved(engine, plan, instance)
        assert [str(stop) for stop in outcome.stops] == [str(stop) for stop in tried.stops] == told, name
        if told:
            continue
        for one in "abcz":
            if one in tasks(engine, instance):
                complete(engine, instance, one)
        ended = Counter(event.element_id for event in engine.history(instance) if event.kind == "completed" and event.element_id in "abcz")
        assert (engine.instance(instance).state, max(ended.values())) == ("completed", 1), name


SPOKEN = '<bpmn:signal id="S" name="more"/>' + message_definition("more", "=k")
AGAIN = {
    "cycle": timer("timeCycle", "R5/P1D"),
    "signal": '<bpmn:signalEventDefinition signalRef="S"/>',
    "message": '<bpmn:messageEventDefinition messageRef="m_more"/>',
    "once": timer("timeDuration", "P1D"),
}


@pytest.mark.parametrize("kind", AGAIN)
def test_what_a_boundary_event_began_twice_is_moved_where_it_can_happen_twice(engine: Engine, clock: Any, kind: str) -> None:
    """Two reminders at one task, or one ahead of the other, are as they would be in the new version, unless it reminds but once."""
    happens = AGAIN["cycle" if kind == "once" else kind]

    def version(again: str, more: str, *ways: str) -> str:
        body = element("startEvent", "s") + "".join(map(user, ("a", "r1", "r2"))) + element("endEvent", "e") + boundary("b", "a", again)
        return deploy(engine, SPOKEN + process(body + more + flows("s>a", "a>e", "b>r1", "r1>r2", *ways)))

    before = version(happens, "", "r2>e")
    after = version(AGAIN[kind], user("n"), "r2>n", "n>e")
    for ahead in (False, True):
        instance = engine.start("p", {"k": "1"}, actor="jo", deployment_id=before)
        for number in range(2):
            if kind == "signal":
                engine.signal("more", {}, actor="jo")
            elif kind == "message":
                engine.correlate("more", "1", {}, actor="jo")
            else:
                clock.move(days=1, seconds=1)
            engine.run_due(instance_id=instance)
            if ahead and not number:
                complete(engine, instance, "r1")
        open_tasks = sorted(task.element_id for task in engine.user_tasks(instance))
        assert open_tasks == ["a", "r1", "r2" if ahead else "r1"]
        outcome = moved(engine, Migrations(engine).plan("p", before, after), instance)
        told = ["It would stand at “r1” (r1) and “r2” (r2) at once" if ahead else "Two of its tokens would stand at “r1” (r1)"]
        assert [str(stop) for stop in outcome.stops] == ([one + TWICE for one in told] if kind == "once" else [])
        while open_now := engine.user_tasks(instance):
            engine.complete(open_now[0].id, {}, actor="jo")
        assert engine.instance(instance).state == "completed"
        ended = Counter(event.element_id for event in engine.history(instance) if event.kind == "completed")
        assert (ended["r2"], ended["n"]) == (2, 0 if kind == "once" else 2)


def comes_through(engine: Engine, clock: Any, instance: str, dice: random.Random, again: set[str]) -> bool:
    """Whether an instance comes to its end when its tasks are completed as they come, none twice but those that may be done `again`."""
    done: Counter[str] = Counter()
    for _ in range(40):
        open_tasks = engine.user_tasks(instance)
        if open_tasks:
            task = dice.choice(open_tasks)
            done[task.element_id] += task.element_id not in again
            engine.complete(task.id, {}, actor="jo")
        elif engine.instance(instance).state == "active":
            clock.move(days=1)
            engine.run_due(instance_id=instance)
    return engine.instance(instance).state == "completed" and max(done.values(), default=0) < 2


def begun_again(body: str) -> set[str]:
    """What boundary events lead to that happen again and again."""
    [drawn] = read_diagram(HEAD.format(body).encode(), "w.bpmn").processes
    reached = [(scope, name) for scope in drawn.scopes() for name in reach(scope, [at for at in scope.elements if at.startswith("again")])]
    inside = [inner.id for scope, name in reached if (sub := scope.elements[name].scope) is not None for inner in sub.all_elements()]
    return {*inside, *(name for _, name in reached)}


def test_what_is_moved_comes_through_and_what_is_stopped_would_not(tmp_path: Path, clock: Any, monkeypatch: Any) -> None:
    """Instances of random processes, moved to other random processes: those let through end well, those a join stops would not have."""
    dice = random.Random(10002)
    engine = Engine(f"sqlite:///{tmp_path}/moved.db", clock=clock)
    came: Counter[bool] = Counter()
    for _ in range(170):
        before = deploy(engine, branching(dice))
        instance = engine.start("p", {"c1": dice.random() < 0.5, "c2": dice.random() < 0.5}, actor="jo", deployment_id=before)
        for _ in range(dice.randint(0, 2)):
            clock.move(seconds=2)
            engine.run_due(instance_id=instance)
        for task in engine.user_tasks(instance)[: dice.randint(0, 4)]:
            engine.complete(task.id, {}, actor="jo")
        body = branching(dice)
        after = deploy(engine, body)
        if engine.instance(instance).state != "active" or before == after:
            continue
        plan = Migrations(engine).plan("p", before, after)
        stops = moved(engine, plan, instance).stops
        if stops:
            with monkeypatch.context() as without:
                without.setattr(moving._Mover, "goes_on", lambda *_: None)
                if moved(engine, plan, instance).stops:
                    continue  # for another reason
        assert comes_through(engine, clock, instance, dice, begun_again(body)) == (not stops), stops
        came[bool(stops)] += 1
    engine.close()
    assert min(came[True], came[False]) > 5
