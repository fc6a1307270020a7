"""Staff sign-in, sign-out and one's own account."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, request, url_for

from amends.engine.errors import Invalid
from amends.webui import actors
from amends.webui.actors import ADMIN, AUDITOR, OWNER, work_roles
from amends.webui.limits import count_attempt
from amends.webui.packages import role_titles
from amends.webui.pages import page, say, see
from amends.webui.state import application

blueprint = Blueprint("signin", __name__)
WRONG = "The user name or the password is wrong. Check both; an administrator can give you a new password."


@blueprint.get("/sign-in")
def form() -> Response:
    """The sign-in form."""
    if actors.account() is not None:
        return see("amends.signin.home")
    return page("signin.html", next=local_path(request.args.get("next")), username="", errors={})


@blueprint.post("/sign-in")
def enter() -> Response:
    """Sign in, or say that name or password are wrong without saying which."""
    username, password = request.form.get("username", "").strip(), request.form.get("password", "")
    count_attempt("sign_in")
    wanted = local_path(request.form.get("next"))
    found = application().accounts.authenticate(username, password) if username and password else None
    if found is None:
        return page("signin.html", 422, next=wanted, username=username, errors={"username": WRONG})
    actors.sign_in(found)
    return redirect(wanted, 303) if wanted else see("amends.signin.home")  # type: ignore[return-value]


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
    return see("amends.signin.own")


@blueprint.get("/account")
def own() -> Response:
    """One's own account: name, roles, password."""
    found = actors.account()
    if found is None:
        return see("amends.signin.form")
    return _own({})


@blueprint.post("/account")
def change_password() -> Response:
    """Change one's own password; the old one is asked for, as the screen may be somebody else's."""
    found = actors.account()
    if found is None:
        return see("amends.signin.form")
    count_attempt("sign_in")
    accounts = application().accounts
    new = request.form.get("new", "")
    if accounts.authenticate(found.username, request.form.get("old", "")) is None:
        return _own({"old": "This is not your password. Type your present password."}, 422)
    if new != request.form.get("again", ""):
        return _own({"again": "The two new passwords are not the same. Type both again."}, 422)
    try:
        accounts.set_password(found.id, new, actor=actors.actor())
    except Invalid as error:
        return _own({"new": str(error)}, 422)
    actors.sign_in(accounts.get(found.id))
    say("Your password is changed. Everywhere else you are signed out.")
    return see("amends.signin.own")


def local_path(wanted: str | None) -> str:
    """`wanted` if it is a path of this site, else empty: a sign-in link must not lead elsewhere."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")) or "\\" in wanted:
        return ""
    parts = urlsplit(wanted)
    return wanted if not parts.scheme and not parts.netloc and wanted != url_for("amends.signin.leave") else ""


def _own(errors: dict[str, str], status: int = 200) -> Response:
    found = actors.account()
    titles = role_titles()
    roles = [titles.get(role, role) for role in sorted(found.roles)] if found is not None else []
    return page("account.html", status, roles=roles, errors=errors)
