"""What a form accepts, and what it says otherwise."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from amends.engine.errors import Invalid

from .support import OPTIONS, Make


def refused(form: Any, data: dict[str, Any], **more: Any) -> dict[str, list[str]]:
    """The messages that validation gives."""
    with pytest.raises(Invalid) as caught:
        form.validate(data, **more)
    return caught.value.fields


REQUIRED = {"required": True}


@pytest.mark.parametrize(
    ("component", "given", "clean"),
    [
        ({"type": "textfield"}, "  Ann \t Lee ", "Ann   Lee"),
        ({"type": "textfield"}, 12, "12"),
        ({"type": "textfield"}, None, ""),
        ({"type": "textarea"}, "one\r\ntwo", "one\ntwo"),
        ({"type": "number"}, "1,250.50", Decimal("1250.50")),
        ({"type": "number"}, "12,5", Decimal("12.5")),
        ({"type": "number"}, "\u22123", -3),
        ({"type": "number"}, 0, 0),
        ({"type": "number"}, 0.1, Decimal("0.1")),
        ({"type": "number"}, "", None),
        ({"type": "number", "serializeToString": True}, "12.50", "12.50"),
        ({"type": "number", "decimalDigits": 2}, "12.50", Decimal("12.50")),
        ({"type": "number", "decimalDigits": 0}, 3.0, 3),
        ({"type": "checkbox"}, "on", True),
        ({"type": "checkbox"}, False, False),
        ({"type": "radio", "values": OPTIONS}, "mail", "mail"),
        ({"type": "radio", "values": OPTIONS}, "3", 3),
        ({"type": "select", "values": OPTIONS}, 3, 3),
        ({"type": "select", "values": OPTIONS}, "", None),
        ({"type": "checklist", "values": OPTIONS}, ["3", "letter"], ["letter", 3]),
        ({"type": "taglist", "values": OPTIONS}, [], []),
        ({"type": "select", "values": [{"label": "Yes", "value": True}, {"label": "One", "value": 1}]}, "true", True),
        ({"type": "select", "values": [{"label": "Yes", "value": True}, {"label": "One", "value": 1}]}, 1, 1),
        ({"type": "datetime", "subtype": "date"}, {"day": "27", "month": "3", "year": "2026"}, "2026-03-27"),
        ({"type": "datetime", "subtype": "date"}, {"day": "7", "month": "mar", "year": "2026"}, "2026-03-07"),
        ({"type": "datetime", "subtype": "date"}, {"date": "2026-03-27"}, "2026-03-27"),
        ({"type": "datetime", "subtype": "date"}, "27.3.2026", "2026-03-27"),
        ({"type": "datetime", "subtype": "date"}, {"day": "", "month": " ", "year": ""}, None),
        ({"type": "datetime", "subtype": "time"}, "2.30pm", "14:30"),
        ({"type": "datetime", "subtype": "time", "timeSerializingFormat": "utc_normalized"}, "14:30+02:00", "12:30Z"),
        ({"type": "datetime", "subtype": "datetime"}, {"day": "1", "month": "2", "year": "2026", "time": "9:05"}, "2026-02-01T09:05"),
        ({"type": "datetime", "subtype": "datetime", "timeSerializingFormat": "utc_offset"}, "2026-02-01T09:05Z", "2026-02-01T09:05+00:00"),
        ({"type": "textfield", "validate": {"validationType": "email"}}, "a.b@example.com", "a.b@example.com"),
        ({"type": "textfield", "validate": {"validationType": "phone"}}, "+44 (0)808 157-0192", "+44 (0)808 157-0192"),
        ({"type": "textfield", "validate": {"pattern": r"^\d{3}$"}}, "123", "123"),
        ({"type": "textfield", "defaultValue": "x"}, "", ""),
    ],
)
def test_a_valid_value_becomes_the_value_it_means(make: Make, component: dict[str, Any], given: Any, clean: Any) -> None:
    """What is typed or sent is converted to the component's kind of value, and no other."""
    form = make({"key": "v", "id": "v", "label": "Value", **component})
    assert form.problems == []
    found = form.validate({"v": given})["v"]
    assert (found, type(found)) == (clean, type(clean))


@pytest.mark.parametrize(
    ("component", "given", "message"),
    [
        ({"type": "textfield", "label": "Your name", "validate": REQUIRED}, " ", "Enter your name"),
        ({"type": "textfield", "label": "IBAN", "validate": REQUIRED}, "", "Enter IBAN"),
        ({"type": "textfield", "label": "What is your name?", "validate": REQUIRED}, "", "Answer “What is your name?”"),
        ({"type": "textfield", "validate": {**REQUIRED}, "properties": {"message": "Tell us who you are"}}, "", "Tell us who you are"),
        ({"type": "textfield", "label": "Your name", "validate": {"minLength": 3}}, "ab", "Your name must be 3 characters or more"),
        ({"type": "textfield", "label": "Your name", "validate": {"maxLength": 3}}, "abcd", "Your name must be 3 characters or fewer"),
        ({"type": "textfield", "label": "Code", "validate": {"pattern": "^a$"}}, "b", "Enter code in the format asked for"),
        ({"type": "textfield", "validate": {"pattern": "^a$", "patternErrorMessage": "Only a"}}, "b", "Only a"),
        ({"type": "textfield", "label": "Name", "validate": {"pattern": "(a|aa|b|c)+$"}}, "a" * 5000 + "!", None),
        ({"type": "textfield", "label": "Name"}, "a\x00b", "Name must not include invisible control characters. Type it again"),
        ({"type": "textfield", "label": "Name"}, ["a"], "Name must be text"),
        (
            {"type": "textfield", "validate": {"validationType": "email"}},
            "ann",
            "Enter an email address in the correct format, like name@example.com",
        ),
        (
            {"type": "textfield", "validate": {"validationType": "phone"}},
            "call me",
            "Enter a phone number with its country code, like +44 808 157 0192",
        ),
        ({"type": "number", "label": "Amount", "validate": REQUIRED}, "", "Enter amount"),
        ({"type": "number", "label": "Amount"}, "ten", "Amount must be a number, like 30"),
        ({"type": "number", "label": "Amount"}, "1e999", "Amount must be a number with at most 34 digits"),
        ({"type": "number", "label": "Amount"}, "9" * 5000, "Amount must be a number with at most 34 digits"),
        ({"type": "number", "label": "Amount"}, float("nan"), "Amount must be a number, like 30"),
        ({"type": "number", "label": "Amount"}, True, "Amount must be a number, like 30"),
        ({"type": "number", "label": "Amount", "decimalDigits": 2}, "1.000", "Amount must have at most 2 decimal places"),
        ({"type": "number", "label": "Number of people", "decimalDigits": 0}, "1.5", "Number of people must be a whole number, like 30"),
        ({"type": "number", "label": "Amount", "validate": {"min": 1}}, "0", "Amount must be 1 or more"),
        ({"type": "number", "label": "Amount", "validate": {"max": "=2 * 5"}}, "11", "Amount must be 10 or less"),
        ({"type": "number", "label": "Amount", "increment": 0.25}, "0.3", "Amount must be a multiple of 0.25, like 0.25 or 0.50"),
        ({"type": "checkbox", "label": "I agree", "validate": REQUIRED}, False, "Select “I agree” to continue"),
        ({"type": "radio", "label": "Product", "values": OPTIONS, "validate": REQUIRED}, None, "Select product"),
        ({"type": "radio", "label": "Product", "values": OPTIONS}, "car", "Select one of the options for “Product”"),
        ({"type": "radio", "label": "Product", "values": OPTIONS}, True, "Select one of the options for “Product”"),
        ({"type": "checklist", "label": "Product", "values": OPTIONS, "validate": REQUIRED}, [], "Select product"),
        ({"type": "checklist", "label": "Product", "values": OPTIONS}, ["mail", "car"], "Select only options listed for “Product”"),
        ({"type": "checklist", "label": "Product", "values": OPTIONS}, "mail", "Product must be a list of options"),
        ({"type": "datetime", "dateLabel": "Date of birth", "validate": REQUIRED}, None, "Enter date of birth"),
        ({"type": "datetime", "dateLabel": "Date"}, {"day": "1", "month": "", "year": ""}, "Date must include a month and a year"),
        (
            {"type": "datetime", "dateLabel": "Date"},
            {"day": "31", "month": "2", "year": "2026"},
            "Date must be a real date, like 27 3 2026",
        ),
        ({"type": "datetime", "dateLabel": "Date"}, "soon", "Date must be a real date, like 27 3 2026"),
        ({"type": "datetime", "dateLabel": "Date", "disallowPassedDates": True}, "2026-11-21", "Date must be today or in the future"),
        (
            {"type": "datetime", "dateLabel": "Date of the problem", "properties": {"latest": "today"}},
            "2026-11-23",
            "Date of the problem must be today or in the past",
        ),
        (
            {"type": "datetime", "dateLabel": "Date", "properties": {"earliest": "2026-01-01"}},
            "2025-12-31",
            "Date must be on or after 1 January 2026",
        ),
        ({"type": "datetime", "subtype": "time", "timeLabel": "Time"}, "25:00", "Time must be a real time, like 14:30"),
        ({"type": "datetime", "subtype": "datetime", "dateLabel": "Start"}, "2026-01-01", "Start must include a time, like 14:30"),
        (
            {"type": "datetime", "subtype": "time", "timeLabel": "Time", "timeInterval": 15, "properties": {"interval": "strict"}},
            "14:20",
            "Time must be a time in steps of 15 minutes, like 14:15",
        ),
        ({"type": "filepicker", "label": "Photos", "validate": REQUIRED}, [], "Select a file for “Photos”"),
        ({"type": "filepicker", "label": "Photos"}, ["token"], "Photos must be a list of uploaded files"),
        (
            {"type": "filepicker", "label": "Photos", "accept": ".png,image/jpeg"},
            [{"name": "a.pdf", "type": "application/pdf", "size": 1, "token": "t"}],
            "“a.pdf” must be one of these kinds of file: .png, image/jpeg",
        ),
        (
            {"type": "filepicker", "label": "Photos"},
            [{"name": n, "type": "image/png", "size": 1, "token": n} for n in "ab"],
            "Select only one file for “Photos”",
        ),
    ],
)
def test_an_invalid_value_is_refused_with_what_to_do(make: Make, component: dict[str, Any], given: Any, message: str | None) -> None:
    """Every refusal is one plain sentence that says what to do (GOV.UK design system, error messages)."""
    form = make({"key": "v", "id": "v", **component})
    messages = refused(form, {"v": given})["v"]
    assert len(messages) == 1
    if message is not None:
        assert messages == [message]


def test_an_answer_that_is_required_is_not_taken_from_the_process(make: Make) -> None:
    """A decision from an earlier round does not pass for a new one when the caller sends none."""
    form = make({"type": "textfield", "key": "decision", "id": "d", "label": "Decision", "validate": REQUIRED})
    assert refused(form, {}, context={"decision": "reject"}) == {"decision": ["Enter decision"]}


def test_an_answer_that_is_not_sent_stays_as_the_process_has_it(make: Make) -> None:
    """Leaving out an optional field does not empty it; with nothing known it has form-js's empty value, or its default."""
    form = make(
        {"type": "textfield", "key": "note", "id": "n", "label": "Note"},
        {"type": "number", "key": "sum", "id": "s", "label": "Sum"},
        {"type": "select", "key": "way", "id": "w", "label": "Way", "values": OPTIONS, "defaultValue": "mail"},
    )
    assert form.validate({}, context={"note": "kept"}) == {"note": "kept", "sum": None, "way": "mail"}


def test_keys_the_form_does_not_have_are_refused_when_strict(make: Make) -> None:
    """The engine and the API hear of keys that would be lost; an HTML post has others beside the form's."""
    form = make({"type": "textfield", "key": "a.b", "id": "n", "label": "Note"})
    data = {"a": {"b": "x", "c": 1}, "csrf": "t"}
    assert form.validate(data) == {"a": {"b": "x"}}
    sentence = "This form has no such field. Remove it or correct its name"
    assert refused(form, data, strict=True) == {"a.c": [sentence], "csrf": [sentence]}


def test_a_read_only_value_is_the_process_own(make: Make) -> None:
    """Nobody changes a read-only value by sending another."""
    form = make({"type": "number", "key": "limit", "id": "n", "label": "Limit", "readonly": "=closed"})
    assert form.validate({"limit": 9}, context={"limit": 5, "closed": True}) == {"limit": 5}
    assert form.validate({"limit": 9}, context={"limit": 5, "closed": False}) == {"limit": 9}


def test_a_disabled_field_is_not_submitted(make: Make) -> None:
    """form-js submits nothing for a disabled field."""
    assert make({"type": "textfield", "key": "a", "id": "a", "label": "A", "disabled": True}).validate({"a": "x"}) == {}


def test_options_come_from_the_process_or_an_expression(make: Make) -> None:
    """Options may be keyed or computed, and the answer has to be one of them."""
    keyed = make({"type": "select", "key": "team", "id": "t", "label": "Team", "valuesKey": "teams"})
    assert keyed.validate({"team": "b"}, context={"teams": ["a", "b"]}) == {"team": "b"}
    assert refused(keyed, {"team": "c"}, context={"teams": ["a", "b"]}) == {"team": ["Select one of the options for “Team”"]}
    computed = make(
        {"type": "select", "key": "n", "id": "n", "label": "N", "valuesExpression": "=for i in 1..3 return {label: string(i), value: i}"}
    )
    assert computed.validate({"n": "2"}) == {"n": 2}


def test_fields_for_other_roles_are_left_out(make: Make) -> None:
    """A field restricted to roles neither is shown to others nor takes a value from them."""
    form = make({"type": "textfield", "key": "secret", "id": "s", "label": "Secret", "properties": {"roles": "auditor, lead"}})
    assert form.validate({"secret": "x"}, roles={"handler"}) == {}
    assert form.validate({"secret": "x"}, roles={"lead"}) == {"secret": "x"}
    assert form.validate({"secret": "x"}) == {"secret": "x"}


def test_the_form_is_a_marshmallow_schema(make: Make) -> None:
    """What says what is accepted is a marshmallow schema, nested as the data is."""
    form = make(
        {"type": "textfield", "key": "person.name", "id": "s", "label": "Name"}, {"type": "number", "key": "age", "id": "a", "label": "Age"}
    )
    assert set(form.schema.fields) == {"person", "age"}
