"""Who is asking: the account signed in, what it may do, and the complaint a complainant may follow.

Flask-Login keeps one user for a whole application; a host has its own. Ours is an entry in our part of the session.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import g, request, session, url_for
from werkzeug.utils import redirect

from amends.engine.accounts import policy
from amends.engine.complaints.references import digest_of
from amends.engine.errors import Conflict, Forbidden, NotFound
from amends.engine.history import Entry
from amends.webui.security import CSRF_FIELD
from amends.webui.state import application, now, own_session, remember, setting

OWNER, AUDITOR, ADMIN = policy.PROCESS_OWNER, policy.AUDITOR, policy.ADMIN
PASSWORD, PASSWORD_AND_CODE, SERVICE = "password", "password and code", "sign-in service"
"""How somebody signed in."""
APART = frozenset({OWNER, AUDITOR, ADMIN})
"""Roles that do not work on complaints; all others do: those of packages, and team leads."""


def account() -> Any | None:
    """The account signed in, or None; looked up once a request, so that a deactivated account is out at once."""
    if "amends_account" not in g:
        g.amends_account = _load()
    return g.amends_account


def ages() -> dict[str, timedelta]:
    """How long a session lasts: without a request, and at all."""
    return {"idle": timedelta(minutes=setting("AMENDS_IDLE_MINUTES")), "longest": timedelta(hours=setting("AMENDS_SESSION_HOURS"))}


def _load() -> Any | None:
    kept = own_session().get("account")
    if not isinstance(kept, str):
        return None
    accounts = application().accounts
    going_on = accounts.sessions.find(kept, **ages())
    try:
        found = None if going_on is None else accounts.get(going_on.account_id)
    except NotFound:
        found = None
    if found is None or not found.active or found.session_mark != going_on.mark:
        remember(account=None)
        return None
    g.amends_session = going_on
    return found


def current_session() -> Any:
    """The session of this request; raises Forbidden when nobody is signed in."""
    signed_in()
    return g.amends_session


def sign_in(found: Any, method: str) -> None:
    """Sign an account in: nothing of the session before it is kept."""
    session.pop(CSRF_FIELD, None)  # a token from before signing in is worth nothing after it
    g.pop(CSRF_FIELD, None)
    sessions = application().accounts.sessions
    told = {"method": method, "agent": request.user_agent.string, "address": request.remote_addr or ""}
    secret = sessions.begin(found.id, found.session_mark, **told)
    remember(account=secret, draft=None, follow=None, pending=None, service=None)
    g.amends_account, g.amends_session = found, sessions.find(secret, **ages())


def sign_out() -> None:
    """End the session."""
    kept = own_session().get("account")
    if isinstance(kept, str):
        application().accounts.sessions.end_own(kept)
    remember(account=None, pending=None)
    g.amends_account = None


def signed_in() -> Any:
    """The account signed in; raises Forbidden when nobody is."""
    found = account()
    if found is None:
        raise Forbidden("Nobody is signed in. Sign in first.")
    return found


def actor() -> str:
    """The actor string of the account signed in; raises Forbidden when nobody is."""
    return str(signed_in().actor)


def work_roles(found: Any | None) -> list[str]:
    """The roles of an account that work on complaints."""
    return sorted(role for role in found.roles if role not in APART) if found is not None else []


def may(action: str, **about: Any) -> bool:
    """Whether the account signed in may do this, as the access policy says."""
    try:
        application().engine.access.check(actor(), action, **about)
    except (Forbidden, Conflict):
        return False
    return True


def demand(action: str, **about: Any) -> None:
    """Raise Forbidden unless the account signed in may do this; a refusal is written into the history."""
    application().engine.authorise(actor(), action, **about)


def gate(*roles: str, work: bool = False) -> Any:
    """What a blueprint asks before each request: an account, with one of `roles`, or with `work` any role that works on complaints."""
    found = account()
    if found is None:
        target = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("amends.signin.form", next=target), 303)
    if needs_second_factor(found):
        return redirect(url_for("amends.own.second_factor"), 303)
    if not (set(roles) & set(found.roles) or (work and work_roles(found))):
        application().engine.record("denied", actor(), [Entry("denied", request.endpoint or "")])
        wanted = ", ".join((*roles, *(["a role that works on complaints"] if work else [])))
        raise Forbidden(f"Your account has no access to this page. It needs: {wanted}. An administrator can give you that.")
    return None


def needs_second_factor(found: Any) -> bool:
    """Whether somebody has to set up a second factor before anything else, as their roles ask for one.

    Who signed in by a service has proven there what it asks for.
    """
    return needs_second_factor_by_role(found) and not application().accounts.second_factor.on(found.id)


def needs_second_factor_by_role(found: Any) -> bool:
    """Whether a role of theirs asks for a second factor, as AMENDS_TOTP_ROLES says."""
    asked = {role.strip() for role in setting("AMENDS_TOTP_ROLES").split(",") if role.strip()}
    return bool(asked & set(found.roles)) and g.amends_session.method != SERVICE


def follow_open(reference: str, secret: str) -> None:
    """Let this browser follow a complaint for a while, as long as the link works whose secret it has shown."""
    _follow_keep(reference, digest_of(secret))


def _follow_keep(reference: str, mark: str) -> None:
    kept = {ref: told for ref, told in own_session().get("follow", {}).items() if ref != reference}
    remember(follow=dict(list(kept.items())[-4:]) | {reference: [now().isoformat(), mark]})


def follow_used(complaint: Any) -> None:
    """Note that whoever follows this complaint here sends something: a person does, who has the link that let this browser in."""
    _, mark = own_session()["follow"][complaint.reference]
    application().register.link_used(complaint, str(mark))


def follow_close() -> None:
    """Let this browser follow nothing any more."""
    remember(follow=None)


def may_follow(reference: str) -> bool:
    """Whether this browser has shown the secret of this complaint lately; being used keeps it open.

    Not once that link has ended: whoever had it from somebody else is shut out at once, wherever they have it open.
    """
    told = own_session().get("follow", {}).get(reference)
    at, mark = told if isinstance(told, list) and len(told) == 2 else (None, "")
    if at is None or now() - _instant(at) > timedelta(minutes=setting("AMENDS_FOLLOW_MINUTES")):
        return False
    if not application().register.still_opens(reference, str(mark)):
        return False
    _follow_keep(reference, str(mark))
    return True


def _instant(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return datetime(1970, 1, 1, tzinfo=UTC)
