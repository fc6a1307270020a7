"""The commands in the documents run as they are printed, one after the other, and exit as they should."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from records import every_way, write

import amends
from amends.cli import main
from amends.engine.operating import Migrations

SERVES = ("run", "worker")
"""These serve until they are stopped: other tests start them."""
SERVED_ELSEWHERE = ("backup", "restore", "bench")
"""These have tests of their own, with places of their own."""


def commands(repository: Path) -> list[tuple[str, list[str]]]:
    """Every `amends …` in a shell block: where, and its words."""
    found = []
    for path in [repository / "README.md", *sorted((repository / "docs").rglob("*.md"))]:
        for block in re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            for text in re.findall(r"^\s*(?:\S*/)?amends (.*)$", block, re.MULTILINE):
                found.append((path.name, shlex.split(text, comments=True)))
    return found


@pytest.fixture
def installation(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A folder as the documents suppose it: the package, a file of records, closed complaints; and what their placeholders stand for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMENDS_DATABASE", raising=False)
    Path("processes").symlink_to(repository / "processes")
    write(Path("complaints.csv"), *every_way()[:3])
    app = amends.open()
    files = folder(repository / "processes" / "iso10002")
    older = app.engine.deploy({**files, "letters/older.md": b"---\nsubject: Older\n---\n\nOlder.\n"})
    app.register.file({"description": "It runs on the version before."}, actor="complainant")
    latest = app.deploy_shipped()
    migrations = Migrations(app.engine)
    batch = migrations.begin(migrations.plan("complaint", older.id, latest.id), actor="system", reason="A new version")
    app.close()
    done = CliRunner().invoke(main, ["import", "complaints.csv", "--map", "cfpb", "--replay"])
    assert done.exit_code == 0, done.output
    app = amends.open()
    reference = next(complaint.reference for complaint in app.register.search(state="closed"))
    head = app.engine.verify().head
    app.close()
    return {"HASH": head, "REFERENCE": reference, "BATCH": batch}


def folder(path: Path) -> dict[str, bytes]:
    """A package as it is deployed from memory."""
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_every_command_in_the_documents_runs(installation: dict[str, str], repository: Path) -> None:
    """Exit code 0 for each; what would ask is answered with yes."""
    ran = 0
    for name, words in commands(repository):
        if words[0] in SERVES or words[0] in SERVED_ELSEWHERE:
            continue
        words = [installation.get(word, word) for word in words]
        words = [re.sub(r"^C-[0-9A-Z]{8}$", installation["REFERENCE"], word) for word in words]
        words = [installation["HASH"] if re.fullmatch(r"[0-9a-f]{64}", word) else word for word in words]
        result = CliRunner().invoke(main, words, input="y\n")
        assert result.exit_code == 0, f"{name}: amends {shlex.join(words)}: {result.output} {result.exception!r}"
        ran += 1
    assert ran >= 12
