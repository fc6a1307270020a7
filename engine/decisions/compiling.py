"""Boxed expressions to closures, once for each model: nothing is parsed when a decision is evaluated (DMN 1.5, 7.2 and 10.3.2.13)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from amends.engine.decisions import elements as e
from amends.engine.decisions.run import STEPS_OF_AN_ITEM, Compiled, Constant, Run, Scope
from amends.engine.decisions.types import ANY, Type, Types
from amends.engine.decisions.values import FeelFunction, call, kind_of
from amends.engine.feel import Expression, FeelError, UnaryTests, parse, parse_unary
from amends.engine.feel import nodes as n

FEEL_LANGUAGES = ("", "feel")


@dataclass(frozen=True)
class Place:
    """Where an expression stands: the types of its document, the names it may read, the decision it belongs to."""

    types: Types
    names: tuple[str, ...]
    owner: str

    def within(self, names: Iterable[str]) -> Place:
        """The same place with more names in scope."""
        return replace(self, names=(*self.names, *names))


def is_feel(language: str) -> bool:
    """Whether an expressionLanguage is FEEL: none given, the word, or the standard's address of any version."""
    return language.lower() in FEEL_LANGUAGES or language.rstrip("/").upper().endswith("FEEL")


def parsed(text: str, names: Iterable[str]) -> Expression:
    """An expression, parsed with these names in scope. Raises FeelError."""
    return parse(text, tuple(names))


def parsed_tests(text: str, names: Iterable[str]) -> UnaryTests:
    """Unary tests, parsed with these names in scope; an empty cell tests nothing. Raises FeelError."""
    return parse_unary(text if text.strip() else "-", tuple(names))


def broken(message: str, part: str, line: int) -> Compiled:
    """What stands for an expression that cannot be evaluated: null, with a warning that says why."""

    def evaluate(scope: Scope, run: Run) -> Any:
        run.warn(message, part, line)
        return None

    return evaluate


def compile_text(text: str, language: str, place: Place, line: int) -> Compiled:
    """A FEEL text; an empty one is null."""
    if not is_feel(language):
        return broken(f"Expressions in {language} are not evaluated, only FEEL.", text, line)
    if not text.strip():
        return lambda scope, run: None
    try:
        expression = parsed(text, place.names)
    except FeelError as error:
        return broken(str(error), text, line)
    return compiled(expression, place)


def compiled(expression: Expression, place: Place) -> Compiled:
    """A parsed expression; a constant and a variable in scope, which most cells and columns are, without asking FEEL."""
    tests, node = place.types.tests, expression.ast
    if isinstance(node, n.Literal):
        return Constant(node.value)
    if isinstance(node, n.Name):
        name = node.name
        return lambda scope, run: scope[name] if name in scope else run.value(expression, scope, tests)
    return lambda scope, run: run.value(expression, scope, tests)


def converted(source: Compiled, kind: Type, what: str, line: int) -> Compiled:
    """The same value as the type that was declared for it, or null with a warning."""
    if kind.open:
        return source

    def evaluate(scope: Scope, run: Run) -> Any:
        value = source(scope, run)
        result, fits = kind.convert(value)
        if not fits:
            run.warn(f"The value of {what} is not {kind.describe()}.", line=line)
        return result

    return evaluate


def compile_expression(expression: e.Expression | None, place: Place) -> Compiled:
    """Any boxed expression, its value as the type that it declares; a missing one is null."""
    if expression is None:
        return lambda scope, run: None
    compiled = _COMPILERS[type(expression)](expression, place)
    if not expression.type_ref or isinstance(expression, e.Function):
        return compiled  # of a function, that is the type of what it returns
    kind = place.types.resolve(expression.type_ref)
    return compiled if kind.base == "function" else converted(compiled, kind, place.owner, expression.line)


def _literal(expression: e.Literal, place: Place) -> Compiled:
    return compile_text(expression.text, expression.language, place, expression.line)


def _context(expression: e.Context, place: Place) -> Compiled:
    rows: list[tuple[str, Compiled]] = []
    for entry in expression.entries:
        name = entry.variable.name if entry.variable else ""
        part = compile_expression(entry.value, place)
        if entry.variable:
            part = converted(part, place.types.resolve(entry.variable.type_ref), name, entry.line)
            place = place.within([name])
        rows.append((name, part))

    def evaluate(scope: Scope, run: Run) -> Any:
        inner = dict(scope)
        result: dict[str, Any] = {}
        for name, part in rows:
            value = part(inner, run)
            if not name:
                return value
            inner[name] = result[name] = value
        return result

    return evaluate


def _list(expression: e.ListOf, place: Place) -> Compiled:
    items = [compile_expression(item, place) for item in expression.items]
    return lambda scope, run: [item(scope, run) for item in items]


def _relation(expression: e.Relation, place: Place) -> Compiled:
    names = [column.name for column in expression.columns]
    kinds = [place.types.resolve(column.type_ref) for column in expression.columns]
    rows = []
    for row in expression.rows:
        cells = [compile_expression(cell, place) for cell in row]
        rows.append([converted(c, k, n, expression.line) for c, k, n in zip(cells, kinds, names, strict=False)])
    return lambda scope, run: [{name: cell(scope, run) for name, cell in zip(names, row, strict=False)} for row in rows]


def _conditional(expression: e.Conditional, place: Place) -> Compiled:
    condition = compile_expression(expression.condition, place)
    then, otherwise = compile_expression(expression.then, place), compile_expression(expression.otherwise, place)

    def evaluate(scope: Scope, run: Run) -> Any:
        chosen = condition(scope, run)
        if chosen is not None and not isinstance(chosen, bool):
            run.warn("The condition is neither true nor false.", line=expression.line)
        return (then if chosen is True else otherwise)(scope, run)

    return evaluate


def _filter(expression: e.Filter, place: Place) -> Compiled:
    source = compile_expression(expression.source, place)
    match = compile_expression(expression.match, place.within(["item"]))

    def evaluate(scope: Scope, run: Run) -> Any:
        items = source(scope, run)
        if items is None:
            return None
        if not isinstance(items, list):
            items = [items]
        kept = []
        for item in items:
            run.meter.charge(STEPS_OF_AN_ITEM)
            inner = {**scope, "item": item}
            if isinstance(item, dict):
                inner.update(item)
            chosen = match(inner, run)
            if isinstance(chosen, Decimal):
                return _at(items, chosen)
            if chosen is True:
                kept.append(item)
            elif chosen is not None and chosen is not False:
                run.warn("The match of a filter is neither a boolean nor a number.", line=expression.line)
                return None
        return kept

    return evaluate


def _at(items: list[Any], position: Decimal) -> Any:
    index = int(position)
    if index != position or index == 0 or abs(index) > len(items):
        return None
    return items[index - 1 if index > 0 else index]


def _iteration(expression: e.Iteration, place: Place) -> Compiled:
    source = compile_expression(expression.source, place)
    body = compile_expression(expression.body, place.within([expression.variable, "partial"]))
    name, kind = expression.variable, expression.kind
    decisive = {"some": True, "every": False}.get(kind)

    def evaluate(scope: Scope, run: Run) -> Any:
        items = source(scope, run)
        if items is None:
            run.warn(f"The {kind} has nothing to go through: its list is null.", line=expression.line)
            return None
        if not isinstance(items, list):
            items = [items]
        results: list[Any] = []
        for item in items:
            run.meter.charge(STEPS_OF_AN_ITEM + (len(results) >> 4))
            result = body({**scope, "partial": list(results), name: item} if decisive is None else {**scope, name: item}, run)
            if decisive is not None:
                if result is decisive:
                    return decisive
                if result is not None and not isinstance(result, bool):
                    run.warn(f"What {kind} asks of each item gives a {kind_of(result)}, not a boolean.", line=expression.line)
                    return None
            results.append(result)
        if decisive is None:
            return results
        return None if None in results else not decisive

    return evaluate


def _function(expression: e.Function, place: Place) -> Compiled:
    build = compile_function(expression, place, place.owner, ANY)
    return lambda scope, run: build(scope, run)


def compile_function(function: e.Function, place: Place, name: str, result: Type) -> Callable[[Scope, Run], FeelFunction | None]:
    """A boxed function: given the scope in which it is defined, a value that FEEL can call."""
    if function.kind.upper() != "FEEL":
        return broken(
            f"{name} is a {function.kind} function. Functions in {function.kind} are refused, because they would run code from outside; "
            "write it in FEEL.",
            name,
            function.line,
        )
    names = [parameter.name for parameter in function.parameters]
    kinds = [place.types.resolve(parameter.type_ref) for parameter in function.parameters]
    returns = place.types.resolve(function.type_ref)
    if returns.base == "function":
        returns = returns.result or ANY
    body = compile_expression(function.body, place.within(names))
    body = converted(converted(body, returns, name, function.line), result, name, function.line)

    def build(scope: Scope, run: Run) -> FeelFunction:
        def invoke(*arguments: Any) -> Any:
            inner = dict(scope)
            for parameter, kind, argument in zip(names, kinds, arguments, strict=True):
                value, fits = kind.convert(argument)
                if not fits:
                    run.warn(f"The argument {parameter} of {name} is not {kind.describe()}, so it is null.", line=function.line)
                inner[parameter] = value
            return run.deeper(lambda: body(inner, run), name)

        return FeelFunction(name, names, kinds, invoke)

    return build


def _invocation(expression: e.Invocation, place: Place) -> Compiled:
    function = compile_expression(expression.function, place)
    bindings = [
        (
            b.parameter.name,
            converted(compile_expression(b.value, place), place.types.resolve(b.parameter.type_ref), b.parameter.name, b.line),
        )
        for b in expression.bindings
    ]

    def evaluate(scope: Scope, run: Run) -> Any:
        target = function(scope, run)
        arguments = {name: value(scope, run) for name, value in bindings}
        return call(target, arguments, run, expression.line)

    return evaluate


def _table(expression: e.Table, place: Place) -> Compiled:
    from amends.engine.decisions.columns import compile_table

    return compile_table(expression, place)


_COMPILERS: dict[type[e.Expression], Callable[[Any, Place], Compiled]] = {
    e.Literal: _literal,
    e.Context: _context,
    e.ListOf: _list,
    e.Relation: _relation,
    e.Conditional: _conditional,
    e.Filter: _filter,
    e.Iteration: _iteration,
    e.Function: _function,
    e.Invocation: _invocation,
    e.Table: _table,
}
