"""Letters: Markdown with FEEL between double braces, rendered as plain text and as HTML.

The Markdown is parsed before the values are put in, so nothing that a complainant wrote can become a link, a heading or HTML.
Only where an expression's own text holds emphasis (`"**You are right.**"`) is the emphasis in its value read.
"""

from __future__ import annotations

import copy
import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from babel import Locale, UnknownLocaleError
from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.token import Token

from amends.engine.definitions.letters import FOLLOW_LINK, read_letter
from amends.engine.definitions.translations import languages, setting_in, source_language
from amends.engine.execution import Fault
from amends.engine.feel import Expression, FeelError, FeelWarning, parse
from amends.engine.services.base import OperationContext
from amends.engine.services.letter_text import plain_text
from amends.engine.services.wording import said

_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_OPEN, _CLOSE = "\ue000", "\ue001"
"""Private-use characters that stand for a value while Markdown is read: `_OPEN`, its number, `_CLOSE`."""
KEPT_LINK = "[your personal link]"
"""What stands for a personal link wherever a letter is kept or shown: the secret in it is for the complainant alone."""
_SLOT = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_SAFE_ADDRESS = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)


class _Markdown(MarkdownIt):
    """Leaves addresses as they are written: they are made whole, looked at and encoded once their values are in."""

    def normalizeLink(self, url: str) -> str:
        return url

    def validateLink(self, url: str) -> bool:
        return True


_markdown = _Markdown("commonmark", {"html": False, "breaks": True}).disable(["image", "autolink"])
_emphasis = MarkdownIt("zero", {"html": False, "breaks": True}).enable(["emphasis", "newline"])


@dataclass(frozen=True, slots=True)
class Slot:
    """A placeholder: its text as written, its expression, and whether its own text holds emphasis."""

    text: str
    expression: Expression
    emphasis: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A letter, read once: subject and body with their slots."""

    name: str
    subject: str
    tokens: list[Token]
    slots: list[Slot]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter with its values: `text` is its plain text.

    `kept` is the same letter as the thread keeps it, where it holds a secret that must not be kept.
    """

    subject: str
    text: str
    _tokens: list[Token]
    kept: Rendered | None = None
    language: str = "en"

    def html(self) -> str:
        """The body as a whole HTML document without styles, scripts or anything that is fetched."""
        body = _markdown.renderer.render(self._tokens, _markdown.options, {})
        return f'<!doctype html>\n<html{_written(self.language)}>\n<head><meta charset="utf-8"></head>\n<body>\n{body}</body>\n</html>\n'


@lru_cache(maxsize=256)
def read_template(name: str, body: bytes) -> Template:
    """Read a letter; a `Fault` says what in it cannot be read."""
    try:
        letter = read_letter(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Fault(f"The letter {name!r} is not in UTF-8; save it as UTF-8.") from error
    slots: list[Slot] = []

    def slot(match: re.Match[str]) -> str:
        slots.append(_slot(name, match[1].strip()))
        return f"{_OPEN}{len(slots) - 1}{_CLOSE}"

    clean = str.maketrans("", "", _OPEN + _CLOSE)
    subject = _PLACEHOLDER.sub(slot, letter.front.get("subject", "").translate(clean))
    return Template(name, subject, _markdown.parse(_PLACEHOLDER.sub(slot, letter.body.translate(clean))), slots)


def slots_in(text: str) -> list[str]:
    """A text of a template, parted at its placeholders: text, number, text, number, …"""
    return _SLOT.split(text)


def _slot(name: str, text: str) -> Slot:
    try:
        expression = parse(text)
    except FeelError as error:
        raise Fault(f"The placeholder {{{{ {text} }}}} of the letter {name!r} is not FEEL: {error}") from error
    return Slot(text, expression, any("*" in literal for literal in _LITERAL.findall(text)))


def render(name: str, context: OperationContext, **more: Any) -> Rendered:
    """A letter of the instance's own version, with its variables and `more`, in the zone of its default calendar.

    Raises `Fault` for a letter that is not there, and for a placeholder without a value: a letter with a hole is not sent.
    """
    template = _template(name, context)
    language = language_of(name, context)
    settings = {key: setting_in(context.package, context.settings, key, language) for key in context.settings}
    names = {**context.variables, "settings": settings, FOLLOW_LINK: KEPT_LINK, **more}
    calendar = context.calendars.get("default")
    zone = dt.UTC if calendar is None else calendar.zone
    values = [_value(template, slot, names, context, zone, language) for slot in template.slots]
    subject = " ".join(_filled(template.subject, lambda number: values[number]).split())
    tokens = _without_empty(list(_tokens(template, values)))
    return Rendered(subject, plain_text(tokens), tokens, language=language)


def language_of(name: str, context: OperationContext) -> str:
    """The language a letter is written in: that of its folder, `de` of `de/decision`, else the package's own."""
    folder = name.partition("/")[0] if "/" in name else ""
    return folder if folder in languages(context.package) else source_language(context.package)


def _written(language: str) -> str:
    """The attributes of a document in a language: from right to left where it is written so."""
    try:
        direction = Locale.parse(language).text_direction
    except (UnknownLocaleError, ValueError):
        direction = "ltr"
    return f' lang="{language.replace("_", "-")}"' + (' dir="rtl"' if direction == "rtl" else "")


def asks_for_link(name: str, context: OperationContext) -> bool:
    """Whether a letter of the instance's own version names `follow_link`. Raises `Fault` for one that is not there."""
    return any(FOLLOW_LINK in slot.expression.names for slot in _template(name, context).slots)


def with_link(name: str, context: OperationContext, make: Callable[[], str], **more: Any) -> Rendered:
    """A letter with the link that `make` makes; it is asked only when nothing else in the letter is missing.

    Raises `Fault` as `render` does, and what `make` raises.
    """
    kept = render(name, context, **more)
    return replace(render(name, context, **{**more, FOLLOW_LINK: make()}), kept=kept)


def _template(name: str, context: OperationContext) -> Template:
    body = context.package.letter(name)
    if body is None:
        known = ", ".join(sorted(context.package.letters)) or "none"
        raise Fault(f"There is no letter {name!r} in this version; add letters/{name}.md. There are: {known}.")
    return read_template(name, body)


def written(subject: str, text: str) -> Rendered:
    """A letter that is not in a package: its subject, and its text, in which nothing is Markdown."""
    tokens: list[Token] = []
    for paragraph in re.split(r"\n\s*\n", text):
        inline = Token("inline", "", 0, content=paragraph, children=list(_lines(paragraph)))
        tokens += [Token("paragraph_open", "p", 1, block=True), inline, Token("paragraph_close", "p", -1, block=True)]
    return Rendered(" ".join(subject.split()), plain_text(tokens), tokens)


def _value(template: Template, slot: Slot, names: Mapping[str, Any], context: OperationContext, zone: dt.tzinfo, language: str) -> str:
    warnings: list[FeelWarning] = []
    try:
        value = slot.expression.evaluate(names, functions=context.functions, now=lambda: context.now, warnings=warnings)
        return said(value, zone, language).replace("\r\n", "\n").replace("\r", "\n")
    except (FeelError, ValueError) as error:
        why = "; ".join([str(error), *map(str, warnings)])
        told = f"The placeholder {{{{ {slot.text} }}}} of the letter {template.name!r} has no value that can be written: {why}."
        raise Fault(f"{told} The letter was not sent.") from error


def _filled(text: str, value: Callable[[int], str]) -> str:
    return _SLOT.sub(lambda match: value(int(match[1])), text)


def _tokens(template: Template, values: list[str]) -> Iterator[Token]:
    """The template's tokens with the values in their slots; the template itself stays as it is."""
    for token in template.tokens:
        if token.type != "inline" and _OPEN not in token.content:
            yield token
            continue
        filled = copy.copy(token)
        filled.content = _filled(token.content, lambda number: values[number])
        if token.type == "inline":
            filled.children = [part for child in token.children or () for part in _inline(template, child, values)]
        yield filled


def _inline(template: Template, token: Token, values: list[str]) -> Iterator[Token]:
    if token.type == "link_open":
        yield _link(token, values)
    elif token.type != "text":
        filled = copy.copy(token)
        filled.content = _filled(token.content, lambda number: values[number])
        yield filled
    else:
        for index, part in enumerate(_SLOT.split(token.content)):  # text, number, text, number, …
            if index % 2 == 0:
                yield _text(part)
            elif template.slots[int(part)].emphasis:
                yield from _emphasis.parseInline(values[int(part)].strip())[0].children or ()
            else:
                yield from _lines(values[int(part)])


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _lines(value: str) -> Iterator[Token]:
    for number, line in enumerate(value.strip().split("\n")):
        if number:
            yield Token("softbreak", "br", 0)
        yield _text(line)


def _link(token: Token, values: list[str]) -> Token:
    """A link with the values in its address; one that leads to neither the web nor a mailbox leads nowhere."""

    given = str(token.attrs.get("href", ""))

    def part(match: re.Match[str]) -> str:
        # A value that is the beginning of the address is all of it; elsewhere it must not add parts of its own.
        safe = ":/?#@!$&'()*+,;=%~" if match.start() == 0 else "@~" if given.startswith("mailto:") else "~"
        return quote(values[int(match[1])].strip(), safe=safe)

    filled = copy.copy(token)
    address = _SLOT.sub(part, given)
    filled.attrs = {**token.attrs, "href": normalizeLink(address) if _SAFE_ADDRESS.match(address) else "#"}
    return filled


def _without_empty(tokens: list[Token]) -> list[Token]:
    """Without the paragraphs whose placeholders gave nothing to say."""
    kept: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        empty = token.type == "paragraph_open" and not tokens[position + 1].content.strip()
        position += 3 if empty else 1
        if not empty:
            kept.append(token)
    return kept
