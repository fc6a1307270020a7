"""Many unary tests of one value at once, as a column of a decision table asks them: what they share is paid for once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from amends.engine.feel.batch_values import Declined
from amends.engine.feel.batches import FEWEST, Batch, shape
from amends.engine.feel.expression import UNEXPECTED, UnaryTests, defect, too_deep
from amends.engine.feel.plans import Plan, Planned
from amends.engine.feel.run import Frame, Run
from amends.engine.feel.values import Fault


class ManyTests:
    """Unary tests, each with a mask of bits that stands for those who ask it. Safe to use from several threads."""

    def __init__(self, tests: Sequence[tuple[UnaryTests, int]]) -> None:
        self.tests = tuple(tests)
        self._made: _Made | None = None

    def __bool__(self) -> bool:
        return bool(self.tests)

    @cached_property
    def singles(self) -> int:
        """How many tests have to be asked one by one, the others being asked in batches."""
        return len((self._made or self._make())[2])

    @cached_property
    def planned(self) -> list[tuple[UnaryTests, int]]:
        """The tests that a plan has, with their masks: what `ManyColumns` puts into one plan with those of other columns."""
        _, planned, _ = self._made or self._make()
        return [] if planned is None else [(tests, mask) for tests, _, _, mask in planned[1]]

    @cached_property
    def all_planned(self) -> bool:
        """Whether there are no other tests than those."""
        return len(self.planned) == len(self.tests)

    def passing(self, value: Any, candidates: int, frame: Frame, planned: tuple[int, list[int]] | None = None) -> int:
        """The masks, joined, of the tests that a value passes; tests none of whose bits is a candidate are not asked.

        No bit is in two masks. `frame` is an evaluation that has begun (`begin`). `planned` is what ManyColumns has found out already:
        the masks of those of `self.planned` that pass, and the places there of those that have to be asked. Raises BudgetError.
        """
        # Compiled when first asked: a model has many tables, and most evaluations use few of them.
        batches, plan, alone = self._made or self._make()
        found = 0
        if plan is not None and planned is not None:
            made, plan = plan[1], None
            found = planned[0]
            if planned[1]:
                found |= _one_by_one([made[place] for place in planned[1]], value, candidates, frame)
        if batches or plan:
            passed, declined = _together(batches, plan, value, candidates, frame)
            found |= passed
            for tests in declined:
                found |= _one_by_one(tests, value, candidates, frame) if tests else 0
        if alone:
            found |= _one_by_one(alone, value, candidates, frame)
        frame.run.meter.charge(len(self.tests))
        return found & candidates

    def _make(self) -> _Made:
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
        planned: _Planned | None = None
        if len(alone) >= FEWEST:
            plan = Plan([(tests.ast, 0, mask) for tests, *_, mask in alone])
            if plan.size >= FEWEST:
                left = set(plan.left)
                fit = [each for place, each in enumerate(alone) if place not in left]
                planned = Plan([(tests.ast, 0, mask) for tests, *_, mask in fit]), fit
                alone = [alone[place] for place in plan.left]
        self._made = batches, planned, alone
        return self._made


_FEW = 8
"""A batch is asked for all its tests; where not even one in so many is wanted, those cost less alone."""

_Alone = tuple[UnaryTests, Any, bool, int]
"""A test, its code where it is a single one, whether it names the value as ?, and its mask."""

_Batched = tuple[Batch, list[_Alone]]


_Planned = tuple[Plan, list[_Alone]]
"""A plan, and what it was made of, by its places."""

_Made = tuple[list[_Batched], _Planned | None, list[_Alone]]


class _Unwarned:
    """Where what is evaluated may be evaluated again, each on its own: then it warns."""

    __slots__ = ("run", "warnings")

    def __init__(self, run: Run) -> None:
        self.run = run

    def __enter__(self) -> None:
        self.warnings, self.run.warnings = self.run.warnings, None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        run = self.run
        run.warnings = self.warnings
        if run.memo:
            # A name that is null warns where it is first read: it has to be read anew.
            run.memo = {name: known for name, known in run.memo.items() if known is not None}
        if kind is not None and issubclass(kind, RecursionError):
            raise too_deep() from None


class ManyColumns:
    """What several columns of a table have to ask test by test, put into one plan."""

    def __init__(self, columns: Sequence[ManyTests], width: int) -> None:
        """width: more bits than any of their masks has."""
        self.columns = tuple(columns)
        self._width, self._bits = width, (1 << width) - 1
        self._starts: list[int] = []
        tests: list[Planned] = []
        for number, column in enumerate(columns):
            self._starts.append(len(tests))
            tests += [(each.ast, number, mask << number * width) for each, mask in column.planned]
        self.plan = Plan(tests)
        self._size = len(tests)

    def passing(self, values: Sequence[Any], frame: Frame) -> list[tuple[int, list[int]]] | None:
        """For each column what ManyTests.passing takes as planned; None where each has to be asked on its own."""
        frame.run.meter.charge(self._size)
        with _Unwarned(frame.run):
            try:
                found, left = self.plan.passing(values, frame)
            except (Declined, ArithmeticError):
                return None
        answers: list[tuple[int, list[int]]] = [(found >> number * self._width & self._bits, []) for number in range(len(self.columns))]
        for place in left:
            number = bisect_right(self._starts, place) - 1
            answers[number][1].append(place - self._starts[number])
        return answers


def _together(
    batches: list[_Batched], planned: _Planned | None, value: Any, candidates: int, frame: Frame
) -> tuple[int, list[list[_Alone]]]:
    """The masks of the tests that pass, and the tests that have to be asked one by one. Nothing is warned of."""
    run = frame.run
    named = Frame({"?": value}, frame, run)
    found, declined = 0, []
    with _Unwarned(run):
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
        if planned is not None:
            plan, tests = planned
            wanted = plan.mask & candidates
            if _FEW * wanted.bit_count() < plan.size:
                declined.append(tests)
            else:
                try:
                    passed, left = plan.passing((value,), frame)
                    found |= passed
                    declined.append([tests[place] for place in left])
                except (Declined, ArithmeticError):
                    declined.append(tests)
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
