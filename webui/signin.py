"""Staff sign-in and sign-out: password, then a code where a second factor is in use; or a service of the organisation."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, redirect, request, url_for

from amends.engine.errors import Conflict, Forbidden, Invalid, NotFound
from amends.webui import actors, oidc
from amends.webui.actors import ADMIN, AUDITOR, OWNER, work_roles
from amends.webui.limits import count_attempt
from amends.webui.pages import page, say, see
from amends.webui.state import application, now, own_session, remember, setting

blueprint = Blueprint("signin", __name__)
log = structlog.get_logger("amends.webui")
DEVICE_COOKIE = "amends_device"
DEVICE_SECONDS = 180 * 24 * 3600
PATIENCE = timedelta(minutes=10)
"""How long somebody has between the password and the code, or at the sign-in service."""
WRONG_CODE = "The code is wrong, or was used already. Type the one your app shows now, or a recovery code."
WRONG = "The user name or the password is wrong. Check both; an administrator can give you a new password."


@blueprint.get("/sign-in")
def form() -> Response:
    """The sign-in form."""
    if actors.account() is not None:
        return see("amends.signin.home")
    return _form(local_path(request.args.get("next")))


@blueprint.post("/sign-in")
def enter() -> Response:
    """Take name and password, or say that one of them is wrong without saying which."""
    username, password = request.form.get("username", "").strip(), request.form.get("password", "")
    count_attempt("sign_in")
    wanted = local_path(request.form.get("next"))
    device = request.cookies.get(DEVICE_COOKIE)
    found = application().accounts.authenticate(username, password, device) if username and password else None
    if found is None:
        log.warning("sign-in refused", address=request.remote_addr)
        return _form(wanted, username, {"username": WRONG}, 422)
    if application().accounts.second_factor.on(found.id):
        remember(pending={"id": found.id, "mark": found.session_mark, "at": now().isoformat()})
        return see("amends.signin.code_form", next=wanted or None)
    return _entered(found, wanted, actors.PASSWORD)


@blueprint.get("/sign-in/code")
def code_form() -> Response:
    """Ask for the code of the second factor."""
    if _pending() is None:
        return see("amends.signin.form")
    return page("signin_code.html", next=local_path(request.args.get("next")), errors={})


@blueprint.post("/sign-in/code")
def code() -> Response:
    """Take the code of the app, or a recovery code."""
    count_attempt("sign_in")
    found, wanted = _pending(), local_path(request.form.get("next"))
    if found is None:
        say("That took too long. Sign in again.")
        return see("amends.signin.form", next=wanted or None)
    if not application().accounts.second_factor.check(found.id, request.form.get("code", "")):
        log.warning("code refused", account=found.id, address=request.remote_addr)
        return page("signin_code.html", 422, next=wanted, errors={"code": WRONG_CODE})
    return _entered(found, wanted, actors.PASSWORD_AND_CODE)


@blueprint.get("/sign-in/service")
def service() -> Response:
    """Go to the organisation's sign-in service."""
    if not oidc.configured():
        raise NotFound("This installation has no sign-in service. Sign in with your password.")
    count_attempt("sign_in")
    try:
        address, attempt = oidc.begin()
    except oidc.NotSignedIn as error:
        return _form(local_path(request.args.get("next")), errors={"username": str(error)}, status=502)
    remember(service={**attempt, "next": local_path(request.args.get("next")), "at": now().isoformat()})
    return redirect(address, 303)  # type: ignore[return-value]


@blueprint.get("/sign-in/service/back")
def service_back() -> Response:
    """Come back from it."""
    attempt = own_session().get("service")
    remember(service=None)
    if not oidc.configured() or not isinstance(attempt, dict) or now() - datetime.fromisoformat(attempt["at"]) > PATIENCE:
        return _form("", errors={"username": "That took too long, or was begun in another browser. Sign in again."}, status=400)
    try:
        claims = oidc.finish(request.url, attempt)
        roles, governed = oidc.roles_of(claims)
        create = bool(setting("AMENDS_OIDC_CREATE")) and bool(roles)
        identities = application().accounts.identities
        found = identities.signed_in(setting("AMENDS_OIDC_ISSUER").rstrip("/"), claims, roles=roles, governed=governed, create=create)
    except (oidc.NotSignedIn, Forbidden, Invalid, Conflict) as error:
        log.warning("sign-in by the service refused", address=request.remote_addr, error=str(error))
        return _form("", errors={"username": str(error)}, status=403)
    return _entered(found, attempt["next"], actors.SERVICE)


@blueprint.post("/sign-out")
def leave() -> Response:
    """Sign out."""
    actors.sign_out()
    say("You are signed out.")
    return see("amends.signin.form")


@blueprint.get("/home")
def home() -> Response:
    """The first page for what an account does."""
    found = actors.account()
    if found is None:
        return see("amends.signin.form")
    if work_roles(found):
        return see("amends.inbox.tasks")
    for role, endpoint in ((OWNER, "amends.studio.packages"), (AUDITOR, "amends.audit.clauses"), (ADMIN, "amends.admin.accounts")):
        if role in found.roles:
            return see(endpoint)
    return see("amends.own.show")


def local_path(wanted: str | None) -> str:
    """`wanted` if it is a path of this site, else empty: a sign-in link must not lead elsewhere."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")) or "\\" in wanted:
        return ""
    parts = urlsplit(wanted)
    return wanted if not parts.scheme and not parts.netloc and wanted != url_for("amends.signin.leave") else ""


def _form(wanted: str, username: str = "", errors: dict[str, str] | None = None, status: int = 200) -> Response:
    service_name = setting("AMENDS_OIDC_NAME") if oidc.configured() else ""
    return page("signin.html", status, next=wanted, username=username, errors=errors or {}, service=service_name)


def _pending() -> Any | None:
    """Who has given the right password and not the code yet; None after too long, or when the account changed meanwhile."""
    kept = own_session().get("pending")
    if not isinstance(kept, dict) or now() - datetime.fromisoformat(kept["at"]) > PATIENCE:
        return None
    try:
        found = application().accounts.get(kept["id"])
    except NotFound:
        return None
    return found if found.active and found.session_mark == kept["mark"] else None


def _entered(found: Any, wanted: str, method: str) -> Response:
    """Sign in, and let this browser be known from now on."""
    actors.sign_in(found, method)
    response = redirect(wanted, 303) if wanted else see("amends.signin.home")
    if method != actors.SERVICE:
        secret = application().accounts.sessions.know_device(found.id, request.cookies.get(DEVICE_COOKIE))
        response.set_cookie(
            DEVICE_COOKIE, secret, max_age=DEVICE_SECONDS, path=url_for("amends.signin.form"), secure=request.is_secure, httponly=True,
            samesite="Lax",
        )  # fmt: skip
    return response  # type: ignore[return-value]
