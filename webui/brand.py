"""An organisation's logo and two colours on every page, from the installation's settings; everything else stays ours."""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256

from flask import Blueprint, Response, make_response, url_for
from werkzeug.exceptions import NotFound

from amends.engine.errors import Invalid
from amends.webui import colours, sniffing
from amends.webui.state import application

blueprint = Blueprint("brand", __name__)

COLOURS = ("brand_colour", "action_colour")
"""The settings: the colour of the header, and that of buttons and links."""
FOREVER = "public, max-age=31536000, immutable"


def style_address() -> str | None:
    """Where the style sheet of the organisation's colours is; None where it has none of its own."""
    found = _style()
    return url_for("amends.brand.style", digest=_digest(found.encode())) if found else None


def logo_address() -> str | None:
    """Where the organisation's logo is; None where it has none."""
    found = _logo()
    return url_for("amends.brand.logo", digest=_digest(found)) if found else None


@blueprint.get("/brand/<digest>.css")
def style(digest: str) -> Response:
    """The organisation's colours over ours."""
    return _kept(_style().encode(), digest, "text/css; charset=utf-8")


@blueprint.get("/brand/logo/<digest>")
def logo(digest: str) -> Response:
    """The organisation's logo."""
    body = _logo()
    return _kept(body, digest, sniffing.media_type(body))


def _style() -> str:
    brand, action = (colours.parse(str(application().settings.get(name) or "")) for name in COLOURS)
    return colours.style(brand, action) if brand or action else ""


def _logo() -> bytes:
    try:
        return base64.b64decode(str(application().settings.get("logo") or ""), validate=True)
    except binascii.Error as error:
        raise Invalid("The setting logo is no picture. An administrator chooses one under Administration, Look.") from error


def _digest(body: bytes) -> str:
    return sha256(body).hexdigest()[:16]


def _kept(body: bytes, digest: str, media_type: str) -> Response:
    """What an address with its content's digest names, kept by browsers for ever."""
    if not body or _digest(body) != digest:
        raise NotFound("The look has changed since. Load the page again.")
    answer = make_response(body)
    answer.headers["Content-Type"] = media_type
    answer.headers["Cache-Control"] = FOREVER
    return answer
