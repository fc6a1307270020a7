"""What a look at an installation finds."""

from __future__ import annotations

from dataclasses import asdict, dataclass

OK, WARNING, PROBLEM = "ok", "warning", "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what, how it is (ok, warning, problem), in a sentence, and what to do about it."""

    name: str
    state: str
    message: str
    help: str = ""

    def to_plain(self) -> dict[str, str]:
        """For programs."""
        return asdict(self)
