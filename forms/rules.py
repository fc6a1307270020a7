"""What a form demands of a value beyond its kind: lengths, ranges, formats, dates, files. Each rule gives sentences."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from typing import Any

from amends.forms.dates import DateFault, in_words, read_date, read_moment
from amends.forms.expressions import plain
from amends.forms.messages import message
from amends.forms.model import CHOICE_TYPES, INPUT_TYPES, TEXT_TYPES, Component
from amends.forms.numbers import NumberFault, decimals, read_number, write_number
from amends.forms.patterns import is_email, is_phone, matches
from amends.forms.run import Scope
from amends.forms.texts import number as number_words

MAX_TEXTFIELD = 10_000
MAX_TEXTAREA = 100_000
"""Characters accepted where a form sets no maxLength."""


def label_of(component: Component, scope: Scope) -> str:
    """The words beside a component: its label, or for a date its dateLabel or timeLabel."""
    names = ("timeLabel", "dateLabel", "label") if component.subtype == "time" else ("dateLabel", "label", "timeLabel")
    for name in names if component.type == "datetime" else ("label",):
        words = str(scope.evaluate(component, name, "")).strip()
        if words:
            return words
    # Nothing to read is worse than the key as words.
    return component.path[-1].replace("_", " ").capitalize() if component.type in INPUT_TYPES and component.path else ""


def broken(component: Component, value: Any, raw: Any, scope: Scope) -> list[str]:
    """What is wrong with a value that is given and of the right kind; `raw` is how it was typed."""
    kind = "text" if component.type in TEXT_TYPES else component.type
    check = _RULES.get(kind)
    return check(component, value, raw, scope, label_of(component, scope)) if check else []


def required_message(component: Component, scope: Scope) -> str:
    """What to say when nothing was given."""
    own = component.properties.get("message")
    kind = "text" if component.type in TEXT_TYPES else "choice" if component.type in CHOICE_TYPES else component.type
    kind = "file" if kind == "filepicker" else kind
    return own or message(f"required.{kind}", label_of(component, scope))


def limit(component: Component, name: str, scope: Scope) -> Decimal | None:
    """A numeric bound of the component, from a number, a text or an expression; None where there is none."""
    found = scope.evaluate(component, name)
    if found is None or found == "":
        return None
    try:
        return read_number(plain(found))
    except NumberFault:
        return None


def longest(component: Component, scope: Scope) -> int:
    """How many characters a text may have."""
    found = limit(component, "maxLength", scope)
    ceiling = MAX_TEXTFIELD if component.type == "textfield" else MAX_TEXTAREA
    return ceiling if found is None else min(ceiling, int(found))


def _text(component: Component, value: str, raw: Any, scope: Scope, label: str) -> list[str]:
    found = []
    shortest = limit(component, "minLength", scope)
    if shortest is not None and len(value) < shortest:
        found.append(message("text.short", label, limit=number_words(int(shortest))))
    if len(value) > longest(component, scope):
        return [message("text.long", label, limit=number_words(longest(component, scope)))]
    if "pattern" in component.compiled:
        verdict = matches(component.compiled["pattern"], value)
        if not verdict:
            own = component.validate.get("patternErrorMessage") or component.properties.get("message")
            found.append(message("text.slow", label) if verdict is None else str(own or message("text.pattern", label)))
    wanted = component.validate.get("validationType")
    if wanted == "email" and not is_email(value):
        found.append(message("text.email", label))
    if wanted == "phone" and not is_phone(value):
        found.append(message("text.phone", label))
    return found


def _number(component: Component, value: Any, raw: Any, scope: Scope, label: str) -> list[str]:
    number, typed = read_number(value), read_number(raw)
    places = component.source.get("decimalDigits")
    if isinstance(places, int) and decimals(typed if isinstance(raw, str) else number.normalize()) > places:
        return [message("number.decimals", label, limit=places) if places else message("number.whole", label)]
    low, high = limit(component, "min", scope), limit(component, "max", scope)
    if low is not None and number < low:
        return [message("number.low", label, limit=write_number(low))]
    if high is not None and number > high:
        return [message("number.high", label, limit=write_number(high))]
    return _step(component, number, label)


def _step(component: Component, number: Decimal, label: str) -> list[str]:
    try:
        step = read_number(component.source.get("increment"))
    except NumberFault:
        return []
    if step <= 0 or number % step == 0:
        return []
    below = number - number % step
    return [message("number.step", label, limit=write_number(step), below=write_number(below), above=write_number(below + step))]


def _datetime(component: Component, value: str, raw: Any, scope: Scope, label: str) -> list[str]:
    clock = scope.run.clock
    if component.subtype == "time":
        return _interval(component, time.fromisoformat(value.rstrip("Z")[:5]), label)
    day = read_date(value) if component.subtype == "date" else read_moment(value, clock.zone).date()
    found = _interval(component, read_moment(value, clock.zone).time(), label) if component.subtype == "datetime" else []
    if component.source.get("disallowPassedDates") is True and day < clock.today():
        found.append(message("date.past", label))
    earliest, latest = (_day(scope.evaluate(component, name), clock.today()) for name in ("earliest", "latest"))
    if earliest is not None and day < earliest:
        found.append(message("date.early", label, limit=in_words(earliest)))
    if latest is not None and day > latest:
        code = "date.late.today" if latest == clock.today() else "date.late"
        found.append(message(code, label, limit=in_words(latest)))
    return found


def _interval(component: Component, at: time, label: str) -> list[str]:
    """form-js offers times in steps but takes any that is typed; here the custom property `interval=strict` makes it a rule."""
    step = component.source.get("timeInterval")
    if component.properties.get("interval") != "strict" or not isinstance(step, int) or step <= 1:
        return []
    minutes = at.hour * 60 + at.minute
    if minutes % step == 0:
        return []
    nearest = minutes - minutes % step
    return [message("time.interval", label, limit=step, example=f"{nearest // 60:02}:{nearest % 60:02}")]


def _day(found: Any, today: date) -> date | None:
    if isinstance(found, str) and found.strip().lower() == "today":
        return today
    try:
        return None if found is None else read_date(found)
    except DateFault:
        return None


def _files(component: Component, value: list[dict[str, Any]], raw: Any, scope: Scope, label: str) -> list[str]:
    if len(value) > 1 and scope.evaluate(component, "multiple") is not True:
        return [message("file.one", label)]
    accepted = [part.strip().lower() for part in str(scope.evaluate(component, "accept", "")).split(",") if part.strip()]
    return [
        message("file.accept", label, file=file["name"], limit=", ".join(accepted))
        for file in value
        if accepted and not any(_accepts(part, file) for part in accepted)
    ]


def _accepts(part: str, file: dict[str, Any]) -> bool:
    """Whether a file is of one accepted kind: `.pdf`, `image/*` or `application/pdf` (HTML, attribute accept)."""
    if part.startswith("."):
        return str(file["name"]).lower().endswith(part)
    kind = str(file["type"]).lower() or (mimetypes.guess_type(file["name"])[0] or "")
    return kind.startswith(part[:-1]) if part.endswith("/*") else kind == part


_RULES: dict[str, Callable[[Component, Any, Any, Scope, str], list[str]]] = {
    "text": _text,
    "number": _number,
    "datetime": _datetime,
    "filepicker": _files,
}
