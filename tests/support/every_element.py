"""The diagrams of the table in docs/bpmn.md, for tests that take every element of BPMN through something else."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from driving import HEAD, element, flows, process

TABLE = Path(__file__).resolve().parents[1] / "unit" / "engine" / "execution" / "test_bpmn_table.py"


def zoo() -> dict[str, bytes]:
    """Every element of BPMN at every place there is for it, by what and where it is."""
    spec = importlib.util.spec_from_file_location("bpmn_table", TABLE)
    assert spec is not None and spec.loader is not None
    table: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(table)
    found = {**table.ACTIVITIES, **table.GATEWAYS, **table.FLOWS, **table.KEPT}
    for place, kinds in table.IN_BPMN.items():
        for kind in kinds:
            found[f"{kind}, {place}"] = table.undoing(kind, place) if (kind, place) in table.UNDOING else table.event(kind, place)
    called = process(element("startEvent", "qs") + element("endEvent", "qe") + flows("qs>qe"), "q")
    return {name: HEAD.format(table.DECLARED + process(body) + called).encode() for name, body in found.items()}
