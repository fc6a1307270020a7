"""The time zone pages show times in: the installation's, else that of the deployed complaint package."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import g

from amends.webui import packages
from amends.webui.state import now


def current() -> ZoneInfo:
    """The zone for this request; UTC where nobody has said one."""
    if "amends_zone" not in g:
        name = packages.setting_of("timezone") or _calendar_zone() or "UTC"
        try:
            g.amends_zone = ZoneInfo(str(name))
        except (ZoneInfoNotFoundError, ValueError):
            g.amends_zone = ZoneInfo("UTC")
    found: ZoneInfo = g.amends_zone
    return found


def _calendar_zone() -> str | None:
    deployed = packages.complaint_package()
    if deployed is None:
        return None
    calendars = deployed.manifest.calendars
    default = calendars.get("default") or next(iter(calendars.values()), None)
    return default.get("timezone") if default is not None else None


def today_at() -> str:
    """Now, as `2026-11-22 14:30` on the organisation's clocks."""
    return now().astimezone(current()).strftime("%Y-%m-%d %H:%M")


def parse_local(text: str) -> datetime:
    """An instant typed on the organisation's clocks; raises ValueError."""
    found = datetime.fromisoformat(text.strip())
    return (found if found.tzinfo else found.replace(tzinfo=current())).astimezone(UTC)
