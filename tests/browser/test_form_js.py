"""Forms accept what form-js accepts: the same form, the same answers, form-js itself in Chromium beside our page."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from generated_forms import SHOWN, Made, made_up
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from playwright.sync_api import Browser, Page

import amends
from amends.engine.errors import Invalid
from amends.forms import Form, load
from amends.forms.texts import number

pytestmark = pytest.mark.browser

FORMS = 240
VIEWER = "node_modules/@bpmn-io/form-js-viewer"
ENTRY = 'import { Form } from "@bpmn-io/form-js-viewer"; globalThis.FormJs = { Form };'
ASK = """async ([schema, data]) => {
    const form = new FormJs.Form({ container: document.getElementById("form") });
    const { warnings } = await form.importSchema(schema, data);
    await new Promise((done) => setTimeout(done, 30));  // computed values arrive after the first drawing
    const { data: submitted, errors } = form.submit();
    form.destroy();
    return { warnings: warnings.map(String), submitted, errors };
}"""
OPEN = """async (schema) => {
    globalThis.form = new FormJs.Form({ container: document.getElementById("form") });
    await form.importSchema(schema, {});
}"""
SENT = """() => {
    const post = {};
    for (const [name, value] of new FormData(document.forms[0])) if (typeof value === "string") (post[name] ??= []).push(value);
    return post;
}"""
TYPES = {"textfield", "textarea", "number", "datetime", "checkbox", "radio", "select", "checklist", "taglist", "filepicker"}


@pytest.fixture(scope="module")
def form_js(chromium: Browser, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page with form-js on it."""
    if not (repository / VIEWER).is_dir():
        pytest.fail("form-js is not installed: `make test` installs it.")
    scratch = tmp_path_factory.mktemp("form-js")
    (scratch / "entry.mjs").write_text(ENTRY)
    esbuild = repository / "node_modules" / ".bin" / "esbuild"
    command = [esbuild, "--bundle", "--format=iife", f"--outfile={scratch / 'viewer.js'}", "--log-level=error", scratch / "entry.mjs"]
    subprocess.run(command, check=True, env={"NODE_PATH": str(repository / "node_modules"), "PATH": "/usr/local/bin:/usr/bin:/bin"})
    page = chromium.new_page()
    page.set_content('<div id="form"></div>')
    page.add_script_tag(path=scratch / "viewer.js")
    yield page
    page.close()


@pytest.fixture(scope="module")
def ours(chromium: Browser) -> Iterator[Page]:
    """An empty page for our own HTML, with JavaScript switched off for the page itself."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def write() -> Callable[[Form, dict[str, Any]], str]:
    """Writes a form, filled in, as the page that a person gets."""
    folder = Path(amends.__file__ or "").parent / "webui" / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
    environment.globals["_"] = lambda text, **values: text % values
    environment.filters["number_words"] = number
    page = environment.from_string(
        '{% from "forms/form.html" import form_fields, error_summary %}'
        '{{ error_summary(model) }}<form method="post" novalidate>{{ form_fields(model) }}</form>'
    )
    return lambda form, data: page.render(model=form.render(data, context=data))


def opened(components: list[dict[str, Any]]) -> Form:
    form = load({"type": "default", "id": "f", "components": components}, name="f.form", now=lambda: datetime(2026, 11, 22, tzinfo=UTC))
    assert [str(problem) for problem in form.problems] == []
    return form


def answered(form: Form, made: Made, page: Page, write: Callable[[Form, dict[str, Any]], str]) -> tuple[list[str], dict[str, Any]]:
    """What is refused, and what is submitted, when our page is drawn with the answers and sent by the browser as it stands."""
    page.set_content(write(form, made.data))
    sent = form.read(page.evaluate(SENT))
    inputs = {field.key.split(".")[0] for field in form.fields}
    given = {key: value for key, value in made.data.items() if key not in inputs}
    try:
        return [], plain(form.validate(sent.data, context=given))
    except Invalid as error:
        return sorted(error.fields), {}


def verdict(components: list[dict[str, Any]], answer: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """form-js' answer in our words: refused fields by dotted name, and what it submits; no file chosen is an empty list."""
    names = dict(named(components))
    refused = []
    for ident, found in answer["errors"].items():
        name = names[ident]
        if found and all(row is None or isinstance(row, list) for row in found):
            outer, _, inner = name.rpartition(".")
            refused += [f"{outer}.{number}.{inner}" for number, row in enumerate(found) if row]
        elif found:
            refused.append(name)
    if refused:
        return sorted(refused), {}
    submitted = answer["submitted"]
    for component, data in placed(components, submitted):
        if component["type"] == "filepicker" and data.get(component["key"], "") is None:
            data[component["key"]] = []
    return [], submitted


def named(components: list[dict[str, Any]], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each component's id with its dotted name."""
    for component in components:
        if "components" in component:
            path = component.get("path")
            yield from named(component["components"], f"{prefix}{path}." if path else prefix)
        elif "key" in component:
            yield component["id"], prefix + component["key"]


def placed(components: list[dict[str, Any]], data: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each input with the part of the data that it is in."""
    for component in components:
        if component["type"] == "group":
            path = component.get("path")
            yield from placed(component["components"], data.get(path, {}) if path else data)
        elif "key" in component:
            yield component, data


def plain(value: Any) -> Any:
    """Numbers as JavaScript has them."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return float(value) if isinstance(value, Decimal) else value


def test_generated_forms_are_accepted_and_refused_as_form_js_does(
    form_js: Page, ours: Page, write: Callable[[Form, dict[str, Any]], str]
) -> None:
    """240 generated forms with valid and invalid answers: the same fields are refused, and what is accepted is the same data."""
    different, refusals, kinds = [], 0, set()
    for seed in range(FORMS):
        made = made_up(seed)
        kinds |= {component["type"] for component in made.components}
        answer = form_js.evaluate(ASK, [{"type": "default", "id": "f", "components": made.components}, made.data])
        assert answer["warnings"] == [], seed
        expected = verdict(made.components, answer)
        found = answered(opened(made.components), made, ours, write)
        refusals += bool(expected[0])
        if found != expected:
            different.append((seed, expected, found))
    assert different == [], "\n".join(map(str, different))
    assert kinds == TYPES | {"group", "dynamiclist", "expression"} | {shown["type"] for shown in SHOWN}
    assert FORMS / 5 < refusals < FORMS * 4 / 5


@pytest.mark.parametrize("needed", [True, False])
def test_a_chosen_file_satisfies_both(form_js: Page, ours: Page, write: Callable[..., str], tmp_path: Path, needed: bool) -> None:
    """A file picker takes a chosen file and, where one is required, refuses to go on without, here and in form-js."""
    picture = tmp_path / "photo.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    component = {"type": "filepicker", "id": "F", "key": "photo", "label": "Photo", "validate": {"required": needed}}
    schema = {"type": "default", "id": "f", "components": [component]}
    form_js.evaluate(OPEN, schema)
    before = form_js.evaluate("form.submit().errors")
    form_js.set_input_files("input[type=file]", picture)
    after = form_js.evaluate("form.submit().errors")
    form_js.evaluate("form.destroy()")

    form = opened([component])
    ours.set_content(write(form, {}))
    name = ours.get_attribute("input[type=file]", "name")
    stored = {"name": "photo.png", "type": "image/png", "size": 28, "token": "t"}
    refused = [bool(refusals(form, files)) for files in ({}, {name: [stored]})]
    assert refused == [bool(before), bool(after)] == [needed, False]


def refusals(form: Form, files: dict[Any, Any]) -> dict[str, list[str]]:
    try:
        form.validate(form.read({"_shown": "photo"}, files=files).data)
    except Invalid as error:
        return {key: list(texts) for key, texts in error.fields.items()}
    return {}
