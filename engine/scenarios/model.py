"""What a scenario says, read; and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from amends.engine.errors import AmendsError


class ScenarioError(AmendsError):
    """A scenario cannot be read; the text says where, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that must hold (or, `negated`, must not): `kind` as in the file, `want` what it says of it."""

    kind: str
    want: Any
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what happens (`action` and its value, None for a step that only looks) and what must hold afterwards.

    `arguments` are the action's further keys, data already put together. `refused` is a part of the sentence with which the
    action must be refused, None for one that must succeed. `number` counts from 1.
    """

    line: int
    number: int
    action: str | None = None
    value: Any = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    expectations: tuple[Expectation, ...] = ()
    refused: str | None = None

    def __str__(self) -> str:
        return "expect" if self.action is None else f'{self.action} "{self.value}"'


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story: how it begins, when, and what happens then.

    `begins` is "file" (a complaint is filed with `data`), "start" (the process `process` is started) or "" (a message begins it).
    `at` without a zone is in that of the package's default calendar. `people` are names and the roles they hold.
    """

    file: str
    line: int
    name: str
    at: datetime
    steps: tuple[Step, ...]
    begins: str = ""
    process: str = ""
    key: str | None = None
    channel: str = "web"
    data: Mapping[str, Any] = field(default_factory=dict)
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    mail: bool = True


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a scenario left its script: `step` in words, what was expected, and what was there, a line each."""

    file: str
    line: int
    step: str
    expected: str
    there: tuple[str, ...] = ()

    def __str__(self) -> str:
        there = [line for text in self.there for line in text.splitlines()]
        lines = [f"{self.file}:{self.line}: {self.step}", f"  expected  {self.expected}"]
        return "\n".join(lines + [f"  {'there' if number == 0 else '':<8}  {line}".rstrip() for number, line in enumerate(there)])


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one scenario; `failure` is None where it passed."""

    file: str
    line: int
    name: str
    failure: Failure | None = None
    steps: int = 0

    @property
    def passed(self) -> bool:
        return self.failure is None
