"""Python to FEEL: what is translated means what Python says, and what cannot is refused. Python itself is the reference."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.engine.conversion import Untranslatable, python_to_feel
from amends.engine.conversion.python_scripts import translate_script
from amends.engine.feel import evaluate, parse

number_leaf = st.integers(0, 9).map(str) | st.sampled_from(
    ["0.5", "n", "m", "who['age']", "nums[0]", "nums[-1]", "len(nums)", "len(s + '')"]
)
text_leaf = st.sampled_from(["''", "'a'", "'ab'", "s", "t", "who['name']", "t.upper()", "f'{s}-{t}'", "s + 'x'", "', '.join(words)"])


def numbers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda e: f"({e[0]} {e[1]} {e[2]})"),
        st.tuples(inner, st.sampled_from(["/", "//", "%"]), st.sampled_from(["2", "-4", "8"])).map(lambda e: f"({e[0]} {e[1]} {e[2]})"),
        st.tuples(inner, st.sampled_from("0123")).map(lambda e: f"({e[0]} ** {e[1]})"),
        inner.map(lambda e: f"-{e}"),
        inner.map(lambda e: f"abs({e})"),
        pair.map(lambda e: f"max({e[0]}, {e[1]})"),
        pair.map(lambda e: f"min([{e[0]}, {e[1]}])"),
        inner.map(lambda e: f"sum(x * 2 + {e} for x in nums)"),
        st.just("sum([x for x in nums if x > 1])"),
        st.tuples(inner, st.deferred(lambda: any_truth), inner).map(lambda e: f"({e[0]} if {e[1]} else {e[2]})"),
        st.tuples(inner, st.sampled_from(["nums", "s", "n", "who", "none", "nums and s"]), inner).map(
            lambda e: f"({e[0]} if {e[1]} else {e[2]})"
        ),
        st.just("who.get('age', 3)"),
    )


def truths(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    order = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    base = st.one_of(
        st.tuples(inner, order, inner).map(lambda e: f"({e[0]} {e[1]} {e[2]})"),
        st.tuples(text_leaf, order, text_leaf).map(lambda e: f"({e[0]} {e[1]} {e[2]})"),
        st.tuples(inner, inner, inner).map(lambda e: f"({e[0]} < {e[1]} <= {e[2]})"),
        inner.map(lambda e: f"({e} in [1, 2, n])"),
        text_leaf.map(lambda e: f"({e} not in ('a', t))"),
        text_leaf.map(lambda e: f"({e} in s)"),
        text_leaf.map(lambda e: f"({e} in who)"),
        text_leaf.map(lambda e: f"({e} in words)"),
        st.sampled_from(["none is None", "n is not None", "flag is True", "bool(nums)", "not who", "any(nums)", "all(words)"]),
        inner.map(lambda e: f"any(x > {e} for x in nums)"),
        inner.map(lambda e: f"all(x > {e} for x in nums if x != 0)"),
        text_leaf.map(lambda e: f"t.startswith({e})"),
    )
    return st.one_of(
        base,
        st.tuples(base, st.sampled_from(["and", "or"]), base).map(lambda e: f"({e[0]} {e[1]} {e[2]})"),
        base.map(lambda e: f"(not {e})"),
    )


any_number = st.recursive(number_leaf, numbers, max_leaves=6)
any_truth = truths(any_number)
contexts = st.fixed_dictionaries(
    {
        "n": st.integers(-30, 30),
        "m": st.integers(-20, 20).map(lambda n: n / 4),
        "s": st.text("ab", max_size=3),
        "t": st.text("ab", max_size=3),
        "flag": st.booleans(),
        "none": st.none(),
        "nums": st.lists(st.integers(-3, 3), min_size=1, max_size=3),
        "words": st.lists(st.sampled_from(["a", "ab", ""]), max_size=3),
        "who": st.fixed_dictionaries({"name": st.text("ab", max_size=2), "age": st.integers(0, 3)}),
    }
)


def plain(value: Any) -> Any:
    """As FEEL has it; both are exact here: only halves, quarters and eighths occur."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return Decimal(repr(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


lists = st.sampled_from(
    [
        "[n, m]",
        "(s, t)",
        "[x * 2 for x in nums]",
        "[x for x in nums if x > 0]",
        "[[x] for x in nums if x]",
        "[1] + [n]",
        "{'a': n, 'b': [s]}",
    ]
)


@settings(max_examples=100)
@given(any_number | any_truth | text_leaf | lists, contexts)
def test_a_translation_means_the_same(source: str, context: dict[str, Any]) -> None:
    """On any context the FEEL gives what Python does."""
    wanted = eval(source, dict(context))
    if isinstance(wanted, int | float) and abs(wanted) > 1e12:
        return
    feel = python_to_feel(source).feel
    assert evaluate(feel, plain(context)) == plain(wanted), (source, feel)


@settings(max_examples=60)
@given(any_truth, contexts)
def test_a_condition_means_the_same(source: str, context: dict[str, Any]) -> None:
    """The condition of a flow decides as Python's truth does; a bare variable that is no boolean gives null, and so stops."""
    found = evaluate(python_to_feel(source, condition=True).feel, plain(context))
    assert found is bool(eval(source, dict(context))) or (found is None and "not who" in source)


@given(st.text("abxn01 .[](){}'\"+-*/%<>=!:,\n_fornitdes", max_size=40))
def test_any_text_is_translated_or_refused(body: str) -> None:
    """No text breaks the translator, and what it writes is FEEL."""
    try:
        parse(python_to_feel(body).feel)
    except Untranslatable as error:
        assert str(error)
    try:
        for step in translate_script(body):
            parse(step.value.feel)
    except Untranslatable as error:
        assert str(error)


@pytest.mark.parametrize(
    ("python", "feel"),
    [
        ("amount // 2", "floor(amount / 2)"),
        ("order['lines'][0].price", "order.lines[1].price"),
        ("len(items)", "count(items)"),
        ("status in ['new', 'open']", 'list contains(["new", "open"], status)'),
        ("x is None", "x = null"),
        ("'a' if big > 3 else 'b'", 'if big > 3 then "a" else "b"'),
        ("datetime.now() + timedelta(days=3, hours=2)", 'now() + duration("P3DT2H")'),
        ("timedelta(minutes=90)", 'duration("PT1H30M")'),
        ("{'days': granted}", "{days: granted}"),
    ],
)
def test_what_is_written(python: str, feel: str) -> None:
    """The FEEL is what a person would write."""
    assert python_to_feel(python).feel == feel


@pytest.mark.parametrize(
    "python",
    [
        "a or 'b'", "a[i]", "a[1:2]", "'abc'[0]", "f'{x:.2f}'", "lambda: 1", "[x + y for x in a for y in b]", "[x for x in a if x > limit]",
        "a & b", "{1, 2}", "{'a': 1, 'b': a}", "1 == '1'", "open('/etc/passwd')", "__import__('os')", "x.replace('a', 'b')", "1j", "b'x'",
        "await x", "x :=", "(" * 300, "str(True)", "int('3')", "1e400",
    ],
)  # fmt: skip
def test_what_cannot_mean_the_same_is_refused(python: str) -> None:
    """Slices, formats, unknown functions, values that are one of two: refused with a reason and what to do."""
    with pytest.raises(Untranslatable) as caught:
        python_to_feel(python)
    assert str(caught.value) and caught.value.help


assignments = st.one_of(
    st.tuples(st.sampled_from(["n", "m", "p"]), st.sampled_from(["n + 1", "m * 2", "len(nums)", "n if flag else m"])).map(" = ".join),
    st.sampled_from(
        ["n += 2", "nums.append(n)", "who['age'] = n", "who['new'] = s", "# a remark", "p: int = n", "pass",
         "if flag:\n    p = n\nelif n > 3:\n    p = m\nelse:\n    p = 0"]
    ),
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(assignments, min_size=1, max_size=5), contexts)
def test_a_script_sets_the_same_variables(lines: list[str], context: dict[str, Any]) -> None:
    """Assignments one after the other, each seeing those before it."""
    source = "\n".join(lines)
    mine = {**plain(context)}
    for step in translate_script(source):
        mine[step.target] = evaluate(step.value.feel, mine)
    theirs = {**context, "nums": list(context["nums"]), "who": dict(context["who"])}
    exec(source, {}, theirs)
    theirs.pop("__annotations__", None)
    assert mine == plain(theirs)


@pytest.mark.parametrize(
    "source", ["import os", "for x in y:\n    z = x", "del x", "a, b = b, a", "if x:\n    y = 1", "a.b.c = 1", "print(1)", "def f(): pass"]
)
def test_a_script_that_does_more_is_refused(source: str) -> None:
    """Loops, imports, calls: refused as a whole, so that no half of it runs."""
    with pytest.raises(Untranslatable):
        translate_script(source)
