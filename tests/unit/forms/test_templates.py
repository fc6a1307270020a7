"""Words with values in them, and the values of expressions as plain data."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from amends.engine.errors import Invalid
from amends.engine.feel import FeelError
from amends.forms.expressions import Expression, Seen, compile_property, plain
from amends.forms.messages import in_sentence, message
from amends.forms.templates import compile_text, shown

from .support import NOW, Make


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Dear {{name}},", "Dear Ann,"),
        ('="Dear " + name', "Dear Ann"),
        ("{{#if paid}}Thank you{{/if}}{{#if not(paid)}}Please pay{{/if}}", "Thank you"),
        ("{{#loop items}}{{this}} {{parent.name}}; {{/loop}}", "1 Ann; 2 Ann; "),
        ("{{#loop rows}}{{title}}{{#if this.last}}.{{/if}}{{/loop}}", "ab."),
        ("{{#loop name}}x{{/loop}}", ""),
        ("{{nothing}}{{paid}} {{1.50}} {{items}}", "yes 1.50 1, 2"),
        ("no braces", "no braces"),
        ("{{ = 1 + 1 }}", "2"),
        ("{{today()}}", "2026-11-22"),
    ],
)
def test_a_template_is_written_with_its_values(make: Make, text: str, written: str) -> None:
    """form-js's templating (feelers): values, conditions, loops, or one expression; the clock is the one given."""
    context = {"name": "Ann", "paid": True, "items": [1, 2], "rows": [{"title": "a"}, {"title": "b", "last": True}]}
    form = make({"type": "textfield", "key": "x", "id": "x", "label": "X", "description": text})
    assert form.problems == []
    assert form.render(context=context).fields[0].description == written


@pytest.mark.parametrize(
    "text",
    ["{{#if a}}", "{{/if}}", "{{#if a}}{{/loop}}", "{{#loop a}}{{#if b}}{{/loop}}{{/if}}", "{{1 +}}", "{{}}", "x" * 20_001 + "{{1}}"],
)
def test_a_template_that_is_none_is_refused(text: str) -> None:
    """Blocks are closed in order, and hold FEEL."""
    with pytest.raises(FeelError):
        compile_text(text)


def test_an_expression_is_bounded() -> None:
    """A very long expression is refused when the form is loaded."""
    with pytest.raises(FeelError):
        compile_property("=" + "1+" * 3000 + "1")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.50 * 2", 3),
        ("0.1 + 0.2", Decimal("0.3")),
        ("1e50", Decimal("1e50")),
        ('date("2026-01-02")', "2026-01-02"),
        ('date and time("2026-01-02T03:04:05Z")', "2026-01-02T03:04:05Z"),
        ('duration("P1DT2H")', "P1DT2H"),
        ('duration("P2Y3M")', "P2Y3M"),
        ("{a: [1, null], b: {c: true}}", {"a": [1, None], "b": {"c": True}}),
        ("function(x) x", None),
        ("1/0", None),
    ],
)
def test_what_is_computed_is_plain_data(text: str, value: Any) -> None:
    """Numbers stay exact, dates and durations are ISO 8601 text, what is no data is null."""
    assert plain(Expression(text).evaluate(Seen({}))) == value


def test_python_values_are_plain_data_too() -> None:
    """A process may hold dates and floats."""
    assert plain([0.1, date(2026, 1, 2), datetime(2026, 1, 2, 3, 4), (1,)]) == [Decimal("0.1"), "2026-01-02", "2026-01-02T03:04:00", [1]]
    deep: list[Any] = []
    for _ in range(50):
        deep = [deep]
    assert shown(deep) == ""


def test_functions_are_given_and_others_are_named(make: Make) -> None:
    """A call of a function that is not there is found when the form is checked."""
    component = {"type": "expression", "key": "x", "id": "x", "label": "X", "expression": "=add working days(today(), 3)"}
    assert [problem.code for problem in make(component).problems] == ["unknown-function"]
    form = make(component, functions={"add working days": lambda day, count: day})
    assert form.problems == []
    assert form.validate({}) == {"x": NOW.date().isoformat()}


def test_rules_that_take_too_long_are_refused_and_not_skipped(make: Make) -> None:
    """Data is not accepted when a rule about it could not be evaluated."""
    slow = "=count(for a in 1..1000, b in 1..1000, c in 1..1000 return a) > 5"
    form = make({"type": "textfield", "key": "x", "id": "x", "label": "X", "conditional": {"hide": slow}})
    with pytest.raises(Invalid, match="took too long"):
        form.validate({"x": "1"})
    model = form.render({"x": "1"})
    assert (model.fields[0].value, [place for place, _ in model.error_list]) == ("1", [""])


@pytest.mark.parametrize(
    ("label", "inside"),
    [
        ("Your name", "your name"),
        ("IBAN", "IBAN"),
        ("E-mail address:", "e-mail address"),
        ("I agree", "I agree"),
        ("iPhone", "iPhone"),
        ("1st choice", "1st choice"),
        ("“Quoted” word", "“quoted” word"),
        ("", ""),
    ],
)
def test_a_label_stands_inside_a_sentence(label: str, inside: str) -> None:
    """Its first letter is small, unless it is a name in capitals."""
    assert in_sentence(label.rstrip(":")) == inside


def test_a_question_is_quoted() -> None:
    """A label that is a question is not made part of a sentence."""
    assert message("text.long", "What happened?", limit=5) == "Your answer to “What happened?” must be 5 characters or fewer"
    assert message("required.choice", "Which one?") == "Answer “Which one?”"
    assert message("choice.unknown", "Which one?") == "Select one of the options for “Which one?”"
