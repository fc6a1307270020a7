"""docs/security.md names what is there, says a state for every line, and counts right."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

STATES = ("met", "operator", "n.a.", "not met")


def test_every_line_has_a_state_and_what_it_names_exists(repository: Path) -> None:
    """A test that was renamed, or a file that is gone, would leave a line of the table without what it rests on."""
    text = (repository / "docs" / "security.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| (\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    assert len(lines) == len({number for number, _, _ in lines}) == len(re.findall(r"^\| \d", text, re.MULTILINE)) > 250
    assert {state for _, state, _ in lines} == set(STATES)
    named = {name for _, _, how in lines for name in re.findall(r"\b(?:tests|webui|engine|forms|docs)/[\w./-]*\w\.(?:py|md)", how)}
    assert [name for name in sorted(named) if not (repository / name).is_file()] == []
    counted = Counter(state for _, state, _ in lines)
    told = re.search(r"Of (\d+) requirements, (\d+) are met, (\d+) are the operator's, (\d+) do not apply, and (\d+) are not met", text)
    assert told is not None
    assert tuple(map(int, told.groups())) == (len(lines), *(counted[state] for state in STATES))
