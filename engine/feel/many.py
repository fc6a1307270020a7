"""Many unary tests of one value at once, as a column of a decision table asks them: what they share is paid for once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from amends.engine.feel.batch_values import Declined
from amends.engine.feel.batches import FEWEST, Batch, shape
from amends.engine.feel.expression import UNEXPECTED, UnaryTests, defect, too_deep
from amends.engine.feel.run import Frame
from amends.engine.feel.values import Fault


class ManyTests:
    """Unary tests, each with a mask of bits that stands for those who ask it. Safe to use from several threads."""

    def __init__(self, tests: Sequence[tuple[UnaryTests, int]]) -> None:
        self.tests = tuple(tests)
        self._made: tuple[list[_Batched], list[_Alone]] | None = None

    def __bool__(self) -> bool:
        return bool(self.tests)

    @cached_property
    def singles(self) -> int:
        """How many tests have to be asked one by one, the others being asked in batches."""
        return len(self._make()[1])

    def passing(self, value: Any, candidates: int, frame: Frame) -> int:
        """The masks, joined, of the tests that a value passes; tests none of whose bits is a candidate are not asked.

        No bit is in two masks. `frame` is an evaluation that has begun (`begin`). Raises BudgetError.
        """
        # Compiled when first asked: a model has many tables, and most evaluations use few of them.
        batches, alone = self._made or self._make()
        found = 0
        if batches:
            found, declined = _in_batches(batches, value, candidates, frame)
            for tests in declined:
                found |= _one_by_one(tests, value, candidates, frame)
        if alone:
            found |= _one_by_one(alone, value, candidates, frame)
        frame.run.meter.charge(len(self.tests))
        return found & candidates

    def _make(self) -> tuple[list[_Batched], list[_Alone]]:
        alike: dict[object, list[_Alone]] = {}
        alone: list[_Alone] = []
        for tests, mask in self.tests:
            alike.setdefault(shape(tests.ast), []).append((tests, tests.only, tests.asks, mask))
        batches = []
        for key, group in alike.items():
            try:
                if key is None or len(group) < FEWEST:
                    raise Declined
                batches.append((Batch([tests.ast for tests, *_ in group], [mask for *_, mask in group]), group))
            except Declined:
                alone += group
        self._made = batches, alone
        return self._made


_FEW = 8
"""A batch is asked for all its tests; where not even one in so many is wanted, those cost less alone."""

_Alone = tuple[UnaryTests, Any, bool, int]
"""A test, its code where it is a single one, whether it names the value as ?, and its mask."""

_Batched = tuple[Batch, list[_Alone]]


def _in_batches(batches: list[_Batched], value: Any, candidates: int, frame: Frame) -> tuple[int, list[list[_Alone]]]:
    """The masks of the tests that pass, and the tests that have to be asked one by one. Nothing is warned of."""
    run = frame.run
    named = Frame({"?": value}, frame, run)
    warnings, run.warnings = run.warnings, None
    found, declined = 0, []
    try:
        for batch, tests in batches:
            wanted = batch.mask & candidates
            if not wanted:
                continue
            if _FEW * wanted.bit_count() < batch.size:
                declined.append(tests)
                continue
            try:
                found |= batch.passing(named)
            except (Declined, Fault, ArithmeticError):
                declined.append(tests)
    except RecursionError:
        raise too_deep() from None
    finally:
        run.warnings = warnings
        if run.memo:
            # A name that is null warns where it is first read: it has to be read anew.
            run.memo = {name: known for name, known in run.memo.items() if known is not None}
    return found, declined


def _one_by_one(made: list[_Alone], value: Any, candidates: int, frame: Frame) -> int:
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
    return found
