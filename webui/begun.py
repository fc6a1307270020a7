"""What somebody has begun to write on a complaint's page, kept while they type: theirs alone, until it is said or recorded."""

from __future__ import annotations

from typing import Any

from flask import request

from amends.webui import actors
from amends.webui.state import web

BOXES = ("comment", "body", "channel")
"""The fields of the forms on the page whose words are kept."""


def read(complaint: Any) -> dict[str, str]:
    """What the person signed in has begun to write about a complaint, by field; empty where they have not."""
    kept = web().drafts.read(_key(complaint)) or {}
    return {name: str(kept.get(name, "")) for name in BOXES}


def keep(complaint: Any) -> None:
    """Keep what this post says for one of the forms; what was begun in another one stays."""
    _write(complaint, read(complaint) | {name: request.form[name] for name in BOXES if name in request.form})


def done(complaint: Any, *names: str) -> None:
    """Forget what has been sent."""
    _write(complaint, {name: text for name, text in read(complaint).items() if name not in names})


def _write(complaint: Any, kept: dict[str, str]) -> None:
    if any(kept.get(name, "").strip() for name in ("comment", "body")):
        web().drafts.write(_key(complaint), kept, staff=True)
    else:
        web().drafts.forget(_key(complaint))


def _key(complaint: Any) -> str:
    return f"complaint:{actors.actor()}:{complaint.instance_id}"
