"""What was typed is kept, through any number of pages and whatever it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amends.engine.errors import Invalid
from amends.forms import RenderModel

from .support import OPTIONS, every_input, made, persons, send

FILE = {"name": "a.png", "type": "image/png", "size": 10, "token": "tok"}
# Browsers send no other control characters from a keyboard, and HTML cannot hold them.
typed = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")) | st.sampled_from("\n <&\"'>"), max_size=30)
line = typed.map(lambda text: text.replace("\n", " "))
choice = st.sampled_from(["letter", "mail", "3"])


def answers(prefix: str = "") -> st.SearchStrategy[dict[str, Any]]:
    """Raw answers to every input."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        "name": line,
        "story": typed,
        "amount": line | st.integers().map(str),
        "day": st.fixed_dictionaries({"day": line, "month": line, "year": line}),
        "hour": line,
        "moment": st.fixed_dictionaries({"day": line, "month": line, "year": line, "time": line}),
        "agree": st.booleans(),
        "way": choice | st.just(""),
        "pick": choice | st.just(""),
        "boxes": st.lists(choice, unique=True),
        "tags": st.lists(choice, unique=True),
        "papers": st.just([]) | st.just([FILE]),
    }
    return st.fixed_dictionaries({prefix + key: value for key, value in fields.items()})


row = st.fixed_dictionaries(
    {"name": line, "minor": st.booleans(), "phones": st.lists(st.fixed_dictionaries({"number": line}), max_size=2)},
)
whole = st.builds(
    lambda top, home, rows: {**top, "home": home, "persons": rows},
    answers(),
    answers("g_"),
    st.lists(row, max_size=3),
)
FORM = made(*every_input(), {"type": "group", "id": "g", "label": "Home", "path": "home", "components": every_input("g_")}, persons())


def ordered(data: Any) -> Any:
    """Chosen options in the form's order, as a browser sends them."""
    if isinstance(data, dict):
        return {key: ordered(value) for key, value in data.items()}
    if isinstance(data, list):
        places = [str(option["value"]) for option in OPTIONS]
        return sorted(data, key=places.index) if data and isinstance(data[0], str) else [ordered(item) for item in data]
    return data


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(whole)
def test_what_was_typed_comes_back_from_the_page(write: Callable[[RenderModel], str], data: dict[str, Any]) -> None:
    """Shown and sent again, every answer is what it was, valid or not."""
    page = write(FORM.render(data))
    assert FORM.read(send(page), stored={"tok": FILE}).data == ordered(data)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(whole)
def test_clean_data_is_accepted_again_unchanged(data: dict[str, Any]) -> None:
    """What validation gives, validation takes: the engine checks what the page checked."""
    try:
        clean = FORM.validate(data)
    except Invalid:
        return
    assert FORM.validate(clean, strict=True) == clean


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.sampled_from(["day", "date", "time", "name"]), inner, max_size=3)
    ),
    max_leaves=10,
)
keys = sorted({field.key.split(".")[0] for field in FORM.fields})


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(keys), json_like))
def test_any_data_is_either_accepted_or_refused_and_can_be_shown(data: dict[str, Any]) -> None:
    """Whatever an API sends, the answer is clean data or messages by field, never a crash, and the page shows it."""
    try:
        FORM.validate(data, strict=True)
    except Invalid as error:
        assert error.fields
        assert all(isinstance(text, str) for texts in error.fields.values() for text in texts)
    assert FORM.render(data).fields


@given(
    st.dictionaries(
        st.text(max_size=20) | st.sampled_from(["persons.0.name", "_rows:persons", "_add:persons", "_remove:persons:0", "day-day"]),
        st.text(),
    )
)
def test_any_post_can_be_read(post: dict[str, str]) -> None:
    """A post is from outside: reading it never fails."""
    assert isinstance(FORM.read(post).data, dict)


def test_a_value_typed_in_a_native_date_comes_back(write: Callable[[RenderModel], str]) -> None:
    """The native input and the three fields are read alike."""
    form = made({"type": "datetime", "key": "d", "id": "d", "dateLabel": "D"})
    assert form.validate(form.read(send(write(form.render({"d": "2026-03-07"}, native_dates=True)))).data) == {"d": "2026-03-07"}
    assert form.validate(form.read(send(write(form.render({"d": "2026-03-07"})))).data) == {"d": "2026-03-07"}


def test_unticking_a_box_is_an_answer_and_not_seeing_it_is_none() -> None:
    """A box that was on the page and is not sent was unticked; one that was not on it keeps its value."""
    form = made({"type": "checkbox", "key": "a", "id": "a", "label": "A"}, {"type": "checkbox", "key": "b", "id": "b", "label": "B"})
    sent = form.read({"_shown": "a"})
    assert sent.data == {"a": False}
    assert form.merge({"a": True, "b": True}, sent) == {"a": False, "b": True}
    assert form.read({}).data == {"a": False, "b": False}


@pytest.mark.parametrize(
    ("button", "names", "action"),
    [
        ("_add:persons", ["A", "B", None], ("add", "persons")),
        ("_remove:persons:0", ["B"], ("remove", "persons", 0)),
        ("_remove:persons:7", ["A", "B"], None),
        ("_remove:persons:x", ["A", "B"], None),
        ("_add:name", ["A", "B"], None),
    ],
)
def test_a_button_adds_or_removes_a_row(button: str, names: list[str | None], action: Any) -> None:
    """The row is there, or gone, when the page is shown again; everything else is kept."""
    post = {"persons.0.name": "A", "persons.1.name": "B", "_rows:persons": "2", button: "1"}
    sent = made(persons()).read(post)
    assert [person.get("name") for person in sent.data["persons"]] == names
    assert sent.action == action


def test_a_button_reaches_a_list_inside_a_list() -> None:
    """Rows inside rows have buttons of their own."""
    post = {
        "persons.0.name": "A",
        "persons.1.name": "B",
        "_rows:persons": "2",
        "_rows:persons.1.phones": "1",
        "persons.1.phones.0.number": "5",
        "_add:persons.1.phones": "1",
    }
    sent = made(persons()).read(post)
    assert sent.data["persons"][1]["phones"] == [{"number": "5"}, {}]
    assert sent.action == ("add", "persons.1.phones")


def test_files_are_kept_by_token_and_only_those_known() -> None:
    """A file from before stays when its token is known to the caller; a made-up token brings none; a button removes one."""
    form = made({"type": "filepicker", "key": "p", "id": "p", "label": "P", "multiple": True})
    new = {"name": "b.png", "type": "image/png", "size": 2, "token": "new"}
    sent = form.read({"p": ["tok", "forged"]}, files={"p": [new]}, stored={"tok": FILE})
    assert sent.data == {"p": [FILE, new]}
    gone = form.read({"p": ["tok"], "_remove:p:0": "1"}, stored={"tok": FILE})
    assert (gone.data, gone.action) == ({"p": []}, ("remove", "p", 0))


def test_what_an_answer_reveals_is_asked_before_going_on() -> None:
    """Without JavaScript a field that an answer reveals was not on the page: it is shown before the next step."""
    form = made(
        {"type": "checkbox", "key": "a", "id": "a", "label": "A"},
        {"type": "textfield", "key": "b", "id": "b", "label": "B", "conditional": {"hide": "=not(a)"}},
    )
    sent = form.read({"a": "true", "_shown": "a"})
    assert form.unseen(sent, sent.data) == ["b"]
    assert form.unseen(form.read({"a": "true", "b": "", "_shown": "a b"}), sent.data) == []
