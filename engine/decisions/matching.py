"""Which rules of a decision table accept the value of a column: looked up where that is possible, tested where it is not."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from amends.engine.decisions.conditions import condition, kinds_of
from amends.engine.decisions.geometry import Atoms, Domain, Region
from amends.engine.decisions.run import Run, TypeTests
from amends.engine.feel import Evaluation, ManyTests, UnaryTests

MaskedTest = tuple[UnaryTests, int]
"""A test, and a bit for each rule that uses it."""


class Matcher:
    """The conditions of one column.

    Those that can be drawn as sets divide the column into atoms; all values of one atom match the same rules, so a value is looked
    up and not tested. What cannot be drawn, and values of another type, are tested each time.
    """

    def __init__(self, always: int, tests: Sequence[MaskedTest], faults: Sequence[tuple[str, str, int]], types: TypeTests) -> None:
        self.always = always
        self.tests = list(tests)
        self.faults = list(faults)
        self.types = types
        self.all_tests = self.others = ManyTests(self.tests)
        self.type: type | None = None
        kinds = set().union(*(kinds_of(test) for test, _ in tests)) & _LOOKED_UP.keys()
        if len(kinds) == 1:
            self._draw(kinds.pop())

    def _draw(self, kind: str) -> None:
        domain = Domain(kind)
        drawn: list[tuple[Region, int]] = []
        others = []
        for test, mask in self.tests:
            region = condition(test, domain)
            if region is None:
                others.append((test, mask))
            else:
                drawn.append((region, mask))
        self.atoms = Atoms(domain, [region for region, _ in drawn], None)
        self.masks = [self.always] * (self.atoms.count + 1)
        for region, mask in drawn:
            bits = self.atoms.mask(region)
            for atom in range(self.atoms.count + 1):
                if bits >> atom & 1:
                    self.masks[atom] |= mask
        self.others = ManyTests(others)
        self.type = _LOOKED_UP[kind]

    def look(self, value: Any) -> tuple[int, ManyTests]:
        """The rules that accept a value as far as it can be looked up, and the tests that have yet to be asked."""
        if type(value) is self.type:
            return self.masks[self.atoms.atom(value)], self.others
        return self.always, self.all_tests

    def ask(
        self, tests: ManyTests, candidates: int, value: Any, run: Run, frame: Evaluation, planned: tuple[int, list[int]] | None = None
    ) -> int:
        """The rules, of these candidates, whose test a value passes; `frame` and `planned` are what the columns of a table share."""
        for message, text, line in self.faults:
            run.warn(message, text, line)
        return tests.passing(value, candidates, frame, planned) if tests and candidates else 0


_LOOKED_UP: dict[str, type] = {
    "number": Decimal,
    "string": str,
    "boolean": bool,
    "date": datetime.date,
    "days and time duration": datetime.timedelta,
}
"""The types whose values are looked up, each the exact Python type."""
