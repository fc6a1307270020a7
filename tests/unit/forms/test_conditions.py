"""What is shown when, what is computed, and what repeats."""

from __future__ import annotations

import pytest

from amends.engine.errors import Invalid
from amends.forms import Form

from .support import Make, made, persons


def chain() -> Form:
    """C depends on B, which depends on A."""
    return made(
        {"type": "checkbox", "key": "a", "id": "a", "label": "A"},
        {"type": "textfield", "key": "b", "id": "b", "label": "B", "conditional": {"hide": "=not(a)"}, "validate": {"required": True}},
        {"type": "textfield", "key": "c", "id": "c", "label": "C", "conditional": {"hide": '=b != "x"'}, "validate": {"required": True}},
    )


def test_a_hidden_field_is_neither_required_nor_submitted() -> None:
    """form-js drops what a condition hides."""
    assert chain().validate({"a": False, "b": "x", "c": "y"}) == {"a": False}


def test_what_is_hidden_has_no_value_for_other_conditions() -> None:
    """With A unticked, B is hidden and so is C, whatever was typed in B before."""
    form = chain()
    assert form.validate({"a": True, "b": "x", "c": "y"}) == {"a": True, "b": "x", "c": "y"}
    hidden = {field.key: field.hidden for field in form.render({"a": False, "b": "x", "c": "y"}).fields}
    assert hidden == {"a": False, "b": True, "c": True}


def test_a_hidden_group_takes_its_fields_with_it(make: Make) -> None:
    """What stands in a hidden group is hidden."""
    inside = {"type": "textfield", "key": "x", "id": "x", "label": "X", "validate": {"required": True}}
    form = make({"type": "group", "id": "g", "path": "g", "label": "G", "components": [inside], "conditional": {"hide": "=true"}})
    assert form.validate({"g": {"x": "1"}}) == {}


def test_conditions_see_what_the_process_knows(make: Make) -> None:
    """Answers stand above the process's own variables."""
    form = make({"type": "textfield", "key": "x", "id": "x", "label": "X", "conditional": {"hide": '=level != "high"'}})
    assert form.validate({"x": "1"}, context={"level": "high"}) == {"x": "1"}
    assert form.validate({"x": "1"}, context={"level": "low"}) == {}


def test_conditions_that_contradict_each_other_come_to_an_end(make: Make) -> None:
    """Two fields that hide when the other is shown do not hang the page."""
    form = make(
        {"type": "textfield", "key": "x", "id": "x", "label": "X", "conditional": {"hide": "=y = null"}},
        {"type": "textfield", "key": "y", "id": "y", "label": "Y", "conditional": {"hide": "=x != null"}},
    )
    assert isinstance(form.validate({"x": "1", "y": "2"}), dict)


def test_expressions_are_computed_and_not_taken_from_outside(make: Make) -> None:
    """A computed value is computed here; what somebody sends for it is ignored."""
    form = make(
        {"type": "number", "key": "n", "id": "n", "label": "N"},
        {"type": "expression", "key": "double", "id": "d", "expression": "=n * 2", "computeOn": "change"},
        {"type": "expression", "key": "four", "id": "q", "expression": "=double * 2", "computeOn": "change"},
        {"type": "textfield", "key": "why", "id": "w", "label": "Why", "conditional": {"hide": "=four < 10"}},
    )
    assert form.validate({"n": "2", "double": 99}, strict=True) == {"n": 2, "double": 4, "four": 8}
    assert form.validate({"n": 3, "why": "so"}) == {"n": 3, "double": 6, "four": 12, "why": "so"}


def test_rows_are_checked_one_by_one_in_their_own_scope(make: Make) -> None:
    """`this` is the row, `parent` what is around it and `i` its number from 1, as in form-js."""
    inside = [
        {"type": "textfield", "key": "name", "id": "n", "label": "Name", "validate": {"required": True}},
        {
            "type": "textfield",
            "key": "guardian",
            "id": "g",
            "label": "Guardian",
            "conditional": {"hide": "=not(this.minor)"},
            "validate": {"required": True},
        },
        {"type": "checkbox", "key": "minor", "id": "m", "label": "Minor"},
        {"type": "expression", "key": "number", "id": "e", "expression": "=i[1]"},
        {"type": "expression", "key": "of", "id": "o", "expression": "=parent.total"},
    ]
    form = make(
        {"type": "number", "key": "total", "id": "t", "label": "Total"},
        {"type": "dynamiclist", "id": "l", "path": "p", "label": "P", "components": inside},
    )
    rows = [{"name": "A", "minor": False, "guardian": "?"}, {"name": "B", "minor": True, "guardian": "C"}]
    assert form.validate({"total": 2, "p": rows})["p"] == [
        {"name": "A", "minor": False, "number": 1, "of": 2},
        {"name": "B", "minor": True, "guardian": "C", "number": 2, "of": 2},
    ]
    with pytest.raises(Invalid) as caught:
        form.validate({"p": [{"name": "A"}, {"name": "", "minor": True}]})
    assert caught.value.fields == {"p.1.name": ["Enter name"], "p.1.guardian": ["Enter guardian"]}


@pytest.mark.parametrize(("rows", "message"), [("x", "Person must be a list of rows"), ([{}] * 201, "Person must have 200 rows or fewer")])
def test_what_is_no_list_of_rows_is_refused(make: Make, rows: object, message: str) -> None:
    """A list is bounded and holds rows."""
    with pytest.raises(Invalid) as caught:
        make(persons()).validate({"persons": rows})
    assert caught.value.fields == {"persons": [message]}


def test_a_row_that_is_none_is_refused_at_its_number(make: Make) -> None:
    """A row holds fields."""
    with pytest.raises(Invalid) as caught:
        make(persons()).validate({"persons": [{}, 3]})
    assert caught.value.fields == {"persons.1": ["Each row of “Person” must be a set of fields"]}


def test_a_list_starts_with_the_rows_the_form_says(make: Make) -> None:
    """Without an answer and without known rows there are as many empty ones as defaultRepetitions says."""
    form = make({**persons(), "defaultRepetitions": 2})
    assert [row.number for row in form.render().fields[0].rows] == [0, 1]
    assert len(form.render(context={"persons": [{"name": "A"}]}).fields[0].rows) == 1
    assert form.render({"persons": []}).fields[0].rows == []
