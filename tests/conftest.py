"""What every test may ask for: the material beside the repository, and a database of its own."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"

# Where the PostgreSQL is that each test gets a new database on. "off": use none, even if there is one.
POSTGRES = os.environ.get("AMENDS_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
REQUIRED = {name for name in os.environ.get("AMENDS_TEST_REQUIRE", "").split(",") if name}

settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=100, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to test a checkout when an installed copy was to be tested (AMENDS_TEST_INSTALLED names its folder)."""
    expected = os.environ.get("AMENDS_TEST_INSTALLED")
    if expected:
        import amends

        if not Path(amends.__file__ or "").resolve().is_relative_to(Path(expected).resolve()):
            raise pytest.UsageError(f"The tests were to run on the copy in {expected}, but amends is imported from {amends.__file__}.")


def skip_or_fail(what: str, reason: str) -> NoReturn:
    """Skip the test for `reason`; where AMENDS_TEST_REQUIRE names `what` (postgres, shared, browser), fail it."""
    if what in REQUIRED:
        pytest.fail(f"AMENDS_TEST_REQUIRE asks for {what}: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def missing() -> Callable[[str, str], NoReturn]:
    """Skips, or fails, the test that needs something which is not here: `missing("imap", "there is no …")`."""
    return skip_or_fail


@pytest.fixture(scope="session")
def repository() -> Path:
    """The top of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference material beside the repository; the test is skipped where it is not."""
    if not SHARED.is_dir():
        skip_or_fail("shared", f"there is no reference material beside the repository (looked for {SHARED})")
    return SHARED


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a new, empty database that is gone after the test; once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'amends.db'}"
    else:
        yield from postgres_database()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The address of a new, empty PostgreSQL database that is gone after the test."""
    yield from postgres_database()


def postgres_database() -> Iterator[str]:
    reason = postgres_refusal()
    if reason:
        skip_or_fail("postgres", reason)
    import psycopg
    import sqlalchemy

    name = f"amends_test_{uuid.uuid4().hex}"
    server = sqlalchemy.make_url(POSTGRES)
    with psycopg.connect(libpq(POSTGRES), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@cache
def postgres_refusal() -> str:
    """Why no PostgreSQL can be used, in a sentence; empty if one can."""
    if POSTGRES == "off":
        return "AMENDS_TEST_POSTGRES=off: tests on PostgreSQL are switched off"
    try:
        import psycopg
    except ImportError:
        return "psycopg is not installed (it comes with the extra amends[postgres])"
    try:
        psycopg.connect(libpq(POSTGRES), connect_timeout=3).close()
    except psycopg.Error as error:
        return f"no PostgreSQL answers (set AMENDS_TEST_POSTGRES to one where databases may be made): {str(error).splitlines()[0]}"
    return ""


def libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


# -- browser -----------------------------------------------------------------------------------------------------------

CHROMIUM_FLAGS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def own_browser(chromium: Browser) -> Callable[[Path], BrowserContext]:
    """Starts a Chromium of its own on a profile in a folder, so that it can be killed and started anew as somebody would."""

    def start(profile: Path) -> BrowserContext:
        how: dict[str, Any] = {"executable_path": chromium_path(), "headless": True, "args": CHROMIUM_FLAGS}
        return chromium.browser_type.launch_persistent_context(profile, **how)

    return start


def chromium_path() -> str | None:
    """The system's Chromium: AMENDS_TEST_CHROMIUM or the first on the PATH."""
    named = os.environ.get("AMENDS_TEST_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A running headless Chromium (the system's: AMENDS_TEST_CHROMIUM or the first on the PATH); give each test its own context."""
    path = chromium_path()
    if not path:
        skip_or_fail("browser", "there is no Chromium on the PATH (Debian: apt install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        skip_or_fail("browser", "playwright is not installed (it comes with the extra amends[test])")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe_violations() -> Callable[[Page], list[str]]:
    """A function that says what axe-core finds wrong on a page (WCAG 2.2 A and AA, and best practice), one sentence each."""
    if not AXE.is_file():
        skip_or_fail("browser", f"axe-core is not installed (looked for {AXE}; `make test` brings it)")
    script = AXE.read_text()

    def violations(page: Page) -> list[str]:
        # Not add_script_tag: the pages' content security policy forbids that, and it stays on for the tests.
        page.evaluate(script)
        found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")["violations"]
        return [
            f"{page.url}: {rule['id']} ({rule['impact']}): {rule['help']}: {' ; '.join(node['html'][:200] for node in rule['nodes'])}"
            for rule in found
        ]

    return violations
