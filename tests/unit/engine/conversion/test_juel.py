"""JUEL to FEEL: what is translated means the same on every context, and what cannot mean the same is refused."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.engine.conversion import Untranslatable, juel_to_feel
from amends.engine.feel import evaluate, parse

Context = dict[str, Any]
NAMES = ["n", "m", "s", "t", "flag", "items", "who", "nothing"]


@dataclass(frozen=True)
class Expr:
    """A JUEL text and what the language says that it is: the reference, which knows nothing of FEEL."""

    text: str
    value: Callable[[Context], Any]


def ternary_remainder(a: Fraction, b: Fraction) -> Fraction:
    """Java's %: the sign is that of the first."""
    quotient = a / b
    return a - b * (quotient.numerator // quotient.denominator if quotient >= 0 else -(-quotient.numerator // quotient.denominator))


def two(text: str, how: Callable[[Any, Any], Any]) -> Callable[[tuple[Expr, Expr]], Expr]:
    return lambda pair: Expr(f"({pair[0].text} {text} {pair[1].text})", lambda c: how(pair[0].value(c), pair[1].value(c)))


def names(*words: str) -> st.SearchStrategy[Expr]:
    return st.sampled_from([Expr(word, lambda c, word=word: c[word]) for word in words])


number_leaf = st.integers(0, 20).map(lambda n: Expr(str(n), lambda c: Fraction(n))) | names("n", "m")
text_leaf = st.sampled_from(["", "a", "ab", "It's", 'say "x"', "\\"]).map(
    lambda t: Expr("'" + t.replace("\\", "\\\\").replace("'", "\\'") + "'", lambda c: t)
) | names("s", "t")


def emptiness(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def numbers(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    pairs = st.tuples(inner, inner)
    divisor = st.sampled_from([2, 4, 8]).map(lambda n: Expr(str(n), lambda c: Fraction(n)))
    return st.one_of(
        pairs.map(two("+", operator.add)),
        pairs.map(two("-", operator.sub)),
        pairs.map(two("*", operator.mul)),
        st.tuples(inner, divisor).map(two("/", operator.truediv)),
        st.tuples(inner, divisor).map(two("div", operator.truediv)),
        st.tuples(inner, divisor).map(two("%", ternary_remainder)),
        inner.map(lambda e: Expr(f"-{e.text}", lambda c: -e.value(c))),
        st.tuples(inner, inner, st.deferred(lambda: any_truth)).map(
            lambda e: Expr(f"({e[2].text} ? {e[0].text} : {e[1].text})", lambda c: e[0].value(c) if e[2].value(c) else e[1].value(c))
        ),
        st.just(Expr("items.size()", lambda c: Fraction(len(c["items"])))),
        st.just(Expr("who.size()", lambda c: Fraction(len(c["who"])))),
        st.just(Expr("who['first name'].length()", lambda c: Fraction(len(c["who"]["first name"])))),
    )


def truths(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    orders = [("<", operator.lt), ("gt", operator.gt), ("<=", operator.le), ("ge", operator.ge), ("==", operator.eq), ("ne", operator.ne)]
    compared = st.one_of(*(st.tuples(side, side).map(two(word, how)) for word, how in orders for side in (inner, text_leaf)))
    plain = st.one_of(
        compared,
        names("flag"),
        st.sampled_from(["s", "items", "who", "nothing"]).map(lambda w: Expr(f"empty {w}", lambda c: emptiness(c[w]))),
        st.sampled_from(NAMES).map(lambda w: Expr(f"({w} == null)", lambda c: c[w] is None)),
        st.tuples(text_leaf, text_leaf).map(lambda e: Expr(f"{e[0].text}.contains({e[1].text})", lambda c: e[1].value(c) in e[0].value(c))),
        text_leaf.map(lambda e: Expr(f"items.contains({e.text})", lambda c: e.value(c) in c["items"])),
        text_leaf.map(lambda e: Expr(f"s.startsWith({e.text})", lambda c: c["s"].startswith(e.value(c)))),
        text_leaf.map(lambda e: Expr(f"n.equals({e.text})", lambda c: False)),
    )
    pair = st.tuples(plain, plain)
    return st.one_of(
        plain,
        pair.map(two("&&", lambda a, b: a and b)),
        pair.map(two("or", lambda a, b: a or b)),
        plain.map(lambda e: Expr(f"!({e.text})", lambda c: not e.value(c))),
        plain.map(lambda e: Expr(f"not ({e.text})", lambda c: not e.value(c))),
    )


any_number = st.recursive(number_leaf, numbers, max_leaves=8)
any_truth = truths(any_number)
contexts = st.fixed_dictionaries(
    {
        "n": st.integers(-50, 50).map(Fraction),
        "m": st.integers(-20, 20).map(lambda n: Fraction(n, 4)),
        "s": st.text("ab'\"\\", max_size=3),
        "t": st.text("ab", max_size=3),
        "flag": st.booleans(),
        "items": st.lists(st.sampled_from(["a", "ab", ""]), max_size=3),
        "who": st.fixed_dictionaries({"first name": st.text("ab", max_size=2)}),
        "nothing": st.none(),
    }
)


def plain(value: Any) -> Any:
    """As FEEL has it."""
    return Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else value


@settings(max_examples=100)
@given(any_number | any_truth | text_leaf, contexts)
def test_a_translation_means_the_same(expr: Expr, context: Context) -> None:
    """On any context the FEEL gives what JUEL does."""
    feel = juel_to_feel("${" + expr.text + "}").feel
    assert evaluate(feel, {name: plain(value) for name, value in context.items()}) == plain(expr.value(context)), (expr.text, feel)


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["Hello ", "${s}", "#{t}", " and ", "${items.get(0)}", "\\${s}"]), min_size=2, max_size=5), contexts)
def test_a_text_of_parts_is_put_together(parts: list[str], context: Context) -> None:
    """JSR 341, 1.4: parts are made text and joined; an escaped one is text."""
    context = {**context, "items": ["x", *context["items"]]}
    values = {"${s}": context["s"], "#{t}": context["t"], "${items.get(0)}": "x", "\\${s}": "${s}"}
    wanted = "".join(values.get(part, part) for part in parts)
    got = evaluate(juel_to_feel("".join(parts)).feel, {name: plain(value) for name, value in context.items()})
    assert got == wanted


@given(st.text("${}#ab .[]()'\"+-*/%?:!&|<>=1 \\empty", max_size=30))
def test_any_text_is_translated_or_refused(body: str) -> None:
    """No text breaks the translator, and what it writes is FEEL."""
    for text in (body, "${" + body + "}"):
        try:
            found = juel_to_feel(text)
        except Untranslatable as error:
            assert str(error)
        else:
            parse(found.feel)


@pytest.mark.parametrize(
    ("juel", "feel"),
    [
        ("${amount}", "amount"),
        ("#{order.lines[0].price}", "order.lines[1].price"),
        ("${order['net sum']}", 'get value(order, "net sum")'),
        ("${a mod 3}", "a - 3 * round down(a / 3, 0)"),
        ("${a + b}", "sum(a, b)"),
        ("${a + 1}", "a + 1"),
        ("${!empty list}", 'not(list contains([null, "", [], {}], list))'),
        ("${ok ? 'yes' : 'no'}", 'if ok then "yes" else "no"'),
        ("${execution.getVariable('total') >= 1e3}", "total >= 1000"),
        ("${dateTime().plusDays(3).toDate()}", 'now() + duration("P3D")'),
        ("${dateTime().minusMonths(14)}", 'now() + duration("-P1Y2M")'),
        ("${now()}", "now()"),
        ("${nrOfCompletedInstances / nrOfInstances > 0.5}", "numberOfCompletedInstances / numberOfInstances > 0.5"),
        ("${loopCounter == 0}", "loopCounter - 1 = 0"),
        ("plain", '"plain"'),
    ],
)
def test_what_is_written(juel: str, feel: str) -> None:
    """The FEEL is what a person would write."""
    assert juel_to_feel(juel).feel == feel


@pytest.mark.parametrize(
    "juel",
    [
        "${orderBean.check(execution)}",
        "${execution.businessKey}",
        "${task.assignee}",
        "${currentUser()}",
        "${a[i]}",
        "${'1' + 2}",
        "${1 == '1'}",
        "${name.split(',')}",
        "${dateTime().plusDays(n)}",
        "${a instanceof b}",
        "${fn:length(x)}",
        "${1 ? 2 : 3}",
        "${a = 1}",
        "${",
        "${}",
        "${a b}",
        "${" + "(" * 500 + "a" + ")" * 500 + "}",
        "${" + "a+" * 20000 + "a}",
        "on ${now()}",
        "${date && time}",
    ],
)
def test_what_cannot_mean_the_same_is_refused(juel: str) -> None:
    """Java, computed positions, texts as numbers, unknown methods: refused with a reason and what to do."""
    with pytest.raises(Untranslatable) as caught:
        juel_to_feel(juel)
    assert str(caught.value) and caught.value.help


def test_what_is_null_gives_null_and_no_guess() -> None:
    """JUEL takes null for 0, false or nothing at all; FEEL gives null, so that the element stops instead of going a wrong way."""
    assert evaluate(juel_to_feel("${n < 5}").feel, {"n": None}) is None
    assert evaluate(juel_to_feel("Hello ${n}").feel, {"n": None}) is None
