"""JUEL, the language of Camunda 7's `${…}`, to FEEL: a recursive descent that makes FEEL's nodes at once.

What has no FEEL that always means the same is refused. Where JUEL reads null as 0, false or an empty text, and where it makes a
number of a text, FEEL gives null, and the element says so instead of going on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from amends.engine.conversion import feel as f
from amends.engine.conversion.feel import Translated, Typed, Untranslatable
from amends.engine.conversion.juel_methods import method
from amends.engine.conversion.juel_tokens import Token, parts, tokens
from amends.engine.feel import nodes as n

_DEPTH = 60
_BEANS = "Beans are Java and are not called; use a variable, a decision or a service task."
LOOP_NAMES = {
    "nrOfInstances": "numberOfInstances", "nrOfActiveInstances": "numberOfActiveInstances",
    "nrOfCompletedInstances": "numberOfCompletedInstances",
}  # fmt: skip
"""What Camunda 7 calls the counts of a multi-instance activity, and what Camunda 8 does."""
_SCOPES = frozenset({"execution", "task", "caseExecution", "authenticatedUserId", "currentUser", "currentUserGroups", "event"})


def translate(source: str, names: Mapping[str, str] | None = None) -> Translated:
    """The FEEL of a text with `${…}` or `#{…}`, or of plain text; Untranslatable where there is none.

    A text of several parts is put together as text (JSR 341, 1.4). `names` are variables that are called otherwise in FEEL.
    """
    pieces, notes = parts(source), list[str]()
    if len(pieces) == 1:
        wanted, body = pieces[0]
        return f.finish(_Parser(body, notes, names or {}).whole() if wanted else f.text(body), notes)
    whole: Typed | None = None
    for wanted, body in pieces:
        part = _as_text(_Parser(body, notes, names or {}).whole(), notes) if wanted else f.text(body)
        whole = part if whole is None else f.binary("+", whole, part, f.TEXT)
    if whole is None:
        raise Untranslatable("The expression is empty")
    return f.finish(whole, notes)


def _as_text(value: Typed, notes: list[str]) -> Typed:
    if value.kind == f.TEXT:
        return value
    if value.kind in (f.TIME, f.LENGTH, f.NULL, f.LIST, f.CONTEXT):
        raise Untranslatable("A date, list or null inside of a text is written differently in FEEL", "Say how it is to be written.")
    if value.kind == f.ANY:
        notes.append("a value inside of a text is taken for a text, a whole number or a boolean")
    return f.call("string", value, kind=f.TEXT)


class _Parser:
    """One expression. Each method is a level of the grammar, from the loosest to the tightest."""

    def __init__(self, body: str, notes: list[str], names: Mapping[str, str]) -> None:
        self.tokens, self.place, self.depth, self.notes, self.names = tokens(body), 0, 0, notes, names

    def whole(self) -> Typed:
        if not self.tokens:
            raise Untranslatable("The expression is empty")
        value = self.ternary()
        if self.place < len(self.tokens):
            raise Untranslatable(f"«{self.tokens[self.place].value}» is not understood where it stands")
        return value

    # -- moving on

    def peek(self) -> Token:
        return self.tokens[self.place] if self.place < len(self.tokens) else Token("end", "the end")

    def take(self) -> Token:
        token = self.peek()
        self.place += 1
        return token

    def accept(self, *signs: str) -> str | None:
        token = self.peek()
        if token.kind == "sign" and token.value in signs:
            self.place += 1
            return token.value
        return None

    def expect(self, sign: str) -> None:
        if self.accept(sign) is None:
            raise Untranslatable(f"«{sign}» is missing before «{self.peek().value}»")

    # -- the grammar

    def ternary(self) -> Typed:
        self.depth += 1
        if self.depth > _DEPTH:
            raise Untranslatable("The expression is nested too deeply")
        condition = self.either()
        if self.accept("?"):
            then = self.ternary()
            self.expect(":")
            condition = f.choice(self.truth(condition), then, self.ternary())
        self.depth -= 1
        return condition

    def either(self) -> Typed:
        return self.chain(self.both, {"||": "or"}, lambda _, a, b: f.binary("or", self.truth(a), self.truth(b), f.TRUTH))

    def both(self) -> Typed:
        return self.chain(self.equality, {"&&": "and"}, lambda _, a, b: f.binary("and", self.truth(a), self.truth(b), f.TRUTH))

    def equality(self) -> Typed:
        return self.chain(self.relation, {"==": "=", "!=": "!="}, _compared)

    def relation(self) -> Typed:
        return self.chain(self.sum, {sign: sign for sign in ("<", ">", "<=", ">=")}, _ordered)

    def sum(self) -> Typed:
        return self.chain(self.product, {"+": "+", "-": "-"}, _added)

    def product(self) -> Typed:
        return self.chain(self.unary, {"*": "*", "/": "/", "%": "%"}, _multiplied)

    def chain(self, inner: Callable[[], Typed], signs: dict[str, str], make: Callable[[str, Typed, Typed], Typed]) -> Typed:
        value = inner()
        while (sign := self.accept(*signs)) is not None:
            value = make(signs[sign], value, inner())
        return value

    def unary(self) -> Typed:
        self.depth += 1
        if self.depth > _DEPTH:
            raise Untranslatable("The expression is nested too deeply")
        value = self.prefixed()
        self.depth -= 1
        return value

    def prefixed(self) -> Typed:
        if self.accept("-"):
            return Typed(n.Negation(_numeric(self.unary(), "-").node), f.NUMBER)
        if self.accept("!"):
            return f.negated(self.truth(self.unary()))
        if self.peek() == Token("word", "empty"):
            self.take()
            return f.one_of([f.null(), f.text(""), f.listed([]), f.EMPTY_CONTEXT], self.unary())
        return self.postfixed()

    def postfixed(self) -> Typed:
        if self.peek().kind == "name":
            value = self.named()
        else:
            value = self.primary()
        while True:
            if self.accept("."):
                member = self.take()
                if member.kind not in ("name", "word"):
                    raise Untranslatable(f"«{member.value}» is no property")
                value = method(value, member.value, self.arguments(), self.notes) if self.accept("(") else f.entry(value, member.value)
            elif self.accept("["):
                value = self.indexed(value)
            elif self.peek() == Token("sign", "("):
                raise Untranslatable("A function that is computed is not called")
            else:
                return value

    def named(self) -> Typed:
        """A variable, `execution.getVariable('x')`, or now() and dateTime()."""
        word = self.take().value
        if word in ("now", "dateTime") and self.accept("("):
            self.expect(")")
            return f.call("now", kind=f.TIME)
        if self.accept("("):
            raise Untranslatable(f"The function {word}() is not known in FEEL", _BEANS)
        if word == "execution" and self.accept("."):
            return self.of_execution(self.take().value)
        if word in _SCOPES:
            raise Untranslatable(f"«{word}» is an object of Camunda 7", "Use a variable that says the same.")
        if word == "loopCounter":
            return f.binary("-", f.name(word), f.number(1), f.NUMBER)  # Camunda 7 counts from 0, Camunda 8 from 1
        return Typed(n.Name(LOOP_NAMES[word]), f.NUMBER) if word in LOOP_NAMES else f.name(self.names.get(word, word))

    def of_execution(self, member: str) -> Typed:
        if member == "getVariable" and self.accept("("):
            given = self.arguments()
            if len(given) == 1 and given[0].kind == f.TEXT and given[0].literal:
                return f.name(str(getattr(given[0].node, "value", "")))
        raise Untranslatable(f"«execution.{member}» is an object of Camunda 7", "Use a variable that says the same.")

    def arguments(self) -> list[Typed]:
        """What stands between the parentheses of a call; the opening one is taken already."""
        found: list[Typed] = []
        if self.accept(")"):
            return found
        while True:
            found.append(self.ternary())
            if self.accept(")"):
                return found
            self.expect(",")

    def indexed(self, value: Typed) -> Typed:
        index = self.ternary()
        self.expect("]")
        constant = getattr(index.node, "value", None) if index.literal else None
        if index.kind == f.TEXT and isinstance(constant, str):
            return f.entry(value, constant)
        if index.kind == f.NUMBER and constant is not None and constant == int(constant):
            return f.item(value, int(constant) + 1)
        raise Untranslatable(
            "An index that is computed may be a position or a key", "Say which in FEEL: list[i + 1] or get value(map, key)."
        )

    def primary(self) -> Typed:
        token = self.take()
        if token.kind == "number":
            return f.number(token.value)
        if token.kind == "text":
            return f.text(token.value)
        if token.kind == "word" and token.value in ("true", "false"):
            return f.truth(token.value == "true")
        if token.kind == "word" and token.value == "null":
            return f.null()
        if token == Token("sign", "("):
            value = self.ternary()
            self.expect(")")
            return value
        raise Untranslatable(f"«{token.value}» is not understood where it stands")

    def truth(self, value: Typed) -> Typed:
        """A condition. What depends on a variable is taken for a boolean."""
        if value.kind == f.ANY:
            self.notes.append("a variable that is used as a condition is taken for true or false, not for a text or null")
        elif value.kind != f.TRUTH:
            raise Untranslatable("A condition is no boolean")
        return value


def _compared(operator: str, left: Typed, right: Typed) -> Typed:
    kinds = {left.kind, right.kind} - {f.ANY, f.NULL}
    if len(kinds) > 1:
        raise Untranslatable("Values of different kinds are compared, which FEEL does not")
    return f.binary(operator, left, right, f.TRUTH)


def _ordered(operator: str, left: Typed, right: Typed) -> Typed:
    for value in (left, right):
        if value.kind not in (f.NUMBER, f.TEXT, f.TIME, f.ANY):
            raise Untranslatable("Only numbers, texts and dates have an order")
    return _compared(operator, left, right)


def _numeric(value: Typed, operator: str) -> Typed:
    """JUEL's arithmetic is of numbers only; a text would have to be made a number."""
    if value.kind not in (f.NUMBER, f.ANY):
        raise Untranslatable(f"«{operator}» is between something else than numbers", "Use number(…) in FEEL, or + between texts.")
    return value


def _added(operator: str, left: Typed, right: Typed) -> Typed:
    left, right = _numeric(left, operator), _numeric(right, operator)
    if operator == "-" or f.NUMBER in (left.kind, right.kind):
        return f.binary(operator, left, right, f.NUMBER)
    # FEEL's + also joins texts, JUEL's does not: sum() has numbers only.
    return f.call("sum", left, right, kind=f.NUMBER)


def _multiplied(operator: str, left: Typed, right: Typed) -> Typed:
    left, right = _numeric(left, operator), _numeric(right, operator)
    if operator == "%":
        return f.remainder_towards_zero(left, right)
    return f.binary(operator, left, right, f.NUMBER)
