"""What a form is made of: components as loaded, and the public records read from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Path = tuple[str, ...]
"""Keys from a scope (the form, or one row of a dynamic list) down to a value."""

# Components that hold a value under a `key`, as form-js calls it "keyed".
TEXT_TYPES = frozenset({"textfield", "textarea"})
SINGLE_CHOICE = frozenset({"radio", "select"})
MULTIPLE_CHOICE = frozenset({"checklist", "taglist"})
CHOICE_TYPES = SINGLE_CHOICE | MULTIPLE_CHOICE
INPUT_TYPES = TEXT_TYPES | CHOICE_TYPES | {"number", "datetime", "checkbox", "filepicker"}
KEYED_TYPES = INPUT_TYPES | {"expression"}
# Components that hold other components; their `path`, where they have one, prefixes the keys inside.
CONTAINER_TYPES = frozenset({"default", "group", "dynamiclist"})
# Components that only show something.
SHOWN_TYPES = frozenset({"text", "html", "image", "table", "iframe", "documentPreview", "separator", "spacer", "button"})
KNOWN_TYPES = KEYED_TYPES | CONTAINER_TYPES | SHOWN_TYPES


@dataclass(frozen=True)
class FormProblem:
    """Something a form gets wrong: at which component, how bad, and what to do about it."""

    component_id: str
    key: str
    code: str
    severity: Literal["error", "warning", "info"]
    message: str
    help: str
    file: str = ""

    def __str__(self) -> str:
        where = f"{self.file}, {self.component_id}" if self.component_id else self.file
        return f"{where}: {self.message} {self.help}"


@dataclass(frozen=True)
class Option:
    """One thing to choose: the value it stands for, and the words shown."""

    value: Any
    label: str


@dataclass(frozen=True)
class Field:
    """One value a form asks for or computes.

    `key` is its dotted path in the data; inside a dynamic list the list's path comes first, without row numbers, and
    `lists` names the lists it repeats in. `options` are the static ones. `personal` and `roles` are inherited from groups.
    """

    key: str
    type: str
    label: str
    required: bool
    options: tuple[Option, ...]
    personal: Literal["personal", "special"] | None
    roles: tuple[str, ...]
    properties: Mapping[str, str]
    id: str
    lists: tuple[str, ...] = ()
    computed: bool = False


@dataclass(frozen=True)
class Step:
    """One page of a form filled in stepwise: a top-level group and the paths asked for on it."""

    index: int
    id: str
    title: str
    keys: tuple[str, ...]
    component_ids: tuple[str, ...]


@dataclass(frozen=True)
class Submission:
    """What somebody sent: raw values exactly as typed, the button pressed, and which inputs they had been shown.

    `action` is None, `("add", path)` or `("remove", path, row)`. `shown` is None when the page did not say.
    """

    data: dict[str, Any]
    action: tuple[str, str] | tuple[str, str, int] | None = None
    shown: frozenset[str] | None = None


@dataclass(eq=False)
class Component:
    """One component of the form as loaded: its JSON, its place, and its expressions compiled.

    `path` leads from the nearest dynamic list (or the form) to its value and is empty for what holds none.
    """

    type: str
    id: str
    source: Mapping[str, Any]
    path: Path = ()
    parent: Component | None = None
    children: list[Component] = field(default_factory=list)
    compiled: dict[str, Any] = field(default_factory=dict)
    options: tuple[Option, ...] | None = None
    personal: Literal["personal", "special"] | None = None
    roles: tuple[str, ...] = ()

    @property
    def properties(self) -> Mapping[str, str]:
        """form-js custom properties, as text."""
        found = self.source.get("properties")
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, Mapping) else {}

    @property
    def validate(self) -> Mapping[str, Any]:
        """The component's `validate` object, or an empty one."""
        found = self.source.get("validate")
        return found if isinstance(found, Mapping) else {}

    @property
    def required(self) -> bool:
        """Whether a value must be given."""
        return self.validate.get("required") is True

    @property
    def is_list(self) -> bool:
        """Whether this component repeats its children per row."""
        return self.type == "dynamiclist"

    @property
    def subtype(self) -> str:
        """`date`, `time` or `datetime`."""
        return str(self.source.get("subtype") or "date")

    def inside(self) -> Iterator[Component]:
        """This component and everything inside it, in document order."""
        yield self
        for child in self.children:
            yield from child.inside()

    def lists(self) -> tuple[Component, ...]:
        """The dynamic lists around this component, outermost first."""
        found: list[Component] = []
        above = self.parent
        while above is not None:
            if above.is_list:
                found.append(above)
            above = above.parent
        return tuple(reversed(found))

    def full_path(self) -> Path:
        """The path from the form down, through lists, without row numbers."""
        return (*(part for outer in self.lists() for part in outer.path), *self.path)
