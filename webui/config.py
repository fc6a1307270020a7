"""Every setting of the web part, with what it means; a host application sets them in `app.config`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amends.engine.errors import Invalid

DEFAULTS: dict[str, Any] = {
    # A folder of templates that replace ours by name (layout.html, complainant/start.html, …); None: ours only.
    "AMENDS_TEMPLATES": None,
    # Where drafts and their files are kept until they are sent; None: the folder `drafts` in the application's data folder.
    "AMENDS_DRAFTS": None,
    # How long an unsent draft is kept, in hours, counted from the last change: a complainant's, and that of somebody at work, who may
    # come back to it after a long weekend or the days between the years.
    "AMENDS_DRAFT_HOURS": 72,
    "AMENDS_STAFF_DRAFT_HOURS": 336,
    # After how many seconds a complaint that was being sent when the server was killed can be sent again (it arrives once).
    "AMENDS_SENDING_SECONDS": 120,
    # The largest file somebody may send, the largest package, and all other requests, in bytes.
    "AMENDS_MAX_FILE": 20_000_000,
    "AMENDS_MAX_FILES": 10,
    "AMENDS_MAX_PACKAGE": 20_000_000,
    "AMENDS_MAX_REQUEST": 2_000_000,
    # Staff are signed out after this many minutes without a request, and this many hours after signing in.
    "AMENDS_IDLE_MINUTES": 60,
    "AMENDS_SESSION_HOURS": 12,
    # A complainant's follow-up page closes after this many minutes without a request; the link opens it again.
    "AMENDS_FOLLOW_MINUTES": 60,
    # How often one address may try, "<number>/<minute|hour|day>" or None for no limit.
    "AMENDS_LIMIT_SIGN_IN": "10/minute",
    "AMENDS_LIMIT_FILE": "30/hour",
    "AMENDS_LIMIT_FOLLOW": "20/minute",
    # Roles whose accounts have to use a second factor, with commas between; without one they get no further than setting it up.
    "AMENDS_TOTP_ROLES": "",
    # Signing in by a service of the organisation (OpenID Connect): its address, and what it knows us by. None: passwords only.
    "AMENDS_OIDC_ISSUER": None,
    "AMENDS_OIDC_CLIENT_ID": None,
    "AMENDS_OIDC_CLIENT_SECRET": None,
    # What people read on the button, what is asked for, which claim holds groups, and which group gives which role ("group=role, …").
    "AMENDS_OIDC_NAME": "your organisation's account",
    "AMENDS_OIDC_SCOPES": "openid profile email",
    "AMENDS_OIDC_GROUPS": "groups",
    "AMENDS_OIDC_ROLES": "",
    # 1: who is new gets an account, if a group gives them a role. 0: an administrator makes it and links it (`amends user link`).
    "AMENDS_OIDC_CREATE": 0,
    # Languages of the public pages, with commas between them, the first where nothing else is asked for; None: those that both the deployed
    # package and these pages have.
    "AMENDS_LANGUAGES": None,
    # Folder that packages on the server may be deployed from in the studio; None: upload only.
    "AMENDS_PACKAGES": None,
    # Who may read /metrics: who sends this as "Authorization: Bearer …". None: the environment's AMENDS_METRICS_TOKEN, or, where that
    # is not set either, only this machine itself.
    "AMENDS_METRICS_TOKEN": None,
    # How many proxies in front set X-Forwarded-For and X-Forwarded-Proto (create_app only; a host sets up its own).
    "AMENDS_PROXIES": 0,
}


def from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings that the environment sets, by the same names; an empty one is not set, and `none` lifts a limit.

    Raises `Invalid` for what should be a number and is none.
    """
    found: dict[str, Any] = {}
    for name, default in DEFAULTS.items():
        text = environment.get(name, "").strip()
        if not text:
            continue
        if isinstance(default, int):
            if not text.isascii() or not text.isdigit():
                raise Invalid(f"{name} is {text!r} in the environment, but must be a whole number from 0. Correct it, or leave it out.")
            found[name] = int(text)
        else:
            found[name] = None if name.startswith("AMENDS_LIMIT_") and text.casefold() == "none" else text
    return found
