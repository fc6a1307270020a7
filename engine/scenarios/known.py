"""Names in a scenario must be names of the package: `expect_no.task = "asess"` would hold for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from amends.engine.accounts.policy import BUILT_IN_ROLES
from amends.engine.definitions.package import Package
from amends.engine.scenarios.model import Scenario, ScenarioError
from amends.engine.services import BUILT_IN


def _elements(package: Package) -> set[str]:
    processes = package.processes.values()
    return {part.id for process in processes for part in process.all_elements()} | _flows(package)


def _flows(package: Package) -> set[str]:
    return {flow.id for process in package.processes.values() for flow in process.all_flows()}


def _roles(package: Package) -> set[str]:
    return {*package.manifest.roles, *BUILT_IN_ROLES}


def _messages(package: Package) -> set[str]:
    """Of messages and signals: what is waited for under a name."""
    declared = [each for diagram in package.diagrams for each in (*diagram.messages.values(), *diagram.signals.values())]
    return {each.name for each in declared if each.name}


_SETS: Mapping[str, Callable[[Package], Iterable[str]]] = {
    "element": _elements,
    "role": _roles,
    "message": _messages,
    "letter": lambda package: package.letters,
    "form": lambda package: package.forms,
    "stage": lambda package: package.manifest.stages,
    "outcome": lambda package: package.manifest.outcomes,
    "clock": lambda package: package.manifest.clocks,
    "operation": lambda package: [operation.type for operation in BUILT_IN],
}
_OPTIONAL = frozenset({"stage", "outcome", "clock"})
"""What a package need not declare: where it declares none, nothing can be said about them."""
_WHERE: Mapping[tuple[str, str], str] = {
    ("task", "id"): "element", ("task", "role"): "role", ("task", "form"): "form",
    ("letter", "name"): "letter",
    ("waiting", "timer"): "element", ("waiting", "message"): "message", ("waiting", "signal"): "message",
    ("escalated", "to"): "role",
    ("operation", "type"): "operation", ("operation", "element"): "element",
    ("incident", "element"): "element", ("ran", "element"): "element", ("end", "element"): "element",
}  # fmt: skip


def known(package: Package, what: str, name: Any) -> None:
    """Raise `ScenarioError`, with the nearest name, if the package has no such element, role, letter, …"""
    names = set(_SETS[what](package))
    if name in names or (not names and what in _OPTIONAL):
        return
    near = get_close_matches(str(name), names, 1)
    raise ScenarioError(f"The package has no {what} {name!r}." + (f" Is {near[0]!r} meant?" if near else ""))


def known_details(package: Package, kind: str, want: Mapping[str, Any]) -> None:
    """The same for every name in the details of an expectation."""
    for key, value in want.items():
        if what := _WHERE.get((kind, key)):
            known(package, what, value)


def known_people(package: Package, scenario: Scenario) -> None:
    """The same for the roles of a scenario's people, and for the settings it changes."""
    for name, roles in scenario.people.items():
        for role in roles:
            try:
                known(package, "role", role)
            except ScenarioError as error:
                raise ScenarioError(f"{name} cannot hold a role that nobody knows. {error}") from error
    for name in scenario.settings:
        if name not in package.manifest.settings:
            near = get_close_matches(name, package.manifest.settings, 1)
            raise ScenarioError(f"The package has no setting {name!r}." + (f" Is {near[0]!r} meant?" if near else ""))
