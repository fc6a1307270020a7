"""For the administrator: how the organisation looks, by its name, logo and two colours."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, request

from amends.engine.errors import Invalid
from amends.webui import actors, asked, colours, packages, sniffing
from amends.webui.brand import COLOURS
from amends.webui.pages import page, say, see
from amends.webui.state import application

blueprint = Blueprint("look", __name__)

NAMES = dict(zip(COLOURS, ("The colour of the header", "The colour of buttons and links"), strict=True))
PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")
"""No SVG: it is a document that can hold scripts, and this file is served from our own origin."""
MAX_LOGO = 60_000
"""Bytes: the logo is on every page, and a page stays below 100 kB."""


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(actors.ADMIN)


@blueprint.get("/admin/look")
def show() -> Response:
    """Name, logo and colours, as they are."""
    return _page({}, {})


@blueprint.post("/admin/look")
def change() -> Response:
    """Change name, logo and colours; an empty field takes ours again."""
    if "organisation" not in request.form:
        raise Invalid(asked.UNKNOWN)  # empty fields take ours again: only where somebody has emptied them
    typed = {name: request.form.get(name, "").strip() for name in ("organisation", *NAMES)}
    errors = {
        name: f"{title} must be written like #0b5a5e" for name, title in NAMES.items() if typed[name] and colours.parse(typed[name]) is None
    }
    sent = request.files.get("logo")
    body = sent.stream.read(MAX_LOGO + 1) if sent is not None else b""
    if len(body) > MAX_LOGO:
        errors["logo"] = f"The logo must be smaller than {MAX_LOGO // 1000} kB. Save it smaller, or as PNG with fewer colours"
    elif body and sniffing.media_type(body) not in PICTURES:
        errors["logo"] = "The logo must be a PNG, JPEG, WebP or GIF picture"
    if errors:
        return _page(typed, errors, 422)
    for name, value in typed.items():
        _set(name, colours.parse(value) if name in NAMES else value)
    if body:
        _set("logo", base64.b64encode(body).decode(), said=f"a picture of {len(body)} bytes, SHA-256 {sha256(body).hexdigest()}")
    elif request.form.get("without_logo"):
        _set("logo", None)
    say("The look is changed, on every page from now on.")
    return see("amends.look.show")


def _set(name: str, value: str | None, said: str | None = None) -> None:
    if (application().settings.get(name) or "") != (value or ""):
        application().change_setting(name, value or None, actor=actors.actor(), said=said)


def _page(typed: dict[str, str], errors: dict[str, str], status: int = 200) -> Response:
    own = application().settings
    shown = {name: typed.get(name, str(own.get(name) or "")) for name in ("organisation", *NAMES)}
    known = packages.setting_of("organisation")
    return page("admin/look.html", status, shown=shown, names=NAMES, errors=errors, known=known, most=MAX_LOGO)
