"""Letters are seen before they are deployed, with made-up or given data, as text, HTML and PDF."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from amends.cli import main


def test_every_letter_of_the_package_is_shown_in_every_language(repository: Path, tmp_path: Path) -> None:
    """All of them, each as three files; made-up words say what stands where, and conditions choose as they would."""
    package = str(repository / "processes" / "iso10002")
    done = CliRunner().invoke(main, ["letters", package, "--output", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    folder = repository / "processes" / "iso10002" / "letters"
    names = {str(path.relative_to(folder))[:-3] for path in folder.rglob("*.md")}
    assert len(names) == 50
    for suffix in (".txt", ".html", ".pdf"):
        found = {str(path.relative_to(tmp_path / "out"))[: -len(suffix)] for path in (tmp_path / "out").rglob(f"*{suffix}")}
        assert found == names
    german = (tmp_path / "out" / "de" / "acknowledgement.txt").read_text(encoding="utf-8")
    assert "‹description›" in german and "C-EXAMPLE1" in german and "https://complaints.example.org/f/EXAMPLE" in german
    assert (tmp_path / "out" / "de" / "decision.html").read_text(encoding="utf-8").startswith('<!doctype html>\n<html lang="de">')
    assert (tmp_path / "out" / "fr" / "decision.pdf").read_bytes().startswith(b"%PDF")


def test_one_letter_with_data_of_ones_own(repository: Path, tmp_path: Path) -> None:
    """What is given stands there; a letter that is not there, or that cannot be said, is an error."""
    package = str(repository / "processes" / "iso10002")
    given = tmp_path / "data.json"
    given.write_text(json.dumps({"decision": "upheld", "reasons": "The seal was missing.", "complaint": {"name": "Jo"}}))
    done = CliRunner().invoke(main, ["letters", package, "decision", "--data", str(given)])
    assert done.exit_code == 0 and "Dear Jo," in done.output and "You are right." in done.output and "The seal was missing." in done.output
    assert CliRunner().invoke(main, ["letters", package, "nothing"]).exit_code == 1
