"""An operation that takes its time and writes down that it ran, for tests that kill or stop who runs it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from marshmallow import fields

from amends.engine.services import Operation, OperationContext

VARIABLE = "AMENDS_TEST_RAN"
"""The file that gets a line at each beginning and each end."""


class Slow(Operation):
    """Sleeps `seconds`."""

    type = "slow"
    title = "Take your time"

    class Inputs(Operation.Inputs):
        seconds = fields.Float(load_default=0.0)

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        """Write `begin`, sleep, write `end`."""
        note(f"begin {context.key} {os.getpid()}")
        time.sleep(inputs["seconds"])
        note(f"end {context.key} {os.getpid()}")
        return {"done": True}


def note(line: str) -> None:
    """Append a line, whole."""
    with Path(os.environ[VARIABLE]).open("a") as file:
        file.write(line + "\n")
