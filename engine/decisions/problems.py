"""What is wrong with a decision model: one problem, one sentence, one code that stays the same."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

ERROR, WARNING, INFO = "error", "warning", "info"


@dataclass(frozen=True)
class DecisionProblem:
    """One thing found in a decision model.

    `file` is the name the caller gave, `element_id` and `line` point into it, `code` is stable ("DMN101"; `docs/decisions.md`
    lists them), `severity` is "error" (it will not be deployed), "warning" or "info", `help` says what to do.
    """

    file: str
    element_id: str
    line: int
    code: str
    severity: str
    message: str
    help: str = ""

    def to_plain(self) -> dict[str, Any]:
        """The same as a dict of strings and numbers."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity} {self.code}: {self.message}" + (f" {self.help}" if self.help else "")


CODES = {
    "DMN001": "the file cannot be read as DMN",
    "DMN002": "an import cannot be resolved",
    "DMN003": "two elements share an id",
    "DMN004": "two elements share a name",
    "DMN101": "a FEEL expression or a cell has a syntax error",
    "DMN102": "an expression is missing",
    "DMN103": "an expression language other than FEEL",
    "DMN104": "a Java or PMML function",
    "DMN105": "a name that nothing defines",
    "DMN106": "a name that exists in the model but is not required here",
    "DMN201": "a reference to an element that is not there",
    "DMN202": "a requirement of the wrong kind",
    "DMN203": "requirements in a circle",
    "DMN204": "a requirement that is not used",
    "DMN205": "a decision service that does not take what its decisions need",
    "DMN301": "a type that nothing defines",
    "DMN302": "item definitions in a circle",
    "DMN303": "a variable whose name is not its element's",
    "DMN401": "a rule with the wrong number of cells",
    "DMN402": "a hit policy that does not exist or does not fit",
    "DMN403": "an output outside its allowed values",
    "DMN404": "priorities without a list of output values",
    "DMN405": "output columns without a name, or with the same one",
    "DMN406": "entries that are not of their column's type",
    "DMN501": "rules that overlap",
    "DMN502": "inputs that no rule matches",
    "DMN503": "a rule that can never match",
    "DMN504": "a rule masked by others",
    "DMN505": "an entry beyond the analysis",
    "DMN506": "a table beyond the analysis",
}
"""Every code and what it stands for."""

HELP = {
    "DMN001": "Save it as DMN from a modeler, and put that in its place.",
    "DMN101": "Put the expression right.",
    "DMN403": "Correct the entry, or the type of its column.",
    "DMN505": "Write it as a comparison, a range or a list, if it is to be looked at.",
    "DMN506": "Put right what is listed, and look again.",
}
"""What to do where the finding itself knows nothing better."""
