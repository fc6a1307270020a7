"""Between the host program, JSON and FEEL's values; and functions of a model as values that FEEL can call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from amends.engine.feel import Fault, FeelError, Function, evaluate, kind_of, normalize, parse, value_text
from amends.engine.feel.nodes import TypeNode
from amends.engine.feel.types import type_accepts

if TYPE_CHECKING:
    from amends.engine.decisions.run import Run
    from amends.engine.decisions.types import Type

__all__ = ["FeelFunction", "call", "from_json", "from_python", "kind_of", "read_temporal", "same", "shown"]

from_python = normalize
"""A value of the host program as FEEL's: int and float become decimals, tuples lists; null for what FEEL has no type for."""

_READERS = {
    "date": "date",
    "time": "time",
    "date and time": "date and time",
    "days and time duration": "duration",
    "years and months duration": "duration",
}


class FeelFunction(Function):
    """A knowledge model, a decision service or a boxed function, as FEEL calls it."""

    __slots__ = ("invoke", "kinds", "name", "parameters")

    def __init__(self, name: str, parameters: Sequence[str], kinds: Sequence[Type], invoke: Callable[..., Any]) -> None:
        self.name = name
        self.parameters = tuple(parameters)
        self.kinds = tuple(kinds)
        self.invoke = invoke

    def parameter_sets(self) -> list[tuple[str, ...]]:
        """The one list of parameter names it can be called with."""
        return [self.parameters]

    def accepts(self, arguments: Sequence[TypeNode], result: TypeNode | None) -> bool:
        """Whether it may stand where a function of these parameter types is demanded; its result is known only when it is called."""
        if len(arguments) != len(self.parameters):
            return False
        return all(type_accepts(kind.node(), argument) for kind, argument in zip(self.kinds, arguments, strict=True))

    def call(self, run: Any, arguments: list[Any]) -> Any:
        """Call with positional arguments, one for each parameter. Raises Fault, which FEEL turns into null and a warning."""
        if len(arguments) != len(self.parameters):
            raise Fault(f"{self.name} takes {len(self.parameters)} arguments ({', '.join(self.parameters)}), not {len(arguments)}")
        return self.invoke(*arguments)

    def call_named(self, run: Any, arguments: dict[str, Any]) -> Any:
        """Call with named arguments; one that is left out is null. Raises Fault for a name that it does not have."""
        for name in arguments:
            if name not in self.parameters:
                raise Fault(f"{self.name} has no parameter {name}, only {', '.join(self.parameters) or 'none'}")
        return self.invoke(*(arguments.get(name) for name in self.parameters))


def call(target: Any, arguments: dict[str, Any], run: Run, line: int) -> Any:
    """The result of calling a function value with named arguments; null and a warning where it is none, or does not take them."""
    if isinstance(target, FeelFunction):
        try:
            return target.call_named(None, arguments)
        except Fault as fault:
            run.warn(f"{fault}.", target.name, line)
            return None
    if not isinstance(target, Function):
        run.warn("What is invoked is not a function.", line=line)
        return None
    scope: dict[str, Any] = {"f": target}
    written = []
    for number, (name, value) in enumerate(arguments.items()):
        scope[f"v{number}"] = value
        written.append(f"{name}: v{number}")
    try:
        return run.value(parse(f"f({', '.join(written)})"), scope)
    except FeelError as error:
        run.warn(str(error), target.name, line)
        return None


def from_json(value: Any, kind: Type) -> Any:
    """A JSON value as its declared type wants it: texts that stand for dates, times and durations are read, in depth."""
    if isinstance(value, list):
        item = kind.item if kind.base == "list" and kind.item is not None else kind
        return [from_json(part, item) for part in value]
    if isinstance(value, dict):
        return {key: from_json(part, kind.fields[key]) if key in kind.fields else part for key, part in value.items()}
    if kind.base == "list" and kind.item is not None:
        return from_json(value, kind.item)
    if isinstance(value, str) and kind.base in _READERS:
        read = evaluate(f"{_READERS[kind.base]}(text)", {"text": value})
        return value if read is None or kind_of(read) != kind.base else read
    return value


def read_temporal(text: str, like: Any) -> Any:
    """A text as a value of the same temporal type as `like`; the text itself where it is none."""
    reader = _READERS.get(kind_of(like))
    if reader is None:
        return text
    read = evaluate(f"{reader}(text)", {"text": text})
    return text if read is None else read


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal as FEEL compares them."""
    return evaluate("left = right", {"left": left, "right": right}) is True


def shown(value: Any) -> str:
    """A value as FEEL writes it, texts in quotation marks."""
    return f'"{value}"' if isinstance(value, str) else value_text(value) or "null"
