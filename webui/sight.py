"""Which values one reader sees, as the forms mark them: fields of other roles never, those of a special category when asked for.

A form marks a field `roles` or `personal: special` (docs/forms.md). Where its value is shown again (summary, findings, history, trace) it
is covered by its key, at any depth: too much is covered rather than too little. Showing what is special is recorded (ISO 10002, 4.10).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request

from amends.engine.errors import NotFound
from amends.forms.form import Form
from amends.forms.model import Field
from amends.webui import actors, filling, packages
from amends.webui.state import application

SPECIAL = "Hidden: of a special category"
SHOW = "show"


@dataclass(frozen=True)
class Sight:
    """What is covered for a reader: key → the words shown in its place. `special` says that the reader asked to see what is special."""

    covered: Mapping[str, str] = field(default_factory=dict)
    special: bool = False
    has_special: bool = False
    met: set[str] = field(default_factory=set)
    """Keys that were covered so far: where none of a special category was, there is nothing to ask for."""

    def cover(self, value: Any, key: str = "") -> Any:
        """A value, with everything inside it that is not for this reader replaced by words that say why."""
        if key in self.covered and value not in (None, "", [], {}):
            return self.instead(key, value)
        if isinstance(value, Mapping):
            return {name: self.cover(inner, str(name)) for name, inner in value.items()}
        return [self.cover(inner) for inner in value] if isinstance(value, list) else value

    def instead(self, key: str, value: Any) -> Any:
        """What is shown of the value of one key."""
        if key not in self.covered:
            return value
        self.met.add(key)
        return self.covered[key]

    @property
    def hides_special(self) -> bool:
        """Whether something was covered that is shown on asking."""
        return any(self.covered[key] == SPECIAL for key in self.met)


def own(package: Any, instance_id: str | None = None) -> Sight:
    """What the account signed in sees of a package's forms; asking for what is special (`?hidden=show`) is written down."""
    account = actors.account()
    asked = request.args.get("hidden") == SHOW
    found = sight(forms_of(package), account.roles if account is not None else (), asked)
    if asked and instance_id and found.has_special:
        application().engine.record_read(instance_id, "special categories", actor=actors.actor())
    return found


def sight(forms: Iterable[Form], roles: Collection[str], special: bool) -> Sight:
    """What a reader with these roles sees."""
    covered: dict[str, str] = {}
    has_special = False
    titles: Mapping[str, str] | None = None
    for one in _fields(forms):
        key = one.key.rpartition(".")[2]
        if one.roles and not set(one.roles) & set(roles):
            titles = packages.role_titles() if titles is None else titles
            covered[key] = "Only for " + ", ".join(titles.get(role, role) for role in one.roles)
        elif one.personal == "special":
            has_special = True
            if not special:
                covered.setdefault(key, SPECIAL)
    return Sight(covered, special, has_special)


def forms_of(package: Any) -> Iterator[Form]:
    """Every form of a package."""
    for form_id in package.forms:
        try:
            yield filling.form_of(package, form_id)
        except NotFound:
            continue


def _fields(forms: Iterable[Form]) -> Iterator[Field]:
    return (one for form in forms for one in form.fields)
