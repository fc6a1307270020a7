"""What a form looks like: the tree, and the HTML that templates make of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from lxml import html

from amends.engine.errors import Invalid
from amends.forms import Form, RenderModel

from .support import OPTIONS, Make, persons

Write = Callable[[RenderModel], str]
REQUIRED = {"required": True}


def page_of(write: Write, model: RenderModel) -> Any:
    """The page as a tree."""
    return html.document_fromstring(write(model))


def words(element: Any) -> str:
    """An element's text as read."""
    return " ".join(element.text_content().split())


def test_every_input_has_a_label_or_a_legend(write: Write, everything: Form) -> None:
    """Each control is labelled, each id is there once, each description that is named exists (WCAG 1.3.1, 4.1.2)."""
    errors = {field.key: ["Wrong"] for field in everything.render().everything() if field.is_input}
    page = page_of(write, everything.render(errors=errors))
    ids = [found.get("id") for found in page.iter() if found.get("id")]
    assert len(ids) == len(set(ids))
    labelled = {label.get("for") for label in page.iter("label")}
    controls = [found for found in page.iter("input", "select", "textarea") if found.get("type") != "hidden"]
    assert len(controls) == 49
    assert [found.get("name") for found in controls if found.get("id") not in labelled] == []
    named = {name for found in page.iter() for name in (found.get("aria-describedby") or "").split()}
    assert named and named <= set(ids)
    assert {link.get("href")[1:] for link in page.cssselect(".govuk-error-summary a")} <= set(ids)


def test_nothing_is_inline(write: Write, everything: Form) -> None:
    """Pages have no inline script, style or handler, so that the content security policy can be strict."""
    assert re.findall(r"<script|<style|\sstyle=|\son\w+=|javascript:", write(everything.render())) == []


def test_every_error_is_beside_its_field_and_in_the_summary(write: Write, make: Make) -> None:
    """The summary links to the input to correct, in the order of the page; what belongs to no field comes first."""
    form = make(
        {"type": "textfield", "key": "name", "id": "n", "label": "Your name", "validate": REQUIRED},
        {"type": "radio", "key": "way", "id": "w", "label": "Product", "values": OPTIONS, "validate": REQUIRED},
        {"type": "datetime", "key": "day", "id": "d", "dateLabel": "Date of the problem"},
        persons(),
    )
    data = {"name": "", "way": "", "day": {"day": "1", "month": "13", "year": "2026"}}
    with pytest.raises(Invalid) as caught:
        form.validate(data)
    errors = {**caught.value.fields, "": "The page was open too long. Send it again"}
    page = page_of(write, form.render(data, errors=errors))
    links = [(link.get("href"), words(link)) for link in page.cssselect(".govuk-error-summary li a")]
    assert links == [
        ("#f-name", "Enter your name"),
        ("#f-way", "Select product"),
        ("#f-day-month", "Date of the problem must be a real date, like 27 3 2026"),
    ]
    assert words(page.cssselect(".govuk-error-summary li")[0]) == "The page was open too long. Send it again"
    assert [words(found) for found in page.cssselect(".govuk-error-message")] == [f"Error: {text}" for _, text in links]
    marked = [found.get("id") for found in page.cssselect(".govuk-input--error")]
    assert marked == ["f-name", "f-day-month"]


def test_what_was_typed_is_shown_again_even_where_it_is_wrong(write: Write, make: Make) -> None:
    """Nothing typed is lost on an error."""
    form = make(
        {"type": "number", "key": "n", "id": "n", "label": "N"},
        {"type": "datetime", "key": "d", "id": "d", "dateLabel": "D", "properties": {"date": "native"}},
        {"type": "datetime", "key": "t", "id": "t", "timeLabel": "T", "subtype": "time"},
        {"type": "textarea", "key": "s", "id": "s", "label": "S"},
    )
    page = page_of(
        write, form.render({"n": "<ten>", "d": {"day": "x", "month": "", "year": "26"}, "t": "noon", "s": "\n  a\nb </textarea>"})
    )
    values = {found.get("name"): found.get("value") for found in page.iter("input")}
    assert (values["n"], values["d-day"], values["d-year"], values["t"]) == ("<ten>", "x", "26", "noon")
    assert page.find(".//textarea").text == "\n\n  a\nb </textarea>"


def test_a_date_is_three_inputs_or_one(make: Make) -> None:
    """Three for memorable dates, one native where the form or the page asks for it; both show the same date."""
    form = make({"type": "datetime", "key": "d", "id": "d", "dateLabel": "D", "properties": {"autocomplete": "bday", "latest": "today"}})
    three = form.render({"d": "2026-03-07"}).fields[0].parts
    assert [(part.name, part.value, part.attributes["autocomplete"]) for part in three] == [
        ("d-day", "7", "bday-day"),
        ("d-month", "3", "bday-month"),
        ("d-year", "2026", "bday-year"),
    ]
    one = form.render({"d": "2026-03-07"}, native_dates=True).fields[0].parts
    assert [(part.name, part.value, part.type, part.attributes) for part in one] == [
        ("d-date", "2026-03-07", "date", {"max": "2026-11-22"})
    ]


def test_a_date_that_is_none_stands_where_it_was_put(make: Make) -> None:
    """A text that came from elsewhere and is no date is shown whole."""
    field = make({"type": "datetime", "key": "d", "id": "d", "dateLabel": "D"}).render({"d": "next week"}, native_dates=True).fields[0]
    assert [part.value for part in field.parts] == ["next week", "", ""]


def test_values_are_shown_from_the_draft_then_the_process_then_the_default(make: Make) -> None:
    """What was typed, emptied too, stands above what is known."""
    form = make({"type": "textfield", "key": "a", "id": "a", "label": "A", "defaultValue": "default"})
    assert form.render().fields[0].value == "default"
    assert form.render(context={"a": "known"}).fields[0].value == "known"
    assert form.render({"a": ""}, context={"a": "known"}).fields[0].value == ""


def test_optional_inputs_say_so(write: Write, make: Make) -> None:
    """Only what may be left out is marked (GOV.UK)."""
    form = make(
        {"type": "textfield", "key": "a", "id": "a", "label": "A", "validate": REQUIRED},
        {"type": "textfield", "key": "b", "id": "b", "label": "B"},
        {"type": "checkbox", "key": "c", "id": "c", "label": "C"},
    )
    assert [words(label) for label in page_of(write, form.render()).iter("label")] == ["A", "B (optional)", "C"]


def test_what_may_not_be_changed_is_text(write: Write, make: Make) -> None:
    """A read-only value is read, not tabbed to; it is not sent."""
    form = make(
        {"type": "select", "key": "a", "id": "a", "label": "A", "values": OPTIONS, "readonly": True},
        {"type": "datetime", "key": "d", "id": "d", "dateLabel": "D", "disabled": True},
        {"type": "expression", "key": "e", "id": "e", "label": "Sum", "expression": "=1 + 2"},
    )
    page = page_of(write, form.render(context={"a": 3, "d": "2026-12-04"}))
    assert [words(found) for found in page.cssselect(".amends-readonly")] == ["A Three", "D 4 December 2026", "Sum 3"]
    assert [found.get("name") for found in page.iter("input")] == ["_shown"]


def test_a_dynamic_list_works_by_buttons_that_post(write: Write, make: Make) -> None:
    """Rows are added and removed without JavaScript; Enter in a text input does neither."""
    form = make(persons())
    page = page_of(write, form.render({"persons": [{"name": "Ann"}, {"name": "Bob", "phones": []}]}))
    buttons = [(found.get("name"), words(found)) for found in page.iter("button")]
    assert buttons[0] == (None, "Continue")
    assert ("_remove:persons:1", "Remove Person 2") in buttons
    assert ("_add:persons.1.phones", "Add another: Phones") in buttons
    assert buttons[-1] == ("_add:persons", "Add another: Person")


def test_text_is_markdown_and_html_is_cleaned(write: Write, make: Make) -> None:
    """What shows something takes values from the data as words, never as markup."""
    form = make(
        {"type": "text", "id": "t", "text": "# Hello {{name}}\n\nYou owe **{{sum}}** [pay](https://example.com)"},
        {"type": "html", "id": "h", "content": "<p onclick='x()'>Hi {{name}}</p><script>x()</script>"},
    )
    model = form.render(context={"name": "<b>*Ann*</b>", "sum": 3})
    assert model.fields[0].html == (
        '<h2 class="govuk-heading-m">Hello &lt;b&gt;*Ann*&lt;/b&gt;</h2><p class="govuk-body">You owe <strong>3</strong> '
        '<a href="https://example.com" rel="noopener noreferrer" class="govuk-link">pay</a></p>'
    )
    assert model.fields[1].html == '<p class="govuk-body">Hi &lt;b&gt;*Ann*&lt;/b&gt;</p>'
    assert str(model.fields[0].html) in write(model)


def test_what_only_shows_something_is_shown(write: Write, make: Make) -> None:
    """Tables, documents, pictures, lines, gaps and pages from elsewhere, as a link."""
    form = make(
        {
            "type": "table",
            "id": "t",
            "label": "Earlier",
            "dataSource": "=earlier",
            "columns": [{"key": "ref", "label": "Reference"}, {"key": "sum"}],
        },
        {"type": "documentPreview", "id": "d", "label": "Papers", "dataSource": "=papers"},
        {"type": "image", "id": "i", "source": "/logo.png", "alt": "Our logo"},
        {"type": "iframe", "id": "f", "url": "https://example.com/a", "label": "Terms"},
        {"type": "separator", "id": "s"},
        {"type": "spacer", "id": "p", "height": 20},
        {"type": "button", "id": "b", "label": "Send it", "action": "submit"},
    )
    papers = [
        {"documentId": "1", "endpoint": "https://example.com/1", "metadata": {"fileName": "a.pdf"}},
        {"endpoint": "javascript:x", "name": "b"},
    ]
    model = form.render(context={"earlier": [{"ref": "A-1", "sum": 3}, {"ref": "A-2"}], "papers": papers})
    page = page_of(write, model)
    assert [words(found) for found in page.iter("th")] == ["Reference", "sum"]
    assert [words(found) for found in page.iter("td")] == ["A-1", "3", "A-2", ""]
    assert [(found.get("href"), words(found)) for found in page.iter("a")] == [
        ("https://example.com/1", "a.pdf"),
        ("https://example.com/a", "Terms"),
    ]
    assert [(found.get("src"), found.get("alt")) for found in page.iter("img")] == [("/logo.png", "Our logo")]
    assert len(list(page.iter("hr"))) == 1
    assert model.submit_label == "Send it"


def test_fields_of_one_layout_row_stand_side_by_side(make: Make) -> None:
    """form-js lays fields out in rows of sixteen columns."""
    form = make(
        {"type": "textfield", "key": "a", "id": "a", "label": "A", "layout": {"row": "r1", "columns": 4}},
        {"type": "textfield", "key": "b", "id": "b", "label": "B", "layout": {"row": "r1", "columns": 12}},
        {"type": "textfield", "key": "c", "id": "c", "label": "C", "layout": {"row": "r2", "columns": None}},
    )
    assert [[(field.key, field.span) for field in line] for line in form.render().lines] == [[("a", 4), ("b", 12)], [("c", None)]]


def test_the_summary_has_every_answer_in_words(write: Write, make: Make) -> None:
    """Check your answers: labels and words, each with a way back."""
    form = make(
        {"type": "checklist", "key": "a", "id": "a", "label": "A", "values": OPTIONS},
        {"type": "checkbox", "key": "b", "id": "b", "label": "B"},
        {"type": "datetime", "key": "d", "id": "d", "dateLabel": "D", "subtype": "datetime"},
        {"type": "textarea", "key": "s", "id": "s", "label": "S"},
        {"type": "number", "key": "n", "id": "n", "label": "N", "appearance": {"prefixAdorner": "EUR"}},
        persons(),
    )
    data = {"a": ["mail", "3"], "b": True, "d": "2026-12-04T14:30", "s": "one\n<two>", "n": "7", "persons": [{"name": "Ann"}]}
    page = page_of(write, form.render(data))
    rows = [tuple(words(cell) for cell in row) for row in page.cssselect("main > dl .govuk-summary-list__row")]
    assert rows == [
        ("A", "An e-mail, Three", "Change A"),
        ("B", "Yes", "Change B"),
        ("D", "4 December 2026 at 14:30", "Change D"),
        ("S", "one<two>", "Change S"),
        ("N", "EUR 7", "Change N"),
        ("Name", "Ann", "Change Name"),
        ("A child", "No", "Change A child"),
        ("Number", "Not provided", "Change Number"),
    ]
    assert [words(found) for found in page.iter("h3")] == ["Person 1", "Phones 1"]


def test_custom_properties_set_how_an_input_is_filled_in(write: Write, make: Make) -> None:
    """autocomplete, width and the kind of text reach the input (WCAG 1.3.5)."""
    component = {"type": "textfield", "key": "a", "id": "a", "label": "A", "validate": {"validationType": "email", "maxLength": 50}}
    field = page_of(write, make({**component, "properties": {"autocomplete": "email", "width": "20"}}).render()).get_element_by_id("f-a")
    assert (field.get("type"), field.get("autocomplete"), field.get("class")) == ("email", "email", "govuk-input govuk-input--width-20")
    assert field.get("maxlength") is None


@pytest.mark.parametrize(("kind", "most", "said"), [("textfield", 19, True), ("textfield", 20, False), ("textarea", 2000, True)])
def test_how_long_a_text_may_be_is_said_where_somebody_may_come_near_it(write: Write, make: Make, kind: str, most: int, said: bool) -> None:
    """Below a text of several lines, and a line of few characters; a name of 200 nobody reaches. No input cuts what is typed."""
    page = page_of(write, make({"type": kind, "key": "a", "id": "a", "label": "A", "validate": {"maxLength": most}}).render())
    field = page.get_element_by_id("f-a")
    assert (field.get("aria-describedby"), field.get("maxlength")) == ("f-a-info" if said else None, None)
    told = [words(one) for one in page.cssselect("#f-a-info")]
    assert told == ([f"You can enter up to {most:,} characters"] if said else [])
