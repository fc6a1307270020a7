"""What one evaluation carries: its variables, clock, functions, warnings, and the budget it uses up."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from typing import Any

from amends.engine.feel.errors import BudgetError, FeelWarning, place
from amends.engine.feel.limits import DEFAULT_BUDGET, Budget
from amends.engine.feel.nodes import Node

_CHECK_EVERY = 5_000
MAX_WARNINGS = 200
"""Warnings kept of one evaluation: a fault inside a long loop says the same again and again."""

Clock = Callable[[], dt.datetime]
TypeTest = Callable[[Any], bool]


class Meter:
    """What is left of a budget. One meter may be shared by several evaluations, as those of one decision graph."""

    __slots__ = ("limits", "steps", "depth", "regex_seconds", "_next_check", "_deadline")

    def __init__(self, limits: Budget = DEFAULT_BUDGET) -> None:
        self.limits = limits
        self.steps = limits.steps
        self.depth = limits.depth
        self.regex_seconds = limits.regex_seconds
        self._next_check = limits.steps - 64
        self._deadline = 0.0

    def charge(self, steps: int) -> None:
        """Use up some steps; raises BudgetError when none are left, or the time is up."""
        self.steps -= steps
        if self.steps < self._next_check:
            self._check()

    def _check(self) -> None:
        if self.steps < 0:
            raise BudgetError(f"The evaluation took more than {self.limits.steps:,} steps and was ended. Make its lists or loops smaller.")
        now = time.monotonic()
        if not self._deadline:
            self._deadline = now + self.limits.seconds
        if now > self._deadline:
            raise BudgetError(f"The evaluation took longer than {self.limits.seconds} seconds and was ended. Make its lists or loops smaller.")
        self._next_check = self.steps - _CHECK_EVERY

    def size(self, items: int) -> None:
        """Refuse a list of more entries than allowed; otherwise charge for it."""
        if items > self.limits.items:
            raise BudgetError(f"A list of {items:,} entries is more than the {self.limits.items:,} an evaluation may build.")
        self.charge(items >> 3)

    def text(self, characters: int) -> None:
        """Refuse a string of more characters than allowed; otherwise charge for it."""
        if characters > self.limits.text:
            raise BudgetError(f"A text of {characters:,} characters is more than the {self.limits.text:,} an evaluation may build.")
        self.charge(characters >> 7)

    def enter(self) -> None:
        """One function call deeper."""
        self.depth -= 1
        if self.depth < 0:
            raise BudgetError(f"Functions call each other more than {self.limits.depth} levels deep. Look for a function that calls itself.")
        self.charge(2)

    def leave(self) -> None:
        self.depth += 1


class Run:
    """One evaluation."""

    __slots__ = ("variables", "functions", "types", "now", "warnings", "meter", "memo")

    def __init__(
        self,
        variables: Mapping[str, Any],
        functions: Mapping[str, Any] | None,
        types: Mapping[str, TypeTest] | None,
        now: Clock | None,
        warnings: list[FeelWarning] | None,
        meter: Meter,
    ) -> None:
        self.variables = variables
        self.functions = functions
        self.types = types
        self.now = now
        self.warnings = warnings
        self.meter = meter
        self.memo: dict[str, Any] | None = None

    def warn(self, text: str, node: Node, message: str) -> None:
        """Note why a part of the text became null."""
        if self.warnings is not None and len(self.warnings) < MAX_WARNINGS:
            line, column = place(text, node.start)
            part = " ".join(text[node.start : node.end].split())
            self.warnings.append(FeelWarning(message, line, column, part if len(part) <= 80 else part[:79] + "…"))

    def clock(self) -> dt.datetime:
        """This instant by the injected clock, else the system's in UTC."""
        return self.now() if self.now is not None else dt.datetime.now(dt.UTC)


class Frame:
    """The variables of one scope at run time; the outermost holds those of the context."""

    __slots__ = ("vars", "parent", "run", "item")

    def __init__(self, variables: Mapping[str, Any], parent: Frame | None, run: Run, item: Any = None) -> None:
        self.vars = variables
        self.parent = parent
        self.run = run
        self.item = item


Code = Callable[[Frame], Any]
