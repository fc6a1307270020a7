"""The render model: a form with its values and errors as a tree that templates only have to write down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from amends.forms.markup import Html


@dataclass(frozen=True)
class RenderOption:
    """One option: the value attribute a browser sends, the words, and whether it is chosen."""

    value: str
    label: str
    selected: bool
    id: str


@dataclass(frozen=True)
class RenderPart:
    """One of several inputs that make a value: the day, month, year, date or time."""

    name: str
    id: str
    label: str
    value: str
    type: str
    attributes: Mapping[str, str]
    error: bool = False
    what: str = ""
    """Which part of a date it is (day, month, year), whatever its label says in the reader's language; empty for any other."""


@dataclass(frozen=True)
class RenderRow:
    """One row of a dynamic list; `remove` names its button, empty where rows may not be removed."""

    number: int
    children: list[RenderField]
    remove: str

    @property
    def lines(self) -> list[list[RenderField]]:
        """The row's fields by layout row."""
        return lines(self.children)


@dataclass
class RenderField:
    """One component as shown. `key` is its dotted path with row numbers, which is also the key of its errors.

    `value` is what was typed, or what is there; `text` is the same in words for summaries. `optional` says that the
    label is to say so. `hidden` ones are in the tree and are not shown. `label_id` is what an error summary links to.
    """

    type: str
    key: str
    id: str
    name: str = ""
    label: str = ""
    description: str = ""
    value: Any = None
    text: str = ""
    options: list[RenderOption] = field(default_factory=list)
    suggestions: list[str] = field(default_factory=list)
    """The labels of a list too long to choose from, one of which is typed; `typed` is what stands in the box."""
    typed: str = ""
    parts: list[RenderPart] = field(default_factory=list)
    rows: list[RenderRow] = field(default_factory=list)
    children: list[RenderField] = field(default_factory=list)
    columns: list[tuple[str, str]] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    files: list[Mapping[str, Any]] = field(default_factory=list)
    required: bool = False
    disabled: bool = False
    readonly: bool = False
    hidden: bool = False
    multiple: bool = False
    errors: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    suffix: str = ""
    html: Html = Html("")
    max_length: int | None = None
    width: str = ""
    row: str = ""
    span: int | None = None
    add: str = ""
    note: str = ""
    personal: str = ""
    is_input: bool = False

    @property
    def editable(self) -> bool:
        """Whether it is an input a person can fill in now."""
        return self.is_input and not self.hidden and not self.readonly and not self.disabled

    @property
    def optional(self) -> bool:
        """Whether its label says that it may be left empty."""
        return self.editable and not self.required and self.type != "checkbox"

    @property
    def focus_id(self) -> str:
        """The id of the first input to correct: the first option, the first wrong part, or the input itself."""
        for part in self.parts:
            if part.error:
                return part.id
        if self.parts:
            return self.parts[0].id
        return self.options[0].id if self.options and self.type != "select" and not self.suggestions else self.id

    @property
    def lines(self) -> list[list[RenderField]]:
        """What is inside it by layout row."""
        return lines(self.children)

    def everything(self) -> Iterator[RenderField]:
        """This field and those inside it, in order, hidden ones with what is in them left out."""
        if self.hidden:
            return
        yield self
        for child in self.children:
            yield from child.everything()
        for row in self.rows:
            for child in row.children:
                yield from child.everything()


@dataclass
class RenderModel:
    """A form, or one step of it, ready to be written."""

    id: str
    title: str
    fields: list[RenderField]
    errors: dict[str, list[str]] = field(default_factory=dict)
    submit_label: str = ""
    has_files: bool = False
    changes: bool = False
    """Whether an answer may change what the page shows: a condition, a computed value, options or words that follow answers."""

    def everything(self) -> Iterator[RenderField]:
        """All fields shown, in order."""
        for top in self.fields:
            yield from top.everything()

    @property
    def shown(self) -> str:
        """The names of the inputs on the page, which the page sends back so that an unticked box differs from one not shown."""
        return " ".join(found.name for found in self.everything() if found.editable and found.name)

    @property
    def error_list(self) -> list[tuple[str, str]]:
        """(id to link to, or empty; sentence) for each error, in the order of the page, those that belong to no field first."""
        placed = [(found.focus_id, text) for found in self.everything() for text in found.errors]
        keys = {found.key for found in self.everything() if found.errors}
        return [("", text) for key, texts in self.errors.items() if key not in keys for text in texts] + placed

    @property
    def lines(self) -> list[list[RenderField]]:
        """Top fields by layout row."""
        return lines(self.fields)

    @property
    def has_row_buttons(self) -> bool:
        """Whether the page has buttons beside the one that sends it."""
        return any(
            found.add or found.files or (found.suggestions and found.multiple) or any(row.remove for row in found.rows)
            for found in self.everything()
        )

    @property
    def summary(self) -> list[tuple[str, list[RenderField]]]:
        """The answers under their headings, a row of a list under its own: for checking them before sending."""
        blocks: list[tuple[str, list[RenderField]]] = [("", [])]
        _summarise(self.fields, "", blocks)
        return [block for block in blocks if block[1]]


def lines(fields: Iterable[RenderField]) -> list[list[RenderField]]:
    """Fields side by side where the form's layout puts them in one row with a width each, else one to a line."""
    found: list[list[RenderField]] = []
    for shown in fields:
        if shown.hidden:
            continue
        before = found[-1][0] if found else None
        if before is not None and shown.row and shown.row == before.row and shown.span and before.span:
            found[-1].append(shown)
        else:
            found.append([shown])
    return found


def _summarise(fields: Iterable[RenderField], title: str, blocks: list[tuple[str, list[RenderField]]]) -> None:
    for found in fields:
        if found.hidden:
            continue
        if found.type == "group":
            blocks.append((found.label or title, []))
            _summarise(found.children, found.label or title, blocks)
            blocks.append((title, []))
        for row in found.rows:
            heading = f"{found.label} {row.number + 1}"
            blocks.append((heading, []))
            _summarise(row.children, heading, blocks)
            blocks.append((title, []))
        if found.is_input or (found.type == "expression" and found.label):
            blocks[-1][1].append(found)


def errors_at(errors: Mapping[str, Any], key: str) -> list[str]:
    """The sentences at a key, whether one or several were given."""
    found = errors.get(key, ())
    return [found] if isinstance(found, str) else [str(text) for text in found] if isinstance(found, Collection) else []
