"""From components, data and errors to the render model: one function a kind of component."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from amends.forms.convert import FILE_KEYS, Fault, as_given, as_typed, convert
from amends.forms.data import MISSING, dotted, get
from amends.forms.dates import DateFault, is_blank, read_date, read_moment, read_time
from amends.forms.model import CHOICE_TYPES, INPUT_TYPES, MULTIPLE_CHOICE, Component, Option
from amends.forms.numbers import NumberFault, read_number, write_number
from amends.forms.options import by_typing, choose, meant, options_of, token
from amends.forms.reading import ADD, REMOVE
from amends.forms.rendering import RenderField, RenderOption, RenderPart, RenderRow, errors_at
from amends.forms.rules import label_of, limit
from amends.forms.run import MAX_ROWS, Run, Scope
from amends.forms.showing import SHOWN
from amends.forms.texts import say
from amends.forms.words import size_in_words, words

_PART_LABELS = {"day": "Day", "month": "Month", "year": "Year"}
_BIRTHDAY = {"day": "bday-day", "month": "bday-month", "year": "bday-year"}


class Artist:
    """Draws the fields of one form as one run of it sees them."""

    def __init__(self, run: Run, data: Mapping[str, Any], errors: Mapping[str, Any], native_dates: bool) -> None:
        self.run = run
        self.errors = errors
        self.native_dates = native_dates
        self.data = data

    def draw(self, components: Iterable[Component], scope: Scope, data: Any) -> list[RenderField]:
        """The components of one scope; `data` is what was typed in it."""
        return [self._one(component, scope, data) for component in components]

    def _one(self, component: Component, scope: Scope, data: Any) -> RenderField:
        field = self._frame(component, scope)
        if field.hidden:
            return field
        if component.type in INPUT_TYPES and component.path:
            self._input(field, component, scope, data)
        elif component.is_list:
            self._list(field, component, scope)
        elif component.type == "group":
            field.children = self.draw(component.children, scope, data)
        elif component.type in SHOWN:
            SHOWN[component.type](field, component, scope)
        return field

    def _frame(self, component: Component, scope: Scope) -> RenderField:
        where = (*scope.prefix, *component.path)
        key = dotted(where) if component.path else ""
        place = key or dotted((*scope.prefix, component.id))
        layout = component.source.get("layout")
        layout = layout if isinstance(layout, Mapping) else {}
        span = layout.get("columns")
        return RenderField(
            type=component.type,
            key=key,
            id="f-" + place.replace(".", "-"),
            name=key,
            label=label_of(component, scope),
            description=str(scope.evaluate(component, "description", "")),
            required=component.required,
            readonly=scope.locked(component) and component.source.get("disabled") is not True,
            disabled=component.source.get("disabled") is True,
            hidden=scope.hidden(component),
            errors=errors_at(self.errors, key) if key else [],
            properties=component.properties,
            personal=component.personal or "",
            row=str(layout.get("row") or ""),
            span=span if isinstance(span, int) and 1 <= span <= 16 else None,
            is_input=component.type in INPUT_TYPES and bool(component.path),
        )

    def _input(self, field: RenderField, component: Component, scope: Scope, data: Any) -> None:
        sent = MISSING if field.readonly or field.disabled else get(data, component.path)
        raw = scope.given(component) if sent is MISSING else sent
        raw = None if raw is MISSING else raw
        field.value = _as_typed_text(raw)
        value = (as_given if sent is MISSING else as_typed)(component, raw, scope)
        field.text = words(component, value, scope) or ("" if component.type in CHOICE_TYPES else _unread(raw))
        field.prefix, field.suffix = (str(scope.evaluate(component, name, "")) for name in ("prefix", "suffix"))
        field.width = component.properties.get("width", "")
        if autocomplete := component.properties.get("autocomplete"):
            field.attributes["autocomplete"] = autocomplete
        if component.type in CHOICE_TYPES:
            self._choice(field, component, scope, raw, typed=sent is not MISSING)
        elif component.type == "datetime":
            self._datetime(field, component, scope, raw)
        elif component.type == "filepicker":
            self._files(field, component, scope, raw)
        elif component.type == "checkbox":
            field.value = as_typed(component, raw, scope) is True
        else:
            _line(field, component, scope)

    def _choice(self, field: RenderField, component: Component, scope: Scope, raw: Any, *, typed: bool) -> None:
        options = options_of(component, scope.seen)
        field.multiple = component.type in MULTIPLE_CHOICE
        given = raw if isinstance(raw, list | tuple) else [raw]
        chosen = [choose(options, item) for item in given if not is_blank(item)]
        if by_typing(component, options):
            field.note = say("Type a few letters, then choose from the list")
            named = self._tags if field.multiple else self._box
            named(field, options, [item for item in given if not is_blank(item)], typed)
            had = scope.given(component)
            had = had if isinstance(had, list | tuple) else [] if had is MISSING else [had]
            answered = typed and bool(field.typed or field.options)
            if field.editable and not answered and any(choose(options, item) is None for item in had if not is_blank(item)):
                field.note = say("What was chosen before is no longer offered.") + f" {field.note}"
            return
        for number, option in enumerate(options):
            ident = field.id if number == 0 and component.type != "select" else f"{field.id}-{number}"
            field.options.append(RenderOption(token(option.value), option.label, option in chosen, ident))

    @staticmethod
    def _tags(field: RenderField, options: tuple[Option, ...], given: list[Any], typed: bool) -> None:
        """A long list: those chosen, to untick, and a box that names one more; what it cannot be told by stays in the box."""
        chosen = [one for item in given if (one := choose(options, item))]
        # The box comes last in what is sent: what is before it was ticked, and is no option any more.
        if typed and given and choose(options, given[-1]) is None:
            found = meant(options, given[-1])
            chosen += found if len(found) == 1 else []
            field.typed = "" if len(found) == 1 else str(given[-1])
        field.suggestions = [option.label for option in options if option not in chosen]
        for number, option in enumerate(options):
            if option in chosen:
                field.options.append(RenderOption(token(option.value), option.label, True, f"{field.id}-{number}"))

    @staticmethod
    def _box(field: RenderField, options: tuple[Option, ...], given: list[Any], typed: bool) -> None:
        """A long select: a box with the label of what is chosen, or with what was typed where it is not told by that."""
        # What nobody typed and is no option any more names no other one, and its value is no word for a person.
        found = [one] if given and (one := choose(options, given[0])) else meant(options, given[0]) if given and typed else []
        field.typed = found[0].label if len(found) == 1 else str(given[0]) if given and typed else ""
        field.suggestions = [option.label for option in options]

    def _datetime(self, field: RenderField, component: Component, scope: Scope, raw: Any) -> None:
        native = component.properties.get("date", "native" if self.native_dates else "").lower() == "native"
        time_label = str(scope.evaluate(component, "timeLabel", "")) or say("Time")
        wrong = _wrong_parts(component, raw, scope) if field.errors else None
        parts = _typed_parts(component, raw, scope)
        if component.subtype != "time":
            whole = _iso(parts)
            if native and whole is not None:
                name = f"{field.name}-date"
                label = field.label if component.subtype == "date" else say("Date")
                limits = _date_limits(component, scope)
                field.parts.append(RenderPart(name, f"{field.id}-date", label, whole, "date", limits, wrong is not None))
            else:
                field.parts.extend(_three(field, parts, wrong))
        if component.subtype == "datetime":
            bad = wrong is not None and (not wrong or "time" in wrong)
            field.parts.append(RenderPart(f"{field.name}-time", f"{field.id}-time", time_label, parts["time"], "text", {}, bad))
        if component.subtype == "time":
            field.value, field.width = parts["time"], field.width or "5"
            field.note = say("For example, 14:30")
        elif any(part.type == "text" for part in field.parts):
            field.note = say("For example, 27 3 2026") + (say(" and 14:30") if component.subtype == "datetime" else "")

    def _files(self, field: RenderField, component: Component, scope: Scope, raw: Any) -> None:
        field.multiple = scope.evaluate(component, "multiple") is True
        for number, file in enumerate(raw if isinstance(raw, list | tuple) else ()):
            if isinstance(file, Mapping):
                known = {key: file.get(key, "") for key in FILE_KEYS}
                field.files.append({**known, "size_text": size_in_words(file.get("size")), "remove": f"{REMOVE}{field.name}:{number}"})
        if accept := str(scope.evaluate(component, "accept", "")).strip():
            field.attributes["accept"] = accept

    def _list(self, field: RenderField, component: Component, scope: Scope) -> None:
        may = component.source.get("allowAddRemove") is not False and not field.readonly and not field.disabled
        raw_rows = self.run.rows.get((component.id, scope.indexes), [])
        for inner, raw in zip(scope.rows(component), raw_rows, strict=True):
            number = inner.indexes[-1]
            remove = f"{REMOVE}{field.name}:{number}" if may else ""
            field.rows.append(RenderRow(number, self.draw(component.children, inner, raw), remove))
        field.add = f"{ADD}{field.name}" if may and len(field.rows) < MAX_ROWS else ""


def _line(field: RenderField, component: Component, scope: Scope) -> None:
    """The attributes of a text, number or textarea."""
    kind = component.validate.get("validationType")
    if component.type == "number":
        whole = component.source.get("decimalDigits") == 0
        low = limit(component, "min", scope)
        # A numeric keypad on a phone often has no minus.
        field.attributes["inputmode"] = ("numeric" if whole else "decimal") if low is not None and low >= 0 else "text"
        field.attributes["spellcheck"] = "false"
    elif kind == "email":
        field.attributes |= {"type": "email", "spellcheck": "false"}
    elif kind == "phone" or component.properties.get("autocomplete", "").startswith("tel"):
        field.attributes["type"] = "tel"
    most = limit(component, "maxLength", scope)
    field.max_length = int(most) if most is not None and component.type != "number" else None
    if component.type == "textarea":
        rows = component.properties.get("rows", "")
        field.attributes["rows"] = rows if rows.isascii() and rows.isdigit() and 0 < int(rows[:3]) <= 60 else "5"


def _as_typed_text(raw: Any) -> Any:
    """What stands in the input: texts exactly as they are, numbers without an exponent."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        return raw if raw is not None else ""
    try:
        return write_number(read_number(raw))
    except NumberFault:
        return str(Decimal(raw))


def _unread(raw: Any) -> str:
    """Something typed that means nothing yet, in words."""
    if isinstance(raw, Mapping):
        return " ".join(str(value) for value in raw.values() if not is_blank(value))
    return raw if isinstance(raw, str) else ""


def _typed_parts(component: Component, raw: Any, scope: Scope) -> dict[str, str]:
    """Day, month, year and time as typed; a text that is no date stands whole in the first of them, so that it is not lost."""
    parts = dict.fromkeys(("day", "month", "year", "time"), "")
    zone = scope.run.clock.zone
    if isinstance(raw, Mapping):
        parts |= {part: str(raw.get(part) or "") for part in parts}
        if not is_blank(raw.get("date")):
            parts |= _split(str(raw["date"]))
        return parts
    text = raw if isinstance(raw, str) else ""
    try:
        if component.subtype == "time":
            parts["time"] = (
                read_time(text, zone, scope.run.clock.today()).strftime("%H:%M") if text[-6:-5] in "+-" or text.endswith("Z") else text
            )
        elif component.subtype == "datetime" and text.strip():
            at = read_moment(text, zone)
            parts |= {"day": str(at.day), "month": str(at.month), "year": f"{at.year:04}", "time": f"{at:%H:%M}"}
        else:
            parts |= _split(text)
    except (DateFault, OverflowError):
        parts["time" if component.subtype == "time" else "day"] = text
    return parts


def _split(text: str) -> dict[str, str]:
    try:
        day = read_date(text)
    except DateFault:
        return {"day": text}
    return {"day": str(day.day), "month": str(day.month), "year": f"{day.year:04}"}


def _iso(parts: Mapping[str, str]) -> str | None:
    """The date for a native input, empty for none; None where what was typed would not be shown by one."""
    typed = {part: parts[part] for part in _PART_LABELS}
    if is_blank(typed):
        return ""
    try:
        return read_date(typed).isoformat()
    except DateFault:
        return None


def _three(field: RenderField, parts: Mapping[str, str], wrong: tuple[str, ...] | None) -> list[RenderPart]:
    made = []
    for part, label in ((part, say(label)) for part, label in _PART_LABELS.items()):
        attributes = {"inputmode": "numeric"}
        if field.attributes.get("autocomplete") == "bday":
            attributes["autocomplete"] = _BIRTHDAY[part]
        bad = wrong is not None and (not wrong or part in wrong)
        made.append(RenderPart(f"{field.name}-{part}", f"{field.id}-{part}", label, parts[part], "text", attributes, bad, part))
    return made


def _wrong_parts(component: Component, raw: Any, scope: Scope) -> tuple[str, ...]:
    """Which inputs of a date to mark; none named means all."""
    try:
        convert(component, raw, scope)
    except Fault as fault:
        return fault.parts
    return ()


def _date_limits(component: Component, scope: Scope) -> dict[str, str]:
    today = scope.run.clock.today()
    found: dict[str, str] = {}
    if component.source.get("disallowPassedDates") is True:
        found["min"] = today.isoformat()
    for name, attribute in (("earliest", "min"), ("latest", "max")):
        value = scope.evaluate(component, name)
        if value == "today":
            found[attribute] = today.isoformat()
        elif value is not None:
            try:
                found[attribute] = read_date(value).isoformat()
            except DateFault:
                continue
    return found
