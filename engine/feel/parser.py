"""The grammar of FEEL (DMN 1.5, 10.3.1.2): a recursive descent over tokens, bounded in depth."""

from __future__ import annotations

from dataclasses import replace

from amends.engine.feel import nodes as n
from amends.engine.feel.boxed import BoxedGrammar
from amends.engine.feel.cursor import KEYWORDS
from amends.engine.feel.numbers import read_number
from amends.engine.feel.tokens import unescape

LEVELS = {
    "or": 1, "and": 2, "=": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "between": 3, "in": 3, "+": 4, "-": 4, "*": 5, "/": 5, "**": 6,
}  # fmt: skip
ADDITIVE = 4
_COMPARISONS = ("<", "<=", ">", ">=", "=", "!=")


class Parser(BoxedGrammar):
    """Expressions and unary tests."""

    def whole_expression(self) -> n.Node:
        """The text as one expression."""
        node = self.expression()
        self._end()
        return node

    def whole_tests(self) -> n.Tests:
        """The text as unary tests: -, not(…), or tests separated by commas."""
        if self.at("-") and self.tokens[self.index + 1].kind == "end":
            return n.Tests((), start=0, end=len(self.text))
        if self.at("not") and self.tokens[self.index + 1].text == "(":
            self.index += 2
            tests = self._test_list()
            self.expect(")")
            if self.token.kind == "end":
                return n.Tests(tests, True, start=0, end=len(self.text))
            self.index = 0
        tests = self._test_list()
        self._end()
        return n.Tests(tests, start=0, end=len(self.text))

    def _end(self) -> None:
        if self.token.kind != "end":
            self.fail("an operator", "the end")

    def _test_list(self) -> tuple[n.Node, ...]:
        tests = [self.test()]
        while self.take(","):
            tests.append(self.test())
        return tuple(tests)

    def test(self) -> n.Node:
        """One positive unary test: a comparison without its left side, or an expression."""
        token = self.token
        if token.kind == "op" and token.text in _COMPARISONS:
            self.index += 1
            with self.nested():
                operand = self.binary(ADDITIVE)
            return n.UnaryComparison(token.text, operand, start=token.start, end=operand.end)
        return self.expression()

    def expression(self) -> n.Node:
        with self.nested():
            return self.binary(1)

    def binary(self, minimum: int) -> n.Node:
        """Operators of at least this level, from the left."""
        return self.continued(self._unary(), minimum)

    def continued(self, left: n.Node, minimum: int) -> n.Node:
        """What follows a complete operand."""
        while True:
            token = self.token
            level = LEVELS.get(token.text, 0) if token.kind in ("op", "name") else 0
            if level < minimum or level == 0:
                return left
            self.index += 1
            if token.text == "between":
                low = self.binary(ADDITIVE)
                self.expect("and", "between … and …")
                high = self.binary(ADDITIVE)
                left = n.Between(left, low, high, start=left.start, end=high.end)
            elif token.text == "in":
                tests = self._in_tests()
                left = n.In(left, tests, start=left.start, end=self.tokens[self.index - 1].end)
            else:
                right = self.binary(level + 1)
                left = n.Binary(token.text, left, right, start=left.start, end=right.end)

    def _in_tests(self) -> tuple[n.Node, ...]:
        opening = self.token
        if not self.at("("):
            if self.token.text in _COMPARISONS:
                return (self.test(),)
            return (self.binary(ADDITIVE),)
        with self.nested():
            self.index += 1
            tests = [self.test()]
            if self.at(".."):
                node = self.range_from(opening, tests[0], False)
                return (self.continued(self._complete(node), ADDITIVE),)
            if self.at(")"):
                self.index += 1
                only = replace(tests[0], **self._until(opening.start))
                return (self.continued(self._complete(only), ADDITIVE),)
            while self.take(","):
                tests.append(self.test())
            self.expect(")", "closes the list of tests")
            return tuple(tests)

    def _unary(self) -> n.Node:
        token = self.token
        if self.take("-"):
            with self.nested():
                operand = self._unary()
            return n.Negation(operand, start=token.start, end=operand.end)
        return self._complete(self._primary())

    def _complete(self, node: n.Node) -> n.Node:
        """What binds most tightly behind an operand: paths, filters, calls, and then instance of."""
        node = self.postfix(node)
        while self.at("instance") and self.tokens[self.index + 1].text == "of":
            self.index += 2
            node = n.InstanceOf(node, self.type(), start=node.start, end=self.tokens[self.index - 1].end)
        return node

    def postfix(self, node: n.Node) -> n.Node:
        """Paths, filters and calls behind an operand; a chain of them is as deep as it is long."""
        links = 0
        try:
            while True:
                token = self.token
                if token.kind != "op" or token.text not in (".", "[", "("):
                    return node
                if token.text == "(" and self.tokens[self.index - 1].text in ("true", "false", "null"):
                    self.fail("an operator", "the end")
                if token.text == "[" and self.range_end and not self.filter_follows(node):
                    return node
                links += 1
                self.depth += 1
                with self.nested():
                    self.index += 1
                    if token.text == ".":
                        name = self.name()
                        node = n.Path(node, name, start=node.start, end=self.tokens[self.index - 1].end)
                    elif token.text == "[":
                        node = self._filter(node)
                    else:
                        node = self.call(node)
        finally:
            self.depth -= links

    def _filter(self, source: n.Node) -> n.Node:
        self.range_end, outer = False, self.range_end
        condition = self.expression()
        self.range_end = outer
        self.expect("]", "closes the filter")
        return n.Filter(source, condition, start=source.start, end=self.tokens[self.index - 1].end)

    def _primary(self) -> n.Node:
        token = self.token
        if token.kind == "number":
            self.index += 1
            return n.Literal(read_number(token.text), start=token.start, end=token.end)
        if token.kind == "string":
            self.index += 1
            return n.Literal(unescape(token.text[1:-1]), start=token.start, end=token.end)
        if token.kind in ("name", "quoted"):
            return self._word()
        if token.kind == "op":
            if token.text == "(":
                return self.parenthesis()
            if token.text in ("[", "]"):
                return self.list_or_range()
            if token.text == "{":
                return self.context()
            if token.text == "@":
                self.index += 1
                literal = self.token
                if literal.kind != "string":
                    self.fail('a text such as "2024-01-31"', meaning="after @")
                self.index += 1
                return n.AtLiteral(unescape(literal.text[1:-1]), start=token.start, end=literal.end)
        self.fail("a value")

    def _word(self) -> n.Node:
        token = self.token
        if token.kind == "name" and token.text in KEYWORDS and self.known.match(self.tokens, self.index) is None:
            if token.text in ("true", "false", "null"):
                self.index += 1
                value: bool | None = {"true": True, "false": False, "null": None}[token.text]
                return n.Literal(value, start=token.start, end=token.end)
            if token.text == "if":
                return self.conditional()
            if token.text == "for":
                return self.loop()
            if token.text in ("some", "every"):
                return self.quantified()
            if token.text == "function":
                return self.function_definition()
            self.fail("a value")
        name = self.name()
        return n.Name(name, start=token.start, end=self.tokens[self.index - 1].end)
