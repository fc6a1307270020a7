"""A package folder: which files belong to it, what they are called by, and when two packages are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from amends.engine.definitions import check, read_package
from amends.engine.definitions.manifest import read_manifest

MANIFEST = b'[package]\nname = "a"\nversion = "1"\n'


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder


def test_files_are_found_by_what_they_hold(tmp_path: Path, build: Any) -> None:
    """Diagrams, forms, decisions and letters are known by id or name, at any depth."""
    dmn = b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision id="triage"/></definitions>'
    folder = write(tmp_path, {
        "package.toml": MANIFEST, "a.bpmn": build.draw(build.around('<task id="t"/>')), "deep/er/f.form": b'{"id": "form"}',
        "t.dmn": dmn, "letters/hello.md": b"", "letters/more/bye.md": b"", "README.md": b"", "tests/x.toml": b"",
    })  # fmt: skip
    package = read_package(folder)
    assert [diagram.file for diagram in package.diagrams] == ["a.bpmn"]
    assert (package.forms, package.decisions) == ({"form": "deep/er/f.form"}, {"triage": "t.dmn"})
    assert package.letters == {"hello": "letters/hello.md", "more/bye": "letters/more/bye.md"}
    assert (package.form("form"), package.decision("triage"), package.letter("none")) == (b'{"id": "form"}', dmn, None)
    assert (package.manifest.name, package.single, list(package.processes), package.problems) == ("a", False, ["p"], [])


def test_hidden_files_and_backups_are_left_out(tmp_path: Path) -> None:
    """What editors and systems leave behind is no part of a package."""
    folder = write(tmp_path, {"package.toml": MANIFEST, ".git/x": b"", "a~": b"", "b.orig": b"", "__pycache__/c.pyc": b"", "d.txt": b""})
    assert sorted(read_package(folder).files) == ["d.txt", "package.toml"]


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    """A package cannot pull in another file of the machine by a link."""
    (tmp_path / "secret").write_text("hunter2")
    folder = write(tmp_path / "package", {"package.toml": MANIFEST})
    (folder / "letter.md").symlink_to(tmp_path / "secret")
    package = read_package(folder)
    assert "letter.md" not in package.files
    assert [(p.code, p.file) for p in package.problems] == [("outside", "letter.md")]


def test_equal_content_has_an_equal_digest(tmp_path: Path) -> None:
    """The digest depends on paths and bytes and on nothing else."""
    files = {"package.toml": MANIFEST, "b/c.txt": b"1"}
    first = read_package(write(tmp_path / "one", files)).digest
    assert first == read_package(write(tmp_path / "two", dict(reversed(files.items())))).digest
    assert first == read_package(files).digest
    others = ({**files, "b/c.txt": b"2"}, {**files, "b/d": b""}, {"b/c.txt": b"1"})
    assert len({first, *(read_package(other).digest for other in others)}) == 4
    assert read_package({"a": b"bc", "x": b""}).digest != read_package({"ab": b"c", "x": b""}).digest


def test_a_single_file_is_a_package_of_one(tmp_path: Path, build: Any) -> None:
    """A single diagram needs no manifest."""
    write(tmp_path, {"a.bpmn": build.draw(build.around('<task id="t"/>'))})
    package = read_package(tmp_path / "a.bpmn")
    assert (package.single, list(package.files), list(package.processes)) == (True, ["a.bpmn"], ["p"])
    assert check(tmp_path / "a.bpmn") == []


def test_a_path_that_is_not_there() -> None:
    """Reading raises, checking says it."""
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_package("/nowhere/at/all")
    assert [p.code for p in check("/nowhere/at/all")] == ["unreadable"]


def test_two_files_with_one_id(build: Any) -> None:
    """A process, form or letter that two files hold is an error in the second."""
    body = build.draw(build.around('<task id="t"/>'))
    package = read_package({"package.toml": MANIFEST, "a.bpmn": body, "b.bpmn": body, "a.form": b'{"id": "f"}', "b.form": b'{"id": "f"}'})
    assert sorted((p.code, p.file, p.element_id) for p in package.problems) == [
        ("duplicate-definition", "b.bpmn", "p"),
        ("duplicate-definition", "b.form", "f"),
    ]


MANIFESTS = {
    'name = "a"': ("manifest-key", 1),
    "[package": ("manifest-syntax", 1),
    "a = " + 5_000 * "9": ("manifest-syntax", 1),
    "a = " + 20_000 * "[": ("manifest-syntax", 1),
    '[package]\nversion = "1"': ("manifest-missing", 1),
    '[package]\nname = "a"': ("manifest-missing", 1),
    '[package]\nname = "A b"\nversion = "1"': ("manifest-name", 2),
    '[package]\nname = "a"\nversion = 1': ("manifest-value", 3),
    '[package]\nname = "a"\nversion = "1"\nauthor = "me"': ("manifest-key", 4),
    '[package]\nname = "a"\nversion = "1"\n[rolls]\na = "A"': ("manifest-key", 4),
    '[package]\nname = "a"\nversion = "1"\n[roles]\nx = "X"\ny = 2': ("manifest-value", 6),
    '[package]\nname = "a"\nversion = "1"\n[roles]\n"two words" = "X"': ("manifest-name", 5),
    '[package]\nname = "a"\nversion = "1"\n[complaints]\nprocess = "p"': ("manifest-missing", 4),
    '[package]\nname = "a"\nversion = "1"\n[clocks]\nfirst = "First"': ("manifest-value", 5),
    '[package]\nname = "a"\nversion = "1"\n[messages.m]\ntitel = "x"': ("manifest-key", 5),
}


@pytest.mark.parametrize(("text", "problem"), MANIFESTS.items())
def test_each_fault_of_a_manifest_is_found(text: str, problem: tuple[str, int]) -> None:
    """Each is named by its code and its line."""
    problems = read_manifest(text.encode())[1]
    assert problem in {(p.code, p.line) for p in problems}


def test_a_whole_manifest() -> None:
    """All of it is typed, and tables keep their order."""
    text = """[package]
name = "iso10002"
title = "Complaints"
version = "1.0.0"
[complaints]
process = "complaint"
form = "filing"
[roles]
handler = "Handler"
[messages."information received"]
title = "Send it"
form = "information"
[stages]
received = "Received"
assess = "Assess"
[settings]
first = "5 working days"
[calendars.default]
timezone = "Europe/London"
[clocks.first_response]
[outcomes]
done = "Done"
"""
    manifest, problems = read_manifest(text.encode())
    assert problems == []
    assert (manifest.name, manifest.title, manifest.version) == ("iso10002", "Complaints", "1.0.0")
    assert (manifest.complaints.process, manifest.complaints.form) == ("complaint", "filing")
    offer = manifest.messages["information received"]
    assert (offer.title, offer.form, offer.offered_to) == ("Send it", "information", "complainant")
    assert (list(manifest.stages), manifest.clocks["first_response"].title) == (["received", "assess"], "First response")
    assert (manifest.settings, manifest.calendars["default"]["timezone"]) == ({"first": "5 working days"}, "Europe/London")
