"""What comes from outside in shapes nobody meant, and the corners of what is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from lxml import html
from werkzeug.datastructures import MultiDict

from amends.engine.errors import Invalid
from amends.forms import Forms, RenderModel, load
from amends.forms.provider import MAX_CACHED

from .support import NOW, OPTIONS, Make, persons

FILE = {"name": "a.pdf", "type": "application/pdf", "size": 1_500_000, "token": "t"}
START = {"type": "datetime", "subtype": "datetime", "dateLabel": "Start"}


def test_a_werkzeug_post_is_read(make: Make) -> None:
    """Flask's form is a MultiDict."""
    form = make(
        {"type": "checklist", "key": "a", "id": "a", "label": "A", "values": OPTIONS},
        {"type": "textarea", "key": "b", "id": "b", "label": "B"},
    )
    post = MultiDict([("a", "mail"), ("a", "letter"), ("b", "x\r\ny")])
    assert form.read(post).data == {"a": ["mail", "letter"], "b": "x\ny"}


@pytest.mark.parametrize(
    ("component", "value", "message"),
    [
        ({"type": "checkbox", "label": "Agree"}, "maybe", "“Agree” must be yes or no"),
        ({"type": "filepicker", "label": "Files"}, [{**FILE, "size": -1}], "Files must be a list of uploaded files"),
        ({"type": "filepicker", "label": "Files"}, "t", "Files must be a list of uploaded files"),
        (START, "0001-01-01T00:00+14:00", "Start must be a real date, like 27 3 2026"),
        (START, {"day": "1", "month": "1", "year": "2026"}, "Start must include a time, like 14:30"),
        (START, 5, "Start must be a real date, like 27 3 2026"),
        ({"type": "textfield", "label": "X"}, "9" * 10_001, "X must be 10,000 characters or fewer"),
        ({"type": "textfield", "label": "X"}, "\ud800", "X must not include invisible control characters. Type it again"),
    ],
)
def test_odd_values_are_refused(make: Make, component: dict[str, Any], value: Any, message: str) -> None:
    """An API may send anything."""
    with pytest.raises(Invalid) as caught:
        make({"key": "v", "id": "v", **component}).validate({"v": value})
    assert caught.value.fields == {"v": [message]}


@pytest.mark.parametrize(
    ("subtype", "value", "clean"),
    [
        ("date", date(2026, 1, 2), "2026-01-02"),
        ("date", datetime(2026, 1, 2, 3, tzinfo=UTC), "2026-01-02"),
        ("time", time(3, 4), "03:04"),
        ("datetime", datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04"),
        ("datetime", datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04"),
    ],
)
def test_python_dates_are_taken(make: Make, subtype: str, value: Any, clean: str) -> None:
    """A caller in Python has dates, not texts."""
    assert make({"type": "datetime", "subtype": subtype, "key": "v", "id": "v", "dateLabel": "V"}).validate({"v": value}) == {"v": clean}


def test_a_number_longer_than_python_writes_is_refused_too(make: Make) -> None:
    """Python does not write whole numbers of more than 4,300 digits; a text of as many is still too long."""
    form = make({"type": "textfield", "key": "v", "id": "v", "label": "X"})
    with pytest.raises(Invalid) as caught:
        form.validate({"v": 10**10_001})
    assert caught.value.fields == {"v": ["X must be 10,000 characters or fewer"]}
    assert form.render({"v": 10**5000}).fields


def test_a_required_list_has_a_row(make: Make) -> None:
    """Without rows there is no answer."""
    with pytest.raises(Invalid) as caught:
        make({**persons(), "validate": {"required": True}}).validate({"persons": []})
    assert caught.value.fields == {"persons": ["Add at least one row to “Person”"]}


def test_a_hidden_list_is_not_submitted(make: Make) -> None:
    """Nor are its rows checked or shown."""
    form = make({**persons(), "conditional": {"hide": "=true"}})
    assert form.validate({"persons": 3}) == {}
    assert form.render({"persons": [{}]}).lines == []
    assert form.render({"persons": [{}]}).summary == []


def test_a_locked_list_shows_the_process_rows_without_buttons(make: Make) -> None:
    """Read-only holds for everything inside."""
    form = make({**persons(), "readonly": True})
    field = form.render({"persons": []}, context={"persons": [{"name": "Ann"}]}).fields[0]
    assert (len(field.rows), field.add, field.rows[0].remove, field.rows[0].children[0].editable) == (1, "", "", False)
    assert form.validate({"persons": []}, context={"persons": [{"name": "Ann", "minor": False, "phones": []}]}) == {
        "persons": [{"name": "Ann", "minor": False, "phones": []}]
    }


def test_a_list_without_rows_to_add_has_no_buttons(make: Make) -> None:
    """allowAddRemove is obeyed on the page and in the post."""
    form = make({**persons(), "allowAddRemove": False})
    assert form.render().fields[0].add == ""
    assert form.read({"_rows:persons": "1", "_add:persons": "1"}).action is None


def test_native_dates_have_limits(make: Make) -> None:
    """The picker offers what is accepted."""
    component = {"type": "datetime", "key": "d", "id": "d", "dateLabel": "D"}
    limits = {"earliest": '=date("2026-01-02")', "latest": "someday"}
    parts = make({**component, "properties": limits}).render(native_dates=True).fields[0].parts
    assert parts[0].attributes == {"min": "2026-01-02"}
    parts = make({**component, "disallowPassedDates": True}).render(native_dates=True).fields[0].parts
    assert parts[0].attributes == {"min": "2026-11-22"}
    assert make({**component, "properties": limits}).validate({"d": "2030-01-01"}) == {"d": "2030-01-01"}


def test_files_are_listed_with_their_size(write: Callable[[RenderModel], str], make: Make) -> None:
    """A stored file is named, can be taken away, and is sent back by its token; a file of the process can be previewed."""
    form = make(
        {"type": "filepicker", "key": "p", "id": "p", "label": "P", "accept": ".pdf"},
        {"type": "documentPreview", "id": "d", "label": "D", "dataSource": '=append(p, {name: "b", size: 12, token: "u"}, 3)'},
        {"type": "textfield", "key": "t", "id": "t", "label": "T", "validate": {"validationType": "phone"}},
    )
    page = html.document_fromstring(write(form.render({"p": [FILE]})))
    assert [item.text_content().split() for item in page.iter("li")] == [
        ["a.pdf", "1.5", "MB", "Remove", "a.pdf"],
        ["a.pdf", "1.5", "MB"],
        ["b", "1", "kB"],
    ]
    assert page.xpath("//input[@name='p' and @type='hidden']/@value") == ["t"]
    assert page.xpath("//input[@type='file']/@accept") == [".pdf"]
    assert page.xpath("//input[@name='t']/@type") == ["tel"]


def test_a_long_table_says_that_it_was_cut(make: Make) -> None:
    """500 rows are shown."""
    form = make(
        {
            "type": "table",
            "id": "t",
            "label": "T",
            "dataSource": "=for i in 1..600 return {n: i}",
            "columnsExpression": '=[{key: "n", label: "N"}]',
        }
    )
    field = form.render().fields[0]
    assert (len(field.cells), field.cells[0], field.note) == (500, ["1"], "The first 500 of 600 rows.")


def test_options_without_labels_are_their_values(make: Make) -> None:
    """As in form-js; what is no option is left out."""
    form = make({"type": "select", "key": "a", "id": "a", "label": "A", "valuesKey": "from.somewhere"})
    context = {
        "from": {
            "somewhere": [{"value": 1}, "b", None, {"label": "x"}, {"value": {"deep": 1}, "label": "Deep"}, {"value": {"no": "label"}}]
        }
    }
    assert [(option.value, option.label) for option in form.render(context=context).fields[0].options] == [
        ("1", "1"),
        ("b", "b"),
        ('{"deep": 1}', "Deep"),
    ]
    assert form.validate({"a": '{"deep": 1}'}, context=context) == {"a": {"deep": 1}}
    assert form.render(context={"from": 3}).fields[0].options == []


def test_values_in_words(make: Make) -> None:
    """Times, contexts and numbers with their unit."""
    form = make(
        {"type": "datetime", "subtype": "time", "key": "t", "id": "t", "timeLabel": "T"},
        {"type": "expression", "key": "c", "id": "c", "label": "C", "expression": "={a: 1, b: [true, null]}"},
        {"type": "number", "key": "n", "id": "n", "label": "N", "appearance": {"suffixAdorner": "km"}},
        {"type": "datetime", "subtype": "date", "key": "d", "id": "d", "dateLabel": "D"},
    )
    model = form.render({"t": "14:30", "n": "1e3", "d": {"day": "32", "month": "", "year": "x"}})
    assert [field.text for field in model.fields] == ["14:30", "a: 1, b: yes, ", "1000 km", "32 x"]


def test_a_form_is_bounded() -> None:
    """In bytes and in components."""
    with pytest.raises(Invalid, match="larger than"):
        load(b" " * 1_000_001)
    many = {"components": [{"type": "separator"}] * 1001}
    assert [problem.code for problem in load(many).problems] == ["too-many"]


def test_the_provider_forgets_the_oldest() -> None:
    """Forms of old versions do not fill the memory."""
    forms = Forms(now=lambda: NOW)
    first = json.dumps({"id": "first", "components": []}).encode()
    kept = forms.form(first)
    for number in range(MAX_CACHED):
        forms.form(json.dumps({"id": str(number), "components": []}).encode())
    assert forms.form(first) is not kept


def test_an_unseen_check_needs_to_know_what_was_shown(make: Make) -> None:
    """A post that does not say what its page showed is not held up."""
    form = make({"type": "textfield", "key": "a", "id": "a", "label": "A"})
    assert form.unseen(form.read({}), {}) == []


def test_what_is_for_other_roles_is_not_waited_for(make: Make) -> None:
    """A field that this reader never sees does not hold up the page."""
    form = make({"type": "textfield", "key": "a", "id": "a", "label": "A", "properties": {"roles": "lead"}})
    sent = form.read({"_shown": ""})
    assert form.unseen(sent, {}, roles={"handler"}) == []
    assert form.unseen(sent, {}, roles={"lead"}) == ["a"]
