"""Checking boxed expressions: every text parsed, every name looked for, every type found."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from amends.engine.decisions import elements as e
from amends.engine.decisions.compiling import is_feel, parsed, parsed_tests
from amends.engine.decisions.names import free_names
from amends.engine.decisions.problems import ERROR, HELP, INFO, WARNING, DecisionProblem
from amends.engine.decisions.types import Types
from amends.engine.feel import FeelError
from amends.engine.feel import nodes as n
from amends.engine.feel.builtins import BUILTINS
from amends.engine.feel.errors import place as place_in

MAX_GUESSES, MAX_KNOWN = 50, 500


@dataclass
class Findings:
    """Where problems are collected; `file` is how they call the document."""

    file: str
    problems: list[DecisionProblem] = field(default_factory=list)
    guesses: int = MAX_GUESSES

    def near(self, name: str, known: list[str]) -> str:
        """The known name most like this one, or the empty string; comparing takes its time, so only the first few are guessed."""
        self.guesses -= 1
        if self.guesses < 0:
            return ""
        return next(iter(difflib.get_close_matches(name, known[:MAX_KNOWN], 1, 0.75)), "")

    def add(self, severity: str, code: str, element: e.Element | None, message: str, help: str = "", line: int | None = None) -> None:
        """One more problem, at an element or a line."""
        at = (element.line if element else 0) if line is None else line
        to_do = help or HELP.get(code, "")
        self.problems.append(DecisionProblem(self.file, element.id if element else "", at, code, severity, message, to_do))

    def error(self, code: str, element: e.Element | None, message: str, help: str = "", line: int | None = None) -> None:
        self.add(ERROR, code, element, message, help, line)

    def warning(self, code: str, element: e.Element | None, message: str, help: str = "") -> None:
        self.add(WARNING, code, element, message, help)

    def info(self, code: str, element: e.Element | None, message: str, help: str = "") -> None:
        self.add(INFO, code, element, message, help)


@dataclass(frozen=True)
class Scope:
    """What may be read where an expression stands.

    `names` are in scope; `known` only help the parser (components of types); `elsewhere` are names of the model that are not
    required here; `open` is True where variables from outside may be read that the model does not declare; `used` collects what is.
    `allowed` maps a variable to the values its type allows.
    """

    names: frozenset[str]
    known: frozenset[str]
    elsewhere: frozenset[str]
    open: bool
    types: Types
    functions: frozenset[str]
    used: set[str]
    allowed: Mapping[str, str]

    def within(self, names: Iterable[str]) -> Scope:
        """The same with more names."""
        return replace(self, names=self.names | frozenset(names))

    def to_parse(self) -> list[str]:
        """The names the parser is told."""
        return sorted(self.names | self.known)


class LogicCheck:
    """Checks the logic of one node; `table` is called for every decision table."""

    def __init__(self, findings: Findings, table: Callable[[e.Table, Scope], None]) -> None:
        self.findings = findings
        self.table = table

    def expression(self, expression: e.Expression | None, scope: Scope, owner: e.Element, what: str) -> None:
        """A boxed expression and all within."""
        if expression is None:
            self.findings.warning("DMN102", owner, f"{what} has no expression, so it is null.", "Give it one, or remove it.")
            return
        self.type_ref(expression.type_ref, scope.types, expression)
        _CHECKS[type(expression)](self, expression, scope, what)

    def type_ref(self, reference: str, types: Types, element: e.Element) -> None:
        """A type reference must lead somewhere."""
        if reference and types.find(reference) is None:
            near = self.findings.near(reference, [*types.definitions, "string", "number", "boolean", "date", "time"])
            self.findings.error(
                "DMN301",
                element,
                f"The type {reference} is not defined.",
                f"Did you mean {near}?" if near else "Define it, or use a FEEL type.",
            )

    def text(self, cell: e.Literal | e.Cell, scope: Scope, what: str, unary: bool = False) -> Any:
        """A FEEL text: parsed, or a problem. Returns the Expression or UnaryTests, None for a text that is none."""
        if not is_feel(cell.language):
            self.findings.error("DMN103", cell, f"{what} is written in {cell.language}.", "Only FEEL is evaluated.")
            return None
        if not cell.text.strip() and not unary:
            self.findings.warning(
                "DMN102", cell, f"{what} is empty, so it is null.", "Write an expression, or null to say that it is meant."
            )
            return None
        try:
            result = (parsed_tests if unary else parsed)(cell.text, scope.to_parse())
        except FeelError as error:
            line = cell.line + (error.line or 1) - 1
            self.findings.error("DMN101", cell, f"{what} is not FEEL: {error}", error.help or "", line)
            return None
        self.names(result.ast, cell, scope, what)
        return result

    def names(self, tree: n.Node, cell: e.Literal | e.Cell, scope: Scope, what: str) -> None:
        """Every name that is read must be in scope, a built-in function, or a function of our own."""
        said: set[str] = set()
        for name in free_names(tree):
            scope.used.add(name.name)
            if name.name in scope.names or name.name in BUILTINS or name.name in scope.functions or name.name in said:
                continue
            said.add(name.name)
            line = cell.line + place_in(cell.text, name.start)[0] - 1
            if name.name in scope.elsewhere:
                message = f"{what} reads {name.name}, which is in the model but not required here."
                self.findings.error("DMN106", cell, message, "Draw a requirement from it to this element.", line)
            elif not scope.open:
                near = self.findings.near(name.name, [*scope.names, *scope.elsewhere, *BUILTINS])
                message = f"{what} reads {name.name}, which nothing defines."
                self.findings.error(
                    "DMN105", cell, message, f"Did you mean {near}?" if near else "Add it as input data, or correct the name.", line
                )

    def literal(self, expression: e.Literal, scope: Scope, what: str) -> None:
        self.text(expression, scope, what)

    def context(self, expression: e.Context, scope: Scope, what: str) -> None:
        seen: set[str] = set()
        for entry in expression.entries:
            if entry.variable is None:
                self.expression(entry.value, scope, entry, f"The result of {what}")
                continue
            name = entry.variable.name
            if name in seen:
                self.findings.error("DMN004", entry, f"{what} has two entries named {name}.", "Rename one of them.")
            seen.add(name)
            self.type_ref(entry.variable.type_ref, scope.types, entry.variable)
            self.expression(entry.value, scope, entry, f"The entry {name} of {what}")
            scope = scope.within([name])

    def list(self, expression: e.ListOf, scope: Scope, what: str) -> None:
        for number, item in enumerate(expression.items, 1):
            self.expression(item, scope, expression, f"Item {number} of {what}")

    def relation(self, expression: e.Relation, scope: Scope, what: str) -> None:
        for column in expression.columns:
            self.type_ref(column.type_ref, scope.types, column)
        for number, row in enumerate(expression.rows, 1):
            if len(row) != len(expression.columns):
                self.findings.error(
                    "DMN401",
                    expression,
                    f"Row {number} of {what} has {len(row)} cells for {len(expression.columns)} columns.",
                    "Give every row one cell a column.",
                )
            for cell in row:
                self.expression(cell, scope, expression, f"Row {number} of {what}")

    def conditional(self, expression: e.Conditional, scope: Scope, what: str) -> None:
        for part, inner in (("if", expression.condition), ("then", expression.then), ("else", expression.otherwise)):
            self.expression(inner, scope, expression, f"The {part} of {what}")

    def filter(self, expression: e.Filter, scope: Scope, what: str) -> None:
        self.expression(expression.source, scope, expression, f"The list of the filter in {what}")
        # The entries of the items may be read, and they are known only when the filter runs.
        self.expression(
            expression.match,
            replace(scope, open=True, elsewhere=frozenset()).within(["item"]),
            expression,
            f"The match of the filter in {what}",
        )

    def iteration(self, expression: e.Iteration, scope: Scope, what: str) -> None:
        self.expression(expression.source, scope, expression, f"The list of the {expression.kind} in {what}")
        self.expression(expression.body, scope.within([expression.variable, "partial"]), expression, f"The {expression.kind} in {what}")

    def function(self, expression: e.Function, scope: Scope, what: str) -> None:
        """A function definition; Java and PMML are refused."""
        if expression.kind.upper() != "FEEL":
            self.findings.error(
                "DMN104", expression, f"{what} is a {expression.kind} function, which would run code from outside.", "Write it in FEEL."
            )
            return
        for parameter in expression.parameters:
            self.type_ref(parameter.type_ref, scope.types, parameter)
        self.expression(expression.body, scope.within(p.name for p in expression.parameters), expression, what)

    def invocation(self, expression: e.Invocation, scope: Scope, what: str) -> None:
        self.expression(expression.function, scope, expression, f"The function invoked by {what}")
        for binding in expression.bindings:
            self.type_ref(binding.parameter.type_ref, scope.types, binding.parameter)
            self.expression(binding.value, scope, binding, f"The argument {binding.parameter.name} in {what}")

    def decision_table(self, expression: e.Table, scope: Scope, what: str) -> None:
        self.table(expression, scope)


_CHECKS: dict[type[e.Expression], Callable[[LogicCheck, Any, Scope, str], None]] = {
    e.Literal: LogicCheck.literal,
    e.Context: LogicCheck.context,
    e.ListOf: LogicCheck.list,
    e.Relation: LogicCheck.relation,
    e.Conditional: LogicCheck.conditional,
    e.Filter: LogicCheck.filter,
    e.Iteration: LogicCheck.iteration,
    e.Function: LogicCheck.function,
    e.Invocation: LogicCheck.invocation,
    e.Table: LogicCheck.decision_table,
}
