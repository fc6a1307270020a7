"""Whether the installation answers: for load balancers and `make run`, without a cookie and without personal data."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from amends.webui.state import application, web

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 with what is there; an engine that does not answer is a 500 by the error list."""
    deployments = application().engine.deployments()
    return jsonify(status="ok", packages=len({one.package for one in deployments}), assets=web().assets.built)
