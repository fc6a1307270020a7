"""From the columns of a decision table as written to columns that answer: which rules accept this value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amends.engine.decisions import elements as e
from amends.engine.decisions.compiling import Place, broken, compile_text, converted, is_feel, parsed_tests
from amends.engine.decisions.conditions import constants_of
from amends.engine.decisions.matching import MaskedTest, Matcher
from amends.engine.decisions.run import Compiled, Constant
from amends.engine.decisions.tables import CompiledTable, InputColumn, OutputColumn
from amends.engine.decisions.types import ANY
from amends.engine.feel import FeelError, UnaryTests


def compile_table(table: e.Table, place: Place) -> CompiledTable:
    """A decision table; cells that are not FEEL match nothing, or yield null, with a warning when they are asked."""
    inputs = [_input(table, index, place) for index in range(len(table.inputs))]
    seen: set[str] = set()
    for number, column in enumerate(inputs, 1):
        if not column.label or column.label in seen:
            column.label = f"{column.label or 'input'} ({number})"
        seen.add(column.label)
    outputs = [_output(clause, table, place) for clause in table.outputs]
    results = [
        [_result(rule.outputs[i] if i < len(rule.outputs) else None, place) for i in range(len(table.outputs))] for rule in table.rules
    ]
    compiled = CompiledTable(table, place.owner, inputs, outputs, results)
    for number, row in enumerate(results):
        if all(isinstance(cell, Constant) for cell in row) and all(c.allowed is None or c.allowed.constant for c in outputs):
            compiled.keep(number)
    return compiled


def input_label(clause: e.InputClause) -> str:
    """How a column is called: its label, or else its expression."""
    text = clause.expression.text.strip() if clause.expression else ""
    return clause.label.strip() or text


def _input(table: e.Table, index: int, place: Place) -> InputColumn:
    clause = table.inputs[index]
    expression = clause.expression
    if expression is None:
        value: Compiled = broken("This input has no expression.", clause.label, clause.line)
    else:
        value = compile_text(expression.text, expression.language, place, expression.line)
    allowed = None if clause.allowed is None or not clause.allowed.text.strip() else _tests(clause.allowed, place)
    cells = [rule.inputs[index] if index < len(rule.inputs) else None for rule in table.rules]
    kind = place.types.resolve(expression.type_ref) if expression else ANY
    return InputColumn(input_label(clause), value, kind, allowed, matcher(cells, place))


def _tests(cell: e.Cell, place: Place) -> UnaryTests | None:
    try:
        return parsed_tests(cell.text, place.names)
    except FeelError:  # check reports it; values that are not FEEL allow everything
        return None


def matcher(cells: Sequence[e.Cell | None], place: Place) -> Matcher:
    """What a column answers for a value: each distinct text is tested once, whatever number of rules use it."""
    always = 0
    masks: dict[str, int] = {}
    lines: dict[str, int] = {}
    for rule, cell in enumerate(cells):
        text = "-" if cell is None else cell.text.strip() or "-"
        if text == "-":
            always |= 1 << rule
        elif cell is not None and is_feel(cell.language):
            masks[text] = masks.get(text, 0) | 1 << rule
            lines.setdefault(text, cell.line)
    tests: list[MaskedTest] = []
    faults: list[tuple[str, str, int]] = []
    for text, mask in masks.items():
        try:
            tests.append((parsed_tests(text, place.names), mask))
        except FeelError as error:
            faults.append((str(error), text, lines[text]))
    return Matcher(always, tests, faults, place.types.tests)


def _output(clause: e.OutputClause, table: e.Table, place: Place) -> OutputColumn:
    allowed = None if clause.allowed is None or not clause.allowed.text.strip() else _tests(clause.allowed, place)
    default = None
    if clause.default is not None and clause.default.text.strip():
        default = compile_text(clause.default.text, clause.default.language, place, clause.default.line)
    kind = place.types.resolve(clause.type_ref) if clause.type_ref else ANY
    return OutputColumn(clause.name, kind, allowed, ranks(allowed), default)


def ranks(allowed: UnaryTests | None) -> list[Any]:
    """The listed output values in their order, highest priority first; an entry that is not a constant takes no part."""
    return [] if allowed is None else constants_of(allowed)


def _result(cell: e.Cell | None, place: Place) -> Compiled:
    if cell is None or cell.text.strip() == "-":
        return Constant(None)
    compiled = compile_text(cell.text, cell.language, place, cell.line)
    return converted(compiled, place.types.resolve(cell.type_ref), place.owner, cell.line) if cell.type_ref else compiled
