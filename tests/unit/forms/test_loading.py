"""What a form gets wrong, said all at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from amends.engine.errors import Invalid
from amends.forms import Forms, load

from .support import OPTIONS, Make


@pytest.mark.parametrize("source", [b"", b"{", b"[]", b"\xff\xfe", b'"x"', b"[" * 5000, b'{"a": NaN}' * 0 + b"nul"])
def test_what_is_no_json_object_is_refused(source: bytes) -> None:
    """Only a file that is no JSON object raises; the engine's check makes a problem even of that."""
    with pytest.raises(Invalid, match="Save it again in the form editor"):
        load(source, name="a.form")
    assert [(problem.code, problem.file) for problem in Forms().check(source, "a.form")] == [("form-json", "a.form")]


@pytest.mark.parametrize(
    ("component", "code"),
    [
        ({"type": "hologram", "key": "x", "label": "X"}, "unknown-type"),
        ({"type": "textfield", "label": "X"}, "missing-key"),
        ({"type": "dynamiclist", "label": "X", "components": []}, "missing-key"),
        ({"type": "textfield", "key": "a b", "label": "X"}, "bad-key"),
        ({"type": "textfield", "key": "_x", "label": "X"}, "bad-key"),
        ({"type": "textfield", "key": "a..b", "label": "X"}, "bad-key"),
        ({"type": "textfield", "key": "settings", "label": "X"}, "unread-key"),
        ({"type": "textfield", "key": "if", "label": "X"}, "unread-key"),
        ({"type": "textfield", "key": "x", "label": "X", "conditional": {"hide": "=1 +"}}, "bad-expression"),
        ({"type": "textfield", "key": "x", "label": "X", "conditional": {"hide": "agree"}}, "bad-expression"),
        ({"type": "textfield", "key": "x", "label": "X {{1 +}}"}, "bad-expression"),
        ({"type": "text", "text": "{{#if a}}never closed"}, "bad-expression"),
        ({"type": "text", "text": "closed {{/loop}}"}, "bad-expression"),
        ({"type": "expression", "key": "x"}, "bad-expression"),
        ({"type": "textfield", "key": "x", "label": "X", "validate": {"pattern": "("}}, "bad-pattern"),
        ({"type": "textfield", "key": "x", "label": "X", "validate": {"pattern": "a" * 1001}}, "bad-pattern"),
        ({"type": "textfield", "key": "x", "label": "X", "validate": {"validationType": "iban"}}, "bad-validation"),
        ({"type": "textfield", "key": "x", "label": "X", "validate": {"minLength": 5, "maxLength": 4}}, "bad-range"),
        ({"type": "number", "key": "x", "label": "X", "validate": {"min": 5, "max": 4}}, "bad-range"),
        ({"type": "number", "key": "x", "label": "X", "validate": {"min": "much"}}, "bad-range"),
        ({"type": "select", "key": "x", "label": "X"}, "no-options"),
        ({"type": "select", "key": "x", "label": "X", "values": []}, "no-options"),
        ({"type": "select", "key": "x", "label": "X", "values": [{"label": "A"}, {"label": "B", "value": "b"}]}, "bad-option"),
        ({"type": "radio", "key": "x", "label": "X", "values": [*OPTIONS, OPTIONS[0]]}, "duplicate-option"),
        ({"type": "radio", "key": "x", "label": "X", "values": OPTIONS, "defaultValue": "z"}, "bad-default"),
        ({"type": "datetime", "key": "x", "dateLabel": "X", "subtype": "week"}, "bad-subtype"),
        ({"type": "textfield", "key": "x"}, "no-label"),
        ({"type": "image", "source": "https://example.com/a.png"}, "no-label"),
        ({"type": "image", "source": "javascript:alert(1)", "alt": "A"}, "bad-address"),
        ({"type": "iframe", "url": "data:text/html,x", "label": "A"}, "bad-address"),
        ({"type": "iframe", "label": "A"}, "bad-address"),
        ({"type": "textfield", "key": "x", "label": "X", "properties": {"personal": "perhaps"}}, "bad-property"),
        ({"type": "datetime", "key": "x", "dateLabel": "X", "properties": {"date": "wheel"}}, "bad-property"),
        ({"type": "textfield", "key": "x", "label": "X", "properties": ["personal"]}, "bad-property"),
    ],
)
def test_a_component_that_is_wrong_is_named(make: Make, component: dict[str, Any], code: str) -> None:
    """Each fault is one problem at its component, with what to do."""
    form = make({"id": "c", **component})
    assert [(problem.component_id, problem.code) for problem in form.problems if problem.code != "empty"] == [("c", code)]
    assert all(problem.message and problem.help and problem.file == "f.form" for problem in form.problems)


@pytest.mark.parametrize(
    ("one", "other"),
    [("a", "a"), ("a.b", "a"), ("a", "a.b"), ("a.b", "a.b")],
)
def test_two_fields_cannot_have_one_key(make: Make, one: str, other: str) -> None:
    """A key is one value; it cannot be a group as well."""
    form = make({"type": "textfield", "key": one, "id": "x", "label": "X"}, {"type": "number", "key": other, "id": "y", "label": "Y"})
    assert [(problem.component_id, problem.code) for problem in form.problems] == [("y", "duplicate-key")]


def test_keys_in_a_list_are_the_lists_own(make: Make) -> None:
    """A row has keys of its own; the list's path is taken."""
    name = {"type": "textfield", "key": "a", "label": "A"}
    form = make({**name, "id": "x"}, {"type": "dynamiclist", "path": "rows", "id": "l", "label": "L", "components": [{**name, "id": "y"}]})
    assert form.problems == []
    assert [(field.key, field.lists) for field in form.fields] == [("a", ()), ("rows.a", ("rows",))]
    clash = make(
        {**name, "key": "rows.a", "id": "x"},
        {"type": "dynamiclist", "path": "rows", "id": "l", "label": "L", "components": [{**name, "id": "y"}]},
    )
    assert "duplicate-key" in {problem.code for problem in clash.problems}


def test_two_components_cannot_have_one_id(make: Make) -> None:
    """Ids are unique; the second gets another so that the form still works."""
    form = make({"type": "textfield", "key": "a", "id": "x", "label": "A"}, {"type": "textfield", "key": "b", "id": "x", "label": "B"})
    assert [problem.code for problem in form.problems] == ["duplicate-id"]
    assert len({field.id for field in form.fields}) == 2


def test_all_problems_are_said_at_once(make: Make) -> None:
    """A form with three faults has three problems."""
    form = make(
        {"type": "x", "id": "a"}, {"type": "textfield", "id": "b", "label": "B"}, {"type": "select", "key": "c", "id": "c", "label": "C"}
    )
    assert [problem.code for problem in form.problems] == ["unknown-type", "missing-key", "no-options"]


@pytest.mark.parametrize(
    "source", [{}, {"type": "default"}, {"components": 3}, {"components": [3, None]}, {"type": "custom", "components": []}]
)
def test_a_mapping_that_is_no_form_has_problems(source: dict[str, Any]) -> None:
    """Whatever the JSON holds, loading says what is wrong and does not raise."""
    assert load(source).problems


def test_groups_nested_without_end_are_refused() -> None:
    """Nesting is bounded."""
    inside: dict[str, Any] = {"type": "textfield", "key": "a", "id": "a", "label": "A"}
    for number in range(20):
        inside = {"type": "group", "id": f"g{number}", "components": [inside]}
    assert "too-deep" in {problem.code for problem in load({"components": [inside]}).problems}


def test_personal_data_and_roles_are_inherited(make: Make) -> None:
    """What is marked at a group holds for its fields unless they say otherwise."""
    inside = [
        {"type": "textfield", "key": "a", "id": "a", "label": "A"},
        {"type": "textfield", "key": "b", "id": "b", "label": "B", "properties": {"personal": "special"}},
        {"type": "textfield", "key": "c", "id": "c", "label": "C", "properties": {"personal": "no", "roles": "auditor"}},
    ]
    group = {"type": "group", "id": "g", "components": inside, "label": "G", "properties": {"personal": "yes", "roles": "lead,handler"}}
    assert [(field.key, field.personal, field.roles) for field in make(group).fields] == [
        ("a", "personal", ("lead", "handler")),
        ("b", "special", ("lead", "handler")),
        ("c", None, ("auditor",)),
    ]


def test_the_engine_gets_forms_by_their_bytes() -> None:
    """The provider loads a form once, validates strictly and lists its fields."""
    forms = Forms()
    source = json.dumps({"id": "f", "components": [{"type": "number", "key": "n", "id": "n", "label": "N"}]}).encode()
    assert forms.check(source, "a.form") == []
    assert [field.key for field in forms.fields(source)] == ["n"]
    assert forms.validate(source, {"n": "4"}, {}) == {"n": 4}
    assert forms.form(source) is forms.form(source)
    with pytest.raises(Invalid) as caught:
        forms.validate(source, {"m": 1}, {})
    assert set(caught.value.fields) == {"m"}
