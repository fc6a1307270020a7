"""The public face: parse once, evaluate often."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any

from amends.engine.feel import loops, paths  # noqa: F401 - they register their part of the compiler
from amends.engine.feel import nodes as n
from amends.engine.feel.analysis import Reads, is_constant, reads
from amends.engine.feel.builtins import BUILTINS
from amends.engine.feel.compiler import Compiler
from amends.engine.feel.cursor import KnownNames
from amends.engine.feel.errors import BudgetError, FeelError, FeelWarning, place
from amends.engine.feel.limits import Budget
from amends.engine.feel.lookup import check_foreign_call
from amends.engine.feel.parser import Parser
from amends.engine.feel.run import Clock, Code, Frame, Functions, Meter, Run, TypeTest
from amends.engine.feel.scope import names_in_scope, open_to, relevant_names
from amends.engine.feel.slips import FOREIGN_FUNCTIONS
from amends.engine.feel.unary import any_test, compile_test, names_value
from amends.engine.feel.values import Fault, Range, normalize

_BUILTIN_NAMES = frozenset(BUILTINS)
_BUILTIN_KNOWN = KnownNames(BUILTINS)
_CACHE = 8_192
_LARGE = frozenset((list, dict, str, Range))
"""What may be long, and so is charged for as it leaves."""
_SHORT = 100
"""Characters of a text that is not worth it."""


class Parsed:
    """What expressions and unary tests have in common: the text, its tree, and what it reads."""

    def __init__(self, text: str, ast: n.Node) -> None:
        self.text = text
        self.ast = ast

    @cached_property
    def _reads(self) -> Reads:
        return reads(self.ast, _BUILTIN_NAMES)

    @property
    def names(self) -> frozenset[str]:
        """The variables of the context it reads, first names only; not the functions it calls."""
        return frozenset(self._reads.names)

    @property
    def item_names(self) -> frozenset[str]:
        """Those of `names` that are read inside filters only, and so may be entries of the filtered items instead."""
        return frozenset(self._reads.names - self._reads.sure_names)

    @property
    def paths(self) -> frozenset[str]:
        """The variables it reads as dotted paths, as far as the text shows them."""
        return frozenset(self._reads.paths)

    @property
    def calls(self) -> frozenset[str]:
        """The functions it calls that are neither built in nor defined in the text."""
        return frozenset(self._reads.calls)

    @property
    def constant(self) -> bool:
        """Whether it has the same value whatever the context and the time."""
        return is_constant(self._reads)

    def position(self, node: n.Node) -> tuple[int, int]:
        """Line and column, from 1, where a node of the tree begins."""
        return place(self.text, node.start)


def start_run(
    context: Mapping[str, Any],
    functions: Functions | None,
    now: Clock | None,
    warnings: list[FeelWarning] | None,
    budget: Budget | Meter | None,
    types: Mapping[str, TypeTest] | None,
) -> Run:
    """The state of a new evaluation."""
    meter = Meter() if budget is None else budget if isinstance(budget, Meter) else Meter.of(budget)
    return Run.of(context, meter, functions, types, now, warnings)


class Expression(Parsed):
    """A parsed expression. Immutable, and safe to use from several threads."""

    @cached_property
    def _code(self) -> Code:
        return Compiler(self.text).compile(self.ast)

    def evaluate(
        self,
        context: Mapping[str, Any],
        *,
        functions: Functions | None = None,
        now: Clock | None = None,
        warnings: list[FeelWarning] | None = None,
        budget: Budget | Meter | None = None,
        types: Mapping[str, TypeTest] | None = None,
    ) -> Any:
        """The value for a context; null, and a warning, where it has none.

        functions: callables by their FEEL name. now: an aware clock. warnings: a list that receives FeelWarning. budget: limits,
        or a Meter shared with other evaluations. types: tests for types that `instance of` may name. Raises BudgetError.
        """
        if functions is None and now is None and warnings is None and budget is None and types is None:
            run = Run(context, Meter())
        else:
            run = start_run(context, functions, now, warnings, budget, types)
        try:
            value = self._code(Frame(context, None, run))
            if type(value) in _LARGE and (type(value) is not str or len(value) > _SHORT):
                run.meter.whole(value)
        except RecursionError:
            raise too_deep() from None
        except UNEXPECTED as error:
            raise defect(self.text, error) from error
        return value


class UnaryTests(Parsed):
    """Parsed unary tests, such as the cell of a decision table. Immutable, and safe to use from several threads."""

    ast: n.Tests

    @cached_property
    def asks(self) -> bool:
        """Whether the value under test is named, as ?, and so needs a scope of its own."""
        return any(names_value(test) for test in self.ast.tests)

    @cached_property
    def _tests(self) -> list[Any]:
        compiler = Compiler(self.text)
        if self.asks:
            compiler.scopes.push({"?"})
        return [compile_test(compiler, test) for test in self.ast.tests]

    @cached_property
    def only(self) -> Any:
        """The test itself where there is one and no not() around it, which most cells are."""
        return self._tests[0] if len(self._tests) == 1 and not self.ast.negated else None

    def evaluate(
        self,
        value: Any,
        context: Mapping[str, Any],
        *,
        functions: Functions | None = None,
        now: Clock | None = None,
        warnings: list[FeelWarning] | None = None,
        budget: Budget | Meter | None = None,
        types: Mapping[str, TypeTest] | None = None,
    ) -> bool | None:
        """Whether a value passes: true, false, or null where that cannot be told. The options are those of Expression.evaluate."""
        return self.passes(normalize(value), Frame(context, None, start_run(context, functions, now, warnings, budget, types)))

    def passes(self, value: Any, frame: Frame) -> bool | None:
        """The same for a FEEL value in an evaluation that has begun: the many cells of one table share one (see `begin`)."""
        if self.asks:
            frame = Frame({"?": value}, frame, frame.run)
        try:
            if self.only is not None:
                try:
                    return self.only(frame, value)  # type: ignore[no-any-return]  # what compile_test makes
                except Fault as fault:
                    frame.run.fault(self.text, self.ast, fault)
                    return None
            if not self.ast.tests:
                return True
            result = any_test(frame, value, self._tests, self.text, self.ast)
        except RecursionError:
            raise too_deep() from None
        except UNEXPECTED as error:
            raise defect(self.text, error) from error
        return not result if self.ast.negated and result is not None else result


def begin(
    context: Mapping[str, Any],
    *,
    functions: Functions | None = None,
    now: Clock | None = None,
    warnings: list[FeelWarning] | None = None,
    budget: Budget | Meter | None = None,
    types: Mapping[str, TypeTest] | None = None,
) -> Frame:
    """An evaluation that many unary tests share: what UnaryTests.passes takes. The options are those of Expression.evaluate."""
    return Frame(context, None, start_run(context, functions, now, warnings, budget, types))


def too_deep() -> BudgetError:
    """Python's stack is used up."""
    return BudgetError("The evaluation is nested too deeply and was ended. Make its data or its functions flatter.")


UNEXPECTED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What only a defect of this package raises: callers, who know FeelError, are spared it (the tests are not)."""


def defect(text: str, error: Exception) -> FeelError:
    """A fault of the evaluator itself, for those who know FeelError."""
    part = text if len(text) <= 80 else text[:79] + "…"
    return FeelError(f"«{part}» could not be evaluated because of a defect in the evaluator ({error!r}). Please report it.")


def parse(text: str, names: Iterable[str] = ()) -> Expression:
    """An expression from its text.

    names: those in scope, needed where one has blanks or symbols. The result is cached. Raises FeelError for a text that is no FEEL.
    """
    return _parse_expression(text, relevant_names(text, names))


def parse_unary(text: str, names: Iterable[str] = ()) -> UnaryTests:
    """Unary tests from their text; as `parse`."""
    return _parse_tests(text, relevant_names(text, names))


@lru_cache(maxsize=_CACHE)
def _parse_expression(text: str, names: frozenset[str]) -> Expression:
    parser = Parser(text, KnownNames(names, _BUILTIN_KNOWN))
    ast = parser.whole_expression()
    expression = Expression(text, ast)
    _check_calls(expression, parser, names)
    return expression


@lru_cache(maxsize=_CACHE)
def _parse_tests(text: str, names: frozenset[str]) -> UnaryTests:
    parser = Parser(text, KnownNames(names, _BUILTIN_KNOWN))
    tests = UnaryTests(text, parser.whole_tests())
    _check_calls(tests, parser, names)
    return tests


def _check_calls(parsed: Parsed, parser: Parser, names: frozenset[str]) -> None:
    """Refuse functions of other languages; what a text calls is only looked into where it has such a word."""
    if not any(token.text in FOREIGN_FUNCTIONS for token in parser.tokens) or parsed.calls.isdisjoint(FOREIGN_FUNCTIONS):
        return
    for node in n.walk(parsed.ast):
        if isinstance(node, n.Call):
            check_foreign_call(parsed.text, node, names)


_PLAIN: dict[str, Expression] = {}
"""Expressions that no name in scope can change, by text: the short cut of `evaluate`."""


def _parsed(text: str, context: Mapping[str, Any], functions: Functions | None) -> Expression:
    expression = parse(text, names_in_scope(text, context, functions))
    if open_to(text) == (False, frozenset()):
        if len(_PLAIN) >= _CACHE:
            _PLAIN.clear()
        _PLAIN[text] = expression
    return expression


def evaluate(
    text: str,
    context: Mapping[str, Any],
    *,
    functions: Functions | None = None,
    now: Clock | None = None,
    warnings: list[FeelWarning] | None = None,
    budget: Budget | Meter | None = None,
    types: Mapping[str, TypeTest] | None = None,
) -> Any:
    """Evaluate an expression in a context. Raises FeelError for a text that is no FEEL and for a spent budget; see Expression.evaluate."""
    expression = _PLAIN.get(text)
    if expression is None:
        expression = _parsed(text, context, functions)
    if functions is None and now is None and warnings is None and budget is None and types is None:
        return expression.evaluate(context)
    return expression.evaluate(context, functions=functions, now=now, warnings=warnings, budget=budget, types=types)


def unary_test(
    text: str,
    value: Any,
    context: Mapping[str, Any],
    *,
    functions: Functions | None = None,
    now: Clock | None = None,
    warnings: list[FeelWarning] | None = None,
    budget: Budget | Meter | None = None,
    types: Mapping[str, TypeTest] | None = None,
) -> bool | None:
    """Whether a value passes unary tests in a context; as `evaluate`."""
    tests = parse_unary(text, names_in_scope(text, context, functions))
    return tests.evaluate(value, context, functions=functions, now=now, warnings=warnings, budget=budget, types=types)
