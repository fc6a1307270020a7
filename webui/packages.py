"""The deployed package that new complaints run on: what the public pages draw their steps, deadlines and words from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g

from amends.engine.definitions.model import expression, is_feel
from amends.engine.feel import FeelError, evaluate
from amends.webui import words
from amends.webui.state import application


def complaint_deployment() -> Any | None:
    """The newest deployment of a package whose instances are complaints, or None."""
    if "amends_deployment" not in g:
        g.amends_deployment = next(
            (one for one in application().engine.deployments() if application().engine.package(one.id).manifest.complaints.process), None
        )
    return g.amends_deployment


def complaint_package() -> Any | None:
    """The package of that deployment, or None."""
    found = complaint_deployment()
    return None if found is None else application().engine.package(found.id)


def setting_of(name: str) -> Any:
    """A setting: the installation's, else the package's own; None where neither has it."""
    settings = application().settings
    found = settings.get(name) if settings is not None else None
    if found is not None:
        return found
    package = complaint_package()
    return package.manifest.settings.get(name) if package is not None else None


def recourse() -> str:
    """Who helps outside the organisation, in one line; empty where the package names nobody (ISO 10002, 7.9)."""
    body, contact = setting_of("external_body"), setting_of("external_body_contact")
    return ": ".join(str(part) for part in (body, contact) if part)


def stage_words(stage: str) -> str:
    """The words for a stage."""
    package = complaint_package()
    return str(package.manifest.stages.get(stage, stage)) if package is not None else stage


def role_titles() -> dict[str, str]:
    """Role id → title: the installation's own and those of the deployed packages, older ones too."""
    titles = {"admin": "Administrator", "process-owner": "Process owner", "auditor": "Auditor"}
    for deployment in application().engine.deployments():
        for role, title in application().engine.package(deployment.id).manifest.roles.items():
            titles.setdefault(role, str(title))
    return titles


DEPENDS = "depends on how serious your complaint is"


@dataclass(frozen=True)
class Deadline:
    """A clock that the process starts: what for, and how long."""

    title: str
    words: str


def deadlines() -> list[Deadline]:
    """The clocks the deployed process starts, in the order of the diagrams, with their lengths where they are fixed."""
    package = complaint_package()
    if package is None:
        return []
    found: dict[str, Deadline] = {}
    for diagram in package.diagrams:
        for element in diagram.all_elements():
            if element.ext.task_type != "start-clock":
                continue
            given = {**element.ext.headers, **{one.target: one.source for one in element.ext.inputs}}
            name = _fixed(given.get("name"))
            if not name or name in found:
                continue
            clock = package.manifest.clocks.get(name)
            length = _fixed(given.get("length"))
            found[name] = Deadline(clock.title if clock is not None else name, words.length_words(length) if length else DEPENDS)
    return list(found.values())


def _fixed(text: str | None) -> str | None:
    """What a field of an operation says without a complaint at hand; None when it depends on one."""
    if not text or not is_feel(text):
        return text
    package = complaint_package()
    settings = dict(package.manifest.settings) if package is not None else {}
    settings |= {name: value for name in settings if (value := application().settings.get(name)) is not None}
    try:
        found = evaluate(expression(text), {"settings": settings})
    except FeelError:
        return None
    return found if isinstance(found, str) and found else None
