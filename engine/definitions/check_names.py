"""Names that are read and that nothing sets: mostly misspelt, sometimes given from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from amends.engine.definitions.expressions import FUNCTIONS, Expressions
from amends.engine.definitions.findings import Findings
from amends.engine.definitions.known import FILED, Forms, Names, form_keys
from amends.engine.definitions.model import Element, Flow, is_feel
from amends.engine.definitions.package import Package
from amends.engine.definitions.sites import Site
from amends.engine.feel import Expression


def keys_of(package: Package, forms: Forms | None, operations: Mapping[str, Any] | None) -> dict[str, frozenset[str]]:
    """The keys of the variables whose keys are known: settings, clocks, and what the filing form gives."""
    found: dict[str, frozenset[str]] = {}
    if package.single:
        return found
    manifest = package.manifest
    found["settings"] = frozenset(manifest.settings)
    if manifest.clocks:
        found["clocks"] = frozenset(manifest.clocks)
    if manifest.complaints.form:
        fields = form_keys(package, manifest.complaints.form, forms)
        if fields is not None:
            found[FILED] = frozenset(key.split(".")[0] for key in fields)
    return found


def check_names(found: Findings, places: list[Site], known: Names, keys: Mapping[str, frozenset[str]], expressions: Expressions) -> None:
    """Warn of each name once an element."""
    said: set[tuple[str, str]] = set()
    for site in places:
        expression = expressions.get(site.text) if site.condition or is_feel(site.text) else None
        for what, help in () if expression is None else _faults(site, expression, known, keys):
            if (site.owner.id, what) not in said:
                said.add((site.owner.id, what))
                found.warn(site.owner, "unknown-name", f"{site.what} reads {what}", help, line=site.line)


def _faults(site: Site, expression: Expression, known: Names, keys: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, str]]:
    """What one expression reads and nothing sets, and what to do about it."""
    for name in sorted(expression.calls - FUNCTIONS - known.names - site.locals):
        yield f"the function {name!r}, which does not exist.", _advice(name, FUNCTIONS, "Correct its name.")
    if not known.open and not _own_result(site):
        for name in sorted(expression.names - expression.item_names - known.names - site.locals - FUNCTIONS):
            help = "Correct its name, or set it by a form, a mapping or a result."
            yield f"{name!r}, which nothing sets.", _advice(name, known.names | site.locals, help)
    for path in sorted(expression.paths):
        name, dot, rest = path.partition(".")
        key = rest.partition(".")[0]
        if dot and name in keys and name not in site.locals and name not in expression.item_names and key not in keys[name]:
            help = f"Correct it, or add {key!r} to {'the filing form' if name == FILED else 'package.toml'}."
            yield f"'{name}.{key}', which nothing sets.", _advice(key, keys[name], help)


def _own_result(site: Site) -> bool:
    """Whether the place is an output mapping, which reads what a job, a called process or a message gave."""
    owner: Element | Flow = site.owner
    if not isinstance(owner, Element) or not site.what.startswith("The output"):
        return False
    return owner.type in ("serviceTask", "sendTask", "callActivity", "receiveTask", "userTask", "subProcess") or owner.event is not None


def _advice(name: str, names: frozenset[str] | set[str], help: str) -> str:
    close = get_close_matches(name, names, 1)
    return f"{help} Is it {close[0]!r}?" if close else help
