"""Why a decision came out as it did, in a form that history can keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from amends.engine.feel import FeelWarning, to_plain


@dataclass(frozen=True)
class MatchedRule:
    """A rule that matched: in which decision, its id and number (the first is 1), its annotations, what was tested and what came out.

    `inputs` maps each input column (its label, or its expression) to the value tested; `outputs` each output to its value. A default
    output counts as a rule with the id "" and number 0.
    """

    decision: str
    rule_id: str
    index: int
    annotation: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]

    def to_plain(self) -> dict[str, Any]:
        """The same in JSON's words: numbers and times as `to_plain` of FEEL writes them."""
        return {
            "decision": self.decision,
            "rule_id": self.rule_id,
            "index": self.index,
            "annotation": self.annotation,
            "inputs": to_plain(self.inputs),
            "outputs": to_plain(self.outputs),
        }


@dataclass(frozen=True)
class Explanation:
    """The value of a decision, the rules that matched on the way (in the order they were used), and the warnings."""

    value: Any
    matched: list[MatchedRule] = field(default_factory=list)
    warnings: list[FeelWarning] = field(default_factory=list)

    def to_plain(self) -> dict[str, Any]:
        """The same in JSON's words."""
        return {
            "value": to_plain(self.value),
            "matched": [rule.to_plain() for rule in self.matched],
            "warnings": [{"message": w.message, "line": w.line, "column": w.column, "part": w.part} for w in self.warnings],
        }
