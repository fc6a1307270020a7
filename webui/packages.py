"""The deployed package that new complaints run on: what the public pages draw their steps, deadlines and words from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g

from amends.engine.accounts import BUILT_IN_ROLES
from amends.engine.definitions import translations
from amends.engine.definitions.model import expression, is_feel
from amends.engine.feel import FeelError, evaluate
from amends.webui import speech, words
from amends.webui.state import application


def complaint_deployment() -> Any | None:
    """The newest deployment of a package whose instances are complaints, or None."""
    if "amends_deployment" not in g:
        g.amends_deployment = next((one for one in application().engine.deployments() if _complaints_of(one) in one.processes), None)
    return g.amends_deployment


def _complaints_of(deployment: Any) -> str:
    return str(application().engine.package(deployment.id).manifest.complaints.process)


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


def said_setting(name: str) -> str:
    """A setting in the language of the request, see `translations.setting_in`; empty where there is none."""
    package, own = complaint_package(), application().settings or {}
    if package is None:
        return str(own.get(name) or "")
    return str(translations.setting_in(package, {**package.manifest.settings, **own}, name, speech.current()) or "")


def contact() -> str:
    """Whom to ask, in one line; empty where the package names nobody."""
    return said_setting("contact")


def recourse() -> str:
    """Who helps outside the organisation, in one line; empty where the package names nobody (ISO 10002, 7.9)."""
    return ": ".join(part for part in (said_setting("external_body"), said_setting("external_body_contact")) if part)


def stage_words(stage: str) -> str:
    """The words for a stage."""
    package = complaint_package()
    return str(package.manifest.stages.get(stage, stage)) if package is not None else stage


def role_titles() -> dict[str, str]:
    """Role id → title: the installation's own and those of the deployed packages, older ones too."""
    titles = dict(BUILT_IN_ROLES)
    for deployment in application().engine.deployments():
        for role, title in application().engine.package(deployment.id).manifest.roles.items():
            titles.setdefault(role, str(title))
    return titles


DEPENDS = "depends on how serious your complaint is"
LATER = "; when we have assessed your complaint we may set another date, and tell you"


@dataclass(frozen=True)
class Deadline:
    """A clock that the process starts: what for, and how long."""

    title: str
    words: str


def deadlines() -> list[Deadline]:
    """The clocks the deployed process starts, in the order of the diagrams.

    The length said is the one the process starts with; where a table sets another one later, that is said too.
    """
    package = complaint_package()
    lengths: dict[str, list[str | None]] = {}
    for diagram in package.diagrams if package is not None else ():
        for element in diagram.all_elements():
            if element.ext.task_type == "start-clock":
                for name, length in _clocks(element):
                    lengths.setdefault(name, []).append(length)
    return [_deadline(package, name, found) for name, found in lengths.items()]


def _deadline(package: Any, name: str, lengths: list[str | None]) -> Deadline:
    clock = package.manifest.clocks.get(name)
    fixed = [length for length in lengths if length is not None]
    said = _within(fixed[0]) if fixed else speech.say(DEPENDS)
    return Deadline(clock.title if clock is not None else name, said + (speech.say(LATER) if fixed and None in lengths else ""))


def _within(length: str) -> str:
    told = words.length_words(length)
    return told if told == speech.say("at once") else f"{speech.say('Within')} {told}"


def _clocks(element: Any) -> list[tuple[str, str | None]]:
    """Name and length of each clock that an element starts: one, or one for each item of what it repeats for."""
    given = {**element.ext.headers, **{one.target: one.source for one in element.ext.inputs}}
    loop = element.loop
    if loop is None or not loop.input_collection:
        rounds: list[dict[str, Any]] = [{}]
    else:
        items = _value(loop.input_collection, {})
        rounds = [{loop.input_element: item} for item in items] if isinstance(items, list) and loop.input_element else []
    found = []
    for variables in rounds:
        name, length = _value(given.get("name"), variables), _value(given.get("length"), variables)
        if isinstance(name, str) and name:
            found.append((name, length if isinstance(length, str) else None))
    return found


def _value(text: str | None, variables: dict[str, Any]) -> Any:
    """What a field of an operation says without a complaint at hand; None where it depends on one."""
    if text is None or not is_feel(text):
        return text
    package = complaint_package()
    settings = dict(package.manifest.settings) if package is not None else {}
    settings |= {name: own for name in settings if (own := application().settings.get(name)) is not None}
    try:
        return evaluate(expression(text), {"settings": settings, **variables})
    except FeelError:
        return None
