"""Simple scripts of Python: assignments one after the other become FEEL expressions, each seeing those before it."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass

from amends.engine.conversion import feel as f
from amends.engine.conversion.feel import Translated, Untranslatable
from amends.engine.conversion.python_text import translate_tree
from amends.engine.feel import nodes as n
from amends.engine.feel import parse

_HELP = "Write it in FEEL, or make it a service task that an operation or a worker carries out."


@dataclass(frozen=True, slots=True)
class Assigned:
    """A variable and the FEEL it gets."""

    target: str
    value: Translated


def translate_script(source: str) -> list[Assigned]:
    """The assignments of a script, in order; Untranslatable if anything in it is no assignment of an expression that has FEEL."""
    if len(source) > f.MAX_LENGTH:
        raise Untranslatable("The script is too long to translate", _HELP)
    try:
        body = ast.parse(textwrap.dedent(source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Untranslatable("This is no Python", _HELP) from error
    found: list[Assigned] = []
    for statement in body:
        if isinstance(statement, ast.Pass) or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            continue  # a text that stands alone is a remark
        found.append(_assigned(statement))
    return found


def _assigned(statement: ast.stmt) -> Assigned:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return _set(statement.targets[0], statement.value)
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        return _set(statement.target, statement.value)
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        value = ast.BinOp(ast.Name(statement.target.id, ast.Load()), statement.op, statement.value)
        return _set(statement.target, value)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return _appended(statement.value)
    if isinstance(statement, ast.If) and statement.orelse:
        return _either(statement)
    raise Untranslatable(f"Line {statement.lineno} is no simple assignment", _HELP)


def _set(target: ast.expr, value: ast.expr) -> Assigned:
    if isinstance(target, ast.Name):
        return Assigned(target.id, translate_tree(value))
    key = None
    if isinstance(target, ast.Attribute):
        key = target.attr
    elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str):
        key = target.slice.value
    if key is None or not isinstance(target, ast.Attribute | ast.Subscript) or not isinstance(target.value, ast.Name):
        raise Untranslatable(f"What line {target.lineno} assigns to is no variable and no entry of one", _HELP)
    made = translate_tree(value)
    whole = target.value.id
    # The rest of the dictionary stays.
    tree = f.call("context put", f.name(whole), f.text(key), f.Typed(_parsed(made.feel), made.kind), kind=f.CONTEXT)
    return Assigned(whole, f.finish(tree, list(made.notes)))


def _appended(call: ast.Call) -> Assigned:
    """items.append(x)"""
    if (
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "append"
        and isinstance(call.func.value, ast.Name)
        and len(call.args) == 1
    ):
        made = translate_tree(call.args[0])
        whole = call.func.value.id
        tree = f.call("append", f.name(whole), f.Typed(_parsed(made.feel), made.kind), kind=f.LIST)
        return Assigned(whole, f.finish(tree, list(made.notes)))
    raise Untranslatable(f"Line {call.lineno} calls {ast.unparse(call.func)}(), which does something else than give a value", _HELP)


def _either(statement: ast.If) -> Assigned:
    """if …: x = a / else: x = b, also with elif: one variable, which every branch sets."""
    target, tree = _branches(statement)
    return Assigned(target, translate_tree(tree))


def _branches(statement: ast.If) -> tuple[str, ast.expr]:
    then, otherwise = _single(statement.body), _single(statement.orelse)
    if then[0] != otherwise[0]:
        raise Untranslatable(f"Line {statement.lineno}: the branches do not set one and the same variable", _HELP)
    return then[0], ast.IfExp(statement.test, then[1], otherwise[1])


def _single(body: list[ast.stmt]) -> tuple[str, ast.expr]:
    if len(body) == 1 and isinstance(body[0], ast.If) and body[0].orelse:
        return _branches(body[0])
    if len(body) == 1 and isinstance(body[0], ast.Assign) and len(body[0].targets) == 1 and isinstance(body[0].targets[0], ast.Name):
        return body[0].targets[0].id, body[0].value
    raise Untranslatable("A branch is no single assignment", _HELP)


def _parsed(feel: str) -> n.Node:
    return parse(feel).ast
