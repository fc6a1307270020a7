"""Regular expressions of XPath (XPath and XQuery Functions and Operators 3.1, 5.6; XML Schema 1.1 part 2, appendix G), translated.

What is no regular expression there, such as look-ahead or \\b, is refused although the `regex` module knows it.
"""

from __future__ import annotations

FLAGS = frozenset("smixq")
_SINGLE_ESCAPES = {"n": "\\n", "r": "\\r", "t": "\\t"}
_ESCAPABLE = frozenset("\\|.?*+(){}-[]^$")
_METACHARACTERS = frozenset(".\\?*+{}()|[]")
MAX_REPEAT = 10_000
"""The greatest number in a quantifier: the `regex` module writes such repetitions out."""
_MAX_CODE = 0x10FFFF

_NAME_START = (
    (":", ":"), ("A", "Z"), ("_", "_"), ("a", "z"), ("\xc0", "\xd6"), ("\xd8", "\xf6"), ("\xf8", "\u02ff"), ("\u0370", "\u037d"),
    ("\u037f", "\u1fff"), ("\u200c", "\u200d"), ("\u2070", "\u218f"), ("\u2c00", "\u2fef"), ("\u3001", "\ud7ff"),
    ("\uf900", "\ufdcf"), ("\ufdf0", "\ufffd"), ("\U00010000", "\U000effff"),
)  # fmt: skip
_NAME_CHAR = (*_NAME_START, ("-", "-"), (".", "."), ("0", "9"), ("\xb7", "\xb7"), ("\u0300", "\u036f"), ("\u203f", "\u2040"))
_SPACE = (("\t", "\n"), ("\r", "\r"), (" ", " "))


def _ranges(pairs: tuple[tuple[str, str], ...]) -> str:
    return "".join(f"\\U{ord(low):08x}-\\U{ord(high):08x}" for low, high in pairs)


def _outside(pairs: tuple[tuple[str, str], ...]) -> str:
    """The characters in none of the ranges."""
    found, after = [], 0
    for low, high in sorted(pairs):
        if ord(low) > after:
            found.append((chr(after), chr(ord(low) - 1)))
        after = ord(high) + 1
    if after <= _MAX_CODE:
        found.append((chr(after), chr(_MAX_CODE)))
    return _ranges(tuple(found))


_CLASSES = {
    "s": _ranges(_SPACE), "S": _outside(_SPACE),
    "i": _ranges(_NAME_START), "I": _outside(_NAME_START),
    "c": _ranges(_NAME_CHAR), "C": _outside(_NAME_CHAR),
    "d": r"\p{Nd}", "D": r"\P{Nd}",
    "w": r"\p{L}\p{M}\p{N}\p{S}", "W": r"\p{P}\p{Z}\p{C}",
}  # fmt: skip
_CATEGORIES = frozenset(
    "L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po Z Zs Zl Zp S Sm Sc Sk So C Cc Cf Co Cn".split()
)  # fmt: skip


class PatternError(ValueError):
    """A text is no regular expression of XPath."""


def translate(pattern: str, flags: str) -> str:
    """An XPath pattern as one of the `regex` module; PatternError where pattern or flags are none."""
    if not FLAGS.issuperset(flags):
        raise PatternError("the flags are among s, m, i, x and q")
    if "q" in flags:
        return "".join(_literal(char) for char in pattern)
    return _Translation(pattern, flags).whole()


def _literal(char: str) -> str:
    return char if char.isalnum() else f"\\U{ord(char):08x}"


class _Translation:
    def __init__(self, pattern: str, flags: str) -> None:
        self.text = pattern
        self.index = 0
        self.dot_all, self.lines, self.free = "s" in flags, "m" in flags, "x" in flags
        self.opened = 0
        self.closed: set[int] = set()
        self.depth = 0

    def _peek(self) -> str:
        while self.free and self.text[self.index : self.index + 1] in ("\t", "\n", "\r", " ") and self.index < len(self.text):
            self.index += 1
        return self.text[self.index : self.index + 1]

    def _next(self) -> str:
        char = self._peek()
        if not char:
            raise PatternError("it ends too early")
        self.index += 1
        return char

    def whole(self) -> str:
        result = self._branches()
        if self._peek():
            raise PatternError(f"{self._peek()} stands where it cannot")
        return result

    def _branches(self) -> str:
        self.depth += 1
        if self.depth > 50:
            raise PatternError("its groups are nested too deeply")
        branches = [self._branch()]
        while self._peek() == "|":
            self.index += 1
            branches.append(self._branch())
        self.depth -= 1
        return "|".join(branches)

    def _branch(self) -> str:
        pieces = []
        while (char := self._peek()) and char not in ("|", ")"):
            pieces.append(self._atom() + self._quantifier())
        return "".join(pieces)

    def _quantifier(self) -> str:
        char = self._peek()
        if char and char in "?*+":
            self.index += 1
            found = char
        elif char == "{":
            self.index += 1
            found = self._counted()
        else:
            return ""
        if self._peek() == "?":
            self.index += 1
            found += "?"
        return found

    def _counted(self) -> str:
        digits = ""
        while (char := self._next()) != "}":
            digits += char
        least, comma, most = digits.partition(",")
        if not (least.isascii() and least.isdigit()) or most and not (most.isascii() and most.isdigit()):
            raise PatternError("a quantifier is {2}, {2,} or {2,3}")
        if len(least) > 5 or len(most) > 5 or int(most or least) > MAX_REPEAT or most and int(most) < int(least):
            raise PatternError("a quantifier's numbers do not fit")
        return f"{{{least}{comma}{most}}}"

    def _atom(self) -> str:
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        if char == ".":
            return "(?s:.)" if self.dot_all else r"[^\n\r]"
        if char == "^":
            return r"(?m:^)(?!(?<=\n)\Z)" if self.lines else r"\A"  # no line begins behind a last newline
        if char == "$":
            return "(?m:$)" if self.lines else r"\Z"
        if char in _METACHARACTERS:
            raise PatternError(f"{char} stands where it cannot")
        return _literal(char)

    def _group(self) -> str:
        number = 0
        if self._peek() == "?":
            self.index += 1
            if self._next() != ":":
                raise PatternError("(? is followed by : only")
        else:
            self.opened += 1
            number = self.opened
        inner = self._branches()
        if self._peek() != ")":
            raise PatternError("a parenthesis is not closed")
        self.index += 1
        if number:
            self.closed.add(number)
        return f"({inner})" if number else f"(?:{inner})"

    def _escape(self) -> str:
        char = self._next()
        if char.isascii() and char.isdigit():
            return self._back_reference(char)
        if char in ("p", "P"):
            return f"(?-i:{self._property(char)})"  # a category is not widened by the flag i
        if char in _CLASSES:
            return f"[{_CLASSES[char]}]"
        return self._escaped_char(char)

    def _escaped_char(self, char: str) -> str:
        if char in _SINGLE_ESCAPES:
            return _SINGLE_ESCAPES[char]
        if char in _ESCAPABLE:
            return _literal(char)
        raise PatternError(f"\\{char} means nothing")

    def _back_reference(self, digit: str) -> str:
        number = int(digit)
        while (following := self._peek()) and following.isascii() and following.isdigit() and number * 10 + int(following) <= self.opened:
            number = number * 10 + int(following)
            self.index += 1
        if number not in self.closed:
            raise PatternError(f"there is no group {number} before \\{number}")
        # In XPath a group that took no part matches the empty text, in `regex` nothing.
        return f"(?({number})\\{number}|)"

    def _property(self, letter: str) -> str:
        if self._next() != "{":
            raise PatternError(f"\\{letter} is followed by a category in braces")
        name = ""
        while (char := self._next()) != "}":
            name += char
        if name.startswith("Is") and name[2:].replace("-", "").isalnum() and name.isascii():
            return f"\\{letter}{{Block={name[2:]}}}"
        if name not in _CATEGORIES:
            raise PatternError(f"{name} is no category of characters")
        return f"\\{letter}{{{name}}}"

    def _class(self) -> str:
        """[…], also with a class taken away: [a-z-[aeiou]]."""
        free, self.free = self.free, False
        negative = self._peek() == "^"
        self.index += negative
        parts: list[str] = []
        without = ""
        first = True
        while (char := self._next()) != "]" or first:
            if char == "]":
                raise PatternError("a class of characters is empty")
            first = False
            if char == "-" and self._peek() == "[" and parts:
                self.index += 1
                without = f"(?!{self._class()})"
                if self._next() != "]":
                    raise PatternError("nothing follows the class that is taken away")
                break
            parts.append(self._class_part(char))
        self.free = free
        return f"(?:{without}[{'^' if negative else ''}{''.join(parts)}])" if without else f"[{'^' if negative else ''}{''.join(parts)}]"

    def _class_part(self, char: str) -> str:
        low = self._class_char(char)
        if not _is_one(low):
            return low
        if self._peek() != "-" or self.text[self.index + 1 : self.index + 2] in ("]", "[", ""):
            return low
        self.index += 1
        high_char = self._next()
        high = self._class_char(high_char)
        if not _is_one(high):
            raise PatternError("a range of characters ends in a class")
        if _code(low) > _code(high):
            raise PatternError("a range of characters runs backwards")
        return f"{low}-{high}"

    def _class_char(self, char: str) -> str:
        if char == "[":
            raise PatternError("[ stands in a class of characters without \\")
        if char != "\\":
            return _literal(char)
        escaped = self._next()
        if escaped in ("p", "P"):
            return self._property(escaped)
        return _CLASSES.get(escaped) or self._escaped_char(escaped)


def _is_one(part: str) -> bool:
    """Whether a part of a class is one character, not a class such as that of white space."""
    return len(part) == 1 or part in ("\\n", "\\r", "\\t") or (part.startswith("\\U") and len(part) == len("\\U00000000"))


def _code(char: str) -> int:
    if char in ("\\n", "\\r", "\\t"):
        return ord({"n": "\n", "r": "\r", "t": "\t"}[char[1]])
    return int(char[2:], 16) if char.startswith("\\U") else ord(char)
