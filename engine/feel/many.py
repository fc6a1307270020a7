"""Many unary tests of one value at once, as a column of a decision table asks them: what they share is paid for once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amends.engine.feel.expression import UNEXPECTED, UnaryTests, defect, too_deep
from amends.engine.feel.run import Frame
from amends.engine.feel.values import Fault


class ManyTests:
    """Unary tests, each with a mask of bits that stands for those who ask it. Safe to use from several threads."""

    def __init__(self, tests: Sequence[tuple[UnaryTests, int]]) -> None:
        self.tests = tuple(tests)
        self._made: list[tuple[UnaryTests, Any, bool, int]] | None = None

    def __bool__(self) -> bool:
        return bool(self.tests)

    def passing(self, value: Any, candidates: int, frame: Frame) -> int:
        """The masks, joined, of the tests that a value passes; tests none of whose bits is a candidate are not asked.

        `frame` is an evaluation that has begun (`begin`). Raises BudgetError.
        """
        made = self._made
        if made is None:
            # Compiled when first asked: a model has many tables, and most evaluations use few of them.
            made = self._made = [(tests, tests.only, tests.asks, mask) for tests, mask in self.tests]
        named = Frame({"?": value}, frame, frame.run)
        found, tests = 0, None
        try:
            for tests, only, asks, mask in made:
                if not mask & candidates:
                    continue
                if only is None:
                    passed = tests.passes(value, frame)
                else:
                    try:
                        passed = only(named if asks else frame, value)
                    except Fault as fault:
                        frame.run.fault(tests.text, tests.ast, fault)
                        continue
                if passed is True:
                    found |= mask
        except RecursionError:
            raise too_deep() from None
        except UNEXPECTED as error:
            raise defect(tests.text if tests else "", error) from error
        frame.run.meter.charge(len(made))
        return found
