"""In an organisation's own application the pages work below their prefix and touch nothing of the host's."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, render_template_string, session

from amends.webui import Amends


@pytest.fixture
def host(application: Any) -> Flask:
    """An organisation's application with its own pages, templates, session and context."""
    app = Flask("host", static_folder=None)
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    app.context_processor(lambda: {"organisation": "the host's own value", "account": "the host's"})

    @app.get("/")
    def home() -> str:
        session["account"] = "host user"
        return render_template_string("<p>{{ organisation }}</p>")

    @app.post("/own")
    def own() -> str:
        return "taken without a token of ours"

    Amends(application).init_app(app, url_prefix="/complaints")
    return app


def test_pages_work_below_the_prefix(host: Flask) -> None:
    """Every address on a page leads below the prefix."""
    page = host.test_client().get("/complaints/")
    assert page.status_code == 200
    assert 'href="/complaints/complain"' in page.text
    assert host.test_client().get("/complaints/healthz").json == {"status": "ok", "packages": 1, "assets": page.text.count("amends-") > 0}


def test_host_pages_are_left_alone(host: Flask) -> None:
    """The host's pages get no header, no token check and no template of ours."""
    client = host.test_client()
    home = client.get("/")
    assert home.text == "<p>the host&#39;s own value</p>"
    assert "Content-Security-Policy" not in home.headers
    assert client.post("/own").status_code == 200
    assert client.get("/nowhere").headers.get("Content-Security-Policy") is None


def test_our_pages_see_nothing_of_the_host(host: Flask) -> None:
    """The host's context does not reach our pages, and its session entries are not ours."""
    client = host.test_client()
    client.get("/")
    page = client.get("/complaints/")
    assert "host's own value" not in page.text and "Example Organisation" in page.text
    with client.session_transaction() as kept:
        assert kept["account"] == "host user"
        assert set(kept) <= {"account", "amends", "amends_csrf", "_flashes"}


def test_unknown_address_below_the_prefix_is_ours(host: Flask) -> None:
    """An address that does not exist below the prefix gets our page, elsewhere the host's."""
    client = host.test_client()
    ours, theirs = client.get("/complaints/no/such/page"), client.get("/no/such/page")
    assert (ours.status_code, "There is no such page" in ours.text) == (404, True)
    assert (theirs.status_code, "There is no such page" in theirs.text) == (404, False)


def test_mounting_needs_what_it_needs(application: Any) -> None:
    """What is missing is said when mounting, not at the first request."""
    app = Flask("bare")
    with pytest.raises(ValueError, match="secret key"):
        Amends(application).init_app(app)
    app.secret_key = "k" * 32
    with pytest.raises(ValueError, match="no application"):
        Amends().init_app(app)
    Amends(application).init_app(app)
    with pytest.raises(ValueError, match="already mounted"):
        Amends(application).init_app(app)


def test_own_templates_replace_ours_by_name(application: Any, tmp_path: Any) -> None:
    """A host's folder of templates replaces pages one by one."""
    (tmp_path / "error.html").write_text("our own words: {{ title }}")
    app = Flask("host")
    app.config.update(TESTING=True, SECRET_KEY="k" * 32, AMENDS_TEMPLATES=tmp_path)
    Amends(application).init_app(app, url_prefix="/c")
    assert app.test_client().get("/c/nowhere").text == "our own words: There is no such page"


def test_every_setting_is_documented(repository: Any) -> None:
    """The integrator's page lists each setting with its default."""
    from amends.webui.config import DEFAULTS

    text = (repository / "docs" / "integrator.md").read_text("utf-8")
    assert [name for name in DEFAULTS if f"| `{name}` |" not in text] == []


def test_documented_parts_are_the_blueprints(host: Flask, repository: Any) -> None:
    """The integrator's page names every blueprint there is."""
    text = (repository / "docs" / "integrator.md").read_text("utf-8")
    assert [name for name in host.blueprints if f"`{name}`" not in text] == []
