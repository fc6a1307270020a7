"""What was typed, or sent as data, to the value it means: one function a component type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from amends.forms.dates import DateFault, is_blank, read_date, read_moment, read_time, write_moment, write_time
from amends.forms.expressions import plain_number
from amends.forms.model import CHOICE_TYPES, MULTIPLE_CHOICE, SINGLE_CHOICE, TEXT_TYPES, Component, Option
from amends.forms.numbers import NumberFault, read_number, write_number
from amends.forms.options import by_typing, choose, meant, named, options_of

if TYPE_CHECKING:
    from amends.forms.run import Scope

_YES = frozenset({"on", "true", "yes", "1"})
_NO = frozenset({"", "off", "false", "no", "0"})
FILE_KEYS = ("name", "type", "size", "token")


class Fault(ValueError):
    """The value is not of the component's kind: `code` names the message, `values` fill it, `parts` say which input to correct."""

    def __init__(self, code: str, parts: tuple[str, ...] = (), **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.parts = parts
        self.values = values


def convert(component: Component, raw: Any, scope: Scope) -> Any:
    """The value that `raw` means for `component`; raises Fault where it means none."""
    if is_blank(raw):
        return empty_value(component)
    return _CONVERTERS[component.type](component, raw, scope)


def as_typed(component: Component, raw: Any, scope: Scope) -> Any:
    """The value that `raw` means, or the empty one: for expressions, which see only what is valid."""
    try:
        return convert(component, raw, scope)
    except Fault:
        return empty_value(component)


def as_given(component: Component, raw: Any, scope: Scope) -> Any:
    """The value that the process has. In a long list only what is still an option: nobody typed it, so it names no other one."""
    if component.type in CHOICE_TYPES and by_typing(component, options := options_of(component, scope.seen)):
        items = raw if isinstance(raw, list | tuple) else [raw]
        if any(choose(options, item) is None for item in items):
            return empty_value(component)
    return as_typed(component, raw, scope)


def empty_value(component: Component) -> Any:
    """What form-js submits for a component that nobody answered."""
    if component.type in TEXT_TYPES:
        return ""
    if component.type == "checkbox":
        return False
    return [] if component.type in MULTIPLE_CHOICE or component.type == "filepicker" else None


def _text(component: Component, raw: Any, scope: Scope) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        raise Fault("text.kind")
    # Decimal writes whole numbers of any length, which str refuses beyond 4300 digits.
    text = (raw if isinstance(raw, str) else str(Decimal(raw) if isinstance(raw, int) else raw)).replace("\r\n", "\n").replace("\r", "\n")
    if component.type == "textfield":
        text = text.replace("\n", " ").replace("\t", " ")
    if any(letter < " " and letter not in "\n\t" or letter == "\x7f" or "\ud800" <= letter <= "\udfff" for letter in text):
        raise Fault("text.control")
    return text.strip()


def _number(component: Component, raw: Any, scope: Scope) -> Any:
    try:
        number = read_number(raw)
    except NumberFault as fault:
        raise Fault(fault.code) from None
    return write_number(number) if component.source.get("serializeToString") is True else plain_number(number)


def _checkbox(component: Component, raw: Any, scope: Scope) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.strip().lower() in _YES | _NO:
        return raw.strip().lower() in _YES
    raise Fault("checkbox.kind")


def _single(component: Component, raw: Any, scope: Scope) -> Any:
    options = options_of(component, scope.seen)
    option = choose(options, raw) or _named(component, options, raw)
    if option is None:
        raise Fault("choice.unknown")
    return option.value


def _multiple(component: Component, raw: Any, scope: Scope) -> list[Any]:
    if not isinstance(raw, list | tuple):
        raise Fault("choice.kind")
    options = options_of(component, scope.seen)
    chosen = [choose(options, item) or _named(component, options, item) for item in raw if not is_blank(item)]
    if None in chosen:
        raise Fault("choice.unknowns")
    found = dict.fromkeys(option for option in options if option in chosen) if _hashable(options) else chosen
    return [option.value for option in found if option is not None]


def _named(component: Component, options: tuple[Option, ...], typed: Any) -> Option | None:
    """The one option of a long list that somebody named; one that only begins like it is not taken unseen."""
    if not by_typing(component, options):
        return None
    found, like = named(options, typed), meant(options, typed)
    if len(found) != 1 and like:
        alone = "choice.meant" if component.type == "taglist" else "choice.stands"
        raise Fault("choice.several" if len(like) > 1 else alone)
    return found[0] if found else None


def _hashable(options: tuple[Any, ...]) -> bool:
    """Options with plain values are put in the form's order, once each; those that are objects stay as chosen."""
    return not any(isinstance(option.value, dict | list) for option in options)


def _datetime(component: Component, raw: Any, scope: Scope) -> str:
    zone, style = scope.run.clock.zone, str(component.source.get("timeSerializingFormat") or "none")
    try:
        if component.subtype == "date":
            return read_date(raw).isoformat()
        if component.subtype == "datetime":
            return write_moment(read_moment(raw, zone), style)
        today = scope.run.clock.today()
        at = read_time(raw.get("time") if isinstance(raw, Mapping) else raw, zone, today)
        return write_time(datetime.combine(today, at, zone), style)
    except DateFault as fault:
        raise Fault(fault.code, fault.parts) from None
    except OverflowError:
        raise Fault("date.real") from None


def _files(component: Component, raw: Any, scope: Scope) -> list[dict[str, Any]]:
    if not isinstance(raw, list | tuple):
        raise Fault("file.kind")
    files = []
    for item in raw:
        if not isinstance(item, Mapping) or not all(isinstance(item.get(key), str) for key in ("name", "type", "token")):
            raise Fault("file.kind")
        if isinstance(item.get("size"), bool) or not isinstance(item.get("size"), int) or item["size"] < 0:
            raise Fault("file.kind")
        files.append({key: item[key] for key in FILE_KEYS})
    return files


_CONVERTERS: dict[str, Callable[[Component, Any, Scope], Any]] = {
    **dict.fromkeys(TEXT_TYPES, _text),
    **dict.fromkeys(SINGLE_CHOICE, _single),
    **dict.fromkeys(MULTIPLE_CHOICE, _multiple),
    "number": _number,
    "checkbox": _checkbox,
    "datetime": _datetime,
    "filepicker": _files,
}
