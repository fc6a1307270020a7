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
