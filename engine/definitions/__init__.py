"""A package folder: read it and check it, all problems at once."""

from amends.engine.definitions.check import check, check_package
from amends.engine.definitions.manifest import Manifest
from amends.engine.definitions.model import Diagram, Element, EventDefinition, Flow, Loop, Process, Scope, Zeebe, expression, is_feel
from amends.engine.definitions.package import Package, read_package
from amends.engine.definitions.problems import Problem
from amends.engine.definitions.reader import read_diagram

__all__ = [
    "Diagram",
    "Element",
    "EventDefinition",
    "Flow",
    "Loop",
    "Manifest",
    "Package",
    "Problem",
    "Process",
    "Scope",
    "Zeebe",
    "check",
    "check_package",
    "expression",
    "is_feel",
    "read_diagram",
    "read_package",
]
