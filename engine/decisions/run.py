"""One evaluation of a decision: what was given to it, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from amends.engine.decisions.explain import MatchedRule
from amends.engine.feel import MAX_WARNINGS, Budget, BudgetError, Clock, Evaluation, Expression, FeelWarning, Meter, UnaryTests, begin

Scope = dict[str, Any]

MAX_DEPTH = 100
"""Decisions, knowledge models and services inside one another; beyond this a model calls itself for ever."""

STEPS_OF_A_NODE = 5
"""What entering a decision or a function costs of the budget, besides the expressions in it."""

STEPS_OF_AN_ITEM = 3
"""What going on to the next item of a boxed loop or filter costs of the budget."""

TypeTests = Mapping[str, Callable[[Any], bool]]


class Run:
    """Functions of our own, the clock, the budget; warnings and matched rules as they come.

    The whole evaluation draws on one budget. `keep_rules` is False where nobody asks which rules matched, which spares collecting them.
    """

    __slots__ = ("depth", "functions", "keep_rules", "matched", "meter", "now", "warnings")

    def __init__(
        self,
        functions: Mapping[str, Any] | None,
        now: Clock | None,
        warnings: list[FeelWarning],
        budget: Budget | Meter | None = None,
        keep_rules: bool = False,
    ) -> None:
        self.functions = functions
        self.now = now
        self.warnings = warnings
        self.meter = budget if isinstance(budget, Meter) else Meter() if budget is None else Meter.of(budget)
        self.keep_rules = keep_rules
        self.matched: list[MatchedRule] = []
        self.depth = 0

    def warn(self, message: str, part: str = "", line: int = 0) -> None:
        """Note why something became null."""
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(FeelWarning(message, line, 1 if line else 0, part))

    def value(self, expression: Expression, scope: Scope, types: TypeTests | None = None) -> Any:
        """What an expression yields in this scope. Raises BudgetError when it takes more than it may."""
        self.meter.charge(1)
        return expression.evaluate(scope, functions=self.functions, now=self.now, warnings=self.warnings, budget=self.meter, types=types)

    def test(self, tests: UnaryTests, value: Any, scope: Scope, types: TypeTests | None = None) -> bool | None:
        """Whether a value passes these tests in this scope. Raises BudgetError when that takes more than it may."""
        self.meter.charge(1)
        return tests.evaluate(value, scope, functions=self.functions, now=self.now, warnings=self.warnings, budget=self.meter, types=types)

    def frame(self, scope: Scope, types: TypeTests | None = None) -> Evaluation:
        """An evaluation in this scope that many unary tests share."""
        return begin(scope, functions=self.functions, now=self.now, warnings=self.warnings, budget=self.meter, types=types)

    def deeper(self, work: Callable[[], Any], what: str) -> Any:
        """The result of `work`, one level down. Raises BudgetError beyond the depth or the steps that a model may have."""
        if self.depth >= MAX_DEPTH:
            raise BudgetError(f"{what} is reached more than {MAX_DEPTH} levels deep and was ended. Look for one that calls itself.")
        self.meter.charge(STEPS_OF_A_NODE)
        self.depth += 1
        try:
            return work()
        finally:
            self.depth -= 1


Compiled = Callable[[Scope, Run], Any]


class Constant:
    """An expression that is a constant written out."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, scope: Scope, run: Run) -> Any:
        return self.value
