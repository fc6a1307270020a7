"""A form: form-js JSON, loaded once, then read, validated and rendered any number of times."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from marshmallow import ValidationError

from amends.engine.errors import Invalid
from amends.forms import schema as schemas
from amends.forms.checks import check
from amends.forms.data import MISSING, dotted, get, put
from amends.forms.dates import Clock
from amends.forms.drawing import Artist
from amends.forms.expressions import Constant
from amends.forms.loading import Loader, parse_source, title_of
from amends.forms.messages import EXHAUSTED, SUMMARY
from amends.forms.model import KEYED_TYPES, Component, Field, FormProblem, Step, Submission
from amends.forms.reading import Reader
from amends.forms.rendering import RenderField, RenderModel, errors_at
from amends.forms.run import Run


def load(
    source: bytes | str | Mapping[str, Any],
    *,
    name: str = "file.form",
    now: Callable[[], datetime] | None = None,
    zone: tzinfo = UTC,
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> Form:
    """Load a form from the JSON that the form editor saves.

    `name` is the file that problems name; `now()` gives the current instant (aware) and `zone` the time zone for dates and
    times without one; `functions` are those that expressions may call beside FEEL's own.
    Raises Invalid where the source is no JSON object; everything else that is wrong is in `Form.problems`.
    """
    return Form(parse_source(source, name), name, Clock(now, zone, functions))


class Form:
    """One form: what it asks, what it accepts, how it looks."""

    def __init__(self, source: Mapping[str, Any], name: str, clock: Clock) -> None:
        loader = Loader(source, name)
        check(loader, clock.functions or {})
        self._root: Component = loader.loaded.root
        self._components = loader.loaded.components
        self._clock = clock
        self._schemas: dict[int | None, schemas.FormSchema] = {}
        self.id = str(source.get("id") or "")
        self.problems: list[FormProblem] = loader.loaded.problems
        self.fields: list[Field] = [_field(part) for part in self._root.inside() if part.type in KEYED_TYPES and part.path]
        self.steps: list[Step] = _steps(self._root)
        said = source.get("properties")
        self.title = str((said if isinstance(said, dict) else {}).get("title") or source.get("title") or self.id)

    @property
    def schema(self) -> schemas.FormSchema:
        """The marshmallow schema of the whole form."""
        return self._schema(None)

    def read(
        self,
        post: Any,
        *,
        files: Mapping[str, Any] | None = None,
        stored: Mapping[str, Mapping[str, Any]] | None = None,
        context: Mapping[str, Any] | None = None,
        step: int | Step | None = None,
    ) -> Submission:
        """Read an HTML form post (a MultiDict or a mapping) to raw values, exactly as typed.

        `files` has, by input name, lists of {name, type, size, token} that the caller stored from this very post; `stored` has
        by token those from before that this person may keep. `step` reads only that step. A button that adds or removes a row has been
        followed already; `Submission.action` says so. `context` is accepted so that all three calls look the same.
        """
        return Reader(post, files, stored).read(self._parts(step))

    def merge(self, draft: Mapping[str, Any], submission: Submission) -> dict[str, Any]:
        """The draft with what was just sent laid over it, value by value: what was not on the page stays."""
        merged = _copied(draft)
        for part in self._root.inside():
            if part.path and not part.lists():
                value = get(submission.data, part.path)
                if value is not MISSING:
                    put(merged, part.path, value)
        return merged

    def validate(
        self,
        data: Mapping[str, Any],
        *,
        context: Mapping[str, Any] | None = None,
        step: int | Step | None = None,
        strict: bool = False,
        roles: Collection[str] | None = None,
    ) -> dict[str, Any]:
        """Clean data for the engine from what was typed or sent.

        Gives text, bool, int, Decimal, None, lists and dicts; dates as ISO 8601 text. Hidden and disabled fields are left out,
        read-only ones have the value from `context`. `strict` refuses keys the form does not have (in a whole form, not a step);
        `roles` are the sender's (None: all fields are theirs).
        With `step`, `data` is still the whole draft and only that step's values are checked and returned.
        Raises Invalid with the sentences by dotted key (`persons.0.name`).
        """
        run = Run(self._root, data, context or {}, self._clock, roles, strict and step is None)
        try:
            clean = schemas.load(self._schema(self._index(step)), data, run)
        except ValidationError as error:
            raise Invalid(SUMMARY, schemas.flatten(error.messages)) from None
        if run.settings.exhausted:
            raise Invalid(EXHAUSTED, {"": [EXHAUSTED]})
        return clean

    def render(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        context: Mapping[str, Any] | None = None,
        errors: Mapping[str, Any] | None = None,
        step: int | Step | None = None,
        roles: Collection[str] | None = None,
        native_dates: bool = False,
    ) -> RenderModel:
        """The form as a tree for templates, with `data` exactly as typed.

        `errors` are those of Invalid.fields. `native_dates` shows dates as one native input (for staff) where the form says nothing.
        `roles` are the reader's; with `step` only that step is drawn, its group's fields directly on the page.
        """
        data, errors = data or {}, errors or {}
        run = Run(self._root, data, context or {}, self._clock, roles)
        parts = self._parts(step)
        drawn = Artist(run, data, errors, native_dates).draw(parts, run.top, data)
        buttons = [part for part in self._root.inside() if part.type == "button" and part.source.get("action", "submit") == "submit"]
        if run.settings.exhausted:
            errors = {**errors, "": [*errors_at(errors, ""), EXHAUSTED]}
        found = self._step(step)
        heading = next((field.label for field in drawn if field.type == "group"), "")
        return RenderModel(
            id=self.id,
            title=heading if found else self.title,
            fields=_unwrapped(drawn) if found else drawn,
            errors={key: errors_at(errors, key) for key in errors},
            submit_label=str(run.top.evaluate(buttons[0], "label", "")) if buttons else "",
            has_files=any(inner.type == "filepicker" for part in parts for inner in part.inside()),
            changes=any(not isinstance(rule, Constant) for part in parts for inner in part.inside() for rule in _rules(inner)),
        )

    def unseen(
        self,
        submission: Submission,
        data: Mapping[str, Any],
        *,
        context: Mapping[str, Any] | None = None,
        step: int | Step | None = None,
        roles: Collection[str] | None = None,
    ) -> list[str]:
        """Names of inputs that what was sent has revealed and that were not on the page: show the page again before going on.

        `data` is the whole draft, `roles` are the reader's. Empty where the page did not say what it showed.
        """
        if submission.shown is None:
            return []
        model = self.render(data, context=context, step=step, roles=roles)
        return [field.name for field in model.everything() if field.editable and field.name and field.name not in submission.shown]

    def open_steps(
        self, data: Mapping[str, Any] | None = None, *, context: Mapping[str, Any] | None = None, roles: Collection[str] | None = None
    ) -> list[Step]:
        """The steps that have something to show, given the answers so far."""
        run = Run(self._root, data or {}, context or {}, self._clock, roles)
        return [step for step in self.steps if any(not run.top.hidden(self._components[ident]) for ident in step.component_ids)]

    def step_of(self, key: str) -> Step | None:
        """The step on which a key, with or without row numbers, is asked for."""
        plain = ".".join(part for part in key.split(".") if not part.isdigit())
        return next((step for step in self.steps if any(plain == known or known.startswith(plain + ".") for known in step.keys)), None)

    def _step(self, step: int | Step | None) -> Step | None:
        return self.steps[step] if isinstance(step, int) else step

    def _index(self, step: int | Step | None) -> int | None:
        return step.index if isinstance(step, Step) else step

    def _parts(self, step: int | Step | None) -> list[Component]:
        found = self._step(step)
        return self._root.children if found is None else [self._components[ident] for ident in found.component_ids]

    def _schema(self, index: int | None) -> schemas.FormSchema:
        made = self._schemas.get(index)
        if made is None:
            made = self._schemas[index] = schemas.build(self._parts(index))
        return made


def _rules(part: Component) -> Iterator[Any]:
    """What is worked out of a component, but for its pattern."""
    return (rule for name, rule in part.compiled.items() if name != "pattern")


def _field(part: Component) -> Field:
    return Field(
        key=dotted(part.full_path()),
        type=part.type,
        label=title_of(part),
        required=part.required,
        options=part.options or (),
        personal=part.personal,
        roles=part.roles,
        properties=part.properties,
        id=part.id,
        lists=tuple(dotted(outer.full_path()) for outer in part.lists()),
        computed=part.type == "expression",
    )


def _steps(root: Component) -> list[Step]:
    """Top-level groups are the steps; what stands between them belongs to the step before, or to the first."""
    parts: list[list[Component]] = []
    loose: list[Component] = []
    for part in root.children:
        if part.type == "group":
            parts.append([*loose, part])
            loose = []
        elif parts:
            parts[-1].append(part)
        else:
            loose.append(part)
    if not parts and loose:
        parts.append(loose)
    return [_one_step(index, members) for index, members in enumerate(parts)]


def _one_step(index: int, members: list[Component]) -> Step:
    head = next((part for part in members if part.type == "group"), members[0])
    title = str(head.source.get("label") or "") if head.type == "group" else ""
    keys = [dotted(part.full_path()) for member in members for part in member.inside() if part.type in KEYED_TYPES and part.path]
    return Step(index, head.id, title, tuple(keys), tuple(member.id for member in members))


def _unwrapped(drawn: list[RenderField]) -> list[RenderField]:
    """A step's group is the page itself: its fields stand on it directly."""
    flat: list[RenderField] = []
    for field in drawn:
        flat.extend(field.children if field.type == "group" and not field.hidden else [field])
    return flat


def _copied(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if isinstance(value, Mapping) else value for key, value in data.items()}
