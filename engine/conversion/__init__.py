"""Diagrams and decision models of Camunda 7 and of SpiffWorkflow in our dialect.

Nothing of what is converted is run, and nothing goes silently: what has no equal is listed, with what to do.
"""

from amends.engine.conversion.convert import convert
from amends.engine.conversion.feel import Translated, Untranslatable
from amends.engine.conversion.juel import translate as juel_to_feel
from amends.engine.conversion.model import Carried, Converted, Left, Unconvertible
from amends.engine.conversion.python_text import translate as python_to_feel

__all__ = ["Carried", "Converted", "Left", "Translated", "Unconvertible", "Untranslatable", "convert", "juel_to_feel", "python_to_feel"]
