"""The Flask extension, and the application that is nothing but it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.middleware.proxy_fix import ProxyFix

from amends.engine.accounts import kept_key
from amends.webui import compression, errors, languages, pages, security, state
from amends.webui.assets import Assets
from amends.webui.blueprints import BLUEPRINTS
from amends.webui.config import DEFAULTS, from_environment
from amends.webui.drafts import Drafts
from amends.webui.limits import Limits
from amends.webui.state import EXTENSION, Web


class Amends:
    """The pages of amends in a Flask application.

    `Amends(application).init_app(app, url_prefix="/complaints")`; `application` is what `amends.open()` returned and
    stays its opener's to close.
    """

    def __init__(self, application: Any = None, app: Flask | None = None, url_prefix: str | None = None) -> None:
        """Hold `application`; with `app`, `init_app` too."""
        self.application = application
        if app is not None:
            self.init_app(app, url_prefix)

    def init_app(self, app: Flask, url_prefix: str | None = None, application: Any = None) -> None:
        """Mount the pages below `url_prefix` ("/complaints"; None or "": at the top).

        Adds one blueprint named `amends` and `app.extensions["amends"]`; sets no handler, header, filter, context or
        session key for the host's own pages. Raises ValueError without an application or a secret key, or when mounted twice.
        """
        application = application or self.application
        if application is None:
            raise ValueError("Amends has no application. Give what amends.open() returned: Amends(amends.open(…)).init_app(app).")
        if EXTENSION in app.extensions:
            raise ValueError("Amends is already mounted in this Flask application. Mount it once.")
        if not app.secret_key:
            raise ValueError("The Flask application has no secret key, so no session can be kept. Set app.secret_key first.")
        for name, value in DEFAULTS.items():
            app.config.setdefault(name, value)
        languages.init(app)
        app.extensions[EXTENSION] = Web(
            application=application,
            templates=pages.environment(app, app.config["AMENDS_TEMPLATES"]),
            assets=Assets(),
            limits=Limits(),
            drafts=Drafts(_draft_folder(app, application), app.config["AMENDS_DRAFT_HOURS"], app.config["AMENDS_STAFF_DRAFT_HOURS"]),
        )
        app.register_blueprint(_blueprint(alone=not url_prefix), url_prefix=url_prefix or None)


def create_app(application: Any, **config: Any) -> Flask:
    """An application that is nothing but amends.

    `application` is what `amends.open()` returned. `config` are Flask settings and those of config.py, such as
    `SECRET_KEY`; what it leaves out is read from the environment by the same names (AMENDS_PROXIES, AMENDS_PACKAGES, …).
    Without a key, one is made at the first start and kept in the application's data folder.
    """
    app = Flask("amends.webui", static_folder=None)
    app.config.update(SESSION_COOKIE_NAME="amends", SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax")
    app.config.update(from_environment(os.environ))
    app.config.update(config)
    app.secret_key = app.config.get("SECRET_KEY") or kept_key(Path(application.data) / "session-key")
    app.session_interface = _SecureWhenHttps()
    Amends(application).init_app(app)
    errors.register(app)
    _around(app)
    app.after_request(security.add_headers)
    if app.config["AMENDS_PROXIES"]:
        count = int(app.config["AMENDS_PROXIES"])
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_prefix=count)  # type: ignore[method-assign]
    return app


class _SecureWhenHttps(SecureCookieSessionInterface):
    """The session cookie is `Secure` whenever the request came by https, so that a first try on http works too."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure or super().get_cookie_secure(app)


def _around(target: Flask | Blueprint) -> None:
    """What is around each request of ours: of our pages, and of an application of ours for addresses that lead to none."""
    target.before_request(security.bound_request)
    for part in (state, languages):
        target.before_request(part.begin)
        target.teardown_request(part.end)


def _blueprint(alone: bool) -> Blueprint:
    """All pages below one name, made anew for each application, as Flask forbids changing one in use.

    Below a prefix, addresses that do not exist are answered by us too; at the top (`alone`) they are the application's.
    """
    top = Blueprint("amends", __name__, static_folder="static", static_url_path="/static")
    for blueprint in BLUEPRINTS:
        top.register_blueprint(blueprint)
    _around(top)
    top.before_request(security.refuse_forgery)
    top.after_request(security.add_headers)
    top.after_request(compression.compress)
    errors.register(top)
    if not alone:
        top.add_url_rule("/<path:nowhere>", "nowhere", _nowhere)
    return top


def _nowhere(nowhere: str) -> Response:
    raise NoSuchPage


def _draft_folder(app: Flask, application: Any) -> Path:
    chosen = app.config["AMENDS_DRAFTS"]
    return Path(chosen) if chosen else Path(application.data) / "drafts"
