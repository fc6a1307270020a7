"""Components that only show something: what of the data each of them shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from amends.forms.convert import FILE_KEYS
from amends.forms.data import MISSING, get
from amends.forms.expressions import plain
from amends.forms.markup import from_html, from_markdown, safe_image, safe_link
from amends.forms.model import Component
from amends.forms.rendering import RenderField
from amends.forms.run import Scope
from amends.forms.templates import shown
from amends.forms.words import size_in_words

MAX_TABLE_ROWS = 500


def _text(field: RenderField, component: Component, scope: Scope) -> None:
    field.html = from_markdown(component.compiled.get("text"), scope.seen)


def _html(field: RenderField, component: Component, scope: Scope) -> None:
    field.html = from_html(component.compiled.get("content"), scope.seen)


def _image(field: RenderField, component: Component, scope: Scope) -> None:
    field.value = safe_image(str(scope.evaluate(component, "source", "")))
    field.label = str(scope.evaluate(component, "alt", ""))


def _iframe(field: RenderField, component: Component, scope: Scope) -> None:
    """A page from elsewhere is linked: it could read what is typed around it, and needs scripts."""
    url = safe_link(str(scope.evaluate(component, "url", "")))
    if url:
        field.links = [(url, field.label or url)]


def _expression(field: RenderField, component: Component, scope: Scope) -> None:
    found = get(scope.values, component.path)
    field.value = None if found is MISSING else found
    field.text = shown(field.value)


def _table(field: RenderField, component: Component, scope: Scope) -> None:
    columns = plain(scope.evaluate(component, "columnsExpression"))
    columns = columns if isinstance(columns, list) else component.source.get("columns")
    keys = [column for column in columns if isinstance(column, Mapping) and column.get("key")] if isinstance(columns, list) else []
    field.columns = [(str(column["key"]), str(column.get("label") or column["key"])) for column in keys]
    rows = plain(scope.evaluate(component, "dataSource"))
    rows = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    field.cells = [[shown(row.get(key)) for key, _ in field.columns] for row in rows[:MAX_TABLE_ROWS]]
    if len(rows) > MAX_TABLE_ROWS:
        field.note = f"The first {MAX_TABLE_ROWS} of {len(rows)} rows."


def _documents(field: RenderField, component: Component, scope: Scope) -> None:
    found = plain(scope.evaluate(component, "dataSource"))
    for item in found if isinstance(found, list) else ():
        if not isinstance(item, Mapping):
            continue
        metadata = item.get("metadata")
        name = metadata.get("fileName") if isinstance(metadata, Mapping) else item.get("name")
        if name and item.get("token"):
            field.files.append({key: item.get(key, "") for key in FILE_KEYS} | {"size_text": size_in_words(item.get("size"))})
        elif name and (url := safe_link(str(item.get("endpoint") or ""))):
            field.links.append((url, str(name)))


def _nothing(field: RenderField, component: Component, scope: Scope) -> None:
    """Separators, spacers and buttons are what they are."""


SHOWN: dict[str, Callable[[RenderField, Component, Scope], None]] = {
    "text": _text,
    "html": _html,
    "image": _image,
    "iframe": _iframe,
    "expression": _expression,
    "table": _table,
    "documentPreview": _documents,
    "separator": _nothing,
    "spacer": _nothing,
    "button": _nothing,
}
