"""Conditions that never hold, are never asked, or hold together are found, with values that show it, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from amends.engine.definitions import check
from amends.engine.definitions.check_choices import MOST_WORK
from amends.engine.feel import Expression


def ways(build: Any, *conditions: str, gateway: str = "exclusiveGateway") -> bytes:
    """A gateway with these conditions on its flows, to t0, t1, …, and a default."""
    tasks = "".join(f'<task id="t{number}"/>' for number in range(len(conditions)))
    escaped = [text.replace("&", "&amp;").replace("<", "&lt;") for text in conditions]
    flows = "".join(build.flow("g", f"t{number}", "=" + text) + build.flow(f"t{number}", "e") for number, text in enumerate(escaped))
    return bytes(
        build.draw(
            f'<startEvent id="s"/>{build.flow("s", "g")}<{gateway} id="g" default="g-d"/>{tasks}<task id="d"/>{flows}'
            f'{build.flow("g", "d")}{build.flow("d", "e")}<endEvent id="e"/>'
        )
    )


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (("n > 10", "n > 5"), [("g-t1", "overlap", "n = 11")]),
        (("n < 6", "n > 5"), [("g-t1", "overlap", "n = 5.5")]),
        (("n between 1 and 5", "n in [5..9]"), [("g-t1", "overlap", "n = 5")]),
        (('a.k = "x"', 'a.k in ("x", "y")'), [("g-t1", "overlap", 'a.k = "x"')]),
        (('d < date("2026-03-01")', 'd > date("2026-01-01")'), [("g-t1", "overlap", "d = 2026-02-28")]),
        (("a and n > 1", "n = 3"), [("g-t1", "overlap", "a = true and n = 3")]),
        (("n > 5", "n > 10"), [("g-t1", "never-true", "never taken")]),
        (("a", "a and b"), [("g-t1", "never-true", "never taken")]),
        (("n > 5 and n < 3",), [("g-t0", "never-true", "whatever n")]),
        (('x = "a" and not(x = "a")', 'x = "a"'), [("g-t0", "never-true", "whatever x")]),
        (("n > 5", "n <= 5"), []),
        (("a", "not(a)"), []),
        (('x = "a"', 'x = "b"', 'x != "a" and x != "b"'), []),
        (("a = true", "b = true"), []),
        (("x = null", "x != null"), []),
        (("count(list) > 3", "count(list) < 5"), []),
        (("n - 1 > 3", "n > 5"), []),
        (("n > m", "n > 5"), []),
        (("1 = 1", "n > 5"), [("g-d", "never-true", "always holds"), ("g-t1", "never-true", "always holds")]),
        (("n > 5", "true", "true"), [("g-d", "never-true", "always holds"), ("g-t2", "never-true", "always holds")]),
    ],
)
def test_what_is_plain_is_decided(found: Any, build: Any, conditions: tuple[str, ...], expected: list[tuple[str, str, str]]) -> None:
    """Two conditions that both hold come with an example; of what reads functions or two variables nothing is said."""
    problems = [problem for problem in found(ways(build, *conditions)) if problem.code in ("overlap", "never-true")]
    assert [(problem.element_id, problem.code, problem.severity) for problem in problems] == [
        (where, code, "warning") for where, code, _ in expected
    ]
    assert all(said in problem.message for problem, (_, _, said) in zip(problems, expected, strict=True))


@pytest.mark.parametrize(
    ("conditions", "at"),
    [
        (("n < 5", "n > 5"), "n = 5,"),
        (("n <= 5", "n > 10"), "n = 6"), (("n < 0.5", "n > 0.5"), "n = 0.5"),
        (("n <= 0.5", "n >= 0.6"), "n = 0.55"), (("n <= 99.9", "n >= 100"), "n = 99.95"), (("n <= 9.98", "n >= 10.00"), "n = 9.99"),
        (("n <= 0.125", "n >= 0.127"), "n = 0.126"), (("n < 99.99", "n >= 100"), "n = 99.99"), (("n <= 1", "n >= 2.5"), "n = 2"),
        (("n between 1 and 2", "n in [4..9]"), "n = 3"),
        (("x.n < 1", "5 < x.n", "x.n = 1"), "x.n = 2"),
        (("n = 0", "n > 10"), "n = 1,"),
        (("n < 5 or n > 20", "n > 7"), "n = 5"), (("not(n = 5)", "n > 7"), "n = 5"), (("n < -1", "n > 1"), "n = -1"),
        # Whole numbers leave none, or nobody knows where the variable begins and ends, or what stands between points.
        (("n <= 5", "n >= 6"), ""), (("n < 5", "n >= 5"), ""), (("n between 1 and 5", "n between 6 and 10"), ""), (("n = 1", "n = 3"), ""),
        (("n > 5", "n > 10"), ""), (("n = 1", "n = 2", "n > 2"), ""), (("n < 5", "n > 5", "n = 5"), ""),
        # An amount has no parts of a cent, unless it is compared with some.
        (("n <= 99.99", "n >= 100"), ""), (("n <= 99.99", "n >= 100.000"), ""), (("n <= -0.01", "n >= 0"), ""),
        (("n <= 0.125", "n >= 0.126"), ""),
        # Beyond what is decided.

        (("a", "not(a)"), ""), (("a", "n > 5"), ""), (("a = true", "a = false"), ""),
        (("n < 5", "m > 5"), ""), (("n < 5", "n > 5 and m = 1"), ""), (("n < 5", "n + 1 > 8"), ""), (("n < 5", "n > m"), ""),
        (("n < 5", 'n > 5', 'n = "five"'), ""), (("n < 5", "n > 5", "n = null"), ""), (('x < "a"', 'x > "a"'), ""),
        (("n < 1E30", "n > 1E30"), ""), (("n < 0.00000000001", "n > 0.00000000001"), ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("gateway", ["exclusiveGateway", "inclusiveGateway"])
def test_a_gap_between_numbers_is_a_warning(found: Any, build: Any, conditions: tuple[str, ...], at: str, gateway: str) -> None:
    """Where a gateway has no default, and there certainly is one; the message says for which number."""
    said = gaps(found, build, *conditions, gateway=gateway)
    assert [(problem.element_id, problem.severity) for problem in said] == ([("g", "warning")] if at else [])
    assert all(at in problem.message for problem in said)
    assert [problem for problem in found(ways(build, *conditions, gateway=gateway)) if problem.code == "gap"] == []


def gaps(found: Any, build: Any, *conditions: str, gateway: str = "exclusiveGateway") -> list[Any]:
    """What is said of gaps without the default."""
    plain = ways(build, *conditions, gateway=gateway).replace(b' default="g-d"', b"").replace(build.flow("g", "d").encode(), b"")
    return [problem for problem in found(plain) if problem.code == "gap"]


def test_a_gap_among_hundreds_of_numbers_is_left_undecided(found: Any, build: Any) -> None:
    """Each would have to be compared with each: a list may be as long as the file."""
    for many, expected in ((100, 1), (2_000, 0)):
        numbers = ", ".join(str(2 * number) for number in range(many))
        assert len(gaps(found, build, f"n in [{numbers}]", "n > 99999")) == expected


def test_each_condition_is_asked_once_for_each_number(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not once for each other condition, too; of more than can be asked in time the rest is left undecided."""
    asked: list[str] = []
    before: Any = Expression.evaluate
    monkeypatch.setattr(Expression, "evaluate", lambda self, *given: asked.append(self.text) or before(self, *given))
    for many, most, decided in ((60, 10 * 60**2, True), (400, MOST_WORK, False)):
        asked.clear()
        drawn = ways(build, *(f"n = {number}" for number in range(many)), "n = 3")
        problems = [problem.element_id for problem in check({"a.bpmn": drawn}) if problem.code == "never-true"]
        assert problems == ([f"g-t{many}"] if decided else [])
        assert len(asked) < most


def test_an_inclusive_gateway_may_take_both(found: Any, build: Any) -> None:
    """That is what it is for; a contradiction is one there, too."""
    problems = found(ways(build, "n > 10", "n > 5", "n > 5 and n < 3", gateway="inclusiveGateway"))
    assert [(problem.element_id, problem.code) for problem in problems if problem.code in ("overlap", "never-true")] == [
        ("g-t2", "never-true")
    ]


_ATOMS = st.builds(lambda op, value: (op, value), st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), st.integers(-3, 3))
_PYTHON = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "==", "!=": "!="}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(choices=[[("<", 0)], [(">", 0)], [("!=", 0)]])
@given(choices=st.lists(st.lists(_ATOMS, min_size=1, max_size=3), min_size=2, max_size=3))
def test_what_is_said_of_numbers_is_true(build: Any, choices: list[list[tuple[str, int]]]) -> None:
    """Held against a fine grid: what is never taken is taken nowhere on it, and every overlap on it is found."""
    conditions = [" and ".join(f"n {op} {value}" for op, value in choice) for choice in choices]
    problems = {
        problem.element_id: problem.code
        for problem in check({"a.bpmn": ways(build, *conditions)})
        if problem.code in ("overlap", "never-true")
    }
    grid = [*(value / 4 for value in range(-24, 25)), None]  # null is unequal to every number, and nothing else (DMN 1.5, 10.3.2.13)

    def holding(x: float | None, choice: list[tuple[str, int]]) -> bool:
        return all(op == "!=" if x is None else eval(f"{x} {_PYTHON[op]} {value}") for op, value in choice)  # noqa: S307

    holds = [[holding(x, choice) for x in grid] for choice in choices]
    for number, mine in enumerate(holds):
        before = [any(other[at] for other in holds[:number]) for at in range(len(grid))]
        taken = any(hit and not earlier for hit, earlier in zip(mine, before, strict=True))
        both = any(hit and earlier for hit, earlier in zip(mine, before, strict=True))
        assert problems.get(f"g-t{number}") == ("never-true" if not taken else "overlap" if both else None)
