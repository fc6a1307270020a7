"""Lengths, sizes, counts and names in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from markupsafe import Markup, escape

from amends.engine.calendars import read_length
from amends.engine.errors import Invalid
from amends.engine.services import KEPT_LINK
from amends.webui import speech

_REFERENCE = re.compile(r"\b(C-[0-9A-Z]{8})\b")


def length(span: timedelta) -> str:
    """`3 days`, `1 hour`, `5 minutes`: the largest unit only."""
    seconds = int(span.total_seconds())
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return count(seconds // size, unit)
    return "less than a minute"


def count(number: int, singular: str, plural: str | None = None) -> str:
    """`1 complaint`, `8,653 complaints`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def size(number: int) -> str:
    """`340 kB`, `2.1 MB`."""
    return f"{speech.number(number / 1_000_000, '0.0')} MB" if number >= 1_000_000 else f"{max(1, number // 1000)} kB"


def priority(value: int | None) -> tuple[str, str]:
    """A priority of 0 to 100 in words and its kind for colour."""
    number = 50 if value is None else int(value)
    for least, word, kind in ((85, "Urgent", "urgent"), (65, "High", "high"), (35, "Normal", "normal")):
        if number >= least:
            return word, kind
    return "Low", "low"


def capitalize_first(text: str) -> str:
    """The text with its first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def unbroken(text: Any) -> Markup:
    """A text whose references of complaints are never taken apart at the end of a line, nor turned round among Arabic words."""
    parts = _REFERENCE.split(str(text))
    whole = Markup('<bdi class="app-nowrap">{}</bdi>')
    return Markup("").join(whole.format(part) if place % 2 else escape(part) for place, part in enumerate(parts))


def lines(text: Any) -> Markup:
    """A text with its line breaks marked up: style sheets, which would keep them too, are not everywhere."""
    return Markup("<br>").join(unbroken(line) for line in str(text).splitlines())


def paragraphs(text: Any) -> Markup:
    """A letter or message with its paragraphs and line breaks marked up."""
    told = str(text).replace("\r\n", "\n").replace(KEPT_LINK, speech.say(KEPT_LINK))
    found = [part for part in re.split(r"\n\s*\n", told) if part.strip()]
    return Markup("").join(Markup('<p class="app-message__part">{}</p>').format(lines(part.strip("\n"))) for part in found)


def length_words(text: str) -> str:
    """The length of a deadline for people: `P15D, end of day` → `15 days`; a text it cannot read stays as it is."""
    try:
        found = read_length(text)
    except Invalid:
        return text
    hours, minutes = divmod(int((found.time + found.working_time).total_seconds()) // 60, 60)
    working = "working " if found.working_time else ""
    weeks = found.days // 7 if found.days >= 14 and found.days % 7 == 0 else 0
    parts = [
        (found.months, "month"), (weeks, "week"), (0 if weeks else found.days, "day"), (found.working_days, "working day"),
        (hours, f"{working}hour"), (minutes, f"{working}minute"),
    ]  # fmt: skip
    told = [speech.count(number, f"%(num)s {unit}", f"%(num)s {unit}s") for number, unit in parts if number]
    return speech.say(" and ").join(told) or speech.say("at once")


def label(name: str) -> str:
    """A technical name as words: `firstResponse_due` → `First response due`."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() and place else letter for place, letter in enumerate(name))
    words = " ".join(spaced.replace("_", " ").replace("-", " ").replace(".", " ").split())
    return words[:1].upper() + words[1:]


def index_of(items: Sequence[Any], wanted: Any) -> int:
    """Where something stands in a list; -1 where it does not."""
    return items.index(wanted) if wanted in items else -1


def browser(agent: str) -> str:
    """What a browser calls itself, as people know it: `Firefox on Windows`."""
    names = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
    systems = {"Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Mac OS X": "Mac", "Linux": "Linux"}
    name = next((words for part, words in names.items() if part in agent), "A browser")
    system = next((words for part, words in systems.items() if part in agent), "")
    return f"{name} on {system}" if system else name


BY = {"email": "by e-mail", "post": "by post", "phone": "by phone", "visit": "in person", "web": "on this site"}


def by_channel(channel: str) -> str:
    """How a message came or went: `by post`."""
    return speech.say(BY.get(channel, f"by {channel}"))


FILTERS: dict[str, Callable[..., Any]] = {
    "browser_words": browser,
    "span_words": length,
    "counted": count,
    "size": size,
    "number_words": speech.number,
    "priority_words": priority,
    "label_words": label,
    "capitalize_first": capitalize_first,
    "index_of": index_of,
    "lines": lines,
    "unbroken": unbroken,
    "paragraphs": paragraphs,
}
