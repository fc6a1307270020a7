"""Render a page of ours: an own Jinja environment, so that a host's templates, filters and context never meet ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, Response, flash, get_flashed_messages, make_response, redirect, request, url_for
from flask.templating import Environment
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, StrictUndefined, Undefined
from markupsafe import Markup

from amends.webui import actors, brand, languages, navigation, packages, people, speech, times, words
from amends.webui.security import CSRF_FIELD, csrf_token
from amends.webui.state import web

TEMPLATES = Path(__file__).resolve().parent / "templates"
FLASH = "amends"
"""Category of our messages in the session that we share with the host."""
PLAIN_NAME = "Complaints"
"""What the site is called where nothing says whose it is."""


def environment(app: Flask, extra: str | Path | None) -> Environment:
    """The Jinja environment of our pages; templates in the folder `extra` replace ours by name."""
    loaders: list[BaseLoader] = [FileSystemLoader(extra)] if extra else []
    loaders.append(FileSystemLoader(TEMPLATES))
    made = Environment(
        app,
        loader=ChoiceLoader(loaders),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined if app.testing else Undefined,
    )
    made.add_extension("jinja2.ext.i18n")
    made.install_gettext_callables(speech.domain.gettext, speech.domain.ngettext, newstyle=False)  # type: ignore[attr-defined]
    made.globals.update(
        _=speech.say,
        url_for=url_for,
        asset=asset,
        csrf_field=csrf_field,
        csrf_token=csrf_token,
        is_current=navigation.is_current,
        most_listed=people.MOST_LISTED,
    )
    own = {"stage_words": packages.stage_words, "told": languages.told, "by_channel": words.by_channel, "who": people.name_of}
    own["person_typed"] = people.typed_name
    made.filters.update(words.FILTERS | times.FILTERS | own)
    return made


def page(template: str, status: int = 200, bare: bool = False, **context: Any) -> Response:
    """A page from a template of ours, with what the layout needs; a `bare` one asks the database for nothing."""
    account = None if bare else actors.account()
    shown = {
        "account": account,
        "navigation": navigation.items(account),
        "may": actors.may,
        "organisation": PLAIN_NAME if bare else organisation(),
        "brand_style": None if bare else brand.style_address(),
        "logo": None if bare else brand.logo_address(),
        **(languages.for_page() if not bare else {"language": speech.language(speech.current()), "languages": []}),
        "flashes": get_flashed_messages(category_filter=[FLASH]),
        "assets_built": web().assets.built,
        "here": request.path,
        **context,
    }
    return make_response(web().templates.get_template(template).render(shown), status)


def see(endpoint: str, **values: Any) -> Response:
    """Redirect with 303, so that going back or reloading never sends a form twice."""
    return make_response(redirect(url_for(endpoint, **values), 303))


def say(text: str) -> None:
    """Tell on the next page what has just happened."""
    flash(text, FLASH)


def asset(name: str) -> str | None:
    """The address of a built asset, or None when it is not built."""
    file = web().assets.file(name)
    return url_for("amends.static", filename=f"dist/{file}") if file else None


def csrf_field() -> Markup:
    """The hidden input that every form that posts has."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, csrf_token())


def organisation() -> str:
    """Whose complaints these are, as the installation's settings or the deployed package say."""
    return str(packages.setting_of("organisation") or PLAIN_NAME)
