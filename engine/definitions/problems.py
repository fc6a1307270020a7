"""What is wrong with a package or a diagram, said so that its owner can put it right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ERROR = "error"
"""Cannot run right: a deployment is refused."""
WARNING = "warning"
"""Runs, but probably not as meant; or cannot be judged from this file alone."""
INFO = "info"
"""Worth knowing before it could run."""

_RANK = {ERROR: 0, WARNING: 1, INFO: 2}


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: where (file, element, line), what (code, message), how bad (severity) and what to do (help).

    `code` is stable and has a section in docs/check.md. `element_id` is empty where the finding is not about one
    element, `line` is None where the file has no lines.
    """

    file: str
    element_id: str
    line: int | None
    code: str
    severity: str
    message: str
    help: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        about = f" {self.element_id}:" if self.element_id else ""
        return f"{where}:{about} {self.severity}: {self.message} {self.help} [{self.code}]".replace("  ", " ")


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """The problems without repetitions, by file and line, errors first on one line."""
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda p: (p.file, p.line or 0, _RANK.get(p.severity, 3), p.element_id, p.code))


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """Only those that refuse a deployment."""
    return [problem for problem in problems if problem.severity == ERROR]
