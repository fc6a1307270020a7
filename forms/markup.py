"""Words with markup in a form: Markdown as form-js's text component takes it, and HTML, both brought down to a list of safe elements."""

from __future__ import annotations

import html
import re
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from amends.forms.expressions import Constant, Seen
from amends.forms.templates import Template

_ELEMENTS = frozenset(
    "h1 h2 h3 h4 h5 h6 p div span br hr ul ol li dl dt dd strong b em i u s small sub sup blockquote pre code a "
    "table caption thead tbody tfoot tr th td".split()  # noqa: SIM905
)
# What these hold is no text for a reader: it goes with them.
_DROPPED = frozenset(
    "script style template iframe object embed svg math form input button select textarea noscript head title link meta".split()
)  # noqa: SIM905
_CLASSES = {
    "a": "govuk-link",
    "p": "govuk-body",
    "ul": "govuk-list govuk-list--bullet",
    "ol": "govuk-list govuk-list--number",
    "table": "govuk-table",
}
_CELLS = {"th": "govuk-table__header", "td": "govuk-table__cell", "tr": "govuk-table__row", "caption": "govuk-table__caption"}
_HEADINGS = {
    "h1": "govuk-heading-m",
    "h2": "govuk-heading-m",
    "h3": "govuk-heading-s",
    "h4": "govuk-heading-s",
    "h5": "govuk-heading-s",
    "h6": "govuk-heading-s",
}
_LINK = re.compile(r"(?:https?://|mailto:|tel:|/(?!/)|#)[^\s\"'<>\\]*", re.IGNORECASE)
_HOLDER = re.compile("\ue000(\\d+)\ue001")


class Html(str):
    """Text that is safe HTML already: templates take it as it is (the `__html__` protocol)."""

    def __html__(self) -> str:
        """Itself."""
        return str(self)


def safe_link(url: str) -> str:
    """The address if it is one a page may link to (https, http, mailto, tel, or within this site), else an empty text."""
    url = url.strip()
    return url if _LINK.fullmatch(url) else ""


def safe_image(url: str) -> str:
    """The address of a picture: https, within this site, or a small picture in the address itself; else an empty text."""
    url = url.strip()
    if re.fullmatch(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+", url):
        return url
    return url if re.fullmatch(r"(?:https://|/(?!/))[^\s\"'<>\\]*", url, re.IGNORECASE) else ""


def from_html(template: Template | Constant | None, seen: Seen) -> Html:
    """An html component's content, values in it escaped, everything not on the list taken out."""
    return sanitise(_written(template, seen, html.escape))


def from_markdown(template: Template | Constant | None, seen: Seen) -> Html:
    """A text component's Markdown as HTML; values in it are words, never markup."""
    values: list[str] = []

    def hold(value: str) -> str:
        values.append(value)
        return f"\ue000{len(values) - 1}\ue001"

    text = _written(template, seen, hold)
    # A value alone may be all there is (`=…`): its line breaks make paragraphs, its signs stay signs.
    blocks = _blocks(text.replace("\r\n", "\n"))
    filled = _HOLDER.sub(
        lambda found: html.escape(values[int(found[1])]).replace("\n", "<br>") if int(found[1]) < len(values) else "", blocks
    )
    return sanitise(filled)


def sanitise(text: str) -> Html:
    """HTML with only listed elements, no attributes but a safe link's address, and the classes of our own look."""
    if not text.strip():
        return Html("")
    try:
        root = lxml_html.fragment_fromstring(_without_controls(text), create_parent="div")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return Html(html.escape(text))
    for element in list(root.iterdescendants()):
        _clean(element)
    inner = html.escape(root.text or "", quote=False)
    return Html(inner + "".join(etree.tostring(child, encoding="unicode", method="html") for child in root))


def _clean(element: Any) -> None:
    if not isinstance(element.tag, str) or element.tag.lower() in _DROPPED:
        if element.getparent() is not None:
            element.drop_tree()
        return
    if element.tag not in _ELEMENTS:
        element.drop_tag()
        return
    link = safe_link(element.get("href") or "") if element.tag == "a" else ""
    element.attrib.clear()
    if link:
        element.set("href", link)
        if link.lower().startswith("http"):
            element.set("rel", "noopener noreferrer")
    if element.tag == "a" and not link:
        element.drop_tag()
        return
    look = _CLASSES.get(element.tag) or _CELLS.get(element.tag) or _HEADINGS.get(element.tag)
    if look:
        element.set("class", look)
    # The page has the first heading; those inside a form stand below it.
    if element.tag == "h1":
        element.tag = "h2"


def _written(template: Template | Constant | None, seen: Seen, escape: Any) -> str:
    if template is None:
        return ""
    return template.write(seen, escape) if isinstance(template, Template) else str(template.value or "")


def _without_controls(text: str) -> str:
    return "".join(letter for letter in text if letter >= " " and not "\ud800" <= letter <= "\udfff" or letter in "\n\t")


_BULLET = re.compile(r"\s{0,3}[-*+]\s+(.*)")
_NUMBER = re.compile(r"\s{0,3}\d{1,9}[.)]\s+(.*)")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*")
_RULE = re.compile(r"\s{0,3}(?:-\s*){3,}|\s{0,3}(?:\*\s*){3,}|\s{0,3}(?:_\s*){3,}")


def _blocks(text: str) -> str:
    out: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        lines = block.split("\n")
        while lines:
            out.append(_block(lines))
    return "".join(out)


def _block(lines: list[str]) -> str:
    """Take one block off the front of `lines` and give its HTML."""
    line = lines[0]
    if heading := _HEADING.fullmatch(line):
        del lines[0]
        level = len(heading[1])
        return f"<h{level}>{_inline(heading[2])}</h{level}>"
    if _RULE.fullmatch(line):
        del lines[0]
        return "<hr>"
    for pattern, tag in ((_BULLET, "ul"), (_NUMBER, "ol")):
        if pattern.fullmatch(line):
            return f"<{tag}>{_items(lines, pattern)}</{tag}>"
    if line.startswith(">"):
        quoted = _take(lines, lambda next_line: next_line.startswith(">"))
        return f"<blockquote>{_blocks(chr(10).join(part[1:].removeprefix(' ') for part in quoted))}</blockquote>"
    words = [lines.pop(0), *_take(lines, lambda next_line: not _starts_block(next_line))]
    return f"<p>{'<br>'.join(_inline(part.strip()) for part in words)}</p>" if any(part.strip() for part in words) else ""


def _items(lines: list[str], pattern: re.Pattern[str]) -> str:
    items = []
    while lines and (item := pattern.fullmatch(lines[0])):
        del lines[0]
        words = [item[1], *_take(lines, lambda next_line: next_line.startswith("  ") and not _starts_block(next_line.strip()))]
        items.append(f"<li>{' '.join(_inline(part.strip()) for part in words)}</li>")
    return "".join(items)


def _take(lines: list[str], wanted: Any) -> list[str]:
    taken = []
    while lines and wanted(lines[0]):
        taken.append(lines.pop(0))
    return taken


def _starts_block(line: str) -> bool:
    return bool(
        _HEADING.fullmatch(line) or _RULE.fullmatch(line) or _BULLET.fullmatch(line) or _NUMBER.fullmatch(line) or line.startswith(">")
    )


def _inline(text: str) -> str:
    """Bold, italics, code and links. HTML inside is left for the sanitiser, as form-js leaves it to its own."""
    text = re.sub(r"&(?!\w{1,31};|#)", "&amp;", text)
    codes: list[str] = []

    def keep(found: re.Match[str]) -> str:
        codes.append(f"<code>{html.escape(found[1], quote=False)}</code>")
        return f"\ue002{len(codes) - 1}\ue003"

    text = re.sub(r"`([^`]+)`", keep, text)
    text = re.sub(r"\[([^\[\]]{1,500})\]\(([^()\s]{1,2000})\)", lambda found: f'<a href="{html.escape(found[2])}">{found[1]}</a>', text)
    text = re.sub(
        r"\*\*(?=\S)([^*]{1,500}?\S|\S)\*\*|__(?=\S)([^_]{1,500}?\S|\S)__", lambda found: f"<strong>{found[1] or found[2]}</strong>", text
    )
    text = re.sub(
        r"\*(?=\S)([^*]{1,500}?\S|\S)\*|(?<!\w)_(?=\S)([^_]{1,500}?\S|\S)_(?!\w)", lambda found: f"<em>{found[1] or found[2]}</em>", text
    )
    return re.sub("\ue002(\\d+)\ue003", lambda found: codes[int(found[1])] if int(found[1]) < len(codes) else "", text)
