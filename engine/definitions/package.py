"""A package: the folder of diagrams, tables, forms, letters and words that says what an organisation does with a complaint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from amends.engine.definitions import xml
from amends.engine.definitions.manifest import FILE, Manifest, read_manifest
from amends.engine.definitions.model import Diagram, Process
from amends.engine.definitions.problems import ERROR, Problem
from amends.engine.definitions.reader import read_diagram

MAX_FILES = 2_000
MAX_TOTAL_BYTES = 50_000_000
"""What a folder may hold: far above any real package, far below what would fill a server's memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Package:
    """A package as it was read.

    `files` maps relative paths (with `/`) to bytes; `forms`, `decisions` and `letters` map ids and names to paths. `single` is True
    for one file outside a package. `digest` is the SHA-256 of paths and bytes, in hex: equal digests are equal packages.
    """

    files: Mapping[str, bytes]
    manifest: Manifest
    diagrams: list[Diagram]
    forms: Mapping[str, str]
    decisions: Mapping[str, str]
    letters: Mapping[str, str]
    digest: str
    single: bool = False
    problems: list[Problem] = field(default_factory=list)

    def process(self, process_id: str) -> Process | None:
        """The process of this id in any diagram, an executable one first; None if there is none."""
        found = [process for diagram in self.diagrams for process in diagram.processes if process.id == process_id]
        return next((process for process in found if process.executable), found[0] if found else None)

    @property
    def processes(self) -> dict[str, Process]:
        """The executable processes by id."""
        return {process.id: process for diagram in self.diagrams for process in diagram.processes if process.executable}

    def diagram_of(self, process_id: str) -> Diagram | None:
        """The diagram that holds a process."""
        return next((diagram for diagram in self.diagrams if diagram.process(process_id) is not None), None)

    def form(self, form_id: str) -> bytes | None:
        """The body of a form, or None."""
        path = self.forms.get(form_id)
        return None if path is None else self.files[path]

    def decision(self, decision_id: str) -> bytes | None:
        """The body of the file that holds a decision, or None."""
        path = self.decisions.get(decision_id)
        return None if path is None else self.files[path]

    def letter(self, name: str) -> bytes | None:
        """The body of a letter, or None."""
        path = self.letters.get(name)
        return None if path is None else self.files[path]


def read_package(source: str | Path | Mapping[str, bytes]) -> Package:
    """Read a package leniently.

    `source` is a folder, a single file, or the files themselves by relative path. What could not be read is in the package's
    `problems`, as are ids that two files claim. Raises FileNotFoundError for a path that is not there.
    """
    problems: list[Problem] = []
    if isinstance(source, Mapping):
        files = {str(PurePosixPath(path)): bytes(body) for path, body in sorted(source.items())}
        single = FILE not in files and len(files) == 1
    else:
        path = Path(source)
        if not path.exists():
            raise FileNotFoundError(f"There is no file or folder {path}. Give the path of a package folder or of a .bpmn file.")
        single = path.is_file()
        files = {path.name: path.read_bytes()} if single else _read_folder(path, problems)
    manifest = Manifest()
    if FILE in files:
        manifest, found = read_manifest(files[FILE])
        problems += found
    elif not single:
        help = 'Add one with [package], name = "…" and version = "…".'
        problems.append(Problem(FILE, "", None, "manifest-missing", ERROR, f"The folder has no {FILE}.", help))
    diagrams = [read_diagram(body, path) for path, body in files.items() if path.endswith(".bpmn")]
    for diagram in diagrams:
        problems += diagram.problems
    _unique_processes(diagrams, problems)
    return Package(
        files=files,
        manifest=manifest,
        diagrams=diagrams,
        forms=_index(files, ".form", _form_ids, "form", problems),
        decisions=_index(files, ".dmn", _decision_ids, "decision", problems),
        letters=_index(files, ".md", _letter_names, "letter", problems),
        digest=digest(files),
        single=single,
        problems=problems,
    )


def digest(files: Mapping[str, bytes]) -> str:
    """The SHA-256, in hex, of the files' paths and bytes, each with its length, in order of paths."""
    total = hashlib.sha256()
    for path in sorted(files):
        name = path.encode()
        total.update(b"%d:%s%d:" % (len(name), name, len(files[path])))
        total.update(files[path])
    return total.hexdigest()


def _read_folder(folder: Path, problems: list[Problem]) -> dict[str, bytes]:
    """Every file of a folder but hidden ones, backups and byte code; links that lead out of it are not followed."""
    files: dict[str, bytes] = {}
    total = 0
    base = folder.resolve()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        name = relative.as_posix()
        if any(part.startswith(".") or part == "__pycache__" for part in relative.parts) or name.endswith(("~", ".orig", ".pyc")):
            continue
        if not path.is_file():
            continue
        if not path.resolve().is_relative_to(base):
            problems.append(_refused(name, "The file is a link that leads out of the folder.", "Put the file itself there."))
            continue
        total += path.stat().st_size
        if total > MAX_TOTAL_BYTES or len(files) >= MAX_FILES:
            message = f"The folder holds more than {MAX_FILES:,} files or {MAX_TOTAL_BYTES:,} bytes; from here on nothing was read."
            problems.append(_refused(name, message, "Take out what is no part of the package."))
            break
        files[name] = path.read_bytes()
    return files


def _refused(file: str, message: str, help: str) -> Problem:
    return Problem(file, "", None, "too-large" if "more than" in message else "outside", ERROR, message, help)


def _index(
    files: Mapping[str, bytes], suffix: str, ids: Callable[[str, bytes], Iterator[str]], what: str, problems: list[Problem]
) -> dict[str, str]:
    """Which file holds what id; an id that two files claim belongs to the first."""
    found: dict[str, str] = {}
    for path, body in files.items():
        if not path.endswith(suffix):
            continue
        for name in ids(path, body):
            if name in found:
                message = f"The {what} {name!r} is in {found[name]} already."
                problems.append(Problem(path, name, None, "duplicate-definition", ERROR, message, "Give one of the two another id."))
            else:
                found[name] = path
    return found


def _form_ids(path: str, body: bytes) -> Iterator[str]:
    try:
        form = json.loads(body)
    except (ValueError, RecursionError):
        return  # said by the check of forms
    if isinstance(form, dict) and isinstance(form.get("id"), str) and form["id"]:
        yield form["id"]


def _decision_ids(path: str, body: bytes) -> Iterator[str]:
    try:
        root = xml.parse(body)
    except xml.Unreadable:
        return  # said by the check of decisions
    for child in root:
        if xml.local(child) in ("decision", "decisionService", "businessKnowledgeModel") and child.get("id"):
            yield str(child.get("id"))


def version_tag_of(body: bytes, decision_id: str) -> str | None:
    """The version tag of a decision in the bytes of its model; None where it has none or cannot be read."""
    try:
        root = xml.parse(body)
    except xml.Unreadable:
        return None
    decision = next((child for child in root if child.get("id") == decision_id), None)
    tags = () if decision is None else decision.iter(f"{{{xml.ZEEBE}}}versionTag")
    return next((tag.get("value") for tag in tags), None)


def _letter_names(path: str, body: bytes) -> Iterator[str]:
    parts = PurePosixPath(path).parts
    if "letters" in parts[:-1]:
        yield PurePosixPath(*parts[parts.index("letters") + 1 :]).with_suffix("").as_posix()


def _unique_processes(diagrams: list[Diagram], problems: list[Problem]) -> None:
    found: dict[str, str] = {}
    for diagram in diagrams:
        for process in diagram.processes:
            if process.executable and process.id in found:
                message = f"The process {process.id!r} is in {found[process.id]} already."
                help = "Give one of the two another id."
                problems.append(Problem(diagram.file, process.id, process.line, "duplicate-definition", ERROR, message, help))
            elif process.executable:
                found[process.id] = diagram.file
