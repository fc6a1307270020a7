"""What the web part keeps for a Flask application, and how a request reaches it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import current_app, g, session

if TYPE_CHECKING:
    from flask.templating import Environment

    from amends.webui.assets import Assets
    from amends.webui.drafts import Drafts
    from amends.webui.limits import Limits

EXTENSION = "amends"
SESSION_KEY = "amends"


@dataclass
class Web:
    """The parts of the extension on one Flask application."""

    application: Any
    templates: Environment
    assets: Assets
    limits: Limits
    drafts: Drafts
    provider: Any = None
    """The sign-in service as this process has found it, see oidc.py."""
    verified: Any = None
    """The last verification of all records that this process made, for the audit pages."""


def web() -> Web:
    """The extension's parts for the current request."""
    found: Web = current_app.extensions[EXTENSION]
    return found


def begin() -> None:
    """Before a request of ours: it asks the database once for what its page needs in several places."""
    if "amends_remembering" not in g:
        g.amends_remembering = application().engine.remembering()
        g.amends_remembering.__enter__()


def end(error: BaseException | None = None) -> None:
    """After it, whatever became of it."""
    remembering = g.pop("amends_remembering", None)
    if remembering is not None:
        remembering.__exit__(None, None, None)


def application() -> Any:
    """What `amends.open()` returned: engine, register, accounts, forms, settings."""
    return web().application


def setting(name: str) -> Any:
    """A setting of the web part, see config.py."""
    return current_app.config[name]


def now() -> datetime:
    """The engine's clock, so that pages and deadlines agree; one instant for a whole request."""
    if "amends_now" not in g:
        g.amends_now = application().engine.now()
    found: datetime = g.amends_now
    return found


def own_session() -> dict[str, Any]:
    """Our part of the host's session, to read."""
    found = session.get(SESSION_KEY)
    return dict(found) if isinstance(found, dict) else {}


def remember(**values: Any) -> None:
    """Set values in our part of the session; None removes one."""
    kept = own_session() | values
    session[SESSION_KEY] = {name: value for name, value in kept.items() if value is not None}
