"""Scenario tests: what a package must do, written as data beside it and lived through on an engine of their own (docs/scenarios.md)."""

from amends.engine.scenarios.coverage import Coverage, ProcessCoverage, coverage_of
from amends.engine.scenarios.drawing import draw
from amends.engine.scenarios.model import Failure, Result, Scenario, Step
from amends.engine.scenarios.reading import Suite, read_suite
from amends.engine.scenarios.run import Report, run_suite

__all__ = [
    "Coverage", "Failure", "ProcessCoverage", "Report", "Result", "Scenario", "Step", "Suite", "coverage_of", "draw", "read_suite",
    "run_suite",
]  # fmt: skip
