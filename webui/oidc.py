"""Signing in by a service of the organisation: OpenID Connect, authorization code with PKCE, state and nonce.

What the service says is believed only as an ID token that it signed, for us, for this very attempt (OpenID Connect Core 1.0, 3.1.3.7).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from flask import url_for
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from amends.engine.errors import AmendsError
from amends.webui.state import setting, web

TIMEOUT_SECONDS = 10
LEEWAY_SECONDS = 60
"""Clocks of two machines differ."""
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures by a key that only the service has; none, and those by the shared secret, are refused."""


class NotSignedIn(AmendsError):
    """Signing in by the service did not work."""


@dataclass
class Provider:
    """A sign-in service as it describes itself."""

    about: Mapping[str, Any]
    keys: KeySet


def configured() -> bool:
    """Whether this installation has a sign-in service."""
    return bool(setting("AMENDS_OIDC_ISSUER") and setting("AMENDS_OIDC_CLIENT_ID"))


def begin() -> tuple[str, dict[str, str]]:
    """Where to send the browser, and what to remember of this attempt. Raises `NotSignedIn` where the service does not answer."""
    attempt = {"state": secrets.token_urlsafe(24), "nonce": secrets.token_urlsafe(24), "verifier": secrets.token_urlsafe(48)}
    address, _ = _client(attempt["state"]).create_authorization_url(
        _provider().about["authorization_endpoint"], state=attempt["state"], nonce=attempt["nonce"], code_verifier=attempt["verifier"]
    )
    return address, attempt


def finish(answer: str, attempt: Mapping[str, str]) -> Mapping[str, Any]:
    """The claims about who came back, from the address `answer`. Raises `NotSignedIn`."""
    about = _provider().about
    try:
        client = _client(attempt["state"])
        token = client.fetch_token(
            about["token_endpoint"], authorization_response=answer, code_verifier=attempt["verifier"], timeout=TIMEOUT_SECONDS
        )
        claims = _verified(str(token.get("id_token") or ""), attempt["nonce"])
        if setting("AMENDS_OIDC_GROUPS") not in claims and about.get("userinfo_endpoint"):
            answered = client.get(about["userinfo_endpoint"], timeout=TIMEOUT_SECONDS)
            answered.raise_for_status()
            further = answered.json()
            # Core 5.3.2: what is said of somebody else must not be used.
            if further.get("sub") == claims["sub"]:
                claims = {**further, **claims}
    except (AuthlibBaseError, JoseError, requests.RequestException, ValueError, KeyError) as error:
        told = f"The sign-in service's answer cannot be used ({error})."
        raise NotSignedIn(f"{told} Try again; if it stays so, tell an administrator.") from error
    return claims


def roles_of(claims: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The roles somebody's groups give, and every role a group could give."""
    pairs = [one.split("=", 1) for one in setting("AMENDS_OIDC_ROLES").split(",") if "=" in one]
    given = claims.get(setting("AMENDS_OIDC_GROUPS"))
    groups = set(given) if isinstance(given, list) else {given}
    by_group = [(group.strip(), role.strip()) for group, role in pairs]
    return {role for group, role in by_group if group in groups}, {role for _, role in by_group}


def _client(state: str) -> Any:
    return OAuth2Session(
        setting("AMENDS_OIDC_CLIENT_ID"), setting("AMENDS_OIDC_CLIENT_SECRET"), scope=setting("AMENDS_OIDC_SCOPES"), state=state,
        redirect_uri=url_for("amends.signin.service_back", _external=True), code_challenge_method="S256",
    )  # fmt: skip


def _provider() -> Provider:
    """The service, asked once a process."""
    found: Provider | None = web().provider
    if found is None:
        issuer = setting("AMENDS_OIDC_ISSUER").rstrip("/")
        try:
            about = _get(f"{issuer}/.well-known/openid-configuration")
            if str(about.get("issuer", "")).rstrip("/") != issuer:
                raise ValueError(f"it calls itself {about.get('issuer')!r}")
            found = web().provider = Provider(about, KeySet.import_key_set(_get(about["jwks_uri"])))
        except (requests.RequestException, JoseError, ValueError, KeyError) as error:
            raise NotSignedIn(f"The sign-in service does not answer as it should ({error}). Use your password, or try later.") from error
    return found


def _get(address: str) -> Any:
    answer = requests.get(address, timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    return answer.json()


def _verified(token: str, nonce: str) -> dict[str, Any]:
    """The claims of an ID token, if the service signed it for us and for this attempt."""
    provider, client_id = _provider(), setting("AMENDS_OIDC_CLIENT_ID")
    try:
        decoded = jwt.decode(token, provider.keys, algorithms=ALGORITHMS)
    except (JoseError, ValueError):
        # The service may have new keys: it is asked once more, then the answer stands.
        web().provider = None
        decoded = jwt.decode(token, _provider().keys, algorithms=ALGORITHMS)
    asked: dict[str, Any] = {
        "iss": {"essential": True, "value": provider.about["issuer"]},
        "aud": {"essential": True, "value": client_id},
        "sub": {"essential": True},
        "exp": {"essential": True},
        "nonce": {"essential": True, "value": nonce},
    }
    jwt.JWTClaimsRegistry(leeway=LEEWAY_SECONDS, **asked).validate(decoded.claims)
    audience = decoded.claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and decoded.claims.get("azp") != client_id:
        raise ValueError("the token is for several, and not made for us")
    return dict(decoded.claims)
