"""For the administrator: accounts, settings, and the mail that leaves into a folder while no mail server is set."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, request

from amends.engine.definitions import translations
from amends.engine.errors import Conflict, Invalid, NotFound
from amends.engine.services.mailer import FolderMailer
from amends.webui import actors, asked, packages, zone
from amends.webui.pages import page, say, see
from amends.webui.reach import reach
from amends.webui.state import application, now

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
    roles = _roles()
    needed = {"username": "Enter a user name", "display_name": "Enter the person's name"}
    errors = {name: text for name, text in needed.items() if not typed[name]}
    if not errors:
        try:
            made, password = application().accounts.create(typed["username"], typed["display_name"], roles, actor=actors.actor())
        except (Invalid, Conflict) as error:
            errors = error.by_field("username") if isinstance(error, Invalid) else {"username": str(error)}
        else:
            return page("admin/created.html", made=made, password=password)
    return _accounts(typed | {"roles": roles}, errors, 422)


@blueprint.get("/admin/accounts/<account_id>")
def show(account_id: str) -> Response:
    """One account, to change it."""
    return _show(_account(account_id), {}, {})


@blueprint.post("/admin/accounts/<account_id>")
def change(account_id: str) -> Response:
    """Set its roles, give a new password, or close it."""
    actors.demand("admin")
    person, store = _account(account_id), application().accounts
    wanted = asked.command("roles", "password", "sessions", "no-second-factor", "deactivate", "activate", *STANDING)
    if wanted == "password":
        password = store.set_password(person.id, actor=actors.actor())
        return page("admin/created.html", made=person, password=password)
    if wanted in STANDING:
        return _standing(person, wanted)
    if wanted == "sessions":
        store.sessions.end_others(person.id, None, actor=actors.actor())
        say(f"{person.display_name} is signed out everywhere.")
        return see("amends.admin.show", account_id=person.id)
    if wanted == "no-second-factor":
        store.second_factor.remove(person.id, actor=actors.actor())
        say(f"{person.display_name} is asked for no code any more, until they set up another one.")
        return see("amends.admin.show", account_id=person.id)
    if person.id == actors.account().id:  # type: ignore[union-attr]
        raise Invalid("This is your own account. Another administrator has to change it, so that nobody locks everybody out.")
    if wanted == "deactivate":
        store.deactivate(person.id, actor=actors.actor())
        say(f"{person.display_name} cannot sign in any more.")
    elif wanted == "activate":
        store.activate(person.id, actor=actors.actor())
        say(f"{person.display_name} can sign in again.")
    else:
        store.set_roles(person.id, _roles(), actor=actors.actor())
        say(f"The roles of {person.display_name} are changed.")
    return see("amends.admin.accounts")


def _roles() -> list[str]:
    """The roles that are ticked; raises `Invalid` where one is none of this installation's: it may have gone with a new version."""
    ticked, known = request.form.getlist("roles"), packages.role_titles()
    if gone := [role for role in ticked if role not in known]:
        raise Invalid(f"There is no role “{gone[0]}” any more, so nothing was changed. Load the page again and tick those that are there.")
    return ticked


STANDING = ("teams", "competence", "untrained")


def _standing(person: Any, wanted: str) -> Response:
    """Its teams, and what it was trained for: an administrator may note their own as well, and the record says so."""
    store = application().accounts
    typed = {name: request.form.get(name, "").strip() for name in ("teams", "competence", "training", "until")}
    try:
        if wanted == "teams":
            store.set_teams(person.id, typed["teams"].split(","), actor=actors.actor())
        elif wanted == "untrained":
            store.remove_competence(person.id, typed["competence"], actor=actors.actor())
        else:
            until = _day(typed["until"])
            named = {"training": typed["training"], "valid_until": until, "actor": actors.actor()}
            store.add_competence(person.id, typed["competence"], **named)
    except Invalid as error:
        return _show(person, typed, error.by_field("teams"), 422)
    say(f"What is known of {person.display_name} is changed.")
    return see("amends.admin.show", account_id=person.id)


def _day(text: str) -> datetime | None:
    """The end of a day as a date input gives it; None for none."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), zone.current())
    except (ValueError, OverflowError) as error:
        raise Invalid("This is no date.", {"until": ["Enter a date such as 2027-03-31, or leave it out"]}) from error


def _show(person: Any, typed: dict[str, str], errors: dict[str, str], status: int = 200) -> Response:
    store = application().accounts
    return page(
        "admin/account.html", status, person=person, titles=packages.role_titles(), typed=typed, errors=errors, now=now(),
        sessions=store.sessions.of(person.id, person.session_mark, **actors.ages()), second_factor=store.second_factor.on(person.id),
        services=store.identities.linked(person.id), competences=store.competences(person.id), reach=reach(person),
        teams=typed.get("teams", ", ".join(sorted(store.teams(person.id)))),
    )  # fmt: skip


@blueprint.get("/admin/settings")
def settings() -> Response:
    """What is set: by this installation, and by the package where this installation says nothing."""
    return _settings({}, {})


@blueprint.post("/admin/settings/<name>")
def change_setting(name: str) -> Response:
    """Override a setting of the package with a text, or take the override back; it counts for running complaints too."""
    actors.demand("admin")
    package = packages.complaint_package()
    given = _packaged(package).get(name)
    if not isinstance(given, str):
        raise NotFound("There is no such setting, or it is no text. The process owner changes it in the package.")
    typed = request.form.get("value", "").strip()
    if asked.command("", "default") == "default":
        application().change_setting(name, None, actor=actors.actor())
        say("The package's own value counts again.")
    elif not typed:
        return _settings({name: typed}, {name: "Enter a value, or take the package's"}, 422)
    else:
        application().change_setting(name, typed, actor=actors.actor())
        say("The setting is changed.")
    return see("amends.admin.settings")


def _settings(typed: dict[str, str], errors: dict[str, str], status: int = 200) -> Response:
    package, own = packages.complaint_package(), application().settings
    rows = [
        (name, typed.get(name, own.get(name, given)), name in own, isinstance(given, str)) for name, given in _packaged(package).items()
    ]
    return page("admin/settings.html", status, rows=rows, package=package, errors=errors)


def _packaged(package: Any) -> dict[str, Any]:
    """The settings of the package; after those that may differ by language, one for each language that it has."""
    found: dict[str, Any] = {}
    for name, given in package.manifest.settings.items() if package is not None else ():
        found.setdefault(name, given)
        for code in translations.languages(package)[1:] if name in translations.SAID_APART else ():
            found[f"{name}_{code}"] = translations.setting_in(package, package.manifest.settings, name, code)
    return found


@blueprint.get("/admin/mail")
def mail() -> Response:
    """The mail folder: what would have been sent, while there is no mail server."""
    actors.demand("admin")
    folder = _folder()
    if folder is None:
        return page("admin/mail.html", letters=None)
    letters = folder.list()
    about = application().register.of_mails([one.name for one in letters])
    # An administrator whom a complaint is about does not find its letters here either.
    shown = [one for one in letters if one.name not in about or actors.may("admin", instance_id=about[one.name])]
    application().engine.record_reads([about[one.name] for one in shown if one.name in about], "mail folder", actor=actors.actor())
    return page("admin/mail.html", letters=shown)


@blueprint.get("/admin/mail/<name>")
def letter(name: str) -> Response:
    """One letter of the mail folder, its plain text."""
    folder, about = _folder(), application().register.of_mails([name])
    actors.demand("admin", **({"instance_id": about[name]} if name in about else {}))
    if folder is None:
        raise NotFound("Mail goes to a mail server here, so there is no mail folder.")
    found = folder.read(name)
    application().engine.record_reads([*about.values()], f"mail {name}", actor=actors.actor())
    body = found.get_body(("plain",))
    return page("admin/letter.html", letter=found, body=body.get_content() if body is not None else "")


def _folder() -> FolderMailer | None:
    mailer = application().mailer
    return mailer if isinstance(mailer, FolderMailer) else None


def _account(account_id: str) -> Any:
    return application().accounts.get(account_id)


def _accounts(typed: dict[str, Any], errors: dict[str, str], status: int = 200) -> Response:
    store = application().accounts
    found = sorted(store.list(), key=lambda one: (not one.active, one.display_name.casefold()))
    return page(
        "admin/accounts.html", status, people=found, titles=packages.role_titles(), typed=typed, errors=errors,
        teams=store.teams_of_all(), factors=store.second_factor.used_by(),
    )  # fmt: skip
