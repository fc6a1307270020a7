"""The engine of amends. It knows no web, and is the only user of SpiffWorkflow, lxml and SQLAlchemy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amends.engine.errors import AmendsError, CheckFailed, Conflict, Forbidden, Incident, Invalid, NotFound

if TYPE_CHECKING:
    from amends.engine.api import Engine

__all__ = ["AmendsError", "CheckFailed", "Conflict", "Engine", "Forbidden", "Incident", "Invalid", "NotFound"]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: whoever imports only FEEL needs neither a database nor SpiffWorkflow.
    if name == "Engine":
        from amends.engine.api import Engine

        return Engine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
