"""What protects our pages and only ours: headers, the content security policy, CSRF tokens, sizes of requests."""

from __future__ import annotations

from flask import Response, request
from flask_wtf.csrf import generate_csrf, validate_csrf
from werkzeug.exceptions import BadRequest
from wtforms import ValidationError

from amends.webui.speech import say
from amends.webui.state import setting

CSRF_FIELD = "amends_csrf"
CSRF_SECONDS = 7 * 24 * 3600
"""Writing a complaint may take days; the token is bound to the session, which the browser forgets."""

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
}


def csrf_token() -> str:
    """The token a form of ours carries; its own key, so that a host's tokens and ours do not meet."""
    token: str = generate_csrf(token_key=CSRF_FIELD)
    return token


def refuse_forgery() -> None:
    """Refuse a request that changes something without our token; raises BadRequest."""
    if request.method in ("GET", "HEAD", "OPTIONS", "TRACE"):
        return
    try:
        _check_token()
    except ValidationError as error:
        raise BadRequest(
            say(
                "This page was open for too long, or cookies are switched off, so nothing was sent. "
                "Go back, load the page again, and send it once more; your browser may still have what you typed."
            )
        ) from error


def is_from_us() -> bool:
    """Whether one of our own pages sends this: it has our token, else the browser says so.

    Browsers that say nothing about the site say where a form comes from; most do not for ours, as our pages give no referrer.
    """
    try:
        _check_token()
    except ValidationError:
        site = request.headers.get("Sec-Fetch-Site")
        return site == "same-origin" if site else request.headers.get("Origin") == request.host_url.rstrip("/")
    return True


def _check_token() -> None:
    """Raise `ValidationError` unless the request has our token, from not too long ago."""
    given = request.form.get(CSRF_FIELD) or request.headers.get("X-CSRF-Token")
    validate_csrf(given, time_limit=CSRF_SECONDS, token_key=CSRF_FIELD)


def bound_request() -> None:
    """Bound what a request may carry before anything of it is read."""
    if request.endpoint and request.endpoint.startswith("amends.studio."):
        request.max_content_length = setting("AMENDS_MAX_PACKAGE") + 100_000
    elif request.mimetype == "multipart/form-data":
        request.max_content_length = setting("AMENDS_MAX_FILE") * setting("AMENDS_MAX_FILES") // 2 + 100_000
    else:
        request.max_content_length = setting("AMENDS_MAX_REQUEST")
    request.max_form_memory_size = setting("AMENDS_MAX_REQUEST")


def add_headers(response: Response) -> Response:
    """Add the security headers; pages are never stored, hashed assets for ever."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint == "amends.static" and response.status_code == 200:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
