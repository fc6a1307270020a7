"""A mapping says, as data, how a row of somebody's file becomes a complaint and which way it went.

It is TOML: names for the file's columns, FEEL for what the complaint form is filled with, and steps: which task was completed
when and with what. docs/import.md describes it.
"""

from __future__ import annotations

import codecs
import datetime as dt
import tomllib
from collections.abc import Mapping as Names
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from amends.engine.errors import Invalid
from amends.engine.feel import Expression, FeelError, parse

_TABLES = ("mapping", "columns", "dates", "flags", "received_at", "channel", "complaint", "facts", "tally", "steps")


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the mapping: FEEL after `=`, else itself."""

    raw: Any
    feel: Expression | None = None

    def of(self, context: Names[str, Any], functions: Names[str, Any], now: dt.datetime) -> Any:
        """Its value in a context."""
        return self.raw if self.feel is None else self.feel.evaluate(context, functions=functions, now=lambda: now)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done: a user task completed or a message sent, `at` an instant, if `when` holds."""

    task: str
    message: str
    when: Value
    at: Value
    actor: str
    data: Names[str, Value]


@dataclass(frozen=True, slots=True)
class Mapping:
    """How rows become complaints."""

    name: str
    title: str
    delimiter: str
    encoding: str
    columns: Names[str, str]
    dates: Names[str, str]
    flags: Names[str, Value]
    received_at: Value
    channel: Value
    complaint: Names[str, Value]
    facts: Names[str, Value]
    tally: Names[str, Value]
    steps: tuple[Step, ...] = field(default=())


def shipped_mappings() -> list[str]:
    """The names of the mappings that come with the product."""
    folder = files("amends.engine.complaints.replay") / "mappings"
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def load_mapping(source: str | Path) -> Mapping:
    """A mapping by the name of a shipped one, or from a file. Raises `Invalid` with every problem."""
    if str(source) in shipped_mappings():
        body = (files("amends.engine.complaints.replay") / "mappings" / f"{source}.toml").read_text("utf-8")
    else:
        path = Path(source)
        if not path.is_file():
            names = ", ".join(shipped_mappings())
            raise Invalid(f"There is no mapping {str(source)!r}: give a file, or one of those that come with amends ({names}).")
        body = path.read_text("utf-8")
    try:
        raw = tomllib.loads(body)
    except (ValueError, RecursionError) as error:  # no TOML, or a number or a list that Python does not read
        raise Invalid(f"The mapping {str(source)!r} cannot be read: {error}.") from error
    return _Reading(raw).mapping(str(source))


class _Reading:
    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.problems: dict[str, list[str]] = {}

    def mapping(self, source: str) -> Mapping:
        for key in self.raw:
            if key not in _TABLES:
                self.problems[key] = [f"There is no table {key!r}; the tables are {', '.join(_TABLES)}."]
        head = self.raw.get("mapping", {})
        steps = tuple(self.step(f"steps.{number}", item) for number, item in enumerate(self.raw.get("steps", []), 1))
        read = Mapping(
            name=str(head.get("name", Path(source).stem)),
            title=str(head.get("title", "")),
            delimiter=str(head.get("delimiter", ",")),
            encoding=self.encoding(str(head.get("encoding", "utf-8"))),
            columns=dict(self.raw.get("columns", {})),
            dates=dict(self.raw.get("dates", {})),
            flags=self.values("flags"),
            received_at=self.value("received_at", self.raw.get("received_at", "=null")),
            channel=self.value("channel", self.raw.get("channel", "web")),
            complaint=self.values("complaint"),
            facts=self.values("facts"),
            tally=self.values("tally"),
            steps=steps,
        )
        if self.problems:
            told = "; ".join(f"{place}: {' '.join(texts)}" for place, texts in self.problems.items())
            raise Invalid(f"The mapping {source!r} has problems: {told}", self.problems)
        return read

    def encoding(self, name: str) -> str:
        try:
            codecs.lookup(name)
        except LookupError:
            self.problems["mapping.encoding"] = [f"There is no encoding {name!r}; write utf-8, cp1252 or another that Python knows."]
        return name

    def values(self, table: str) -> dict[str, Value]:
        return {key: self.value(f"{table}.{key}", value) for key, value in self.raw.get(table, {}).items()}

    def value(self, place: str, raw: Any) -> Value:
        if not isinstance(raw, str) or not raw.lstrip().startswith("="):
            return Value(raw)
        try:
            return Value(raw, parse(raw.lstrip()[1:]))
        except FeelError as error:
            self.problems.setdefault(place, []).append(str(error))
            return Value(None)

    def step(self, place: str, item: dict[str, Any]) -> Step:
        for key in item:
            if key not in ("task", "message", "when", "at", "actor", "data"):
                self.problems.setdefault(place, []).append(f"There is no key {key!r} in a step.")
        if bool(item.get("task")) == bool(item.get("message")):
            self.problems.setdefault(place, []).append("A step names either a task or a message.")
        return Step(
            task=str(item.get("task", "")),
            message=str(item.get("message", "")),
            when=self.value(f"{place}.when", item.get("when", "=true")),
            at=self.value(f"{place}.at", item.get("at", "=now()")),
            actor=str(item.get("actor", "historical:staff")),
            data={key: self.value(f"{place}.data.{key}", value) for key, value in item.get("data", {}).items()},
        )
