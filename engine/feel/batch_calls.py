"""Calls of built-in functions in tests that are asked all at once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import repeat
from typing import Any

from amends.engine.feel import nodes as n
from amends.engine.feel.batch_values import TEXT_TESTS, Declined, Part, alike, pair
from amends.engine.feel.builtins import BUILTINS
from amends.engine.feel.numbers import MATH
from amends.engine.feel.patterns import QUICK_TEXT, quick_search
from amends.engine.feel.run import Code, Frame


def called(node: n.Call, arguments: Sequence[Part]) -> Part:
    """A call of a built-in function; a variable or a function of the host may hide it."""
    name = node.function.name  # type: ignore[attr-defined]  # its shape is a call by name
    if name in TEXT_TESTS and len(arguments) == 2:
        found = Part(pair(arguments[0], arguments[1], {(str, str): TEXT_TESTS[name]}), True)
    elif name == "abs" and len(arguments) == 1:
        found = _absolutes(arguments[0])
    elif name == "modulo" and len(arguments) == 2 and not arguments[0].many and arguments[1].constants:
        found = _remainders(*arguments) or _implemented(name, arguments)
    elif name == "matches" and len(arguments) == 2 and arguments[1].constants:
        found = _searched(arguments[0], arguments[1].constants) or _implemented(name, arguments)
    else:
        found = _implemented(name, arguments)

    return Part(not_hidden(name, found.code), True)


def not_hidden(name: str, code: Code) -> Code:
    def checked(frame: Frame) -> Any:
        if name in frame.run.variables or frame.run.functions and name in frame.run.functions:
            raise Declined
        return code(frame)

    return checked


def _absolutes(numbers: Part) -> Part:
    def code(frame: Frame) -> Any:
        values = numbers.code(frame)
        if type(values[0]) is not Decimal:
            raise Declined
        return list(map(MATH.abs, values))

    return Part(code, True)


def _remainders(dividend: Part, divisors: Part) -> Part | None:
    """The remainders of a number that is not negative by positive numbers, of which FEEL and decimal arithmetic have the same idea."""
    numbers = divisors.constants or ()
    if any(type(number) is not Decimal or number <= 0 for number in numbers):
        return None

    def code(frame: Frame) -> Any:
        value = dividend.code(frame)
        if type(value) is not Decimal or value < 0:
            raise Declined
        return list(map(MATH.remainder, repeat(value), numbers))

    return Part(code, True)


def _searched(text: Part, patterns: Sequence[Any]) -> Part | None:
    """Short patterns sought in one short text; None where one of them could take long."""
    searches = [quick_search(pattern) if type(pattern) is str else None for pattern in patterns]
    if text.many or None in searches:
        return None

    def code(frame: Frame) -> Any:
        value = text.code(frame)
        if type(value) is not str or len(value) > QUICK_TEXT:
            raise Declined
        return [search(value) is not None for search in searches]  # type: ignore[misc]  # none is None

    return Part(code, True)


def _implemented(name: str, arguments: Sequence[Part]) -> Part:
    form = BUILTINS[name].form_of(len(arguments))
    if form is None:
        raise Declined
    types, implementation = form.types(), form.implementation

    def code(frame: Frame) -> Any:
        columns = []
        for argument, wanted in zip(arguments, types, strict=False):  # those left out have defaults
            value = argument.code(frame)
            if wanted is not None and type(value[0] if argument.many else value) not in wanted:
                raise Declined
            columns.append(value if argument.many else repeat(value))
        return alike(list(map(implementation, repeat(frame.run), *columns)))

    return Part(code, True)
