"""A list with more than twenty options: one is named by typing; in a list of tags those chosen are there to untick."""

from __future__ import annotations

from typing import Any

import pytest

from amends.engine.errors import Invalid
from amends.forms import Form
from amends.forms.options import MOST_LISTED

from .support import made

PEOPLE = [("kim", "Kim Meyer"), ("kim2", "Kim Meyer"), ("ann", "Ann Vandenberg")]
PEOPLE += [(f"c{number}", f"Colleague {number}") for number in range(MOST_LISTED)]


def form(many: int = len(PEOPLE), type: str = "taglist") -> Form:
    options = [{"label": f"{name} ({user})", "value": f"account:{user}"} for user, name in PEOPLE[:many]]
    return made({"type": type, "key": "staff", "label": "Involved staff", "values": options})


def drawn(found: Form, given: list[str]) -> Any:
    (field,) = (one for one in found.render({"staff": given}).everything() if one.key == "staff")
    return field


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("kim", "kim"), ("KIM2", "kim2"), ("Kim Meyer (kim2)", "kim2"), ("ann", "ann"), (" ann  VANDENBERG ", "ann"),
        ("c1", "c1"), ("account:c3", "c3"),
    ],
)  # fmt: skip
def test_a_name_is_taken_for_who_is_meant(typed: str, who: str) -> None:
    """By user name or name; the page then has it to untick."""
    assert form().validate({"staff": ["account:ann", typed]})["staff"] == list(dict.fromkeys(
        f"account:{user}" for user, _ in PEOPLE if user in ("ann", who)
    ))  # fmt: skip
    field = drawn(form(), [typed])
    assert ([one.value for one in field.options], field.typed) == ([f"account:{who}"], "")
    assert len(field.suggestions) == len(PEOPLE) - 1


@pytest.mark.parametrize("typed", ["vanden", "an", "Ann V", "vandenberg"])
def test_who_only_begins_like_it_is_shown_and_not_taken_unseen(typed: str) -> None:
    """Somebody who has left must not be taken for somebody who is called alike: they are ticked, and it is asked whether they are meant."""
    with pytest.raises(Invalid) as caught:
        form().validate({"staff": [typed]})
    assert "See whether what is now ticked for “Involved staff” is what was meant" in caught.value.fields["staff"][0]
    field = drawn(form(), [typed])
    assert ([(one.value, one.selected) for one in field.options], field.typed) == ([("account:ann", True)], "")


def test_what_was_just_typed_stays_beside_an_option_that_has_gone() -> None:
    """The box comes last in what is sent."""
    assert drawn(form(), ["account:gone", "Nobody"]).typed == "Nobody"


@pytest.mark.parametrize(
    ("typed", "said"),
    [("Nobody", "Select only options listed for “Involved staff”"), ("Kim M", "Several of the list for “Involved staff”")],
)
def test_nobody_and_several_are_said_and_what_was_typed_stays(typed: str, said: str) -> None:
    """Beside those who were chosen, which stay chosen."""
    with pytest.raises(Invalid) as caught:
        form().validate({"staff": ["account:ann", typed]})
    assert said in caught.value.fields["staff"][0]
    field = drawn(form(), ["account:ann", typed])
    assert ([one.value for one in field.options], field.typed) == (["account:ann"], typed)


def test_few_tags_and_lists_to_tick_are_as_they_were() -> None:
    """Up to twenty all are there to tick, and only what is listed is taken; a checklist is never typed into."""
    for found in (form(MOST_LISTED), form(type="checklist")):
        field = drawn(found, ["account:ann"])
        assert not field.suggestions and len(field.options) >= MOST_LISTED
        with pytest.raises(Invalid):
            found.validate({"staff": ["ann"]})


def test_return_in_another_field_sends_the_form_and_does_not_ask_for_another_name() -> None:
    """A browser presses the first button of a form; before the one that adds a name there is a hidden one that sends."""
    assert form().render({}).has_row_buttons
    assert not form(MOST_LISTED).render({}).has_row_buttons


def long_select(many: int = len(PEOPLE), *, written_out: bool = False, **more: Any) -> Form:
    options = [{"label": f"{name} ({user})", "value": f"account:{user}"} for user, name in PEOPLE[:many]]
    source = {"values": options} if written_out else {"valuesExpression": "=people"}
    found = made({"type": "select", "key": "staff", "label": "Who was it", **source, **more})
    return found


def people(many: int = len(PEOPLE)) -> dict[str, Any]:
    return {"people": [{"label": f"{name} ({user})", "value": f"account:{user}"} for user, name in PEOPLE[:many]]}


@pytest.mark.parametrize("typed", ["kim2", "Kim Meyer (KIM2)", " kim  meyer (kim2) ", "account:kim2"])
def test_a_long_select_takes_a_name(typed: str) -> None:
    """By label, by what it has in brackets, by its value; the box then holds the label. Nothing in it is nobody."""
    assert long_select().validate({"staff": typed}, context=people())["staff"] == "account:kim2"
    assert long_select().validate({"staff": ""}, context=people())["staff"] is None
    (field,) = long_select().render({"staff": typed}, context=people()).everything()
    assert (field.typed, field.options, len(field.suggestions)) == ("Kim Meyer (kim2)", [], len(PEOPLE))


@pytest.mark.parametrize(
    ("typed", "said", "stands"),
    [
        ("vanden", "See whether what now stands in “Who was it” is what was meant", "Ann Vandenberg (ann)"),
        ("Kim Meyer", "Several of the list for “Who was it” could be meant", "Kim Meyer"),
        ("Nobody", "Select one of the options for “Who was it”", "Nobody"),
    ],
)
def test_a_long_select_takes_nobody_unseen(typed: str, said: str, stands: str) -> None:
    """Half a name, several, nobody: said, with what was meant or typed still in the box."""
    with pytest.raises(Invalid) as caught:
        long_select().validate({"staff": typed}, context=people())
    assert said in caught.value.fields["staff"][0]
    (field,) = long_select().render({"staff": typed}, context=people()).everything()
    assert field.typed == stands


def test_a_select_stays_one_where_it_can_be_read_or_its_author_wants_it() -> None:
    """Up to twenty; written out by the form's author and not marked as searchable; or with labels that do not tell the options apart."""
    alike = {"people": [{"label": "Kim", "value": str(number)} for number in range(MOST_LISTED + 1)]}
    for form, context in (
        (long_select(), people(MOST_LISTED)),
        (long_select(written_out=True), {}),
        (long_select(), alike),
    ):
        (field,) = form.render({}, context=context).everything()
        assert not field.suggestions and len(field.options) >= MOST_LISTED
    (field,) = long_select(written_out=True, searchable=True).render({}).everything()
    assert len(field.suggestions) == len(PEOPLE) and not field.options


def test_return_in_a_long_select_sends_the_form() -> None:
    """It has no button of its own, so the form needs none before it."""
    assert not long_select().render({}, context=people()).has_row_buttons


NO_MORE = "What was chosen before is no longer offered."


@pytest.mark.parametrize("type", ["select", "taglist"])
@pytest.mark.parametrize("gone", ["A1", "A10x", {"a": 1}, "account:0192"])
def test_what_was_chosen_before_and_is_no_option_any_more_is_said(type: str, gone: Any) -> None:
    """It becomes no other option that is called alike, for no rule either: the box is empty, and it is said."""
    options = [{"label": f"Unit {number}", "value": f"u{number}"} for number in range(MOST_LISTED)]
    options += [{"label": "A10 Router", "value": "A10"}, {"label": "Hub (A10x)", "value": "hub"}]
    hidden = '=list contains(unit, "hub")' if type == "taglist" else '=unit = "hub"'
    rule = {"type": "textfield", "key": "why", "label": "Why", "conditional": {"hide": hidden}}
    long = made({"type": type, "key": "unit", "label": "Unit", "valuesKey": "units"}, rule)
    context = {"units": options, "unit": [gone] if type == "taglist" else gone}
    field, why = long.render({}, context=context).everything()
    assert (field.typed, field.text, field.options, field.errors) == ("", "", [], [])
    assert field.note.startswith(NO_MORE) and not why.hidden
    field, _ = long.render({"unit": ""}, context=context).everything()
    assert field.note.startswith(NO_MORE), "it is said until another one is chosen"
    field, _ = long.render({"unit": ["Unit 3"] if type == "taglist" else "Unit 3"}, context=context).everything()
    assert NO_MORE not in field.note
    field, _ = long.render({}, context={"units": options, "unit": ["u3"] if type == "taglist" else "u3"}).everything()
    assert NO_MORE not in field.note and field.text == "Unit 3"


@pytest.mark.parametrize("type", ["select", "taglist"])
@pytest.mark.parametrize(("label", "value"), [("Billing", "b"), ("Billing (North)", "bn"), ("sales", "s"), ("North", "bn"), ("Anna", "a")])
def test_a_whole_label_comes_before_parts_of_others(type: str, label: str, value: str) -> None:
    """What the list itself suggests can always be chosen; a part of a label counts where nothing has it as a whole."""
    options = [{"label": f"Unit {number}", "value": f"u{number}"} for number in range(MOST_LISTED)]
    labels = {"b": "Billing", "bn": "Billing (North)", "s": "Sales", "a": "Anna (Sales)"}
    long = made({"type": type, "key": "unit", "label": "Unit", "valuesKey": "units"})
    context = {"units": options + [{"label": told, "value": one} for one, told in labels.items()]}
    many = type == "taglist"
    assert long.validate({"unit": [label] if many else label}, context=context)["unit"] == ([value] if many else value)


def test_a_list_whose_labels_are_values_of_others_is_chosen_from() -> None:
    """A box holds labels: sent back unchanged, one that is another option's value would change the answer."""
    long = made({"type": "select", "key": "number", "label": "Number", "valuesKey": "numbers"})
    (field,) = long.render({"number": 5}, context={"numbers": [{"value": one, "label": str(one + 1)} for one in range(25)]}).everything()
    assert not field.suggestions and [one.label for one in field.options if one.selected] == ["6"]
