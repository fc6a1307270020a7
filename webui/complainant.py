"""The public start page: what one can do here, what happens and by when, other ways, and who else can help (ISO 10002, 4.4 and 7.1)."""

from __future__ import annotations

from flask import Blueprint, Response

from amends.engine.definitions import translations
from amends.webui import packages, speech
from amends.webui.pages import page

blueprint = Blueprint("complainant", __name__)

WAYS = (("contact", "Reach us"), ("phone", "Phone"), ("email", "E-mail"), ("post", "Post"), ("visit", "In person"))
"""Settings that hold another way to complain, and what it is called."""


@blueprint.get("/")
def start() -> Response:
    """The start page, drawn from the deployed package: its stages, its clocks, its settings."""
    package = packages.complaint_package()
    return page(
        "complainant/start.html",
        narrow=True,
        package=package,
        stages=list(package.manifest.stages.values()) if package is not None else [],
        deadlines=packages.deadlines(),
        ways=[(speech.say(title), text) for name, title in WAYS if (text := packages.said_setting(name))],
        recourse=packages.recourse(),
        remedies=translations.remedies(package, speech.current()) if package is not None else [],
    )
