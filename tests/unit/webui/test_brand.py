"""An organisation's logo and colours: on every page, readable whatever was chosen, and never a document with scripts."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.webui import colours

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
colour = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(colour, colour)
def test_any_two_colours_can_be_read(brand: str, action: str) -> None:
    """Whatever is chosen, links, buttons and the header keep to 4.5 to 1 on all they are shown on, in light and dark."""
    for scheme, grounds in colours.GROUNDS.items():
        found = colours.tokens(scheme, brand, action)
        pairs = [("on-brand", "brand"), ("on-action", "action"), ("on-action", "action-strong"), ("action", "action-soft")]
        ratios = [colours.contrast(found[one], found[other]) for one, other in pairs]
        ratios += [colours.contrast(found[name], ground) for name in ("action", "action-strong") for ground in grounds]
        assert min(ratios) >= colours.LEAST, (scheme, found)


def test_grounds_are_those_of_the_tokens(repository: Path) -> None:
    """What the colours are measured against is what tokens.css lays them on."""
    text = (repository / "webui" / "static" / "tokens.css").read_text()
    light, dark = text.split("@media (prefers-color-scheme: dark)")
    for scheme, part in (("light", light), ("dark", dark.split("@media print")[0])):
        found = dict(re.findall(r"--amends-(page|surface|surface-2): (#[0-9a-f]{6});", part))
        assert (found["page"], found["surface"], found["surface-2"]) == colours.GROUNDS[scheme]


@pytest.mark.parametrize(("typed", "read"), [("#ABC", "#aabbcc"), ("0b5a5e", "#0b5a5e"), ("red", None), ("#12345", None), ("", None)])
def test_colours_are_read_as_people_write_them(typed: str, read: str | None) -> None:
    """Three or six digits, with or without the sign; anything else is none."""
    assert colours.parse(typed) == read


def changed(browser: Any, **sent: Any) -> Any:
    return browser.post("/admin/look", {"organisation": "Meyer Rail", "brand_colour": "", "action_colour": "", **sent})


def test_look_is_on_every_page(browser: Any) -> None:
    """Name, colours and logo are on the public start page at once, each under an address that browsers keep for ever."""
    browser.sign_in("adam")
    assert "The look is changed" in changed(browser, brand_colour="#123456", action_colour="#a00", logo=(BytesIO(PNG), "logo.png")).text
    page = browser.get("/").text
    sheet = re.search(r'href="(/brand/[0-9a-f]{16}\.css)"', page)
    logo = re.search(r'src="(/brand/logo/[0-9a-f]{16})"', page)
    assert "Meyer Rail" in page and sheet and logo
    style, picture = browser.get(sheet[1]), browser.get(logo[1])
    assert "--amends-brand:#123456;--amends-on-brand:#ffffff;" in style.text
    assert (picture.data, picture.content_type) == (PNG, "image/png")
    assert [one.headers["Cache-Control"] for one in (style, picture)] == ["public, max-age=31536000, immutable"] * 2
    assert browser.get("/brand/0123456789abcdef.css").status_code == 404


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"brand_colour": "blue"}, "The colour of the header must be written like #0b5a5e"),
        ({"logo": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo.png")}, "The logo must be a PNG, JPEG, WebP or GIF picture"),
        ({"logo": (PNG + bytes(60_000), "logo.png")}, "The logo must be smaller than 60 kB"),
    ],
)
def test_what_cannot_be_shown_is_refused_and_given_back(browser: Any, sent: dict[str, Any], sentence: str) -> None:
    """A wrong colour or picture is said beside its field; what else was typed stays, and nothing is changed."""
    browser.sign_in("adam")
    if "logo" in sent:
        sent = {"logo": (BytesIO(sent["logo"][0]), sent["logo"][1])}
    answer = changed(browser, **sent)
    assert (answer.status_code, sentence in answer.text, 'value="Meyer Rail"' in answer.text) == (422, True, True)
    assert "Meyer Rail" not in browser.get("/").text


def test_only_administrators_change_it(browser: Any) -> None:
    """Others do not even see the page."""
    browser.sign_in("hanna")
    assert browser.get("/admin/look").status_code == 403
