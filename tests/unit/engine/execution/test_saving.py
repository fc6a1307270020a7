"""Saving and restoring at every wait of every diagram there is changes nothing about what follows.

The diagrams that tests draw in a few lines are held against a twin that is never saved by the driver itself, at every step of every
test. Here are those that are files: the shipped packages, those of the tests, and the public interchange models beside the checkout.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from driving import Driver

from amends.engine.calendars import Calendar, feel_functions
from amends.engine.definitions.model import Process
from amends.engine.definitions.reader import read_diagram
from amends.engine.execution import Decided, Fault, compile_process

WEEK = {"name": "default", "timezone": "UTC", "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
CALENDARS = {"default": Calendar.from_data(WEEK)}
MOST_STEPS = 40
GIVEN = (True, False, None, 1, Decimal("2.5"), "yes", "", [1, 2], {"a": 1})


def processes(folders: list[Path]) -> Iterator[tuple[str, dict[str, Process], str]]:
    """Each process of each diagram, with those that lie beside it."""
    for path in sorted(path for folder in folders for path in folder.rglob("*.bpmn")):
        beside = {each.id: each for other in path.parent.glob("*.bpmn") for each in read_diagram(other.read_bytes(), other.name).processes}
        for process in read_diagram(path.read_bytes(), path.name).processes:
            yield str(path), {**beside, process.id: process}, process.id


def specs_of(known: dict[str, Process]) -> dict[str, Any]:
    """Those that can be compiled."""
    specs = {}
    for name, process in known.items():
        try:
            specs[name] = compile_process(process)
        except Fault:
            continue
    return specs


def lived_through(specs: dict[str, Any], process_id: str, dice: random.Random) -> int:
    """Do whatever is open, with whatever values, let time pass, retry what fails; how often it waited."""
    d = Driver.of(
        specs, process_id, functions=feel_functions(CALENDARS, "default"), calendars=CALENDARS, constants={"settings": {}},
        decide=lambda name, context: Decided(dice_of(name), {}),
    )  # fmt: skip
    names = sorted({name for spec in specs.values() for name in names_read(spec.scope)})
    d.start(**{name: dice.choice(GIVEN) for name in names if dice.random() < 0.7})
    for step in range(MOST_STEPS):
        if d.execution.ended is not None:
            return step
        assert any(not token.passive for token in d.execution.all_tokens()), "active, with nothing active in it"
        go_on(d, dice, names)
        if any("steps without waiting" in incident for incident in d.incidents):
            break  # a loop of what only passes through: each retry would go round as often again
    d.execution.cancel_all("enough")
    assert d.run().state == "terminated"
    return MOST_STEPS


def dice_of(name: str) -> Any:
    """A decision's value: always the same, so that both executions are told the same."""
    return GIVEN[len(name) % len(GIVEN)]


def names_read(scope: Any) -> set[str]:
    """Words of conditions and inputs, which may be variables."""
    texts = [flow.condition or "" for flow in scope.all_flows()]
    for element in scope.all_elements():
        texts += [item.source for item in (*element.ext.inputs, *element.ext.outputs)]
        texts += [element.loop.input_collection or ""] if element.loop is not None else []
    return {word for text in texts for word in "".join(c if c.isalnum() or c == "_" else " " for c in text).split() if word.isidentifier()}


def go_on(d: Driver, dice: random.Random, names: list[str]) -> None:
    stuck = [token for token in d.execution.all_tokens() if token.incident]
    waiting = [token for token in d.waiting() if token.wait["kind"] in ("user", "service", "message", "signal", "timer")]
    given = {name: dice.choice(GIVEN) for name in dice.sample(names, min(2, len(names)))}
    if stuck and (not waiting or dice.random() < 0.3):
        for name, value in given.items():
            d.execution.assign(name, value)
        d.execution.retry(min(stuck, key=lambda token: token.id))
    elif waiting:
        token = dice.choice(waiting)
        if token.wait["kind"] in ("user", "service"):
            d.execution.complete(token, given)
        else:
            d.time = max(d.time, token.wait.get("due") or d.time)
            d.execution.fire(token, given if token.wait["kind"] != "timer" else {})
    d.run()


def check_all(folders: list[Path]) -> tuple[int, int]:
    """How many processes were lived through, and how often they waited."""
    lived = waited = 0
    for path, known, process_id in processes(folders):
        specs = specs_of(known)
        if process_id not in specs or not specs[process_id].entries:
            continue
        for seed in range(5):
            try:
                waited += lived_through(specs, process_id, random.Random(f"{path} {process_id} {seed}"))  # noqa: S311
            except AssertionError as error:
                raise AssertionError(f"{path}, process {process_id}, seed {seed}: {error}") from error
        lived += 1
    return lived, waited


def test_the_diagrams_of_packages_and_tests(repository: Path) -> None:
    """All .bpmn files of the checkout."""
    lived, waited = check_all([repository / "processes", repository / "tests"])
    assert lived >= 9 and waited > 100


def test_the_public_interchange_models(shared: Path) -> None:
    """Executable or not: every process that can be compiled is."""
    folder = shared / "interchange"
    if not folder.is_dir():
        pytest.skip("the interchange models are not beside the checkout")
    lived, waited = check_all([folder])
    assert lived >= 10 and waited > 50
