"""Colours one can read: from an organisation's two colours, every token that has to stand out from another (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re

LEAST = 4.5
"""Contrast of text at level AA."""
BLACK, WHITE = "#000000", "#ffffff"
GROUNDS = {
    "light": ("#f4f6f6", "#ffffff", "#edf1f1"),
    "dark": ("#101617", "#182021", "#222c2e"),
}
"""page, surface and surface-2 of tokens.css, which a test compares."""


def parse(text: str) -> str | None:
    """`#rgb` or `#rrggbb`, with or without its sign, as `#rrggbb`; None for anything else."""
    found = re.fullmatch(r"#?([0-9a-f]{3}|[0-9a-f]{6})", text.strip().lower())
    if found is None:
        return None
    digits = found[1]
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable_on(ground: str) -> str:
    """Black or white, whichever is read better on a colour."""
    return max((BLACK, WHITE), key=lambda ink: contrast(ink, ground))


def towards(colour: str, end: str, grounds: tuple[str, ...], least: float = LEAST) -> str:
    """The colour, moved towards `end` in steps of a twentieth until it is read on every ground."""
    for step in range(21):
        mixed = _mix(colour, end, step / 20)
        if all(contrast(mixed, ground) >= least for ground in grounds):
            return mixed
    return end


def tokens(scheme: str, brand: str | None, action: str | None) -> dict[str, str]:
    """The tokens that the two colours set, in `light` or `dark`; each keeps to AA with what it is shown on."""
    grounds = GROUNDS[scheme]
    found: dict[str, str] = {}
    if brand:
        found |= {"brand": brand, "on-brand": readable_on(brand)}
    if action:
        end = BLACK if scheme == "light" else WHITE
        soft = _mix(action, grounds[0], 0.86)
        shown = towards(action, end, (*grounds, soft))
        strong = towards(_mix(shown, end, 0.3), end, grounds)
        found |= {"action": shown, "action-strong": strong, "action-soft": soft, "on-action": WHITE if scheme == "light" else BLACK}
    return found


def style(brand: str | None, action: str | None) -> str:
    """The style sheet that lays them over tokens.css, on screens."""
    rules = ["@media screen {" + _rule(tokens("light", brand, action)) + "}"]
    rules.append("@media screen and (prefers-color-scheme: dark) {" + _rule(tokens("dark", brand, action)) + "}")
    return "\n".join(rules) + "\n"


def _rule(values: dict[str, str]) -> str:
    return ":root{" + "".join(f"--amends-{name}:{value};" for name, value in values.items()) + "}"


def _channels(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def _mix(one: str, other: str, part: float) -> str:
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in zip(_channels(one), _channels(other), strict=True))


def _luminance(colour: str) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in (part / 255 for part in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
