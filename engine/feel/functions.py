"""Functions as values: those a text defines, those the host injects, and the frame all calls share."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from amends.engine.feel import nodes as n
from amends.engine.feel.errors import BudgetError
from amends.engine.feel.operators import midnight
from amends.engine.feel.run import Code, Frame, Run
from amends.engine.feel.temporal import WideDate
from amends.engine.feel.types import conforms, type_accepts
from amends.engine.feel.values import Fault, Function, kind_of, normalize


class UserFunction(Function):
    """function(a, b) … of a text, with the scope it was written in."""

    __slots__ = ("parameters", "body", "frame", "name", "cost")

    def __init__(self, parameters: tuple[n.Parameter, ...], body: Code, frame: Frame, cost: int) -> None:
        self.name = "function"
        self.parameters = parameters
        self.body = body
        self.frame = frame
        self.cost = cost

    def parameter_sets(self) -> list[tuple[str, ...]]:
        return [tuple(parameter.name for parameter in self.parameters)]

    def accepts(self, arguments: Sequence[n.TypeNode], result: n.TypeNode | None) -> bool:
        if len(arguments) != len(self.parameters):
            return False
        return all(type_accepts(parameter.type, argument) for parameter, argument in zip(self.parameters, arguments, strict=True))

    def call(self, run: Run, arguments: list[Any]) -> Any:
        if len(arguments) != len(self.parameters):
            raise Fault(f"The function has {len(self.parameters)} parameters and was given {len(arguments)} arguments")
        values = {}
        for parameter, value in zip(self.parameters, arguments, strict=True):
            values[parameter.name] = value if parameter.type is None else _fitted(parameter, value, run)
        home = self.frame.run
        if home.meter is not run.meter or home.warnings is not run.warnings:
            home = Run.of(home.variables, run.meter, home.functions, home.types, home.now, run.warnings)
        run.meter.enter(self.cost)
        try:
            return self.body(Frame(values, self.frame, home))
        finally:
            run.meter.leave()

    def call_named(self, run: Run, arguments: dict[str, Any]) -> Any:
        names = self.parameter_sets()[0]
        if arguments.keys() != set(names):
            raise Fault(f"The function's parameters are {', '.join(names) or 'none'}, and it was given {', '.join(arguments)}")
        return self.call(run, [arguments[name] for name in names])


def _fitted(parameter: n.Parameter, value: Any, run: Run) -> Any:
    """An argument for a typed parameter, after the implicit conversions: of lists of one, and of dates (DMN 1.5, 10.3.2.9.4)."""
    type_ = parameter.type
    types = getattr(run.types, "accepting", run.types)  # a host's types may demand more of a parameter than of an instance
    if type_ is None or conforms(value, type_, types, run.meter) is not False:
        return value
    if isinstance(value, list) and len(value) == 1 and conforms(value[0], type_, types, run.meter):
        return value[0]
    if type_.name in ("date and time", "dateTime") and isinstance(value, WideDate | dt.date):
        return midnight(value)
    if type_.name == "list" and conforms([value], type_, types, run.meter):
        return [value]
    raise Fault(f"The parameter {parameter.name} needs a {type_.name} and was given a {kind_of(value)}")


class HostFunction(Function):
    """A Python callable that the host injected under a FEEL name. What it raises becomes null and a warning."""

    __slots__ = ("name", "function")

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.function = function

    def parameter_sets(self) -> list[tuple[str, ...]]:
        return [tuple(name for name, _, _ in _parameters(self.function))]

    def accepts(self, arguments: Sequence[n.TypeNode], result: n.TypeNode | None) -> bool:
        try:
            self._check(len(arguments))
        except Fault:
            return False
        return True

    def _check(self, count: int) -> None:
        parameters = _parameters(self.function)
        least = sum(1 for _, needed, _ in parameters if needed)
        most = None if any(many for _, _, many in parameters) else len(parameters)
        if count < least or most is not None and count > most:
            names = ", ".join(name for name, _, _ in parameters)
            raise Fault(f"{self.name}({names}) was given {count} arguments")

    def call(self, run: Run, arguments: list[Any]) -> Any:
        self._check(len(arguments))
        for value in arguments:
            run.meter.whole(value)
        try:
            return normalize(self.function(*arguments))
        except BudgetError:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary to the host: the language knows no exceptions, only null
            raise Fault(f"{self.name} failed: {error}") from error

    def call_named(self, run: Run, arguments: dict[str, Any]) -> Any:
        parameters = _parameters(self.function)
        known = {name for name, _, _ in parameters}
        unknown = [name for name in arguments if name not in known]
        missing = [name for name, needed, _ in parameters if needed and name not in arguments]
        if unknown or missing:
            names = ", ".join(name for name, _, _ in parameters)
            raise Fault(f"{self.name} has the parameters {names}, and was given {', '.join(arguments)}")
        for value in arguments.values():
            run.meter.whole(value)
        try:
            return normalize(self.function(**{name.replace(" ", "_"): value for name, value in arguments.items()}))
        except BudgetError:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            raise Fault(f"{self.name} failed: {error}") from error


@lru_cache(maxsize=1024)
def _parameters(function: Callable[..., Any]) -> tuple[tuple[str, bool, bool], ...]:
    """A callable's parameters as FEEL names them, whether each is needed, and whether it takes any number.

    A callable may name them itself in an attribute `parameters`, as Python lets none be called "from"; which it needs it then tells.
    """
    named = getattr(function, "parameters", None)
    if isinstance(named, tuple):
        return tuple((str(name), False, False) for name in named)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return (("arguments", False, True),)
    found = []
    for parameter in signature.parameters.values():
        many = parameter.kind is inspect.Parameter.VAR_POSITIONAL
        if parameter.kind in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.KEYWORD_ONLY):
            continue
        found.append((parameter.name.replace("_", " "), parameter.default is inspect.Parameter.empty and not many, many))
    return tuple(found)


def host_function(name: str, function: Any) -> Function:
    """An injected callable as a FEEL function."""
    return function if isinstance(function, Function) else HostFunction(name, function)
