"""Signing in by pages: a code after the password, sessions listed and ended, roles that ask for a second factor, a sign-in service."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

import amends
from amends.webui import create_app

PASSWORD = "correct horse battery"
UNLIMITED = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}


class Time:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def application(tmp_path: Path, clock: Time) -> Iterator[Any]:
    opened = amends.open(data=tmp_path / "data", clock=clock)
    opened.deploy_shipped()
    opened.accounts.create("hanna", "Hanna Handler", ["handler"], PASSWORD)
    opened.accounts.create("adam", "Adam Admin", ["admin"], PASSWORD)
    yield opened
    opened.close()


def pages(application: Any, **config: Any) -> Flask:
    return create_app(application, TESTING=True, SECRET_KEY="k" * 32, **{**UNLIMITED, **config})


def send(client: FlaskClient, path: str, **data: str) -> Any:
    """Send a form of ours, with the token of this browser."""
    found = re.search(r'name="amends_csrf" value="([^"]+)"', client.get("/follow").text)
    assert found is not None
    return client.post(path, data={"amends_csrf": found[1], **data})


def sign_in(client: FlaskClient, username: str = "hanna", **data: str) -> Any:
    return send(client, "/sign-in", username=username, password=PASSWORD, **data)


def set_up(client: FlaskClient, clock: Time) -> tuple[str, list[str]]:
    """Switch the second factor on; the app's secret and the recovery codes."""
    page = client.get("/account/second-factor").text
    secret = re.search(r'class="app-secret">([A-Z2-7]+)<', page)
    assert secret is not None
    answer = send(client, "/account/second-factor", code=pyotp.TOTP(secret[1]).at(clock()), password=PASSWORD)
    assert answer.status_code == 200, answer.text
    return secret[1], re.findall(r'<li class="app-code">([^<]+)</li>', answer.text)


def test_after_the_password_comes_the_code(application: Any, clock: Time) -> None:
    """The password alone opens nothing; a wrong code neither; the right one leads to the page asked for."""
    app = pages(application)
    client = app.test_client()
    sign_in(client)
    assert client.get("/account/second-factor.svg").mimetype == "image/svg+xml"
    assert send(client, "/account/second-factor", code="1", password="wrong").status_code == 422
    secret, codes = set_up(client, clock)
    assert len(codes) == 10 and client.get("/account/second-factor.svg").status_code == 404
    clock.at += timedelta(minutes=1)
    other = app.test_client()
    answer = sign_in(other, next="/complaints")
    assert answer.location == "/sign-in/code?next=/complaints"
    assert other.get("/inbox").status_code == 303, "not signed in yet"
    assert send(other, "/sign-in/code", code="000000").status_code == 422
    answer = send(other, "/sign-in/code", code=pyotp.TOTP(secret).at(clock()), next="/complaints")
    assert answer.location == "/complaints" and other.get("/inbox").status_code == 200
    third = app.test_client()
    sign_in(third)
    assert send(third, "/sign-in/code", code=codes[3]).location == "/home"
    late = app.test_client()
    sign_in(late)
    clock.at += timedelta(minutes=11)
    assert send(late, "/sign-in/code", code=codes[4]).location == "/sign-in"
    application.accounts.second_factor.remove(application.accounts.by_username("hanna").id, actor="system")
    assert sign_in(app.test_client()).location == "/home"


def test_sessions_are_listed_and_ended(application: Any) -> None:
    """Each with its browser; the one in use is marked; signed out there, the other browser is at the sign-in form again."""
    app = pages(application)
    here, there, third = app.test_client(), app.test_client(), app.test_client()
    sign_in(here)
    for one in (there, third):
        one.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        sign_in(one)
    page = here.get("/account").text
    assert page.count("Firefox on Linux</strong>") == 2 and page.count("This one") == 1
    ids = re.findall(r'name="session" value="([0-9a-f]+)"', page)
    assert len(ids) == 2
    send(here, "/account/sessions", session=ids[0])
    assert sorted([there.get("/account").status_code, third.get("/account").status_code]) == [200, 303]
    send(here, "/account/sessions", do="others")
    assert (there.get("/account").status_code, third.get("/account").status_code, here.get("/account").status_code) == (303, 303, 200)
    send(here, "/sign-out")
    with here.session_transaction() as kept:
        assert "account" not in kept["amends"]


def test_a_session_does_not_outlive_sign_out_even_if_its_cookie_was_copied(application: Any) -> None:
    """The browser's cookie alone is worth nothing once the session is ended."""
    app = pages(application)
    client, thief = app.test_client(), app.test_client()
    sign_in(client)
    cookie = client.get_cookie("amends")
    assert cookie is not None
    thief.set_cookie("amends", cookie.value)
    assert thief.get("/inbox").status_code == 200
    send(client, "/sign-out")
    assert thief.get("/inbox").status_code == 303


def test_an_administrator_ends_sessions_and_lost_second_factors(application: Any, clock: Time) -> None:
    """For who has lost phone and codes, or left a screen open."""
    app = pages(application)
    hanna, adam = app.test_client(), app.test_client()
    sign_in(hanna)
    set_up(hanna, clock)
    sign_in(adam, "adam")
    account = application.accounts.by_username("hanna")
    page = adam.get(f"/admin/accounts/{account.id}").text
    assert "Switch the second factor off" in page and "1 session" in page
    send(adam, f"/admin/accounts/{account.id}", do="sessions")
    assert hanna.get("/inbox").status_code == 303
    send(adam, f"/admin/accounts/{account.id}", do="no-second-factor")
    assert sign_in(hanna).location == "/home"


def test_roles_that_ask_for_a_second_factor_get_no_further_without(application: Any, clock: Time) -> None:
    """An administrator without one is led to setting it up; with it, all is open; it cannot be switched off by themselves."""
    app = pages(application, AMENDS_TOTP_ROLES="admin, auditor")
    adam, hanna = app.test_client(), app.test_client()
    sign_in(adam, "adam")
    assert adam.get("/admin").location == "/account/second-factor"
    set_up(adam, clock)
    assert adam.get("/admin").status_code == 200
    assert send(adam, "/account/second-factor", do="off", password=PASSWORD).status_code == 422
    sign_in(hanna)
    assert hanna.get("/inbox").status_code == 200


def test_somebodys_own_browser_gets_in_while_others_guess(application: Any) -> None:
    """The cookie of an earlier sign-in is kept for that, by nobody but the server, and only for signing in."""
    app = pages(application)
    own, guesser = app.test_client(), app.test_client()
    (cookie,) = (one for one in sign_in(own).headers.getlist("Set-Cookie") if one.startswith("amends_device="))
    assert "HttpOnly" in cookie and "Path=/sign-in" in cookie and "SameSite=Lax" in cookie
    send(own, "/sign-out")
    for _ in range(8):
        send(guesser, "/sign-in", username="hanna", password="wrong wrong wrong")
    assert sign_in(guesser).status_code == 422
    assert sign_in(own).location == "/home"


# -- the sign-in service: what it says must be signed, for us, for this attempt

ISSUER, CLIENT = "https://id.example.org", "amends"
KEY = RSAKey.generate_key(2048, {"kid": "one"})
ABOUT = {
    "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/auth", "token_endpoint": f"{ISSUER}/token", "jwks_uri": f"{ISSUER}/jwks",
    "userinfo_endpoint": f"{ISSUER}/me",
}  # fmt: skip
CONFIG = {
    "AMENDS_OIDC_ISSUER": ISSUER, "AMENDS_OIDC_CLIENT_ID": CLIENT, "AMENDS_OIDC_CLIENT_SECRET": "s" * 32, "AMENDS_OIDC_CREATE": 1,
    "AMENDS_OIDC_ROLES": "desk=handler, lead=team-lead", "AMENDS_OIDC_NAME": "Example ID",
}  # fmt: skip


class Service:
    """A sign-in service that says what a test lets it say."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.token = ""
        self.userinfo: dict[str, Any] = {"sub": "ida", "groups": ["desk"]}
        monkeypatch.setattr(requests.Session, "request", self.request)
        self.asked: list[str] = []

    def request(self, method: str, url: str, *sent: Any, **values: Any) -> requests.Response:
        self.asked.append(url.removeprefix(ISSUER))
        told = {"/.well-known/openid-configuration": ABOUT, "/jwks": KeySet([KEY]).as_dict(private=False), "/me": self.userinfo}
        told["/token"] = {"access_token": "a", "token_type": "Bearer", "id_token": self.token}
        answer = requests.Response()
        answer.status_code, answer._content = 200, json.dumps(told[url.removeprefix(ISSUER)]).encode()
        answer.headers["Content-Type"] = "application/json"
        return answer


def attempt(app: Flask, service: Service, header: dict[str, Any] | None = None, key: Any = KEY, **claims: Any) -> tuple[FlaskClient, Any]:
    """Go to the service and come back with an ID token that holds these claims; None leaves one out."""
    client = app.test_client()
    sent = parse_qs(urlsplit(client.get("/sign-in/service?next=/complaints").location).query)
    assert sent["code_challenge_method"] == ["S256"] and sent["redirect_uri"] == ["http://localhost/sign-in/service/back"]
    told = {"iss": ISSUER, "aud": CLIENT, "sub": "ida", "nonce": sent["nonce"][0], "iat": int(time.time()), "exp": int(time.time()) + 300}
    told = {name: value for name, value in {**told, "name": "Ida", "preferred_username": "ida", **claims}.items() if value is not None}
    service.token = jwt.encode(header or {"alg": "RS256", "kid": "one"}, told, key, algorithms=["RS256", "HS256"])
    return client, client.get(f"/sign-in/service/back?code=c&state={sent['state'][0]}")


def test_who_the_service_vouches_for_is_signed_in_with_their_groups_roles(application: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the page asked for; groups come from the token, or are asked for; who signs out is out here."""
    app = pages(application, **CONFIG)
    assert "Sign in with Example ID" in app.test_client().get("/sign-in").text
    client, answer = attempt(app, Service(monkeypatch))
    assert answer.location == "/complaints" and client.get("/complaints").status_code == 200
    account = application.accounts.by_username("ida")
    assert account is not None and account.roles == {"handler"} and account.display_name == "Ida"
    _, answer = attempt(app, Service(monkeypatch), groups=["lead"])
    assert answer.location == "/complaints" and application.accounts.by_username("ida").roles == {"team-lead"}


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another attempt"}, {"nonce": None}, {"aud": "somebody-else"}, {"aud": [CLIENT, "another"]}, {"iss": "https://evil.example"},
        {"exp": 1_000_000_000}, {"exp": None}, {"sub": None},
    ],
)  # fmt: skip
def test_a_token_that_is_not_for_us_and_now_is_refused(application: Any, monkeypatch: pytest.MonkeyPatch, claims: dict[str, Any]) -> None:
    """Of another attempt, for another client, by another issuer, over, or about nobody (OpenID Connect Core 1.0, 3.1.3.7)."""
    client, answer = attempt(pages(application, **CONFIG), Service(monkeypatch), **claims)
    assert answer.status_code == 403 and "cannot be used" in answer.text
    assert client.get("/inbox").status_code == 303 and application.accounts.by_username("ida") is None


def test_a_token_the_service_did_not_sign_is_refused(application: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a key of somebody else, or by the secret we share with the service."""
    app = pages(application, **CONFIG)
    other = RSAKey.generate_key(2048, {"kid": "one"})
    service = Service(monkeypatch)
    assert attempt(app, service, key=other)[1].status_code == 403
    assert attempt(app, service, {"alg": "HS256"}, OctKey.import_key("s" * 32))[1].status_code == 403
    assert service.asked.count("/jwks") == 3, "new keys are looked for once"


def test_what_the_service_says_of_somebody_else_is_not_used(application: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups of another subject give no roles, so there is no account."""
    service = Service(monkeypatch)
    service.userinfo = {"sub": "otto", "groups": ["desk"]}
    _, answer = attempt(pages(application, **CONFIG), service)
    assert answer.status_code == 403 and "no account here yet" in answer.text


def test_an_answer_nobody_asked_for_is_refused(application: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No attempt in this browser, or another state: nobody can be signed in to somebody else's account by a link."""
    app, service = pages(application, **CONFIG), Service(monkeypatch)
    assert app.test_client().get("/sign-in/service/back?code=c&state=s").status_code == 400
    client = app.test_client()
    client.get("/sign-in/service")
    assert client.get("/sign-in/service/back?code=c&state=another").status_code == 403
    assert "/token" not in service.asked


def test_without_a_service_there_is_none(application: Any) -> None:
    """No button, no way."""
    client = pages(application).test_client()
    assert "Sign in with" not in client.get("/sign-in").text
    assert client.get("/sign-in/service").status_code == 404
