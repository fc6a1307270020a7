"""Which error answers with which status and page: all of it is here, read it as one list.

| error | status | page |
|---|---|---|
| NotFound | 404 | what there is not, and where to go |
| Forbidden | 403 | what one may not do, and who can |
| Conflict | 409 | who was faster, when, and what one had typed |
| Invalid | 422 | the form again with its errors (the view does that); this page where there is no form |
| CheckFailed | 422 | all problems of a package |
| Incident | 409 | the work is held up, somebody has been told |
| Unavailable, a full disk | 503 | what is the matter, that nothing is lost, and what one had typed |
| other AmendsError | 400 | its own sentence |
| TooManyRequests | 429 | wait, nothing was changed |
| RequestEntityTooLarge | 413 | what is too large, and the bound |
| other HTTP errors | their own | their own description |
| anything else | 500 | nothing is lost, a number to quote; the log has the details under that number |
"""

from __future__ import annotations

import errno
import re
import secrets
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge, TooManyRequests
from werkzeug.exceptions import NotFound as NoSuchPage

from amends.engine.errors import AmendsError, CheckFailed, Conflict, Forbidden, Incident, Invalid, NotFound, Unavailable
from amends.engine.instances.commands import Suspended
from amends.webui import languages, times, words
from amends.webui.pages import page
from amends.webui.people import name_of
from amends.webui.security import CSRF_FIELD, is_from_us
from amends.webui.speech import say
from amends.webui.state import own_session, setting

log = structlog.get_logger("amends.webui")

STATUS: tuple[tuple[type[AmendsError], int, str], ...] = (
    (NotFound, 404, "That cannot be found"),
    (Forbidden, 403, "You cannot do that"),
    (Conflict, 409, "Somebody else was faster"),
    (Invalid, 422, "Something needs correcting"),
    (CheckFailed, 422, "The package has problems"),
    (Incident, 409, "This is held up"),
    (Unavailable, 503, "We cannot take this just now"),
    (AmendsError, 400, "That did not work"),
)


AWAY = "Nothing that you have sent before is lost. Please try again in some minutes. What you had typed is below, so that you can keep it."
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
OURS = (CSRF_FIELD, "go", "do", "next")
SECRET = ("password", "secret", "code", "token")
"""What the names of fields that are never given back have in them: passwords, codes and links that open something."""
FIELD = re.compile(r"[^\W\d_][\w.-]{0,79}")
"""What fields of our forms are called."""
MOST_GIVEN = 100_000
"""So many characters are given back in all."""


def register(target: Blueprint | Flask) -> None:
    """Answer errors raised by the pages of `target` with ours."""
    target.register_error_handler(AmendsError, ours)
    target.register_error_handler(HTTPException, http)
    target.register_error_handler(Exception, unexpected)


def typed(rows: list[tuple[str, str]]) -> None:
    """Note what somebody has typed, so that a page about a conflict can give it back."""
    g.amends_typed = rows


def given() -> list[tuple[str, str]]:
    """What somebody had typed: as the view has noted it, else as it was sent to a page of ours, without what is secret or ours.

    Only where one of our own pages has sent it: another site must not put its words on a page of ours.
    """
    noted = g.get("amends_typed", None)
    if noted is not None:
        return list(noted)
    if "amends" not in request.blueprints:
        return []
    try:
        if not is_from_us():
            return []
        sent = [(name, value) for name, value in request.form.items(multi=True) if value.strip() and _is_given_back(name)]
    except HTTPException:  # what cannot be read, or is too large to be
        return []
    found, left = [], MOST_GIVEN
    for name, value in sent:
        if left > 0:
            found.append((words.label(name), value if len(value) <= left else f"{value[:left]}…"))
        left -= len(name) + len(value)
    return found


def _is_given_back(name: str) -> bool:
    """Whether a field is one that somebody types into, and not a secret one."""
    return bool(FIELD.fullmatch(name)) and name not in OURS and not any(part in name.casefold() for part in SECRET)


def away(message: str) -> Response:
    """The page while the database or its disk is away; it asks the database for nothing."""
    about = {"title": say("We cannot take this just now"), "message": say(AWAY), "detail": message if own_session().get("account") else ""}
    answer = page("error.html", 503, bare=True, typed=given(), **about)
    answer.headers["Retry-After"] = "30"
    return answer


def ours(error: AmendsError) -> Response:
    """The page for an error of the engine."""
    if isinstance(error, Unavailable):
        log.error("unavailable", reason=str(error))
        return away(str(error))
    status, title = next((status, title) for kind, status, title in STATUS if isinstance(error, kind))
    context: dict[str, Any] = {"title": say(title), "message": _sentence(error), "typed": given()}
    if isinstance(error, Forbidden) and languages.is_public():
        context["to_follow"] = True
    if isinstance(error, Suspended):
        context |= {"title": say("This rests for now"), "message": say(RESTS), "detail": "" if languages.is_public() else str(error)}
    elif isinstance(error, Conflict) and languages.is_public():
        context["title"] = say("That is not possible any more")
    elif isinstance(error, Conflict):
        who = name_of(error.by) if error.by else None
        when = times.moment(error.at) if error.at is not None else None
        context["message"] = "Nothing of yours was saved, because this work was already done" + (f" by {who}" if who else "")
        context["message"] += f" ({when})." if when else "."
        context["detail"] = str(error)
    if isinstance(error, Invalid):
        context["fields"] = error.fields
    if isinstance(error, CheckFailed):
        context["message"], context["problems"] = "It was not deployed.", error.problems
    return page("error.html", status, **context)


def _sentence(error: AmendsError) -> str:
    """What an error says; to a complainant in their language, as far as it is a sentence they can come upon."""
    told = str(error)
    return say(told) if languages.is_public() else told


RESTS = "Nothing of yours was saved: an operator lets this rest. Try again later."
ENGINE_SAYS = (
    "There is no such complaint.",
    "We do not wait for this any more: the complaint has moved on. Nothing was changed.",
)
"""Sentences of the engine that complainants can come upon."""
SAFE = "What you saved before is safe. Try again in a moment; if it happens again, tell us this number: %(number)s."
TITLES = {
    400: "That did not work",
    404: "There is no such page",
    405: "That does not work here",
    413: "That is too large",
    429: "Too many tries",
}


def http(error: HTTPException) -> Response:
    """The page for an HTTP error; redirects pass."""
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    # What our own code says it has said in the reader's language; werkzeug's own words are for engineers.
    message = error.description or ""
    if message == type(error).description:
        message = say("This could not be understood, so nothing was changed. Go back, load the page again, and try once more.")
    if isinstance(error, NoSuchPage):
        message = say("If you typed the address, check it. If you followed a link, it may be old.")
    elif isinstance(error, MethodNotAllowed):
        message = say("This address cannot be used in that way. Go back and use the buttons on the page.")
    elif isinstance(error, RequestEntityTooLarge):
        most = words.size(setting("AMENDS_MAX_FILE"))
        message = say("What you sent is larger than allowed. One file may have up to %(most)s; nothing was saved.", most=most)
    # What is too large was not read.
    kept = [] if isinstance(error, RequestEntityTooLarge) else given()
    response = page("error.html", error.code, title=say(TITLES.get(error.code, "That did not work")), message=message, typed=kept)
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = "60"
    return response


def unexpected(error: Exception) -> Response:
    """The page for what nobody foresaw; the boundary where an exception becomes an answer."""
    propagate = current_app.config["PROPAGATE_EXCEPTIONS"]
    if propagate if propagate is not None else current_app.testing or current_app.debug:
        raise error  # as Flask itself does: a test or a debugger wants the error, not its page
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        log.error("unavailable", reason="the disk is full")
        return away("The disk is full. Make room there; work goes on by itself then.")
    number = secrets.token_hex(4)
    log.error("unexpected error", number=number, exc_info=error)
    return page(
        "error.html",
        500,
        bare=True,
        title=say("Something went wrong on our side"),
        message=say(SAFE, number=number),
        typed=given(),
    )
