"""Looks for what FEEL and decision models do not survive: `python tests/bench/feel_fuzz.py --minutes 10 [--seed 1]`.

Random texts, mixtures of tokens, syntax trees, calls of every built-in function, regular expressions, and decision models, whole and
broken. Each has to end with a value or a documented error (FeelError, DecisionError, NotFound) within its budget, and a tree has to
survive being printed and parsed. What is found is printed with the seed and number that make it again; exit code 1 if there is any.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from amends.engine.decisions import DecisionError, check_model, load
from amends.engine.errors import NotFound
from amends.engine.feel import BudgetError, FeelError, evaluate, nodes, parse, to_plain, to_text, unary_test, value_text
from amends.engine.feel.builtins import BUILTINS

MOST_SECONDS = 1.5
"""The budget's 0.9 seconds, and what a machine that others use too may add."""
DOCUMENTED = (FeelError, DecisionError, NotFound)
CONTEXT = {"a": 1, "b": [1, {"a": 2, "x": "y"}, None], "first name": "x", "total": {"a": {"b": 3}}, "due-date": "2024-01-01", "s": "a" * 99}
ATOMS = (
    "null true false 1 -1 0 2.5 1e6000 -1e6000 1e-6000 .5 123456789012345678901234567890123456 99999999999999999999999999999999999999 "
    '"" "abc" "a+" "(a|aa)+$" "Europe/Paris" "P1D" "\\u00e9" "😀" [] {} [1,2,null] ["a","b"] [[1],[2]] {a:1} {key:"a",value:1} '
    '@"2024-01-31" @"-99999-01-31" @"999999999-12-31" @"P1D" @"P1Y" @"-PT0.000000001S" @"P999999999999999999D" @"10:00:00" '
    '@"2024-01-31T10:00:00@Europe/Paris" @"999999999-12-31T23:59:59Z" @"10:00:00-05:00" @"nothing" [1..5] (<5) (!=5) ["a".."b") '
    '[null..null] [@"2024-01-01"..@"2024-01-05"] count sum a b s total.a.b item partial ? x'
).split(" ")
WORDS = (
    "( ) [ ] { } , : . .. ? @ - + * / ** = != < <= > >= and or in between not( if then else for return some every satisfies function( "
    "function(x) instance of number list<string> range<number> context<a:number> function<number>->string external first name due-date "
    "-> // /* */ ` ' \" & && == ; \\ % date and time( matches( replace( sort( string( i in 1..9 [item>1] .a .year [1] [-1] "
    "every x in b satisfies x partial[-1]"
).split(" ") + list(ATOMS)
OPERATORS = "+ - * / ** = != < <= > >= and or".split()
TYPES = ("number", "string", "boolean", "date", "Any", "list<number>", "context<a: number>", "range<date>", "function<number> -> number")
SHARED = (
    "for i in 1..{n} return partial", "for i in 1..{n} return {{a: partial, b: {v}}}", "string(for i in 1..{n} return [partial, {v}])",
    "{{d: for i in 1..{m} return {v}, r: for i in 1..{m} return d}}.r", "{{d: for i in 1..{m} return {v}, r: {{a: d, b: [d, d]}}}}",
    "{{f: function(s, n) if n = 0 then s else f([s, s, {v}], n - 1), r: f({v}, {n})}}.r",
    '{{s: string join(for i in 1..{m} return "abcdefghij"), r: for i in 1..{m} return s}}.r',
    '{{s: string join(for i in 1..{m} return "😀"), r: for i in 1..{m} return [s..s]}}.r',
)  # fmt: skip
"""Results that hold the same part many times."""
REGEX = "a b . * + ? ( ) [ ] ^ $ | \\ d w s p {Lu} {2} {1,3} - a-z \\1 (a|aa)+ (?: x* [^a] [a-z-[aeiou]] 😀".split(" ")
SHAPES = (
    "> {} + i0", "<= i0 - {}", "? * {} > {}", "[{}..{}]", "not(> i1 + {})", "starts with(?, {})", "matches(?, {})", "modulo(?, {}) = {}",
    "? - {} < {}", "abs(? - {}) < i0", "? in ({}, > i0)", "list contains(?, {})", "? > {} and i0 < {}", "? between {} and i0", "> i{}",
)  # fmt: skip
"""Cells of a column that are alike, and so are asked at once."""
POLICIES = ("UNIQUE", "ANY", "FIRST", "PRIORITY", "RULE ORDER", "OUTPUT ORDER", "COLLECT", "NONE SUCH")


def some_text(r: random.Random) -> str:
    """Any characters."""
    codes = (r.choice((r.randrange(32, 127), r.randrange(0xD7FF), r.randrange(0x10000, 0x10FFFF))) for _ in range(r.randrange(40)))
    return "".join(map(chr, codes))


def some_words(r: random.Random) -> str:
    """FEEL's tokens in any order."""
    return " ".join(r.choice(WORDS) for _ in range(r.randrange(1, 18)))


def some_expression(r: random.Random, depth: int = 4) -> str:
    """An expression that is FEEL by its grammar."""
    if depth <= 0 or r.random() < 0.15:
        return r.choice(ATOMS)
    e = lambda: some_expression(r, depth - 1)  # noqa: E731 - short, as it is used twenty times
    form = r.randrange(17)
    if form < 4:
        return f"({e()}) {r.choice(OPERATORS)} ({e()})"
    if form == 4:
        return f"if {e()} then {e()} else {e()}"
    if form == 5:
        return f"for i in {e()}, x in {e()} return [{e()}, i, x, count(partial)]"
    if form == 6:
        return f"{r.choice(('some', 'every'))} x in {e()} satisfies {e()}"
    if form == 7:
        return f"({e()})[{e()}]"
    if form == 8:
        return f"({e()}).{r.choice(('a', 'x', 'year', 'hour', 'days', 'start', 'time offset', 'months'))}"
    if form == 9:
        return f"{{a: {e()}, x: {e()}, f: function(n) {e()}}}.{r.choice(('a', 'x', 'f', 'f(1)'))}"
    if form == 10:
        return f"(function(x, i: {r.choice(TYPES)}) {e()})({e()}, {e()})"
    if form == 11:
        return f"[{e()}, {e()}, {e()}]"
    if form == 12:
        return f"({e()}) in ({e()}, < {r.choice(ATOMS)}, not({e()}))"
    if form == 13:
        return f"({e()}) between {r.choice(ATOMS)} and {r.choice(ATOMS)}"
    if form == 14:
        return f"({e()}) instance of {r.choice(TYPES)}"
    if form == 15:
        return f"{r.choice('[(]')}{e()}..{e()}{r.choice('])[')}"
    return some_call(r, e)


def some_call(r: random.Random, argument: Callable[[], str] | None = None) -> str:
    """A built-in function with any arguments, by position or by name."""
    name = r.choice(sorted(BUILTINS))
    make = argument or (lambda: r.choice(ATOMS))
    if r.random() < 0.2:
        names = r.choice(BUILTINS[name].parameter_sets())
        return f"{name}({', '.join(f'{n}: {make()}' for n in names if r.random() < 0.9)})"
    return f"{name}({', '.join(make() for _ in range(r.randrange(5)))})"


def some_pattern(r: random.Random) -> str:
    """A regular expression, or nearly one, upon a text that may be long."""
    pattern = "".join(r.choice(REGEX) for _ in range(r.randrange(1, 9))).replace("\\", "\\\\")
    text = "".join(r.choice("ab x") for _ in range(r.choice((3, 30, 3000))))
    flags = "".join(r.choice("smixq") for _ in range(r.randrange(3)))
    return r.choice((f'matches("{text}", "{pattern}", "{flags}")', f'replace("{text}", "{pattern}", "<$1>", "{flags}")',
                     f'split("{text}", "{pattern}")', f'extract("{text}", "{pattern}")'))  # fmt: skip


def some_sharing(r: random.Random) -> str:
    """An expression whose result is larger written out than it is inside."""
    return r.choice(SHARED).format(n=r.choice((5, 12, 17, 18, 19, 25)), m=r.choice((9, 100, 500, 900, 5000)), v=r.choice(ATOMS))


def some_model(r: random.Random) -> bytes:
    """A decision table with random cells that reads another decision; sometimes with characters of the file changed."""
    columns = r.randrange(1, 4)
    kinds = [r.choice(("number", "string", "boolean", "date", "Any", "tList", "nowhere")) for _ in range(columns)]
    cell = lambda: r.choice(("-", f"> {r.choice(ATOMS)}", r.choice(ATOMS), f"not({r.choice(ATOMS)})", some_expression(r, 2), some_words(r)))  # noqa: E731
    tag = lambda name, text: f"<{name}><text>{escape(text)}</text></{name}>"  # noqa: E731
    inputs = "".join(f'<input><inputExpression typeRef="{k}">{f"<text>i{n}</text>"}</inputExpression></input>' for n, k in enumerate(kinds))
    shapes = [r.choice(SHAPES) if r.random() < 0.4 else "" for _ in kinds]
    filled = lambda shape: shape.format(r.choice(ATOMS), r.choice(ATOMS)) if shape else cell()  # noqa: E731
    rules = "".join(
        "<rule>" + "".join(tag("inputEntry", filled(shape)) for shape in shapes) + tag("outputEntry", some_expression(r, 2)) + "</rule>"
        for _ in range(r.randrange(12))
    )
    data = "".join(f'<inputData id="i{n}" name="i{n}"><variable name="i{n}" typeRef="{k}"/></inputData>' for n, k in enumerate(kinds))
    needs = "".join(f'<informationRequirement><requiredInput href="#i{n}"/></informationRequirement>' for n in range(columns))
    aggregation = r.choice(("", ' aggregation="SUM"', ' aggregation="MAX"', ' aggregation="COUNT"'))
    values = tag("outputValues", ", ".join(r.choice(ATOMS) for _ in range(3))) if r.random() < 0.3 else ""
    text = (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="m" namespace="n" id="m">'
        f'<itemDefinition name="tList" isCollection="true"><typeRef>number</typeRef>{tag("allowedValues", cell())}</itemDefinition>{data}'
        f'<decision id="first" name="first"><variable name="first"/>{needs}<decisionTable hitPolicy="{r.choice(POLICIES)}"{aggregation}>'
        f'{inputs}<output name="o">{values}</output>{rules}</decisionTable></decision>'
        '<decision id="second" name="second"><variable name="second"/><informationRequirement><requiredDecision href="#first"/>'
        f'</informationRequirement>{needs}<context><contextEntry><variable name="c"/><literalExpression><text>first</text>'
        f"</literalExpression></contextEntry><contextEntry><literalExpression><text>{escape(some_expression(r, 3))}</text>"
        "</literalExpression></contextEntry></context></decision></definitions>"
    )
    found = bytearray(text.encode("utf-8", "replace"))
    for _ in range(r.choice((0, 0, 0, 1, 3))):
        found[r.randrange(len(found))] = r.randrange(256)
    return bytes(found)


def answered(text: str) -> None:
    """The text as an expression and as unary tests."""
    for attempt in (lambda: evaluate(text, CONTEXT), lambda: unary_test(text, 5, CONTEXT)):
        try:
            value = attempt()
        except FeelError as error:
            refuse_defect(error)
        else:
            json.dumps(to_plain(value))
            value_text(value)


def printed(text: str) -> None:
    """The tree of a text is that of the text it is printed as."""
    names = [name for name in CONTEXT if not name.isidentifier()]
    try:
        tree = parse(text, names).ast
    except FeelError:
        return
    again = parse(to_text(tree), names).ast
    if again != tree and not any(isinstance(node, nodes.Name) and not node.name.isidentifier() for node in nodes.walk(tree)):
        raise AssertionError(f"printed as {to_text(tree)}")


def decided(document: bytes) -> None:
    """The model is checked and each of its decisions evaluated, or it is refused."""
    check_model(document)
    model = load(document)
    inputs: dict[str, Any] = {"i0": 5, "i1": "abc", "i2": None}
    for decision in model.decisions:
        try:
            json.dumps(model.explain(decision.name, model.read_inputs(decision.name, inputs)).to_plain())
        except FeelError as error:
            refuse_defect(error)


def refuse_defect(error: FeelError) -> None:
    """A FeelError is an answer, unless it confesses a defect."""
    if "a defect in the evaluator" in str(error):
        raise AssertionError(str(error))


KINDS: dict[str, tuple[Callable[[random.Random], Any], Callable[[Any], None], int]] = {
    "texts": (some_text, answered, 10),
    "mixtures": (some_words, answered, 30),
    "expressions": (some_expression, answered, 30),
    "printed trees": (some_expression, printed, 10),
    "functions": (some_call, answered, 30),
    "patterns": (some_pattern, answered, 8),
    "shared parts": (some_sharing, answered, 4),
    "models": (some_model, decided, 8),
}


def run(minutes: float, seed: int) -> int:
    """Fuzz for so long, tell what was found, and how many faults that were."""
    ends, number, faults = time.monotonic() + minutes * 60, 0, 0
    tried: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    slowest = (0.0, "", "")
    choices = [kind for kind, (_, _, share) in KINDS.items() for _ in range(share)]
    gc.disable()  # its pauses over a cache full of random expressions would count as time of the expression at hand
    while time.monotonic() < ends:
        if number % 1000 == 0:
            gc.collect()
        r = random.Random(f"{seed}:{number}")  # noqa: S311 - reproducible is what it has to be
        kind = r.choice(choices)
        make, attempt, _ = KINDS[kind]
        made = make(r)
        begun = time.process_time()
        fault = ""
        try:
            attempt(made)
        except BudgetError:
            ended["over budget"] += 1
        except DOCUMENTED as error:
            ended[type(error).__name__] += 1
        except Exception as error:  # noqa: BLE001 - finding these is the purpose
            fault = f"{type(error).__name__}: {error}"
        took = time.process_time() - begun
        if took > MOST_SECONDS:
            fault = fault or f"took {took:.2f} seconds"
        if took > slowest[0]:
            slowest = (took, kind, f"{seed}:{number}")
        if fault:
            faults += 1
            print(f"seed {seed}, number {number}, {kind}: {fault[:300]}\n    {str(made)[:400]!r}", flush=True)
        tried[kind] += 1
        number += 1
    gc.enable()
    counts = ", ".join(f"{count:,} {kind}" for kind, count in tried.most_common())
    print(f"seed {seed}: {number:,} attempts in {minutes:g} minutes ({counts}); {dict(ended)};", end=" ")
    print(f"slowest {slowest[0]:.2f} s ({slowest[1]}, {slowest[2]}); {faults} faults")
    return faults


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.exit(1 if run(options.minutes, options.seed) else 0)


def test_a_short_while() -> None:
    """Three seconds of the same, so that it keeps running: nothing is found."""
    assert run(0.05, 1) == 0


if __name__ == "__main__":
    main()
