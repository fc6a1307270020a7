"""Syntax tree to closures: choices, loops, filters, tests, calls, contexts and function definitions."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from amends.engine.feel import nodes as n
from amends.engine.feel import operators as ops
from amends.engine.feel.compiler import HANDLERS, Compiler
from amends.engine.feel.functions import UserFunction
from amends.engine.feel.iterate import domain_items
from amends.engine.feel.numbers import is_whole, whole
from amends.engine.feel.run import Code, Frame, ItemFrame
from amends.engine.feel.types import is_instance
from amends.engine.feel.values import Fault, Function, kind_of


def _weight(node: n.Node) -> int:
    """The steps one evaluation of a node costs: its parts."""
    return sum(1 for _ in n.walk(node))


def _if(compiler: Compiler, node: n.If) -> Code:
    condition, then, otherwise = compiler.compile(node.condition), compiler.compile(node.then), compiler.compile(node.otherwise)
    text = compiler.text

    def code(frame: Frame) -> Any:
        value = condition(frame)
        if value is True:
            return then(frame)
        if value is not False and value is not None:
            frame.run.warn(text, node.condition, f"The condition of if is a {kind_of(value)}, not a boolean; else is taken")
        return otherwise(frame)

    return code


def _context(compiler: Compiler, node: n.ContextNode) -> Code:
    names: set[str] = set()
    compiler.scopes.push(names)
    entries: list[tuple[str, Code]] = []
    for key, value in node.entries:
        # A function may call itself; any other entry sees only those before it.
        if isinstance(value, n.FunctionDefinition):
            names.add(key)
        entries.append((key, compiler.compile(value)))
        names.add(key)
    compiler.scopes.pop()
    text = compiler.text
    if len({key for key, _ in entries}) < len(entries):
        return _faulty(text, node, "A context has two entries of the same name")

    def code(frame: Frame) -> Any:
        values: dict[str, Any] = {}
        inner = Frame(values, frame, frame.run)
        for key, entry in entries:
            values[key] = entry(inner)
        return values

    return code


def _faulty(text: str, node: n.Node, message: str) -> Code:
    def code(frame: Frame) -> Any:
        frame.run.warn(text, node, message)

    return code


def _filter(compiler: Compiler, node: n.Filter) -> Code:
    source = _source(compiler, node.source)
    compiler.scopes.push(None)
    condition = compiler.compile(node.condition)
    compiler.scopes.pop()
    cost, text = _weight(node.condition) + 1, compiler.text

    def index(frame: Frame, items: list[Any], number: Decimal) -> Any:
        if not is_whole(number):
            frame.run.warn(text, node.condition, "A list is indexed by whole numbers")
            return None
        position, count = whole(number), len(items)
        if position == 0 or abs(position) > count:
            frame.run.warn(text, node, f"The list has {count} items, and none at {position} (they count from 1, or from the end with -1)")
            return None
        return items[position - 1 if position > 0 else position]

    def code(frame: Frame) -> Any:
        items = source(frame)
        if items is None:
            frame.run.warn(text, node, "null is filtered")
            return None
        if type(items) is not list:
            items = [items]
        run = frame.run
        if not items:
            value = condition(ItemFrame(None, frame, run))
            return index(frame, items, value) if type(value) is Decimal else []
        found: list[Any] = []
        charge = run.meter.charge
        for item in items:
            charge(cost)
            value = condition(ItemFrame(item, frame, run))
            if value is True:
                found.append(item)
            elif type(value) is Decimal:
                return index(frame, items, value)
            elif value is not False and value is not None:
                run.warn(text, node.condition, f"A filter needs a boolean or a number, and this is a {kind_of(value)}")
                return None
        return found

    return code


def _source(compiler: Compiler, node: n.Node) -> Code:
    """What is filtered; `partial` is looked at without copying it."""
    if isinstance(node, n.Name) and node.name == "partial":
        place = compiler.scopes.find("partial")
        if place is not None and place.hops is not None and not place.filters:
            hops = place.hops

            def code(frame: Frame) -> Any:
                for _ in range(hops):
                    frame = frame.parent  # type: ignore[assignment]
                return frame.vars.get("partial")

            return code
    return compiler.compile(node)


def _in(compiler: Compiler, node: n.In) -> Code:
    value, text = compiler.compile(node.value), compiler.text
    constants = [test.value for test in node.tests if isinstance(test, n.Literal)]
    fast: frozenset[Any] = frozenset(item for item in constants if type(item) in (str, Decimal))
    whole = len(fast) == len(node.tests) and len({type(item) for item in fast}) == 1
    kind = type(constants[0]) if whole else None
    # Inside the tests ? is the value on the left, unless a unary test around them has its own.
    asks = compiler.scopes.find("?") is None and any(_asks(test) for test in node.tests)
    if asks:
        compiler.scopes.push({"?"})
    tests = [compile_test(compiler, test) for test in node.tests]
    if asks:
        compiler.scopes.pop()

    def code(frame: Frame) -> Any:
        item = value(frame)
        if type(item) is kind:
            return item in fast
        if asks:
            frame = Frame({"?": item}, frame, frame.run)
        return any_test(frame, item, tests, text, node)

    return code


def _asks(node: n.Node) -> bool:
    """Whether a test names the value under test, as ?."""
    return any(isinstance(part, n.Name) and part.name == "?" for part in n.walk(node))


def any_test(frame: Frame, value: Any, tests: list[Any], text: str, node: n.Node) -> bool | None:
    """Whether a value passes one of several tests; None where none is passed and one could not be told."""
    result: bool | None = False
    for test in tests:
        try:
            passed = test(frame, value)
        except Fault as fault:
            frame.run.warn(text, node, f"{str(fault).capitalize()}: the test is null")
            passed = None
        if passed is True:
            return True
        if passed is None:
            result = None
    return result


def compile_test(compiler: Compiler, node: n.Node) -> Any:
    """One positive unary test as a function of frame and value."""
    if isinstance(node, n.UnaryComparison):
        return _comparison_test(compiler, node)
    code = compiler.compile(node)
    asks = _asks(node)
    computed = not isinstance(node, n.Literal)

    def test(frame: Frame, value: Any) -> bool | None:
        expected = code(frame)
        kind = type(expected)
        # A condition of its own is the test; a boolean beside a boolean is a value to be equal to.
        if kind is bool and (asks or computed and type(value) is not bool):
            return bool(expected)
        if kind is list:
            frame.run.meter.charge(len(expected))
        if asks and expected is None:
            return None
        return ops.matches(value, expected, frame.run.meter)

    return test


def _comparison_test(compiler: Compiler, node: n.UnaryComparison) -> Any:
    operand, symbol = compiler.compile(node.operand), node.operator

    def test(frame: Frame, value: Any) -> bool | None:
        other = operand(frame)
        if symbol in ("=", "!="):
            return ops.equal(value, other, frame.run.meter) is (symbol == "=")
        return ops.compare(symbol, value, other)

    return test


def _instance_of(compiler: Compiler, node: n.InstanceOf) -> Code:
    value, type_, text = compiler.compile(node.value), node.type, compiler.text

    def code(frame: Frame) -> Any:
        result = is_instance(value(frame), type_, frame.run.types, frame.run.meter)
        if result is None:
            frame.run.warn(text, node, f"There is no type named «{type_.name}»")
        return result

    return code


def _iterations(compiler: Compiler, iterations: Iterable[n.Iteration]) -> list[tuple[str, Code, Code | None, n.Iteration]]:
    """The domains of a loop, each seeing the variables before it; opens the loop's scope."""
    names: set[str] = set()
    compiler.scopes.push(names)
    found = []
    for iteration in iterations:
        domain = compiler.compile(iteration.domain)
        high = compiler.compile(iteration.high) if iteration.high is not None else None
        found.append((iteration.name, domain, high, iteration))
        names.add(iteration.name)
    return found


class _Loop:
    """Runs the body for every combination of a loop's variables."""

    def __init__(self, compiler: Compiler, iterations: tuple[n.Iteration, ...]) -> None:
        self.domains = _iterations(compiler, iterations)
        self.text = compiler.text

    def frames(self, frame: Frame, variables: dict[str, Any], level: int = 0) -> Iterable[Frame]:
        name, domain, high, node = self.domains[level]
        last = level == len(self.domains) - 1
        scope = Frame(variables, frame, frame.run)
        low = domain(scope)
        items = domain_items(low, None if high is None else high(scope), high is not None, frame.run)
        for item in items:
            inner = {**variables, name: item}
            if last:
                yield Frame(inner, frame, frame.run)
            else:
                frame.run.meter.charge(1)
                yield from self.frames(frame, inner, level + 1)


def _for(compiler: Compiler, node: n.For) -> Code:
    loop = _Loop(compiler, node.iterations)
    compiler.scopes._stack[-1].names.add("partial")  # type: ignore[union-attr]
    body = compiler.compile(node.body)
    compiler.scopes.pop()
    cost, text = _weight(node.body) + 2, compiler.text

    def code(frame: Frame) -> Any:
        results: list[Any] = []
        meter = frame.run.meter
        try:
            for inner in loop.frames(frame, {"partial": results}):
                meter.charge(cost)
                results.append(body(inner))
                if len(results) & 1023 == 0:
                    meter.size(len(results))
        except Fault as fault:
            frame.run.warn(text, node, str(fault))
            return None
        return results

    return code


def _quantified(compiler: Compiler, node: n.Quantified) -> Code:
    loop = _Loop(compiler, node.iterations)
    condition = compiler.compile(node.condition)
    compiler.scopes.pop()
    cost, text, decisive = _weight(node.condition) + 2, compiler.text, node.kind == "some"

    def code(frame: Frame) -> Any:
        result: bool | None = not decisive
        charge = frame.run.meter.charge
        try:
            for inner in loop.frames(frame, {}):
                charge(cost)
                value = condition(inner)
                if value is decisive:
                    return decisive
                if value is not True and value is not False:
                    result = None
        except Fault as fault:
            frame.run.warn(text, node, str(fault))
            return None
        return result

    return code


def _function_definition(compiler: Compiler, node: n.FunctionDefinition) -> Code:
    parameters = node.parameters
    if node.external:
        return _faulty(compiler.text, node, "An external function (Java, PMML) cannot be called here; write it in FEEL")
    compiler.scopes.push({parameter.name for parameter in parameters})
    body = compiler.compile(node.body)
    compiler.scopes.pop()
    cost = _weight(node.body) + 8
    return lambda frame: UserFunction(parameters, body, frame, cost)


def _call(compiler: Compiler, node: n.Call) -> Code:
    function, text = compiler.compile(node.function), compiler.text
    arguments = [compiler.compile(argument) for argument in node.arguments]
    names = node.names

    def code(frame: Frame) -> Any:
        target = function(frame)
        run = frame.run
        try:
            if not isinstance(target, Function):
                raise Fault("There is no function here to call" if target is None else f"A {kind_of(target)} cannot be called")
            if names is None:
                return target.call(run, [argument(frame) for argument in arguments])
            if len(set(names)) < len(names):
                raise Fault("An argument is named twice")
            return target.call_named(run, {name: argument(frame) for name, argument in zip(names, arguments, strict=True)})
        except Fault as fault:
            run.warn(text, node, str(fault))
            return None

    return code


HANDLERS.update(
    {
        n.If: _if, n.ContextNode: _context, n.Filter: _filter, n.In: _in, n.InstanceOf: _instance_of, n.For: _for,
        n.Quantified: _quantified, n.FunctionDefinition: _function_definition, n.Call: _call,
    }
)  # fmt: skip
