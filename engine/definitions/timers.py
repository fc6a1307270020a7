"""Timer texts that are no FEEL: ISO 8601 dates, durations and cycles, and cron expressions (BPMN 2.0, 10.5.5.10)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

from amends.engine.definitions.cron import CronError, looks_like_cron, parse_cron

_DURATION = re.compile(
    r"P(?=[\dT])(?:\d{1,9}Y)?(?:\d{1,9}M)?(?:\d{1,9}W)?(?:\d{1,9}D)?(?:T(?=\d)(?:\d{1,9}H)?(?:\d{1,9}M)?(?:\d{1,9}(?:\.\d{1,9})?S)?)?"
)
_REPEAT = re.compile(r"R(\d{0,9})/(.+)")
_SOME_DAY = datetime(2024, 1, 1, tzinfo=UTC)

EXAMPLES = {
    "date": "a date and time such as 2026-12-24T12:00:00Z",
    "duration": "a duration such as P10D, PT8H or P1M",
    "cycle": "a cycle such as R/P7D, R3/PT10H, R/2026-01-01T00:00:00Z/P1D or, as cron, 0 0 9 * * MON-FRI",
}


def shortened(text: str, most: int = 60) -> str:
    """A text as messages show it."""
    return text if len(text) <= most else text[: most - 1] + "…"


def literal_fault(kind: str, text: str) -> str:
    """What is wrong with the text of a `date`, `duration` or `cycle` timer; empty if nothing."""
    text = text.strip()
    if kind == "cycle":
        return _cycle_fault(text)
    if kind == "date":
        return "" if _is_instant(text) else f"is {shortened(text)!r}, which is no date and time"
    return "" if _is_duration(text) else f"is {shortened(text)!r}, which is no duration"


def _cycle_fault(text: str) -> str:
    if looks_like_cron(text):
        try:
            occurs = parse_cron(text).after(_SOME_DAY) is not None
        except CronError as error:
            return f"is {shortened(text)!r}, which is no cron expression: {shortened(str(error), 200)}"
        return "" if occurs else f"is {shortened(text)!r}, which never comes"
    match = _REPEAT.fullmatch(text)
    parts = [text] if match is None else match[2].split("/")
    spans = [part for part in parts if _is_duration(part)]
    instants = [part for part in parts if not _is_duration(part) and _is_instant(part)]
    # P1D, start/P1D, P1D/end or start/end
    if len(parts) > 2 or len(spans) + len(instants) < len(parts) or len(spans) > 1 or (len(parts) == 1 and not spans):
        return f"is {shortened(text)!r}, which is no cycle"
    if (spans and not re.search("[1-9]", re.sub(r"\.\d+", "", spans[0]))) or (not spans and instants[0] == instants[1]):
        return f"is {shortened(text)!r}, which repeats without time passing"
    return ""


def _is_duration(text: str) -> bool:
    return _DURATION.fullmatch(text) is not None


def _is_instant(text: str) -> bool:
    return instant_of(text) is not None


def instant_of(value: str | date) -> datetime | None:
    """The instant of a date, or of its text; None for what is none. One without an offset is UTC, a date begins at midnight UTC."""
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value.strip())
        if not isinstance(value, datetime):
            value = datetime.combine(value, time())
        return (value if value.tzinfo is not None else value.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
