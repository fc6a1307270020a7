"""Letters before they are deployed: with made-up data that says what stands where, or with data of one's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from amends.engine.calendars import Calendar, feel_functions
from amends.engine.definitions.letters import FOLLOW_LINK
from amends.engine.definitions.package import Package
from amends.engine.services.base import OperationContext
from amends.engine.services.letters import Rendered, read_template, render

LINK = "https://complaints.example.org/f/EXAMPLE"


def preview(package: Package, name: str, now: datetime, data: Mapping[str, Any] | None = None) -> Rendered:
    """A letter as it would be sent: `data` are variables of the process, and what they lack is made up.

    Made-up texts are the names of what stands there, in angle quotes. Raises `Fault` for a letter that is not there, or that has
    something in it that cannot be said.
    """
    body = package.letter(name) or b""
    variables = {**_made_up(package, name, body, now), **(data or {})}
    calendars = {key: Calendar.from_data(dict(rules), key) for key, rules in package.manifest.calendars.items()}
    context = OperationContext(
        instance_id="preview", element_id="preview", business_key="C-EXAMPLE1", actor="preview", variables=variables,
        settings=dict(package.manifest.settings), package=package, calendars=calendars, functions=feel_functions(calendars), now=now,
        key="preview.1",
    )  # fmt: skip
    return render(name, context, **{FOLLOW_LINK: LINK})


def _made_up(package: Package, name: str, body: bytes, now: datetime) -> dict[str, Any]:
    template = read_template(name, body)
    names = {one for slot in template.slots for one in slot.expression.names} - {"settings", FOLLOW_LINK}
    made: dict[str, Any] = {one: f"‹{one}›" for one in names}
    clocks = {clock: {"due": now + timedelta(days=14), "met_at": None, "start": now} for clock in package.manifest.clocks}
    made |= {"complaint": _answers(package), "clocks": clocks, "reference": "C-EXAMPLE1", "received_at": now}
    return made


def _answers(package: Package) -> dict[str, Any]:
    """Each field of the complaint form, with its own name as the answer."""
    try:
        form = json.loads(package.form(package.manifest.complaints.form) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return {key: f"‹{key}›" for key in _keys(form)}


def _keys(found: Any) -> list[str]:
    inner = list(found.values()) if isinstance(found, dict) else found if isinstance(found, list) else []
    own = [found["key"]] if isinstance(found, dict) and isinstance(found.get("key"), str) else []
    return own + [key for one in inner for key in _keys(one)]
