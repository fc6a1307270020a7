"""Signing in, in Chromium: a second factor set up and used, and an organisation's sign-in service, a certified one on loopback."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect
from serving import end
from waitress.server import create_server

import amends
from amends.webui import create_app

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"
UNLIMITED = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """Ours and the sign-in service's."""
    return free_port(), free_port()


@pytest.fixture(scope="module")
def provider(repository: Path, ports: tuple[int, int]) -> Iterator[str]:
    """The npm package oidc-provider, certified for OpenID Connect, with its own pages for signing in."""
    node = shutil.which("node") or str(repository / ".venv" / "bin" / "node")
    if not (repository / "node_modules" / "oidc-provider").is_dir() or not Path(node).exists():
        pytest.skip("oidc-provider is not installed in node_modules (`make test` brings it)")
    script = repository / "tests" / "support" / "oidc_provider.mjs"
    back = f"http://127.0.0.1:{ports[0]}/sign-in/service/back"
    running = subprocess.Popen([node, script, str(ports[1]), back], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert running.stdout is not None and running.stdout.readline() == "ready\n"
        yield f"http://127.0.0.1:{ports[1]}"
    finally:
        running.terminate()
        running.wait(timeout=10)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, ports: tuple[int, int]) -> Iterator[tuple[str, Any]]:
    application = amends.open(data=tmp_path_factory.mktemp("installation"))
    application.deploy_shipped()
    application.accounts.create("hanna", "Hanna Handler", ["handler"], PASSWORD)
    application.accounts.create("otto", "Otto Other", ["handler"], PASSWORD)
    config = {
        "AMENDS_OIDC_ISSUER": f"http://127.0.0.1:{ports[1]}", "AMENDS_OIDC_CLIENT_ID": "amends",
        "AMENDS_OIDC_CLIENT_SECRET": "a secret of the tests", "AMENDS_OIDC_SCOPES": "openid profile email groups",
        "AMENDS_OIDC_ROLES": "desk=handler", "AMENDS_OIDC_CREATE": 1, "AMENDS_OIDC_NAME": "Example ID",
    }  # fmt: skip
    server = create_server(create_app(application, **UNLIMITED, **config), host="127.0.0.1", port=ports[0])
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{ports[0]}", application
    end(server)
    application.close()


def fits(page: Page) -> list[str]:
    """Where a page is wider than the screen, at 1280 and 320 px."""
    found = []
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{page.url} is {over} px wider than a screen of {width}"] if over > 0 else []
    page.set_viewport_size({"width": 1280, "height": 900})
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_second_factor_is_set_up_and_asked_for(
    chromium: Browser, installation: tuple[str, Any], axe_violations: Callable[[Page], list[str]], scheme: Any
) -> None:
    """With the keyboard: the picture, a code, the recovery codes; next time a wrong code, then a recovery code; then off again."""
    address, application = installation
    page, problems = chromium.new_context(color_scheme=scheme).new_page(), []

    def look() -> None:
        problems.extend(axe_violations(page) + fits(page))

    def enter(label: str, text: str) -> None:
        page.get_by_label(label).fill(text)

    def sign_in() -> None:
        page.goto(f"{address}/sign-in")
        enter("User name", "hanna")
        enter("Password", PASSWORD)
        page.keyboard.press("Enter")

    sign_in()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    page.goto(f"{address}/account")
    look()
    page.get_by_role("link", name="Set it up").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("img", name="Picture for the authenticator app")).to_be_visible()
    page.wait_for_function("document.querySelector('.app-code-picture').naturalWidth > 100")
    look()
    secret = page.locator(".app-secret").inner_text()
    enter("Code", pyotp.TOTP(secret).now())
    enter("Your password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    look()
    codes = page.locator("main .app-code").all_inner_texts()
    assert len(codes) == 10
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in()
    expect(page.get_by_role("heading", name="Your code")).to_be_visible()
    look()
    enter("Code", "000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The code is wrong")
    look()
    enter("Code", codes[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    page.goto(f"{address}/account/second-factor")
    look()
    enter("Your password", PASSWORD)
    page.get_by_role("button", name="Switch it off").click()
    expect(page.get_by_text("The second factor is switched off.")).to_be_visible()
    assert problems == [] and not application.accounts.second_factor.on(application.accounts.by_username("hanna").id)


def by_service(page: Page, address: str, name: str) -> None:
    """Go to the sign-in service, sign in there, agree, and come back."""
    page.goto(f"{address}/sign-in")
    page.get_by_role("button", name="Sign in with Example ID").click()
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill("anything")
    page.locator("button[type=submit]").click()
    page.locator("button[type=submit]", has_text="Continue").click()


def test_a_certified_provider_signs_somebody_in(provider: str, chromium: Browser, installation: tuple[str, Any]) -> None:
    """Who is new gets an account with the role of their group; who is called like somebody here is refused until they are linked."""
    address, application = installation
    page = chromium.new_context().new_page()
    by_service(page, address, "ida")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    ida = application.accounts.by_username("ida")
    assert (ida.display_name, ida.email, ida.roles) == ("Ida Identity", "ida@example.org", {"handler"})
    page.goto(f"{address}/account")
    expect(page.get_by_text("by sign-in service")).to_be_visible()
    expect(page.get_by_text(f"You can also sign in by {provider}.")).to_be_visible()
    other = chromium.new_context().new_page()
    by_service(other, address, "otto")
    expect(other.get_by_role("alert")).to_contain_text("no account here yet")
    otto = application.accounts.by_username("otto")
    application.accounts.identities.link(otto.id, provider, "otto", actor="system")
    linked = chromium.new_context().new_page()
    by_service(linked, address, "otto")
    expect(linked.get_by_role("heading", name="My account")).to_be_visible()
    assert application.accounts.get(otto.id).roles == frozenset(), "no group of theirs gives the role that groups govern"
