"""form-js JSON to components: every property compiled once, every problem collected, nothing raised but for what is no JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from amends.engine.errors import Invalid
from amends.engine.feel import KEYWORDS, RESERVED, FeelError
from amends.forms.expressions import Constant, Expression, compile_property
from amends.forms.model import CHOICE_TYPES, CONTAINER_TYPES, KEYED_TYPES, KNOWN_TYPES, Component, FormProblem, Path
from amends.forms.options import static_options
from amends.forms.patterns import compile_pattern
from amends.forms.templates import compile_text

MAX_BYTES = 1_000_000
MAX_NESTING = 12
MAX_COMPONENTS = 1000

# Where a property that may be FEEL stands, by the name it is compiled under.
_PROPERTIES: dict[str, tuple[str, ...]] = {
    "hide": ("conditional", "hide"),
    "readonly": ("readonly",),
    "min": ("validate", "min"),
    "max": ("validate", "max"),
    "minLength": ("validate", "minLength"),
    "maxLength": ("validate", "maxLength"),
    "expression": ("expression",),
    "valuesExpression": ("valuesExpression",),
    "dataSource": ("dataSource",),
    "columnsExpression": ("columnsExpression",),
    "multiple": ("multiple",),
    "earliest": ("properties", "earliest"),
    "latest": ("properties", "latest"),
}
# Properties that hold words, with FEEL between double braces.
_TEXTS: dict[str, tuple[str, ...]] = {
    "label": ("label",),
    "dateLabel": ("dateLabel",),
    "timeLabel": ("timeLabel",),
    "description": ("description",),
    "text": ("text",),
    "content": ("content",),
    "url": ("url",),
    "source": ("source",),
    "alt": ("alt",),
    "accept": ("accept",),
    "title": ("title",),
    "prefix": ("appearance", "prefixAdorner"),
    "suffix": ("appearance", "suffixAdorner"),
}


@dataclass
class Loaded:
    """A form as loaded: its root, all components by id, and what is wrong with it."""

    source: Mapping[str, Any]
    root: Component
    problems: list[FormProblem] = field(default_factory=list)
    components: dict[str, Component] = field(default_factory=dict)


def parse_source(source: bytes | str | Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The form's JSON as a mapping; raises Invalid where there is none."""
    if isinstance(source, Mapping):
        return source
    if len(source) > MAX_BYTES:
        raise Invalid(f"{name} is larger than {MAX_BYTES:,} bytes. Split the form, or link its pictures instead of putting them in it.")
    try:
        text = source.decode("utf-8-sig") if isinstance(source, bytes) else source
        found = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{name} is not JSON ({error}). Save it again in the form editor.") from error
    if not isinstance(found, Mapping):
        raise Invalid(f"{name} is not a form: its JSON is not an object. Save it again in the form editor.")
    return found


class Loader:
    """Builds the components of one form and collects its problems."""

    def __init__(self, source: Mapping[str, Any], name: str) -> None:
        """Load `source`; `name` is the file that problems name."""
        self.file = name
        root = Component(type="default", id=str(source.get("id") or ""), source=source)
        self.loaded = Loaded(source=source, root=root)
        self._claimed: dict[Path, str] = {}
        if not isinstance(source.get("components"), list):
            self.problem(root, "no-components", "The form has no list of components.", "Save it again in the form editor.")
        elif source.get("type", "default") != "default":
            self.problem(root, "unknown-type", f"The form is of type “{source.get('type')}”.", 'Its "type" must be "default".')
        self._children(root, source.get("components"), (), 1)
        if not root.children:
            self.problem(root, "empty", "The form has no components.", "Add what should be asked.", "warning")

    def problem(self, at: Component, code: str, message: str, help: str, severity: Literal["error", "warning", "info"] = "error") -> None:
        """Note a problem at a component."""
        key = ".".join(at.full_path())
        self.loaded.problems.append(FormProblem(at.id if at.parent else "", key, code, severity, message, help, self.file))

    def _children(self, parent: Component, sources: Any, prefix: Path, depth: int) -> None:
        if not isinstance(sources, list):
            return
        if depth > MAX_NESTING:
            self.problem(parent, "too-deep", f"Groups are nested deeper than {MAX_NESTING}.", "Take some of them out.")
            return
        for source in sources:
            if not isinstance(source, Mapping):
                self.problem(parent, "bad-component", "A component is not a JSON object.", "Remove it.")
            elif len(self.loaded.components) >= MAX_COMPONENTS:
                self.problem(parent, "too-many", f"The form has more than {MAX_COMPONENTS} components.", "Split it.")
                return
            else:
                self._component(parent, source, prefix, depth)

    def _component(self, parent: Component, source: Mapping[str, Any], prefix: Path, depth: int) -> None:
        kind = str(source.get("type") or "")
        made = Component(type=kind, id=self._identity(source), source=source, parent=parent)
        self.loaded.components[made.id] = made
        parent.children.append(made)
        if source.get("id") != made.id and source.get("id"):
            self.problem(made, "duplicate-id", f"Two components have the id {source.get('id')}.", "Give one of them another id.")
        if kind not in KNOWN_TYPES or kind == "default":
            self.problem(made, "unknown-type", f"There is no component of type “{kind}”.", "Use one of the form editor's components.")
            parent.children.remove(made)
            return
        inner = self._place(made, prefix)
        self._inherit(made)
        self._compile(made)
        if kind in CHOICE_TYPES:
            made.options = static_options(source)
        if kind in CONTAINER_TYPES:
            self._children(made, source.get("components"), () if made.is_list else inner, depth + 1)

    def _identity(self, source: Mapping[str, Any]) -> str:
        wanted = source.get("id")
        taken = self.loaded.components
        if isinstance(wanted, str) and wanted and wanted not in taken:
            return wanted
        number = len(taken) + 1
        while f"{source.get('type')}_{number}" in taken:
            number += 1
        return f"{source.get('type')}_{number}"

    def _place(self, made: Component, prefix: Path) -> Path:
        """Set the component's path; return the prefix for what is inside it."""
        name = made.source.get("path" if made.type in CONTAINER_TYPES else "key")
        if made.type in KEYED_TYPES or made.is_list:
            if not isinstance(name, str) or not name:
                what = "path" if made.is_list else "key"
                self.problem(
                    made, "missing-key", f"“{title_of(made)}” has no {what}.", f"Give it a {what}: the name of its value in the data."
                )
                return prefix
        elif made.type not in CONTAINER_TYPES or not isinstance(name, str) or not name:
            return prefix
        parts = tuple(name.split("."))
        if not all(part.replace("_", "a").isalnum() and not part[0].isdigit() for part in parts if part) or "" in parts or name[0] == "_":
            self.problem(
                made, "bad-key", f"“{name}” cannot be a key.", "Use letters, digits and _, starting with a letter; dots between groups."
            )
            return prefix
        path = (*prefix, *parts)
        if not prefix and parts[0] in RESERVED | KEYWORDS:
            why = "is reserved" if parts[0] in RESERVED else "is a word of FEEL"
            self.problem(made, "unread-key", f"“{parts[0]}” {why}: no expression could read the answer.", "Choose another key.", "warning")
        if made.type in KEYED_TYPES or made.is_list:
            made.path = path
            self._claim(made)
        return path

    def _claim(self, made: Component) -> None:
        place = tuple(part for outer in made.lists() for part in (*outer.path, "[]")) + made.path
        for length in range(1, len(place) + 1):
            owner = self._claimed.get(place[:length])
            if owner is not None and (length == len(place) or place[length] != "[]"):
                self._clash(made, owner)
                return
        if any(other[: len(place)] == place and other[len(place) : len(place) + 1] != ("[]",) for other in self._claimed):
            self._clash(made, next(owner for other, owner in self._claimed.items() if other[: len(place)] == place))
            return
        self._claimed[place] = made.id

    def _clash(self, made: Component, owner: str) -> None:
        key = ".".join(made.full_path())
        self.problem(
            made, "duplicate-key", f"The key “{key}” is used twice, by {owner} and {made.id}.", "Give each field a key of its own."
        )
        made.path = ()

    def _inherit(self, made: Component) -> None:
        properties, above = made.properties, made.parent
        wanted = properties.get("personal", "").strip().lower()
        marks: dict[str, Literal["personal", "special"]] = {
            "yes": "personal",
            "true": "personal",
            "personal": "personal",
            "special": "special",
        }
        if wanted and wanted not in marks and wanted not in ("no", "false"):
            self.problem(made, "bad-property", f"The property personal is “{wanted}”.", "Use yes, special or no.")
        made.personal = marks.get(wanted) or (above.personal if above and wanted not in ("no", "false") else None)
        roles = tuple(role.strip() for role in properties.get("roles", "").split(",") if role.strip())
        made.roles = roles or (above.roles if above else ())

    def _compile(self, made: Component) -> None:
        for names, build in ((_PROPERTIES, compile_property), (_TEXTS, compile_text)):
            for name, place in names.items():
                raw = _at(made.source, place)
                if raw is None:
                    continue
                try:
                    made.compiled[name] = build(raw)
                except FeelError as error:
                    made.compiled[name] = Constant(None)
                    message = f"{'.'.join(place)} of “{title_of(made)}” is no FEEL: {error}"
                    self.problem(made, "bad-expression", message, error.help or "Correct the expression.")
        self._must_be_feel(made)
        pattern = made.validate.get("pattern")
        if isinstance(pattern, str) and pattern:
            try:
                made.compiled["pattern"] = compile_pattern(pattern)
            except ValueError as error:
                self.problem(made, "bad-pattern", f"The pattern of “{title_of(made)}” is no regular expression: {error}", "Correct it.")

    def _must_be_feel(self, made: Component) -> None:
        """A rule without `=` is plain text, which would never hide, compute or list anything."""
        for name in ("hide", "expression", "valuesExpression", "columnsExpression"):
            found = made.compiled.get(name)
            if isinstance(found, Constant) and isinstance(found.value, str) and found.value.strip():
                place = ".".join(_PROPERTIES[name])
                self.problem(made, "bad-expression", f"{place} of “{title_of(made)}” is no expression.", "Start it with =.")
        if made.type == "expression" and not isinstance(made.compiled.get("expression"), Expression):
            self.problem(made, "bad-expression", f"“{title_of(made)}” computes nothing.", "Give it an expression that starts with =.")


def title_of(component: Component) -> str:
    """What to call a component in a problem: its label, key or id."""
    source = component.source
    return str(source.get("label") or source.get("dateLabel") or source.get("key") or component.id)


def _at(source: Mapping[str, Any], place: tuple[str, ...]) -> Any:
    for part in place:
        if not isinstance(source, Mapping):
            return None
        source = source.get(part)  # type: ignore[assignment]
    return source
