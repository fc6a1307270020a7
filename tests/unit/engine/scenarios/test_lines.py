"""Where scenarios and steps begin in a file: told by counting lines beside the standard library's parser."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.scenarios.lines import places

INLINE = '''# [[scenario]] in a comment is none
at = 2026-03-02T10:00:00
[data.words]
text = """
[[scenario]]
steps = [ { after = "P1D" } ]
"""
[[scenario]]
name = "steps = [ { in a text } ]"
steps = [
  { after = "P1D" }, { after = "P2D" },
  # { after = "P3D" },
  { complete = "a", with = { list = [{ x = 1 }] } },
]

  [[ scenario ]]
other = [ { after = "P1D" } ]
steps = [{ complete = "a", with = [
  "words", { y = 2 },
] }, {expect.tasks = []}]
'''


def test_every_scenario_and_step_has_its_line() -> None:
    """Tables inside a step, comments and texts that look like one do not count."""
    assert [(place.line, place.steps) for place in places(INLINE)] == [(8, [11, 11, 13]), (16, [18, 20])]


def test_steps_may_be_tables_of_their_own() -> None:
    """`[[scenario.steps]]` is the same as an inline table."""
    text = '[[scenario]]\nname = "x"\n\n[[scenario.steps]]\nafter = "P1D"\n[[scenario.steps]]\nafter = "P2D"\n'
    assert [(place.line, place.steps) for place in places(text)] == [(1, [4, 6])]


@pytest.mark.parametrize("quote", ['"', "'", '"""', "'''"])
@given(noise=st.text(alphabet="abc[]{}#= ,\n'\""))
def test_texts_never_move_the_count(quote: str, noise: str) -> None:
    """Whatever stands inside a text, a scenario behind it is found on its line, if the file is TOML at all."""
    text = f"a = {quote}{noise}{quote}\n[[scenario]]\nsteps = [{{}},\n{{}}]\n"
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    if noise.startswith(quote[0]) or noise.endswith(quote[0]) or "[[" in noise:
        return
    line = text[: text.rindex("[[scenario]]")].count("\n") + 1
    assert [(place.line, place.steps) for place in places(text)] == [(line, [line + 1, line + 2])]
