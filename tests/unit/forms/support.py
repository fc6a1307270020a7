"""Forms to test with, and a browser that sends what it shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lxml import html

from amends.forms import Form, load

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OPTIONS = [{"label": "A letter", "value": "letter"}, {"label": "An e-mail", "value": "mail"}, {"label": "Three", "value": 3}]

Make = Callable[..., Form]


def made(*components: dict[str, Any], functions: dict[str, Any] | None = None, **more: Any) -> Form:
    """A form of these components, at noon on 22 November 2026."""
    source = {"type": "default", "id": "f", "components": list(components), **more}
    return load(source, name="f.form", now=lambda: NOW, functions=functions)


def every_input(prefix: str = "") -> list[dict[str, Any]]:
    """One component of each input type, keys starting with `prefix`."""
    kinds: list[dict[str, Any]] = [
        {"type": "textfield", "key": "name", "label": "Your name"},
        {"type": "textarea", "key": "story", "label": "What happened"},
        {"type": "number", "key": "amount", "label": "Amount"},
        {"type": "datetime", "key": "day", "subtype": "date", "dateLabel": "Date of the problem"},
        {"type": "datetime", "key": "hour", "subtype": "time", "timeLabel": "Time of the call"},
        {"type": "datetime", "key": "moment", "subtype": "datetime", "dateLabel": "Appointment", "timeLabel": "Time"},
        {"type": "checkbox", "key": "agree", "label": "I agree"},
        {"type": "radio", "key": "way", "label": "How to reach you", "values": OPTIONS},
        {"type": "select", "key": "pick", "label": "Product", "values": OPTIONS},
        {"type": "checklist", "key": "boxes", "label": "What we may use", "values": OPTIONS},
        {"type": "taglist", "key": "tags", "label": "Subjects", "values": OPTIONS},
        {"type": "filepicker", "key": "papers", "label": "Photos", "multiple": True},
    ]
    return [{**kind, "key": prefix + kind["key"], "id": f"{prefix}{kind['key']}_id"} for kind in kinds]


def persons() -> dict[str, Any]:
    """A dynamic list with a dynamic list in it."""
    phones = {
        "type": "dynamiclist",
        "id": "ph",
        "label": "Phones",
        "path": "phones",
        "components": [{"type": "textfield", "key": "number", "id": "n", "label": "Number"}],
    }
    inside = [
        {"type": "textfield", "key": "name", "id": "pn", "label": "Name"},
        {"type": "checkbox", "key": "minor", "id": "pm", "label": "A child"},
        phones,
    ]
    return {"type": "dynamiclist", "id": "ps", "label": "Person", "path": "persons", "components": inside}


def send(page: str) -> dict[str, list[str]]:
    """What a browser sends for the page's form (HTML, form submission): every successful control, by name."""
    post: dict[str, list[str]] = {}
    form = html.document_fromstring(page).forms[0]
    for control in form.iter("input", "textarea", "select"):
        name, kind = control.get("name"), control.get("type", "text")
        if not name or kind == "file" or (kind in ("checkbox", "radio") and control.get("checked") is None):
            continue
        for value in _sent(control):
            post.setdefault(name, []).append(value)
    return post


def _sent(control: Any) -> list[str]:
    if control.tag == "textarea":
        # lxml does not drop the first line break as browsers do (HTML, parsing of textarea).
        return [(control.text or "").removeprefix("\n").replace("\n", "\r\n")]
    if control.tag == "select":
        options = control.findall("option")
        chosen = [option for option in options if option.get("selected") is not None] or options[:1]
        return [option.get("value", option.text or "") for option in chosen]
    return [control.get("value", "on" if control.get("type") in ("checkbox", "radio") else "")]
