"""The built-in functions of FEEL (DMN 1.5, 10.3.4), by name."""

from amends.engine.feel.builtins import contexts, conversion, dates, lists, numeric, ranges, statistics, strings
from amends.engine.feel.builtins.registry import BUILTINS, OURS, Builtin

__all__ = ["BUILTINS", "OURS", "Builtin", "contexts", "conversion", "dates", "lists", "numeric", "ranges", "statistics", "strings"]
