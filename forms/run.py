"""One look at a form with data: what each expression sees, which components are hidden or locked, what is computed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from amends.forms.convert import as_given, as_typed, empty_value
from amends.forms.data import MISSING, get, merge, put, remove
from amends.forms.dates import Clock
from amends.forms.expressions import Expression, Seen, Settings, plain
from amends.forms.model import INPUT_TYPES, Component

MAX_PASSES = 8
"""How often conditions are looked at again because another one changed; rules that never settle stop there."""

MAX_ROWS = 200
"""Rows of a dynamic list at most."""


class Scope:
    """Where a component stands: in the form itself, or in one row of a dynamic list (form-js: this, parent, i)."""

    def __init__(
        self, run: Run, values: dict[str, Any], outer: Any, parent: Scope | None = None, prefix: tuple[str | int, ...] = ()
    ) -> None:
        self.run = run
        self.values = values
        self.outer = outer
        self.parent = parent
        self.prefix = prefix
        self.indexes: tuple[int, ...] = tuple(part for part in prefix if isinstance(part, int))
        self._seen = Seen({}, run.settings)
        self._version = -1

    @property
    def seen(self) -> Seen:
        """What expressions see here: the special names beneath the data and, with underscores, above it, as in form-js."""
        if self._version != self.run.version:
            visible = self.run.visible
            this = self.values if self.parent else visible
            above = (self.parent.values if self.parent.parent else visible) if self.parent else None
            indexes = [index + 1 for index in self.indexes]
            names = {"this": this, "parent": above, "i": indexes, **visible, "_this_": this, "_parent_": above, "_i_": indexes}
            self._seen = Seen(names, self.run.settings)
            self._version = self.run.version
        return self._seen

    def row(self, component: Component, number: int, values: dict[str, Any]) -> Scope:
        """The scope of one row of the dynamic list `component`."""
        given = get(self.outer, (*component.path, number))
        return Scope(self.run, values, given, self, (*self.prefix, *component.path, number))

    def rows(self, component: Component) -> Iterator[Scope]:
        """One scope per row of the dynamic list `component`."""
        for number, values in enumerate(get(self.values, component.path) or ()):
            yield self.row(component, number, values)

    def evaluate(self, component: Component, name: str, default: Any = None) -> Any:
        """A property of `component` in this scope: its constant, or what its expression gives."""
        found = component.compiled.get(name)
        value = None if found is None else found.evaluate(self.seen)
        return default if value is None else value

    def hidden(self, component: Component) -> bool:
        """Whether the component, or what it stands in within this scope, is hidden or not for the reader's roles."""
        if not self.run.allowed(component):
            return True
        above: Component | None = component
        while above is not None and (above is component or not above.is_list):
            if (above.id, self.indexes) in self.run.hidden:
                return True
            above = above.parent
        return False

    def locked(self, component: Component) -> bool:
        """Whether the value may not be changed: read-only or disabled, alone or with the group or list around it."""
        above: Component | None = component
        scope: Scope | None = self
        while above is not None and scope is not None:
            if scope.evaluate(above, "readonly") is True or above.source.get("disabled") is True:
                return True
            above = above.parent
            if above is not None and above.is_list:
                scope = scope.parent
        return False

    def given(self, component: Component) -> Any:
        """The value the process has for the component, else the form's default, else MISSING."""
        found = get(self.outer, component.path)
        if found is not MISSING:
            return found
        default = component.source.get("defaultValue")
        return MISSING if default is None else default


class Run:
    """A form looked at with `data` (what was answered so far, as typed) and `context` (what the process knows).

    `roles` are the reader's (None: no restriction); `strict` refuses keys that the form does not have.
    """

    def __init__(
        self,
        root: Component,
        data: Mapping[str, Any],
        context: Mapping[str, Any],
        clock: Clock,
        roles: Collection[str] | None = None,
        strict: bool = False,
    ) -> None:
        self.root = root
        self.settings = Settings(now=clock.moment, functions=clock.functions)
        self.clock = clock
        self.roles = None if roles is None else frozenset(roles)
        self.strict = strict
        self.hidden: set[tuple[str, tuple[int, ...]]] = set()
        self.outer: dict[str, Any] = {key: value for key, value in context.items()}
        self.visible: dict[str, Any] = _copied(self.outer)
        self.rows: dict[tuple[str, tuple[int, ...]], list[Any]] = {}
        self.version = 0
        self.top = Scope(self, {}, self.outer)
        self._take(root, self.top, data)
        if any("hide" in part.compiled or part.type == "expression" for part in root.inside()):
            self._settle()

    def allowed(self, component: Component) -> bool:
        """Whether the reader's roles include one that the component is for."""
        return self.roles is None or not component.roles or bool(self.roles.intersection(component.roles))

    def _rows_of(self, component: Component, scope: Scope, data: Any) -> list[Any]:
        """A list's rows as answered, else as the process has them, else as many empty ones as the form starts with."""
        found = MISSING if scope.locked(component) else get(data, component.path)
        if found is MISSING or found is None:
            found = get(scope.outer, component.path)
        if found is MISSING or found is None:
            count = component.source.get("defaultRepetitions", 1)
            found = [{}] * (max(0, min(count, MAX_ROWS)) if isinstance(count, int) else 1)
        return list(found[:MAX_ROWS]) if isinstance(found, list | tuple) else []

    def _take(self, parent: Component, scope: Scope, data: Any) -> None:
        """Convert what was answered to typed values, in document order, so that later options may depend on earlier answers."""
        for component in parent.children:
            if component.is_list and component.path:
                found = self.rows[component.id, scope.indexes] = self._rows_of(component, scope, data)
                rows: list[dict[str, Any]] = [{} for _ in found]
                self._put(component, scope, rows)
                for number, row in enumerate(rows):
                    self._take(component, scope.row(component, number, row), found[number])
            elif component.type in INPUT_TYPES and component.path:
                raw = MISSING if scope.locked(component) else get(data, component.path)
                given = scope.given(component) if raw is MISSING else raw
                read = as_given if raw is MISSING else as_typed
                self._put(component, scope, empty_value(component) if given is MISSING else read(component, given, scope))
            elif not component.is_list:
                self._take(component, scope, data)

    def _put(self, component: Component, scope: Scope, value: Any) -> None:
        put(scope.values, component.path, value)
        if scope.parent is None:
            put(self.visible, component.path, value)
        self.version += 1

    def _settle(self) -> None:
        """Look at all conditions and computations until nothing changes: a hidden field has no value that others could see."""
        for _ in range(MAX_PASSES):
            before, self.hidden = self.hidden, set()
            changed = self._judge(self.root, self.top)
            if not changed and before == self.hidden:
                return
            seen: dict[str, Any] = _copied(self.top.values)
            self._prune(self.root, self.top, seen)
            self.visible = merge(self.outer, seen)
            self.version += 1

    def _judge(self, parent: Component, scope: Scope) -> bool:
        changed = False
        for component in parent.children:
            if self._hides(component, scope):
                self.hidden.add((component.id, scope.indexes))
            if component.type == "expression" and component.path:
                value = plain(scope.evaluate(component, "expression"))
                changed |= get(scope.values, component.path) != value
                put(scope.values, component.path, value)
            elif component.is_list and component.path:
                changed |= any([self._judge(component, row) for row in scope.rows(component)])
            else:
                changed |= self._judge(component, scope)
        return changed

    def _hides(self, component: Component, scope: Scope) -> bool:
        """Whether the component's condition hides it; null, as of `amount > 5` without an amount, does too.

        form-js evaluates it as a unary test of nothing, which null passes.
        """
        condition = component.compiled.get("hide")
        if not isinstance(condition, Expression):
            return False
        found = condition.evaluate(scope.seen)
        return found is True or (found is None and not self.settings.exhausted)

    def _prune(self, parent: Component, scope: Scope, values: dict[str, Any]) -> None:
        """Take hidden values out of `values`, a copy of the scope's."""
        for component in parent.children:
            if component.path and scope.hidden(component):
                remove(values, component.path)
            elif component.is_list and component.path:
                for row, inner in zip(scope.rows(component), get(values, component.path), strict=True):
                    self._prune(component, row, inner)
            else:
                self._prune(component, scope, values)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
