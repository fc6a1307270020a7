"""For the administrator: accounts, settings, and the mail that leaves into a folder while no mail server is set."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from amends.engine.errors import Invalid, NotFound
from amends.webui import actors, packages
from amends.webui.pages import page, say, see
from amends.webui.state import application

blueprint = Blueprint("admin", __name__)


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(actors.ADMIN)


@blueprint.get("/admin")
def accounts() -> Response:
    """All accounts."""
    return _accounts({}, {})


@blueprint.post("/admin/accounts")
def create() -> Response:
    """Create an account; its generated password is shown on this very page and never again."""
    actors.demand("admin")
    typed = {name: request.form.get(name, "").strip() for name in ("username", "display_name")}
    roles = [role for role in request.form.getlist("roles") if role in packages.role_titles()]
    asked = {"username": "Enter a user name", "display_name": "Enter the person's name"}
    errors = {name: text for name, text in asked.items() if not typed[name]}
    if not errors:
        try:
            made, password = application().accounts.create(typed["username"], typed["display_name"], roles, actor=actors.actor())
        except Invalid as error:
            errors = {name: texts[0] for name, texts in error.fields.items() if texts} or {"username": str(error)}
        else:
            return page("admin/created.html", made=made, password=password)
    return _accounts(typed | {"roles": roles}, errors, 422)


@blueprint.get("/admin/accounts/<account_id>")
def show(account_id: str) -> Response:
    """One account, to change it."""
    return page("admin/account.html", person=_account(account_id), titles=packages.role_titles())


@blueprint.post("/admin/accounts/<account_id>")
def change(account_id: str) -> Response:
    """Set its roles, give a new password, or close it."""
    actors.demand("admin")
    person, store = _account(account_id), application().accounts
    wanted = request.form.get("do")
    if wanted == "password":
        _, password = store.set_password(person.id, None, actor=actors.actor())
        return page("admin/created.html", made=person, password=password)
    if person.id == actors.account().id:  # type: ignore[union-attr]
        raise Invalid("This is your own account. Another administrator has to change it, so that nobody locks everybody out.")
    if wanted == "deactivate":
        store.deactivate(person.id, actor=actors.actor())
        say(f"{person.display_name} cannot sign in any more.")
    else:
        known = packages.role_titles()
        store.set_roles(person.id, [role for role in request.form.getlist("roles") if role in known], actor=actors.actor())
        say(f"The roles of {person.display_name} are changed.")
    return see("amends.admin.accounts")


@blueprint.get("/admin/settings")
def settings() -> Response:
    """What is set: by this installation, and by the package where this installation says nothing."""
    package = packages.complaint_package()
    own = application().settings
    rows = [
        (name, own.get(name) if own is not None and own.get(name) is not None else given, own is not None and own.get(name) is not None)
        for name, given in (package.manifest.settings.items() if package is not None else ())
    ]
    return page("admin/settings.html", rows=rows, package=package)


@blueprint.get("/admin/mail")
def mail() -> Response:
    """The mail folder: what would have been sent, while there is no mail server."""
    actors.demand("admin")
    outbox = getattr(application(), "outbox", None)
    return page("admin/mail.html", letters=list(outbox.list()) if outbox is not None else None)


@blueprint.get("/admin/mail/<name>")
def letter(name: str) -> Response:
    """One letter of the mail folder."""
    actors.demand("admin")
    outbox = getattr(application(), "outbox", None)
    if outbox is None:
        raise NotFound("Mail goes to a mail server here, so there is no mail folder.")
    return page("admin/letter.html", letter=outbox.read(name))


def _account(account_id: str) -> Any:
    found = application().accounts.get(account_id)
    if found is None:
        raise NotFound("There is no such account.")
    return found


def _accounts(typed: dict[str, Any], errors: dict[str, str], status: int = 200) -> Response:
    found = sorted(application().accounts.list(), key=lambda one: (not one.active, one.display_name.casefold()))
    return page("admin/accounts.html", status, people=found, titles=packages.role_titles(), typed=typed, errors=errors)
