"""A form filled in page by page."""

from __future__ import annotations

import pytest

from amends.engine.errors import Invalid
from amends.forms import Form

from .support import made


@pytest.fixture
def stepwise() -> Form:
    """Three steps; the second only for those with a company."""
    required = {"required": True}
    return made(
        {"type": "text", "id": "intro", "text": "Welcome"},
        {
            "type": "group",
            "id": "who",
            "label": "About you",
            "components": [
                {"type": "textfield", "key": "name", "id": "n", "label": "Your name", "validate": required},
                {"type": "checkbox", "key": "firm", "id": "f", "label": "I write for a company"},
            ],
        },
        {
            "type": "group",
            "id": "co",
            "label": "Your company",
            "path": "company",
            "conditional": {"hide": "=not(firm)"},
            "components": [{"type": "textfield", "key": "title", "id": "t", "label": "Its name", "validate": required}],
        },
        {
            "type": "group",
            "id": "what",
            "label": "What happened",
            "components": [{"type": "textarea", "key": "story", "id": "s", "label": "What happened", "validate": required}],
        },
        {"type": "separator", "id": "end"},
        title="Make a complaint",
    )


def test_top_groups_are_the_steps(stepwise: Form) -> None:
    """What stands between groups belongs to the step before it, or to the first."""
    assert stepwise.title == "Make a complaint"
    assert [(step.index, step.id, step.title, step.keys) for step in stepwise.steps] == [
        (0, "who", "About you", ("name", "firm")),
        (1, "co", "Your company", ("company.title",)),
        (2, "what", "What happened", ("story",)),
    ]
    assert stepwise.steps[0].component_ids == ("intro", "who")
    found = stepwise.step_of("company.title")
    assert found is not None and found.index == 1


def test_a_step_checks_and_gives_only_its_own(stepwise: Form) -> None:
    """The other steps are neither demanded nor lost; conditions still see the whole draft."""
    draft = {"name": "Ann", "firm": True}
    assert stepwise.validate(draft, step=0) == {"name": "Ann", "firm": True}
    with pytest.raises(Invalid) as caught:
        stepwise.validate(draft, step=stepwise.steps[1])
    assert caught.value.fields == {"company.title": ["Enter its name"]}
    with pytest.raises(Invalid) as caught:
        stepwise.validate(draft)
    assert set(caught.value.fields) == {"company.title", "story"}


def test_steps_that_do_not_apply_are_left_out(stepwise: Form) -> None:
    """A hidden group is no step."""
    assert [step.id for step in stepwise.open_steps({"firm": False})] == ["who", "what"]
    assert [step.id for step in stepwise.open_steps({"firm": True})] == ["who", "co", "what"]


def test_a_step_is_a_page_of_its_own(stepwise: Form) -> None:
    """The step's title is the page's; its fields stand on the page directly."""
    model = stepwise.render({"firm": True, "company": {"title": "Acme"}}, step=1)
    assert (model.title, [(field.key, field.value) for field in model.fields]) == ("Your company", [("company.title", "Acme")])


def test_a_draft_keeps_every_step(stepwise: Form) -> None:
    """Going back and forth loses nothing."""
    draft: dict[str, object] = {}
    for step, post in (
        (0, {"name": "Ann", "firm": "true"}),
        (1, {"company.title": "Acme"}),
        (2, {"story": "It broke"}),
        (0, {"name": "Ann B", "firm": "true"}),
    ):
        draft = stepwise.merge(draft, stepwise.read(post, step=step))
    assert stepwise.validate(draft) == {"name": "Ann B", "firm": True, "company": {"title": "Acme"}, "story": "It broke"}


def test_a_form_without_groups_is_one_step() -> None:
    """Its title is the form's."""
    form = made({"type": "textfield", "key": "a", "id": "a", "label": "A"})
    assert [(step.id, step.keys) for step in form.steps] == [("a", ("a",))]
