"""What one evaluation carries: its variables, clock, functions, warnings, and the budget it uses up."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from typing import Any

from amends.engine.feel.errors import BudgetError, FeelWarning, place
from amends.engine.feel.extent import Extent, characters_of
from amends.engine.feel.limits import DEFAULT_BUDGET, Budget
from amends.engine.feel.nodes import Node

_CHECK_EVERY = 5_000
_FIRST_CHECK = 64
MAX_WARNINGS = 200
"""Warnings kept of one evaluation: a fault inside a long loop says the same again and again."""

_CONTAINERS = (list, dict)
Clock = Callable[[], dt.datetime]
TypeTest = Callable[[Any], bool]
Functions = Mapping[str, Callable[..., Any]]


class Meter:
    """What is left of a budget. One meter may be shared by several evaluations, as those of one decision graph."""

    # The defaults stand in the class, so that an evaluation that is given no budget costs nothing to begin.
    limits = DEFAULT_BUDGET
    steps = DEFAULT_BUDGET.steps
    depth = DEFAULT_BUDGET.depth
    regex_seconds = DEFAULT_BUDGET.regex_seconds
    output = DEFAULT_BUDGET.output
    _next_check = DEFAULT_BUDGET.steps - _FIRST_CHECK
    _deadline = 0.0

    @classmethod
    def of(cls, limits: Budget) -> Meter:
        """A full meter of a budget."""
        meter = cls()
        meter.limits = limits
        meter.steps = limits.steps
        meter.depth = limits.depth
        meter.regex_seconds = limits.regex_seconds
        meter.output = limits.output
        meter._next_check = max(limits.steps - _FIRST_CHECK, 0)
        return meter

    def charge(self, steps: int) -> None:
        """Use up some steps; raises BudgetError when none are left, or the time is up."""
        self.steps -= steps
        if self.steps < self._next_check:
            self._check()

    def _check(self) -> None:
        if self.steps < 0:
            raise BudgetError(f"The evaluation took more than {self.limits.steps:,} steps. Make its lists or loops smaller.")
        now = time.monotonic()
        if not self._deadline:
            self._deadline = now + self.limits.seconds
        if now > self._deadline:
            raise BudgetError(f"The evaluation took longer than {self.limits.seconds} seconds. Make its lists or loops smaller.")
        self._next_check = max(self.steps - _CHECK_EVERY, 0)

    def size(self, items: int) -> None:
        """Refuse a list of more entries than allowed; otherwise charge for it."""
        if items > self.limits.items:
            raise BudgetError(f"A list of {items:,} entries is more than the {self.limits.items:,} an evaluation may build.")
        self.charge(items >> 3)

    def text(self, characters: int) -> None:
        """Refuse a string of more characters than allowed; otherwise charge for it."""
        if characters > self.limits.text:
            raise BudgetError(f"A text of {characters:,} characters is more than the {self.limits.text:,} an evaluation may build.")
        self.charge(characters >> 6)

    def whole(self, value: Any) -> None:
        """Charge for a value that leaves the evaluation, in depth: inside, parts may be shared, outside they are written out."""
        if type(value) in _CONTAINERS:
            extent = Extent(self.charge)
            entries, characters, _ = extent.of(value)
            self.charge(entries - extent.looked)
        else:
            characters = characters_of(value)
        self.output -= characters
        if self.output < 0:
            raise BudgetError(f"The result is more than the {self.limits.output:,} characters an evaluation may give. Make it smaller.")

    def enter(self, cost: int) -> None:
        """One function call deeper, into a body that costs so much."""
        self.depth -= 1
        if self.depth < 0:
            raise BudgetError(f"Functions call each other more than {self.limits.depth} deep. Look for one that calls itself.")
        self.charge(cost)

    def leave(self) -> None:
        self.depth += 1


class Run:
    """One evaluation."""

    # As above: most evaluations are given variables and nothing else.
    functions: Mapping[str, Any] | None = None
    types: Mapping[str, TypeTest] | None = None
    now: Clock | None = None
    warnings: list[FeelWarning] | None = None
    memo: dict[str, Any] | None = None

    def __init__(self, variables: Mapping[str, Any], meter: Meter) -> None:
        self.variables = variables
        self.meter = meter

    @classmethod
    def of(
        cls,
        variables: Mapping[str, Any],
        meter: Meter,
        functions: Mapping[str, Any] | None,
        types: Mapping[str, TypeTest] | None,
        now: Clock | None,
        warnings: list[FeelWarning] | None,
    ) -> Run:
        """An evaluation with all it can be given."""
        run = cls(variables, meter)
        run.functions, run.types, run.now, run.warnings = functions, types, now, warnings
        return run

    def warn(self, text: str, node: Node, message: str) -> None:
        """Note why a part of the text became null."""
        if self.warnings is not None and len(self.warnings) < MAX_WARNINGS:
            line, column = place(text, node.start)
            part = " ".join(text[node.start : node.end].split())
            self.warnings.append(FeelWarning(message, line, column, part if len(part) <= 80 else part[:79] + "…"))

    def fault(self, text: str, node: Node, fault: Exception) -> None:
        """Note a fault of an operator, whose message begins in the middle of a sentence."""
        if self.warnings is not None:
            message = str(fault)
            self.warn(text, node, f"{message[:1].upper()}{message[1:]}, so the result is null")

    def clock(self) -> dt.datetime:
        """This instant by the injected clock, else the system's in UTC."""
        return self.now() if self.now is not None else dt.datetime.now(dt.UTC)


class Frame:
    """The variables of one scope at run time; the outermost holds those of the context."""

    __slots__ = ("vars", "parent", "run")

    def __init__(self, variables: Mapping[str, Any], parent: Frame | None, run: Run) -> None:
        self.vars = variables
        self.parent = parent
        self.run = run


class ItemFrame(Frame):
    """The scope of a filter: the entries of the item it looks at, and the item itself."""

    __slots__ = ("item",)

    def __init__(self, item: Any, parent: Frame, run: Run) -> None:
        self.vars = item if type(item) is dict else {}
        self.parent = parent
        self.run = run
        self.item = item


Code = Callable[[Frame], Any]
