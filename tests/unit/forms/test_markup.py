"""Nothing that a form or a value brings along runs in a reader's browser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from amends.forms.expressions import Constant, Seen
from amends.forms.markup import from_html, from_markdown, safe_image, safe_link, sanitise
from amends.forms.templates import compile_text

ELEMENTS = set(
    "h2 h3 h4 h5 h6 p div span br hr ul ol li dl dt dd strong b em i u s small sub sup blockquote pre code a "
    "table caption thead tbody tfoot tr th td".split()
)
SHARDS = (
    "<|>|\"|'|<a href=|javascript:|<p|<svg|<math>|<!--|-->|<script|</|<table>|<td>| onclick=x|&#106;|\x00|a| |<![CDATA[|<title>|<pre>\n"
).split("|")


def is_safe(text: str) -> bool:
    """Whether a page with this text has only listed elements and attributes, and only safe links."""
    root = html.document_fromstring(f"<div id='root'>{text}</div>").get_element_by_id("root")
    inside = [found for found in root.iterdescendants() if isinstance(found.tag, str)]
    links = all(found.get("href", "#").lower().startswith(("http://", "https://", "mailto:", "tel:", "/", "#")) for found in inside)
    return links and all(found.tag in ELEMENTS and set(found.attrib) <= {"href", "class", "rel"} for found in inside)


@pytest.mark.parametrize(
    ("given_html", "safe"),
    [
        ("<b onclick=x()>a</b>", "<b>a</b>"),
        ("a<script>x()</script>b", "ab"),
        ("<style>p{}</style>a", "a"),
        ("<svg onload=x()><p>a</p></svg>b", "b"),
        ("<a href='javascript:x()'>a</a>", "a"),
        ("<a href='java\nscript:x()'>a</a>", "a"),
        ("<a href='//evil.example'>a</a>", "a"),
        ("<a href='/help'>a</a>", '<a href="/help" class="govuk-link">a</a>'),
        ("<img src=x onerror=x()>a", "a"),
        ("<form action=x><input name=csrf>a</form>b", "b"),
        ("<iframe src=x></iframe>a", "a"),
        ("<!--[if IE]><script>x()</script><![endif]-->a", "a"),
        ("<body onload=x()><p id=a style='color:red'>a", '<p class="govuk-body">a</p>'),
        ("1 < 2 & 3", "1 &lt; 2 &amp; 3"),
        ("<h1>a</h1>", '<h2 class="govuk-heading-m">a</h2>'),
        ("<x-y><b>a</b></x-y>", "<b>a</b>"),
        ("", ""),
    ],
)
def test_only_listed_elements_and_safe_links_stay(given_html: str, safe: str) -> None:
    """Scripts, styles, handlers, frames and forms go; the words around them stay."""
    assert sanitise(given_html) == safe


@given(st.lists(st.sampled_from(SHARDS), max_size=20).map("".join))
def test_broken_html_is_made_safe_too(text: str) -> None:
    """However tags are broken, what comes out is safe, and making it safe again changes nothing of that."""
    assert is_safe(sanitise(text))
    assert is_safe(sanitise(sanitise(text)))


@given(
    st.text(max_size=60) | st.sampled_from(["<script>x()</script>", "**a**", "[a](javascript:x)", "' onclick='x", "\ue0000\ue001", "{{1}}"])
)
def test_a_value_in_a_text_is_words(value: str) -> None:
    """What a complainant wrote never becomes markup, in Markdown or HTML, in words or in a link."""
    seen = Seen({"value": value})
    for write in (from_markdown, from_html):
        template = compile_text("a {{value}} b")
        found = write(template, seen)
        assert is_safe(found)
        assert "<strong>" not in found and "<a " not in found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# A\n\nb\nc", '<h2 class="govuk-heading-m">A</h2><p class="govuk-body">b<br>c</p>'),
        ("- a\n- *b*\n\n1. c", '<ul class="govuk-list govuk-list--bullet"><li>a</li><li><em>b</em></li></ul>'
         '<ol class="govuk-list govuk-list--number"><li>c</li></ol>'),
        ("> a\n> b", '<blockquote><p class="govuk-body">a<br>b</p></blockquote>'),
        ("a\n---", '<p class="govuk-body">a</p><hr>'),
        ("`<b>` & __c__ snake_case_name", '<p class="govuk-body"><code>&lt;b&gt;</code> &amp; <strong>c</strong> snake_case_name</p>'),
        ("[a](mailto:a@b.c)", '<p class="govuk-body"><a href="mailto:a@b.c" class="govuk-link">a</a></p>'),
        ("### A ###", '<h3 class="govuk-heading-s">A</h3>'),
    ],
)  # fmt: skip
def test_markdown_is_shown_as_form_js_shows_it(text: str, shown: str) -> None:
    """Headings, paragraphs, lists, quotes, rules, emphasis, code and links."""
    assert from_markdown(Constant(text), Seen({})) == shown


@given(st.text(st.sampled_from("*_`[]()#->1. \n"), max_size=200))
def test_any_text_is_markdown(text: str) -> None:
    """No text makes the Markdown reader fail or loop."""
    assert is_safe(from_markdown(Constant(text), Seen({})))


@pytest.mark.parametrize("url", ["javascript:x", " JaVaScript:x", "data:text/html,x", "//a.b", "ftp://a", "https://a b", 'https://a"b', ""])
def test_addresses_that_could_run_something_are_not_linked(url: str) -> None:
    """Only https, http, mailto, tel and addresses within the site."""
    assert safe_link(url) == ""
    assert safe_image(url) == ""


def test_pictures_in_the_address_are_pictures() -> None:
    """A data address is shown as a picture only when it is one that cannot hold scripts."""
    assert safe_image("data:image/png;base64,iVBORw0=") != ""
    assert safe_image("data:image/svg+xml;base64,iVBORw0=") == ""
