"""Live through scenarios, and say where one leaves its script."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from structlog.testing import capture_logs

from amends.engine.calendars import Calendar
from amends.engine.definitions.package import Package, read_package
from amends.engine.errors import AmendsError, Invalid
from amends.engine.scenarios.case import Case
from amends.engine.scenarios.expectations import answers
from amends.engine.scenarios.model import Failure, Result, Scenario, Step
from amends.engine.scenarios.reading import Suite
from amends.engine.scenarios.world import FormsMaker, World, Worlds, calendars_of, instant
from amends.engine.store import tables as t

_RUN = ("entered", "completed", "taken")


@dataclass(slots=True)
class Report:
    """What became of the scenarios of a suite: `runs` says how often each element and flow was run, by its id."""

    package: Package
    results: list[Result] = field(default_factory=list)
    runs: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> list[Result]:
        return [result for result in self.results if not result.passed]


def run_suite(suite: Suite, forms: FormsMaker, told: Callable[[Result], None] = lambda result: None) -> Report:
    """Live through every scenario of a suite, each in a world of its own; `told` hears of each as soon as it is over.

    Raises `CheckFailed` where the package cannot be deployed.
    """
    with tempfile.TemporaryDirectory(prefix="amends-scenarios-") as folder:
        report = Report(read_package(suite.folder))
        worlds = Worlds(report.package, Path(folder), forms)
        calendars = _calendars(report.package)
        broken = [Result(failure.file, failure.line, "", failure) for failure in suite.broken]
        for result in broken:
            told(result)
        report.results += broken
        for scenario in suite.scenarios:
            # What an operation logs when a scenario lets it fail is no news of this installation.
            with worlds.world(instant(scenario.at, calendars), scenario.settings) as world, capture_logs():
                failure = live(world, scenario)
                report.runs.update(run_parts(world))
            report.results.append(Result(scenario.file, scenario.line, scenario.name, failure, len(scenario.steps)))
            told(report.results[-1])
    return report


def _calendars(package: Package) -> Mapping[str, Calendar]:
    try:
        return calendars_of(package)
    except Invalid:
        return {}  # the deployment is refused, and says what is wrong with them


def live(world: World, scenario: Scenario) -> Failure | None:
    """Live through one scenario; where it left its script, or None."""
    case = Case(world, scenario)
    try:
        case.begin()
    except AmendsError as error:
        return Failure(scenario.file, scenario.line, f"{scenario.name}: the beginning", "that it begins", (_said(error),))
    if case.id and (failure := _stuck(case, scenario, None)):
        return failure
    for step in scenario.steps:
        failure = _lived(case, scenario, step) or (_stuck(case, scenario, step) if case.id else None)
        if failure is not None:
            return failure
    return None


def _lived(case: Case, scenario: Scenario, step: Step) -> Failure | None:
    def failed(expected: str, *there: str) -> Failure:
        return Failure(scenario.file, step.line, _where(scenario, step), expected, (*there, *picture(case)))

    if step.action is not None:
        try:
            case.act(step)
        except AmendsError as error:
            if step.refused is None:
                return failed(f"that {step} succeeds", _said(error))
            if step.refused not in _said(error):
                return failed(f"a refusal that says {step.refused!r}", f"refused: {_said(error)}")
        else:
            if step.refused is not None:
                return failed(f"a refusal that says {step.refused!r}", "nothing was refused")
    for expectation in step.expectations:
        try:
            for answer in answers(case, expectation):
                if answer.holds == expectation.negated:
                    there = (answer.there,) if answer.there else ()
                    return failed(f"not: {answer.wanted}" if expectation.negated else answer.wanted, *there)
        except AmendsError as error:
            return failed(f"expect.{expectation.kind} that can be read", _said(error))
    return None


def _stuck(case: Case, scenario: Scenario, step: Step | None) -> Failure | None:
    """An incident that no step up to here has expected: it must never pass unseen."""
    until = scenario.steps[: step.number] if step is not None else ()
    expected = {
        str(want.get("element", "")) if isinstance(want, dict) else str(want)
        for one in until
        for expectation in one.expectations
        if expectation.kind == "incident" and not expectation.negated
        for want in (expectation.want if isinstance(expectation.want, list) else [expectation.want])
    }
    for incident in case.instance.incidents:
        if incident.element_id not in expected:
            line = scenario.line if step is None else step.line
            where = f"{scenario.name}: the beginning" if step is None else _where(scenario, step)
            return Failure(scenario.file, line, where, "no incident, for no step expects one", tuple(picture(case)))
    return None


def _where(scenario: Scenario, step: Step) -> str:
    return f"{scenario.name}, step {step.number}: {step}"


def _said(error: AmendsError) -> str:
    fields = [f"{name}: {' '.join(texts)}" for name, texts in error.fields.items()] if isinstance(error, Invalid) else []
    return " ".join([str(error), *(text for text in fields if text not in str(error))])


def picture(case: Case) -> list[str]:
    """What is there, in a few lines: where it stands, what is open, what it waits for, its clocks, letters and incidents."""
    if not case.id:
        return [f"{case.world.now:%Y-%m-%d %H:%M} UTC; nothing has begun"]
    view, complaint, calendars = case.instance, case.complaint, case.world.calendars
    stage = f", stage {complaint.stage}" if complaint is not None else ""
    tasks = [f"{task.element_id} ({', '.join(task.groups)})" for task in case.tasks]
    clocks = []
    for name, clock in view.clocks.items():
        due = clock.due(calendars)
        clocks.append(f"{name} {case.clock_state(clock)}" + (f" (due {due:%Y-%m-%d %H:%M} UTC)" if due and not clock.ended else ""))
    waits = [f"{item.kind} {item.name or item.element_id}" for item in case.engine.waiting(case.id)]
    lines = [f"{case.world.now:%Y-%m-%d %H:%M} UTC; state {view.state}{stage}", f"open tasks: {', '.join(tasks) or 'none'}"]
    lines += [f"waiting: {', '.join(waits)}"] if waits else []
    lines += [f"clocks: {', '.join(clocks)}"] if clocks else []
    lines.append(f"letters: {', '.join(letter.name for letter in case.letters() if letter.gone) or 'none'}")
    lines += [f"post room: {', '.join(held)}"] if (held := [letter.name for letter in case.letters() if letter.waits]) else []
    return lines + [f"incident at {incident.element_id}: {incident.message}" for incident in view.incidents]


def run_parts(world: World) -> Counter[str]:
    """How often each element and flow of a world was run, by every instance in it."""
    found: Counter[str] = Counter()
    with world.engine.database.reading() as connection:
        instances = list(connection.execute(select(t.instance.c.id)).scalars())
    for instance_id in instances:
        by_kind = {kind: Counter[str]() for kind in _RUN}
        for event in world.engine.history(instance_id):
            if event.kind in by_kind:
                by_kind[event.kind][event.element_id] += 1
        for part in set().union(*by_kind.values()):
            found[part] += max(counts[part] for counts in by_kind.values())
    return found
