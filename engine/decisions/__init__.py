"""DMN decision models: read, evaluated, explained, checked and tested. The logic is FEEL and nothing else.

`load` reads a model and is lenient; `check_model` finds everything that is wrong with it; `run_table_tests` runs the examples that
lie beside it. See docs/decisions.md.
"""

from amends.engine.decisions.check import check_model
from amends.engine.decisions.explain import Explanation, MatchedRule
from amends.engine.decisions.loading import resolve_among
from amends.engine.decisions.model import DecisionInfo, InputInfo, Model, OutputInfo, load
from amends.engine.decisions.problems import CODES, DecisionProblem
from amends.engine.decisions.table_tests import TableTestResult, run_table_tests
from amends.engine.decisions.xml import DecisionError

__all__ = [
    "CODES",
    "DecisionError",
    "DecisionInfo",
    "DecisionProblem",
    "Explanation",
    "InputInfo",
    "MatchedRule",
    "Model",
    "OutputInfo",
    "TableTestResult",
    "check_model",
    "load",
    "resolve_among",
    "run_table_tests",
]
