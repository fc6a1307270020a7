"""How much one evaluation may use. The defaults end every adversarial input well within a second."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of one evaluation.

    steps: evaluated parts inside loops, filters, sorts and called functions. depth: nested calls of functions. text: characters
    of one string. items: entries of one list. seconds: wall time, a backstop where steps are slower than expected.
    regex_seconds: wall time of all regular expressions of the evaluation together. output: characters of what leaves the evaluation,
    roughly as JSON writes it: inside, a part that a list has many times is there once, outside it is written out each time.
    """

    steps: int = 1_000_000
    depth: int = 100
    text: int = 1_000_000
    items: int = 200_000
    seconds: float = 0.9
    regex_seconds: float = 0.25
    output: int = 10_000_000


DEFAULT_BUDGET = Budget()
MAX_SOURCE = 65_536
"""Characters of one expression: beyond any that a person writes, short enough to be parsed in a fraction of a second."""
MAX_NESTING = 70
"""Brackets within brackets of one expression, bounded so that the parser cannot exhaust Python's stack."""
MAX_VALUE_DEPTH = 200
"""Lists and contexts within each other that a result may have; beyond, those who receive it could not write it as JSON."""
