"""FEEL, the expression language of DMN 1.5: parsed once, compiled once to closures, evaluated within a budget.

It depends on nothing but the standard library and `regex`; functions of our own and the clock are injected.
"""

from amends.engine.feel.cursor import KEYWORDS, RESERVED
from amends.engine.feel.errors import BudgetError, FeelError, FeelWarning
from amends.engine.feel.expression import Expression, UnaryTests, begin, evaluate, parse, parse_unary, unary_test
from amends.engine.feel.limits import Budget
from amends.engine.feel.many import ManyColumns, ManyTests
from amends.engine.feel.printer import to_text
from amends.engine.feel.run import MAX_WARNINGS, Clock, Meter
from amends.engine.feel.run import Frame as Evaluation
from amends.engine.feel.scope import names_of
from amends.engine.feel.temporal import Time, WideDate, WideDateTime, WideDuration, YearMonthDuration
from amends.engine.feel.text import value_text
from amends.engine.feel.types import conforms, is_instance
from amends.engine.feel.values import Fault, Function, Range, kind_of, normalize, to_plain

__all__ = [
    "KEYWORDS", "MAX_WARNINGS", "Budget", "BudgetError", "Clock", "Evaluation", "Expression", "Fault", "FeelError", "FeelWarning",
    "Function", "ManyColumns", "ManyTests", "Meter", "RESERVED", "Range", "Time", "UnaryTests", "WideDate", "WideDateTime", "WideDuration",
    "YearMonthDuration", "begin", "conforms", "evaluate", "is_instance", "kind_of", "names_of", "normalize", "parse", "parse_unary",
    "to_plain", "to_text", "unary_test", "value_text",
]  # fmt: skip
