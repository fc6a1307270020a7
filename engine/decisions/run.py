"""One evaluation of a decision: what was given to it, and what it leaves behind."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping
from typing import Any

from amends.engine.decisions.explain import MatchedRule
from amends.engine.feel import Expression, FeelError, FeelWarning, UnaryTests
from amends.engine.feel.errors import BudgetError

Scope = dict[str, Any]

MAX_DEPTH = 100
"""Decisions, knowledge models and services inside one another; a knowledge model that calls itself for ever stops here."""

MAX_SECONDS = 2.0
"""Wall time of one evaluation of a model; each expression in it has FEEL's own budget besides."""


class Run:
    """Functions of our own, the clock, the budget; warnings and matched rules as they come.

    `keep_rules` is False where nobody asks which rules matched, which spares collecting them.
    """

    __slots__ = ("budget", "deadline", "depth", "functions", "keep_rules", "matched", "now", "options", "warnings")

    def __init__(
        self,
        functions: Mapping[str, Any] | None,
        now: datetime.datetime | None,
        warnings: list[FeelWarning],
        budget: Any = None,
        keep_rules: bool = False,
    ) -> None:
        self.functions = functions
        self.now = now
        self.warnings = warnings
        self.budget = budget
        self.keep_rules = keep_rules
        self.matched: list[MatchedRule] = []
        self.depth = 0
        self.deadline = time.monotonic() + MAX_SECONDS
        self.options: dict[str, Any] = {"functions": functions, "now": now, "warnings": warnings, "budget": budget}

    def warn(self, message: str, part: str = "", line: int = 0) -> None:
        """Note why something became null."""
        self.warnings.append(FeelWarning(message, line, 1 if line else 0, part))

    def value(self, expression: Expression, scope: Scope) -> Any:
        """What an expression yields in this scope. Raises BudgetError when it takes more than it may."""
        try:
            return expression.evaluate(scope, **self.options)
        except BudgetError:
            raise
        except FeelError as error:
            self.warn(str(error), expression.text)
            return None

    def test(self, tests: UnaryTests, value: Any, scope: Scope) -> bool | None:
        """Whether a value passes these tests in this scope. Raises BudgetError when that takes more than it may."""
        try:
            return tests.evaluate(value, scope, **self.options)
        except BudgetError:
            raise
        except FeelError as error:
            self.warn(str(error), tests.text)
            return None

    def deeper(self, work: Callable[[], Any], what: str) -> Any:
        """The result of `work`, one level down; null beyond the depth that a sound model reaches. Raises BudgetError after its time."""
        if time.monotonic() > self.deadline:
            raise BudgetError(f"The decision took more than {MAX_SECONDS:g} seconds; it was in {what}. Make it do less.")
        if self.depth >= MAX_DEPTH:
            self.warn(f"{what} is called inside itself more than {MAX_DEPTH} times.", what)
            return None
        self.depth += 1
        try:
            return work()
        finally:
            self.depth -= 1


Compiled = Callable[[Scope, Run], Any]
