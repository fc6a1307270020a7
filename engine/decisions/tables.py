"""Decision tables, compiled once: which rules match, and what the hit policy makes of them (DMN 1.5, 8.2.8-8.2.11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from amends.engine.decisions import elements as e
from amends.engine.decisions.explain import MatchedRule
from amends.engine.decisions.matching import Matcher
from amends.engine.decisions.run import Compiled, Run, Scope
from amends.engine.decisions.types import Type
from amends.engine.decisions.values import same, shown
from amends.engine.feel import Evaluation, Expression, ManyColumns, ManyTests, UnaryTests, parse

POLICIES = frozenset({"U", "A", "P", "F", "R", "O", "C", "C+", "C<", "C>", "C#"})
"""Unique, any, priority, first, rule order, output order, collect, and collect with an aggregate."""


class InputColumn:
    """A compiled input clause: its label, how to get its value, which type and values it may have, and which rules accept one."""

    def __init__(self, label: str, value: Compiled, kind: Type, allowed: UnaryTests | None, matcher: Matcher) -> None:
        self.label = label
        self.value = value
        self.kind = None if kind.open else kind
        self.exact = kind.exact
        self.allowed = allowed
        self.matcher = matcher

    def declared(self, value: Any, run: Run, line: int) -> Any:
        """A value as the expression of this column declares it, or null with a warning."""
        if self.kind is None or value is None:
            return value
        converted, fits = self.kind.convert(value)
        if not fits:
            run.warn(f"{self.label} is {shown(value)}, which is not {self.kind.describe()}, so it is null.", line=line)
        return converted


@dataclass
class OutputColumn:
    """A compiled output clause; `ranks` orders values by priority, highest first, where the clause lists its values."""

    name: str
    kind: Type
    allowed: UnaryTests | None
    ranks: list[Any]
    default: Compiled | None


class CompiledTable:
    """A decision table ready to evaluate; `owner` is the decision its matched rules are reported under."""

    def __init__(
        self,
        table: e.Table,
        owner: str,
        inputs: Sequence[InputColumn],
        outputs: Sequence[OutputColumn],
        results: Sequence[Sequence[Compiled]],
    ) -> None:
        self.table = table
        self.owner = owner
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.results = [list(row) for row in results]
        self.everything = (1 << len(table.rules)) - 1
        self.policy = table.hit_policy
        self._kept: dict[int, list[Any]] = {}
        self._joined: dict[tuple[ManyTests, ...], ManyColumns] = {}
        self._listed: list[Any] = []  # the outputs of a table that lists them, where all are constants

    def __call__(self, scope: Scope, run: Run) -> Any:
        """The value of the table in this scope."""
        if self.policy not in POLICIES:
            run.warn(f"{self.owner} has the hit policy {self.policy}, which does not exist.", line=self.table.line)
            return None
        values = [column.value(scope, run) for column in self.inputs]
        for place, column in enumerate(self.inputs):
            value = values[place]
            if column.kind is not None and type(value) is not column.exact:
                values[place] = value = column.declared(value, run, self.table.line)
            if column.allowed is not None and value is not None and run.test(column.allowed, value, scope) is not True:
                text = f"{column.label} is {shown(value)}, which is not among its allowed values ({column.allowed.text}), so it is null."
                run.warn(text, line=self.table.line)
                values[place] = None
        matching = self._matching(values, scope, run)
        if self._listed and matching and not run.keep_rules:
            return [output for output, bit in zip(self._listed, bin(matching)[:1:-1], strict=False) if bit == "1"]
        if self.policy == "F":
            matching &= -matching
        rules = _bits(matching)
        if not rules:
            return self._default(values, scope, run)
        if self.policy == "U" and len(rules) > 1:
            run.warn(f"Rules {_listed(rules)} of {self.owner} match at once, but the hit policy is UNIQUE.", line=self.table.line)
            self._record(rules, values, [self._row(i, scope, run) for i in rules], run)
            return None
        return self._hit(rules, values, scope, run)

    def _matching(self, values: list[Any], scope: Scope, run: Run) -> int:
        """A bit for each rule that matches; what can only be tested is tested last, and only for rules that may still match."""
        matching = self.everything
        open_tests = []
        for column, value in zip(self.inputs, values, strict=True):
            found, tests = column.matcher.look(value)
            if tests or column.matcher.faults:
                open_tests.append((column.matcher, found, tests, value))
            else:
                matching &= found
        if len(open_tests) > 1:
            # What is asked in batches costs least, so it narrows the rest. Columns whose cells are wrong say so in any case.
            open_tests.sort(key=_singles)
        if open_tests:
            frame = run.frame(scope, self.inputs[0].matcher.types)
            planned = self._planned(open_tests, matching, frame) if len(open_tests) > 1 else None
            for place, (matcher, found, tests, value) in enumerate(open_tests):
                answers = None if planned is None else planned[place]
                if answers is not None and not answers[1] and tests.all_planned and not matcher.faults:
                    matching &= found | answers[0]  # there is nothing left to ask
                    continue
                matching &= found | matcher.ask(tests, matching & ~found, value, run, frame, answers)
        return matching

    def _planned(self, open_tests: list[_Open], matching: int, frame: Evaluation) -> list[tuple[int, list[int]]] | None:
        """What the tests of all columns that are like no others come to, asked in one go; None where few of them are wanted."""
        columns = tuple(tests for _, _, tests, _ in open_tests)
        if _FEW * matching.bit_count() < len(self.results) or sum(1 for tests in columns if tests.planned) < 2:
            return None
        joined = self._joined.get(columns)
        if joined is None:
            joined = self._joined[columns] = ManyColumns(columns, len(self.results))
        return joined.passing([value for *_, value in open_tests], frame)

    def _hit(self, rules: list[int], values: list[Any], scope: Scope, run: Run) -> Any:
        kept = self._kept
        rows = [kept[i] if i in kept else self._row(i, scope, run) for i in rules]
        policy = self.policy
        if policy in ("P", "O"):
            order = sorted(range(len(rows)), key=lambda i: self._priority(rows[i]))
            rules, rows = [rules[i] for i in order], [rows[i] for i in order]
        if policy == "P":
            rules, rows = rules[:1], rows[:1]
        self._record(rules, values, rows, run)
        if policy == "A" and any(not same(row, rows[0]) for row in rows):
            run.warn(
                f"Rules {_listed(rules)} of {self.owner} match at once with different outputs, but the hit policy is ANY.",
                line=self.table.line,
            )
            return None
        if policy in ("U", "A", "P", "F"):
            return self._shape(rows[0])
        return self._collect(rows, run)

    def _collect(self, rows: list[list[Any]], run: Run) -> Any:
        if self.policy == "C#":
            return _aggregate("count", [self._shape(row) for row in rows], run)
        if self.policy in _AGGREGATES:
            name = _AGGREGATES[self.policy]
            return self._shape([_aggregate(name, [row[i] for row in rows], run) for i in range(len(self.outputs))])
        return [row[0] for row in rows] if len(self.outputs) == 1 else [self._shape(row) for row in rows]

    def keep(self, rule: int) -> None:
        """Remember the outputs of a rule, which are constants, unless there is something to warn of each time."""
        run = Run(None, None, [])
        row = self._row(rule, {}, run)
        if not run.warnings:
            self._kept[rule] = row
        if len(self._kept) == len(self.results) and len(self.outputs) == 1 and self.policy in ("C", "R"):
            self._listed = [self._kept[number][0] for number in range(len(self.results))]

    def _row(self, rule: int, scope: Scope, run: Run) -> list[Any]:
        kept = self._kept.get(rule)
        if kept is not None:
            return kept
        return [self._checked(column, cell(scope, run), scope, run) for column, cell in zip(self.outputs, self.results[rule], strict=True)]

    def _checked(self, column: OutputColumn, value: Any, scope: Scope, run: Run) -> Any:
        """An output as its clause declares it, or null with a warning."""
        if value is None:
            return None
        converted, fits = (value, True) if column.kind.open else column.kind.convert(value)
        if not fits:
            run.warn(
                f"The output {column.name or self.owner} is {shown(value)}, which is not {column.kind.describe()}.", line=self.table.line
            )
            return None
        if column.allowed is not None and run.test(column.allowed, converted, scope) is not True:
            run.warn(
                f"The output {column.name or self.owner} is {shown(value)}, which is not among its allowed values ({column.allowed.text}).",
                line=self.table.line,
            )
            return None
        return converted

    def _default(self, values: list[Any], scope: Scope, run: Run) -> Any:
        if any(column.default is not None for column in self.outputs):
            row = [
                None if column.default is None else self._checked(column, column.default(scope, run), scope, run) for column in self.outputs
            ]
            self._record([-1], values, [row], run)
            return self._shape(row) if self.policy in ("U", "A", "P", "F") or self.policy in _AGGREGATES else [self._shape(row)]
        if self.policy in ("C", "R", "O"):
            return []
        if self.policy == "C#":
            return _aggregate("count", [], run)
        run.warn(f"No rule of {self.owner} matches {self._inputs_text(values)}.", line=self.table.line)
        return None

    def _inputs_text(self, values: list[Any]) -> str:
        return ", ".join(f"{column.label} = {shown(value)}" for column, value in zip(self.inputs, values, strict=True)) or "no input"

    def _shape(self, row: list[Any]) -> Any:
        if len(self.outputs) == 1:
            return row[0]
        return {column.name: value for column, value in zip(self.outputs, row, strict=True)}

    def _priority(self, row: list[Any]) -> tuple[int, ...]:
        ranks = []
        for column, value in zip(self.outputs, row, strict=True):
            if column.ranks:
                ranks.append(next((i for i, ranked in enumerate(column.ranks) if same([ranked], [value])), len(column.ranks)))
        return tuple(ranks)

    def _record(self, rules: list[int], values: list[Any], rows: list[list[Any]], run: Run) -> None:
        if not run.keep_rules:
            return
        inputs = {column.label: value for column, value in zip(self.inputs, values, strict=True)}
        for rule, row in zip(rules, rows, strict=True):
            outputs = {column.name or self.table.output_label or self.owner: value for column, value in zip(self.outputs, row, strict=True)}
            if rule < 0:
                run.matched.append(MatchedRule(self.owner, "", 0, "default output", inputs, outputs))
            else:
                found = self.table.rules[rule]
                run.matched.append(MatchedRule(self.owner, found.id, rule + 1, self._annotation(found), inputs, outputs))

    def _annotation(self, rule: e.Rule) -> str:
        names = self.table.annotation_names
        parts = []
        for i, text in enumerate(rule.annotations):
            name = names[i] if i < len(names) and len(rule.annotations) > 1 else ""
            if text.strip():
                parts.append(f"{name}: {text.strip()}" if name else text.strip())
        return "; ".join(parts)


_Open = tuple[Matcher, int, ManyTests, Any]
"""A column, the rules that accept its value as far as that can be looked up, the tests that have to be asked, and the value."""

_FEW = 8
"""All tests of a table are asked at once; where not even one rule in so many is still open, its tests cost less alone."""


def _singles(asked: _Open) -> int:
    return asked[2].singles


_AGGREGATES = {"C+": "sum", "C<": "min", "C>": "max", "C#": "count"}
_CALLS: dict[str, Expression] = {}


def _aggregate(name: str, values: list[Any], run: Run) -> Any:
    """FEEL's own aggregate function of a list, so that a table and an expression never differ."""
    call = _CALLS.get(name)
    if call is None:
        call = _CALLS[name] = parse(f"{name}(values)")
    return run.value(call, {"values": values})


def _bits(mask: int) -> list[int]:
    return [place for place, bit in enumerate(bin(mask)[:1:-1]) if bit == "1"]


def _listed(rules: Sequence[int]) -> str:
    numbers = [str(rule + 1) for rule in rules]
    return ", ".join(numbers[:-1]) + " and " + numbers[-1]
