"""Letters: what is written for people, and what a complainant's text cannot do in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.definitions import read_package
from amends.engine.execution import Fault
from amends.engine.feel import Time, YearMonthDuration
from amends.engine.services import OperationContext
from amends.engine.services.letters import KEPT_LINK, asks_for_link, render, with_link, written
from amends.engine.services.wording import said

Make = Callable[..., OperationContext]


def letter(body: str, subject: str = "S") -> str:
    return f"---\nsubject: {subject}\n---\n\n{body}\n"


class Tags(HTMLParser):
    """The tags, attributes and text of a document."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def inside(self) -> list[str]:
        """The tags below the body."""
        names = [tag for tag, _ in self.tags]
        return names[names.index("body") + 1 :]


LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("as it is", "as it is"),
        (dt.date(2026, 12, 4), "4 December 2026"),
        (dt.datetime(2026, 7, 4, 16, 30, tzinfo=dt.UTC), "4 July 2026, 17:30"),
        (dt.datetime(2026, 7, 4, 23, 30, tzinfo=dt.UTC), "5 July 2026, 00:30"),
        (dt.datetime(2026, 7, 4, 16, 30), "4 July 2026, 16:30"),
        (Time(9, 5, 0), "09:05"),
        (dt.timedelta(days=2, hours=1), "2 days 1 hour"),
        (dt.timedelta(0), "0 seconds"),
        (YearMonthDuration(14), "1 year 2 months"),
        (YearMonthDuration(0), "0 months"),
        (Decimal("12.50"), "12.50"),
        (Decimal("1E+3"), "1000"),
        (7, "7"),
        (True, "yes"),
        (False, "no"),
        (["refund", dt.date(2026, 1, 1), 3], "refund, 1 January 2026, 3"),
        ([], ""),
    ],
)
def test_values_are_written_for_people(value: Any, words: str) -> None:
    """Dates with the month's name, instants in the calendar's zone, lists with commas, durations in units, numbers plainly."""
    assert said(value, LONDON) == words


@pytest.mark.parametrize("value", [None, {"a": 1}, [1, None]])
def test_what_has_no_words_is_refused(value: Any) -> None:
    """Nothing, a context, and a list that holds either cannot be written."""
    with pytest.raises(ValueError, match="it is"):
        said(value, LONDON)


def test_a_letter_is_text_and_html(context: Make) -> None:
    """One source gives the same letter as plain text and as HTML."""
    body = (
        "# Hello\n\nDear {{ name }},\n\n- one\n- **two** {{ n }}\n  1. inner\n  2. second\n\n> said\n\n"
        "See [our page](https://example.org/a)\nor `code`.\n\n---\nBye"
    )
    made = render("l", context({"name": "Ann", "n": 2}, l=letter(body, "To {{ name }}")))
    assert made.subject == "To Ann"
    assert made.text == (
        "Hello\n\nDear Ann,\n\n- one\n- two 2\n  1. inner\n  2. second\n\n> said\n\n"
        "See our page (https://example.org/a)\nor code.\n\n--------------------\n\nBye\n"
    )
    page = Tags(made.html())
    assert page.inside == [
        "h1", "p", "ul", "li", "li", "strong", "ol", "li", "li", "blockquote", "p", "p", "a", "br", "code", "hr", "p",
    ]  # fmt: skip
    assert ("a", {"href": "https://example.org/a"}) in page.tags
    assert "Dear Ann," in page.text


HOSTILE = [
    "<script>alert(1)</script>",
    "[click](https://evil.example)",
    "![x](https://evil.example/pixel.png)",
    "<https://evil.example>",
    "# heading\n\n- list\n\n1. one",
    "**bold** _it_ `code` ~~~\nfence\n~~~",
    "{{ settings.secret }}",
    "\ue0000\ue001",
    "&lt;b&gt; &amp;",
    "    indented\n\tcode",
    "| a | b |\n|---|---|",
    "[ref]: https://evil.example\n[ref]",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_what_a_complainant_wrote_stays_text(context: Make, value: str) -> None:
    """Markdown, HTML and placeholders in a value come out as they were typed, in both forms, and make no element but line breaks."""
    made = render("l", context({"v": value}, {"secret": "42"}, l=letter("Before\n\n{{ v }}\n\nAfter **{{ v }}**\n\n- {{ v }}")))
    page = Tags(made.html())
    assert set(page.inside) <= {"p", "br", "strong", "ul", "li"}
    assert all(not attributes for tag, attributes in page.tags if tag not in ("html", "meta"))
    for line in value.strip().split("\n"):
        assert line.strip() in page.text
        assert line.strip() in made.text
    assert "42" not in made.text.replace(value, "")


@given(st.text(max_size=200))
def test_any_text_stays_text(value: str) -> None:
    """Whatever somebody types, only paragraphs, breaks and the letter's own emphasis come out."""
    package = read_package({"package.toml": b"", "letters/l.md": letter("A {{ v }} **{{ v }}** {{ v }}\n\n{{ v }}").encode()})
    context = OperationContext(
        instance_id="i", element_id="e", business_key=None, actor="job", variables={"v": value}, settings={}, package=package,
        calendars={}, functions={}, now=dt.datetime(2026, 5, 5, tzinfo=dt.UTC), key="i.1",
    )  # fmt: skip
    assert set(Tags(render("l", context).html()).inside) <= {"p", "br", "strong"}


def test_emphasis_of_the_letters_own_words_is_read(context: Make) -> None:
    """An expression whose own text holds emphasis may make it; a link or HTML it never makes."""
    body = '{{ if ok then "**You are right.** " + more else "no" }}'
    page = Tags(render("l", context({"ok": True, "more": "<b>[x](https://evil.example)</b> *s*"}, l=letter(body))).html())
    assert page.inside == ["p", "strong", "em"]
    assert "<b>[x](https://evil.example)</b>" in page.text


@pytest.mark.parametrize(
    ("body", "href"),
    [
        ("[x](https://example.org/{{ v }})", "https://example.org/a%2Fb%3Fc"),
        ("[x]({{ url }})", "https://example.org/?q=1"),
        ("[x]({{ bad }})", "#"),
        ("[x](mailto:{{ mail }})", "mailto:a@example.org"),
        ("[x](https://{{ host }}/a b)", None),
        ("[x](https://{{ host }}/ä)", "https://www.example.org/%C3%A4"),
        ("[x](https://{{ v }}.example.org)", "https://a%2Fb%3Fc.example.org"),
        ("[x](javascript:alert(1))", "#"),
        ("[x](data:text/html,x)", "#"),
        ("[x](ftp://example.org)", "#"),
        ("[x](/relative)", "#"),
    ],
)
def test_links_lead_to_the_web_or_a_mailbox(context: Make, body: str, href: str | None) -> None:
    """A value in an address stays within its part; other schemes lead nowhere."""
    given = {
        "v": "a/b?c",
        "url": "https://example.org/?q=1",
        "bad": "javascript:alert(1)",
        "mail": "a@example.org",
        "host": "www.example.org",
    }
    links = [attributes["href"] for tag, attributes in Tags(render("l", context(given, l=letter(body))).html()).tags if tag == "a"]
    assert links == ([] if href is None else [href])


def test_empty_placeholders_leave_no_empty_paragraph(context: Make) -> None:
    """A paragraph that has nothing to say is left out."""
    body = 'One\n\n{{ if false then "x" else "" }}\n\nTwo'
    made = render("l", context({}, l=letter(body)))
    assert made.text == "One\n\nTwo\n"
    assert Tags(made.html()).inside == ["p", "p"]


@pytest.mark.parametrize(
    ("body", "why"),
    [("Dear {{ name }}", r"\{\{ name \}\}"), ("{{ context }}", r"\{\{ context \}\}"), ("{{ 1 / 0 }}", r"\{\{ 1 / 0 \}\}")],
)
def test_a_placeholder_without_a_value_stops_the_letter(context: Make, body: str, why: str) -> None:
    """A letter with a hole is not sent: the fault names the placeholder and the letter."""
    with pytest.raises(Fault, match=f"The placeholder {why} of the letter 'l' has no value.*was not sent"):
        render("l", context({"context": {"a": 1}}, l=letter(body)))


def test_a_subject_is_one_line(context: Make) -> None:
    """A value with line breaks cannot add headers to a mail."""
    made = render("l", context({"v": "one\r\nBcc: all@example.org"}, l=letter("x", "About {{ v }}")))
    assert made.subject == "About one Bcc: all@example.org"


def test_settings_operations_and_the_clock_are_there(context: Make) -> None:
    """A letter reads the settings, the variables, what the operation adds, and now."""
    made = render("l", context({"a": "A"}, {"team": "T"}, l=letter("{{ a }} {{ settings.team }} {{ level }} {{ now() }}")), level=2)
    assert made.text == "A T 2 5 May 2026, 10:00\n"


def test_a_missing_letter_is_named_with_those_there_are(context: Make) -> None:
    """The fault says which file to add."""
    with pytest.raises(Fault, match=r"There is no letter 'x' in this version; add letters/x.md. There are: .*letter"):
        render("x", context({}))


def test_a_letter_is_the_same_after_others_were_rendered(context: Make) -> None:
    """One rendering leaves nothing behind in the template that the next one would show."""
    made = context({"v": "first"}, l=letter("{{ v }} and [x](https://example.org/{{ v }})"))
    before = render("l", made).html()
    made.variables = {"v": "second"}
    assert "first" not in render("l", made).html()
    made.variables = {"v": "first"}
    assert render("l", made).html() == before


def test_a_written_text_is_no_markdown() -> None:
    """What is written without a letter of the package is text, in paragraphs."""
    made = written("A\nsubject", "Dear <b>\n*x*\n\nbye")
    assert (made.subject, made.text) == ("A subject", "Dear <b>\n*x*\n\nbye\n")
    assert Tags(made.html()).inside == ["p", "br", "p"]


def test_a_personal_link_is_in_the_letter_and_not_in_its_kept_copy(context: Make) -> None:
    """Only the letter itself holds it; the kept copy says that it was there. No variable takes its place."""
    made = context({"follow_link": "https://evil.example"}, l=letter("[{{ follow_link }}]({{ follow_link }})"), m=letter("Hello"))
    assert asks_for_link("l", made) and not asks_for_link("m", made)
    assert render("l", made).text == f"{KEPT_LINK}\n"
    personal = with_link("l", made, lambda: "https://example.org/f/a-b_c")
    assert personal.text == "https://example.org/f/a-b_c\n"
    assert '<a href="https://example.org/f/a-b_c">https://example.org/f/a-b_c</a>' in personal.html()
    assert personal.kept is not None and personal.kept.text == f"{KEPT_LINK}\n"


def test_no_link_is_made_for_a_letter_with_a_hole(context: Make) -> None:
    """It is not sent, so nobody would get the link."""
    made = context({}, l=letter("{{ follow_link }} {{ nothing }}"))
    with pytest.raises(Fault, match="nothing"):
        with_link("l", made, lambda: pytest.fail("a link was made"))
