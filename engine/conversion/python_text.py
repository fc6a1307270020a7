"""Python expressions, as SpiffWorkflow's diagrams have them, to FEEL, by the `ast` module: nothing of them is ever run.

Python's truth of any value (an empty list is false) is kept where a value decides (`and`, `or`, `if`); its numbers are FEEL's decimals.
"""

from __future__ import annotations

import ast
from decimal import Decimal

from amends.engine.conversion import feel as f
from amends.engine.conversion.feel import Translated, Typed, Untranslatable
from amends.engine.conversion.python_calls import call
from amends.engine.feel import nodes as n

_ORDER = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_DEPTH = 60
FALSE_VALUES = [f.null(), f.truth(False), f.number(0), f.text(""), f.listed([]), f.EMPTY_CONTEXT]


def parse(source: str) -> ast.expr:
    """The tree of one expression; Untranslatable for what is no Python."""
    if len(source) > f.MAX_LENGTH:
        raise Untranslatable("The expression is too long to translate")
    try:
        return ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Untranslatable("This is no Python expression") from error


def translate(source: str, condition: bool = False) -> Translated:
    """The FEEL of a Python expression; of its truth, if it is a `condition`. Untranslatable where there is none."""
    return translate_tree(parse(source), condition)


def translate_tree(tree: ast.expr, condition: bool = False) -> Translated:
    """The same for a tree."""
    notes: list[str] = []
    translator = Translator(notes)
    return f.finish(translator.decided(tree) if condition else translator.value(tree), notes)


class Translator:
    """Makes FEEL's nodes of Python's; `notes` collects what is taken for granted."""

    def __init__(self, notes: list[str]) -> None:
        self.notes, self.depth = notes, 0

    def value(self, node: ast.expr) -> Typed:
        """The value of an expression."""
        made = getattr(self, f"_{type(node).__name__.lower()}", None)
        if made is None:
            raise Untranslatable(f"Python's {type(node).__name__} is not translated")
        self.depth += 1
        if self.depth > _DEPTH:
            raise Untranslatable("The expression is nested too deeply")
        found: Typed = made(node)
        self.depth -= 1
        return found

    def truth(self, node: ast.expr) -> Typed:
        """Python's truth of an expression: always true or false."""
        return self._truth(node, exact=True)

    def decided(self, node: ast.expr) -> Typed:
        """A whole condition. A bare variable stays as it is: one that is no boolean stops the element instead of going a wrong way."""
        return self._truth(node, exact=False)

    def _truth(self, node: ast.expr, exact: bool) -> Typed:
        if isinstance(node, ast.BoolOp):
            word = "and" if isinstance(node.op, ast.And) else "or"
            found = [self._truth(part, exact) for part in node.values]
            whole = found[0]
            for part in found[1:]:
                whole = f.binary(word, whole, part, f.TRUTH)
            return whole
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = node.operand
            if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.Not):
                return self._truth(inner.operand, exact=True)  # what `not not` is for
            return f.negated(self._truth(inner, exact))
        value = self.value(node)
        if value.kind == f.TRUTH or (not exact and value.kind == f.ANY and isinstance(node, ast.Name | ast.Attribute | ast.Subscript)):
            return value
        return f.negated(f.one_of(FALSE_VALUES, value))

    # -- what has a value

    def _constant(self, node: ast.Constant) -> Typed:
        value = node.value
        if value is None:
            return f.null()
        if isinstance(value, bool):
            return f.truth(value)
        if isinstance(value, int | float):
            return f.number(Decimal(repr(value)))
        if isinstance(value, str):
            return f.text(value)
        raise Untranslatable(f"{value!r} is nothing FEEL has")

    def _name(self, node: ast.Name) -> Typed:
        return f.name(node.id)

    def _attribute(self, node: ast.Attribute) -> Typed:
        return f.entry(self.value(node.value), node.attr)

    def _subscript(self, node: ast.Subscript) -> Typed:
        index = node.slice
        whole = self.value(node.value)
        if isinstance(index, ast.Constant) and isinstance(index.value, str):
            return f.entry(whole, index.value)
        position = _whole_number(index)
        if position is None or whole.kind == f.TEXT:
            raise Untranslatable(
                "A subscript that is computed, or of a text", "Say in FEEL: list[i + 1], get value(map, key) or substring(…)."
            )
        if whole.kind != f.LIST:
            self.notes.append("what is taken by position is taken for a list")
        return f.item(whole, position + 1 if position >= 0 else position)

    def _list(self, node: ast.List | ast.Tuple) -> Typed:
        return f.listed([self.value(item) for item in node.elts])

    _tuple = _list

    def _dict(self, node: ast.Dict) -> Typed:
        entries: dict[str, Typed] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str)) or not key.value or key.value in entries:
                raise Untranslatable("The keys of a dictionary have to be different texts that are written out")
            if set(entries) & {name.id for name in ast.walk(value) if isinstance(name, ast.Name)}:
                # In FEEL an entry sees the entries before it.
                raise Untranslatable("A dictionary reads a variable that is called like a key before it", "Give the variable another name.")
            entries[key.value] = self.value(value)
        return f.context(entries)

    def _ifexp(self, node: ast.IfExp) -> Typed:
        return f.choice(self.truth(node.test), self.value(node.body), self.value(node.orelse))

    def _unaryop(self, node: ast.UnaryOp) -> Typed:
        if isinstance(node.op, ast.Not):
            return self.truth(node)
        value = self.value(node.operand)
        if isinstance(node.op, ast.USub) and value.kind in (f.NUMBER, f.ANY):
            return Typed(n.Negation(value.node), value.kind)
        raise Untranslatable("An operator of bits, or a sign before something that is no number")

    def _boolop(self, node: ast.BoolOp) -> Typed:
        """`a or b` is a value in Python: one of both. It is the same in FEEL only where all are booleans."""
        found = [self.value(part) for part in node.values]
        if any(value.kind != f.TRUTH for value in found):
            raise Untranslatable("`and` and `or` give one of their values in Python", "Say in FEEL: if … then … else ….")
        return self.truth(node)

    def _binop(self, node: ast.BinOp) -> Typed:
        left, right = self.value(node.left), self.value(node.right)
        kinds = {left.kind, right.kind}
        if isinstance(node.op, ast.Add) and f.TIME in kinds | {f.LENGTH}:
            if kinds <= {f.TIME, f.LENGTH, f.ANY}:
                return f.binary("+", left, right, f.TIME if f.TIME in kinds else f.ANY)
        if isinstance(node.op, ast.Sub) and f.LENGTH in kinds and right.kind == f.LENGTH and left.kind in (f.TIME, f.ANY, f.LENGTH):
            return f.binary("-", left, right, left.kind)
        if isinstance(node.op, ast.Add) and kinds <= {f.TEXT, f.ANY} and f.TEXT in kinds:
            return f.binary("+", left, right, f.TEXT)
        if isinstance(node.op, ast.Add) and f.LIST in kinds and kinds <= {f.LIST}:
            return f.call("concatenate", left, right, kind=f.LIST)
        if not kinds <= {f.NUMBER, f.ANY}:
            raise Untranslatable("An operator between values that are no numbers")
        return _calculated(node.op, left, right)

    def _compare(self, node: ast.Compare) -> Typed:
        left, whole = node.left, None
        for operator, right in zip(node.ops, node.comparators, strict=True):
            one = self.compared(operator, self.value(left), self.value(right))
            whole = one if whole is None else f.binary("and", whole, one, f.TRUTH)
            left = right
        if whole is None:
            raise Untranslatable("This is no comparison")
        return whole

    def compared(self, operator: ast.cmpop, left: Typed, right: Typed) -> Typed:
        """One comparison. `==` of different kinds is false in Python, null in FEEL: what is known to differ is refused."""
        if isinstance(operator, ast.In | ast.NotIn):
            found = self.inside(right, left)
            return f.negated(found) if isinstance(operator, ast.NotIn) else found
        kinds = {left.kind, right.kind} - {f.ANY, f.NULL}
        if len(kinds) > 1 or (type(operator) in _ORDER and not kinds <= {f.NUMBER, f.TEXT, f.TIME, f.LENGTH}):
            raise Untranslatable("Values of different kinds, or without an order, are compared")
        if isinstance(operator, ast.Is | ast.IsNot) and not (
            right.kind == f.NULL or right.node in (f.truth(True).node, f.truth(False).node)
        ):
            raise Untranslatable("`is` is only known before None, True and False", "Use = in FEEL.")
        word = _ORDER.get(type(operator)) or ("=" if isinstance(operator, ast.Eq | ast.Is) else "!=")
        return f.binary(word, left, right, f.TRUTH)

    def inside(self, whole: Typed, part: Typed) -> Typed:
        """`part in whole`: of a text, a list, or the keys of a dictionary."""
        if whole.kind != f.ANY:
            if whole.kind == f.CONTEXT:
                return f.call("list contains", f.entry(f.call("get entries", whole), "key"), part, kind=f.TRUTH)
            return f.contained(whole, part)
        keys = f.entry(f.call("get entries", whole), "key")
        return f.choice(f.is_a(whole, "context"), f.call("list contains", keys, part, kind=f.TRUTH), f.contained(whole, part))

    def _joinedstr(self, node: ast.JoinedStr) -> Typed:
        whole: Typed | None = None
        for piece in node.values:
            if isinstance(piece, ast.FormattedValue):
                if piece.conversion != -1 or piece.format_spec is not None:
                    raise Untranslatable("A format in an f-string")
                part = self.as_text(self.value(piece.value))
            else:
                part = self.value(piece)
            whole = part if whole is None else f.binary("+", whole, part, f.TEXT)
        return f.text("") if whole is None else whole

    def as_text(self, value: Typed) -> Typed:
        """str(value) of what is written alike in both."""
        if value.kind == f.TEXT:
            return value
        if value.kind != f.ANY:
            raise Untranslatable("What becomes a text is written differently in FEEL", "Say how it is to be written.")
        self.notes.append("what becomes a text is taken for a text or a whole number")
        return f.call("string", value, kind=f.TEXT)

    def _listcomp(self, node: ast.ListComp) -> Typed:
        variable, domain, condition = self.loop(node.generators)
        if condition is not None:
            domain = self.filtered(node.generators[0], domain)
        return Typed(n.For((n.Iteration(variable, domain.node),), self.value(node.elt).node), f.LIST)

    def loop(self, generators: list[ast.comprehension]) -> tuple[str, Typed, Typed | None]:
        """The variable, the list and the condition of `for x in xs if …`."""
        if len(generators) != 1 or not isinstance(generators[0].target, ast.Name) or generators[0].is_async:
            raise Untranslatable("A comprehension over several lists, or that takes items apart")
        one = generators[0]
        domain = self.value(one.iter)
        if domain.kind != f.LIST:
            if domain.kind != f.ANY:
                raise Untranslatable("A comprehension over something that is no list")
            self.notes.append("what is gone through is taken for a list")
        condition: Typed | None = None
        for test in one.ifs:
            found = self.truth(test)
            condition = found if condition is None else f.binary("and", condition, found, f.TRUTH)
        return generators[0].target.id if isinstance(generators[0].target, ast.Name) else "", domain, condition

    def filtered(self, one: ast.comprehension, domain: Typed) -> Typed:
        """list[condition]. There the entries of an item hide variables, so the condition may read nothing but the item."""
        variable = one.target.id if isinstance(one.target, ast.Name) else ""
        read = {name.id for test in one.ifs for name in ast.walk(test) if isinstance(name, ast.Name)}
        called = {
            node.func.id for test in one.ifs for node in ast.walk(test) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        if read - called - {variable} or "item" in read:
            raise Untranslatable("The condition of a comprehension reads other variables", "Filter in FEEL: list[item.… > …].")
        tests = [_Renamed(variable).visit(ast.parse(ast.unparse(test), mode="eval").body) for test in one.ifs]
        condition = self.truth(tests[0])
        for test in tests[1:]:
            condition = f.binary("and", condition, self.truth(test), f.TRUTH)
        return Typed(n.Filter(domain.node, condition.node), f.LIST)

    def _call(self, node: ast.Call) -> Typed:
        return call(self, node)


class _Renamed(ast.NodeTransformer):
    """The variable of a comprehension, as FEEL calls the item of a filter."""

    def __init__(self, variable: str) -> None:
        self.variable = variable

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name("item", node.ctx) if node.id == self.variable else node


def _calculated(operator: ast.operator, left: Typed, right: Typed) -> Typed:
    kind = f.NUMBER if f.NUMBER in (left.kind, right.kind) else f.ANY
    if isinstance(operator, ast.FloorDiv):
        return f.call("floor", f.binary("/", left, right, f.NUMBER), kind=f.NUMBER)
    if isinstance(operator, ast.Mod):
        return f.call("modulo", left, right, kind=f.NUMBER)
    if type(operator) not in _ARITHMETIC:
        raise Untranslatable("An operator of bits or matrices")
    word = _ARITHMETIC[type(operator)]
    return f.binary(word, left, right, kind if word == "+" else f.NUMBER)


def _whole_number(node: ast.expr) -> int | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _whole_number(node.operand)
        return None if inner is None else -inner
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None
