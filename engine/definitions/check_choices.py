"""Conditions of a choice that can never be true, are never asked, or hold together: where they are plain enough to decide.

Conditions are tried on samples of what they compare: every constant, its neighbours, what lies between, and nothing at all. An overlap
comes with the values that show it, so it is certain. That something never happens is only said of comparisons with numbers,
texts and true or false, for which the samples stand for all values there are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from itertools import islice, product
from typing import Any

from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.findings import Findings, flow_called, the
from amends.engine.definitions.model import Element, Flow, Process, Scope
from amends.engine.feel import Expression, FeelError
from amends.engine.feel import nodes as n

MOST_TRIES = 4_000
"""How many combinations of samples are tried for one choice; a larger one is left undecided."""
MOST_WORK = 1_000_000
"""How many constants are compared for one choice, those of a condition with each combination tried; the rest is left undecided."""
MOST_GAPS = 200_000
"""How many constants are compared in looking for a gap."""
_LARGE = 10**15
_PLACES = 9
"""Numbers are decided below this size, and with at most so many decimal places."""
_COMPARISONS = frozenset(("=", "!=", "<", "<=", ">", ">="))
_CENTS = 2
"""How many decimal places an amount has at least, where any is compared that is not whole."""
_PURE = frozenset({"date", "time", "date and time", "duration", "number", "string"})


class Beyond(Exception):
    """A condition that is not plain."""


class _TooMuch(Exception):
    """A choice that takes too long to decide."""


@dataclass(slots=True)
class _Found:
    """What conditions read: the constants each name (or dotted path) is compared with; `boolean` those read by themselves."""

    constants: dict[str, list[Any]] = field(default_factory=dict)
    boolean: set[str] = field(default_factory=set)

    def compare(self, path: str, value: Any) -> None:
        self.constants.setdefault(path, []).append(value)


@dataclass(slots=True)
class _Way:
    flow: Flow
    expression: Expression
    reads: set[str]
    work: int
    """How many constants it compares, and one for being asked."""


@dataclass(slots=True)
class _Trial:
    """The conditions of one choice, held against samples: each condition against each combination once."""

    samples: Mapping[str, _Samples]
    left: int = MOST_WORK
    known: dict[tuple[str, tuple[str, ...], bool], int | None] = field(default_factory=dict)

    def complete(self, paths: Sequence[str]) -> bool:
        return all(self.samples[path].complete for path in paths)

    def tries(self, paths: Sequence[str], likely: bool = False) -> Iterator[dict[str, Any]] | None:
        return _tries(paths, [self.samples[path].likely if likely else self.samples[path].values for path in paths])

    def holds(self, way: _Way, context: Mapping[str, Any]) -> bool:
        """Whether a condition holds. Raises _TooMuch when too many were asked."""
        self.left -= way.work
        if self.left < 0:
            raise _TooMuch
        return _holds(way, context)

    def holding(self, way: _Way, paths: Sequence[str], likely: bool = False) -> int | None:
        """For which of the combinations a condition holds: a bit for each, the lowest for the first; None where there are too many."""
        key = (way.flow.id, tuple(paths), likely)
        if key not in self.known:
            tries = self.tries(paths, likely)
            held = None if tries is None else sum(1 << number for number, context in enumerate(tries) if self.holds(way, context))
            self.known[key] = held
        return self.known[key]


def check_choices(found: Findings, process: Process, expressions: Expressions) -> None:
    """Every exclusive and inclusive gateway of a process, and each condition by itself."""
    for scope in process.scopes():
        for element in scope.elements.values():
            flows = [flow for flow in scope.outgoing(element.id) if flow.condition is not None and flow.id != element.default]
            if flows and element.type not in ("parallelGateway", "eventBasedGateway"):
                _choice(found, scope, element, flows, expressions)
                _always(found, scope, element, flows, expressions)


def _choice(found: Findings, scope: Scope, element: Element, flows: Sequence[Flow], expressions: Expressions) -> None:
    reads = _Found()
    ways = [way for flow in flows if (way := _way(flow, expressions, reads)) is not None]
    samples = {path: _samples(reads.constants.get(path, []), path in reads.boolean) for path in {*reads.constants, *reads.boolean}}
    if not ways or any(not values for values in samples.values()):
        return
    exclusive = element.type == "exclusiveGateway" and len(ways) > 1
    trial = _Trial(samples)
    with suppress(_TooMuch):
        dead = {way.flow.id for way in ways if _never(found, scope, way, trial)}
        if exclusive:
            _together(found, scope, element, [way for way in ways if way.flow.id not in dead], trial, flows)
    every = len(ways) == len(scope.outgoing(element.id)) > 1 and element.default is None
    if every and element.type in ("exclusiveGateway", "inclusiveGateway"):
        _gap(found, element, ways, reads)


def _always(found: Findings, scope: Scope, element: Element, flows: Sequence[Flow], expressions: Expressions) -> None:
    """What follows a condition of an exclusive gateway that always holds is never asked, and the default never taken."""
    if element.type != "exclusiveGateway":
        return
    always = next((place for place, flow in enumerate(flows) if expressions.always(flow.condition or "")), None)
    if always is None:
        return
    default = [flow for flow in scope.outgoing(element.id) if flow.id == element.default]
    never = [flow for flow in flows if expressions.constant(flow.condition or "")[0] and not expressions.always(flow.condition or "")]
    for flow in [*(flow for flow in flows[always + 1 :] if flow not in never), *default]:
        message = f"The {flow_called(flow, scope)[4:]} is never taken: the condition of {_named_flow(flows[always], scope)} always holds."
        found.warn(flow, "never-true", message, "Let that condition read a variable, or delete this flow.")


def _way(flow: Flow, expressions: Expressions, reads: _Found) -> _Way | None:
    """A condition that is plain, its constants noted; None for any other."""
    expression = expressions.get(flow.condition or "")
    if expression is None or expression.constant:
        return None
    own = _Found()
    try:
        _walk(expression.ast, own, expression.text)
    except Beyond:
        return None
    for path, values in own.constants.items():
        reads.constants.setdefault(path, []).extend(values)
    reads.boolean |= own.boolean
    return _Way(flow, expression, {*own.constants, *own.boolean}, 1 + sum(len(values) for values in own.constants.values()))


def _walk(node: n.Node, found: _Found, text: str) -> None:
    """Note what a truth-valued part compares. Raises Beyond for what is not plain."""
    if isinstance(node, n.Binary) and node.operator in ("and", "or"):
        _walk(node.left, found, text)
        _walk(node.right, found, text)
    elif isinstance(node, n.Binary) and node.operator in _COMPARISONS:
        left, right = _path(node.left), _path(node.right)
        if (left is None) == (right is None):
            raise Beyond
        found.compare(str(left or right), _constant(node.right if left is not None else node.left, text))
    elif isinstance(node, n.Between):
        for bound in (node.low, node.high):
            found.compare(_named(node.value), _constant(bound, text))
    elif isinstance(node, n.In):
        for test in node.tests:
            _test(_named(node.value), test, found, text)
    elif isinstance(node, n.Call) and isinstance(node.function, n.Name) and node.function.name == "not" and len(node.arguments) == 1:
        _walk(node.arguments[0], found, text)
    else:
        found.boolean.add(_named(node))


def _test(path: str, node: n.Node, found: _Found, text: str) -> None:
    if isinstance(node, n.ListNode):
        for item in node.items:
            found.compare(path, _constant(item, text))
    elif isinstance(node, n.RangeNode):
        found.compare(path, _constant(node.low, text))
        found.compare(path, _constant(node.high, text))
    elif isinstance(node, n.UnaryComparison):
        found.compare(path, _constant(node.operand, text))
    else:
        found.compare(path, _constant(node, text))


def _path(node: n.Node) -> str | None:
    """A name or dotted path, or None."""
    if isinstance(node, n.Name):
        return node.name
    source = _path(node.source) if isinstance(node, n.Path) else None
    return None if source is None or not isinstance(node, n.Path) else f"{source}.{node.name}"


def _named(node: n.Node) -> str:
    path = _path(node)
    if path is None:
        raise Beyond
    return path


def _constant(node: n.Node, text: str) -> Any:
    for part in n.walk(node):
        pure = isinstance(part, n.Call) and isinstance(part.function, n.Name) and part.function.name in _PURE
        if isinstance(part, n.Name) and part.name in _PURE:
            continue
        if not (pure or isinstance(part, n.Literal | n.AtLiteral | n.Negation)):
            raise Beyond
    try:
        return Expression(text, node).evaluate({})
    except FeelError:
        raise Beyond from None


@dataclass(frozen=True, slots=True)
class _Samples:
    """Values to try; `complete` says that they stand for all there are, `likely` are those a person would think of."""

    values: tuple[Any, ...]
    likely: tuple[Any, ...]
    complete: bool

    def __bool__(self) -> bool:
        return bool(self.values)


def _samples(constants: list[Any], boolean: bool) -> _Samples:
    given = [value for value in constants if value is not None]
    kinds = {type(value) for value in given} | ({bool} if boolean else set())
    if kinds == {bool}:
        return _Samples((True, False, None), (True, False), True)
    if kinds == {str}:
        texts = tuple(dict.fromkeys(given))
        other = next(name for name in ("something else", "something else again", "yet something else") if name not in texts)
        # Texts are compared for order, too: one below and one above each constant.
        return _Samples((*texts, other, "", *(text + "\0" for text in texts), "\U0010ffff", None), (*texts, other), True)
    if kinds == {Decimal} or kinds == {int} or kinds == {int, Decimal}:
        return _numbers(sorted({Decimal(value) for value in given}))
    if len(kinds) == 1 and kinds <= {dt.date, dt.datetime, dt.timedelta}:
        step = dt.timedelta(days=1)
        try:
            near = tuple(value + offset * step for value in given for offset in (-1, 0, 1))
        except OverflowError:
            return _Samples((), (), False)
        return _Samples((*near, None), near, False)
    if not kinds:  # compared with null only
        return _Samples((True, None), (), False)
    return _Samples((), (), False)


def _plain_number(value: object) -> bool:
    """A number of a size with whose neighbours can be reckoned exactly."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return False
    number = Decimal(value)
    places = number.as_tuple().exponent
    return abs(number) < _LARGE and isinstance(places, int) and places >= -_PLACES


def _numbers(given: list[Decimal]) -> _Samples:
    if not all(_plain_number(value) for value in given):
        return _Samples((), (), False)
    between = [(low + high) / 2 for low, high in zip(given, given[1:], strict=False)]
    near = [value + offset for value in given for offset in (-1, 0, 1)]
    likely = tuple(dict.fromkeys((*near, *between)))
    return _Samples((*likely, None), likely, True)


def _tries(paths: Sequence[str], values: Sequence[Sequence[Any]]) -> Iterator[dict[str, Any]] | None:
    """Every combination, as contexts; None where there are too many, or a path leads into what another compares."""
    total = 1
    for choices in values:
        total *= len(choices)
    if total > MOST_TRIES or any(other.startswith(path + ".") for path in paths for other in paths):
        return None
    return (_context(paths, chosen) for chosen in islice(product(*values), MOST_TRIES))


def _context(paths: Sequence[str], chosen: Sequence[Any]) -> dict[str, Any]:
    context: dict[str, Any] = {}
    for path, value in zip(paths, chosen, strict=True):
        *way, last = path.split(".")
        box = context
        for name in way:
            box = box.setdefault(name, {})
        box[last] = value
    return context


def _holds(way: _Way, context: Mapping[str, Any]) -> bool:
    try:
        return way.expression.evaluate(context) is True
    except FeelError:
        return False


def _never(found: Findings, scope: Scope, way: _Way, trial: _Trial) -> bool:
    paths = sorted(way.reads)
    tries = trial.tries(paths) if trial.complete(paths) else None
    if tries is None or any(trial.holds(way, context) for context in tries):
        return False
    message = f"The condition of the {flow_called(way.flow, scope)[4:]} is never true, whatever {' and '.join(paths)} may be."
    found.warn(way.flow, "never-true", message, "Correct the condition, or delete the flow.")
    return True


def _together(found: Findings, scope: Scope, element: Element, ways: Sequence[_Way], trial: _Trial, flows: Sequence[Flow]) -> None:
    """Flows of an exclusive gateway that are never reached because of those before them, or that hold together with one."""
    order = {flow.id: number for number, flow in enumerate(flows)}
    ways = sorted(ways, key=lambda way: order[way.flow.id])
    for number, way in enumerate(ways):
        before = ways[:number]
        if not before:
            continue
        if _masked(found, scope, way, before, trial):
            continue
        for first in before:
            shown = _example(first, way, trial)
            if shown is not None:
                values = " and ".join(f"{path} = {_shown(value)}" for path, value in shown)
                both = f"{_named_flow(first.flow, scope)} and {_named_flow(way.flow, scope)}"
                message = f"Two ways out of {the(element)} hold for {values}: {both}."
                help = "The first one in the file is taken, which the diagram does not show: let one condition exclude the other."
                found.warn(way.flow, "overlap", message, help)
                break


def _gap(found: Findings, element: Element, ways: Sequence[_Way], reads: _Found) -> None:
    """Numbers between others for which no condition of a gateway holds, and it has no default.

    Said where all conditions read one variable, and only of what is certain. Beyond the first and the last constant the variable may
    never be; between two points that are tested for, either. A gap has to hold a number with no more places than those it is between:
    a whole one between whole numbers, for it may count something, and one in cents at least where any of the numbers is not whole.
    """
    if len(reads.constants) != 1 or reads.boolean:
        return
    ((path, constants),) = reads.constants.items()
    if not all(_plain_number(value) for value in constants):
        return
    numbers = sorted({Decimal(value) for value in constants})
    if 2 * len(numbers) * len(constants) > MOST_GAPS:
        return
    step = _step(numbers)
    # What the conditions give is the same throughout each of these: below all constants, at the first, between it and the second, …
    regions: list[tuple[Decimal, bool]] = [(numbers[0] - 1, True)]
    unlikely: set[Decimal] = set()
    for low, high in zip(numbers, [*numbers[1:], numbers[-1] + 2], strict=True):
        between = _between(low, high, step)
        if between is None:
            between = (low + high) / 2
            unlikely.add(between)
        regions += [(low, False), (between, True)]
    held = [any(_holds(way, _context([path], [value])) for way in ways) for value, _ in regions]
    for start in [at for at in range(1, len(held)) if held[at - 1] and not held[at]]:
        end = next((at for at in range(start, len(held)) if held[at]), None)
        if end is None:
            return
        # An open stretch holds on one side at least; a point by itself is one value of perhaps few.
        spans = regions[start - 1][1] or regions[end][1] or any(held[max(start - 2, 0) : start - 1]) or any(held[end + 1 : end + 2])
        inside = [value for value, _ in regions[start:end] if value not in unlikely]
        if spans and inside:
            message = f"No way out of {the(element)} can be taken for {path} = {_shown(inside[0])}, and it has no default."
            help = "Make one of its flows the default, or close the gap: the instance would stop there with an incident."
            found.warn(element, "gap", message, help)
            return


def _step(numbers: Sequence[Decimal]) -> Decimal:
    """The finest step that a variable compared with these numbers is taken to have."""
    exponents = [number.normalize().as_tuple().exponent for number in numbers]
    places = max(-exponent for exponent in exponents if isinstance(exponent, int))
    return Decimal(1).scaleb(-max(places, _CENTS) if places > 0 else 0)


def _between(low: Decimal, high: Decimal, step: Decimal) -> Decimal | None:
    """A number between two others that is so many steps: the next whole one, or one near the middle; None if there is none."""
    whole = low.to_integral_value(ROUND_FLOOR) + 1
    if whole < high:
        return whole
    near = ((low + high) / 2).quantize(step, ROUND_FLOOR)
    near = near if near > low else near + step
    return near.normalize() if near < high else None


def _named_flow(flow: Flow, scope: Scope) -> str:
    return "t" + flow_called(flow, scope)[1:]


def _masked(found: Findings, scope: Scope, way: _Way, before: Sequence[_Way], trial: _Trial) -> bool:
    paths = sorted(way.reads.union(*(first.reads for first in before)))
    alone = trial.holding(way, paths) if trial.complete(paths) else None
    if alone is None:
        return False
    for first in before:
        alone &= ~(trial.holding(first, paths) or 0)
    if alone:
        return False
    message = f"The {flow_called(way.flow, scope)[4:]} is never taken: whenever its condition holds, that of a flow before it does, too."
    found.warn(way.flow, "never-true", message, "Put the narrower condition first in the file, or let one exclude the other.")
    return True


def _example(first: _Way, second: _Way, trial: _Trial) -> list[tuple[str, Any]] | None:
    """Values for which two conditions hold together, of the likely ones; None if there are none (or too many to try)."""
    paths = sorted(first.reads | second.reads)
    if first.reads.isdisjoint(second.reads):
        return None  # about different things: both can hold, and whoever drew it knows
    both = (trial.holding(first, paths, likely=True) or 0) & (trial.holding(second, paths, likely=True) or 0)
    if not both:
        return None
    at = (both & -both).bit_length() - 1
    context = next(islice(trial.tries(paths, likely=True) or (), at, None))
    return [(path, _at(context, path)) for path in paths]


def _at(context: Mapping[str, Any], path: str) -> Any:
    value: Any = context
    for name in path.split("."):
        value = value[name]
    return value


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)
