"""Timer texts that are no FEEL: ISO 8601 dates, durations and cycles (BPMN 2.0, 10.5.5.10)."""

from __future__ import annotations

import re
from datetime import datetime

_DURATION = re.compile(
    r"P(?=[\dT])(?:\d{1,9}Y)?(?:\d{1,9}M)?(?:\d{1,9}W)?(?:\d{1,9}D)?(?:T(?=\d)(?:\d{1,9}H)?(?:\d{1,9}M)?(?:\d{1,9}(?:\.\d{1,9})?S)?)?"
)
_REPEAT = re.compile(r"R(\d{0,9})/(.+)")
_CRON = re.compile(r"@\w+|\S+(\s+\S+){4,6}")

EXAMPLES = {
    "date": "a date and time such as 2026-12-24T12:00:00Z",
    "duration": "a duration such as P10D, PT8H or P1M",
    "cycle": "a cycle such as R/P7D, R3/PT10H or R/2026-01-01T00:00:00Z/P1D",
}


def literal_fault(kind: str, text: str) -> str:
    """What is wrong with the text of a `date`, `duration` or `cycle` timer; empty if nothing."""
    text = text.strip()
    if kind == "cycle":
        return _cycle_fault(text)
    if kind == "date":
        return "" if _is_instant(text) else f"is {text!r}, which is no date and time"
    return "" if _is_duration(text) else f"is {text!r}, which is no duration"


def _cycle_fault(text: str) -> str:
    if _CRON.fullmatch(text) and not text.startswith(("R", "P")):
        return f"is {text!r}, a cron expression, which is not executed"
    match = _REPEAT.fullmatch(text)
    parts = [text] if match is None else match[2].split("/")
    if len(parts) > 2 or not _is_duration(parts[-1]) or (len(parts) == 2 and not _is_instant(parts[0])):
        return f"is {text!r}, which is no cycle"
    if not re.search("[1-9]", re.sub(r"\.\d+", "", parts[-1])):
        return f"is {text!r}, which repeats without time passing"
    return ""


def _is_duration(text: str) -> bool:
    return _DURATION.fullmatch(text) is not None


def _is_instant(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
