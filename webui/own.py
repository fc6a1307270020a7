"""One's own account: password, second factor, and where one is signed in."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import segno
from flask import Blueprint, Response, request

from amends.engine.errors import Conflict, Forbidden, Invalid, NotFound
from amends.webui import actors, asked
from amends.webui.limits import count_attempt
from amends.webui.packages import role_titles
from amends.webui.pages import organisation, page, say, see
from amends.webui.people import everybody
from amends.webui.state import application
from amends.webui.workload import change_person

blueprint = Blueprint("own", __name__)
NOT_YOURS = "This is not your password. Type your present password."


@blueprint.before_request
def _gate() -> Any:
    return see("amends.signin.form", next=request.path if request.method == "GET" else None) if actors.account() is None else None


@blueprint.get("/account")
def show() -> Response:
    """Name, roles, password, second factor and sessions."""
    return _show({})


@blueprint.post("/account")
def change_password() -> Response:
    """Change one's own password; the old one is asked for, as the screen may be somebody else's."""
    found, accounts, new = actors.signed_in(), application().accounts, request.form.get("new_password", "")
    if not _proven("old_password"):
        return _show({"old_password": NOT_YOURS}, 422)
    if new != request.form.get("again_password", ""):
        return _show({"again_password": "The two new passwords are not the same. Type both again."}, 422)
    try:
        accounts.set_password(found.id, new, actor=actors.actor())
    except Invalid as error:
        return _show({"new_password": str(error)}, 422)
    actors.sign_in(accounts.get(found.id), actors.current_session().method)
    say("Your password is changed. Everywhere else you are signed out.")
    return see("amends.own.show")


@blueprint.post("/account/sessions")
def end_sessions() -> Response:
    """Sign out elsewhere: one session, or all others."""
    found, sessions, current = actors.signed_in(), application().accounts.sessions, actors.current_session()
    wanted = request.form.get("session", "")
    if not wanted:
        asked.command("others")
    if wanted == current.id:
        raise Invalid("This is the session you are using. Sign out to end it.")
    if wanted:
        sessions.end(found.id, wanted, actor=actors.actor())
        say("You are signed out there.")
    else:
        many = sessions.end_others(found.id, current.id, actor=actors.actor())
        say("You are signed out everywhere else." if many else "You were signed in nowhere else.")
    return see("amends.own.show")


@blueprint.post("/account/away")
def away() -> Response:
    """Say when one is away, and who covers."""
    me = actors.signed_in()
    actors.demand("away", account_id=me.id)
    if request.form.get("do") == "capacity":
        raise Forbidden("How much is a full desk is said by a team lead.")
    try:
        change_person(me.id)
    except Invalid as error:
        return _show(error.by_field("begins"), 422)
    return see("amends.own.show")


@blueprint.get("/account/second-factor")
def second_factor() -> Response:
    """Set one up: the picture for the app, and the code that proves it works."""
    return _second_factor({})


@blueprint.get("/account/second-factor.svg")
def picture() -> Response:
    """The picture an authenticator app reads, while it is being set up."""
    drawn = BytesIO()
    segno.make(_secret().uri, error="m").save(drawn, kind="svg", scale=5, border=4, dark="#000000", light="#ffffff", xmldecl=False)
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


@blueprint.post("/account/second-factor")
def change_second_factor() -> Response:
    """Switch it on, off, or get new recovery codes; each asks for the password."""
    found, factor, wanted = actors.signed_in(), application().accounts.second_factor, asked.command("", "off", "codes")
    if not _proven("password"):
        return _second_factor({"password": NOT_YOURS}, 422)
    if wanted == "off":
        if actors.needs_second_factor_by_role(found):
            raise Invalid("Your role asks for a second factor, so you cannot switch it off. An administrator can, for another app.")
        factor.remove(found.id, actor=actors.actor())
        say("The second factor is switched off.")
        return see("amends.own.show")
    if wanted == "codes":
        return page("account_codes.html", codes=factor.renew_codes(found.id, actor=actors.actor()))
    try:
        codes = factor.confirm(found.id, request.form.get("code", ""), actor=actors.actor())
    except Invalid as error:
        return _second_factor(error.by_field(), 422)
    return page("account_codes.html", codes=codes)


def _proven(field: str) -> bool:
    """Whether the password typed is that of the person signed in; guesses are counted."""
    count_attempt("sign_in")
    found, accounts = actors.signed_in(), application().accounts
    return accounts.authenticate(found.username, request.form.get(field, "")) is not None


def _secret() -> Any:
    found = actors.signed_in()
    try:
        return application().accounts.second_factor.begin(found.id, found.username, organisation())
    except Conflict as error:
        raise NotFound(str(error)) from error


def _second_factor(errors: dict[str, str], status: int = 200) -> Response:
    found, factor = actors.signed_in(), application().accounts.second_factor
    on = factor.on(found.id)
    return page(
        "account_second_factor.html", status, on=on, left=factor.left(found.id), secret="" if on else _secret().secret, errors=errors,
        asked=actors.needs_second_factor_by_role(found),
    )  # fmt: skip


def _show(errors: dict[str, str], status: int = 200) -> Response:
    found, accounts, titles = actors.signed_in(), application().accounts, role_titles()
    return page(
        "account.html", status, roles=[titles.get(role, role) for role in sorted(found.roles)], errors=errors,
        sessions=accounts.sessions.of(found.id, found.session_mark, **actors.ages()), current=actors.current_session(),
        on=accounts.second_factor.on(found.id), left=accounts.second_factor.left(found.id), teams=sorted(accounts.teams(found.id)),
        services=accounts.identities.linked(found.id), absences=accounts.absences.coming(found.id), people=everybody(), person=found,
        typed=request.form,
    )  # fmt: skip
