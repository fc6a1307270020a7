"""The reference of codes is complete: every code has a section, and every section a code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from amends.engine.definitions.manifest import MILESTONES
from amends.engine.definitions.problems import CODES

DOCS = Path(__file__).resolve().parents[4] / "docs"
pytestmark = pytest.mark.skipif(not (DOCS / "check.md").exists(), reason="the documentation is not beside these tests")


def test_every_code_has_a_section() -> None:
    """docs/check.md has one section for each code, with words in it, and no other."""
    sections = re.split(r"^### ", (DOCS / "check.md").read_text(), flags=re.MULTILINE)[1:]
    written = {section.split("\n", 1)[0]: section.split("\n", 1)[1].split("\n## ")[0].strip() for section in sections}
    assert set(written) == set(CODES)
    assert all(len(text) > 30 for text in written.values())


def test_every_code_is_held_by_a_test() -> None:
    """A code that no test names could stop being said without anybody noticing."""
    texts = "".join(path.read_text() for path in (DOCS.parent / "tests").rglob("test_*.py"))
    assert [code for code in CODES if f'"{code}"' not in texts] == []


def test_the_package_reference_names_what_a_manifest_may_hold() -> None:
    """docs/package.md names every table and milestone."""
    text = (DOCS / "package.md").read_text()
    for table in ("package", "complaints", "roles", "stages", "outcomes", "settings"):
        assert f"`[{table}]`" in text
    for table in ("messages", "calendars", "clocks"):
        assert f"`[{table}." in text
    assert all(name in text for name in MILESTONES)
