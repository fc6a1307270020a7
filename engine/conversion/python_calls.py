"""The few functions and methods of Python that FEEL has an answer to."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from amends.engine.conversion import feel as f
from amends.engine.conversion.feel import Typed, Untranslatable
from amends.engine.feel import nodes as n

if TYPE_CHECKING:
    from amends.engine.conversion.python_text import Translator


def call(of: Translator, node: ast.Call) -> Typed:
    """A call; Untranslatable for what is not known."""
    if isinstance(node.func, ast.Name):
        known = _FUNCTIONS.get(node.func.id)
        if known is not None:
            return known(of, node)
        raise Untranslatable(f"The function {node.func.id}() is not known in FEEL", "Use a function of FEEL, or a service task.")
    if isinstance(node.func, ast.Attribute):
        if ast.unparse(node.func) in ("datetime.now", "datetime.datetime.now", "datetime.utcnow", "datetime.datetime.utcnow"):
            return f.call("now", kind=f.TIME)
        if ast.unparse(node.func) == "datetime.timedelta":
            return _timedelta(of, node)
        if node.keywords or any(isinstance(item, ast.Starred) for item in node.args):
            raise Untranslatable("A method with named or starred arguments")
        found = _METHODS.get((node.func.attr, len(node.args)))
        if found is not None:
            return found(of, of.value(node.func.value), [of.value(item) for item in node.args])
        raise Untranslatable(f"The method .{node.func.attr}() is not known in FEEL", "Use a function of FEEL, or a service task.")
    raise Untranslatable("What is called is computed")


def _one(node: ast.Call) -> ast.expr:
    if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
        raise Untranslatable(f"{ast.unparse(node.func)}() with these arguments")
    return node.args[0]


def _len(of: Translator, node: ast.Call) -> Typed:
    value = of.value(_one(node))
    if value.kind == f.TEXT:
        return f.call("string length", value, kind=f.NUMBER)
    if value.kind == f.CONTEXT:
        return f.call("count", f.call("get entries", value), kind=f.NUMBER)
    if value.kind not in (f.LIST, f.ANY):
        raise Untranslatable("len() of something that has no length")
    if value.kind == f.ANY:
        of.notes.append("what len() counts is taken for a list")
    return f.call("count", value, kind=f.NUMBER)


def _quantified(kind: str) -> Callable[[Translator, ast.Call], Typed]:
    """any() and all(), over a comprehension or a list."""

    def made(of: Translator, node: ast.Call) -> Typed:
        inner = _one(node)
        if isinstance(inner, ast.GeneratorExp | ast.ListComp):
            variable, domain, condition = of.loop(inner.generators)
            test = of.truth(inner.elt)
        else:
            variable, domain, condition = "item", of.value(inner), None
            test = f.negated(f.one_of([f.null(), f.truth(False), f.number(0), f.text(""), f.listed([]), f.EMPTY_CONTEXT], f.name("item")))
            of.notes.append("what is gone through is taken for a list")
        if condition is not None:
            test = f.binary("and", condition, test, f.TRUTH) if kind == "some" else f.binary("or", f.negated(condition), test, f.TRUTH)
        return Typed(n.Quantified(kind, (n.Iteration(variable, domain.node),), test.node), f.TRUTH)

    return made


def _items(of: Translator, node: ast.expr) -> Typed:
    if isinstance(node, ast.GeneratorExp):
        return of.value(ast.ListComp(node.elt, node.generators))
    value = of.value(node)
    if value.kind not in (f.LIST, f.ANY):
        raise Untranslatable("A list is wanted here")
    if value.kind == f.ANY:
        of.notes.append("what is gone through is taken for a list")
    return value


def _sum(of: Translator, node: ast.Call) -> Typed:
    # Of nothing Python's sum is 0, FEEL's null.
    return f.call("sum", f.call("append", _items(of, _one(node)), f.number(0)), kind=f.NUMBER)


def _extreme(function: str) -> Callable[[Translator, ast.Call], Typed]:
    def made(of: Translator, node: ast.Call) -> Typed:
        if node.keywords:
            raise Untranslatable(f"{function}() with named arguments")
        if len(node.args) == 1:
            return f.call(function, _items(of, node.args[0]))
        found = [of.value(item) for item in node.args]
        return f.call(function, *found, kind=f.NUMBER if all(item.kind == f.NUMBER for item in found) else f.ANY)

    return made


def _abs(of: Translator, node: ast.Call) -> Typed:
    value = of.value(_one(node))
    if value.kind not in (f.NUMBER, f.ANY):
        raise Untranslatable("abs() of something that is no number")
    return f.call("abs", value, kind=f.NUMBER)


def _str(of: Translator, node: ast.Call) -> Typed:
    return of.as_text(of.value(_one(node)))


def _bool(of: Translator, node: ast.Call) -> Typed:
    return of.truth(_one(node))


def _timedelta(of: Translator, node: ast.Call) -> Typed:
    names = dict(zip(("days", "seconds"), node.args, strict=False)) | {item.arg or "": item.value for item in node.keywords}
    found: dict[str, int] = {}
    for name, value in names.items():
        plain = value.operand if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub) else value
        if name not in ("days", "seconds", "minutes", "hours", "weeks") or len(node.args) > 2:
            raise Untranslatable("timedelta() with these arguments", 'Use duration("PT…") in FEEL.')
        if not isinstance(plain, ast.Constant) or type(plain.value) is not int or plain.value > 10_000_000:
            raise Untranslatable("A length that is computed", 'Use duration("P1D") * … in FEEL.')
        found[name] = plain.value if plain is value else -plain.value
    return f.length(**found)


_FUNCTIONS: dict[str, Callable[[Translator, ast.Call], Typed]] = {
    "len": _len, "any": _quantified("some"), "all": _quantified("every"), "sum": _sum, "min": _extreme("min"), "max": _extreme("max"),
    "abs": _abs, "str": _str, "bool": _bool, "timedelta": _timedelta,
}  # fmt: skip


def _text(function: str, kind: str) -> Callable[[Translator, Typed, list[Typed]], Typed]:
    def made(of: Translator, value: Typed, given: list[Typed]) -> Typed:
        if any(part.kind not in (f.TEXT, f.ANY) for part in (value, *given)):
            raise Untranslatable("A method of texts is called for something else")
        return f.call(function, value, *given, kind=kind)

    return made


def _get(of: Translator, value: Typed, given: list[Typed]) -> Typed:
    key = getattr(given[0].node, "value", None)
    if not isinstance(key, str):
        raise Untranslatable("What is got is computed", "Say in FEEL: get value(map, key).")
    found = f.entry(value, key)
    if len(given) == 1:
        return found
    of.notes.append(f"«{key}» that is there and null is taken for one that is not there")
    return f.call("get or else", found, given[1])


def _join(of: Translator, value: Typed, given: list[Typed]) -> Typed:
    if value.kind not in (f.TEXT, f.ANY) or given[0].kind not in (f.LIST, f.ANY):
        raise Untranslatable("join() of something that is no list of texts")
    return f.call("string join", given[0], value, kind=f.TEXT)


_METHODS: dict[tuple[str, int], Callable[[Translator, Typed, list[Typed]], Typed]] = {
    ("lower", 0): _text("lower case", f.TEXT), ("upper", 0): _text("upper case", f.TEXT),
    ("startswith", 1): _text("starts with", f.TRUTH), ("endswith", 1): _text("ends with", f.TRUTH),
    ("get", 1): _get, ("get", 2): _get, ("join", 1): _join,
}  # fmt: skip
