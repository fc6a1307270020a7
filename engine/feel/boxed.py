"""The bracketed and worded parts of the grammar: lists, ranges, contexts, calls, if, for, some/every, functions, types."""

from __future__ import annotations

from dataclasses import replace
from typing import TypedDict

from amends.engine.feel import nodes as n
from amends.engine.feel.cursor import Cursor, KnownNames
from amends.engine.feel.tokens import Token, unescape

_LONG_TYPES = (("date", "and", "time"), ("days", "and", "time", "duration"), ("years", "and", "months", "duration"))
_FILTER_LOOKAHEAD = 400


class _Span(TypedDict):
    start: int
    end: int


class BoxedGrammar(Cursor):
    """What begins with a bracket or a keyword."""

    def __init__(self, text: str, known: KnownNames) -> None:
        super().__init__(text, known)
        # While the upper end of a range is read, a [ may close the range: ]1..10[
        self.range_end = False

    def expression(self) -> n.Node:
        raise NotImplementedError

    def binary(self, minimum: int) -> n.Node:
        raise NotImplementedError

    def test(self) -> n.Node:
        raise NotImplementedError

    def _until(self, start: int) -> _Span:
        return {"start": start, "end": self.tokens[self.index - 1].end}

    def _outside_range(self) -> bool:
        """Forget that a range is being read; returns what to restore."""
        self.range_end, outer = False, self.range_end
        return outer

    def parenthesis(self) -> n.Node:
        """(expression), (low..high], or the range (< high)."""
        opening = self.token
        outer = self._outside_range()
        self.index += 1
        inner = self.test()
        if self.at(".."):
            inner = self.range_from(opening, inner, False)
        else:
            self.expect(")", "closes the parenthesis")
            # The parentheses belong to the part, so that what is built on it begins and ends in balance: (a + b) * c.
            inner = replace(inner, **self._until(opening.start))
        self.range_end = outer
        return inner

    def list_or_range(self) -> n.Node:
        """[…] or ]low..high…"""
        opening = self.token
        outer = self._outside_range()
        self.index += 1
        try:
            if opening.text == "[" and self.take("]"):
                return n.ListNode((), **self._until(opening.start))
            first = self.test() if opening.text == "[" else self.expression()
            if self.at(".."):
                return self.range_from(opening, first, opening.text == "[")
            if opening.text == "]":
                self.fail("..", meaning="after the lower end of a range")
            items = [first]
            while self.take(","):
                items.append(self.test())
            if not self.take("]"):
                self.fail(",", "]", meaning="between the items of a list, and behind the last")
            return n.ListNode(tuple(items), **self._until(opening.start))
        finally:
            self.range_end = outer

    def range_from(self, opening: Token, low: n.Node, low_included: bool) -> n.Node:
        """The rest of a range whose lower end has been read."""
        self.expect("..")
        self.range_end, outer = True, self.range_end
        high = self.expression()
        self.range_end = outer
        if not (self.at("]") or self.at(")") or self.at("[")):
            self.fail("]", ")", meaning="closes the range")
        closing = self.token.text
        self.index += 1
        return n.RangeNode(low, high, low_included, closing == "]", **self._until(opening.start))

    def filter_follows(self, node: n.Node) -> bool:
        """While the upper end of a range is read: whether [ filters `node` (the range is closed later) or closes the range."""
        if isinstance(node, n.Literal | n.AtLiteral):
            return False
        depth = 0
        for index in range(self.index, min(self.index + _FILTER_LOOKAHEAD, len(self.tokens))):
            text = self.tokens[index].text if self.tokens[index].kind == "op" else ""
            depth += {"[": 1, "(": 1, "{": 1, "]": -1, ")": -1, "}": -1}.get(text, 0)
            if depth == 0:
                following = self.tokens[index + 1]
                return following.kind == "op" and following.text in ("]", ")", "[", ".", "+", "-", "*", "/", "**")
        return False

    def context(self) -> n.Node:
        """{key: expression, "any key": expression}"""
        opening = self.token
        outer = self._outside_range()
        self.index += 1
        entries: list[tuple[str, n.Node]] = []
        while not self.at("}"):
            if entries and not self.take(","):
                self.fail(",", "}", meaning="between the entries of a context, and behind the last")
            token = self.token
            if token.kind == "string":
                self.index += 1
                key = unescape(token.text[1:-1])
            else:
                read = self.name_until(":")
                if read is None:
                    self.fail("the name of an entry and :", "}", meaning="{name: value}")
                key = read
            self.expect(":", "after the name of an entry")
            self.known.add(key)
            entries.append((key, self.expression()))
        self.index += 1
        self.range_end = outer
        return n.ContextNode(tuple(entries), **self._until(opening.start))

    def call(self, function: n.Node) -> n.Node:
        """The arguments of a call, all positional or all named; the opening parenthesis has been taken."""
        outer = self._outside_range()
        arguments: list[n.Node] = []
        names: list[str] = []
        while not self.at(")"):
            if arguments and not self.take(","):
                self.fail(",", ")", meaning="between arguments, and behind the last")
            before = self.token
            name = self.name_until(":")
            if name is not None:
                self.index += 1
                names.append(name)
            if arguments and len(names) not in (0, len(arguments) + 1):
                self.fail("arguments that are either all named or all without a name", at=before)
            arguments.append(self.expression())
        self.index += 1
        self.range_end = outer
        return n.Call(function, tuple(arguments), tuple(names) if names else None, **self._until(function.start))

    def conditional(self) -> n.Node:
        """if … then … else …"""
        start = self.token.start
        self.index += 1
        condition = self.expression()
        self.expect("then", "if … then … else …")
        then = self.expression()
        self.expect("else", "if … then … else …")
        otherwise = self.expression()
        return n.If(condition, then, otherwise, **self._until(start))

    def loop(self) -> n.Node:
        """for name in domain, … return …"""
        start = self.token.start
        self.index += 1
        iterations = self._iterations()
        self.expect("return", "for … in … return …")
        body = self.expression()
        return n.For(iterations, body, **self._until(start))

    def quantified(self) -> n.Node:
        """some / every name in domain, … satisfies …"""
        start, kind = self.token.start, self.token.text
        self.index += 1
        iterations = self._iterations()
        self.expect("satisfies", f"{kind} … in … satisfies …")
        condition = self.expression()
        return n.Quantified(kind, iterations, condition, **self._until(start))

    def _iterations(self) -> tuple[n.Iteration, ...]:
        found: list[n.Iteration] = []
        while not found or self.take(","):
            start = self.token.start
            name = self.name_until("in")
            if name is None:
                self.fail("a name and in", meaning="for name in list")
            self.index += 1
            self.known.add(name)
            domain = self.expression()
            high = self.expression() if self.take("..") else None
            found.append(n.Iteration(name, domain, high, **self._until(start)))
        return tuple(found)

    def function_definition(self) -> n.Node:
        """function(name: type, …) body"""
        start = self.token.start
        self.index += 1
        self.expect("(", "function(parameters) body")
        parameters: list[n.Parameter] = []
        while not self.at(")"):
            if parameters and not self.take(","):
                self.fail(",", ")", meaning="between parameters, and behind the last")
            begin = self.token.start
            name = self.name_until(":", ",", ")")
            if name is None:
                self.fail("the name of a parameter", ")")
            self.known.add(name)
            kind = self.type() if self.take(":") else None
            parameters.append(n.Parameter(name, kind, **self._until(begin)))
        self.index += 1
        external = self.take("external")
        body = self.expression()
        return n.FunctionDefinition(tuple(parameters), body, external, **self._until(start))

    def type(self) -> n.TypeNode:
        """A type: a name, list<…>, range<…>, context<name: …>, function<…> -> …"""
        with self.nested():
            start = self.token.start
            for words in _LONG_TYPES:
                if tuple(token.text for token in self.tokens[self.index : self.index + len(words)]) == words:
                    self.index += len(words)
                    return n.TypeNode(" ".join(words), **self._until(start))
            name = self.name()
            while self.take("."):
                name += "." + self.name()
            if name not in ("list", "range", "context", "function") or not self.take("<"):
                return n.TypeNode(name, **self._until(start))
            names: list[str] = []
            arguments: list[n.TypeNode] = []
            while not self.at(">"):
                if arguments:
                    self.expect(",", "between types")
                if name == "context":
                    entry = self.name_until(":")
                    if entry is None:
                        self.fail("the name of an entry")
                    self.index += 1
                    names.append(entry)
                arguments.append(self.type())
            self.index += 1
            if name in ("list", "range") and len(arguments) != 1:
                self.fail(f"{name}<type>")
            result = None
            if name == "function":
                self.expect("->", "function<…> -> type")
                result = self.type()
            return n.TypeNode(name, tuple(arguments), tuple(names), result, **self._until(start))
