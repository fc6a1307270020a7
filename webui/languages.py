"""The language of public pages: chosen by a link, else by what the browser asks for, among those the installation offers.

Staff pages are in the package's own language.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from babel import Locale, negotiate_locale
from babel.dates import format_date
from flask import Blueprint, Flask, Response, g, make_response, redirect, request, url_for
from flask_babel import Babel, force_locale

from amends.engine.definitions import translations as texts
from amends.engine.errors import Unavailable
from amends.forms.texts import Speech, speak
from amends.webui import packages
from amends.webui.speech import FOLDER, OWN, current, language, number, say
from amends.webui.state import own_session, remember, setting

blueprint = Blueprint("languages", __name__)
_SILENT = ("amends.static", "amends.health.", "amends.brand.")
PUBLIC = ("amends.complainant.", "amends.filing.", "amends.follow.", "amends.languages.", "amends.signin.form")


def offered() -> list[str]:
    """The languages of the public pages: those the setting names, else those that both the package and our pages have."""
    if named := setting("AMENDS_LANGUAGES"):
        return [code.strip() for code in str(named).split(",") if code.strip()]
    package = packages.complaint_package()
    own = texts.languages(package) if package is not None else [OWN]
    return own[:1] + [code for code in own[1:] if code == OWN or (FOLDER / code).is_dir()]


def _choose() -> str:
    try:
        known = offered()
    except Unavailable:
        known = [OWN, *sorted(path.name for path in FOLDER.iterdir())]  # the page that says so is read by somebody, too
    if not is_public():
        return known[0]
    chosen = own_session().get("language")
    if chosen in known:
        return str(chosen)
    wanted = [value.replace("-", "_") for value, _ in request.accept_languages]
    return negotiate_locale(wanted, known, sep="_") or known[0]


def is_public() -> bool:
    """Whether this request is for a page that complainants see."""
    at = request.endpoint or ""
    staff = ".staff_" in at or bool(own_session().get("account"))
    return not staff and (at.startswith(PUBLIC) or not at.startswith("amends.") or at == "amends.nowhere")


@blueprint.get("/language/<code>")
def choose(code: str) -> Response:
    """Change the language of this browser, and go back to where one was."""
    if code.replace("-", "_") in offered():
        remember(language=code.replace("-", "_"))
    to = request.args.get("to", "")
    safe = to.startswith("/") and not to.startswith(("//", "/\\")) and "\\" not in to
    return make_response(redirect(to if safe else url_for("amends.complainant.start"), 303))


def prefer(code: str) -> None:
    """Read on in the language somebody is written to in, unless this browser has chosen another."""
    if code in offered() and not own_session().get("language"):
        remember(language=code)


# -- what a request says ------------------------------------------------------------------------------------------------


class _Speech(Speech):
    """Forms say what they say in the language of the request."""

    def say(self, text: str) -> str:
        return say(text)

    def day(self, found: date) -> str | None:
        return None if current() == OWN else format_date(found, "long", current())

    def number(self, found: int) -> str:
        return number(found)


def init(app: Flask) -> None:
    """Let Flask-Babel say the locale of requests, unless the host application has it do so already."""
    if "babel" not in app.extensions:
        Babel(app, configure_jinja=False)


def begin() -> None:
    """Before a request of ours: its locale, and the language of its forms."""
    if "amends_ends" in g or (request.endpoint or "").startswith(_SILENT):
        return
    g.amends_language = _choose()
    forced = force_locale(current())
    forced.__enter__()
    end = speak(_Speech())
    g.amends_ends = [end, lambda: forced.__exit__(None, None, None)]


def end(error: BaseException | None = None) -> None:
    """After it, whatever became of it."""
    ends: list[Callable[[], None]] = g.pop("amends_ends", [])
    for one in ends:
        one()


def for_page() -> dict[str, Any]:
    """What the layout needs: the language of the page, and those to choose among."""
    known = offered() if is_public() else []
    return {"language": language(current()), "languages": [language(code) for code in known] if len(known) > 1 else []}


def told(text: Any, package: Any = None) -> str:
    """A text of the package in the language of this request."""
    package = package or g.get("amends_package") or packages.complaint_package()
    return str(text) if package is None or not text else texts.translate(package, str(text), current())


def code_of(name: str, known: list[str]) -> str:
    """The language among these that somebody has named in any of them: `Deutsch`, `german`, `de`; empty for none."""
    wanted = name.strip().casefold()
    for code in known if wanted else ():
        names = {code} | {str(Locale.parse(code).get_display_name(other) or "").casefold() for other in (*known, OWN)}
        if wanted in names:
            return code
    return ""
