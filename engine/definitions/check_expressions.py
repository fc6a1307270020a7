"""Whether every expression of a process is FEEL, every plain value what it has to be, and every mapping complete."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from amends.engine.definitions.check_values import check_values
from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.findings import Findings, called, the
from amends.engine.definitions.model import Element, Flow, Process, is_feel
from amends.engine.definitions.sites import REQUIRED, WARNED, Site
from amends.engine.feel import KEYWORDS, RESERVED

_VARIABLE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def check_expressions(found: Findings, process: Process, places: list[Site], expressions: Expressions, settings: Mapping[str, Any]) -> None:
    """Syntax of all expressions, and of what may stand there instead.

    `places` are the process's sites, `settings` the package's: a timer that reads one is checked by the setting's default.
    """
    for site in places:
        _syntax(found, site, expressions)
    for element in process.all_elements():
        _mappings(found, element)
        check_values(found, element, expressions, settings)


def _syntax(found: Findings, site: Site, expressions: Expressions) -> None:
    language = site.owner.language if isinstance(site.owner, Flow) else None
    if language and not is_feel(site.text) and "feel" not in language.casefold():
        message = f"{site.what} is written in {language!r}: {_short(site.text)}. Conditions are FEEL here."
        found.add(site.owner, "not-feel", message, "Write it in FEEL, after an = sign.", line=site.line)
        return
    if not site.condition and not is_feel(site.text):
        if site.feel == REQUIRED:
            message = f"{site.what} is no expression: {_short(site.text)}."
            found.add(site.owner, "not-feel", message, "Write FEEL after an = sign.", line=site.line)
        elif site.feel == WARNED:
            message = f"{site.what} is taken as plain text: {_short(site.text)}."
            found.warn(site.owner, "not-feel", message, "If it is to be computed, write FEEL after an = sign.", line=site.line)
        return
    fault = expressions.fault(site.text)
    if fault is not None:
        message = f"{site.what} is not FEEL: {_short(site.text)}. {fault}"
        foreign = any(mark in site.text for mark in ("${", "#{"))
        help = "It is of Camunda 7: `amends convert FILE` translates it, or write FEEL." if foreign else "Put the expression right."
        found.add(site.owner, "feel-syntax", message, help, line=site.line)
    elif site.condition:
        certain, value = expressions.constant(site.text)
        if certain and value is not True:
            message = f"{site.what} is never true: {_short(site.text)} does not depend on anything."
            found.warn(site.owner, "never-true", message, "Let it read a variable, or delete the flow.", line=site.line)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return f"“{text if len(text) <= 80 else text[:77] + '…'}”"


def _readable(found: Findings, element: Element, name: str) -> None:
    """A name that is reserved, or a word of FEEL, is set and never read."""
    if name in RESERVED or name in KEYWORDS:
        why = "is reserved: expressions read something else" if name in RESERVED else "is a word of FEEL: no expression reads it"
        message = f"{called(element)} sets the variable {name!r}, which {why}."
        found.warn(element, "mapping", message, "Choose another name.")


def _mappings(found: Findings, element: Element) -> None:
    """A mapping needs both ends, and a target that can be a variable."""
    for kind, assignments in (("input", element.ext.inputs), ("output", element.ext.outputs)):
        for entry in assignments:
            if not entry.target or not entry.source:
                end = "variable name" if not entry.target else "value"
                message = f"An {kind} mapping of {the(element)} has no {end}."
                found.add(element, "mapping", message, "Fill it in, or delete the mapping.", line=entry.line)
            elif not _VARIABLE.fullmatch(entry.target):
                message = f"The {kind} {entry.target!r} of {the(element)} cannot be a variable's name."
                found.add(element, "mapping", message, "Use letters, digits and underscores, and begin with a letter.", line=entry.line)
    loop = element.loop
    names = [element.ext.result_variable, *(() if loop is None else (loop.input_element, loop.output_collection))]
    targets = [entry.target for entry in (*element.ext.inputs, *element.ext.outputs)] + [name for name in names if name]
    for name in dict.fromkeys(target.partition(".")[0] for target in targets):
        _readable(found, element, name)
    for name in names:
        if name and not _VARIABLE.fullmatch(name):
            message = f"{called(element)} names the variable {name!r}, which cannot be a variable's name."
            found.add(element, "mapping", message, "Use letters, digits and underscores, and begin with a letter.")
