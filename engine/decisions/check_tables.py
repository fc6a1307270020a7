"""Checking decision tables: their form, their cells, and what the analysis finds."""

from __future__ import annotations

from typing import Any

from amends.engine.decisions import elements as e
from amends.engine.decisions.analysis import MAX_FINDINGS, ColumnSpec, Finding, TableAnalysis
from amends.engine.decisions.check_logic import Findings, LogicCheck, Scope
from amends.engine.decisions.columns import input_label
from amends.engine.decisions.conditions import Beyond, constant, constants_of
from amends.engine.decisions.tables import POLICIES
from amends.engine.decisions.types import Type
from amends.engine.decisions.values import shown
from amends.engine.feel import FeelError, UnaryTests, parse_unary

_SINGLE = frozenset({"U", "A", "P", "F"})
_UNKNOWN = object()


class TableCheck:
    """Checks one decision table of the decision `owner`."""

    def __init__(self, findings: Findings, logic: LogicCheck, owner: str) -> None:
        self.findings = findings
        self.logic = logic
        self.owner = owner

    def check(self, table: e.Table, scope: Scope) -> None:
        """Everything about this table."""
        self._form(table)
        specs = [self._column(table, index, scope) for index in range(len(table.inputs))]
        outputs = [self._outputs(table, index, scope) for index in range(len(table.outputs))]
        if any(len(rule.inputs) != len(table.inputs) or len(rule.outputs) != len(table.outputs) for rule in table.rules):
            return
        self._analyse(table, TableAnalysis(specs, len(table.rules)), outputs)

    def _form(self, table: e.Table) -> None:
        if table.hit_policy not in POLICIES:
            self.findings.error(
                "DMN402",
                table,
                f"{self.owner} has the hit policy {table.hit_policy}, which does not exist.",
                "Choose one of U A P F R O C.",
            )
        if not table.outputs:
            self.findings.error("DMN405", table, f"{self.owner} has no output column.", "Add one.")
        if table.hit_policy in ("C+", "C<", "C>") and len(table.outputs) > 1:
            self.findings.warning(
                "DMN402",
                table,
                f"{self.owner} aggregates several output columns, which the standard does not define; each is aggregated by itself.",
            )
        if table.hit_policy in ("P", "O") and not any(c.allowed and c.allowed.text.strip() for c in table.outputs):
            self.findings.error(
                "DMN404",
                table,
                f"{self.owner} orders by priority, but no output column lists its values.",
                "List them, highest priority first.",
            )
        names = [clause.name for clause in table.outputs]
        if len(names) > 1:
            for clause in table.outputs:
                if not clause.name or names.count(clause.name) > 1:
                    self.findings.error(
                        "DMN405",
                        clause,
                        f"{self.owner} has several outputs, and one is named {clause.name!r}.",
                        "Give every column a name of its own.",
                    )
        for number, rule in enumerate(table.rules, 1):
            for kind, cells, columns in (("input", rule.inputs, table.inputs), ("output", rule.outputs, table.outputs)):
                if len(cells) != len(columns):
                    message = f"Rule {number} of {self.owner} has {len(cells)} {kind} cells for {len(columns)} columns."
                    self.findings.error("DMN401", rule, message, "Give every rule one cell a column.")

    def _column(self, table: e.Table, index: int, scope: Scope) -> ColumnSpec:
        clause = table.inputs[index]
        label = input_label(clause) or f"input {index + 1}"
        kind = Type("")
        if clause.expression is None:
            self.findings.error("DMN102", clause, f"The column {label} of {self.owner} has no expression.", "Write what it tests.")
        else:
            self.logic.type_ref(clause.expression.type_ref, scope.types, clause.expression)
            kind = scope.types.resolve(clause.expression.type_ref)
            self.logic.text(clause.expression, scope, f"The column {label} of {self.owner}")
        allowed = None
        if clause.allowed is not None and clause.allowed.text.strip():
            allowed = self.logic.text(clause.allowed, scope, f"The allowed values of the column {label} of {self.owner}", unary=True)
        elif clause.expression is not None:
            allowed = self._declared(clause.expression, kind, scope)
        tests: list[UnaryTests | None] = []
        for number, rule in enumerate(table.rules, 1):
            cell = rule.inputs[index] if index < len(rule.inputs) else None
            tests.append(None if cell is None else self.logic.text(cell, scope, f"Rule {number}, {label}, of {self.owner}", unary=True))
        return ColumnSpec(label, kind.base, kind.integral, allowed, tests)

    @staticmethod
    def _declared(expression: e.Literal, kind: Type, scope: Scope) -> UnaryTests | None:
        """The allowed values of the type that the column, or the variable it tests, declares."""
        texts = [kind.allowed_text, scope.allowed.get(expression.text.strip(), "")]
        for text in texts:
            if text.strip():
                try:
                    return parse_unary(text)
                except FeelError:
                    continue
        return None

    def _outputs(self, table: e.Table, index: int, scope: Scope) -> list[Any]:
        """The constant value of each rule's output in this column, _UNKNOWN for one that is computed."""
        clause = table.outputs[index]
        name = clause.name or self.owner
        self.logic.type_ref(clause.type_ref, scope.types, clause)
        kind = scope.types.resolve(clause.type_ref)
        what = f"The values of the output {name} of {self.owner}"
        allowed = self.logic.text(clause.allowed, scope, what, unary=True) if clause.allowed and clause.allowed.text.strip() else None
        if clause.default is not None and clause.default.text.strip():
            self._output(clause.default, scope, f"The default of the output {name} of {self.owner}", kind, allowed)
        values = []
        for number, rule in enumerate(table.rules, 1):
            cell = rule.outputs[index] if index < len(rule.outputs) else None
            what = f"Rule {number}, output {name}, of {self.owner}"
            values.append(_UNKNOWN if cell is None or cell.text.strip() == "-" else self._output(cell, scope, what, kind, allowed))
        return values

    def _output(self, cell: e.Cell, scope: Scope, what: str, kind: Type, allowed: UnaryTests | None) -> Any:
        self.logic.type_ref(cell.type_ref, scope.types, cell)
        expression = self.logic.text(cell, scope, what)
        if expression is None:
            return _UNKNOWN
        try:
            value = constant(expression.ast, expression.text)
        except Beyond:
            return _UNKNOWN
        if value is None:
            return value
        wrong = next((each for each in (kind, scope.types.resolve(cell.type_ref)) if not each.convert(value)[1]), None)
        if wrong is not None:
            self.findings.error("DMN403", cell, f"{what} is {shown(value)}, which is not {wrong.describe()}.", _listing(wrong.allowed_text))
        elif allowed is not None and allowed.evaluate(value, {}) is False:
            self.findings.error("DMN403", cell, f"{what} is {shown(value)}, which is not among its allowed values.", _listing(allowed.text))
        return value

    def _analyse(self, table: e.Table, analysis: TableAnalysis, outputs: list[list[Any]]) -> None:
        labels = [column.spec.label for column in analysis.columns]
        for index, column in enumerate(analysis.columns):
            if column.mismatch:
                message = (
                    f"The column {labels[index]} of {self.owner} is declared as {column.spec.kind}, "
                    f"but its entries are of the type {column.mismatch}."
                )
                self.findings.warning("DMN406", table.inputs[index], message, "Correct the type of the column.")
        for found in analysis.beyond():
            assert found.column is not None  # noqa: S101 - an entry has a column
            cell = table.rules[found.rules[0]].inputs[found.column]
            self.findings.info(
                "DMN505",
                cell,
                f"Rule {found.rules[0] + 1} of {self.owner}: the entry {_short(cell.text)} for {labels[found.column]} is beyond "
                "the analysis, so overlaps, gaps and masks that depend on it are not reported.",
            )
        for found in analysis.never():
            assert found.column is not None  # noqa: S101 - an entry has a column
            cell = table.rules[found.rules[0]].inputs[found.column]
            message = (
                f"Rule {found.rules[0] + 1} of {self.owner} can never match: no value of {labels[found.column]} passes {_short(cell.text)}."
            )
            self.findings.error("DMN503", cell, message, self._allowed_hint(analysis, found.column))
        if table.hit_policy in ("U", "A"):
            self._overlaps(table, analysis, outputs)
        if table.hit_policy in ("F", "P"):
            self._masked(table, analysis, outputs)
        self._gaps(table, analysis)

    @staticmethod
    def _allowed_hint(analysis: TableAnalysis, column: int) -> str:
        allowed = analysis.columns[column].spec.allowed
        return f"Correct the entry; the allowed values are {_short(allowed.text)}." if allowed else "Correct the entry, or remove the rule."

    def _overlaps(self, table: e.Table, analysis: TableAnalysis, outputs: list[list[Any]]) -> None:
        count = 0
        for found in analysis.overlaps():
            if found.kind == "too large":
                self._too_large(table, "overlaps")
                return
            first, second = found.rules
            severity, reason = self._overlap_severity(table, outputs, first, second)
            if not severity:
                continue
            count += 1
            if count > MAX_FINDINGS:
                self.findings.info("DMN506", table, f"{self.owner} has more overlaps than the {MAX_FINDINGS} listed.")
                return
            self.findings.add(
                severity,
                "DMN501",
                table.rules[second],
                f"Rules {first + 1} and {second + 1} of {self.owner} both match {_example(found)}{reason}.",
                "Narrow one of them, or choose another hit policy.",
            )

    @staticmethod
    def _overlap_severity(table: e.Table, outputs: list[list[Any]], first: int, second: int) -> tuple[str, str]:
        if table.hit_policy == "U":
            return "error", ", but the hit policy is UNIQUE"
        pairs = [(column[first], column[second]) for column in outputs]
        if any(a is not _UNKNOWN and b is not _UNKNOWN and a != b for a, b in pairs):
            return "error", " with different outputs, but the hit policy is ANY"
        if all(a is not _UNKNOWN and b is not _UNKNOWN for a, b in pairs):
            return "", ""
        texts = [(table.rules[first].outputs[i].text.strip(), table.rules[second].outputs[i].text.strip()) for i in range(len(outputs))]
        if all(a == b for a, b in texts):
            return "", ""
        return "warning", ", and whether their computed outputs are equal, as the hit policy ANY demands, is beyond the analysis"

    def _masked(self, table: e.Table, analysis: TableAnalysis, outputs: list[list[Any]]) -> None:
        before = self._before(table, outputs)
        for count, found in enumerate(analysis.masked(before)):
            if found.kind == "too large":
                self._too_large(table, "masks")
                return
            if count == MAX_FINDINGS:
                self.findings.info("DMN506", table, f"{self.owner} has more masked rules than the {MAX_FINDINGS} listed.")
                return
            rule, *winners = found.rules
            one = len(winners) == 1
            by = (
                ("rule " if one else "rules ")
                + ", ".join(str(w + 1) for w in winners)
                + (" always wins" if one else " together always win")
            )
            self.findings.error(
                "DMN504",
                table.rules[rule],
                f"Rule {rule + 1} of {self.owner} never decides, because {by} over it; for example at {_example(found)}.",
                "Move it up, narrow the others, or remove it."
                if table.hit_policy == "F"
                else "Change its output or its conditions, or remove it.",
            )

    @staticmethod
    def _before(table: e.Table, outputs: list[list[Any]]) -> list[list[int]]:
        """For each rule those that win over it: the earlier ones under FIRST, those of a higher priority under PRIORITY."""
        count = len(table.rules)
        if table.hit_policy == "F":
            return [list(range(rule)) for rule in range(count)]
        ranks: list[tuple[int, ...] | None] = []
        orders = [_order(clause) for clause in table.outputs]
        for rule in range(count):
            values = [column[rule] for column in outputs]
            known = all(not order or value is not _UNKNOWN and value in order for order, value in zip(orders, values, strict=True))
            ranks.append(tuple(order.index(value) for order, value in zip(orders, values, strict=True) if order) if known else None)
        found: list[list[int]] = []
        for rule in range(count):
            mine = ranks[rule]
            found.append([] if mine is None else [o for o in range(count) if (theirs := ranks[o]) is not None and theirs < mine])
        return found

    def _gaps(self, table: e.Table, analysis: TableAnalysis) -> None:
        if any(clause.default is not None and clause.default.text.strip() for clause in table.outputs):
            return
        severity = "warning" if table.hit_policy in _SINGLE else "info"
        for found in analysis.gaps():
            if found.kind == "too large":
                self._too_large(table, "gaps")
                return
            more = " There are more such gaps." if found.more else ""
            self.findings.add(
                severity,
                "DMN502",
                table,
                f"{self.owner} has no rule for {_example(found)}.{more}",
                "Add a rule, or a default output.",
            )

    def _too_large(self, table: e.Table, what: str) -> None:
        self.findings.info("DMN506", table, f"{self.owner} is too large to be searched for {what}.", "Split it into several tables.")


def _order(clause: e.OutputClause) -> list[Any]:
    if clause.allowed is None or not clause.allowed.text.strip():
        return []
    try:
        return constants_of(parse_unary(clause.allowed.text))
    except FeelError:
        return []


def _example(found: Finding) -> str:
    return ", ".join(f"{label} = {shown(value)}" for label, value in found.example) or "every input"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"


def _listing(text: str) -> str:
    return f"Allowed: {_short(text)}." if text.strip() else ""
