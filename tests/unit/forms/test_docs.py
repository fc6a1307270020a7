"""The documentation names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import amends
from amends.forms import Form, Forms

REPOSITORY = Path(__file__).resolve().parents[3]
DOCUMENT = REPOSITORY / "docs" / "forms.md"


def codes() -> set[str]:
    """The codes of problems in the source."""
    folder = Path(amends.__file__ or "").parent / "forms"
    sources = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    return set(re.findall(r'problem\(\s*\w+,\s*"([a-z-]+)"', sources)) | {"form-json"}


def test_every_problem_is_documented() -> None:
    """Each code a check may give is in the list, and no other."""
    section = DOCUMENT.read_text(encoding="utf-8").split("## Problems")[1]
    assert set(re.findall(r"`([a-z-]+)`", section)) == codes()


@pytest.mark.parametrize("name", [name for kind in (Form, Forms) for name in vars(kind) if not name.startswith("_")])
def test_every_call_is_documented(name: str) -> None:
    """Each public method is in the table of calls."""
    assert re.search(rf"\b{name}\b", DOCUMENT.read_text(encoding="utf-8"))
