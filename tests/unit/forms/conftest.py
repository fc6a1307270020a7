"""What the tests of forms share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

import amends
from amends.forms import Form, RenderModel
from amends.forms.texts import number

from .support import Make, every_input, made, persons

TEMPLATES = Path(amends.__file__ or "").parent / "webui" / "templates"


@pytest.fixture
def make() -> Make:
    """Makes a form of components."""
    return made


@pytest.fixture
def everything() -> Form:
    """A form with every input there is, in the form, in a group with a path and in a dynamic list."""
    return made(*every_input(), {"type": "group", "id": "g", "label": "Home", "path": "home", "components": every_input("g_")}, persons())


@pytest.fixture(scope="session")
def jinja() -> Environment:
    """The templates, strict about names."""
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    made.globals["_"] = lambda text, **values: text % values
    made.filters["number_words"] = number
    return made


@pytest.fixture(scope="session")
def write(jinja: Environment) -> Callable[[RenderModel], str]:
    """Writes a render model as a page."""
    page = jinja.from_string(
        '{% from "forms/form.html" import form_fields, error_summary, summary_list %}'
        '<main>{{ error_summary(model) }}<form method="post" novalidate>{{ form_fields(model) }}</form>'
        '{{ summary_list(model, "/step") }}</main>'
    )
    return lambda model: page.render(model=model)
