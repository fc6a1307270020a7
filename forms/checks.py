"""What a form gets wrong beyond its syntax: nothing to choose from, ranges that nothing fits, fields without a name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from amends.forms.expressions import Constant
from amends.forms.loading import Loader, title_of
from amends.forms.markup import safe_image, safe_link
from amends.forms.model import CHOICE_TYPES, INPUT_TYPES, Component
from amends.forms.numbers import NumberFault, read_number
from amends.forms.options import same, token


def check(loader: Loader, functions: Collection[str]) -> None:
    """Add to the loader's problems all that its components get wrong; `functions` may be called beside FEEL's own."""
    for part in loader.loaded.root.inside():
        for look in _CHECKS:
            look(loader, part)
        for name in sorted({name for found in part.compiled.values() for name in getattr(found, "calls", ())}.difference(functions)):
            loader.problem(part, "unknown-function", f"“{title_of(part)}” calls {name}, which is no function.", "Correct its name.")


def _options(loader: Loader, part: Component) -> None:
    if part.type not in CHOICE_TYPES or part.options is None:
        return
    title, source = title_of(part), part.source
    if not part.options:
        loader.problem(part, "no-options", f"“{title}” has nothing to choose from.", "Add options, a values key or an expression.")
        return
    written = source.get("values")
    if isinstance(written, list) and len(part.options) < len(written):
        loader.problem(part, "bad-option", f"“{title}” has an option without a value.", "Give every option a value.")
    values = [token(option.value) for option in part.options]
    for value in sorted({value for value in values if values.count(value) > 1}):
        loader.problem(part, "duplicate-option", f"“{title}” has the value “{value}” twice.", "Give each option a value of its own.")
    default = source.get("defaultValue")
    for wanted in default if isinstance(default, list) else [default]:
        if wanted not in (None, "") and not any(same(option.value, wanted) for option in part.options):
            loader.problem(part, "bad-default", f"The default “{wanted}” of “{title}” is not among its options.", "Choose one of them.")


def _ranges(loader: Loader, part: Component) -> None:
    for low_name, high_name in (("min", "max"), ("minLength", "maxLength")):
        low, high = (_constant(loader, part, name) for name in (low_name, high_name))
        if low is not None and high is not None and low > high:
            message = f"Nothing fits “{title_of(part)}”: its {low_name} {low} is above its {high_name} {high}."
            loader.problem(part, "bad-range", message, "Correct one of them.")


def _constant(loader: Loader, part: Component, name: str) -> Any:
    found = part.compiled.get(name)
    if not isinstance(found, Constant) or found.value in (None, ""):
        return None
    try:
        return read_number(found.value)
    except NumberFault:
        loader.problem(
            part, "bad-range", f"The {name} of “{title_of(part)}” is no number.", "Give a number, or an expression that starts with =."
        )
        return None


def _labels(loader: Loader, part: Component) -> None:
    if part.type in INPUT_TYPES and not any(part.source.get(name) for name in ("label", "dateLabel", "timeLabel")):
        loader.problem(
            part, "no-label", f"“{title_of(part)}” has no label.", "Give it one: a screen reader has nothing else to read.", "warning"
        )
    if part.type == "image" and not part.source.get("alt"):
        loader.problem(part, "no-label", f"The image {part.id} has no alternative text.", "Say what it shows.", "warning")


def _subtypes(loader: Loader, part: Component) -> None:
    if part.type == "datetime" and part.subtype not in ("date", "time", "datetime"):
        loader.problem(part, "bad-subtype", f"“{title_of(part)}” has the subtype “{part.subtype}”.", "Use date, time or datetime.")
    kind = part.validate.get("validationType")
    if kind not in (None, "", "custom", "email", "phone"):
        loader.problem(part, "bad-validation", f"“{title_of(part)}” is to be validated as “{kind}”.", "Use email, phone or a pattern.")


def _addresses(loader: Loader, part: Component) -> None:
    for kind, name, safe in (("iframe", "url", safe_link), ("image", "source", safe_image)):
        found = part.compiled.get(name)
        if part.type == kind and isinstance(found, Constant) and not _is_safe(safe, found.value):
            loader.problem(
                part,
                "bad-address",
                f"{title_of(part)} has an address that is not shown: “{found.value}”.",
                "Use one that starts with https://.",
            )
        if part.type == kind and name not in part.compiled:
            loader.problem(part, "bad-address", f"{title_of(part)} has no address.", "Give it one that starts with https://.", "warning")


def _is_safe(safe: Callable[[str], str], value: Any) -> bool:
    return isinstance(value, str) and bool(safe(value))


def _properties(loader: Loader, part: Component) -> None:
    found = part.source.get("properties")
    if found is not None and not isinstance(found, Mapping):
        loader.problem(part, "bad-property", f"The custom properties of “{title_of(part)}” are no object.", "Set them in the form editor.")
    if part.properties.get("date", "native") not in ("native", "parts"):
        loader.problem(
            part, "bad-property", f"The property date of “{title_of(part)}” is “{part.properties['date']}”.", "Use native or parts."
        )


_CHECKS: tuple[Callable[[Loader, Component], None], ...] = (_options, _ranges, _labels, _subtypes, _addresses, _properties)
