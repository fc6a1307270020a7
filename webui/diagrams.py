"""The diagrams of a deployed version as XML, for the script that draws them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from amends.engine.errors import NotFound
from amends.webui import actors
from amends.webui.state import application

blueprint = Blueprint("diagrams", __name__)


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(actors.OWNER, actors.AUDITOR, work=True)


@blueprint.get("/diagrams/<deployment_id>/<path:file>")
def diagram(deployment_id: str, file: str) -> Response:
    """One diagram; it is immutable once deployed."""
    package = application().engine.package(deployment_id)
    if not file.endswith(".bpmn") or file not in package.files:
        raise NotFound("This version has no such diagram.")
    response = Response(package.files[file], mimetype="application/xml")
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response
