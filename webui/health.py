"""Whether the installation answers, is ready for work, and how it does: for load balancers and monitoring, without a cookie."""

from __future__ import annotations

import hmac
import os

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import Forbidden

from amends.engine.operating import readiness
from amends.engine.operating.metrics import CONTENT_TYPE
from amends.webui.state import application, web

blueprint = Blueprint("health", __name__)

TOKEN = "AMENDS_METRICS_TOKEN"  # noqa: S105 - the setting's name
LOOPBACK = ("127.0.0.1", "::1")
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 with what is there; an engine that does not answer is a 500 by the error list."""
    deployments = application().engine.deployments()
    return jsonify(status="ok", packages=len({one.package for one in deployments}), assets=web().assets.built)


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """200 if this process should be given requests, else 503; with what was found."""
    found = readiness(application().engine, application().runner)
    return jsonify(found.to_plain()), 200 if found.ready else 503


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus' text format; for who has the token, or, where none is set, for this machine alone."""
    if not _may_measure():
        raise Forbidden(f"Metrics are for this machine, or for who sends the token set as {TOKEN} (Authorization: Bearer …).")
    return Response(application().metrics.text(), content_type=CONTENT_TYPE)


def _may_measure() -> bool:
    token = current_app.config.get(TOKEN) or os.environ.get(TOKEN)
    if token:
        given = request.authorization
        said = given.token if given is not None and given.type == "bearer" else None
        return said is not None and hmac.compare_digest(said.encode(), str(token).encode())
    # Behind a proxy on this machine everybody comes from it; such a request says that it was passed on.
    return request.remote_addr in LOOPBACK and not any(name in request.headers for name in FORWARDED)
