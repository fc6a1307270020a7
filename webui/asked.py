"""What somebody asks for by a button: only what the page offers is taken, so that nothing is ever done that nobody has said."""

from __future__ import annotations

from flask import request

from amends.engine.errors import Invalid

UNKNOWN = "It was not said what is to be done, so nothing was changed. Go back, and use the buttons on the page."


def command(*known: str, name: str = "do") -> str:
    """The button that was pressed; empty stands for one without a name, where that is among the `known`. Raises `Invalid` for any other."""
    wanted = request.form.get(name, "")
    if wanted not in known:
        raise Invalid(UNKNOWN)
    return wanted
