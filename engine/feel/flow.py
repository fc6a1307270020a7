"""Syntax tree to closures: choices, loops, filters, tests, calls, contexts and function definitions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from amends.engine.feel import nodes as n
from amends.engine.feel.builtins import BUILTINS
from amends.engine.feel.compiler import HANDLERS, Compiler
from amends.engine.feel.functions import UserFunction
from amends.engine.feel.numbers import is_whole, whole
from amends.engine.feel.run import Code, Frame, ItemFrame, Run
from amends.engine.feel.types import is_instance
from amends.engine.feel.values import Fault, Function, kind_of


def weight(node: n.Node) -> int:
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
    cost, text = weight(node.condition) + 1, compiler.text

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


def _instance_of(compiler: Compiler, node: n.InstanceOf) -> Code:
    value, type_, text = compiler.compile(node.value), node.type, compiler.text

    def code(frame: Frame) -> Any:
        result = is_instance(value(frame), type_, frame.run.types, frame.run.meter)
        if result is None:
            frame.run.warn(text, node, f"There is no type named «{type_.name}»")
        return result

    return code


def _function_definition(compiler: Compiler, node: n.FunctionDefinition) -> Code:
    parameters = node.parameters
    if node.external:
        return _faulty(compiler.text, node, "An external function (Java, PMML) cannot be called here; write it in FEEL")
    compiler.scopes.push({parameter.name for parameter in parameters})
    body = compiler.compile(node.body)
    compiler.scopes.pop()
    cost = weight(node.body) + 8
    return lambda frame: UserFunction(parameters, body, frame, cost)


def _call(compiler: Compiler, node: n.Call) -> Code:
    function, text = compiler.compile(node.function), compiler.text
    arguments = [compiler.compile(argument) for argument in node.arguments]
    names = node.names
    if names is None and isinstance(node.function, n.Name) and compiler.scopes.find(node.function.name) is None:
        quick = _builtin_call(node, node.function.name, text, arguments, function)
        if quick is not None:
            return quick

    def code(frame: Frame) -> Any:
        target = function(frame)
        run = frame.run
        try:
            if names is None or not isinstance(target, Function):
                return _called(target, run, [argument(frame) for argument in arguments])
            if len(set(names)) < len(names):
                raise Fault("An argument is named twice")
            return target.call_named(run, {name: argument(frame) for name, argument in zip(names, arguments, strict=True)})
        except Fault as fault:
            run.warn(text, node, str(fault))
            return None

    return code


def _builtin_call(node: n.Call, name: str, text: str, arguments: list[Code], function: Code) -> Code | None:
    """A call by position of a built-in function, whose arguments mostly are of the types it wants; None where that cannot be seen."""
    known = BUILTINS.get(name)
    form = None if known is None else known.quick(len(arguments))
    if form is None:
        return None
    types, implementation = form

    def code(frame: Frame) -> Any:
        run = frame.run
        # The context, and functions of the host, may hide a built-in function.
        target = known if name not in run.variables and run.functions is None else function(frame)
        values = [argument(frame) for argument in arguments]
        try:
            if target is known and all(type(value) in wanted for value, wanted in zip(values, types, strict=True)):
                return implementation(run, *values)
            return _called(target, run, values)
        except Fault as fault:
            run.warn(text, node, str(fault))
            return None

    if len(arguments) == 1:
        argument, wanted = arguments[0], types[0]

        def code_of_one(frame: Frame) -> Any:
            run = frame.run
            target = known if name not in run.variables and run.functions is None else function(frame)
            value = argument(frame)
            try:
                return implementation(run, value) if target is known and type(value) in wanted else _called(target, run, [value])
            except Fault as fault:
                run.warn(text, node, str(fault))
                return None

        return code_of_one
    if len(arguments) != 2:
        return code
    (first, second), (first_types, second_types) = arguments, types

    def code_of_two(frame: Frame) -> Any:
        run = frame.run
        target = known if name not in run.variables and run.functions is None else function(frame)
        a, b = first(frame), second(frame)
        try:
            if target is known and type(a) in first_types and type(b) in second_types:
                return implementation(run, a, b)
            return _called(target, run, [a, b])
        except Fault as fault:
            run.warn(text, node, str(fault))
            return None

    return code_of_two


def _called(target: Any, run: Run, values: list[Any]) -> Any:
    if not isinstance(target, Function):
        raise Fault("There is no function here to call" if target is None else f"A {kind_of(target)} cannot be called")
    return target.call(run, values)


HANDLERS.update(
    {
        n.If: _if,
        n.ContextNode: _context,
        n.Filter: _filter,
        n.InstanceOf: _instance_of,
        n.FunctionDefinition: _function_definition,
        n.Call: _call,
    }
)
